"""Settings of who may sign in: whole and safe, or the app does not start."""

import pytest

from shared.settings import Settings, SettingsError, read_settings

ISSUER, AUDIENCE = "https://login.microsoftonline.com/8f0c1a52-0000-4000-8000-000000000000/v2.0", "api://bulk"


def read(**environ: str) -> Settings:
    """Settings with what every app needs, and these."""
    needed = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "GRAPH_CREDENTIAL": "static:x"}
    return read_settings({**needed, "GRAPH_BASE_URL": "http://127.0.0.1:9/v1.0", **environ})


def test_without_them_nobody_signs_in() -> None:
    """No tokens, and no header is believed."""
    found = read()

    assert (found.auth_issuer, found.auth_audience, found.behind_platform_sign_in) == (None, None, False)


def test_the_issuer_is_taken_as_it_is_written() -> None:
    """Tokens bear it letter by letter, a slash at its end included."""
    assert read(AUTH_ISSUER=ISSUER, AUTH_AUDIENCE=AUDIENCE).auth_issuer == ISSUER
    assert read(AUTH_ISSUER="https://id.example/", AUTH_AUDIENCE=AUDIENCE).auth_issuer == "https://id.example/"
    assert read(AUTH_ISSUER="http://127.0.0.1:7074", AUTH_AUDIENCE=AUDIENCE).auth_audience == AUDIENCE


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"AUTH_ISSUER": ISSUER}, "AUTH_AUDIENCE is missing"),
        ({"AUTH_AUDIENCE": AUDIENCE}, "AUTH_ISSUER is missing"),
        ({"AUTH_ISSUER": "http://id.example", "AUTH_AUDIENCE": AUDIENCE}, "AUTH_ISSUER must be https"),
        ({"AUTH_ISSUER": "contoso", "AUTH_AUDIENCE": AUDIENCE}, "AUTH_ISSUER is not a URL"),
        ({"BEHIND_PLATFORM_SIGN_IN": "yes"}, "BEHIND_PLATFORM_SIGN_IN must be on or off"),
        ({"BEHIND_PLATFORM_SIGN_IN": "on", "WEBSITE_AUTH_ENABLED": "False"}, "the platform's sign-in is off"),
    ],
)
def test_what_is_half_or_unsafe_is_a_fault_by_name(environ: dict[str, str], says: str) -> None:
    """Trap 45: not even by mistake is the header believed where the platform itself says that it checks nobody."""
    with pytest.raises(SettingsError, match=says):
        read(**environ)


@pytest.mark.parametrize("platform", ["", "True"])
def test_behind_the_platform_its_header_is_believed(platform: str) -> None:
    """Where the platform says that it checks, or says nothing."""
    assert read(BEHIND_PLATFORM_SIGN_IN="on", WEBSITE_AUTH_ENABLED=platform).behind_platform_sign_in

"""Graph's refusals and what they are called here."""

import pytest

from shared.domain.codes import ResultCode
from shared.errors import Denied, GraphError, Throttled, Unavailable
from shared.graph.errors import is_temporary, refusal, result_code, seconds

BAD = "Request_BadRequest"
CASES = [
    (400, BAD, "License assignment cannot be done for user with invalid usage location.", "MissingUsageLocation"),
    (
        400,
        BAD,
        "License assignment failed because the service is not available in the user's usage location.",
        "ProhibitedInUsageLocation",
    ),
    (400, BAD, "Service plan X is prohibited in usage location RU", "ProhibitedInUsageLocation"),
    (400, BAD, "Usage location RU is restricted for this license.", "ProhibitedInUsageLocation"),
    (400, BAD, "ProhibitedInUsageLocationViolation", "ProhibitedInUsageLocation"),
    (400, BAD, "Subscription with SKU 05e9a617 does not have any available licenses.", "InsufficientLicenses"),
    (
        400,
        BAD,
        "License assignment failed because service plans a, b are mutually exclusive.",
        "ConflictingServicePlans",
    ),
    (
        400,
        BAD,
        "License assignment failed because service plan a depends on the service plan(s) b, c",
        "DependencyNotMet",
    ),
    (400, BAD, "License 05e9a617 does not correspond to a valid company License.", "SkuNotFound"),
    (
        400,
        BAD,
        "User license is inherited from a group membership and it cannot be removed directly from the user.",
        "InheritedFromGroup",
    ),
    (400, BAD, "User does not have a corresponding license.", "LicenseNotAssigned"),
    (
        400,
        BAD,
        "One or more parameters of the operation 'assignLicense' are missing from the request payload.",
        "GraphError",
    ),
    (400, BAD, "Cannot convert a primitive value to the expected type 'Edm.Guid'.", "GraphError"),
    (
        400,
        BAD,
        "Another object with the same value for property proxyAddresses already exists.",
        "GraphError",
    ),
    (
        404,
        "Request_ResourceNotFound",
        "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
        "UserNotFound",
    ),
    (
        400,
        "Directory_ObjectNotFound",
        "Unable to read the company information from the directory.",
        "UserNotFound",
    ),
    (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "PermissionDenied"),
    (
        401,
        "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.",
        "PermissionDenied",
    ),
    (
        400,
        "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.",
        "PermissionDenied",
    ),
    (409, "Directory_ConcurrencyViolation", "Error due to concurrent requests being made.", "GraphError"),
    (429, "TooManyRequests", "Please retry again later.", "Throttled"),
    (503, "Request_ThrottledTemporarily", "Please retry again later.", "Throttled"),
    (504, None, None, "TenantUnavailable"),
    (400, None, None, "GraphError"),
    (418, "Teapot", "A text nobody has seen before", "GraphError"),
]


@pytest.mark.parametrize(("status", "code", "message", "expected"), CASES)
def test_every_known_refusal_has_its_result_code(status: int, code: str | None, message: str | None, expected: str):
    """The texts of Graph, captured or documented, map to the codes of the contract; unknown ones to ``GraphError``."""
    assert result_code(status, code, message) == expected


def test_the_text_of_a_refusal_is_matched_leniently():
    """Microsoft may change spelling and case: neither decides."""
    assert result_code(400, BAD, "SUBSCRIPTION with sku X does not have any available licences") == (
        ResultCode.INSUFFICIENT_LICENSES
    )


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, None, True),
        (503, None, True),
        (409, "Directory_ConcurrencyViolation", True),
        (409, "Request_BadRequest", False),
        (400, BAD, False),
        (404, "Request_ResourceNotFound", False),
    ],
)
def test_only_throttles_outages_and_clashes_may_be_sent_again(status: int, code: str | None, expected: bool):
    """Trap 24: 409 ``Directory_ConcurrencyViolation`` is retryable; the other 400s never are."""
    assert is_temporary(status, code) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, Denied), (403, Denied), (429, Throttled), (503, Unavailable), (408, Unavailable), (400, GraphError)],
)
def test_a_refusal_of_the_whole_request_is_an_error_that_names_the_tenant(status: int, expected: type[GraphError]):
    """What is above the adapter sees our classes, with tenant, status, code and request id."""
    error = refusal(tenant_id="t1", status=status, code="C", message="M", request_id="r1", retry_after=7)

    assert type(error) is expected
    assert (error.tenant_id, error.status, error.code, error.request_id) == ("t1", status, "C", "r1")
    assert "t1" in str(error)
    assert getattr(error, "retry_after", 7) == 7


@pytest.mark.parametrize(
    ("text", "expected"), [("2.128", 2.128), ("5", 5.0), (None, None), ("soon", None), ("-1", None), ("nan", None)]
)
def test_retry_after_may_have_decimals(text: str | None, expected: float | None):
    """Graph documents ``Retry-After: 2.128``; what is no number is no answer."""
    assert seconds(text) == expected

"""Calling what customers name: the public internet over TLS, the address that was checked, and nothing further."""

import asyncio
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncGenerator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.webhooks import WebhookFailed, fault_of, post


@contextlib.asynccontextmanager
async def listening(
    host: str = "127.0.0.1", answer: bytes = b"", context: ssl.SSLContext | None = None
) -> AsyncGenerator[tuple[int, list[bytes]]]:
    """A server on this machine: its port, and the first piece of what each connection sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"")
        with contextlib.suppress(ConnectionError):
            heard[-1] = await reader.read(65_536)
            writer.write(answer)
            await writer.drain()
            if not answer:
                await reader.read()
            writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


async def sent(url: str, *, local: bool = False, seconds: float = 5) -> str | None:
    """Why it could not be sent; None where it was."""
    try:
        await post(url, b"{}", {"x-event": "completed"}, seconds=seconds, local=local)
    except WebhookFailed as failed:
        return str(failed)
    return None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.0.0.2", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::]", "localhost.", "x.localhost"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_this_machine_is_not_called_by_any_of_its_names(host: str, scheme: str) -> None:
    """Nothing is even connected to."""
    async with listening() as (port, heard):
        assert await sent(f"{scheme}://{host}:{port}/hook") is not None
        assert heard == []


async def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks public until it is resolved, and it may lead elsewhere the next time: what is connected to counts."""
    resolved: list[str] = []

    async with listening() as (port, heard):

        async def inside(host: str, *_: Any, **__: Any) -> list[Any]:
            resolved.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
        failed = await sent(f"https://hooks.example.com:{port}/hook")

    assert resolved == ["hooks.example.com"]
    assert failed == "It leads to an address that is not on the public internet"
    assert heard == []


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/metadata/identity",
        "https://168.63.129.16/machine",
        "https://10.0.0.4/",
        "https://[fd00:ec2::254]/",
        "https://printer.local/",
        "https://vault.internal/",
        "https://localhost/",
        "http://hooks.example.com/",
    ],
)
def test_what_the_url_alone_shows_is_told_before_anything_is_sent(url: str) -> None:
    """Also on the local stack, but for this machine itself."""
    assert fault_of(url, local=False) is not None
    assert (fault_of(url, local=True) is None) is (url == "https://localhost/")


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up by itself."""
    async with listening() as (port, heard):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        assert await sent("https://203.0.113.7/hook") is not None
        assert heard == []


async def test_on_the_local_stack_this_machine_is_called() -> None:
    """One POST; the event stands in a header."""
    async with listening(answer=b"HTTP/1.1 204 No Content\r\n\r\n") as (port, heard):
        assert await sent(f"http://127.0.0.1:{port}/hook?key=1", local=True) is None
    assert len(heard) == 1
    head = heard[0].lower()
    assert head.startswith(b"post /hook?key=1 ")
    assert b"content-type: application/json\r\n" in head
    assert b"x-event: completed\r\n" in head


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure(status: int) -> None:
    """It could lead anywhere."""
    async with (
        listening(answer=b"HTTP/1.1 200 OK\r\n\r\n") as (elsewhere, heard),
        listening(answer=f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:{elsewhere}/\r\n\r\n".encode()) as (
            port,
            _,
        ),
    ):
        assert await sent(f"http://127.0.0.1:{port}/", local=True) == f"It answered {status}"
        assert heard == []


async def test_an_answer_without_end_is_not_read() -> None:
    """Its status is all that counts."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nContent-Encoding: gzip\r\n\r\nxxx"
    async with listening(answer=head) as (port, _):
        assert await sent(f"http://127.0.0.1:{port}/", local=True) is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "did not answer within"),
        (b"HTTP/1.1 500 secret words\r\n\r\n", "It answered 500"),
        (b"nonsense", "no connection"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "no connection"),
    ],
)
async def test_what_went_wrong_is_told_without_what_was_answered(answer: bytes, says: str) -> None:
    """Whoever names a URL must not read through us what stands behind it."""
    async with listening(answer=answer) as (port, _):
        failed = await sent(f"http://127.0.0.1:{port}/", local=True, seconds=0.5)
    assert failed is not None
    assert says in failed
    assert "secret" not in failed


async def test_nobody_there() -> None:
    """A refused connection and an unknown name are told apart."""
    async with listening() as (port, _):
        pass
    assert await sent(f"http://127.0.0.1:{port}/", local=True) == "There is no connection to it"
    assert await sent("https://nobody.invalid/") == "Its name is not known"


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_must_prove_the_name(tmp_path: Path) -> None:
    """Nothing is sent to whoever cannot show who it is."""
    async with listening(answer=b"HTTP/1.1 200 OK\r\n\r\n", context=certificate(tmp_path)) as (port, heard):
        failed = await sent(f"https://127.0.0.1:{port}/", local=True)
    assert failed == "Its certificate does not prove that it is what its name says"
    assert b"".join(heard) == b""

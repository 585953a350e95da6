"""A real mail server on this machine that misbehaves as told, and what it was given."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

Reply = Callable[[int, str], str | None]


class Mailbox:
    """What arrived, and how to answer: each hook gets the number of its call and the recipient."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, EmailMessage]] = []
        self.on_recipient: Reply = lambda number, recipient: None
        self.on_data: Reply = lambda number, recipient: None
        self.calls = {"recipient": 0, "data": 0}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.calls["recipient"] += 1
        refusal = self.on_recipient(self.calls["recipient"], address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.calls["data"] += 1
        (recipient,) = envelope.rcpt_tos
        reply = self.on_data(self.calls["data"], recipient)
        if reply and reply.startswith(("4", "5")):
            return reply
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.arrived.append((recipient, message))
        if reply == "hang up":
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, security: str = "none", certificate: Path | None = None) -> Iterator[int]:
    """A server on a free port of 127.0.0.1; with a certificate it wants the password `rain` of `ada`."""
    options: dict[str, Any] = {}
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Where TLS comes first, the server does not know of it.
        is_later = security == "starttls"
        options = {"authenticator": _authenticated, "auth_required": is_later, "auth_require_tls": is_later}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.new_event_loop()
    serving = loop.create_server(
        lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, ssl=context if security == "tls" else None
    )
    # A test before this one may have left a loop running in this thread.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.AbstractServer) -> None:
    server.close()
    talks = asyncio.all_tasks() - {asyncio.current_task()}
    for talk in talks:
        talk.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
    await asyncio.sleep(0)


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    is_right = (data.login, data.password) == (b"ada", b"rain")
    return AuthResult(success=is_right, handled=False)


def certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that proves itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    begins = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "mail.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path

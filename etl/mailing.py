"""The one place that speaks SMTP: one message to one recipient, tried again only while it surely was not taken."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP as WIRE

from etl.errors import MailError, RefusedMailError, SettingsError, UncertainMailError
from etl.settings import Mailing

_OK, _GO_AHEAD, _WILL_NEVER = 250, 354, 500


class _NotNowError(Exception):
    """The server did not take it this time."""


class Mailer:
    """A connection to the mail server that is opened when needed, kept for the next message, and opened again."""

    def __init__(self, mailing: Mailing, sleep: Callable[[float], None] = time.sleep) -> None:
        if not mailing.host or not mailing.sender:
            missing = "ETL_DIGEST_FROM" if mailing.host else "ETL_SMTP_HOST"
            raise SettingsError(missing, "", "the sender's address" if mailing.host else "the name of a mail server")
        self._mailing, self._sleep = mailing, sleep
        self._server = f"{mailing.host}:{mailing.port}"
        self._connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Hands a message over.

        Raises RefusedMailError where the server never will take it, MailError where it does not now (`is_reached` tells
        whether it answered), both when it was surely not taken, and UncertainMailError where nobody can know.
        """
        data = message.as_bytes(policy=WIRE)
        said, is_reached = "", False
        for attempt in range(self._mailing.retries + 1):
            if attempt:
                self._sleep(self._mailing.backoff_seconds * 2 ** (attempt - 1))
            try:
                return self._hand_over(data, recipient)
            except (_NotNowError, smtplib.SMTPException, OSError) as error:
                said, is_reached = _one_line(error), isinstance(error, _NotNowError)
                self.close()
        raise MailError(self._server, said, is_reached)

    def close(self) -> None:
        """Ends the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _hand_over(self, data: bytes, recipient: str) -> None:
        connection = self._connection = self._connection or self._connect()
        sender = self._mailing.sender
        self._wanted(_OK, *connection.mail(_bare(sender)))
        self._wanted(_OK, *connection.rcpt(recipient))
        self._wanted(_GO_AHEAD, *connection.docmd("DATA"))
        try:
            connection.send(_dotted(data))
            code, reply = connection.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise UncertainMailError(self._server, _one_line(error)) from None
        self._wanted(_OK, code, reply)

    def _wanted(self, wanted: int, code: int, reply: bytes) -> None:
        if code // 10 == wanted // 10:
            return
        said = _one_line(f"{code} {reply.decode(errors='replace')}")
        # The next message begins anew, whatever this one left behind.
        self.close()
        if code >= _WILL_NEVER:
            raise RefusedMailError(self._server, said)
        raise _NotNowError(said)

    def _connect(self) -> smtplib.SMTP:
        mailing, context = self._mailing, self._context()
        if mailing.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                mailing.host, mailing.port, timeout=mailing.timeout_seconds, context=context
            )
        else:
            connection = smtplib.SMTP(mailing.host, mailing.port, timeout=mailing.timeout_seconds)
        try:
            if mailing.security == "starttls":
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if mailing.user:
                connection.login(mailing.user, mailing.password)
        except smtplib.SMTPAuthenticationError:
            connection.close()
            raise SettingsError("ETL_SMTP_USER", "(hidden)", f"a name and password that {self._server} takes") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._mailing.ca_file)
        except (OSError, ssl.SSLError):
            raise SettingsError("ETL_SMTP_CA_FILE", str(self._mailing.ca_file), "a file of certificates") from None


def _bare(address: str) -> str:
    """The address alone of `Name <address>`."""
    found = re.search(r"<([^<>]+)>\s*$", address)
    return found[1] if found else address


def _dotted(data: bytes) -> bytes:
    """The message as it stands on the wire: lines that begin with a dot get another, a dot alone ends it (RFC 5321)."""
    return re.sub(rb"(?m)^\.", b"..", data.rstrip(b"\r\n") + b"\r\n") + b".\r\n"


def _one_line(said: object) -> str:
    return " ".join(str(said).split())[:300] or type(said).__name__

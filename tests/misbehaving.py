"""A real HTTP server on loopback that does what servers should not: it is told which, answer by answer."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Reply:
    """One answer. `promised` is its Content-Length where that is not the truth, None for none at all.

    `stops_after` cuts the connection after that many bytes of the body, `seconds_a_byte` drips it, `is_endless` never
    stops it. With an `etag`, whoever has that version already gets a 304.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = -1
    stops_after: int | None = None
    is_chunked: bool = False
    seconds_a_byte: float = 0.0
    is_endless: bool = False
    etag: str = ""


@dataclass(frozen=True)
class Request:
    """What a client asked for. Names of headers are in small letters."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Server:
    """Answers with what is lined up for a path, the last one again and again; a function is asked what to answer."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.seen: list[Request] = []
        self._lines: dict[str, list[Reply]] = {}
        self._functions: dict[str, Callable[[Request], Reply]] = {}

    def line_up(self, path: str, *replies: Reply) -> str:
        """Says what comes for a path from now on. Gives its address."""
        self._lines[path] = list(replies)
        return self.address + path

    def ask_of(self, path: str, function: Callable[[Request], Reply]) -> str:
        """Lets a function answer for a path. Gives its address."""
        self._functions[path] = function
        return self.address + path

    def reply_to(self, request: Request) -> Reply:
        """The next answer."""
        self.seen.append(request)
        if request.path in self._functions:
            return self._functions[request.path](request)
        line = self._lines.get(request.path, [Reply(b"nothing here", 404)])
        return line.pop(0) if len(line) > 1 else line[0]

    def asked(self, path: str) -> list[Request]:
        """The requests for a path, in order."""
        return [request for request in self.seen if request.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: Server

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.told.reply_to(Request(parts.path, query, headers))
        try:
            if reply.etag and headers.get("if-none-match") == reply.etag:
                reply = Reply(b"", 304, etag=reply.etag)
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.etag:
            self.send_header("ETag", reply.etag)
        promised = len(reply.body) if reply.promised == -1 else reply.promised
        if reply.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif promised is not None and reply.status != 304:
            self.send_header("Content-Length", str(promised))
        self.end_headers()
        self._send_body(reply)
        is_honest = promised == len(reply.body) and reply.stops_after is None and not reply.is_endless
        self.close_connection = not (is_honest or reply.is_chunked) or reply.stops_after is not None
        if self.close_connection:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_body(self, reply: Reply) -> None:
        body = reply.body if reply.stops_after is None else reply.body[: reply.stops_after]
        while reply.is_endless:
            self.wfile.write(body)
        if reply.seconds_a_byte:
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(reply.seconds_a_byte)
        elif reply.is_chunked:
            half = len(body) // 2 or 1
            for piece in (body[:half], body[half:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b"")
            self.wfile.write(b"0\r\n\r\n" if reply.stops_after is None else b"")
        else:
            self.wfile.write(body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: clients leave in the middle, as they should."""


@contextmanager
def serving(context: ssl.SSLContext | None = None, name: str = "127.0.0.1") -> Iterator[Server]:
    """A server while the block runs; with a context it speaks TLS. `name` is the host that its address shows."""
    handler: Any = type("Handler", (_Handler,), {})
    with _Quiet(("127.0.0.1", 0), handler) as http:
        if context:
            http.socket = context.wrap_socket(http.socket, server_side=True)
        told = Server(f"{'https' if context else 'http'}://{name}:{http.server_address[1]}")
        handler.told = told
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            http.shutdown()
            thread.join()

"""The one place that asks the network: over HTTP, at hosts that are allowed, at addresses that were checked."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, NewConnectionError, ProxyError, SSLError, TimeoutError
from urllib3.response import BaseHTTPResponse

from etl import __version__, addresses
from etl.errors import AnswerError, BusyError, ForbiddenPlaceError, NetworkError
from etl.settings import Fetching

CHUNK = 1 << 16
MOST_REDIRECTS = 5
# Bytes a second: who is slower than this over a whole answer holds us up on purpose, or may as well be asked again.
SLOWEST = 1 << 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_PORTS = {"http": 80, "https": 443}

T = TypeVar("T")


class IncompleteError(Exception):
    """What came is not the whole, or nothing came; it is asked again. `wait` are the seconds that the host asks for.

    `is_limit` says that the host has had too many requests.
    """

    def __init__(self, found: str, wait: float = 0.0, is_limit: bool = False) -> None:
        super().__init__(found)
        self.found, self.wait, self.is_limit = found, wait, is_limit


@dataclass(frozen=True)
class Answer:
    """The head of an answer, and its body piece by piece as it comes.

    `hops` are the statuses of the redirects before it, `size` the bytes that its body was promised to have.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    hops: tuple[int, ...]
    size: int | None
    raw: Iterator[bytes]

    def body(self) -> Iterator[bytes]:
        """The body, with a compression undone that was for the way only; raises IncompleteError where that breaks."""
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding == "identity":
            return self.raw
        if coding not in ("gzip", "x-gzip"):
            raise AnswerError(_place(self.url), f"a body coded as {coding!r}, wanted gzip or none")
        return _unzipped(self.raw)


class Gunzip:
    """Undoes gzip piece by piece, over any number of members; `is_whole` after the end mark of one."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The bytes that this piece adds; raises IncompleteError where it is no gzip."""
        try:
            while piece:
                if self._member.eof:
                    self._member = zlib.decompressobj(wbits=31)
                yield self._member.decompress(piece)
                piece = self._member.unused_data
        except zlib.error:
            raise IncompleteError("the compressed bytes are broken") from None

    @property
    def is_whole(self) -> bool:
        """Whether the last member has come to its end."""
        return self._member.eof


def _unzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    gunzip = Gunzip()
    for piece in raw:
        yield from gunzip.feed(piece)
    if not gunzip.is_whole:
        raise IncompleteError("the compressed bytes end too soon")


class Client:
    """Asks the hosts of some base addresses and no others, one request at a time, with a pause before each.

    Through a proxy it is the proxy that looks names up: then only hosts written as addresses can be checked.
    """

    def __init__(
        self,
        fetching: Fetching,
        bases: Collection[str],
        pause_seconds: float = 0.0,
        look_up: addresses.Resolver = addresses.resolve,
    ) -> None:
        self._fetching, self._look_up, self._pause = fetching, look_up, pause_seconds
        self._allowed = frozenset(_host_and_port(base) for base in bases)
        self._direct = urllib3.PoolManager(num_pools=4, maxsize=1)
        self._proxies = {scheme: _proxy_manager(address) for scheme, address in fetching.proxies.items()}
        self._timeout = urllib3.Timeout(connect=min(fetching.timeout_seconds, 30.0), read=fetching.timeout_seconds)
        # Whoever asked this publisher before us may have done so just now.
        self._asked_at = time.monotonic()

    def get(
        self,
        url: str,
        take: Callable[[Answer], T],
        *,
        headers: Mapping[str, str] | None = None,
        token: str = "",
        accepts: Collection[int] = (200,),
    ) -> T:
        """What `take` makes of the answer. It is called again, with a new answer, after one that was not whole.

        The token goes to the host of `url` alone, and not without encryption. Raises NetworkError when all attempts
        fail (BusyError when the host asks for more patience than a run has), AnswerError on a status that is not
        accepted, ForbiddenPlaceError where the way leads to a host or an address that may not be reached.
        """
        attempt = 0
        while True:
            try:
                with self._opened(url, attempt, dict(headers or {}), token) as answer:
                    self._judge(answer, accepts)
                    return take(answer)
            except IncompleteError as problem:
                self._wait(url, attempt, problem)
            attempt += 1

    def _wait(self, url: str, attempt: int, problem: IncompleteError) -> None:
        """Sleeps until the next attempt; raises BusyError or NetworkError where there is none."""
        if problem.wait > self._fetching.longest_wait_seconds:
            raise BusyError(
                _place(url), f"{problem.found}, and asks to wait {problem.wait:.0f} s", problem.wait
            ) from None
        if attempt >= self._fetching.retries:
            if problem.is_limit:
                raise BusyError(_place(url), f"{problem.found}, {attempt + 1} times", problem.wait) from None
            raise NetworkError(_place(url), f"{problem.found}, {attempt + 1} times") from None
        time.sleep(max(problem.wait, self._fetching.backoff_seconds * 2**attempt))

    def _judge(self, answer: Answer, accepts: Collection[int]) -> None:
        wait = _asked_wait(answer.headers)
        is_limited = answer.status in (403, 429) and wait is not None
        if answer.status in _BUSY or is_limited:
            raise IncompleteError(f"status {answer.status}", wait or 0.0, is_limited or answer.status == 429)
        if answer.status not in accepts:
            raise AnswerError(_place(answer.url), f"status {answer.status}{_HINTS.get(answer.status, '')}")

    @contextmanager
    def _opened(self, url: str, attempt: int, headers: dict[str, str], token: str) -> Iterator[Answer]:
        """The answer at the end of all redirects. Its connection is closed unless its body was read to the end."""
        hops: tuple[int, ...] = ()
        home = urlsplit(url)[:2]
        while True:
            is_safe = urlsplit(url)[:2] == home and (home[0] == "https" or self._fetching.allows_private)
            secret = {"Authorization": f"Bearer {token}"} if token and is_safe else {}
            with _told_plainly(self._fetching.timeout_seconds):
                response = self._send(url, attempt, headers | secret)
            if response.status not in _REDIRECTS:
                break
            response.close()
            if len(hops) == MOST_REDIRECTS:
                raise AnswerError(_place(url), f"more than {MOST_REDIRECTS} redirects")
            hops += (response.status,)
            url = _next(url, response.headers.get("Location", ""))
        try:
            size = response.length_remaining if isinstance(response, urllib3.HTTPResponse) else None
            named = {name.lower(): value for name, value in response.headers.items()}
            yield Answer(url, response.status, named, hops, size, self._pieces(url, response, size))
        finally:
            response.close()

    def _send(self, url: str, attempt: int, headers: dict[str, str]) -> BaseHTTPResponse:
        host, port = self._place_of(url)
        ask: Callable[..., BaseHTTPResponse]
        if proxy := self._proxy(host, url):
            ask, target = proxy.urlopen, url
        else:
            scheme, netloc, path, query, _ = urlsplit(url)
            headers, target = {"Host": netloc, **headers}, (path or "/") + (f"?{query}" if query else "")
            found = addresses.checked(host, port, self._look_up, self._fetching.allows_private)
            # The connection goes to the very address that was checked; certificate and Host are those of the name.
            names = {"server_hostname": host, "assert_hostname": host} if scheme == "https" else {}
            ask = self._direct.connection_from_host(
                found[attempt % len(found)], port, scheme, pool_kwargs=names
            ).urlopen
        self._keep_pause()
        return ask(
            "GET",
            target,
            headers={**self._said_of_us(), **headers},
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _place_of(self, url: str) -> tuple[str, int]:
        """Host and port of an address; raises ForbiddenPlaceError where a request may not go."""
        parts = urlsplit(url)
        host, port = _host_and_port(url)
        if parts.scheme not in _PORTS or "@" in parts.netloc:
            raise ForbiddenPlaceError(_place(url), "not http or https, or with a name and password in the address")
        if (host, port) not in self._allowed:
            raise ForbiddenPlaceError(_place(url), f"{host}:{port} is not a host of this source")
        if (written := addresses.literal(host)) is not None:
            addresses.check(host, written, self._fetching.allows_private)
        return host, port

    def _proxy(self, host: str, url: str) -> urllib3.ProxyManager | None:
        if any(_matches(host, name) for name in self._fetching.no_proxy):
            return None
        return self._proxies.get(urlsplit(url).scheme)

    def _said_of_us(self) -> dict[str, str]:
        contact = self._fetching.contact
        agent = f"paper-trends/{__version__}" + (f" ({contact})" if contact else "")
        return {"User-Agent": agent} | ({"From": contact} if "@" in contact else {})

    def _keep_pause(self) -> None:
        time.sleep(max(0.0, self._asked_at + self._pause - time.monotonic()))
        self._asked_at = time.monotonic()

    def _pieces(self, url: str, response: BaseHTTPResponse, size: int | None) -> Iterator[bytes]:
        """The body as it comes over the wire; raises IncompleteError where it is cut or dripped."""
        begun, received = time.monotonic(), 0
        with _told_plainly(self._fetching.timeout_seconds):
            while piece := response.read1(CHUNK):
                received += len(piece)
                if received > self._fetching.max_bytes:
                    raise AnswerError(_place(url), f"more than ETL_FETCH_MAX_BYTES={self._fetching.max_bytes} bytes")
                if time.monotonic() - begun > self._fetching.timeout_seconds + received / SLOWEST:
                    raise IncompleteError(f"slower than {SLOWEST} bytes a second")
                yield piece
        if size is not None and received != size:
            raise IncompleteError(f"cut after {received} of {size} bytes")


_HINTS = {
    401: ", the host wants a token or refuses ours",
    403: ", the host forbids it",
    404: ", there is nothing at this address",
}


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a host asks to be left alone, or None."""
    if after := headers.get("retry-after"):
        try:
            return urllib3.Retry().parse_retry_after(after)
        except InvalidHeader:
            return None
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(0.0, int(reset) - time.time()) if reset.isascii() and reset.isdigit() else float("inf")
    return None


@contextmanager
def _told_plainly(timeout: float) -> Iterator[None]:
    """Turns what the client raises into a line of ours: its own may show a proxy's password."""
    try:
        yield
    except HTTPError as error:
        raise IncompleteError(_line(error, timeout)) from None
    except (OSError, ValueError) as error:
        raise IncompleteError(f"no usable answer ({type(error).__name__})") from None


def _line(error: HTTPError, timeout: float) -> str:
    match error:
        case ProxyError():
            return "the proxy cannot be reached or refuses"
        case SSLError():
            return f"no trusted connection ({getattr(error.args[0], 'verify_message', '') or 'TLS fails'})"
        case NewConnectionError():
            return f"no connection ({getattr(error.__cause__, 'strerror', None) or 'refused'})"
        case TimeoutError():
            return f"no answer within {timeout:g} s"
        case _:
            return "the connection was cut"


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        return (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def _next(url: str, location: str) -> str:
    """Where a redirect leads; raises ForbiddenPlaceError where it gives up encryption or is no address."""
    if not location.isascii() or not location.isprintable() or " " in location or not location:
        raise ForbiddenPlaceError(_place(url), "a redirect to no usable address")
    try:
        found = urljoin(url, location)
        is_downgrade = urlsplit(url).scheme == "https" and urlsplit(found).scheme == "http"
    except ValueError:
        raise ForbiddenPlaceError(_place(url), "a redirect to no usable address") from None
    if is_downgrade:
        raise ForbiddenPlaceError(_place(url), f"a redirect from https to http, {_place(found)}")
    return found


def _proxy_manager(address: str) -> urllib3.ProxyManager:
    auth = urllib3.util.parse_url(address).auth
    headers = urllib3.make_headers(proxy_basic_auth=unquote(auth)) if auth else None
    return urllib3.ProxyManager(address, proxy_headers=headers)


def _matches(host: str, name: str) -> bool:
    """Whether an entry of NO_PROXY means this host."""
    suffix = name.lstrip("*.")
    return name == "*" or host == suffix or (bool(suffix) and host.endswith(f".{suffix}"))


def _place(url: str) -> str:
    """An address as it stands in a message: without what may be a secret, and not endless."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}{query}"[:200]

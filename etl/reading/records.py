"""Splits a decoded stream into records with their byte positions, in bounded memory. Nothing is parsed here."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple, Protocol

from etl.errors import DumpError
from etl.settings import Limits

CHUNK = 1 << 20
# What is kept of a record that is too long to be read.
SHOWN = 1_000
_MARK = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """The bytes of one record, where they stand in the decoded stream, and their place in the listing from 1.

    `is_last_line` marks a line without a line end: where such a line makes no sense, the file was cut. `context` is
    what the record needs of the dump around it, such as a header. A `reason` says why the splitter could not give
    it whole. `size` is its length in the stream where that is not the length of `data`: None where a format has no
    byte positions, whose `offset` is then the record's number.
    """

    offset: int
    data: bytes
    position: int
    is_last_line: bool = False
    context: bytes = b""
    reason: str = ""
    size: int | None = -1

    @property
    def length(self) -> int | None:
        """Bytes of the record in the decoded stream, or null where the format has no byte positions."""
        return len(self.data) if self.size == -1 else self.size


class Stream(Protocol):
    """What a decoded stream can do: no more than to be read on."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them."""
        ...

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, at most `size` bytes of it."""
        ...


def lines(stream: Stream, limits: Limits, start: int = 0, end: int | None = None) -> Iterator[Record]:
    """The lines that begin in `start` ≤ byte < `end`, blank ones left out. Positions count from the start.

    With a `start`, the stream stands on the byte before it. A line that is too long is given cut, with its reason.
    """
    offset, position, longest = start, 0, limits.record_bytes
    if start:
        # The line that reaches over the border belongs to the shard before.
        offset += skip_line(stream) - 1
    for line, is_whole, size in _physical_lines(stream, longest):
        if end is not None and offset >= end:
            return
        if size > longest and (size > len(line) + 1 or len(line.strip()) > longest):
            position += 1
            yield Record(offset, line[:SHOWN], position, reason="record_too_long", size=size)
        elif line[:1] == b"{" and line[-1:] == b"}":
            position += 1
            yield Record(offset, line, position, not is_whole)
        else:
            data = (line.removeprefix(_MARK) if offset == 0 else line).strip()
            if data:
                position += 1
                yield Record(offset + line.index(data), data, position, not is_whole)
        offset += size


def _physical_lines(stream: Stream, longest: int) -> Iterator[tuple[bytes, bool, int]]:
    """Each line without its end, whether it has one, and its length with it; one that is far too long is cut."""
    rest = b""
    while chunk := stream.read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line, True, len(line) + 1
        if len(rest) > longest + CHUNK:
            skipped = skip_line(stream)
            yield rest[:SHOWN], True, len(rest) + skipped
            rest = b""
    if rest:
        yield rest, False, len(rest)


def skip_line(stream: Stream) -> int:
    """Reads to the end of a line; returns the number of bytes."""
    skipped = 0
    while piece := stream.readline(CHUNK):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# A whole string, a bracket, a comma, or the quote of a string that the chunk cuts.
_TOKEN = re.compile(STRING + rb'|[\[\]{},"]', re.DOTALL)
_FLAT = rb'[^"\[\]{}]*+(?:' + STRING + rb'[^"\[\]{}]*+)*+'
# All up to the next bracket that holds brackets, or that closes, or to the quote of a string that the chunk cuts.
_BEFORE_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:(?:' + STRING + rb"|\{" + _FLAT + rb"\}|\[" + _FLAT + rb'\])[^"\[\]{}]*+)*+', re.DOTALL
)

# Arrays of records are looked for no deeper in a document.
_DEEPEST_ARRAY = 4


class JsonSplitter:
    """What those share that cut records out of a JSON document by its brackets, quotes and commas.

    `data` is what is held of the stream, from its byte `origin` on; what stands before `place` is read. `start` is
    where the present record begins, None outside.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.data, self.origin, self.place = b"", 0, 0
        self.start: int | None = None
        self.position = 0
        self.closed = False

    def take(self, chunk: bytes) -> None:
        """Holds one more chunk, and of those before only what is not read yet."""
        kept = self.place if self.start is None else self.start
        self.origin += kept
        self.place -= kept
        self.start = None if self.start is None else 0
        self.data = self.data[kept:] + chunk
        if len(self.data) > self.longest + CHUNK:
            raise DumpError("record_too_long", f"the record at byte {self.origin} is longer than {self.longest} bytes")

    def ended(self, end: int) -> Record:
        """The record that ends here; raises DumpError where there is none between two commas."""
        start = self.start or 0
        raw = self.data[start:end]
        data = raw.strip()
        if not data:
            raise DumpError("malformed_json", f"an item is missing at byte {self.origin + end}")
        self.position += 1
        return Record(self.origin + start + raw.index(data[:1]), data, self.position)

    def check_outside(self, end: int) -> None:
        """Raises DumpError where something stands before or after the document."""
        outside = self.data[self.place : end]
        if self.origin + self.place == 0:
            outside = outside.removeprefix(_MARK)
        if outside.strip():
            place = self.origin + self.place
            raise DumpError("malformed_json", f"text outside the document at byte {place}: {outside[:40]!r}")

    def check_closed(self) -> None:
        """Raises DumpError where the document ends too soon."""
        if not self.closed:
            end = self.origin + len(self.data)
            raise DumpError("truncated", f"the document ends inside its brackets at byte {end}; fetch the file again")


class _ArraySplitter(JsonSplitter):
    """Finds the items of one JSON array by its brackets, quotes and commas."""

    def __init__(self, keys: Collection[str], longest: int) -> None:
        super().__init__(longest)
        self.keys = {tuple(f'"{name}"'.encode() for name in key.split(".")) for key in keys}
        self.depth, self.array_depth = 0, 0
        self.last_string = b""
        self.path: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The items that end in this chunk."""
        self.take(chunk)
        yield from self._scan()

    def _scan(self) -> Iterator[Record]:
        while self._is_past_brackets():
            match = _TOKEN.search(self.data, self.place)
            if match is None:
                # What is left holds no token; the last bytes may be the start of an item.
                if not self.depth:
                    self.check_outside(len(self.data))
                self.place = len(self.data)
                return
            token, start = match[0], match.start()
            if not self.depth:
                self.check_outside(start if token in (b"[", b"{") and not self.closed else match.end())
            if token == b'"':
                self.place = start
                return
            self.place = match.end()
            if token[0] == 0x22:
                self.last_string = token
            elif token in b"[{":
                self._open(token, match.end())
            elif token == b",":
                if self.depth == self.array_depth and self.start is not None:
                    yield self.ended(start)
                    self.start = match.end()
            else:
                yield from self._close(token, start)

    def _is_past_brackets(self) -> bool:
        """Whether all brackets inside the item are closed; goes to where they are, or as far as the data reaches."""
        if self.start is None:
            return True
        data, place, depth = self.data, self.place, self.depth
        while depth > self.array_depth:
            found = _BEFORE_BRACKET.match(data, place)
            assert found is not None
            place = found.end()
            bracket = data[place : place + 1]
            if bracket in (b"", b'"'):
                break
            depth += 1 if bracket in b"[{" else -1
            place += 1
        self.place, self.depth = place, depth
        return depth == self.array_depth

    def _open(self, token: bytes, end: int) -> None:
        self.depth += 1
        if self.array_depth:
            return
        del self.path[self.depth - 1 :]
        is_named = len(self.path) == self.depth - 1 and (*self.path[1:], self.last_string) in self.keys
        if token == b"[" and (self.depth == 1 or is_named):
            self.array_depth, self.start = self.depth, end
        elif self.depth <= _DEEPEST_ARRAY:
            self.path.append(self.last_string)

    def _close(self, token: bytes, start: int) -> Iterator[Record]:
        if self.depth == self.array_depth and self.start is not None:
            if token != b"]":
                raise DumpError(
                    "malformed_json", f"the array is closed by {token.decode()} at byte {self.origin + start}"
                )
            if self.position or self.data[self.start : start].strip():
                yield self.ended(start)
            self.start = None
        self.depth -= 1
        self.closed = self.depth <= 0


def array_items(stream: Stream, limits: Limits, *keys: str) -> Iterator[Record]:
    """The items of a JSON array, or of the array under one of the keys of an object, unparsed.

    A key may be a path such as `message.items`. Raises DumpError where the document ends inside its brackets, goes on
    after them, or has no such array.
    """
    splitter = _ArraySplitter(keys or ("data",), limits.record_bytes)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    splitter.check_closed()
    if not splitter.array_depth:
        raise DumpError("malformed_json", f"no array, and none under {' or '.join(keys or ('data',))}")


def items_or_document(stream: Stream, limits: Limits, *keys: str) -> Iterator[Record]:
    """The items of a JSON array, or of the array under one of the keys; a document without one is one record."""
    splitter = _ArraySplitter(keys, limits.record_bytes)
    waiting = io.BytesIO()
    while chunk := stream.read(CHUNK):
        if not splitter.array_depth and waiting.tell() <= limits.record_bytes:
            waiting.write(chunk)
        yield from splitter.feed(chunk)
    splitter.check_closed()
    if not splitter.array_depth:
        waiting.seek(0)
        yield from document(waiting, limits)


def document(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The whole stream as one record; raises DumpError where it is longer than a record may be."""
    data = b""
    while chunk := stream.read(CHUNK):
        data += chunk
        if len(data) > limits.record_bytes:
            raise DumpError("record_too_long", f"the document is longer than {limits.record_bytes} bytes")
    shown = data.removeprefix(_MARK).strip()
    if shown:
        yield Record(data.index(shown), shown, 1)

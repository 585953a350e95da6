"""Splits a decoded stream into records with their byte positions, in bounded memory. Nothing is parsed here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from etl.errors import DumpError

CHUNK = 1 << 20
LONGEST = 16 << 20
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one record, where they stand in the decoded stream, and their place in the listing from 1.

    `is_last_line` marks a line without a line end: where such a line makes no sense, the file was cut.
    """

    offset: int
    data: bytes
    position: int
    is_last_line: bool = False


def lines(stream: IO[bytes], start: int = 0, end: int | None = None, longest: int = LONGEST) -> Iterator[Record]:
    """The lines that begin in `start` ≤ byte < `end`, blank ones left out. With a `start`, the stream must seek.

    Raises DumpError for a line longer than `longest`. Positions count from the start of the shard.
    """
    offset, position = start, 0
    if start:
        # The line that reaches over the border belongs to the shard before.
        stream.seek(start - 1)
        offset += len(stream.readline()) - 1
    while end is None or offset < end:
        line = stream.readline(longest + 1)
        if not line:
            return
        if len(line) > longest:
            raise DumpError("record_too_long", f"the line at byte {offset} is longer than {longest} bytes")
        data = (line.removeprefix(_MARK) if offset == 0 else line).strip()
        if data:
            position += 1
            yield Record(offset + line.index(data), data, position, not line.endswith(b"\n"))
        offset += len(line)


# A whole string, a bracket, a comma, or the quote of a string that the chunk cuts.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},"]', re.DOTALL)


class _ArraySplitter:
    """Finds the items of one JSON array by its brackets, quotes and commas."""

    def __init__(self, key: bytes, longest: int) -> None:
        self.key, self.longest = b'"' + key + b'"', longest
        self.data, self.origin, self.place = b"", 0, 0
        self.depth, self.array_depth = 0, 0
        self.item: int | None = None
        self.last_string = b""
        self.position = 0
        self.closed = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The items that end in this chunk."""
        kept = self.place if self.item is None else self.item
        self.origin += kept
        self.place -= kept
        self.item = None if self.item is None else 0
        self.data = self.data[kept:] + chunk
        if len(self.data) > self.longest + CHUNK:
            raise DumpError("record_too_long", f"the record at byte {self.origin} is longer than {self.longest} bytes")
        yield from self._scan()

    def _scan(self) -> Iterator[Record]:
        for match in _TOKEN.finditer(self.data, self.place):
            token, start = match[0], match.start()
            if not self.depth:
                self._check_outside(start if token in (b"[", b"{") and not self.closed else match.end())
            if token == b'"':
                self.place = start
                return
            self.place = match.end()
            if token[0] == 0x22:
                self.last_string = token if self.depth == 1 else self.last_string
            elif token in b"[{":
                self._open(token, match.end())
            elif token == b",":
                if self.depth == self.array_depth and self.item is not None:
                    yield self._ended(start)
                    self.item = match.end()
            else:
                yield from self._close(token, start)
        # What is left holds no token; the last bytes may be the start of an item.
        if not self.depth:
            self._check_outside(len(self.data))
        self.place = len(self.data)

    def _check_outside(self, end: int) -> None:
        """Raises DumpError where something stands before or after the document."""
        outside = self.data[self.place : end]
        if self.origin + self.place == 0:
            outside = outside.removeprefix(_MARK)
        if outside.strip():
            place = self.origin + self.place
            raise DumpError("malformed_json", f"text outside the document at byte {place}: {outside[:40]!r}")

    def _open(self, token: bytes, end: int) -> None:
        self.depth += 1
        if self.array_depth or token != b"[":
            return
        if self.depth == 1 or (self.depth == 2 and self.last_string == self.key):
            self.array_depth, self.item = self.depth, end

    def _close(self, token: bytes, start: int) -> Iterator[Record]:
        if self.depth == self.array_depth and self.item is not None:
            if token != b"]":
                raise DumpError(
                    "malformed_json", f"the array is closed by {token.decode()} at byte {self.origin + start}"
                )
            if self.position or self.data[self.item : start].strip():
                yield self._ended(start)
            self.item = None
        self.depth -= 1
        self.closed = self.depth <= 0

    def _ended(self, end: int) -> Record:
        start = self.item or 0
        raw = self.data[start:end]
        data = raw.strip()
        if not data:
            raise DumpError("malformed_json", f"an item is missing at byte {self.origin + end}")
        self.position += 1
        return Record(self.origin + start + raw.index(data), data, self.position)


def array_items(stream: IO[bytes], key: str = "data", longest: int = LONGEST) -> Iterator[Record]:
    """The items of a JSON array, or of the array under `key` of an object, unparsed.

    Raises DumpError where the document ends inside its brackets, goes on after them, or has no such array.
    """
    splitter = _ArraySplitter(key.encode(), longest)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    if not splitter.closed:
        end = splitter.origin + len(splitter.data)
        raise DumpError("truncated", f"the document ends inside its brackets at byte {end}; fetch the file again")
    if not splitter.array_depth:
        raise DumpError("malformed_json", f"no array, and none under {key!r}")

"""Splits a JSON document whose records stand deep inside it, with their byte positions. Nothing is parsed but these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from etl.errors import DumpError, RecordError
from etl.reading import strict_json
from etl.reading.records import CHUNK, STRING, JsonSplitter, Record, Stream
from etl.settings import Limits

# A whole string, a bracket, a comma, or the quote of a string that the chunk cuts.
_OUTSIDE = re.compile(rb'%b|[\[\]{},"]' % STRING, re.DOTALL)
# What stands inside a record before its next bracket or the comma after it; what it says is left to the parser.
_INSIDE = re.compile(rb'(?:[^"\[\]{},]++|%b)*+([\[\]{},])' % STRING, re.DOTALL)
_DEEPER = re.compile(rb'(?:[^"\[\]{}]++|%b)*+([\[\]{}])' % STRING, re.DOTALL)

# Whether what stands in a container is records: its depth (the document has 1), the string before it, its bracket.
IsWanted = Callable[[int, bytes, bytes], bool]


def items_under(stream: Stream, limits: Limits, name: str) -> Iterator[Record]:
    """The items of every array of that name, however deep it stands."""
    quoted = f'"{name}"'.encode()
    return _records(stream, limits, lambda depth, before, bracket: bracket == b"[" and before == quoted)


def members(stream: Stream, limits: Limits, depth: int, name: str | None = None) -> Iterator[Record]:
    """The members of the objects at one depth (the document has 1), of all or those under a name, as `"key": value`."""
    quoted = None if name is None else f'"{name}"'.encode()
    return _records(
        stream, limits, lambda at, before, bracket: (at, bracket) == (depth, b"{") and quoted in (None, before)
    )


def member(record: Record, limits: Limits) -> tuple[str, Any]:
    """The key and the value of a record that is a member of an object; raises RecordError."""
    value = strict_json.parse(b"{%b}" % record.data, limits)
    if not isinstance(value, dict) or len(value) != 1:
        raise RecordError("malformed_json", "wanted one key with its value")
    key, inner = value.popitem()
    return key, inner


def _records(stream: Stream, limits: Limits, is_wanted: IsWanted) -> Iterator[Record]:
    splitter = _Splitter(is_wanted, limits.record_bytes)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    splitter.check_closed()


class _Splitter(JsonSplitter):
    """Walks a document by its brackets, quotes and commas, and cuts out what stands in the containers that are wanted.

    `depth` counts the brackets that are open inside the present record.
    """

    def __init__(self, is_wanted: IsWanted, longest: int) -> None:
        super().__init__(longest)
        self.is_wanted = is_wanted
        self.brackets: list[bytes] = []
        self.name = b""
        self.depth, self.follows_comma = 0, False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that end in this chunk."""
        self.take(chunk)
        while self.start is not None or self._step():
            if self.start is not None:
                yield from self._records()
                if self.start is not None:
                    return

    def _records(self) -> Iterator[Record]:
        """The records that end in the data, up to the end of what holds them, or as far as the data reaches."""
        while match := (_DEEPER if self.depth else _INSIDE).match(self.data, self.place):
            token, self.place = match[1], match.end()
            if token in (b"[", b"{"):
                self.depth += 1
            elif self.depth:
                self.depth -= 1
            elif token == b",":
                yield self.ended(self.place - 1)
                self.start, self.follows_comma = self.place, True
            else:
                if self.follows_comma or self.data[self.start : self.place - 1].strip():
                    yield self.ended(self.place - 1)
                self.start = None
                self._close(token)
                return

    def _step(self) -> bool:
        """Reads one token outside of records; False where the rest of the data holds none."""
        match = _OUTSIDE.search(self.data, self.place)
        if not self.brackets:
            opens = match is not None and match[0] in (b"[", b"{") and not self.closed
            self.check_outside(match.start() if match and opens else len(self.data))
        if match is None or match[0] == b'"':
            self.place = len(self.data) if match is None else match.start()
            return False
        token, self.place = match[0], match.end()
        if token in (b"[", b"{"):
            self._open(token)
        elif token in (b"]", b"}"):
            self._close(token)
        else:
            self.name = token if token != b"," else b""
        return True

    def _open(self, bracket: bytes) -> None:
        self.brackets.append(bracket)
        if self.is_wanted(len(self.brackets), self.name, bracket):
            self.start, self.depth, self.follows_comma = self.place, 0, False
        self.name = b""

    def _close(self, bracket: bytes) -> None:
        opened = self.brackets.pop() if self.brackets else b""
        if opened + bracket not in (b"[]", b"{}"):
            place = self.origin + self.place - 1
            raise DumpError("malformed_json", f"{bracket.decode()} at byte {place} closes nothing that is open")
        self.closed = not self.brackets
        self.name = b""

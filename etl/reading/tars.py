"""The files of a tar archive, one after the other as they stand in the stream; nothing but files is given.

Written for bytes that lie: no number in a header makes it allocate, loop or seek.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from etl.errors import DumpError
from etl.reading.compression import CHUNK, FETCH_AGAIN, Budget, buffered

BLOCK = 512
_ZEROS = bytes(BLOCK)
# Names and attributes that take more than this are no archive of dumps.
_LONGEST_HEADER = 1 << 20
_FILES = (b"0", b"\0", b"7")
# Attributes of the member that follows, of all members, and long names as GNU tar writes them.
_PAX, _PAX_FOR_ALL, _LONG_NAME, _LONG_LINK = (b"x", b"X"), b"g", b"L", b"K"
# Labels and access rights, of no use to us.
_PASSED_OVER = (b"V", b"A", b"E", b"D", b"N")
_FOLDER, _SPARSE = b"5", b"S"
_WITHOUT_CONTENT = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
}
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_ATTRIBUTE = re.compile(rb"(\d{1,7}) ([^=\n]+)=")


class Entry(NamedTuple):
    """A file of an archive: its name as it stands there, and its stream, or why it is not read."""

    name: bytes
    stream: io.BufferedReader | None
    reason: str = ""
    detail: str = ""


def is_tar(head: bytes) -> bool:
    """Whether the first block of a stream is the header of a member."""
    return len(head) >= BLOCK and head[:BLOCK] != _ZEROS and (head[257:262] == b"ustar" or _is_summed(head[:BLOCK]))


def entries(stream: io.BufferedReader, budget: Budget) -> Iterator[Entry]:
    """The files of an archive. Each stream is to be read before the next file is asked for.

    Raises DumpError where the archive is broken, has no end mark, or is followed by something.
    """
    archive = _Archive(stream)
    while header := archive.header():
        budget.count_member()
        if header.reason:
            yield Entry(header.name, None, header.reason, header.detail)
        elif header.kind != _FOLDER:
            yield Entry(header.name, buffered(archive.pull))
        archive.skip()
    archive.end()


@dataclass
class _Header:
    name: bytes
    kind: bytes
    size: int
    reason: str = ""
    detail: str = ""


@dataclass
class _Archive:
    """A tar stream: where we stand in it, and how much of the present member is left."""

    stream: io.BufferedReader
    offset: int = 0
    left: int = 0
    padding: int = 0

    def header(self) -> _Header | None:
        """The next member, or None at the end mark."""
        name, attributes = b"", dict[bytes, bytes]()
        while (block := self._read(BLOCK)) != _ZEROS:
            header = self._parsed(block)
            if header.kind in _PAX:
                attributes |= self._attributes(header)
            elif header.kind == _LONG_NAME:
                name = self._content(header).partition(b"\0")[0]
            elif header.kind in (_PAX_FOR_ALL, _LONG_LINK):
                self._content(header)
            elif header.kind in _PASSED_OVER:
                self._enter(header.size)
                self.skip()
            else:
                return self._member(block, header, name, attributes)
        if name or attributes:
            raise DumpError("corrupt_archive", f"the tar ends at byte {self.offset} before a member that it announces")
        return None

    def _member(self, block: bytes, header: _Header, name: bytes, attributes: dict[bytes, bytes]) -> _Header:
        header.name = attributes.get(b"path") or name or header.name
        size = attributes.get(b"size")
        if size is not None:
            header.size = self._decimal(size)
        if header.kind == b"\0" and header.name.endswith(b"/"):
            header.kind = _FOLDER
        if header.kind == _SPARSE:
            self._skip_map(block)
        if header.kind == _SPARSE or _SPARSE in attributes:
            header.reason, header.detail = "sparse_file", "a file with holes; archive it without --sparse"
        elif header.kind in _WITHOUT_CONTENT:
            header.size = 0
            if header.kind != _FOLDER:
                said = f"{_WITHOUT_CONTENT[header.kind]}, which is never followed"
                header.reason, header.detail = "not_a_regular_file", said
        elif header.kind not in _FILES:
            header.reason, header.detail = "not_a_regular_file", f"a member of the unknown kind {header.kind!r}"
        self._enter(header.size)
        return header

    def _skip_map(self, block: bytes) -> None:
        """Reads over the list of the holes that does not fit into the header."""
        goes_on = block[482] != 0
        while goes_on:
            goes_on = self._read(BLOCK)[504] != 0

    def _enter(self, size: int) -> None:
        self.left, self.padding = size, -size % BLOCK

    def pull(self, most: int) -> bytes:
        """The next bytes of the present member."""
        if not self.left:
            return b""
        data = self.stream.read(min(most, self.left, CHUNK))
        if not data:
            raise self._cut()
        self.left -= len(data)
        self.offset += len(data)
        return data

    def skip(self) -> None:
        """Reads over what is left of the present member."""
        while self.pull(CHUNK):
            pass
        if self.padding:
            self._read(self.padding)
            self.padding = 0

    def end(self) -> None:
        """Reads what follows the end mark: nothing but zeros may, and the sum of a compression stands behind them."""
        while data := self.stream.read(CHUNK):
            if data.strip(b"\0"):
                raise DumpError("trailing_garbage", f"something follows the end of the tar at byte {self.offset}")
            self.offset += len(data)

    def _content(self, header: _Header) -> bytes:
        if header.size > _LONGEST_HEADER:
            raise self._corrupt(f"a name or attributes of {header.size} bytes")
        self._enter(header.size)
        content = b""
        while piece := self.pull(CHUNK):
            content += piece
        self.skip()
        return content

    def _attributes(self, header: _Header) -> dict[bytes, bytes]:
        """What matters of the attributes, each of which is written as its length, its name and its value."""
        data, place = self._content(header), 0
        found = {}
        while match := _ATTRIBUTE.match(data, place):
            place += int(match[1])
            if not match.end() < place <= len(data) or data[place - 1 : place] != b"\n":
                break
            if match[2] in (b"path", b"size"):
                found[match[2]] = data[match.end() : place - 1]
            elif match[2].startswith(b"GNU.sparse."):
                found[_SPARSE] = b""
        if not match and not data[place:].strip(b"\0"):
            return found
        raise self._corrupt("attributes that cannot be read")

    def _parsed(self, block: bytes) -> _Header:
        if not _is_summed(block):
            raise self._corrupt("a header whose sum is wrong")
        name = block[:100].partition(b"\0")[0]
        prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
        return _Header(b"/".join(filter(None, (prefix, name))), block[156:157], self._number(block[124:136]))

    def _number(self, field: bytes) -> int:
        """A number as tar writes it: octal digits, or with the first bit set the bytes of the number itself."""
        if field[0] == 0x80:
            return int.from_bytes(field[1:], "big")
        match = _OCTAL.fullmatch(field)
        if not match:
            raise self._corrupt(f"a size that is none, {field!r},")
        return int(match[1] or b"0", 8)

    def _decimal(self, text: bytes) -> int:
        if not text.isdigit() or len(text) > 20:
            raise self._corrupt(f"a size that is none, {text[:40]!r},")
        return int(text)

    def _read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.offset += len(data)
        if len(data) < size:
            raise self._cut()
        return data

    def _cut(self) -> DumpError:
        return DumpError("truncated", f"the tar ends at byte {self.offset} without its end mark; {FETCH_AGAIN}")

    def _corrupt(self, what: str) -> DumpError:
        return DumpError("corrupt_archive", f"{what} before byte {self.offset} of the tar; {FETCH_AGAIN}")


def _is_summed(block: bytes) -> bool:
    """Whether the header holds its own sum, counted in either of the two ways that are in use."""
    match = _OCTAL.fullmatch(block[148:156])
    if not match or not match[1]:
        return False
    others = block[:148] + block[156:]
    plain = sum(others) + 8 * 0x20
    return int(match[1], 8) in (plain, plain - 256 * sum(byte > 127 for byte in others))

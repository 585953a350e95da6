"""Compression undone piece by piece, in memory that is bounded whatever the bytes say.

An end that comes too soon is an error in every format: zlib and zstd say nothing of it by themselves. What follows the
last stream is an error too, but for zeros, with which tapes and xz are padded.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import zstandard

from etl.errors import DumpError
from etl.settings import MIB, Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = MIB
# A small stream gets little at a time, so that what it leaves of it is little: files may hold millions of them.
_FIRST_STEP = 4 << 10
_LONGEST_STEP = 256 << 10
# A stream that wants more memory than this for looking back is refused; those of usual tools want an eighth.
WINDOW_BYTES = 128 * MIB
_BROKEN = (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)
FETCH_AGAIN = "fetch the file again"


@dataclass
class Budget:
    """What a dump may still grow to. All that comes out of its compression counts, wherever it stands in the dump."""

    limits: Limits
    came: int
    expanded: int = 0
    members: int = 0

    def expand(self, size: int) -> None:
        """Counts bytes that came out; raises DumpError where there are too many."""
        self.expanded += size
        self.check(self.expanded)

    def check(self, expanded: int) -> None:
        """Raises DumpError where a dump of this size would be too large."""
        limits = self.limits
        if expanded > limits.expanded_bytes:
            raise DumpError(
                "too_large", f"it holds more than {limits.expanded_bytes} bytes; see ETL_LIMIT_EXPANDED_BYTES"
            )
        if expanded > limits.ratio_from and expanded > limits.ratio * self.came:
            said = f"{self.came} bytes become more than {limits.ratio} times as many; see ETL_LIMIT_RATIO"
            raise DumpError("expands_too_much", said)

    def count_member(self) -> None:
        """Counts a member of an archive; raises DumpError where there are too many."""
        self.members += 1
        if self.members > self.limits.members:
            raise DumpError(
                "too_many_members", f"more than {self.limits.members} members; split it, or see ETL_LIMIT_MEMBERS"
            )


class Pulled(io.RawIOBase):
    """A raw stream over a function that gives the next bytes, at most so many, and none at the end.

    A buffer is filled as far as it goes: a fault shows itself after all bytes that came before it.
    """

    def __init__(self, pull: Callable[[int], bytes]) -> None:
        self._pull = pull
        self._fault: DumpError | None = None

    def readable(self) -> bool:
        """It is only ever read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer; raises DumpError where the bytes before are read already."""
        view, filled = memoryview(buffer), 0
        try:
            while not self._fault and filled < len(view) and (piece := self._pull(len(view) - filled)):
                view[filled : filled + len(piece)] = piece
                filled += len(piece)
        except DumpError as fault:
            self._fault = fault
        if self._fault and not filled:
            raise self._fault
        return filled


def buffered(pull: Callable[[int], bytes]) -> io.BufferedReader:
    """A stream whose first chunk can be looked at without being read."""
    return io.BufferedReader(Pulled(pull), CHUNK)


class _Stream(Protocol):
    """One compressed stream on its way; `bz2` and `lzma` have it like this."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Deflated:
    """A stream of zlib, which keeps what it was given and could not yet use."""

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)


class _Zstandard:
    """A frame of zstd, walked block by block.

    So its end is known for certain, and no more comes out at a time than a few blocks can hold: the library by itself
    takes a cut frame for a whole one, and gives all that its input expands to at once.
    """

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).decompressobj()
        self._waiting, self._ready = b"", b""
        self._is_begun = self._has_last = False
        # Bytes of the frame's header that wait for the first block, and of the sum after the last.
        self._header = self._sum = 0
        self.eof, self.needs_input = False, True
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        self._waiting += data
        if not self._ready:
            end = self._blocks() if self._is_begun or self._begin() else 0
            self._ready = self._frame.decompress(self._waiting[:end]) if end else b""
            self._waiting = self._waiting[end:]
            self.needs_input = not end
            if self._has_last:
                self._finish()
        piece, self._ready = self._ready[:max_length], self._ready[max_length:]
        self.eof = self._has_last and not self._ready
        self.needs_input = self.needs_input and not self._ready
        return piece

    def _begin(self) -> bool:
        """Reads the header of the frame; False while it is not here as a whole."""
        try:
            header = zstandard.get_frame_parameters(self._waiting[:_LONGEST_HEADER])
        except zstandard.ZstdError:
            if len(self._waiting) < _LONGEST_HEADER:
                return False
            raise
        if header.dict_id:
            raise DumpError("unsupported_compression", f"it needs the dictionary {header.dict_id}; compress it without")
        self._header = zstandard.frame_header_size(self._waiting)
        self._sum = 4 if header.has_checksum else 0
        self._is_begun = True
        return True

    def _blocks(self) -> int:
        """The end of the next blocks that are here as a whole and hold no more than a chunk; 0 where there is none."""
        data, place, end, held = self._waiting, self._header, 0, 0
        while held < CHUNK and len(data) >= place + 3 and not self._has_last:
            head = int.from_bytes(data[place : place + 3], "little")
            is_last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
            if kind == _RESERVED or (kind != _REPEATED and size > zstandard.BLOCKSIZE_MAX):
                raise zstandard.ZstdError("a block of an unknown kind or size")
            place += 3 + (1 if kind == _REPEATED else size) + (self._sum if is_last else 0)
            if len(data) < place:
                break
            end, self._has_last = place, is_last
            held += zstandard.BLOCKSIZE_MAX if kind == _COMPRESSED else size
        if end:
            self._header = 0
        return end

    def _finish(self) -> None:
        if not self._frame.eof:
            raise zstandard.ZstdError("the frame goes on after its last block")
        self.unused_data, self._waiting = self._waiting, b""


# Kinds of blocks in a frame of zstd, and the most bytes that its header can have.
_REPEATED, _COMPRESSED, _RESERVED = 1, 2, 3
_LONGEST_HEADER = 18


class _Skipped:
    """A frame that says of itself that it is to be skipped."""

    def __init__(self) -> None:
        self._head, self._left = b"", -1
        self.eof, self.needs_input = False, True
        self.unused_data = b""

    def decompress(self, data: bytes, _: int, /) -> bytes:
        if self._left < 0:
            self._head += data
            if len(self._head) < 8:
                return b""
            self._left, data = int.from_bytes(self._head[4:8], "little"), self._head[8:]
        skipped = min(self._left, len(data))
        self._left -= skipped
        self.eof, self.unused_data = not self._left, data[skipped:]
        return b""


@dataclass(frozen=True)
class Format:
    """One compression: its name, how its streams begin, and how one that begins so is read."""

    name: str
    magics: tuple[bytes, ...]
    start: Callable[[bytes], _Stream]


def _xz(_: bytes) -> _Stream:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=WINDOW_BYTES + (WINDOW_BYTES >> 2))


_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
_BZIP2_MAGICS = tuple(b"BZh%d" % level for level in range(1, 10))
GZIP = Format("gzip", (b"\x1f\x8b\x08",), lambda head: _Deflated(31))
BZIP2 = Format("bzip2", _BZIP2_MAGICS, lambda head: bz2.BZ2Decompressor())
XZ = Format("xz", (b"\xfd7zXZ\x00",), _xz)
ZSTANDARD = Format(
    "zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), lambda head: _Skipped() if head[:4] in _SKIPPABLE else _Zstandard()
)
# What zip calls deflated begins with nothing that could be known.
DEFLATE = Format("deflate", (b"",), lambda head: _Deflated(-15))
_FORMATS = (GZIP, BZIP2, XZ, ZSTANDARD)
MAGIC_BYTES = 6
_ZEROS = re.compile(rb"\0*")


def format_of(head: bytes) -> Format | None:
    """The compression that the first bytes show, or None."""
    return next((known for known in _FORMATS if head.startswith(known.magics)), None)


class Decoder:
    """The bytes of any number of compressed streams of one format, one after the other."""

    def __init__(self, read: Callable[[int], bytes], known: Format, budget: Budget) -> None:
        self._read, self._format, self._budget = read, known, budget
        self._data, self._place, self._origin = b"", 0, 0
        self._stream: _Stream | None = None
        self._streams, self._step = 0, _FIRST_STEP

    def pull(self, most: int) -> bytes:
        """The next bytes, none at the end; raises DumpError where a stream is broken, or ends too soon."""
        while self._stream or self._begin():
            assert self._stream
            needs_input = self._stream.needs_input
            data = self._input() if needs_input else b""
            piece = self._decompressed(self._stream, data, most)
            if self._stream.eof:
                self._place -= len(self._stream.unused_data)
                self._stream, self._step = None, _FIRST_STEP
            elif needs_input and not data and not piece:
                raise DumpError("truncated", f"the {self._format.name} stream ends before its end mark; {FETCH_AGAIN}")
            if piece:
                self._budget.expand(len(piece))
                return piece
        return b""

    def _begin(self) -> bool:
        """Starts the next stream; False where there is none."""
        if self._streams:
            self._skip_padding()
        self._fill(MAGIC_BYTES)
        head = self._data[self._place : self._place + MAGIC_BYTES]
        if self._streams and not head:
            return False
        if not head.startswith(self._format.magics):
            raise self._not_a_stream(head)
        self._stream = self._format.start(head)
        self._streams += 1
        return True

    def _skip_padding(self) -> None:
        while True:
            self._fill(1)
            zeros = _ZEROS.match(self._data, self._place)
            self._place = zeros.end() if zeros else self._place
            if self._place < len(self._data) or not self._fill(1):
                return

    def _not_a_stream(self, head: bytes) -> DumpError:
        place = self._origin + self._place
        if any(magic.startswith(head) for magic in self._format.magics):
            return DumpError("truncated", f"a {self._format.name} stream is cut at byte {place}; {FETCH_AGAIN}")
        return DumpError("trailing_garbage", f"what begins at byte {place} is no {self._format.name} stream: {head!r}")

    def _fill(self, size: int) -> bool:
        """Makes sure that so many bytes are at hand; False where there are not."""
        while len(self._data) - self._place < size:
            more = self._read(_LONGEST_STEP)
            if not more:
                return False
            self._origin += self._place
            self._data, self._place = self._data[self._place :] + more, 0
        return True

    def _input(self) -> bytes:
        self._fill(1)
        data = self._data[self._place : self._place + self._step]
        self._place += len(data)
        self._step = min(2 * self._step, _LONGEST_STEP)
        return data

    def _decompressed(self, stream: _Stream, data: bytes, most: int) -> bytes:
        try:
            return stream.decompress(data, most)
        except _BROKEN as error:
            said = str(error)
            if "too much memory" in said or "Memory usage limit" in said:
                wanted = f"to look back over more than {WINDOW_BYTES} bytes; compress it again with a smaller window"
                raise DumpError("window_too_large", f"{self._format.name} wants {wanted}") from None
            place = self._origin + self._place
            raise DumpError("corrupt_compression", f"before byte {place}: {said}; {FETCH_AGAIN}") from None

"""Opens a dump: compression undone, archives walked member by member, nothing extracted to disk.

An end that comes too soon is an error in every format: zlib and zstd say nothing of it by themselves.
"""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import zstandard

from etl.errors import DumpError
from etl.reading import parquet
from etl.settings import Limits

CHUNK = 1 << 20


class _Decompressor(Protocol):
    """What zlib, bz2, lzma and zstandard objects share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_MAGIC: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    (b"\x28\xb5\x2f\xfd", lambda: zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()),
)
_BROKEN = (zlib.error, OSError, lzma.LZMAError, zstandard.ZstdError, EOFError, zipfile.BadZipFile, tarfile.TarError)


class _Decoded(io.RawIOBase):
    """A stream of decompressed bytes over any number of concatenated frames."""

    def __init__(self, raw: IO[bytes], start: Callable[[], _Decompressor]) -> None:
        self._raw, self._start = raw, start
        self._decompressor = start()
        self._waiting, self._ready = b"", b""

    def readable(self) -> bool:
        """A decoded stream is only ever read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; raises DumpError where the compression is broken or ends too soon."""
        while not self._ready:
            data = self._waiting or self._raw.read(CHUNK)
            if not data:
                if not self._decompressor.eof:
                    raise DumpError("truncated", "the compressed stream ends before its end mark; fetch the file again")
                return 0
            self._feed(data)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _feed(self, data: bytes) -> None:
        self._waiting = b""
        if self._decompressor.eof:
            if not data.strip(b"\x00"):
                return
            self._decompressor = self._start()
        try:
            self._ready = self._decompressor.decompress(data)
        except _BROKEN as error:
            raise DumpError("corrupt_compression", f"{error}; fetch the file again") from None
        if self._decompressor.eof:
            self._waiting = self._decompressor.unused_data


class _Guarded(io.RawIOBase):
    """A member of a zip file, whose broken sum is a DumpError like every other fault of a container."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def readable(self) -> bool:
        """A member is only ever read."""
        return True

    def seekable(self) -> bool:
        """Only back to its start, once its first bytes have told what it is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another place of the member."""
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; raises DumpError where the member is broken."""
        try:
            data = self._raw.read(len(buffer))
        except _BROKEN as error:
            raise DumpError("corrupt_archive", f"{error}; fetch the file again") from None
        buffer[: len(data)] = data
        return len(data)


def decoded(raw: IO[bytes]) -> IO[bytes]:
    """The stream with its compression undone, recognised by its first bytes; plain bytes pass through."""
    head = raw.read(6)
    raw.seek(0)
    for magic, start in _MAGIC:
        if head.startswith(magic):
            return io.BufferedReader(_Decoded(raw, start), CHUNK)
    return raw


def is_plain(path: Path) -> bool:
    """Whether a file is neither compressed nor an archive, so that it can be read from any byte."""
    with path.open("rb") as file:
        head = file.read(6)
    return not head.startswith(tuple(magic for magic, _ in _MAGIC)) and not _is_zip(path) and not _is_tar(path)


class Member(NamedTuple):
    """A file inside an archive with its decoded stream; or why it is not read. A plain file is one without a name."""

    name: str
    stream: IO[bytes]
    reason: str = ""
    detail: str = ""


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Each file inside an archive; a file that is no archive is one member, with no name.

    Raises DumpError where the container is broken.
    """
    try:
        if _is_zip(path):
            yield from _zip_members(path)
        elif _is_tar(path):
            yield from _tar_members(path)
        else:
            with path.open("rb") as raw:
                yield Member("", decoded(raw))
    except _BROKEN as error:
        raise DumpError("corrupt_archive", f"{error}; fetch the file again") from None


def start_of(stream: IO[bytes], size: int) -> bytes:
    """Up to `size` bytes from the start of a stream; where it breaks before, what came until then."""
    data = b""
    read = getattr(stream, "read1", stream.read)
    try:
        while len(data) < size and (piece := read(size - len(data))):
            data += piece
    except (DumpError, *_BROKEN):
        return data
    return data


def _is_zip(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(2) == b"PK" and zipfile.is_zipfile(raw)


def _is_tar(path: Path) -> bool:
    with path.open("rb") as raw:
        try:
            head = decoded(raw).read(512)
        except DumpError:
            return False
    return len(head) == 512 and head[257:262] == b"ustar"


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.is_dir() or _is_hidden(info.filename):
                continue
            try:
                with archive.open(info) as raw:
                    yield Member(info.filename, decoded(io.BufferedReader(_Guarded(raw), CHUNK)))
            except (RuntimeError, NotImplementedError) as error:
                raise DumpError("corrupt_archive", f"{info.filename}: {error}") from None


def _tar_members(path: Path) -> Iterator[Member]:
    with path.open("rb") as raw:
        stream = decoded(raw)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for info in archive:
                content = archive.extractfile(info) if info.isreg() and not _is_hidden(info.name) else None
                if content is not None:
                    yield Member(info.name, decoded(io.BytesIO(content.read())))
        # The sum of the compression stands behind the last member.
        while stream.read(CHUNK):
            pass


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part not in (".", ".."))


# Parquet is read from its end: inside a compressed file it has to fit into memory.
_LARGEST_INNER_PARQUET = 256 << 20


class Rewound:
    """A stream whose start was looked at and is read again. Of Parquet, `head` ends in the footer."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream = stream
        self.head = self.waiting = start_of(stream, size)
        self.place = 0
        if self.head.startswith(parquet.MAGIC):
            self.stream, self.waiting = _seekable(stream, self.head), b""
            self.head += parquet.footer(self.stream)
            self.stream.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, those of the head first."""
        if self.place >= len(self.waiting):
            return self.stream.read(size)
        end = len(self.waiting) if size < 0 else self.place + size
        piece, self.place = self.waiting[self.place : end], end
        return piece + self.stream.read() if size < 0 else piece

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, also one that begins in the head and ends after it."""
        if self.place >= len(self.waiting):
            return self.stream.readline(size)
        end = self.waiting.find(b"\n", self.place) + 1 or len(self.waiting)
        end = end if size < 0 else min(end, self.place + size)
        piece, self.place = self.waiting[self.place : end], end
        if end < len(self.waiting) or piece.endswith(b"\n") or len(piece) == size:
            return piece
        return piece + self.stream.readline(size - len(piece) if size >= 0 else -1)


def _seekable(stream: IO[bytes], head: bytes) -> IO[bytes]:
    """A stream that can be read from its end, as Parquet has to be; raises DumpError where it is too large for that."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        return stream
    data = head + stream.read(_LARGEST_INNER_PARQUET)
    if len(data) > _LARGEST_INNER_PARQUET:
        raise DumpError("too_large", "Parquet inside a compressed file or archive; deliver it as it is")
    return io.BytesIO(data)

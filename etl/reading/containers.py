"""Opens a dump: compression undone, archives walked member by member, nothing extracted to disk.

A dump is compressed at most once, and so is each of its members. An archive inside an archive is opened, one inside
that is not. Folders are passed over, and so are hidden files, such as macOS leaves behind; whatever else is not read is
given with its reason. Names are for showing: none is ever used as a path.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from etl.errors import DumpError
from etl.reading import parquet, tars, zips
from etl.reading.compression import CHUNK, MAGIC_BYTES, Budget, Decoder, buffered, format_of
from etl.settings import Limits

# How many archives may stand around a file.
_DEEPEST = 2
_LONGEST_NAME = 1_000


class Member(NamedTuple):
    """A file inside an archive with its decoded stream; or why it is not read. A plain file is one without a name."""

    name: str
    stream: io.BufferedReader
    reason: str = ""
    detail: str = ""


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Each file inside an archive; a file that is no archive is one member, with no name.

    Each stream is to be read before the next member is asked for. Raises DumpError where the container is broken, or
    passes a limit.
    """
    budget = Budget(limits, path.stat().st_size)
    seen: dict[str, int] = {}
    file: io.BufferedReader = io.BufferedReader(io.FileIO(path), CHUNK)
    with file:
        for member in _files(file, "", 0, budget):
            yield member._replace(name=_unique(member.name, seen)) if member.name else member


def is_plain(path: Path) -> bool:
    """Whether a file is neither compressed nor an archive, so that it can be read from any byte."""
    with path.open("rb") as raw:
        head = raw.read(tars.BLOCK)
    return not format_of(head) and not _archive(head)


def decoded(raw: io.BufferedReader, budget: Budget | None = None) -> io.BufferedReader:
    """The stream with its compression undone, recognised by its first bytes; plain bytes pass through."""
    known = format_of(_start(raw, MAGIC_BYTES))
    return buffered(Decoder(raw.read1, known, budget or Budget(Limits(), sys.maxsize)).pull) if known else raw


def _files(raw: io.BufferedReader, name: str, depth: int, budget: Budget) -> Iterator[Member]:
    """The files in a stream: those of an archive, or the stream itself."""
    stream = decoded(raw, budget)
    is_twice = stream is not raw and format_of(_start(stream, MAGIC_BYTES))
    refusal = "compressed twice" if is_twice else ""
    archive = _archive(_start(stream, tars.BLOCK))
    if archive and depth == _DEEPEST:
        refusal = f"a {archive} inside an archive that is inside an archive"
    if refusal:
        yield _refused(name, stream, "nested_too_deep", f"{refusal}; unpack it before")
    elif not archive:
        yield Member(name, stream)
    elif archive == "tar":
        for entry in tars.entries(stream, budget):
            yield from _inside(entry, name, depth, budget)
    elif file := _seekable(stream, budget.limits):
        size = file.seek(0, io.SEEK_END)
        for entry in zips.entries(file, size, budget):
            yield from _inside(entry, name, depth, budget)
    else:
        yield _refused(name, stream, "too_large", _TOO_LARGE.format("a zip", budget.limits.inner_bytes))


def _inside(entry: tars.Entry, archive: str, depth: int, budget: Budget) -> Iterator[Member]:
    """The file, or the files, that one member of an archive is."""
    name = _shown(entry.name)
    if _is_hidden(name):
        return
    whole = f"{archive}/{name}" if archive else name
    if entry.stream is None:
        yield Member(whole, io.BufferedReader(io.BytesIO()), entry.reason, entry.detail)
    else:
        yield from _files(entry.stream, whole, depth + 1, budget)


def _refused(name: str, stream: io.BufferedReader, reason: str, detail: str) -> Member:
    """A member that is not read; raises DumpError where it is the whole dump."""
    if not name:
        raise DumpError(reason, detail)
    return Member(name, stream, reason, detail)


def _archive(head: bytes) -> str:
    """The archive format that the first bytes show, or none."""
    if head.startswith(zips.MAGICS):
        return "zip"
    return "tar" if tars.is_tar(head) else ""


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part not in (".", ".."))


def _shown(name: bytes) -> str:
    """A name that can be shown and kept, whatever its bytes are."""
    return printable(name.decode("utf-8", "backslashreplace"), _LONGEST_NAME) or "(unnamed)"


def printable(text: str, most: int) -> str:
    """The start of a text from a dump, safe to print: what does not print is escaped."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text[:most]
    )
    return shown[:most]


def _unique(name: str, seen: dict[str, int]) -> str:
    """The name, with a number behind it where it came before: the name tells where a record stands.

    `seen` holds the names so far, each with the last number that it got.
    """
    found, number = name, seen.get(name, 1)
    while found in seen:
        number += 1
        found = f"{name}#{number}"
    seen[name], seen[found] = number, 1
    return found


def _start(stream: io.BufferedReader, size: int) -> bytes:
    """Up to `size` bytes from the start of a stream that was not read yet, without reading them."""
    return stream.peek(size)[:size]


def opened(stream: io.BufferedReader, size: int, limits: Limits) -> tuple[bytes, IO[bytes]]:
    """The first bytes of a member, at most a chunk, and the stream to read all of it from.

    Of Parquet, which is read from its end, the footer follows the first bytes. Raises DumpError where it is inside a
    compressed file or an archive and too large to be held in memory.
    """
    head = _start(stream, size)
    if not head.startswith(parquet.MAGIC):
        return head, stream
    file = _seekable(stream, limits)
    if not file:
        raise DumpError("too_large", _TOO_LARGE.format("Parquet", limits.inner_bytes))
    head += parquet.footer(file)
    file.seek(0)
    return head, file


_TOO_LARGE = "{} inside a compressed file or archive, of more than {} bytes; deliver it as it is"


def _seekable(stream: io.BufferedReader, limits: Limits) -> IO[bytes] | None:
    """The stream, if need be in memory, so that it can be read from its end; None where it is too large for that."""
    if isinstance(stream.raw, io.FileIO):
        return stream
    data = io.BytesIO()
    while piece := stream.read(CHUNK):
        if data.tell() + len(piece) > limits.inner_bytes:
            return None
        data.write(piece)
    return data

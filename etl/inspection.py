"""What a dump is; and of one that no source knows, what is wrong with it.

Runs in worker processes: what it looks at is not trusted.
"""

from __future__ import annotations

import codecs
import datetime as dt
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from etl import sources
from etl.errors import DumpError, RecordError
from etl.reading import containers, parquet, strict_json, xml
from etl.reading.compression import CHUNK, FETCH_AGAIN, buffered
from etl.reading.containers import Member
from etl.reading.records import Record, array_items
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head
from etl.workers import Tick

# Of an archive that holds nothing for us, so many members are looked at to say why.
_LOOKED_AT = 100
_LONGEST_DETAIL = 500


class Dump(NamedTuple):
    """Stored bytes, and the name that they came under."""

    path: Path
    name: str
    limits: Limits


@dataclass(frozen=True)
class Seen:
    """What the start of a dump shows of a source: the day of the listing, and whether each line is a record."""

    observed_on: dt.date | None = None
    is_by_line: bool = False


def recognised(dump: Dump, tick: Tick) -> dict[str, Seen]:
    """The sources whose format a dump shows, by name. An archive may hold several; its members say their own days."""
    found: dict[str, Seen] = {}
    try:
        for member in containers.members(dump.path, dump.limits):
            tick(0)
            if member.reason:
                continue
            head = Head(containers.opened(member.stream, HEAD_BYTES, dump.limits)[0], member.name or dump.name)
            name = sources.recognise(head)
            if name and name not in found:
                source = sources.load(name)
                found[name] = Seen() if member.name else Seen(source.observed_on(head), source.is_by_line(head))
    except DumpError:
        # What is broken further in is said by normalise, which reads it all.
        pass
    return dict(sorted(found.items()))


class Fault(NamedTuple):
    """What is wrong with a dump that no source knows."""

    reason: str
    detail: str


def diagnosed(dump: Dump, tick: Tick) -> Fault | None:
    """What is wrong with a dump that no source knows, or None where it is sound and of no known format."""
    found = _diagnosed(dump, tick)
    return found and Fault(found.reason, containers.printable(found.detail, _LONGEST_DETAIL))


def _diagnosed(dump: Dump, tick: Tick) -> Fault | None:
    if not dump.path.stat().st_size:
        return Fault("empty", f"the file has no bytes; {FETCH_AGAIN}")
    faults: dict[str, Fault | None] = {}
    try:
        recognised(dump, tick)
        for member in containers.members(dump.path, dump.limits):
            tick(0)
            if len(faults) < _LOOKED_AT:
                faults[member.name] = _fault(member, member.name or dump.name, dump.limits, tick)
    except DumpError as error:
        return Fault(error.reason, error.detail)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        return Fault("parser_failed", f"{type(error).__name__}: {error}")
    if not faults:
        return Fault("empty", "an archive without a file in it; check it")
    name, fault = next(iter(faults.items()))
    if not fault or {other and other.reason for other in faults.values()} != {fault.reason}:
        return None
    return Fault(fault.reason, f"{name}: {fault.detail}" if name else fault.detail)


_FOREIGN = {
    b"\x1f\x9d": "compress (.Z)",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"MSCF": "a cabinet",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\x89LZO": "LZO",
    b"LZIP": "lzip",
    b"LRZI": "lrzip",
    b"\x5d\x00\x00": "LZMA without xz",
    b"PK": "a zip of several files",
}
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_IS_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!DOCTYPE)\b")
_HTML = re.compile(rb"(?:\s+|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


def _fault(member: Member, name: str, limits: Limits, tick: Tick) -> Fault | None:
    """What is wrong with one file, as far as its first bytes say what it wants to be."""
    if member.reason:
        return Fault(member.reason, member.detail)
    data, stream = containers.opened(member.stream, HEAD_BYTES, limits)
    head = Head(data, name)
    if not head.first:
        return Fault("empty", f"no bytes but blanks; {FETCH_AGAIN}")
    foreign = next((said for magic, said in _FOREIGN.items() if data.startswith(magic)), "")
    if foreign:
        return Fault("unsupported_compression", f"found {foreign}, wanted gzip, bzip2, xz, zstd, zip or tar")
    if data.startswith(_WIDE):
        return Fault("unsupported_encoding", "found UTF-16 or UTF-32, wanted UTF-8")
    try:
        if head.is_parquet:
            _read_all(parquet.rows(stream, limits), tick)
        elif head.first in (b"{", b"["):
            _check_json(head, stream, limits, tick)
        elif _HTML.match(data.removeprefix(codecs.BOM_UTF8)):
            return Fault("html_page", f"a page of a web site in place of a dump; {FETCH_AGAIN}")
        elif head.root or _IS_XML.match(data):
            _check_xml(head, stream, limits)
        else:
            _check_utf8(stream, b"\0" not in data, tick)
    except (DumpError, RecordError) as error:
        return Fault(error.reason, error.detail)
    return None


def _read_all(records: Iterator[Record], tick: Tick) -> None:
    """Reads records for the fault that one of them may raise."""
    for number, _ in enumerate(records):
        if not number % 1_000:
            tick(0)


def _check_json(head: Head, stream: IO[bytes], limits: Limits, tick: Tick) -> None:
    """Raises where a document is no JSON. One that is too long to be parsed is looked at from outside."""
    data = stream.read(limits.record_bytes + 1)
    if data.startswith(codecs.BOM_UTF8):
        # Blanks in its place keep the places of all that follows.
        data = b"   " + data[len(codecs.BOM_UTF8) :]
    first_lines = list(itertools.islice((line for line in io.BytesIO(data) if line.strip()), 2))
    if len(first_lines) == 2 and all(_is_json(line, limits) for line in first_lines):
        return
    if len(data) > limits.record_bytes:
        if head.first == b"[":
            read = io.BytesIO(data).read
            _read_all(array_items(buffered(lambda most: read(most) or stream.read(most)), limits), tick)
        return
    try:
        strict_json.value(data, limits)
    except RecordError as error:
        if error.detail.startswith(strict_json.CUT):
            raise DumpError("truncated", f"{error.detail}; {FETCH_AGAIN}") from None
        raise


def _is_json(line: bytes, limits: Limits) -> bool:
    try:
        strict_json.value(line, limits)
    except RecordError:
        return False
    return True


def _check_xml(head: Head, stream: IO[bytes], limits: Limits) -> None:
    """Raises where a document is no XML, or declares what is not obeyed. A long one is not looked at to its end."""
    try:
        for record in xml.elements(stream, limits, head.root or "unknown"):
            if not record.reason:
                xml.element(record, limits)
    except DumpError as error:
        if error.reason != "record_too_long":
            raise


def _check_utf8(stream: IO[bytes], is_text: bool, tick: Tick) -> None:
    """Reads to the end, where a fault of the compression may show itself; raises where a text is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict" if is_text else "replace")
    offset, is_end = 0, False
    while not is_end:
        data = stream.read(CHUNK)
        is_end, waiting = not data, len(decoder.getstate()[0])
        tick(0)
        try:
            decoder.decode(data, is_end)
        except UnicodeDecodeError as error:
            raise DumpError("invalid_utf8", f"byte {offset - waiting + error.start} is not UTF-8") from None
        offset += len(data)


class Place(NamedTuple):
    """Where a record stands; without a length, it is a row of Parquet."""

    path: Path
    member: str
    offset: int
    length: int | None
    limits: Limits


def record_bytes(place: Place, tick: Tick) -> bytes | None:
    """The very bytes of a record, of Parquet the row as JSON; None where there is no such member."""
    for member in containers.members(place.path, place.limits):
        tick(0)
        if member.name != place.member or member.reason:
            continue
        _, stream = containers.opened(member.stream, len(parquet.MAGIC), place.limits)
        if place.length is None:
            rows = parquet.rows(stream, place.limits)
            return next(row.data for row in rows if row.offset == place.offset)
        left = place.offset
        while left > 0 and (skipped := stream.read(min(left, CHUNK))):
            left -= len(skipped)
        return stream.read(place.length)
    return None

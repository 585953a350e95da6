"""What a source is: one dump format, how to recognise and read it, and how its records map to our columns (idea 2)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import polars as pl

from etl.errors import DumpError, RecordError
from etl.reading import strict_json, tables
from etl.reading.records import Record, Stream, array_items, items_or_document, lines
from etl.settings import Limits

Parsed = dict[str, Any]
HEAD_BYTES = 256 << 10
_MARK = b"\xef\xbb\xbf"
_ARRAYS = ("data", "results", "items", "papers", "collection", "notes", "recommendedPapers", "message.items")
# An envelope of which the first item may be cut.
_ENVELOPE = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{[^\[]*?"(?:data|results|items|papers|notes|recommendedPapers)"\s*:\s*\['
)
# Nulls before it, in answers to lists of identifiers, are looked past.
_FIRST_ITEMS = 100
_FIRST_ITEM = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_ROOT = re.compile(
    rb"(?:\s+|<\?[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\])?\s*>)*+<([A-Za-z_][\w.:-]*)", re.DOTALL
)


@dataclass(frozen=True)
class Head:
    """The first bytes of a dump, decoded, and the name that it came under. Of Parquet the footer follows the start."""

    data: bytes
    name: str

    @cached_property
    def first(self) -> bytes:
        """The first byte that is neither a blank nor a byte order mark."""
        return self.data.removeprefix(_MARK).lstrip()[:1]

    @cached_property
    def line(self) -> Parsed:
        """The JSON object on the first line, empty where there is none or it is cut."""
        if self.first != b"{":
            return {}
        first, end, _ = self.data.removeprefix(_MARK).lstrip().partition(b"\n")
        try:
            value = strict_json.parse(first)
        except RecordError:
            return {}
        return value if isinstance(value, dict) and (end or len(self.data) < HEAD_BYTES) else {}

    @cached_property
    def item(self) -> Parsed:
        """The first object of a JSON array, or of the array under one name of an object, empty where it is cut."""
        found = _FIRST_ITEM.match(self.data)
        if not found:
            return {}
        try:
            for record in islice(array_items(io.BytesIO(self.data), Limits(), *_ARRAYS), _FIRST_ITEMS):
                value = strict_json.parse(record.data)
                if value is not None:
                    return value if isinstance(value, dict) else {}
        except (RecordError, DumpError):
            pass
        return {}

    @cached_property
    def record(self) -> Parsed:
        """The first record of JSON: an item, a line, or the one object that there is; empty where it is cut."""
        if self.item or self.line:
            return self.item or self.line
        if self.first != b"{" or len(self.data) >= HEAD_BYTES:
            return {}
        try:
            value = strict_json.parse(self.data.removeprefix(_MARK))
        except RecordError:
            return {}
        return value if isinstance(value, dict) else {}

    def columns(self, delimiter: str = ",") -> tuple[str, ...]:
        """The names in the header of a delimited text, empty where it is none."""
        header = self.data.removeprefix(_MARK).lstrip().partition(b"\n")[0].rstrip(b"\r")
        if not header or self.first in (b"{", b"[", b"<") or self.is_parquet:
            return ()
        try:
            return tables.columns(header, delimiter)
        except (DumpError, ValueError, csv.Error):
            return ()

    @cached_property
    def root(self) -> str:
        """The name of the first element of an XML document, as written; empty where it is none."""
        if self.first != b"<":
            return ""
        found = _ROOT.match(self.data.removeprefix(_MARK))
        return found[1].decode() if found else ""

    @property
    def is_parquet(self) -> bool:
        """Whether this is Parquet, whose column names stand in the footer."""
        return self.data.startswith(b"PAR1")

    def has_parquet_columns(self, *names: str) -> bool:
        """Whether the footer of Parquet names all these columns; each name stands there after its length."""
        encoded = [name.encode() for name in names]
        return self.is_parquet and all(_varint(len(name)) + name in self.data for name in encoded)


def _varint(number: int) -> bytes:
    """A number as Thrift writes lengths."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


@dataclass(frozen=True)
class Normalised:
    """Records in our columns. Each frame has `row`, the record's number in the frame that was normalised.

    `papers` holds columns of `StagedPaper`, and may hold `comment` (text that can name links), `page_links` (a list of
    fields that should each hold a link), `evidence_kind` and `is_official` of those links (else a field of a page),
    and `stars` (those of its repository).
    `repositories` holds columns of `StagedRepository`, with `cell`, a text that names one, in place of its URL. A
    source without papers has them alone; it may give a record several rows, each with an `observed_on` of its own.
    """

    papers: pl.DataFrame | None = None
    repositories: pl.DataFrame | None = None


@dataclass(frozen=True)
class Drift:
    """How far a dump may differ from the last good one of its source: by more missing values (a share of the records,
    0 to 1), by the median length of its texts (a factor), and down to which share of its records (None: any)."""

    nulls: float = 0.5
    length: float = 3.0
    count: float | None = None


@dataclass(frozen=True)
class Source:
    """One dump format. Its file's name is its name.

    `split` cuts a stream into records, `parse` reads one; both obey the limits, and raise DumpError or RecordError.
    `fields` are the parsed fields that are mapped, with their types; `ignored` those that are left out on purpose;
    any other is reported. `priority` 1 is believed first where sources disagree. Raise `parser_version` when the
    meaning of a record changes: its dumps are then read again. `has_positions` says that the order of records is a
    ranking, `may_be_empty` that a dump without a record is sound, as on a day without news, `is_by_line` that each
    line is a record, so that a large dump is read in pieces at once. A dump of which more than `rejected_share` is
    rejected is refused (else the setting decides); so is one whose shape differs by more than `drift` allows from
    the last good one (None: a source whose dumps are of many kinds).
    """

    title: str
    publisher: str
    licence: str
    priority: int
    parser_version: int
    recognise: Callable[[Head], bool]
    split: Callable[[Stream, Limits], Iterator[Record]]
    parse: Callable[[Record, Limits], Parsed]
    fields: Mapping[str, pl.DataType]
    normalise: Callable[[pl.DataFrame], Normalised]
    ignored: frozenset[str] = frozenset()
    has_positions: bool = False
    may_be_empty: bool = False
    rejected_share: float | None = None
    drift: Drift | None = None
    observed_on: Callable[[Head], dt.date | None] = field(default=lambda head: None)
    is_by_line: Callable[[Head], bool] = field(default=lambda head: False)


def json_object(record: Record, limits: Limits) -> Parsed:
    """The JSON object that a record spells; raises RecordError where it spells something else."""
    value = strict_json.parse(record.data, limits)
    if not isinstance(value, dict):
        raise RecordError("not_an_object", f"found {type(value).__name__}, wanted an object")
    return value


def json_items(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The items of a JSON array."""
    return array_items(stream, limits)


def json_lines(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The lines of a stream."""
    return lines(stream, limits)


def is_json_lines(head: Head) -> bool:
    """Whether each line is a record: the first is an object and no envelope, or longer than what is seen of it."""
    if head.first != b"{" or head.item or _ENVELOPE.match(head.data):
        return False
    if head.line:
        return not any(isinstance(_under(head.line, path), list) for path in _ARRAYS)
    return b"\n" not in head.data.removeprefix(_MARK).strip()


def _under(value: object, path: str) -> object:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def json_records(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The items of a JSON array or envelope; an object that is no envelope is the one record."""
    return items_or_document(stream, limits, *_ARRAYS)


def required_text(record: Parsed, *names: str, reason: str) -> str:
    """The first of these fields that holds text; raises RecordError with `reason` where none does."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return value
    raise RecordError(reason, f"no text in {' or '.join(names)}")

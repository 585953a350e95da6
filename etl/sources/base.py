"""What a source is: one dump format, how to recognise and read it, and how its records map to our columns (idea 2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import orjson
import polars as pl

from etl.errors import RecordError
from etl.reading.records import Record

Parsed = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The first bytes of a dump, decoded, and the name that it came under."""

    data: bytes
    name: str

    @property
    def first(self) -> bytes:
        """The first byte that is neither a blank nor a byte order mark."""
        return self.data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


@dataclass(frozen=True)
class Normalised:
    """Records in our columns. Each frame has `row`, the record's number in the frame that was normalised.

    `papers` holds columns of `StagedPaper`, and may hold `comment` (text that can name links) and `page_links`
    (a list of fields that should each hold a link) and `stars` (those of its repository).
    `repositories` holds columns of `StagedRepository`.
    """

    papers: pl.DataFrame
    repositories: pl.DataFrame | None = None


@dataclass(frozen=True)
class Source:
    """One dump format. Its file's name is its name.

    `fields` are the parsed fields that are mapped, with their types; `ignored` those that are left out on purpose;
    any other is reported. `priority` 1 is believed first where sources disagree. Raise `parser_version` when the
    meaning of a record changes: its dumps are then read again. `has_positions` says that the order of records is a
    ranking.
    """

    title: str
    publisher: str
    licence: str
    priority: int
    parser_version: int
    recognise: Callable[[Head], bool]
    split: Callable[[IO[bytes]], Iterator[Record]]
    parse: Callable[[bytes], Parsed]
    fields: Mapping[str, pl.DataType]
    normalise: Callable[[pl.DataFrame], Normalised]
    ignored: frozenset[str] = frozenset()
    has_positions: bool = True
    observed_on: Callable[[Head], dt.date | None] = field(default=lambda head: None)
    is_by_line: Callable[[Head], bool] = field(default=lambda head: False)


def json_value(data: bytes) -> Any:
    """The JSON value that the bytes spell; raises RecordError with the place of the mistake."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        reason = (
            "invalid_utf8" if "utf-8" in error.msg.lower() or "surrogate" in error.msg.lower() else "malformed_json"
        )
        raise RecordError(reason, str(error)) from None


def json_object(data: bytes) -> Parsed:
    """The JSON object that the bytes spell; raises RecordError where they spell something else."""
    value = json_value(data)
    if not isinstance(value, dict):
        raise RecordError("not_an_object", f"found {type(value).__name__}, wanted an object")
    return value


def required_text(record: Parsed, *names: str, reason: str) -> str:
    """The first of these fields that holds text; raises RecordError with `reason` where none does."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return value
    raise RecordError(reason, f"no text in {' or '.join(names)}")

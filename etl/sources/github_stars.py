"""A list of starred repositories with what GitHub says of each: `{"repositories": {"owner/name": {"metadata": {…}}}}`.

Each repository has the time at which it was asked for (`last_updated`), which is the day of its figures. The papers
that it belongs to (`arxiv`) are named without their titles, and so left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading.nested import member, members
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source
from etl.transforms import dates, repositories, text

_START = re.compile(rb'[^\[]{0,400}?"repositories"\s*:\s*\{\s*"[\w.-]+/[\w.-]+"\s*:\s*\{')
_DAY = re.compile(rb'\{\s*"last_updated"\s*:\s*"(\d{4}-\d\d-\d\d)')


def recognise(head: Head) -> bool:
    """Repositories by their names, each with metadata and the time at which it was starred."""
    return (
        head.first == b"{"
        and bool(_START.match(head.data))
        and all(mark in head.data for mark in (b'"metadata"', b'"full_name"', b'"starred_at"'))
    )


def observed_on(head: Head) -> dt.date | None:
    """The day of the list; each repository has its own."""
    found = _DAY.search(head.data[:400])
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The members of `repositories`."""
    return members(stream, limits, 2, "repositories")


def parse(record: Record, limits: Limits) -> Parsed:
    """One repository, what the list says of it as `list.…`; raises RecordError without metadata."""
    name, found = member(record, limits)
    if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
        raise RecordError("not_an_object", "wanted an object with `metadata` inside")
    listed = {f"list.{key}": value for key, value in found.items() if key != "metadata"}
    return {"full_name": name, **found["metadata"], **listed}


def normalise(raw: pl.DataFrame) -> Normalised:
    """What GitHub said of each repository on the day on which it was asked for."""
    starred = raw.select(
        "row",
        "stars",
        "forks",
        repository_url=repositories.github_url(pl.col("full_name")),
        host_id=pl.col("id").cast(pl.String),
        observed_on=dates.iso_day(pl.col("list.last_updated")),
        language=text.one_line(pl.col("language")),
        is_archived=pl.col("archived"),
        pushed_on=dates.iso_day(pl.col("pushed_at")),
    )
    return Normalised(repositories=starred)


SOURCE = Source(
    title="Starred repositories of a GitHub account",
    publisher="`github_stars.json`, kept by an account on GitHub",
    licence="MIT",
    priority=4,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "full_name": pl.String(),
        "id": pl.Int64(),
        "stars": pl.Int64(),
        "forks": pl.Int64(),
        "language": pl.String(),
        "archived": pl.Boolean(),
        "pushed_at": pl.String(),
        "list.last_updated": pl.String(),
    },
    ignored=frozenset(
        {
            "name",
            "url",
            "description",
            "homepage",
            "open_issues",
            "created_at",
            "updated_at",
            "starred_at",
            "topics",
            "list.lists",
            "list.arxiv",
        }
    ),
    normalise=normalise,
)

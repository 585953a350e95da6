"""Daily lists of GitHub's trending page: `{"date", "language", "list": ["owner/name", …]}`, one file a language.

A record is one name of the list, its position that in the list. `language` is the page's, in lower case, and so that of
the repositories; it is null for the list of all languages.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading import strict_json
from etl.reading.records import Record, Stream, array_items, document
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source
from etl.transforms import dates, repositories, text

_START = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"date"\s*:\s*"(\d{4}-\d\d-\d\d)"\s*,\s*"language"\s*:\s*'
    rb'(?:null|"[^"\\]{0,100}")\s*,\s*"list"\s*:\s*\['
)


def recognise(head: Head) -> bool:
    """The three fields in their order."""
    return head.first == b"{" and bool(_START.match(head.data))


def observed_on(head: Head) -> dt.date | None:
    """The day of the list."""
    found = _START.match(head.data)
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The names of the list, each with the list's own fields."""
    for whole in document(stream, limits):
        start = _START.match(whole.data)
        context = whole.data[: start.end()] + b"]}" if start else b"{}"
        for record in array_items(io.BytesIO(whole.data), limits, "list"):
            yield record._replace(offset=whole.offset + record.offset, context=context)


def parse(record: Record, limits: Limits) -> Parsed:
    """One name with the list's fields; raises RecordError where it is no text."""
    name = strict_json.parse(record.data, limits)
    if not isinstance(name, str):
        raise RecordError("wrong_type", f"found {type(name).__name__}, wanted a text")
    found: Parsed = strict_json.parse(record.context, limits)
    return {**found, "list": name}


def normalise(raw: pl.DataFrame) -> Normalised:
    """Which repositories are listed; the list has no figures."""
    listed = raw.select(
        "row", repository_url=repositories.github_url(pl.col("list")), language=text.one_line(pl.col("language"))
    )
    return Normalised(repositories=listed)


SOURCE = Source(
    title="GitHub trending repositories by day",
    publisher="archives of github.com/trending on GitHub",
    licence="MIT",
    priority=4,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    has_positions=True,
    fields={"list": pl.String(), "language": pl.String()},
    ignored=frozenset({"date"}),
    normalise=normalise,
)

"""Tables of one's own: delimited text, JSON lines or Parquet, whose columns the configuration file names.

See docs/configuration.md. A dump is recognised by its header, or by the names of its first row, where these hold all
columns of one of the tables that are described there; the first by name is taken, and other formats go before. Rows
of JSON and Parquet show by their own names to which table they belong. Columns that are not named are left out.

A date that does not follow the format of its table is rejected; without a format, what is no ISO 8601 day is null.
Where a row has no identifier, `url` is looked into for one. `code` and `project` are links of the page.
"""

from __future__ import annotations

import datetime as dt
import zlib
from functools import lru_cache
from typing import Any

import polars as pl

from etl import configuration
from etl.configuration import DELIMITERS, Table
from etl.errors import RecordError
from etl.reading import tables
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, is_json_lines, json_object, required_text
from etl.transforms import dates, identifiers, text

_LISTS = ("authors", "categories")


def recognise(head: Head) -> bool:
    """Whether the header has all columns of a table that is described."""
    for table in configuration.tables():
        names = table.columns.values()
        if head.is_parquet:
            if head.has_parquet_columns(*names):
                return True
        elif is_json_lines(head):
            if head.line.keys() >= set(names):
                return True
        elif any(set(head.columns(delimiter)) >= set(names) for delimiter in table.delimiter or DELIMITERS):
            return True
    return False


def parse(record: Record, limits: Limits) -> Parsed:
    """One row, its columns under our names; raises RecordError without title, or where its date is none."""
    if record.context:
        table, names, delimiter = _of_header(record.context, configuration.tables())
        row: dict[str, Any] = dict(tables.cells(record, names, delimiter))
    else:
        row = json_object(record, limits)
        table = _of_row(tuple(row), configuration.tables())
    said = {name: row.get(column) for name, column in table.columns.items()}
    required_text(said, "title", reason="missing_title")
    for name in _LISTS:
        if isinstance(cell := said.get(name), str):
            said[name] = cell.split(getattr(table, f"{name}_separator"))
    if table.published_on_format and said.get("published_on"):
        said["published_on"] = _day(str(said["published_on"]).strip(), table.published_on_format)
    return said


@lru_cache(maxsize=8)
def _of_header(header: bytes, described: tuple[Table, ...]) -> tuple[Table, tuple[str, ...], str]:
    """The table that a header belongs to, the header's names, and what stands between them."""
    for table in described:
        for delimiter in table.delimiter or DELIMITERS:
            names = Head(header, "").columns(delimiter)
            if set(names) >= set(table.columns.values()):
                return table, names, delimiter
    raise RecordError("unknown_columns", "no table of the configuration has this header")


@lru_cache(maxsize=1_000)
def _of_row(names: tuple[str, ...], described: tuple[Table, ...]) -> Table:
    """The table of which a row has the largest share of columns, the first by name among equals."""
    shares = {table: len({*names} & {*table.columns.values()}) / len(table.columns) for table in described}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is None or not shares[best]:
        raise RecordError("unknown_columns", "no table of the configuration has these names")
    return best


@lru_cache(maxsize=10_000)
def _day(cell: str, form: str) -> str:
    try:
        return dt.datetime.strptime(cell, form).date().isoformat()
    except ValueError:
        raise RecordError("malformed_date", f"found {cell[:40]!r}, wanted {form}") from None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    lists = {name: pl.col(name).list.eval(text.one_line(pl.element())).list.drop_nulls() for name in _LISTS}
    url = pl.col("url")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=lists["authors"],
        arxiv_id=pl.coalesce(
            identifiers.arxiv_id(pl.col("arxiv_id")),
            identifiers.arxiv_id_of_doi(pl.col("doi")),
            identifiers.arxiv_id(pl.when(url.str.contains("arxiv.org/", literal=True)).then(url)),
        ),
        doi=pl.coalesce(
            identifiers.doi(pl.col("doi")),
            identifiers.doi(pl.when(url.str.contains("doi.org/", literal=True)).then(url)),
        ),
        dois=identifiers.dois(pl.col("doi")),
        published_on=dates.iso_day(pl.col("published_on")),
        primary_category=lists["categories"].list.first(),
        categories=lists["categories"],
        venue=text.one_line(pl.col("venue")),
        page_links=pl.concat_list("code", "project").list.drop_nulls(),
    )
    return Normalised(papers)


_TABLES = configuration.tables()
_VERSION = 2

SOURCE = Source(
    title="Tables of one's own",
    publisher="described by the configuration file",
    licence=", ".join(sorted({table.licence for table in _TABLES} - {""})) or "none stated",
    priority=4,
    # The low half changes with what the file describes.
    parser_version=(_VERSION << 32 | zlib.crc32(repr(_TABLES).encode())) if _TABLES else _VERSION,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=tables.rows,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "arxiv_id": pl.String(),
        "doi": pl.String(),
        "published_on": pl.String(),
        "categories": pl.List(pl.String()),
        "venue": pl.String(),
        "url": pl.String(),
        "code": pl.String(),
        "project": pl.String(),
    },
    normalise=normalise,
)

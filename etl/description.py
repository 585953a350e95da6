"""Describes a snapshot from what stands in it: the facts for `etl/descriptors/`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from etl import marts, queries, schemas, sources, storage
from etl.descriptors import attribution, croissant, data_package
from etl.descriptors.base import Column, File, Snapshot, SourceFacts
from etl.feed_files import Written

if TYPE_CHECKING:
    import dataframely as dy

# What readers of descriptions take for tables. Subscriptions, charts and the rows as JSON, which have a schema of their
# own, repeat what stands in these.
_DATA = ("parquet", "csv")
_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "HUGEINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "day",
    "TIMESTAMP": "time",
}

_PARQUET = "application/vnd.apache.parquet"

Entry = Mapping[str, Any]


def write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    url: str,
    entries: Iterable[Entry],
    written: Iterable[Written],
) -> list[Path]:
    """Writes what describes the files of a snapshot that is being made, whose manifest has these entries."""
    as_of = connection.execute("SELECT max(observed_on) FROM core.dumps WHERE status = 'loaded'").fetchall()[0][0]
    assert as_of is None or isinstance(as_of, dt.date)
    feeds = {str(each.path.relative_to(folder)): each for each in written}
    files = tuple(_files(connection, sorted(entries, key=lambda entry: str(entry["path"])), feeds))
    snapshot = Snapshot(name, as_of, url, tuple(_sources(connection)), files)
    made = {
        attribution.FILE: attribution.text(snapshot).encode(),
        data_package.FILE: storage.json_bytes(data_package.document(snapshot)),
        croissant.FILE: storage.json_bytes(croissant.document(snapshot)),
    }
    for file, data in made.items():
        (folder / file).write_bytes(data)
    return [folder / file for file in made]


def _sources(connection: duckdb.DuckDBPyConnection) -> Iterator[SourceFacts]:
    """The sources of all that is loaded, with the licence that each stated."""
    found = connection.execute(
        "SELECT DISTINCT source, coalesce(licence, 'none stated') FROM core.dumps WHERE status = 'loaded' ORDER BY ALL"
    ).fetchall()
    known = set(sources.names())
    for name, licence in found:
        source = sources.load(name) if name in known else None
        yield SourceFacts(name, source.title if source else name, source.publisher if source else "", licence)


@dataclass(frozen=True)
class _About:
    """What is declared of a table, or said in the head of its query."""

    description: str
    key: tuple[str, ...]
    meanings: Mapping[str, str]


def _declared(table: type[dy.Schema]) -> _About:
    meanings = {name: column.description or "" for name, column in table.columns().items()}
    return _About(schemas.description(table), tuple(table.primary_key()), meanings)


def _tables() -> dict[str, _About]:
    """Every table that there can be."""
    found = {name: _declared(table) for name, table in schemas.CORE.items()}
    found |= {f"mart.{name}": _declared(marts.load(name).schema) for name in marts.names()}
    heads = queries.read("marts", "mart")
    return found | {query.table: _About(query.description, query.grain, query.columns) for query in heads}


def _files(
    connection: duckdb.DuckDBPyConnection, entries: Iterable[Entry], feeds: Mapping[str, Written]
) -> Iterator[File]:
    tables = _tables()
    for entry in entries:
        path = str(entry["path"])
        facts = (str(entry["sha256"]), int(entry["bytes"]), int(entry["rows"]))
        if path.startswith("tables/"):
            name = Path(path).stem
            about = tables[name]
            types = connection.execute(f"DESCRIBE {name}").fetchall()
            columns = tuple(Column(column, _type(kind), about.meanings.get(column, "")) for column, kind, *_ in types)
            yield File(path, name, about.description, _PARQUET, *facts, columns, about.key)
        elif path in feeds:
            yield from _feed(path, feeds[path], facts)
        elif path.endswith(".duckdb"):
            yield File(path, "database", "All tables, as a DuckDB database.", "application/vnd.duckdb", *facts)


def _feed(path: str, each: Written, facts: tuple[str, int, int]) -> Iterator[File]:
    """The rows of a feed, in the formats that hold them all."""
    suffix = path.rpartition(".")[2]
    if not each.feed or not each.style or each.style.is_subscription or each.style.layout or suffix not in _DATA:
        return
    name = f"feeds.{each.feed.name}" + ("" if suffix == "parquet" else f".{suffix}")
    columns = tuple(_typed(each.feed.rows.schema, each.feed.columns))
    yield File(path, name, each.feed.description, each.style.media_type, *facts, columns, each.feed.grain)


def _type(kind: str) -> str:
    """What a DuckDB type is called in descriptions."""
    if kind.endswith("[]"):
        return "texts"
    return "number" if kind.startswith("DECIMAL") else _TYPES.get(kind, "text")


def _typed(columns: pl.Schema, meanings: Mapping[str, str]) -> Iterator[Column]:
    for name, dtype in columns.items():
        kind = "text"
        if isinstance(dtype, pl.List):
            kind = "texts"
        elif dtype == pl.Boolean:
            kind = "boolean"
        elif dtype.is_integer():
            kind = "integer"
        elif dtype.is_numeric():
            kind = "number"
        elif dtype == pl.Date:
            kind = "day"
        elif isinstance(dtype, pl.Datetime):
            kind = "time"
        yield Column(name, kind, meanings.get(name, ""))

"""Publishes a snapshot: a read-only database, Parquet, feeds and a manifest, made aside and switched to in one step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from etl import dashboard, database, feeds, queries, schemas, storage
from etl.feeds.base import Feed
from etl.settings import PROJECT, Settings

DATABASE = "papers.duckdb"
SCHEMAS = ("core", "mart", "ops")
# They tell when this machine did what, which a copy of the figures need not.
_DATABASE_ONLY = ("ops.runs", "ops.validations")


@dataclass(frozen=True)
class Published:
    """The snapshot that readers see, and whether it is a new one."""

    snapshot: str
    is_new: bool


@dataclass(frozen=True)
class _Table:
    name: str
    key: tuple[str, ...]


def publish(settings: Settings) -> Published:
    """Publishes what was built, unless readers see just that already."""
    with database.connect(
        settings.database,
        folders=[settings.published, settings.scratch],
        memory_limit=settings.memory_limit,
        scratch=settings.scratch,
    ) as connection:
        snapshot = _name(connection)
        final = settings.published / snapshot
        if settings.current.resolve() == final and (final / "manifest.json").exists():
            return Published(snapshot, False)
        aside = settings.published / f".{snapshot}.{os.getpid()}.tmp"
        storage.clear(aside)
        try:
            _write(connection, aside, settings.scratch)
            _keep_revisions(settings, connection)
            storage.clear(final)
            aside.rename(final)
        finally:
            storage.clear(aside)
    storage.point(settings.current, final)
    _prune(settings, snapshot)
    return Published(snapshot, True)


def _name(connection: duckdb.DuckDBPyConnection) -> str:
    """The last day observed and a hash of all that the content follows from: deliveries, revisions and this release."""
    inputs = connection.sql("SELECT * FROM core.dumps ORDER BY ALL").pl().write_json()
    revisions = connection.sql("SELECT * FROM mart.trend_revisions ORDER BY ALL").pl().write_json()
    found = connection.execute("SELECT max(observed_on)::VARCHAR FROM core.paper_observations").fetchall()
    said = "\x1f".join((inputs, revisions, _release()))
    return f"{found[0][0] or 'empty'}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _release() -> str:
    """Changes with the code and the queries."""
    files = [
        path
        for folder in ("etl", "sql")
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.suffix in (".py", ".sql", *dashboard.SUFFIXES)
    ]
    return hashlib.sha256(b"\x00".join(path.read_bytes() for path in files)).hexdigest()


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> None:
    (folder / "tables").mkdir(parents=True)
    (folder / "feeds").mkdir()
    tables = list(_tables(connection))
    entries = [_write_database(connection, folder, tables)]
    entries += [_write_table(connection, folder, table) for table in tables if table.name not in _DATABASE_ONLY]
    entries += _write_feeds(connection, folder)
    entries += [_entry(folder, path, rows, dashboard.LAYOUT) for path, rows in dashboard.write(folder, scratch)]
    manifest = sorted(entries, key=lambda entry: str(entry["path"]))
    (folder / "manifest.json").write_bytes(storage.json_bytes({"schema_version": 1, "files": manifest}))
    storage.sync_tree(folder)


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[_Table]:
    """Every table that is published, with the columns that it is sorted by."""
    found = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    grains = {query.table: query.grain for query in queries.read("marts", "mart")}
    for schema, name in found:
        table = f"{schema}.{name}"
        if schema in SCHEMAS:
            declared = schemas.CORE.get(table)
            yield _Table(table, tuple(declared.primary_key()) if declared else grains.get(table, ()))


def _ordered(table: _Table) -> str:
    columns = ", ".join(f'"{column}"' for column in table.key) or "ALL"
    return f"SELECT * FROM {table.name} ORDER BY {columns}"


def _write_database(connection: duckdb.DuckDBPyConnection, folder: Path, tables: list[_Table]) -> dict[str, Any]:
    path = folder / DATABASE
    connection.execute(f"ATTACH {database.quoted(str(path))} AS snapshot")
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS snapshot.{schema}")
    for table in tables:
        connection.execute(f"CREATE TABLE snapshot.{table.name} AS {_ordered(table)}")
        for target, said in _comments(connection, table):
            connection.execute(f"COMMENT ON {target} IS {database.quoted(said)}")
    rows = sum(_rows(connection, table.name) for table in tables)
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'snapshot' ORDER BY ALL"
    ).fetchall()
    connection.execute("CHECKPOINT snapshot")
    connection.execute("DETACH snapshot")
    return _entry(folder, path, rows, repr(columns))


def _comments(connection: duckdb.DuckDBPyConnection, table: _Table) -> Iterator[tuple[str, str]]:
    """What the schema, or the head of the query, says of a table and its columns."""
    declared = schemas.CORE.get(table.name)
    if declared:
        yield f"TABLE snapshot.{table.name}", schemas.description(declared)
        for name, column in declared.columns().items():
            yield f'COLUMN snapshot.{table.name}."{name}"', column.description or ""
        return
    where = "WHERE schema_name = ? AND table_name = ? AND comment IS NOT NULL AND database_name = current_database()"
    names = list(table.name.split("."))
    for (said,) in connection.execute(f"SELECT comment FROM duckdb_tables() {where}", names).fetchall():
        yield f"TABLE snapshot.{table.name}", said
    for name, said in connection.execute(
        f"SELECT column_name, comment FROM duckdb_columns() {where}", names
    ).fetchall():
        yield f'COLUMN snapshot.{table.name}."{name}"', said


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _write_table(connection: duckdb.DuckDBPyConnection, folder: Path, table: _Table) -> dict[str, Any]:
    path = folder / "tables" / f"{table.name}.parquet"
    connection.execute(f"COPY ({_ordered(table)}) TO {database.quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    described = connection.execute(f"DESCRIBE {table.name}").fetchall()
    return _entry(folder, path, _rows(connection, table.name), repr([column[:2] for column in described]))


def _write_feeds(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[dict[str, Any]]:
    for query in queries.read("feeds", "feed"):
        rows = connection.sql(query.text).pl()
        feed = Feed(query.path.stem, query.description, rows)
        for name in query.formats:
            style = feeds.load(name)
            path = folder / "feeds" / f"{feed.name}.{style.suffix}"
            style.write(path, feed)
            yield _entry(folder, path, rows.height, style.layout or repr(rows.schema))


def _entry(folder: Path, path: Path, rows: int, shape: str) -> dict[str, Any]:
    """One line of the manifest. `schema_hash` changes when names or types of the content do."""
    return {
        "path": str(path.relative_to(folder)),
        "sha256": storage.sha256(path),
        "bytes": path.stat().st_size,
        "rows": rows,
        "schema_hash": hashlib.sha256(shape.encode()).hexdigest()[:16],
    }


def _keep_revisions(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Revisions are history: no dump can tell them again."""
    revisions: pl.DataFrame = connection.sql("SELECT * FROM mart.trend_revisions ORDER BY ALL").pl()
    if revisions.height:
        storage.write_parquet(settings.state / "trend_revisions.parquet", revisions)


def _prune(settings: Settings, newest: str) -> None:
    """Removes the oldest snapshots beyond the number that is kept, and what a killed run left half made."""
    for leftover in settings.published.glob(".*.tmp"):
        storage.clear(leftover)
    found = [
        path
        for path in settings.published.iterdir()
        if path.is_dir() and path.name != newest and not path.name.startswith(".")
    ]
    by_age = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[settings.keep_published - 1 :]:
        storage.clear(path)

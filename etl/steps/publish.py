"""Publishes a snapshot: a read-only database, Parquet, feeds and a manifest, made aside and switched to in one step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from etl import dashboard, database, description, feed_files, marts, queries, schemas, storage, vocabulary
from etl.queries import Query
from etl.settings import PROJECT, Settings
from etl.steps import published_ids, revisions

DATABASE = "papers.duckdb"
POINTER = "current.json"
SCHEMAS = ("core", "mart", "ops")
# They tell when this machine did what, which a copy of the figures need not.
_DATABASE_ONLY = ("ops.runs", "ops.validations")


# Sorted by what is asked for, rows that are asked for together lie together, and the rest is not read.
_SORTED_BY = {
    "core.paper_keywords": ("keyword", "paper_id"),
    "mart.code_availability": ("topic", "period"),
    "mart.keyword_trends": ("scope", "keyword"),
}


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
        folders=[settings.published, settings.scratch, settings.state],
        memory_limit=settings.memory_limit,
        scratch=settings.scratch,
    ) as connection:
        published_ids.keep(settings, connection)
        snapshot = _name(settings, connection)
        final = settings.published / snapshot
        if settings.current.resolve() == final and (final / "manifest.json").exists():
            _point(settings, final)
            return Published(snapshot, False)
        aside = settings.published / f".{snapshot}.{os.getpid()}.tmp"
        storage.clear(aside)
        try:
            _write(settings, connection, aside, snapshot)
            revisions.keep_published(settings, connection, snapshot)
            storage.clear(final)
            aside.rename(final)
        finally:
            storage.clear(aside)
    _point(settings, final)
    _prune(settings, snapshot)
    return Published(snapshot, True)


def _name(settings: Settings, connection: duckdb.DuckDBPyConnection) -> str:
    """The last day observed and a hash of all that the content follows from: what came, what we know and configured,
    what is asked of feeds, this release.
    """
    tables = ("core.dumps", "mart.trend_revisions", "ops.overrides", "work.published_ids")
    inputs = [connection.sql(f"SELECT * FROM {table} ORDER BY ALL").pl().write_json() for table in tables]
    inputs += [rows.write_json() for rows in vocabulary.held_configuration(connection).values()]
    found = connection.execute("SELECT max(observed_on)::VARCHAR FROM core.paper_observations").fetchall()
    said = "\x1f".join((*inputs, feed_files.asked(settings, connection), _release()))
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


@dataclass(frozen=True)
class _File:
    """A file of a snapshot; `shape` are names and types of its content."""

    path: Path
    rows: int
    shape: str


def write_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Writes the tables of a working database to a new folder, the manifest last."""
    _write_manifest(connection, folder, _entries(folder, _tables_in(connection, folder)))


def _write(settings: Settings, connection: duckdb.DuckDBPyConnection, folder: Path, snapshot: str) -> None:
    """Writes all that readers get."""
    files = _tables_in(connection, folder)
    files += [_File(path, rows, dashboard.LAYOUT) for path, rows in dashboard.write(folder)]
    written = feed_files.write(connection, settings, folder, settings.current)
    entries = _entries(folder, [*files, *(_File(file.path, file.rows, file.shape) for file in written)])
    described = description.write(connection, folder, snapshot, settings.feeds.url, entries, written)
    entries += _entries(folder, [_File(path, 0, path.name) for path in described])
    _write_manifest(connection, folder, entries)


def _tables_in(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[_File]:
    (folder / "tables").mkdir(parents=True)
    return list(_write_tables(connection, folder))


def _entries(folder: Path, files: Iterable[_File]) -> list[dict[str, Any]]:
    # Hashing is most of the work here, and lets other threads go on.
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda file: _entry(folder, file), files))


def _write_manifest(connection: duckdb.DuckDBPyConnection, folder: Path, entries: list[dict[str, Any]]) -> None:
    manifest = sorted(entries, key=lambda entry: str(entry["path"]))
    (release,) = connection.execute("SELECT release FROM work.release").fetchall()[0]
    said = {"schema_version": 1, "release": release, "files": manifest}
    (folder / "manifest.json").write_bytes(storage.json_bytes(said))
    storage.sync_tree(folder)


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[_Table]:
    """Every table that is published, with the columns that it is sorted by."""
    found = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() "
        "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    made = {query.table: query for query in queries.read("marts", "mart")}
    for schema, name in found:
        table = f"{schema}.{name}"
        if schema in SCHEMAS and (table not in made or made[table].is_published):
            yield _Table(table, _SORTED_BY.get(table) or _grain(table, made))


def _grain(table: str, made: Mapping[str, Query]) -> tuple[str, ...]:
    declared = schemas.CORE.get(table)
    if declared:
        return tuple(declared.primary_key())
    if table in made:
        return made[table].grain
    return tuple(marts.load(table.removeprefix("mart.")).schema.primary_key())


def _ordered(table: _Table) -> str:
    columns = ", ".join(f'"{column}"' for column in table.key) or "ALL"
    return f"SELECT * FROM {table.name} ORDER BY {columns}"


def _write_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[_File]:
    """The database, and each table as Parquet: sorted once for both."""
    path = folder / DATABASE
    connection.execute(f"ATTACH {database.quoted(str(path))} AS snapshot")
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS snapshot.{schema}")
    rows = 0
    for table in _tables(connection):
        connection.execute(f"CREATE TABLE snapshot.{table.name} AS {_ordered(table)}")
        for target, said in _comments(connection, table):
            connection.execute(f"COMMENT ON {target} IS {database.quoted(said)}")
        count = int(connection.execute(f"SELECT count(*) FROM snapshot.{table.name}").fetchall()[0][0])
        rows += count
        if table.name not in _DATABASE_ONLY:
            yield _File(_write_parquet(connection, folder, table), count, _shape(connection, table))
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'snapshot' ORDER BY ALL"
    ).fetchall()
    connection.execute("CHECKPOINT snapshot")
    connection.execute("DETACH snapshot")
    yield _File(path, rows, repr(columns))


def _write_parquet(connection: duckdb.DuckDBPyConnection, folder: Path, table: _Table) -> Path:
    path = folder / "tables" / f"{table.name}.parquet"
    connection.execute(
        f"COPY (FROM snapshot.{table.name}) TO {database.quoted(str(path))} "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    return path


def _shape(connection: duckdb.DuckDBPyConnection, table: _Table) -> str:
    return repr([column[:2] for column in connection.execute(f"DESCRIBE {table.name}").fetchall()])


def _comments(connection: duckdb.DuckDBPyConnection, table: _Table) -> Iterator[tuple[str, str]]:
    """What the schema, or the head of the query, says of a table and its columns."""
    declared = schemas.CORE.get(table.name)
    if declared:
        yield f"TABLE snapshot.{table.name}", schemas.description(declared)
        for name, column in declared.columns().items():
            yield f'COLUMN snapshot.{table.name}."{name}"', column.description or ""
        return
    where = "WHERE schema_name = ? AND comment IS NOT NULL AND database_name = current_database()"
    names = table.name.split(".")
    for kind in ("table", "view"):
        found = connection.execute(f"SELECT comment FROM duckdb_{kind}s() {where} AND {kind}_name = ?", names)
        for (said,) in found.fetchall():
            yield f"TABLE snapshot.{table.name}", said
    found = connection.execute(f"SELECT column_name, comment FROM duckdb_columns() {where} AND table_name = ?", names)
    for name, said in found.fetchall():
        yield f'COLUMN snapshot.{table.name}."{name}"', said


def _entry(folder: Path, file: _File) -> dict[str, Any]:
    """One line of the manifest. `schema_hash` changes when names or types of the content do."""
    return {
        "path": str(file.path.relative_to(folder)),
        "sha256": storage.sha256(file.path),
        "bytes": file.path.stat().st_size,
        "rows": file.rows,
        "schema_hash": hashlib.sha256(file.shape.encode()).hexdigest()[:16],
    }


def _point(settings: Settings, final: Path) -> None:
    """Leads readers to a snapshot: by a link, and for hosts that know no links by a file that names it."""
    if settings.current.resolve() != final:
        storage.point(settings.current, final)
    said = {"schema_version": 1, "snapshot": final.name, "manifest": f"{final.name}/manifest.json"}
    pointer = settings.published / POINTER
    if storage.read_or(pointer, dict) != said:
        storage.write_json(pointer, said)


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

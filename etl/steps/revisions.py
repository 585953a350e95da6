"""What readers see now, beside what is built: `mart.trend_revisions` compares the two in schema `published`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from etl import database, storage
from etl.settings import Settings

_TABLES = {
    "keyword_numbers": "keyword VARCHAR, keyword_number INTEGER",
    "keyword_counts": "keyword_number INTEGER, unit VARCHAR, period DATE, papers BIGINT",
    "scope_periods": "unit VARCHAR, period DATE, papers_total BIGINT",
    "code_availability": "topic VARCHAR, period DATE, linked BIGINT",
    "papers": (
        "paper_id VARCHAR, primary_category VARCHAR, published_on DATE, last_observed_on DATE, statement VARCHAR"
    ),
    "paper_keywords": "paper_id VARCHAR, keyword VARCHAR",
    "paper_observations": (
        "dump_id VARCHAR, member VARCHAR, record_offset BIGINT, observed_on DATE, paper_id VARCHAR, source VARCHAR"
    ),
    "dumps": "dump_id VARCHAR, source VARCHAR, status VARCHAR, parser_version BIGINT",
    "release": "release VARCHAR",
    "trend_revisions": "mart VARCHAR, key VARCHAR, period DATE, revised_on DATE, old BIGINT, new BIGINT, cause VARCHAR",
}
# The same counts as numbers: kept in the working database when they are published, else made from what is published.
_COUNTS = {
    "keyword_numbers": "FROM work.keyword_numbers",
    "keyword_counts": """
        SELECT counts.keyword_number, counts.unit, counts.period, counts.papers
        FROM work.keyword_counts AS counts
        INNER JOIN work.scope_numbers AS scopes USING (scope_number)
        INNER JOIN mart.scope_periods AS periods USING (scope, unit, period)
        WHERE scopes.scope = 'all' AND NOT periods.is_partial
    """,
}
_STATE = "trend_revisions.parquet"


def create_published(connection: duckdb.DuckDBPyConnection, held: Mapping[str, str] | None = None) -> None:
    """Views of what is published, each of a SELECT in `held`, or without rows."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS published")
    _drop_tables(connection)
    for name, columns in _TABLES.items():
        typed = ", ".join(f"NULL::{column.split()[1]} AS {column.split()[0]}" for column in columns.split(", "))
        rows = (held or {}).get(name, f"SELECT {typed} WHERE false")
        names = ", ".join(column.split()[0] for column in columns.split(", "))
        connection.execute(f"CREATE OR REPLACE VIEW published.{name} AS SELECT {names} FROM ({rows})")


def _drop_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Releases before this one had tables where there are views now."""
    found = (
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'published' AND NOT starts_with(table_name, 'kept')"
    )
    for (name,) in connection.execute(found).fetchall():
        connection.execute(f"DROP TABLE published.{name}")


def take_published(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """What readers see now, and the revisions that are on record."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS published")
    held = {}
    revisions = settings.state / _STATE
    if revisions.exists():
        held["trend_revisions"] = f"FROM read_parquet({database.quoted(str(revisions))})"
    create_published(connection, {**_snapshot(settings, connection), **held})


def _snapshot(settings: Settings, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """A SELECT for each table, from the files of the snapshot that readers see; none where there is no snapshot."""
    folder = settings.current.resolve()
    manifest = folder / "manifest.json"
    release = storage.read_json(manifest).get("release") if manifest.exists() else None
    if release is None:
        # Nothing is published, or only by a release that did not say which it was: its tables had other columns.
        return {}
    complete = f"{_file(folder, 'mart.scope_periods')} WHERE scope = 'all' AND NOT is_partial"
    availability = f"FROM {_file(folder, 'mart.code_availability')} AS availability"
    return {
        **_counts(connection, folder),
        "scope_periods": f"FROM {complete}",
        "code_availability": (f"{availability} WHERE period IN (SELECT period FROM {complete} AND unit = 'month')"),
        "papers": (
            f"FROM {_file(folder, 'core.papers')} AS papers "
            f"LEFT JOIN {_file(folder, 'core.code_statements')} AS statements USING (paper_id)"
        ),
        "paper_keywords": f"FROM {_file(folder, 'core.paper_keywords')}",
        "paper_observations": f"FROM {_file(folder, 'core.paper_observations')}",
        "dumps": f"FROM {_file(folder, 'core.dumps')}",
        "release": f"SELECT {database.quoted(str(release))} AS release",
    }


def _counts(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """The counts of keywords: as they were kept, if they are those of this snapshot."""
    connection.execute("CREATE TABLE IF NOT EXISTS published.kept (snapshot VARCHAR)")
    if connection.execute("SELECT snapshot FROM published.kept").fetchall() == [(folder.name,)]:
        return {name: f"FROM published.kept_{name}" for name in _COUNTS}
    units = " UNION ALL ".join(
        f"SELECT keyword, '{unit}' AS unit, period, papers FROM {_file(folder, f'mart.keyword_{unit}ly')} "
        "WHERE scope = 'all' AND NOT is_partial"
        for unit in ("week", "month", "year")
    )
    numbers = f"SELECT keyword, row_number() OVER (ORDER BY keyword) AS keyword_number FROM ({units}) GROUP BY keyword"
    return {"keyword_numbers": numbers, "keyword_counts": f"FROM ({units}) INNER JOIN ({numbers}) USING (keyword)"}


def _file(folder: Path, table: str) -> str:
    return f"read_parquet({database.quoted(str(folder / 'tables' / f'{table}.parquet'))})"


def keep_published(settings: Settings, connection: duckdb.DuckDBPyConnection, snapshot: str) -> None:
    """Keeps the counts that a snapshot publishes, to compare the next ones with, and the revisions.

    Revisions are history: no dump can tell them again.
    """
    revisions: pl.DataFrame = connection.sql("SELECT * FROM mart.trend_revisions ORDER BY ALL").pl()
    if revisions.height:
        storage.write_parquet(settings.state / _STATE, revisions)
    connection.execute("CREATE SCHEMA IF NOT EXISTS published")
    connection.execute("CREATE OR REPLACE TABLE published.kept (snapshot VARCHAR)")
    for name, rows in _COUNTS.items():
        connection.execute(f"CREATE OR REPLACE TABLE published.kept_{name} AS {rows}")
    connection.execute("INSERT INTO published.kept VALUES (?)", [snapshot])

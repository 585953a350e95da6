"""What people ask of a published snapshot: a query, how things stand, and the records behind a figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import polars as pl

from etl import database, inspection, workers
from etl.errors import DumpError, NothingPublishedError, QueryError, UnknownNameError
from etl.figures import Figure, conditions
from etl.settings import Settings
from etl.workers import Ended

DATABASE = "papers.duckdb"


@contextmanager
def reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database; raises NothingPublishedError where there is none."""
    path = settings.current / DATABASE
    if not path.exists():
        raise NothingPublishedError(str(settings.warehouse))
    with database.connect(path.resolve(), read_only=True, memory_limit=settings.memory_limit) as connection:
        yield connection


def query(settings: Settings, sql: str) -> pl.DataFrame:
    """The rows of one SELECT on the published database; raises QueryError where DuckDB refuses it."""
    with reading(settings) as connection:
        try:
            relation = connection.sql(sql)
            if relation is None:
                raise QueryError("wanted a statement that gives rows; the published database is read-only")
            rows: pl.DataFrame = relation.pl()
        except (pl.exceptions.PanicException, pl.exceptions.ComputeError) as error:
            raise QueryError(f"a column has a type that cannot be shown, cast it to VARCHAR: {error}") from None
        except duckdb.Error as error:
            raise QueryError(" ".join(str(error).split())) from None
        return rows


@dataclass(frozen=True)
class Status:
    """How things stand in the published snapshot."""

    snapshot: str
    as_of: dt.date | None
    database: str
    feeds: str
    figures: dict[str, int]
    sources: list[dict[str, Any]]
    rising: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    unknown_fields: list[str]


_FIGURES = {
    "papers": "SELECT count(*) FROM core.papers",
    "papers without a date": (
        "SELECT coalesce(sum(papers), 0) FROM mart.undated_papers WHERE scope = 'all' AND reason = 'no_date'"
    ),
    "papers with a date in the future": (
        "SELECT coalesce(sum(papers), 0) FROM mart.undated_papers WHERE scope = 'all' AND reason = 'in_future'"
    ),
    "keywords": "SELECT count(*) FROM core.keywords",
    "papers with code": "SELECT count(*) FROM core.code_statements WHERE statement = 'linked'",
    "repositories": "SELECT count(*) FROM core.repositories",
    "promises of code": "SELECT count(*) FROM mart.code_promises",
    "promises kept": "SELECT count(*) FROM mart.code_promises WHERE kept_on IS NOT NULL",
    "identifiers in conflict": "SELECT count(*) FROM ops.conflicts",
}
_SOURCES = """
SELECT
    source,
    count(*) FILTER (status = 'loaded') AS dumps,
    sum(records)::BIGINT AS records,
    sum(loaded)::BIGINT AS loaded,
    sum(rejected)::BIGINT AS rejected,
    sum(duplicates)::BIGINT AS duplicates,
    count(*) FILTER (status = 'refused') AS refused,
    count(*) FILTER (status = 'withdrawn') AS withdrawn,
    max(observed_on) FILTER (status = 'loaded') AS newest
FROM core.dumps GROUP BY source ORDER BY source
"""
_RISING = """
SELECT keyword, papers, round(growth, 2) AS growth, q_value, burst_start
FROM mart.keyword_trends
WHERE scope = 'all' AND growth > 0 AND papers >= 5 ORDER BY emergence DESC, keyword LIMIT 8
"""
_REJECTED = """
SELECT source, reason, count(*) AS records, left(min(excerpt), 60) AS example
FROM ops.rejected GROUP BY ALL ORDER BY ALL
"""
_UNKNOWN = """
SELECT source || ': ' || field || ' (' || count(*) || ' dumps)' AS line
FROM (SELECT source, unnest(unknown_fields) AS field FROM core.dumps) GROUP BY source, field ORDER BY line
"""
_REFUSED = "SELECT name, source, observed_on, reason FROM core.dumps WHERE status = 'refused' ORDER BY ALL"


def status(settings: Settings) -> Status:
    """Figures, freshness, what rises, and what was set aside with its reasons."""
    with reading(settings) as connection:
        path = settings.current.resolve()
        return Status(
            snapshot=path.name,
            as_of=connection.execute("SELECT max(observed_on) FROM core.paper_observations").fetchall()[0][0],
            database=str(path / DATABASE),
            feeds=str(path / "feeds"),
            figures={name: int(connection.execute(sql).fetchall()[0][0]) for name, sql in _FIGURES.items()},
            sources=connection.sql(_SOURCES).pl().to_dicts(),
            rising=connection.sql(_RISING).pl().to_dicts(),
            rejected=connection.sql(_REJECTED).pl().to_dicts(),
            refused=connection.sql(_REFUSED).pl().to_dicts(),
            unknown_fields=[line for (line,) in connection.execute(_UNKNOWN).fetchall()],
        )


_TRACED = """
SELECT DISTINCT
    seen.dump_id, seen.member, seen.record_offset, seen.record_length, seen.source, seen.observed_on, seen.paper_id
FROM core.paper_observations AS seen
"""


def trace_paper(settings: Settings, alias: str) -> list[dict[str, Any]]:
    """The records of a paper, named by any of its identifiers; raises UnknownNameError."""
    forms = [alias, f"arxiv:{alias}", f"doi:{alias.lower()}"]
    with reading(settings) as connection:
        found = connection.execute(
            "SELECT DISTINCT paper_id FROM core.paper_aliases WHERE list_contains(?, alias)", [forms]
        ).fetchall()
        if not found:
            raise UnknownNameError("paper", alias, _nearest(connection, "core.paper_aliases", "alias", alias))
        return _rows(connection, f"{_TRACED} WHERE seen.paper_id = ? ORDER BY ALL", [found[0][0]])


# What the name of each part of a figure must be among: a table and a column of it.
_NAMED = {
    "theme": ("mart.keyword_themes", "theme"),
    "topic": ("mart.code_availability", "topic"),
    "scope": ("mart.scope_periods", "scope"),
    "statement": ("core.code_statements", "statement"),
}


def trace_figure(settings: Settings, figure: Figure) -> list[dict[str, Any]]:
    """The records of the papers that a figure counts.

    Raises UnknownNameError for a keyword, theme, topic or scope that is none, SettingsError for such a period.
    """
    with reading(settings) as connection:
        for what, (table, column) in _NAMED.items():
            name = getattr(figure, what)
            if name is not None and not _is_known(connection, table, column, name):
                raise UnknownNameError(what, name, _nearest(connection, table, column, name))
        keywords = tuple(_keyword(connection, keyword) for keyword in figure.keywords)
        wanted = conditions(replace(figure, keywords=keywords))
        where = " AND ".join(condition.sql for condition in wanted) or "true"
        values = [value for condition in wanted for value in condition.values]
        papers = f"SELECT papers.paper_id FROM core.papers AS papers WHERE {where}"
        return _rows(connection, f"{_TRACED} WHERE seen.paper_id IN ({papers}) ORDER BY ALL", values)


def _keyword(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The keyword of that name, or of which it is a variant."""
    found = connection.execute(
        "SELECT keyword FROM core.keywords WHERE list_contains([?, lower(?)], keyword) "
        "OR list_contains(variants, ?) OR list_contains(variants, lower(?)) ORDER BY keyword = ? DESC, keyword LIMIT 1",
        [name] * 5,
    ).fetchall()
    if not found:
        raise UnknownNameError("keyword", name, _nearest(connection, "core.keywords", "keyword", name))
    return str(found[0][0])


def _is_known(connection: duckdb.DuckDBPyConnection, table: str, column: str, name: str) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", [name]).fetchall())


def _nearest(connection: duckdb.DuckDBPyConnection, table: str, column: str, name: str) -> list[str]:
    """The three names most like the one that is not known."""
    found = connection.execute(
        f"SELECT DISTINCT {column}, levenshtein({column}::VARCHAR, ?) AS distance FROM {table} "
        f"WHERE {column} IS NOT NULL ORDER BY distance, {column} LIMIT 3",
        [name[:200]],
    )
    return [near for near, _ in found.fetchall()]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def record_bytes(settings: Settings, record: dict[str, Any]) -> bytes:
    """The very bytes of a traced record, from the stored dump; of Parquet, which has none, the row as JSON."""
    path = settings.raw_file(record["dump_id"])
    place = inspection.Place(path, record["member"], record["record_offset"], record["record_length"], settings.limits)
    found = workers.shared(settings.limits).call(inspection.record_bytes, place)
    if isinstance(found, Ended):
        raise DumpError(found.reason, found.detail)
    if found is None:
        raise UnknownNameError("member", record["member"], [])
    return bytes(found)

"""Holds the project's own files against each other without any data: sources, schemas, expectations and SQL."""

from __future__ import annotations

import duckdb

from etl import (
    alerts,
    dashboard,
    database,
    feed_files,
    feeds,
    overrides,
    queries,
    rules,
    sources,
    validation,
    vocabulary,
)
from etl.errors import SqlFileError
from etl.settings import FeedLimits, Settings
from etl.steps import build, load


def check() -> dict[str, int]:
    """How many of each kind of file were checked; raises an EtlError that names the first one that is wrong."""
    checked = {"sources": len([sources.load(name) for name in sources.names()])}
    checked["expectations"] = sum(len(suite.expectations) for suite in validation.Validator().suites.values())
    checked["overrides"] = len(overrides.read(Settings.from_env()))
    checked["configured terms"] = sum(map(len, vocabulary.configured().tables.values()))
    with database.connect() as connection:
        load.prepare(connection)
        load.create_staged(connection)
        build.create_published(connection)
        checked["core queries"] = _core(connection)
        checked["marts"] = len(build.build_all(connection).tables)
        feed_files.prepare(connection, FeedLimits())
        checked["feeds"] = _feeds(connection)
        checked["alert conditions"] = _alerts(connection)
        checked["dashboard"] = sum(1 for _ in dashboard.tables(connection))
    return checked


def _alerts(connection: duckdb.DuckDBPyConnection) -> int:
    found = queries.read("alerts", "alert")
    alerts.prepare(connection, [])
    for query in found:
        alerts.rows_of(connection, query)
    without = {query.path.stem for query in found} ^ set(rules.CONDITIONS)
    if without:
        raise SqlFileError(
            f"sql/alerts/{min(without)}.sql", "wanted one file for each condition of a rule, and no other"
        )
    return len(found)


def _core(connection: duckdb.DuckDBPyConnection) -> int:
    found = {query.table: query for query in queries.read("core", "core")}
    needs = {table: queries.references(connection, query) for table, query in found.items()}
    for table in queries.in_order(needs):
        try:
            rows = connection.sql(found[table].text)
            if table.startswith("temp."):
                vocabulary.make_temporary(connection, found[table])
            elif table.startswith("work."):
                connection.execute(f"CREATE OR REPLACE TABLE {table} AS {found[table].text}")
            else:
                connection.execute(f"INSERT INTO {table} BY NAME {found[table].text}")
        except duckdb.Error as error:
            raise SqlFileError(str(found[table].path), str(error).splitlines()[0]) from None
        missing = set(found[table].grain) - set(rows.columns)
        if missing:
            raise SqlFileError(
                str(found[table].path), f"the grain names {', '.join(sorted(missing))}, which it does not select"
            )
    return len(found)


def _feeds(connection: duckdb.DuckDBPyConnection) -> int:
    found = queries.read("feeds", "feed")
    for query in found:
        if not query.formats:
            raise SqlFileError(str(query.path), "wanted `-- formats:` with one or more of " + ", ".join(feeds.names()))
        for name in query.formats:
            feeds.load(name)
        feed_files.rows_of(connection, query)
    return len(found)

"""Holds the project's own files against each other without any data: sources, schemas, expectations and SQL."""

from __future__ import annotations

import duckdb

from etl import database, feeds, overrides, queries, sources, validation, vocabulary
from etl.errors import SqlFileError
from etl.settings import Settings
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
        checked["feeds"] = _feeds(connection)
    return checked


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
        try:
            connection.sql(query.text).fetchall()
        except duckdb.Error as error:
            raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None
    return len(found)

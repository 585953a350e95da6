"""Gives every record its paper: see docs/identity.md.

Whether records are one paper follows from the records alone that share identifiers, titles or overrides, one leading to
the next. So only those are looked at again that a change reaches in this way, and the outcome is that of a look at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import duckdb
import polars as pl

from etl import database, queries
from etl.errors import SqlFileError
from etl.overrides import Override, merged, splits
from etl.transforms.components import components

# What identity is made of, made anew for the records that a change reaches.
_TABLES = """
CREATE SEQUENCE IF NOT EXISTS work.record_ids;
CREATE TABLE IF NOT EXISTS work.dois (record_id BIGINT, doi VARCHAR, place INTEGER);
CREATE TABLE IF NOT EXISTS work.overrides (action VARCHAR, paper VARCHAR, other VARCHAR);
CREATE TABLE IF NOT EXISTS work.named (alias VARCHAR);
CREATE TABLE IF NOT EXISTS work.merged (alias VARCHAR, root VARCHAR);
CREATE TABLE IF NOT EXISTS work.split (one VARCHAR, other VARCHAR);
CREATE TABLE IF NOT EXISTS work.doi_groups (node VARCHAR, component VARCHAR);
CREATE TABLE IF NOT EXISTS work.title_groups (node VARCHAR, component VARCHAR);
CREATE TABLE IF NOT EXISTS work.affected (
    record_id BIGINT, arxiv_id VARCHAR, title_key VARCHAR, is_specific BOOLEAN, author_key VARCHAR,
    abstract_key UBIGINT, year INTEGER, own_id VARCHAR
);
CREATE TEMP TABLE IF NOT EXISTS reached (record_id BIGINT, round INTEGER);
CREATE TEMP TABLE IF NOT EXISTS due (kind VARCHAR, key VARCHAR, round INTEGER);
"""
# Groups that no SELECT says well: the pairs that they are made of.
_GROUPS = {"work.doi_groups": "work.doi_links", "work.title_groups": "work.title_links"}
# Beyond this share of all records it costs less to look at all of them.
_MOST = 0.2


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates the tables that identity is made with; needs `work.records` and the macros. Raises SqlFileError."""
    connection.execute(_TABLES)
    for query in _in_order():
        try:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {query.table} AS SELECT * FROM ({query.text}) LIMIT 0")
        except queries.FAULTS as error:
            raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None


@cache
def _in_order() -> tuple[queries.Query, ...]:
    found = {query.table: query for query in queries.read("identity", "work")}
    with database.connect() as connection:
        needs = {name: queries.references(connection, query) for name, query in found.items()}
    needs |= {group: {pairs} for group, pairs in _GROUPS.items()}
    return tuple(found[name] for name in queries.in_order(needs) if name in found)


def forget(connection: duckdb.DuckDBPyConnection, where: str, values: list[str]) -> None:
    """Removes the DOIs of records that are about to be removed, and notes what they shared with others."""
    chosen = f"SELECT record_id FROM work.records {where}"
    connection.execute(
        f"""
        INSERT INTO due
        SELECT 'arxiv', arxiv_id, 0 FROM work.records {where} AND arxiv_id IS NOT NULL
        UNION SELECT 'title', title_key, 0 FROM work.records {where} AND title_key IS NOT NULL
        UNION SELECT 'doi', doi, 0 FROM work.dois WHERE record_id IN ({chosen})
        UNION SELECT 'own', own_id, 0 FROM work.records {where} AND own_id IN (SELECT alias FROM work.named)
        """,
        values * 4,
    )
    connection.execute(f"DELETE FROM work.dois WHERE record_id IN ({chosen})", values)


def identify(connection: duckdb.DuckDBPyConnection, overrides: Iterable[Override]) -> None:
    """Gives records their papers; papers of all records that were looked at again are touched."""
    _take(connection, sorted(overrides))
    _reach(connection)
    if _count(connection, "work.affected"):
        for query in _in_order():
            connection.execute(f"CREATE OR REPLACE TABLE {query.table} AS {query.text}")
            for group, pairs in _GROUPS.items():
                if query.table == pairs:
                    _group(connection, group, pairs)
        _move(connection)
    connection.execute("CREATE OR REPLACE TEMP TABLE once AS SELECT DISTINCT paper_id FROM work.touched")
    connection.execute("DELETE FROM work.touched")
    connection.execute("INSERT INTO work.touched SELECT paper_id FROM once")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _take(connection: duckdb.DuckDBPyConnection, overrides: list[Override]) -> None:
    """Makes these the overrides that act; what those name that came or went is due."""
    wanted = pl.DataFrame(
        [(each.action, each.paper, each.other) for each in overrides],
        schema=dict.fromkeys(("action", "paper", "other"), pl.String),
        orient="row",
    ).unique()
    held = connection.sql("SELECT action, paper, other FROM work.overrides").pl()
    changed = pl.concat(
        [wanted.join(held, on=wanted.columns, how="anti"), held.join(wanted, on=held.columns, how="anti")]
    )
    if changed.is_empty():
        return
    tables = {
        "work.overrides": wanted,
        "work.merged": merged(overrides),
        "work.split": splits(overrides),
        "work.named": pl.DataFrame({"alias": pl.concat([wanted["paper"], wanted["other"].alias("paper")]).unique()}),
    }
    for table, rows in tables.items():
        connection.register("rows", rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM rows")
        connection.unregister("rows")
    aliases = pl.concat([changed["paper"], changed["other"].alias("paper")]).unique().to_list()
    connection.execute(
        "INSERT INTO due SELECT coalesce(nullif(nullif(split_part(alias, ':', 1), 'title'), 'text'), 'own'), "
        "CASE WHEN alias[:5] IN ('title', 'text:') THEN alias ELSE alias[strpos(alias, ':') + 1:] END, 0 "
        "FROM (SELECT unnest(?) AS alias)",
        [aliases],
    )


def _reach(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `work.affected`: new records, those of touched papers, and what shares a key with them or with one gone."""
    connection.execute("DELETE FROM reached")
    connection.execute(
        "INSERT INTO reached SELECT record_id, 0 FROM work.records "
        "WHERE paper_id IS NULL OR paper_id IN (SELECT paper_id FROM work.touched)"
    )
    most = _MOST * _count(connection, "work.records")
    number = 0
    while _count(connection, "reached") < most:
        number += 1
        connection.execute(_KEYS, {"last": number - 1, "next": number})
        connection.execute(_SHARING, {"keys": (0, number) if number == 1 else (number,), "next": number})
        if not _count(connection, f"reached WHERE round = {number}"):
            break
    else:
        connection.execute("INSERT INTO reached SELECT record_id, -1 FROM work.records")
    connection.execute("DELETE FROM due")
    connection.execute(
        "CREATE OR REPLACE TABLE work.affected AS "
        "SELECT record_id, arxiv_id, title_key, is_specific, author_key, abstract_key, year, own_id FROM work.records "
        "WHERE record_id IN (SELECT record_id FROM reached)"
    )


# Keys of records that were reached in the last round; what an override names with one of them is one too.
_KEYS = """
INSERT INTO due
WITH last_ones AS (
    SELECT records.record_id, records.arxiv_id, records.title_key, records.own_id
    FROM work.records AS records
    WHERE records.record_id IN (SELECT record_id FROM reached WHERE round = $last)
),
keys AS (
    SELECT 'arxiv' AS kind, arxiv_id AS key FROM last_ones WHERE arxiv_id IS NOT NULL
    UNION SELECT 'title', title_key FROM last_ones WHERE title_key IS NOT NULL
    UNION SELECT 'own', own_id FROM last_ones WHERE own_id IN (SELECT alias FROM work.named)
    UNION SELECT 'doi', doi FROM work.dois WHERE record_id IN (SELECT record_id FROM last_ones)
),
aliases AS (
    SELECT CASE WHEN kind = 'own' THEN key ELSE kind || ':' || key END AS alias
    FROM (SELECT kind, key FROM keys UNION SELECT kind, key FROM due WHERE round = 0)
    WHERE kind <> 'title'
),
partners AS (
    SELECT paper AS alias FROM work.overrides WHERE other IN (SELECT alias FROM aliases)
    UNION
    SELECT other FROM work.overrides WHERE paper IN (SELECT alias FROM aliases)
)
SELECT kind, key, $next
FROM (
    SELECT kind, key FROM keys
    UNION
    SELECT
        CASE WHEN alias[:5] IN ('title', 'text:') THEN 'own' ELSE split_part(alias, ':', 1) END AS kind,
        CASE WHEN alias[:5] IN ('title', 'text:') THEN alias ELSE alias[strpos(alias, ':') + 1:] END AS key
    FROM partners
) AS found
ANTI JOIN due USING (kind, key)
"""
_SHARING = """
INSERT INTO reached
WITH keys AS (
    SELECT kind, key FROM due WHERE list_contains($keys, round)
)
SELECT record_id, $next
FROM work.records
WHERE (
    arxiv_id IN (SELECT key FROM keys WHERE kind = 'arxiv')
    OR title_key IN (SELECT key FROM keys WHERE kind = 'title')
    OR own_id IN (SELECT key FROM keys WHERE kind = 'own')
    OR record_id IN (SELECT record_id FROM work.dois WHERE doi IN (SELECT key FROM keys WHERE kind = 'doi'))
) AND record_id NOT IN (SELECT record_id FROM reached)
"""


def _group(connection: duckdb.DuckDBPyConnection, group: str, pairs: str) -> None:
    found = components(connection.sql(f"SELECT one, other FROM {pairs}").pl())
    connection.register("found", found.to_arrow(compat_level=pl.CompatLevel.oldest()))
    connection.execute(f"CREATE OR REPLACE TABLE {group} AS SELECT * FROM found")
    connection.unregister("found")


def _move(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT identity.record_id, records.paper_id AS old_id, identity.paper_id, identity.evidence
        FROM work.identity AS identity
        INNER JOIN work.records AS records USING (record_id)
        """
    )
    connection.execute(
        """
        INSERT INTO work.touched
        SELECT paper_id FROM moved
        UNION SELECT old_id FROM moved WHERE old_id IS NOT NULL
        UNION SELECT aliases.paper_id FROM core.paper_aliases AS aliases
        WHERE aliases.alias IN (SELECT alias FROM work.published_ids)
            AND aliases.alias IN (
                SELECT own_id FROM work.affected
                UNION SELECT key FROM work.claims
                UNION SELECT title_alias(title_key) FROM work.affected
            )
        """
    )
    connection.execute(
        "UPDATE work.records SET paper_id = moved.paper_id, evidence = moved.evidence FROM moved "
        "WHERE records.record_id = moved.record_id "
        "AND (records.paper_id IS DISTINCT FROM moved.paper_id OR records.evidence IS DISTINCT FROM moved.evidence)"
    )

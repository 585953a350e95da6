"""Identifiers that were published keep resolving, also where no record tells them any more: see docs/identity.md."""

from __future__ import annotations

import duckdb

from etl import database, storage
from etl.settings import Settings

# What was published and does not resolve now, with the paper that it led to; and what is kept from before.
_LOST = """
CREATE OR REPLACE TEMP TABLE lost AS
SELECT alias, paper_id FROM read_parquet({aliases}) AS before ANTI JOIN core.paper_aliases USING (alias)
UNION
SELECT alias, paper_id FROM work.published_ids AS kept ANTI JOIN core.paper_aliases USING (alias)
"""
# A paper that has no namesake goes on as the one which has most of its records, by their places.
_HEIRS = """
CREATE OR REPLACE TEMP TABLE heirs AS
SELECT paper_id, arg_max(heir, (records, heir)) AS heir
FROM (
    SELECT before.paper_id, now.paper_id AS heir, count(*) AS records
    FROM read_parquet({observations}) AS before
    INNER JOIN core.paper_observations AS now USING (dump_id, member, record_offset)
    WHERE before.paper_id IN (SELECT paper_id FROM lost)
        AND before.paper_id NOT IN (SELECT alias FROM core.paper_aliases)
    GROUP BY ALL
)
GROUP BY paper_id
"""
_KEPT = """
CREATE OR REPLACE TEMP TABLE kept AS
SELECT alias, min(paper_id) AS paper_id
FROM (
    SELECT lost.alias, coalesce(heirs.heir, known.paper_id, lost.paper_id) AS paper_id
    FROM lost
    LEFT JOIN heirs USING (paper_id)
    LEFT JOIN core.paper_aliases AS known ON lost.paper_id = known.alias
    UNION ALL
    SELECT kept.alias, coalesce(known.paper_id, kept.paper_id) AS paper_id
    FROM work.published_ids AS kept
    LEFT JOIN core.paper_aliases AS known ON kept.paper_id = known.alias
    WHERE kept.alias NOT IN (SELECT alias FROM lost)
)
GROUP BY alias
"""


def take(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Reads what is kept of identifiers that were published."""
    connection.execute("DELETE FROM work.published_ids")
    if settings.published_ids.exists():
        connection.execute(
            "INSERT INTO work.published_ids SELECT alias, paper_id FROM read_parquet(?)", [str(settings.published_ids)]
        )


def keep(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Makes what readers see now resolve also in what is published next, as far as a record of it is left.

    What led to a paper of which no dump is left resolves to nothing; it does again when a dump is restored.
    """
    tables = settings.current.resolve() / "tables"
    aliases, observations = (tables / f"core.{name}.parquet" for name in ("paper_aliases", "paper_observations"))
    if not aliases.exists() or not observations.exists():
        return
    files = {"aliases": database.quoted(str(aliases)), "observations": database.quoted(str(observations))}
    for sql in (_LOST, _HEIRS, _KEPT):
        connection.execute(sql.format(**files))
    if not connection.execute("SELECT count(*) FROM lost").fetchall()[0][0]:
        return
    with database.transaction(connection):
        connection.execute("DELETE FROM work.published_ids")
        connection.execute("INSERT INTO work.published_ids SELECT alias, paper_id FROM kept ORDER BY alias")
        connection.execute(
            "INSERT INTO core.paper_aliases SELECT kept.alias, kept.paper_id FROM kept "
            "ANTI JOIN core.paper_aliases AS known ON known.alias = kept.alias "
            "SEMI JOIN core.papers AS papers ON papers.paper_id = kept.paper_id"
        )
    rows = connection.sql("SELECT alias, paper_id FROM work.published_ids ORDER BY alias").pl()
    storage.write_parquet(settings.published_ids, rows)

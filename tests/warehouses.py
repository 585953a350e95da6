"""A warehouse that is filled in this process, and what stands in one: for tests that fill many."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from etl import ledger, validation
from etl.ledger import Commit, Outcome, Report
from etl.schemas import CORE, STAGED
from etl.settings import Settings
from etl.shards import Piece, Shard, normalise_shard
from etl.steps import build, ingest, load, normalise

# Which record says it, and when this machine did what, is no content.
APART = {"core.dumps", "core.dump_members", "core.paper_observations", "ops.rejected", "ops.runs", "ops.validations"}
CONTENT = sorted(CORE.keys() - APART)
MARTS = ("mart.keyword_monthly", "mart.keyword_trends", "mart.keyword_pairs", "mart.code_availability")

Rows = list[tuple[Any, ...]]


class Small:
    """Steps without worker processes and without Great Expectations, which refuses nothing of what tests invent."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(warehouse=folder / "warehouse", inbox=folder / "inbox", settle_seconds=0)
        self.incoming = folder / "incoming"

    def deliver(self, data: bytes, name: str, observed_on: dt.date | None = None) -> str:
        self.incoming.mkdir(parents=True, exist_ok=True)
        path = self.incoming / name
        path.write_bytes(data)
        done = ingest.ingest(self.settings, [path], observed_on)
        assert done.problems == []
        return done.deliveries[0].dump_id

    def settle(self) -> None:
        """Everything that is due, up to the marts."""
        for batch in normalise.plan(self.settings):
            folders = {table: self.settings.staged(table, batch.batch_id) for table in STAGED}
            folders["rejected"] = self.settings.rejected_batch(batch.batch_id)
            pieces = tuple(
                Piece(dump_id, self.settings.raw_file(dump_id), ledger.deliveries_of(self.settings, dump_id)[0].name)
                for dump_id in batch.dump_ids
            )
            outcomes: list[Outcome] = normalise_shard(
                Shard(0, batch.source, pieces, folders, 1 << 24, self.settings.limits)
            )
            ledger.write_commit(
                self.settings, Commit(batch.batch_id, batch.source, batch.parser_version, tuple(outcomes))
            )
            ledger.write_report(self.settings, Report(batch.batch_id, validation.fingerprint(), {}, []))
        for folder in (self.settings.staging, self.settings.rejected, self.settings.scratch, self.settings.published):
            folder.mkdir(parents=True, exist_ok=True)
        self.settings.state.mkdir(parents=True, exist_ok=True)
        load.load(self.settings)
        build.build(self.settings)

    def content(self) -> dict[str, Rows]:
        return content(self.settings.database, (*CONTENT, *MARTS))

    def rows(self, sql: str) -> Rows:
        return rows(self.settings.database, sql)


def rows(database: Path, sql: str) -> Rows:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def content(database: Path, tables: tuple[str, ...]) -> dict[str, Rows]:
    """The sorted rows of each table."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables}


def differing(one: dict[str, Rows], other: dict[str, Rows]) -> dict[str, tuple[Rows, Rows]]:
    """The rows that only one of two contents has, by table."""
    said = {table: (_without(one[table], other[table]), _without(other[table], one[table])) for table in one}
    return {table: both for table, both in said.items() if any(both)}


def _without(rows: Rows, others: Rows) -> Rows:
    known = {repr(row) for row in others}
    return [row for row in rows if repr(row) not in known]

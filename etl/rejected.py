"""Records that were set aside: which, why, their very bytes, and reading their dumps again once the cause is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from etl import database, ledger
from etl.errors import UnknownNameError
from etl.schemas import Rejected, polars_schema
from etl.settings import Settings
from etl.steps.normalise import parser_version


@dataclass(frozen=True)
class Chosen:
    """Which rejected records are meant; what is None chooses all. `dump` is an id, the start of it, or a file name."""

    source: str | None = None
    reason: str | None = None
    dump: str | None = None


def records(settings: Settings, chosen: Chosen) -> pl.DataFrame:
    """Rejected records of the newest reading of each dump that is not withdrawn, refused dumps too.

    The columns are those of `Rejected`, and `name`, under which the dump came first. Raises UnknownNameError for a
    dump that nobody delivered.
    """
    withdrawn = ledger.withdrawals(settings)
    names: dict[str, str] = {}
    for delivery in ledger.deliveries(settings):
        names[delivery.dump_id] = min(delivery.name, names.get(delivery.dump_id, delivery.name))
    if chosen.dump and not _named(chosen.dump, names):
        raise UnknownNameError("dump", chosen.dump, sorted(set(names.values())))
    newest: dict[str, set[str]] = {}
    for commit, outcome in ledger.latest_commits(settings, parser_version):
        if outcome.dump_id not in withdrawn:
            newest.setdefault(commit.batch_id, set()).add(outcome.dump_id)
    frames = [_of_batch(settings, batch_id, sorted(newest[batch_id])) for batch_id in sorted(newest)]
    found = pl.concat([pl.DataFrame(schema=polars_schema(Rejected)), *frames])
    found = found.with_columns(name=pl.col("dump_id").replace_strict(names, default=None, return_dtype=pl.String))
    for column, wanted in (("source", chosen.source), ("reason", chosen.reason)):
        found = found.filter(pl.col(column) == wanted) if wanted else found
    if chosen.dump:
        found = found.filter(pl.col("dump_id").is_in(_named(chosen.dump, names)))
    return found.sort("source", "name", "dump_id", "member", "record_offset", "reason")


def _named(dump: str, names: dict[str, str]) -> list[str]:
    return [dump_id for dump_id, name in names.items() if dump_id.startswith(dump) or name == dump]


def _of_batch(settings: Settings, batch_id: str, dump_ids: Sequence[str]) -> pl.DataFrame:
    files = database.parquet_files([settings.rejected_batch(batch_id)])
    if not files:
        return pl.DataFrame(schema=polars_schema(Rejected))
    return pl.read_parquet(files, hive_partitioning=False).filter(pl.col("dump_id").is_in(list(dump_ids)))


def counts(settings: Settings, chosen: Chosen) -> list[dict[str, Any]]:
    """Rejected records by source and reason, with the number of their dumps and one detail."""
    found = records(settings, chosen).group_by("source", "reason", maintain_order=True)
    rows = found.agg(
        records=pl.len(),
        dumps=pl.col("dump_id").n_unique(),
        example=pl.col("detail").first(),
        name=pl.col("name").first(),
    )
    return rows.sort("source", "reason").to_dicts()


def mark(settings: Settings, chosen: Chosen) -> pl.DataFrame:
    """Makes the dumps of the chosen records due again; returns these records."""
    found = records(settings, chosen)
    numbers = ledger.replays(settings)
    for dump_id in found.get_column("dump_id").unique().sort():
        numbers[dump_id] = numbers.get(dump_id, 0) + 1
    if found.height:
        ledger.write_replays(settings, numbers)
    return found

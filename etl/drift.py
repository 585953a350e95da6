"""What a dump looks like as a whole, and how that differs from the last good dump of its source.

A page whose layout changed still parses: titles become abstracts, a column stays empty, half of the list is missing.
Record by record nothing is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from etl.sources.base import Drift

# A share or a median of fewer records says little.
MIN_RECORDS = 20
_WHOLE = 0.5
_NULLS = {
    "papers": ("abstract", "authors", "arxiv_id", "published_on", "categories"),
    "repositories": ("stars", "forks", "language"),
}
_LENGTHS = {"papers": ("title", "abstract"), "repositories": ()}


@dataclass(frozen=True)
class Shape:
    """Of one dump: its records, the share of nulls by column, the median length of texts in characters, and the share
    of abstracts that end in a full stop."""

    records: int
    nulls: dict[str, float] = field(default_factory=dict)
    lengths: dict[str, float] = field(default_factory=dict)
    full_stops: float | None = None


def shapes(table: str, parts: Sequence[str]) -> dict[str, Shape]:
    """The shape of each dump that has rows in these parts of `papers` or `repositories`."""
    if not parts:
        return {}
    nulls, lengths = _NULLS[table], _LENGTHS[table]
    wanted = [pl.len().alias("records")]
    wanted += [pl.col(name).is_null().mean().alias(f"null {name}") for name in nulls]
    wanted += [pl.col(name).str.len_chars().median().alias(f"length {name}") for name in lengths]
    if table == "papers":
        wanted.append(pl.col("abstract").str.contains(r"[.!?][\")'’”]?$").mean().alias("full_stops"))
    found = pl.scan_parquet(list(parts), hive_partitioning=False).group_by("dump_id").agg(wanted)
    return {
        row["dump_id"]: Shape(
            row["records"],
            {name: round(row[f"null {name}"], 4) for name in nulls},
            {name: row[f"length {name}"] for name in lengths if row[f"length {name}"] is not None},
            row.get("full_stops"),
        )
        for row in found.sort("dump_id").collect().iter_rows(named=True)
    }


def change(before: Shape, now: Shape, allowed: Drift) -> str | None:
    """How a dump differs by more than is allowed from the one before; None too where one has too few records."""
    if min(now.records, before.records) < MIN_RECORDS:
        return None
    if allowed.count is not None and now.records < allowed.count * before.records:
        return f"{now.records} records, {before.records} before"
    for name, share in now.nulls.items():
        if share - before.nulls.get(name, share) > allowed.nulls:
            return f"{name} is missing in {share:.0%} of the records, in {before.nulls[name]:.0%} before"
    for name, length in now.lengths.items():
        if _ratio(length, before.lengths.get(name, length)) > allowed.length:
            return f"the median length of {name} is {length:.0f} characters, {before.lengths[name]:.0f} before"
    if before.full_stops is not None and now.full_stops is not None and before.full_stops - now.full_stops > _WHOLE:
        return f"{now.full_stops:.0%} of the abstracts end in a full stop, {before.full_stops:.0%} before"
    return None


def _ratio(one: float, other: float) -> float:
    return max(one, other, 1.0) / max(min(one, other), 1.0)


def from_json(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Shape]:
    """Shapes as a report keeps them."""
    return {dump_id: Shape(**shape) for dump_id, shape in found.items()}

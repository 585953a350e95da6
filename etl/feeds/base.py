"""What a feed is: one view of the warehouse, written in one or more formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

# Tag URIs (RFC 4151) name a domain of their maker and a year. If ours changed, readers would see all entries as new.
TAG = "tag:paper-trends.example,2025:"


@dataclass(frozen=True)
class Feed:
    """The rows of a feed, in the order in which they are shown, and what they are."""

    name: str
    description: str
    rows: pl.DataFrame


@dataclass(frozen=True)
class Format:
    """How a feed becomes a file. `layout` names the shape of what is written, where it is not the table's own."""

    suffix: str
    write: Callable[[Path, Feed], None]
    layout: str | None = None

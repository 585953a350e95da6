"""Which repository a name or a field names, for whole columns at once; what GitHub says of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from etl.transforms import links
from etl.transforms.urls import NOT_OWNERS

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}/[A-Za-z0-9_.-]{1,100}$"
_PLAIN = f"^{links.PLAIN_REPOSITORY}$"
_SITE = rf"(?i)^https://github\.com/(?:{'|'.join(sorted(NOT_OWNERS))})/"


def github_url(name: pl.Expr) -> pl.Expr:
    """The canonical URL of a repository that GitHub itself names as `owner/name`; null where that is no such name."""
    is_name = name.str.contains(_NAME) & ~name.str.contains(r"/\.{1,2}$")
    return pl.when(is_name).then(pl.concat_str(pl.lit("https://github.com/"), name))


# GitHub computes sizes every hour, and takes the making of a repository for its first push.
_MAKING = dt.timedelta(days=1)


def is_empty_at_github(found: Mapping[str, Any]) -> bool:
    """Whether a repository of GitHub's REST API holds nothing: a size of 0, and no push after the day it was made.

    A size of 0 alone is not enough: sizes are rounded to kilobytes, and come late.
    """
    if found.get("size") != 0 or "pushed_at" not in found:
        return False
    pushed = found["pushed_at"]
    if pushed is None:
        return True
    try:
        return dt.datetime.fromisoformat(pushed) - dt.datetime.fromisoformat(found["created_at"]) <= _MAKING
    except (KeyError, TypeError, ValueError):
        return False


def in_cells(cells: pl.Series) -> pl.Series:
    """The canonical URL of the first repository that each field names; null where it names none."""
    named = pl.DataFrame({"cell": cells.cast(pl.String)})
    cell = pl.col("cell")
    is_plain = cell.str.contains(_PLAIN) & ~cell.str.contains(_SITE) & ~cell.str.ends_with(".git")
    named = named.with_columns(url=pl.when(is_plain).then(cell))
    odd = named.filter(pl.col("url").is_null()).get_column("cell").drop_nulls().unique(maintain_order=True)
    if odd.len():
        found = pl.Series([_first(text) for text in odd], dtype=pl.String)
        named = named.with_columns(url=pl.coalesce("url", cell.replace_strict(odd, found, default=None)))
    return named.get_column("url")


def _first(cell: str) -> str | None:
    return next((link.repository_url for link in links.links_in_cell(cell) if link.repository_url), None)

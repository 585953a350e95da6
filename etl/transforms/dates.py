"""How days are read. A day out of the range of listings is no day."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

import polars as pl

EARLIEST = dt.date(1900, 1, 1)
LATEST = dt.date(2100, 1, 1)


def _plausible(day: pl.Expr) -> pl.Expr:
    # In one expression each day would be read again for every comparison.
    return day.map_batches(_all_plausible, return_dtype=pl.Date, is_elementwise=True)


def _all_plausible(days: pl.Series) -> pl.Series:
    day = pl.col("day")
    return days.to_frame("day").select(pl.when(day.is_between(EARLIEST, LATEST, closed="left")).then(day)).to_series()


def iso_day(text: pl.Expr) -> pl.Expr:
    """The day of an ISO 8601 date or UTC time, else null."""
    return _plausible(text.str.strip_chars().str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False))


def told_day(text: pl.Expr) -> pl.Expr:
    """The day of an ISO 8601 date but for 1 January, which aggregators write where they know the year alone."""
    day = iso_day(text)
    return pl.when((day.dt.month() > 1) | (day.dt.day() > 1)).then(day)


def epoch_day(milliseconds: pl.Expr) -> pl.Expr:
    """The UTC day of a time in milliseconds since 1970, null where it is out of range."""
    latest = int(dt.datetime(LATEST.year, 1, 1, tzinfo=dt.UTC).timestamp()) * 1_000
    return pl.from_epoch(pl.when(milliseconds.is_between(0, latest - 1)).then(milliseconds), "ms").dt.date()


def rfc2822_day(text: pl.Expr) -> pl.Expr:
    """The day of a time such as `Mon, 2 Apr 2007 19:18:42 GMT`, else null."""
    day = text.str.extract(r"(\d{1,2} [A-Z][a-z]{2} \d{4})", 1)
    return _plausible(day.str.to_date("%d %b %Y", strict=False))


def day_in_name(name: str) -> dt.date | None:
    """The only ISO day in a file name, or None where there is none or more than one."""
    days = set()
    for text in re.findall(r"(?=(\d{4}-\d{2}-\d{2}))", name, re.ASCII):
        try:
            days.add(dt.date.fromisoformat(text))
        except ValueError:
            continue
    plausible = {day for day in days if EARLIEST <= day < LATEST}
    return plausible.pop() if len(plausible) == 1 else None


def rfc2822_date(text: str) -> dt.date | None:
    """The day of a time such as `Fri, 23 Feb 2024 00:00:00 -0500` where it was written, or None."""
    try:
        day = parsedate_to_datetime(text).date()
    except (ValueError, TypeError, OverflowError):
        return None
    return day if EARLIEST <= day < LATEST else None

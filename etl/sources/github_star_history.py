"""Star histories that we fetch from GitHub, JSON lines (`GET /repos/{owner}/{repo}/stargazers/history`, since 2026-09).

`{"requested": "owner/name", "fetched_on": "YYYY-MM-DD", "stargazers_count": 7, "stargazers_history": [{"week":
1788652800, "total": 3, "days": [0, 1, 2, 0, 0, 0, 0]}, …]}`: weeks by the second at which they start, in any order,
with the stars that were given on each of their days and not taken back since. So the numbers are gains, and those of
the past shrink: stars on a day are counted back from the present number, which is needed for it (`missing_total`), and
are at most what was to be seen on that day. That is why they are a source of their own, never mixed with figures that
were read on the day itself. Days are those of GitHub, which need not begin with UTC's. The day of the fetch has the
present number; days after it, which GitHub fills with zeros, are left out, and so are those before a missing week.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeGuard

import polars as pl

from etl.errors import RecordError
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_lines, json_object, required_text
from etl.transforms import dates, repositories

_NAMES = {"requested", "fetched_on", "stargazers_history"}
_EPOCH = dt.date(1970, 1, 1)
_DAY = 86_400
_WEEK_DAYS = 7
# A later time, in the year 2128, is a mistake.
_LATEST = 5_000_000_000


def recognise(head: Head) -> bool:
    """Lines with a history."""
    return head.line.keys() >= _NAMES


def observed_on(head: Head) -> dt.date | None:
    """The day on which the first was fetched."""
    day = head.line.get("fetched_on")
    return dates.day_in_name(day) if isinstance(day, str) else None


def parse(record: Record, limits: Limits) -> Parsed:
    """One history as days and the stars on each; raises RecordError where it does not add up."""
    found = json_object(record, limits)
    fetched_on = dates.day_in_name(required_text(found, "fetched_on", reason="missing_date"))
    if fetched_on is None:
        raise RecordError("missing_date", "fetched_on: wanted a day")
    stars = found.get("stargazers_count")
    if not _is_count(stars):
        raise RecordError("missing_total", "no stargazers_count to count back from")
    days, counts = _counted_back(_gains(found.get("stargazers_history")), stars, (fetched_on - _EPOCH).days)
    return {**found, "stargazers_history": None, "days": days, "stars": counts}


def _gains(history: object) -> dict[int, int]:
    """Stars given on each day, counted from 1970."""
    if not isinstance(history, list):
        raise RecordError("wrong_type", "stargazers_history: wanted a list of weeks")
    gains: dict[int, int] = {}
    for week in history:
        start, days = _week(week)
        if week.get("total") != sum(days):
            raise RecordError("wrong_total", f"the days of week {start} add up to {sum(days)}")
        gains.update(enumerate(days, start // _DAY))
    return gains


def _week(week: object) -> tuple[int, list[int]]:
    """The second at which a week starts, and the stars given on its days."""
    start, days = (week.get("week"), week.get("days")) if isinstance(week, dict) else (None, None)
    if not isinstance(days, list) or len(days) != _WEEK_DAYS or {*map(type, days)} != {int} or min(days) < 0:
        raise RecordError("wrong_type", "stargazers_history: wanted weeks with seven counts")
    if not _is_count(start) or start >= _LATEST:
        raise RecordError("wrong_type", "stargazers_history: wanted weeks with the second of their start")
    return start, days


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _counted_back(gains: dict[int, int], stars: int, fetched_on: int) -> tuple[list[int], list[int]]:
    """Days and stars from the day of the fetch back to where the gains of a day are not known."""
    day, days, counts = fetched_on, [fetched_on], [stars]
    while day in gains:
        stars -= gains[day]
        day -= 1
        counts.append(stars)
        days.append(day)
    if stars < 0:
        raise RecordError("wrong_total", "more stars were gained than there are")
    return days, counts


def normalise(raw: pl.DataFrame) -> Normalised:
    """The stars of each repository, a row a day."""
    counted = raw.select(
        "row",
        "days",
        "stars",
        repository_url=repositories.github_url(pl.col("requested")),
    ).explode("days", "stars", empty_as_null=True)
    by_day = counted.select("row", "repository_url", "stars", observed_on=pl.col("days").cast(pl.Int32).cast(pl.Date))
    return Normalised(repositories=by_day)


SOURCE = Source(
    title="GitHub star histories",
    publisher="GitHub REST API, `GET /repos/{owner}/{repo}/stargazers/history`",
    licence="none stated",
    priority=2,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    is_by_line=lambda head: True,
    split=json_lines,
    parse=parse,
    fields={
        "requested": pl.String(),
        "days": pl.List(pl.Int64()),
        "stars": pl.List(pl.Int64()),
    },
    ignored=frozenset({"fetched_on", "status", "stargazers_count", "stargazers_history"}),
    normalise=normalise,
)

"""The RSS feeds of arXiv, a file for each category and day of announcement. They hold that day alone."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from etl.fetchers.base import Ask, Fetcher, Keep, Mark, Plan, Task, ends_with

_DAY = re.compile(rb"<pubDate>([^<]{1,40})</pubDate>")


def plan(task: Task) -> Plan:
    """Each category once. A feed without items, as on weekends, is not kept."""
    for category in task.categories:
        answer = yield Ask(f"{task.url}/{category}", is_whole=ends_with(b"</rss>"))
        if answer.status != 200:
            continue
        day = _day(answer.body) or task.today
        marks = {category: max(day.isoformat(), task.marks.get(category, ""))}
        if b"<item" in answer.body:
            yield Keep(f"arxiv_rss-{category}-{day}.xml", answer.body, marks)
        else:
            yield Mark(marks)


def _day(body: bytes) -> dt.date | None:
    """The day that the feed gives itself: midnight in New York, so that a clock in UTC may show another."""
    found = _DAY.search(body)
    try:
        return parsedate_to_datetime(found[1].decode()).date() if found else None
    except ValueError:
        return None


FETCHER = Fetcher(
    title="arXiv RSS feeds, the last announcement of each category",
    url="https://rss.arxiv.org/rss",
    publisher="arxiv",
    pause_seconds=3.0,
    plan=plan,
)

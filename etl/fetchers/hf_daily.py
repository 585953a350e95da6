"""The Hugging Face Daily Papers API, a file a day.

Votes and papers are added late, so the last days are asked for again; a day that did not change costs a 304.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from etl.fetchers.base import DAY, Ask, Fetcher, Keep, Mark, Note, Plan, Task, advanced, days, is_json, json_list

LOOKBACK = 7 * DAY
LATE = 3 * DAY
# As many as the API gives at once; a day has had at most sixty so far.
MOST_PAPERS = 100


def plan(task: Task) -> Plan:
    """Each day from the one after the mark until yesterday; the mark is the last day that was over when asked for."""
    known, yesterday = task.day("day"), task.today - DAY
    due = known + DAY if known else task.today - LOOKBACK
    first = task.since or (min(due, task.today - LATE) if known else due)
    for day in days(first, task.until or yesterday):
        yield from _day(task, day, advanced("day", known, due, first, min(day, yesterday)))


def _day(task: Task, day: dt.date, marks: dict[str, str]) -> Plan:
    url = f"{task.url}?{urlencode({'date': day, 'limit': MOST_PAPERS})}"
    answer = yield Ask(url, is_whole=is_json)
    papers = json_list(url, answer.body) if answer.status == 200 else []
    if len(papers) >= MOST_PAPERS:
        yield Note(f"{day} lists {len(papers)} papers, the most that the API gives at once: there may be more")
    if papers:
        yield Keep(f"hf_daily-{day}.json", answer.body, marks)
    else:
        yield Mark(marks)


FETCHER = Fetcher(
    title="Hugging Face Daily Papers API, a file a day",
    url="https://huggingface.co/api/daily_papers",
    publisher="huggingface",
    plan=plan,
)

"""The search interface of arXiv: what changed in a category, newest first, page by page until the mark.

Newest first is safe while papers come in: they push others onto the next page, which repeats them and loses none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from urllib.parse import urlencode

from etl.errors import AnswerError
from etl.fetchers.base import DAY, Ask, Fetcher, Keep, Mark, Plan, Task, advanced, ends_with

LOOKBACK = 3 * DAY
PAGE = 500
# The interface gives no more of one query.
MOST_RESULTS = 30_000
_TOTAL = re.compile(rb"totalResults[^>]*>(\d+)<")
_UPDATED = re.compile(rb"<updated>(\d{4}-\d\d-\d\d)")


def plan(task: Task) -> Plan:
    """Every category in turn; the mark of each is the newest day that a finished run has seen."""
    for category in task.categories:
        yield from _category(task, category)


def _category(task: Task, category: str) -> Plan:
    known = task.day(category)
    due = known or task.today - LOOKBACK
    first = task.since or due
    newest, stamp = first, task.now.strftime("%Y-%m-%dT%H%M%SZ")
    for start in range(0, MOST_RESULTS, PAGE):
        url = _url(task.url, category, start)
        answer = yield Ask(url, is_whole=_is_whole(start), conditional=False)
        seen = _days(answer.body)
        if seen and min(seen) <= (task.until or task.today):
            yield Keep(f"arxiv_atom-{category}-{stamp}-{start // PAGE + 1:04}.xml", answer.body)
        newest = max([newest, *seen])
        if not seen or min(seen) < first or start + len(seen) >= _total(answer.body):
            break
    else:
        raise AnswerError(url, f"more than {MOST_RESULTS} papers since {first}; name a later --since")
    yield Mark(advanced(category, known, due, first, min(newest, task.until or newest)))


def _url(base: str, category: str, start: int) -> str:
    wanted = category if "." in category else f"{category}.*"
    query = {"search_query": f"cat:{wanted}", "sortBy": "lastUpdatedDate", "sortOrder": "descending"}
    return f"{base}?{urlencode({**query, 'start': start, 'max_results': PAGE})}"


def _is_whole(start: int) -> Callable[[bytes], bool]:
    """Says whether a page is all there: under load arXiv sends pages without papers where there should be some."""
    is_closed = ends_with(b"</feed>")
    return lambda body: is_closed(body) and (b"<entry>" in body or _total(body) <= start)


def _days(body: bytes) -> list[dt.date]:
    """The days on which the papers of a page were changed."""
    found = [_UPDATED.search(entry) for entry in body.split(b"<entry>")[1:]]
    return [dt.date.fromisoformat(updated[1].decode()) for updated in found if updated]


def _total(body: bytes) -> int:
    found = _TOTAL.search(body)
    return int(found[1]) if found else 0


FETCHER = Fetcher(
    title="arXiv search interface, what changed in each category",
    url="https://export.arxiv.org/api/query",
    publisher="arxiv",
    pause_seconds=3.0,
    plan=plan,
)

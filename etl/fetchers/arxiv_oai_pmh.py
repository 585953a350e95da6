"""The OAI-PMH interface of arXiv: every record that changed since the mark, page by page with resumption tokens.

arXiv states neither `cursor` nor `completeListSize`; other hosts of the protocol do, and then both have to fit.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from etl.errors import AnswerError, NetworkError
from etl.fetchers.base import DAY, Action, Answer, Ask, Fetcher, Keep, Mark, Note, Plan, Task, advanced, ends_with

LOOKBACK = 3 * DAY
_PHYSICS = frozenset(
    "astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nlin nucl-ex nucl-th physics quant-ph".split()
)
_DATE = re.compile(rb"<responseDate>\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?)\s*</responseDate>")
_ERROR = re.compile(rb"""<error\s+code=["'](\w{1,40})["']\s*(?:/>|>([^<]*))""")
_TOKEN = re.compile(rb"<resumptionToken([^>]*?)(?:/>|>([^<]*)</resumptionToken>)")
_NUMBER = re.compile(rb"""(cursor|completeListSize)=["'](\d{1,12})["']""")
_RECORD = re.compile(rb"<record[\s>]")


def plan(task: Task) -> Plan:
    """The set of every category in turn; its mark is the day on which the first page of a finished harvest came."""
    for category in task.categories:
        yield from _harvest(task, oai_set(category))


def oai_set(category: str) -> str:
    """The set of a category: `cs` is a group of its own, `cs.LG` is in `cs:cs:LG`, `hep-th` in `physics:hep-th`."""
    archive, _, part = category.partition(".")
    group = "physics" if archive in _PHYSICS else archive
    if part:
        return f"{group}:{archive}:{part}"
    return group if group == archive else f"{group}:{archive}"


@dataclass(frozen=True)
class _Harvest:
    """How far a harvest has come: pages kept, records seen in them, and the token that asks for the next page."""

    since: str
    until: str = ""
    stamp: str = ""
    pages: int = 0
    records: int = 0
    token: str = ""

    def url(self, base: str, name: str) -> str:
        if self.token:
            return f"{base}?{urlencode({'verb': 'ListRecords', 'resumptionToken': self.token})}"
        query = {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": name, "from": self.since}
        return f"{base}?{urlencode(query | ({'until': self.until} if self.until else {}))}"


@dataclass(frozen=True)
class _Page:
    """What a page says of itself. `cursor` counts the records before it."""

    stamp: str
    error: str
    detail: str
    records: int
    token: str
    cursor: int | None
    size: int | None


def _harvest(task: Task, name: str) -> Plan:
    known, pending = task.day(name), f"{name} unfinished"
    due = known or task.today - LOOKBACK
    start = _Harvest((task.since or due).isoformat(), task.until.isoformat() if task.until else "")
    harvest, is_restarted = _resumed(task.marks.get(pending), start), False
    while True:
        url = harvest.url(task.url, name)
        answer = yield Ask(url, is_whole=ends_with(b"</OAI-PMH>"), conditional=False)
        page = _read(url, answer.body)
        if page.error == "badResumptionToken" and harvest.token and not is_restarted:
            yield Mark({pending: None})
            yield Note(f"{name}: the resumption token has expired, the harvest from {start.since} starts over")
            harvest, is_restarted = start, True
            continue
        if page.error not in ("", "noRecordsMatch"):
            raise AnswerError(url, f"error {page.error}: {page.detail}")
        harvest = replace(harvest, stamp=harvest.stamp or page.stamp)
        if not page.error:
            harvest = yield from _kept(harvest, page, name, url, answer.body)
        if not harvest.token or page.error:
            break
    marks = advanced(name, known, due, dt.date.fromisoformat(start.since), _reached(harvest))
    yield Mark({pending: None, **marks})


def _kept(harvest: _Harvest, page: _Page, name: str, url: str, body: bytes) -> Generator[Action, Answer, _Harvest]:
    """Keeps a page that fits those before it; gives the harvest after it. Raises NetworkError where records are left
    out, and forgets the harvest, so that the next run starts it over."""
    seen, pending = harvest.records + page.records, f"{name} unfinished"
    problem = ""
    if page.cursor is not None and page.cursor > harvest.records:
        problem = f"a page begins after {page.cursor} records, but only {harvest.records} came before it"
    elif not page.token and page.size is not None and seen < page.size:
        problem = f"{seen} of {page.size} records came"
    if problem:
        yield Mark({pending: None})
        raise NetworkError(url, f"the listing changed while it was read: {problem}")
    harvest = replace(harvest, pages=harvest.pages + 1, records=seen, token=page.token)
    file = f"arxiv_oai_pmh-{name.replace(':', '.')}-{harvest.stamp.replace(':', '')}-{harvest.pages:04}.xml"
    yield Keep(file, body, {pending: asdict(harvest)} if page.token else {})
    return harvest


def _resumed(unfinished: Any, start: _Harvest) -> _Harvest:
    """The harvest that an earlier run left unfinished, if it is the one that is wanted now."""
    harvest = _Harvest(**unfinished) if unfinished else start
    return harvest if (harvest.since, harvest.until) == (start.since, start.until) else start


def _reached(harvest: _Harvest) -> dt.date:
    """From which day on the next harvest asks: records may still change on the day of this one."""
    day = harvest.stamp[:10]
    return dt.date.fromisoformat(min(day, harvest.until) if harvest.until else day)


def _read(url: str, body: bytes) -> _Page:
    date, error = _DATE.search(body[:4096]), None
    if b"<ListRecords" not in body:
        error = _ERROR.search(body)
    if not date or not (error or b"<ListRecords" in body):
        raise AnswerError(url, "found no records and no error, wanted an answer as of OAI-PMH")
    token = _TOKEN.match(body, max(0, body.rfind(b"<resumptionToken")))
    numbers = {name: int(value) for name, value in _NUMBER.findall(token[1])} if token else {}
    return _Page(
        stamp=date[1].decode(),
        error=error[1].decode() if error else "",
        detail=_text(error[2]) if error else "",
        records=len(_RECORD.findall(body)),
        token=_text(token[2]) if token else "",
        cursor=numbers.get(b"cursor"),
        size=numbers.get(b"completeListSize"),
    )


def _text(raw: bytes | None) -> str:
    text = " ".join(html.unescape((raw or b"").decode("utf-8", "replace")).split())
    return "".join(char for char in text if char.isprintable())


FETCHER = Fetcher(
    title="arXiv OAI-PMH interface, every record that changed",
    url="https://oaipmh.arxiv.org/oai",
    publisher="arxiv",
    pause_seconds=3.0,
    plan=plan,
)

"""The OpenAlex snapshot: of all works those parts that a release has added since the mark, by their manifest.

A part holds the works that last changed on a day, and a release moves works between parts. So the manifest is read
again after the parts: where it changed meanwhile, what came is of two releases and the mark stays where it was. The
whole is some 670 GB, therefore the first run has to be told from which day on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import orjson

from etl.errors import AnswerError, NetworkError
from etl.fetchers.base import DAY, Action, Answer, Ask, Download, Fetcher, Mark, Plan, Task, advanced, is_json

_PART = re.compile(r"/updated_date=(\d{4}-\d\d-\d\d)/(\w[\w.-]{0,80})")


@dataclass(frozen=True, order=True)
class _Part:
    """One file of a release; `size` is in bytes."""

    day: dt.date
    name: str
    size: int | None


def plan(task: Task) -> Plan:
    """The parts after the mark, oldest first; the mark is the newest day of a release that was read whole."""
    known = task.day("day")
    if not known and not task.since:
        raise AnswerError(task.url, "nothing is known yet and the whole snapshot has some 670 GB; name --since DAY")
    due = known + DAY if known else task.today
    first = task.since or due
    listed = yield from _manifest(task.url)
    wanted = [part for part in listed if first <= part.day <= (task.until or part.day)]
    for part in wanted:
        # Parts lie beside their manifest, also on a mirror: what it says of other places is not followed.
        url = urljoin(task.url, f"updated_date={part.day}/{part.name}")
        yield Download(url, f"openalex-works-{part.day}-{part.name}", part.size)
    if (yield from _manifest(task.url)) != listed:
        raise NetworkError(task.url, "the manifest changed while its parts were fetched; the mark stays where it was")
    if wanted:
        yield Mark(advanced("day", known, due, first, wanted[-1].day))


def _manifest(url: str) -> Generator[Action, Answer, list[_Part]]:
    """The parts of a release. Its manifest is written last: while there is none, a release is on its way."""
    answer = yield Ask(url, is_whole=is_json, conditional=False, accepts=(200, 404))
    if answer.status == 404:
        raise NetworkError(url, "there is no manifest, as while a release is written")
    return _parts(url, answer.body)


def _parts(url: str, body: bytes) -> list[_Part]:
    """All parts of a manifest, by day; raises AnswerError where it is none."""
    try:
        manifest: Any = orjson.loads(body)
        # Until 2026 they were called entries.
        files = manifest["files"] if "files" in manifest else manifest["entries"]
        return sorted(_part(file) for file in files)
    except (KeyError, TypeError, ValueError):
        raise AnswerError(url, "found no list of parts, wanted the manifest of an entity") from None


def _part(file: Any) -> _Part:
    found = _PART.search(file["url"])
    if not found or not file["url"].endswith(found[0]):
        raise ValueError(file["url"])
    size = file.get("meta", {}).get("content_length")
    return _Part(dt.date.fromisoformat(found[1]), found[2], int(size) if size is not None else None)


FETCHER = Fetcher(
    title="OpenAlex snapshot, the works that changed; from --since on in the first run",
    url="https://openalex.s3.amazonaws.com/data/jsonl/works/manifest.json",
    publisher="openalex",
    by_default=False,
    plan=plan,
)

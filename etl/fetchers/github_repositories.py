"""The GitHub REST interface: metadata of repositories, and on request how many stars each gained on which day.

The answers of a run are the lines of one file, star histories those of another. What did not change since it was last
asked for is a 304, which costs nothing of the hourly allowance and is no line.
"""

from __future__ import annotations

from typing import Any

import orjson

from etl.errors import BusyError, EtlError
from etl.fetchers.base import REPOSITORY, Answer, Ask, Fetcher, Keep, Mark, Plan, Task, is_json, json_list

# 404 is gone or private, 451 taken down, 403 blocked for another reason.
_TOLD = (200, 403, 404, 451)
WEEKS = 30
MOST_PAGES = 100


def plan(task: Task) -> Plan:
    """Each repository once, those asked for longest ago first. The mark of each is the day that it was asked for."""
    named = dict.fromkeys(name for name in task.repositories if REPOSITORY.fullmatch(name))
    wanted = sorted(named, key=lambda name: str(task.marks.get(_asked(name), "")))
    found: dict[str, list[bytes]] = {"github_repositories": [], "github_star_history": []}
    marks: dict[str, str] = {}
    try:
        for name in wanted[: task.most_repositories]:
            yield from _repository(task, name, found, marks)
    except (EtlError, KeyboardInterrupt):
        # What came before the failure is whole: the next run goes on after it.
        yield from _end(task, found, marks)
        raise
    yield from _end(task, found, marks)


def _end(task: Task, found: dict[str, list[bytes]], marks: dict[str, str]) -> Plan:
    stamp = task.now.strftime("%Y-%m-%dT%H%M%SZ")
    files = [(f"{source}-{stamp}.jsonl", b"".join(lines)) for source, lines in found.items() if lines]
    for name, body in files[:-1]:
        yield Keep(name, body, {})
    # With the last file the marks are moved: what is cut off before is asked for again.
    yield Keep(*files[-1], marks) if files else Mark(marks)


def _asked(name: str) -> str:
    return f"{name.lower()} asked"


def _repository(task: Task, name: str, found: dict[str, list[bytes]], marks: dict[str, str]) -> Plan:
    url = f"{task.url}/repos/{name}"
    # A history of gains is counted back from the present number of stars, which a 304 does not say.
    answer = yield Ask(url, is_whole=is_json, accepts=_TOLD, conditional=not task.with_stargazers)
    if answer.status == 403 and b"rate limit" in answer.body:
        raise BusyError(url, "status 403, a rate limit")
    if answer.status != 304:
        status = answer.hops[0] if answer.hops and answer.status == 200 else answer.status
        body = orjson.loads(answer.body) if answer.status == 200 else None
        found["github_repositories"].append(_line(task, name, {"status": status, "repository": body}))
    if task.with_stargazers and answer.status == 200:
        weeks: list[Any] = []
        yield from _stargazers(task, name, weeks)
        if weeks:
            stars = body.get("stargazers_count") if isinstance(body, dict) else None
            history = {"stargazers_count": stars, "stargazers_history": weeks}
            found["github_star_history"].append(_line(task, name, history))
            marks[f"{name.lower()} stars"] = task.today.isoformat()
    marks[_asked(name)] = task.today.isoformat()


def _stargazers(task: Task, name: str, weeks: list[Any]) -> Plan:
    """Collects the weeks of a repository, newest first: all of them, or those since they were last asked for."""
    known = task.day(f"{name.lower()} stars")
    for page in range(1, MOST_PAGES + 1):
        url = f"{task.url}/repos/{name}/stargazers/history?per_page={WEEKS}&page={page}"
        answer = yield Ask(url, is_whole=is_json, conditional=False, accepts=_TOLD)
        found = json_list(url, answer.body) if answer.status == 200 else []
        weeks += found
        is_covered = known is not None and len(weeks) * 7 > (task.today - known).days
        if is_covered or not found or not _has_next(answer):
            return


def _has_next(answer: Answer) -> bool:
    return 'rel="next"' in answer.headers.get("link", "")


def _line(task: Task, name: str, found: dict[str, Any]) -> bytes:
    return orjson.dumps({"requested": name, "fetched_on": task.today, **found}) + b"\n"


FETCHER = Fetcher(
    title="GitHub repositories, metadata and stargazer history",
    url="https://api.github.com",
    publisher="github",
    plan=plan,
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    has_token=True,
    asks_by_repository=True,
    by_default=False,
)

"""How code hosts are asked what became of a repository: the addresses, and the plan of a run.

A run asks one host, of the repositories that are wanted those first that were never asked for, then those asked for
longest ago. Each answer is a line of one file, as it came, with the day; what is read out of it is for the source
`resolved` to say. A 304 costs nothing of an allowance: its line repeats the figures that it confirms. When the host
wants to be left alone, the run ends, and later ones wait as long as it asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from etl.errors import AnswerError, BusyError, EtlError, ForbiddenPlaceError, NetworkError
from etl.fetchers.base import Answer, Ask, Fetcher, Keep, Mark, Note, Plan, Task, is_json

# Lines of one file: a run that is killed asks at most for so many again.
LINES = 1_000
# Repositories one after another that a host does not answer for: then it is the host that fails.
MOST_FAILURES = 3
# Requests of an allowance that are left to others who share it.
RESERVE = 5
_NOT_BEFORE = "not before"
# GitHub asks for a minute at least; no header can keep us away for longer than a day.
_LEAST_WAIT, _MOST_WAIT = dt.timedelta(minutes=1), dt.timedelta(days=1)
# What is not accepted is asked for again, or ends the run; all else is an answer about the repository.
_TOLD = (200, *range(400, 500))


@dataclass(frozen=True)
class Host:
    """A code host: the address of its API, the path of a repository there, and the fields of an answer that count."""

    url: str
    path: Callable[[str], str]
    kept: frozenset[str]
    publisher: str
    has_token: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0


def _kept(names: str) -> frozenset[str]:
    return frozenset(names.split())


HOSTS: Mapping[str, Host] = {
    "github.com": Host(
        url="https://api.github.com",
        path=lambda name: f"/repos/{name}",
        kept=_kept(
            "id full_name html_url stargazers_count forks_count language license archived disabled size created_at "
            "pushed_at"
        ),
        publisher="github",
        has_token=True,
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    ),
    "gitlab.com": Host(
        url="https://gitlab.com",
        path=lambda name: f"/api/v4/projects/{quote(name, safe='')}",
        kept=_kept("id path_with_namespace star_count forks_count archived empty_repo"),
        publisher="gitlab",
        pause_seconds=0.2,
    ),
    "codeberg.org": Host(
        url="https://codeberg.org",
        path=lambda name: f"/api/v1/repos/{name}",
        kept=_kept("id full_name stars_count forks_count language archived empty"),
        publisher="codeberg",
        pause_seconds=0.2,
    ),
    "bitbucket.org": Host(
        url="https://api.bitbucket.org",
        path=lambda name: f"/2.0/repositories/{name}",
        kept=_kept("uuid full_name language size"),
        publisher="bitbucket",
        pause_seconds=0.2,
    ),
}


def fetcher(name: str) -> Fetcher:
    """How a host is asked, for whoever carries plans out."""
    host = HOSTS[name]
    return Fetcher(
        title=f"Repositories at {name}",
        url=host.url,
        publisher=host.publisher,
        plan=lambda task: plan(name, task),
        headers=host.headers,
        pause_seconds=host.pause_seconds,
        has_token=host.has_token,
        by_default=False,
    )


def plan(name: str, task: Task) -> Plan:
    """Asks a host for the repositories of a task, which are canonical URLs at that host, each once a day at most."""
    waits_until = task.marks.get(_NOT_BEFORE, "")
    if waits_until > task.now.isoformat():
        yield Note(f"asks not to be asked before {waits_until}")
        return
    run = _Run(name, HOSTS[name], task)
    try:
        yield from run.asks()
    except (EtlError, KeyboardInterrupt):
        # What came before the failure is whole: the next run goes on after it.
        yield from run.keeps()
        raise
    yield from run.keeps()


class _Run:
    """One run at one host: the lines and marks that were not written down yet."""

    def __init__(self, name: str, host: Host, task: Task) -> None:
        self._name, self._host, self._task = name, host, task
        self._lines: list[bytes] = []
        self._marks: dict[str, Any] = {}
        self._files = 0

    def asks(self) -> Plan:
        """Asks until all is asked for, the budget is used up, or the host has enough."""
        failures = 0
        due = self._due()
        for done, url in enumerate(due, 1):
            try:
                answer = yield self._request(url)
            except BusyError as busy:
                yield from self._leaves(busy.wait_seconds, len(due) - done + 1)
                return
            except (NetworkError, AnswerError, ForbiddenPlaceError) as problem:
                # It has had its turn, so that the next run does not stumble over the same ones.
                self._marks[url] = {**self._known(url), "asked": self._task.today.isoformat()}
                failures += 1
                if failures == MOST_FAILURES:
                    raise
                yield Note(str(problem))
                continue
            failures = 0
            if (wait := _enough(answer)) is not None:
                yield from self._leaves(wait, len(due) - done + 1)
                return
            self._takes(url, answer)
            if len(self._lines) == LINES:
                yield from self.keeps()
            if (wait := _allowance(answer, self._task.now)) is not None and done < len(due):
                yield from self._leaves(wait, len(due) - done)
                return

    def _due(self) -> list[str]:
        today = self._task.today.isoformat()
        asked = {url: str(self._known(url).get("asked", "")) for url in dict.fromkeys(self._task.repositories)}
        due = sorted((url for url in asked if asked[url] != today), key=lambda url: asked[url])
        return due[: self._task.most_repositories]

    def _known(self, url: str) -> dict[str, Any]:
        return dict(self._task.marks.get(url, {}))

    def _request(self, url: str) -> Ask:
        path = self._host.path(urlsplit(url).path.strip("/"))
        # What could not be read the last time is not to be confirmed.
        is_readable = self._known(url).get("body", {}) is not None
        return Ask(self._task.url + path, is_whole=is_json, accepts=_TOLD, conditional=is_readable)

    def _takes(self, url: str, answer: Answer) -> None:
        """Writes down an answer, and what a later 304 will confirm."""
        if answer.status == 401:
            raise AnswerError(answer.url, "status 401, the host refuses our token")
        today = self._task.today.isoformat()
        known = self._known(url)
        if answer.status == 304:
            found, since = known["body"], known["since"]
        else:
            found = orjson.loads(answer.body) if is_json(answer.body) else None
            since = today
        line = {
            "repository": url,
            "asked": self._task.url + self._host.path(urlsplit(url).path.strip("/")),
            "answered": answer.url,
            "status": answer.status,
            "hops": list(answer.hops),
            "fetched_on": today,
            "unchanged_since": since,
            "etag": answer.headers.get("etag"),
            "date": answer.headers.get("date"),
            "body": found,
        }
        self._lines.append(orjson.dumps(line) + b"\n")
        self._marks[url] = {**known, "asked": today}
        if answer.status == 200:
            is_readable = isinstance(found, dict)
            kept = {key: found[key] for key in found if key in self._host.kept} if is_readable else None
            self._marks[url] |= {"since": since, "body": kept}

    def _leaves(self, seconds: float, left: int) -> Plan:
        """Ends politely: says until when, and lets later runs know."""
        wait = min(max(dt.timedelta(seconds=min(seconds, _MOST_WAIT.total_seconds())), _LEAST_WAIT), _MOST_WAIT)
        until = (self._task.now + wait).isoformat(timespec="seconds")
        self._marks[_NOT_BEFORE] = until
        yield Note(f"has had enough until {until}; repositories left for later runs: {left}")

    def keeps(self) -> Plan:
        """Writes down what there is; with a file the marks are moved, what is cut off before is asked for again."""
        if self._lines:
            self._files += 1
            stamp = self._task.now.strftime("%Y-%m-%dT%H%M%SZ")
            yield Keep(f"resolved-{self._name}-{stamp}-{self._files:04}.jsonl", b"".join(self._lines), self._marks)
        elif self._marks:
            yield Mark(self._marks)
        self._lines, self._marks = [], {}


def _enough(answer: Answer) -> float | None:
    """The seconds to wait after a refusal that speaks of a limit without saying how long; None where it is none."""
    return 0.0 if answer.status == 403 and b"rate limit" in answer.body.lower() else None


def _allowance(answer: Answer, now: dt.datetime) -> float | None:
    """The seconds until a new allowance, where this one is as good as used up; else None."""
    left = _number(answer.headers, "x-ratelimit-remaining", "ratelimit-remaining")
    reset = _number(answer.headers, "x-ratelimit-reset", "ratelimit-reset")
    if left is None or left > RESERVE:
        return None
    return max(0.0, reset - now.timestamp()) if reset is not None else 0.0


def _number(headers: Mapping[str, str], *names: str) -> int | None:
    found = next((headers[name] for name in names if name in headers), "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 16 else None

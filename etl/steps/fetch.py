"""Brings new dumps of one source from the network into the inbox, where `ingest` finds them.

The plan of the source's fetcher says what to ask for; this carries it out. A file appears whole or not at all, and what
is known of a fetch is written down once its file is in place: a run that ends early repeats its last request.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from etl import addresses, database, fetchers, network, storage
from etl.errors import AnswerError, EtlError, NothingPublishedError, SettingsError, UnknownNameError
from etl.fetchers.base import REPOSITORY, Action, Answer, Ask, Download, Fetcher, Keep, Mark, Note, Plan, Task
from etl.settings import MIB, Settings

Advance = Callable[[str, int, int], None]
# What a plan reads is held in memory: pages and listings, never parts.
_MOST_READ = 64 * MIB
_FILE_NAME = re.compile(r"\w[\w.-]{0,200}", re.ASCII)
# GitHub repositories by when their host was last heard of, those never heard of first.
_REPOSITORIES = """
SELECT any_value(owner || '/' || name)
FROM core.repositories
LEFT JOIN core.repository_observations USING (repository_url)
WHERE host = 'github.com' AND owner IS NOT NULL AND name IS NOT NULL
GROUP BY repository_url
ORDER BY max(observed_on) NULLS FIRST, repository_url
"""


@dataclass(frozen=True)
class Wanted:
    """What the caller asks for; days are inclusive, `repositories` are `owner/name`."""

    since: dt.date | None = None
    until: dt.date | None = None
    repositories: tuple[str, ...] = ()
    with_stargazers: bool = False


@dataclass
class Fetched:
    """What came of a source: names of new files, answers that said that nothing changed, and why it ended early."""

    source: str
    files: list[str] = field(default_factory=list)
    unchanged: int = 0
    requests: int = 0
    notes: list[str] = field(default_factory=list)
    failure: EtlError | None = None


@dataclass
class State:
    """What is known of a source: the plan's marks, what each address said of its version, the sha256 of each file."""

    marks: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def known(settings: Settings, source: str) -> State:
    """What earlier runs wrote down of a source."""
    return State(**storage.read_or(settings.fetch_state(source), dict))


def fetch(
    settings: Settings,
    source: str,
    wanted: Wanted,
    now: dt.datetime,
    advance: Advance = lambda what, done, total: None,
    look_up: addresses.Resolver = addresses.resolve,
) -> Fetched:
    """Fetches what a source has that is new. What failed is in the result, beside what came before it.

    Raises UnknownNameError where no fetcher has that name.
    """
    fetcher = fetchers.load(source)
    return carried_out(
        settings, source, fetcher, lambda state: _task(settings, source, wanted, now, state), advance, look_up
    )


def carried_out(
    settings: Settings,
    source: str,
    fetcher: Fetcher,
    start: Callable[[State], Task],
    advance: Advance = lambda what, done, total: None,
    look_up: addresses.Resolver = addresses.resolve,
) -> Fetched:
    """What came of a fetcher's plan, which starts from what `start` makes of the state under the name of the source.

    One process at a time asks a publisher. A failure is in the result, beside what came before it.
    """
    done = Fetched(source)
    try:
        with storage.taking_turns(settings.fetch_turn(fetcher.publisher)):
            state = known(settings, source)
            task = start(state)
            pause = settings.fetching.pause_seconds
            pause = fetcher.pause_seconds if pause is None else pause
            client = network.Client(settings.fetching, {fetcher.url, task.url}, pause, look_up)
            _Run(settings, fetcher, client, state, done, advance).carry_out(fetcher.plan(task))
    except EtlError as problem:
        done.failure = problem
    return done


def _task(settings: Settings, source: str, wanted: Wanted, now: dt.datetime, state: State) -> Task:
    fetcher, fetching = fetchers.load(source), settings.fetching
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise SettingsError("--since", str(wanted.since), f"a day until {wanted.until}")
    for name in fetching.urls:
        if name not in fetchers.names():
            raise UnknownNameError("source of a setting ETL_FETCH_…_URL", name, fetchers.names())
    return Task(
        url=fetching.urls.get(source, fetcher.url),
        now=now,
        marks=dict(state.marks),
        since=wanted.since,
        until=wanted.until,
        categories=fetching.categories,
        repositories=_repositories(settings, wanted) if fetcher.asks_by_repository else (),
        most_repositories=fetching.repositories,
        with_stargazers=wanted.with_stargazers,
    )


def _repositories(settings: Settings, wanted: Wanted) -> tuple[str, ...]:
    """The repositories that the caller named, else those of the published snapshot."""
    for name in wanted.repositories:
        if not REPOSITORY.fullmatch(name):
            raise SettingsError("--repository", name, "owner/name as on github.com")
    if wanted.repositories:
        return wanted.repositories
    if not settings.current_database.exists():
        raise NothingPublishedError(str(settings.warehouse))
    with database.connect(
        settings.current_database.resolve(), read_only=True, memory_limit=settings.memory_limit
    ) as connection:
        return tuple(name for (name,) in connection.execute(_REPOSITORIES).fetchall())


class _Run:
    """One fetch of one source, while its publisher is held."""

    def __init__(
        self,
        settings: Settings,
        fetcher: Fetcher,
        client: network.Client,
        state: State,
        done: Fetched,
        advance: Advance,
    ) -> None:
        self._settings, self._source, self._fetcher = settings, done.source, fetcher
        self._client, self._state, self._done, self._advance = client, state, done, advance
        self._versions: dict[str, dict[str, str]] = {}

    def carry_out(self, plan: Plan) -> None:
        """Does what the plan says until it ends. It hears of failures, and may keep what it has before it gives up."""
        self._settings.inbox.mkdir(parents=True, exist_ok=True)
        # Nobody else fetches this source now: what a killed run left is garbage.
        for left in self._settings.inbox.glob(f".{self._source}-*.tmp"):
            left.unlink(missing_ok=True)
        try:
            action = next(plan)
            while True:
                try:
                    answer = self._do(action)
                except (EtlError, KeyboardInterrupt) as problem:
                    action = plan.throw(problem)
                else:
                    action = plan.send(answer)
        except StopIteration:
            return

    def _do(self, action: Action) -> Answer:
        match action:
            case Ask():
                return self._ask(action)
            case Download():
                return self._download(action)
            case Keep():
                self._write(action.name, [action.data])
                self._note_down(action.marks)
            case Mark():
                self._note_down(action.marks)
            case Note():
                self._done.notes.append(f"{self._source}: {action.text}")
        return Answer()

    def _ask(self, ask: Ask) -> Answer:
        def take(answer: network.Answer) -> Answer:
            body = b"".join(_no_more_than(_MOST_READ, ask.url, answer.body()))
            if answer.status == 200 and not ask.is_whole(body):
                raise network.IncompleteError("the answer is not whole")
            return Answer(answer.status, body, answer.headers, answer.hops, answer.url)

        known = self._state.versions.get(ask.url, {}) if ask.conditional else {}
        headers = {**self._fetcher.headers, "Accept-Encoding": "gzip", **known}
        answer = self._get(ask.url, take, headers, {*ask.accepts, *([304] if known else [])})
        if ask.conditional and answer.status == 200:
            self._versions[ask.url] = _version(answer)
        return answer

    def _download(self, download: Download) -> Answer:
        def take(answer: network.Answer) -> Answer:
            if answer.status == 200:
                self._write(download.name, self._checked(download, answer))
            return Answer(answer.status, b"", answer.headers, answer.hops, answer.url)

        is_here = download.name in self._state.files
        known = self._state.versions.get(download.url, {}) if is_here else {}
        headers = {**self._fetcher.headers, "Accept-Encoding": "identity", **known}
        answer = self._get(download.url, take, headers, {200, *([304] if known else [])})
        if answer.status == 200:
            self._versions[download.url] = _version(answer)
            self._note_down({})
        return answer

    def _get(
        self, url: str, take: Callable[[network.Answer], Answer], headers: dict[str, str], accepts: set[int]
    ) -> Answer:
        self._done.requests += 1
        token = self._settings.fetching.github_token if self._fetcher.has_token else ""
        answer = self._client.get(url, take, headers=headers, token=token, accepts=accepts)
        self._done.unchanged += answer.status == 304
        return answer

    def _checked(self, download: Download, answer: network.Answer) -> Iterator[bytes]:
        """The pieces of a file as they come, if it is gzip to its end mark and as large as the listing says."""
        gunzip, received = network.Gunzip(), 0
        for piece in answer.raw:
            received += len(piece)
            for _ in gunzip.feed(piece):
                pass
            self._advance(f"fetch {download.name}", received, answer.size or download.size or received)
            yield piece
        if not gunzip.is_whole:
            raise network.IncompleteError("the compressed file ends too soon")
        if download.size not in (None, received):
            raise network.IncompleteError(f"{received} bytes came, the listing says {download.size}")

    def _write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Puts a file into the inbox, unless the last one of this name was the same."""
        if not _FILE_NAME.fullmatch(name):
            raise AnswerError(self._source, f"{name!r} is no name for a file")
        path = self._settings.inbox / name
        aside = path.with_name(f".{name}.{os.getpid()}.tmp")
        digest = hashlib.sha256()
        try:
            with aside.open("wb") as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if self._state.files.get(name) == digest.hexdigest():
                self._done.unchanged += 1
                return
            # It is whole: `ingest` need not wait and see whether it still grows.
            settled = time.time() - self._settings.settle_seconds - 1
            os.utime(aside, (settled, settled))
            storage.keep(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        self._state.files[name] = digest.hexdigest()
        self._done.files.append(name)

    def _note_down(self, marks: Any) -> None:
        marked = {**self._state.marks, **marks}
        self._state.marks = {key: value for key, value in marked.items() if value is not None}
        self._state.versions |= {url: version for url, version in self._versions.items() if version}
        self._versions.clear()
        storage.write_json(self._settings.fetch_state(self._source), asdict(self._state))


def _version(answer: Answer) -> dict[str, str]:
    """The headers that ask for this answer again only if it has changed."""
    named = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    return {header: answer.headers[name] for header, name in named.items() if answer.headers.get(name)}


def _no_more_than(most: int, url: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    received = 0
    for piece in pieces:
        received += len(piece)
        if received > most:
            raise AnswerError(url, f"more than {most} bytes, wanted a page or a listing")
        yield piece

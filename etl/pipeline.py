"""The six steps in order, and `fetch` before them: the only composer, all that the command line and the DAGs call."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from etl import ledger, rejected, storage, validation
from etl.errors import LockHeldError, UnknownNameError
from etl.ledger import Batch, Commit, Report
from etl.rejected import Chosen
from etl.settings import Settings
from etl.steps import ingest as ingesting
from etl.steps import normalise as normalising
from etl.steps.ingest import Ingested

if TYPE_CHECKING:
    from etl.steps.as_of import AsOf
    from etl.steps.digest import Digested
    from etl.steps.fetch import Fetched

Progress = Callable[[str, int, int], None]
STEPS = ("ingest", "normalise", "validate", "load", "build", "publish")


def _silent(step: str, done: int, total: int) -> None:
    """Shows no progress."""


@dataclass
class _Entry:
    """One line of the journal, see `ops.runs`."""

    run: str
    step: str
    started_at: str
    seconds: float = 0.0
    read: int = 0
    written: int = 0
    failed: int = 0


def _run_name() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}Z-{os.getpid()}"


@contextmanager
def _journal(settings: Settings, step: str) -> Iterator[_Entry]:
    """Writes down what a step did, if it did something."""
    entry = _Entry(_run_name(), step, dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds"))
    begun = time.monotonic()
    yield entry
    entry.seconds = round(time.monotonic() - begun, 3)
    if entry.written or entry.failed:
        storage.append_line(settings.reports / "runs.jsonl", asdict(entry))


def fetchable(settings: Settings) -> list[dict[str, Any]]:
    """Each source that can be fetched: what it is, how far it was fetched, and whether the DAG does it unless told."""
    from etl import fetchers
    from etl.steps import fetch as fetching

    found = []
    for source in fetchers.names():
        fetcher, state = fetchers.load(source), fetching.known(settings, source)
        days = {key: mark for key, mark in state.marks.items() if isinstance(mark, str)}
        about = {"source": source, "what": fetcher.title, "files": len(state.files)}
        found.append({**about, "fetched_until": max(days.values(), default=None), "by_default": fetcher.by_default})
    return found


def fetch(
    settings: Settings,
    sources: Sequence[str],
    progress: Progress = _silent,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    repositories: Sequence[str] = (),
    with_stargazers: bool = False,
) -> list[Fetched]:
    """Brings new dumps of these sources from the network into the inbox. One that fails says so and stops no other.

    Raises UnknownNameError before anything is asked for.
    """
    from etl import fetchers
    from etl.steps import fetch as fetching

    for source in sources:
        fetchers.load(source)
    wanted, found = fetching.Wanted(since, until, tuple(repositories), with_stargazers), []
    for source in sources:
        with _journal(settings, "fetch") as entry:
            done = fetching.fetch(settings, source, wanted, dt.datetime.now(dt.UTC), progress)
            entry.read, entry.written, entry.failed = done.requests, len(done.files), int(done.failure is not None)
        found.append(done)
    return found


def resolve(
    settings: Settings,
    hosts: Sequence[str] = (),
    repositories: Sequence[str] = (),
    progress: Progress = _silent,
) -> list[Fetched]:
    """Asks these code hosts, or all that are allowed, what became of the repositories that papers link to, or of those
    that are named. The answers are dumps in the inbox. A host that fails says so and stops no other.

    Raises UnknownNameError or SettingsError before anything is asked for.
    """
    from etl.steps import resolve as resolving

    named = resolving.by_host(settings, repositories)
    wanted = list(hosts) or [host for host in settings.resolving.hosts if host in named or not repositories]
    for host in wanted:
        if host not in settings.resolving.hosts:
            raise UnknownNameError("host", host, sorted(settings.resolving.hosts))
    found = []
    for host in wanted:
        with _journal(settings, "resolve") as entry:
            done = resolving.resolve(settings, host, named.get(host, ()), dt.datetime.now(dt.UTC), progress)
            entry.read, entry.written, entry.failed = done.requests, len(done.files), int(done.failure is not None)
        found.append(done)
    return found


def ingest(
    settings: Settings,
    paths: Sequence[str | Path] = (),
    observed_on: dt.date | None = None,
    in_place: bool = False,
) -> Ingested:
    """Brings files into the warehouse; without paths, what is settled in the inbox."""
    with _journal(settings, "ingest") as entry:
        done = ingesting.ingest(settings, paths, observed_on, in_place)
        entry.read, entry.written, entry.failed = len(done.deliveries), done.new, len(done.problems)
    return done


def plan(settings: Settings) -> list[str]:
    """The batches that are due for normalise or validate."""
    from etl.steps import validate as validating

    planned = [batch.batch_id for batch in normalising.plan(settings)]
    return planned + [commit.batch_id for commit in validating.due(settings) if commit.batch_id not in planned]


def normalise(settings: Settings, batch_ids: Sequence[str] | None = None, progress: Progress = _silent) -> list[Commit]:
    """Normalises these batches, or all that are due."""
    due = normalising.plan(settings) if batch_ids is None else [_batch(settings, batch_id) for batch_id in batch_ids]
    sizes = {delivery.dump_id: delivery.bytes for delivery in ledger.deliveries(settings)}
    total = sum(sizes.get(dump_id, 0) for batch in due for dump_id in batch.dump_ids)
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress("normalise", done, total)

    with normalising.Workers(settings) as workers:
        return [_normalise(settings, batch, workers, advance) for batch in due]


def _normalise(
    settings: Settings, batch: Batch, workers: normalising.Workers, advance: Callable[[int], None]
) -> Commit:
    with _journal(settings, "normalise") as entry:
        is_new = not settings.commit(batch.batch_id).exists()
        commit = normalising.normalise(settings, batch, workers, advance)
        if is_new:
            entry.read = len(batch.dump_ids)
            entry.written = sum(outcome.total("accepted") for outcome in commit.outcomes)
            entry.failed = sum(outcome.reason is not None for outcome in commit.outcomes)
    return commit


def _batch(settings: Settings, batch_id: str) -> Batch:
    """A planned batch; one that was committed long ago may have lost its plan."""
    path = settings.staging / "planned" / f"{batch_id}.json"
    if path.exists():
        return ledger.read_plan(settings, batch_id)
    if not settings.commit(batch_id).exists():
        raise UnknownNameError("batch", batch_id, plan(settings))
    commit = ledger.read_commit(settings, batch_id)
    dump_ids = tuple(outcome.dump_id for outcome in commit.outcomes)
    return Batch(batch_id, commit.source, commit.parser_version, dump_ids, commit.replay)


def validate(settings: Settings, batch_ids: Sequence[str] | None = None) -> list[Report]:
    """Validates these batches, or all that are due."""
    from etl.steps import validate as validating

    due = validating.due(settings)
    if batch_ids is not None:
        due = [commit for commit in due if commit.batch_id in batch_ids]
    with _journal(settings, "validate") as entry:
        reports = validating.validate(settings, due)
        entry.read = entry.written = len(reports)
        entry.failed = sum(len(report.refused) for report in reports)
    return reports


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """The right to load, build and publish; raises LockHeldError where another run has it."""
    for folder in (settings.staging, settings.rejected, settings.scratch, settings.published, settings.state):
        folder.mkdir(parents=True, exist_ok=True)
    with storage.writer_lock(settings.lock):
        yield


def load(settings: Settings) -> int:
    """Makes the working database hold the admitted dumps. Returns how many came in or went out."""
    with writing(settings):
        return _load(settings)


def _load(settings: Settings) -> int:
    from etl.steps import load as loading

    with _journal(settings, "load") as entry:
        done = loading.load(settings)
        entry.read, entry.written = done.added + done.removed, done.papers
    return done.added + done.removed


def build(settings: Settings) -> tuple[str, ...]:
    """Builds the marts if something changed. Returns the tables that were made."""
    with writing(settings):
        return _build(settings)


def _build(settings: Settings) -> tuple[str, ...]:
    from etl.steps import build as building
    from etl.steps import load as loading

    if not settings.database.exists():
        loading.load(settings)
    with _journal(settings, "build") as entry:
        built = building.build(settings)
        entry.written = len(built.tables)
    return built.tables


def build_as_of(settings: Settings, day: dt.date) -> AsOf:
    """Makes the warehouse as it was known on a day, in a folder of its own; readers and the next run see none of it."""
    from etl.steps import as_of

    with _journal(settings, "build_as_of") as entry:
        done = as_of.build_as_of(settings, day)
        entry.read, entry.written = done.dumps, 1
    return done


def publish(settings: Settings) -> str:
    """Publishes what was built, if readers do not see it yet. Returns the name of the snapshot."""
    with writing(settings):
        return _publish(settings)


def _publish(settings: Settings) -> str:
    from etl.steps import publish as publishing

    _build(settings)
    with _journal(settings, "publish") as entry:
        published = publishing.publish(settings)
        entry.written = int(published.is_new)
    return published.snapshot


@dataclass
class Run:
    """What a run did: new deliveries, a line for each problem, and the snapshot that readers see now."""

    ingested: Ingested
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    snapshot: str = ""

    @property
    def problems(self) -> list[str]:
        """All that failed, a line each."""
        return [*self.ingested.problems, *self.refused]


def run(
    settings: Settings,
    paths: Sequence[str | Path] = (),
    observed_on: dt.date | None = None,
    progress: Progress = _silent,
    in_place: bool = False,
) -> Run:
    """All six steps. A dump that fails is reported, the others are done.

    Raises LockHeldError at once where another run writes.
    """
    _refuse_a_second(settings)
    done = Run(ingest(settings, paths, observed_on, in_place))
    named = {delivery.dump_id for delivery in done.ingested.deliveries} if paths else set()
    return _carry_on(settings, done, named, progress)


def _refuse_a_second(settings: Settings) -> None:
    if storage.is_locked(settings.lock):
        raise LockHeldError(str(settings.lock))


def _carry_on(settings: Settings, done: Run, named: set[str], progress: Progress) -> Run:
    """What follows on ingest. `named` dumps are reported also where they were refused before."""
    if not settings.database.exists() or done.ingested.new:
        # Great Expectations takes seconds to import, which the workers can use to read.
        threading.Thread(target=validation.preload, daemon=True).start()
    commits = normalise(settings, progress=progress)
    reports = validate(settings)
    batch_ids = {commit.batch_id for commit in commits} | {report.batch_id for report in reports}
    done.refused = refused(settings, sorted(batch_ids), named)
    done.notes = done.ingested.left + unknown_fields(settings, commits)
    with writing(settings):
        _load(settings)
        _build(settings)
        done.snapshot = _publish(settings)
    return done


@dataclass(frozen=True)
class Replay:
    """What became of rejected records that were read again: how many there were, how many are rejected still."""

    run: Run
    dumps: int
    before: int
    after: int


def replay(settings: Settings, chosen: Chosen, progress: Progress = _silent) -> Replay:
    """Reads the dumps of rejected records again and publishes; what loads now loads once, the rest stays as it was."""
    _refuse_a_second(settings)
    before = rejected.mark(settings, chosen)
    dump_ids = set(before.get_column("dump_id"))
    done = _carry_on(settings, Run(Ingested()), dump_ids, progress)
    after = rejected.records(settings, chosen).filter(pl.col("dump_id").is_in(list(dump_ids)))
    return Replay(done, len(dump_ids), before.height, after.height)


def refused(settings: Settings, batch_ids: Sequence[str], dump_ids: set[str] | None = None) -> list[str]:
    """A line for each dump that these batches refused, or that is among `dump_ids` and was refused before."""
    names = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(settings)}
    approved = ledger.approvals(settings)
    lines = {}
    for commit, outcome in ledger.latest_commits(settings, normalising.parser_version):
        if commit.batch_id not in batch_ids and outcome.dump_id not in (dump_ids or ()):
            continue
        report = ledger.read_report(settings, commit.batch_id)
        reason = f"{outcome.reason}: {outcome.detail}" if outcome.reason else None
        if not reason and report:
            reason = report.reason(outcome.dump_id, approved)
        if reason and outcome.dump_id in names:
            lines[names[outcome.dump_id], outcome.dump_id] = f"{names[outcome.dump_id]}: dump refused, {reason}"
    return [lines[key] for key in sorted(lines)]


def unknown_fields(settings: Settings, commits: Sequence[Commit]) -> list[str]:
    """A line for each field of a dump that its source neither maps nor ignores."""
    names = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(settings)}
    return [
        f"{names[outcome.dump_id]}: unknown field {name!r}, neither mapped nor ignored by {commit.source}"
        for commit in commits
        for outcome in commit.outcomes
        for name in outcome.unknown_fields
    ]


def digest(
    settings: Settings, since: dt.date | None = None, names: Sequence[str] = (), out: Path | None = None
) -> Digested:
    """Sends each subscriber what is new; see `etl.steps.digest`."""
    from etl.steps import digest as digesting

    with _journal(settings, "digest") as entry:
        done = digesting.digest(settings, dt.datetime.now(dt.UTC), since, names, out)
        entry.written, entry.failed = len(done.sent), len(done.problems)
    return done


def approve(settings: Settings, dump: str, reason: str) -> str:
    """Admits a dump that is doubted as a whole, named by its id, the start of it, or its file name."""
    dump_id = _dump(settings, dump)
    ledger.write_approvals(settings, {**ledger.approvals(settings), dump_id: reason})
    return dump_id


def withdraw(settings: Settings, dump: str, reason: str) -> str:
    """Withdraws a dump, named by its id, the start of it, or its file name: it is as if it had never come."""
    dump_id = _dump(settings, dump)
    ledger.write_withdrawals(settings, {**ledger.withdrawals(settings), dump_id: reason})
    return dump_id


def _dump(settings: Settings, dump: str) -> str:
    """The one dump of that name; raises UnknownNameError where there is none, or more than one."""
    known = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(settings)}
    found = sorted(dump_id for dump_id, name in known.items() if dump_id.startswith(dump) or name == dump)
    if len(found) != 1:
        names = [f"{dump_id[:12]} {known[dump_id]}" for dump_id in found or sorted(known)]
        raise UnknownNameError("ambiguous dump" if found else "dump", dump, names)
    return found[0]


def restore(settings: Settings, dump: str) -> str:
    """Takes a withdrawal back; the dump is named by its id or the start of it."""
    withdrawn = ledger.withdrawals(settings)
    found = [dump_id for dump_id in withdrawn if dump_id.startswith(dump)]
    if len(found) != 1:
        raise UnknownNameError("withdrawn dump", dump, sorted(withdrawn))
    ledger.write_withdrawals(settings, {dump_id: why for dump_id, why in withdrawn.items() if dump_id != found[0]})
    return found[0]

"""The six steps in order: the only composer. The command line and the DAGs call nothing else."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from etl import ledger, storage, validation
from etl.errors import LockHeldError, UnknownNameError
from etl.ledger import Batch, Commit, Report
from etl.settings import Settings
from etl.steps import ingest as ingesting
from etl.steps import normalise as normalising
from etl.steps.ingest import Ingested

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


def ingest(settings: Settings, paths: Sequence[str | Path] = (), observed_on: dt.date | None = None) -> Ingested:
    """Brings files into the warehouse; without paths, what is settled in the inbox."""
    with _journal(settings, "ingest") as entry:
        done = ingesting.ingest(settings, paths, observed_on)
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
    total = sum(settings.raw_file(dump_id).stat().st_size for batch in due for dump_id in batch.dump_ids)
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
    return Batch(batch_id, commit.source, commit.parser_version, tuple(outcome.dump_id for outcome in commit.outcomes))


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
) -> Run:
    """All six steps. A dump that fails is reported, the others are done.

    Raises LockHeldError at once where another run writes.
    """
    if storage.is_locked(settings.lock):
        raise LockHeldError(str(settings.lock))
    done = Run(ingest(settings, paths, observed_on))
    if not settings.database.exists() or done.ingested.new:
        # Great Expectations takes seconds to import, which the workers can use to read.
        threading.Thread(target=validation.preload, daemon=True).start()
    commits = normalise(settings, progress=progress)
    reports = validate(settings)
    batch_ids = {commit.batch_id for commit in commits} | {report.batch_id for report in reports}
    named = {delivery.dump_id for delivery in done.ingested.deliveries} if paths else set()
    done.refused = refused(settings, sorted(batch_ids), named)
    done.notes = done.ingested.left + unknown_fields(settings, commits)
    with writing(settings):
        _load(settings)
        _build(settings)
        done.snapshot = _publish(settings)
    return done


def refused(settings: Settings, batch_ids: Sequence[str], dump_ids: set[str] | None = None) -> list[str]:
    """A line for each dump that these batches refused, or that is among `dump_ids` and was refused before."""
    names = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(settings)}
    lines = {}
    for commit, outcome in ledger.latest_commits(settings, normalising.parser_version):
        if commit.batch_id not in batch_ids and outcome.dump_id not in (dump_ids or ()):
            continue
        report = ledger.read_report(settings, commit.batch_id)
        reason = f"{outcome.reason}: {outcome.detail}" if outcome.reason else None
        if not reason and report and outcome.dump_id in report.refused:
            reason = f"validation_failed: {report.refused[outcome.dump_id]}"
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


def withdraw(settings: Settings, dump: str, reason: str) -> str:
    """Withdraws a dump, named by its id, the start of it, or its file name: it is as if it had never come."""
    known = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(settings)}
    found = sorted(dump_id for dump_id, name in known.items() if dump_id.startswith(dump) or name == dump)
    if len(found) != 1:
        names = [f"{dump_id[:12]} {known[dump_id]}" for dump_id in found or sorted(known)]
        raise UnknownNameError("ambiguous dump" if found else "dump", dump, names)
    ledger.write_withdrawals(settings, {**ledger.withdrawals(settings), found[0]: reason})
    return found[0]


def restore(settings: Settings, dump: str) -> str:
    """Takes a withdrawal back; the dump is named by its id or the start of it."""
    withdrawn = ledger.withdrawals(settings)
    found = [dump_id for dump_id in withdrawn if dump_id.startswith(dump)]
    if len(found) != 1:
        raise UnknownNameError("withdrawn dump", dump, sorted(withdrawn))
    ledger.write_withdrawals(settings, {dump_id: why for dump_id, why in withdrawn.items() if dump_id != found[0]})
    return found[0]

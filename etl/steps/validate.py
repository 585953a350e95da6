"""Holds staged batches against the expectations, and each dump against what its source gives otherwise.

The verdict is per dump: one bad dump holds back itself alone. A dump that is doubted as a whole, for the share of its
records that was rejected or for its shape, is refused until a person approves it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from etl import database, drift, ledger, sources, validation
from etl.drift import Shape
from etl.ledger import Commit, Outcome, Report
from etl.schemas import STAGED
from etl.settings import Settings
from etl.sources.base import Drift
from etl.steps.normalise import parser_version

# One record that is set aside is no share to speak of, however short the dump.
_MIN_REJECTED = 2


def due(settings: Settings) -> list[Commit]:
    """Batches of the present parsers without a verdict under the present expectations and settings.

    What earlier parsers wrote may lack columns of today, and is not loaded.
    """
    found = []
    for commit in ledger.commits(settings):
        if commit.parser_version != parser_version(commit.source):
            continue
        report = ledger.read_report(settings, commit.batch_id)
        if report is None or report.checked_with != checked_with(settings):
            found.append(commit)
    return found


def checked_with(settings: Settings) -> str:
    """Changes when an expectation or a limit does: batches are then validated again."""
    said = f"{validation.fingerprint()} {settings.rejected_share}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def validate(settings: Settings, commits: Sequence[Commit]) -> list[Report]:
    """Validates batches and keeps a report of each; Data Docs show the last run of each table."""
    with_rows = [commit for commit in commits if any(not outcome.reason for outcome in commit.outcomes)]
    validator = validation.Validator() if with_rows else None
    days = _days(settings)
    # In the order of their days, so that a dump finds those before it judged already.
    ordered = sorted(commits, key=lambda commit: min(days.get(o.dump_id, dt.date.max) for o in commit.outcomes))
    reports = {commit.batch_id: _report(settings, commit, validator, days) for commit in ordered}
    if validator:
        validator.write_docs(settings.reports / "data_docs")
    return [reports[commit.batch_id] for commit in commits]


def _report(
    settings: Settings, commit: Commit, validator: validation.Validator | None, days: dict[str, dt.date]
) -> Report:
    refused: dict[str, str] = {}
    results: list[validation.Result] = []
    shapes: dict[str, Shape] = {}
    dump_ids = [outcome.dump_id for outcome in commit.outcomes if not outcome.reason]
    for table in STAGED:
        parts = database.parquet_files([settings.staged(table, commit.batch_id)])
        if parts and dump_ids and validator:
            found, guilty = validator.validate(table, parts, dump_ids, commit.batch_id)
            results += found
            refused |= {dump_id: reason for dump_id, reason in guilty.items() if dump_id not in refused}
    for table in ("repositories", "papers") if _drift_allowed(commit) else ():
        shapes |= drift.shapes(table, database.parquet_files([settings.staged(table, commit.batch_id)]))
    doubted = dict(_too_many_rejected(settings, commit))
    good = {dump_id: shape for dump_id, shape in shapes.items() if dump_id not in refused and dump_id not in doubted}
    doubted |= _drifted(settings, commit, good, days)
    report = Report(
        commit.batch_id,
        checked_with(settings),
        refused,
        [asdict(result) for result in results],
        doubted,
        {dump_id: asdict(shape) for dump_id, shape in shapes.items()},
    )
    ledger.write_report(settings, report)
    return report


def _days(settings: Settings) -> dict[str, dt.date]:
    """The first day on which each dump was delivered for."""
    found: dict[str, dt.date] = {}
    for delivery in ledger.deliveries(settings):
        found[delivery.dump_id] = min(delivery.observed_on, found.get(delivery.dump_id, dt.date.max))
    return found


def _too_many_rejected(settings: Settings, commit: Commit) -> Iterator[tuple[str, str]]:
    for outcome in commit.outcomes:
        rejected, records = outcome.total("rejected"), outcome.total("records")
        own = sources.load(commit.source).rejected_share if commit.source in sources.names() else None
        limit = settings.rejected_share if own is None else own
        if rejected >= _MIN_REJECTED and rejected > limit * records:
            said = f"{rejected} of {records} records were rejected, wanted at most {limit:.0%}"
            yield outcome.dump_id, f"rejected_share: {said}; see `etl rejected list`, then `etl approve`"


def _drifted(settings: Settings, commit: Commit, shapes: dict[str, Shape], days: dict[str, dt.date]) -> dict[str, str]:
    """Dumps whose shape differs too much from that of the last good dump before them."""
    allowed = _drift_allowed(commit)
    if allowed is None:
        return {}
    approved = ledger.approvals(settings)
    good = _good_shapes(settings, commit, days)
    doubted: dict[str, str] = {}
    for dump_id in sorted(shapes, key=lambda dump_id: (days[dump_id], dump_id)):
        before = max((key for key in good if key < (days[dump_id], dump_id)), default=None)
        said = drift.change(good[before], shapes[dump_id], allowed) if before else None
        if said and dump_id not in approved:
            doubted[dump_id] = f"layout_drift: {said}; look at the dump, then `etl approve` it or mend its source"
        elif shapes[dump_id].records >= drift.MIN_RECORDS:
            good[days[dump_id], dump_id] = shapes[dump_id]
    return doubted


def _drift_allowed(commit: Commit) -> Drift | None:
    return sources.load(commit.source).drift if commit.source in sources.names() else None


def _good_shapes(settings: Settings, commit: Commit, days: dict[str, dt.date]) -> dict[tuple[dt.date, str], Shape]:
    """The shapes of the admitted dumps of a source that stand in other batches."""
    approved, withdrawn = ledger.approvals(settings), ledger.withdrawals(settings)
    by_batch: dict[str, list[Outcome]] = {}
    for other, outcome in ledger.latest_commits(settings, parser_version):
        if other.source == commit.source and other.batch_id != commit.batch_id and not outcome.reason:
            by_batch.setdefault(other.batch_id, []).append(outcome)
    good = {}
    for batch_id, outcomes in by_batch.items():
        report = ledger.read_report(settings, batch_id)
        known = drift.from_json(report.shapes) if report else {}
        for outcome in outcomes:
            dump_id = outcome.dump_id
            is_good = report and not report.reason(dump_id, approved) and dump_id not in withdrawn
            if is_good and dump_id in known and known[dump_id].records >= drift.MIN_RECORDS and dump_id in days:
                good[days[dump_id], dump_id] = known[dump_id]
    return good

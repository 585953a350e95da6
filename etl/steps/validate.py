"""Holds staged batches against the expectations. The verdict is per dump: one bad dump holds back itself alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from etl import database, ledger, validation
from etl.ledger import Commit, Report
from etl.schemas import STAGED
from etl.settings import Settings


def due(settings: Settings) -> list[Commit]:
    """Committed batches without a verdict under the present expectations."""
    checked_with = validation.fingerprint()
    found = []
    for commit in ledger.commits(settings):
        report = ledger.read_report(settings, commit.batch_id)
        if report is None or report.checked_with != checked_with:
            found.append(commit)
    return found


def validate(settings: Settings, commits: Sequence[Commit]) -> list[Report]:
    """Validates batches and keeps a report of each; Data Docs show the last run of each table."""
    with_rows = [commit for commit in commits if any(not outcome.reason for outcome in commit.outcomes)]
    validator = validation.Validator() if with_rows else None
    reports = [_report(settings, commit, validator) for commit in commits]
    if validator:
        validator.write_docs(settings.reports / "data_docs")
    return reports


def _report(settings: Settings, commit: Commit, validator: validation.Validator | None) -> Report:
    refused: dict[str, str] = {}
    results: list[validation.Result] = []
    dump_ids = [outcome.dump_id for outcome in commit.outcomes if not outcome.reason]
    for table in STAGED:
        parts = database.parquet_files([settings.staged(table, commit.batch_id)])
        if parts and dump_ids and validator:
            found, guilty = validator.validate(table, parts, dump_ids, commit.batch_id)
            results += found
            refused |= {dump_id: reason for dump_id, reason in guilty.items() if dump_id not in refused}
    report = Report(commit.batch_id, validation.fingerprint(), refused, [asdict(result) for result in results])
    ledger.write_report(settings, report)
    return report

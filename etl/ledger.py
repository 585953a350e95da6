"""What stands in the warehouse folder: deliveries, planned and committed batches, verdicts, withdrawals.

The database is made from these files and can be thrown away.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from etl import storage
from etl.settings import Settings


@dataclass(frozen=True, order=True)
class Delivery:
    """Bytes that came under a name on a day. `observed_from` says who named the day."""

    source: str
    observed_on: dt.date
    dump_id: str
    name: str
    bytes: int
    observed_from: str
    modified_ns: int

    @property
    def key(self) -> str:
        """A short name for the delivery's file."""
        said = "\x1f".join((self.source, self.name, self.observed_on.isoformat()))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def write_delivery(settings: Settings, delivery: Delivery) -> None:
    """Keeps a delivery beside its bytes; `sync_deliveries` follows the last one."""
    raw = settings.raw_file(delivery.dump_id)
    storage.write_json(raw.with_name(f"{raw.name}.{delivery.key}.json"), asdict(delivery), sync_folder=False)


def sync_deliveries(settings: Settings, written: Iterable[Delivery]) -> None:
    """Makes sure that deliveries are on disk, which `write_delivery` leaves to whoever writes the last of them."""
    storage.sync_folders(sorted({settings.raw_file(delivery.dump_id).parent for delivery in written}))


def remove_delivery(settings: Settings, delivery: Delivery) -> None:
    """Forgets a delivery whose source has become known."""
    raw = settings.raw_file(delivery.dump_id)
    raw.with_name(f"{raw.name}.{delivery.key}.json").unlink(missing_ok=True)


def deliveries(settings: Settings) -> list[Delivery]:
    """All deliveries, in an order that does not depend on arrival."""
    return sorted(_delivery(path) for path in settings.raw.glob("??/*.json"))


def deliveries_of(settings: Settings, dump_id: str) -> list[Delivery]:
    """The deliveries of these bytes."""
    return deliveries_by_dump(settings, [dump_id])[dump_id]


def deliveries_by_dump(settings: Settings, dump_ids: Iterable[str]) -> dict[str, list[Delivery]]:
    """The deliveries of each of these dumps; each folder is looked through once, however many of them it holds."""
    found: dict[str, list[Delivery]] = {dump_id: [] for dump_id in dump_ids}
    for folder in {settings.raw_file(dump_id).parent for dump_id in found}:
        for file in folder.iterdir() if folder.is_dir() else ():
            dump_id = file.name.partition(".")[0]
            if file.suffix == ".json" and dump_id in found:
                found[dump_id].append(_delivery(file))
    return {dump_id: sorted(deliveries) for dump_id, deliveries in found.items()}


def _delivery(path: Any) -> Delivery:
    values = storage.read_json(path)
    return Delivery(**{**values, "observed_on": dt.date.fromisoformat(values["observed_on"])})


@dataclass(frozen=True)
class Batch:
    """Dumps of one source that are normalised, validated and loaded together: one large dump, or many small ones.

    `replay` counts how often they were read again on request.
    """

    batch_id: str
    source: str
    parser_version: int
    dump_ids: tuple[str, ...]
    replay: int = 0


def batch_of(source: str, parser_version: int, dump_ids: Iterable[str], replay: int = 0) -> Batch:
    """A batch, named by what is in it."""
    members = tuple(sorted(dump_ids))
    said = "\x1f".join((source, str(parser_version), *members, *([f"replay {replay}"] if replay else [])))
    return Batch(hashlib.sha256(said.encode()).hexdigest()[:16], source, parser_version, members, replay)


def write_plan(settings: Settings, batch: Batch) -> None:
    """Keeps a planned batch, so that another process can normalise it by its name."""
    storage.write_json(settings.staging / "planned" / f"{batch.batch_id}.json", asdict(batch))


def read_plan(settings: Settings, batch_id: str) -> Batch:
    """A planned batch by its name."""
    values = storage.read_json(settings.staging / "planned" / f"{batch_id}.json")
    return Batch(**{**values, "dump_ids": tuple(values["dump_ids"])})


@dataclass
class Counts:
    """What became of the records of one member of a dump."""

    member: str
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0


@dataclass
class Outcome:
    """What became of one dump: refused with a reason, or normalised with counts."""

    dump_id: str
    reason: str | None = None
    detail: str = ""
    members: list[Counts] = field(default_factory=list)
    unknown_fields: list[str] = field(default_factory=list)

    def total(self, what: str) -> int:
        """The sum of one count over all members."""
        return sum(getattr(counts, what) for counts in self.members)


@dataclass(frozen=True)
class Commit:
    """A batch whose staged files are whole."""

    batch_id: str
    source: str
    parser_version: int
    outcomes: tuple[Outcome, ...]
    replay: int = 0

    @property
    def version(self) -> tuple[int, int]:
        """What decides which reading of a dump is the newest."""
        return (self.parser_version, self.replay)


def write_commit(settings: Settings, commit: Commit) -> None:
    """Makes a batch exist."""
    storage.write_json(settings.commit(commit.batch_id), asdict(commit))


def commits(settings: Settings) -> list[Commit]:
    """All committed batches, by name."""
    return [read_commit(settings, path.stem) for path in sorted(settings.commits.glob("*.json"))]


def read_commit(settings: Settings, batch_id: str) -> Commit:
    """A committed batch by its name."""
    values = storage.read_json(settings.commit(batch_id))
    outcomes = tuple(
        Outcome(**{**outcome, "members": [Counts(**counts) for counts in outcome["members"]]})
        for outcome in values["outcomes"]
    )
    return Commit(**{**values, "outcomes": outcomes})


@dataclass(frozen=True)
class Report:
    """What validation found in one batch: `refused` maps dumps to reasons, `checked_with` names the expectations.

    `doubted` dumps are refused for what they are as a whole, unless a person approves; `shapes` describe the dumps.
    """

    batch_id: str
    checked_with: str
    refused: dict[str, str]
    results: list[dict[str, Any]]
    doubted: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reason(self, dump_id: str, approved: Mapping[str, str]) -> str | None:
        """Why a dump is refused, or None."""
        if dump_id in self.refused:
            return f"validation_failed: {self.refused[dump_id]}"
        return self.doubted.get(dump_id) if dump_id not in approved else None


def write_report(settings: Settings, report: Report) -> None:
    """Keeps a report; with it a batch may be loaded."""
    storage.write_json(settings.report(report.batch_id), asdict(report))


def read_report(settings: Settings, batch_id: str) -> Report | None:
    """The report of a batch, or None before it was validated."""
    path = settings.report(batch_id)
    return Report(**storage.read_json(path)) if path.exists() else None


def withdrawals(settings: Settings) -> dict[str, str]:
    """Withdrawn dumps, each with the reason that was given."""
    found = storage.read_or(settings.state / "withdrawals.json", dict)
    return {str(dump_id): str(reason) for dump_id, reason in found.items()}


def write_withdrawals(settings: Settings, withdrawn: dict[str, str]) -> None:
    """Keeps the list of withdrawn dumps."""
    storage.write_json(settings.state / "withdrawals.json", withdrawn)


def approvals(settings: Settings) -> dict[str, str]:
    """Dumps that a person looked at and approved, each with the reason that was given."""
    found = storage.read_or(settings.state / "approvals.json", dict)
    return {str(dump_id): str(reason) for dump_id, reason in found.items()}


def write_approvals(settings: Settings, approved: dict[str, str]) -> None:
    """Keeps the list of approved dumps."""
    storage.write_json(settings.state / "approvals.json", approved)


def replays(settings: Settings) -> dict[str, int]:
    """How often each dump is to be read again."""
    found = storage.read_or(settings.state / "replays.json", dict)
    return {str(dump_id): int(number) for dump_id, number in found.items()}


def write_replays(settings: Settings, numbers: dict[str, int]) -> None:
    """Keeps how often dumps are to be read again."""
    storage.write_json(settings.state / "replays.json", numbers)


def latest_commits(settings: Settings, version_of: Callable[[str], int]) -> Iterator[tuple[Commit, Outcome]]:
    """For each dump and source the outcome under the present parser version, else under the highest, by batch."""
    newest: dict[tuple[str, str], tuple[tuple[bool, tuple[int, int], str], Commit, Outcome]] = {}
    for commit in commits(settings):
        rank = commit.parser_version == version_of(commit.source), commit.version, commit.batch_id
        for outcome in commit.outcomes:
            held = newest.get((commit.source, outcome.dump_id))
            if held is None or held[0] < rank:
                newest[commit.source, outcome.dump_id] = (rank, commit, outcome)
    yield from ((commit, outcome) for _, commit, outcome in newest.values())

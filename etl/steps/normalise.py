"""Turns raw dumps into staged Parquet: every record ends in exactly one place, and a commit file says so last."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl

from etl import inspection, ledger, sources, staged, storage
from etl.errors import WorkerError
from etl.inspection import Dump
from etl.ledger import Batch, Commit, Counts, Outcome
from etl.reading import containers
from etl.schemas import STAGED
from etl.settings import Settings
from etl.shards import Piece, Shard, normalise_shard, remove_parts
from etl.steps.ingest import read_heads
from etl.workers import Ended, Pool

Progress = Callable[[int], None]
# More than any source's parser will have.
_VERSIONS = 1_000


def plan(settings: Settings) -> list[Batch]:
    """The batches that are due: dumps that no commit under the present parser names. Each is written down."""
    latest = list(ledger.latest_commits(settings, parser_version))
    withdrawn, replays = ledger.withdrawals(settings), _replays(settings, [outcome for _, outcome in latest])
    committed = {
        (commit.source, outcome.dump_id)
        for commit, outcome in latest
        if commit.version == (parser_version(commit.source), replays.get(outcome.dump_id, 0))
    }
    _recognise_again(settings, committed)
    due: dict[tuple[str, int], dict[str, int]] = {}
    for delivery in ledger.deliveries(settings):
        if delivery.dump_id not in withdrawn and (delivery.source, delivery.dump_id) not in committed:
            key = delivery.source, replays.get(delivery.dump_id, 0)
            due.setdefault(key, {})[delivery.dump_id] = delivery.bytes
    batches = [batch for key in sorted(due) for batch in _batches(settings, *key, due[key])]
    for batch in batches:
        ledger.write_plan(settings, batch)
    return batches


def _replays(settings: Settings, outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How often each dump is to be read again: once more where a file that was changed in place is itself again."""
    replays = ledger.replays(settings)
    changed = {outcome.dump_id for outcome in outcomes if outcome.reason == _CHANGED}
    mended = changed.difference(_changed(settings, changed))
    if mended:
        replays |= {dump_id: replays.get(dump_id, 0) + 1 for dump_id in mended}
        ledger.write_replays(settings, replays)
    return replays


def parser_version(source: str) -> int:
    """The version of a source's parser, and of what all records get; `unrecognised` changes with the set of sources."""
    if source != sources.UNRECOGNISED:
        return sources.load(source).parser_version + _VERSIONS * staged.VERSION
    known = ",".join(f"{name}:{sources.load(name).parser_version}" for name in sources.names())
    return zlib.crc32(known.encode())


def _recognise_again(settings: Settings, committed: set[tuple[str, str]]) -> None:
    """Gives deliveries that no source knew to the source that knows them now.

    What the present sources were tried on already is committed, and left alone.
    """
    for delivery in ledger.deliveries(settings):
        if delivery.source == sources.UNRECOGNISED and (delivery.source, delivery.dump_id) not in committed:
            found = read_heads(settings.raw_file(delivery.dump_id), delivery.name, settings.limits)
            for source in found:
                ledger.write_delivery(settings, replace(delivery, source=source))
            if found:
                ledger.sync_deliveries(settings, [delivery])
                ledger.remove_delivery(settings, delivery)


def _batches(settings: Settings, source: str, replay: int, dumps: dict[str, int]) -> Iterator[Batch]:
    """Small dumps together, in the order of their names, up to the batch size; a large one alone."""
    version = parser_version(source)
    waiting: list[str] = []
    size = 0
    for dump_id in sorted(dumps):
        if dumps[dump_id] > settings.shard_bytes:
            yield ledger.batch_of(source, version, [dump_id], replay)
            continue
        if waiting and (size + dumps[dump_id] > settings.batch_bytes or len(waiting) >= settings.batch_dumps):
            yield ledger.batch_of(source, version, waiting, replay)
            waiting, size = [], 0
        waiting.append(dump_id)
        size += dumps[dump_id]
    if waiting:
        yield ledger.batch_of(source, version, waiting, replay)


def normalise(settings: Settings, batch: Batch, workers: Workers, progress: Progress = lambda size: None) -> Commit:
    """Normalises one batch; one that is committed, perhaps by another run just now, is left as it is."""
    with storage.taking_turns(settings.staging / "planned" / f"{batch.batch_id}.lock"):
        if settings.commit(batch.batch_id).exists():
            return ledger.read_commit(settings, batch.batch_id)
        return _normalise(settings, batch, workers, progress)


def _normalise(settings: Settings, batch: Batch, workers: Workers, progress: Progress) -> Commit:
    folders = {table: settings.staged(table, batch.batch_id) for table in STAGED}
    folders["rejected"] = settings.rejected_batch(batch.batch_id)
    for folder in folders.values():
        storage.clear(folder)
    if batch.source == sources.UNRECOGNISED:
        delivered = ledger.deliveries_by_dump(settings, batch.dump_ids)
        dumps = {
            dump_id: Dump(settings.raw_file(dump_id), min(delivery.name for delivery in found), settings.limits)
            for dump_id, found in delivered.items()
        }
        outcomes = list(workers.diagnose(dumps, progress))
    else:
        changed = _changed(settings, batch.dump_ids)
        rest = replace(batch, dump_ids=tuple(dump_id for dump_id in batch.dump_ids if dump_id not in changed))
        shards = list(_shards(settings, rest, folders))
        may_be_empty = sources.load(batch.source).may_be_empty
        outcomes = _merged((outcome for shard in workers.run(shards, progress) for outcome in shard), may_be_empty)
        said = "the file that was registered in place was changed or removed; ingest it again"
        outcomes += [Outcome(dump_id, _CHANGED, said) for dump_id in changed]
        _settle(outcomes, folders)
    commit = Commit(batch.batch_id, batch.source, batch.parser_version, tuple(outcomes), batch.replay)
    ledger.write_commit(settings, commit)
    return commit


_CHANGED = "changed_in_place"


def _changed(settings: Settings, dump_ids: Iterable[str]) -> list[str]:
    """Dumps that were not copied and whose file is another one now, or gone.

    Where size and time of change are those of ingest it is taken for the same; else its bytes decide.
    """
    linked = [dump_id for dump_id in dump_ids if settings.raw_file(dump_id).is_symlink()]
    changed = []
    for dump_id, deliveries in ledger.deliveries_by_dump(settings, linked).items():
        path = settings.raw_file(dump_id)
        about = path.stat() if path.exists() else None
        known = {(delivery.bytes, delivery.modified_ns) for delivery in deliveries}
        if about is None or ((about.st_size, about.st_mtime_ns) not in known and storage.sha256(path) != dump_id):
            changed.append(dump_id)
    return changed


def _shards(settings: Settings, batch: Batch, folders: dict[str, Path]) -> Iterator[Shard]:
    """Pieces of about the shard size. Their borders depend on the dumps alone, so that the same bytes come out."""
    waiting: list[Piece] = []
    size, number = 0, 0

    def shard(pieces: Sequence[Piece]) -> Shard:
        limits, with_keyphrases = settings.limits, settings.keyphrases
        return Shard(number, batch.source, tuple(pieces), folders, settings.shard_bytes, limits, with_keyphrases)

    for dump_id, delivered in ledger.deliveries_by_dump(settings, batch.dump_ids).items():
        path = settings.raw_file(dump_id)
        name, owner = min(delivery.name for delivery in delivered), min(delivery.source for delivery in delivered)
        length = path.stat().st_size
        ranges = list(_ranges(settings, batch, path, name, length))
        if ranges:
            for start, end in ranges:
                yield shard([Piece(dump_id, path, name, start, end)])
                number += 1
            continue
        if waiting and size + length > settings.shard_bytes // 4:
            yield shard(waiting)
            waiting, size, number = [], 0, number + 1
        waiting.append(Piece(dump_id, path, name, owns_strays=owner == batch.source))
        size += length
    if waiting:
        yield shard(waiting)


def _ranges(settings: Settings, batch: Batch, path: Path, name: str, length: int) -> Iterator[tuple[int, int]]:
    """Byte ranges of a large plain file of lines; none for anything else."""
    step = settings.shard_bytes
    if length <= step or not containers.is_plain(path):
        return
    seen = read_heads(path, name, settings.limits).get(batch.source)
    if seen and seen.is_by_line:
        yield from ((start, min(start + step, length)) for start in range(0, length, step))


class Workers:
    """Processes that read shards. They are started when first needed and serve all batches of a run."""

    def __init__(self, settings: Settings) -> None:
        self.limits = settings.limits
        self.pool = Pool(settings.workers, settings.limits)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *failure: object) -> None:
        self.pool.stop()

    def run(self, shards: list[Shard], progress: Progress) -> Iterator[list[Outcome]]:
        """The outcomes of all shards, in order; of one whose worker ended, the guilty dumps are refused."""
        for shard, outcomes in zip(shards, self.pool.map(normalise_shard, shards), strict=True):
            if isinstance(outcomes, Ended):
                outcomes = self._in_goes(shard, outcomes)
            progress(sum(_length(piece) for piece in shard.pieces))
            yield outcomes

    def _in_goes(self, shard: Shard, ended: Ended) -> list[Outcome]:
        """What comes of a shard whose worker ended, with the guilty dump apart from the others.

        Raises WorkerError where even a worker without a dump ends.
        """
        with Pool(1, self.limits) as pool:
            if not pool.starts():
                raise WorkerError
            return self._cut(pool, shard, ended)

    def _cut(self, pool: Pool, shard: Shard, ended: Ended) -> list[Outcome]:
        remove_parts(shard)
        return [outcome for go in _goes(shard, ended.place) for outcome in self._go(pool, go)]

    def _go(self, pool: Pool, shard: Shard) -> list[Outcome]:
        is_alone = len(shard.pieces) == 1
        if is_alone:
            # In a new process nothing but the dump itself can be at fault.
            pool.stop()
        outcomes = pool.call(normalise_shard, shard)
        if not isinstance(outcomes, Ended):
            return list(outcomes)
        if not is_alone:
            return self._cut(pool, shard, outcomes)
        remove_parts(shard)
        return [Outcome(shard.pieces[0].dump_id, outcomes.reason, outcomes.detail)]

    def diagnose(self, dumps: Mapping[str, Dump], progress: Progress) -> Iterator[Outcome]:
        """What is wrong with each of these dumps, which no source knows; sound ones are of no known format."""
        known = ", ".join(sources.names())
        faults = self.pool.map(inspection.diagnosed, list(dumps.values()))
        for (dump_id, dump), fault in zip(dumps.items(), faults, strict=True):
            progress(dump.path.stat().st_size)
            if fault:
                yield Outcome(dump_id, fault.reason, fault.detail)
            else:
                detail = f"the content is none of the formats {known}; see docs/sources.md"
                yield Outcome(dump_id, "unrecognised", detail)


def _goes(shard: Shard, place: int) -> Iterator[Shard]:
    """A shard cut in three around the dump that was read when its worker ended; in two where none was."""
    if len(shard.pieces) == 1:
        yield shard
        return
    middle = len(shard.pieces) // 2
    borders = (0, place, place + 1) if place < len(shard.pieces) else (0, middle, middle)
    cuts = pairwise((*borders, len(shard.pieces)))
    for letter, (begin, end) in zip("abc", cuts, strict=True):
        if begin < end:
            yield replace(shard, pieces=shard.pieces[begin:end], go=shard.go + letter)


def _length(piece: Piece) -> int:
    return (piece.path.stat().st_size if piece.end is None else piece.end) - piece.start


def _merged(outcomes: Iterable[Outcome], may_be_empty: bool) -> list[Outcome]:
    """One outcome a dump, the counts of its shards added up; a dump of which one shard failed is refused."""
    merged: dict[str, Outcome] = {}
    for outcome in outcomes:
        held = merged.setdefault(outcome.dump_id, Outcome(outcome.dump_id))
        held.unknown_fields = sorted({*held.unknown_fields, *outcome.unknown_fields})
        if outcome.reason and not held.reason:
            held.reason, held.detail = outcome.reason, outcome.detail
        by_member = {counts.member: counts for counts in held.members}
        for counts in outcome.members:
            total = by_member.setdefault(counts.member, Counts(counts.member))
            total.records += counts.records
            total.accepted += counts.accepted
            total.rejected += counts.rejected
            total.duplicates += counts.duplicates
        held.members = [by_member[member] for member in sorted(by_member)]
    for outcome in merged.values():
        if outcome.reason is None and not outcome.total("records") and not may_be_empty:
            outcome.reason, outcome.detail = "empty", "the file holds no record; fetch it again"
        if outcome.reason:
            outcome.members = []
    return [merged[dump_id] for dump_id in sorted(merged)]


_KEY = ["dump_id", "member", "record_offset"]
# What a record is, by the source: a paper, or what is said of a repository.
_MAIN = ("papers", "repositories")


def _settle(outcomes: list[Outcome], folders: dict[str, Path]) -> None:
    """Takes out of the parts what refused dumps left there, and repeats that stand in different parts of one dump."""
    refused = [outcome.dump_id for outcome in outcomes if outcome.reason]
    parts = [path for table in _MAIN for path in sorted(folders[table].glob("part-*.parquet"))]
    repeats = _repeats(parts, refused)
    if not refused and not repeats.height:
        return
    by_dump = {outcome.dump_id: outcome for outcome in outcomes}
    for dump_id, member in repeats.select("dump_id", "member").iter_rows():
        counts = next(counts for counts in by_dump[dump_id].members if counts.member == member)
        counts.accepted -= 1
        counts.duplicates += 1
    for folder in folders.values():
        for path in sorted(folder.glob("part-*.parquet")):
            _rewrite(path, refused, repeats)


def _repeats(parts: list[Path], refused: list[str]) -> pl.DataFrame:
    """The keys of records that repeat one in an earlier part of the same dump.

    Of all records only a number is held, so that memory does not grow with the texts; those that share one are looked
    at again.
    """
    numbers = [_read_hashes(path, refused).select(_number()) for path in parts]
    shared = pl.concat(numbers).to_series() if numbers else pl.Series([], dtype=pl.Int64)
    shared = shared.filter(shared.is_duplicated()).unique()
    if not len(shared):
        return pl.DataFrame(schema={"dump_id": pl.String, "member": pl.String, "record_offset": pl.Int64})
    kept = pl.concat([_read_hashes(path, refused).filter(_number().is_in(shared.implode())) for path in parts])
    records = kept.unique(_KEY, keep="first", maintain_order=True)
    return records.filter(~pl.struct("dump_id", "repeat_hash", "observed_on").is_first_distinct()).select(_KEY)


def _read_hashes(path: Path, refused: list[str]) -> pl.DataFrame:
    keys = pl.read_parquet(path, columns=[*_KEY, "repeat_hash", "observed_on"])
    return keys.filter(pl.col("repeat_hash").is_not_null() & ~pl.col("dump_id").is_in(refused))


def _number() -> pl.Expr:
    return pl.col("repeat_hash").str.slice(0, 15).str.to_integer(base=16)


def _rewrite(path: Path, refused: list[str], repeats: pl.DataFrame) -> None:
    frame = pl.read_parquet(path)
    kept = frame.filter(~pl.col("dump_id").is_in(refused)).join(repeats, on=_KEY, how="anti", maintain_order="left")
    if kept.height == 0:
        path.unlink()
    elif kept.height < frame.height:
        storage.write_parquet(path, kept)

"""Reads one shard of a batch and writes its staged Parquet. Runs in a worker process: what it reads is not trusted."""

from __future__ import annotations

import datetime as dt
import gc
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import polars as pl

from etl import sources, storage
from etl.errors import DumpError, EtlError, RecordError
from etl.ledger import Counts, Outcome
from etl.reading import containers, parquet
from etl.reading.records import Record, lines
from etl.schemas import Rejected, polars_schema
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head, Source
from etl.staged import staged
from etl.transforms.dates import day_in_name
from etl.workers import Tick

EXCERPT_CHARS = 1_000
_LONGEST_DETAIL = 500
# Rejected records that wait to be written; a dump of nothing else must not fill memory.
MAX_WAITING = 50_000
_TICK_RECORDS = 1_000
# What is wrong with the last line of a file that was cut.
_CUT = ("malformed_json", "invalid_utf8", "ragged_row", "malformed_row")
# Unknown names that are reported of a dump, and shapes of records that are known again without a look at their names.
_MAX_UNKNOWN, _LONGEST_NAME, _MAX_SHAPES = 1_000, 200, 2_000


@dataclass(frozen=True)
class Piece:
    """A dump, or with `end` the lines of one byte range of it.

    Members of an archive that no source knows are rejected by the one source that `owns_strays`.
    """

    dump_id: str
    path: Path
    name: str
    start: int = 0
    end: int | None = None
    owns_strays: bool = True


@dataclass(frozen=True)
class Shard:
    """What one worker reads at a time. `folders` maps each staged table, and `rejected`, to its batch folder."""

    number: int
    source: str
    pieces: tuple[Piece, ...]
    folders: dict[str, Path]
    chunk_bytes: int
    limits: Limits
    with_keyphrases: bool = True
    # Tells the parts of a shard apart that had to be read in several goes.
    go: str = ""


@dataclass
class _Chunk:
    """Records that are normalised together, with where each came from."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    dumps: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    days: list[dt.date | None] = field(default_factory=list)
    bytes: int = 0

    def add(self, row: tuple[object, ...], record: Record, dump_id: str, member: str, day: dt.date | None) -> None:
        """One more record, its mapped fields in order."""
        self.rows.append(row)
        self.records.append(record)
        self.dumps.append(dump_id)
        self.members.append(member)
        self.days.append(day)
        self.bytes += len(record.data)

    def places(self, has_positions: bool) -> pl.DataFrame:
        """Where each record came from, and its place in a ranking."""
        positions = [record.position for record in self.records] if has_positions else None
        return pl.DataFrame(
            {
                "row": pl.Series(range(len(self.rows)), dtype=pl.Int64),
                "dump_id": pl.Series(self.dumps, dtype=pl.String),
                "member": pl.Series(self.members, dtype=pl.String),
                "record_offset": pl.Series([record.offset for record in self.records], dtype=pl.Int64),
                "record_length": pl.Series([record.length for record in self.records], dtype=pl.Int64),
                "observed_on": pl.Series(self.days, dtype=pl.Date),
                "position": pl.Series(positions or [None] * len(self.rows), dtype=pl.Int64),
            }
        )


def normalise_shard(shard: Shard, tick: Tick = lambda place: None) -> list[Outcome]:
    """Writes the shard's parts and returns the outcome of each of its dumps, in order.

    Dumps are normalised together; where that fails, each is tried alone, and the guilty ones are refused.
    """
    try:
        return _Worker(shard, tick).run()
    except (OSError, MemoryError):
        # A full disk is no fault of a dump; whose fault it is that memory runs out is found with other workers.
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        remove_parts(shard)
        if len(shard.pieces) == 1:
            detail = containers.printable(f"{type(error).__name__}: {error}", _LONGEST_DETAIL)
            return [Outcome(shard.pieces[0].dump_id, "parser_failed", detail)]
        alone = {piece: normalise_shard(replace(shard, pieces=(piece,)), tick) for piece in shard.pieces}
        remove_parts(shard)
        rest = tuple(piece for piece, outcomes in alone.items() if outcomes[0].reason is None)
        if len(rest) == len(shard.pieces):
            raise
    refused = [outcomes[0] for outcomes in alone.values() if outcomes[0].reason]
    return [*(normalise_shard(replace(shard, pieces=rest), tick) if rest else []), *refused]


def remove_parts(shard: Shard) -> None:
    """Removes what an attempt at a shard has written."""
    for folder in shard.folders.values():
        for part in folder.glob(f"part-{shard.number:05d}{shard.go}-*.parquet"):
            part.unlink()


class _Worker:
    """One shard on its way: what is waiting to be written, and the counts so far."""

    def __init__(self, shard: Shard, tick: Tick) -> None:
        self.shard, self.tick, self.place = shard, tick, 0
        self.source: Source = sources.load(shard.source)
        self.known = self.source.fields.keys() | self.source.ignored
        self.chunk = _Chunk()
        self.part_numbers = itertools.count()
        self.seen: set[str] = set()
        self.shapes: set[tuple[str, ...]] = set()
        self.unknown: set[str] = set()
        self.counts: dict[tuple[str, str], Counts] = {}
        self.rejects: list[dict[str, object]] = []
        # What was waiting before the present dump: records, rejected ones, bytes.
        self.held = 0, 0, 0

    def run(self) -> list[Outcome]:
        """Reads all pieces; a dump that fails is refused, the others go on."""
        # Records hold no cycles, and the collector would go through all of them again and again.
        gc.disable()
        outcomes = []
        try:
            for place, piece in enumerate(self.shard.pieces):
                self.place = place
                self.tick(place)
                outcomes.append(self._read(piece))
            self.place = len(self.shard.pieces)
            self._flush()
        finally:
            gc.enable()
        by_dump = {outcome.dump_id: outcome for outcome in outcomes if not outcome.reason}
        for dump_id, member in sorted(self.counts):
            if dump_id in by_dump:
                by_dump[dump_id].members.append(self.counts[dump_id, member])
        return outcomes

    def _read(self, piece: Piece) -> Outcome:
        outcome = Outcome(piece.dump_id)
        self.held = len(self.chunk.rows), len(self.rejects), self.chunk.bytes
        self.shapes.clear()
        self.unknown.clear()
        try:
            for member, day, records in self._members(piece):
                self._take(piece, member, day, records)
        except EtlError as error:
            outcome.reason = error.reason if isinstance(error, DumpError) else "unreadable"
            outcome.detail = error.detail if isinstance(error, DumpError) else str(error)
        except (OSError, MemoryError):
            raise
        except Exception as error:
            # A parser that stumbles over a hostile file must not take the other dumps with it.
            outcome.reason, outcome.detail = "parser_failed", f"{type(error).__name__}: {error}"
        if outcome.reason:
            outcome.detail = containers.printable(outcome.detail, _LONGEST_DETAIL)
            self._forget(piece.dump_id)
        outcome.unknown_fields = sorted(self.unknown)[:_MAX_UNKNOWN]
        return outcome

    def _forget(self, dump_id: str) -> None:
        """Takes back what a refused dump left here; what is written already, the step that joins the shards removes."""
        rows, rejects, size = self.held
        for waiting in (self.chunk.rows, self.chunk.records, self.chunk.dumps, self.chunk.members, self.chunk.days):
            del waiting[rows:]
        del self.rejects[rejects:]
        self.chunk.bytes = size if self.chunk.rows else 0
        self.counts = {key: counts for key, counts in self.counts.items() if key[0] != dump_id}

    def _members(self, piece: Piece) -> Iterator[tuple[str, dt.date | None, Iterator[Record]]]:
        """Each file of a dump that is of this source, with its own day and its records."""
        if piece.end is not None:
            with piece.path.open("rb") as file:
                file.seek(max(0, piece.start - 1))
                yield "", None, lines(file, self.shard.limits, piece.start, piece.end)
            return
        is_empty = True
        for member in containers.members(piece.path, self.shard.limits):
            self.tick(self.place)
            if member.reason:
                if piece.owns_strays:
                    self._reject(piece, member.name, Record(0, b"", 1, reason=member.reason), member.detail)
                continue
            data, stream = containers.opened(member.stream, HEAD_BYTES, self.shard.limits)
            head = Head(data, member.name or piece.name)
            if member.name and sources.recognise(head) != self.shard.source:
                if sources.recognise(head) is None and piece.owns_strays:
                    stray = Record(0, head.data[:200], 1, reason="unrecognised_member", size=None)
                    detail = "the content is none of the known formats" if head.data else "the member has no bytes"
                    self._reject(piece, member.name, stray, detail)
                continue
            is_empty = False
            day = (self.source.observed_on(head) or day_in_name(member.name)) if member.name else None
            yield member.name, day, self._split(head, stream)
        if is_empty:
            raise DumpError("empty", "an archive without a member of this source; check the file")

    def _split(self, head: Head, stream: IO[bytes]) -> Iterator[Record]:
        if head.is_parquet:
            return parquet.rows(stream, self.shard.limits)
        if self.source.is_by_line(head):
            return lines(stream, self.shard.limits)
        return self.source.split(stream, self.shard.limits)

    def _take(self, piece: Piece, member: str, day: dt.date | None, records: Iterator[Record]) -> None:
        """Parses records; they are written as soon as they fill a chunk."""
        parse, limits, shapes, chunk = self.source.parse, self.shard.limits, self.shapes, self.chunk
        counts, names = self.counts.setdefault((piece.dump_id, member), Counts(member)), tuple(self.source.fields)
        for number, record in enumerate(records):
            if not number % _TICK_RECORDS:
                self.tick(self.place)
            if chunk.bytes >= self.shard.chunk_bytes or len(self.rejects) >= MAX_WAITING:
                self._flush()
                chunk = self.chunk
            if record.reason:
                self._reject(piece, member, record, "see docs/hostile-input.md")
                continue
            try:
                parsed = parse(record, limits)
            except RecordError as error:
                if record.is_last_line and error.reason in _CUT:
                    where = f"the last line, at byte {record.offset}, is cut; fetch the file again"
                    raise DumpError("truncated", where) from None
                self._reject(piece, member, record._replace(reason=error.reason), error.detail)
                continue
            counts.records += 1
            if (shape := tuple(parsed)) not in shapes:
                self._note(shape)
            # Taken out at once, while they are at hand: to go through all records for each field costs more.
            get = parsed.get
            chunk.add(tuple([get(name) for name in names]), record, piece.dump_id, member, day)

    def _note(self, shape: tuple[str, ...]) -> None:
        """Looks for unknown names in a record that has others than those before."""
        if len(self.shapes) >= _MAX_SHAPES:
            self.shapes.clear()
        self.shapes.add(shape)
        if len(self.unknown) < _MAX_UNKNOWN:
            self.unknown |= {name[:_LONGEST_NAME] for name in shape if name not in self.known}

    def _reject(self, piece: Piece, member: str, record: Record, detail: str) -> None:
        counts = self.counts.setdefault((piece.dump_id, member), Counts(member))
        counts.records += 1
        counts.rejected += 1
        self._set_aside(piece.dump_id, member, record, detail)

    def _set_aside(self, dump_id: str, member: str, record: Record, detail: str) -> None:
        self.rejects.append(
            {
                "dump_id": dump_id,
                "member": member,
                "record_offset": record.offset,
                "record_length": record.length,
                "source": self.shard.source,
                "reason": record.reason,
                "detail": containers.printable(detail, EXCERPT_CHARS),
                "excerpt": _escaped(record.data),
                "parser_version": self.source.parser_version,
            }
        )

    def _flush(self) -> None:
        """Normalises and writes what is waiting."""
        self.tick(self.place)
        chunk, self.chunk, self.held = self.chunk, _Chunk(), (0, 0, 0)
        part = f"part-{self.shard.number:05d}{self.shard.go}-{next(self.part_numbers):04d}.parquet"
        if chunk.rows:
            self._stage(chunk, part)
        rejects, self.rejects = self.rejects, []
        if rejects:
            frame = pl.DataFrame(rejects, schema=polars_schema(Rejected), orient="row")
            self._write("rejected", part, Rejected.validate(frame, cast=True))

    def _stage(self, chunk: _Chunk, part: str) -> None:
        """Writes the staged tables of a chunk; what breaks a row rule or repeats is left out and counted."""
        places = chunk.places(self.source.has_positions)
        made = staged(self.source, chunk.rows, places, self.seen, self.shard.with_keyphrases)
        for dump_id, member in zip(chunk.dumps, chunk.members, strict=True):
            self.counts[dump_id, member].accepted += 1
        for row, reason, detail in made.broken:
            counts = self.counts[chunk.dumps[row], chunk.members[row]]
            counts.accepted -= 1
            counts.rejected += 1
            self._set_aside(chunk.dumps[row], chunk.members[row], chunk.records[row]._replace(reason=reason), detail)
        for row in made.repeats:
            counts = self.counts[chunk.dumps[row], chunk.members[row]]
            counts.accepted -= 1
            counts.duplicates += 1
        for table, frame in made.tables.items():
            self._write(table, part, frame)

    def _write(self, table: str, part: str, frame: pl.DataFrame) -> None:
        if frame.height:
            storage.write_parquet(self.shard.folders[table] / part, frame)


def _escaped(data: bytes) -> str:
    """The start of a record, safe to print."""
    return containers.printable(data[: 4 * EXCERPT_CHARS].decode("utf-8", "backslashreplace"), EXCERPT_CHARS)

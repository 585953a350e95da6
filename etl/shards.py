"""Reads one shard of a batch and writes its staged Parquet. Runs in a worker process: what it reads is not trusted."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import dataframely as dy
import polars as pl

from etl import sources, storage
from etl.errors import DumpError, EtlError, RecordError
from etl.ledger import Counts, Outcome
from etl.reading import containers
from etl.reading.records import Record, lines
from etl.schemas import STAGED, Rejected, StagedPaper, polars_schema
from etl.sources.base import Head, Parsed, Source
from etl.transforms import enrich
from etl.transforms.dates import day_in_name

HEAD_BYTES = 256 << 10
PROVENANCE = ("dump_id", "member", "record_offset")
EXCERPT_CHARS = 1_000
# Rejected records that wait to be written; a dump of nothing else must not fill memory.
MAX_WAITING = 50_000


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
    record_bytes: int


@dataclass
class _Chunk:
    """Records that are normalised together, with where each came from."""

    parsed: list[Parsed] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    dumps: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    days: list[dt.date | None] = field(default_factory=list)
    bytes: int = 0


def normalise_shard(shard: Shard) -> list[Outcome]:
    """Writes the shard's parts and returns the outcome of each of its dumps, in order.

    Dumps are normalised together; where that fails, each is tried alone, and the guilty ones are refused.
    """
    try:
        return _Worker(shard).run()
    except OSError:
        # A full disk is no fault of a dump.
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        remove_parts(shard)
        if len(shard.pieces) == 1:
            return [Outcome(shard.pieces[0].dump_id, "parser_failed", f"{type(error).__name__}: {error}"[:500])]
        alone = {piece: normalise_shard(replace(shard, pieces=(piece,))) for piece in shard.pieces}
        remove_parts(shard)
        rest = tuple(piece for piece, outcomes in alone.items() if outcomes[0].reason is None)
        if len(rest) == len(shard.pieces):
            raise
    refused = [outcomes[0] for outcomes in alone.values() if outcomes[0].reason]
    return [*(normalise_shard(replace(shard, pieces=rest)) if rest else []), *refused]


def remove_parts(shard: Shard) -> None:
    """Removes what an attempt at a shard has written."""
    for folder in shard.folders.values():
        for part in folder.glob(f"part-{shard.number:05d}-*.parquet"):
            part.unlink()


class _Worker:
    """One shard on its way: what is waiting to be written, and the counts so far."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.source: Source = sources.load(shard.source)
        self.known = self.source.fields.keys() | self.source.ignored
        self.chunk = _Chunk()
        self.part_numbers = itertools.count()
        self.seen: set[tuple[str, str]] = set()
        self.counts: dict[tuple[str, str], Counts] = {}
        self.rejects: list[dict[str, object]] = []

    def run(self) -> list[Outcome]:
        """Reads all pieces; a dump that fails is refused, the others go on."""
        outcomes = [self._read(piece) for piece in self.shard.pieces]
        self._flush()
        refused = {outcome.dump_id for outcome in outcomes if outcome.reason}
        for outcome in outcomes:
            if outcome.dump_id not in refused:
                outcome.members = [self.counts[key] for key in sorted(self.counts) if key[0] == outcome.dump_id]
        return outcomes

    def _read(self, piece: Piece) -> Outcome:
        outcome = Outcome(piece.dump_id)
        held = len(self.chunk.parsed), len(self.rejects), self.chunk.bytes
        unknown: set[str] = set()
        try:
            for member, day, record in self._records(piece):
                self._take(piece, member, day, record, unknown)
                if self._is_full() and len(self.shard.pieces) == 1:
                    self._flush()
                    held = 0, 0, 0
        except EtlError as error:
            outcome.reason = error.reason if isinstance(error, DumpError) else "unreadable"
            outcome.detail = error.detail if isinstance(error, DumpError) else str(error)
        except OSError:
            raise
        except Exception as error:
            # A parser that stumbles over a hostile file must not take the other dumps with it.
            outcome.reason, outcome.detail = "parser_failed", f"{type(error).__name__}: {error}"[:500]
        if outcome.reason:
            self._forget(piece.dump_id, *held)
        outcome.unknown_fields = sorted(unknown)
        return outcome

    def _is_full(self) -> bool:
        return self.chunk.bytes >= self.shard.chunk_bytes or len(self.rejects) >= MAX_WAITING

    def _forget(self, dump_id: str, parsed: int, rejects: int, size: int) -> None:
        for waiting in (self.chunk.parsed, self.chunk.records, self.chunk.dumps, self.chunk.members, self.chunk.days):
            del waiting[parsed:]
        del self.rejects[rejects:]
        self.chunk.bytes = size
        self.counts = {key: counts for key, counts in self.counts.items() if key[0] != dump_id}

    def _records(self, piece: Piece) -> Iterator[tuple[str, dt.date | None, Record]]:
        if piece.end is not None:
            with piece.path.open("rb") as file:
                found = lines(file, piece.start, piece.end, self.shard.record_bytes)
                yield from (("", None, record) for record in found)
            return
        is_empty = True
        for member, stream in containers.members(piece.path):
            head, records = self._split(stream, member or piece.name)
            if not member:
                yield from (("", None, record) for record in records)
                return
            shown = sources.recognise(head)
            if shown != self.shard.source:
                if shown is None and piece.owns_strays:
                    stray = RecordError("unrecognised_member", "the content is none of the known formats")
                    self._reject(piece, member, Record(0, head.data[:200], 1), stray)
                continue
            is_empty = False
            day = self.source.observed_on(head) or day_in_name(member)
            yield from ((member, day, record) for record in records)
        if is_empty:
            raise DumpError("empty", "an archive without a member of this source; check the file")

    def _split(self, stream: IO[bytes], name: str) -> tuple[Head, Iterator[Record]]:
        """The head of a stream and its records; what was read for the head is read again by the splitter."""
        rewound = _Rewound(stream)
        head = Head(rewound.head, name)
        if self.source.is_by_line(head):
            return head, _whole_lines(rewound, self.shard.record_bytes)
        return head, self.source.split(rewound)  # type: ignore[arg-type]

    def _take(self, piece: Piece, member: str, day: dt.date | None, record: Record, unknown: set[str]) -> None:
        try:
            parsed = self.source.parse(record.data)
        except RecordError as error:
            if record.is_last_line and error.reason == "malformed_json":
                raise DumpError(
                    "truncated", f"the last line, at byte {record.offset}, is cut; fetch the file again"
                ) from None
            self._reject(piece, member, record, error)
            return
        self.counts.setdefault((piece.dump_id, member), Counts(member)).records += 1
        unknown |= parsed.keys() - self.known
        chunk = self.chunk
        chunk.parsed.append(parsed)
        chunk.records.append(record)
        chunk.dumps.append(piece.dump_id)
        chunk.members.append(member)
        chunk.days.append(day)
        chunk.bytes += len(record.data)

    def _reject(self, piece: Piece, member: str, record: Record, error: RecordError) -> None:
        counts = self.counts.setdefault((piece.dump_id, member), Counts(member))
        counts.records += 1
        counts.rejected += 1
        self.rejects.append(self._rejected(piece.dump_id, member, record, error.reason, error.detail))

    def _rejected(self, dump_id: str, member: str, record: Record, reason: str, detail: str) -> dict[str, object]:
        return {
            "dump_id": dump_id,
            "member": member,
            "record_offset": record.offset,
            "record_length": len(record.data),
            "source": self.shard.source,
            "reason": reason,
            "detail": detail[:EXCERPT_CHARS],
            "excerpt": _escaped(record.data),
            "parser_version": self.source.parser_version,
        }

    def _flush(self) -> None:
        """Normalises and writes what is waiting."""
        chunk, self.chunk = self.chunk, _Chunk()
        part = f"part-{self.shard.number:05d}-{next(self.part_numbers):04d}.parquet"
        if chunk.parsed:
            for table, frame in self._staged(chunk).items():
                self._write(table, part, frame)
        rejects, self.rejects = self.rejects, []
        if rejects:
            frame = pl.DataFrame(rejects, schema=polars_schema(Rejected), orient="row")
            self._write("rejected", part, Rejected.validate(frame, cast=True))

    def _write(self, table: str, part: str, frame: pl.DataFrame) -> None:
        if frame.height:
            storage.write_parquet(self.shard.folders[table] / part, frame)

    def _staged(self, chunk: _Chunk) -> dict[str, pl.DataFrame]:
        """The staged tables of a chunk; what breaks a row rule or repeats in its dump is counted and left out."""
        raw = pl.DataFrame(
            [
                pl.Series(name, [record.get(name) for record in chunk.parsed], dtype=dtype, strict=False)
                for name, dtype in self.source.fields.items()
            ]
        ).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
        normalised = self.source.normalise(raw)
        places = pl.DataFrame(
            {
                "row": pl.Series(range(len(chunk.parsed)), dtype=pl.Int64),
                "dump_id": chunk.dumps,
                "member": chunk.members,
                "record_offset": pl.Series([record.offset for record in chunk.records], dtype=pl.Int64),
                "record_length": pl.Series([len(record.data) for record in chunk.records], dtype=pl.Int64),
                "observed_on": pl.Series(chunk.days, dtype=pl.Date),
                "position": pl.Series(
                    [record.position if self.source.has_positions else None for record in chunk.records], dtype=pl.Int64
                ),
            }
        )
        papers = _with_missing(normalised.papers.join(places, on="row", how="left", maintain_order="left"))
        found = enrich.found_links(papers)
        papers = enrich.with_statements(enrich.with_keys(papers), found)
        kept = self._accepted(papers, chunk)
        where = kept.select("row", *PROVENANCE)
        staged = {
            "papers": kept.drop("row"),
            "links": _of(where, found),
            "keyphrases": _of(where, enrich.found_keyphrases(kept)),
        }
        if normalised.repositories is not None:
            staged["repositories"] = _of(where, enrich.found_repositories(normalised.repositories))
        return {table: _conformed(STAGED[table], frame) for table, frame in staged.items()}

    def _accepted(self, papers: pl.DataFrame, chunk: _Chunk) -> pl.DataFrame:
        """The rows that keep the row rules of `StagedPaper`, each once a dump."""
        columns = list(polars_schema(StagedPaper))
        good, failure = StagedPaper.filter(papers.select(*columns), cast=True)
        broken = failure.details()
        if broken.height:
            self._reject_broken(broken, chunk)
        kept = papers.select("row", *PROVENANCE).join(good, on=PROVENANCE, how="inner", maintain_order="left")
        keys = kept.select("dump_id", "member", "repeat_hash").iter_rows()
        return kept.filter(pl.Series([self._is_first(*key) for key in keys], dtype=pl.Boolean))

    def _is_first(self, dump_id: str, member: str, repeat_hash: str) -> bool:
        counts = self.counts[dump_id, member]
        if (dump_id, repeat_hash) in self.seen:
            counts.duplicates += 1
            return False
        self.seen.add((dump_id, repeat_hash))
        counts.accepted += 1
        return True

    def _reject_broken(self, broken: pl.DataFrame, chunk: _Chunk) -> None:
        rules = [
            name for name in broken.columns if broken.schema[name] == pl.Enum and name not in StagedPaper.column_names()
        ]
        places = {
            key: number
            for number, key in enumerate(
                zip(chunk.dumps, chunk.members, (r.offset for r in chunk.records), strict=True)
            )
        }
        for row in broken.iter_rows(named=True):
            dump_id, member, offset = (row[name] for name in PROVENANCE)
            rule = next(name for name in rules if row[name] == "invalid")
            reason = "missing_title" if rule == "title|nullability" else rule.replace("|", "_")
            record = chunk.records[places[dump_id, member, offset]]
            self.rejects.append(self._rejected(dump_id, member, record, reason, f"the record breaks the rule {rule}"))
            self.counts[dump_id, member].rejected += 1


def _with_missing(papers: pl.DataFrame) -> pl.DataFrame:
    """Adds the columns of `StagedPaper` that the source does not have, as nulls."""
    extra = {"comment": pl.String(), "page_links": pl.List(pl.String()), "stars": pl.Int64()}
    wanted = {**polars_schema(StagedPaper), **extra}
    present = {*papers.columns, "title_key", "content_hash", "repeat_hash", "statement", "statement_sentence"}
    missing = {name: dtype for name, dtype in wanted.items() if name not in present}
    return papers.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in missing.items())


def _of(where: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Rows found in records, with the records' provenance in place of the row number."""
    return where.join(found, on="row", how="inner", maintain_order="left_right").drop("row")


def _conformed(table: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as the table is declared, sorted by its key; raises SchemaError or ValidationError where it is not."""
    schema = polars_schema(table)
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
    conformed = frame.with_columns(*missing).select(*schema).sort(table.primary_key(), maintain_order=True)
    return table.validate(conformed, cast=True)


def _escaped(data: bytes) -> str:
    """The start of a record, safe to print."""
    text = data[: 4 * EXCERPT_CHARS].decode("utf-8", "backslashreplace")
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return shown[:EXCERPT_CHARS]


class _Rewound:
    """A stream whose start was looked at and is read again."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.head = containers.start_of(stream, HEAD_BYTES)
        self.waiting = self.head

    def read(self, size: int) -> bytes:
        """The next bytes, those of the head first."""
        if self.waiting:
            piece, self.waiting = self.waiting[:size], self.waiting[size:]
            return piece
        return self.stream.read(size)

    def readline(self, size: int = -1) -> bytes:
        """The next line, also one that begins in the head and ends after it."""
        if not self.waiting:
            return self.stream.readline(size)
        end = self.waiting.find(b"\n") + 1
        if end:
            piece, self.waiting = self.waiting[:end], self.waiting[end:]
            return piece
        piece, self.waiting = self.waiting, b""
        return piece + self.stream.readline(size)


def _whole_lines(stream: _Rewound, longest: int) -> Iterator[Record]:
    return lines(stream, longest=longest)  # type: ignore[arg-type]

"""How many decoded bytes a second each source reads on one core: split, parse, clean, links, committed Parquet.

The records of a real dump are repeated until there are enough bytes, and none counts as a repeat. Keyphrases are left
out. Seconds are those of the processor, of one worker with one thread.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

from measure import DUMPS, PROJECT, save, show

from etl import shards, sources
from etl.errors import DumpError
from etl.reading import containers
from etl.schemas import STAGED
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head

BYTES = 24 << 20
BUDGET = 20.0
GOLDEN = PROJECT / "tests" / "golden" / "sources"


class _Never(set[str]):
    """A set that has seen nothing: here every record counts."""

    def __contains__(self, key: object) -> bool:
        return False


def decoded() -> Iterator[tuple[str, bytes]]:
    """The source and the content of each real file, and of the golden cases, the largest ones last."""
    files = [path for folder in (GOLDEN, DUMPS) for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in sorted(files, key=lambda path: (not path.is_relative_to(GOLDEN), path.stat().st_size)):
        for member in containers.members(path, Limits()):
            head = Head(containers.opened(member.stream, HEAD_BYTES, Limits())[0], path.name)
            source = sources.recognise(head)
            if source and not head.is_parquet:
                with path.open("rb") as raw:
                    yield source, containers.decoded(raw).read()
            break


def repeated(source: sources.Source, data: bytes) -> bytes:
    """The document with its records repeated; as it is where it cannot be taken apart."""
    head = Head(data[:HEAD_BYTES], "any")
    stream = io.BytesIO(data)
    split = sources.base.json_lines if source.is_by_line(head) else source.split
    records = list(split(stream, Limits()))
    if len(records) < 2 or any(record.length is None for record in records):
        return data
    first, last = records[0], records[-1]
    end = last.offset + (last.length or 0)
    between = data[first.offset + (first.length or 0) : records[1].offset]
    body = data[first.offset : end]
    times = max(1, BYTES // max(1, len(body)))
    return data[: first.offset] + between.join([body] * times) + data[end:]


def measure(name: str, data: bytes, folder: Path) -> tuple[float, int, int]:
    """Megabytes a second on one core, records, and how many of them were accepted."""
    path = folder / "dump"
    path.write_bytes(data)
    folders = {table: folder / table for table in (*STAGED, "rejected")}
    # What cannot be repeated inside comes as many dumps.
    pieces = tuple(shards.Piece(f"{number:064}", path, "dump") for number in range(max(1, BYTES // len(data))))
    shard = shards.Shard(0, name, pieces, folders, 32 << 20, Limits(), with_keyphrases=False)
    worker = shards._Worker(shard, lambda place: None)
    worker.seen = _Never()
    begun = time.process_time()
    outcomes = worker.run()
    seconds = time.process_time() - begun
    for outcome in outcomes:
        if outcome.reason:
            raise DumpError(outcome.reason, outcome.detail)
    records, accepted = (sum(outcome.total(what) for outcome in outcomes) for what in ("records", "accepted"))
    return len(data) * len(pieces) / 1e6 / seconds, records, accepted


def main() -> None:
    """Prints what each source reads, and keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="*", help="only these")
    wanted = parser.parse_args().source
    largest = {source: data for source, data in decoded() if not wanted or source in wanted}
    rows, figures = [], {}
    for name in sorted(largest):
        with tempfile.TemporaryDirectory() as folder:
            data = repeated(sources.load(name), largest[name])
            try:
                speed, records, accepted = measure(name, data, Path(folder))
            except DumpError:
                # A format that comes as one short document: more of them.
                data = largest[name]
                speed, records, accepted = measure(name, data, Path(folder))
        figures[name] = {"mb_per_second": round(speed, 1), "dump_bytes": len(data), "records": records}
        rows.append((name, f"{speed:.1f}", f"{len(data) / 1e6:.1f}", f"{records:,}", f"{accepted:,}"))
    title = f"Decoded megabytes a second on one core, budget {BUDGET:.0f}"
    show(title, ("source", "MB/s", "MB a dump", "records", "accepted"), rows)
    if not wanted:
        save("formats", {"budget_mb_per_second": BUDGET, "sources": figures})


if __name__ == "__main__":
    main()

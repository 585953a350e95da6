"""A large snapshot from nothing to published, step by step, against DuckDB on the same file; then one more day.

`python benchmarks/snapshot.py [--papers 100000] [--file SNAPSHOT]`. The peer does less: it reads the columns that we
use and writes them as Parquet, without checks, links, keyphrases or provenance.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path

import make_snapshot
import measure

STEPS = ("ingest", "normalise", "validate", "load", "build", "publish")
DAY = dt.date(2020, 2, 3)
DAY_PAPERS = 1_000
PEER = """
import sys, duckdb
duckdb.execute('''
    COPY (
        SELECT * FROM read_json(?, format = 'newline_delimited', columns = {
            id: 'VARCHAR', title: 'VARCHAR', abstract: 'VARCHAR', authors: 'VARCHAR', authors_parsed: 'VARCHAR[][]',
            categories: 'VARCHAR', comments: 'VARCHAR', doi: 'VARCHAR', 'journal-ref': 'VARCHAR', update_date: 'DATE',
            versions: 'STRUCT(version VARCHAR, created VARCHAR)[]'
        })
    ) TO 'TARGET' (FORMAT parquet, COMPRESSION zstd)
'''.replace('TARGET', sys.argv[2]), [sys.argv[1]])
"""


def main() -> None:
    """Prints what each step takes, and keeps it."""
    parser = argparse.ArgumentParser(description="A large snapshot, step by step, against DuckDB on the same file.")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a snapshot that make_snapshot.py made, with as many papers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        file = given.file or make_snapshot.write_snapshot(place, given.papers)
        peer = measure.command([sys.executable, "-c", PEER, str(file), str(place / "peer.parquet")])
        bare = place / "bare"
        measure.etl(bare, "ingest", "--in-place", file)
        without = measure.etl(bare, "normalise", environment={"ETL_KEYPHRASES": "0"})
        whole = taken(place / "warehouse", file)
        papers = measure.count(place / "warehouse", "core.papers")
        day_file = make_snapshot.write_day(place, given.papers, DAY_PAPERS, DAY)
        day = taken(place / "warehouse", day_file)
        added = measure.count(place / "warehouse", "core.papers") - papers
        size = file.stat().st_size
    report(f"{papers:,} papers, {size / 1e9:.2f} GB", whole)
    ratio = round(without.seconds / peer.seconds, 2)
    print(f"DuckDB, the same columns to Parquet: {peer.seconds} s, {peer.peak_mb} MB")
    print(f"normalise without keyphrases: {without.seconds} s, {without.peak_mb} MB, {ratio} × that")
    report(f"one more day: {added:,} papers", day)
    measure.save(
        f"snapshot_{given.papers}",
        {
            "bytes": size,
            "peer_seconds": peer.seconds,
            "peer_peak_mb": peer.peak_mb,
            "normalise_without_keyphrases": without.seconds,
            "normalise_without_keyphrases_peak_mb": without.peak_mb,
            "normalise_to_peer": ratio,
            "papers": papers,
            "whole": facts(whole),
            "day_papers": added,
            "day": facts(day),
            "day_load_and_build": round(day["load"].seconds + day["build"].seconds, 2),
        },
    )


def taken(warehouse: Path, file: Path) -> dict[str, measure.Measured]:
    """What each step takes for one more file, as a command of its own."""
    return {step: measure.etl(warehouse, step, *([file] if step == "ingest" else [])) for step in STEPS}


def report(title: str, found: dict[str, measure.Measured]) -> None:
    """The steps and their sum."""
    rows: list[tuple[object, ...]] = [(step, run.seconds, run.peak_mb) for step, run in found.items()]
    total = facts(found)["total"]
    measure.show(title, ("step", "seconds", "peak MB"), [*rows, ("all", total["seconds"], total["peak_mb"])])


def facts(found: dict[str, measure.Measured]) -> dict[str, dict[str, float | None]]:
    """Seconds and peak memory of each step, and of all."""
    steps = {step: {"seconds": run.seconds, "peak_mb": run.peak_mb} for step, run in found.items()}
    seconds = round(sum(run.seconds for run in found.values()), 2)
    return {**steps, "total": {"seconds": seconds, "peak_mb": max(run.peak_mb or 0 for run in found.values()) or None}}


if __name__ == "__main__":
    main()

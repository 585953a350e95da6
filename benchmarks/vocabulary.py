"""What the keyword tables of a load take: all of a snapshot, then one more day of 1,000 papers.

`python benchmarks/vocabulary.py [--papers 100000] [--file SNAPSHOT]`. Processor time stands beside wall time: where
others use the machine too, it is the better figure.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import Any

import make_snapshot
import measure

from etl import vocabulary
from etl.settings import Settings
from etl.steps import load

DAY = dt.date(2020, 2, 3)
DAY_PAPERS = 1_000


def main() -> None:
    """Prints what the keyword tables take, and keeps it."""
    parser = argparse.ArgumentParser(description="What the keyword tables of a load take.")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a snapshot that make_snapshot.py made, with as many papers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        file = given.file or make_snapshot.write_snapshot(place, given.papers)
        found = {"all": taken(place / "warehouse", file)}
        day = make_snapshot.write_day(place, given.papers, DAY_PAPERS, DAY)
        found["day"] = taken(place / "warehouse", day)
    rows = [(what, one["seconds"], one["cpu_seconds"]) for what, one in found.items()]
    measure.show(f"Keyword tables, {given.papers:,} papers", ("", "seconds", "processor seconds"), rows)
    measure.save(f"vocabulary_{given.papers}", found)


def taken(warehouse: Path, file: Path) -> dict[str, float]:
    """What the keyword tables take of the load of one more file."""
    for step in ("ingest", "normalise", "validate"):
        measure.etl(warehouse, step, *(["--in-place", file] if step == "ingest" else []))
    made = vocabulary.refresh
    figures: dict[str, float] = {}

    def timed(*given: Any) -> None:
        begun, used = time.monotonic(), time.process_time()
        made(*given)
        figures.update(seconds=round(time.monotonic() - begun, 2), cpu_seconds=round(time.process_time() - used, 2))

    vocabulary.refresh = timed
    load.load(Settings.from_env(warehouse=warehouse))
    vocabulary.refresh = made
    return figures


if __name__ == "__main__":
    main()

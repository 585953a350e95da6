"""42,000 daily trending lists in one run: how many files a second, and how many Parquet files come of them.

The real lists, or invented ones, are repeated under other dates.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from pathlib import Path

import measure

FILES, BUDGET = 42_000, 500
STEPS = ("ingest", "normalise", "validate", "load")


def lists() -> list[tuple[str, dict[str, object]]]:
    """Name and content of each list, without its date."""
    real = sorted(path for path in (measure.DUMPS / "github_trending").rglob("*.json") if path.is_file())
    if real:
        return [(path.stem, json.loads(path.read_bytes())) for path in real]
    return [
        (f"language{number}", {"language": f"language{number}", "list": [f"owner{n}/rain-{number}" for n in range(20)]})
        for number in range(100)
    ]


def write(folder: Path, files: int) -> None:
    """So many lists, each under a day of its own."""
    known, day = lists(), dt.date(2000, 1, 1)
    for number in range(files):
        name, content = known[number % len(known)]
        content["date"] = f"{day + dt.timedelta(days=number // len(known))}"
        place = folder / str(content["date"])
        place.mkdir(exist_ok=True)
        (place / f"{number % len(known)}-{name}.json").write_text(json.dumps(content), encoding="utf-8")


def main() -> None:
    """Prints what each step takes, and keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as name:
        folder, warehouse = Path(name) / "dumps", Path(name) / "warehouse"
        folder.mkdir()
        write(folder, files)
        run = measure.etl(warehouse, "run", folder)
        steps = measure.steps(warehouse)
        parquet = sum(1 for _ in (warehouse / "staging").rglob("*.parquet"))
        dumps = measure.count(warehouse, "core.dumps")
    speed = round(files / run.seconds)
    measure.show(f"{files:,} files", ("step", "seconds"), [*steps.items(), ("all", run.seconds)])
    staged = sum(steps.get(step, 0.0) for step in STEPS)
    print(f"{speed} files/s from nothing to published (budget {BUDGET}), {round(files / staged)} to loaded")
    print(f"{dumps:,} dumps, {parquet} Parquet files in staging, peak {run.peak_mb} MB")
    facts = {"files": files, "seconds": run.seconds, "files_per_second": speed, "parquet_files": parquet}
    measure.save("many_dumps", {**facts, "peak_mb": run.peak_mb, "steps": steps})


if __name__ == "__main__":
    main()

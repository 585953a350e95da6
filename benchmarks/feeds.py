"""Feeds, their data and the descriptions of a snapshot: seconds, peak memory, files; and what a second publish costs.

`python benchmarks/feeds.py [PAPERS]` loads an arXiv snapshot of so many papers (100,000), and asks for every feed that
the default limits allow, with two rules for alerts. `--database FILE` takes a working database that is there already.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure

RULES = {
    "code.toml": 'regex = "(learning|network)s?$"\nwhen = "new_code"\n',
    "share.toml": 'regex = "."\nwhen = "share"\nabove = 0.01\n',
}


def main() -> None:
    """Prints the figures and keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=int, nargs="?", default=100_000)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.one:
        one(said.database, said.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        database = said.database or loaded(Path(folder), said.papers)
        found = {}
        for name in ("first", "again"):
            words = [sys.executable, __file__, "--database", str(database), "--one", folder]
            done = subprocess.run(words, cwd=measure.PROJECT, capture_output=True, text=True, check=True)
            found[name] = json.loads(done.stdout)
    columns = list(found["first"])
    measure.show("Feeds", ["publish", *columns], ([name, *row.values()] for name, row in found.items()))
    measure.save("feeds", found)


def loaded(folder: Path, papers: int) -> Path:
    """A working database of so many papers."""
    subprocess.run(
        [sys.executable, "benchmarks/make_snapshot.py", str(folder), str(papers)], cwd=measure.PROJECT, check=True
    )
    measure.etl(folder / "warehouse", "run", folder / f"arxiv-metadata-oai-snapshot-{papers}.json")
    return folder / "warehouse" / "working.duckdb"


def one(database: Path, folder: Path) -> None:
    """Writes all feeds once, beside those of the time before if there are any; prints what it took as JSON."""
    from etl import alerts, description, feed_files, rules, storage
    from etl import database as databases
    from etl.settings import Settings

    settings = Settings.from_env({}, warehouse=folder / "site")
    (folder / "alerts").mkdir(exist_ok=True)
    for name, text in RULES.items():
        (folder / "alerts" / name).write_text(text)
    settings.scratch.mkdir(parents=True, exist_ok=True)
    previous = folder / "previous"
    aside = folder / "aside"
    begun, used = time.monotonic(), time.process_time()
    with databases.connect(
        database, read_only=True, folders=[folder], memory_limit="1GB", scratch=settings.scratch
    ) as connection:
        papers = connection.execute("SELECT count(*) FROM core.papers").fetchall()[0][0]
        fired = alerts.occurrences(connection, rules.read(folder / "alerts")[0]).height
        alerts_cpu = time.process_time() - used
        written = feed_files.write(connection, settings, aside, previous)
        entries = [
            {
                "path": str(each.path.relative_to(aside)),
                "sha256": storage.sha256(each.path),
                "bytes": each.path.stat().st_size,
                "rows": each.rows,
            }
            for each in written
        ]
        description.write(connection, aside, "benchmark", "", entries, written)
        storage.sync_tree(aside)
    seconds, cpu = time.monotonic() - begun, time.process_time() - used
    kept = sum(
        (previous / each.path.relative_to(aside)).exists()
        and each.path.samefile(previous / each.path.relative_to(aside))
        for each in written
    )
    size = sum(each.path.stat().st_size for each in written)
    storage.clear(previous)
    aside.rename(previous)
    print(
        json.dumps(
            {
                "papers": papers,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu, 2),
                "alerts_cpu_seconds": round(alerts_cpu, 2),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
                "files": len(written),
                "kept": kept,
                "megabytes": round(size / 1e6, 1),
                "occurrences": fired,
            }
        )
    )


if __name__ == "__main__":
    main()

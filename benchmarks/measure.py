"""What the benchmarks share: where the dumps are, a command's wall time and peak memory, a table, the results file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
SAMPLES = PROJECT / "docs" / "samples"
SAMPLED_EVERY = 0.2  # seconds

# Real dumps beside the project are better than the invented samples.
REAL = PROJECT.parent / "shared" / "dumps"
DUMPS = REAL if REAL.is_dir() else SAMPLES


@dataclass(frozen=True)
class Measured:
    """One run of a command."""

    seconds: float
    peak_mb: float | None
    output: str


def etl(warehouse: Path, *arguments: str | Path, environment: dict[str, str] | None = None) -> Measured:
    """One `etl` command on a warehouse."""
    settings = {"ETL_WAREHOUSE": str(warehouse), **(environment or {})}
    return command([sys.executable, "-m", "etl", *map(str, arguments)], settings)


def command(words: Sequence[str], environment: dict[str, str] | None = None) -> Measured:
    """Runs a command to its end; raises SystemExit with its last words where it fails."""
    begun = time.monotonic()
    process = subprocess.Popen(
        words,
        cwd=PROJECT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = _Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - begun
    peak.stop()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: exit status {process.returncode}\n{output[-2000:]}")
    return Measured(round(seconds, 2), peak.megabytes, output)


class _Peak(threading.Thread):
    """Watches the memory of a process and all its children: what they share is counted once. Linux only."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.kib, self.ended = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(SAMPLED_EVERY):
            self.kib = max(self.kib, sum(_shared_out_kib(pid) for pid in _tree(self.pid)))

    def stop(self) -> None:
        self.ended.set()
        self.join()

    @property
    def megabytes(self) -> float | None:
        return round(self.kib * 1024 / 1e6) if self.kib else None


def _tree(pid: int) -> Iterable[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(child) for child in children.read_text().split()]
        except OSError:
            continue
        for child in found:
            yield from _tree(child)


def _shared_out_kib(pid: int) -> int:
    """The proportional set size of a process: pages that several processes share are divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def steps(warehouse: Path) -> dict[str, float]:
    """Seconds of each step of all runs so far, as the journal has them."""
    found: dict[str, float] = {}
    for line in (warehouse / "reports" / "runs.jsonl").read_text().splitlines():
        entry = json.loads(line)
        found[entry["step"]] = round(found.get(entry["step"], 0.0) + entry["seconds"], 2)
    return found


def count(warehouse: Path, table: str) -> int:
    """Rows of a published table."""
    said = etl(warehouse, "query", "--format", "json", f"SELECT count(*) AS rows FROM {table}").output
    return int(json.loads(said)[0]["rows"])


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a small table."""
    shown = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [list(head), *shown]) for place in range(len(head))]
    print(f"\n{title}")
    for row in [list(head), ["-" * width for width in widths], *shown]:
        aligned = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *aligned[1:]]))


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)


def save(name: str, facts: dict[str, object]) -> None:
    """Keeps the result of one benchmark beside those of the others."""
    path = HERE / "results.json"
    held = json.loads(path.read_text()) if path.exists() else {}
    machine = {
        "cores": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in ("duckdb", "polars", "apache-airflow", "great-expectations")},
    }
    held[name] = {"dumps": "real" if DUMPS == REAL else "samples", "machine": machine, **facts}
    path.write_text(json.dumps(held, indent=2, sort_keys=True) + "\n")

"""A year of daily listings and one copied page, from nothing to published, by command.

`python benchmarks/daily_year.py` runs it twice and keeps the better run.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import measure

BUDGET = 20.0
RUNS = 2
PATHS = (measure.DUMPS / "hf_papers_page", measure.DUMPS / "hf_daily")


def main() -> None:
    """Prints the seconds of each step, and keeps them."""
    runs = [one_run() for _ in range(RUNS)]
    best = min(runs, key=lambda run: run["total"])
    rows = [(name, seconds) for name, seconds in best.items() if name not in ("papers", "peak_mb")]
    measure.show(f"{best['papers']:,.0f} papers from nothing to published", ("step", "seconds"), rows)
    print(f"budget {BUDGET:.0f} s: {'kept' if best['total'] <= BUDGET else 'missed'}; peak memory {best['peak_mb']} MB")
    measure.save("daily_year", {"budget": BUDGET, "best": best, "totals": sorted(run["total"] for run in runs)})


def one_run() -> dict[str, float]:
    """Seconds of each step, of all else (imports, start of processes), and in total."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse"
        run = measure.etl(warehouse, "run", *PATHS)
        steps = measure.steps(warehouse)
        rest = round(run.seconds - sum(steps.values()), 2)
        papers = measure.count(warehouse, "core.papers")
    return {**steps, "rest": rest, "total": run.seconds, "peak_mb": run.peak_mb or 0, "papers": papers}


if __name__ == "__main__":
    main()

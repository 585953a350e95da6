"""What Airflow adds: both DAGs once in one process, against the same steps by `etl run`.

`python benchmarks/airflow_overhead.py [PATH ...]` takes the samples by default. The first run under Airflow makes its
database; the second one finds it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import measure

RUN_ONCE = measure.PROJECT / "deploy" / "airflow" / "run_once.py"
BUDGET = 15.0


def main() -> None:
    """Prints the three times, and keeps them."""
    paths = sys.argv[1:] or [str(path) for path in sorted(measure.SAMPLES.iterdir()) if path.is_dir()]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        by_command = measure.etl(place / "by-command", "run", *paths)
        first, second = (under_airflow(place, name, paths) for name in ("first", "second"))
    rows = [
        ("etl run", by_command.seconds, 0.0, by_command.peak_mb),
        ("Airflow, first run", first.seconds, first.seconds - by_command.seconds, first.peak_mb),
        ("Airflow, second run", second.seconds, second.seconds - by_command.seconds, second.peak_mb),
    ]
    measure.show("the same dumps, from nothing to published", ("how", "seconds", "more", "peak MB"), rows)
    print(f"budget: {BUDGET:.0f} s more")
    measure.save(
        "airflow_overhead",
        {
            "budget": BUDGET,
            "by_command": by_command.seconds,
            "first_more": round(first.seconds - by_command.seconds, 2),
            "second_more": round(second.seconds - by_command.seconds, 2),
            "peak_mb": second.peak_mb,
        },
    )


def under_airflow(place: Path, name: str, paths: list[str]) -> measure.Measured:
    """Both DAGs on a new warehouse, in an Airflow that the runs share."""
    environment = {"ETL_WAREHOUSE": str(place / name), "AIRFLOW_HOME": str(place / "airflow")}
    return measure.command([sys.executable, str(RUN_ONCE), *paths], environment)


if __name__ == "__main__":
    main()

"""`make run`: both DAGs once, by `dag.test()`, on sample dumps. The tests follow each other in one warehouse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

RUN_ONCE = Path(__file__).resolve().parents[2] / "deploy" / "airflow" / "run_once.py"


def run_once(environ: dict[str, str], *dumps: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script as `make run` does."""
    command = [sys.executable, str(RUN_ONCE), *map(str, dumps)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


def papers(place: Path) -> int:
    """How many papers readers see."""
    with duckdb.connect(str(place / "warehouse/current/papers.duckdb"), read_only=True) as connection:
        (row,) = connection.execute("SELECT count(*) FROM core.papers").fetchall()
    return int(row[0])


def outcomes(run: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    """The tasks that a run told of, in order, each with its outcome."""
    lines = [line.split() for line in run.stdout.splitlines() if not line.startswith(" ")]
    return [(words[0], next(word for word in words if word in ("ok", "failed", "skipped"))) for words in lines]


def test_dumps_are_published(place: Path, environ: dict[str, str]) -> None:
    run = run_once(environ, place / "inbox")
    assert run.returncode == 0, run.stdout + run.stderr
    steps = ("ingest", "normalise", "validate", "report_refused", "load", "build", "publish")
    assert outcomes(run) == [(step, "ok") for step in steps]
    assert papers(place) > 0


def test_the_same_dumps_again_change_nothing(place: Path, environ: dict[str, str]) -> None:
    before = (place / "warehouse/current").resolve()
    run = run_once(environ, place / "inbox")
    assert run.returncode == 0, run.stdout + run.stderr
    assert {("normalise", "skipped"), ("validate", "skipped")} <= set(outcomes(run))
    assert (place / "warehouse/current").resolve() == before


def test_a_broken_dump_is_reported_and_holds_back_itself_alone(
    place: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    before = papers(place)
    broken = tmp_path / "2025-01-02.json"
    broken.write_bytes(b'[{"paper": {"id": "2501.00001", "title"')
    good = RUN_ONCE.parents[2] / "docs/samples/hf_daily/2025-07-24.json"
    run = run_once(environ, broken, good, tmp_path / "absent")
    assert run.returncode == 1
    assert ("report_refused", "failed") in outcomes(run)
    assert "2025-01-02.json: dump refused" in run.stdout
    assert "absent" in run.stdout
    assert papers(place) > before

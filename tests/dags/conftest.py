"""Real Airflow in processes and homes of its own: nothing of it is imported by the tests themselves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an inbox of three sample dumps, for one Airflow and one warehouse."""
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "inbox").mkdir()
    for sample in sorted((PROJECT / "docs/samples/hf_daily").glob("2025-08-*.json")):
        shutil.copy(sample, folder / "inbox")
    return folder


@pytest.fixture(scope="module")
def environ(place: Path) -> dict[str, str]:
    """The environment of processes that work in `place` and nowhere else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "ETL_"))}
    return {
        **kept,
        "AIRFLOW_HOME": str(place / "home"),
        "ETL_WAREHOUSE": str(place / "warehouse"),
        "ETL_INBOX": str(place / "inbox"),
        "ETL_SETTLE_SECONDS": "0",
        "ETL_WORKERS": "1",
    }

"""Fixtures: settings on a temporary folder, and one published warehouse of the samples for all tests that only read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import hypothesis  # noqa: E402

from etl.settings import Settings  # noqa: E402

# The same examples in every run: a failure is there for everyone, or for no one.
hypothesis.settings.register_profile("project", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what golden tests found in place of what they expect"
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "warehouse")


def settings_at(warehouse: Path) -> Settings:
    return Settings(warehouse=warehouse, inbox=warehouse / "inbox", workers=2, settle_seconds=0)


@pytest.fixture(scope="session")
def samples() -> Path:
    return PROJECT / "docs" / "samples"


SAMPLE_FOLDERS = ("hf_daily", "hf_papers_page", "arxiv_snapshot")


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Settings:
    """The samples, published. Only read it; see `own_warehouse` for a copy."""
    from etl import pipeline

    settings = settings_at(tmp_path_factory.mktemp("samples") / "warehouse")
    done = pipeline.run(settings, [samples / name for name in SAMPLE_FOLDERS])
    assert done.problems == []
    return settings


@pytest.fixture
def own_warehouse(sample_warehouse: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the published samples that a test may change."""
    copy = tmp_path / "warehouse"
    shutil.copytree(sample_warehouse.warehouse, copy, symlinks=True)
    yield settings_at(copy)

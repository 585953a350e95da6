"""Every case in `sources/<source>/<case>/`: an input, and in `expected.json` what becomes of it.

A new case is a new folder with an `input.*`; `pytest tests/golden --update-golden` writes the rest, to be read before
it is kept. Cases are named for what is odd in them. An `etl.toml` beside the input is the configuration for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from etl import configuration, queries, sources
from etl.settings import Settings
from etl.sources.base import Head
from tests.factories import normalised

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("sources/*/*/input.*"))
# What follows from the bytes elsewhere, or says the same in every row.
LEFT_OUT = (
    "dump_id",
    "member",
    "record_length",
    "title_key",
    "is_specific",
    "author_key",
    "dois",
    "content_hash",
    "repeat_hash",
    "item",
    "parser_version",
    "url_key",
    "source",
    "detail",
    "excerpt",
)


def compared(path: Path, found: Any, update: bool) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=1, default=str) + "\n"
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path} is missing: write it with --update-golden and read it"
    assert json.loads(text) == json.loads(path.read_text(encoding="utf-8"))


def said(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows by their place, without nulls."""
    rows = frame.sort("record_offset", maintain_order=True).iter_rows(named=True) if frame.height else []
    return [{name: value for name, value in row.items() if value is not None and name not in LEFT_OUT} for row in rows]


@pytest.fixture
def configured(case: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The configuration of the case, if it has one."""
    if (case / "etl.toml").exists():
        monkeypatch.setenv("ETL_CONFIG", str(case / "etl.toml"))
    configuration.tables.cache_clear()
    yield
    configuration.tables.cache_clear()


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_sources(case: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (given,) = case.glob("input.*")
    source = case.parent.name
    data = given.read_bytes()
    assert sources.recognise(Head(data[: 256 << 10], "any name")) == source
    outcome, frames = normalised(tmp_path, source, data)
    counts = {name: outcome.total(name) for name in ("records", "accepted", "rejected", "duplicates")}
    found = {
        "refused": outcome.reason,
        **counts,
        "unknown_fields": outcome.unknown_fields,
        **{table: said(frames[table]) for table in ("papers", "links", "repositories")},
        "rejected_records": said(frames["rejected"]),
    }
    compared(case / "expected.json", found, request.config.getoption("--update-golden"))


def test_every_source_has_cases() -> None:
    assert {case.parent.name for case in CASES} == set(sources.names())


def feeds() -> list[str]:
    return [query.path.stem for query in queries.read("feeds", "feed")]


@pytest.mark.parametrize("feed", feeds())
def test_names_and_types_of_feeds_are_pinned(
    feed: str, sample_warehouse: Settings, request: pytest.FixtureRequest
) -> None:
    (query,) = [query for query in queries.read("feeds", "feed") if query.path.stem == feed]
    with duckdb.connect(str(sample_warehouse.current / "papers.duckdb"), read_only=True) as connection:
        columns = {name: str(kind) for name, kind, *_ in connection.execute(f"DESCRIBE {query.text}").fetchall()}
    found = {"formats": list(query.formats), "grain": list(query.grain), "columns": columns}
    compared(HERE / "feeds" / f"{feed}.json", found, request.config.getoption("--update-golden"))


def test_every_pinned_feed_is_there() -> None:
    assert {path.stem for path in (HERE / "feeds").glob("*.json")} == set(feeds())

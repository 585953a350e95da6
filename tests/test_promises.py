"""What the design promises to who extends it: one file dropped into a copy of the project is picked up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.factories import daily, daily_row, title

PROJECT = Path(__file__).resolve().parent.parent

SOURCE = '''
"""Rain reports: lines of `RAIN <tab> title <tab> abstract`."""

import polars as pl

from etl.reading.records import lines
from etl.sources.base import Normalised, Source
from etl.transforms import text


def parse(record, limits):
    _, title, abstract = record.data.decode().split("\\t")
    return {"title": title, "abstract": abstract}


SOURCE = Source(
    title="Rain reports",
    publisher="a test",
    licence="CC0-1.0",
    priority=4,
    parser_version=1,
    recognise=lambda head: head.data.startswith(b"RAIN\\t"),
    split=lines,
    parse=parse,
    fields={"title": pl.String(), "abstract": pl.String()},
    normalise=lambda raw: Normalised(
        raw.select("row", title=text.one_line(pl.col("title")), abstract=text.paragraphs(pl.col("abstract")))
    ),
)
'''
MART = """-- Papers that speak of rain, with a figure of another mart.
-- grain: paper_id
-- paper_id: the paper
-- letters: letters of its title
-- pairs: rows of a mart that is built before
SELECT papers.paper_id, length(papers.title) AS letters, (SELECT count(*) FROM mart.letters_by_year) AS pairs
FROM core.papers AS papers
"""
PYTHON_MART = '''
"""Letters of titles by year."""

import dataframely as dy
import polars as pl

from etl.marts.base import Mart


class LettersByYear(dy.Schema):
    """Letters of titles by year."""

    year = dy.Int64(primary_key=True, description="the year")
    letters = dy.Int64(description="letters of its titles")


def compute(frames):
    return frames["papers"].group_by("year").agg(letters=pl.col("letters").sum())


MART = Mart(
    schema=LettersByYear,
    inputs={"papers": "SELECT coalesce(year(published_on), 0) AS year, length(title) AS letters FROM core.papers"},
    compute=compute,
)
'''
FORMAT = '''
"""Titles, a line each."""

from etl.feeds.base import Format

FORMAT = Format("txt", lambda path, feed: path.write_text("\\n".join(feed.rows["title"]) + "\\n"))
'''
FEED = """-- All titles.
-- grain: paper_id
-- formats: lines, csv
-- paper_id: the paper
-- title: its title
SELECT paper_id, title FROM core.papers ORDER BY title
"""
EXPECTATION = {
    "type": "unexpected_rows_expectation",
    "kwargs": {"unexpected_rows_query": "SELECT dump_id, title FROM {batch} WHERE contains(title, 'Kettle')"},
    "severity": "critical",
    "notes": "Kettles are no papers.",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one file of each kind dropped in."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("etl", "sql", "expectations"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "etl/sources/rain_reports.py").write_text(SOURCE.lstrip(), encoding="utf-8")
    (root / "sql/marts/rain_letters.sql").write_text(MART, encoding="utf-8")
    (root / "etl/marts/letters_by_year.py").write_text(PYTHON_MART.lstrip(), encoding="utf-8")
    (root / "etl/feeds/lines.py").write_text(FORMAT.lstrip(), encoding="utf-8")
    (root / "sql/feeds/titles.sql").write_text(FEED, encoding="utf-8")
    papers = json.loads((root / "expectations/papers.json").read_text(encoding="utf-8"))
    papers["expectations"].append(EXPECTATION)
    (root / "expectations/papers.json").write_text(json.dumps(papers), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(copy: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*args: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy), "ETL_WAREHOUSE": str(copy / "warehouse")}
        return subprocess.run(
            [sys.executable, "-m", "etl", *args], cwd=copy, env=environment, capture_output=True, text=True, timeout=120
        )

    return call


def test_one_file_more_is_checked(copy: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    from etl import checks

    done = run("check", "--json")
    assert done.returncode == 0, done.stderr
    own, more = checks.check(), json.loads(done.stdout)
    assert not (copy / "warehouse").exists()
    assert all(number > 0 for what, number in own.items() if what not in ("overrides", "configured terms"))
    assert {what: more[what] - own[what] for what in own} == {
        "sources": 1,
        "expectations": 1,
        "overrides": 0,
        "configured terms": 0,
        "core queries": 0,
        "marts": 2,
        "feeds": 1,
        "alert conditions": 0,
        "dashboard": 0,
    }


@pytest.mark.slow
def test_one_file_more_is_used(copy: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (copy / "in").mkdir()
    (copy / "in/2025-06-10.json").write_bytes(daily([daily_row(1), daily_row(2)]))
    (copy / "in/2025-06-11.json").write_bytes(daily([daily_row(3), daily_row(4)]))  # speaks of kettles
    (copy / "in/rain.txt").write_text("RAIN\tOn the Length of Showers\tShowers were timed by ear.\n", encoding="utf-8")
    done = run("run", "in")
    assert done.returncode == 1, done.stderr
    assert all(line.startswith("error: ") for line in done.stderr.splitlines()), done.stderr
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["2025-06-11.json"]
    assert "Kettle" in done.stderr
    current = copy / "warehouse/current"
    titles = sorted(["On the Length of Showers", title(1), title(2)])
    with duckdb.connect(str(current / "papers.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT source, status FROM core.dumps ORDER BY name").fetchall() == [
            ("hf_daily", "loaded"),
            ("hf_daily", "refused"),
            ("rain_reports", "loaded"),
        ]
        letters = connection.execute("SELECT sum(letters), max(pairs) FROM mart.rain_letters").fetchall()
        assert letters == [(sum(map(len, titles)), 2)]
        assert connection.execute("SELECT sum(letters) FROM mart.letters_by_year").fetchall() == [
            (sum(map(len, titles)),)
        ]
        comments = (
            "SELECT comment FROM duckdb_columns() WHERE table_name IN ('rain_letters', 'letters_by_year') "
            "AND NOT internal"
        )
        assert all(comment for (comment,) in connection.execute(comments).fetchall())
    assert (current / "feeds/titles.txt").read_text(encoding="utf-8").splitlines() == titles
    assert (current / "feeds/titles.csv").exists()
    assert (current / "tables/mart.rain_letters.parquet").exists()


@pytest.mark.parametrize(
    ("place", "text", "said"),
    [
        ("sql/marts/broken.sql", "-- Rows.\n-- grain: a\nSELECT wetness AS a FROM core.papers\n", "broken.sql"),
        ("sql/marts/broken.sql", "-- Rows.\n-- grain: a\nSELECT title AS b FROM core.papers\n", "broken"),
        ("sql/marts/broken.sql", "-- Rows.\n-- grain: a\nSELECT 1 AS a FROM papers\n", "broken.sql"),
        ("sql/marts/broken.sql", "-- Rows.\n-- grain: a\nSELECT a FROM mart.broken\n", "mart.broken"),
        ("sql/feeds/broken.sql", "-- Rows.\n-- grain: a\nSELECT 1 AS a\n", "broken.sql"),
        ("sql/feeds/broken.sql", "-- Rows.\n-- grain: a\n-- formats: scroll\nSELECT 1 AS a\n", "scroll"),
    ],
)
def test_a_broken_file_is_refused_by_name(
    place: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl import checks, queries, validation
    from etl.errors import EtlError

    shutil.copytree(PROJECT / "sql", tmp_path / "sql")
    (tmp_path / place).write_text(text, encoding="utf-8")
    monkeypatch.setattr(queries.read, "__defaults__", (tmp_path / "sql",))
    # The suites are not what is broken here, and take a second.
    monkeypatch.setattr(validation.Validator, "__init__", lambda self: setattr(self, "suites", {}))
    with pytest.raises(EtlError, match=said):
        checks.check()

"""Dumps that are doubted as a whole, and rejected records that are read again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import ledger, pipeline, published, rejected
from etl.rejected import Chosen
from etl.settings import Settings
from tests.conftest import PROJECT
from tests.factories import abstract, daily, daily_row, page, snapshot_lines, snapshot_record, title
from tests.warehouses import rows


def put(settings: Settings, name: str, data: bytes) -> Path:
    settings.inbox.mkdir(parents=True, exist_ok=True)
    path = settings.inbox / name
    path.write_bytes(data)
    return path


def dumps(settings: Settings) -> dict[str, tuple[str, str | None]]:
    found = rows(settings.current / "papers.duckdb", "SELECT name, status, reason FROM core.dumps ORDER BY name")
    return {name: (status, reason) for name, status, reason in found}


def papers(settings: Settings) -> int:
    return int(rows(settings.current / "papers.duckdb", "SELECT count(*) FROM core.papers")[0][0])


def listing(records: int, bad: int, start: int = 0) -> bytes:
    """A daily listing of so many rows, the last ones without an identifier."""
    return daily([daily_row(start + n, **({"id": None} if n >= records - bad else {})) for n in range(records)])


def test_a_share_of_rejected_records_above_the_limit_refuses_the_dump_alone(settings: Settings) -> None:
    put(settings, "2025-06-01.json", listing(40, 2))
    put(settings, "2025-06-02.json", listing(40, 3, 100))
    put(settings, "2025-06-03.json", listing(3, 1, 200))
    done = pipeline.run(settings)
    assert [line.partition(": dump refused, ")[2].partition(":")[0] for line in done.problems] == ["rejected_share"]
    found = dumps(settings)
    assert {name: status for name, (status, _) in found.items()} == {
        "2025-06-01.json": "loaded",
        "2025-06-02.json": "refused",
        "2025-06-03.json": "loaded",
    }
    assert "3 of 40 records" in str(found["2025-06-02.json"][1])
    assert papers(settings) == 38 + 2
    listed = published.status(settings).refused
    assert [row["name"] for row in listed] == ["2025-06-02.json"]
    # What was refused can be looked at all the same.
    counted = rejected.counts(settings, Chosen(dump="2025-06-02.json"))
    assert [(row["source"], row["reason"], row["records"]) for row in counted] == [("hf_daily", "missing_id", 3)]


def test_the_limit_is_a_setting_and_a_person_may_approve(settings: Settings) -> None:
    put(settings, "2025-06-02.json", listing(40, 3))
    assert pipeline.run(settings).problems
    assert papers(settings) == 0
    assert pipeline.run(replace(settings, rejected_share=0.1)).problems == []
    assert papers(settings) == 37
    assert pipeline.run(settings).problems
    assert papers(settings) == 0
    pipeline.approve(settings, "2025-06-02.json", "known to be so")
    assert pipeline.run(settings).problems == []
    assert papers(settings) == 37
    assert rows(settings.current / "papers.duckdb", "SELECT records, loaded, rejected FROM core.dumps") == [(40, 37, 3)]


PAIRS = [(title(number), abstract(number)) for number in range(60)]
LAYOUTS: dict[str, Callable[[], bytes]] = {
    "half_of_the_list": lambda: page(PAIRS[:25]),
    "authors_between": lambda: page([(first, f"Author {first[6:11]}\n{rest}") for first, rest in PAIRS]),
    "cut_abstracts": lambda: page([(first, rest[:60]) for first, rest in PAIRS]),
    "abstracts_of_one_unfinished_line": lambda: page([(t, "word " * 40 + f"and so on {t[6:11]}") for t, _ in PAIRS]),
    "whole_texts_in_place_of_abstracts": lambda: page([(first, f"{rest} " * 5) for first, rest in PAIRS]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_page_that_changed_its_shape_is_refused_and_the_last_good_publish_stays(
    layout: str, settings: Settings
) -> None:
    put(settings, "2025-06-01-page.txt", page(PAIRS))
    assert pipeline.run(settings).problems == []
    put(settings, "2025-06-02-page.txt", LAYOUTS[layout]())
    done = pipeline.run(settings)
    assert len(done.problems) == 1
    assert "2025-06-02-page.txt: dump refused, " in done.problems[0]
    assert papers(settings) == 60
    assert dumps(settings)["2025-06-02-page.txt"][0] == "refused"
    assert [row["name"] for row in published.status(settings).refused] == ["2025-06-02-page.txt"]


def test_an_ordinary_next_page_is_loaded(settings: Settings) -> None:
    put(settings, "2025-06-01-page.txt", page(PAIRS))
    put(settings, "2025-06-02-page.txt", page([(title(n), abstract(n)) for n in range(20, 78)], banner=False))
    assert pipeline.run(settings).problems == []
    assert papers(settings) == 78


def test_a_field_that_went_missing_is_noticed(settings: Settings) -> None:
    put(settings, "2025-06-01.json", daily([daily_row(number) for number in range(30)]))
    put(settings, "2025-06-02.json", daily([daily_row(100 + number, summary=None) for number in range(30)]))
    put(settings, "2025-06-03.json", daily([daily_row(200 + number) for number in range(30)]))
    problems = pipeline.run(settings).problems
    assert len(problems) == 1
    assert "2025-06-02.json" in problems[0]
    assert "layout_drift: abstract is missing in 100%" in problems[0]
    pipeline.approve(settings, "2025-06-02.json", "they list titles alone now")
    assert pipeline.run(settings).problems == []
    assert papers(settings) == 90


def test_rejected_records_are_shown_with_their_bytes(settings: Settings) -> None:
    lines = snapshot_lines([snapshot_record(number) for number in range(60)]).splitlines(keepends=True)
    lines.insert(7, b'{"id": "2506.00099", "title": \n')
    put(settings, "snapshot.jsonl", b"".join(lines))
    assert pipeline.run(settings).problems == []
    (row,) = rejected.records(settings, Chosen(reason="malformed_json")).to_dicts()
    assert (row["source"], row["name"], row["record_offset"]) == (
        "arxiv_snapshot",
        "snapshot.jsonl",
        len(b"".join(lines[:7])),
    )
    assert published.record_bytes(settings, row) == lines[7].strip()
    assert "byte" in row["detail"]
    assert rejected.records(settings, Chosen(source="hf_daily")).height == 0


SOURCE = '''
"""Rain reports: a title and an abstract a line."""

import polars as pl

from etl.errors import RecordError
from etl.reading.records import lines
from etl.sources.base import Normalised, Source
from etl.transforms import text


def parse(record, limits):
    cells = record.data.decode().split("\\t")
    if len(cells) != 3:
        raise RecordError("ragged_row", f"{len(cells)} cells, wanted 3")
    return {"title": cells[1], "abstract": cells[2]}


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
    rejected_share=0.5,
    normalise=lambda raw: Normalised(
        raw.select("row", title=text.one_line(pl.col("title")), abstract=text.paragraphs(pl.col("abstract")))
    ),
)
'''


@pytest.fixture
def etl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line of a copy of the project with one more source."""
    root = tmp_path / "copy"
    for folder in ("etl", "sql", "expectations"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "etl/sources/rain_reports.py").write_text(SOURCE.lstrip(), encoding="utf-8")

    def call(*args: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "ETL_WAREHOUSE": str(root / "warehouse")}
        command = [sys.executable, "-m", "etl", *args]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=180)

    return call


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_what_a_mended_parser_can_read_is_replayed_and_loads_once(
    etl: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    good = [f"RAIN\tOn the Length of Shower {number:03d}\tShowers were timed by ear." for number in range(10)]
    lines = [*good[:5], "RAIN;On Drizzle in the Late Evening;It drizzled.", *good[5:], "RAIN\tcut", good[0]]
    (root / "rain.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert etl("run", "rain.txt").returncode == 0
    listed = said(etl("rejected", "list", "--json"))
    assert [(row["reason"], row["records"]) for row in listed] == [("ragged_row", 2)]
    shown = etl("rejected", "show", "--bytes")
    assert shown.stdout.splitlines() == [lines[5], lines[11]]
    source = root / "etl/sources/rain_reports.py"
    mended = SOURCE.lstrip().replace('split("\\t")', 'replace(";", "\\t").split("\\t")')
    assert mended != SOURCE.lstrip()
    source.write_text(mended, encoding="utf-8")
    found = said(etl("rejected", "replay", "--reason", "ragged_row", "--json"))
    assert (found["dumps"], found["records"], found["still_rejected"]) == (1, 2, 1)
    for _ in range(2):
        counts = said(etl("query", "SELECT records, loaded, rejected, duplicates FROM core.dumps", "--format", "json"))
        assert counts == [{"records": 13, "loaded": 11, "rejected": 1, "duplicates": 1}]
        titles = said(etl("query", "SELECT title FROM core.papers WHERE title LIKE '%Drizzle%'", "--format", "json"))
        assert titles == [{"title": "On Drizzle in the Late Evening"}]
        # A replay of nothing, and one more run, change nothing.
        assert said(etl("rejected", "replay", "--source", "hf_daily", "--json"))["records"] == 0
        assert etl("run").returncode == 0


def test_a_file_registered_in_place_is_read_from_where_it_lies(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "2025-06-01.json"
    path.write_bytes(listing(30, 0))
    assert pipeline.run(settings, [path], in_place=True).problems == []
    assert papers(settings) == 30
    (delivery,) = ledger.deliveries(settings)
    raw = settings.raw_file(delivery.dump_id)
    assert raw.is_symlink()
    assert raw.resolve() == path
    (record, *_) = published.trace_paper(settings, "2506.00001")
    assert b"2506.00001" in published.record_bytes(settings, record)


@pytest.mark.parametrize("after", ["changed", "removed"])
def test_a_file_registered_in_place_must_stay_as_it_is(after: str, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "2025-06-01.json"
    path.write_bytes(listing(30, 0))
    pipeline.ingest(settings, [path], in_place=True)
    if after == "changed":
        path.write_bytes(listing(30, 0, 500))
        os.utime(path, (1, 1))
    else:
        path.unlink()
    done = pipeline.run(settings)
    assert len(done.problems) == 1
    assert "changed_in_place" in done.problems[0]
    assert papers(settings) == 0


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("after", ["changed", "removed"])
def test_what_was_registered_in_place_and_lost_can_be_ingested_again(
    after: str, in_place: bool, settings: Settings, tmp_path: Path
) -> None:
    path, again = tmp_path / "2025-06-01.json", tmp_path / "again" / "2025-06-01.json"
    path.write_bytes(listing(30, 0))
    pipeline.ingest(settings, [path], in_place=True)
    path.unlink() if after == "removed" else path.write_bytes(listing(30, 0, 500))
    assert "changed_in_place" in pipeline.run(settings).problems[0]
    again.parent.mkdir()
    again.write_bytes(listing(30, 0))
    assert pipeline.run(settings, [again], in_place=in_place).problems == []
    assert papers(settings) == 30


def test_a_file_registered_in_place_may_get_another_time(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "2025-06-01.json"
    path.write_bytes(listing(30, 0))
    pipeline.ingest(settings, [path], in_place=True)
    os.utime(path, (1, 1))
    assert pipeline.run(settings).problems == []
    assert papers(settings) == 30

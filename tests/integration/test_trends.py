"""Planted bursts, rises and sources, from listings through the pipeline to `mart.keyword_trends` and the report."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from etl import cli, published
from etl.steps import publish
from tests import planted
from tests.planted import NULL_TOPICS, Plan
from tests.warehouses import Small

BURSTS = {
    "tidal pool mapping": (8, 13, 4.0),
    "bee traffic models": (20, 24, 4.0),
    "folding robots": (27, 35, 3.0),
    "cloud counting machines": (3, 8, 5.0),
}
RISES = {"snow melting circuits": 6.0, "river singing sensors": 5.0}
PLAN = Plan(bursts=BURSTS, rises=RISES)
OBSERVED = dt.date(2025, 2, 1)


def trends_of(small: Small) -> dict[str, dict[str, Any]]:
    """The rows of scope `all`, by keyword."""
    with duckdb.connect(str(small.settings.database), read_only=True) as connection:
        rows = connection.sql("SELECT * FROM mart.keyword_trends WHERE scope = 'all'").pl()
    return {row["keyword"]: row for row in rows.iter_rows(named=True)}


def built(folder: Path, *dumps: tuple[bytes, str]) -> Small:
    small = Small(folder)
    for data, name in dumps:
        small.deliver(data, name, OBSERVED)
    small.settle()
    return small


@pytest.fixture(scope="module")
def with_bursts(tmp_path_factory: pytest.TempPathFactory) -> Small:
    dump = planted.as_snapshot(planted.papers(PLAN))
    return built(tmp_path_factory.mktemp("planted"), (dump, "snapshot.jsonl"))


def keyword_of(found: dict[str, dict[str, Any]], topic: str) -> dict[str, Any]:
    """The row of a topic, whatever variant of it is shown."""
    stem = topic.rstrip("s")
    names = [name for name in found if name.lower().replace("-", " ").rstrip("s") == stem]
    assert len(names) == 1, (topic, names)
    return found[names[0]]


def months_between(one: dt.date, other: dt.date) -> int:
    return abs((one.year - other.year) * 12 + one.month - other.month)


def test_planted_bursts_are_found_with_their_dates(with_bursts: Small) -> None:
    found = trends_of(with_bursts)
    errors = []
    for topic, (first, last, _) in BURSTS.items():
        row = keyword_of(found, topic)
        assert row["burst_start"] is not None, topic
        errors += [
            months_between(row["burst_start"], planted.month(PLAN, first)),
            months_between(row["burst_end"], planted.month(PLAN, last)),
        ]
    assert max(errors) <= 2
    assert sum(errors) / len(errors) <= 1


def test_planted_rises_are_sure_and_lead(with_bursts: Small) -> None:
    found = trends_of(with_bursts)
    for topic in RISES:
        row = keyword_of(found, topic)
        assert row["q_value"] <= 0.05
        assert row["slope"] > 0
        assert row["growth"] > 0.5
    first = sorted(found.values(), key=lambda row: row["emergence"] or -9.0, reverse=True)[: 3 * len(RISES)]
    assert {keyword_of(found, topic)["keyword"] for topic in RISES} <= {row["keyword"] for row in first}


def test_what_does_nothing_raises_no_alarm(with_bursts: Small) -> None:
    found = trends_of(with_bursts)
    null = [keyword_of(found, topic) for topic in NULL_TOPICS]
    assert all(row["q_value"] is not None for row in null)
    assert sum(row["q_value"] <= 0.05 for row in null) / len(null) <= 0.05
    assert sum(row["burst_start"] is not None for row in null) / len(null) <= 0.05


def test_shuffled_dates_raise_no_more_alarms_than_stated(tmp_path: Path) -> None:
    dump = planted.as_snapshot(planted.shuffled(planted.papers(PLAN)))
    tested = [
        row for row in trends_of(built(tmp_path, (dump, "snapshot.jsonl"))).values() if row["q_value"] is not None
    ]
    assert len(tested) >= len(NULL_TOPICS)
    assert sum(row["q_value"] <= 0.05 for row in tested) / len(tested) <= 0.05
    assert sum(row["burst_start"] is not None for row in tested) / len(tested) <= 0.05


def test_a_source_of_another_mix_that_joins_half_way_raises_nothing(tmp_path: Path) -> None:
    """The new source lists papers of its own, mostly of few topics, and half of what the old one lists as well."""
    favoured = dict.fromkeys(NULL_TOPICS[:5], 60.0)
    old = planted.papers(Plan())
    later = Plan(first=dt.date(2023, 7, 1), months=18, papers_a_month=200, weights=favoured)
    new = planted.papers(later, seed=5)
    # What both list has the same identifiers and texts: the number is that in the old listing.
    shared = [(number, made) for number, made in enumerate(old) if made[0] >= later.first and number % 2]
    daily = json.loads(planted.as_daily(new))
    for number, made in shared:
        daily += json.loads(planted.as_daily([made], number))
    dumps = [(planted.as_snapshot(old), "snapshot.jsonl"), (json.dumps(daily).encode(), "daily.json")]
    small = built(tmp_path, *dumps)
    with duckdb.connect(str(small.settings.database), read_only=True) as connection:
        sources = "SELECT count(DISTINCT source) FROM core.paper_observations GROUP BY paper_id"
        assert {number for (number,) in connection.execute(sources).fetchall()} == {1, 2}
    found = trends_of(small)
    for topic in NULL_TOPICS[:5]:
        row = keyword_of(found, topic)
        # Thrown together, its share would be some ten times as large as before.
        assert row["growth_z"] < 3, topic
        assert row["growth"] < 0.6, topic
        assert row["q_value"] > 0.05, topic
        assert row["burst_start"] is None, topic


@pytest.fixture(scope="module")
def reported(with_bursts: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    publish.publish(with_bursts.settings)
    folder = tmp_path_factory.mktemp("report")
    backtest(with_bursts, folder)
    return folder


def backtest(small: Small, folder: Path, *words: str) -> str:
    options = ["--horizon", "6", "--output", str(folder), "--warehouse", str(small.settings.warehouse), *words]
    done = CliRunner().invoke(cli.app, ["backtest", *options])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_report_says_what_was_foretold(reported: Path) -> None:
    facts = json.loads((reported / "backtest.json").read_text())
    assert facts["schema_version"] == 1
    assert set(facts["rankings"]) == {"emergence", "count", "ratio", "smoothed ratio", "z-score"}
    assert len(facts["cutoffs"]) == 7
    assert facts["shuffled"]["share_of_false_alarms"] <= facts["shuffled"]["q_value"]
    assert 0 < facts["stability"]["jaccard_least"] <= facts["stability"]["jaccard_mean"] <= 1
    for at in facts["cutoffs"]:
        for line in at["ranked"]:
            then, later = line["shares"][0], line["shares"][2]
            assert not line["emerged"] or (later >= 2 * then * 0.999 and line["papers"][2] >= 10)


def test_the_page_is_whole_by_itself(reported: Path) -> None:
    page = (reported / "backtest.html").read_text()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert page.count("<figure>") == page.count("<svg ") == page.count('role="img" aria-label="') == 4
    assert "prefers-color-scheme: dark" in page


def test_the_report_is_the_same_each_time(reported: Path, with_bursts: Small, tmp_path: Path) -> None:
    backtest(with_bursts, tmp_path)
    for name in ("backtest.json", "backtest.html"):
        assert (tmp_path / name).read_bytes() == (reported / name).read_bytes()


def test_what_came_after_a_cutoff_does_not_change_its_ranking(with_bursts: Small, tmp_path: Path) -> None:
    """The ranking is made on half of the history as on all of it."""
    publish.publish(with_bursts.settings)
    early = [made for made in planted.papers(PLAN) if made[0] < dt.date(2023, 9, 1)]
    half = built(tmp_path / "half", (planted.as_snapshot(early), "snapshot.jsonl"))
    publish.publish(half.settings)
    lists = []
    for number, small in enumerate((with_bursts, half)):
        backtest(small, tmp_path / str(number), "--cutoff", "2023-01")
        (at,) = json.loads((tmp_path / str(number) / "backtest.json").read_text())["cutoffs"]
        lists.append([line["keyword"] for line in at["ranked"]])
    assert lists[0] == lists[1]


def test_titles_can_be_ranked_too(with_bursts: Small, tmp_path: Path) -> None:
    publish.publish(with_bursts.settings)
    backtest(with_bursts, tmp_path, "--candidates", "titles", "--source", "arxiv_snapshot")
    facts = json.loads((tmp_path / "backtest.json").read_text())
    assert facts["plan"]["candidates"] == "titles"
    # No keyword of the warehouse, but words that stand side by side in titles.
    assert any(line["keyword"].endswith(" in winter") for at in facts["cutoffs"] for line in at["ranked"])
    assert facts["papers"] == PLAN.months * PLAN.papers_a_month


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--candidates", "colours"], "candidates 'colours' is not known; known: keywords, titles"),
        (["--clock", "sundial"], "clock 'sundial' is not known; known: published_on, observed_on"),
        (["--source", "nowhere"], "found no dated paper of nowhere"),
        (["--horizon", "60"], "found 36 months of history, wanted at least 67"),
        (["--cutoff", "2021-01"], "found cut-off 2021-01-01, wanted cut-offs from 2022-07-01"),
    ],
)
def test_what_cannot_be_back_tested_is_one_line(words: list[str], said: str, with_bursts: Small) -> None:
    publish.publish(with_bursts.settings)
    done = CliRunner().invoke(cli.app, ["backtest", "--warehouse", str(with_bursts.settings.warehouse), *words])
    assert done.exit_code == 1
    assert said in str(done.exception)


def test_nothing_published_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["backtest", "--warehouse", str(tmp_path)])
    assert isinstance(done.exception, published.NothingPublishedError)

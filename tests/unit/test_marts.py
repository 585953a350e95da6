from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from etl.marts import keyword_themes, keyword_trends

PROJECT = Path(__file__).resolve().parents[2]


def month(number: int) -> dt.date:
    return dt.date(2024 + number // 12, number % 12 + 1, 1)


NO_SOURCES = {
    "source_months": pl.DataFrame(
        schema={"scope": pl.String, "source": pl.Int64, "period": pl.Date, "papers_total": pl.Int64}
    ),
    "source_counts": pl.DataFrame(
        schema={"keyword": pl.String, "scope": pl.String, "source": pl.Int64, "period": pl.Date, "papers": pl.Int64}
    ),
}


def trends(counts: dict[str, list[int]], totals: list[int], partial: int | None = None) -> dict[str, dict[str, object]]:
    """The trends of keywords whose papers in each month are given, by keyword."""
    periods = [month(number) for number in range(len(totals))]
    frames = {
        "months": pl.DataFrame(
            {
                "scope": ["all"] * len(totals),
                "period": periods,
                "papers_total": totals,
                "is_partial": [number == partial for number in range(len(totals))],
            },
            schema={"scope": pl.String, "period": pl.Date, "papers_total": pl.Int64, "is_partial": pl.Boolean},
        ),
        "counts": pl.DataFrame(
            [
                {"keyword": keyword, "scope": "all", "period": periods[number], "papers": papers}
                for keyword, series in counts.items()
                for number, papers in enumerate(series)
                if papers
            ],
            schema={"keyword": pl.String, "scope": pl.String, "period": pl.Date, "papers": pl.Int64},
        ),
        "seen": pl.DataFrame(
            [
                {
                    "keyword": keyword,
                    "scope": "all",
                    "papers": sum(series),
                    "first_seen": periods[0] if periods else None,
                }
                for keyword, series in counts.items()
            ],
            schema={"keyword": pl.String, "scope": pl.String, "papers": pl.Int64, "first_seen": pl.Date},
        ),
        **NO_SOURCES,
    }
    found = keyword_trends.KeywordTrends.validate(keyword_trends.compute(frames), cast=True)
    return {str(row["keyword"]): row for row in found.iter_rows(named=True)}


TOTALS = [200] * 16
STEADY = [10, 9, 11, 10, 10, 9, 11, 10, 10, 11, 9, 10, 10, 9, 11, 10]
PLANTED = {
    "rising": [0, 0, 1, 1, 2, 3, 4, 5, 7, 9, 11, 14, 17, 20, 24, 28],
    "falling": [28, 24, 20, 17, 14, 11, 9, 7, 5, 4, 3, 2, 1, 1, 0, 0],
    "steady": STEADY,
    "burst": [3, 2, 3, 3, 2, 3, 15, 18, 16, 3, 2, 3, 3, 2, 3, 3],
    "one to four": [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    **{f"steady {number}": STEADY[number:] + STEADY[:number] for number in range(1, 8)},
}


@pytest.fixture(scope="module")
def planted() -> dict[str, dict[str, object]]:
    return trends(PLANTED, TOTALS)


def figure(row: dict[str, object], name: str) -> float:
    value = row[name]
    assert isinstance(value, float)
    return value


def test_a_planted_rise_is_found_and_sure(planted: dict[str, dict[str, object]]) -> None:
    row = planted["rising"]
    assert row["trend_status"] == "ok"
    assert row["n_periods"] == 16
    assert figure(row, "growth") > 1
    assert figure(row, "slope") > 0
    assert figure(row, "q_value") < 0.001
    assert row["burst_end"] == month(15)


def test_a_planted_fall_is_found_and_sure(planted: dict[str, dict[str, object]]) -> None:
    row = planted["falling"]
    assert figure(row, "growth") < -1
    assert figure(row, "slope") < 0
    assert figure(row, "q_value") < 0.001


def test_a_flat_series_is_no_trend(planted: dict[str, dict[str, object]]) -> None:
    row = planted["steady"]
    assert abs(figure(row, "growth")) < 0.1
    assert figure(row, "q_value") > 0.3
    assert (row["burst_start"], row["burst_end"], row["burst_weight"]) == (None, None, None)


def test_a_burst_begins_and_ends_in_its_months(planted: dict[str, dict[str, object]]) -> None:
    row = planted["burst"]
    assert (row["burst_start"], row["burst_end"]) == (month(6), month(8))
    assert figure(row, "burst_weight") > 10


def test_one_paper_that_becomes_four_does_not_lead(planted: dict[str, dict[str, object]]) -> None:
    by_emergence = sorted(planted, key=lambda keyword: figure(planted[keyword], "emergence"), reverse=True)
    assert by_emergence[0] == "rising"
    assert figure(planted["one to four"], "emergence") < figure(planted["rising"], "emergence") / 2
    assert figure(planted["one to four"], "growth") < figure(planted["rising"], "growth") / 2
    # Five papers are too few for a test.
    assert planted["one to four"]["q_value"] is None


def test_q_values_are_never_below_p_values(planted: dict[str, dict[str, object]]) -> None:
    tested = [row for row in planted.values() if row["p_value"] is not None]
    assert len(tested) == len(planted) - 1
    for row in tested:
        assert 0 <= figure(row, "p_value") <= figure(row, "q_value") <= 1


@pytest.mark.parametrize(
    ("months", "status", "known"),
    [
        (1, "insufficient_history", set()),
        (2, "difference", {"difference"}),
        (3, "difference", {"difference"}),
        (4, "growth", {"difference", "growth", "slope", "emergence"}),
        (7, "growth", {"difference", "growth", "slope", "emergence"}),
        (8, "ok", {"difference", "growth", "slope", "emergence", "p_value", "q_value"}),
    ],
)
def test_a_figure_is_null_where_history_is_too_short(months: int, status: str, known: set[str]) -> None:
    figures = ("difference", "growth", "slope", "emergence", "p_value", "q_value")
    row = trends({"keyword": [5] * months}, [100] * months)["keyword"]
    assert (row["trend_status"], row["n_periods"]) == (status, months)
    assert {name for name in figures if row[name] is not None} == known


def test_partial_and_thin_months_do_not_count() -> None:
    row = trends({"keyword": [5] * 9}, [100] * 8 + [4])["keyword"]
    assert (row["n_periods"], row["trend_status"]) == (8, "ok")
    row = trends({"keyword": [5] * 8}, [100] * 8, partial=7)["keyword"]
    assert (row["n_periods"], row["trend_status"]) == (7, "growth")


def test_undated_papers_have_no_periods() -> None:
    found = trends({"undated": [0] * 10, "dated": [5] * 10}, [100] * 10)
    row = found["undated"]
    assert (row["n_periods"], row["trend_status"], row["papers"]) == (0, "insufficient_history", 0)
    assert all(row[name] is None for name in ("growth", "slope", "p_value", "q_value", "burst_start"))


def test_no_history_gives_no_rows() -> None:
    assert trends({}, []) == {}


@pytest.mark.parametrize(
    "papers",
    [
        2,
        10,
        19,
        20,
    ],
)
def test_a_share_that_never_changes_does_not_grow(papers: int) -> None:
    row = trends({"always": [papers] * 12}, [20] * 12)["always"]
    assert abs(figure(row, "emergence")) < 1
    assert (figure(row, "slope"), figure(row, "p_value")) == (0, 1)


@pytest.mark.parametrize("papers", [1, 5, 10, 19])
def test_a_share_that_never_changes_is_no_burst(papers: int) -> None:
    assert trends({"always": [papers] * 12}, [20] * 12)["always"]["burst_start"] is None


USAGE = """
import datetime as dt, polars as pl, random
from etl.marts.keyword_themes import compute
random.seed(7)
groups = [[f"{group} {n}" for n in range(8)] for group in ("rain", "stone", "kettle", "orchard")]
rows = [
    {"keyword": keyword, "paper_id": f"{year}-{paper}", "period": dt.date(year, 1, 1)}
    for year in (2024, 2025)
    for paper in range(160)
    for keyword in {*random.sample(groups[paper % 4], 4), *random.sample(random.choice(groups), 1)}
]
partial = pl.DataFrame({"period": [dt.date(2025, 1, 1)]})
usage = pl.DataFrame(rows).sort("keyword", "paper_id", "period")
print(compute({"usage": usage, "partial": partial}).write_json())
"""


def test_themes_do_not_depend_on_the_hash_seed() -> None:
    # Sampling from lists alone keeps the input itself free of the seed; the rows are sorted.
    said = {
        subprocess.run(
            [sys.executable, "-c", USAGE],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1
    themes = pl.read_json(said.pop().encode())
    assert themes.height == 8


def themes(groups: dict[int, list[list[str]]]) -> pl.DataFrame:
    """The themes of years whose papers use these sets of keywords, four papers each."""
    partial = pl.DataFrame({"period": [dt.date(year, 1, 1) for year in list(groups)[-1:]]}, schema={"period": pl.Date})
    found = keyword_themes.compute({"usage": usage(groups), "partial": partial})
    return keyword_themes.KeywordThemes.validate(found, cast=True)


def usage(groups: dict[int, list[list[str]]]) -> pl.DataFrame:
    rows = [
        {"keyword": keyword, "paper_id": f"{year} {number} {copy}", "period": dt.date(year, 1, 1)}
        for year, clusters in groups.items()
        for number, cluster in enumerate(clusters)
        for copy in range(4)
        for keyword in cluster
    ]
    schema = {"keyword": pl.String, "paper_id": pl.String, "period": pl.Date}
    return pl.DataFrame(rows, schema=schema).sort("keyword", "paper_id")


def test_keywords_used_together_are_a_theme_and_are_followed() -> None:
    years = {2024: [["a", "b", "c"], ["x", "y"]], 2025: [["a", "b", "d"], ["p", "q"]]}
    found = themes(years)
    rows = {(row["period"].year, tuple(sorted(row["keywords"]))): row for row in found.iter_rows(named=True)}
    assert set(rows) == {(2024, ("a", "b", "c")), (2024, ("x", "y")), (2025, ("a", "b", "d")), (2025, ("p", "q"))}
    assert rows[2025, ("a", "b", "d")]["previous_theme"] == rows[2024, ("a", "b", "c")]["theme"]
    assert rows[2025, ("p", "q")]["previous_theme"] is None
    assert rows[2024, ("x", "y")]["papers"] == 4
    assert rows[2024, ("a", "b", "c")]["centrality"] == 0
    assert rows[2024, ("a", "b", "c")]["density"] == pytest.approx(100)
    assert (rows[2025, ("a", "b", "d")]["inclusion"], rows[2025, ("a", "b", "d")]["stability"]) == (
        pytest.approx(2 / 3),
        pytest.approx(2 / 4),
    )
    assert {row["period"].year: row["is_partial"] for row in rows.values()} == {2024: False, 2025: True}


def test_a_theme_keeps_its_name_while_its_keywords_change_places() -> None:
    found = themes({2023: [["a", "b", "c"], ["a"]], 2024: [["a", "b", "c"], ["b"]], 2025: [["b", "c", "d"], ["c"]]})
    said = [(row["period"].year, row["theme"], row["previous_theme"]) for row in found.iter_rows(named=True)]
    # In 2024 `b` is the most frequent; in 2025 `a` is gone, and with it the name.
    assert said == [(2023, "a", None), (2024, "a", "a"), (2025, "c", "a")]


def test_of_two_successors_the_nearer_keeps_the_name() -> None:
    found = themes({2024: [["a", "b", "c", "d", "e", "f"]], 2025: [["a", "b", "c", "d"], ["e", "f", "x", "y"]]})
    rows = {row["theme"]: row for row in found.filter(pl.col("period") == dt.date(2025, 1, 1)).iter_rows(named=True)}
    assert set(rows) == {"a", "e"}
    assert {row["previous_theme"] for row in rows.values()} == {"a"}
    assert (rows["a"]["inclusion"], rows["e"]["inclusion"]) == (1.0, 0.5)


def test_a_year_without_papers_ends_what_can_be_followed() -> None:
    found = themes({2020: [["a", "b", "c"]], 2022: [["a", "b", "c"]]})
    assert found.get_column("previous_theme").to_list() == [None, None]


def test_links_between_themes_are_their_centrality() -> None:
    found = themes({2024: [["a", "b"], ["a", "b"], ["c", "d"], ["c", "d"], ["a", "c"]]})
    rows = {row["theme"]: row for row in found.iter_rows(named=True)}
    # a and c: 12 papers each, 4 together; b and d: 8 each, 8 of them with a, or with c.
    assert rows["a"]["centrality"] == rows["c"]["centrality"] == pytest.approx(4**2 / (12 * 12))
    assert rows["a"]["density"] == pytest.approx(100 * 8**2 / (12 * 8) / 2)


def test_one_paper_more_moves_no_theme() -> None:
    clusters = [[f"{group}{n}" for n in range(5)] for group in "pqrs"]
    years = {2024: [*clusters, *clusters], 2025: [*clusters, ["p1", "q1"]]}
    one = themes(years)
    other = themes({**years, 2025: [*years[2025], ["p1", "p2", "r3"]]})
    wanted = ["theme", "period", "keywords", "previous_theme"]
    assert [set(row[2]) for row in one.select(wanted).rows()] == [set(row[2]) for row in other.select(wanted).rows()]
    assert one.get_column("theme").to_list() == other.get_column("theme").to_list()


def test_no_usage_gives_no_themes() -> None:
    assert themes({}).height == 0

"""The parts of a back-test on papers that can be counted by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from etl.backtest import charts, judgement, page, scores
from etl.backtest.corpus import Corpus, from_uses, title_ngrams

MONTHS, PAPERS = 18, 50


def day(month: int) -> dt.date:
    return dt.date(2020 + month // 12, month % 12 + 1, 15)


def corpus(counts: dict[str, list[int]]) -> Corpus:
    """Months of fifty papers, of which so many use each candidate."""
    papers = [(f"{month}/{number}", day(month)) for month in range(MONTHS) for number in range(PAPERS)]
    uses = [
        (name, f"{month}/{number}", True)
        for name, series in counts.items()
        for month, papers_with in enumerate(series)
        for number in range(papers_with)
    ]
    return from_uses(
        pl.DataFrame(papers, schema={"paper_id": pl.String, "day": pl.Date}, orient="row"),
        pl.DataFrame(uses, schema={"candidate": pl.String, "paper_id": pl.String, "judged": pl.Boolean}, orient="row"),
    )


SERIES = {
    "doubles": [1] * 12 + [2] * 3 + [4] * 3,
    "dips first": [2] * 12 + [1] * 3 + [6] * 3,
    "too few": [1] * 12 + [2] * 3 + [3] * 3,
    "steady": [6] * 18,
    "one month": [0] * 11 + [2] + [5] * 6,
}


@pytest.fixture
def made() -> Corpus:
    return corpus(SERIES)


def test_a_keyword_emerges_when_its_share_doubles_with_ten_papers_and_no_fall(made: Corpus) -> None:
    found = judgement.outcome(made, 12, 6)
    assert {made.names[candidate] for candidate in found.candidates} == {"doubles", "dips first", "too few", "steady"}
    assert {made.names[found.candidates[at]] for at in np.flatnonzero(found.emerged)} == {"doubles"}
    place = [made.names[candidate] for candidate in found.candidates].index("doubles")
    assert found.papers[place].tolist() == [3, 6, 12]


def test_precision_recall_and_lead_time(made: Corpus) -> None:
    found = judgement.outcome(made, 12, 6)
    names = [made.names[candidate] for candidate in found.candidates]
    order = np.array([names.index(name) for name in ("steady", "doubles", "dips first", "too few")])
    assert judgement.precision(order, found, 1) == 0
    assert judgement.precision(order, found, 2) == 0.5
    assert judgement.recall(order, found, 2) == 1
    # Three months on, the last three months have six papers, twice the three before the cut-off.
    assert judgement.lead_times(made, order, found, 2) == [3]


def test_equal_scores_are_ranked_by_name(made: Corpus) -> None:
    found = judgement.outcome(made, 12, 6)
    order = judgement.ranked(np.zeros(len(made.names)), found)
    assert [made.names[found.candidates[place]] for place in order] == ["dips first", "doubles", "steady", "too few"]


def test_the_baselines_say_what_their_names_say(made: Corpus) -> None:
    found = scores.baselines(made, 15, 3)
    at = made.names.index("doubles")
    assert found["count"][at] == 6
    assert found["ratio"][at] == pytest.approx(2.0)
    assert found["smoothed ratio"][at] == pytest.approx((6 + 5) / (3 + 5))
    assert found["z-score"][at] == pytest.approx((6 - 3) / np.sqrt(3 + 1))


def test_what_is_known_at_a_cutoff_is_what_was_before_it(made: Corpus) -> None:
    known = made.known_at(12)
    assert known["months"]["period"].max() == dt.date(2020, 12, 1)
    assert known["counts"]["period"].max() == dt.date(2020, 12, 1)
    assert dict(known["seen"].select("keyword", "papers").iter_rows())["doubles"] == 12
    assert known["seen"]["first_seen"].min() == dt.date(2020, 1, 1)
    # Two papers by then are too few for a row.
    assert "one month" not in known["seen"]["keyword"].to_list()


def test_the_ranking_is_the_product_s_own_column(made: Corpus) -> None:
    trends = scores.trends(made, 15)
    found = scores.method(made, 15)
    for keyword, emergence in trends.select("keyword", "emergence").iter_rows():
        assert found[made.names.index(keyword)] == (emergence if emergence is not None else -np.inf)


def test_shuffled_dates_keep_papers_and_months(made: Corpus) -> None:
    found = made.shuffled(np.random.default_rng(1))
    assert found.totals.tolist() == made.totals.tolist()
    assert found.window(0, MONTHS).tolist() == made.window(0, MONTHS).tolist()
    assert found.window(0, 9).tolist() != made.window(0, 9).tolist()


def test_resampled_papers_keep_their_keywords_and_months(made: Corpus) -> None:
    found = made.resampled(np.random.default_rng(1))
    assert len(found.month) == len(made.month)
    assert found.paper.max() < len(found.month)
    # No candidate is used in a month in which it was not.
    for month in range(MONTHS):
        assert not (found.window(month, month + 1)[made.window(month, month + 1) == 0]).any()


def outcome_of(emerged: list[bool]) -> judgement.Outcome:
    size = len(emerged)
    return judgement.Outcome(12, 6, np.arange(size), np.ones((size, 3)), np.ones(3), np.array(emerged))


def test_an_interval_covers_zero_where_there_is_no_difference_and_not_where_there_is() -> None:
    judged = [outcome_of([number % 10 == 0 for number in range(400)])] * 3
    hits = np.argsort([number % 10 != 0 for number in range(400)], kind="stable")
    plain = np.arange(400)
    same = judgement.difference([plain] * 3, [plain[::-1]] * 3, judged, 40, 200)
    assert same.low <= 0 <= same.high
    better = judgement.difference([hits] * 3, [plain] * 3, judged, 40, 200)
    assert better.value == pytest.approx(1 - 0.1)
    assert 0 < better.low <= better.value <= better.high + 1e-9
    assert better == judgement.difference([hits] * 3, [plain] * 3, judged, 40, 200)


def test_ngrams_are_judged_in_titles_and_counted_in_abstracts_too() -> None:
    papers = pl.DataFrame(
        {
            "paper_id": [f"p{number}" for number in range(5)],
            "day": [day(number) for number in range(4)] + [None],
            "title": ["The Tidal Pool of Winter", "A tidal pool", "Tidal-Pool maps", "Of maps", "Tidal pool"],
            "abstract": ["", "rains", None, "We map a tidal pool, and the tidal pool maps us.", ""],
        }
    )
    found = title_ngrams(papers)
    assert found.names == ["tidal pool"]
    assert found.window(0, 9).tolist() == [3]
    assert found.window(0, 9, judged=False).tolist() == [4]


HOSTILE = '<img src=x onerror="alert(1)">'


def facts_of(keyword: str) -> dict[str, object]:
    line = {"keyword": keyword, "papers": [3, 6, 12], "shares": [0.01, 0.02, 0.04], "emerged": True}
    figures = {
        "precision_at_20": 0.1,
        "precision_at_50": 0.1,
        "recall_at_50": 0.5,
        "hits_at_50": 1,
        "median_lead_months": None,
    }
    return {
        "snapshot": "s",
        "plan": {
            "candidates": "keywords",
            "source": "all",
            "clock": "published_on",
            "horizon_months": 6,
            "window_months": 3,
            "cutoffs": ["2021-01-01"],
        },
        "papers": 10,
        "rankings": {"emergence": figures, "count": figures},
        "chance": 0.02,
        "comparisons": {"count": {"value": 0.0, "low": -0.1, "high": 0.1, "times": 1.0}},
        "cutoffs": [
            {
                "cutoff": "2021-01-01",
                "candidates": 1,
                "emerged": 1,
                "chance": 1.0,
                "precision_at_50": {"emergence": 1.0, "count": 0.0},
                "ranked": [line],
                "missed": [],
            }
        ],
        "stability": {"resamples": 1, "jaccard_mean": 1.0, "jaccard_least": 1.0},
        "shuffled": {
            "shuffles": 1,
            "tested": 1,
            "q_value": 0.05,
            "share_of_false_alarms": 0.0,
            "share_with_burst": 0.0,
        },
    }


def test_text_of_papers_is_escaped_in_the_page() -> None:
    made_page = page.html(facts_of(HOSTILE))
    assert "<img" not in made_page
    assert "&lt;img" in made_page
    assert "does not exclude zero" in made_page


def test_a_plot_is_the_same_each_time_and_takes_the_ink_of_the_page() -> None:
    spec = charts.precision_overall(facts_of("kettle"))
    drawn = charts.svg(spec)
    assert drawn == charts.svg(spec)
    assert 'fill="currentColor"' in drawn

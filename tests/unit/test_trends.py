"""The statistics of trends against those of SciPy and statsmodels on random tables, and against brute force."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from etl.marts import keyword_trends
from etl.transforms import growth, trends
from etl.transforms.growth import Windows


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(11)


def series(random: np.random.Generator, rows: int = 60, n: int = 24) -> np.ndarray:
    """Shares with many ties, some rising, some flat."""
    rate = np.linspace(1, 4, n) ** random.uniform(-1, 1, (rows, 1))
    return random.poisson(rate) / 50


def test_mann_kendall_agrees_with_scipy(random: np.random.Generator) -> None:
    shares = series(random)
    counted = trends.rises(shares)
    for row, shares_of_row in enumerate(shares):
        expected = stats.kendalltau(np.arange(shares.shape[1]), shares_of_row, method="asymptotic")
        s = counted.rising[row] - counted.falling[row]
        # SciPy leaves out the correction for continuity.
        assert 2 * stats.norm.sf(abs(s) / np.sqrt(counted.variance[row])) == pytest.approx(expected.pvalue)
        assert np.sign(s) == np.sign(round(expected.statistic, 12))


def test_mann_kendall_is_never_surer_than_scipy(random: np.random.Generator) -> None:
    shares = series(random)
    found = trends.kendall_p(trends.rises(shares))
    uncorrected = [stats.kendalltau(np.arange(24), row, method="asymptotic").pvalue for row in shares]
    assert (found >= np.array(uncorrected) - 1e-12).all()
    assert trends.kendall_p(trends.rises(np.ones((1, 9))))[0] == 1


def test_sen_slope_agrees_with_scipy(random: np.random.Generator) -> None:
    shares = series(random)
    found = trends.sen_slopes([(shares, np.arange(24))])
    assert found == pytest.approx([stats.theilslopes(row).slope for row in shares])


def test_sen_slope_of_two_sources_takes_no_change_between_them() -> None:
    low, high = np.array([[1.0, 2.0, 3.0]]), np.array([[11.0, 12.0, 13.0]])
    assert trends.sen_slopes([(low, np.arange(3)), (high, np.arange(3, 6))]) == pytest.approx([1.0])


@pytest.mark.parametrize("cost", [0.5, 2.0, 6.0])
def test_bursts_are_the_cheapest_course_of_states(cost: float, random: np.random.Generator) -> None:
    counts = random.poisson(3, (30, 9)) + random.poisson(6, (30, 9)) * (random.random((30, 9)) > 0.7)
    saved = trends.savings(counts.astype(float), np.full(9, 60.0), 2.0)
    found = trends.bursts(saved, cost)
    for row in range(30):
        courses = list(itertools.product((0, 1), repeat=9))
        gains = [
            saved[row] @ np.array(course) - cost * sum(b > a for a, b in itertools.pairwise((0, *course)))
            for course in courses
        ]
        best = courses[int(np.argmax(gains))]
        runs = [list(run) for on, run in itertools.groupby(range(9), key=lambda at: best[at]) if on]
        weights = [saved[row, run].sum() for run in runs]
        if not runs or max(gains) <= 1e-12:
            assert found.weight[row] == 0
            continue
        heaviest = runs[int(np.argmax(weights))]
        assert (found.first[row], found.last[row]) == (heaviest[0], heaviest[-1])
        assert found.weight[row] == pytest.approx(max(weights))


def tables(random: np.random.Generator, rows: int = 40, strata: int = 3) -> Windows:
    totals, totals_before = random.integers(40, 400, strata), random.integers(40, 400, strata)
    share = random.uniform(0.02, 0.3, (rows, strata))
    return Windows(
        random.binomial(totals, share).astype(float) + 1,
        totals.astype(float),
        random.binomial(totals_before, share).astype(float) + 1,
        totals_before.astype(float),
    )


def stratified(windows: Windows, row: int) -> StratifiedTable:
    return StratifiedTable(
        [
            np.array([[a, n - a], [b, m - b]])
            for a, n, b, m in zip(
                windows.recent[row], windows.recent_total, windows.before[row], windows.before_total, strict=True
            )
        ]
    )


def test_growth_without_its_prior_is_the_pooled_odds_ratio_of_mantel_and_haenszel(
    random: np.random.Generator,
) -> None:
    windows = tables(random)
    found = growth.log_odds(windows, prior_papers=0.0)
    assert found == pytest.approx([stratified(windows, row).logodds_pooled for row in range(40)])


def test_the_z_score_is_that_of_cochran_mantel_and_haenszel(random: np.random.Generator) -> None:
    windows = tables(random)
    found = growth.z_score(windows)
    expected = [stratified(windows, row).test_null_odds(correction=False).statistic for row in range(40)]
    assert found**2 == pytest.approx(expected)
    assert (np.sign(found) == np.sign(growth.log_odds(windows, prior_papers=0.0)))[np.abs(found) > 0.2].all()


def test_growth_in_one_source_is_the_log_odds_with_an_informative_prior() -> None:
    windows = Windows(np.array([[30.0]]), np.array([400.0]), np.array([[20.0]]), np.array([600.0]))
    prior, total = 5.0, 5.0 * 1000 / 50
    expected = np.log(35 / (400 + total - 35)) - np.log(25 / (600 + total - 25))
    assert growth.log_odds(windows) == pytest.approx([expected])
    assert prior == growth.PRIOR_PAPERS


def test_one_paper_that_becomes_four_grows_less_than_twenty_that_become_fifty() -> None:
    windows = Windows(
        np.array([[4.0], [50.0], [5.0]]), np.array([1000.0]), np.array([[1.0], [20.0], [0.0]]), np.array([1000.0])
    )
    few, many, new = growth.log_odds(windows)
    assert 0 < few < many
    assert new < many


def test_the_difference_is_made_within_sources() -> None:
    # Both sources stay as they are; the second has grown to be most of the papers, and has the keyword more often.
    windows = Windows(
        np.array([[10.0, 90.0]]), np.array([100.0, 300.0]), np.array([[20.0, 3.0]]), np.array([200.0, 10.0])
    )
    assert growth.risk_difference(windows) == pytest.approx([0.0])
    assert growth.log_odds(windows, prior_papers=0.0) == pytest.approx([0.0])
    alone = Windows(np.array([[1.0, 0.0]]), np.array([10.0, 0.0]), np.array([[0.0, 5.0]]), np.array([0.0, 9.0]))
    assert np.isnan(growth.risk_difference(alone)[0])
    assert (growth.log_odds(alone)[0], growth.z_score(alone)[0]) == (0.0, 0.0)


def test_a_family_rises_by_its_other_members_only() -> None:
    recent, awaited = np.array([50.0, 5.0, 5.0, 10.0]), np.array([10.0, 5.0, 5.0, 50.0])
    # Words: 0 and 1 share one, 2 has one alone, 3 has none of theirs.
    rows, words = np.array([0, 1, 2, 3]), np.array([0, 0, 1, 2])
    found = growth.family(recent, awaited, rows, words)
    assert found[1] > 3
    assert found[0] == 0
    assert found[2] == found[3] == 0


def test_emergence_is_above_zero_where_a_keyword_rises() -> None:
    z, family, papers = (
        np.array([2.0, 2.0, -2.0, 0.0]),
        np.array([0.0, 9.0, 9.0, 9.0]),
        np.array([3.0, 3.0, 300.0, 3.0]),
    )
    found = growth.emergence(z, family, papers)
    assert found[1] > found[0] > 0 > found[2]
    assert found[3] == 0


# The mart, on invented sources.

MONTHS = 24
SHARES_OLD = {"slow lanterns": 0.10, "rare orchards": 0.02, "old kettles": 0.05}
SHARES_NEW = {"slow lanterns": 0.40, "rare orchards": 0.30, "old kettles": 0.01}


def month(number: int) -> dt.date:
    return dt.date(2022 + number // 12, number % 12 + 1, 1)


def two_sources(divided: bool) -> dict[str, dict[str, object]]:
    """Trends where a source of another mix joins half-way; `divided` says whether the mart is told of the sources."""
    random = np.random.default_rng(3)
    totals_old, totals_new = np.full(MONTHS, 200), np.where(np.arange(MONTHS) >= MONTHS // 2, 300, 0)
    old = {keyword: random.binomial(totals_old, share) for keyword, share in SHARES_OLD.items()}
    new = {keyword: random.binomial(totals_new, share) for keyword, share in SHARES_NEW.items()}
    base = {"scope": ["all"] * MONTHS, "period": [month(number) for number in range(MONTHS)]}
    months = pl.DataFrame({**base, "papers_total": totals_old + totals_new}).with_columns(is_partial=pl.lit(False))
    counts = [pl.DataFrame({**base, "keyword": key, "papers": old[key] + new[key]}) for key in old]
    of_new = [pl.DataFrame({**base, "keyword": key, "papers": new[key]}) for key in new]
    source = pl.lit(2, dtype=pl.Int64).alias("source")
    source_months = pl.DataFrame({**base, "papers_total": totals_new}).filter(pl.col("papers_total") > 0)
    frames = {
        "months": months,
        "counts": pl.concat(counts).filter(pl.col("papers") > 0),
        "seen": pl.DataFrame(
            {
                "keyword": list(old),
                "scope": ["all"] * len(old),
                "papers": [int((old[key] + new[key]).sum()) for key in old],
                "first_seen": [month(0)] * len(old),
            }
        ),
        "source_months": source_months.with_columns(source).head(MONTHS if divided else 0),
        "source_counts": pl.concat(of_new)
        .filter(pl.col("papers") > 0)
        .with_columns(source)
        .head(999 if divided else 0),
    }
    found = keyword_trends.KeywordTrends.validate(keyword_trends.compute(frames), cast=True)
    return {str(row["keyword"]): row for row in found.iter_rows(named=True)}


def test_a_source_of_another_mix_that_joins_is_no_trend() -> None:
    for keyword, row in two_sources(divided=True).items():
        assert abs(float(str(row["growth_z"]))) < 2, keyword
        assert abs(float(str(row["growth"]))) < 0.25, keyword
        assert float(str(row["q_value"])) > 0.05, keyword
        assert abs(float(str(row["slope"]))) < 0.002, keyword
        assert row["burst_start"] is None, keyword


def test_the_same_source_would_be_a_trend_if_papers_were_thrown_together() -> None:
    found = two_sources(divided=False)
    assert float(str(found["rare orchards"]["q_value"])) < 0.001
    assert float(str(found["rare orchards"]["growth_z"])) > 5


def test_q_values_agree_with_statsmodels(random: np.random.Generator) -> None:
    p_values = random.uniform(0, 1, 50) ** 2
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert stats.false_discovery_control(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(("months", "recent"), [(4, 1), (8, 2), (24, 8), (36, 12), (60, 12)])
def test_the_recent_months_are_a_third_and_a_year_at_most(months: int, recent: int) -> None:
    assert keyword_trends.recent_periods(months) == recent

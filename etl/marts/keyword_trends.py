"""Is a keyword rising, since when, and how sure are we: tests and bursts over the complete months of each scope."""

from __future__ import annotations

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from etl.marts.base import Frames, Mart

Floats = NDArray[np.float64]

# Months of fewer papers say nothing about shares.
MIN_PERIOD_PAPERS = 5
# Rising is a matter of the last years: what was long before says nothing of it.
MAX_PERIODS = 36
# Complete periods that each figure needs.
FOR_DIFFERENCE, FOR_GROWTH, FOR_TESTS = 2, 4, 8
# Strength of the prior, in papers: one paper that becomes four does not lead the table.
PRIOR_PAPERS = 50.0
# Kleinberg's automaton: how much denser a burst is, and what it costs to begin one.
BURST_RATIO, BURST_COST = 2.0, 1.0


class KeywordTrends(dy.Schema):
    """Trend of each keyword by scope, for keywords of at least three papers in it, over complete months."""

    keyword = dy.String(primary_key=True, description="see `core.keywords`")
    scope = dy.String(primary_key=True, description="`all`, `source:…` or `category:…`")
    papers = dy.Int64(description="dated papers of the scope with the keyword")
    n_periods = dy.Int64(
        description="complete months of at least five papers in the scope, the last 36 at most; 0 without a dated paper"
    )
    trend_status = dy.String(
        description="insufficient_history (0-1 months), difference (2-3), growth (4-7), ok (8 and more)"
    )
    difference = dy.Float64(nullable=True, description="share of the last complete month less that of the one before")
    growth = dy.Float64(
        nullable=True,
        description="log-odds of the last quarter of months against those before, with a prior of 50 papers at the "
        "keyword's own share (Monroe, Colaresi and Quinn 2008); above 0 is rising",
    )
    slope = dy.Float64(nullable=True, description="Sen's slope: median change of the share a month (Sen 1968)")
    p_value = dy.Float64(nullable=True, description="two-sided Mann-Kendall test with correction for ties")
    q_value = dy.Float64(nullable=True, description="p_value after Benjamini-Hochberg over the keywords of the scope")
    burst_start = dy.Date(nullable=True, description="first month of the heaviest burst (Kleinberg 2002, two states)")
    burst_end = dy.Date(nullable=True, description="last month of that burst")
    burst_weight = dy.Float64(nullable=True, description="cost that the burst saves, in nats")
    emergence = dy.Float64(nullable=True, description="growth divided by its standard error, a z score")
    first_seen = dy.Date(nullable=True, description="day of the keyword's first dated paper in the scope")


def compute(frames: Frames) -> pl.DataFrame:
    """All scopes; keywords without a date have nothing but their number of papers."""
    months = frames["months"].partition_by("scope", as_dict=True)
    counts = frames["counts"].partition_by("scope", as_dict=True)
    seen = frames["seen"].partition_by("scope", as_dict=True)
    parts = [
        _scope(keywords, months.get(scope, frames["months"].clear()), counts.get(scope, frames["counts"].clear()))
        for scope, keywords in sorted(seen.items())
    ]
    columns = {name: column.dtype for name, column in KeywordTrends.columns().items()}
    return pl.concat([pl.DataFrame(schema=columns), *parts])


def _scope(keywords: pl.DataFrame, months: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The trends of one scope: `months` and `counts` are its own."""
    complete = months.filter(~pl.col("is_partial") & (pl.col("papers_total") >= MIN_PERIOD_PAPERS)).sort("period")
    chosen = complete.tail(MAX_PERIODS)
    periods = chosen.get_column("period").to_list()
    totals = chosen.get_column("papers_total").to_numpy().astype(np.float64)
    keywords = keywords.sort("keyword")
    matrix = _matrix(keywords, counts, periods)
    dated = keywords.get_column("papers").to_numpy() > 0
    known = {
        name: pl.Series(np.where(dated, values, np.nan)).fill_nan(None).round(9)
        for name, values in _figures(matrix, totals).items()
    }
    bursts = _bursts(matrix, totals) if len(periods) >= FOR_TESTS else [None] * len(dated)
    missing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in _FIGURES if name not in known]
    return (
        keywords.select("keyword", "scope", "papers", "first_seen")
        .with_columns(
            n_periods=pl.Series(np.where(dated, len(periods), 0), dtype=pl.Int64),
            trend_status=pl.Series(np.where(dated, _status(len(periods)), _status(0))),
            burst_start=pl.Series([periods[burst[0]] if burst else None for burst in bursts], dtype=pl.Date),
            burst_end=pl.Series([periods[burst[1]] if burst else None for burst in bursts], dtype=pl.Date),
            burst_weight=pl.Series([round(burst[2], 9) if burst else None for burst in bursts], dtype=pl.Float64),
        )
        .with_columns(*missing, **known)
        .select(KeywordTrends.column_names())
    )


def _status(periods: int) -> str:
    """What so many complete periods allow to be said."""
    for least, status in ((FOR_TESTS, "ok"), (FOR_GROWTH, "growth"), (FOR_DIFFERENCE, "difference")):
        if periods >= least:
            return status
    return "insufficient_history"


_FIGURES = ("difference", "growth", "slope", "p_value", "q_value", "emergence")


def _matrix(keywords: pl.DataFrame, counts: pl.DataFrame, periods: list[object]) -> Floats:
    """Papers of each keyword (rows) in each complete period (columns)."""
    matrix = np.zeros((keywords.height, len(periods)))
    rows = keywords.select("keyword", row=pl.int_range(pl.len()))
    columns = pl.DataFrame({"period": pl.Series(periods, dtype=pl.Date)}).with_columns(column=pl.int_range(pl.len()))
    placed = counts.join(rows, on="keyword").join(columns, on="period")
    matrix[placed.get_column("row").to_numpy(), placed.get_column("column").to_numpy()] = placed.get_column(
        "papers"
    ).to_numpy()
    return matrix


def _figures(matrix: Floats, totals: Floats) -> dict[str, Floats]:
    """The figures that the number of periods allows."""
    n = len(totals)
    shares = matrix / totals if n else matrix
    found: dict[str, Floats] = {}
    if n >= FOR_DIFFERENCE:
        found["difference"] = shares[:, -1] - shares[:, -2]
    if n >= FOR_GROWTH:
        found["growth"], found["emergence"] = _growth(matrix, totals)
        found["slope"] = _sen_slope(shares)
    if n >= FOR_TESTS:
        found["p_value"] = _mann_kendall(shares)
        found["q_value"] = false_discovery_control(found["p_value"]) if len(shares) else found["p_value"]
    return found


def _growth(matrix: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """Log-odds of the recent periods against those before, both with the prior, and its z score."""
    recent = max(1, len(totals) // 4)
    after, n_after = matrix[:, -recent:].sum(axis=1), totals[-recent:].sum()
    before, n_before = matrix[:, :-recent].sum(axis=1), totals[:-recent].sum()
    prior = PRIOR_PAPERS * (after + before + 0.5) / (n_after + n_before + 1.0)
    with_after, with_before = after + prior, before + prior
    without_after, without_before = n_after + PRIOR_PAPERS - with_after, n_before + PRIOR_PAPERS - with_before
    odds = np.log(with_after / without_after) - np.log(with_before / without_before)
    error = np.sqrt(1.0 / with_after + 1.0 / without_after + 1.0 / with_before + 1.0 / without_before)
    return odds, odds / error


def _sen_slope(shares: Floats) -> Floats:
    n = shares.shape[1]
    earlier, later = np.triu_indices(n, 1)
    return np.concatenate(
        [np.median((block[:, later] - block[:, earlier]) / (later - earlier), axis=1) for block in _blocks(shares, n)]
        or [np.zeros(0)]
    )


def _mann_kendall(shares: Floats) -> Floats:
    n = shares.shape[1]
    earlier, later = np.triu_indices(n, 1)
    signs = [np.sign(block[:, later] - block[:, earlier]).sum(axis=1) for block in _blocks(shares, n)]
    s = np.concatenate(signs or [np.zeros(0)])
    variance = (n * (n - 1) * (2 * n + 5) - _tie_terms(shares)) / 18.0
    z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
    return np.asarray(np.minimum(1.0, 2.0 * norm.sf(np.abs(z))))


def _tie_terms(shares: Floats) -> Floats:
    """The sum of t(t - 1)(2t + 5) over the groups of t equal shares in each row."""
    ordered = np.sort(shares, axis=1)
    run, total = np.ones(len(ordered)), np.zeros(len(ordered))
    for column in range(1, ordered.shape[1]):
        run = np.where(ordered[:, column] == ordered[:, column - 1], run + 1.0, 1.0)
        # A group of t that grows by one adds the difference of two neighbouring terms.
        total += run * (run - 1.0) * (2.0 * run + 5.0) - (run - 1.0) * (run - 2.0) * (2.0 * run + 3.0)
    return total


def _blocks(shares: Floats, n: int) -> list[Floats]:
    """Rows in blocks whose pairs of periods fit in memory."""
    size = max(1, 20_000_000 // max(1, n * n))
    return [shares[start : start + size] for start in range(0, len(shares), size)]


def _bursts(matrix: Floats, totals: Floats) -> list[tuple[int, int, float] | None]:
    """The heaviest burst of each keyword: first and last period, and the cost that it saves."""
    n = len(totals)
    base = np.clip(matrix.sum(axis=1, keepdims=True) / totals.sum(), 1e-9, 1.0 - 1e-9)
    # Twice a large share would be more than all papers: then half of what is left on top.
    dense = np.minimum(base * BURST_RATIO, (1.0 + base) / 2.0)
    saved = matrix * (np.log(dense) - np.log(base)) + (totals - matrix) * (np.log1p(-dense) - np.log1p(-base))
    climb = BURST_COST * np.log(n)
    low, high = np.zeros(len(matrix)), np.full(len(matrix), climb)
    came_from = np.zeros((*matrix.shape, 2), dtype=bool)
    for period in range(n):
        if period:
            came_from[:, period, 0], came_from[:, period, 1] = high < low, high <= low + climb
            low, high = np.minimum(low, high), np.minimum(high, low + climb)
        high = high - saved[:, period]
    states = np.zeros(matrix.shape, dtype=bool)
    state = high < low
    for period in range(n - 1, -1, -1):
        states[:, period] = state
        state = np.where(state, came_from[:, period, 1], came_from[:, period, 0])
    return [_heaviest(row, gain) if row.any() else None for row, gain in zip(states, saved, strict=True)]


def _heaviest(states: NDArray[np.bool_], saved: Floats) -> tuple[int, int, float]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], states.astype(np.int8), [0]])))
    runs = [
        (int(start), int(end) - 1, float(saved[start:end].sum()))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
    return max(runs, key=lambda run: run[2])


MART = Mart(
    schema=KeywordTrends,
    inputs={
        "months": """
            SELECT scope, period, papers_total, is_partial
            FROM mart.scope_periods
            WHERE unit = 'month'
            ORDER BY scope, period
        """,
        "counts": "SELECT keyword, scope, period, papers FROM mart.keyword_monthly ORDER BY scope, keyword, period",
        "seen": """
            SELECT keyword, scope, count(published_on) AS papers, min(published_on) AS first_seen
            FROM core.paper_keywords
            INNER JOIN core.keywords AS keywords USING (keyword)
            INNER JOIN mart.paper_scopes AS scopes USING (paper_id)
            WHERE keywords.papers >= 3
            GROUP BY keyword, scope
            HAVING count(*) >= 3
            ORDER BY scope, keyword
        """,
    },
    compute=compute,
)

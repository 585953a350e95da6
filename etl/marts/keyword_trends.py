"""Is a keyword rising, since when, and how sure are we: tests and bursts over the complete months of each scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from etl.marts.base import Frames, Mart
from etl.transforms import growth, trends

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Months of fewer papers say nothing about shares.
MIN_PERIOD_PAPERS = 5
# Rising is a matter of the last years: what was long before says nothing of it.
MAX_PERIODS = 60
# The last third of the months is set against those before it, but never more than a year.
RECENT_PART, RECENT_MOST = 3, 12
# Complete periods that each figure needs.
FOR_DIFFERENCE, FOR_GROWTH, FOR_TESTS = 2, 4, 8
# Papers that the costly figures need, in the months that count; and those that a score of emergence needs of late.
MIN_TESTED, MIN_RECENT = 10, 3
# Kleinberg's automaton: how much denser a burst is, and what it costs to begin one.
BURST_RATIO, BURST_COST = 2.0, 2.0
# Rows of keywords whose windows are worked on together.
_ROWS = 100_000


class KeywordTrends(dy.Schema):
    """Trend of each keyword by scope, for keywords of at least three papers in it, over complete months.

    Changes are made within each source and then combined, so that a source that is added is no trend; a paper of
    several sources counts in the one that covers the most months. How to read it: `docs/trends.md`.
    """

    keyword = dy.String(primary_key=True, description="see `core.keywords`")
    scope = dy.String(primary_key=True, description="`all`, `source:…` or `category:…`")
    papers = dy.Int64(description="dated papers of the scope with the keyword")
    recent_papers = dy.Int64(
        nullable=True,
        description="of these, papers of the recent months: the last third of the complete ones, twelve at most; null "
        "with fewer than 4 complete months",
    )
    n_periods = dy.Int64(
        description="complete months of at least five papers in the scope, the last 60 at most; 0 without a dated paper"
    )
    trend_status = dy.String(
        description="insufficient_history (0-1 months), difference (2-3), growth (4-7), ok (8 and more)"
    )
    difference = dy.Float64(
        nullable=True,
        description="share of the last complete month less that of the one before, within sources, combined by the "
        "weights of Mantel and Haenszel (Greenland and Robins 1985); null where no source has both months",
    )
    growth = dy.Float64(
        nullable=True,
        description="log odds ratio of the recent months against those before: with a prior of five papers in each at "
        "the keyword's own share (Monroe, Colaresi and Quinn 2008), combined over sources by Mantel and Haenszel "
        "(1959); above 0 is rising; needs 4 months",
    )
    growth_z = dy.Float64(
        nullable=True,
        description="z score of the same change, without the prior (Cochran 1954, Mantel and Haenszel 1959); needs "
        "4 months",
    )
    family_z = dy.Float64(
        nullable=True,
        description="z score of the rise of the other keywords of the scope that share a word, the largest of its "
        "words; the growth of all keywords together taken out; needs 4 months",
    )
    slope = dy.Float64(
        nullable=True,
        description="Sen's slope: median change of the share a month over all pairs of months of one source (Sen "
        "1968); needs 4 months and 10 papers in them",
    )
    p_value = dy.Float64(
        nullable=True,
        description="two-sided Mann-Kendall test with correction for ties, added up over sources (Helsel and Frans "
        "2006); needs 8 months and 10 papers in them",
    )
    q_value = dy.Float64(
        nullable=True,
        description="p_value after Benjamini and Hochberg (1995) over all keywords of the scope that were tested",
    )
    burst_start = dy.Date(
        nullable=True,
        description="first month of the heaviest burst (Kleinberg 2002: two states, twice the share, cost "
        "2 ln(months)); needs 8 months and 10 papers in them",
    )
    burst_end = dy.Date(nullable=True, description="last month of that burst")
    burst_weight = dy.Float64(nullable=True, description="cost that the burst saves, in nats")
    emergence = dy.Float64(
        nullable=True,
        description="rank by this: s(growth_z) / 2, and where that is above 0 also s(family_z), if that is above 0, "
        "and 0.3 ln(recent_papers), with s(z) = sign(z) ln(1 + |z|); below 0 the keyword falls; needs 4 months and 3 "
        "recent papers; own formula, back-tested by `etl backtest`",
    )
    first_seen = dy.Date(nullable=True, description="day of the keyword's first dated paper in the scope")


@dataclass(frozen=True)
class Series:
    """Papers of one source in one scope: sparse counts by row and column, and all papers by column."""

    row: Integers
    column: Integers
    papers: Floats
    totals: Floats

    def window(self, rows: int, first: int, stop: int) -> Floats:
        """Papers of each row in the columns from `first` to `stop`."""
        chosen = (self.column >= first) & (self.column < stop)
        return np.bincount(self.row[chosen], self.papers[chosen], minlength=rows).astype(np.float64)

    def dense(self, rows: int, wanted: Integers) -> Floats:
        """Papers of the wanted rows, a column a period."""
        place = np.full(rows, -1)
        place[wanted] = np.arange(len(wanted))
        chosen = place[self.row] >= 0
        matrix = np.zeros((len(wanted), len(self.totals)))
        np.add.at(matrix, (place[self.row[chosen]], self.column[chosen]), self.papers[chosen])
        return matrix

    def without(self, others: list[Series]) -> Series:
        """What is left when the papers of others are taken out."""
        if not others:
            return self
        return Series(
            np.concatenate([self.row, *(other.row for other in others)]),
            np.concatenate([self.column, *(other.column for other in others)]),
            np.concatenate([self.papers, *(-other.papers for other in others)]),
            self.totals - np.sum([other.totals for other in others], axis=0),
        )


def compute(frames: Frames) -> pl.DataFrame:
    """All scopes; keywords without a date have nothing but their number of papers."""
    seen = frames["seen"].sort("scope", "keyword").with_row_index("row")
    months = (
        frames["months"]
        .filter(~pl.col("is_partial") & (pl.col("papers_total") >= MIN_PERIOD_PAPERS))
        .sort("scope", "period")
        .group_by("scope", maintain_order=True)
        .tail(MAX_PERIODS)
        .with_columns(column=pl.int_range(pl.len()).over("scope"))
    )
    sources = frames["source_months"].join(months.select("scope", "period", "column"), on=["scope", "period"])
    counts, of_sources = _placed(frames["counts"], seen, months), _placed(frames["source_counts"], seen, months)
    parts = []
    for (scope,), rows in seen.group_by("scope", maintain_order=True):
        of_scope = pl.col("scope") == scope
        chosen = months.filter(of_scope)
        first = int(rows["row"][0])
        series = _series(counts.filter(of_scope), first, chosen)
        others = [
            _series(of_sources.filter(of_scope, pl.col("source") == source), first, totals, chosen.height)
            for (source,), totals in sources.filter(of_scope).sort("source").group_by("source", maintain_order=True)
        ]
        parts.append(_scope(rows, chosen["period"], series, [series.without(others), *others]))
    columns = {name: column.dtype for name, column in KeywordTrends.columns().items()}
    return pl.concat([pl.DataFrame(schema=columns), *parts])


def _placed(counts: pl.DataFrame, seen: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Counts with the row of their keyword and the column of their period, ordered; scopes are held as numbers."""
    return (
        counts.join(months.select("scope", "period", "column"), on=["scope", "period"])
        .join(seen.select("scope", "keyword", "row"), on=["scope", "keyword"])
        .drop("keyword", "period")
        .sort("row", "column")
    )


def _series(counts: pl.DataFrame, first: int, months: pl.DataFrame, width: int | None = None) -> Series:
    totals = np.zeros(months.height if width is None else width)
    totals[months["column"].to_numpy()] = months["papers_total"].to_numpy()
    return Series(
        counts["row"].to_numpy().astype(np.int64) - first,
        counts["column"].to_numpy().astype(np.int64),
        counts["papers"].to_numpy().astype(np.float64),
        totals,
    )


def _scope(keywords: pl.DataFrame, periods: pl.Series, series: Series, strata: list[Series]) -> pl.DataFrame:
    """The trends of one scope: `series` are all its papers, `strata` the same by source."""
    n, dated = len(periods), keywords["papers"].to_numpy() > 0
    known: dict[str, Floats] = {}
    if n >= FOR_DIFFERENCE:
        known["difference"] = _difference(strata, len(dated), n)
    if n >= FOR_GROWTH:
        known |= _growth(keywords["keyword"], series, strata, n)
    tested = _tested(series, strata, len(dated), n)
    figures = pl.DataFrame(
        {
            name: pl.Series(np.where(dated, {**known, **tested}[name], np.nan)).fill_nan(None).round(9)
            if name in known or name in tested
            else pl.Series([None] * len(dated), dtype=pl.Float64)
            for name in _FIGURES
        }
    )
    places = {name: pl.Series(tested[name]).cast(pl.Int64) for name in ("start", "end") if name in tested}
    missing = pl.Series([-1] * len(dated), dtype=pl.Int64)
    found = keywords.select("keyword", "scope", "papers", "first_seen").with_columns(
        n_periods=pl.Series(np.where(dated, n, 0), dtype=pl.Int64),
        trend_status=pl.Series(np.where(dated, _status(n), _status(0))),
        burst_start=_dates(periods, places.get("start", missing)),
        burst_end=_dates(periods, places.get("end", missing)),
    )
    found = pl.concat([found, figures], how="horizontal")
    return found.with_columns(pl.col("recent_papers").cast(pl.Int64)).select(KeywordTrends.column_names())


_FIGURES = (
    "recent_papers",
    "difference",
    "growth",
    "growth_z",
    "family_z",
    "slope",
    "p_value",
    "q_value",
    "burst_weight",
    "emergence",
)


def _dates(periods: pl.Series, places: pl.Series) -> pl.Series:
    """The period at each place; null where the place is below 0."""
    return periods.gather(places.replace(-1, None)) if len(periods) else pl.Series([None] * len(places), dtype=pl.Date)


def _status(periods: int) -> str:
    """What so many complete periods allow to be said."""
    for least, status in ((FOR_TESTS, "ok"), (FOR_GROWTH, "growth"), (FOR_DIFFERENCE, "difference")):
        if periods >= least:
            return status
    return "insufficient_history"


def recent_periods(n: int) -> int:
    """How many of n complete periods are the recent ones."""
    return min(RECENT_MOST, max(1, n // RECENT_PART))


def _windows(strata: list[Series], rows: int, cut: tuple[int, int, int]) -> Iterator[tuple[slice, growth.Windows]]:
    """Papers from the first column to the second, and from there to the third, by stratum; so many rows at a time."""
    first, middle, last = cut
    before, recent = ([stratum.window(rows, *of) for stratum in strata] for of in ((first, middle), (middle, last)))
    totals_before, totals_recent = (
        np.array([stratum.totals[slice(*of)].sum() for stratum in strata]) for of in ((first, middle), (middle, last))
    )
    for start in range(0, rows, _ROWS):
        part = slice(start, start + _ROWS)
        yield (
            part,
            growth.Windows(
                np.stack([papers[part] for papers in recent], axis=1),
                totals_recent,
                np.stack([papers[part] for papers in before], axis=1),
                totals_before,
            ),
        )


def _difference(strata: list[Series], rows: int, n: int) -> Floats:
    found = np.full(rows, np.nan)
    for part, windows in _windows(strata, rows, (n - 2, n - 1, n)):
        found[part] = growth.risk_difference(windows)
    return found


def _growth(keywords: pl.Series, series: Series, strata: list[Series], n: int) -> dict[str, Floats]:
    """The figures that set the recent months against those before."""
    rows, recent = len(keywords), recent_periods(n)
    names = ("growth", "growth_z", "family_z", "emergence", "recent_papers")
    found = {name: np.zeros(rows) for name in names}
    papers, awaited = np.zeros(rows), np.zeros(rows)
    for part, windows in _windows(strata, rows, (0, n - recent, n)):
        found["growth"][part], found["growth_z"][part] = growth.log_odds(windows), growth.z_score(windows)
        papers[part], awaited[part] = growth.expected(windows)
    found["recent_papers"] = series.window(rows, n - recent, n)
    found["family_z"] = growth.family(papers, awaited, *_words(keywords))
    score = growth.emergence(found["growth_z"], found["family_z"], found["recent_papers"])
    found["emergence"] = np.where(found["recent_papers"] >= MIN_RECENT, score, np.nan)
    return found


def _words(keywords: pl.Series) -> tuple[Integers, Integers]:
    """Each keyword with each of its words once, as numbers, ordered by keyword."""
    paired = (
        pl.DataFrame({"word": keywords.str.to_lowercase().str.split(" ")})
        .with_row_index("row")
        .explode("word")
        .unique()
        .sort("row", "word")
        .with_columns(number=pl.col("word").rank("dense"))
    )
    return paired["row"].to_numpy().astype(np.int64), paired["number"].to_numpy().astype(np.int64)


def _tested(series: Series, strata: list[Series], rows: int, n: int) -> dict[str, Floats]:
    """Tests, slopes and bursts of the keywords with papers enough; NaN, or -1 for a period, for all others."""
    if n < FOR_GROWTH:
        return {}
    wanted = np.flatnonzero(series.window(rows, 0, n) >= MIN_TESTED)
    parts = [_present(stratum, rows, wanted) for stratum in strata]
    parts = [part for part in parts if len(part.columns) > 1]
    found = {"slope": np.full(rows, np.nan)}
    if not len(wanted) or not parts:
        return found
    counted = [trends.rises(part.counts / part.totals) for part in parts]
    counted_all = trends.Rises(
        np.sum([one.rising for one in counted], axis=0),
        np.sum([one.falling for one in counted], axis=0),
        np.sum([one.variance for one in counted], axis=0),
    )
    found["slope"][wanted] = _slopes(parts, counted_all)
    if n >= FOR_TESTS:
        p_values = trends.kendall_p(counted_all)
        bursts = _bursts(parts, len(wanted), n)
        for name in ("p_value", "q_value", "burst_weight"):
            found[name] = np.full(rows, np.nan)
        found["start"], found["end"] = np.full(rows, -1.0), np.full(rows, -1.0)
        found["p_value"][wanted], found["q_value"][wanted] = p_values, false_discovery_control(p_values)
        bursting = bursts.weight > 0
        found["burst_weight"][wanted] = np.where(bursting, bursts.weight, np.nan)
        found["start"][wanted] = np.where(bursting, bursts.first, -1)
        found["end"][wanted] = np.where(bursting, bursts.last, -1)
    return found


@dataclass(frozen=True)
class _Part:
    """One source's counts of the keywords that are tested, in the periods that it has papers enough in."""

    counts: Floats
    totals: Floats
    columns: Integers


def _present(stratum: Series, rows: int, wanted: Integers) -> _Part:
    columns = np.flatnonzero(stratum.totals >= MIN_PERIOD_PAPERS)
    return _Part(stratum.dense(rows, wanted)[:, columns], stratum.totals[columns], columns)


def _slopes(parts: list[_Part], counted: trends.Rises) -> Floats:
    """Sen's slopes; where neither rises nor falls are most of the pairs, the median is 0 without looking."""
    pairs = sum(len(part.columns) * (len(part.columns) - 1) // 2 for part in parts)
    found = np.zeros(len(counted.variance))
    asked = np.flatnonzero((2 * counted.rising >= pairs) | (2 * counted.falling >= pairs))
    # Sources that lack a keyword would pull its median to 0: each set of sources that have it is a matter of its own.
    held = np.stack([part.counts[asked].any(axis=1) for part in parts], axis=1)
    for pattern in np.unique(held, axis=0):
        rows = asked[(held == pattern).all(axis=1)]
        chosen = [part for part, has in zip(parts, pattern, strict=True) if has]
        if chosen:
            found[rows] = trends.sen_slopes([(part.counts[rows] / part.totals, part.columns) for part in chosen])
    return found


def _bursts(parts: list[_Part], rows: int, n: int) -> trends.Bursts:
    saved = np.zeros((rows, n))
    for part in parts:
        saved[:, part.columns] += trends.savings(part.counts, part.totals, BURST_RATIO)
    return trends.bursts(saved, BURST_COST * np.log(n))


# The source that each paper counts in: of its sources, the one that covers the most months. A source that comes later
# takes no paper from those that were there. Papers of the largest source of a scope are what the others leave over.
_STRATA = """
    covering AS (
        SELECT scope, count(*) AS months, sum(papers_total) AS papers
        FROM mart.scope_periods
        WHERE unit = 'month' AND papers_total >= 5 AND scope LIKE 'source:%'
        GROUP BY scope
    ),
    ranked AS (
        SELECT scope AS source, row_number() OVER (ORDER BY months DESC, papers DESC, scope) AS place FROM covering
    ),
    strata AS (
        SELECT scopes.paper_id, min(ranked.place) AS place
        FROM mart.paper_scopes AS scopes
        INNER JOIN ranked ON scopes.scope = ranked.source
        WHERE scopes.published_on IS NOT NULL
        GROUP BY scopes.paper_id
    ),
    sizes AS (
        SELECT scopes.scope, strata.place, count(*) AS papers
        FROM mart.paper_scopes AS scopes
        INNER JOIN strata USING (paper_id)
        WHERE scopes.scope NOT LIKE 'source:%'
        GROUP BY scopes.scope, strata.place
    ),
    lesser AS (
        SELECT scope, place
        FROM sizes
        QUALIFY row_number() OVER (PARTITION BY scope ORDER BY papers DESC, place) > 1
    ),
    papers AS (
        SELECT scopes.paper_id, scopes.scope, strata.place, date_trunc('month', scopes.published_on)::DATE AS period
        FROM mart.paper_scopes AS scopes
        INNER JOIN strata USING (paper_id)
        INNER JOIN lesser ON scopes.scope = lesser.scope AND strata.place = lesser.place
    )
"""

MART = Mart(
    schema=KeywordTrends,
    inputs={
        "months": """
            SELECT scope, period, papers_total, is_partial
            FROM mart.scope_periods
            WHERE unit = 'month'
            ORDER BY scope, period
        """,
        "counts": f"""
            WITH chosen AS (
                SELECT scope, period
                FROM mart.scope_periods
                WHERE unit = 'month' AND NOT is_partial AND papers_total >= {MIN_PERIOD_PAPERS}
                QUALIFY row_number() OVER (PARTITION BY scope ORDER BY period DESC) <= {MAX_PERIODS}
            )
            SELECT keyword, scope, period, papers FROM mart.keyword_monthly INNER JOIN chosen USING (scope, period)
        """,
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
        "source_months": f"""
            WITH {_STRATA}
            SELECT scope, place AS source, period, count(*) AS papers_total
            FROM papers
            GROUP BY scope, place, period
        """,
        "source_counts": f"""
            WITH {_STRATA}
            SELECT keywords.keyword, papers.scope, papers.place AS source, papers.period, count(*) AS papers
            FROM papers
            INNER JOIN core.paper_keywords AS keywords USING (paper_id)
            GROUP BY keywords.keyword, papers.scope, papers.place, papers.period
        """,
    },
    compute=compute,
)

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
        description="rank by this: s(growth_z), and where that is above 0 also s(family_z), if that is above 0, "
        "and 0.6 ln(recent_papers), with s(z) = sign(z) ln(1 + |z|); below 0 the keyword falls; needs 4 months and 3 "
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
    counts, of_sources = _Counts.of(frames["counts"], seen, months), _Counts.of(frames["source_counts"], seen, months)
    words = _Words.of(seen["keyword"])
    figures = {name: np.full(seen.height, np.nan) for name in (*_FIGURES, *_DATES, "n_periods")}
    for (scope,), rows in seen.group_by("scope", maintain_order=True):
        part = slice(int(rows["row"][0]), int(rows["row"][0]) + rows.height)
        chosen = months.filter(pl.col("scope") == scope)
        series = counts.series(part, chosen, chosen.height)
        others = [
            of_sources.series(part, totals, chosen.height, source)
            for (source,), totals in sources.filter(pl.col("scope") == scope)
            .sort("source")
            .group_by("source", maintain_order=True)
        ]
        of_scope = _scope(rows.height, chosen["period"], series, [series.without(others), *others], words.slice(part))
        for name, values in of_scope.items():
            figures[name][part] = values
    return _table(seen, figures)


def _table(seen: pl.DataFrame, figures: dict[str, Floats]) -> pl.DataFrame:
    """The rows of the mart; what is not a number is null, and so is all of keywords without a date."""
    dated = pl.col("papers") > 0
    made = seen.with_columns(**{name: pl.Series(values).fill_nan(None).round(9) for name, values in figures.items()})
    periods = pl.when(dated).then(pl.col("n_periods")).otherwise(0.0).cast(pl.Int64)
    status = pl.lit("insufficient_history")
    for least, name in ((FOR_DIFFERENCE, "difference"), (FOR_GROWTH, "growth"), (FOR_TESTS, "ok")):
        status = pl.when(periods >= least).then(pl.lit(name)).otherwise(status)
    return made.with_columns(
        pl.when(dated).then(pl.col(*_FIGURES)),
        n_periods=periods,
        trend_status=status,
        **{name: pl.when(dated).then(pl.col(name)).cast(pl.Int32).cast(pl.Date) for name in _DATES},
    ).select(pl.col(name).cast(column.dtype) for name, column in KeywordTrends.columns().items())


@dataclass(frozen=True)
class _Counts:
    """Counts of all scopes by row and column, ordered by row; and the source of each, where they are of sources."""

    row: Integers
    column: Integers
    papers: Floats
    source: Integers | None

    @classmethod
    def of(cls, counts: pl.DataFrame, seen: pl.DataFrame, months: pl.DataFrame) -> _Counts:
        """Counts with the row of their keyword and the column of their period."""
        placed = (
            counts.join(months.select("scope", "period", "column"), on=["scope", "period"])
            .join(seen.select("scope", "keyword", "row"), on=["scope", "keyword"])
            .select(pl.exclude("scope", "keyword", "period"))
            .sort("row", "column")
        )
        return cls(
            placed["row"].to_numpy().astype(np.int64),
            placed["column"].to_numpy().astype(np.int64),
            placed["papers"].to_numpy().astype(np.float64),
            placed["source"].to_numpy() if "source" in placed.columns else None,
        )

    def series(self, part: slice, months: pl.DataFrame, width: int, source: object = None) -> Series:
        """The counts of a scope, whose rows are `part`; with `source`, those of that source alone."""
        chosen = slice(*np.searchsorted(self.row, (part.start, part.stop)))
        totals = np.zeros(width)
        totals[months["column"].to_numpy()] = months["papers_total"].to_numpy()
        row, column, papers = self.row[chosen] - part.start, self.column[chosen], self.papers[chosen]
        if source is not None:
            assert self.source is not None
            own = self.source[chosen] == source
            row, column, papers = row[own], column[own], papers[own]
        return Series(row, column, papers, totals)


@dataclass(frozen=True)
class _Words:
    """The words of each keyword as numbers: those of the keyword in row r lie from `start[r]`, `size[r]` of them."""

    start: Integers
    size: Integers
    number: Integers

    @classmethod
    def of(cls, keywords: pl.Series) -> _Words:
        """Each word of a keyword once."""
        names = keywords.unique(maintain_order=True)
        numbered = pl.DataFrame({"keyword": names}).with_row_index("at")
        words = (
            numbered.select("at", word=pl.col("keyword").str.to_lowercase().str.split(" "))
            .explode("word")
            .unique()
            .sort("at", "word")
        )
        lexicon = words.select("word").unique().sort("word").with_row_index("number")
        number = words.join(lexicon, on="word", how="left", maintain_order="left")["number"].to_numpy()
        size = np.bincount(words["at"].to_numpy(), minlength=len(names))
        places = (
            pl.DataFrame({"keyword": keywords}).join(numbered, on="keyword", how="left", maintain_order="left")["at"]
        ).to_numpy()
        start = np.cumsum(size) - size
        return cls(start[places], size[places], number.astype(np.int64))

    def slice(self, part: slice) -> tuple[Integers, Integers]:
        """Each row of a part with each of its words, ordered by row; rows count from the start of the part."""
        start, size = self.start[part], self.size[part]
        rows = np.repeat(np.arange(len(size)), size)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
        found = self.number[np.repeat(start, size) + within]
        # Numbers without gaps: a scope has few of all words.
        return rows, np.unique(found, return_inverse=True)[1]


def _scope(
    rows: int, periods: pl.Series, series: Series, strata: list[Series], words: tuple[Integers, Integers]
) -> dict[str, Floats]:
    """The figures of one scope that its months allow: `series` are all its papers, `strata` the same by source."""
    n = len(periods)
    found: dict[str, Floats] = {"n_periods": np.full(rows, float(n))}
    if n >= FOR_DIFFERENCE:
        found["difference"] = _difference(strata, rows, n)
    if n >= FOR_GROWTH:
        found |= _growth(words, series, strata, rows, n)
        found |= _tested(series, strata, rows, periods)
    return found


_DATES = ("burst_start", "burst_end")
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


def _growth(
    words: tuple[Integers, Integers], series: Series, strata: list[Series], rows: int, n: int
) -> dict[str, Floats]:
    """The figures that set the recent months against those before."""
    recent = recent_periods(n)
    names = ("growth", "growth_z", "family_z", "emergence", "recent_papers")
    found = {name: np.zeros(rows) for name in names}
    papers, awaited = np.zeros(rows), np.zeros(rows)
    for part, windows in _windows(strata, rows, (0, n - recent, n)):
        found["growth"][part], found["growth_z"][part] = growth.log_odds(windows), growth.z_score(windows)
        papers[part], awaited[part] = growth.expected(windows)
    found["recent_papers"] = series.window(rows, n - recent, n)
    found["family_z"] = growth.family(papers, awaited, *words)
    score = growth.emergence(found["growth_z"], found["family_z"], found["recent_papers"])
    found["emergence"] = np.where(found["recent_papers"] >= MIN_RECENT, score, np.nan)
    return found


def _tested(series: Series, strata: list[Series], rows: int, periods: pl.Series) -> dict[str, Floats]:
    """Tests, slopes and bursts of the keywords with papers enough; NaN for all others. Bursts in days since 1970."""
    n = len(periods)
    wanted = np.flatnonzero(series.window(rows, 0, n) >= MIN_TESTED)
    parts = [_present(stratum, rows, wanted) for stratum in strata]
    parts = [part for part in parts if len(part.columns) > 1]
    if not len(wanted) or not parts:
        return {}
    counted = [trends.rises(part.counts / part.totals) for part in parts]
    counted_all = trends.Rises(
        np.sum([one.rising for one in counted], axis=0),
        np.sum([one.falling for one in counted], axis=0),
        np.sum([one.variance for one in counted], axis=0),
    )
    found = {"slope": _slopes(parts, counted_all)}
    if n >= FOR_TESTS:
        found["p_value"] = trends.kendall_p(counted_all)
        found["q_value"] = false_discovery_control(found["p_value"])
        bursts, days = _bursts(parts, len(wanted), n), periods.to_physical().to_numpy().astype(np.float64)
        found["burst_weight"], found["burst_start"], found["burst_end"] = (
            np.where(bursts.weight > 0, values, np.nan)
            for values in (bursts.weight, days[bursts.first], days[bursts.last])
        )
    return {name: _spread(values, wanted, rows) for name, values in found.items()}


def _spread(values: Floats, wanted: Integers, rows: int) -> Floats:
    spread = np.full(rows, np.nan)
    spread[wanted] = values
    return spread


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
        # Counting goes by numbers: keywords and scopes are long texts.
        "seen": """
            WITH keyword_numbers AS (
                SELECT keyword, row_number() OVER (ORDER BY keyword)::INTEGER AS keyword_number
                FROM core.keywords
                WHERE papers >= 3
            ),
            scope_numbers AS (
                SELECT scope, row_number() OVER (ORDER BY scope)::INTEGER AS scope_number
                FROM (SELECT DISTINCT scope FROM mart.paper_scopes)
            ),
            scoped AS (
                SELECT scopes.paper_id, scope_numbers.scope_number, scopes.published_on
                FROM mart.paper_scopes AS scopes
                INNER JOIN scope_numbers USING (scope)
            ),
            counted AS (
                SELECT keyword_number, scope_number, count(published_on) AS papers, min(published_on) AS first_seen
                FROM core.paper_keywords AS keywords
                INNER JOIN keyword_numbers USING (keyword)
                INNER JOIN scoped USING (paper_id)
                GROUP BY keyword_number, scope_number
                HAVING count(*) >= 3
            )
            SELECT keyword_numbers.keyword, scope_numbers.scope, counted.papers, counted.first_seen
            FROM counted
            INNER JOIN keyword_numbers USING (keyword_number)
            INNER JOIN scope_numbers USING (scope_number)
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

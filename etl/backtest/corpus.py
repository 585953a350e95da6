"""Papers by month and the candidates that they use: what a back-test is made on. Months count from the first one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.marts.keyword_trends import MAX_PERIODS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Candidates, and rows of `mart.keyword_trends`, need so many papers.
MIN_PAPERS = 3

_WORD = re.compile(r"[a-z0-9]+")
_MAX_TEXT = 20_000
_FUNCTION_WORDS = frozenset(
    "a an and are as at be between by can do does for from how in into is it its of on or our over that the their this "
    "to under using via we what when why with".split()
)


@dataclass(frozen=True)
class Corpus:
    """Which paper uses which candidate. `judged` marks the uses whose share is foretold: for n-grams, those in titles.

    `month` gives the month of each paper; `candidate` and `paper` are numbers, a pair a use.
    """

    names: list[str]
    first: dt.date
    month: Integers
    candidate: Integers
    paper: Integers
    judged: NDArray[np.bool_]

    @property
    def months(self) -> int:
        """How many months there are, from that of the first paper to that of the last."""
        return int(self.month.max()) + 1 if len(self.month) else 0

    def day(self, month: int) -> dt.date:
        """The first day of a month."""
        number = self.first.year * 12 + self.first.month - 1 + month
        return dt.date(number // 12, number % 12 + 1, 1)

    def number(self, day: dt.date) -> int:
        """The month of a day."""
        return (day.year - self.first.year) * 12 + day.month - self.first.month

    @cached_property
    def totals(self) -> Floats:
        """All papers of each month."""
        return np.bincount(self.month, minlength=self.months).astype(np.float64)

    def window(self, start: int, stop: int, judged: bool = True) -> Floats:
        """Papers that use each candidate in the months from `start` to `stop`: all uses, or those that are judged."""
        at = self.month[self.paper]
        chosen = (at >= start) & (at < stop)
        if judged:
            chosen &= self.judged
        return np.bincount(self.candidate[chosen], minlength=len(self.names)).astype(np.float64)

    def total(self, start: int, stop: int) -> float:
        """All papers in the months from `start` to `stop`."""
        return float(self.totals[max(0, start) : max(0, stop)].sum())

    def known_at(self, cutoff: int) -> dict[str, pl.DataFrame]:
        """What `mart.keyword_trends` would be made of, had the world ended before the month `cutoff`."""
        at = self.month[self.paper]
        known = np.flatnonzero(at < cutoff)
        uses = pl.DataFrame({"candidate": self.candidate[known], "month": at[known]})
        seen = uses.group_by("candidate").agg(papers=pl.len(), first=pl.col("month").min())
        names = pl.DataFrame({"keyword": self.names}).with_columns(candidate=pl.int_range(pl.len()))
        days = pl.DataFrame({"period": [self.day(month) for month in range(max(1, cutoff))]}).with_columns(
            month=pl.int_range(pl.len())
        )
        supported = seen.filter(pl.col("papers") >= MIN_PAPERS).join(names, on="candidate")
        scope = pl.lit("all").alias("scope")
        counts = (
            uses.filter(pl.col("month") >= cutoff - MAX_PERIODS)
            .join(supported.select("candidate", "keyword"), on="candidate")
            .group_by("keyword", "month")
            .agg(papers=pl.len().cast(pl.Int64))
            .join(days, on="month")
        )
        totals = days.with_columns(
            papers_total=pl.Series(np.resize(self.totals, max(1, cutoff)).astype(np.int64)), is_partial=pl.lit(False)
        )
        return {
            "months": totals.select(scope, "period", "papers_total", "is_partial"),
            "counts": counts.select("keyword", scope, "period", "papers"),
            "seen": supported.join(days.rename({"month": "first", "period": "first_seen"}), on="first").select(
                "keyword", scope, pl.col("papers").cast(pl.Int64), "first_seen"
            ),
            "source_months": pl.DataFrame(
                schema={"scope": pl.String, "source": pl.Int64, "period": pl.Date, "papers_total": pl.Int64}
            ),
            "source_counts": pl.DataFrame(
                schema={
                    "keyword": pl.String,
                    "scope": pl.String,
                    "source": pl.Int64,
                    "period": pl.Date,
                    "papers": pl.Int64,
                }
            ),
        }

    def resampled(self, random: np.random.Generator) -> Corpus:
        """Papers drawn with replacement, as many as there are."""
        times = np.bincount(random.integers(0, len(self.month), len(self.month)), minlength=len(self.month))
        start = np.cumsum(times) - times
        repeat = times[self.paper]
        within = np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat)
        return replace(
            self,
            month=np.repeat(self.month, times),
            candidate=np.repeat(self.candidate, repeat),
            paper=np.repeat(start[self.paper], repeat) + within,
            judged=np.repeat(self.judged, repeat),
        )

    def shuffled(self, random: np.random.Generator) -> Corpus:
        """The same papers with each other's months: nothing can rise in it but by chance."""
        return replace(self, month=random.permutation(self.month))


def from_uses(papers: pl.DataFrame, uses: pl.DataFrame) -> Corpus:
    """A corpus from `papers` (paper_id, day) and `uses` (candidate, paper_id, judged), without undated papers."""
    numbered = papers.drop_nulls("day").sort("day", "paper_id").with_columns(paper=pl.int_range(pl.len()))
    placed = uses.join(numbered.select("paper_id", "paper"), on="paper_id")
    names = placed.get_column("candidate").unique().sort()
    known = pl.DataFrame({"candidate": names}).with_columns(number=pl.int_range(pl.len()))
    placed = placed.join(known, on="candidate").sort("number", "paper")
    first = numbered["day"][0] if numbered.height else dt.date(1970, 1, 1)
    since = (pl.col("day").dt.year().cast(pl.Int64) - first.year) * 12 + pl.col("day").dt.month() - first.month
    return Corpus(
        names.to_list(),
        first.replace(day=1),
        numbered.select(since.cast(pl.Int64)).to_series().to_numpy(),
        placed["number"].to_numpy().astype(np.int64),
        placed["paper"].to_numpy().astype(np.int64),
        placed["judged"].to_numpy(),
    )


def title_ngrams(papers: pl.DataFrame) -> Corpus:
    """The bigrams and trigrams of titles that neither begin nor end with a function word, as candidates.

    `papers` has paper_id, day, title and abstract. Their share of titles is judged; for the ranking a paper counts that
    says them in its title or abstract, as with keywords.
    """
    papers = papers.drop_nulls("day").sort("paper_id")
    titles = [set(_ngrams(title)) for title in papers["title"]]
    counted: dict[str, int] = {}
    for found in titles:
        for ngram in found:
            counted[ngram] = counted.get(ngram, 0) + 1
    # Fewer in all cannot be enough of late, so that leaving them out tells nothing of the future.
    vocabulary = {ngram for ngram, number in counted.items() if number >= MIN_PAPERS}
    said: list[tuple[str, str, bool]] = []
    for paper_id, abstract, title in zip(papers["paper_id"], papers["abstract"], titles, strict=True):
        in_title = title & vocabulary
        said.extend((ngram, paper_id, True) for ngram in in_title)
        said.extend((ngram, paper_id, False) for ngram in vocabulary.intersection(_ngrams(abstract)) - in_title)
    uses = pl.DataFrame(
        said, schema={"candidate": pl.String, "paper_id": pl.String, "judged": pl.Boolean}, orient="row"
    )
    return from_uses(papers.select("paper_id", "day"), uses)


def _ngrams(text: str | None) -> Iterable[str]:
    words = _WORD.findall((text or "")[:_MAX_TEXT].lower())
    for size in (2, 3):
        for start in range(len(words) - size + 1):
            ngram = words[start : start + size]
            if ngram[0] not in _FUNCTION_WORDS and ngram[-1] not in _FUNCTION_WORDS:
                yield " ".join(ngram)

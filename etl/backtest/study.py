"""A back-test from a published warehouse to its facts: what was foretold, what came, and what chance would do."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb
import numpy as np
import polars as pl

from etl import published
from etl.backtest import judgement, scores
from etl.backtest.corpus import Corpus, from_uses, title_ngrams
from etl.backtest.judgement import Integers, Outcome
from etl.errors import EtlError
from etl.settings import Settings

SCHEMA_VERSION = 1
# Complete months that must lie before a cut-off.
MIN_HISTORY = 6
# How often papers are drawn again, candidates are drawn again, and dates are shuffled.
RESAMPLES, DRAWS, SHUFFLES = 20, 1_000, 5
# What `mart.keyword_trends` calls sure.
Q_VALUE = 0.05
LISTED = 50


class Candidates(enum.StrEnum):
    """What is ranked."""

    keywords = "keywords"
    titles = "titles"


class Clock(enum.StrEnum):
    """Which day of a paper counts."""

    published_on = "published_on"
    observed_on = "observed_on"


class BacktestError(EtlError):
    """The warehouse holds too little for the back-test that was asked for."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(found, wanted)
        self.found, self.wanted = found, wanted

    def __str__(self) -> str:
        return f"back-test: found {self.found}, wanted {self.wanted}; load more history, or ask for less"


@dataclass(frozen=True)
class Plan:
    """What is back-tested: papers of one source (or all), by which clock, at which cut-offs, how many months ahead.

    A cut-off is the first day of a month; what was known is all before it. Without cut-offs the last ones that the
    history allows are taken: seven Januaries, or with a horizon below a year seven months.
    """

    candidates: Candidates = Candidates.keywords
    source: str | None = None
    clock: Clock = Clock.published_on
    horizon: int = 24
    cutoffs: Sequence[dt.date] = field(default_factory=tuple)


def study(settings: Settings, plan: Plan) -> dict[str, Any]:
    """All facts of the report. The same warehouse and plan give the same facts."""
    with published.reading(settings) as connection:
        corpus = read(connection, plan)
        snapshot = settings.current.resolve().name
    cutoffs = _cutoffs(corpus, plan)
    outcomes = [judgement.outcome(corpus, cutoff, plan.horizon) for cutoff in cutoffs]
    orders = _orders(corpus, outcomes)
    return {
        "schema_version": SCHEMA_VERSION,
        "snapshot": snapshot,
        "plan": {
            "candidates": plan.candidates.value,
            "source": plan.source or "all",
            "clock": plan.clock.value,
            "horizon_months": plan.horizon,
            "window_months": plan.horizon // 2,
            "cutoffs": [corpus.day(cutoff).isoformat() for cutoff in cutoffs],
        },
        "papers": len(corpus.month),
        "rankings": {name: _figures(corpus, order, outcomes) for name, order in orders.items()},
        "chance": float(np.mean([of.emerged.mean() if len(of.emerged) else 0.0 for of in outcomes])),
        "comparisons": _comparisons(orders, outcomes),
        "cutoffs": [_cutoff(corpus, of, orders, place) for place, of in enumerate(outcomes)],
        "stability": _stability(corpus, cutoffs[-1], outcomes[-1]),
        "shuffled": _shuffled(corpus, cutoffs[-1]),
    }


_PAPERS = """
    SELECT papers.paper_id, papers.title, papers.abstract, {day} AS day
    FROM core.papers AS papers
    {join}
    GROUP BY ALL
    ORDER BY papers.paper_id
"""
_JOIN = "INNER JOIN core.paper_observations AS observations ON papers.paper_id = observations.paper_id"
_DAYS = {Clock.published_on: "papers.published_on", Clock.observed_on: "min(observations.observed_on)"}


def read(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Corpus:
    """The corpus that a plan asks for; raises BacktestError where there is nothing of it."""
    where = " WHERE observations.source = $source" if plan.source else ""
    sql = _PAPERS.format(day=_DAYS[plan.clock], join=_JOIN + where)
    papers: pl.DataFrame = connection.sql(sql, params={"source": plan.source} if plan.source else {}).pl()
    papers = papers.drop_nulls("day")
    if papers.is_empty():
        raise BacktestError(
            f"no dated paper of {plan.source or 'any source'}", "some, see `etl status` for the sources"
        )
    if plan.candidates is Candidates.titles:
        return title_ngrams(papers)
    uses: pl.DataFrame = connection.sql(
        "SELECT keyword AS candidate, paper_id, true AS judged FROM core.paper_keywords "
        "INNER JOIN core.keywords AS keywords USING (keyword) WHERE keywords.papers >= 3 ORDER BY keyword, paper_id"
    ).pl()
    return from_uses(papers.select("paper_id", "day"), uses)


def _cutoffs(corpus: Corpus, plan: Plan) -> list[int]:
    """Months of the cut-offs, in order; raises BacktestError where the history does not hold one."""
    # The last month may not be over.
    last = corpus.months - 1 - plan.horizon
    if plan.cutoffs:
        asked = sorted({corpus.number(day) for day in plan.cutoffs})
    else:
        yearly = plan.horizon >= 12
        months = range(last, MIN_HISTORY - 1, -1)
        asked = sorted([month for month in months if not yearly or corpus.day(month).month == 1][:7])
    wanted = (
        f"cut-offs from {corpus.day(MIN_HISTORY)} to {corpus.day(max(last, 0))} for a horizon of {plan.horizon} months"
    )
    if not asked:
        raise BacktestError(f"{corpus.months} months of history", f"at least {MIN_HISTORY + plan.horizon + 1}")
    for month in asked:
        # A cut-off whose horizon ends with the last month is fine: the caller says that it is over.
        if not MIN_HISTORY <= month <= last + 1:
            raise BacktestError(f"cut-off {corpus.day(month)}", wanted)
    return asked


def _orders(corpus: Corpus, outcomes: list[Outcome]) -> dict[str, list[Integers]]:
    """The rankings at each cut-off, by name; where titles are judged, the baselines also on titles with abstracts."""
    found: dict[str, list[Integers]] = {}
    for of in outcomes:
        window = of.horizon // 2
        made = {scores.METHOD: scores.method(corpus, of.cutoff), **scores.baselines(corpus, of.cutoff, window)}
        if not corpus.judged.all():
            on_all = scores.baselines(corpus, of.cutoff, window, judged=False)
            made |= {f"{name}, with abstracts": score for name, score in on_all.items()}
        for name, score in made.items():
            found.setdefault(name, []).append(judgement.ranked(score, of))
    return found


def _figures(corpus: Corpus, orders: list[Integers], outcomes: list[Outcome]) -> dict[str, Any]:
    pairs = list(zip(orders, outcomes, strict=True))
    leads = [months for order, of in pairs for months in judgement.lead_times(corpus, order, of, 50)]
    return {
        "precision_at_20": float(np.mean([judgement.precision(order, of, 20) for order, of in pairs])),
        "precision_at_50": float(np.mean([judgement.precision(order, of, 50) for order, of in pairs])),
        "recall_at_50": float(np.mean([judgement.recall(order, of, 50) for order, of in pairs])),
        "hits_at_50": int(sum(of.emerged[order[:50]].sum() for order, of in pairs)),
        "median_lead_months": float(np.median(leads)) if leads else None,
    }


def _comparisons(orders: dict[str, list[Integers]], outcomes: list[Outcome]) -> dict[str, Any]:
    """Our precision at 50 against that of each baseline: the ratio, and the difference with its interval."""
    ours = orders[scores.METHOD]
    mine = float(np.mean([judgement.precision(order, of, 50) for order, of in zip(ours, outcomes, strict=True)]))
    found = {}
    for name, theirs in orders.items():
        if name != scores.METHOD:
            made = judgement.difference(ours, theirs, outcomes, 50, DRAWS)
            base = mine - made.value
            found[name] = {**asdict(made), "times": mine / base if base > 0 else None}
    return found


def _cutoff(corpus: Corpus, of: Outcome, orders: dict[str, list[Integers]], place: int) -> dict[str, Any]:
    """The facts of one cut-off, with the first of our ranking, their shares, and what emerged without being ranked."""
    order = orders[scores.METHOD][place]
    missed = order[LISTED:][of.emerged[order[LISTED:]]]
    return {
        "cutoff": corpus.day(of.cutoff).isoformat(),
        "candidates": len(of.candidates),
        "emerged": int(of.emerged.sum()),
        "chance": float(of.emerged.mean()) if len(of.emerged) else 0.0,
        "precision_at_50": {name: judgement.precision(found[place], of, 50) for name, found in orders.items()},
        "ranked": [_line(corpus, of, int(candidate)) for candidate in order[:LISTED]],
        "missed": [_line(corpus, of, int(candidate)) for candidate in missed[:LISTED]],
    }


def _line(corpus: Corpus, of: Outcome, candidate: int) -> dict[str, Any]:
    shares = of.papers[candidate] / np.maximum(of.totals, 1.0)
    return {
        "keyword": corpus.names[int(of.candidates[candidate])],
        "papers": [int(papers) for papers in of.papers[candidate]],
        "shares": [round(float(share), 6) for share in shares],
        "emerged": bool(of.emerged[candidate]),
    }


def _stability(corpus: Corpus, cutoff: int, of: Outcome) -> dict[str, Any]:
    """How much of the first 20 at the last cut-off stays when the papers are drawn again."""
    random = np.random.default_rng(20_260_102)
    first = _first_20(corpus, cutoff, of)
    found = [judgement.jaccard(first, _first_20(corpus.resampled(random), cutoff, of)) for _ in range(RESAMPLES)]
    return {"resamples": RESAMPLES, "jaccard_mean": float(np.mean(found)), "jaccard_least": float(np.min(found))}


def _first_20(corpus: Corpus, cutoff: int, of: Outcome) -> set[str]:
    order = judgement.ranked(scores.method(corpus, cutoff), of)
    return {corpus.names[int(candidate)] for candidate in of.candidates[order[:20]]}


def _shuffled(corpus: Corpus, cutoff: int) -> dict[str, Any]:
    """False alarms where nothing can rise: the same papers with their dates shuffled."""
    random = np.random.default_rng(20_260_103)
    tested = sure = bursting = 0
    for _ in range(SHUFFLES):
        made = scores.trends(corpus.shuffled(random), cutoff)
        tested += int(made["q_value"].is_not_null().sum())
        sure += int((made["q_value"] <= Q_VALUE).sum())
        bursting += int(made["burst_weight"].is_not_null().sum())
    return {
        "shuffles": SHUFFLES,
        "tested": tested,
        "q_value": Q_VALUE,
        "share_of_false_alarms": sure / tested if tested else 0.0,
        "share_with_burst": bursting / tested if tested else 0.0,
    }

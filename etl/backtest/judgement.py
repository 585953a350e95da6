"""What came after a cut-off, who foretold it, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.backtest.corpus import MIN_PAPERS, Corpus

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# A keyword emerges when its share is so many times as large at the horizon, with so many papers.
TIMES, EMERGED_PAPERS = 2.0, 10


@dataclass(frozen=True)
class Outcome:
    """The candidates at a cut-off, their papers in the windows that end there, half-way and at the horizon; the truth.

    `candidates` are numbers of the corpus; the other arrays go by them. A window is half the horizon long.
    """

    cutoff: int
    horizon: int
    candidates: Integers
    papers: Floats
    totals: Floats
    emerged: Flags


def outcome(corpus: Corpus, cutoff: int, horizon: int) -> Outcome:
    """Which candidates emerge: a share at least doubled at the horizon, with ten papers, and no fall on the way."""
    window = horizon // 2
    ends = (cutoff, cutoff + window, cutoff + horizon)
    papers = np.stack([corpus.window(end - window, end) for end in ends], axis=1)
    totals = np.array([corpus.total(end - window, end) for end in ends])
    candidates = np.flatnonzero(papers[:, 0] >= MIN_PAPERS)
    papers = papers[candidates]
    now, between, later = (papers / np.maximum(totals, 1.0)).T
    emerged = (later >= TIMES * now) & (papers[:, 2] >= EMERGED_PAPERS) & (between >= now) & (later >= between)
    return Outcome(cutoff, horizon, candidates, papers, totals, emerged)


def ranked(scores: Floats, judged: Outcome) -> Integers:
    """Places of the candidates in `judged`, best first; equal scores by their number, which goes by name."""
    return np.argsort(-scores[judged.candidates], kind="stable")


def precision(order: Integers, judged: Outcome, k: int) -> float:
    """Share of the first k that emerge."""
    return float(judged.emerged[order[:k]].mean()) if len(order) else 0.0


def recall(order: Integers, judged: Outcome, k: int) -> float:
    """Share of those that emerge that is among the first k."""
    return float(judged.emerged[order[:k]].sum() / max(1, judged.emerged.sum()))


def lead_times(corpus: Corpus, order: Integers, judged: Outcome, k: int) -> list[int]:
    """For each of the first k that emerge: months from the cut-off until its share had doubled for the first time."""
    window = judged.horizon // 2
    hits = [int(place) for place in order[:k] if judged.emerged[place]]
    found = dict.fromkeys(hits, judged.horizon)
    for months in range(judged.horizon, 0, -1):
        end = judged.cutoff + months
        share = corpus.window(end - window, end)[judged.candidates] / max(1.0, corpus.total(end - window, end))
        now = judged.papers[:, 0] / max(1.0, judged.totals[0])
        for place in hits:
            if share[place] >= TIMES * now[place]:
                found[place] = months
    return [found[place] for place in hits]


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def difference(ours: list[Integers], theirs: list[Integers], judged: list[Outcome], k: int, times: int) -> Interval:
    """Precision at k of one ranking less that of another, mean of the cut-offs; candidates are drawn again, seeded."""
    random = np.random.default_rng(20_260_101)
    value = np.mean([precision(a, of, k) - precision(b, of, k) for a, b, of in zip(ours, theirs, judged, strict=True)])
    drawn = np.zeros(times)
    for a, b, of in zip(ours, theirs, judged, strict=True):
        size = len(of.candidates)
        for time in range(times):
            weight = np.bincount(random.integers(0, size, size), minlength=size) if size else np.zeros(0, dtype=int)
            drawn[time] += (_weighted(a, of, weight, k) - _weighted(b, of, weight, k)) / len(judged)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(value), float(low), float(high))


def _weighted(order: Integers, judged: Outcome, weight: Integers, k: int) -> float:
    """Precision at k where each candidate comes as often as its weight says."""
    # Twice as many places hold the first k of a draw but for one in some billions of billions.
    first = order[: 4 * k]
    taken = np.minimum(weight[first], np.maximum(0, k - (np.cumsum(weight[first]) - weight[first])))
    return float((taken * judged.emerged[first]).sum() / max(1, taken.sum()))


def jaccard(one: set[str], other: set[str]) -> float:
    """What two sets share of all that is in them."""
    return len(one & other) / max(1, len(one | other))

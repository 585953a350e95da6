"""How much a share grew between two windows, within sources and then combined; and what that says of what is to come.

A stratum is one source. Of each row and stratum stand here: papers with the keyword (`recent`, `before`) and all papers
of the windows (`recent_total`, `before_total`). The last axis is that of the strata.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Papers with the keyword that stand in each window before any is counted: 1 paper that becomes 4 is no great growth.
PRIOR_PAPERS = 5.0
# What the score of emergence makes of a keyword's own z score and of its recent papers; its family weighs 1.
OWN_WEIGHT, SUPPORT_WEIGHT = 1.0, 0.6


@dataclass(frozen=True)
class Windows:
    """Two windows of the same keywords, a row a keyword and a column a stratum; totals may be one row for all."""

    recent: Floats
    recent_total: Floats
    before: Floats
    before_total: Floats

    def comparable(self) -> Windows:
        """The same without the strata that have no papers in one of the windows: they can say nothing of a change."""
        both = (self.recent_total > 0) & (self.before_total > 0)
        parts = (self.recent, self.recent_total, self.before, self.before_total)
        return Windows(*(np.where(both, part, 0.0) for part in parts))


def log_odds(windows: Windows, prior_papers: float = PRIOR_PAPERS) -> Floats:
    """Growth as a log odds ratio with an informative prior, combined over strata.

    In each window `prior_papers` papers with the keyword are added, at the keyword's own share over both windows
    (Monroe, Colaresi and Quinn 2008), divided among the strata as its papers are; the odds ratios of the
    strata are combined by Mantel and Haenszel (1959). With one stratum it is the log-odds of Monroe and others itself.
    """
    known = windows.comparable()
    a, n, b, m = known.recent, known.recent_total, known.before, known.before_total
    papers = a + b
    share = papers / np.maximum(n + m, 1.0)
    part = papers / np.maximum(papers.sum(axis=-1, keepdims=True), 1.0)
    prior = prior_papers * part
    prior_total = np.divide(prior, share, out=np.zeros_like(prior), where=share > 0)
    a, n, b, m = a + prior, n + prior_total, b + prior, m + prior_total
    size = np.maximum(n + m, 1.0)
    up, down = (a * (m - b) / size).sum(axis=-1), (b * (n - a) / size).sum(axis=-1)
    usable = (up > 0) & (down > 0)
    return np.asarray(np.log(np.where(usable, up, 1.0)) - np.log(np.where(usable, down, 1.0)), dtype=np.float64)


def z_score(windows: Windows) -> Floats:
    """The test statistic of Cochran (1954), Mantel and Haenszel (1959), signed, without continuity correction."""
    known = windows.comparable()
    a, n, b, m = known.recent, known.recent_total, known.before, known.before_total
    size = n + m
    expected = (a + b) * n / np.maximum(size, 1.0)
    variance = expected * m * (size - a - b) / np.maximum(size * (size - 1.0), 1.0)
    total = variance.sum(axis=-1)
    return np.asarray((a - expected).sum(axis=-1) / np.sqrt(np.where(total > 0, total, np.inf)), dtype=np.float64)


def risk_difference(windows: Windows) -> Floats:
    """Difference of the shares, combined over strata by the weights of Mantel and Haenszel (Greenland and Robins 1985).

    NaN where no stratum has papers in both windows.
    """
    known = windows.comparable()
    n, m = known.recent_total, known.before_total
    weight = n * m / np.maximum(n + m, 1.0)
    difference = known.recent / np.maximum(n, 1.0) - known.before / np.maximum(m, 1.0)
    total = weight.sum(axis=-1)
    added = (weight * difference).sum(axis=-1)
    return np.asarray(np.where(total > 0, added / np.where(total > 0, total, 1.0), np.nan), dtype=np.float64)


def expected(windows: Windows) -> tuple[Floats, Floats]:
    """Papers of the recent window, and those that the shares before would have let expect, over comparable strata."""
    known = windows.comparable()
    rate = known.before / np.maximum(known.before_total, 1.0)
    return known.recent.sum(axis=-1), (rate * known.recent_total).sum(axis=-1)


def family(recent: Floats, awaited: Floats, rows: NDArray[np.int64], words: NDArray[np.int64]) -> Floats:
    """How surely the words of each keyword rise in the other keywords: the largest z score among its words.

    `rows` and `words` pair each keyword with each of its words, ordered by row. The papers of all other keywords with
    the word are set against those that were `awaited`, scaled so that all keywords together do not grow, as two Poisson
    counts with five papers more. Keywords without a word have 0.
    """
    if not len(rows):
        return np.zeros(len(recent))
    scale = recent.sum() / max(float(awaited.sum()), 1.0)
    found = np.bincount(words, weights=recent[rows])[words] - recent[rows]
    hoped = (np.bincount(words, weights=awaited[rows])[words] - awaited[rows]) * scale
    scores = (found - hoped) / np.sqrt(np.maximum(found + hoped, 0.0) + 5.0)
    best = np.full(len(recent), -np.inf)
    np.maximum.at(best, rows, scores)
    return np.where(np.isfinite(best), best, 0.0)


def emergence(
    z: Floats, family_z: Floats, papers: Floats, own: float = OWN_WEIGHT, support: float = SUPPORT_WEIGHT
) -> Floats:
    """A score by which keywords are ranked as emerging: above 0 a keyword rises, below 0 it falls.

    The logarithm of its own z score; where that is above 0, also the logarithm of its family's and 0.6 times that of
    its recent papers. How the weights were chosen: `models/emergence/`.
    """
    alone = own * _logarithm(z)
    beside = _logarithm(np.maximum(family_z, 0.0)) + support * np.log(np.maximum(papers, 1.0))
    return np.where(z > 0, alone + beside, alone)


def _logarithm(z: Floats) -> Floats:
    return np.sign(z) * np.log1p(np.abs(z))

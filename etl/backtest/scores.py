"""Rankings of candidates by what was known at a cut-off: the product's own score, and plain baselines."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.backtest.corpus import Corpus
from etl.marts import keyword_trends

Floats = NDArray[np.float64]

METHOD = "emergence"
# Papers added on both sides of the smoothed ratio, and windows of history that it and the z score look back on.
SMOOTHING, HISTORY = 5.0, 5


def trends(corpus: Corpus, cutoff: int) -> pl.DataFrame:
    """`mart.keyword_trends` as it would have been at the cut-off."""
    made = keyword_trends.KeywordTrends.validate(keyword_trends.compute(corpus.known_at(cutoff)), cast=True)
    return made.sort("keyword")


def method(corpus: Corpus, cutoff: int) -> Floats:
    """The column `emergence` of each candidate; those without one come last."""
    names = pl.DataFrame({"keyword": corpus.names})
    found = names.join(trends(corpus, cutoff), on="keyword", how="left", maintain_order="left")
    return found["emergence"].fill_null(-np.inf).to_numpy()


def baselines(corpus: Corpus, cutoff: int, window: int, judged: bool = True) -> dict[str, Floats]:
    """Count, ratio, smoothed ratio and z score of the last window against those before, each candidate's."""
    now, previous = (corpus.window(cutoff - (back + 1) * window, cutoff - back * window, judged) for back in (0, 1))
    total, total_previous = (corpus.total(cutoff - (back + 1) * window, cutoff - back * window) for back in (0, 1))
    first = max(0, cutoff - (HISTORY + 1) * window)
    past, total_past = corpus.window(first, cutoff - window, judged), corpus.total(first, cutoff - window)
    awaited = past * total / max(total_past, 1.0)
    return {
        "count": now,
        "ratio": (now / max(total, 1.0)) / np.maximum(previous / max(total_previous, 1.0), 1e-12),
        "smoothed ratio": (now + SMOOTHING) / (awaited + SMOOTHING),
        "z-score": (now - awaited) / np.sqrt(awaited + 1.0),
    }

"""Precision of the emergence score by its weights, on the data that they were chosen on: prints a table.

    python models/emergence/choose.py WAREHOUSE

The warehouse holds the dumps `hf_daily` and `arxiv_tsv`. Nothing of arXiv after 2011 is looked at.
"""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from pathlib import Path

import numpy as np
import polars as pl

from etl import published
from etl.backtest import judgement, scores
from etl.backtest.corpus import Corpus
from etl.backtest.study import Candidates, Clock, Plan, read
from etl.marts import keyword_trends
from etl.settings import Settings
from etl.transforms import growth

OWN, SUPPORT = (0.0, 0.5, 1.0), (0.0, 0.3, 0.6, 1.0)
DAILY = [dt.date(2024, 11, 1), dt.date(2024, 12, 1), dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(2025, 3, 1)]
EARLY = [dt.date(year, 1, 1) for year in range(2006, 2011)]


def main(warehouse: Path) -> None:
    """Prints precision at 50 of every pair of weights on each set, and of the z score and chance."""
    sets = {
        "Daily Papers, keywords": (Plan(Candidates.keywords, "hf_daily", Clock.observed_on, 6), DAILY),
        "arXiv to 2011, titles": (Plan(Candidates.titles, "arxiv_tsv", Clock.published_on, 24), EARLY),
    }
    for name, (plan, days) in sets.items():
        with published.reading(Settings.from_env(warehouse=warehouse)) as connection:
            corpus = read(connection, plan)
        cutoffs = [corpus.number(day) for day in days]
        judged = [judgement.outcome(corpus, cutoff, plan.horizon) for cutoff in cutoffs]
        known = [_known(corpus, cutoff) for cutoff in cutoffs]
        _say(f"\n{name}: {sum(of.emerged.sum() for of in judged)} of {sum(len(of.emerged) for of in judged)} emerged")
        _say(f"chance {np.mean([of.emerged.mean() for of in judged]):.3f}")
        plain = [scores.baselines(corpus, cutoff, plan.horizon // 2)["z-score"] for cutoff in cutoffs]
        _say(f"z-score {_precision(plain, judged):.3f}")
        for own, support in itertools.product(OWN, SUPPORT):
            made = [_score(*columns, own, support) for columns in known]
            _say(f"own {own:.1f}, support {support:.1f}: {_precision(made, judged):.3f}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _known(corpus: Corpus, cutoff: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns growth_z, family_z and recent_papers of every candidate; those without a row last."""
    names = pl.DataFrame({"keyword": corpus.names})
    made = names.join(scores.trends(corpus, cutoff), on="keyword", how="left", maintain_order="left")
    z, family, papers = (made[name].to_numpy().astype(float) for name in ("growth_z", "family_z", "recent_papers"))
    return np.nan_to_num(z, nan=-1e9), np.nan_to_num(family), np.nan_to_num(papers)


def _score(z: np.ndarray, family: np.ndarray, papers: np.ndarray, own: float, support: float) -> np.ndarray:
    """The column emergence with other weights: keywords of too few recent papers have none, and come last."""
    made = growth.emergence(z, family, papers, own=own, support=support)
    return np.where(papers >= keyword_trends.MIN_RECENT, made, -np.inf)


def _precision(found: list[np.ndarray], judged: list[judgement.Outcome]) -> float:
    orders = [judgement.ranked(score, of) for score, of in zip(found, judged, strict=True)]
    return float(np.mean([judgement.precision(order, of, 50) for order, of in zip(orders, judged, strict=True)]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

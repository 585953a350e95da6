"""Whether the ranking of emerging keywords can be believed: held against what came after, and plain baselines.

`corpus.py` is who used which keyword when, `scores.py` ranks by what was known at a cut-off, `judgement.py` says who
was right and how sure that is, `study.py` puts them together, `charts.py` and `page.py` make the report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl import storage
from etl.backtest import page
from etl.backtest.scores import METHOD
from etl.backtest.study import Candidates, Clock, Plan, study
from etl.errors import UnknownNameError
from etl.settings import Settings

PAGE, FIGURES = "backtest.html", "backtest.json"


@dataclass(frozen=True)
class Report:
    """A back-test that was written down: the page, its facts, and what they come to in a line."""

    page: Path
    facts: dict[str, Any]
    verdict: str


def plan(candidates: str, source: str | None, clock: str, horizon: int, cutoffs: Sequence[dt.date]) -> Plan:
    """A plan from words; raises UnknownNameError where one is none of ours."""
    if candidates not in list(Candidates):
        raise UnknownNameError("candidates", candidates, list(Candidates))
    if clock not in list(Clock):
        raise UnknownNameError("clock", clock, list(Clock))
    return Plan(Candidates(candidates), source, Clock(clock), horizon // 2 * 2, tuple(cutoffs))


def report(settings: Settings, asked: Plan, folder: Path) -> Report:
    """Makes a back-test and writes `backtest.html` and `backtest.json` into the folder.

    Raises NothingPublishedError, and BacktestError where the warehouse holds too little.
    """
    facts = study(settings, asked)
    folder.mkdir(parents=True, exist_ok=True)
    storage.write_json(folder / FIGURES, facts)
    storage.write_bytes(folder / PAGE, page.html(facts).encode())
    ours = facts["rankings"][METHOD]["precision_at_50"]
    best = max(
        (name for name in facts["comparisons"] if "," not in name),
        key=lambda name: facts["rankings"][name]["precision_at_50"],
    )
    verdict = (
        f"precision at 50 is {ours:.3f}, {facts['rankings'][best]['precision_at_50']:.3f} by {best}, "
        f"{facts['chance']:.3f} by chance"
    )
    return Report(folder / PAGE, facts, verdict)

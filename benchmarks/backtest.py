"""Precision of the ranking of emerging keywords on a warehouse of real dumps, against plain baselines."""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

import measure

from etl import backtest
from etl.backtest.scores import METHOD
from etl.settings import Settings

JANUARIES = [dt.date(year, 1, 1) for year in range(2011, 2018)]
STUDIES = {
    "arxiv_titles": ("titles", "arxiv_tsv", "published_on", 24, JANUARIES),
    "arxiv_keywords": ("keywords", "arxiv_tsv", "published_on", 24, JANUARIES),
    "daily_keywords": ("keywords", "hf_daily", "observed_on", 6, []),
    "daily_titles": ("titles", "hf_daily", "observed_on", 6, []),
}


def main() -> None:
    """Loads the dumps into a warehouse, unless one is given, and back-tests four times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, help="one that holds the dumps arxiv_tsv and hf_daily")
    given = parser.parse_args().warehouse
    with tempfile.TemporaryDirectory() as folder:
        warehouse = given or Path(folder) / "warehouse"
        if not given:
            measure.etl(warehouse, "run", *(measure.DUMPS / name for name in ("arxiv_tsv", "hf_daily")))
        facts = {name: study(warehouse, Path(folder), *words) for name, words in STUDIES.items()}
    head = ("study", "emergence", "best baseline", "chance", "times", "low", "high", "CPU seconds")
    keys = ("precision_at_50", "best_baseline", "chance", "times", "low", "high", "cpu_seconds")
    measure.show(
        "Precision at 50", head, [(name, *(f"{found[key]:.3f}" for key in keys)) for name, found in facts.items()]
    )
    measure.save("backtest", facts)


def study(warehouse: Path, folder: Path, *words: object) -> dict[str, float | None]:
    """The figures of one back-test."""
    begun = time.process_time()
    facts = backtest.report(Settings.from_env(warehouse=warehouse), backtest.plan(*words), folder).facts  # type: ignore[arg-type]
    plain = [name for name in facts["comparisons"] if "," not in name]
    found = {}
    # On titles the baselines are also given the abstracts.
    for prefix, names in (("", plain), ("all_text_", [name for name in facts["comparisons"] if "," in name])):
        if names:
            best = max(names, key=lambda name: facts["rankings"][name]["precision_at_50"])
            compared = facts["comparisons"][best]
            found |= {
                f"{prefix}best_baseline": round(facts["rankings"][best]["precision_at_50"], 4),
                f"{prefix}times": round(compared["times"] or 0.0, 3),
                f"{prefix}difference": round(compared["value"], 4),
                f"{prefix}low": round(compared["low"], 4),
                f"{prefix}high": round(compared["high"], 4),
            }
    return {
        **found,
        "precision_at_50": round(facts["rankings"][METHOD]["precision_at_50"], 4),
        "precision_at_20": round(facts["rankings"][METHOD]["precision_at_20"], 4),
        "recall_at_50": round(facts["rankings"][METHOD]["recall_at_50"], 4),
        "median_lead_months": facts["rankings"][METHOD]["median_lead_months"],
        "chance": round(facts["chance"], 4),
        "jaccard": round(facts["stability"]["jaccard_mean"], 3),
        "false_alarms": round(facts["shuffled"]["share_of_false_alarms"], 5),
        "false_bursts": round(facts["shuffled"]["share_with_burst"], 5),
        "cpu_seconds": round(time.process_time() - begun, 1),
    }


if __name__ == "__main__":
    main()

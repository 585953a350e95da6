"""F1@10 and papers a second of our keyphrases, and of YAKE where it is installed (`pip install yake`).

usage: python benchmarks/keyphrases.py

On `../shared/gold/keyphrase` for quality and on the real dumps in `../shared` for speed; without them it says what is
missing and measures nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable
from typing import Any

os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl
from measure import DUMPS, PROJECT, save, show

SHARED = PROJECT.parent / "shared"
GOLD = SHARED / "gold" / "keyphrase"
SCORER = SHARED / "bench" / "score_keyphrases.py"
PAPERS = 20_000
PEER_PAPERS = 200

Rank = Callable[[pl.DataFrame], list[list[str]]]


def ours(texts: pl.DataFrame) -> list[list[str]]:
    """Our ranking of each row."""
    from etl.transforms.keyphrases import keyphrases

    found = dict(keyphrases(texts).group_by("row", maintain_order=True).agg("phrase").iter_rows())
    return [found.get(row, []) for row in texts["row"]]


def yake(texts: pl.DataFrame) -> list[list[str]]:
    """The peer's, as it comes."""
    from yake import KeywordExtractor  # type: ignore[import-not-found]

    extractor = KeywordExtractor(lan="en", n=3, top=10)
    said = texts.select(pl.concat_str("title", "abstract", separator=". ", ignore_nulls=True)).to_series()
    return [[phrase for phrase, _ in extractor.extract_keywords(one)] for one in said]


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows with `title` and `abstract` as keyphrases are asked for."""
    columns = {name: [row[name] for row in rows] for name in ("title", "abstract")}
    return pl.DataFrame(columns).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def f1(rank: Rank, rows: list[dict[str, Any]]) -> float:
    """Macro F1@10, as the script in `../shared/bench` counts it."""
    spec = importlib.util.spec_from_file_location("score_keyphrases", SCORER)
    assert spec and spec.loader
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    gold = {row["id"]: list(dict.fromkeys(filter(None, map(scorer.stemmed, row["keyphrases"])))) for row in rows}
    ranked = rank(frame(rows))
    said = {
        row["id"]: list(dict.fromkeys(filter(None, map(scorer.stemmed, phrases))))
        for row, phrases in zip(rows, ranked, strict=True)
    }
    return float(scorer.score(gold, said, 10)[2])


def speed(rank: Rank, texts: pl.DataFrame) -> float:
    """Papers a second of processor time, on one core."""
    rank(texts.head(10))
    started = time.process_time()
    rank(texts)
    return texts.height / (time.process_time() - started)


def real_texts() -> pl.DataFrame:
    """Texts of the Daily Papers, again and again up to `PAPERS`."""
    rows = []
    for path in sorted((DUMPS / "hf_daily").glob("*.json")):
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        papers = [row.get("paper", row) for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        rows += [{"title": one["title"], "abstract": one["summary"]} for one in papers if one.get("summary")]
    times = PAPERS // max(len(rows), 1) + 1
    return frame((rows * times)[:PAPERS]) if rows else frame([])


def main() -> None:
    """Measures what can be measured here."""
    missing = [name for name in ("snowballstemmer",) if importlib.util.find_spec(name) is None]
    missing += [str(path) for path in (GOLD, SCORER) if not path.exists()]
    if missing:
        print("skipped: needs " + ", ".join(missing))
        return
    rows = [json.loads(line) for line in (GOLD / "inspec-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = real_texts()
    peers: list[tuple[str, Rank, int]] = [("ours", ours, PAPERS)]
    if importlib.util.find_spec("yake"):
        peers.append(("YAKE", yake, PEER_PAPERS))
    else:
        print("skipped: YAKE is not installed")
    figures: dict[str, dict[str, float]] = {}
    for name, rank, papers in peers:
        figures[name] = {"f1_at_10": round(f1(rank, rows), 4)}
        if texts.height:
            figures[name]["papers_per_core_second"] = round(speed(rank, texts.head(papers)))
    save("keyphrases", {"sets": figures})
    head = ("", "F1@10 on Inspec-dev", "papers a core second")
    show(
        "Keyphrases",
        head,
        [(name, f"{one['f1_at_10']:.3f}", one.get("papers_per_core_second")) for name, one in figures.items()],
    )


if __name__ == "__main__":
    main()

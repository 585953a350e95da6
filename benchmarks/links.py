"""How good and how fast links and statements are: agreement with independent labels, vectors, hand labels, speed.

`python benchmarks/links.py [--labels FOLDER] [--snapshot FILE]` needs the real dumps in `../shared`. FOLDER holds
`*.labelled.jsonl`, a sentence a line with `text`, `statement`, `kinds` and `weight`: texts of real papers, which do not
belong into the project. FILE is one of `make_snapshot.py`, for the speed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure
import polars as pl
import transforms
import url_vectors

from etl.sources import hf_daily, paperlists
from etl.transforms import enrich, links, statements, text, urls

SHARED = measure.PROJECT.parent / "shared"
BUDGET_US = 20.0  # 100,000 abstracts a second on two cores
BUDGET_HOSTILE_MS = 50.0
# Why the abstract and the field of the Daily Papers disagree, each looked at by hand.
REASONS = {
    "2503.01328": "renamed: the abstract has the older name",
    "2503.23135": "fork: the abstract has the author's, the field the group's",
    "2505.09569": "two repositories of one paper: the abstract has the tool, the field the benchmark",
    "2506.01111": "moved: the abstract has the author's account, the field the group's",
}
HOSTILE = (
    *(
        "https://",
        "https://x ",
        "github.com/a/b- ",
        "https://github.com/a/ b_",
        "github. com/",
        "- ",
        "/ ",
        "a.",
        "e.g. ",
    ),
    *("https://example.org/1 ", "git@a:", "the ", "code will be made ", "we make code ", "we present an open source "),
    *("\n", "(", "https://a.bc/%", "a.b.c.d.e.com/", "code ", ") ", "\\_"),
)


def main() -> int:
    """Prints and keeps the figures."""
    parser = argparse.ArgumentParser(description="Measure links and statements.")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--snapshot", type=Path)
    arguments = parser.parse_args()
    facts: dict[str, object] = {"hostile_ms": hostile(), "budget_hostile_ms": BUDGET_HOSTILE_MS}
    if measure.DUMPS == measure.REAL:
        facts |= {"daily_papers": daily_papers(), "paperlists": cells(), "vectors": vectors()}
    if arguments.labels:
        facts["labels"] = {
            path.name.split(".")[0]: labelled(path) for path in sorted(arguments.labels.glob("*.labelled.jsonl"))
        }
    if arguments.snapshot:
        facts |= {"us_an_abstract": speed(arguments.snapshot), "budget_us": BUDGET_US}
    measure.save("links", facts)
    print(json.dumps(facts, indent=1))
    return 0


def daily_papers() -> dict[str, object]:
    """Papers whose abstract and `githubRepo` both name a repository on GitHub; how often they name the same."""
    papers: dict[str, tuple[str, str]] = {}
    for path in sorted((measure.REAL / "hf_daily").glob("*.json")):
        for row in _rows(json.loads(path.read_bytes())):
            paper = row["paper"]
            if paper.get("githubRepo"):
                papers[paper["id"]] = (paper.get("summary") or "", paper["githubRepo"])
    frame = pl.DataFrame(
        [(key, *said) for key, said in papers.items()], schema=["id", "abstract", "cell"], orient="row"
    )
    frame = frame.with_columns(text.paragraphs(pl.col("abstract")))
    both, wrong = 0, {}
    by_class: Counter[tuple[str, bool]] = Counter()
    for key, abstract, cell in frame.drop_nulls().iter_rows():
        wanted = {
            form.key for form in links.links_in_cell(cell) if form.key.startswith("github.com/") and form.repository_url
        }
        named = [link for link in links.links_in_text(abstract) if link.kind == "repository"]
        found = {link.target.key for link in named if link.target.key.startswith("github.com/")}
        if not wanted or not found:
            continue
        both += 1
        by_class.update((str(link.is_official), link.target.key in wanted) for link in named)
        if not wanted & found:
            wrong[key] = REASONS.get(key, "not looked at")
    same = {name: by_class[name, True] for name in ("True", "None", "False")}
    named = {name: by_class[name, True] + by_class[name, False] for name in same}
    return {
        "papers": both,
        "agree": round((both - len(wrong)) / both, 4),
        "disagree": wrong,
        "links": named,
        "same": same,
    }


def _rows(listing: Any) -> Iterator[dict[str, Any]]:
    rows = (
        listing if isinstance(listing, list) else next(value for value in listing.values() if isinstance(value, list))
    )
    for row in rows:
        read = hf_daily._literal(row) if isinstance(row, str) else row
        if isinstance(read, dict) and isinstance(read.get("paper"), dict):
            yield read


def cells() -> dict[str, int]:
    """The `github` column of the conference lists: cells by what they give, those apart that are no plain URL.

    What the odd ones give was read one by one: all right, and two that name no repository because letters of an account
    are damaged.
    """
    found = {
        item["github"]
        for path in sorted((measure.REAL / "paperlists").glob("*.json"))
        for item in json.loads(path.read_bytes())
        if item.get("github")
    }
    given = pl.DataFrame({"cell": sorted(found)})
    mended = given.select("cell", mended=paperlists._link(pl.col("cell")))
    count: Counter[str] = Counter()
    for cell, whole in mended.iter_rows():
        kinds = {form.kind for form in links.links_in_cell(whole or "")}
        plain = links._PLAIN_REPOSITORY.fullmatch(cell.rstrip("/"))
        count[f"{'plain' if plain else 'odd'} {'repository' if 'repository' in kinds else 'none'}"] += 1
    return dict(count)


def vectors() -> dict[str, dict[str, object]]:
    """Public vectors that are right, of each collection."""
    found = url_vectors.all_vectors(SHARED / "badinput")
    return {
        name: {"vectors": len(given), "right": round(sum(vector.is_right for vector in given) / len(given), 4)}
        for name, given in found.items()
    }


def labelled(path: Path) -> dict[str, object]:
    """Precision, recall and F1 of each statement and kind on hand labels, and the figures weighted to all sentences."""
    wanted, found, weights = [], [], []
    kinds: Counter[tuple[str, str]] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        named = links.links_in_text(label["text"])
        own = any(link.kind == "repository" and link.is_official is not False for link in named)
        wanted.append(label["statement"])
        found.append("linked" if own else statements.code_statement(label["text"])[0])
        weights.append(label["weight"])
        said, got = Counter(label["kinds"]), Counter(link.kind for link in named)
        for kind in said | got:
            kinds[kind, "hit"] += min(said[kind], got[kind])
            kinds[kind, "wanted"] += said[kind]
            kinds[kind, "found"] += got[kind]
    scores: dict[str, object] = {
        name: _scores(wanted, found, name, [1.0] * len(wanted)) | {"weighted": _scores(wanted, found, name, weights)}
        for name in sorted({*wanted, *found})
    }
    return {
        "sentences": len(wanted),
        "statements": scores,
        "kinds": {kind: dict(sorted(_of(kinds, kind))) for kind, _ in sorted(kinds)},
    }


def _of(kinds: Counter[tuple[str, str]], kind: str) -> Iterable[tuple[str, int]]:
    return ((what, kinds[kind, what]) for what in ("hit", "wanted", "found"))


def _scores(wanted: list[str], found: list[str], name: str, weights: list[float]) -> dict[str, float]:
    rows = list(zip(wanted, found, weights, strict=True))
    hit = sum(weight for want, got, weight in rows if want == got == name)
    labels = sum(weight for want, _, weight in rows if want == name)
    said = sum(weight for _, got, weight in rows if got == name)
    precision, recall = hit / said if said else 0.0, hit / labels if labels else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
    return {"labels": round(labels), "precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3)}


def speed(path: Path) -> dict[str, float]:
    """Microseconds of one core for links, statements and both, an abstract: the best of three."""
    chunks = [enrich.with_keys(transforms.cleaned(chunk)) for chunk in transforms.read(path)]
    papers = sum(chunk.height for chunk in chunks)
    best = {"links": float("inf"), "statements": float("inf")}
    for _ in range(3):
        begun = time.process_time()
        found = [enrich.found_links(chunk) for chunk in chunks]
        between = time.process_time()
        for chunk, named in zip(chunks, found, strict=True):
            enrich.with_statements(chunk, named)
        taken = {"links": between - begun, "statements": time.process_time() - between}
        best = {name: min(best[name], seconds / papers * 1e6) for name, seconds in taken.items()}
    return {name: round(cost, 2) for name, cost in (*best.items(), ("both", sum(best.values())))}


def hostile() -> dict[str, float]:
    """Milliseconds of one core for the slowest of many hostile texts of 100,000 characters, by function."""
    asked: dict[str, Callable[[str], object]] = {
        "links_in_text": links.links_in_text,
        "links_in_cell": links.links_in_cell,
        "code_statement": statements.code_statement,
        "candidates": lambda given: statements.candidates(pl.DataFrame({"text": [given]})),
        "canonical": urls.canonical,
    }
    return {
        name: round(max(_milliseconds(function, piece) for piece in HOSTILE), 1) for name, function in asked.items()
    }


def _milliseconds(function: Callable[[str], object], piece: str) -> float:
    given, taken = piece * (100_000 // len(piece)), []
    for _ in range(3):
        begun = time.process_time()
        function(given)
        taken.append(time.process_time() - begun)
    return min(taken) * 1e3


if __name__ == "__main__":
    sys.exit(main())

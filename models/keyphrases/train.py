#!/usr/bin/env python3
"""Makes the tables that `etl.transforms.ranking` ships: words.csv, phrases.csv and trees.csv. See README.md here.

usage: python models/keyphrases/train.py ../shared [--out etl/transforms/data]

Needs NumPy, SciPy and Polars, which the project has, and snowballstemmer for the labels.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import importlib.util
import json
import lzma
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import minimize

from etl.transforms import latex, ranking
from etl.transforms.keyphrases import found_in
from etl.transforms.phrases import Candidates, Lookup, candidates
from etl.transforms.words import Words, cleaned, hashes_of, pieces, words_of

# What a paper of each kind counts in training: index terms of Inspec, keywords of authors.
TREE_WEIGHTS = {"index": 1.0, "author": 5.0, "machine": 0.0}
LEXICAL_WEIGHTS = {"index": 1.0, "author": 0.0, "machine": 0.3}
LEXICAL_RIDGE, LEXICAL_COUNT, LEXICAL_ROUNDS = 6.0, 10, 60
WORD_PAPERS, PHRASE_PAPERS = 60, 60
FOLDS = 5
TREES, LEVELS, RATE, RIDGE, BINS, LEAST = 160, 4, 0.08, 8.0, 24, 30
HELD_OUT = (0, 1)
"""Papers with author keywords whose title hashes to these fifths are never trained on."""

_KEYWORDS = re.compile(
    r"(?:key\s?-?words?(?:\s+and\s+phrases)?|index\s+terms|key\s+phrases)\b\s*(?:[-–—:]+|are\s*:?)+\s*(.*)$",
    re.I | re.S,
)
# The heading without a colon, at the end of an abstract.
_HEADING = re.compile(r"[.!?]\s+(?:KEY ?WORDS|Key ?[Ww]ords|Index Terms|INDEX TERMS)\b[\s.]*(.*)$", re.S)
csv.field_size_limit(10**8)


@dataclass
class Paper:
    """A text, with keyphrases if it is labelled."""

    title: str
    abstract: str
    comment: str = ""
    keyphrases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What two records of one paper share."""
        return " ".join(self.title.lower().split())


def main() -> None:
    """Reads the labels and the background, trains and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--out", type=Path, default=Path("etl/transforms/data"))
    given = parser.parse_args()
    global score_module
    score_module = given.shared / "bench/score_keyphrases.py"
    sets = labelled(given.shared)
    tell({name: len(papers) for name, papers in sets.items()})
    words, phrases = counted(given.shared, sets)
    tell({"words": words.height, "phrases": phrases.height})
    made = {name: [piece for piece in read(papers)] for name, papers in sets.items()}
    words = with_weights(words, made)
    tables = ranking.background_of(words, phrases)
    trees = grown(made, words, phrases)
    given.out.mkdir(parents=True, exist_ok=True)
    words.write_csv(given.out / "words.csv")
    phrases.write_csv(given.out / "phrases.csv")
    trees.write_csv(given.out / "trees.csv")
    for name in ("dev", "held_out", "corl"):
        tell({name: judged(sets[name], tables, ranking.trees_of(trees))})


def tell(what: object) -> None:
    """Progress, to the terminal."""
    sys.stderr.write(f"{what}\n")


# Labels


def labelled(shared: Path) -> dict[str, list[Paper]]:
    """Papers with keyphrases, by kind. `dev`, `held_out` and `corl` are for measuring alone."""
    gold = shared / "gold/keyphrase"
    sets = {"index": inspec(gold / "inspec-train.jsonl"), "dev": inspec(gold / "inspec-dev.jsonl")}
    author = [paper for paper in map(with_author_keywords, archive(shared)) if paper]
    sets["author"] = [paper for paper in author if fifth(paper) not in HELD_OUT]
    sets["held_out"] = [paper for paper in author if fifth(paper) in HELD_OUT]
    sets["machine"] = [paper for paper in daily(shared) if paper.keyphrases]
    listed = json.loads((shared / "dumps/paperlists/corl2021.json").read_text())
    sets["corl"] = [
        Paper(row["title"], row["abstract"], keyphrases=tuple(row["keywords"].split(";")))
        for row in listed
        if row.get("keywords") and row.get("abstract")
    ]
    return sets


def fifth(paper: Paper) -> int:
    """Which fifth of the papers it belongs to, whatever else is there."""
    return int(hashlib.md5(paper.name.encode(), usedforsecurity=False).hexdigest(), 16) % 5


def inspec(path: Path) -> list[Paper]:
    """One part of the Inspec set."""
    rows = map(json.loads, path.read_text().splitlines())
    return [Paper(row["title"], row["abstract"], keyphrases=tuple(row["keyphrases"])) for row in rows]


@cache
def archive(shared: Path) -> tuple[Paper, ...]:
    """arXiv records of the dumps, each title once."""
    found: dict[str, Paper] = {}
    for paper in (*_harvest(shared), *_listings(shared), *daily(shared)):
        if paper.title and paper.abstract:
            found.setdefault(paper.name, paper)
    return tuple(found.values())


def _harvest(shared: Path) -> Iterator[Paper]:
    for path in sorted((shared / "dumps/arxiv_tsv").glob("*/*.tsv.xz")):
        with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                yield Paper(" ".join(row["title"].split()), row["abstract"], row["comments"] or "")


def _listings(shared: Path) -> Iterator[Paper]:
    for path in sorted((shared / "dumps/arxiv_daily").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield Paper(" ".join(row["title"].split()), row["summary"], row.get("comment") or "")


def daily(shared: Path) -> list[Paper]:
    """Daily Papers, with the keywords that a language model gave them where there are any."""
    found: dict[str, Paper] = {}
    for path in sorted((shared / "dumps/hf_daily").glob("*.json")):
        try:
            rows = json.loads(path.read_text())
        except ValueError:  # a few files hold another notation
            continue
        for row in rows if isinstance(rows, list) else []:
            paper = row.get("paper", row) if isinstance(row, dict) else {}
            if paper.get("title") and paper.get("summary"):
                keys = tuple(paper.get("ai_keywords") or ())
                found[paper["id"]] = Paper(" ".join(paper["title"].split()), paper["summary"], keyphrases=keys)
    return list(found.values())


def with_author_keywords(paper: Paper) -> Paper | None:
    """The paper with the keywords that its authors wrote at the end of the abstract or in the comments."""
    for text in (paper.abstract, paper.comment):
        match = _KEYWORDS.search(text) or (_HEADING.search(text) if text is paper.abstract else None)
        if not match or (text is paper.abstract and match.start() < 200):
            continue
        said = " ".join(match.group(1).split())
        said = said.rstrip(". ") if text is paper.abstract else re.split(r"\.\s|\.$|\d+ pages", said)[0]
        keys = [key.strip(" .") for key in re.split(r";" if ";" in said else r",|\s[-–—·•]\s", said)]
        keys = [key for key in keys if key]
        if 3 <= len(keys) <= 15 and max(len(key.split()) for key in keys) <= 6:
            abstract = paper.abstract[: match.start()] if text is paper.abstract else paper.abstract
            return Paper(paper.title, abstract, keyphrases=tuple(keys))
    return None


score_module = Path()


@cache
def scorer() -> Any:
    """The script that judges, for its stemming and its score."""
    spec = importlib.util.spec_from_file_location("score_keyphrases", score_module)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def stemmed(phrase: str) -> str:
    """As the judging script stems."""
    return str(scorer().stemmed(phrase))


# Background


def frame_of(papers: list[Paper]) -> pl.DataFrame:
    """As `cleaned` takes it."""
    return pl.DataFrame({"title": [paper.title for paper in papers], "abstract": [paper.abstract for paper in papers]})


def counted(shared: Path, sets: dict[str, list[Paper]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """In how many papers and titles of the background words and phrases stand; labelled papers are no background."""
    labelled = {paper.name for papers in sets.values() for paper in papers if papers is not sets["machine"]}
    texts = cleaned(frame_of([paper for paper in archive(shared) if paper.name not in labelled]))
    tell({"background": len(texts)})
    words = _counts(texts, _said_words, WORD_PAPERS).rename({"text": "word"})
    phrases = _counts(texts, _said_phrases, PHRASE_PAPERS).rename({"text": "phrase"})
    phrases = phrases.with_columns(closed=_closed(texts, Lookup(hashes_of(phrases["phrase"].to_list()))))
    return words, phrases


Said = Callable[[Words], tuple[np.ndarray, np.ndarray, np.ndarray]]


def _said_words(words: Words) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each word of a text once: hash, place, size."""
    order = np.lexsort((words.start, words.key, words.row))
    row, key = words.row[order], words.key[order]
    new = np.append(True, (row[1:] != row[:-1]) | (key[1:] != key[:-1]))
    return key[new], order[new], np.ones(int(new.sum()), dtype=np.int64)


def _said_phrases(words: Words) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _long(candidates(words))


def _long(found: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    long = found.size > 1
    return found.hash[long], found.first[long], found.size[long]


def _counts(texts: pl.Series, said: Said, least: int) -> pl.DataFrame:
    hashes, titled = [], []
    for piece in pieces(texts):
        words = words_of(piece)
        found, place, _ = said(words)
        hashes.append(found)
        titled.append(found[words.in_title[place]])
    known, papers = np.unique(np.concatenate(hashes), return_counts=True)
    often = papers >= least
    known, papers = known[often], papers[often]
    lookup = Lookup(known)
    titles = np.bincount(lookup(np.concatenate(titled)), minlength=len(known) + 1)[:-1]
    spelled: dict[int, str] = {}
    for piece in pieces(texts):
        words = words_of(piece)
        found, place, size = said(words)
        at = lookup(found)
        fresh = [one for one in np.flatnonzero(at < len(known)) if at[one] not in spelled]
        for one in fresh:
            spelled[at[one]] = spelling(words, place[one], size[one])
    frame = pl.DataFrame({"text": [spelled[at] for at in range(len(known))], "papers": papers, "titles": titles})
    usable = frame.filter(pl.Series(hashes_of(frame["text"].to_list()) == known))
    return usable.sort("papers", "text", descending=[True, False])


def _closed(texts: pl.Series, lookup: Lookup) -> pl.Series:
    """In how many of a hundred papers each phrase stands free at a side, where it first stands; the lesser side."""
    papers = np.zeros((3, lookup.missing + 1))
    for piece in pieces(texts):
        words = words_of(piece)
        every = candidates(words)
        found, place, size = _long(every)
        at, apart = lookup(found), every.apart
        for row, weight in enumerate((np.ones(len(at)), apart[place], apart[place + size])):
            papers[row] += np.bincount(at, weight, minlength=lookup.missing + 1)
    said, left, right = papers[:, :-1]
    return pl.Series(np.round(100 * np.minimum(left, right) / said).astype(np.int64))


def spelling(words: Words, place: int, size: int) -> str:
    """A phrase in lower case, its words parted by blanks."""
    spans = zip(words.start[place : place + size], words.end[place : place + size], strict=True)
    return " ".join(bytes(words.data[start:end]).decode().lower() for start, end in spans)


# Candidates with labels


@dataclass
class Piece:
    """Candidates of some labelled papers."""

    words: Words
    found: Candidates
    is_key: np.ndarray
    fold: np.ndarray


def read(papers: list[Paper]) -> Iterator[Piece]:
    """Candidates of labelled papers, and which of them are keyphrases."""
    texts = cleaned(frame_of(papers))
    wanted = [{stemmed(key) for key in paper.keyphrases} for paper in papers]
    done = 0
    for piece in pieces(texts):
        words = words_of(piece)
        found = candidates(words)
        said = [stemmed(spelling(words, place, size)) for place, size in zip(found.first, found.size, strict=True)]
        is_key = [phrase in wanted[done + row] for phrase, row in zip(said, found.row, strict=True)]
        yield Piece(words, found, np.array(is_key), (done + found.row) % FOLDS)
        done += len(piece)


# What words say


def lexical_rows(piece: Piece, known: Lookup, suffixes: np.ndarray, count: int) -> sparse.csr_matrix:
    """One row a candidate, one column a word, suffix or boundary in each position."""
    words, found = piece.words, piece.found
    word, suffix = known(words.key), suffixes[words.suffix]
    edge = known.missing + 1
    first, last = found.first, found.first + found.size - 1
    alone = found.size == 1
    after = np.minimum(last + 1, len(words) - 1)
    edges = {"before": words.parted[first], "after": words.parted[after] | (last + 1 == len(words))}
    every = np.arange(len(first))
    stands = [("alone", every[alone], first[alone]), ("first", every[~alone], first[~alone])]
    stands += [("last", every[~alone], last[~alone])]
    stands += [("before", every, np.maximum(first - 1, 0)), ("after", every, after)]
    for step in range(1, int(found.size.max()) - 1):
        longer = np.flatnonzero(found.size > step + 1)
        stands.append(("inner", longer, first[longer] + step))
    rows, columns = [], []
    for position, row, place in stands:
        base = ranking.POSITIONS.index(position) * count
        at_edge = edges[position][row] if position in edges else np.zeros(len(row), dtype=bool)
        rows += [row, row]
        columns.append(base + np.where(at_edge, edge, word[place]))
        columns.append(base + np.where(at_edge, known.missing, suffix[place] + known.missing + 2))
    columns_of_all, rows_of_all = np.concatenate(columns), np.concatenate(rows)
    shape = (len(first), count * len(ranking.POSITIONS))
    made = sparse.csr_matrix((np.ones(len(rows_of_all)), (rows_of_all, columns_of_all)), shape=shape)
    unknown = np.zeros(shape[1])
    unknown[[position * count + known.missing for position in range(len(ranking.POSITIONS))]] = 1
    return made @ sparse.diags(1 - unknown)


def logistic(rows: sparse.csr_matrix, is_key: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression with a ridge; the intercept is left out."""
    turned = rows.T.tocsr()

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        value = rows @ found[:-1] + found[-1]
        slope = weight * (1 / (1 + np.exp(-value)) - is_key)
        cost = float((weight * (np.logaddexp(0, value) - is_key * value)).sum())
        cost += 0.5 * LEXICAL_RIDGE * float((found[:-1] ** 2).sum())
        return cost, np.append(turned @ slope + LEXICAL_RIDGE * found[:-1], slope.sum())

    start = np.zeros(rows.shape[1] + 1)
    options = {"maxiter": LEXICAL_ROUNDS}
    found: np.ndarray = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found[:-1]


@dataclass
class Lexicon:
    """The rows that `words.csv` gets weights for."""

    words: list[str]
    suffixes: list[str]

    @property
    def count(self) -> int:
        """Columns a position: words, an unknown word, the boundary, no suffix, suffixes."""
        return len(self.words) + 2 + len(self.suffixes) + 1

    def frame(self, weights: np.ndarray) -> pl.DataFrame:
        """Weights in hundredths by word, boundary and suffix."""
        table = np.round(weights.reshape(len(ranking.POSITIONS), self.count) * 100).astype(np.int64)
        names = [*self.words, "", ranking.BOUNDARY, "", *("-" + suffix for suffix in self.suffixes)]
        frame = pl.DataFrame({"word": names, **dict(zip(ranking.POSITIONS, table, strict=True))})
        return frame.filter(pl.col("word") != "").with_columns(
            pl.when(pl.col(one).abs() >= 5).then(pl.col(one)).alias(one) for one in ranking.POSITIONS
        )


_LEXICAL: dict[str, pl.DataFrame] = {}


def with_weights(words: pl.DataFrame, made: dict[str, list[Piece]]) -> pl.DataFrame:
    """The table of words with what the labels say of each; the same without each fold goes to `_LEXICAL`."""
    kinds = [kind for kind, weight in LEXICAL_WEIGHTS.items() if weight]
    lexicon = _lexicon([piece for kind in kinds for piece in made[kind]])
    known = Lookup(hashes_of(lexicon.words))
    suffixes = np.zeros(1 << 15, dtype=np.int64)
    suffixes[[ranking.suffix_code(suffix) for suffix in lexicon.suffixes]] = np.arange(1, len(lexicon.suffixes) + 1)
    used = [(piece, LEXICAL_WEIGHTS[kind]) for kind in kinds for piece in made[kind]]
    rows = sparse.vstack([lexical_rows(piece, known, suffixes, lexicon.count) for piece, _ in used]).tocsr()
    is_key = np.concatenate([piece.is_key for piece, _ in used]).astype(float)
    weight = np.concatenate([np.full(len(piece.is_key), weight) for piece, weight in used])
    fold = np.concatenate([piece.fold for piece, _ in used])
    for left_out in (*range(FOLDS), FOLDS):
        kept = fold != left_out
        frame = lexicon.frame(logistic(rows[kept], is_key[kept], weight[kept]))
        _LEXICAL[str(left_out)] = (
            words.join(frame, on="word", how="full", coalesce=True)
            .filter(pl.any_horizontal(pl.col("papers", *ranking.POSITIONS).is_not_null()))
            .sort(pl.col("papers").fill_null(0), "word", descending=[True, False])
        )
    return _LEXICAL[str(FOLDS)]


def _lexicon(made: list[Piece]) -> Lexicon:
    """Words and endings that stand in or beside candidates often enough, by their hashes' first spelling."""
    said: dict[int, int] = {}
    spelled: dict[int, str] = {}
    endings: dict[str, int] = {}
    for piece in made:
        words = piece.words
        keys, place, _ = _said_words(words)
        for key, at in zip(keys.tolist(), place.tolist(), strict=True):
            said[key] = said.get(key, 0) + 1
            if key not in spelled:
                spelled[key] = spelling(words, at, 1)
            ending = spelled[key][-3:]
            if len(ending) == 3 and ending.isascii() and ending.isalpha():
                endings[ending] = endings.get(ending, 0) + 1
    names = sorted(spelled[key] for key, count in said.items() if count >= LEXICAL_COUNT)
    return Lexicon(names, sorted(ending for ending, count in endings.items() if count >= 4 * LEXICAL_COUNT))


# Trees


def grown(made: dict[str, list[Piece]], words: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Boosted trees that ask the same question at every place of a level, as rows of `trees.csv`.

    Each paper is seen with word weights that were learned without it.
    """
    columns, is_key, weight = [], [], []
    tables = {fold: ranking.background_of(_LEXICAL[str(fold)], phrases) for fold in range(FOLDS)}
    for kind, one in TREE_WEIGHTS.items():
        for piece in made[kind] if one else []:
            by_fold = np.zeros((len(ranking.FEATURES), len(piece.is_key)), dtype=np.float32)
            for fold in range(FOLDS):
                here = piece.fold == fold
                by_fold[:, here] = np.stack(
                    ranking.features(piece.words, piece.found, tables[fold].phrases(piece.found.hash), tables[fold])
                )[:, here]
            columns.append(by_fold)
            is_key.append(piece.is_key)
            weight.append(np.full(len(piece.is_key), one))
    return boosted(np.concatenate(columns, axis=1), np.concatenate(is_key).astype(float), np.concatenate(weight))


def boosted(columns: np.ndarray, is_key: np.ndarray, weight: np.ndarray) -> pl.DataFrame:
    """Second-order boosting on binned features with logistic loss."""
    edges = [np.unique(np.quantile(one, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")) for one in columns]
    edges = [(cut.astype(np.float64) * 1e4).round() / 1e4 for cut in edges]
    binned = np.stack([np.searchsorted(cut.astype(np.float32), one) for cut, one in zip(edges, columns, strict=True)])
    base = round(float(np.log((weight * is_key).sum() / (weight * (1 - is_key)).sum())), 3)
    score = np.full(len(is_key), base)
    rows = [{"questions": "", "leaves": str(round(base * 1000))}]
    for _ in range(TREES):
        chance = 1 / (1 + np.exp(-score))
        slope, bend = weight * (is_key - chance), weight * chance * (1 - chance)
        leaf = np.zeros(len(is_key), dtype=np.int64)
        asked = []
        for _ in range(LEVELS):
            feature, cut = best_question(binned, leaf, slope, bend)
            asked.append(f"{ranking.FEATURES[feature]} > {edges[feature][cut]:g}")
            leaf = leaf * 2 + (binned[feature] > cut)
        slopes, bends = (np.bincount(leaf, one, minlength=1 << LEVELS) for one in (slope, bend))
        values = np.round(RATE * slopes / (bends + RIDGE), 3)
        score += values[leaf]
        leaves = " ".join(str(round(value * 1000)) for value in values)
        rows.append({"questions": " / ".join(asked), "leaves": leaves})
    return pl.DataFrame(rows)


def best_question(binned: np.ndarray, leaf: np.ndarray, slope: np.ndarray, bend: np.ndarray) -> tuple[int, int]:
    """The feature and bin whose question gains most over all leaves."""
    leaves = int(leaf.max()) + 1
    best = (-1.0, 0, 0)
    for feature, bins in enumerate(binned):
        at = leaf * BINS + bins
        slopes, bends = (np.bincount(at, one, minlength=leaves * BINS).reshape(leaves, BINS) for one in (slope, bend))
        low_slope, low_bend = slopes.cumsum(axis=1), bends.cumsum(axis=1)
        high_slope, high_bend = low_slope[:, -1:] - low_slope, low_bend[:, -1:] - low_bend
        gain = (low_slope**2 / (low_bend + RIDGE) + high_slope**2 / (high_bend + RIDGE)).sum(axis=0)
        sides = np.minimum(low_bend.sum(axis=0), high_bend.sum(axis=0))
        gain[sides * 4 < LEAST] = -1
        cut = int(gain[:-1].argmax())
        if gain[cut] > best[0]:
            best = (float(gain[cut]), feature, cut)
    return best[1], best[2]


# Judgement


def judged(papers: list[Paper], tables: ranking.Background, trees: ranking.Trees) -> dict[str, float]:
    """Precision, recall and F1 at 10, as the judging script counts."""
    frame = frame_of(papers).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    found = found_in(frame, tables, trees).ranked
    said = dict(found.group_by("row").agg("phrase").iter_rows())
    # Texts are read without LaTeX's accents, and labels are compared so.
    gold = {
        str(at): list(dict.fromkeys(map(stemmed, map(latex.plain, paper.keyphrases))))
        for at, paper in enumerate(papers)
    }
    ranked = {str(at): list(dict.fromkeys(map(stemmed, said.get(at, [])))) for at in range(len(papers))}
    scored = scorer().score(gold, ranked, 10)
    sizes = float(np.mean([min(10, len(phrases)) for phrases in ranked.values()]))
    return dict(zip(("precision", "recall", "f1", "phrases"), [*(round(one, 4) for one in scored), sizes], strict=True))


if __name__ == "__main__":
    main()

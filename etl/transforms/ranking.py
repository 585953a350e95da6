"""How likely each candidate is a keyphrase of its paper: features of paper and background, and trees over them.

The tables are small files beside this one, made by `models/keyphrases/train.py`: `words.csv` (in how many papers and
titles of the background a word stands, and what standing first, last, alone … in a phrase says for it), `phrases.csv`
(the same counts of phrases) and `trees.csv` (the model).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.transforms.phrases import PLACE_BITS, Candidates, Lookup
from etl.transforms.words import Flags, Hashes, Places, Words, hashes_of

Numbers = NDArray[np.float32]

POSITIONS = ("first", "last", "inner", "alone", "before", "after")
# Stands in `words.csv` for a sign or the end of the text beside a phrase.
BOUNDARY = "|"
# A phrase that stands free in a smaller share of papers is a part of longer ones.
FRAGMENT = 0.1
# Papers and titles that a word unknown to the background is taken to stand in.
UNKNOWN_PAPERS, UNKNOWN_TITLES = 5.0, 1.0


@dataclass(frozen=True)
class Background:
    """What the shipped tables say of words and phrases; the last entry of each array stands for unknown ones."""

    words: Lookup
    phrases: Lookup
    word_papers: Numbers
    """Logarithms."""
    word_titles: Numbers
    """Logarithms of the share of papers with the word that say it in the title."""
    phrase_papers: Numbers
    phrase_titles: Numbers
    phrase_closed: Numbers
    """In what share of papers it stands free at either side, whichever is less."""
    weights: dict[str, Numbers]
    suffixes: NDArray[np.int16]
    """Where the weights of each ending of three letters stand in `suffix_weights`; 0 for none."""
    suffix_weights: dict[str, Numbers]
    boundary_weights: dict[str, float]


@dataclass(frozen=True)
class Trees:
    """Boosted trees that ask one question a level: is `feature` above `threshold`?"""

    base: float
    questions: list[list[tuple[int, np.float32]]]
    leaves: list[Numbers]

    def __call__(self, features: list[Numbers]) -> Numbers:
        """The score of each candidate: log odds."""
        size = len(features[0])
        score = np.full(size, self.base, dtype=np.float32)
        leaf, place = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.intp)
        answer, value = np.empty(size, dtype=np.bool_), np.empty(size, dtype=np.float32)
        for questions, leaves in zip(self.questions, self.leaves, strict=True):
            leaf[:] = 0
            for feature, threshold in questions:
                np.greater(features[feature], threshold, out=answer)
                leaf += leaf
                leaf += answer.view(np.uint8)
            place[:] = leaf
            score += np.take(leaves, place, out=value, mode="clip")
        return score


def _read(name: str) -> pl.DataFrame:
    with resources.files("etl.transforms").joinpath("data", name).open("rb") as file:
        return pl.read_csv(file.read())


@cache
def background() -> Background:
    """The shipped tables of words and phrases."""
    return background_of(_read("words.csv"), _read("phrases.csv"))


@cache
def trees() -> Trees:
    """The shipped model."""
    return trees_of(_read("trees.csv"))


def background_of(words: pl.DataFrame, phrases: pl.DataFrame) -> Background:
    """Tables from their files' rows."""
    is_suffix = pl.col("word").str.starts_with("-")
    plain = words.filter(~is_suffix & (pl.col("word") != BOUNDARY))
    endings = words.filter(is_suffix)
    edge = words.filter(pl.col("word") == BOUNDARY)

    def logs(frame: pl.DataFrame, papers: float, titles: float) -> tuple[Numbers, Numbers]:
        said = np.append(frame["papers"].fill_null(papers).to_numpy().astype(np.float64), papers)
        titled = np.append(frame["titles"].fill_null(titles).to_numpy().astype(np.float64), titles)
        return np.log1p(said).astype(np.float32), np.log((titled + 1) / (said + 8)).astype(np.float32)

    def weights(frame: pl.DataFrame, front: int, back: int) -> dict[str, Numbers]:
        return {
            position: np.pad(frame[position].fill_null(0).to_numpy() / 100, (front, back)).astype(np.float32)
            for position in POSITIONS
        }

    word_papers, word_titles = logs(plain, UNKNOWN_PAPERS, UNKNOWN_TITLES)
    phrase_papers, phrase_titles = logs(phrases, 0.0, 0.0)
    suffixes = np.zeros(1 << 15, dtype=np.int16)
    suffixes[[suffix_code(word) for word in endings["word"]]] = np.arange(1, endings.height + 1)
    return Background(
        words=Lookup(hashes_of(plain["word"].to_list())),
        phrases=Lookup(hashes_of(phrases["phrase"].to_list())),
        word_papers=word_papers,
        word_titles=word_titles,
        phrase_papers=phrase_papers,
        phrase_titles=phrase_titles,
        phrase_closed=np.append(phrases["closed"].to_numpy() / 100, 1.0).astype(np.float32),
        weights=weights(plain, 0, 1),
        suffixes=suffixes,
        suffix_weights=weights(endings, 1, 0),
        boundary_weights={one: float(edge[one].sum()) / 100 for one in POSITIONS},
    )


def trees_of(rows: pl.DataFrame) -> Trees:
    """The model from its file's rows: its first row is the base score, each other one a tree."""
    questions, leaves = [], []
    for row in rows.slice(1).iter_rows(named=True):
        asked = [question.rsplit(" > ", 1) for question in row["questions"].split(" / ")]
        questions.append([(FEATURES.index(name), np.float32(threshold)) for name, threshold in asked])
        leaves.append(np.array(row["leaves"].split(" "), dtype=np.float32) / np.float32(1000))
    return Trees(base=float(rows["leaves"][0]) / 1000, questions=questions, leaves=leaves)


def suffix_code(word: str) -> int:
    """Five bits a letter of the last three; other signs are 0."""
    code = 0
    for letter in word[-3:].rjust(3, " "):
        code = code << 5 | (ord(letter) - 96 if "a" <= letter <= "z" else 0)
    return code


FEATURES = (
    "words",
    "letters",
    "count",
    "closed",
    "closed_left",
    "closed_right",
    "place",
    "place_in_abstract",
    "relative_place",
    "last_place",
    "spread",
    "text_words",
    "title_words",
    "candidates",
    "own_voice",
    "in_title",
    "words_in_title",
    "first_word_count",
    "highest_word_count",
    "capital",
    "compound",
    "lexical",
    "papers",
    "titles",
    "usually_closed",
    "first_papers",
    "last_papers",
    "first_titles",
    "last_titles",
    "rarest_papers",
    "commonest_papers",
)


@cache
def _own_voice() -> Hashes:
    """Authors who say `we` rank by what a paper is about; indexers and their abstracts do not say it."""
    return hashes_of(["we", "our"], exact=True)


def features(words: Words, found: Candidates, phrase: Places, tables: Background) -> list[Numbers]:
    """The features of each candidate, in the order of `FEATURES`; `phrase` is where the background has it."""
    first, size, row = found.first, found.size, found.row
    last = first + size - 1
    known = tables.words(words.key)
    counts, titled = _counts(words)
    row_starts = np.searchsorted(words.row, np.arange(int(words.row[-1]) + 2))
    row_sizes = np.diff(row_starts)
    title_sizes = np.bincount(words.row[words.in_title], minlength=len(row_sizes))
    own_voice = np.bincount(words.row[np.isin(words.hash, _own_voice())], minlength=len(row_sizes)) / row_sizes.clip(1)
    density = np.bincount(row, minlength=len(row_sizes)) / np.maximum(row_sizes, 1)

    # Is there a boundary on either side of each occurrence?
    apart = found.apart.astype(np.int32)
    sizes = np.repeat(size, found.count)
    left, right = apart[found.begins], apart[found.begins + sizes]
    starts = found.occurrence
    place = first - row_starts[row]
    last_place = np.maximum.reduceat(found.begins, starts) - row_starts[row]

    papers = tables.word_papers[known]
    titles = tables.word_titles[known]
    alone = size == 1
    single = known[first]

    def over(values: Numbers, how: np.ufunc) -> Numbers:
        made = values[first]
        for step in range(1, int(size.max(initial=1))):
            longer = np.flatnonzero(size > step)
            made[longer] = how(made[longer], values[first[longer] + step])
        return made

    text_words = row_sizes[row]
    made = (
        size,
        words.end[last] - words.start[first],
        found.count,
        np.add.reduceat(left & right, starts),
        np.add.reduceat(left, starts) / found.count,
        np.add.reduceat(right, starts) / found.count,
        place,
        np.maximum(place - title_sizes[row], -1),
        place / text_words,
        last_place,
        (last_place - place) / text_words,
        text_words,
        title_sizes[row],
        density[row],
        own_voice[row],
        words.in_title[first],
        over(titled.astype(np.float32), np.add) / size,
        counts[first],
        over(counts.astype(np.float32), np.maximum),
        words.capital[first],
        over(np.append(words.tied[1:], False).astype(np.float32), np.maximum),
        _lexical(words, found, known, tables),
        np.where(alone, tables.word_papers[single], tables.phrase_papers[phrase]),
        np.where(alone, tables.word_titles[single], tables.phrase_titles[phrase]),
        np.where(alone, np.float32(1), tables.phrase_closed[phrase]),
        papers[first],
        papers[last],
        titles[first],
        titles[last],
        over(papers, np.minimum),
        over(papers, np.maximum),
    )
    return [one.astype(np.float32) for one in made]


def fragments(found: Candidates, phrase: Places, tables: Background) -> Flags:
    """Which candidates hardly ever stand free in the background, as `large language` does."""
    hidden: Flags = (found.size > 1) & (tables.phrase_closed[phrase] < FRAGMENT)
    return hidden


def _counts(words: Words) -> tuple[Places, Flags]:
    """How often the text says each word, and whether its title does."""
    bits = np.uint64(PLACE_BITS)
    order = words.row.astype(np.uint64) << np.uint64(35) | words.key >> np.uint64(29)
    order = np.sort(order << bits | np.arange(len(words), dtype=np.uint64))
    place = (order & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    word = order >> bits
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = word[1:] != word[:-1]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(order)))
    counts, titled = np.empty(len(order), dtype=np.int64), np.empty(len(order), dtype=np.bool_)
    counts[place] = np.repeat(sizes, sizes)
    titled[place] = np.repeat(words.in_title[place[starts]], sizes)
    return counts, titled


def _lexical(words: Words, found: Candidates, known: Places, tables: Background) -> Numbers:
    """What the words of a phrase and beside it say for it, by where they stand: a sum of weights."""
    suffix = tables.suffixes[words.suffix]

    def weight(position: str, at: Places) -> Numbers:
        return tables.weights[position][known[at]] + tables.suffix_weights[position][suffix[at]]

    first, size = found.first, found.size
    last = first + size - 1
    score = np.where(size == 1, weight("alone", first), weight("first", first) + weight("last", last))
    for step in range(1, int(size.max(initial=1)) - 1):
        longer = np.flatnonzero(size > step + 1)
        score[longer] += weight("inner", first[longer] + step)
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, len(words) - 1)
    edge = words.parted[first]
    score += np.where(edge, tables.boundary_weights["before"], weight("before", before))
    edge = words.parted[after] | (last + 1 == len(words))
    score += np.where(edge, tables.boundary_weights["after"], weight("after", after))
    return score.astype(np.float32)

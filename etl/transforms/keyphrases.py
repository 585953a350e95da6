"""Ranked keyphrases of titles and abstracts. A ranking depends on its own text and the shipped tables alone.

`words` reads the texts, `phrases` finds candidates, `ranking` says how likely each is a keyphrase; here they are put in
order, fragments and doubles are left out, and the list ends where more would say less.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from etl.transforms import languages, variants
from etl.transforms.definitions import definitions, in_capitals, short_form, word_text
from etl.transforms.phrases import PLACE_BITS, SIZE_BITS, Candidates, candidates
from etl.transforms.ranking import Background, Numbers, Trees, background, features, fragments, trees
from etl.transforms.words import Flags, Hashes, Places, Words, cleaned, pieces, words_of

KEPT = 15
# A list is as long as is best for its expected F1, but at least this long; see `_worth_keeping`.
LEAST = 3
UNSEEN, UNSEEN_SHARE = 2.0, 0.8
# So many of the best candidates of a text are looked at for fragments and doubles.
CONSIDERED = 24
# Longer long forms are none.
MAX_LONG_FORM = 120
# Each works on one piece at a time, so that memory stays bounded.
MOST_THREADS = 4

_SCHEMA = {
    "row": pl.Int64,
    "phrase": pl.String,
    "phrase_key": pl.String,
    "short_form": pl.String,
    "rank": pl.Int64,
    "score": pl.Float64,
    "in_title": pl.Boolean,
}
_DEFINITIONS = {"row": pl.Int64, "short_form": pl.String, "phrase": pl.String, "phrase_key": pl.String}


@dataclass(frozen=True)
class Found:
    """What texts say: `ranked` as `keyphrases` gives it, and `definitions`.

    `definitions` has `row`, `short_form` (`LLM`), `phrase` (the long form, in lower case) and its `phrase_key`, each
    short form once a row, sorted by row.
    """

    ranked: pl.DataFrame
    definitions: pl.DataFrame


def keyphrases(texts: pl.DataFrame, threads: int = 1) -> pl.DataFrame:
    """Ranked keyphrases of each row.

    `texts` has `row` (unique), `title` and `abstract`, and perhaps `language`, see `languages`. Returns `row`,
    `phrase`, `phrase_key` (see `variants`), `short_form` (`LLM`, where the phrase is a word in capitals such as
    `LLMs`), `rank`, `score` (how likely it is a keyphrase), `in_title`, sorted by row and rank: at most `KEPT` a row. A
    text in another language gives none. Threads share the work where no other process does.
    """
    return found_in(texts, background(), trees(), threads).ranked


def with_definitions(texts: pl.DataFrame) -> Found:
    """The same, with the short forms that each row defines."""
    return found_in(texts, background(), trees())


def found_in(texts: pl.DataFrame, tables: Background, model: Trees, threads: int = 1) -> Found:
    """The same with given tables."""
    known = texts if "language" in texts.columns else languages.with_language(texts)
    ordered = known.filter(pl.col("language").is_null() | (pl.col("language") == languages.ENGLISH)).sort("row")
    rows = ordered["row"].cast(pl.Int64)
    parts = list(pieces(cleaned(ordered)))
    starts = [0, *accumulate(map(len, parts))]

    def one(number: int) -> Found:
        part = parts[number]
        return _of_piece(part, rows.slice(starts[number], len(part)), tables, model)

    numbers = range(len(parts))
    if threads < 2:
        found = list(map(one, numbers))
    else:
        # Pieces know nothing of each other, and NumPy mostly works without the interpreter's lock.
        with ThreadPoolExecutor(min(threads, MOST_THREADS)) as pool:
            found = list(pool.map(one, numbers))
    return Found(
        pl.concat([pl.DataFrame(schema=_SCHEMA), *(each.ranked for each in found)]),
        pl.concat([pl.DataFrame(schema=_DEFINITIONS), *(each.definitions for each in found)]),
    )


def _of_piece(texts: pl.Series, rows: pl.Series, tables: Background, model: Trees) -> Found:
    words = words_of(texts)
    found = candidates(words) if len(words) else None
    if found is None or not len(found.row):
        return Found(pl.DataFrame(schema=_SCHEMA), pl.DataFrame(schema=_DEFINITIONS))
    known = tables.phrases(found.hash)
    score = model(features(words, found, known, tables))
    short, long, size = definitions(words)
    excluded = fragments(found, known, tables)
    excluded |= _defined_elsewhere(words, found, short, words.phrase_hash(long, size))
    kept, chance = _ranked(found, score, excluded)
    first, last = found.first[kept], found.first[kept] + found.size[kept] - 1
    frame = pl.DataFrame(
        {
            "row": rows.gather(found.row[kept]),
            "phrase": _spelled(words, first, last),
            "short_form": _short_forms(words, first, last),
            "score": chance.round(6),
            "in_title": words.in_title[first],
        }
    ).with_columns(phrase_key=variants.variant_key(pl.col("phrase")))
    single = frame.filter(pl.struct("row", "phrase_key").is_first_distinct())
    ranked = single.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("row")).select(*_SCHEMA)
    return Found(ranked, _defined(words, rows, short, long, size))


def _ranked(found: Candidates, score: Numbers, excluded: Flags) -> tuple[Places, NDArray[np.float64]]:
    """The candidates that are kept, best first by row, with how likely each is."""
    chance = 1 / (1 + np.exp(-score.astype(np.float64)))
    starts = np.flatnonzero(np.diff(found.row, prepend=-1))
    # What the text may hold: the sum of all chances.
    expected = np.add.reduceat(chance, starts)
    order = np.argsort(_order(found, np.where(excluded, np.float32(-np.inf), score)))
    text = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(found.row))))
    rank = np.arange(len(order)) - starts[text]
    best = (rank < CONSIDERED) & ~excluded[order]
    table = np.full((len(starts), CONSIDERED), -1)
    table[text[best], rank[best]] = order[best]
    table = np.where(_fragments(found, table), -1, table)
    return _worth_keeping(table, chance, expected)


def _order(found: Candidates, score: Numbers) -> Hashes:
    """One number a candidate that sorts by row, score from high to low, place and size: no two are the same."""
    bits = score.astype(np.float32).view(np.uint32)
    # Floats sort as integers do when negative ones are turned round.
    rising = np.where(bits >> np.uint32(31), ~bits, bits | np.uint32(1 << 31))
    made = found.row.astype(np.uint64) << np.uint64(32) | (~rising).astype(np.uint64)
    made = made << np.uint64(PLACE_BITS) | found.first.astype(np.uint64)
    return made << np.uint64(SIZE_BITS) | found.size.astype(np.uint64)


def _fragments(found: Candidates, table: Places) -> Flags:
    """Which phrases always stand in, or always hold, a better one of the same text."""
    first = found.first[table]
    end = first + found.size[table]
    count = found.count[table]
    dropped = table < 0
    for one in range(1, table.shape[1]):
        here = slice(one, one + 1)
        within = (first[:, here] >= first[:, :one]) & (end[:, here] <= end[:, :one])
        around = (first[:, here] <= first[:, :one]) & (end[:, here] >= end[:, :one])
        same = (within | around) & (count[:, here] == count[:, :one]) & ~dropped[:, :one]
        dropped[:, one] |= same.any(axis=1)
    return dropped


def _worth_keeping(
    table: Places, chance: NDArray[np.float64], expected: NDArray[np.float64]
) -> tuple[Places, NDArray[np.float64]]:
    """Cuts each list where its expected F1 is highest.

    With chances p, the first k phrases hit Σp of the keyphrases that a reader would name; those are taken to be
    `UNSEEN` + `UNSEEN_SHARE` × the chances of all candidates, so F1 is 2 Σp / (k + those).
    """
    held = table >= 0
    place = np.argsort(~held, axis=1, kind="stable")
    table, held = np.take_along_axis(table, place, axis=1), np.take_along_axis(held, place, axis=1)
    chances = np.where(held, chance[table], 0)
    sizes = np.arange(1, table.shape[1] + 1)
    hits = np.cumsum(chances, axis=1)
    worth = hits / (sizes + (UNSEEN + UNSEEN_SHARE * expected)[:, None])
    length = np.clip(worth[:, :KEPT].argmax(axis=1) + 1, LEAST, KEPT)
    kept = held & (sizes <= length[:, None])
    return table[kept], chances[kept]


def _spelled(words: Words, first: Places, last: Places) -> pl.Series:
    """Phrases in lower case, their blanks single."""
    starts, sizes = words.start[first], words.end[last] - words.start[first]
    ends = np.cumsum(sizes)
    places = np.arange(int(sizes.sum())) + np.repeat(starts - (ends - sizes), sizes)
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(words.data[places])]
    made = pl.Series(pa.Array.from_buffers(pa.large_string(), len(starts), buffers))
    return made.str.replace_all(r"[\n\r\t ]+", " ").str.to_lowercase()


def _row_hashes(rows: Places, hashes: Hashes) -> Hashes:
    return (hashes >> np.uint64(10)) | rows.astype(np.uint64) << np.uint64(54)


def _places_in(few: Hashes, many: Hashes) -> Places:
    """Where each of many stands among few; -1 for those that do not."""
    if not len(few):
        return np.full(len(many), -1)
    order = np.argsort(few, kind="stable")
    spot = order[np.minimum(np.searchsorted(few, many, sorter=order), len(few) - 1)]
    return np.where(few[spot] == many, spot, -1)


def _defined_elsewhere(words: Words, found: Candidates, short: Places, long: Hashes) -> Flags:
    """Which candidates are short forms of other ones."""
    everything = _row_hashes(found.row, found.hash)
    meant = _places_in(_row_hashes(words.row[short], long), everything)
    short = short[np.unique(meant[meant >= 0])]
    return _places_in(_row_hashes(words.row[short], words.key[short]), everything) >= 0


def _short_forms(words: Words, first: Places, last: Places) -> pl.Series:
    """The short form that each phrase is, where it is one: a word in capitals, but not because all its title is."""
    made: list[str | None] = [None] * len(first)
    for one in np.flatnonzero((first == last) & in_capitals(words, first)).tolist():
        place = int(first[one])
        found = short_form(word_text(words, place))
        if found and not (words.in_title[place] and _title(words, place).isupper()):
            made[one] = found
    return pl.Series("short_form", made, dtype=pl.String)


def _title(words: Words, place: int) -> str:
    """The title in which a word stands, from its first word to its last."""
    first = int(np.searchsorted(words.row, words.row[place]))
    last = place + int(np.argmin(words.in_title[place:])) - 1 if not words.in_title[place:].all() else len(words) - 1
    return words.data[words.start[first] : words.end[last]].tobytes().decode()


def _defined(words: Words, rows: pl.Series, short: Places, long: Places, size: Places) -> pl.DataFrame:
    """The definitions of a piece, each short form once a row."""
    forms = [short_form(word_text(words, place)) for place in short.tolist()]
    frame = pl.DataFrame(
        {
            "row": rows.gather(words.row[short]),
            "short_form": pl.Series(forms, dtype=pl.String),
            "phrase": _spelled(words, long, long + size - 1),
        }
    ).filter(pl.col("short_form").is_not_null() & (pl.col("phrase").str.len_bytes() <= MAX_LONG_FORM))
    single = frame.filter(pl.struct("row", "short_form").is_first_distinct())
    return single.with_columns(phrase_key=variants.variant_key(pl.col("phrase"))).select(*_DEFINITIONS)

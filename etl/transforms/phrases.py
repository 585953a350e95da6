"""Candidates for keyphrases: each phrase of a text that could be one, once, with where and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from etl.transforms.vocabulary import FOREIGN_WORDS, FUNCTION_WORDS, NOT_ALONE, SCHOLARLY_WORDS
from etl.transforms.words import MAX_WORDS, Flags, Hashes, Places, Words, hashes_of

# An occurrence is sorted as one number: its row in the piece, phrase, place in the piece and number of words.
HASH_BITS, PLACE_BITS, SIZE_BITS = 33, 18, 3
_PLACE_MASK, _SIZE_MASK = np.uint64((1 << PLACE_BITS) - 1), np.uint64((1 << SIZE_BITS) - 1)
MIN_BYTES, MAX_BYTES = 2, 80
# First bytes of letters from Greek on; Latin letters with accents come before.
OTHER_SCRIPTS = 0xCD
# A text with a smaller share of function words of other languages only names something in them.
FOREIGN_SHARE = 0.1


class Lookup:
    """Where hashes stand in a table: a hash table with few probes, for arrays."""

    def __init__(self, hashes: Hashes) -> None:
        self.missing = len(hashes)
        bits = max(8, int(np.ceil(np.log2(max(len(hashes), 1)))) + 3)
        self._shift = np.uint64(64 - bits)
        slots = hashes >> self._shift
        order = np.argsort(slots, kind="stable")
        # One more than there are: where a search starts behind the last one, it finds nothing.
        self._hashes = np.append(hashes[order], np.uint64(0))
        self._places = np.append(order, self.missing)
        self._starts = np.searchsorted(slots[order], np.arange((1 << bits) + 1, dtype=np.uint64))
        self._probes = int(np.diff(self._starts).max(initial=0))

    def __call__(self, hashes: Hashes) -> Places:
        """Rows of the table, or `missing`."""
        at = self._starts[(hashes >> self._shift).view(np.int64)]
        hit = self._hashes[at] == hashes
        found: Places = np.where(hit, self._places[at], self.missing)
        left = np.flatnonzero(~hit & (self._hashes[at] >> self._shift == hashes >> self._shift))
        for probe in range(1, self._probes):
            here = np.minimum(at[left] + probe, self.missing)
            same = self._hashes[here] == hashes[left]
            found[left[same]] = self._places[here[same]]
            left = left[~same]
        return found


@dataclass(frozen=True)
class Candidates:
    """Phrases of a piece, each once a row, in the order of rows."""

    row: Places
    first: Places
    """Place of the word with which it is said first."""
    size: Places
    """Words, counting the parts of a compound."""
    hash: Hashes
    count: Places
    occurrence: Places
    """Where its occurrences begin in `begins`; they end where the next one's begin."""
    begins: Places
    """Places at which phrases are said, each phrase's together."""
    apart: Flags
    """Whether phrases end before each word of the piece, and at its end."""


# What the lists of `vocabulary` say of a word, a bit each.
_PARTS_PHRASES, _NOT_ALONE, _OURS, _THEIRS = 1, 2, 4, 8


@cache
def _kinds() -> tuple[Lookup, NDArray[np.uint8]]:
    """The words of the lists and the bits of each; the last entry stands for other words."""
    lists = (
        (FUNCTION_WORDS | SCHOLARLY_WORDS, _PARTS_PHRASES),
        (NOT_ALONE, _NOT_ALONE),
        (FUNCTION_WORDS, _OURS),
        (FOREIGN_WORDS, _THEIRS),
    )
    words = sorted({word for listed, _ in lists for word in listed if word.isalpha()})
    bits = [sum(bit for listed, bit in lists if word in listed) for word in words]
    return Lookup(hashes_of(words, exact=True)), np.array([*bits, 0], dtype=np.uint8)


@cache
def _compound_boundaries() -> Lookup:
    return Lookup(hashes_of(sorted(word for word in FUNCTION_WORDS | SCHOLARLY_WORDS if not word.isalpha())))


def kinds(words: Words) -> NDArray[np.uint8]:
    """What the lists say of each word."""
    lookup, bits = _kinds()
    return bits[lookup(words.hash)]


def are_function_words(hashes: Hashes) -> Flags:
    """Which words, by the hash of their letters, are English function words."""
    lookup, bits = _kinds()
    made: Flags = bits[lookup(hashes)] & _OURS > 0
    return made


def foreign(words: Words, kind: NDArray[np.uint8]) -> Flags:
    """Which words stand in a title or abstract that is not English.

    It has more function words of other languages than of ours, a noticeable share, or mostly letters of another
    script. A title that has none of ours goes with its abstract.
    """
    part = words.row * 2 + words.in_title
    parts = 2 * int(words.row[-1]) + 2
    said = np.bincount(part, minlength=parts)
    theirs = np.bincount(part[kind & _THEIRS > 0], minlength=parts)
    ours = np.bincount(part[kind & _OURS > 0], minlength=parts)
    strange = np.bincount(part[words.data[words.start] >= OTHER_SCRIPTS], minlength=parts)
    is_foreign: Flags = ((theirs > ours) & (theirs >= FOREIGN_SHARE * said)) | (2 * strange > said)
    is_foreign[1::2] |= is_foreign[::2] & (ours[1::2] == 0)
    return is_foreign[part]


def boundaries(words: Words, kind: NDArray[np.uint8]) -> Flags:
    """Which words part phrases: those of the lists, numbers that stand free, words too long to be any.

    Of a title or abstract that is not English, all do.
    """
    size = words.end - words.start
    starts_compound = ~words.tied
    ends_compound = np.append(starts_compound[1:], True)
    free = starts_compound & ends_compound
    stop = free & ((kind & _PARTS_PHRASES > 0) | (size < MIN_BYTES) | words.is_number)
    stop |= size > MAX_BYTES // 2
    first = np.flatnonzero(starts_compound)
    sizes = np.diff(np.append(first, len(words)))
    compound = (sizes > 1) & (sizes <= MAX_WORDS)
    lookup = _compound_boundaries()
    whole = lookup(words.phrase_hash(first[compound], sizes[compound])) != lookup.missing
    stops = np.zeros(len(first), dtype=np.bool_)
    stops[compound] = whole
    # A chain of more tied words than a phrase may have is none.
    stops |= sizes > MAX_WORDS
    found: Flags = stop | np.repeat(stops, sizes) | foreign(words, kind)
    return found


def candidates(words: Words) -> Candidates:
    """Every phrase of one to `MAX_WORDS` words with no boundary in it and no compound cut."""
    kind = kinds(words)
    stop = boundaries(words, kind)
    begins = ~words.tied & ~stop
    ends = np.append(begins[1:] | stop[1:] | ~words.tied[1:], True) & ~stop
    # How far a run of words goes on: places until the next boundary.
    apart = np.append(words.parted | stop, True)
    apart[1:-1] |= stop[:-1]
    run_starts = np.flatnonzero(apart[:-1])
    left = np.repeat(np.append(run_starts[1:], len(words)), np.diff(np.append(run_starts, len(words))))
    left -= np.arange(len(words))
    firsts = np.flatnonzero(begins)
    starts: list[Places] = []
    for length in range(1, MAX_WORDS + 1):
        firsts = firsts[left[firsts] >= length]
        for step in range(1, length):  # no phrase says a word twice, but for compounds: `peer-to-peer`
            last = firsts + length - 1
            firsts = firsts[words.tied[last] | (words.key[last] != words.key[last - step])]
        starts.append(firsts[ends[firsts + length - 1]])
    place = np.concatenate(starts)
    size = np.repeat(np.arange(1, MAX_WORDS + 1), [len(some) for some in starts])
    fits = words.end[place + size - 1] - words.start[place] <= MAX_BYTES
    fits &= (size > 1) | (kind[place] & _NOT_ALONE == 0)
    place, size = place[fits], size[fits]
    hashes = words.phrase_hash(place, size)
    order = words.row[place].astype(np.uint64) << np.uint64(HASH_BITS)
    order = (order | (hashes >> np.uint64(64 - HASH_BITS))) << np.uint64(PLACE_BITS)
    order = np.sort((order | place.astype(np.uint64)) << np.uint64(SIZE_BITS) | size.astype(np.uint64))
    size = (order & _SIZE_MASK).astype(np.int64)
    place = ((order >> np.uint64(SIZE_BITS)) & _PLACE_MASK).astype(np.int64)
    phrase = order >> np.uint64(SIZE_BITS + PLACE_BITS)
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = phrase[1:] != phrase[:-1]
    whole = _whole(words, apart, np.flatnonzero(new), place, size)
    place, size, new = place[whole], size[whole], new[whole]
    at = np.flatnonzero(new)
    return Candidates(
        row=words.row[place[at]],
        first=place[at],
        size=size[at],
        hash=words.phrase_hash(place[at], size[at]),
        count=np.diff(np.append(at, len(place))),
        occurrence=at,
        begins=place,
        apart=apart,
    )


def _whole(words: Words, apart: Flags, at: Places, place: Places, size: Places) -> Flags:
    """Which occurrences are of phrases that are no fragments: said twice, but always beside the same word."""
    count = np.diff(np.append(at, len(place)))
    again = np.flatnonzero(count > 1)
    fragment = np.zeros(len(at), dtype=np.bool_)
    if len(again):
        where = np.repeat(count > 1, count)
        begins, sizes = place[where], size[where]
        ends = begins + sizes
        starts = np.cumsum(count[again]) - count[again]
        keys = np.append(words.key, np.uint64(0))
        for neighbour, edge in ((begins - 1, apart[begins]), (ends, apart[ends])):
            key = np.where(edge, np.uint64(0), keys[neighbour])
            for step in range(MAX_WORDS):  # a text of one phrase again and again
                key[(step < sizes) & (key == keys[np.minimum(begins + step, ends - 1)])] = 0
            low, high = np.minimum.reduceat(key, starts), np.maximum.reduceat(key, starts)
            fragment[again] |= (low == high) & (low > 0)
    whole: Flags = ~np.repeat(fragment, count)
    return whole

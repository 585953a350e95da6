"""Short forms that a text defines, as in `large language models (LLMs)` or `LLM (large language model)`.

After Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text (2003), but
stricter: every word of the long form gives its first letter, and perhaps some that follow it, in order; function words
and second parts of compounds may give none. So `non-negative matrix factorization (NMF)` is a definition and
`we train networks (GAN)` is none.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from etl.transforms.phrases import are_function_words
from etl.transforms.vocabulary import FUNCTION_WORDS
from etl.transforms.words import Flags, Places, Words

SHORTEST, LONGEST = 2, 10
# A long form of one word, as in `electroencephalography (EEG)`, is at least so long.
ONE_WORD = 10
# More words than letters that a long form may have.
MORE_WORDS = 4
# A hostile text does not keep us busy: so many brackets of a text are looked at closely.
LOOKED_AT = 40


def definitions(words: Words) -> tuple[Places, Places, Places]:
    """The word of each short form that a text defines, and the first word and the number of words of its long form.

    Sorted by place of the short form.
    """
    closed = _in_brackets(words)
    size = _letters(words, closed)
    quick = _initials(words, closed, size)
    rest = closed[~quick]
    slow = [(short, *found) for short in _few(words, rest) if (found := _before(words, short))]
    slow += [(short, *found) for short in _few(words, _before_brackets(words)) if (found := _after(words, short))]
    more = np.array(slow, dtype=np.int64).reshape(-1, 3)
    short = np.concatenate([closed[quick], more[:, 0]])
    first = np.concatenate([closed[quick] - size[quick], more[:, 1]])
    length = np.concatenate([size[quick], more[:, 2]])
    order = np.argsort(short, kind="stable")
    return short[order], first[order], length[order]


def short_form(word: str) -> str | None:
    """A word in capitals without its plural ending, as `LLM` of `LLMs`; None where it has fewer than two capitals."""
    plain = word.removesuffix("s")
    if not SHORTEST <= len(plain) <= LONGEST or sum(map(str.isupper, plain)) < 2:
        return None
    return plain.upper()


def word_text(words: Words, place: int) -> str:
    """A word as it is written."""
    return words.data[words.start[place] : words.end[place]].tobytes().decode()


def in_capitals(words: Words, places: Places) -> Flags:
    """Which of the words at these places are of the length of short forms and begin or end with a capital."""
    data, start, end = words.data, words.start[places], words.end[places]
    size = end - start
    fits = (size >= SHORTEST) & (size <= LONGEST + 1)
    last = data[end - 1 - ((data[end - 1] == ord("s")) & (size > 1))]
    fits &= _is_upper(data[start]) | _is_upper(last)
    made: Flags = fits
    return made


def _is_upper(data: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Flags:
    made: Flags = (data >= ord("A")) & (data <= ord("Z"))
    return made


def _in_brackets(words: Words) -> Places:
    """Words in capitals right after an opening bracket that closes, or lists more, after them."""
    data = words.data
    after = data[words.end]
    ends = (after == ord(")")) | (after == ord(",")) | (after == ord(";"))
    places = np.flatnonzero((data[words.start - 1] == ord("(")) & ends & (words.start > 0))
    return places[in_capitals(words, places)]


def _before_brackets(words: Words) -> Places:
    """Words in capitals right before an opening bracket."""
    data, end = words.data, np.minimum(words.end + 1, len(words.data) - 1)
    places = np.flatnonzero((data[words.end] == ord(" ")) & (data[end] == ord("(")))
    return places[in_capitals(words, places)]


def _letters(words: Words, short: Places) -> Places:
    """Letters of short forms, a plural ending apart."""
    made: Places = words.end[short] - words.start[short] - (words.data[words.end[short] - 1] == ord("s"))
    return made


def _initials(words: Words, short: Places, size: Places) -> Flags:
    """Which short forms are the initials of just as many words before them."""
    data, start = words.data, words.start
    long = short - size
    fits = (long >= 0) & (size >= SHORTEST) & (size <= LONGEST) & _is_upper(data[start[short]])
    fits &= words.row[np.maximum(long, 0)] == words.row[short]
    for step in range(LONGEST):
        inside = np.flatnonzero(fits & (size > step))
        place = long[inside] + step
        fits[inside] &= (data[start[place]] | 32) == (data[start[short[inside]] + step] | 32)
        fits[inside] &= ~words.parted[place] if step else ~words.tied[place]
    ends = np.flatnonzero(fits)
    for place in (long[ends], short[ends] - 1):
        fits[ends] &= ~are_function_words(words.hash[place])
    return fits


def _few(words: Words, places: Places) -> list[int]:
    """The first places of each text."""
    if not len(places):
        return []
    rows = words.row[places]
    starts = np.searchsorted(rows, rows)
    kept: list[int] = places[np.arange(len(places)) - starts < LOOKED_AT].tolist()
    return kept


def _before(words: Words, short: int) -> tuple[int, int] | None:
    """The long form that ends before a short form: first word, number of words."""
    letters = short_form(word_text(words, short))
    if letters is None:
        return None
    first = short
    while (
        first > 0
        and words.row[first - 1] == words.row[short]
        and short - first < len(letters) + MORE_WORDS
        and (first == short or not words.parted[first])
    ):
        first -= 1
    size = _long_form(letters.lower(), *_window(words, first, short))
    return (short - size, size) if size else None


def _after(words: Words, short: int) -> tuple[int, int] | None:
    """The long form that fills the brackets after a short form."""
    letters = short_form(word_text(words, short))
    if letters is None:
        return None
    last = short + 1
    most = min(len(words), short + 1 + len(letters) + MORE_WORDS)
    while last < most and (last == short + 1 or not words.parted[last]):
        if words.data[words.end[last]] == ord(")"):
            size = _long_form(letters.lower(), *_window(words, short + 1, last + 1))
            return (short + 1, size) if size == last - short else None
        last += 1
    return None


def _window(words: Words, first: int, end: int) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    said = tuple(word_text(words, place).lower() for place in range(first, end))
    return said, tuple(bool(tied) for tied in words.tied[first:end])


@lru_cache(1 << 12)
def _long_form(letters: str, said: tuple[str, ...], tied: tuple[bool, ...]) -> int:
    """How many of the last words give these letters; 0 where they do not."""
    if not said or said[-1] in FUNCTION_WORDS:
        return 0
    known: dict[tuple[int, int], int] = {}

    def start(left: int, end: int) -> int:
        """Where words before `end` begin that give the first `left` letters; -1 for none."""
        if left == 0:
            return end if not tied[end] and said[end] not in FUNCTION_WORDS else -1
        if end == 0:
            return -1
        if (left, end) not in known:
            known[left, end] = tried(left, end)
        return known[left, end]

    def tried(left: int, end: int) -> int:
        word = said[end - 1]
        for taken in range(1, left + 1):
            if word[0] == letters[left - taken] and _holds(word, letters[left - taken + 1 : left]):
                found = start(left - taken, end - 1)
                if found >= 0:
                    return found
        return start(left, end - 1) if tied[end - 1] or word in FUNCTION_WORDS else -1

    first = start(len(letters), len(said))
    if first < 0:
        return 0
    size = len(said) - first
    return size if size > 1 or len(said[-1]) >= ONE_WORD else 0


def _holds(word: str, letters: str) -> bool:
    """Whether a word has these letters, in order, after its first one."""
    place = 0
    for letter in letters:
        place = word.find(letter, place + 1)
        if place < 0:
            return False
    return True

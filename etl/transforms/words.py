"""Words of a batch of texts, and the phrases that they could be keyphrases in, as arrays.

Everything here works on one flat buffer of bytes and on arrays over its words: no loop over texts or words. A word is a
run of letters and digits. Hyphens and apostrophes tie words together, so that `peer-to-peer` is three words of which
none begins or ends a phrase within; every other sign, and every function word that stands free, parts phrases.
Words and phrases are known by 64-bit hashes of their letters in lower case: variants by case, hyphen and plural of the
last word share one hash, as they share one `phrase_key`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

MAX_WORDS = 5
# Longer texts say no more of what they are about; the bound keeps a hostile abstract from filling memory.
MAX_TEXT = 20_000
# Texts are worked on in pieces: small ones cost calls, large ones memory and the processor's cache. The number of a row
# in its piece has ten bits, that of a word eighteen, where both are sorted as one.
PIECE_BYTES, PIECE_ROWS = 1 << 19, 1 << 10

Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_URL = r"(?i)(?:https?://|www\.)\S+"
_BARE_URL = r"(?i)\b[\w.-]+\.(?:com|org|io|net|ai|edu|gov)/\S*"
_MATHS = r"\$\$[^$]{0,2000}\$\$|\$[^$]{0,400}\$|\\begin\{[a-z*]+\}|\\end\{[a-z*]+\}"
# Letters with LaTeX's accents, and letters that are commands, as in `Erd\H{o}s`, `Schr{\"o}dinger` and `\o rsted`.
_ACCENTED = r"""\{?\\(?:["'`^~=.]\s*\{?\\?|[cuvHkrdb]\s*\{\\?)([A-Za-z])\}{0,2}"""
_LETTER_COMMAND = r"\{?\\(ss|ae|oe|aa|AA|o|O|l|L|i|j)\b(?:\{\}|\}|\s+)?"
_COMMAND = r"\\(?:[A-Za-z]+\*?|.)"
_MARKUP = r"</?[A-Za-z][^<>]{0,200}>|&[a-z]{2,8};|&#\d{1,6};"
_TYPOGRAPHY = {"’": "'", "‘": "'", "–": "-", "‐": "-", "‑": "-", "\u00ad": "", "\u00a0": " ", "ﬁ": "fi", "ﬂ": "fl"}
_NO_TEXT = r"[^\p{L}\p{N}\p{M}\x00-\x7f]"

_SPACE, _LETTER, _DIGIT, _TIE, _SIGN = range(5)
TITLE_END, TEXT_END = 1, 2
_BASE, _WORD_BASE = 0x9E3779B97F4A7C15 | 1, 0xD1B54A32D192ED03 | 1


def _byte_kinds() -> Bytes:
    kinds = np.full(256, _SIGN, dtype=np.uint8)
    kinds[[ord(sign) for sign in " \t\n\r"]] = _SPACE
    kinds[[*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1), *range(128, 256)]] = _LETTER
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[[ord("-"), ord("'")]] = _TIE
    return kinds


def _powers(base: int, size: int) -> tuple[Hashes, Hashes]:
    """Powers of an odd number and of its inverse, modulo 2 ** 64."""
    inverse = pow(base, -1, 1 << 64)
    made = []
    for factor in (base, inverse):
        factors = np.full(size, factor, dtype=np.uint64)
        factors[0] = 1
        made.append(np.multiply.accumulate(factors))
    return made[0], made[1]


_KINDS = _byte_kinds()
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += 32
_IS_VOWEL = np.isin(np.arange(256), [ord(letter) for letter in "aeiou"])
_POWERS, _INVERSES = _powers(_BASE, PIECE_BYTES)


def cleaned(texts: pl.DataFrame) -> pl.Series:
    """Title and abstract of each row as one text without URLs, LaTeX and markup, each part with its end marked."""
    return texts.select(
        pl.concat_str(
            _clean(texts["title"]), pl.lit(chr(TITLE_END)), _clean(texts["abstract"]), pl.lit(chr(TEXT_END))
        ).alias("text")
    ).to_series()


def _clean(texts: pl.Series) -> pl.Series:
    """Each rule is tried only on the texts that hold one of its signs: most hold none."""
    made = texts.fill_null("").str.slice(0, MAX_TEXT).str.replace_all(r"[\x00-\x08]", " ")
    rules = [
        ("/", _URL, " ; "),
        ("/", _BARE_URL, " ; "),
        ("<", _MARKUP, " "),
        ("&", _MARKUP, " "),
        ("$", _MATHS, " ; "),
        ("\\", _MATHS, " ; "),
        ("\\", _ACCENTED, "${1}"),
        ("\\", _LETTER_COMMAND, "${1}"),
        ("\\", _COMMAND, " "),
    ]
    for sign, pattern, instead in rules:
        concerned = made.str.contains(sign, literal=True)
        if concerned.any():
            places = concerned.arg_true()
            made = made.scatter(places, made.gather(places).str.replace_all(pattern, instead))
    places = (made.str.len_bytes() != made.str.len_chars()).arg_true()
    if len(places):
        signs = made.gather(places).str.replace_many(list(_TYPOGRAPHY), list(_TYPOGRAPHY.values()))
        made = made.scatter(places, signs.str.replace_all(_NO_TEXT, ";"))
    return made


def pieces(texts: pl.Series) -> Iterator[pl.Series]:
    """Slices of the texts, in order, each small enough for the arrays below."""
    ends = texts.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + PIECE_BYTES, side="right"))
        stop = min(max(stop, start + 1), start + PIECE_ROWS)
        yield texts.slice(start, stop - start)
        start = stop


@dataclass(frozen=True)
class Words:
    """The words of a piece in order. Places count words; `start` and `end` count bytes of `data`."""

    data: Bytes
    start: Places
    end: Places
    row: Places
    in_title: Flags
    hash: Hashes
    """Of the letters in lower case."""
    key: Hashes
    """The same without a plural ending."""
    tied: Flags
    """By a hyphen or apostrophe to the word before."""
    parted: Flags
    """By a sign other than a blank, or the end of a text, from the word before."""
    is_number: Flags
    capital: Flags
    """Begins with one."""
    suffix: Places
    """Its last three letters, five bits each; other signs are 0."""
    chain: Hashes
    """Sums of hashes before each word: the hash of any phrase is a difference of two."""

    def __len__(self) -> int:
        return len(self.start)

    def phrase_hash(self, place: Places, size: Places | int) -> Hashes:
        """Of phrases of `size` words that begin at `place`, the last word without its plural ending."""
        last = place + size - 1
        power = _POWERS[last - place]
        before: Hashes = (self.chain[last] - self.chain[place]) * _INVERSES[place]
        made: Hashes = before + self.key[last] * power
        return made


def words_of(texts: pl.Series) -> Words:
    """Tokenises a piece."""
    data = _bytes(texts)
    kind = _KINDS[data]
    is_word = (kind == _LETTER) | (kind == _DIGIT)
    ties = np.flatnonzero(kind == _TIE)
    loose = ties[~(is_word[np.maximum(ties - 1, 0)] & is_word[ties + 1])]
    kind[loose] = _SIGN
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    if is_word[0]:
        edges = np.concatenate([[0], edges])
    start, end = edges[::2], edges[1::2]  # a text ends with a sign, so edges are pairs
    row = _rows(start, np.cumsum(texts.str.len_bytes().to_numpy().astype(np.int64)))
    lower = _LOWER[data]
    sums = np.zeros(len(data) + 1, dtype=np.uint64)
    letters = lower.astype(np.uint64)
    letters += np.uint64(1)
    letters *= _POWERS[: len(data)]
    np.cumsum(letters, out=sums[1:])
    hashes = (sums[end] - sums[start]) * _INVERSES[start]
    chain = np.zeros(len(start) + 1, dtype=np.uint64)
    np.cumsum(_mixed(hashes) * _POWERS[: len(start)], out=chain[1:])
    parted, tied = _joints(kind, start, end)
    return Words(
        data=data,
        start=start,
        end=end,
        row=row,
        in_title=start < np.flatnonzero(data == TITLE_END)[row],
        hash=hashes,
        key=_mixed(_keys(lower, start, end, sums, hashes)),
        tied=tied,
        parted=parted,
        capital=lower[start] != data[start],
        suffix=_suffixes(lower, start, end),
        is_number=_without_letters(kind, start, end),
        chain=chain,
    )


def _bytes(texts: pl.Series) -> Bytes:
    """The bytes of all texts, one after the other."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)
    made: Bytes = np.frombuffer(data, dtype=np.uint8)[ends[array.offset] : ends[array.offset + len(array)]]
    return made


def _rows(start: Places, text_ends: Places) -> Places:
    """The text of each word."""
    words = np.searchsorted(start, text_ends)
    return np.repeat(np.arange(len(text_ends)), np.diff(words, prepend=0))


def _joints(kind: Bytes, start: Places, end: Places) -> tuple[Flags, Flags]:
    """Which words a sign parts from the word before, and which a hyphen or apostrophe ties to it."""
    parted = np.ones(len(start), dtype=np.bool_)
    before = kind[start[1:] - 1]
    single = start[1:] - end[:-1] == 1
    parted[1:] = before == _SIGN
    # Between most words is one byte, and it was looked at.
    wide = np.flatnonzero(~single) + 1
    signs = np.flatnonzero(kind == _SIGN)
    parted[wide] = np.searchsorted(signs, start[wide]) != np.searchsorted(signs, end[wide - 1])
    tied = np.zeros(len(start), dtype=np.bool_)
    tied[1:] = single & (before == _TIE)
    return parted, tied


def _without_letters(kind: Bytes, start: Places, end: Places) -> Flags:
    """Only words that begin with a digit are looked at closely."""
    found: Flags = kind[start] == _DIGIT
    digits = np.flatnonzero(kind == _DIGIT)
    doubtful = np.flatnonzero(found)
    first, last = start[doubtful], end[doubtful]
    found[doubtful] = np.searchsorted(digits, last) - np.searchsorted(digits, first) == last - first
    return found


def _suffixes(lower: Bytes, start: Places, end: Places) -> Places:
    code = np.zeros(len(start), dtype=np.int64)
    for back in (3, 2, 1):
        place = end - back
        letter = lower[np.maximum(place, 0)].astype(np.int64) - (ord("a") - 1)
        code = code << 5 | np.where((place >= start) & (letter > 0) & (letter < 27), letter, 0)
    return code


def _mixed(hashes: Hashes) -> Hashes:
    """Hashes whose every bit depends on every bit of the ones given."""
    made = hashes ^ (hashes >> np.uint64(32))
    made *= np.uint64(_WORD_BASE)
    made ^= made >> np.uint64(29)
    return made


def _keys(lower: Bytes, start: Places, end: Places, sums: Hashes, hashes: Hashes) -> Hashes:
    """Hashes of words without plural endings, by the rules of `phrase_key`."""
    keys = hashes.copy()
    plural = np.flatnonzero((lower[end - 1] == ord("s")) & (end - start > 2))
    last = end[plural]
    before, second, third = lower[last - 2], lower[last - 3], lower[np.maximum(last - 4, 0)]
    size = last - start[plural]
    is_ies = (before == ord("e")) & (second == ord("i")) & (size > 3) & ~_IS_VOWEL[third]
    hissing = ((second == ord("h")) & np.isin(third, [ord("c"), ord("s")])) | (second == ord("x"))
    hissing |= (second == ord("s")) & (third == ord("s"))
    is_es = (before == ord("e")) & hissing & (size > 3)
    is_s = ~np.isin(before, [ord("s"), ord("u"), ord("i")]) & ~is_ies & ~is_es
    cut = np.where(is_ies, 3, np.where(is_es, 2, np.where(is_s, 1, 0)))
    first = start[plural]
    short = (sums[last - cut] - sums[first]) * _INVERSES[first]
    y = np.uint64(ord("y") + 1) * _POWERS[last - cut - first]
    keys[plural] = np.where(is_ies, short + y, short)
    return keys


def hashes_of(phrases: list[str], exact: bool = False) -> Hashes:
    """Hashes of phrases as `Words.phrase_hash` gives them, or of words as `Words.hash` when `exact`."""
    found = [
        words.hash[first] if exact else words.phrase_hash(first, np.diff(np.append(first, len(words))))
        for piece in pieces(pl.Series("phrase", phrases, dtype=pl.String) + chr(TITLE_END) + chr(TEXT_END))
        for words in [words_of(piece)]
        for first in [np.flatnonzero(np.diff(words.row, prepend=-1))]
    ]
    return np.concatenate([*found, np.zeros(0, dtype=np.uint64)])

"""Where the sentences of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A line break, or a mark with blanks after it. What begins with a set of characters is found ten times as fast.
_END = re.compile(r"[.!?\n](?:(?<=\n)\s*|[\"')\]]*\s+)")
_ABBREVIATIONS = ("e.g", "i.e", "cf", "al", "vs", "resp", "Fig", "Eq", "Sec", "No", "approx")
_IS_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(map(re.escape, _ABBREVIATIONS))})$")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, blanks at its ends left out."""
    start = 0
    for match in _END.finditer(text):
        end = match.start()
        if text.endswith(_ABBREVIATIONS, start, end) and _IS_ABBREVIATION.search(text, max(start, end - 8), end):
            continue
        yield from _span(text, start, match.end())
        start = match.end()
    yield from _span(text, start, len(text))


def _span(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    piece = text[start:end]
    words = piece.strip()
    if not words:
        return ()
    first = start + piece.index(words)
    return ((first, first + len(words)),)

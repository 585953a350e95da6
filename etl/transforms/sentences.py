"""Where the sentences of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(r"[.!?][\"')\]]*\s+|\n")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|cf|al|vs|resp|Fig|Eq|Sec|No|approx)$")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, blanks at its ends left out."""
    start = 0
    for match in _END.finditer(text):
        if _ABBREVIATION.search(text, max(start, match.start() - 8), match.start()):
            continue
        yield from _span(text, start, match.end())
        start = match.end()
    yield from _span(text, start, len(text))


def _span(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())

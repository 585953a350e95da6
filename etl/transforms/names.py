"""How lists of authors are read."""

from __future__ import annotations

import polars as pl

# Institutions are listed in brackets, numbered ones in brackets inside brackets.
_BRACKETS, _DEEPEST = r" ?\([^()]*\)", 3
_GENERATION = r", ?((?:Jr|Sr)\b\.?|III?\b|IV\b)"


def listed(text: pl.Expr) -> pl.Expr:
    """The names in a list such as `A. One, B. Two (Institute, Town) and C. Three`, less what stands in brackets."""
    plain = text.str.replace_all(r"\s+", " ")
    for _ in range(_DEEPEST):
        plain = plain.str.replace_all(_BRACKETS, "")
    apart = plain.str.replace_all(_GENERATION, " $1").str.replace_all(r",? and | \\?& ", ",").str.split(",")
    names = apart.list.eval(pl.element().str.strip_chars())
    return names.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))

"""CSV, for spreadsheets: a cell that would run as a formula there begins with an apostrophe."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from etl.feeds.base import Feed, Format

# OWASP, CSV injection; with the full-width forms that spreadsheets take for the same signs.
_FORMULA = r"^([\s\"']*[=+\-@\t\r\n\x00＝＋－＠])"


def neutralised(text: pl.Expr) -> pl.Expr:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return text.str.replace(_FORMULA, "'${1}")


def as_text(rows: pl.DataFrame) -> str:
    """One line a row, with a header; lists are joined by semicolons."""
    lists = [name for name, dtype in rows.schema.items() if isinstance(dtype, pl.List)]
    flat = rows.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join("; ") for name in lists)
    return flat.with_columns(neutralised(pl.col(pl.String))).write_csv()


def write(path: Path, feed: Feed) -> None:
    """The rows as text."""
    path.write_text(as_text(feed.rows), encoding="utf-8")


FORMAT = Format("csv", write, media_type="text/csv")

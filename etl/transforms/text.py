"""How titles and abstracts are cleaned, and how a title identifies a paper."""

from __future__ import annotations

import polars as pl

# C0 and C1 controls but for tab and line feed, lone BOMs, and marks that turn the reading direction.
_CONTROL = r"[\x00-\x08\x0B-\x1F\x7F-\x9F\x{FEFF}\x{200B}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
# A repository's URL that a hard wrap cut after a slash or a hyphen.
_CUT_URL = r"((?:github|gitlab)\.com/(?:[\w.-]+/)?(?:[\w.]+-)*)\n[ \t]*([\w])"
# A single space is right already: to pass over it is four times as fast as to replace it by itself.
_BLANKS = r"[^\S\n]{2,}|[^\S\n ]"
_BLANKS_OR_BREAKS = r"\s{2,}|[^\S ]"

MIN_TITLE_WORDS = 3
MIN_TITLE_CHARS = 16


def without_controls(text: pl.Expr) -> pl.Expr:
    """The text less control characters and invisible marks; carriage returns become line feeds."""
    return text.str.replace_all("\r\n?", "\n").str.replace_all(_CONTROL, "")


def one_line(text: pl.Expr) -> pl.Expr:
    """NFC text on one line, blanks collapsed; null where nothing is left."""
    line = without_controls(text).str.normalize("NFC").str.replace_all(_BLANKS_OR_BREAKS, " ").str.strip_chars()
    return line.replace("", None)


def paragraphs(text: pl.Expr) -> pl.Expr:
    """NFC text with hard wraps undone: one line a paragraph; null where nothing is left."""
    lines = (
        without_controls(text)
        .str.normalize("NFC")
        .str.replace_all(_CUT_URL, "${1}${2}")
        .str.replace_all(_BLANKS, " ")
        .str.replace_all(r" ?\n ?", "\n")
        .str.strip_chars()
        .str.replace_all(r"\n{2,}", "\x1e")
        .str.replace_all("\n", " ", literal=True)
        .str.replace_all("\x1e", "\n", literal=True)
    )
    return lines.replace("", None)


def without_full_stop(title: pl.Expr) -> pl.Expr:
    """The title less a full stop at its end; three of them stay."""
    return title.str.replace(r"([^.])\.$", "${1}")


def title_fingerprint(title: pl.Expr) -> pl.Expr:
    """Letters and digits of a title: case, accents, LaTeX, punctuation and footnote marks do not count."""
    return (
        title.str.replace_all(r"\\[A-Za-z]+", "")
        .str.normalize("NFKD")
        .str.to_lowercase()
        .str.replace_all(r"[^\p{L}\p{N}]+", "")
    )


def title_key(title: pl.Expr) -> pl.Expr:
    """The fingerprint of a title that is specific enough to identify a paper, else null.

    Specific means at least three words and sixteen letters or digits: `Editorial` or `Reply to comment`
    name many papers.
    """
    fingerprint = title_fingerprint(title)
    words = title.str.count_matches(r"[\p{L}\p{N}]+")
    specific = (words >= MIN_TITLE_WORDS) & (fingerprint.str.len_chars() >= MIN_TITLE_CHARS)
    return pl.when(specific).then(fingerprint)

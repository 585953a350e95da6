"""How titles and abstracts are cleaned, and how a title identifies a paper.

Nearly all texts are printable ASCII with single blanks. Each is first treated in a quick way, which is right for those;
the thorough way, which is right for all, is taken for the few others alone.
"""

from __future__ import annotations

import html
import string

import polars as pl

# C0 and C1 controls but for tab and line feed, lone BOMs, and marks that turn the reading direction.
_CONTROL = r"[\x00-\x08\x0B-\x1F\x7F-\x9F\x{FEFF}\x{200B}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
# A single space is right already: to pass over it is four times as fast as to replace it by itself.
_BLANKS = r"[^\S\n]{2,}|[^\S\n ]"
_BLANKS_OR_BREAKS = r"\s{2,}|[^\S ]"

# Marks of JATS, MathML and HTML that publishers leave in titles and abstracts.
_MARK = (
    r"</?(?:(?:jats|mml|m|xlink|ali):[\w.-]+|i|b|u|em|strong|italic|bold|sub|sup|inf|scp|sc|tt|p|br|hr|div|span|font"
    r"""|title|sec|abstract|a)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*\s*/?>"""
)

MIN_TITLE_WORDS = 3
MIN_TITLE_CHARS = 16
# To see that there are enough words takes the start of a title, to count them all of it.
_WORDS = r"[^\p{L}\p{N}]+".join([r"[\p{L}\p{N}]+"] * MIN_TITLE_WORDS)
_ASCII = string.ascii_letters + string.digits
_LOWER = bytes.maketrans(_ASCII.encode(), _ASCII.lower().encode())
_NEITHER_LETTER_NOR_DIGIT = bytes(set(range(256)) - set(b"\n" + _ASCII.encode()))

# The text that `either` gives to its expressions, and what the quick way made of it.
GIVEN, QUICK = pl.col("given"), pl.col("quick")


def either(text: pl.Expr, quick: pl.Expr, is_right: pl.Expr, thorough: pl.Expr) -> pl.Expr:
    """`quick` of a text where it `is_right`, else `thorough`. A `when` would take both ways for every text."""

    def treated(given: pl.Series) -> pl.Series:
        texts = given.to_frame("given").with_columns(quick=quick)
        wrong = texts.select(~is_right).to_series().arg_true()
        found = texts.get_column("quick")
        return found.scatter(wrong, texts[wrong].select(thorough).to_series()) if len(wrong) else found

    return text.map_batches(treated, return_dtype=pl.String, is_elementwise=True)


def without_controls(text: pl.Expr) -> pl.Expr:
    """The text less control characters and invisible marks; carriage returns become line feeds."""
    return text.str.replace_all("\r\n?", "\n").str.replace_all(_CONTROL, "")


def one_line(text: pl.Expr) -> pl.Expr:
    """NFC text on one line, blanks collapsed; null where nothing is left."""
    # arXiv breaks long titles by a line feed and two blanks.
    quick = GIVEN.str.strip_chars().str.replace_all("\n  ", " ", literal=True)
    line = without_controls(GIVEN).str.normalize("NFC").str.replace_all(_BLANKS_OR_BREAKS, " ").str.strip_chars()
    return either(text, quick, _is_clean(QUICK), line.replace("", None))


def paragraphs(text: pl.Expr) -> pl.Expr:
    """NFC text with hard wraps undone: one line a paragraph; null where nothing is left.

    A wrap inside a URL becomes a blank too: which of them belong to it is for `wraps` to say.
    """
    quick = GIVEN.str.strip_chars().str.replace_all("\n", " ", literal=True)
    lines = (
        without_controls(GIVEN)
        .str.normalize("NFC")
        .str.replace_all(_BLANKS, " ")
        .str.replace_all(r" ?\n ?", "\n")
        .str.strip_chars()
        .str.replace_all(r"\n{2,}", "\x1e")
        .str.replace_all("\n", " ", literal=True)
        .str.replace_all("\x1e", "\n", literal=True)
    )
    return either(text, quick, _is_clean(QUICK), lines.replace("", None))


def without_marks(text: pl.Expr) -> pl.Expr:
    """The text less marks of JATS, MathML and HTML, characters unescaped; also where both are escaped once more."""
    thorough = GIVEN
    for _ in range(2):
        thorough = thorough.str.replace_all(_MARK, "").map_elements(html.unescape, return_dtype=pl.String)
    return either(text, GIVEN, ~GIVEN.str.contains("[<&]"), thorough)


def without_full_stop(title: pl.Expr) -> pl.Expr:
    """The title less a full stop at its end; three of them stay."""
    return title.str.replace(r"([^.])\.$", "${1}")


def title_fingerprint(title: pl.Expr) -> pl.Expr:
    """Letters and digits of a title: case, accents, LaTeX, punctuation and footnote marks do not count."""
    quick = GIVEN.map_batches(_ascii_fingerprints, pl.String)
    is_right = _is_ascii(GIVEN) & ~GIVEN.str.contains("\\", literal=True)
    fingerprint = (
        GIVEN.str.replace_all(r"\\[A-Za-z]+", "")
        .str.normalize("NFKD")
        .str.to_lowercase()
        .str.replace_all(r"[^\p{L}\p{N}]+", "")
    )
    return either(title, quick, is_right.fill_null(value=False), fingerprint)


def _ascii_fingerprints(titles: pl.Series) -> pl.Series:
    # All titles in one text: it takes a third of the time of a regex.
    lines = titles.fill_null("").str.replace_all("\n", " ", literal=True).str.join("\n").item()
    letters = lines.encode().translate(_LOWER, _NEITHER_LETTER_NOR_DIGIT).decode()
    return pl.Series(letters.split("\n"), dtype=pl.String).head(len(titles))


def title_key(title: pl.Expr) -> pl.Expr:
    """The fingerprint of a title that is specific enough to identify a paper, else null.

    Specific means at least three words and sixteen letters or digits: `Editorial` or `Reply to comment`
    name many papers.
    """
    return title.map_batches(_title_keys, return_dtype=pl.String, is_elementwise=True)


def _title_keys(titles: pl.Series) -> pl.Series:
    # In one expression the fingerprint would be taken twice.
    fingerprints = titles.to_frame("given").with_columns(fingerprint=title_fingerprint(GIVEN))
    is_specific = GIVEN.str.contains(_WORDS) & (pl.col("fingerprint").str.len_chars() >= MIN_TITLE_CHARS)
    return fingerprints.select(pl.when(is_specific).then("fingerprint")).to_series()


def _is_clean(text: pl.Expr) -> pl.Expr:
    """Whether a text holds but printable ASCII, no two blanks in a row, and something at all."""
    # The least byte is found ten times as fast as a regex finds a class.
    least = text.cast(pl.Binary).cast(pl.List(pl.UInt8)).list.min()
    has_pairs_or_delete = text.str.contains("  ", literal=True) | text.str.contains("\x7f", literal=True)
    return (text != "") & (least >= 0x20) & _is_ascii(text) & ~has_pairs_or_delete


def _is_ascii(text: pl.Expr) -> pl.Expr:
    return text.str.len_bytes() == text.str.len_chars()

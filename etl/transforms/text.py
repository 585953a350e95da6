"""How titles and abstracts are cleaned, and what of titles and authors identifies a paper, see docs/identity.md.

Nearly all texts are printable ASCII with single blanks. Each is first treated in a quick way, which is right for those;
the thorough way, which is right for all, is taken for the few others alone.
"""

from __future__ import annotations

import html
import re
import string
import unicodedata

import polars as pl

from etl.transforms import latex

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

# Titles of parts of a volume: each names thousands of texts, also of one author in one year.
_GENERIC = (
    r"^(?:the|a|an)?(?:(?:guest)?editors?(?:ial)?(?:s?(?:introduction|foreword|note|notes|message|comments|preface|remarks))?"
    r"|(?:editorial)?(?:introduction|preface|prefaces|prologue|epilogue|afterword|foreword|overview|summary|conclusions?"
    r"|acknowledge?ments?|abstracts?|contents|contributors|copyright|discussions?|comments?|reply|replies|response"
    r"|rejoinder|errata|erratum|corrigend[ua]m?|corrections?|addend[ua]m?|retraction|obituary|inmemoriam|index|indices"
    r"|references|bibliography|glossary|appendix|appendices|news|letters?|notes?|reviews?|surveys?|reports?|untitled"
    r"|title|thesis|dissertation|proposal|tutorials?|keynotes?|posters?|demos?|panels?|welcome|organization|committees?)"
    r"|notitle|(?:guest)?editorial(?:board)?(?:information)?|frontmatter|backmatter|frontcover|backcover|titlepage"
    r"|tableofcontents|(?:author|subject|keyword)index|listof(?:reviewers|authors|contributors|participants|publications)"
    r"|(?:introduction|preface|foreword|editorial)(?:to|for)(?:the)?(?:special(?:issue|section)|issue|volume|proceedings)"
    r"|(?:replyto|commenton|commentson|responseto|answerto)(?:the)?(?:comments?|reviewers?|reply|authors?|editor|letter)?"
    r"|(?:message|welcome)fromthe(?:chairs?|editors?|generalchairs?|programchairs?)"
    r"|bookreviews?|calls?forpapers|invitedtalks?|abstractsofinvitedtalks)\d*$"
)
# What replies to another text, or names a volume, is worded alike by several authors, and by one author every year.
_DOUBTFUL = (
    r"(?i)^\W*(?:(?:a |the )?(?:comments?|reply|response|answer|rejoinder|discussion) (?:on|to|of|about)\b"
    r"|(?:author'?s? )?(?:correction|erratum|errata|corrigendum|corrigenda|addendum|retraction|expression of concern)\b"
    r"|(?:guest )?editor(?:s|ial)?\b"
    r"|(?:introduction|preface|foreword) (?:to|of|for) (?:the )?(?:special|this|issue|proceedings)"
    r"|(?:\w+ )?(?:proceedings|workshop|tutorial|report|special issue|obituary|overview|summary) (?:of|on|for|from)\b"
    r"|(?:book review|in memoriam)\b)"
)
# Letters that no decomposition takes their strokes off, and Greek ones by their names, as LaTeX calls them.
_PLAIN_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ı": "i",
    "ŋ": "ng",
}
_GREEK = {
    unicodedata.lookup(f"GREEK SMALL LETTER {name}"): name.lower().replace("lamda", "lambda")
    for name in (
        "ALPHA BETA GAMMA DELTA EPSILON ZETA ETA THETA IOTA KAPPA LAMDA MU NU XI OMICRON PI RHO SIGMA TAU UPSILON PHI "
        "CHI PSI OMEGA"
    ).split()
}
_FOLDED = str.maketrans({**_PLAIN_LETTERS, **_GREEK, "ς": "sigma"})
_COMMAND = re.compile(r"\\(?:(?:math|text|oper)[a-z]*\b|(?:var)?([A-Za-z]+))")
_SHOWN_COMMANDS = {**{name: name for name in _GREEK.values()}, "ell": "l"}
MAX_AUTHORS = 50

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
    """Letters and digits of a title: case, accents, LaTeX, punctuation and footnote marks do not count.

    Greek letters count by their names, so that `$\\beta$-decay`, `β-decay` and `Beta-Decay` are one title.
    """
    quick = GIVEN.map_batches(_ascii_fingerprints, pl.String)
    is_right = _is_ascii(GIVEN) & ~GIVEN.str.contains("\\", literal=True)
    thorough = GIVEN.map_elements(_fingerprint, return_dtype=pl.String)
    return either(title, quick, is_right.fill_null(value=False), thorough)


def _fingerprint(title: str) -> str:
    return "".join(filter(str.isalnum, _folded(_COMMAND.sub(_command, latex.plain(title)))))


def _command(found: re.Match[str]) -> str:
    """What a command of mathematics is called, where it is a letter."""
    return _SHOWN_COMMANDS.get((found[1] or "").lower(), "")


def _folded(text: str) -> str:
    """The text in small letters without accents."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower().translate(_FOLDED))


def _ascii_fingerprints(titles: pl.Series) -> pl.Series:
    # All titles in one text: it takes a third of the time of a regex.
    lines = titles.fill_null("").str.replace_all("\n", " ", literal=True).str.join("\n").item()
    letters = lines.encode().translate(_LOWER, _NEITHER_LETTER_NOR_DIGIT).decode()
    return pl.Series(letters.split("\n"), dtype=pl.String).head(len(titles))


def title_key(title: pl.Expr) -> pl.Expr:
    """The fingerprint of a title; null where it names a part of a volume, such as `Editorial`, or has no letter."""
    fingerprint = title_fingerprint(title)
    return fingerprint.map_batches(_unless_generic, return_dtype=pl.String, is_elementwise=True)


def _unless_generic(fingerprints: pl.Series) -> pl.Series:
    given = fingerprints.to_frame("given")
    return given.select(pl.when((GIVEN != "") & ~GIVEN.str.contains(_GENERIC)).then(GIVEN)).to_series()


def is_specific(title: pl.Expr, key: pl.Expr) -> pl.Expr:
    """Whether a title with this `title_key` is likely to name one paper only.

    It has three words, sixteen letters or digits, and is no `Reply to …` or such.
    """
    has_words = title.str.contains(_WORDS) & (key.str.len_chars() >= MIN_TITLE_CHARS)
    return (has_words & ~title.str.contains(_DOUBTFUL)).fill_null(value=False)


def author_key(authors: pl.Expr) -> pl.Expr:
    """The names of the first authors in small letters without accents, blanks between words; null without names.

    Of two spellings of a list, such as `J. Doe; Jan Łukas` and `Doe, Jane, Lukas, Jan`, it leaves most words the same.
    """
    names = authors.list.head(MAX_AUTHORS).list.join(" ", ignore_nulls=True)
    return names.map_batches(_author_keys, return_dtype=pl.String, is_elementwise=True)


def _author_keys(names: pl.Series) -> pl.Series:
    quick = GIVEN.map_batches(_ascii_names, pl.String)
    is_right = (_is_ascii(GIVEN) & ~GIVEN.str.contains("\\", literal=True)).fill_null(value=False)
    keys = either(GIVEN, quick, is_right, _names(GIVEN))
    return names.to_frame("given").select(keys.str.strip_chars().replace("", None)).to_series()


# Hyphens and apostrophes join: `Xiao-Ming` is also written `Xiaoming`.
_JOINING = b"-'`"
_INSIDE_WORDS = r"[\x{300}-\x{36F}'`\x{2018}\x{2019}\x{2010}\x{2011}-]+"
_TO_BLANKS = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if byte == 10 or 97 <= byte <= 122 or byte >= 128 else 32
    for byte in range(256)
)


def _ascii_names(names: pl.Series) -> pl.Series:
    lines = names.fill_null("").str.replace_all("\n", " ", literal=True).str.join("\n").item()
    words = lines.encode().translate(_TO_BLANKS, _JOINING).decode()
    return pl.Series(words.split("\n"), dtype=pl.String).head(len(names))


def _names(names: pl.Expr) -> pl.Expr:
    plain = either(
        names, GIVEN, ~GIVEN.str.contains("\\", literal=True), GIVEN.map_elements(latex.plain, return_dtype=pl.String)
    )
    small = plain.str.normalize("NFKD").str.to_lowercase()
    folded = small.str.replace_many(list(_PLAIN_LETTERS), list(_PLAIN_LETTERS.values()))
    return folded.str.replace_all(_INSIDE_WORDS, "").str.replace_all(r"[^\p{L}]+", " ")


def _is_clean(text: pl.Expr) -> pl.Expr:
    """Whether a text holds but printable ASCII, no two blanks in a row, and something at all."""
    # The least byte is found ten times as fast as a regex finds a class.
    least = text.cast(pl.Binary).cast(pl.List(pl.UInt8)).list.min()
    has_pairs_or_delete = text.str.contains("  ", literal=True) | text.str.contains("\x7f", literal=True)
    return (text != "") & (least >= 0x20) & _is_ascii(text) & ~has_pairs_or_delete


def _is_ascii(text: pl.Expr) -> pl.Expr:
    return text.str.len_bytes() == text.str.len_chars()

"""How identifiers of papers are read: arXiv and DOI. What is not one becomes null."""

from __future__ import annotations

import polars as pl

from etl.transforms.text import GIVEN, either

# https://info.arxiv.org/help/arxiv_identifier.html: archive/YYMMNNN, from 2007-04 YYMM.NNNN, five digits from 2015-01.
_ARXIV = (
    r"(?i)(?:^|arxiv:|/abs/|/pdf/|10\.48550/arxiv\.)\s*"
    r"(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?$"
)
_DOI = r"(10\.\d{4,9}/\S+)$"
# A comma or semicolon parts two DOIs only where another begins behind it: it may also stand inside one.
_NEXT_DOI = r"[,;|]+\s*((?:https?://[^\s,;|]*/|doi:\s*)?10\.\d{4,9}/)"
# arXiv registers a DOI for each of its papers; it says no more than the arXiv identifier does.
_ARXIV_DOI = r"^10\.48550/arxiv\.(.+)$"
# What nearly all identifiers look like, with nothing around them.
_PLAIN_ARXIV = r"^[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}$"
_PLAIN_DOI = r"^10\.[0-9]{4,9}/[!-~]*[0-9A-Za-z]$"


def arxiv_id(text: pl.Expr) -> pl.Expr:
    """The arXiv identifier in an id, URL, DOI or `arXiv:` form, version stripped; null where there is none."""
    found = GIVEN.str.strip_chars().str.extract(_ARXIV, 1)
    archive = found.str.extract(r"^([A-Za-z-]+)(?:\.[A-Za-z]{2})?/", 1).str.to_lowercase()
    number = found.str.extract(r"/(\d{7})$", 1)
    thorough = pl.when(number.is_not_null()).then(pl.concat_str(archive, pl.lit("/"), number)).otherwise(found)
    return either(text, GIVEN, GIVEN.str.contains(_PLAIN_ARXIV), thorough)


def doi(text: pl.Expr) -> pl.Expr:
    """The first DOI of a cell in lower case, without resolver; null where there is none or arXiv made it."""
    is_plain = GIVEN.str.contains(_PLAIN_DOI) & ~GIVEN.str.starts_with("10.48550/")
    return either(text, GIVEN.str.to_lowercase(), is_plain, _cut(GIVEN).list.first())


def dois(text: pl.Expr) -> pl.Expr:
    """All DOIs of a cell in their order, each once, as `doi` gives the first; null where there is none."""
    found = _cut(text).list.unique(maintain_order=True)
    return pl.when(found.list.len() > 0).then(found)


def _cut(cell: pl.Expr) -> pl.Expr:
    """The DOIs of a cell. Blanks, semicolons and commas stand between them; a line break after a hyphen does not."""
    whole = cell.str.to_lowercase().str.replace_all(r"-\s+", "-").str.replace_all(_NEXT_DOI, " ${1}")
    words = whole.str.replace_all(r"\s+", " ").str.split(" ")
    return words.list.eval(_one(pl.element().str.extract(_DOI, 1)).drop_nulls())


def _one(named: pl.Expr) -> pl.Expr:
    tight = named.str.strip_chars_end(".,;]}>")
    # A bracket at the end belongs to the text around, unless the DOI opened one.
    found = pl.when(tight.str.contains("(", literal=True)).then(tight).otherwise(tight.str.strip_chars_end(").,;]}>"))
    # A hyphen at the end tells that a line break cut it.
    is_one = ~found.str.contains(_ARXIV_DOI) & found.str.contains(r"/\S") & ~found.str.ends_with("-")
    return pl.when(is_one).then(found)


def arxiv_month(arxiv_id: pl.Expr) -> pl.Expr:
    """The first day of the month in which arXiv gave an identifier."""
    month = arxiv_id.str.extract(r"(?:^|/)(\d{4})", 1)
    century = pl.when(month.str.slice(0, 2) >= "90").then(pl.lit("19")).otherwise(pl.lit("20"))
    return pl.concat_str(century, month, pl.lit("01")).str.to_date("%Y%m%d", strict=False)


def is_first_version(day: pl.Expr, arxiv_id: pl.Expr) -> pl.Expr:
    """Whether a day can be that of a paper's first version: none is younger than the month of the identifier."""
    return day < arxiv_month(arxiv_id).dt.offset_by("1mo")


# https://arxiv.org/category_taxonomy. Listings also hold classes of the ACM and the AMS, which have digits or capitals.
_CATEGORY = r"^[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z]+(?:-[a-z]+)?)?$"


def arxiv_categories(listed: pl.Expr) -> pl.Expr:
    """Those of a list that are categories of arXiv, in their order; null where none is."""
    kept = listed.list.eval(pl.element().filter(pl.element().str.contains(_CATEGORY)))
    return pl.when(kept.list.len() > 0).then(kept)


# The first identifier with a point and the first month with five digits behind it, as YYMM.
_FIRST_POINT, _FIVE_DIGITS = "0704", "1501"
# How far a number is off that was read as a binary fraction, in units of its last digit; and the longest that a
# paper has waited for its identifier.
_FLOAT_ERROR, _LONGEST_WAIT = 1e-4, "2y"


def undamaged_arxiv_id(text: pl.Expr, created: pl.Expr) -> pl.Expr:
    """The arXiv identifier in a cell that may have been read as a number; null where it cannot be told for sure.

    A number loses zeros at its ends, and may be off in its last places: `704.0967` is 0704.0967, `1103.051` is
    1103.0510, `1707.0186899999999` is 1707.01869. The month before the point says how many digits belong behind it.
    An identifier whose month is not that of `created`, the day of the first version, or soon after, is none.
    """
    cell = text.str.strip_chars()
    month = cell.str.extract(r"^(\d{3,4})\.\d+$", 1).str.zfill(4)
    digits = pl.when(month >= _FIVE_DIGITS).then(5).otherwise(4)
    unit = pl.when(month >= _FIVE_DIGITS).then(100_000).otherwise(10_000)
    value = pl.concat_str(pl.lit("0."), cell.str.extract(r"\.(\d+)$", 1)).cast(pl.Float64) * unit
    number = value.round().cast(pl.Int64)
    repaired = pl.concat_str(month, pl.lit("."), number.cast(pl.String).str.zfill(digits))
    first_day = arxiv_month(repaired)
    in_time = is_first_version(created, repaired) & (created >= first_day.dt.offset_by(f"-{_LONGEST_WAIT}"))
    is_sure = (
        month.is_between(pl.lit(_FIRST_POINT), pl.lit("8999"))
        & first_day.is_not_null()
        & number.is_between(1, unit - 1)
        & ((value - number).abs() < _FLOAT_ERROR)
        & in_time.fill_null(True)
    )
    return pl.when(month.is_null()).then(arxiv_id(text)).when(is_sure).then(repaired)


def arxiv_id_of_doi(text: pl.Expr) -> pl.Expr:
    """The arXiv identifier in a DOI that arXiv registered; null in any other."""
    return arxiv_id(text.str.extract(r"(?i)10\.48550/arxiv\.(\S+)", 1))

"""How identifiers of papers are read: arXiv and DOI. What is not one becomes null."""

from __future__ import annotations

import polars as pl

from etl.transforms.text import GIVEN, either

# https://info.arxiv.org/help/arxiv_identifier.html: archive/YYMMNNN, from 2007-04 YYMM.NNNN, five digits from 2015-01.
_ARXIV = (
    r"(?i)(?:^|arxiv:|/abs/|/pdf/)\s*(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?$"
)
_DOI = r"(10\.\d{4,9}/\S+)$"
# arXiv registers a DOI for each of its papers; it says no more than the arXiv identifier does.
_ARXIV_DOI = r"^10\.48550/arxiv\.(.+)$"
# What nearly all identifiers look like, with nothing around them.
_PLAIN_ARXIV = r"^[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}$"
_PLAIN_DOI = r"^10\.[0-9]{4,9}/[!-~]*[0-9A-Za-z]$"


def arxiv_id(text: pl.Expr) -> pl.Expr:
    """The arXiv identifier in an id, URL or `arXiv:` form, version stripped; null where there is none."""
    found = GIVEN.str.strip_chars().str.extract(_ARXIV, 1)
    archive = found.str.extract(r"^([A-Za-z-]+)(?:\.[A-Za-z]{2})?/", 1).str.to_lowercase()
    number = found.str.extract(r"/(\d{7})$", 1)
    thorough = pl.when(number.is_not_null()).then(pl.concat_str(archive, pl.lit("/"), number)).otherwise(found)
    return either(text, GIVEN, GIVEN.str.contains(_PLAIN_ARXIV), thorough)


def doi(text: pl.Expr) -> pl.Expr:
    """The first DOI of a cell in lower case, without resolver; null where there is none or arXiv made it."""
    first = GIVEN.str.strip_chars().str.split(" ").list.first()
    named = first.str.to_lowercase().str.extract(_DOI, 1).str.strip_chars_end(".,;]}>")
    # A bracket at the end belongs to the text around, unless the DOI opened one.
    found = pl.when(named.str.contains("(", literal=True)).then(named).otherwise(named.str.strip_chars_end(").,;]}>"))
    thorough = pl.when(~found.str.contains(_ARXIV_DOI) & found.str.contains(r"/\S")).then(found)
    is_plain = GIVEN.str.contains(_PLAIN_DOI) & ~GIVEN.str.starts_with("10.48550/")
    return either(text, GIVEN.str.to_lowercase(), is_plain, thorough)

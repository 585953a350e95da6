"""How identifiers of papers are read: arXiv and DOI. What is not one becomes null."""

from __future__ import annotations

import polars as pl

# https://info.arxiv.org/help/arxiv_identifier.html: archive/YYMMNNN, from 2007-04 YYMM.NNNN, five digits from 2015-01.
_ARXIV = (
    r"(?i)(?:^|arxiv:|/abs/|/pdf/|10\.48550/arxiv\.)\s*"
    r"(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?$"
)
_DOI = r"(10\.\d{4,9}/\S+)$"
# arXiv registers a DOI for each of its papers; it says no more than the arXiv identifier does.
_ARXIV_DOI = r"^10\.48550/arxiv\.(.+)$"


def arxiv_id(text: pl.Expr) -> pl.Expr:
    """The arXiv identifier in an id, URL, DOI or `arXiv:` form, version stripped; null where there is none."""
    found = text.str.strip_chars().str.extract(_ARXIV, 1)
    archive = found.str.extract(r"^([A-Za-z-]+)(?:\.[A-Za-z]{2})?/", 1).str.to_lowercase()
    number = found.str.extract(r"/(\d{7})$", 1)
    return pl.when(number.is_not_null()).then(pl.concat_str(archive, pl.lit("/"), number)).otherwise(found)


def doi(text: pl.Expr) -> pl.Expr:
    """The first DOI of a cell in lower case, without resolver; null where there is none or arXiv made it."""
    first = text.str.strip_chars().str.split(" ").list.first()
    named = first.str.to_lowercase().str.extract(_DOI, 1).str.strip_chars_end(".,;]}>")
    # A bracket at the end belongs to the text around, unless the DOI opened one.
    found = pl.when(named.str.contains("(", literal=True)).then(named).otherwise(named.str.strip_chars_end(").,;]}>"))
    return pl.when(~found.str.contains(_ARXIV_DOI) & found.str.contains(r"/\S")).then(found)

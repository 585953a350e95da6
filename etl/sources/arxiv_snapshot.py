"""The arXiv metadata snapshot: JSON lines or an array, one object a paper."""

from __future__ import annotations

import re

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Drift, Head, Normalised, Parsed, Source, json_items, json_object, required_text
from etl.transforms import dates, identifiers, text

_KEYS = (b'"id"', b'"title"', b'"abstract"', b'"categories"')
_TELLING = re.compile(rb'"(?:submitter|authors_parsed|update_date)"\s*:')


def recognise(head: Head) -> bool:
    """Objects with the snapshot's own fields."""
    return head.first in (b"{", b"[") and all(key in head.data for key in _KEYS) and bool(_TELLING.search(head.data))


def is_by_line(head: Head) -> bool:
    """JSON lines begin with an object, an array does not."""
    return head.first == b"{"


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without id or title."""
    found = json_object(record, limits)
    required_text(found, "id", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    found["versions"] = _first_version(found.get("versions"))
    return found


def _first_version(versions: object) -> str | None:
    if not isinstance(versions, list) or not versions or not isinstance(versions[0], dict):
        return None
    created = versions[0].get("created")
    return created if isinstance(created, str) else None


def _names() -> pl.Expr:
    """`[["Last", "First", "Jr"]]` as `["First Last Jr"]`."""
    last, first, suffix = (pl.element().list.get(place, null_on_oob=True).replace("", None) for place in range(3))
    return pl.col("authors_parsed").list.eval(pl.concat_str(first, last, suffix, separator=" ", ignore_nulls=True))


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the journal reference is the venue, `comments` may name links."""
    listed = pl.col("authors").str.replace_all(r"\s+", " ").str.replace_all(r",? and ", ", ").str.split(", ")
    categories = pl.col("categories").str.strip_chars().str.split(" ")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=pl.coalesce(_names(), listed),
        arxiv_id=identifiers.arxiv_id(pl.col("id")),
        doi=identifiers.doi(pl.col("doi")),
        dois=identifiers.dois(pl.col("doi")),
        published_on=dates.rfc2822_day(pl.col("versions")),
        updated_on=dates.iso_day(pl.col("update_date")),
        primary_category=categories.list.first(),
        categories=categories,
        venue=text.one_line(pl.col("journal-ref")),
        comment=text.one_line(pl.col("comments")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="arXiv metadata snapshot",
    publisher="Cornell University on Kaggle, `arxiv-metadata-oai-snapshot.json`",
    licence="CC0-1.0",
    priority=1,
    drift=Drift(),
    parser_version=2,
    recognise=recognise,
    is_by_line=is_by_line,
    split=json_items,
    parse=parse,
    fields={
        "id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.String(),
        "authors_parsed": pl.List(pl.List(pl.String())),
        "categories": pl.String(),
        "comments": pl.String(),
        "doi": pl.String(),
        "journal-ref": pl.String(),
        "update_date": pl.String(),
        "versions": pl.String(),
    },
    ignored=frozenset({"submitter", "report-no", "license"}),
    normalise=normalise,
)

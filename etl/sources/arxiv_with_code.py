"""Daily lists of arXiv papers that name a repository: a JSON array, one object a paper.

They are made from arXiv's search API; `code_links` were found in abstract and comment, and `category` is the list's
own. A list repeats most papers of the day before. `published` is the day of the first version. Which day a list is of,
its name alone says: `papers_with_code_20250701_020136.json`.
"""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_items, json_object, required_text
from etl.transforms import dates, identifiers, text

_NAMES = {"title", "arxiv_id", "pdf_url", "primary_category", "abstract", "code_links"}
_DAY = re.compile(r"_(\d{4})(\d\d)(\d\d)_\d{6}\D")


def recognise(head: Head) -> bool:
    """An array of papers with their `code_links`."""
    return head.first == b"[" and head.item.keys() >= _NAMES


def observed_on(head: Head) -> dt.date | None:
    """The day in a name of the list's own form."""
    found = _DAY.search(head.name)
    return dates.day_in_name("-".join(found.groups())) if found else None


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without id or title."""
    found = json_object(record, limits)
    required_text(found, "arxiv_id", "url", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; what the abstract itself does not say is a link that the list names."""
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=text.one_line(pl.col("authors")).str.split(", "),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col("arxiv_id")), identifiers.arxiv_id(pl.col("url"))),
        published_on=dates.iso_day(pl.col("published")),
        primary_category=pl.col("primary_category"),
        categories=pl.when(pl.col("primary_category").is_not_null()).then(pl.concat_list("primary_category")),
        comment=text.one_line(pl.col("comment")),
        page_links=pl.col("code_links").list.drop_nulls(),
        evidence_kind=pl.lit("link_dump"),
    )
    return Normalised(papers)


SOURCE = Source(
    title="arXiv papers with code, by day",
    publisher="`papers_with_code_<date>.json`, a community list on GitHub",
    licence="none stated",
    priority=4,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=json_items,
    parse=parse,
    fields={
        "title": pl.String(),
        "authors": pl.String(),
        "published": pl.String(),
        "arxiv_id": pl.String(),
        "url": pl.String(),
        "primary_category": pl.String(),
        "abstract": pl.String(),
        "code_links": pl.List(pl.String()),
        "comment": pl.String(),
    },
    ignored=frozenset({"pdf_url", "category"}),
    normalise=normalise,
)

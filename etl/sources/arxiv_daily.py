"""Daily arXiv listings gathered by a crawler, JSON lines: the papers that were new or replaced in some categories.

The listing's day stands in the name of the file alone. A record has no dates: the identifier tells the month of the
first version, which is no day. Classes of the ACM and the AMS stand among the categories and are left out; so is what
a language model wrote about a paper, in `AI`.
"""

from __future__ import annotations

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Drift, Head, Normalised, Parsed, Source, json_lines, json_object, required_text
from etl.transforms import identifiers, text

_TELLING = frozenset({"id", "abs", "pdf", "authors", "title", "categories", "summary"})


def recognise(head: Head) -> bool:
    """Objects with the addresses of abstract and PDF beside the paper's fields."""
    return head.line.keys() >= _TELLING


def is_by_line(head: Head) -> bool:
    """Always."""
    return True


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without id or title."""
    found = json_object(record, limits)
    required_text(found, "id", "abs", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; `comment` may name links."""
    categories = identifiers.arxiv_categories(pl.col("categories"))
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("summary")),
        authors=pl.col("authors"),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col("id")), identifiers.arxiv_id(pl.col("abs"))),
        primary_category=categories.list.first(),
        categories=categories,
        comment=text.one_line(pl.col("comment")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="daily arXiv listings",
    publisher="crawlers of arxiv.org/list/<category>/new, a JSON lines file a day",
    licence="Apache-2.0 with changes",
    priority=3,
    drift=Drift(),
    parser_version=2,
    recognise=recognise,
    is_by_line=is_by_line,
    split=json_lines,
    parse=parse,
    fields={
        "id": pl.String(),
        "abs": pl.String(),
        "title": pl.String(),
        "summary": pl.String(),
        "authors": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "comment": pl.String(),
    },
    ignored=frozenset({"AI", "pdf"}),
    normalise=normalise,
)

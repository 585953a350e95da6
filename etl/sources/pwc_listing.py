"""A listing page of Papers with Code as a table: title, a sentence or two of the abstract, repository, stars.

`Author Info` holds no authors: it is the line under the title, ` owner/name • 29 Aug 2024`, whose day is the one that
the site gave as the paper's; a venue, `CVPR 2024`, may stand in its place. Quotes inside a cell are not doubled: such
a row is lost (`malformed_row`). Numbers are written ` 1,559`. The excerpt is kept as the abstract: any other source
that has the paper is believed before this one. The table does not say when it was made.
"""

from __future__ import annotations

import polars as pl

from etl.reading import tables
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, text

_NAMES = {"Title", "Author Info", "Abstract", "GitHub Link", "Star Count"}


def recognise(head: Head) -> bool:
    """The columns of the table."""
    return set(head.columns()) >= _NAMES


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without a title."""
    found: Parsed = dict(tables.cells(record, tables.columns(record.context)))
    required_text(found, "Title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the repository is a link that the listing names, its stars an observation."""
    under = pl.col("Author Info").str.split("•").list.last()
    day = dates.rfc2822_day(under)
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("Title")),
        abstract=text.paragraphs(pl.col("Abstract")),
        published_on=day,
        venue=pl.when(day.is_null() & pl.col("Author Info").str.contains("•")).then(text.one_line(under)),
        stars=pl.col("Star Count"),
        page_links=pl.concat_list("GitHub Link").list.drop_nulls(),
        evidence_kind=pl.lit("link_dump"),
    )
    return Normalised(papers, raw.select("row", cell="GitHub Link", stars="Star Count"))


SOURCE = Source(
    title="Papers with Code listing",
    publisher="`papers_data.csv`, read off paperswithcode.com and shared on GitHub",
    licence="CC-BY-SA-4.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=tables.rows,
    parse=parse,
    fields={
        "Title": pl.String(),
        "Abstract": pl.String(),
        "Author Info": pl.String(),
        "GitHub Link": pl.String(),
        "Star Count": pl.Int64(),
    },
    ignored=frozenset({"Link", "Tasks"}),
    normalise=normalise,
)

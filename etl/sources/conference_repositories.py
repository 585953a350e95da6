"""A table of conference papers (NIPS, CVPR, ICCV, ECCV, ICML, …) with their repositories and stars.

`last_update` is the day on which the stars of that row were read. A conference that is not known is `NAN`. The year
alone is no day: `published_on` stays empty, and the year stands in the venue.
"""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from etl.reading import tables
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, text

_NAMES = {"paper_title", "paper_link", "conference", "repo_link", "repo_star", "last_update"}
_LAST_CELL = re.compile(rb",(\d{4}-\d\d-\d\d)\r?\n")


def recognise(head: Head) -> bool:
    """The columns of the table."""
    return set(head.columns()) >= _NAMES


def observed_on(head: Head) -> dt.date | None:
    """The latest day on which one of the first rows was read; each row has its own."""
    return dates.day_in_name(max(_LAST_CELL.findall(head.data), default=b"").decode())


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without a title."""
    found: Parsed = dict(tables.cells(record, tables.columns(record.context)))
    required_text(found, "paper_title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the repository is a link that the table lists, its stars an observation of the row's day."""
    conference = text.one_line(pl.col("conference")).replace("NAN", None)
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("paper_title")),
        arxiv_id=identifiers.arxiv_id(pl.col("paper_link")),
        doi=identifiers.doi(pl.col("paper_link")),
        venue=pl.concat_str(conference, pl.coalesce(pl.lit(" ") + pl.col("year"), pl.lit(""))),
        stars=pl.col("repo_star"),
        page_links=pl.concat_list("repo_link").list.drop_nulls(),
        evidence_kind=pl.lit("link_dump"),
    )
    starred = raw.select("row", cell="repo_link", stars="repo_star", observed_on=dates.iso_day(pl.col("last_update")))
    return Normalised(papers, starred)


SOURCE = Source(
    title="Conference papers with repositories",
    publisher="`conference-repos.csv`, a community list on GitHub",
    licence="none stated",
    priority=4,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=tables.rows,
    parse=parse,
    fields={
        "paper_title": pl.String(),
        "paper_link": pl.String(),
        "conference": pl.String(),
        "year": pl.String(),
        "repo_link": pl.String(),
        "repo_star": pl.Int64(),
        "last_update": pl.String(),
    },
    normalise=normalise,
)

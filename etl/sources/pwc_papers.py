"""Papers with Code, `papers-with-abstracts`: an array of papers, or Parquet; answers of its former API.

https://github.com/paperswithcode/paperswithcode-data. Links to code are a file of their own. `proceeding` is the
venue, often with a month behind the year. `date` is that of the preprint, or of the proceedings; 1 January is null:
most stand for a year. Tasks and methods are Papers with Code's own tags: categories are null.
"""

from __future__ import annotations

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import (
    Head,
    Normalised,
    Parsed,
    Source,
    is_json_lines,
    json_object,
    json_records,
    required_text,
)
from etl.transforms import dates, identifiers, text

_TELLING = ("url_abs", "url_pdf", "abstract", "proceeding")


def recognise(head: Head) -> bool:
    """Objects with addresses of abstract and PDF, and the proceedings."""
    return head.has_parquet_columns(*_TELLING) or head.record.keys() >= {*_TELLING}


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title."""
    found = json_object(record, limits)
    required_text(found, "title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=pl.col("authors"),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col("arxiv_id")), identifiers.arxiv_id(_at("arxiv.org/"))),
        doi=identifiers.doi(_at("doi.org/")),
        published_on=dates.told_day(pl.coalesce("date", "published")),
        venue=text.one_line(pl.col("proceeding")),
    )
    return Normalised(papers)


def _at(host: str) -> pl.Expr:
    """The address of the abstract where it is on this host."""
    address = pl.col("url_abs")
    return pl.when(address.str.contains(host, literal=True)).then(address)


SOURCE = Source(
    title="Papers with Code, papers with abstracts",
    publisher="paperswithcode.com, `papers-with-abstracts.json`; now archived",
    licence="CC-BY-SA-4.0",
    priority=3,
    parser_version=2,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=json_records,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "arxiv_id": pl.String(),
        "url_abs": pl.String(),
        "date": pl.String(),
        "published": pl.String(),
        "proceeding": pl.String(),
    },
    ignored=frozenset(
        """
        id paper_url nips_id openreview_id short_abstract url_pdf tasks methods conference conference_url_abs
        conference_url_pdf reproduces_paper
        """.split()
    ),
    normalise=normalise,
)

"""bioRxiv and medRxiv: answers of `api.biorxiv.org/details`, one object a version of a preprint.

https://api.biorxiv.org. Each version repeats the DOI; the day of version 1 is the day of publication, that of any
other the day of an update. `published` names the DOI of the journal's version; a paper has one DOI here, and that is
the preprint's. Authors stand as listed, family name first. Categories stand as listed. The server is no venue.
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

_TELLING = {"doi", "version", "category"}


def recognise(head: Head) -> bool:
    """Preprints with version and category, from one of the two servers; or an answer without any."""
    if b'"collection"' in head.data and not head.item:
        return head.record.get("collection") == [] and isinstance(head.record.get("messages"), list)
    return head.record.keys() >= _TELLING and ("server" in head.record or "jatsxml" in head.record)


def parse(record: Record, limits: Limits) -> Parsed:
    """One version of a preprint; raises RecordError without title or DOI."""
    found = json_object(record, limits)
    required_text(found, "doi", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    day = dates.iso_day(pl.col("date"))
    category = text.one_line(pl.col("category"))
    authors = pl.col("authors").str.split(";").list.eval(text.one_line(pl.element())).list.drop_nulls()
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=authors,
        doi=identifiers.doi(pl.col("doi")),
        published_on=pl.when(pl.col("version").str.strip_chars() == "1").then(day),
        updated_on=day,
        primary_category=category,
        categories=pl.when(category.is_not_null()).then(pl.concat_list(category)),
    )
    return Normalised(papers)


SOURCE = Source(
    title="bioRxiv and medRxiv preprints",
    publisher="Cold Spring Harbor Laboratory and openRxiv: `api.biorxiv.org/details/<server>/<interval>`",
    licence="each preprint's own",
    priority=2,
    parser_version=2,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=json_records,
    parse=parse,
    fields={
        "doi": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.String(),
        "date": pl.String(),
        "version": pl.String(),
        "category": pl.String(),
    },
    ignored=frozenset(
        """
        author_corresponding author_corresponding_institution type license jatsxml funder funders published server
        """.split()
    ),
    normalise=normalise,
)

"""Atom feeds of arXiv: answers of its search API, and the daily announcements of a category.

The API says when the first version and the one that it shows were submitted. An announcement says when a paper was
announced, days after it was submitted: such records have no dates of their own. Categories of the ACM and the AMS
stand among those of arXiv and are left out. An answer that says an error is refused.

Formats: https://info.arxiv.org/help/api/user-manual.html and https://info.arxiv.org/help/rss_specifications.html.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import polars as pl

from etl.errors import DumpError, RecordError
from etl.reading import xml
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, names, text

# `ns0` is what Python's own library writes.
_PREFIXES = ("", "atom:", "ns0:")
_FEED = re.compile(rb"(?i)https?://(?:[\w.-]+\.)?arxiv\.org/(?:api|atom)/")
_ENTRY = re.compile(
    rb"<(?:\w+:)?id>\s*(?:https?://(?:[\w.-]+\.)?arxiv\.org/(?:abs|api)/|oai:arXiv\.org:)", re.IGNORECASE
)
_UPDATED = re.compile(rb"<(?:\w+:)?updated>\s*(\d{4}-\d\d-\d\d)")
_API_ERROR = re.compile(rb"<(?:\w+:)?id>\s*https?://(?:[\w.-]+\.)?arxiv\.org/api/errors")
_TITLE = re.compile(rb"<(?:\w+:)?title[\s/>]")
_FEED_ERROR = re.compile(rb"<(?:\w+:)?title[^>]*>\s*Feed error for query")
_SPACES = {
    "http://www.w3.org/2005/Atom": "",
    "http://arxiv.org/schemas/atom": "arxiv:",
    "http://purl.org/dc/elements/1.1/": "dc:",
}
_ANNOUNCED = r"(?s)^\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:\s*)?"


def recognise(head: Head) -> bool:
    """A feed with an address of arXiv's services, or whose first entry is a paper of arXiv."""
    if head.root not in tuple(f"{prefix}feed" for prefix in _PREFIXES):
        return False
    before, first = head.data[: _first_entry(head)], head.data[_first_entry(head) :]
    return bool(_FEED.search(before)) or bool(_ENTRY.search(first, 0, 2_000))


def _first_entry(head: Head) -> int:
    place = re.search(rb"<(?:atom:|ns0:)?entry[\s>]", head.data)
    return place.start() if place else len(head.data)


def observed_on(head: Head) -> dt.date | None:
    """The day that the feed was made."""
    found = _UPDATED.search(head.data, 0, _first_entry(head))
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The entries of a feed; raises DumpError where it says an error."""
    return announced(stream, limits, *(f"{prefix}entry" for prefix in _PREFIXES))


def announced(stream: Stream, limits: Limits, *records: str) -> Iterator[Record]:
    """The elements of these names in a feed; raises DumpError where the feed's title or one of them says an error."""
    for record in xml.elements(stream, limits, *records, *(f"{prefix}title" for prefix in _PREFIXES)):
        if _FEED_ERROR.match(record.data):
            raise DumpError("feed_error", _said(record, limits, "."))
        if _API_ERROR.search(record.data):
            raise DumpError("api_error", _said(record, limits, "{*}summary"))
        if not _TITLE.match(record.data):
            yield record


def _said(record: Record, limits: Limits, where: str) -> str:
    try:
        return (xml.content(xml.element(record, limits).find(where)) or "no text")[:500]
    except RecordError as broken:
        return broken.detail


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without id or title."""
    found: Parsed = {"author": [], "category": []}
    for child in xml.element(record, limits):
        name = qualified(child.tag)
        if name == "author":
            found["author"].append(xml.content(child.find("{*}name")) or "")
        elif name == "category":
            found["category"].append(child.get("term"))
        elif name == "arxiv:primary_category":
            found[name] = child.get("term")
        elif name == "link":
            found[f"link.{child.get('title') or child.get('rel')}"] = child.get("href")
        else:
            found[name] = xml.content(child)
    required_text(found, "id", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found


def qualified(tag: str) -> str:
    """The name of an element with the prefix that the documentation gives it."""
    space, _, name = tag.rpartition("}")
    return _SPACES.get(space[1:], "") + name


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the journal reference is the venue, `arxiv:comment` may name links."""
    is_announced = pl.col("arxiv:announce_type").is_not_null() | pl.col("id").str.starts_with("oai:")
    categories = identifiers.arxiv_categories(pl.col("category"))
    authors = pl.when(pl.col("author").list.len() > 0).then("author")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(announced_abstract(pl.col("summary"))),
        authors=pl.coalesce(authors, names.listed(pl.col("dc:creator"))),
        arxiv_id=identifiers.arxiv_id(announced_id(pl.col("id"))),
        doi=identifiers.doi(pl.coalesce("arxiv:doi", "arxiv:DOI", "link.doi")),
        dois=identifiers.dois(pl.coalesce("arxiv:doi", "arxiv:DOI", "link.doi")),
        published_on=pl.when(~is_announced).then(dates.iso_day(pl.col("published"))),
        updated_on=pl.when(~is_announced).then(dates.iso_day(pl.col("updated"))),
        primary_category=pl.coalesce("arxiv:primary_category", categories.list.first()),
        categories=categories,
        venue=text.one_line(pl.coalesce("arxiv:journal_ref", "arxiv:journal_reference")),
        comment=text.one_line(pl.col("arxiv:comment")),
    )
    return Normalised(papers)


def announced_abstract(said: pl.Expr) -> pl.Expr:
    """The abstract of an announcement, which begins `arXiv:2511.01234v1 Announce Type: new Abstract:`."""
    return said.str.replace(_ANNOUNCED, "")


def announced_id(said: pl.Expr) -> pl.Expr:
    """An identifier of an announcement, less the prefix of arXiv's OAI identifiers."""
    return said.str.replace(r"^oai:arXiv\.org:", "")


SOURCE = Source(
    title="arXiv search API and daily Atom feeds",
    publisher="`export.arxiv.org/api/query` and `rss.arxiv.org/atom/<category>`",
    licence="CC0-1.0",
    priority=1,
    may_be_empty=True,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "id": pl.String(),
        "title": pl.String(),
        "summary": pl.String(),
        "author": pl.List(pl.String()),
        "dc:creator": pl.String(),
        "published": pl.String(),
        "updated": pl.String(),
        "category": pl.List(pl.String()),
        "arxiv:announce_type": pl.String(),
        "arxiv:primary_category": pl.String(),
        "arxiv:comment": pl.String(),
        "arxiv:journal_ref": pl.String(),
        "arxiv:journal_reference": pl.String(),
        "arxiv:doi": pl.String(),
        "arxiv:DOI": pl.String(),
        "link.doi": pl.String(),
    },
    ignored=frozenset(
        {"arxiv:license", "dc:rights", "link.alternate", "link.None", "link.pdf", "link.related", "link.self", "rights"}
    ),
    normalise=normalise,
)

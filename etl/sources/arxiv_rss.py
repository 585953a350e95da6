"""Daily announcements of an arXiv category as RSS: 2.0 since January 2024, 1.0 (RDF) before.

A feed says when a paper was announced, new, cross-listed or replaced, days after it was submitted: its records have
no dates of their own. RSS 1.0 adds a full stop, identifier and first category to the title, and HTML to abstract and
authors; it does not name the other categories. A feed of a weekend or a holiday has no item.

Formats: https://info.arxiv.org/help/rss_specifications.html; RSS 1.0 as arXiv's feeds had it until 2024.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import polars as pl

from etl.reading import xml
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.arxiv_atom import announced, announced_abstract, announced_id, qualified
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, names, text

_ARXIV = re.compile(rb"updates on arXiv\.org|Feed error for query: https?://(?:\w+\.)?arxiv\.org|//rss\.arxiv\.org/")
_DAY = re.compile(rb"<pubDate>\s*([^<]+)|<dc:date>\s*(\d{4}-\d\d-\d\d)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
# `Title. (arXiv:2101.00001v1 [cs.LG] UPDATED)`
_LABEL = r"(?s)^(.*?)\.?\s*\(arXiv:(\S+)\s+\[([^\]]+)\][^()]*\)\s*$"


def recognise(head: Head) -> bool:
    """An RSS channel of arXiv's."""
    return head.root in ("rss", "rdf:RDF") and bool(_ARXIV.search(head.data, 0, _first_item(head)))


def _first_item(head: Head) -> int:
    place = re.search(rb"<item[\s>]", head.data)
    return place.start() if place else len(head.data)


def observed_on(head: Head) -> dt.date | None:
    """The day of the announcement."""
    found = _DAY.search(head.data, 0, _first_item(head))
    if not found:
        return None
    return dates.rfc2822_date(found[1].decode("utf-8", "replace")) if found[1] else dates.day_in_name(found[2].decode())


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The items of a feed; raises DumpError where it says an error."""
    return announced(stream, limits, "item")


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without id or title."""
    item = xml.element(record, limits)
    found: Parsed = {"category": []}
    for child in item:
        name = qualified(child.tag)
        if name == "category":
            found["category"].append(xml.content(child))
        else:
            found[name] = xml.content(child)
    about = next((value for name, value in item.items() if xml.local(name) == "about"), None)
    if about:
        found |= {name: _plain(found.get(name)) for name in ("title", "description", "dc:creator")}
        found["about"] = about
    required_text(found, "guid", "about", "link", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found


def _plain(markup: str | None) -> str | None:
    """The text of an HTML fragment."""
    return html.unescape(_TAG.sub("", markup)) if markup else None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the journal reference is the venue."""
    categories = identifiers.arxiv_categories(pl.col("category"))
    labelled = pl.col("title").str.extract(_LABEL, 1)
    ids = (announced_id(pl.col("guid")), pl.col("about"), pl.col("title").str.extract(_LABEL, 2), pl.col("link"))
    papers = raw.select(
        "row",
        title=text.one_line(pl.coalesce(labelled, "title")),
        abstract=text.paragraphs(announced_abstract(pl.col("description"))),
        authors=names.listed(pl.col("dc:creator")),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(name) for name in ids),
        doi=identifiers.doi(pl.col("arxiv:DOI")),
        dois=identifiers.dois(pl.col("arxiv:DOI")),
        primary_category=pl.coalesce(categories.list.first(), pl.col("title").str.extract(_LABEL, 3)),
        categories=categories,
        venue=text.one_line(pl.col("arxiv:journal_reference")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="arXiv RSS feeds",
    publisher="`rss.arxiv.org/rss/<category>`, before 2024 `export.arxiv.org/rss/<category>`",
    licence="CC0-1.0",
    priority=1,
    may_be_empty=True,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "title": pl.String(),
        "description": pl.String(),
        "guid": pl.String(),
        "about": pl.String(),
        "link": pl.String(),
        "category": pl.List(pl.String()),
        "dc:creator": pl.String(),
        "arxiv:DOI": pl.String(),
        "arxiv:journal_reference": pl.String(),
    },
    ignored=frozenset({"arxiv:announce_type", "dc:rights", "pubDate"}),
    normalise=normalise,
)

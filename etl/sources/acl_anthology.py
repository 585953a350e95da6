"""The XML of the ACL Anthology: a file a collection, in it volumes of papers.

A paper's venue is the book title of its volume's `meta`, which stands before it. Front matter is no paper. A volume
has a month and a year, its papers have no day: those of ingestion, revisions and errata are the Anthology's own. What
is no DOI is null. `pwccode` is the official code that Papers with Code knew; without a URL it says that only others
have code. Its `pwcdataset` are data that a paper uses, on a site that is gone: no links of the paper. `video` and
`attachment` are links where they are URLs, not names of the Anthology's files. A retracted paper stays a paper; one
that was removed is rejected. Mathematics stay as TeX, and names in another script (`variant`) are left out.
See https://github.com/acl-org/acl-anthology, `data/xml/schema.rnc`.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.errors import DumpError, RecordError
from etl.reading import xml
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import identifiers, text

_LINKS = frozenset({"pwccode", "video", "attachment"})


def recognise(head: Head) -> bool:
    """The root is a collection that holds volumes with a `meta`."""
    return head.root == "collection" and b"<volume " in head.data and b"<meta>" in head.data


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The papers, each with its volume's title as the last line of its context."""
    context = b""
    for record in xml.elements(stream, limits, "meta", "paper"):
        if record.data.startswith(b"<meta"):
            context = record.context + _venue(record, limits)
        elif record.reason or not context:
            yield record
        else:
            yield Record(record.offset, record.data, record.position, context=context)


def _venue(record: Record, limits: Limits) -> bytes:
    try:
        found = xml.element(record, limits)
    except RecordError as error:
        raise DumpError(error.reason, f"the volume at byte {record.offset}: {error.detail}") from None
    return (xml.content(found.find("booktitle")) or "").encode()


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title, or where it was removed."""
    found = xml.element(record, limits)
    parsed: Parsed = dict(found.attrib)
    authors: list[str] = []
    links: list[str] = []
    for child in found:
        name = child.tag
        if name == "author":
            authors += _name(child)
        elif name in _LINKS:
            links += _link(child)
        elif name not in parsed:
            parsed[name] = xml.content(child)
    if "removed" in parsed:
        raise RecordError("deleted_record", parsed["removed"] or "the Anthology removed the paper")
    required_text(parsed, "title", reason="missing_title")
    parsed |= {"author": authors or None, "links": links or None}
    parsed["booktitle"] = record.context.split(b"\n", 2)[2].decode() or parsed.get("booktitle")
    return parsed


def _name(person: xml.Element) -> list[str]:
    """The name of a person, if there is one; many have no first name."""
    name = f"{person.findtext('first') or ''} {person.findtext('last') or ''}".strip()
    return [name] if name else []


def _link(child: xml.Element) -> list[str]:
    """The URL of an element, if it names one that may be shown."""
    url = child.get("url") or child.get("href") or child.text or ""
    return [url] if "://" in url and child.get("permission") != "false" else []


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors="author",
        doi=identifiers.doi(pl.col("doi")),
        venue=text.one_line(pl.col("booktitle")),
        page_links="links",
        evidence_kind=pl.lit("link_dump"),
        is_official=pl.lit(True),
    )
    return Normalised(papers)


SOURCE = Source(
    title="ACL Anthology",
    publisher="Association for Computational Linguistics, `data/xml` of github.com/acl-org/acl-anthology",
    licence="Apache-2.0; metadata CC-BY-4.0",
    priority=2,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "author": pl.List(pl.String()),
        "doi": pl.String(),
        "booktitle": pl.String(),
        "links": pl.List(pl.String()),
    },
    ignored=frozenset(
        {
            "address",
            "award",
            "bibkey",
            "bibtype",
            "dataset",
            "editor",
            "erratum",
            "href",
            "id",
            "ingest-date",
            "isbn",
            "ISBN",
            "issue",
            "journal",
            "language",
            "month",
            "mrf",
            "note",
            "pages",
            "presentation",
            "publisher",
            "pwcdataset",
            "retracted",
            "revision",
            "software",
            "type",
            "url",
            "volume",
            "year",
        }
    ),
    normalise=normalise,
)

"""Responses of arXiv's OAI-PMH server: `ListRecords` and `GetRecord` in `arXiv`, `arXivRaw`, `arXivOld` or `oai_dc`.

A page is a dump; several pages after one another in a file are one dump. A resumption token is no record, a deleted
record is rejected, and a response that says an error is refused with its code.

The day of the first version is that of version 1 in `arXivRaw`, `created` in `arXiv`, the first date in `oai_dc`. By
its code, the server of 2025 writes into `created` the day of the present version: one after the month of the
identifier is taken for that of an update, one in that month as it stands.
`arXivOld` has no dates. `oai_dc` has no categories: they are taken from the sets, where each set is a category.

Formats: https://info.arxiv.org/help/oa/index.html and https://www.openarchives.org/OAI/openarchivesprotocol.html.
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

_ROOTS = ("OAI-PMH", "ListRecords", "GetRecord", "records", "record")
# `ns0` is what Python's own library writes.
_NAMES = tuple(f"{prefix}{name}" for prefix in ("", "oai:", "ns0:") for name in ("record", "error"))
_REQUEST = re.compile(rb"(?i)<(?:\w+:)?request\b[^<>]{0,2000}>\s*https?://(?:[\w.-]+\.)?arxiv\.org/")
_IDENTIFIER = re.compile(rb"<(?:\w+:)?identifier>\s*([^<\s]*)")
_RESPONSE_DAY = re.compile(rb"<(?:\w+:)?responseDate>\s*(\d{4}-\d\d-\d\d)")
_ERROR = re.compile(rb"<(?:\w+:)?error[\s>/]")
_OAI = "oai:arXiv.org:"
# What is read of Dublin Core.
_TAKEN = frozenset("title creator description date identifier".split())
# Archives without subject classes: their sets are categories.
_UNDIVIDED = frozenset("gr-qc hep-ex hep-lat hep-ph hep-th math-ph nucl-ex nucl-th quant-ph".split())


def recognise(head: Head) -> bool:
    """A response to a request of arXiv's server, or records with identifiers of arXiv."""
    if head.root.rpartition(":")[2] not in _ROOTS:
        return False
    first = _IDENTIFIER.search(head.data)
    return bool(_REQUEST.search(head.data)) or bool(first and first[1].lower().startswith(_OAI.lower().encode()))


def observed_on(head: Head) -> dt.date | None:
    """The day of the response."""
    found = _RESPONSE_DAY.search(head.data)
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The records of a response; raises DumpError where it says an error."""
    for record in xml.elements(stream, limits, *_NAMES, many=True):
        if _ERROR.match(record.data):
            raise _said(record, limits)
        yield record


def _said(record: Record, limits: Limits) -> DumpError:
    try:
        error = xml.element(record, limits)
    except RecordError as broken:
        return DumpError(broken.reason, broken.detail)
    return DumpError("oai_error", f"{error.get('code')}: {xml.content(error) or 'no text'}"[:500])


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError where it was deleted, has no id or title, or is in another format."""
    parts = {xml.local(child.tag): child for child in xml.element(record, limits)}
    header, metadata = parts.get("header"), parts.get("metadata")
    about = {xml.local(child.tag): child.text for child in header} if header is not None else {}
    name = (about.get("identifier") or "").strip().removeprefix(_OAI)
    if header is not None and header.get("status") == "deleted":
        raise RecordError("deleted_record", f"{name} was deleted on {about.get('datestamp')}")
    if metadata is None or not len(metadata):
        raise RecordError("missing_metadata", f"{name} without metadata")
    form = xml.local(metadata[0].tag)
    if form == "dc":
        sets = [child.text for child in header if xml.local(child.tag) == "setSpec"] if header is not None else []
        found = _dublin_core(metadata[0]) | _categories([(name or "").strip() for name in sets])
    elif form in ("arXiv", "arXivRaw", "arXivOld"):
        found = _own(metadata[0])
    else:
        raise RecordError("unknown_metadata_format", f"found {form}, wanted arXiv, arXivRaw, arXivOld or oai_dc")
    found["id"] = found.get("id") or name
    required_text(found, "id", reason="missing_id")
    required_text(found, "title", reason="missing_title")
    return found | {part: None for part in parts if part not in ("header", "metadata")}


def _own(metadata: xml.Element) -> Parsed:
    """A record in one of arXiv's own formats."""
    found: Parsed = {}
    for child in metadata:
        name = xml.local(child.tag)
        if name == "authors" and len(child):
            found["authors.author"] = [_name(author) for author in child]
        elif name == "version":
            date = next((inner.text for inner in child if xml.local(inner.tag) == "date"), None)
            if child.get("version") == "v1":
                found["version.first"] = date
            found["version.last"] = date
        else:
            found[name] = xml.content(child)
    return found


def _name(author: xml.Element) -> str:
    """`<keyname>Last</keyname><forenames>First</forenames><suffix>Jr</suffix>` as `First Last Jr`."""
    parts = {xml.local(part.tag): (part.text or "").strip() for part in author}
    return " ".join(part for name in ("forenames", "keyname", "suffix") if (part := parts.get(name)))


def _dublin_core(metadata: xml.Element) -> Parsed:
    """A record in Dublin Core, under the names of arXiv's own format."""
    lists: dict[str, list[str]] = {}
    for child in metadata:
        lists.setdefault(xml.local(child.tag), []).append(xml.content(child) or "")
    found: Parsed = {f"dc:{name}": None for name in lists if name not in _TAKEN}
    days = lists.get("date", [])
    about = lists.get("description", [])
    abstracts = [said for said in about if not said.startswith("Comment:")]
    comments = [said.removeprefix("Comment:") for said in about if said not in abstracts[:1]]
    return found | {
        "title": next(iter(lists.get("title", [])), None),
        "authors.author": [" ".join(reversed(name.split(", ", 1))) for name in lists.get("creator", [])],
        "abstract": abstracts[0] if abstracts else None,
        "comments": "\n".join(comments) or None,
        "created": days[0] if days else None,
        "updated": days[-1] if days[1:] else None,
        **_identified(lists.get("identifier", [])),
    }


def _identified(names: list[str]) -> Parsed:
    """Id, DOI and journal reference among the identifiers of a record in Dublin Core."""
    found: Parsed = {}
    for name in names:
        if re.match(r"https?://(?:www\.)?arxiv\.org/abs/", name, re.IGNORECASE):
            found.setdefault("id", name)
        elif name.startswith("doi:") or re.match(r"https?://(?:dx\.)?doi\.org/", name):
            found.setdefault("doi", name)
        elif name:
            found.setdefault("journal-ref", name)
    return found


def _categories(sets: list[str]) -> Parsed:
    """`cs:cs:LG` as `cs.LG`, `physics:hep-th` as `hep-th`; nothing where a set is a whole archive.

    Sets of three parts are those of the server of 2025, which keeps the order of the categories.
    """
    found = []
    for parts in (name.split(":") for name in sets):
        if len(parts) == 3:
            found.append(f"{parts[1]}.{parts[2]}")
        elif parts[-1] in _UNDIVIDED:
            found.append(parts[-1])
        else:
            return {}
    is_ordered = len(found) == 1 or any(name.count(":") == 2 for name in sets)
    return {"sets": found or None, "sets.first": found[0] if is_ordered else None}


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the journal reference is the venue, `comments` may name links."""
    arxiv_id = identifiers.arxiv_id(pl.col("id"))
    created, updated = dates.iso_day(pl.col("created")), dates.iso_day(pl.col("updated"))
    is_first = identifiers.is_first_version(created, arxiv_id).fill_null(True)
    first, last = dates.rfc2822_day(pl.col("version.first")), dates.rfc2822_day(pl.col("version.last"))
    categories = pl.col("categories").str.strip_chars().str.split(" ")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=pl.coalesce("authors.author", names.listed(pl.col("authors"))),
        arxiv_id=arxiv_id,
        doi=identifiers.doi(pl.col("doi")),
        dois=identifiers.dois(pl.col("doi")),
        published_on=pl.coalesce(first, pl.when(is_first).then(created)),
        updated_on=pl.coalesce(last, pl.max_horizontal(updated, pl.when(~is_first).then(created))),
        primary_category=pl.coalesce(categories.list.first(), "sets.first"),
        categories=pl.coalesce(categories, "sets"),
        venue=text.one_line(pl.col("journal-ref")),
        comment=text.one_line(pl.col("comments")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="arXiv OAI-PMH",
    publisher="`ListRecords` and `GetRecord` of oaipmh.arxiv.org, before 2025 of export.arxiv.org/oai2",
    licence="CC0-1.0",
    priority=1,
    parser_version=2,
    # Deletions are rejected records, and a page may announce many.
    rejected_share=0.5,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.String(),
        "authors.author": pl.List(pl.String()),
        "categories": pl.String(),
        "sets": pl.List(pl.String()),
        "sets.first": pl.String(),
        "comments": pl.String(),
        "doi": pl.String(),
        "journal-ref": pl.String(),
        "created": pl.String(),
        "updated": pl.String(),
        "version.first": pl.String(),
        "version.last": pl.String(),
    },
    ignored=frozenset(
        {
            "about",
            "acm-class",
            "dc:format",
            "dc:language",
            "dc:publisher",
            "dc:relation",
            "dc:rights",
            "dc:source",
            "dc:subject",
            "dc:type",
            "license",
            "msc-class",
            "proxy",
            "report-no",
            "submitter",
        }
    ),
    normalise=normalise,
)

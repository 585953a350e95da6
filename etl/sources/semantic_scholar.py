"""Semantic Scholar: answers of its Graph API, and the `papers` dataset of its bulk releases (S2AG).

https://api.semanticscholar.org/api-docs/graph and https://api.semanticscholar.org/api-docs/datasets. The bulk
datasets write in small letters what the API writes in camel case. An answer to a list of identifiers has a null for
each that is not known: that is no record. Lines of the `abstracts` dataset have no title, and are rejected.

Preprint servers are no venues. A publication date of 1 January is null: most stand for a year. Fields of study are
Semantic Scholar's own guesses: categories are null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading.records import Record, Stream
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

_PAPER_ID = re.compile(r"[0-9a-f]{40}")
# A first paper that is too long to be seen whole: citations and references stand inside it.
_CUT_PAPER = re.compile(
    rb'\s*(?:\[|\{[^\[]*?"(?:data|recommendedPapers)"\s*:\s*\[)?\s*\{[^\[]*?"paperId"\s*:\s*"[0-9a-f]{40}"'
)
_SERVERS = r"(?i)^(?:arxiv(?:\.org)?|biorxiv|medrxiv)$"


def recognise(head: Head) -> bool:
    """Objects with a `paperId`, or with a `corpusid` and what the bulk datasets of papers have."""
    if b'"paperId"' not in head.data and b'"corpusid"' not in head.data:
        return False
    found = head.record
    if not found:
        return bool(_CUT_PAPER.match(head.data))
    if "paperId" in found:
        return found["paperId"] is None or bool(_PAPER_ID.fullmatch(str(found["paperId"])))
    return "corpusid" in found and ("openaccessinfo" in found or {"title", "externalids"} <= found.keys())


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The papers of an answer, nulls left out."""
    return (record for record in json_records(stream, limits) if record.data != b"null")


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title."""
    found = json_object(record, limits)
    required_text(found, "title", reason="missing_title")
    said: Parsed = dict.fromkeys(found)
    said |= {name: found.get(name) for name in ("title", "abstract", "venue", "publicationDate", "publicationdate")}
    said["authors"] = _names(found.get("authors"))
    said["journal"] = _inside(found, "journal", "name")
    said["publicationVenue"] = _inside(found, "publicationVenue", "name")
    ids = found.get("externalIds") or found.get("externalids") or _inside(found, "openaccessinfo", "externalids") or {}
    if not isinstance(ids, dict):
        raise RecordError("wrong_type", f"externalIds: found {type(ids).__name__}, wanted an object")
    said["externalIds.ArXiv"], said["externalIds.DOI"] = ids.get("ArXiv"), ids.get("DOI")
    return said


def _names(authors: object) -> list[str] | None:
    if authors is None:
        return None
    if not isinstance(authors, list):
        raise RecordError("wrong_type", f"authors: found {type(authors).__name__}, wanted a list")
    named = (author.get("name") if isinstance(author, dict) else author for author in authors)
    return [name for name in named if name]


def _inside(found: Parsed, name: str, inner: str) -> object:
    value = found.get(name)
    return value.get(inner) if isinstance(value, dict) else None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    venues = (text.one_line(pl.col(name)) for name in ("venue", "journal", "publicationVenue"))
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
        authors=pl.col("authors"),
        arxiv_id=pl.coalesce(
            identifiers.arxiv_id(pl.col("externalIds.ArXiv")), identifiers.arxiv_id_of_doi(pl.col("externalIds.DOI"))
        ),
        doi=identifiers.doi(pl.col("externalIds.DOI")),
        published_on=dates.told_day(pl.coalesce("publicationDate", "publicationdate")),
        venue=pl.coalesce(pl.when(~venue.str.contains(_SERVERS)).then(venue) for venue in venues),
    )
    return Normalised(papers)


SOURCE = Source(
    title="Semantic Scholar papers",
    publisher="Allen Institute for AI: api.semanticscholar.org, Graph API and bulk datasets",
    licence="ODC-BY-1.0",
    priority=3,
    parser_version=2,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=split,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "externalIds.ArXiv": pl.String(),
        "externalIds.DOI": pl.String(),
        "publicationDate": pl.String(),
        "publicationdate": pl.String(),
        "venue": pl.String(),
        "journal": pl.String(),
        "publicationVenue": pl.String(),
    },
    ignored=frozenset(
        """
        paperId corpusId externalIds url year referenceCount citationCount influentialCitationCount isOpenAccess
        openAccessPdf fieldsOfStudy s2FieldsOfStudy publicationTypes citationStyles embedding tldr citations references
        matchScore textAvailability
        corpusid externalids publicationvenueid referencecount citationcount influentialcitationcount isopenaccess
        openaccessinfo s2fieldsofstudy publicationtypes updated body bibliography
        """.split()
    ),
    normalise=normalise,
)

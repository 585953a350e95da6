"""Crossref works: answers of the REST API, files of the annual public data file, JSON lines of works.

https://api.crossref.org/swagger-ui and https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md. Titles are
lists, of which the first is taken; titles and abstracts hold JATS or HTML marks and characters escaped once or twice.

A date may be a year or a month: the day of publication is the earliest whole day, null where an incomplete date lies
before it. The day on which a DOI was registered (`created`) is no day of publication. Journals, issues, components,
reviews and grants are no papers. An arXiv identifier is taken from `relation` alone, where one preprint is named.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from etl.errors import RecordError
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

# Every record says the type and how many works it names.
_TELLING = {"DOI", "type", "prefix", "member"}
_CUT_WORK = tuple(f'"{name}"'.encode() for name in (*_TELLING, "deposited", "indexed"))
_NO_PAPERS = frozenset(
    """
    component grant journal journal-issue journal-volume peer-review book-series book-set report-series
    proceedings-series standard-series database
    """.split()
)
_DATES = ("issued", "posted", "published", "published-online", "published-print")
_SAME = ("has-preprint", "is-identical-to", "has-version", "is-version-of")

# Publishers set a formula twice, and wrap the TeX into a document of its own.
_FORMULA_AGAIN = r"(?s)(</jats:tex-math>)\s*<mml:math\b.*?</mml:math>"
_TEX_DOCUMENT = r"(?s)\\documentclass.*?\\begin\{document\}(.*?)\\end\{document\}"
_HEADING = r"(?i)<jats:title>\s*(?:abstract|summary)\s*[.:]?\s*</jats:title>"
_END_OF_PARAGRAPH = r"</(?:jats:)?(?:p|title|sec|list-item)>|<(?:jats:)?(?:br|break)\s*/?>"


def recognise(head: Head) -> bool:
    """Works, or the message that holds one or many."""
    if b'"DOI"' not in head.data and b'"message-type"' not in head.data:
        return False
    found = head.record
    if not found:
        return head.first in (b"{", b"[") and all(name in head.data for name in _CUT_WORK)
    if "message-type" in found:
        return found["message-type"] in ("work", "work-list")
    return found.keys() >= _TELLING


def parse(record: Record, limits: Limits) -> Parsed:
    """One work; raises RecordError where it is no paper or has no title."""
    found = json_object(record, limits)
    if isinstance(found.get("message"), dict):
        found = found["message"]
    if (kind := str(found.get("type"))) in _NO_PAPERS:
        raise RecordError("not_a_paper", f"the type is {kind}")
    said: Parsed = dict.fromkeys(found)
    said |= {name: found.get(name) for name in ("DOI", "abstract")}
    said["title"], said["container-title"] = _first(found.get("title")), _first(found.get("container-title"))
    required_text(said, "title", reason="missing_title")
    said["author"] = _names(found.get("author"))
    said["issued"] = _first_day(found)
    said["relation"] = _preprints(found.get("relation"))
    return said


def _first(values: object) -> object:
    """The first text of a list; what is no list is left to the check of types."""
    if not isinstance(values, list):
        return values
    return next((value for value in values if value), None)


def _names(authors: Any) -> list[str] | None:
    if authors is None:
        return None
    try:
        found = (
            author.get("name") or " ".join(filter(None, map(author.get, ("given", "family", "suffix"))))
            for author in authors
        )
        return [name for name in found if name]
    except (TypeError, AttributeError):
        raise RecordError("wrong_type", "author: wanted a list of objects with given and family names") from None


def _first_day(found: Parsed) -> str | None:
    """The earliest whole day, unless an incomplete date lies before it."""
    known = [parts for name in _DATES if (parts := _date_parts(name, found.get(name)))]
    days = [parts for parts in known if len(parts) == 3]
    if not days:
        return None
    first = min(days)
    if any(parts < first[: len(parts)] for parts in known):
        return None
    return "{:04}-{:02}-{:02}".format(*first)


def _date_parts(name: str, date: Any) -> list[int]:
    """`{"date-parts": [[2018, 4]]}` as `[2018, 4]`; `[[null]]` and `[[]]` say nothing."""
    if date is None:
        return []
    try:
        parts = [part for part in (*(date["date-parts"] or ()), [])[0] or () if part is not None]
        if set(map(type, parts)) <= {int} and len(parts) < 4:
            return parts
    except (TypeError, KeyError):
        pass
    raise RecordError("wrong_type", f"{name}: wanted date-parts with year, month and day")


def _preprints(relation: object) -> list[str]:
    """What the record says of itself elsewhere, arXiv identifiers and DOIs."""
    if not isinstance(relation, dict):
        return []
    related = [each for name in _SAME for each in _listed(relation.get(name)) if isinstance(each, dict)]
    named = [each.get("id") for each in related if each.get("id-type") in ("arxiv", "doi")]
    return [name for name in named if isinstance(name, str)]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    named = pl.col("relation").list.eval(identifiers.arxiv_id(pl.element()))
    preprints = named.list.drop_nulls().list.unique()
    papers = raw.select(
        "row",
        title=text.one_line(text.without_marks(pl.col("title"))),
        abstract=text.paragraphs(text.without_marks(_jats(pl.col("abstract")))),
        authors=pl.col("author"),
        arxiv_id=pl.when(preprints.list.len() == 1).then(preprints.list.first()),
        doi=identifiers.doi(pl.col("DOI")),
        published_on=dates.iso_day(pl.col("issued")),
        venue=text.one_line(text.without_marks(pl.col("container-title"))),
    )
    return Normalised(papers)


def _jats(marked: pl.Expr) -> pl.Expr:
    """Text with a blank line behind each paragraph, and each formula once."""
    return (
        marked.str.replace_all(_HEADING, "")
        .str.replace_all(_FORMULA_AGAIN, "$1")
        .str.replace_all(_TEX_DOCUMENT, "$1")
        .str.replace_all(_END_OF_PARAGRAPH, "\n\n")
    )


SOURCE = Source(
    title="Crossref works",
    publisher="Crossref: `api.crossref.org/works`, and the annual public data file",
    licence="facts, without copyright; abstracts may have one",
    priority=2,
    parser_version=2,
    rejected_share=0.5,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=json_records,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "author": pl.List(pl.String()),
        "DOI": pl.String(),
        "issued": pl.String(),
        "container-title": pl.String(),
        "relation": pl.List(pl.String()),
    },
    ignored=frozenset(
        """
        ISBN ISSN URL accepted alternative-id aliases approved archive article-number assertion award award-start
        chair clinical-trial-number component-number content-created content-domain content-updated
        created degree deposited description edition edition-number editor event free-to-read funder
        group-title indexed institution is-referenced-by-count isbn-type issn-type issue issue-title journal-issue
        language license link member original-title page part-number posted prefix proceedings-subject project
        proposal-edition published published-online published-other published-print publisher publisher-location
        reference reference-count references-count resource resource-type review score series-title
        short-container-title short-title source special-numbering standards-body status subject subtitle subtype
        translator type update-policy update-to updated-by version volume
        """.split()
    ),
    normalise=normalise,
)

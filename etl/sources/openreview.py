"""OpenReview: lists of notes as its API answers them, version 1 and 2.

https://docs.openreview.net/reference/api-v2/entities/note. In version 2 each field of `content` is an object with its
`value`. Reviews, decisions and comments are notes too: a note in another's forum is no paper. Venues choose the fields
of `content` themselves, so that those which are not mapped here are not reported.

The day of publication is the day on which the note went public (`odate`), else that on which it was made (`cdate`);
null for records that were brought in from DBLP and the like, whose times are not those of the paper. `mdate` moves
with every edit of the record, and is no update of the paper. `Anonymous` is nobody's name.
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

_CONTENT = ("title", "abstract", "authors", "venue")
# Where venues put links to code; all may hold Markdown.
_LINKS = ("code", "code_link", "code_url", "code_and_data", "software", "github", "project_page", "project", "website")
_IMPORTS = ("dblp.org/", "openreview.net/archive", "orcid.org/", "arxiv.org/")


def recognise(head: Head) -> bool:
    """Notes: content, with the forum and the invitation that they belong to; or an answer without any."""
    found = head.record
    if isinstance(found.get("content"), dict):
        return "forum" in found and bool(found.keys() & {"invitation", "invitations"})
    return found.get("notes") == [] and found.keys() <= {"notes", "count"}


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError for a note that is none, or deleted, or has no title."""
    found = json_object(record, limits)
    content = found.get("content")
    if not isinstance(content, dict):
        raise RecordError("not_an_object", "wanted a note with `content` inside")
    if found.get("replyto") or found.get("forum") not in (None, found.get("id")):
        raise RecordError("not_a_paper", "the note belongs to another's forum")
    if found.get("ddate"):
        raise RecordError("deleted_record", "the note has a day of deletion")
    said: Parsed = dict.fromkeys(found)
    said |= {f"content.{name}": _value(content, name) for name in _CONTENT}
    required_text(said, "content.title", reason="missing_title")
    said["content.authors"] = _names(said["content.authors"])
    said["links"] = [link for name in _LINKS if isinstance(link := _value(content, name), str)]
    said["externalIds"] = _external(found)
    if not _is_imported(found):
        said["odate"], said["cdate"] = found.get("odate"), found.get("cdate") or found.get("tcdate")
    return said


def _value(content: Parsed, name: str) -> Any:
    """A field of version 1, or what version 2 wraps."""
    found = content.get(name)
    return found.get("value") if isinstance(found, dict) else found


def _names(authors: Any) -> Any:
    if not isinstance(authors, list):
        return authors
    named = (author.get("fullname") if isinstance(author, dict) else author for author in authors)
    return [name for name in named if name and name != "Anonymous"]


def _external(found: Parsed) -> list[str]:
    """Identifiers such as `doi:…` and `arxiv:…`, one in version 1, a list in version 2."""
    named = found.get("externalIds") or [found.get("externalId")]
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def _is_imported(found: Parsed) -> bool:
    invitations = found.get("invitations") or [found.get("invitation")]
    return isinstance(invitations, list) and any(str(name).lower().startswith(_IMPORTS) for name in invitations)


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; fields for code and project pages are links of the page, given by the authors."""
    named = pl.col("externalIds").list
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("content.title")),
        abstract=text.paragraphs(pl.col("content.abstract")),
        authors=pl.col("content.authors"),
        arxiv_id=named.eval(identifiers.arxiv_id(pl.element())).list.drop_nulls().list.first(),
        doi=named.eval(identifiers.doi(pl.element())).list.drop_nulls().list.first(),
        published_on=pl.coalesce(dates.epoch_day(pl.col("odate")), dates.epoch_day(pl.col("cdate"))),
        venue=text.one_line(pl.col("content.venue")),
        page_links=pl.col("links"),
        evidence_kind=pl.lit("page_field"),
        is_official=pl.lit(True),
    )
    return Normalised(papers)


SOURCE = Source(
    title="OpenReview notes",
    publisher="OpenReview: `GET /notes` of api.openreview.net and api2.openreview.net",
    licence="CC-BY-4.0 for metadata; each paper its own",
    priority=2,
    parser_version=2,
    # The list of a forum is one paper with all that was said of it.
    rejected_share=1.0,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=json_records,
    parse=parse,
    fields={
        "content.title": pl.String(),
        "content.abstract": pl.String(),
        "content.authors": pl.List(pl.String()),
        "content.venue": pl.String(),
        "externalIds": pl.List(pl.String()),
        "links": pl.List(pl.String()),
        "odate": pl.Int64(),
        "cdate": pl.Int64(),
    },
    ignored=frozenset(
        """
        id original forum replyto content invitation invitations parentInvitations signatures readers nonreaders writers
        number version domain license licence details referent revisions externalId
        tcdate tmdate mdate pdate ddate tddate tauthor
        """.split()
    ),
    normalise=normalise,
)

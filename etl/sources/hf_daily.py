"""The Hugging Face Daily Papers API: one response a day, a JSON array of papers with their readers' votes.

Oddities of archived responses: rows that are Python `repr` strings, an object with the rows under `data`, fields
that come and go, hard-wrapped texts.
"""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from etl.errors import DumpError, RecordError
from etl.reading import strict_json
from etl.reading.records import Record, Stream, array_items
from etl.settings import Limits
from etl.sources.base import Drift, Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, text

_PAPER = re.compile(rb"""["']paper["']\s*:\s*\{""")
_FIELD = re.compile(rb"""["'](?:id|title|summary|upvotes|authors)["']\s*:""")
_ENVELOPE = re.compile(rb'^\s*\{(?=.{0,400}"date"\s*:)(?=.{0,400}"count"\s*:)(?=.{0,400}"data"\s*:\s*\[)', re.DOTALL)
_DAY = re.compile(rb"""["']submittedOnDailyAt["']\s*:\s*["'](\d{4}-\d\d-\d\d)""")
_ENVELOPE_DAY = re.compile(rb'^\s*\{.{0,400}?"date"\s*:\s*"(\d{4}-\d\d-\d\d)"', re.DOTALL)


def recognise(head: Head) -> bool:
    """An array or envelope of objects with a `paper` inside."""
    if head.first not in (b"[", b"{"):
        return False
    return bool(_PAPER.search(head.data) and _FIELD.search(head.data)) or bool(_ENVELOPE.search(head.data))


def observed_on(head: Head) -> dt.date | None:
    """The day of the envelope, or the one day on which all rows say they were listed."""
    found = set(_ENVELOPE_DAY.findall(head.data)) or set(_DAY.findall(head.data))
    return dates.day_in_name(found.pop().decode()) if len(found) == 1 else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The items of the array, checked to be UTF-8."""
    for record in array_items(stream, limits):
        try:
            record.data.decode()
        except UnicodeDecodeError as error:
            place = record.offset + error.start
            raise DumpError("invalid_utf8", f"byte {place} is not UTF-8; fetch the file again") from None
        yield record


def parse(record: Record, limits: Limits) -> Parsed:
    """One listed paper, its inner fields as `paper.…`; raises RecordError without id or title."""
    row = strict_json.parse(record.data, limits)
    if isinstance(row, str):
        row = _literal(row)
    if not isinstance(row, dict) or not isinstance(row.get("paper"), dict):
        raise RecordError("not_an_object", "wanted an object with `paper` inside")
    found = {str(name): value for name, value in row.items() if name != "paper"}
    found |= {f"paper.{name}": value for name, value in row["paper"].items()}
    required_text(found, "paper.id", reason="missing_id")
    required_text(found, "paper.title", "title", reason="missing_title")
    found["paper.authors"] = _names(found.get("paper.authors"))
    return found


def _literal(row: str) -> Any:
    """A row that was written with Python's `repr`: only literals are evaluated, only what JSON holds is taken."""
    try:
        value = ast.literal_eval(row)
        orjson.dumps(value)
        return value
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise RecordError("malformed_literal", str(error).splitlines()[0][:200]) from None


def _names(authors: object) -> list[str]:
    if not isinstance(authors, list):
        return []
    named = (author.get("name") if isinstance(author, dict) else author for author in authors)
    return [name for name in named if isinstance(name, str) and name.strip()]


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; `githubRepo` and `projectPage` are links of the page, `githubStars` an observation."""
    title = pl.coalesce(text.one_line(pl.col("paper.title")), text.one_line(pl.col("title")))
    abstract = pl.coalesce(text.paragraphs(pl.col("paper.summary")), text.paragraphs(pl.col("summary")))
    papers = raw.select(
        "row",
        title=title,
        abstract=abstract,
        authors=pl.col("paper.authors"),
        arxiv_id=identifiers.arxiv_id(pl.col("paper.id")),
        published_on=pl.coalesce(dates.iso_day(pl.col("paper.publishedAt")), dates.iso_day(pl.col("publishedAt"))),
        upvotes=pl.col("paper.upvotes"),
        comments=pl.col("numComments"),
        stars=pl.col("paper.githubStars"),
        page_links=pl.concat_list("paper.githubRepo", "paper.projectPage").list.drop_nulls(),
    )
    starred = raw.select("row", cell=pl.col("paper.githubRepo"), stars=pl.col("paper.githubStars")).drop_nulls()
    return Normalised(papers, starred)


SOURCE = Source(
    title="Hugging Face Daily Papers API",
    publisher="`GET /api/daily_papers?date=YYYY-MM-DD` of huggingface.co",
    licence="none stated",
    priority=2,
    has_positions=True,
    drift=Drift(),
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "paper.id": pl.String(),
        "paper.title": pl.String(),
        "paper.summary": pl.String(),
        "paper.authors": pl.List(pl.String()),
        "paper.publishedAt": pl.String(),
        "paper.upvotes": pl.Int64(),
        "paper.githubRepo": pl.String(),
        "paper.githubStars": pl.Int64(),
        "paper.projectPage": pl.String(),
        "title": pl.String(),
        "summary": pl.String(),
        "publishedAt": pl.String(),
        "numComments": pl.Int64(),
    },
    ignored=frozenset(
        {
            "thumbnail",
            "mediaUrl",
            "mediaUrls",
            "submittedBy",
            "submitterOrganization",
            "isAuthorParticipating",
            "organization",
            "paper.ai_keywords",
            "paper.ai_summary",
            "paper.discussionId",
            "paper.mediaUrls",
            "paper.organization",
            "paper.submittedOnDailyAt",
            "paper.submittedOnDailyBy",
        }
    ),
    normalise=normalise,
)

"""The Papers with Code dump `evaluation-tables`: tasks that hold tasks that hold leaderboards, a row a result.

The format is that of https://github.com/paperswithcode/sota-extractor. A task can be larger than a record may be, so a
record is a row: an item of any array `rows`, wherever it stands; what stands around the rows is passed over. Results
of one paper on several leaderboards say the same of it and count as duplicates. Many rows name no paper, or one by
its address or a citation (`Doe et al. '19`) alone: these are rejected as `missing_title`, without a limit to their
share. `paper_date` is the day of the paper, as the format has it; rows taken from a leaderboard's own page have the
day of the result there, and next to none of them has a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading.nested import items_under
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_object, required_text
from etl.transforms import dates, identifiers, text

_MARKS = (b'"dataset"', b'"sota"', b'"rows"')
_ROW = re.compile(rb'"(?:paper_title|model_name|code_links)"\s*:')
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_CITATION = re.compile(r"(?:\bet al\b.{0,25}|['’]|\. )\d\d(?:\d\d)?[a-z]?$")


def recognise(head: Head) -> bool:
    """Tasks with leaderboards, whose first may be longer than the head."""
    return head.first == b"[" and all(mark in head.data for mark in _MARKS) and bool(_ROW.search(head.data))


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The rows of all leaderboards."""
    return items_under(stream, limits, "rows")


def parse(record: Record, limits: Limits) -> Parsed:
    """One result; raises RecordError where it names no paper by its title."""
    found = json_object(record, limits)
    title = required_text(found, "paper_title", reason="missing_title")
    if _ADDRESS.search(title):
        raise RecordError("missing_title", "an address stands where the title should")
    if _CITATION.search(title.strip()):
        raise RecordError("missing_title", "a citation stands where the title should")
    for name in ("code_links", "model_links"):
        found[name] = _urls(found.get(name), name)
    return found


def _urls(links: object, name: str) -> list[str]:
    """The addresses of `[{"title": …, "url": …}]`."""
    if links is None:
        return []
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise RecordError("wrong_type", f"{name}: wanted a list of links")
    return [link["url"] for link in links if isinstance(link.get("url"), str)]


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; code and models are links that the dump lists."""
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("paper_title")),
        arxiv_id=identifiers.arxiv_id(pl.col("paper_url")),
        doi=identifiers.doi(pl.col("paper_url")),
        published_on=dates.iso_day(pl.col("paper_date")),
        page_links=pl.concat_list("code_links", "model_links"),
        evidence_kind=pl.lit("link_dump"),
    )
    return Normalised(papers)


SOURCE = Source(
    title="Papers with Code evaluation tables",
    publisher="Papers with Code, `evaluation-tables.json`; since its end `pwc-archive` on Hugging Face",
    licence="CC-BY-SA-4.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "paper_title": pl.String(),
        "paper_url": pl.String(),
        "paper_date": pl.String(),
        "code_links": pl.List(pl.String()),
        "model_links": pl.List(pl.String()),
    },
    ignored=frozenset({"metrics", "model_name", "uses_additional_data"}),
    normalise=normalise,
    rejected_share=1.0,
)

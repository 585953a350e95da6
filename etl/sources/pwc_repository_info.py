"""A table made from the Papers with Code links by asking GitHub about each repository: CSV, or a JSON array of texts.

Parts were joined without their ends: a second header stands in the middle (`repeated_header`), once glued to the row
before it, which is then lost (`malformed_row`). Texts stand for what was not found (`No language detected`, `None`).
The day of the last commit is taken for that of the last push. The table does not say when it asked.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading import tables
from etl.reading.peeked import Peeked
from etl.reading.records import Record, Stream, array_items
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_object, required_text
from etl.transforms import dates, identifiers, text

_NAMES = {"paper_title", "repo_url", "mostProminentLanguage", "lastCommitDate"}
_OFFICIAL = {"true": True, "false": False}


def recognise(head: Head) -> bool:
    """Papers with repositories and what GitHub says of these."""
    return head.item.keys() >= _NAMES if head.first == b"[" else set(head.columns()) >= _NAMES


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The rows of the table, or the items of the array."""
    peeked = Peeked(stream)
    return array_items(peeked, limits) if peeked.first == b"[" else tables.rows(peeked, limits)


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper with a repository; raises RecordError without a title, and for a header among the rows."""
    found: Parsed = (
        dict(tables.cells(record, tables.columns(record.context))) if record.context else json_object(record, limits)
    )
    if found.get("paper_title") == "paper_title" and found.get("repo_url") == "repo_url":
        raise RecordError("repeated_header", "the names of the columns once more")
    required_text(found, "paper_title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the repository is a link that the table lists, its figures an observation."""
    papers = raw.select(
        "row",
        "stars",
        title=text.one_line(pl.col("paper_title")),
        arxiv_id=identifiers.arxiv_id(pl.col("paper_arxiv_id")),
        page_links=pl.concat_list("repo_url").list.drop_nulls(),
        evidence_kind=pl.lit("link_dump"),
        is_official=pl.col("is_official").replace_strict(_OFFICIAL, default=None, return_dtype=pl.Boolean),
    )
    repositories = raw.select(
        "row",
        "stars",
        cell="repo_url",
        language=text.one_line(pl.col("mostProminentLanguage").replace("No language detected", None)),
        pushed_on=dates.iso_day(pl.col("lastCommitDate")),
    )
    return Normalised(papers, repositories)


SOURCE = Source(
    title="Papers with Code links with figures of GitHub",
    publisher="`paper_repo_info.csv` and `.json`, shared on GitHub",
    licence="CC-BY-SA-4.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "paper_title": pl.String(),
        "paper_arxiv_id": pl.String(),
        "repo_url": pl.String(),
        "is_official": pl.String(),
        "mostProminentLanguage": pl.String(),
        "stars": pl.Int64(),
        "lastCommitDate": pl.String(),
    },
    ignored=frozenset(
        {
            "paper_url",
            "framework",
            "readmeUrl",
            "requirementsUrl",
            "requirementsLastCommitDate",
            "requirements",
            "contributors",
        }
    ),
    normalise=normalise,
)

"""The Papers with Code dump `links-between-papers-and-code`: an array, one object a pair of paper and repository.

The site closed in July 2025; its last dumps are kept as JSON and, by Hugging Face, as Parquet with the same columns
(https://github.com/paperswithcode/paperswithcode-data). A paper repeats with each of its repositories. It carries no
date. Where `paper_arxiv_id` is missing, the paper's address may still be at arXiv.
"""

from __future__ import annotations

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_items, json_object, required_text
from etl.transforms import identifiers, text

_NAMES = ("paper_url", "paper_title", "repo_url", "mentioned_in_paper", "mentioned_in_github")


def recognise(head: Head) -> bool:
    """Objects, or columns of Parquet, with a paper, a repository and where the one names the other."""
    if head.is_parquet:
        return all(name.encode() in head.data for name in _NAMES)
    return head.first == b"[" and head.item.keys() >= set(_NAMES)


def parse(record: Record, limits: Limits) -> Parsed:
    """One pair; raises RecordError without a title."""
    found = json_object(record, limits)
    required_text(found, "paper_title", reason="missing_title")
    return found


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; the repository is a link that the dump lists, official where the authors said so."""
    addresses = ("paper_arxiv_id", "paper_url_abs", "paper_url_pdf")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("paper_title")),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col(name)) for name in addresses),
        doi=pl.coalesce(identifiers.doi(pl.col(name)) for name in addresses[1:]),
        page_links=pl.concat_list("repo_url").list.drop_nulls(),
        evidence_kind=pl.lit("link_dump"),
        is_official=pl.col("is_official"),
    )
    return Normalised(papers)


SOURCE = Source(
    title="Papers with Code links between papers and code",
    publisher="Papers with Code, `links-between-papers-and-code.json`; since its end `pwc-archive` on Hugging Face",
    licence="CC-BY-SA-4.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=json_items,
    parse=parse,
    fields={
        "paper_title": pl.String(),
        "paper_arxiv_id": pl.String(),
        "paper_url_abs": pl.String(),
        "paper_url_pdf": pl.String(),
        "repo_url": pl.String(),
        "is_official": pl.Boolean(),
    },
    ignored=frozenset({"paper_url", "mentioned_in_paper", "mentioned_in_github", "framework"}),
    normalise=normalise,
)

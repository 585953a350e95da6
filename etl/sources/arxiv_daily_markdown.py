"""The lists of cv-arxiv-daily and its many copies: rows of markdown in JSON, `{topic: {arXiv id: row}}`.

A row is that of a table, `|**day**|**title**|Name et.al.|[id](https:…)|**[link](https:…)**|`, or of a list,
`- day, **title**, Name et.al., Paper: […](https:…), Code: **[…](https:…)**`. Copies leave the code
out, add cells (comments, citations, models) or put a summary behind the title; links in such cells are taken, other
words of them as the comment. The day is that of the version that was listed, so it is no day of publication. Of the
authors a row names the first alone. A paper stands in several topics: its repeats count as duplicates. A row without
its day or title is `malformed_row`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading.nested import member, members
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source
from etl.transforms import dates, identifiers, text

_ID = rb'"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"'
_START = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{(?:\s*"[^"\\]{0,200}"\s*:\s*\{\s*\}\s*,)*\s*"[^"\\]{0,200}"\s*:\s*\{\s*'
    + _ID
    + rb'\s*:\s*"(?:\||- )'
)
_DAY = r"\**(\d{4}-\d\d-\d\d)\**"
# Nearly every row; what it does not match is looked at part by part.
_USUAL = re.compile(
    r"\|\*\*(\d{4}-\d\d-\d\d)\*\*\|\*\*([^|*\n]+)\*\*\|([^|*\n]+) et\.al\.\|\[[^\]|]*\]\([^)\s|]*\)"
    r"\|(?:null|\*\*\[link\]\(([^)\s|]*)\)\*\*)\|\n"
)
_TABLE = re.compile(rf"\|\s*{_DAY}\s*\|\s*(.+)", re.DOTALL)
_TITLE = re.compile(r"\*\*(.+?)\*\*\s*(?:<br>[^|]*)?\|(.*)", re.DOTALL)
_LIST = re.compile(rf"-\s+{_DAY},\s+\*\*(.+?)\*\*,\s+(.*?),?\s+Paper:\s+(.*)", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]*)\)")
_AUTHOR = re.compile(r"(.*?)\s*\bet\.?\s?al\b\.?", re.DOTALL)


def recognise(head: Head) -> bool:
    """Topics whose first row has an arXiv id for its key."""
    return head.first == b"{" and bool(_START.match(head.data))


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The rows of all topics."""
    return members(stream, limits, 2)


def parse(record: Record, limits: Limits) -> Parsed:
    """One row; raises RecordError where it is none."""
    paper_id, row = member(record, limits)
    if not isinstance(row, str):
        raise RecordError("wrong_type", f"found {type(row).__name__}, wanted a row of markdown")
    if usual := _USUAL.fullmatch(row):
        day, title, author, link = usual.groups()
        return {"id": paper_id, "day": day, "title": title, "author": [author], "links": [link] if link else []}
    found = _of_table(row.strip()) or _of_list(row.strip())
    if not found:
        raise RecordError("malformed_row", "wanted a day and a title between their marks")
    return {"id": paper_id, **found}


def _of_table(row: str) -> Parsed | None:
    day = _TABLE.match(row)
    title = _TITLE.match(day[2]) if day else None
    if not day or not title:
        return None
    author, *cells = title[2].split("|")
    # The first of the cells that hold a link leads to the paper.
    links = [_LINK.findall(cell) for cell in cells]
    paper = next((place for place, found in enumerate(links) if found), None)
    others = [cell.strip(" *\n") for place, cell in enumerate(cells) if place != paper and not links[place]]
    return {
        "day": day[1],
        "title": title[1],
        "author": _author(author),
        "links": [link for place, found in enumerate(links) if place != paper for link in found],
        "comment": "; ".join(cell for cell in others if cell and cell != "null") or None,
    }


def _of_list(row: str) -> Parsed | None:
    found = _LIST.match(row)
    if not found:
        return None
    paper = _LINK.match(found[4])
    rest = found[4][paper.end() :] if paper else found[4]
    comment = _LINK.sub("", rest.replace("Code:", "")).strip(" *,\n")
    return {
        "day": found[1],
        "title": found[2],
        "author": _author(found[3]),
        "links": _LINK.findall(rest),
        "comment": comment or None,
    }


def _author(cell: str) -> list[str] | None:
    found = _AUTHOR.match(cell)
    name = (found[1] if found else cell).strip(" ,*\n")
    return [name] if name else None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; code is a link that the list names."""
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        authors=pl.col("author"),
        arxiv_id=identifiers.arxiv_id(pl.col("id")),
        updated_on=dates.iso_day(pl.col("day")),
        comment=text.one_line(pl.col("comment")),
        page_links=pl.col("links"),
        evidence_kind=pl.lit("link_dump"),
    )
    return Normalised(papers)


SOURCE = Source(
    title="arXiv by topic, as markdown",
    publisher="`cv-arxiv-daily.json` of Vincentqyw/cv-arxiv-daily on GitHub, and its copies",
    licence="Apache-2.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "id": pl.String(),
        "day": pl.String(),
        "title": pl.String(),
        "author": pl.List(pl.String()),
        "links": pl.List(pl.String()),
        "comment": pl.String(),
    },
    normalise=normalise,
)

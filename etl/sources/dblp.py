"""The dblp computer science bibliography as XML: the whole dump, a person's export, or single records.

Records are its papers: articles, papers of proceedings and collections, and theses. `proceedings` and `book` are
volumes, `data` are data sets, which often repeat the title of their paper, `www` and `person` are pages of people:
none of them is a paper, and none is cut out of the stream. Titles end in a full stop that dblp adds; names of people
who share one end in a number such as `0001`. Both are taken off. The preprints of arXiv are the journal CoRR, whose
volume is the identifier. `year` and `month` are no day, and `mdate` is that of the record, or of the dump where it
stands at the root: a paper has no dates. Links lead to publishers' pages: only DOIs and arXiv's identifiers are taken
from them, and what is neither is null. See https://dblp.org/faq/16154937.html; dblp.xml is 4 GB and more, and is read
as a stream.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from urllib.parse import unquote

import polars as pl

from etl.reading import xml
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, text

_PAPERS = ("article", "inproceedings", "incollection", "phdthesis", "mastersthesis")
_LISTS = frozenset({"author", "ee"})
_DAY = re.compile(rb"""<dblp\s[^<>]*?\bmdate\s*=\s*["'](\d{4}-\d\d-\d\d)["']""")
# dblp links to the resolvers of ACM and IEEE, too.
_RESOLVER = re.compile(r"//(?:www\.|dx\.)?doi\.[^/]+/10\.")


def recognise(head: Head) -> bool:
    """The root is the dump's, or that of a person's export."""
    return head.root in ("dblp", "dblpperson")


def observed_on(head: Head) -> dt.date | None:
    """The day of the dump, where its root says it."""
    found = _DAY.search(head.data)
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The elements that are papers."""
    return xml.elements(stream, limits, *_PAPERS)


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title. Of fields that repeat the first is kept, authors and links apart."""
    found = xml.element(record, limits)
    parsed: Parsed = dict(found.attrib)
    for child in found:
        name, value = child.tag, xml.content(child)
        if name not in _LISTS:
            parsed.setdefault(name, value)
        elif value:
            parsed.setdefault(name, []).append(value)
    required_text(parsed, "title", reason="missing_title")
    parsed["ee"], parsed["ee.arxiv"] = _identifiers(parsed.get("ee", []))
    return parsed


def _identifiers(links: list[str]) -> tuple[str | None, str | None]:
    """The first link to a DOI, and the first to arXiv."""
    doi = arxiv = None
    for link in links:
        if "arxiv" in link.lower():
            arxiv = arxiv or link
        elif not doi and _RESOLVER.search(link):
            doi = unquote(link)
    return doi, arxiv


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    volume = pl.when(pl.col("journal") == "CoRR").then(pl.col("volume").str.strip_prefix("abs/"))
    papers = raw.select(
        "row",
        title=text.without_full_stop(text.one_line(pl.col("title"))),
        authors=pl.col("author").list.eval(pl.element().str.replace(r" \d{4}$", "")),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col("ee.arxiv")), identifiers.arxiv_id(volume)),
        doi=identifiers.doi(pl.col("ee")),
        venue=text.one_line(pl.coalesce("journal", "booktitle")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="dblp computer science bibliography",
    publisher="Schloss Dagstuhl, `https://dblp.org/xml/dblp.xml.gz`",
    licence="CC0-1.0",
    priority=3,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=parse,
    fields={
        "title": pl.String(),
        "author": pl.List(pl.String()),
        "ee": pl.String(),
        "ee.arxiv": pl.String(),
        "journal": pl.String(),
        "booktitle": pl.String(),
        "volume": pl.String(),
    },
    ignored=frozenset(
        {
            "address",
            "cdate",
            "cdrom",
            "chapter",
            "cite",
            "crossref",
            "editor",
            "isbn",
            "key",
            "mdate",
            "month",
            "note",
            "number",
            "pages",
            "publisher",
            "publnr",
            "publtype",
            "rating",
            "rel",
            "reviewid",
            "school",
            "series",
            "stream",
            "url",
            "year",
        }
    ),
    normalise=normalise,
)

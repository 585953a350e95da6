r"""Lists of conference papers as Paper Copilot keeps them, one JSON array a conference and year.

https://github.com/papercopilot/paperlists. Almost every value is a text, lists in it joined by `;`, authors in older
files by commas, and in some files named all twice. Rejected and withdrawn submissions are listed as well, and kept.
The name of the conference stands in the BibTeX entry alone, if there is one, as may a DOI. Of the date only the year
is known: it is null. Scores of reviewers differ from venue to venue, and are not reported as unknown fields.

Abstracts and links were read out of PDF files. Soft hyphens, also as `(cid:173)`, are taken out of words; hyphens at
the ends of lines (`decom- position`) are left: `two- and three-way` looks the same. `Abstract Unavailable` is null. In
links `_` and `~` got lost, which LaTeX draws rather than writes: a blank inside an address was one of them; addresses
may lack `https://`. Some links are made up, which nothing in a record shows.
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_items, json_object, required_text
from etl.transforms import identifiers, text

_TELLING = {"aff", "github", "project", "bibtex", "keywords", "pdf_size", "rating", "gs_citation", "sess", "author_num"}
# What is derived from affiliations, citation counts, and statistics of reviews.
_DERIVED = re.compile(r"(?:aff|gs|wc|corr|replies|authors#)_.*|.*_avg")
_BARE_HOST = r"^(?:[\w-]+\.)+[A-Za-z]{2,}(?:/\S*)?$"


def recognise(head: Head) -> bool:
    """An array of papers with authors as text, status or track, and more of what these lists have."""
    if head.first != b"[":
        return False
    found = head.item
    author = found.get("author", found.get("authors"))
    is_listed = isinstance(found.get("title"), str) and isinstance(author, str)
    return is_listed and bool(found.keys() & {"status", "track"}) and len(found.keys() & _TELLING) > 0


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title."""
    found = json_object(record, limits)
    required_text(found, "title", reason="missing_title")
    return {name: found[name] for name in _told(tuple(found))}


@lru_cache(maxsize=1_000)
def _told(names: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that are no scores of reviews: these have an average beside them, or behind their name."""
    scores = {name.removesuffix("_avg") for name in names if name.endswith("_avg")}
    return tuple(name for name in names if name in SOURCE.fields or not (name in scores or _DERIVED.fullmatch(name)))


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns; `github` and `project` are links of the page."""
    listed = text.one_line(pl.coalesce(pl.col("author").replace("", None), pl.col("authors")))
    bibtex = pl.col("bibtex")
    papers = raw.select(
        "row",
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(_abstract(pl.col("abstract"))),
        authors=_names(listed),
        arxiv_id=pl.coalesce(identifiers.arxiv_id(pl.col("arxiv")), identifiers.arxiv_id_of_doi(pl.col("doi"))),
        doi=identifiers.doi(pl.coalesce(pl.col("doi").replace("", None), _entry(bibtex, "doi"))),
        dois=identifiers.dois(pl.coalesce(pl.col("doi").replace("", None), _entry(bibtex, "doi"))),
        venue=text.one_line(_entry(bibtex, "booktitle|journal")),
        page_links=pl.concat_list(_link(pl.col("github")), _link(pl.col("project"))).list.drop_nulls(),
    )
    return Normalised(papers)


def _abstract(found: pl.Expr) -> pl.Expr:
    """An abstract without the soft hyphens of its PDF; none where the list says that there is none."""
    whole = found.str.replace_all(r"(?:\(cid:173\)|\x{AD})\s*", "")
    return pl.when(~whole.str.contains(r"(?i)^\s*abstract unavailable\.?\s*$")).then(whole)


def _names(listed: pl.Expr) -> pl.Expr:
    """The names in a text, once where the whole list stands there twice."""
    split = pl.when(listed.str.contains(";")).then(listed.str.split(";")).otherwise(listed.str.split(", "))
    names = split.list.eval(text.one_line(pl.element())).list.drop_nulls()
    half = names.list.len() // 2
    is_twice = (half > 0) & (names.list.head(half) == names.list.tail(half)) & (names.list.len() % 2 == 0)
    return pl.when(is_twice).then(names.list.head(half)).otherwise(names)


def _entry(bibtex: pl.Expr, names: str) -> pl.Expr:
    """The field of a BibTeX entry under one of these names, braces and line breaks inside left out."""
    found = bibtex.str.extract(rf'(?s)\b(?:{names})\s*=\s*[{{"]\s*(.*?)\s*["}}]\s*,?\s*(?:\n|\}}?$)', 1)
    return found.str.replace_all(r"[{}]", "").replace("", None)


def _link(cell: pl.Expr) -> pl.Expr:
    """A cell that should hold links, with the characters that got lost."""
    pieces = text.one_line(cell).str.normalize("NFKC").str.replace_all("∼", "~").str.split(";")
    each = pl.element().str.strip_chars().str.replace_all(r"/\.?\s+", "/~").str.replace_all(r"\s+", "_")
    bare = pl.when(each.str.contains(_BARE_HOST)).then("https://" + each).otherwise(each)
    return pieces.list.eval(bare).list.join("; ").replace("", None)


SOURCE = Source(
    title="Conference lists of Paper Copilot",
    publisher="papercopilot/paperlists on GitHub",
    licence="none stated",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=json_items,
    parse=parse,
    fields={
        "title": pl.String(),
        "abstract": pl.String(),
        "author": pl.String(),
        "authors": pl.String(),
        "arxiv": pl.String(),
        "doi": pl.String(),
        "bibtex": pl.String(),
        "github": pl.String(),
        "project": pl.String(),
    },
    ignored=frozenset(
        """
        id ssid psid pid track status award session sess primary_area topic tldr keywords
        author_site authorids author_num aff email position N_author_aff_email
        site oa openreview pdf pdf_size supp supplementary_material youtube video slides poster url_paper url_sess
        metadata review metareview reviewers rating confidence correctness technical_novelty empirical_novelty
        """.split()
    ),
    normalise=normalise,
)

"""What every source's papers get: identity keys, links, statements about code and keyphrases."""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

from etl.transforms import keyphrases, links, repositories, statements, text

_HASHED = (
    "title",
    "abstract",
    "authors",
    "arxiv_id",
    "dois",
    "published_on",
    "updated_on",
    "categories",
    "venue",
    "comment",
    "page_links",
)
_COUNTS = ("upvotes", "comments", "stars")
_LISTS = ("authors", "dois", "categories", "page_links")
LINK_SCHEMA = pl.Schema(
    {
        "row": pl.Int64,
        "url": pl.String,
        "url_key": pl.String,
        "kind": pl.String,
        "repository_url": pl.String,
        "evidence": pl.String,
        "evidence_kind": pl.String,
        "char_start": pl.Int64,
        "char_end": pl.Int64,
        "confidence": pl.Float64,
        "is_official": pl.Boolean,
    }
)
# How far a field that a listing's readers fill in can be trusted.
_FIELD_CONFIDENCE = 0.9


def with_keys(papers: pl.DataFrame) -> pl.DataFrame:
    """Adds the keys of identity, `content_hash` of what is said of the paper, and `repeat_hash` with its votes too.

    `dois` are those that the source found in the cell, else the one of `doi`.
    """
    one_doi = pl.when(pl.col("doi").is_not_null()).then(pl.concat_list("doi"))
    papers = papers.with_columns(dois=pl.coalesce("dois", one_doi) if "dois" in papers.columns else one_doi)
    said = [
        (pl.col(name).list.join("\x1e", ignore_nulls=True) if name in _LISTS else pl.col(name).cast(pl.String))
        for name in _HASHED
    ]
    counts = [pl.col(name).cast(pl.String) for name in _COUNTS]
    return papers.with_columns(
        title_key=text.title_key(pl.col("title")),
        author_key=text.author_key(pl.col("authors")),
        content_hash=_joined(said, "\x1f").map_batches(_hashes, pl.String),
    ).with_columns(
        is_specific=text.is_specific(pl.col("title"), pl.col("title_key")),
        repeat_hash=_joined([pl.col("content_hash"), *counts], ":"),
    )


def _joined(parts: list[pl.Expr], separator: str) -> pl.Expr:
    return pl.concat_str([part.fill_null("") for part in parts], separator=separator)


def _hashes(texts: pl.Series) -> pl.Series:
    """A short hash of each text, which no release of a library changes."""
    # As bytes they need not be decoded and encoded again.
    values = texts.cast(pl.Binary).to_list()
    return pl.Series([blake2b(value, digest_size=16).hexdigest() for value in values], dtype=pl.String)


def found_links(papers: pl.DataFrame) -> pl.DataFrame:
    """The links of each paper, one row each: the abstract's before the comment's and those of the page's fields."""
    found = [
        *_from_texts(papers, "abstract", None),
        *_from_texts(papers, "comment", "comment"),
        *_from_fields(papers),
    ]
    rows = pl.DataFrame(found, schema=LINK_SCHEMA, orient="row")
    return rows.unique(["row", "url_key"], keep="first", maintain_order=True).sort("row", maintain_order=True)


_LinkRow = tuple[int, str, str, str, str | None, str, str, int | None, int | None, float, bool | None]


def _from_texts(papers: pl.DataFrame, column: str, evidence_kind: str | None) -> list[_LinkRow]:
    """Links in a column of text. Places are kept for the abstract alone."""
    named = papers.select("row", column).filter(pl.col(column).str.contains(links.URL_HINT))
    found: list[_LinkRow] = []
    for row, value in named.iter_rows():
        for link in links.links_in_text(value):
            target = link.target
            said = evidence_kind or link.evidence_kind
            start, end = (link.start, link.end) if evidence_kind is None else (None, None)
            where = (row, target.url, target.key, link.kind, target.repository_url)
            found.append((*where, link.evidence, said, start, end, link.confidence, link.is_official))
    return found


def _from_fields(papers: pl.DataFrame) -> list[_LinkRow]:
    cells = papers.select("row", "page_links").explode("page_links", empty_as_null=False).drop_nulls()
    found: list[_LinkRow] = []
    for row, cell in cells.iter_rows():
        evidence = " ".join(cell.split())
        for target in links.links_in_cell(cell):
            where = (row, target.url, target.key, target.kind, target.repository_url)
            found.append((*where, evidence, "page_field", None, None, _FIELD_CONFIDENCE, None))
    return found


def with_statements(papers: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Adds `statement` and `statement_sentence`: what the record's own text says about code.

    The abstract is believed before the comment. A repository that is merely used is no link to the paper's code.
    """
    is_own = (pl.col("kind") == "repository") & (pl.col("evidence_kind") != "page_field")
    linked = (
        found.filter(is_own & pl.col("is_official").fill_null(value=True))
        .unique("row", keep="first", maintain_order=True)
        .select("row", statement=pl.lit("linked"), statement_sentence=pl.col("evidence"))
    )
    known = [linked]
    for column in ("abstract", "comment"):
        known.append(_said_in(papers.select("row", text=column), pl.concat(known)))
    return papers.join(pl.concat(known), on="row", how="left", maintain_order="left").with_columns(
        pl.col("statement").fill_null("none")
    )


def _said_in(texts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What the texts of a column say about code, for the rows of which nothing is known."""
    texts = statements.candidates(texts.join(known, on="row", how="anti", maintain_order="left"))
    said = [(row, *statements.code_statement(value)) for row, value in texts.iter_rows()]
    schema = {"row": pl.Int64, "statement": pl.String, "statement_sentence": pl.String}
    return pl.DataFrame(said, schema=schema, orient="row").filter(pl.col("statement") != "none")


def found_keyphrases(papers: pl.DataFrame) -> keyphrases.Found:
    """Ranked keyphrases and definitions of each paper with `language`, see `keyphrases`."""
    return keyphrases.with_definitions(papers.select("row", "title", "abstract", "language"))


def found_repositories(said: pl.DataFrame) -> pl.DataFrame:
    """What records say of repositories, each once a record and day: `cell` names one where `repository_url` does not.

    What names none is left out.
    """
    if "cell" in said.columns:
        found = repositories.in_cells(said.get_column("cell"))
        known = [pl.col("repository_url")] if "repository_url" in said.columns else []
        said = said.with_columns(repository_url=pl.coalesce(*known, found)).drop("cell")
    one = [name for name in ("row", "repository_url", "observed_on") if name in said.columns]
    return said.drop_nulls("repository_url").unique(one, keep="first", maintain_order=True)

"""OpenAlex works: JSON lines or Parquet of the snapshot, responses of the API, single works.

https://docs.openalex.org/api-entities/works/work-object. Abstracts come as inverted indexes, word by word with their
positions; in Parquet these may be JSON inside a text, or pairs. Missing words show as `…`; an index with a position
twice, below zero or beyond any abstract is absurd, and its record rejected.

The arXiv identifier is read from the locations, and is null where these name more than one. Repositories are no
venues. Topics, concepts and keywords are OpenAlex's own guesses: categories are null. `updated_date` is the day on
which OpenAlex touched its record, not the paper's. A publication date of 1 January is null: most stand for a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from etl.errors import RecordError
from etl.reading import strict_json
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

_WORK = re.compile(r"https://openalex\.org/W\d+")
# A first work that is too long to be seen whole.
_CUT_WORK = re.compile(rb'\s*(?:\[|\{[^\[]*?"results"\s*:\s*\[)?\s*\{[^\[]*?"id"\s*:\s*"https://openalex\.org/W\d')
# No abstract is longer; places are made up to here.
_MOST_WORDS = 100_000


def recognise(head: Head) -> bool:
    """Objects whose identifier is that of a work; or an answer without any."""
    if head.is_parquet:
        return head.has_parquet_columns("abstract_inverted_index", "authorships")
    if b"openalex.org/W" in head.data:
        return bool(_WORK.match(str(head.record.get("id"))) if head.record else _CUT_WORK.match(head.data))
    meta = head.record.get("meta") if b'"db_response_time_ms"' in head.data else None
    return isinstance(meta, dict) and "db_response_time_ms" in meta and head.record.get("results") == []


def parse(record: Record, limits: Limits) -> Parsed:
    """One work; raises RecordError without title, or with an absurd abstract."""
    found = json_object(record, limits)
    required_text(found, "title", "display_name", reason="missing_title")
    said: Parsed = dict.fromkeys(found)
    said |= {name: found.get(name) for name in ("title", "display_name", "doi", "publication_date")}
    said["authorships"] = _names(found.get("authorships"))
    said["locations"] = _arxiv_urls(found)
    said["venue"] = _venue(found.get("primary_location")) or _venue(found.get("host_venue"))
    said["abstract_inverted_index"] = _abstract(found.get("abstract_inverted_index"), limits)
    return said


def _names(authorships: Any) -> list[str] | None:
    if authorships is None:
        return None
    try:
        found = ((each.get("author") or {}).get("display_name") or each.get("raw_author_name") for each in authorships)
        return [name for name in found if name]
    except (TypeError, AttributeError):
        raise RecordError("wrong_type", "authorships: wanted a list of objects with `author` inside") from None


def _arxiv_urls(found: Parsed) -> list[str]:
    """The addresses at arxiv.org of all locations."""
    locations = found.get("locations")
    each = [found.get("primary_location"), *(locations if isinstance(locations, list) else [])]
    urls = (place.get(name) for place in each if isinstance(place, dict) for name in ("landing_page_url", "pdf_url"))
    return [url for url in urls if isinstance(url, str) and "arxiv.org/" in url]


def _venue(location: object) -> str | None:
    """The journal or conference of a location, none where it is a repository."""
    if not isinstance(location, dict):
        return None
    source = location.get("source") or location
    if not isinstance(source, dict) or source.get("type") == "repository":
        return None
    name = source.get("display_name") or location.get("raw_source_name")
    return name if isinstance(name, str) else None


def _abstract(index: Any, limits: Limits) -> str | None:
    """The text that an inverted index spells; raises RecordError where it cannot be one."""
    if isinstance(index, str):
        index = strict_json.parse(index.encode(), limits) if index else None
    if not index:
        return None
    try:
        return _spelled(index.items() if isinstance(index, dict) else index, limits)
    except (TypeError, ValueError):
        raise RecordError("wrong_type", "abstract_inverted_index: wanted words with lists of positions") from None


def _spelled(index: Iterable[tuple[str, list[int]]], limits: Limits) -> str:
    """The words of an index in their order."""
    words: dict[int, str] = {}
    count = size = 0
    for word, positions in index:
        size += len(word) * len(positions)
        count += len(positions)
        if size > limits.string_bytes or count > _MOST_WORDS:
            raise RecordError("absurd_abstract", f"more than {limits.string_bytes} characters or {_MOST_WORDS} words")
        for position in positions:
            words[position] = word
    if set(map(type, words)) - {int}:
        raise TypeError
    order = sorted(words)
    if not order:
        return ""
    if len(words) < count or order[0] < 0 or order[-1] >= _MOST_WORDS:
        where = "twice" if len(words) < count else f"from {order[0]} to {order[-1]}"
        raise RecordError("absurd_abstract", f"a position is named {where}; wanted each once, below {_MOST_WORDS}")
    if order[-1] == len(order) - 1:
        return " ".join([words[position] for position in order])
    before = [-1, *order]
    pieces = [
        words[position] if position == last + 1 else f"… {words[position]}"
        for last, position in zip(before, order, strict=False)
    ]
    return " ".join(pieces)


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    named = pl.col("locations").list.eval(identifiers.arxiv_id(pl.element())).list.drop_nulls().list.unique()
    papers = raw.select(
        "row",
        title=pl.coalesce(text.one_line(text.without_marks(pl.col(name))) for name in ("title", "display_name")),
        abstract=text.paragraphs(text.without_marks(pl.col("abstract_inverted_index"))),
        authors=pl.col("authorships"),
        arxiv_id=pl.coalesce(
            identifiers.arxiv_id_of_doi(pl.col("doi")), pl.when(named.list.len() == 1).then(named.list.first())
        ),
        doi=identifiers.doi(pl.col("doi")),
        published_on=dates.told_day(pl.col("publication_date")),
        venue=text.one_line(pl.col("venue")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="OpenAlex works",
    publisher="OurResearch: the snapshot at `s3://openalex/data`, or `GET /works` of api.openalex.org",
    licence="CC0-1.0",
    priority=3,
    parser_version=2,
    recognise=recognise,
    is_by_line=is_json_lines,
    split=json_records,
    parse=parse,
    fields={
        "title": pl.String(),
        "display_name": pl.String(),
        "doi": pl.String(),
        "publication_date": pl.String(),
        "authorships": pl.List(pl.String()),
        "locations": pl.List(pl.String()),
        "venue": pl.String(),
        "abstract_inverted_index": pl.String(),
    },
    ignored=frozenset(
        """
        id ids primary_location host_venue alternate_host_venues best_oa_location locations_count
        publication_year language language_id type type_id type_crossref open_access indexed_in
        authors_count authorships_truncated countries_distinct_count institutions_distinct_count
        institution_assertions corresponding_author_ids corresponding_institution_ids
        apc_list apc_paid has_abstract has_content content_urls has_fulltext fulltext_origin fwci
        cited_by_count cited_by_percentile_year citation_normalized_percentile cited_by_api_url counts_by_year
        biblio is_retracted is_paratext is_xpac publisher doi_registration_agency
        primary_topic topics topics_count keywords concepts concepts_count mesh sustainable_development_goals
        grants awards funders referenced_works_count referenced_works related_works ngrams_url summary_stats
        relevance_score updated updated_date created_date
        """.split()
    ),
    normalise=normalise,
)

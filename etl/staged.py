"""Parsed records to staged tables: typed columns, our columns, row rules, repeats."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dataframely as dy
import polars as pl
import pyarrow as pa

from etl.schemas import STAGED, StagedPaper, StagedRepository, polars_schema
from etl.sources.base import Normalised, Source
from etl.transforms import enrich, languages

# Raised when what the records of every source get changes: all dumps are then read again.
VERSION = 2
PROVENANCE = ("dump_id", "member", "record_offset")
# What every staged table says of a record's place.
PLACE = (*PROVENANCE, "record_length", "observed_on", "position")
_INT64 = 1 << 63
# A double holds all whole numbers below this.
_EXACT = 1 << 53
# What is longer has more digits than any number of ours, and would take long to read.
_DIGITS = re.compile(r"[+-]?[0-9]{1,40}")
_LIST = pl.List(pl.String())
_LISTS: dict[pl.DataType, pa.DataType] = {
    _LIST: pa.large_list(pa.large_string()),
    pl.List(_LIST): pa.large_list(pa.large_list(pa.large_string())),
}
# What a source may say beside the columns of the table.
_EXTRA = {
    "comment": pl.String(),
    "page_links": _LIST,
    "stars": pl.Int64(),
    "evidence_kind": pl.String(),
    "is_official": pl.Boolean(),
}
_MADE = (
    "title_key",
    "is_specific",
    "author_key",
    "content_hash",
    "repeat_hash",
    "statement",
    "statement_sentence",
    "language",
)
# A dump that lists links names them on purpose; readers of a page may put anything into its fields.
_DUMP_CONFIDENCE = 0.95


@dataclass
class Staged:
    """The staged tables of some records; which of these, by number, broke a rule and why, and which are repeats."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)


def staged(
    source: Source,
    rows: Sequence[tuple[Any, ...]],
    places: pl.DataFrame,
    seen: set[str],
    with_keyphrases: bool,
) -> Staged:
    """The tables of records, each a tuple of the source's fields. `places` has a row for each: `row`, and `PLACE`.

    `seen` holds a key of each record before, and grows by these.
    """
    found = Staged()
    raw = _columns(source.fields, rows, found)
    normalised = source.normalise(raw)
    if normalised.papers is None:
        kept = _repositories(normalised, places, seen, found)
    elif normalised.repositories is None:
        kept = _papers(normalised.papers, places, seen, found, with_keyphrases)
    else:
        seen_by_papers = _observed(enrich.found_repositories(normalised.repositories), places.drop("position"))
        sound = _sound(seen_by_papers, StagedRepository, found)
        papers = normalised.papers.filter(~pl.col("row").is_in([row for row, *_ in found.broken]))
        kept = _papers(papers, places, seen, found, with_keyphrases)
        found.tables["repositories"] = sound.join(kept.select("row"), on="row", how="semi", maintain_order="left")
    del kept
    found.tables = {table: _conformed(STAGED[table], frame) for table, frame in found.tables.items()}
    return found


def _columns(fields: Mapping[str, pl.DataType], rows: Sequence[tuple[Any, ...]], found: Staged) -> pl.DataFrame:
    """The mapped fields as typed columns; records of which one has another type are broken and left out."""
    wrong: dict[int, tuple[int, str, str]] = {}
    columns = []
    for (name, dtype), values in zip(fields.items(), zip(*rows, strict=True), strict=True):
        try:
            columns.append(_series(name, values, dtype))
        except (TypeError, OverflowError, pa.ArrowException, pl.exceptions.PolarsError):
            columns.append(_series(name, _converted(name, values, dtype, wrong), dtype))
    raw = pl.DataFrame(columns).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    found.broken += [wrong[row] for row in sorted(wrong)]
    return raw.filter(~pl.col("row").is_in(list(wrong))) if wrong else raw


def _series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    if dtype in _LISTS:
        inner = itertools.chain.from_iterable(value for value in values if value) if dtype != _LIST else ()
        if str in {*map(type, values), *map(type, inner)}:
            # Arrow would take a text for a list of its characters.
            raise TypeError
        # Ten times as fast as to let Polars look at each inner list.
        return pl.Series(name, pa.array(values, type=_LISTS[dtype]))
    kinds = set(map(type, values)) if dtype.is_numeric() else set()
    if bool in kinds:
        # Polars takes true for 1.
        raise TypeError
    if dtype == pl.Int64() and str in kinds:
        # Figures of a table, which are texts all of them; anything else is looked at one by one.
        figures = pl.Series(name, values, dtype=pl.String, strict=True).str.strip_chars().replace("", None)
        return figures.str.replace_all(",", "", literal=True).str.strip_suffix(".0").cast(pl.Int64, strict=True)
    return pl.Series(name, values, dtype=dtype, strict=True)


def _converted(
    name: str, values: Sequence[Any], dtype: pl.DataType, wrong: dict[int, tuple[int, str, str]]
) -> list[Any]:
    """The values as the type wants them; those that cannot be are null, and their records wrong."""
    convert, wanted = _CONVERT[dtype]
    converted: list[Any] = []
    for row, value in enumerate(values):
        try:
            converted.append(None if value is None else convert(value))
        except OverflowError:
            wrong.setdefault(row, (row, "number_out_of_range", f"{name}: found {str(value)[:40]}"))
            converted.append(None)
        except (TypeError, ValueError):
            wrong.setdefault(row, (row, "wrong_type", f"{name}: found {type(value).__name__}, wanted {wanted}"))
            converted.append(None)
    return converted


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and abs(value) >= _EXACT:
            # Digits are lost already.
            raise OverflowError
        return str(value)
    raise TypeError


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        digits = value.replace(",", "").strip()
        value = int(digits) if _DIGITS.fullmatch(digits) else _real(digits)
    number = int(value)
    if number != value:
        raise ValueError
    if not -_INT64 <= number < _INT64:
        raise OverflowError
    return number


def _real(value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and ("_" in value or not value.isascii())):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise OverflowError
    return number


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError


def _texts(value: Any) -> list[str | None]:
    if not isinstance(value, list):
        raise TypeError
    return [None if item is None else _text(item) for item in value]


def _lists(value: Any) -> list[list[str | None]]:
    if not isinstance(value, list):
        raise TypeError
    return [_texts(item) for item in value]


# How a value of each type is made of what the JSON held, and what to say where it cannot be.
_CONVERT: dict[pl.DataType, tuple[Callable[[Any], Any], str]] = {
    pl.String(): (_text, "a text"),
    pl.Int64(): (_whole, "a whole number"),
    pl.Float64(): (_real, "a number"),
    pl.Boolean(): (_truth, "true or false"),
    _LIST: (_texts, "a list of texts"),
    pl.List(_LIST): (_lists, "a list of lists of texts"),
}


def _papers(
    described: pl.DataFrame, places: pl.DataFrame, seen: set[str], found: Staged, with_keyphrases: bool
) -> pl.DataFrame:
    """Fills in papers, links, keyphrases and definitions; returns the places of the records that are kept."""
    papers = _with_missing(described.join(places, on="row", how="left", maintain_order="left"), StagedPaper, _MADE)
    links = enrich.found_links(papers)
    papers = languages.with_language(enrich.with_statements(enrich.with_keys(papers), links))
    kept = _accepted(papers, StagedPaper, seen, found)
    where = kept.select("row", *PLACE)
    found.tables["papers"] = kept
    found.tables["links"] = _of(where, _with_evidence(links, kept))
    if with_keyphrases:
        said = enrich.found_keyphrases(kept)
        found.tables["keyphrases"] = _of(where, said.ranked)
        found.tables["definitions"] = _of(where, said.definitions)
    return where


def _with_evidence(links: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    """The links of fields with the evidence that the source says they are."""
    said = papers.filter(pl.col("evidence_kind").is_not_null()).select(
        "row", said="evidence_kind", official="is_official"
    )
    if not said.height or not links.height:
        return links
    named = links.join(said, on="row", how="left", maintain_order="left")
    is_said = (pl.col("evidence_kind") == "page_field") & pl.col("said").is_not_null()
    return named.with_columns(
        evidence_kind=pl.when(is_said).then("said").otherwise("evidence_kind"),
        is_official=pl.when(is_said).then("official").otherwise("is_official"),
        confidence=pl.when(is_said & (pl.col("said") == "link_dump")).then(_DUMP_CONFIDENCE).otherwise("confidence"),
    ).drop("said", "official")


def _repositories(normalised: Normalised, places: pl.DataFrame, seen: set[str], found: Staged) -> pl.DataFrame:
    """Fills in observations of repositories, for a source that has no papers."""
    assert normalised.repositories is not None
    given = normalised.repositories
    rows = enrich.found_repositories(given)
    unnamed = given.select("row").unique(maintain_order=True).join(rows, on="row", how="anti", maintain_order="left")
    found.broken += [(row, "missing_repository", "no field names a repository") for row in unnamed.to_series()]
    rows = _observed(rows, places)
    kept = _accepted(rows.with_columns(repeat_hash=_row_hashes(rows)), StagedRepository, seen, found)
    found.tables["repositories"] = kept
    return kept


def _observed(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Observations with the place of their record, their number in it, and the day and position that they say."""
    own = [name for name in ("observed_on", "position") if name in rows.columns and name in places.columns]
    place = places.rename({name: f"{name}_of_record" for name in own})
    rows = rows.join(place, on="row", how="left", maintain_order="left").with_columns(
        pl.coalesce(name, f"{name}_of_record").alias(name) for name in own
    )
    rows = rows.with_columns(item=pl.int_range(pl.len(), dtype=pl.Int64).over("row"))
    return _with_missing(rows, StagedRepository, ())


def _row_hashes(rows: pl.DataFrame) -> pl.Series:
    """A hash of all that each record says of repositories, its position apart."""
    said = [name for name in StagedRepository.column_names() if name not in (*PLACE, "item")]
    texts = rows.select(
        "row", said=pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in said], separator="\x1f")
    )
    whole = texts.group_by("row", maintain_order=True).agg(pl.col("said").str.join("\x1e"))
    hashes = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in whole.get_column("said")]
    by_record = whole.select("row", repeat_hash=pl.Series(hashes, dtype=pl.String))
    return rows.select("row").join(by_record, on="row", how="left", maintain_order="left").get_column("repeat_hash")


def _accepted(rows: pl.DataFrame, table: type[dy.Schema], seen: set[str], found: Staged) -> pl.DataFrame:
    """The rows of records that keep the row rules of the table, each record once a dump."""
    rows = _sound(rows, table, found)
    firsts = rows.unique("row", keep="first", maintain_order=True) if table is StagedRepository else rows
    # What is said on another day, such as in another file of an archive, is an observation of its own.
    key = pl.concat_str("dump_id", "repeat_hash", pl.col("observed_on").cast(pl.String), ignore_nulls=True)
    for row, said in zip(firsts.get_column("row"), firsts.select(key).to_series(), strict=True):
        if said in seen:
            found.repeats.append(row)
        else:
            seen.add(said)
    return rows.filter(~pl.col("row").is_in(found.repeats)) if found.repeats else rows


def _sound(rows: pl.DataFrame, table: type[dy.Schema], found: Staged) -> pl.DataFrame:
    """The rows of records that keep the row rules of the table; the others are noted as broken."""
    _, failure = table.filter(rows.select(*polars_schema(table)), cast=True)
    return _without_broken(rows, table, failure.details(), found) if len(failure) else rows


def _without_broken(rows: pl.DataFrame, table: type[dy.Schema], broken: pl.DataFrame, found: Staged) -> pl.DataFrame:
    columns = table.column_names()
    rules = [name for name in broken.columns if name not in columns and broken.schema[name] == pl.Enum]
    keys = table.primary_key()
    numbers = {key: row for row, *rest in rows.select("row", *keys).iter_rows() for key in [tuple(rest)]}
    reasons: dict[int, tuple[int, str, str]] = {}
    for details in broken.iter_rows(named=True):
        row = numbers[tuple(details[name] for name in keys)]
        rule = next(name for name in rules if details[name] == "invalid")
        reason = f"missing_{rule.partition('|')[0]}" if rule.endswith("|nullability") else rule.replace("|", "_")
        reasons.setdefault(row, (row, reason, f"the record breaks the rule {rule}"))
    found.broken += [reasons[row] for row in sorted(reasons)]
    return rows.filter(~pl.col("row").is_in(list(reasons)))


def _with_missing(rows: pl.DataFrame, table: type[dy.Schema], made: Sequence[str]) -> pl.DataFrame:
    """Adds the columns that the source does not have, as nulls; those in `made` follow later."""
    wanted = {**polars_schema(table), **(_EXTRA if table is StagedPaper else {})}
    present = {*rows.columns, *made}
    return rows.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in wanted.items() if name not in present
    )


def _of(where: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Rows found in records, with the records' place in place of the row number."""
    place = where.drop([name for name in ("observed_on", "position") if name in found.columns])
    return place.join(found, on="row", how="inner", maintain_order="left_right").drop("row")


def _conformed(table: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as the table is declared, sorted by its key; raises SchemaError or ValidationError where it is not."""
    schema = polars_schema(table)
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
    conformed = frame.with_columns(*missing).select(*schema).sort(table.primary_key(), maintain_order=True)
    return table.validate(conformed, cast=True)

"""Parsed records to staged tables: typed columns, our columns, row rules, repeats."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dataframely as dy
import polars as pl
import pyarrow as pa

from etl.schemas import STAGED, StagedPaper, StagedRepository, polars_schema
from etl.sources.base import Normalised, Parsed, Source
from etl.transforms import enrich

PROVENANCE = ("dump_id", "member", "record_offset")
# What every staged table says of a record's place.
PLACE = (*PROVENANCE, "record_length", "observed_on", "position")
_INT64 = 1 << 63
# A double holds all whole numbers below this.
_EXACT = 1 << 53
# What is longer has more digits than any number of ours, and would take long to read.
_DIGITS = re.compile(r"[+-]?[0-9]{1,40}")
_LIST = pl.List(pl.String())
# What a source may say beside the columns of the table.
_EXTRA = {
    "comment": pl.String(),
    "page_links": _LIST,
    "stars": pl.Int64(),
    "evidence_kind": pl.String(),
    "is_official": pl.Boolean(),
}
_MADE = ("title_key", "content_hash", "repeat_hash", "statement", "statement_sentence")
# A dump that lists links names them on purpose; readers of a page may put anything into its fields.
_DUMP_CONFIDENCE = 0.95


@dataclass
class Staged:
    """The staged tables of some records; which of these, by number, broke a rule and why, and which are repeats."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)


def staged(
    source: Source, parsed: Sequence[Parsed], places: pl.DataFrame, seen: set[tuple[str, str]], with_keyphrases: bool
) -> Staged:
    """The tables of parsed records. `places` has a row for each: `row`, and the columns of `PLACE`.

    `seen` holds dump and hash of the records before, and grows by these.
    """
    found = Staged()
    raw = _columns(source.fields, parsed, found)
    normalised = source.normalise(raw)
    if normalised.papers is None:
        kept = _repositories(normalised, places, seen, found)
    else:
        papers, rows = normalised.papers, None
        if normalised.repositories is not None:
            rows = enrich.found_repositories(normalised.repositories)
            papers = _without_unsound(papers, rows, places, found)
        kept = _papers(papers, places, seen, found, with_keyphrases)
        if rows is not None:
            found.tables["repositories"] = _numbered(_of(kept.drop("position"), rows))
    del kept
    found.tables = {table: _conformed(STAGED[table], frame) for table, frame in found.tables.items()}
    return found


def _columns(fields: Mapping[str, pl.DataType], parsed: Sequence[Parsed], found: Staged) -> pl.DataFrame:
    """The mapped fields as typed columns; records of which one has another type are broken and left out."""
    wrong: dict[int, tuple[int, str, str]] = {}
    columns = []
    for name, dtype in fields.items():
        values = [record.get(name) for record in parsed]
        try:
            columns.append(_series(name, values, dtype))
        except (TypeError, OverflowError, pa.ArrowException, pl.exceptions.PolarsError):
            columns.append(_series(name, _converted(name, values, dtype, wrong), dtype))
    raw = pl.DataFrame(columns).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    found.broken += [wrong[row] for row in sorted(wrong)]
    return raw.filter(~pl.col("row").is_in(list(wrong))) if wrong else raw


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    if dtype == _LIST:
        # Ten times as fast as to let Polars look at each inner list.
        arrow = pa.array(values, type=pa.large_list(pa.large_string()))
        return pl.Series(name, arrow)
    if dtype.is_numeric() and bool in set(map(type, values)):
        # Polars takes true for 1.
        raise TypeError
    return pl.Series(name, values, dtype=dtype, strict=True)


def _converted(name: str, values: list[Any], dtype: pl.DataType, wrong: dict[int, tuple[int, str, str]]) -> list[Any]:
    """The values as the type wants them; those that cannot be are null, and their records wrong."""
    convert = _CONVERT[type(dtype)]
    converted: list[Any] = []
    for row, value in enumerate(values):
        try:
            converted.append(None if value is None else convert(value))
        except OverflowError:
            wrong.setdefault(row, (row, "number_out_of_range", f"{name}: found {str(value)[:40]}"))
            converted.append(None)
        except (TypeError, ValueError):
            wanted = "a list of texts" if dtype == _LIST else _WANTED[type(dtype)]
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


_CONVERT: dict[type[pl.DataType], Callable[[Any], Any]] = {
    pl.String: _text,
    pl.Int64: _whole,
    pl.Float64: _real,
    pl.Boolean: _truth,
    pl.List: _texts,
}
_WANTED = {pl.String: "a text", pl.Int64: "a whole number", pl.Float64: "a number", pl.Boolean: "true or false"}


def _papers(
    described: pl.DataFrame, places: pl.DataFrame, seen: set[tuple[str, str]], found: Staged, with_keyphrases: bool
) -> pl.DataFrame:
    """Fills in papers, links and keyphrases; returns the places of the records that are kept."""
    papers = _with_missing(described.join(places, on="row", how="left", maintain_order="left"), StagedPaper, _MADE)
    links = enrich.found_links(papers)
    papers = enrich.with_statements(enrich.with_keys(papers), links)
    kept = _accepted(papers, StagedPaper, seen, found)
    where = kept.select("row", *PLACE)
    found.tables["papers"] = kept
    found.tables["links"] = _of(where, _with_evidence(links, kept))
    if with_keyphrases:
        found.tables["keyphrases"] = _of(where, enrich.found_keyphrases(kept))
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


def _repositories(
    normalised: Normalised, places: pl.DataFrame, seen: set[tuple[str, str]], found: Staged
) -> pl.DataFrame:
    """Fills in observations of repositories, for a source that has no papers."""
    assert normalised.repositories is not None
    given = normalised.repositories
    rows = enrich.found_repositories(given)
    unnamed = given.select("row").unique(maintain_order=True).join(rows, on="row", how="anti", maintain_order="left")
    found.broken += [(row, "missing_repository", "no field names a repository") for row in unnamed.to_series()]
    rows = _placed(rows, places)
    kept = _accepted(rows.with_columns(repeat_hash=_row_hashes(rows)), StagedRepository, seen, found)
    found.tables["repositories"] = kept
    return kept


def _placed(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Observations of repositories as the table has them. What a row says of its own place counts."""
    own = [name for name in ("observed_on", "position") if name in rows.columns]
    place = places.rename({name: f"{name}_of_record" for name in own})
    rows = rows.join(place, on="row", how="left", maintain_order="left").with_columns(
        pl.coalesce(name, f"{name}_of_record").alias(name) for name in own
    )
    return _with_missing(_numbered(rows), StagedRepository, ())


def _without_unsound(papers: pl.DataFrame, rows: pl.DataFrame, places: pl.DataFrame, found: Staged) -> pl.DataFrame:
    """The papers without those whose record breaks a rule with what it says of repositories."""
    placed, before = _placed(rows, places), len(found.broken)
    _, failure = StagedRepository.filter(placed.select(*polars_schema(StagedRepository)), cast=True)
    if len(failure):
        _without_broken(placed, StagedRepository, failure.details(), found)
    broken = [row for row, _, _ in found.broken[before:]]
    return papers.filter(~pl.col("row").is_in(broken)) if broken else papers


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `item`, the number of each row within its record."""
    key = "row" if "row" in rows.columns else PROVENANCE
    return rows.with_columns(item=pl.int_range(pl.len(), dtype=pl.Int64).over(key))


def _row_hashes(rows: pl.DataFrame) -> pl.Series:
    """A hash of all that each record says of repositories, its position apart."""
    said = [name for name in StagedRepository.column_names() if name not in (*PLACE, "item")]
    texts = rows.select(
        "row", said=pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in said], separator="\x1f")
    )
    whole = texts.with_columns(pl.col("said").str.join("\x1e").over("row")).get_column("said")
    return pl.Series("repeat_hash", [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in whole])


def _accepted(rows: pl.DataFrame, table: type[dy.Schema], seen: set[tuple[str, str]], found: Staged) -> pl.DataFrame:
    """The rows of records that keep the row rules of the table, each record once a dump."""
    _, failure = table.filter(rows.select(*polars_schema(table)), cast=True)
    if len(failure):
        rows = _without_broken(rows, table, failure.details(), found)
    firsts = rows.select("row", "dump_id", "repeat_hash").unique("row", keep="first", maintain_order=True)
    for row, *key in firsts.iter_rows():
        if tuple(key) in seen:
            found.repeats.append(row)
        else:
            seen.add((key[0], key[1]))
    return rows.filter(~pl.col("row").is_in(found.repeats)) if found.repeats else rows


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

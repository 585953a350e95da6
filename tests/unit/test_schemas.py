from __future__ import annotations

import datetime as dt
import json

import duckdb
import polars as pl
import pytest

from etl.schemas import CORE, STAGED, Rejected, StagedPaper, description, duckdb_ddl, duckdb_type, polars_schema
from etl.settings import EXPECTATIONS

TABLES = {**{f"staged.{name}": table for name, table in STAGED.items()}, "staged.rejected": Rejected, **CORE}
VALUES = {
    pl.String: "text",
    pl.Int64: 1,
    pl.Float64: 0.5,
    pl.Boolean: True,
    pl.Date: dt.date(2025, 6, 10),
    pl.Datetime: dt.datetime(2025, 6, 10, 12),
    pl.List: ["one", "two"],
}


def value(dtype: pl.DataType) -> object:
    return dtype.categories[0] if isinstance(dtype, pl.Enum) else VALUES[dtype.base_type()]


@pytest.mark.parametrize("name", TABLES)
def test_the_ddl_holds_the_declared_types(name: str) -> None:
    table = TABLES[name]
    wanted = polars_schema(table)
    frame = pl.DataFrame([{column: value(dtype) for column, dtype in wanted.items()}], schema=wanted)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA {name.split('.')[0]}")
        connection.execute(duckdb_ddl(name, table))
        connection.register("given", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
        found = connection.sql(f"SELECT * FROM {name}").pl()
        for column, definition in table.columns().items():
            if not definition.nullable:
                with pytest.raises(duckdb.ConstraintException):
                    connection.execute(f'UPDATE {name} SET "{column}" = NULL')
    texts = {column: pl.String() if isinstance(dtype, pl.Enum) else dtype for column, dtype in wanted.items()}
    assert found.schema == texts
    assert found.equals(frame.cast(texts))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_and_column_says_what_it_is(name: str) -> None:
    table = TABLES[name]
    assert len(description(table)) > 20
    assert [name for name, column in table.columns().items() if not column.description] == []
    assert table.primary_key()


def test_a_type_that_no_table_uses_has_no_ddl() -> None:
    with pytest.raises(KeyError):
        duckdb_type(pl.Duration())


@pytest.mark.parametrize("path", sorted(EXPECTATIONS.glob("*.json")), ids=lambda path: path.stem)
def test_no_expectation_repeats_what_the_schema_says(path: object) -> None:
    entries = json.loads(path.read_text(encoding="utf-8"))["expectations"]  # type: ignore[attr-defined]
    table = STAGED[path.stem]  # type: ignore[attr-defined]
    required = {name for name, column in table.columns().items() if not column.nullable}
    for entry in entries:
        is_null_check = entry["type"] == "expect_column_values_to_not_be_null"
        assert not (is_null_check and entry["kwargs"]["column"] in required)
        assert entry["type"] != "expect_column_to_exist"
        assert {"severity", "notes"} <= entry.keys()


@pytest.mark.parametrize(
    ("column", "broken", "rule"),
    [
        ("title", "", "missing_title"),
        ("title", "x" * 2_001, "title_too_long"),
        ("arxiv_id", "2506.1", "arxiv_id"),
        ("doi", "11.1/x", "doi"),
        ("upvotes", -1, "upvotes"),
        ("position", 0, "position"),
        ("dump_id", None, "dump_id"),
    ],
)
def test_row_rules_name_what_is_broken(column: str, broken: object, rule: str) -> None:
    wanted = polars_schema(StagedPaper)
    sound: dict[str, object] = {name: value(dtype) for name, dtype in wanted.items()}
    sound |= {"arxiv_id": "2506.00001", "doi": "10.5555/x"}
    rows = [sound, sound | {"record_offset": 2, column: broken}]
    good, failure = StagedPaper.filter(pl.DataFrame(rows, schema=wanted), cast=True)
    assert good.height == 1
    assert [name.split("|")[0] for name in failure.counts()] == [rule]

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from etl import queries
from etl.errors import GrainError, SqlFileError
from etl.settings import SQL

Make = Callable[..., queries.Query]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def query(tmp_path: Path) -> Make:
    def make(text: str, head: str = "-- Rows.\n-- grain: a\n") -> queries.Query:
        folder = tmp_path / "marts"
        folder.mkdir(exist_ok=True)
        (folder / "made.sql").write_text(head + text, encoding="utf-8")
        return queries.read("marts", "mart", tmp_path)[0]

    return make


def test_a_head_says_what_the_table_is(query: Make) -> None:
    head = (
        "-- Rain by day.\n-- grain: day, place\n-- formats: csv, atom\n"
        "-- rows: touched\n-- day: the day\n-- table: x.y\n"
    )
    found = query("SELECT 1 AS day, 2 AS place;", head)
    assert (found.table, found.description, found.grain) == ("x.y", "Rain by day.", ("day", "place"))
    assert (found.formats, found.is_touched, found.columns) == (("csv", "atom"), True, {"day": "the day"})
    assert query("SELECT 1 AS a").table == "mart.made"


@pytest.mark.parametrize("head", ["", "-- grain: a\n", "-- Rows.\n", "-- Rows.\n-- a: column\n"])
def test_a_head_without_description_or_grain_is_refused(head: str, query: Make) -> None:
    with pytest.raises(SqlFileError, match=r"made\.sql"):
        query("SELECT 1 AS a", head)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT a FROM core.papers", {"core.papers"}),
        ("SELECT a FROM core.papers AS p JOIN mart.x USING (a)", {"core.papers", "mart.x"}),
        ("WITH c AS (SELECT a FROM core.papers) SELECT a FROM c", {"core.papers"}),
        ("SELECT a FROM (SELECT a FROM mart.x WHERE a IN (SELECT b FROM mart.y))", {"mart.x", "mart.y"}),
        ("SELECT a FROM mart.x UNION ALL SELECT a FROM mart.y", {"mart.x", "mart.y"}),
        ("SELECT (SELECT max(a) FROM mart.x) AS a", {"mart.x"}),
        ("SELECT a FROM mart.x EXCEPT SELECT a FROM core.papers", {"mart.x", "core.papers"}),
        ("SELECT 'core.papers' AS a", set()),
        ("SELECT 1 AS a -- FROM core.papers", set()),
    ],
)
def test_references_come_from_the_parse_tree(
    text: str, wanted: set[str], query: Make, connection: duckdb.DuckDBPyConnection
) -> None:
    assert queries.references(connection, query(text)) == wanted


@pytest.mark.parametrize(
    "text", ["SELECT a FROM papers", "WITH c AS (SELECT 1 AS a) SELECT a FROM c JOIN papers USING (a)"]
)
def test_a_table_without_its_schema_is_refused(text: str, query: Make, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SqlFileError, match="papers"):
        queries.references(connection, query(text))


@pytest.mark.parametrize(
    "text", ["CREATE TABLE x AS SELECT 1", "DROP TABLE core.papers", "SELEC 1", "SELECT 1; DROP TABLE core.papers"]
)
def test_only_a_select_is_a_query(text: str, query: Make, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SqlFileError):
        queries.references(connection, query(text))


def test_tables_come_after_those_they_read() -> None:
    needs = {"mart.c": ["mart.b", "core.x"], "mart.b": ["mart.a"], "mart.a": ["core.x"], "mart.d": ["mart.a", "mart.c"]}
    order = queries.in_order(needs)
    assert sorted(order) == sorted(needs)
    for table, read in needs.items():
        assert all(order.index(name) < order.index(table) for name in read if name in needs)


@pytest.mark.parametrize(
    "needs", [{"mart.a": ["mart.a"]}, {"mart.a": ["mart.b"], "mart.b": ["mart.c"], "mart.c": ["mart.a"]}]
)
def test_a_circle_is_refused_by_name(needs: dict[str, list[str]]) -> None:
    with pytest.raises(SqlFileError, match=r"mart\.a"):
        queries.in_order(needs)


@pytest.mark.parametrize(
    ("rows", "repeated"),
    [("(1, 'x'), (1, 'y'), (2, 'x')", 0), ("(1, 'x'), (1, 'x')", 1), ("(1, 'x'), (1, NULL)", 1), ("(NULL, NULL)", 1)],
)
def test_the_grain_is_proven(rows: str, repeated: int, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE SCHEMA mart; CREATE TABLE mart.t AS SELECT * FROM (VALUES {rows}) AS v (a, b)")
    if not repeated:
        queries.prove_grain(connection, "mart.t", ("a", "b"))
        return
    with pytest.raises(GrainError, match=r"mart\.t.*a, b"):
        queries.prove_grain(connection, "mart.t", ("a", "b"))


@pytest.mark.parametrize("path", sorted(SQL.glob("*/*.sql")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_sql_files_keep_the_rules_of_their_folder(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    if path.parent.name == "macros":
        connection.execute(path.read_text(encoding="utf-8"))
        return
    if path.parent.name == "examples":
        pytest.skip("examples have no head")
    schema = {"marts": "mart", "feeds": "feed", "dashboard": "page", "digests": "digest"}.get(path.parent.name, "core")
    (found,) = [one for one in queries.read(path.parent.name, schema) if one.path == path]
    reads = queries.references(connection, found) - {found.table}
    assert reads or "FROM" not in found.text or "FROM duckdb_tables()" in found.text
    assert "now()" not in found.text.lower()
    assert "current_date" not in found.text.lower()

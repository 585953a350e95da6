"""The files of `sql/`: their heads, the tables that they read, and the order in which they can be run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import orjson

from etl.errors import GrainError, SqlFileError
from etl.settings import SQL

# What a query file can be at fault for; a full disk is not among it.
FAULTS = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)

TOUCHED = ("paper_id", "work.touched")
_FACT = re.compile(r"^-- ([a-z][a-z0-9_]*): (.+)$")


@dataclass(frozen=True)
class Query:
    """One SELECT that makes one table, and what its head says."""

    table: str
    text: str
    description: str
    grain: tuple[str, ...]
    path: Path
    rows: tuple[str, str] | None = None
    """A column and the table that holds its values: the query yields only rows of these. None where it yields all."""
    is_stored: bool = True
    is_published: bool = True
    formats: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def is_touched(self) -> bool:
        """Whether it yields only rows of touched papers."""
        return self.rows == TOUCHED


def read(folder: str, schema: str, root: Path = SQL) -> list[Query]:
    """The queries of one folder, by name; raises SqlFileError for a head without description or grain."""
    return [_query(path, schema) for path in sorted((root / folder).glob("*.sql"))]


def _query(path: Path, schema: str) -> Query:
    text = path.read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("--")]
    said = {match[1]: match[2] for line in head[1:] if (match := _FACT.match(line))}
    grain = said.pop("grain", None)
    if not head or _FACT.match(head[0]) or not grain:
        raise SqlFileError(str(path), "wanted a head of `-- what the rows are` and `-- grain: columns`")
    return Query(
        table=said.pop("table", f"{schema}.{path.stem}"),
        text=text.strip().rstrip(";"),
        description=head[0].removeprefix("--").strip(),
        grain=tuple(column.strip() for column in grain.split(",")),
        path=path,
        is_stored=said.pop("stored", "yes") != "no",
        is_published=said.pop("published", "yes") != "no",
        rows=_rows(path, said.pop("rows", None)),
        formats=tuple(name.strip() for name in said.pop("formats", "").split(",") if name.strip()),
        columns=said,
    )


def _rows(path: Path, said: str | None) -> tuple[str, str] | None:
    """Which rows a query yields: `touched` is short for `paper_id in work.touched`."""
    if said is None:
        return None
    column, word, table = (" in ".join(TOUCHED) if said == "touched" else said).partition(" in ")
    if not word or not table.startswith("work."):
        raise SqlFileError(str(path), f"wanted `-- rows: touched` or `-- rows: column in work.table`, found {said!r}")
    return column, table


def define_macros(connection: duckdb.DuckDBPyConnection, root: Path = SQL, kind: str = "MACRO") -> None:
    """Creates the macros of `sql/macros/`; of kind `TEMP MACRO` also where the database is read-only."""
    for path in sorted((root / "macros").glob("*.sql")):
        try:
            connection.execute(path.read_text(encoding="utf-8").replace("REPLACE MACRO", f"REPLACE {kind}"))
        except FAULTS as error:
            raise SqlFileError(str(path), str(error).splitlines()[0]) from None


def references(connection: duckdb.DuckDBPyConnection, query: Query) -> set[str]:
    """The tables that a query reads, each with its schema; raises SqlFileError where it is not one SELECT."""
    found = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query.text]).fetchall()
    tree = orjson.loads(found[0][0])
    if tree.get("error"):
        raise SqlFileError(str(query.path), str(tree.get("error_message")))
    named: set[str] = set()
    common: set[str] = set()
    _walk(tree, named, common)
    bare = sorted(name for name in named if "." not in name and name not in common)
    if bare:
        raise SqlFileError(str(query.path), f"table {bare[0]!r} is named without its schema")
    return {name for name in named if "." in name}


def _walk(node: Any, named: set[str], common: set[str]) -> None:
    if isinstance(node, list):
        for child in node:
            _walk(child, named, common)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            schema, table = node.get("schema_name"), node.get("table_name")
            named.add(f"{schema}.{table}" if schema else str(table))
        common.update(entry["key"] for entry in (node.get("cte_map") or {}).get("map", []))
        for child in node.values():
            _walk(child, named, common)


def in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Tables so that each comes after those it reads; raises SqlFileError for a circle."""
    graph = {table: sorted(name for name in read if name in needs) for table, read in sorted(needs.items())}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise SqlFileError("sql", f"tables read each other in a circle: {' → '.join(error.args[1])}") from None


def prove_grain(connection: duckdb.DuckDBPyConnection, table: str, grain: Sequence[str]) -> None:
    """Raises GrainError where rows of a table repeat its grain or leave it null."""
    columns = ", ".join(f'"{column}"' for column in grain)
    missing = " OR ".join(f'"{column}" IS NULL' for column in grain)
    try:
        rows, distinct, nulls = connection.execute(
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {table})), "
            f"count(*) FILTER ({missing}) FROM {table}"
        ).fetchall()[0]
    except FAULTS as error:
        raise SqlFileError(table, f"its grain names what it does not select: {str(error).splitlines()[0]}") from None
    if rows != distinct or nulls:
        raise GrainError(table, tuple(grain), rows - distinct + nulls)

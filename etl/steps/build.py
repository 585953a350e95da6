"""Builds schema `mart` from `core`: the SELECTs of `sql/marts/` and the marts in Python, ordered by references."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from etl import database, ledger, marts, queries, schemas, storage, transforms
from etl.errors import SqlFileError
from etl.queries import Query
from etl.settings import SQL, Settings
from etl.steps import revisions

Progress = Callable[[int], None]

# What a build without readers begins with.
create_published = revisions.create_published


@dataclass(frozen=True)
class Built:
    """The tables that a build made, in order; none when nothing was due."""

    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One table to build: what it reads and how its rows are made."""

    table: str
    needs: frozenset[str]
    grain: tuple[str, ...]
    description: str
    columns: Mapping[str, str]
    make: Callable[[duckdb.DuckDBPyConnection], None]
    is_stored: bool = True


def build(settings: Settings) -> Built:
    """Makes all marts anew when `core` or a query has changed since the last build."""
    with database.connect(
        settings.database,
        folders=[settings.scratch, settings.published, settings.state],
        memory_limit=settings.memory_limit,
        scratch=settings.scratch,
    ) as connection:
        queries.define_macros(connection)
        connection.execute("CREATE TABLE IF NOT EXISTS work.built (state VARCHAR)")
        state = f"{_one(connection, 'SELECT coalesce(max(version), 0) FROM work.version')} {fingerprint()}"
        if state == _one(connection, "SELECT coalesce(max(state), '') FROM work.built"):
            return Built()
        # A table at a time: about tables of its own transaction DuckDB knows too little to join them well. Readers see
        # none of it before it is published, and an interrupted build is due again.
        connection.execute("DELETE FROM work.built")
        revisions.take_published(settings, connection)
        built = build_all(connection)
        _write_reports(settings, connection)
        connection.execute("INSERT INTO work.built VALUES (?)", [state])
        return built


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    return connection.execute(sql).fetchall()[0][0]


def fingerprint(root: Path = SQL) -> str:
    """Changes when a query, a macro, a mart in Python or a transform that it may use does."""
    folders = [Path(marts.__file__).parent, Path(transforms.__file__).parent]
    files = [*sorted(root.rglob("*.sql")), *(path for folder in folders for path in sorted(folder.glob("*.py")))]
    return hashlib.sha256(b"\x00".join(path.read_bytes() for path in files)).hexdigest()[:16]


def build_all(connection: duckdb.DuckDBPyConnection) -> Built:
    """All marts on whatever `core` the connection has; proves the grain of every table.

    What is not stored is a view on proven tables: `publish` writes its rows, and nobody before that needs them written.
    """
    steps = {step.table: step for step in (*_sql_steps(connection), *_python_steps(connection))}
    order = queries.in_order({table: step.needs for table, step in steps.items()})
    for table in order:
        step = steps[table]
        _drop(connection, table)
        step.make(connection)
        if step.is_stored:
            queries.prove_grain(connection, table, step.grain)
        _comment(connection, step)
    _drop_others(connection, set(order))
    return Built(tuple(order))


def _sql_steps(connection: duckdb.DuckDBPyConnection) -> Iterable[Step]:
    for query in queries.read("marts", "mart"):
        needs = frozenset(queries.references(connection, query))
        maker = _maker(query)
        yield Step(query.table, needs, query.grain, query.description, query.columns, maker, query.is_stored)


def _maker(query: Query) -> Callable[[duckdb.DuckDBPyConnection], None]:
    def make(connection: duckdb.DuckDBPyConnection) -> None:
        try:
            kind = "TABLE" if query.is_stored else "VIEW"
            connection.execute(f"CREATE {kind} {query.table} AS {query.text}")
        except queries.FAULTS as error:
            raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None

    return make


def _python_steps(connection: duckdb.DuckDBPyConnection) -> Iterable[Step]:
    for name in marts.names():
        mart = marts.load(name)
        path = Path(marts.__file__).parent / f"{name}.py"
        needs: set[str] = set()
        for text in mart.inputs.values():
            needs |= queries.references(connection, Query(f"mart.{name}", text, "", (), path))
        columns = {column: definition.description or "" for column, definition in mart.schema.columns().items()}
        yield Step(
            f"mart.{name}",
            frozenset(needs),
            tuple(mart.schema.primary_key()),
            schemas.description(mart.schema),
            columns,
            _computer(name),
        )


def _computer(name: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
    def make(connection: duckdb.DuckDBPyConnection) -> None:
        mart = marts.load(name)
        frames = {key: connection.sql(text).pl() for key, text in mart.inputs.items()}
        computed = mart.schema.validate(mart.compute(frames), cast=True).sort(*mart.schema.primary_key())
        connection.register("computed", computed.to_arrow(compat_level=pl.CompatLevel.oldest()))
        columns = ", ".join(
            f'"{column}"::{schemas.duckdb_type(dtype)} AS "{column}"' for column, dtype in computed.schema.items()
        )
        connection.execute(f"CREATE TABLE mart.{name} AS SELECT {columns} FROM computed")
        connection.unregister("computed")

    return make


def _comment(connection: duckdb.DuckDBPyConnection, step: Step) -> None:
    kind = "TABLE" if step.is_stored else "VIEW"
    connection.execute(f"COMMENT ON {kind} {step.table} IS {database.quoted(step.description)}")
    for column, said in step.columns.items():
        connection.execute(f'COMMENT ON COLUMN {step.table}."{column}" IS {database.quoted(said)}')


_KINDS = """
SELECT schema_name || '.' || table_name AS name, 'TABLE' AS kind FROM duckdb_tables()
UNION ALL
SELECT schema_name || '.' || view_name AS name, 'VIEW' AS kind FROM duckdb_views() WHERE NOT internal
"""


def _drop(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Removes a table or view, whichever it is; an earlier release may have made the other of the two."""
    for (kind,) in connection.execute(f"SELECT kind FROM ({_KINDS}) WHERE name = ?", [table]).fetchall():
        connection.execute(f"DROP {kind} {table}")


def _drop_others(connection: duckdb.DuckDBPyConnection, wanted: set[str]) -> None:
    """A mart whose file is gone is no mart."""
    for (name,) in connection.execute(f"SELECT name FROM ({_KINDS}) WHERE starts_with(name, 'mart.')").fetchall():
        if name not in wanted:
            _drop(connection, name)


def _write_reports(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """`ops.runs` and `ops.validations`, from the journal and the reports."""
    runs = storage.read_lines(settings.reports / "runs.jsonl")
    validations = [
        {"batch_id": commit.batch_id, **result}
        for commit in ledger.commits(settings)
        if (report := ledger.read_report(settings, commit.batch_id))
        for result in report.results
    ]
    for name, rows in (("ops.runs", runs), ("ops.validations", validations)):
        table = schemas.CORE[name]
        frame = pl.DataFrame(rows, schema=_as_read(table), orient="row").unique(
            table.primary_key(), keep="last", maintain_order=True
        )
        connection.register("rows", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        connection.execute(f"DELETE FROM {name}")
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM rows")
        connection.unregister("rows")


def _as_read(table: type[dy.Schema]) -> dict[str, pl.DataType]:
    """The types as JSON holds them: times are texts."""
    return {
        name: pl.String() if dtype == pl.Datetime else dtype for name, dtype in schemas.polars_schema(table).items()
    }

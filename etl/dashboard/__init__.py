"""The dashboard: a static page in the published folder, and the files of figures that it loads one at a time.

Its figures are the SELECTs of `sql/dashboard/` on the published database: the page says what the database says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from etl import database, queries, storage
from etl.dashboard import chunks, page
from etl.errors import SqlFileError
from etl.queries import Query

FOLDER = "dashboard"
FILES = "files.json"
LAYOUT = "dashboard 1"
# Kinds of files, beside Python and SQL, that the page is made of.
SUFFIXES = page.SUFFIXES
_MEMORY = "400MB"
_BATCH_ROWS = 50_000


def write(published: Path) -> list[tuple[Path, int]]:
    """Adds the page to a folder that holds `papers.duckdb`. Returns its files; the rows of all stand beside `FILES`.

    The same database and release give the same bytes.
    """
    folder = published / FOLDER
    aside, spilt = folder / "data" / "aside", folder / "spilt"
    with (
        page.bundling() as charts,
        database.connect(published / "papers.duckdb", read_only=True, memory_limit=_MEMORY, scratch=spilt) as reading,
    ):
        with chunks.Writer(aside) as writer:
            rows = sum(_write_table(writer, query, relation) for query, relation in tables(reading))
            files = writer.finish()
        data = aside.rename(aside.with_name(page.named_after(files)))
        entrance = page.write(folder, f"data/{data.name}/", charts())
    storage.clear(spilt)
    listed = _listed(folder)
    (folder / FILES).write_bytes(storage.json_bytes(listed))
    return [*{entrance: 0, **{folder / str(file["path"]): 0 for file in listed}, folder / FILES: rows}.items()]


def _listed(folder: Path) -> list[dict[str, str | int]]:
    return [
        {"path": str(path.relative_to(folder)), "sha256": storage.sha256(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def tables(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Query, duckdb.DuckDBPyRelation]]:
    """The tables of the page with their rows, sorted by their grain; raises SqlFileError.

    What others read is made first: tables of the page in `page`, steps on the way in `aside`, both in memory alone.
    """
    queries.define_macros(connection)
    for name in ("page", "aside"):
        connection.execute(f"ATTACH ':memory:' AS {name} (READ_WRITE)")
    found = {query.table: query for query in queries.read("dashboard", "page")}
    needs = {table: queries.references(connection, query) for table, query in found.items()}
    for table in queries.in_order(needs):
        query = found[table]
        is_read = any(table in read for read in needs.values())
        try:
            relation = connection.sql(_made(connection, query) if is_read else query.text)
        except queries.FAULTS as error:
            raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None
        if list(query.columns) != relation.columns:
            raise SqlFileError(
                str(query.path), f"its head names {', '.join(query.columns)}, it selects {', '.join(relation.columns)}"
            )
        if table.startswith("page."):
            yield query, relation


def _made(connection: duckdb.DuckDBPyConnection, query: Query) -> str:
    connection.execute(f"CREATE TABLE {query.table} AS {query.text}")
    return f"SELECT * FROM {query.table} ORDER BY {', '.join(query.grain)}"


def _write_table(writer: chunks.Writer, query: Query, relation: duckdb.DuckDBPyRelation) -> int:
    table = chunks.Table(query.path.stem, query.grain, query.description, query.columns)
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    empty = pl.DataFrame(pl.from_arrow(reader.schema.empty_table()))
    return writer.add(table, empty, (pl.DataFrame(pl.from_arrow(batch)) for batch in reader))

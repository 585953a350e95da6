"""Writes the pages that follow from the code: `warehouse/README.md`, the data dictionary, and `docs/sources.md`.

`python docs/make_docs.py` writes them, `--check` only says whether they are fresh. The same code gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc
from pathlib import Path

import dataframely as dy
import duckdb

from etl import database, marts, queries, schemas, sources
from etl.sources.base import Source
from etl.steps import build, load

PROJECT = Path(__file__).resolve().parents[1]
BY_MAKE = "<!-- Written by `make docs` from the code: change it there. -->"

WAREHOUSE = """\
# Warehouse

{by_make}

A warehouse made by `make run` lies in this folder; git keeps nothing of it but this page.

| here | what it is |
|---|---|
| `current/` | link to the snapshot that readers use; open `current/papers.duckdb` read-only with any DuckDB {duckdb} |
| `published/` | the last snapshots: `papers.duckdb`, `tables/*.parquet`, `feeds/`, `dashboard/` and `manifest.json` |
| `as_of/` | the same for a day that somebody asked for by `etl build --as-of`, as it was known then |
| `inbox/` | files put here are brought in by `etl ingest` and by the DAG |
| `raw/` | dumps as received, named by their sha256, and beside each its deliveries |
| `state/` | what no dump says: withdrawals, published revisions, alerts, names of feed entries |
| `staging/`, `rejected/` | normalised and rejected records as Parquet, by batch |
| `backtest/` | the page and the figures of the last `etl backtest` |
| `reports/` | what validation found, and `runs.jsonl`, the journal |
| `working.duckdb` | where `load` and `build` work; not for readers |

Everything but `raw/` and `state/` can be deleted: `etl run` makes it again, with the same content.

The database says the same of its tables: `SELECT table_name, comment FROM duckdb_tables()`, and `duckdb_columns()`.

## Tables

| table | a row is | one for each |
|---|---|---|
{tables}

Under `one for each` stand the columns that identify a row; `etl build` proves that the marts keep to them.

{details}## Feeds

In `feeds/` of each snapshot.

| feed | formats | a row is |
|---|---|---|
{feeds}
"""

SOURCES = """\
# Sources

{by_make}

A dump is recognised by its content, never by its name. Compressed files (gzip, bzip2, xz, zstd) and archives (zip, tar)
are opened as they are. What no source recognises is kept, and read as soon as one does; until then it is refused.

Where sources disagree about a paper, a record with an abstract wins, then the source that is believed first, then the
later observation. The day of a listing comes from `--observed-on`, else the content, else the name, else the file's
date.

| source | what it is | believed | licence | ranks papers |
|---|---|---|---|---|
{sources}

Every field of a record is mapped, or ignored by name; `etl normalise` reports any other once a dump.

{details}A source is one file in `etl/sources/`; see [CONTRIBUTING.md](../CONTRIBUTING.md) to add one.
"""


@dataclass(frozen=True)
class Column:
    """One line of a table's dictionary. Of a SELECT's column nobody declares whether it may be null."""

    name: str
    type: str
    may_be_null: bool | None
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table: what its rows are, what identifies them, and its columns in order."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]


def main() -> int:
    """Writes the pages, or with `--check` names those that are not what the code says; 1 when there is one."""
    pages = {PROJECT / "warehouse" / "README.md": warehouse_page(), PROJECT / "docs" / "sources.md": sources_page()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    is_check = sys.argv[1:] == ["--check"]
    for path in stale:
        name = path.relative_to(PROJECT)
        if is_check:
            sys.stderr.write(f"{name}: not what the code says; run `make docs`\n")
        else:
            path.write_text(pages[path], encoding="utf-8")
            sys.stdout.write(f"{name}: written\n")
    return int(is_check and bool(stale))


def warehouse_page() -> str:
    """The data dictionary."""
    declared = (declared_table(name, schema) for name, schema in schemas.CORE.items())
    tables = sorted([*declared, *mart_tables()], key=lambda table: table.name)
    feeds = queries.read("feeds", "feed")
    return WAREHOUSE.format(
        by_make=BY_MAKE,
        duckdb=f"{duckdb.__version__.partition('.')[0]}.x",
        tables=rows((f"[`{table.name}`](#{anchor(table)})", table.description, codes(table.grain)) for table in tables),
        details="".join(table_section(table) for table in tables),
        feeds=rows((f"`{feed.path.stem}`", codes(feed.formats), feed.description) for feed in feeds),
    )


def anchor(table: Table) -> str:
    """Where a heading with the table's name is found on the page."""
    return table.name.replace(".", "")


def table_section(table: Table) -> str:
    """One table and all its columns."""
    head = f"### {table.name}\n\n{table.description}\n\n"
    if any(column.may_be_null is None for column in table.columns):
        columns = rows((f"`{column.name}`", column.type, column.meaning) for column in table.columns)
        return f"{head}| column | type | meaning |\n|---|---|---|\n{columns}\n\n"
    columns = rows(
        (f"`{column.name}`", column.type, "yes" if column.may_be_null else "no", column.meaning)
        for column in table.columns
    )
    return f"{head}| column | type | null | meaning |\n|---|---|---|---|\n{columns}\n\n"


def declared_table(name: str, schema: type[dy.Schema]) -> Table:
    """A table as its schema declares it."""
    columns = tuple(
        Column(column, schemas.duckdb_type(declared.dtype), declared.nullable, declared.description or "")
        for column, declared in schema.columns().items()
    )
    return Table(name, schemas.description(schema), tuple(schema.primary_key()), columns)


def mart_tables() -> Iterator[Table]:
    """The marts, built on empty tables: the types are those that DuckDB gives them, the words those of their heads."""
    for name in marts.names():
        yield declared_table(f"mart.{name}", marts.load(name).schema)
    with database.connect() as connection:
        load.prepare(connection)
        load.create_staged(connection)
        build.create_published(connection)
        build.build_all(connection)
        for query in queries.read("marts", "mart"):
            if query.table.startswith("mart.") and query.is_published:
                types = connection.execute(f"DESCRIBE {query.table}").fetchall()
                columns = tuple(Column(name, kind, None, query.columns.get(name, "")) for name, kind, *_ in types)
                yield Table(query.table, query.description, query.grain, columns)


def sources_page() -> str:
    """What is known of each source, the one that is believed first at the top."""
    loaded = {name: sources.load(name) for name in sources.names()}
    known = sorted(loaded.items(), key=lambda pair: (pair[1].priority, pair[0]))
    return SOURCES.format(
        by_make=BY_MAKE,
        sources=rows(source_row(name, source) for name, source in known),
        details="".join(source_section(name, source) for name, source in known),
    )


def source_row(name: str, source: Source) -> tuple[str, ...]:
    """One line of the table of sources."""
    ranks = "yes" if source.has_positions else "no"
    return f"[`{name}`](#{name})", source.title, str(source.priority), source.licence, ranks


def source_section(name: str, source: Source) -> str:
    """One source: where it comes from, what is peculiar about it, and its fields."""
    said = " ".join((getdoc(import_module(f"etl.sources.{name}")) or "").split())
    facts = {
        "From": source.publisher,
        "Mapped": codes(source.fields),
        "Ignored": codes(sorted(source.ignored)) or "none",
        "Parser version": str(source.parser_version),
    }
    return f"## {name}\n\n{said}\n\n" + "".join(f"- {fact}: {value}\n" for fact, value in facts.items()) + "\n"


def codes(names: Iterable[str]) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def rows(cells: Iterable[tuple[str, ...]]) -> str:
    """Lines of a Markdown table."""
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


if __name__ == "__main__":
    sys.exit(main())

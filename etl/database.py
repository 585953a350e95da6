"""The only caller of `duckdb.connect`: safe settings, named folders, read-only where that will do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}


@contextmanager
def connect(
    path: Path | None = None,
    *,
    read_only: bool = False,
    folders: Sequence[Path] = (),
    memory_limit: str | None = None,
    scratch: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads and writes only its own file and what lies in `folders`; in memory without a path."""
    config: dict[str, str | bool | int | float | list[str]] = dict(_SAFE)
    if memory_limit:
        config["memory_limit"] = memory_limit
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=config)
    try:
        if scratch:
            connection.execute("SET temp_directory = ?", [str(scratch)])
        if folders:
            connection.execute("SET allowed_directories = ?", [[f"{folder}/" for folder in folders]])
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block's changes, or none."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def parquet_files(folders: Sequence[Path]) -> list[str]:
    """The Parquet files in these folders, for `read_parquet`."""
    return [str(path) for folder in folders for path in sorted(folder.glob("part-*.parquet"))]


def quoted(text: str) -> str:
    """A text as an SQL literal, for the places where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


def quoted_list(texts: Sequence[str]) -> str:
    """Texts as an SQL list of literals."""
    return "[" + ", ".join(quoted(text) for text in texts) + "]"

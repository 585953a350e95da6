from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path

import duckdb
import pytest

from etl import pipeline
from etl.schemas import CORE
from etl.settings import Settings
from tests.factories import daily, daily_row


def manifest(folder: Path) -> dict[str, dict[str, object]]:
    return {entry["path"]: entry for entry in json.loads((folder / "manifest.json").read_bytes())["files"]}


def test_the_manifest_names_exactly_the_files(sample_warehouse: Settings) -> None:
    root = sample_warehouse.current.resolve()
    files = {
        str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file() and path.name != "manifest.json"
    }
    entries = manifest(root)
    assert set(entries) == set(files)
    for name, path in files.items():
        assert entries[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entries[name]["bytes"] == path.stat().st_size
        assert entries[name]["schema_hash"]
    assert {"papers.duckdb", *(f"feeds/{name}" for name in FEEDS)} <= set(files)


FEEDS = ("papers.atom", "papers.json", "keyword_trends.parquet", "keyword_trends.json", "keyword_trends.csv")


def test_row_counts_of_the_manifest_hold(sample_warehouse: Settings) -> None:
    root = sample_warehouse.current
    with duckdb.connect() as connection:
        for name, entry in manifest(root).items():
            if name.endswith(".parquet"):
                assert connection.execute(f"SELECT count(*) FROM '{root / name}'").fetchall() == [(entry["rows"],)], (
                    name
                )
    assert (
        len(json.loads((root / "feeds/papers.json").read_bytes())["items"])
        == manifest(root)["feeds/papers.json"]["rows"]
    )


def test_parquet_and_database_hold_the_same_tables(sample_warehouse: Settings) -> None:
    root = sample_warehouse.current
    with duckdb.connect(str(root / "papers.duckdb"), read_only=True) as connection:
        tables = {
            f"{schema}.{name}"
            for schema, name in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        }
        copies = {path.stem for path in (root / "tables").iterdir()}
        assert tables - copies == {"ops.runs", "ops.validations"}
        assert copies <= tables
        assert set(CORE) <= tables
        for table in copies:
            assert connection.execute(
                f"SELECT count(*) FROM ((FROM {table} EXCEPT ALL FROM '{root}/tables/{table}.parquet') "
                f"UNION ALL (FROM '{root}/tables/{table}.parquet' EXCEPT ALL FROM {table}))"
            ).fetchall() == [(0,)], table


def test_every_table_and_column_has_a_comment(sample_warehouse: Settings) -> None:
    with duckdb.connect(str(sample_warehouse.current / "papers.duckdb"), read_only=True) as connection:
        tables = (
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "WHERE coalesce(comment, '') = '' AND NOT internal"
        )
        columns = (
            "SELECT schema_name || '.' || table_name || '.' || column_name FROM duckdb_columns() "
            "WHERE coalesce(comment, '') = '' AND NOT internal"
        )
        assert connection.execute(tables).fetchall() == []
        assert connection.execute(columns).fetchall() == []


def test_the_published_database_is_open_to_readers_alone(sample_warehouse: Settings) -> None:
    path = str(sample_warehouse.current / "papers.duckdb")
    with duckdb.connect(path, read_only=True) as one, duckdb.connect(path, read_only=True) as other:
        for connection in (one, other):
            assert connection.execute("SELECT count(*) > 0 FROM core.papers").fetchall() == [(True,)]
        with pytest.raises(duckdb.Error):
            one.execute("DELETE FROM core.papers")


def look(settings: Settings) -> tuple[str, int]:
    """The snapshot that `current` leads to, after checking that it is whole and of one piece."""
    root = settings.current.resolve()
    for name, entry in manifest(root).items():
        assert hashlib.sha256((root / name).read_bytes()).hexdigest() == entry["sha256"], name
    with duckdb.connect(str(root / "papers.duckdb"), read_only=True) as connection:
        (papers,) = connection.execute("SELECT count(*) FROM core.papers").fetchall()[0]
        parquet = f"SELECT count(*) FROM '{root}/tables/core.papers.parquet'"
        assert connection.execute(parquet).fetchall() == [(papers,)]
    return root.name, papers


def test_readers_see_the_old_or_the_new_and_never_less(settings: Settings, tmp_path: Path) -> None:
    def add(number: int) -> None:
        path = tmp_path / f"2025-06-{number + 10}.json"
        path.write_bytes(daily([daily_row(number), daily_row(number + 100)]))
        assert pipeline.run(settings, [path]).problems == []

    add(1)
    seen: dict[str, set[int]] = {}
    failures: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                snapshot, papers = look(settings)
                seen.setdefault(snapshot, set()).add(papers)
                time.sleep(0.1)
            except BaseException as failure:
                failures.append(failure)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    add(2)
    look(settings)
    time.sleep(0.3)
    is_over.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert all(len(papers) == 1 for papers in seen.values())
    assert len(seen) >= 2
    assert look(settings)[1] == 4


def test_old_snapshots_are_kept_for_a_time(settings: Settings, tmp_path: Path) -> None:
    short = Settings(warehouse=settings.warehouse, inbox=settings.inbox, keep_published=1)
    snapshots = []
    (settings.published / ".leftover.1.tmp").mkdir(parents=True)
    for number in (1, 2):
        path = tmp_path / f"2025-06-{number + 10}.json"
        path.write_bytes(daily([daily_row(number)]))
        snapshots.append(pipeline.run(short, [path]).snapshot)
    assert len(set(snapshots)) == 2
    assert sorted(path.name for path in settings.published.iterdir()) == sorted([*snapshots[1:], "current.json"])
    assert settings.current.resolve().name == snapshots[-1]

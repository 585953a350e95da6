"""The figures of a day stay what they were, byte for byte, whatever is loaded after it."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from etl import ledger
from etl.cli import app
from etl.steps import as_of, publish
from tests.factories import abstract, daily, daily_row
from tests.warehouses import Small

DAY = dt.date(2025, 6, 12)
# When this machine did what is no part of it, and revisions tell what was published when.
APART = {"mart.trend_revisions.parquet"}


def later(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def rows(*numbers: int, **fields: Any) -> bytes:
    return daily([daily_row(number, summary=abstract(number % 3), **fields) for number in numbers])


def archive(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def parquet(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "tables").iterdir()}


def known(small: Small, day: dt.date) -> dict[str, str]:
    """The bytes of each table as of a day."""
    return parquet(as_of.build_as_of(small.settings, day).folder)


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)} - APART


@pytest.fixture
def small(tmp_path: Path) -> Small:
    made = Small(tmp_path / "one")
    made.deliver(rows(*range(1, 9)), "first.json", DAY)
    made.deliver(
        rows(*range(5, 12), githubRepo="https://github.com/owner/name", githubStars=4), "second.json", later(1)
    )
    made.settle()
    return made


def fill(folder: Path, *deliveries: tuple[bytes, str, dt.date]) -> Small:
    made = Small(folder)
    for data, name, day in deliveries:
        made.deliver(data, name, day)
    made.settle()
    return made


def test_later_dumps_change_no_byte_of_what_was_known(small: Small) -> None:
    before = known(small, later(1))
    small.deliver(rows(*range(3, 30), githubStars=90), "third.json", later(2))
    # The first dump comes again, under a later day and under another name.
    small.deliver(rows(*range(1, 9)), "first.json", later(3))
    small.deliver(rows(*range(1, 9)), "copy.json", later(4))
    small.settle()
    assert differing(before, known(small, later(1))) == set()
    changed = differing(before, known(small, later(2)))
    assert {"core.papers.parquet", "core.dumps.parquet", "core.keywords.parquet"} <= changed


def test_it_is_what_a_warehouse_of_those_deliveries_alone_publishes(small: Small, tmp_path: Path) -> None:
    small.deliver(rows(*range(3, 30)), "third.json", later(2))
    small.settle()
    other = fill(
        tmp_path / "other",
        (rows(*range(5, 12), githubRepo="https://github.com/owner/name", githubStars=4), "second.json", later(1)),
        (rows(*range(1, 9)), "first.json", DAY),
    )
    publish.publish(other.settings)
    assert differing(parquet(other.settings.current.resolve()), known(small, later(1))) == set()
    # Of the first day the first dump alone is known.
    first = fill(tmp_path / "first", (rows(*range(1, 9)), "first.json", DAY))
    publish.publish(first.settings)
    assert differing(parquet(first.settings.current.resolve()), known(small, DAY)) == set()


def test_a_late_dump_of_an_earlier_day_belongs_to_that_day(small: Small) -> None:
    before = known(small, later(1))
    small.deliver(rows(40, 41), "late.json", DAY)
    small.settle()
    assert "core.papers.parquet" in differing(before, known(small, later(1)))


def test_files_of_an_archive_count_by_their_own_day(tmp_path: Path) -> None:
    files = {f"{later(number)}.json": rows(*range(number, number + 6)) for number in range(4)}
    small = fill(tmp_path / "archive", (archive(files), "all.tar", later(30)))
    papers = {}
    for number in (-1, 0, 2, 30):
        folder = as_of.build_as_of(small.settings, later(number)).folder
        with duckdb.connect(str(folder / "papers.duckdb"), read_only=True) as connection:
            seen = "SELECT count(DISTINCT paper_id), max(observed_on) FROM core.paper_observations"
            papers[number] = connection.execute(seen).fetchall()[0]
    assert papers == {-1: (0, None), 0: (6, DAY), 2: (8, later(2)), 30: (9, later(3))}
    before = known(small, later(2))
    small.deliver(archive(files), "again.tar", later(40))
    small.settle()
    assert differing(before, known(small, later(2))) == set()


def test_the_marts_are_those_of_the_single_files(tmp_path: Path) -> None:
    files = {f"{later(number)}.json": rows(*range(number, number + 6)) for number in range(4)}
    packed = fill(tmp_path / "archive", (archive(files), "all.tar", later(30)))
    single = fill(tmp_path / "files", *((data, name, later(day)) for day, (name, data) in enumerate(files.items())))
    apart = differing(known(packed, later(2)), known(single, later(2)))
    assert apart == {"core.dumps.parquet", "core.dump_members.parquet", "core.paper_observations.parquet"}


def test_a_withdrawn_dump_was_never_known(small: Small) -> None:
    before = known(small, DAY)
    dump_id = small.deliver(rows(70), "wrong.json", DAY)
    small.settle()
    assert "core.papers.parquet" in differing(before, known(small, DAY))
    ledger.write_withdrawals(small.settings, {dump_id: "for this test"})
    small.settle()
    # It stays on the list of dumps, as in the warehouse itself.
    assert differing(before, known(small, DAY)) == {"core.dumps.parquet"}


def test_readers_and_the_working_database_are_left_alone(small: Small) -> None:
    publish.publish(small.settings)
    settings = small.settings
    before = settings.current.resolve(), hashlib.sha256(settings.database.read_bytes()).hexdigest()
    done = CliRunner().invoke(app, ["--warehouse", str(settings.warehouse), "build", "--as-of", "2025-06-12", "--json"])
    assert done.exit_code == 0, done.output
    assert (settings.current.resolve(), hashlib.sha256(settings.database.read_bytes()).hexdigest()) == before
    assert sorted(path.name for path in settings.as_of.iterdir()) == ["2025-06-12"]
    assert {path.name for path in (settings.as_of / "2025-06-12").iterdir()} >= {
        "papers.duckdb",
        "manifest.json",
        "tables",
    }

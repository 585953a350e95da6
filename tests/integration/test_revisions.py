"""What changes in a figure that was published is on record, with the cause that the stored facts prove."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from etl import database, ledger
from etl.steps import build, load, publish
from tests.factories import daily, daily_row, snapshot_lines, snapshot_record
from tests.warehouses import Rows, Small
from tests.warehouses import rows as ask

DAY = dt.date(2025, 9, 30)
JUNE = dt.date(2025, 6, 1)
TEXT = "Kettle acoustics is measured. We study kettle acoustics."


def row(number: int, day: str = "2025-06-10", **fields: Any) -> dict[str, Any]:
    said = {"title": f"Number {number} of kettle acoustics", "summary": TEXT, "publishedAt": f"{day}T00:00:00.000Z"}
    return daily_row(number, **{**said, **fields})


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Published: papers 1 to 6 of June in two dumps, and one of August, so that June is complete."""
    made = Small(tmp_path / "warehouse")
    made.deliver(daily([row(1), row(2), row(3), row(9, "2025-08-20")]), "first.json", DAY)
    made.deliver(daily([row(4), row(5), row(6)]), "second.json", DAY)
    step(made)
    assert revisions(made) == []
    return made


def step(small: Small) -> None:
    small.settle()
    publish.publish(small.settings)


def revisions(small: Small) -> Rows:
    """What is on record of the keyword, its month and the papers of the month."""
    return ask(
        small.settings.current_database,
        "SELECT mart, key, period, old, new, cause FROM mart.trend_revisions "
        "WHERE key IN ('kettle acoustics', 'month') AND mart IN ('keyword_monthly', 'scope_periods') "
        "ORDER BY mart, revised_on, period",
    )


def test_papers_that_come_late(small: Small) -> None:
    small.deliver(daily([row(7), row(8)]), "third.json", DAY + dt.timedelta(days=1))
    step(small)
    assert revisions(small) == [
        ("keyword_monthly", "kettle acoustics", JUNE, 6, 8, "late_papers"),
        ("scope_periods", "month", JUNE, 6, 8, "late_papers"),
    ]
    marts = (
        "SELECT DISTINCT mart, cause FROM mart.trend_revisions WHERE key IN ('kettle acoustics', 'week') ORDER BY ALL"
    )
    assert ask(small.settings.current_database, marts) == [
        ("keyword_monthly", "late_papers"),
        ("keyword_weekly", "late_papers"),
        ("scope_periods", "late_papers"),
    ]


def test_what_comes_for_running_periods_is_no_revision(small: Small) -> None:
    small.deliver(daily([row(7, "2025-10-01")]), "third.json", dt.date(2025, 10, 2))
    step(small)
    assert revisions(small) == []


def test_a_withdrawn_dump(small: Small) -> None:
    dump_id = small.deliver(daily([row(4), row(5), row(6)]), "second.json", DAY)
    ledger.write_withdrawals(small.settings, {dump_id: "for this test"})
    step(small)
    assert revisions(small) == [
        ("keyword_monthly", "kettle acoustics", JUNE, 6, 3, "withdrawn"),
        ("scope_periods", "month", JUNE, 6, 3, "withdrawn"),
    ]


def test_both_at_once_are_both_named(small: Small) -> None:
    dump_id = small.deliver(daily([row(4), row(5), row(6)]), "second.json", DAY)
    ledger.write_withdrawals(small.settings, {dump_id: "for this test"})
    small.deliver(daily([row(7)]), "third.json", DAY)
    step(small)
    assert {cause for *_, cause in revisions(small)} == {"late_papers, withdrawn"}


def test_a_later_record_of_a_known_paper(small: Small) -> None:
    # The snapshot is believed before the listing: it tells another day of publication.
    moved = snapshot_record(1, title="Number 1 of kettle acoustics", abstract=TEXT)
    moved["versions"] = [{"version": "v1", "created": "Mon, 5 May 2025 10:00:00 GMT"}]
    small.deliver(snapshot_lines([moved]), "snapshot", DAY)
    step(small)
    found = ask(
        small.settings.current_database,
        "SELECT period, old, new, cause FROM mart.trend_revisions "
        "WHERE mart = 'scope_periods' AND key = 'month' ORDER BY ALL",
    )
    assert found == [(dt.date(2025, 5, 1), 0, 1, "late_records"), (JUNE, 6, 5, "late_records")]


def rebuilt(small: Small, *changes: str) -> Rows:
    """What is on record after these statements on the tables of core."""
    with database.connect(small.settings.database) as connection:
        for sql in (*changes, "UPDATE work.version SET version = version + 1"):
            connection.execute(sql)
    build.build(small.settings)
    publish.publish(small.settings)
    return revisions(small)


RENAMED = (
    "UPDATE core.paper_keywords SET keyword = 'kettle sound' WHERE keyword = 'kettle acoustics' AND paper_id LIKE '%5'",
    "UPDATE core.keywords SET papers = papers - 1 WHERE keyword = 'kettle acoustics'",
    "INSERT INTO core.keywords BY NAME SELECT 'kettle sound' AS keyword, 'kettlesound' AS keyword_key, "
    "['kettle sound'] AS variants, 1 AS papers",
)


def test_variants_that_are_joined_in_another_way(small: Small) -> None:
    assert rebuilt(small, *RENAMED) == [("keyword_monthly", "kettle acoustics", JUNE, 6, 5, "keyword_map")]


def test_another_release(small: Small) -> None:
    assert rebuilt(small, *RENAMED, "UPDATE work.release SET release = 'another'") == [
        ("keyword_monthly", "kettle acoustics", JUNE, 6, 5, "release")
    ]


def test_another_version_of_a_parser(small: Small) -> None:
    assert rebuilt(small, *RENAMED, "UPDATE core.dumps SET parser_version = parser_version + 1") == [
        ("keyword_monthly", "kettle acoustics", JUNE, 6, 5, "parser")
    ]


def test_papers_that_become_one(small: Small) -> None:
    joined = (
        "UPDATE core.paper_aliases SET paper_id = 'arxiv:2506.00001' WHERE paper_id = 'arxiv:2506.00002'",
        "UPDATE core.paper_observations SET paper_id = 'arxiv:2506.00001' WHERE paper_id = 'arxiv:2506.00002'",
        *(
            f"DELETE FROM core.{table} WHERE paper_id = 'arxiv:2506.00002'"
            for table in ("papers", "paper_keywords", "code_statements", "paper_links")
        ),
    )
    assert {cause for *_, cause in rebuilt(small, *joined)} == {"identity"}


def test_a_keyword_that_falls_below_the_minimum(small: Small) -> None:
    fewer = "UPDATE core.keywords SET papers = 2 WHERE keyword = 'kettle acoustics'"
    assert rebuilt(small, fewer) == [
        ("keyword_monthly", "kettle acoustics", JUNE, 6, 0, "support"),
        ("keyword_monthly", "kettle acoustics", dt.date(2025, 8, 1), 1, 0, "support"),
    ]


def test_links_that_come_later_are_revisions_of_code(small: Small) -> None:
    small.deliver(
        daily([row(number, githubRepo=f"https://github.com/owner/name{number}") for number in (1, 2)]),
        "third.json",
        DAY + dt.timedelta(days=1),
    )
    step(small)
    found = ask(
        small.settings.current_database,
        "SELECT key, period, old, new, cause FROM mart.trend_revisions WHERE mart = 'code_availability' ORDER BY ALL",
    )
    assert found == [("all", JUNE, 0, 2, "late_records")]


def test_revisions_stay_on_record_and_the_next_build_adds_to_them(small: Small) -> None:
    small.deliver(daily([row(7)]), "third.json", DAY + dt.timedelta(days=1))
    step(small)
    # The working database can be deleted: what readers see is compared with all the same.
    small.settings.database.unlink()
    small.deliver(daily([row(8)]), "fourth.json", DAY + dt.timedelta(days=2))
    step(small)
    monthly = [found[3:] for found in revisions(small) if found[0] == "keyword_monthly"]
    assert monthly == [(6, 7, "late_papers"), (7, 8, "late_papers")]
    before = revisions(small)
    small.settings.database.unlink()
    step(small)
    assert revisions(small) == before


def test_counts_that_were_kept_are_those_of_the_snapshot(small: Small) -> None:
    before = small.settings.current.resolve()
    load.load(small.settings)
    small.deliver(daily([row(7)]), "third.json", DAY + dt.timedelta(days=1))
    small.settle()
    kept = "SELECT * FROM mart.trend_revisions ORDER BY ALL"
    found = small.rows(kept)
    assert found
    with database.connect(small.settings.database) as connection:
        connection.execute("UPDATE published.kept SET snapshot = 'another'")
        connection.execute("UPDATE work.version SET version = version + 1")
    build.build(small.settings)
    assert small.settings.current.resolve() == before
    assert small.rows(kept) == found

"""Identity through whole loads: overrides, published identifiers, merges, and which record each column comes from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from etl import checks, configuration, ledger, overrides
from etl.errors import ConfigurationError, OverrideError, SettingsError
from etl.settings import Settings
from etl.steps import publish
from tests.factories import abstract, daily, daily_row, page, snapshot_lines, snapshot_record, title
from tests.warehouses import Small, differing

DAY = dt.date(2025, 6, 12)
HEADER = "action,paper,other,who,why,when,until\n"


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def with_overrides(small: Small, *lines: str) -> None:
    path = small.settings.warehouse.parent / "overrides.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    small.settings = replace(small.settings, overrides=path)


def test_an_override_acts_shows_and_is_taken_back(small: Small) -> None:
    small.deliver(daily([daily_row(1), daily_row(2)]), "day", DAY)
    small.settle()
    before = small.content()
    with_overrides(small, "merge,2506.00001,https://arxiv.org/abs/2506.00002v2,Ada,one text twice,2025-06-13,")
    small.settle()
    assert small.rows("SELECT paper_id, arxiv_id FROM core.papers") == [("arxiv:2506.00001", "2506.00001")]
    assert small.rows("SELECT paper_id FROM core.paper_aliases WHERE alias = 'arxiv:2506.00002'") == [
        ("arxiv:2506.00001",)
    ]
    assert small.rows("SELECT * FROM ops.merges") == [("arxiv:2506.00002", "arxiv:2506.00001", "override", DAY)]
    assert small.rows("SELECT who, why, status FROM ops.overrides") == [("Ada", "one text twice", "active")]
    with_overrides(small)
    small.settle()
    assert differing(before, small.content()) == {}


def test_an_override_expires_with_the_days_that_were_observed(small: Small) -> None:
    with_overrides(small, "merge,arxiv:2506.00001,arxiv:2506.00002,Ada,for now,2025-06-01,2025-06-12")
    small.deliver(daily([daily_row(1), daily_row(2)]), "day", DAY)
    small.settle()
    assert small.rows("SELECT count(*) FROM core.papers") == [(1,)]
    small.deliver(daily([daily_row(3)]), "later", DAY + dt.timedelta(days=1))
    small.settle()
    assert small.rows("SELECT count(*) FROM core.papers") == [(3,)]
    assert small.rows("SELECT status FROM ops.overrides") == [("expired",)]


def test_an_override_of_papers_that_nobody_has_is_shown_as_such(small: Small) -> None:
    with_overrides(small, "split,arxiv:2506.00001,10.5555/unknown,Ada,another text,2025-06-01,")
    small.deliver(daily([daily_row(1)]), "day", DAY)
    small.settle()
    assert small.rows("SELECT paper, other, status FROM ops.overrides") == [
        ("arxiv:2506.00001", "doi:10.5555/unknown", "unmatched")
    ]


GOOD = "merge,2506.00001,2506.00002,Ada,one text,2025-06-13,"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["join,2506.00001,2506.00002,Ada,one text,2025-06-13,"], "line 2: found 'join', wanted merge or split"),
        (["merge,2506.1,2506.00002,Ada,one text,2025-06-13,"], "line 2: found '2506.1', wanted an identifier"),
        (["merge,2506.00001,2506.00001v2,Ada,one text,2025-06-13,"], "line 2: found arxiv:2506.00001 twice"),
        (["merge,2506.00001,2506.00002,,one text,2025-06-13,"], "line 2: found nothing in who"),
        (["merge,2506.00001,2506.00002,Ada,one text,13/06/2025,"], "line 2: found '13/06/2025', wanted a day"),
        (["merge,2506.00001,2506.00002,Ada,one text,2025-06-13,soon"], "line 2: found 'soon', wanted a day"),
        (["merge,2506.00001,2506.00002"], "line 2: found 3 cells"),
        ([GOOD, "merge,2506.00002,2506.00001,Bob,again,2025-06-13,"], "line 3: found what line 2 says"),
        ([GOOD, "split,2506.00002,2506.00001,Bob,no,2025-06-14,"], "line 3: found a split of .*, which merges join"),
        (['merge,2506.00001,2506.00002,Ada,"open,2025-06-13,'], "found unexpected end of data, wanted CSV"),
    ],
)
def test_a_line_that_cannot_be_used_stops_the_load(small: Small, lines: list[str], said: str) -> None:
    with_overrides(small, *lines)
    small.deliver(daily([daily_row(1)]), "day", DAY)
    with pytest.raises(OverrideError, match=said):
        small.settle()
    with_overrides(small)
    small.settle()
    assert small.rows("SELECT count(*) FROM core.papers") == [(1,)]


def test_check_reads_the_overrides(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    with_overrides(small, GOOD)
    monkeypatch.setenv("ETL_OVERRIDES", str(small.settings.overrides))
    assert checks.check()["overrides"] == 1
    with_overrides(small, "join,2506.00001,2506.00002,Ada,one text,2025-06-13,")
    with pytest.raises(OverrideError, match="line 2"):
        checks.check()


def test_the_configuration_file_may_name_the_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration.overrides_file.cache_clear()
    (tmp_path / "etl.toml").write_text('overrides = "mine.csv"\n')
    monkeypatch.setenv("ETL_CONFIG", str(tmp_path / "etl.toml"))
    with pytest.raises(ConfigurationError, match=r"overrides: found 'mine.csv', wanted the path of a CSV"):
        configuration.overrides_file()
    (tmp_path / "mine.csv").write_text(f"{HEADER}{GOOD}\n")
    assert [each.who for each in overrides.read(Settings(tmp_path, tmp_path))] == ["Ada"]
    configuration.overrides_file.cache_clear()
    monkeypatch.setenv("ETL_OVERRIDES", str(tmp_path / "other.csv"))
    with pytest.raises(SettingsError, match="ETL_OVERRIDES"):
        Settings.from_env()


def test_a_file_without_its_header_is_refused(small: Small) -> None:
    with_overrides(small)
    assert small.settings.overrides
    small.settings.overrides.write_bytes(b"paper,other\n")
    with pytest.raises(OverrideError, match="line 1: found the header 'paper,other'"):
        small.settle()
    small.settings.overrides.write_bytes(b"\xff\xfe")
    with pytest.raises(OverrideError, match="no UTF-8"):
        small.settle()


def test_overrides_that_contradict_each_other_only_in_turn_are_taken(small: Small) -> None:
    first = "merge,2506.00001,2506.00002,Ada,one text,2025-06-01,2025-06-11"
    with_overrides(small, first, "split,2506.00001,2506.00002,Bob,two after all,2025-06-12,")
    small.deliver(daily([daily_row(1), daily_row(2)]), "day", DAY)
    small.settle()
    assert small.rows("SELECT count(*) FROM core.papers") == [(2,)]
    assert small.rows("SELECT action, status FROM ops.overrides ORDER BY action") == [
        ("merge", "expired"),
        ("split", "active"),
    ]


def test_a_published_identifier_resolves_though_another_paper_has_it_now(small: Small) -> None:
    small.deliver(page([(title(1), abstract(7))]), "page", DAY)
    small.settle()
    publish.publish(small.settings)
    [(alone,)] = small.rows("SELECT paper_id FROM core.papers")
    assert alone.startswith("title:")
    small.deliver(daily([daily_row(1)]), "day", DAY)
    small.settle()
    publish.publish(small.settings)
    assert small.rows(f"SELECT paper_id FROM core.paper_aliases WHERE alias = '{alone}'") == [("arxiv:2506.00001",)]
    small.deliver(daily([daily_row(2, title=title(1), authors=[{"name": "Ola Nordmann"}])]), "later", DAY)
    small.settle()
    publish.publish(small.settings)
    assert small.rows("SELECT count(*) FROM core.papers") == [(3,)]
    assert small.rows(f"SELECT paper_id FROM core.paper_aliases WHERE alias = '{alone}'") == [(alone,)]


def test_the_identifier_of_a_withdrawn_dump_resolves_to_what_is_left_of_the_paper(small: Small) -> None:
    small.deliver(daily([daily_row(1)]), "day", DAY)
    gone = small.deliver(snapshot_lines([snapshot_record(1, doi="10.5555/one")]), "snapshot", DAY)
    only = small.deliver(snapshot_lines([snapshot_record(9)]), "other", DAY)
    small.settle()
    publish.publish(small.settings)
    ledger.write_withdrawals(small.settings, {gone: "a test", only: "a test"})
    small.settle()
    publish.publish(small.settings)
    resolved = "SELECT paper_id FROM core.paper_aliases WHERE alias = '{}'"
    assert small.rows(resolved.format("doi:10.5555/one")) == [("arxiv:2506.00001",)]
    assert small.rows(resolved.format("arxiv:2506.00009")) == []
    kept = small.content()
    small.settings.database.unlink()
    small.settle()
    assert differing(kept, small.content()) == {}
    ledger.write_withdrawals(small.settings, {})
    small.settle()
    publish.publish(small.settings)
    assert small.rows(resolved.format("arxiv:2506.00009")) == [("arxiv:2506.00009",)]
    assert small.rows("SELECT count(*), count(DISTINCT alias) FROM core.paper_aliases") == [(5, 5)]


def test_a_title_of_two_papers_resolves_to_the_one_that_was_seen_first(tmp_path: Path) -> None:
    one, other = Small(tmp_path / "one"), Small(tmp_path / "other")
    first = daily([daily_row(1, authors=[{"name": "Ola Nordmann"}])])
    second = daily([daily_row(2, title=title(1), authors=[{"name": "Kari Beispiel"}])])
    days = [DAY + dt.timedelta(days=number) for number in range(3)]
    for small, deliveries in (
        (one, [(second, "second", days[1]), (first, "first", days[2]), (first, "first", days[0])]),
        (other, [(first, "first", days[0]), (first, "first", days[2]), (second, "second", days[1])]),
    ):
        for data, name, day in deliveries:
            small.deliver(data, name, day)
            if small is one:
                small.settle()
    other.settle()
    assert differing(one.content(), other.content()) == {}
    assert one.rows("SELECT paper_id FROM core.paper_aliases WHERE alias NOT LIKE 'arxiv:%'") == [("arxiv:2506.00001",)]
    assert one.rows("SELECT count(*) FROM ops.conflicts") == [(0,)]


def test_each_column_comes_from_who_knows_best(small: Small) -> None:
    small.deliver(
        b'{"id": "https://openalex.org/W1", "doi": "https://doi.org/10.5555/one", "title": "%s", '
        b'"display_name": "%s", "publication_date": "2026-02-03", "authorships": [], "ids": {}}\n'
        % (title(1).encode(), title(1).encode()),
        "works.jsonl",
        DAY,
    )
    small.deliver(snapshot_lines([snapshot_record(1, doi="10.5555/ONE")]), "snapshot", DAY)
    small.deliver(daily([daily_row(1, title=f"{title(1)}*", summary=None)]), "day", DAY + dt.timedelta(days=9))
    small.settle()
    assert small.rows("SELECT title, published_on, categories, doi FROM core.papers") == [
        (title(1), dt.date(2025, 6, 10), ["cs.RO", "cs.LG"], "10.5555/one")
    ]

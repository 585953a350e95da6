"""What people say of links wins over what dumps and texts say, shows as evidence, and is taken back with its line."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from etl import checks
from etl.errors import OverrideError
from tests.factories import abstract, daily, daily_row, snapshot_lines, snapshot_record
from tests.warehouses import Rows, Small, differing

DAY, LATER = dt.date(2026, 9, 7), dt.date(2026, 9, 11)
RAIN = "https://github.com/invented/rain"
ROOF = "https://github.com/invented/roof"
OURS = f"Our code is available at {RAIN}."
PROMISE = "Our code will be released."


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def say(small: Small, *lines: str) -> None:
    path = small.settings.warehouse.parent / "overrides.csv"
    path.write_text(
        "action,paper,other,who,why,when,until\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8"
    )
    small.settings = replace(small.settings, overrides=path)


def listing(small: Small, day: dt.date, *sentences: str, **fields: str) -> None:
    small.deliver(daily([daily_row(1, summary=abstract(1, *sentences), **fields)]), f"{day}.json", day)
    small.settle()


def links(small: Small) -> Rows:
    return small.rows(
        "SELECT url, kind, evidence, evidence_kind, confidence, is_official, first_observed_on, last_observed_on "
        "FROM core.paper_links ORDER BY url"
    )


def statuses(small: Small) -> Rows:
    return small.rows("SELECT action, other, status FROM ops.overrides ORDER BY ALL")


def promises(small: Small) -> Rows:
    return small.rows("SELECT promised_on, kept_on, repository_url FROM mart.code_promises")


def test_a_link_that_no_record_names_counts_from_the_day_of_its_line(small: Small) -> None:
    listing(small, DAY, PROMISE)
    before = small.content()
    say(small, "link,2506.00001,git@github.com:Invented/Rain.git,Ada,the authors told me,2026-09-09,")
    small.settle()
    spelled = "https://github.com/Invented/Rain"
    said = (spelled, "repository", "the authors told me", "override", 1, True, dt.date(2026, 9, 9), dt.date(2026, 9, 9))
    assert links(small) == [said]
    assert statuses(small) == [("link", spelled, "active")]
    assert small.rows("SELECT statement, sentence, promised_on FROM core.code_statements") == [
        ("linked", "the authors told me", DAY)
    ]
    assert promises(small) == [(DAY, dt.date(2026, 9, 9), spelled)]
    assert small.rows("SELECT repository_url, owner, name, state FROM core.repositories") == [
        (spelled, "Invented", "Rain", "unknown")
    ]
    assert small.rows("SELECT linked, official, linked_in_text FROM mart.code_availability WHERE topic = 'all'") == [
        (1, 1, 0)
    ]
    say(small)
    small.settle()
    assert differing(before, small.content()) == {}


def test_a_link_that_a_record_names_keeps_its_place_and_its_days(small: Small) -> None:
    listing(small, DAY, OURS)
    before = small.rows("SELECT char_start, char_end FROM core.paper_links")
    say(small, f"link,2506.00001,{RAIN.upper().replace('HTTPS', 'https')},Ada,I ran it,2026-09-09,")
    small.settle()
    assert links(small) == [(RAIN, "repository", "I ran it", "override", 1, True, DAY, dt.date(2026, 9, 9))]
    assert small.rows("SELECT char_start, char_end FROM core.paper_links") == before
    assert small.rows("SELECT linked, linked_in_text FROM mart.code_availability WHERE topic = 'all'") == [(1, 1)]


def test_a_model_is_a_link_but_no_repository(small: Small) -> None:
    listing(small, DAY)
    say(small, "link,2506.00001,hf.co/invented/rain-7b,Ada,named in their talk,2026-09-01,")
    small.settle()
    url = "https://huggingface.co/invented/rain-7b"
    assert links(small) == [(url, "model", "named in their talk", "override", 1, True, dt.date(2026, 9, 1), DAY)]
    assert small.rows("SELECT statement FROM core.code_statements") == [("none",)]
    assert small.rows("SELECT * FROM core.repositories") == []


def test_a_wrong_link_of_a_page_is_gone_and_the_promise_open_again(small: Small) -> None:
    listing(small, DAY, PROMISE, githubRepo=ROOF)
    assert promises(small) == [(DAY, DAY, ROOF)]
    say(small, f"unlink,2506.00001,{ROOF}/tree/main,Ada,another group's,2026-09-09,")
    small.settle()
    assert links(small) == []
    assert promises(small) == [(DAY, None, None)]
    assert small.rows("SELECT statement, sentence FROM core.code_statements") == [("promised", PROMISE)]
    assert statuses(small) == [("unlink", ROOF, "active")]
    assert small.rows(
        "SELECT linked, promised, official, reachable FROM mart.code_availability WHERE topic = 'all'"
    ) == [(0, 1, 0, 0)]
    assert small.rows("SELECT papers, papers_total FROM mart.repository_papers") == [(0, 0)]


def test_a_wrong_link_of_the_text_leaves_no_statement_and_others_stay(small: Small) -> None:
    listing(small, DAY, OURS)
    say(small, f"unlink,2506.00001,{RAIN},Ada,a typing error,2026-09-09,")
    small.settle()
    assert small.rows("SELECT statement, sentence FROM core.code_statements") == [("none", None)]
    listing(small, LATER, OURS, githubRepo=ROOF)
    assert [url for url, *_ in links(small)] == [ROOF]
    assert small.rows("SELECT statement FROM core.code_statements") == [("linked",)]


def test_what_is_unofficial_stays_a_link_and_counts_as_no_code_of_the_paper(small: Small) -> None:
    listing(small, DAY, PROMISE, githubRepo=ROOF)
    say(
        small,
        f"unofficial,2506.00001,{ROOF},Ada,a baseline,2026-09-09,",
        f"unofficial,2506.00001,{RAIN},Ada,a,2026-09-09,",
    )
    small.settle()
    assert links(small) == [(ROOF, "repository", "a baseline", "override", 1, False, DAY, DAY)]
    assert small.rows("SELECT statement FROM core.code_statements") == [("promised",)]
    assert promises(small) == [(DAY, None, None)]
    assert statuses(small) == [("unofficial", RAIN, "unmatched"), ("unofficial", ROOF, "active")]


def test_a_line_expires_with_the_days_that_were_observed(small: Small) -> None:
    say(
        small,
        f"unlink,2506.00001,{RAIN},Ada,for now,2026-09-01,{DAY}",
        f"link,2506.00001,{ROOF},Ada,so,2026-09-01,{DAY}",
    )
    listing(small, DAY, OURS)
    assert [url for url, *_ in links(small)] == [ROOF]
    listing(small, LATER, OURS)
    assert [url for url, *_ in links(small)] == [RAIN]
    assert [status for *_, status in statuses(small)] == ["expired", "expired"]


def test_lines_that_name_nothing_we_have_are_shown_as_such(small: Small) -> None:
    say(small, f"link,2506.00009,{RAIN},Ada,a,2026-09-01,", f"unlink,2506.00001,{ROOF},Ada,a,2026-09-01,")
    listing(small, DAY, OURS)
    assert statuses(small) == [("link", RAIN, "unmatched"), ("unlink", ROOF, "unmatched")]
    assert [url for url, *_ in links(small)] == [RAIN]


def test_a_paper_may_be_named_by_any_identifier_and_the_latest_line_counts(small: Small) -> None:
    lines = [f"link,doi:10.5555/one,{ROOF},Ada,a,2026-09-01,", f"unlink,2506.00001,{ROOF},Bob,b,2026-09-02,"]
    small.deliver(snapshot_lines([snapshot_record(1, doi="10.5555/one")]), "snapshot", DAY)
    listing(small, DAY)
    for said in (lines, lines[::-1]):
        say(small, *said)
        small.settle()
        assert links(small) == []
    say(small, lines[0])
    small.settle()
    assert [url for url, *_ in links(small)] == [ROOF]


def test_papers_that_an_override_joins_share_their_links(small: Small) -> None:
    say(small, "merge,2506.00001,2506.00002,Ada,one text,2026-09-01,", f"link,2506.00002,{ROOF},Ada,a,2026-09-01,")
    small.deliver(daily([daily_row(1), daily_row(2)]), "day", DAY)
    small.settle()
    assert small.rows("SELECT paper_id, url FROM core.paper_links") == [("arxiv:2506.00001", ROOF)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["link,2506.00001,not a url,Ada,a,2026-09-01,"], "line 2: found 'not a url', wanted a URL"),
        (["link,2506.00001,https://user:word@github.com/a/b,Ada,a,2026-09-01,"], "line 2: found 'https://user"),
        (
            [f"official,2506.00001,{RAIN},Ada,a,2026-09-01,"],
            "line 2: found 'official', wanted merge, split, link, unlink",
        ),
        (
            [f"unlink,{RAIN},2506.00001,Ada,a,2026-09-01,"],
            "line 2: found 'https://github.com/invented/rain', wanted an id",
        ),
        ([f"link,2506.00001,{RAIN},Ada,,2026-09-01,"], "line 2: found nothing in why"),
        (
            [f"link,2506.00001,{RAIN},Ada,a,2026-09-01,", f"link,2506.00001,{RAIN}.git,Bob,b,2026-09-01,"],
            "line 3: found what line 2 says",
        ),
        (
            [f"link,2506.00001,{RAIN},Ada,a,2026-09-01,", f"unlink,2506.00001,{RAIN.title()},Bob,b,2026-09-02,"],
            "line 3: found unlink of arxiv:2506.00001 and .*, for which another line says link",
        ),
    ],
)
def test_a_line_that_cannot_be_used_stops_the_load_and_the_check(
    small: Small, lines: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(small, *lines)
    with pytest.raises(OverrideError, match=said):
        listing(small, DAY)
    monkeypatch.setenv("ETL_OVERRIDES", str(small.settings.overrides))
    with pytest.raises(OverrideError, match=said):
        checks.check()

"""What dumps of repositories leave in the warehouse: states, renames, observations by source and day."""

from __future__ import annotations

import datetime as dt
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from etl import ledger
from tests.factories import daily, daily_row
from tests.warehouses import Rows, Small

MONDAY, TUESDAY, FRIDAY = (dt.date(2026, 9, day) for day in (7, 8, 11))


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def repository(name: str, number: int, **fields: Any) -> dict[str, Any]:
    told = {
        "id": number,
        "full_name": name,
        "html_url": f"https://github.com/{name}",
        "stargazers_count": 10,
        "forks_count": 1,
        "language": "Python",
        "license": {"spdx_id": "MIT"},
        "archived": False,
        "disabled": False,
        "size": 5,
        "pushed_at": "2026-09-01T08:00:00Z",
    }
    return told | fields


def fetched(day: dt.date, *answers: tuple[str, int, dict[str, Any] | None]) -> bytes:
    lines = [
        {"requested": name, "status": status, "fetched_on": str(day), "repository": found}
        for name, status, found in answers
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def trending(day: dt.date, language: str | None, *names: str) -> bytes:
    return json.dumps({"date": str(day), "language": language, "list": names}).encode()


def ranking(*rows: tuple[int, str, str, int]) -> bytes:
    header = "rank,item,repo_name,stars,forks,language,repo_url,username,issues,last_commit,description\n"
    lines = [
        f"{rank},{item},{name.split('/')[1]},{stars},2,Python,https://github.com/{name},{name.split('/')[0]},0,"
        f'2026-09-01T00:00:00Z,"Rain, and more"\n'
        for rank, item, name, stars in rows
    ]
    return (header + "".join(lines)).encode()


def event(number: int, name: str, time: str, **payload: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "type": "ForkEvent" if payload else "WatchEvent",
        "actor": {"login": "rain"},
        "repo": {"id": number, "name": name},
        "payload": payload or {"action": "started"},
        "public": True,
        "created_at": time,
    }


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def states(small: Small) -> dict[str, tuple[str, str | None]]:
    found = small.rows("SELECT owner || '/' || name, state, renamed_to FROM core.repositories")
    return {name: (state, renamed_to) for name, state, renamed_to in found}


def observations(small: Small, columns: str = "stars, position") -> Rows:
    return small.rows(
        f"SELECT replace(repository_url, 'https://github.com/', ''), observed_on, source, {columns} "
        "FROM core.repository_observations ORDER BY ALL"
    )


def counts(small: Small) -> Rows:
    return small.rows("SELECT name, records, loaded, rejected, duplicates FROM core.dumps ORDER BY ALL")


def test_states_are_what_the_host_said_last(small: Small) -> None:
    small.deliver(
        fetched(
            MONDAY,
            ("rain/roof", 200, repository("rain/roof", 1)),
            ("rain/gutter", 200, repository("rain/gutter", 2, archived=True)),
            ("rain/barrel", 404, None),
            ("rain/law", 451, None),
            ("rain/new", 200, repository("rain/new", 5, size=0, pushed_at=None)),
            ("rain/small", 200, repository("rain/small", 6, size=0)),
            ("rain/shut", 200, repository("rain/shut", 7, disabled=True)),
            ("rain/later", 404, None),
        ),
        "monday.jsonl",
    )
    small.deliver(fetched(FRIDAY, ("rain/later", 200, repository("rain/later", 8))), "friday.jsonl")
    small.deliver(trending(FRIDAY, None, "rain/unseen", "rain/gutter"), "trending.json")
    small.settle()
    assert states(small) == {
        "rain/roof": ("ok", None),
        "rain/gutter": ("archived", None),
        "rain/barrel": ("gone", None),
        "rain/law": ("gone", None),
        "rain/new": ("empty", None),
        "rain/small": ("ok", None),
        "rain/shut": ("unknown", None),
        "rain/later": ("ok", None),
        "rain/unseen": ("ok", None),
    }
    told = "SELECT host, host_id FROM core.repositories WHERE name = 'gutter'"
    assert small.rows(told) == [("github.com", "2")]


def test_figures_alone_do_not_bring_an_archived_repository_back(small: Small) -> None:
    small.deliver(fetched(MONDAY, ("rain/roof", 200, repository("rain/roof", 1, archived=True))), "a.jsonl")
    small.deliver(ranking((1, "Python", "rain/roof", 12), (2, "Python", "rain/other", 3)), "2026-09-11.csv")
    small.settle()
    assert states(small) == {"rain/roof": ("archived", None), "rain/other": ("ok", None)}


def test_an_answer_under_another_name_is_a_rename(small: Small) -> None:
    small.deliver(
        fetched(
            MONDAY,
            ("rain/old", 200, repository("Rain/New", 1)),
            ("RAIN/same", 200, repository("rain/same", 2)),
            ("rain/moved", 301, None),
        ),
        "a.jsonl",
    )
    small.settle()
    assert states(small) == {
        "Rain/New": ("ok", None),
        "rain/old": ("renamed", "https://github.com/Rain/New"),
        "rain/same": ("ok", None),
        "rain/moved": ("renamed", None),
    }
    assert observations(small, "stars") == [
        ("Rain/New", MONDAY, "github_repositories", 10),
        ("rain/moved", MONDAY, "github_repositories", None),
        ("rain/old", MONDAY, "github_repositories", None),
        ("rain/same", MONDAY, "github_repositories", 10),
    ]


def recorded(path: str, status: int, response: Any, **headers: str) -> dict[str, Any]:
    day = {"date": "Mon, 07 Sep 2026 10:00:00 GMT"}
    return {"method": "get", "path": path, "status": status, "response": response, "headers": day | headers}


def test_a_redirection_to_a_number_leads_to_the_name_that_has_it(small: Small) -> None:
    moved = {"message": "Moved Permanently", "url": "https://api.github.com/repositories/77"}
    answers = [
        recorded("/repos/rain/old", 301, moved, location="https://api.github.com/repositories/77"),
        recorded("/repositories/77", 200, repository("rain/new", 77)),
        recorded("/repos/rain/lost", 301, moved, location="https://api.github.com/repositories/78"),
    ]
    small.deliver(json.dumps(answers).encode(), "answers.json")
    small.settle()
    assert states(small) == {
        "rain/new": ("ok", None),
        "rain/old": ("renamed", "https://github.com/rain/new"),
        "rain/lost": ("renamed", None),
    }


@pytest.mark.parametrize("turned", [False, True])
def test_one_number_under_two_names_is_a_rename_to_the_later(turned: bool, small: Small) -> None:
    first, second = ("rain/b", "rain/a") if turned else ("rain/a", "rain/b")
    small.deliver(lines(event(9, first, "2026-09-07T10:00:00Z"), event(3, "rain/z", "2026-09-07T10:00:00Z")), "1.json")
    small.deliver(lines(event(9, second, "2026-09-08T10:00:00Z")), "2.json")
    small.settle()
    assert states(small) == {
        first: ("renamed", f"https://github.com/{second}"),
        second: ("ok", None),
        "rain/z": ("ok", None),
    }


def test_one_number_under_two_names_on_one_day_says_nothing(small: Small) -> None:
    small.deliver(lines(event(9, "rain/a", "2026-09-07T10:00:00Z"), event(9, "rain/b", "2026-09-07T11:00:00Z")), "1")
    small.settle()
    assert states(small) == {"rain/a": ("ok", None), "rain/b": ("ok", None)}


def test_a_name_that_was_given_again_is_not_the_old_repository(small: Small) -> None:
    small.deliver(lines(event(9, "rain/a", "2026-09-07T10:00:00Z")), "1.json")
    small.deliver(lines(event(9, "rain/b", "2026-09-08T10:00:00Z"), event(12, "rain/a", "2026-09-08T11:00:00Z")), "2")
    small.settle()
    assert states(small) == {"rain/a": ("squatted", "https://github.com/rain/b"), "rain/b": ("ok", None)}
    assert small.rows("SELECT name, host_id FROM core.repositories ORDER BY 1") == [("a", "12"), ("b", "9")]


def test_what_is_gone_stays_gone_whoever_has_its_number(small: Small) -> None:
    small.deliver(lines(event(9, "rain/a", "2026-09-07T10:00:00Z")), "1.json")
    small.deliver(lines(event(9, "rain/b", "2026-09-08T10:00:00Z")), "2.json")
    small.deliver(fetched(FRIDAY, ("rain/a", 404, None)), "3.jsonl")
    small.settle()
    assert states(small)["rain/a"] == ("gone", "https://github.com/rain/b")


def presents(small: Small) -> dict[str, str | None]:
    """The name that each repository has now."""
    found = small.rows(
        "SELECT owner || '/' || name, replace(present_url, 'https://github.com/', '') FROM core.repositories"
    )
    return dict(found)


def series(small: Small) -> Rows:
    """Days and stars of each repository under its present name."""
    return small.rows(
        "SELECT replace(present_url, 'https://github.com/', ''), observed_on, stars, "
        "replace(repository_url, 'https://github.com/', '') FROM core.repository_observations "
        "WHERE stars IS NOT NULL ORDER BY ALL"
    )


def test_a_name_that_another_repository_has_now_is_squatted(small: Small) -> None:
    small.deliver(fetched(MONDAY, ("rain/roof", 200, repository("rain/roof", 1, stargazers_count=50))), "1.jsonl")
    small.deliver(fetched(TUESDAY, ("rain/roof", 200, repository("Snow/Roof", 1, stargazers_count=51))), "2.jsonl")
    small.settle()
    assert states(small) == {
        "rain/roof": ("renamed", "https://github.com/Snow/Roof"),
        "Snow/Roof": ("ok", None),
    }
    small.deliver(fetched(FRIDAY, ("rain/roof", 200, repository("rain/roof", 9, stargazers_count=2))), "3.jsonl")
    small.settle()
    assert states(small) == {
        "rain/roof": ("squatted", "https://github.com/Snow/Roof"),
        "Snow/Roof": ("ok", None),
    }
    assert presents(small) == {"rain/roof": "Snow/Roof", "Snow/Roof": "Snow/Roof"}
    assert small.rows("SELECT host_id, state_on FROM core.repositories WHERE state = 'squatted'") == [("9", FRIDAY)]
    assert series(small) == [
        ("Snow/Roof", MONDAY, 50, "rain/roof"),
        ("Snow/Roof", TUESDAY, 51, "Snow/Roof"),
        ("rain/roof", FRIDAY, 2, "rain/roof"),
    ]
    small.deliver(fetched(dt.date(2026, 9, 14), ("rain/roof", 404, None)), "4.jsonl")
    small.settle()
    assert states(small)["rain/roof"] == ("gone", "https://github.com/Snow/Roof")


def test_a_repository_that_was_made_anew_is_not_the_old_one(small: Small) -> None:
    small.deliver(fetched(MONDAY, ("rain/roof", 200, repository("rain/roof", 1, stargazers_count=50))), "1.jsonl")
    small.deliver(ranking((1, "Python", "rain/roof", 49)), "ranking-2026-09-06.csv")
    small.deliver(ranking((1, "Python", "rain/roof", 48)), "ranking-2026-09-08.csv")
    small.deliver(fetched(FRIDAY, ("rain/roof", 200, repository("rain/roof", 9, stargazers_count=2))), "3.jsonl")
    small.deliver(ranking((1, "Python", "rain/roof", 3)), "ranking-2026-09-12.csv")
    small.settle()
    assert states(small) == {"rain/roof": ("squatted", None)}
    assert presents(small) == {"rain/roof": None}
    # Between the two nobody knows whose stars they are; of the first it is not known where it is.
    assert series(small) == [
        ("rain/roof", FRIDAY, 2, "rain/roof"),
        ("rain/roof", dt.date(2026, 9, 12), 3, "rain/roof"),
        (None, dt.date(2026, 9, 6), 49, "rain/roof"),
        (None, MONDAY, 50, "rain/roof"),
        (None, TUESDAY, 48, "rain/roof"),
    ]


def test_a_name_that_comes_back_to_its_repository_is_not_squatted(small: Small) -> None:
    for day, number in ((MONDAY, 1), (TUESDAY, 9), (FRIDAY, 1)):
        small.deliver(fetched(day, ("rain/roof", 200, repository("rain/roof", number))), f"{day}.jsonl")
    small.settle()
    assert states(small) == {"rain/roof": ("ok", None)}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_renames_are_followed_to_their_end(order: tuple[int, ...], small: Small) -> None:
    dumps = [
        fetched(MONDAY, ("rain/a", 200, repository("rain/b", 1, stargazers_count=5))),
        fetched(TUESDAY, ("rain/b", 200, repository("rain/c", 1, stargazers_count=6))),
        fetched(FRIDAY, ("rain/c", 200, repository("snow/d", 1, stargazers_count=7, archived=True))),
    ]
    for number in order:
        small.deliver(dumps[number], f"{number}.jsonl")
    small.settle()
    last = "https://github.com/snow/d"
    assert states(small) == {
        "rain/a": ("renamed", last),
        "rain/b": ("renamed", last),
        "rain/c": ("renamed", last),
        "snow/d": ("archived", None),
    }
    assert [(present, stars) for present, _, stars, _ in series(small)] == [("snow/d", 5), ("snow/d", 6), ("snow/d", 7)]


def project(old: str, new: str) -> bytes:
    """A best-of list, which knows no numbers: one project that was asked for under its old name."""
    header = "name,github_id,github_url,projectrank,star_count,updated_github_id\n"
    return f"{header}Rain,{old},https://github.com/{old},3,10,{new}\n".encode()


def test_of_renames_in_a_circle_the_oldest_is_out_of_date(small: Small) -> None:
    for day, old, new in (("07", "rain/a", "rain/b"), ("08", "rain/b", "rain/c"), ("09", "rain/c", "rain/a")):
        small.deliver(project(old, new), f"2026-09-{day}_projects.csv")
    small.deliver(project("rain/x", "rain/b"), "2026-09-10_projects.csv")
    small.settle()
    now = "https://github.com/rain/a"
    assert states(small) == {
        "rain/a": ("ok", None),
        "rain/b": ("renamed", now),
        "rain/c": ("renamed", now),
        "rain/x": ("renamed", now),
    }


def test_observations_of_sources_and_days_are_never_mixed(small: Small) -> None:
    small.deliver(fetched(MONDAY, ("rain/roof", 200, repository("rain/roof", 1, stargazers_count=100))), "a.jsonl")
    small.deliver(fetched(TUESDAY, ("rain/roof", 200, repository("rain/roof", 1, stargazers_count=99))), "b.jsonl")
    small.deliver(ranking((3, "top-100-stars", "Rain/Roof", 98)), "ranking-2026-09-07.csv")
    history = {
        "requested": "rain/roof",
        "fetched_on": str(TUESDAY),
        "stargazers_count": 99,
        "stargazers_history": [{"week": 1788652800, "total": 3, "days": [1, 0, 2, 0, 0, 0, 0]}],
    }
    small.deliver(lines(history), "history.jsonl")
    small.deliver(daily([daily_row(1, githubRepo="https://github.com/rain/roof", githubStars=97)]), "2026-09-07.json")
    small.settle()
    assert observations(small) == [
        ("rain/roof", dt.date(2026, 9, 5), "github_star_history", 96, None),
        ("rain/roof", dt.date(2026, 9, 6), "github_star_history", 97, None),
        ("rain/roof", MONDAY, "github_ranking", 98, 3),
        ("rain/roof", MONDAY, "github_repositories", 100, None),
        ("rain/roof", MONDAY, "github_star_history", 97, None),
        ("rain/roof", MONDAY, "hf_daily", 97, None),
        ("rain/roof", TUESDAY, "github_repositories", 99, None),
        ("rain/roof", TUESDAY, "github_star_history", 99, None),
    ]
    gained = "SELECT source, stars, stars_gained FROM mart.trending_repositories WHERE observed_on = DATE '2026-09-08'"
    assert small.rows(gained) == [("github_star_history", 99, 2)]
    assert small.rows("SELECT repository_url, papers, stars FROM mart.repository_papers") == [
        ("https://github.com/rain/roof", 1, 99)
    ]


def test_the_best_place_of_the_day_is_the_position(small: Small) -> None:
    small.deliver(trending(MONDAY, None, "rain/a", "rain/b", "rain/c"), "all.json")
    small.deliver(trending(MONDAY, "python", "rain/c", "rain/b"), "python.json")
    small.deliver(trending(TUESDAY, "python", "rain/b", "rain/c", "rain/b"), "python-tuesday.json")
    small.settle()
    assert observations(small, "language, position") == [
        ("rain/a", MONDAY, "github_trending", None, 1),
        ("rain/b", MONDAY, "github_trending", "python", 2),
        ("rain/b", TUESDAY, "github_trending", "python", 1),
        ("rain/c", MONDAY, "github_trending", "python", 1),
        ("rain/c", TUESDAY, "github_trending", "python", 2),
    ]
    assert counts(small) == [
        ("all.json", 3, 3, 0, 0),
        ("python-tuesday.json", 3, 2, 0, 1),
        ("python.json", 2, 2, 0, 0),
    ]


def test_lists_that_repeat_a_repository_are_counted_as_duplicates(small: Small) -> None:
    small.deliver(
        ranking(
            (1, "top-100-stars", "rain/a", 50),
            (2, "top-100-stars", "rain/b", 40),
            (1, "Python", "rain/a", 50),
            (2, "Python", "rain/b", 41),
        ),
        "ranking-2026-09-07.csv",
    )
    small.settle()
    assert counts(small) == [("ranking-2026-09-07.csv", 4, 3, 0, 1)]
    assert observations(small) == [
        ("rain/a", MONDAY, "github_ranking", 50, 1),
        ("rain/b", MONDAY, "github_ranking", 41, 2),
    ]


def test_days_of_an_archive_are_no_repeats_of_each_other(small: Small) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for day in (MONDAY, TUESDAY):
            data = trending(day, "python", "rain/a", "rain/a")
            info = tarfile.TarInfo(f"{day}/python.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    small.deliver(packed.getvalue(), "trending.tar")
    small.settle()
    assert observations(small, "position") == [
        ("rain/a", MONDAY, "github_trending", 1),
        ("rain/a", TUESDAY, "github_trending", 1),
    ]
    assert counts(small) == [("trending.tar", 4, 2, 0, 2)]


def test_events_of_a_day_are_counted_once_with_the_fork_that_they_bring(small: Small) -> None:
    fork = {"id": 21, "full_name": "snow/roof", "stargazers_count": 0, "forks_count": 0, "language": None}
    data = lines(
        event(20, "rain/roof", "2026-09-07T10:00:00Z"),
        event(20, "rain/roof", "2026-09-07T10:05:00Z"),
        event(20, "rain/roof", "2026-09-08T00:00:00Z"),
        event(20, "rain/roof", "2026-09-07T10:10:00Z", forkee=fork),
    )
    small.deliver(data, "2026-09-07-10.json")
    small.settle()
    assert counts(small) == [("2026-09-07-10.json", 4, 3, 0, 1)]
    assert observations(small, "stars, forks") == [
        ("rain/roof", MONDAY, "gharchive", None, None),
        ("rain/roof", TUESDAY, "gharchive", None, None),
        ("snow/roof", MONDAY, "gharchive", 0, 0),
    ]


def test_a_withdrawn_dump_of_repositories_leaves_nothing_and_comes_back(small: Small) -> None:
    kept = small.deliver(ranking((1, "Python", "rain/a", 50)), "ranking-2026-09-07.csv")
    gone = small.deliver(
        fetched(
            FRIDAY,
            ("rain/a", 200, repository("rain/a2", 1, stargazers_count=60)),
            ("rain/only", 200, repository("rain/only", 2)),
        ),
        "friday.jsonl",
    )
    small.settle()
    before = small.content()
    assert states(small) == {
        "rain/a": ("renamed", "https://github.com/rain/a2"),
        "rain/a2": ("ok", None),
        "rain/only": ("ok", None),
    }
    ledger.write_withdrawals(small.settings, {gone: "a mistake"})
    small.settle()
    assert states(small) == {"rain/a": ("ok", None)}
    assert observations(small) == [("rain/a", MONDAY, "github_ranking", 50, 1)]
    assert small.rows("SELECT dump_id, status FROM core.dumps ORDER BY status") == [
        (kept, "loaded"),
        (gone, "withdrawn"),
    ]
    ledger.write_withdrawals(small.settings, {})
    small.settle()
    assert small.content() == before


def test_a_dump_that_comes_again_under_another_day_is_seen_on_both(small: Small) -> None:
    data = ranking((1, "Python", "rain/a", 50))
    small.deliver(data, "ranking-2026-09-07.csv")
    small.settle()
    small.deliver(data, "ranking-2026-09-11.csv")
    small.settle()
    assert observations(small) == [
        ("rain/a", MONDAY, "github_ranking", 50, 1),
        ("rain/a", FRIDAY, "github_ranking", 50, 1),
    ]

"""`etl resolve` against a real server on loopback that plays the code hosts, and what its answers leave behind."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import pipeline, resolvers
from etl.errors import AnswerError, NetworkError, NothingPublishedError, SettingsError, UnknownNameError
from etl.settings import CODE_HOSTS, Fetching, Resolving, Settings
from etl.steps import publish, resolve
from etl.steps.fetch import Fetched
from tests.factories import daily, daily_row
from tests.integration.test_repositories import repository, states
from tests.misbehaving import Reply, Server, serving
from tests.warehouses import Rows, Small

MONDAY = dt.datetime(2026, 9, 7, 6, 0, 5, tzinfo=dt.UTC)
TUESDAY, FRIDAY = MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=4)
ROOF = "https://github.com/rain/roof"
TOKEN = "github_pat_canary0123456789"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def small(tmp_path: Path, server: Server) -> Small:
    """A warehouse whose code hosts are the server; each under a path of its own."""
    found = Small(tmp_path)
    patience = {"timeout_seconds": 0.5, "retries": 1, "backoff_seconds": 0.01, "longest_wait_seconds": 1.0}
    found.settings = replace(
        found.settings,
        fetching=Fetching(allows_private=True, pause_seconds=0.0, github_token=TOKEN, **patience),
        resolving=Resolving(urls={host: f"{server.address}/{host}" for host in CODE_HOSTS}),
    )
    return found


def asked(small: Small, *names: str, now: dt.datetime = MONDAY, host: str = "github.com") -> Fetched:
    """Asks for repositories of a host and brings the answers in."""
    done = resolve.resolve(small.settings, host, [f"https://{host}/{name}" for name in names], now)
    for name in done.files:
        small.deliver((small.settings.inbox / name).read_bytes(), name)
    return done


def github(server: Server, name: str, *replies: Reply) -> None:
    server.line_up(f"/github.com/repos/{name}", *replies)


def told(found: Any, status: int = 200, **options: Any) -> Reply:
    return Reply(json.dumps(found).encode(), status, **options)


def paths(server: Server) -> list[str]:
    return [request.path.removeprefix("/github.com") for request in server.seen]


def lines(small: Small, done: Fetched) -> list[dict[str, Any]]:
    texts = [(small.settings.inbox / name).read_text() for name in done.files]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def observations(small: Small) -> Rows:
    return small.rows(
        "SELECT replace(repository_url, 'https://github.com/', ''), observed_on::VARCHAR, stars "
        "FROM core.repository_observations WHERE source = 'resolved' AND stars IS NOT NULL ORDER BY ALL"
    )


MOVED = {"message": "Moved Permanently"}


def test_answers_become_states(small: Small, server: Server) -> None:
    made = {"created_at": "2026-09-01T08:00:00Z", "pushed_at": "2026-09-01T08:00:02Z"}
    github(server, "rain/roof", told(repository("rain/roof", 1)))
    github(server, "rain/old", Reply(json.dumps(MOVED).encode(), 301, {"Location": "/github.com/repositories/2"}))
    server.line_up("/github.com/repositories/2", told(repository("rain/new", 2)))
    github(server, "rain/sold", told(repository("snow/sold", 3, archived=True)))
    github(server, "rain/gone", told({"message": "Not Found"}, 404))
    github(server, "rain/law", told({"message": "Repository unavailable"}, 451))
    github(server, "rain/blocked", told({"message": "Repository access blocked", "block": {"reason": "tos"}}, 403))
    github(server, "rain/archive", told(repository("rain/archive", 4, archived=True)))
    github(server, "rain/empty", told(repository("rain/empty", 5, size=0, language=None, **made)))
    github(server, "rain/tiny", told(repository("rain/tiny", 6, size=0, pushed_at="2026-09-05T08:00:00Z")))
    names = ("roof", "old", "sold", "gone", "law", "blocked", "archive", "empty", "tiny")
    done = asked(small, *(f"rain/{name}" for name in names))
    assert (done.failure, done.notes) == (None, [])
    small.settle()
    assert states(small) == {
        "rain/roof": ("ok", None),
        "rain/old": ("renamed", "https://github.com/rain/new"),
        "rain/new": ("ok", None),
        "rain/sold": ("renamed", "https://github.com/snow/sold"),
        "snow/sold": ("archived", None),
        "rain/gone": ("gone", None),
        "rain/law": ("gone", None),
        "rain/blocked": ("unknown", None),
        "rain/archive": ("archived", None),
        "rain/empty": ("empty", None),
        "rain/tiny": ("ok", None),
    }
    (line,) = [line for line in lines(small, done) if line["repository"].endswith("rain/old")]
    assert (line["status"], line["hops"], line["answered"]) == (
        200,
        [301],
        f"{server.address}/github.com/repositories/2",
    )
    assert small.rows("SELECT rejected FROM core.dumps") == [(0,)]


def test_a_history_goes_on_through_rename_and_squatting(small: Small, server: Server) -> None:
    github(server, "rain/roof", told(repository("rain/roof", 1, stargazers_count=50)))
    asked(small, "rain/roof")
    github(server, "rain/roof", told(repository("snow/roof", 1, stargazers_count=57)))
    asked(small, "rain/roof", now=TUESDAY)
    github(server, "rain/roof", told(repository("rain/roof", 9, stargazers_count=1)))
    asked(small, "rain/roof", now=FRIDAY)
    small.settle()
    assert states(small) == {
        "rain/roof": ("squatted", "https://github.com/snow/roof"),
        "snow/roof": ("ok", None),
    }
    series = "SELECT present_url, stars FROM core.repository_observations WHERE stars > 1 ORDER BY observed_on"
    assert small.rows(series) == [("https://github.com/snow/roof", 50), ("https://github.com/snow/roof", 57)]


def test_what_did_not_change_is_confirmed(small: Small, server: Server) -> None:
    github(server, "rain/roof", told(repository("rain/roof", 1, stargazers_count=50), etag='W/"7"'))
    asked(small, "rain/roof")
    done = asked(small, "rain/roof", now=TUESDAY)
    assert (done.unchanged, server.seen[1].headers["if-none-match"]) == (1, 'W/"7"')
    (line,) = lines(small, done)
    assert (line["status"], line["unchanged_since"]) == (304, "2026-09-07")
    small.settle()
    assert observations(small) == [("rain/roof", "2026-09-07", 50), ("rain/roof", "2026-09-08", 50)]
    assert small.rows("SELECT state, state_on::VARCHAR FROM core.repositories") == [("ok", "2026-09-08")]


def test_one_that_comes_back_unchanged_is_there_again(small: Small, server: Server) -> None:
    there = told(repository("rain/roof", 1), etag='W/"7"')
    github(server, "rain/roof", there, told({}, 404), there)
    for now, state in ((MONDAY, "ok"), (TUESDAY, "gone"), (FRIDAY, "ok")):
        asked(small, "rain/roof", now=now)
        small.settle()
        assert states(small) == {"rain/roof": (state, None)}


def test_nothing_is_asked_twice_a_day(small: Small, server: Server) -> None:
    github(server, "rain/roof", told(repository("rain/roof", 1)))
    asked(small, "rain/roof")
    done = asked(small, "rain/roof", now=MONDAY + dt.timedelta(hours=9))
    assert (done.requests, done.files) == (0, [])


def test_the_oldest_answers_come_first_within_the_budget(small: Small, server: Server) -> None:
    names = ["rain/a", "rain/b", "rain/c", "rain/d", "rain/e"]
    for number, name in enumerate(names):
        github(server, name, told(repository(name, number)))
    small.settings = replace(small.settings, resolving=replace(small.settings.resolving, requests=2))
    for number in range(4):
        asked(small, *names, now=MONDAY + dt.timedelta(days=number))
    assert paths(server) == [f"/repos/rain/{letter}" for letter in "abcdeabc"]


RESET = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(MONDAY.timestamp()) + 1800)}


@pytest.mark.parametrize(
    ("limited", "requests", "minutes"),
    [
        (Reply(b"{}", 429, {"Retry-After": "1800"}), 1, 30),
        (Reply(b"{}", 403, {"Retry-After": "1800"}), 1, 30),
        (Reply(b"{}", 503, {"Retry-After": "1800"}), 1, 30),
        (Reply(b"{}", 429), 2, 1),
        (Reply(b"{}", 429, {"Retry-After": "99999999999"}), 1, 6 * 60),
        (Reply(b'{"message": "You have exceeded a secondary rate limit."}', 403), 1, 1),
    ],
)
def test_a_host_that_has_had_enough_is_left_alone(
    small: Small, server: Server, limited: Reply, requests: int, minutes: int
) -> None:
    github(server, "rain/a", told(repository("rain/a", 1)))
    github(server, "rain/b", limited)
    done = asked(small, "rain/a", "rain/b", "rain/c")
    until = MONDAY + dt.timedelta(minutes=minutes)
    assert done.failure is None
    assert done.notes == [
        f"resolved-github.com: has had enough until {until.isoformat()}; repositories left for later runs: 2"
    ]
    assert len(server.seen) == 1 + requests
    small.settle()
    assert states(small) == {"rain/a": ("ok", None)}
    # Before that, nothing is sent; then it goes on where it was.
    done = asked(small, "rain/b", now=until - dt.timedelta(seconds=9))
    assert (done.requests, len(done.notes)) == (0, 1)
    github(server, "rain/b", told(repository("rain/b", 2)))
    asked(small, "rain/a", "rain/b", now=until + dt.timedelta(seconds=9))
    assert paths(server)[-1] == "/repos/rain/b"
    small.settle()
    assert states(small)["rain/b"] == ("ok", None)


@pytest.mark.parametrize("status", [200, 404])
def test_an_allowance_that_is_nearly_used_up_ends_the_run(small: Small, server: Server, status: int) -> None:
    headers = {**RESET, "X-RateLimit-Remaining": "5"}
    github(server, "rain/a", told(repository("rain/a", 1), status, headers=headers))
    done = asked(small, "rain/a", "rain/b")
    until = MONDAY.replace(minute=30)
    assert done.notes == [
        f"resolved-github.com: has had enough until {until.isoformat()}; repositories left for later runs: 1"
    ]
    assert (paths(server), len(lines(small, done))) == (["/repos/rain/a"], 1)


def test_a_limit_that_is_used_up_with_a_time_is_obeyed(small: Small, server: Server) -> None:
    now = dt.datetime.now(dt.UTC)
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now.timestamp()) + 1200)}
    github(server, "rain/a", Reply(b'{"message": "API rate limit exceeded"}', 403, reset))
    done = asked(small, "rain/a", "rain/b", now=now)
    assert (done.failure, len(server.seen)) == (None, 1)
    mark = json.loads(small.settings.fetch_state("resolved-github.com").read_bytes())["marks"]["not before"]
    assert dt.timedelta(minutes=19) < dt.datetime.fromisoformat(mark) - now < dt.timedelta(minutes=21)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reply(b"down", 502), id="502"),
        pytest.param(Reply(b"<html>Unicorn!</html>"), id="garbage"),
        pytest.param(told(repository("rain/b", 2), stops_after=40), id="cut"),
        pytest.param(told(repository("rain/b", 2), seconds_a_byte=1.0), id="dripped"),
        pytest.param(Reply(b"", 302, {"Location": "http://169.254.169.254/"}), id="led elsewhere"),
    ],
)
def test_one_that_is_not_answered_for_stops_no_other(small: Small, server: Server, broken: Reply) -> None:
    for name in ("rain/a", "rain/c"):
        github(server, name, told(repository(name, 1 if name == "rain/a" else 3)))
    github(server, "rain/b", broken)
    done = asked(small, "rain/a", "rain/b", "rain/c")
    assert done.failure is None
    assert len(done.notes) == 1
    small.settle()
    assert sorted(states(small)) == ["rain/a", "rain/c"]
    # It had its turn: the next run begins with those that were not asked for longer.
    before = len(server.seen)
    asked(small, "rain/b", "rain/d", now=TUESDAY)
    assert paths(server)[before] == "/repos/rain/d"


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"{}", b'{"full_name": "rain/a"}', b'{"id": 3, "full_name": 4}'])
def test_what_is_no_repository_is_rejected_and_asked_for_anew(small: Small, server: Server, body: bytes) -> None:
    github(server, "rain/a", Reply(body, etag='"1"'))
    github(server, "rain/b", told(repository("rain/b", 2)))
    asked(small, "rain/a", "rain/b")
    small.settle()
    assert small.rows("SELECT loaded, rejected FROM core.dumps") == [(1, 1)]
    assert small.rows("SELECT reason FROM ops.rejected") == [("unusable_answer",)]
    assert states(small) == {"rain/b": ("ok", None)}


def test_a_host_that_is_down_is_not_asked_for_all(small: Small, server: Server) -> None:
    names = [f"rain/{number}" for number in range(9)]
    github(server, "rain/0", told(repository("rain/0", 1)))
    for name in names[1:]:
        github(server, name, Reply(b"down", 500))
    done = asked(small, *names)
    assert isinstance(done.failure, NetworkError)
    assert len({request.path for request in server.seen}) == 1 + resolvers.MOST_FAILURES
    small.settle()
    assert states(small) == {"rain/0": ("ok", None)}


def test_a_refused_token_needs_a_person(small: Small, server: Server) -> None:
    github(server, "rain/a", told({"message": "Bad credentials"}, 401))
    done = asked(small, "rain/a", "rain/b")
    assert isinstance(done.failure, AnswerError)
    assert "refuses our token" in str(done.failure)
    assert len(server.seen) == 1


def test_the_token_goes_to_its_host_and_is_written_nowhere(small: Small, server: Server) -> None:
    github(server, "rain/a", told(repository("rain/a", 1)))
    github(server, "rain/b", Reply(b"", 500))
    server.line_up("/gitlab.com/api/v4/projects/rain%2Fa", Reply(b"{}", 404))
    asked(small, "rain/a", "rain/b")
    asked(small, "rain/a", host="gitlab.com")
    assert [request.headers.get("authorization") for request in server.seen] == [f"Bearer {TOKEN}"] * 3 + [None]
    kept = b"".join(path.read_bytes() for path in small.settings.warehouse.rglob("*") if path.is_file())
    kept += b"".join(path.read_bytes() for path in small.settings.inbox.iterdir())
    assert TOKEN.encode() not in kept


def test_other_hosts_are_asked_in_their_own_way(small: Small, server: Server) -> None:
    gitlab = {"id": 7, "path_with_namespace": "rain/sub/roof", "star_count": 3, "forks_count": 1, "archived": True}
    server.line_up("/gitlab.com/api/v4/projects/rain%2Fsub%2Froof", told(gitlab))
    codeberg = {"id": 8, "full_name": "snow/roof", "stars_count": 4, "forks_count": 0, "empty": True, "language": ""}
    server.line_up("/codeberg.org/api/v1/repos/rain/roof", told(codeberg))
    bitbucket = {"uuid": "{a-b}", "full_name": "rain/roof", "size": 900, "language": "python"}
    server.line_up("/bitbucket.org/2.0/repositories/rain/roof", told(bitbucket))
    assert asked(small, "rain/sub/roof", host="gitlab.com").failure is None
    for host in ("codeberg.org", "bitbucket.org"):
        assert asked(small, "rain/roof", host=host).failure is None
    small.settle()
    assert small.rows(
        "SELECT repository_url, state, repositories.host_id, stars FROM core.repositories "
        "LEFT JOIN core.repository_observations USING (repository_url) ORDER BY 1"
    ) == [
        ("https://bitbucket.org/rain/roof", "ok", "{a-b}", None),
        ("https://codeberg.org/rain/roof", "renamed", "8", None),
        ("https://codeberg.org/snow/roof", "empty", "8", 4),
        ("https://gitlab.com/rain/sub/roof", "archived", "7", 3),
    ]


def test_asked_are_the_repositories_that_papers_link_to(small: Small, server: Server) -> None:
    small.deliver(daily([daily_row(1, githubRepo=ROOF), daily_row(2)]), "2026-09-01.json")
    small.deliver(json.dumps({"date": "2026-09-06", "language": None, "list": ["snow/pole"]}).encode(), "list.json")
    small.settle()
    publish.publish(small.settings)
    github(server, "rain/roof", told(repository("rain/roof", 1)))
    done = pipeline.resolve(small.settings)
    assert [each.failure for each in done] == [None] * len(CODE_HOSTS)
    assert paths(server) == ["/repos/rain/roof"]
    assert small.rows("SELECT source FROM core.dumps ORDER BY 1") == [("github_trending",), ("hf_daily",)]


def test_without_a_snapshot_nobody_is_asked(small: Small, server: Server) -> None:
    with pytest.raises(NothingPublishedError):
        pipeline.resolve(small.settings)
    assert server.seen == []


def test_a_replay_gives_the_same(small: Small, server: Server, tmp_path: Path) -> None:
    """The answers alone, without a host or what was remembered of it, make the same warehouse."""
    github(server, "rain/roof", told(repository("rain/roof", 1), etag='"1"'))
    for now in (MONDAY, TUESDAY):
        asked(small, "rain/roof", now=now)
    github(server, "rain/roof", told({}, 404))
    asked(small, "rain/roof", now=FRIDAY)
    small.settle()
    again = Small(tmp_path / "again")
    for path in sorted(small.settings.inbox.iterdir(), reverse=True):
        again.deliver(path.read_bytes(), path.name)
    again.settle()
    assert again.content() == small.content()
    assert states(again) == {"rain/roof": ("gone", None)}


def test_a_long_run_writes_down_what_it_has(small: Small, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolvers, "LINES", 2)
    names = [f"rain/{number}" for number in range(5)]
    for number, name in enumerate(names):
        github(server, name, told(repository(name, number)))
    done = asked(small, *names)
    assert [name[-10:] for name in done.files] == ["0001.jsonl", "0002.jsonl", "0003.jsonl"]
    assert len(lines(small, done)) == 5


@pytest.mark.parametrize(
    "url",
    [
        "rain/roof",
        "http://github.com/rain/roof",
        "https://evil.example/a/b",
        "https://github.com/../x",
        "https://github.com/a/b/c",
    ],
)
def test_only_repositories_of_known_hosts_can_be_named(small: Small, url: str) -> None:
    with pytest.raises(SettingsError, match="HOST/owner/name"):
        pipeline.resolve(small.settings, repositories=[url])


def test_only_hosts_that_are_allowed_are_asked(small: Small, server: Server) -> None:
    with pytest.raises(UnknownNameError):
        pipeline.resolve(small.settings, ["evil.example"])
    small.settings = replace(small.settings, resolving=replace(small.settings.resolving, hosts=("gitlab.com",)))
    with pytest.raises(UnknownNameError):
        pipeline.resolve(small.settings, ["github.com"])
    assert server.seen == []


def test_settings_of_resolving() -> None:
    assert set(CODE_HOSTS) == set(resolvers.HOSTS)
    env = {"ETL_RESOLVE_HOSTS": "github.com, gitlab.com", "ETL_RESOLVE_REQUESTS": "60"}
    found = Settings.from_env({**env, "ETL_RESOLVE_GITHUB_URL": "https://mirror.example/api/"}).resolving
    assert found == Resolving(("github.com", "gitlab.com"), 60, {"github.com": "https://mirror.example/api"})
    with pytest.raises(SettingsError):
        Resolving.from_env({"ETL_RESOLVE_HOSTS": "evil.example"})

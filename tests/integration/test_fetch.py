"""Fetching, against a real server on loopback that misbehaves on purpose."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import pipeline, sources
from etl.errors import AnswerError, BusyError, ForbiddenPlaceError, NetworkError
from etl.settings import Fetching, Settings
from etl.sources.base import Head
from etl.steps import fetch as fetching
from etl.steps.fetch import Fetched, Wanted
from tests.factories import daily, daily_row
from tests.misbehaving import Reply, Request, Server, serving

PROJECT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 21, 12, 0, 5, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
ONE_DAY = Wanted(since=DAY, until=DAY)
PATH = "/api/daily_papers"
LISTING = daily([daily_row(1), daily_row(2)])
TOKEN = "github_pat_canary0123456789"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as told:
        yield told


@pytest.fixture
def own(settings: Settings, server: Server) -> Settings:
    """Settings that fetch everything from the server, soon give up, and wait for nothing."""
    urls = {
        "hf_daily": server.address + PATH,
        "arxiv_rss": server.address + "/rss",
        "arxiv_atom": server.address + "/api/query",
        "arxiv_oai_pmh": server.address + "/oai",
        "openalex": server.address + "/works/manifest.json",
        "github_repositories": server.address + "/github",
    }
    patience = {"timeout_seconds": 0.5, "retries": 2, "backoff_seconds": 0.01, "longest_wait_seconds": 2.0}
    return replace(
        settings, fetching=Fetching(urls=urls, allows_private=True, pause_seconds=0.0, max_bytes=1 << 20, **patience)
    )


def fetch(settings: Settings, source: str = "hf_daily", wanted: Wanted = ONE_DAY, **options: Any) -> Fetched:
    return fetching.fetch(settings, source, wanted, options.pop("now", NOW), **options)


def inbox(settings: Settings) -> dict[str, bytes]:
    """All files of the inbox, those with a leading dot too."""
    return {path.name: path.read_bytes() for path in sorted(settings.inbox.iterdir())}


def state(settings: Settings, source: str) -> dict[str, Any]:
    path = settings.fetch_state(source)
    return dict(json.loads(path.read_bytes())) if path.exists() else {"marks": {}, "versions": {}, "files": {}}


def failed(settings: Settings, kind: type[Exception], source: str = "hf_daily", **options: Any) -> str:
    """The line of a fetch that fails and brings nothing."""
    done = fetch(settings, source, **options)
    assert type(done.failure) is kind, done
    assert done.files == []
    assert inbox(settings) == {}
    assert "\n" not in str(done.failure)
    return str(done.failure)


# How an answer comes


def test_a_whole_answer_is_a_file_with_its_sha256(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING, etag='"1"'))
    done = fetch(own)
    assert (done.failure, done.files) == (None, ["hf_daily-2026-11-20.json"])
    assert inbox(own) == {"hf_daily-2026-11-20.json": LISTING}
    known = state(own, "hf_daily")
    assert list(known["files"].values()) == [fetching.hashlib.sha256(LISTING).hexdigest()]
    assert known["marks"] == {"day": "2026-11-20"}
    assert server.seen[0].query["date"] == "2026-11-20"


def test_what_was_fetched_is_ingested_at_once(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING))
    patient = replace(own, settle_seconds=5)
    fetch(patient)
    (delivery,) = pipeline.ingest(patient).deliveries
    assert (delivery.source, delivery.name, delivery.observed_on) == ("hf_daily", "hf_daily-2026-11-20.json", DAY)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reply(b"busy", 429, {"Retry-After": "0"}), id="429"),
        pytest.param(Reply(b"down", 503), id="503"),
        pytest.param(Reply(b"down", 503, {"Retry-After": "Sat, 21 Nov 2020 00:00:00 GMT"}), id="503 until long ago"),
        pytest.param(Reply(b"down", 503, {"Retry-After": "soon"}), id="503 until soon"),
        pytest.param(Reply(LISTING, stops_after=40), id="cut"),
        pytest.param(Reply(LISTING, stops_after=0), id="cut before the body"),
        pytest.param(Reply(LISTING, stops_after=40, is_chunked=True), id="chunks cut"),
        pytest.param(Reply(LISTING, stops_after=40, promised=None), id="cut without a length"),
        pytest.param(Reply(LISTING, promised=len(LISTING) + 9), id="length too long"),
        pytest.param(Reply(LISTING, promised=len(LISTING) - 9), id="length too short"),
        pytest.param(Reply(gzip.compress(LISTING)[:-9], headers={"Content-Encoding": "gzip"}), id="gzip cut"),
        pytest.param(Reply(LISTING, headers={"Content-Encoding": "gzip"}), id="no gzip"),
        pytest.param(Reply(b"<html>Please come back later</html>"), id="a page of its own"),
        pytest.param(Reply(LISTING, seconds_a_byte=1.0), id="dripped"),
    ],
)
def test_what_does_not_come_whole_is_asked_for_again(own: Settings, server: Server, broken: Reply) -> None:
    changed = daily([daily_row(3)])
    server.line_up(PATH, broken, Reply(changed))
    done = fetch(own)
    assert done.failure is None
    assert inbox(own) == {"hf_daily-2026-11-20.json": changed}
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (Reply(b"down", 503), "status 503, 3 times"),
        (Reply(LISTING, stops_after=40), "the connection was cut, 3 times"),
        (Reply(LISTING, stops_after=40, is_chunked=True), "the connection was cut, 3 times"),
        (Reply(LISTING, promised=len(LISTING) - 9), "the answer is not whole, 3 times"),
        (Reply(gzip.compress(LISTING)[:-9], headers={"Content-Encoding": "gzip"}), "the compressed bytes end too soon"),
    ],
)
def test_what_never_comes_whole_is_one_line_and_no_file(
    own: Settings, server: Server, broken: Reply, said: str
) -> None:
    server.line_up(PATH, broken)
    assert said in failed(own, NetworkError)
    assert state(own, "hf_daily")["marks"] == {}
    assert len(server.seen) == 3


def test_a_host_is_left_alone_as_long_as_it_asks(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(b"busy", 429, {"Retry-After": "1"}), Reply(LISTING))
    begun = time.monotonic()
    assert fetch(own).failure is None
    assert time.monotonic() - begun >= 1


def test_a_host_that_asks_for_an_hour_is_not_waited_for(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(b"busy", 503, {"Retry-After": "3600"}))
    assert "status 503, and asks to wait 3600 s" in failed(own, BusyError)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_a_refusal_is_not_asked_again(own: Settings, server: Server, status: int) -> None:
    server.line_up(PATH, Reply(b"no", status))
    assert f"status {status}" in failed(own, AnswerError)
    assert len(server.seen) == 1


def test_an_endless_body_is_left(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(b" " * 65_536, is_endless=True, promised=None))
    assert "more than ETL_FETCH_MAX_BYTES=1048576 bytes" in failed(own, AnswerError)


def test_a_small_body_that_grows_is_left(own: Settings, server: Server) -> None:
    # 70 kB on the way, 70 MB once they are unpacked.
    bomb = gzip.compress(b"[" + b" " * 70_000_000 + b"]", 9)
    server.line_up(PATH, Reply(bomb, headers={"Content-Encoding": "gzip"}))
    assert "more than 67108864 bytes" in failed(own, AnswerError)


def test_a_slow_body_is_not_waited_for(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING, seconds_a_byte=0.02))
    hasty = replace(own, fetching=replace(own.fetching, retries=0))
    begun = time.monotonic()
    assert "slower than" in failed(hasty, NetworkError)
    assert time.monotonic() - begun < 3


def test_compression_for_the_way_is_undone(own: Settings, server: Server) -> None:
    two_members = gzip.compress(LISTING[:50]) + gzip.compress(LISTING[50:])
    server.line_up(PATH, Reply(two_members, headers={"Content-Encoding": "gzip"}, is_chunked=True))
    fetch(own)
    assert inbox(own) == {"hf_daily-2026-11-20.json": LISTING}


def test_nobody_listens(own: Settings, server: Server) -> None:
    gone = replace(own, fetching=replace(own.fetching, urls={"hf_daily": "http://127.0.0.1:9/papers"}, retries=0))
    assert "127.0.0.1:9/papers?date=2026-11-20&limit=100: no connection" in failed(gone, NetworkError)


# Where a request may go


def test_a_redirect_on_the_same_host_is_followed(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(status=302, headers={"Location": "/elsewhere"}))
    server.line_up("/elsewhere", Reply(LISTING))
    assert fetch(own).files == ["hf_daily-2026-11-20.json"]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "http://127.0.0.1:1/",
        "http://127.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://huggingface.co.evil.example/",
        "https://huggingface.co@evil.example/",
        "https://user:secret@huggingface.co/",
        "//evil.example/",
        "file:///etc/passwd",
        "gopher://huggingface.co/",
        "http://[/",
        "http://a\u00e9.example/",
        "https://huggingface.co:22/",
        "",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(own: Settings, server: Server, location: str) -> None:
    server.line_up(PATH, Reply(status=302, headers={"Location": location}))
    line = failed(own, ForbiddenPlaceError)
    assert "nothing was sent there" in line
    assert "secret" not in line
    assert len(server.seen) == 1


def test_redirects_in_a_circle_end(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(status=307, headers={"Location": f"{PATH}?again"}))
    assert "more than 5 redirects" in failed(own, AnswerError)
    assert len(server.seen) == 6


def port(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def test_the_connection_goes_to_the_address_that_was_checked(own: Settings, server: Server) -> None:
    """The name is known to the resolver alone, which would say something else when asked again."""
    answers = iter([["127.0.0.1"], ["192.0.2.1"]])
    asked: list[str] = []

    def look_up(host: str, _: int) -> list[str]:
        asked.append(host)
        return next(answers)

    server.line_up("/papers", Reply(LISTING))
    urls = {"hf_daily": f"http://mirror.invalid:{port(server)}/papers"}
    assert fetch(replace(own, fetching=replace(own.fetching, urls=urls)), look_up=look_up).failure is None
    assert asked == ["mirror.invalid"]
    assert server.seen[0].headers["host"] == f"mirror.invalid:{port(server)}"


@pytest.mark.parametrize("found", [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["::1"]])
def test_every_address_of_a_name_is_checked(own: Settings, server: Server, found: list[str]) -> None:
    urls = {"hf_daily": f"http://mirror.invalid:{port(server)}/papers"}
    strict = replace(own, fetching=replace(own.fetching, urls=urls, allows_private=False))
    assert "which is not a public address" in failed(strict, ForbiddenPlaceError, look_up=lambda *_: found)
    assert server.seen == []


def test_a_proxy_is_asked_instead_and_its_password_is_not_told(own: Settings, server: Server) -> None:
    server.line_up("/papers", Reply(LISTING))
    proxied = replace(
        own.fetching,
        urls={"hf_daily": "http://mirror.invalid/papers"},
        proxies={"http": server.address.replace("//", "//me:canary@")},
    )
    assert fetch(replace(own, fetching=proxied)).files == ["hf_daily-2026-11-20.json"]
    assert server.seen[0].headers["proxy-authorization"].startswith("Basic ")
    assert server.seen[0].headers["host"] == "mirror.invalid"
    gone = replace(proxied, proxies={"http": "http://me:canary@127.0.0.1:9"}, retries=0)
    line = str(fetch(replace(own, fetching=gone), wanted=Wanted(since=DAY, until=DAY)).failure)
    assert "the proxy cannot be reached or refuses" in line
    assert "canary" not in line + repr(gone) + repr(replace(own, fetching=gone))


def test_no_proxy_goes_straight(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING))
    direct = replace(own.fetching, proxies={"http": "http://127.0.0.1:9"}, no_proxy=("127.0.0.1",))
    assert fetch(replace(own, fetching=direct)).failure is None


# What is known from one run to the next


def test_a_day_that_did_not_change_is_not_sent_again(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING, etag='"1"'))
    fetch(own)
    before = state(own, "hf_daily")
    again = fetch(own)
    assert (again.files, again.unchanged) == ([], 1)
    assert server.seen[1].headers["if-none-match"] == '"1"'
    assert state(own, "hf_daily") == before


def test_the_same_bytes_under_a_new_version_are_no_new_file(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING, etag='"1"'), Reply(LISTING, etag='"2"'))
    fetch(own)
    written = (own.inbox / "hf_daily-2026-11-20.json").stat().st_mtime_ns
    again = fetch(own)
    assert (again.files, again.unchanged) == ([], 1)
    assert (own.inbox / "hf_daily-2026-11-20.json").stat().st_mtime_ns == written


def test_a_late_change_is_a_new_file_of_the_same_name(own: Settings, server: Server) -> None:
    later = daily([daily_row(1), daily_row(2), daily_row(3)])
    server.line_up(PATH, Reply(LISTING, etag='"1"'), Reply(later, etag='"2"'))
    fetch(own)
    pipeline.ingest(own)
    assert fetch(own).files == ["hf_daily-2026-11-20.json"]
    assert pipeline.ingest(own).new == 1
    assert len(list(own.raw.glob("??/*.json"))) == 2


def test_a_run_goes_on_after_the_last_day_and_looks_back_a_little(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING))
    assert len(fetch(own, wanted=Wanted(), now=NOW - dt.timedelta(days=2)).files) == 7
    server.seen.clear()
    fetch(own, wanted=Wanted())
    assert [request.query["date"] for request in server.seen] == ["2026-11-18", "2026-11-19", "2026-11-20"]


def test_an_early_end_keeps_the_days_before_it(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING), Reply(daily([daily_row(3)])), Reply(b"down", 500))
    done = fetch(own, wanted=Wanted(since=dt.date(2026, 11, 16)))
    assert done.files == ["hf_daily-2026-11-16.json", "hf_daily-2026-11-17.json"]
    assert isinstance(done.failure, NetworkError)
    assert state(own, "hf_daily")["marks"] == {"day": "2026-11-17"}


def test_days_that_were_left_out_stay_due(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(LISTING))
    early = dt.date(2026, 11, 10)
    fetch(own, wanted=Wanted(since=early, until=early))
    fetch(own)
    assert state(own, "hf_daily")["marks"] == {"day": "2026-11-10"}
    fetch(own, wanted=Wanted(until=dt.date(2026, 11, 12)))
    assert state(own, "hf_daily")["marks"] == {"day": "2026-11-12"}


def test_a_listing_without_papers_is_no_file(own: Settings, server: Server) -> None:
    server.line_up(PATH, Reply(b"[]"))
    done = fetch(own)
    assert (done.failure, inbox(own), state(own, "hf_daily")["marks"]) == (None, {}, {"day": "2026-11-20"})


def test_what_a_killed_run_left_is_swept_away(own: Settings, server: Server) -> None:
    own.inbox.mkdir(parents=True)
    (own.inbox / ".hf_daily-2026-11-19.json.4711.tmp").write_bytes(LISTING[:9])
    server.line_up(PATH, Reply(LISTING))
    fetch(own)
    assert list(inbox(own)) == ["hf_daily-2026-11-20.json"]


def test_a_killed_run_repeats_its_last_request_alone(own: Settings, server: Server) -> None:
    running: list[subprocess.Popen[bytes]] = []

    def answer(request: Request) -> Reply:
        if len(server.seen) == 3:
            running[0].kill()
        return Reply(daily([daily_row(int(request.query["date"][-2:]))]))

    server.ask_of(PATH, answer)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "ETL_FETCH_PRIVATE": "1"}
    environ |= {"ETL_WAREHOUSE": str(own.warehouse), "ETL_FETCH_HF_DAILY_URL": server.address + PATH}
    command = [sys.executable, "-m", "etl", "fetch", "hf_daily", "--since", "2026-11-16", "--until", "2026-11-19"]
    running.append(subprocess.Popen(command, env=environ))
    assert running[0].wait(60) == -signal.SIGKILL
    assert fetch(own, wanted=Wanted(until=dt.date(2026, 11, 19))).failure is None
    assert [request.query["date"][-2:] for request in server.seen] == ["16", "17", "18", "18", "19"]
    assert list(inbox(own)) == [f"hf_daily-2026-11-{day}.json" for day in (16, 17, 18, 19)]


# arXiv


def oai(records: int, token: str = "", about: str = "", error: str = "") -> Reply:
    body = "".join(f"<record><header><identifier>{number}</identifier></header></record>" for number in range(records))
    inside = f"<ListRecords>{body}<resumptionToken{about}>{token}</resumptionToken></ListRecords>"
    if error:
        inside = f'<error code="{error}">as told</error>'
    page = f"<OAI-PMH><responseDate>2026-11-21T00:10:00Z</responseDate><request/>{inside}</OAI-PMH>\n"
    return Reply(b'<?xml version="1.0" encoding="UTF-8"?>\n' + page.encode())


def harvest(own: Settings, **options: Any) -> Fetched:
    return fetch(own, "arxiv_oai_pmh", options.pop("wanted", Wanted()), **options)


def test_a_harvest_follows_its_tokens(own: Settings, server: Server) -> None:
    pages = [oai(2, "a|1&amp;2"), oai(2, "b"), oai(1)]
    server.line_up("/oai", *pages)
    assert harvest(own).failure is None
    names = [f"arxiv_oai_pmh-cs-2026-11-21T001000Z-000{number}.xml" for number in (1, 2, 3)]
    assert inbox(own) == {name: page.body for name, page in zip(names, pages, strict=True)}
    assert [request.query.get("resumptionToken") for request in server.seen] == [None, "a|1&2", "b"]
    assert server.seen[0].query == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "cs",
        "from": "2026-11-18",
    }
    assert state(own, "arxiv_oai_pmh")["marks"] == {"cs": "2026-11-21"}
    server.line_up("/oai", oai(0, error="noRecordsMatch"))
    assert harvest(own).failure is None
    assert server.seen[-1].query["from"] == "2026-11-21"


def test_an_unfinished_harvest_goes_on_with_its_token(own: Settings, server: Server) -> None:
    server.line_up("/oai", oai(2, "a"), Reply(b"down", 503))
    assert isinstance(harvest(own).failure, NetworkError)
    assert "cs" not in state(own, "arxiv_oai_pmh")["marks"]
    server.seen.clear()
    server.line_up("/oai", oai(1))
    assert harvest(own).files == ["arxiv_oai_pmh-cs-2026-11-21T001000Z-0002.xml"]
    assert [request.query["resumptionToken"] for request in server.seen] == ["a"]
    assert state(own, "arxiv_oai_pmh")["marks"] == {"cs": "2026-11-21"}


def test_an_expired_token_starts_the_harvest_over(own: Settings, server: Server) -> None:
    server.line_up("/oai", oai(2, "a"), oai(0, error="badResumptionToken"), oai(2, "b"), oai(1))
    done = harvest(own)
    assert done.failure is None
    assert done.notes == [
        "arxiv_oai_pmh: cs: the resumption token has expired, the harvest from 2026-11-18 starts over"
    ]
    assert [request.query.get("from") for request in server.seen] == ["2026-11-18", None, "2026-11-18", None]
    assert len(inbox(own)) == 2


def test_tokens_that_expire_again_and_again_end_the_run(own: Settings, server: Server) -> None:
    bad = oai(0, error="badResumptionToken")
    server.line_up("/oai", oai(2, "a"), bad, oai(2, "b"), bad)
    assert "badResumptionToken: as told" in str(harvest(own).failure)
    assert "cs" not in state(own, "arxiv_oai_pmh")["marks"]


@pytest.mark.parametrize(
    "second",
    [
        oai(2, "b", ' cursor="3" completeListSize="5"'),
        oai(1, "", ' cursor="2" completeListSize="5"'),
    ],
)
def test_a_listing_that_changes_under_the_harvest_is_started_over(own: Settings, server: Server, second: Reply) -> None:
    server.line_up("/oai", oai(2, "a", ' cursor="0" completeListSize="5"'), second)
    done = harvest(own)
    assert "the listing changed while it was read" in str(done.failure)
    assert isinstance(done.failure, NetworkError)
    assert len(inbox(own)) == 1
    assert state(own, "arxiv_oai_pmh")["marks"] == {}


def test_half_a_page_is_no_page(own: Settings, server: Server) -> None:
    whole = oai(2).body
    server.line_up("/oai", Reply(whole[: len(whole) // 2]))
    assert "the answer is not whole" in failed(own, NetworkError, "arxiv_oai_pmh", wanted=Wanted())


def test_arxiv_is_asked_with_pauses(own: Settings, server: Server) -> None:
    times: list[float] = []

    def answer(_: Request) -> Reply:
        times.append(time.monotonic())
        return oai(1, "more") if len(times) < 3 else oai(1)

    server.ask_of("/oai", answer)
    begun = time.monotonic()
    harvest(replace(own, fetching=replace(own.fetching, pause_seconds=0.3)))
    assert min(after - before for before, after in zip([begun, *times], times, strict=False)) >= 0.29


def atom(*days: str, total: int) -> Reply:
    entries = "".join(f"<entry><id>x</id><updated>{day}T00:00:00Z</updated></entry>" for day in days)
    head = f"<updated>2026-11-21T00:00:00-05:00</updated><opensearch:totalResults>{total}</opensearch:totalResults>"
    return Reply(f"<feed>{head}{entries}</feed>".encode())


def test_changes_are_read_back_to_the_mark(own: Settings, server: Server) -> None:
    server.line_up("/api/query", atom("2026-11-21", "2026-11-20", total=9), atom("2026-11-19", "2026-11-17", total=9))
    done = fetch(own, "arxiv_atom", Wanted())
    assert done.files == [f"arxiv_atom-cs-2026-11-21T120005Z-000{number}.xml" for number in (1, 2)]
    assert [request.query["start"] for request in server.seen] == ["0", "500"]
    assert server.seen[0].query["search_query"] == "cat:cs.*"
    assert state(own, "arxiv_atom")["marks"] == {"cs": "2026-11-21"}


def test_an_empty_page_where_there_should_be_papers_is_asked_for_again(own: Settings, server: Server) -> None:
    server.line_up("/api/query", atom(total=9), atom("2026-11-17", total=9))
    assert len(fetch(own, "arxiv_atom", Wanted()).files) == 1
    assert len(server.seen) == 2


def rss(items: int) -> bytes:
    date = "<pubDate>Fri, 20 Nov 2026 00:00:00 -0500</pubDate>"
    return f"<rss><channel>{date}{'<item></item>' * items}</channel></rss>".encode()


def test_a_feed_is_named_by_its_own_day(own: Settings, server: Server) -> None:
    server.line_up("/rss/cs.LG", Reply(rss(2), etag='"f"'))
    server.line_up("/rss/cs.CL", Reply(rss(0)))
    both = replace(own, fetching=replace(own.fetching, categories=("cs.LG", "cs.CL")))
    assert fetch(both, "arxiv_rss", Wanted()).failure is None
    assert inbox(own) == {"arxiv_rss-cs.LG-2026-11-20.xml": rss(2)}
    assert fetch(both, "arxiv_rss", Wanted()).unchanged == 1


# OpenAlex


def part(number: int) -> bytes:
    return gzip.compress(json.dumps({"id": f"https://openalex.org/W{number}"}).encode(), mtime=0)


def manifest(*parts: tuple[str, bytes], name: str = "files") -> Reply:
    files = [
        {"url": f"s3://openalex/data/jsonl/works/{path}", "meta": {"content_length": len(body)}} for path, body in parts
    ]
    return Reply(json.dumps({"date": "2026-11-20", name: files}).encode())


PARTS = [
    ("updated_date=2026-10-01/part_0000.gz", part(1)),
    ("updated_date=2026-11-02/part_0000.gz", part(2)),
    ("updated_date=2026-11-03/part_0000.gz", part(3)),
]
LATELY = Wanted(since=dt.date(2026, 11, 1))


def publish(server: Server, *manifests: Reply, parts: list[tuple[str, bytes]] = PARTS) -> None:
    server.line_up("/works/manifest.json", *(manifests or [manifest(*parts)]))
    for path, body in parts:
        server.line_up(f"/works/{path}", Reply(body, etag=f'"{path}"'))


@pytest.mark.parametrize("name", ["files", "entries"])
def test_new_parts_are_fetched_as_they_are(own: Settings, server: Server, name: str) -> None:
    publish(server, manifest(*PARTS, name=name))
    assert fetch(own, "openalex", LATELY).failure is None
    assert inbox(own) == {
        "openalex-works-2026-11-02-part_0000.gz": part(2),
        "openalex-works-2026-11-03-part_0000.gz": part(3),
    }
    assert state(own, "openalex")["marks"] == {"day": "2026-11-03"}
    server.seen.clear()
    assert fetch(own, "openalex", Wanted()).files == []
    assert {request.path for request in server.seen} == {"/works/manifest.json"}


def test_a_first_run_has_to_be_told_from_when_on(own: Settings, server: Server) -> None:
    assert "name --since DAY" in failed(own, AnswerError, "openalex", wanted=Wanted())
    assert server.seen == []


def test_a_manifest_that_changes_meanwhile_moves_no_mark(own: Settings, server: Server) -> None:
    publish(server, manifest(*PARTS[:2]), manifest(*PARTS))
    done = fetch(own, "openalex", LATELY)
    assert "the manifest changed while its parts were fetched" in str(done.failure)
    assert isinstance(done.failure, NetworkError)
    assert done.files == ["openalex-works-2026-11-02-part_0000.gz"]
    assert state(own, "openalex")["marks"] == {}
    again = fetch(own, "openalex", LATELY)
    assert (again.files, again.unchanged) == (["openalex-works-2026-11-03-part_0000.gz"], 1)
    assert state(own, "openalex")["marks"] == {"day": "2026-11-03"}


def test_no_manifest_is_a_release_on_its_way(own: Settings, server: Server) -> None:
    server.line_up("/works/manifest.json", Reply(b"<Error><Code>NoSuchKey</Code></Error>", 404))
    assert "as while a release is written" in failed(own, NetworkError, "openalex", wanted=LATELY)


@pytest.mark.parametrize(
    ("served", "listed", "said"),
    [
        (Reply(part(2)), 7, "the listing says 7"),
        (Reply(part(2)[:-4]), len(part(2)) - 4, "the compressed file ends too soon"),
        (Reply(part(2)[:-4], promised=None), len(part(2)), "the compressed file ends too soon"),
        (Reply(b"<Error/>"), 8, "the compressed bytes are broken"),
        (Reply(part(2), stops_after=20), len(part(2)), "the connection was cut"),
    ],
)
def test_a_part_that_is_not_as_listed_is_refused(
    own: Settings, server: Server, served: Reply, listed: int, said: str
) -> None:
    path = PARTS[1][0]
    server.line_up("/works/manifest.json", manifest((path, b"x" * listed)))
    server.line_up(f"/works/{path}", served)
    assert said in failed(own, NetworkError, "openalex", wanted=LATELY)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"files": 1}',
        b'{"files": [{"url": 5}]}',
        b'{"files": [{"url": "s3://x/updated_date=2026-11-02/../p"}]}',
    ],
)
def test_what_is_no_manifest_is_refused(own: Settings, server: Server, body: bytes) -> None:
    server.line_up("/works/manifest.json", Reply(body))
    assert "wanted the manifest of an entity" in failed(own, AnswerError, "openalex", wanted=LATELY)


# GitHub


@pytest.fixture
def github(own: Settings, server: Server) -> Settings:
    server.line_up("/github/repos/a/alive", Reply(b'{"id": 1, "stargazers_count": 5}', etag='"a"'))
    moved = {"Location": f"{server.address}/github/repositories/2"}
    server.line_up("/github/repos/a/moved", Reply(b'{"message": "Moved"}', 301, moved))
    server.line_up("/github/repositories/2", Reply(b'{"id": 2}'))
    server.line_up("/github/repos/a/gone", Reply(b'{"message": "Not Found"}', 404))
    server.line_up("/github/repos/a/barred", Reply(b'{"message": "Unavailable"}', 451))
    return replace(own, fetching=replace(own.fetching, github_token=TOKEN))


def asking(*names: str, **more: Any) -> Wanted:
    return Wanted(repositories=tuple(f"a/{name}" for name in names), **more)


def lines(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for body in inbox(settings).values() for line in body.splitlines()]


def test_each_answer_is_a_line(github: Settings, server: Server) -> None:
    done = fetch(github, "github_repositories", asking("alive", "moved", "gone", "barred"))
    assert (done.failure, done.files) == (None, ["github_repositories-2026-11-21T120005Z.jsonl"])
    on = {"fetched_on": "2026-11-21"}
    assert lines(github) == [
        {"requested": "a/alive", "status": 200, "repository": {"id": 1, "stargazers_count": 5}} | on,
        {"requested": "a/moved", "status": 301, "repository": {"id": 2}} | on,
        {"requested": "a/gone", "status": 404, "repository": None} | on,
        {"requested": "a/barred", "status": 451, "repository": None} | on,
    ]
    assert {request.headers["authorization"] for request in server.seen} == {f"Bearer {TOKEN}"}
    assert server.seen[0].headers["x-github-api-version"] == "2022-11-28"


def test_what_did_not_change_is_no_line(github: Settings, server: Server) -> None:
    fetch(github, "github_repositories", asking("alive"))
    later = fetch(github, "github_repositories", asking("alive"), now=NOW + dt.timedelta(days=1))
    assert (later.files, later.unchanged) == ([], 1)


def test_a_rate_limit_ends_the_run_and_keeps_what_came(github: Settings, server: Server) -> None:
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 1_800)}
    server.line_up("/github/repos/a/gone", Reply(b'{"message": "API rate limit exceeded"}', 403, reset))
    done = fetch(github, "github_repositories", asking("alive", "gone", "moved"))
    assert isinstance(done.failure, BusyError)
    assert "asks to wait 1" in str(done.failure)
    assert [line["requested"] for line in lines(github)] == ["a/alive"]
    server.line_up("/github/repos/a/gone", Reply(b'{"message": "Not Found"}', 404))
    server.seen.clear()
    fetch(github, "github_repositories", asking("alive", "gone", "moved"), now=NOW + dt.timedelta(minutes=1))
    assert [request.path.rpartition("/")[2] for request in server.seen] == ["gone", "moved", "2", "alive"]


def test_a_short_rate_limit_is_waited_for(github: Settings, server: Server) -> None:
    soon = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 1)}
    server.line_up("/github/repos/a/alive", Reply(b"{}", 403, soon), Reply(b'{"id": 1}'))
    assert fetch(github, "github_repositories", asking("alive")).failure is None


def test_a_limit_without_a_time_ends_the_run(github: Settings, server: Server) -> None:
    said = b'{"message": "You have exceeded a secondary rate limit"}'
    server.line_up("/github/repos/a/gone", Reply(said, 403))
    assert isinstance(fetch(github, "github_repositories", asking("gone")).failure, BusyError)


def test_a_run_asks_for_so_many_and_the_next_for_the_others(github: Settings, server: Server) -> None:
    few = replace(github, fetching=replace(github.fetching, repositories=2))
    wanted = asking("alive", "gone", "barred")
    assert fetch(few, "github_repositories", wanted).requests == 2
    fetch(few, "github_repositories", wanted, now=NOW + dt.timedelta(days=1))
    assert [request.path.rpartition("/")[2] for request in server.seen] == ["alive", "gone", "barred", "alive"]


def test_the_token_goes_to_no_other_host_and_into_no_text(github: Settings, server: Server) -> None:
    with serving() as other:
        away = {"Location": f"{other.address}/github/repositories/2"}
        other.line_up("/github/repositories/2", Reply(b'{"id": 2}'))
        server.line_up("/github/repos/a/moved", Reply(b"", 301, away))
        done = fetch(github, "github_repositories", asking("moved"))
        assert isinstance(done.failure, ForbiddenPlaceError)
        assert other.seen == []
    server.line_up("/github/repos/a/gone", Reply(b'{"message": "Bad credentials"}', 401))
    refused = fetch(github, "github_repositories", asking("gone"))
    assert "status 401, the host wants a token or refuses ours" in str(refused.failure)
    told = [repr(github), repr(done), repr(refused), str(done.failure), repr(refused.failure)]
    told += [path.read_text(encoding="utf-8") for path in github.warehouse.rglob("*.json*")]
    assert TOKEN not in "".join(told)


def test_the_token_is_not_sent_in_the_clear(github: Settings, server: Server) -> None:
    strict = replace(github.fetching, allows_private=False, proxies={"http": server.address})
    strict = replace(strict, urls={"github_repositories": "http://mirror.invalid/github"})
    assert fetch(replace(github, fetching=strict), "github_repositories", asking("alive")).failure is None
    assert "authorization" not in server.seen[0].headers


def test_stars_by_day_come_with_all_their_pages(github: Settings, server: Server) -> None:
    def answer(request: Request) -> Reply:
        page = int(request.query["page"])
        weeks = [{"week": 1_790_000_000 - page, "total": 7, "days": [1] * 7}] * (30 if page == 1 else 3)
        more = {"Link": '<https://elsewhere.example/>; rel="next"'} if page == 1 else {}
        return Reply(json.dumps(weeks).encode(), headers=more)

    server.ask_of("/github/repos/a/alive/stargazers/history", answer)
    fetch(github, "github_repositories", asking("alive", with_stargazers=True))
    (path,) = github.inbox.glob("github_star_history-*.jsonl")
    stars = json.loads(path.read_bytes())
    assert (stars["requested"], len(stars["stargazers_history"])) == ("a/alive", 33)
    assert stars["stargazers_count"] == 5
    assert sources.recognise(Head(path.read_bytes(), path.name)) == "github_star_history"
    server.seen.clear()
    later = NOW + dt.timedelta(days=1)
    fetch(github, "github_repositories", asking("alive", with_stargazers=True), now=later)
    assert len(server.asked("/github/repos/a/alive/stargazers/history")) == 1


def test_repositories_are_those_of_the_published_snapshot(github: Settings, server: Server, tmp_path: Path) -> None:
    links = {1: "https://github.com/a/alive", 2: "https://github.com/a/gone", 3: "https://gitlab.com/a/elsewhere"}
    rows = [daily_row(number, githubRepo=url) for number, url in links.items()]
    (tmp_path / "2025-06-12.json").write_bytes(daily(rows))
    pipeline.run(github, [tmp_path / "2025-06-12.json"])
    assert fetch(github, "github_repositories", Wanted()).failure is None
    assert [line["requested"] for line in lines(github)] == ["a/alive", "a/gone"]


def test_without_a_snapshot_repositories_have_to_be_named(own: Settings, server: Server) -> None:
    done = fetch(own, "github_repositories", Wanted())
    assert "nothing is published here yet" in str(done.failure)
    assert server.seen == []


# The command


@pytest.fixture
def etl(
    own: Settings, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ETL_WAREHOUSE", str(own.warehouse))
    monkeypatch.setenv("ETL_FETCH_PRIVATE", "1")
    monkeypatch.setenv("ETL_FETCH_RETRIES", "0")
    monkeypatch.setenv("ETL_FETCH_PAUSE", "0")
    monkeypatch.setenv("ETL_FETCH_CONTACT", "someone@example.org")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for source, url in own.fetching.urls.items():
        monkeypatch.setenv(f"ETL_FETCH_{source.upper()}_URL", url)

    def call(*args: str) -> tuple[int, str, str]:
        from etl import cli

        monkeypatch.setattr("sys.argv", ["etl", *args])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert TOKEN not in said.out + said.err
        return int(left.value.code or 0), said.out, said.err

    return call


def test_the_command_says_what_came(etl: Callable[..., tuple[int, str, str]], server: Server, own: Settings) -> None:
    server.line_up(PATH, Reply(LISTING))
    code, out, err = etl("fetch", "hf_daily", "--since", "2026-11-19", "--until", "2026-11-20", "--json")
    assert (code, err) == (0, "")
    (done,) = json.loads(out)["sources"]
    assert done["files"] == ["hf_daily-2026-11-19.json", "hf_daily-2026-11-20.json"]
    assert server.seen[0].headers["from"] == "someone@example.org"
    assert "someone@example.org" in server.seen[0].headers["user-agent"]
    runs = [json.loads(line) for line in (own.reports / "runs.jsonl").read_text().splitlines()]
    assert [(run["step"], run["read"], run["written"], run["failed"]) for run in runs] == [("fetch", 2, 2, 0)]


def test_one_source_that_fails_stops_no_other(
    etl: Callable[..., tuple[int, str, str]], server: Server, own: Settings
) -> None:
    server.line_up("/oai", Reply(b"down", 503))
    server.line_up("/rss/cs", Reply(rss(1)))
    code, out, err = etl("fetch", "arxiv_oai_pmh", "arxiv_rss")
    assert code == 3
    assert out.splitlines() == [
        "fetch: arxiv_oai_pmh 0 new files, 0 unchanged",
        "fetch: arxiv_rss 1 new files, 0 unchanged",
    ]
    (line,) = err.splitlines()
    assert line.startswith("error: arxiv_oai_pmh: 127.0.0.1:")
    assert line.endswith("status 503, 1 times; try again later")
    assert list(inbox(own)) == ["arxiv_rss-cs-2026-11-20.xml"]


def test_what_needs_a_person_weighs_more(etl: Callable[..., tuple[int, str, str]], server: Server) -> None:
    server.line_up("/oai", Reply(b"down", 503))
    code, _, err = etl("fetch", "arxiv_oai_pmh", "arxiv_rss")
    assert code == 1
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere",), "source that can be fetched 'nowhere' is not known; known: arxiv_atom"),
        (("github_repositories", "--repository", "a/../b"), "--repository: found 'a/../b'"),
        (("hf_daily", "--since", "2026-11-09", "--until", "2026-11-08"), "--since: found '2026-11-09'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    etl: Callable[..., tuple[int, str, str]], server: Server, args: tuple[str, ...], said: str
) -> None:
    code, _, err = etl("fetch", *args)
    assert (code, len(err.splitlines())) == (1, 1)
    assert said in err
    assert server.seen == []


def test_without_names_it_lists(etl: Callable[..., tuple[int, str, str]], server: Server) -> None:
    server.line_up(PATH, Reply(LISTING))
    etl("fetch", "hf_daily", "--since", "2026-11-20", "--until", "2026-11-20")
    server.seen.clear()
    code, out, _ = etl("fetch", "--json")
    about = {each["source"]: each for each in json.loads(out)}
    assert (code, server.seen) == (0, [])
    assert about["hf_daily"]["fetched_until"] == "2026-11-20"
    assert about["openalex"]["by_default"] is False
    assert "arxiv_oai_pmh" in etl("fetch")[1]


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for mirror.example that vouches for itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mirror.example")])
    begins = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mirror.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mirror.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def mirror(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that proves to be mirror.example, to whoever trusts the authority."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with serving(context, "mirror.example") as told:
        yield told


def of_mirror(own: Settings, url: str) -> Settings:
    return replace(own, fetching=replace(own.fetching, urls={"hf_daily": url}, retries=0))


def test_a_certificate_is_held_against_the_name(own: Settings, mirror: Server) -> None:
    url = mirror.line_up("/papers", Reply(LISTING))
    to_mirror: dict[str, Any] = {"look_up": lambda *_: ["127.0.0.1"]}
    wrong = of_mirror(own, url.replace("mirror.example", "other.example"))
    assert "no trusted connection" in failed(wrong, NetworkError, **to_mirror)
    assert fetch(of_mirror(own, url), **to_mirror).files == ["hf_daily-2026-11-20.json"]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    own: Settings, mirror: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    url = mirror.line_up("/papers", Reply(LISTING))
    line = failed(of_mirror(own, url), NetworkError, look_up=lambda *_: ["127.0.0.1"])
    assert "no trusted connection (self-signed certificate" in line
    assert mirror.seen == []


def test_a_redirect_that_gives_up_encryption_is_not_followed(own: Settings, mirror: Server) -> None:
    away = mirror.address.replace("https", "http")
    url = mirror.line_up("/papers", Reply(status=301, headers={"Location": f"{away}/papers"}))
    line = failed(of_mirror(own, url), ForbiddenPlaceError, look_up=lambda *_: ["127.0.0.1"])
    assert "a redirect from https to http" in line

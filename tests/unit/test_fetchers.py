"""What needs no server: which addresses are public, what plans ask for, what settings say."""

from __future__ import annotations

import ast
import datetime as dt
import ipaddress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from etl import addresses, fetchers, sources
from etl.errors import AnswerError, EtlError, ForbiddenPlaceError, SettingsError, UnknownNameError
from etl.fetchers import arxiv_oai_pmh, github_repositories, hf_daily
from etl.fetchers.base import REPOSITORY, Action, Answer, Ask, Keep, Mark, Plan, Task, advanced
from etl.network import Gunzip, IncompleteError
from etl.settings import Fetching, Settings

PROJECT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
TASK = Task(url="https://host.example/path", now=NOW, categories=("cs",), most_repositories=9)

HOSTILE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.0.0.53 127.255.255.254 168.63.129.16
169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1
192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 64:ff9b:1::5db8:d822 100::1 100:0:0:1::1
2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:5db8:d822::1 3fff::1 5f00::1
2a00:1450:4001::5efe:7f00:1 2a00:1450:4001::200:5efe:a00:1 4000::1 8000::1
fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a::1 fe80::1 fe80::1%eth0 fe80::5efe:7f00:1 fec0::1 feff::1
ff00::1 ff01::1 ff02::1 ff02::fb ff05::1:3 ff0e::1
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 140.82.121.4 151.101.3.42 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1
100.63.255.255 100.128.0.1 169.253.255.255 198.17.255.255 198.20.0.1 223.255.255.255
2606:2800:220:1:248:1893:25c8:1946 2a04:4e42::644 2a00:1450:4001:80b::200e 2001:4860:4860::8888
::ffff:93.184.216.34 64:ff9b::5db8:d822
""".split()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_public(text: str) -> None:
    assert not addresses.is_public(ipaddress.ip_address(text))
    with pytest.raises(ForbiddenPlaceError, match="not a public address"):
        addresses.checked("name.example", 443, lambda *_: ["93.184.216.34", text], allows_private=False)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public(text: str) -> None:
    assert addresses.is_public(ipaddress.ip_address(text))
    assert addresses.checked("name.example", 443, lambda *_: [text], allows_private=False) == [text]


FORMS = "127.1 127.0.1 0x7f000001 0x7f.1 2130706433 017700000001 0177.0.0.1 0 0x0 0xa9fea9fe 2852039166 10.1".split()


@pytest.mark.parametrize("host", [*FORMS, "[::1]", "::1", "[::ffff:7f00:1]"])
def test_an_address_in_any_form_is_seen_through(host: str) -> None:
    written = addresses.literal(host)
    assert written is not None
    assert not addresses.is_public(written)


@pytest.mark.parametrize("host", FORMS)
def test_the_system_reads_these_forms_too(host: str) -> None:
    with pytest.raises(EtlError):
        addresses.checked(host, 80, addresses.resolve, allows_private=False)


@pytest.mark.parametrize(
    "host", ["huggingface.co", "metadata.google.internal", "localhost", "127.0.0.1.nip.io", "a.1.b"]
)
def test_a_name_is_no_address(host: str) -> None:
    assert addresses.literal(host) is None


def test_loopback_has_names_too() -> None:
    with pytest.raises(ForbiddenPlaceError):
        addresses.checked("localhost", 80, addresses.resolve, allows_private=False)
    assert addresses.checked("localhost", 80, addresses.resolve, allows_private=True)


# Modules


def imported(path: Path) -> set[str]:
    """The packages that a module imports, whole or in part."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def test_the_network_is_reached_in_one_place() -> None:
    paths = sorted((PROJECT / "etl").rglob("*.py"))
    found = {name: {path.name for path in paths if name in imported(path)} for name in ("urllib3", "socket")}
    # What is served on this machine is listened for, and asks nobody.
    assert found == {"urllib3": {"network.py"}, "socket": {"addresses.py", "serving.py"}}


def test_plans_do_nothing_themselves() -> None:
    barred = {"socket", "urllib3", "time", "os", "pathlib", "duckdb", "polars"}
    for name in ("base", *fetchers.names()):
        assert not imported(PROJECT / "etl" / "fetchers" / f"{name}.py") & barred


@pytest.mark.parametrize("name", fetchers.names())
def test_every_fetcher_is_declared(name: str) -> None:
    fetcher = fetchers.load(name)
    parts = urlsplit(fetcher.url)
    assert parts.scheme == "https"
    assert addresses.literal(parts.hostname or "") is None
    assert fetcher.title
    assert fetcher.publisher == "arxiv" or not name.startswith("arxiv")
    assert fetcher.pause_seconds >= (3 if fetcher.publisher == "arxiv" else 0)


def test_an_unknown_source_is_named_with_those_that_are_known() -> None:
    with pytest.raises(UnknownNameError, match="hf_daily"):
        fetchers.load("base")


# Plans


def played(plan: Plan, *answers: Answer | EtlError) -> list[Action]:
    """What a plan does, when its requests are answered with these in turn."""
    actions, waiting = [next(plan)], list(answers)
    try:
        while True:
            answer: Any = waiting.pop(0) if isinstance(actions[-1], Ask) else Answer()
            actions.append(plan.throw(answer) if isinstance(answer, EtlError) else plan.send(answer))
    except StopIteration:
        return actions


def test_a_full_listing_says_that_there_may_be_more() -> None:
    full = Answer(200, b"[" + b",".join([b"{}"] * 100) + b"]")
    actions = played(hf_daily.plan(replace(TASK, since=NOW.date(), until=NOW.date())), full)
    assert "there may be more" in str(actions[1])


def test_the_running_day_is_not_marked_as_fetched() -> None:
    actions = played(hf_daily.plan(replace(TASK, since=NOW.date(), until=NOW.date())), Answer(200, b"[{}]"))
    assert actions[-1] == Keep("hf_daily-2026-11-21.json", b"[{}]", {"day": "2026-11-20"})


def test_a_listing_that_is_no_array_is_refused() -> None:
    with pytest.raises(AnswerError, match="found a JSON dict, wanted an array"):
        played(hf_daily.plan(TASK), Answer(200, b'{"error": "no"}'))


@pytest.mark.parametrize(
    ("known", "first", "reached", "mark"),
    [
        (None, "2026-11-01", "2026-11-05", "2026-11-05"),
        ("2026-11-04", "2026-11-05", "2026-11-06", "2026-11-06"),
        ("2026-11-04", "2026-11-01", "2026-11-06", "2026-11-06"),
        ("2026-11-04", "2026-11-01", "2026-11-02", None),
        ("2026-11-04", "2026-11-06", "2026-11-08", None),
    ],
)
def test_a_mark_never_goes_back_nor_over_days_left_out(
    known: str | None, first: str, reached: str, mark: str | None
) -> None:
    day = dt.date.fromisoformat
    due = day(known) + dt.timedelta(days=1) if known else day("2026-11-03")
    found = advanced("k", day(known) if known else None, due, day(first), day(reached))
    assert found == ({"k": mark} if mark else {})


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs", "cs"),
        ("cs.LG", "cs:cs:LG"),
        ("stat.ML", "stat:stat:ML"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("physics", "physics"),
        ("physics.optics", "physics:physics:optics"),
    ],
)
def test_the_set_of_a_category(category: str, name: str) -> None:
    assert arxiv_oai_pmh.oai_set(category) == name


def test_a_harvest_until_a_day_marks_that_day() -> None:
    page = b"<OAI-PMH><responseDate>2026-11-21T00:10:00Z</responseDate><ListRecords><record></record></ListRecords>"
    task = replace(TASK, since=dt.date(2026, 11, 1), until=dt.date(2026, 11, 9))
    actions = played(arxiv_oai_pmh.plan(task), Answer(200, page))
    assert actions[-1] == Mark({"cs unfinished": None, "cs": "2026-11-09"})


def test_what_a_host_says_is_shown_without_control_characters() -> None:
    page = b"<OAI-PMH><responseDate>2026-11-21T00:10:00Z</responseDate><error code='badVerb'>\x1b[31mno\nno</error>"
    with pytest.raises(AnswerError) as raised:
        played(arxiv_oai_pmh.plan(TASK), Answer(200, page))
    assert "error badVerb: [31mno no" in str(raised.value)


def test_lines_before_an_interruption_are_kept() -> None:
    task = replace(TASK, repositories=("a/b", "c/d"))
    plan = github_repositories.plan(task)
    assert isinstance(next(plan), Ask)
    assert isinstance(plan.send(Answer(200, b'{"id": 1}')), Ask)
    kept = plan.throw(KeyboardInterrupt())
    assert isinstance(kept, Keep)
    assert kept.marks == {"a/b asked": "2026-11-21"}
    with pytest.raises(KeyboardInterrupt):
        plan.send(Answer())


@pytest.mark.parametrize("name", ["a/b", "A-1/b.c_d", "_x/.github", "a/..b", "a/b.", "a/..."])
def test_names_of_repositories(name: str) -> None:
    assert REPOSITORY.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/",
        "/b",
        "a/b/c",
        "a/..",
        "a/.",
        "../b",
        "./b",
        ".a/b",
        "a/b?c",
        "a/b#c",
        "a b/c",
        "a/b\n",
        "ä/b",
        "a%2f/b",
    ],
)
def test_what_is_no_name_of_a_repository(name: str) -> None:
    assert not REPOSITORY.fullmatch(name)


@pytest.mark.parametrize("data", [b"plain", b"\x1f\x8bplain", b"\x1f\x8b\x08\x00" + b"\xff" * 40])
def test_what_is_no_gzip_is_no_whole_gzip(data: bytes) -> None:
    gunzip = Gunzip()
    try:
        assert b"".join(gunzip.feed(data)) == b""
    except IncompleteError:
        return
    assert not gunzip.is_whole


# Settings


def test_settings_say_what_is_fetched_and_how() -> None:
    found = Settings.from_env(
        {
            "ETL_FETCH_HF_DAILY_URL": "http://mirror.example:8080/papers/",
            "ETL_FETCH_PRIVATE": "1",
            "ETL_FETCH_PAUSE": "0",
            "ETL_FETCH_CATEGORIES": "cs.LG, stat.ML hep-th",
            "HTTPS_PROXY": "proxy.example:3128",
            "http_proxy": "http://me:secret@proxy.example",
            "HTTP_PROXY": "http://other.example",
            "NO_PROXY": "localhost, .internal.example",
            "GITHUB_TOKEN": " token \n",
        }
    ).fetching
    assert found.urls == {"hf_daily": "http://mirror.example:8080/papers"}
    assert (found.allows_private, found.pause_seconds, found.timeout_seconds) == (True, 0, 120)
    assert found.categories == ("cs.LG", "stat.ML", "hep-th")
    assert found.proxies == {"https": "http://proxy.example:3128", "http": "http://me:secret@proxy.example"}
    assert found.no_proxy == ("localhost", ".internal.example")
    assert found.github_token == "token"
    assert "secret" not in repr(found)
    assert "token=" not in repr(found)


def test_without_settings_nothing_is_loosened() -> None:
    assert Settings.from_env({}).fetching == Fetching()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ETL_FETCH_HF_DAILY_URL", "ftp://mirror.example/"),
        ("ETL_FETCH_HF_DAILY_URL", "mirror.example/papers"),
        ("ETL_FETCH_HF_DAILY_URL", "https://me:canary@mirror.example/"),
        ("ETL_FETCH_HF_DAILY_URL", "https://mirror.example:99999/"),
        ("ETL_FETCH_HF_DAILY_URL", "https://mirror.example/\x1b[31m"),
        ("ETL_FETCH_TIMEOUT", "soon"),
        ("ETL_FETCH_MAX_BYTES", "0"),
        ("ETL_FETCH_CATEGORIES", "../../etc"),
        ("ETL_FETCH_CONTACT", "a\r\nX-Evil: canary"),
        ("GITHUB_TOKEN", "canary\r\nX-Evil: 1"),
        ("https_proxy", "socks5://me:canary@proxy.example"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_without_its_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({name: value})
    assert "canary" not in str(raised.value) + repr(raised.value)
    assert str(raised.value).isprintable()


def test_what_is_fetched_can_be_read() -> None:
    """The sources of some fetchers may come later than these, but none is misspelt."""
    assert {"hf_daily"} <= set(fetchers.names()) & set(sources.names())

"""Alerts over days: what fires, when, once; and who is told."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import pytest
from typer.testing import CliRunner

from etl import alerts, pipeline, rules, webhooks
from etl.cli import app
from etl.settings import Settings, Webhooks
from etl.steps import publish
from tests.factories import abstract, arxiv, daily, daily_row, snapshot_lines, snapshot_record
from tests.warehouses import Small


class Watched(Small):
    """A small warehouse with rules."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rules = folder / "alerts"
        self.rules.mkdir()
        self.settings = replace(self.settings, alerts=self.rules)

    def rule(self, name: str, *lines: str) -> None:
        (self.rules / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def day(self, number: int, *rows: dict[str, Any]) -> None:
        self.deliver(daily(rows), f"2025-06-{number:02d}.json", dt.date(2025, 6, number))
        self.settle()

    def evaluate(self) -> int:
        return alerts.evaluate(self.settings).fired

    def fired(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT rule, occurred_on::VARCHAR, fired_on::VARCHAR, title FROM ops.alerts ORDER BY ALL")

    def history(self, since: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.database), read_only=True) as connection:
            found = alerts.history(connection, rules.read(self.rules)[0], dt.date.fromisoformat(since))
        return found.select("rule", "occurred_on", "subject", "value").rows()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


LINK = "Our code is available at https://github.com/owner/rain."


def test_new_code_fires_once_and_only_after_the_rule(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.day(10, daily_row(1, summary=abstract(1, LINK)), daily_row(2))
    assert watched.evaluate() == 0
    watched.day(12, daily_row(2, summary=abstract(2, LINK)))
    assert watched.evaluate() == 1
    assert watched.evaluate() == 0
    watched.day(13, daily_row(2, summary=abstract(2, LINK)))
    assert watched.evaluate() == 0
    ((rule, occurred_on, fired_on, title),) = watched.fired()
    assert (rule, occurred_on, fired_on) == ("code", "2025-06-12", "2025-06-12")
    assert title.startswith("Code for: Study 00002")
    ((paper, repository, evidence, url, channels),) = watched.rows(
        "SELECT paper_id, repository_url, evidence, url, channels FROM ops.alerts"
    )
    assert (paper, repository) == (f"arxiv:{arxiv(2)}", "https://github.com/owner/rain")
    assert "github.com/owner/rain" in evidence
    assert (url, channels) == (f"https://arxiv.org/abs/{arxiv(2)}", ["feed"])
    # History has both, as if the rule had always been there.
    assert [row[1:3] for row in watched.history("2025-06-01")] == [
        (dt.date(2025, 6, 10), f"arxiv:{arxiv(1)}"),
        (dt.date(2025, 6, 12), f"arxiv:{arxiv(2)}"),
    ]
    assert len(watched.history("2025-06-11")) == 1


def test_the_ledger_survives_the_database(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.day(10, daily_row(1))
    watched.evaluate()
    watched.day(12, daily_row(1, summary=abstract(1, LINK)))
    assert watched.evaluate() == 1
    before = watched.fired()
    watched.settings.database.unlink()
    watched.settle()
    assert watched.evaluate() == 0
    assert watched.fired() == before


def test_a_changed_rule_begins_anew(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.day(10, daily_row(1))
    watched.evaluate()
    watched.rule("code", 'regex = "study|none"', 'when = "new_code"')
    watched.day(12, daily_row(1, summary=abstract(1, LINK)))
    assert watched.evaluate() == 0
    watched.day(13, daily_row(2, summary=abstract(2, LINK)))
    assert watched.evaluate() == 1


def test_what_is_found_out_late_wakes_nobody(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.day(10, daily_row(1))
    watched.evaluate()
    old = dt.date(2025, 6, 10) - dt.timedelta(days=alerts.MOST_DAYS_LATE + 1)
    watched.deliver(daily([daily_row(2, summary=abstract(2, LINK))]), "old.json", old)
    watched.settle()
    assert watched.evaluate() == 0
    watched.deliver(daily([daily_row(3, summary=abstract(3, LINK))]), "newer.json", old + dt.timedelta(days=2))
    watched.settle()
    assert watched.evaluate() == 1


def test_a_rank_fires_when_it_is_reached_and_keeps_quiet_for_a_time(watched: Watched) -> None:
    watched.rule("first", 'regex = "study 00001"', 'when = "rank"', "top = 1", "cool_down_days = 4")

    def listed(number: int, one: int, two: int) -> int:
        watched.day(number, daily_row(1, upvotes=one), daily_row(2, upvotes=two))
        return watched.evaluate()

    assert listed(1, 1, 9) == 0
    assert listed(2, 9, 1) == 1
    assert listed(3, 9, 1) == 0  # still there
    assert listed(4, 1, 9) == 0
    assert listed(5, 9, 1) == 0  # back within the cool-down
    assert listed(6, 1, 9) == 0
    assert listed(7, 9, 1) == 1
    assert [row[1] for row in watched.history("2025-06-01")] == [dt.date(2025, 6, 2), dt.date(2025, 6, 7)]
    assert [row[1] for row in watched.fired()] == ["2025-06-02", "2025-06-07"]


def monthly(shares: dict[str, tuple[int, int]]) -> bytes:
    """Papers by month: with the keyword, and without it."""
    records, number = [], 0
    for month, (with_it, without) in shares.items():
        for place in range(with_it + without):
            number += 1
            topic = "Glacier Radio Sounding" if place < with_it else "Kettle Acoustics"
            records.append(
                snapshot_record(
                    number,
                    id=f"{month[2:4]}{month[5:7]}.{number:05d}",
                    title=f"Case {number} of {topic}",
                    abstract=f"We study {topic.lower()} in case {number}.",
                    versions=[
                        {"version": "v1", "created": f"Tue, 10 {MONTHS[int(month[5:7])]} {month[:4]} 12:00:00 GMT"}
                    ],
                )
            )
    return snapshot_lines(records)


MONTHS = ("", *"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
KEYWORD = 'keyword = "glacier radio sounding"'


def test_a_share_fires_in_the_first_complete_month_that_has_it(watched: Watched) -> None:
    watched.rule("share", KEYWORD, 'when = "share"', "above = 0.3", "minimum_papers = 3")
    watched.rule("category", KEYWORD, 'category = "cs.RO"', 'when = "share"', "above = 0.3")
    watched.rule("top", KEYWORD, 'when = "keyword_rank"', "top = 1", "cool_down_days = 0")
    shares = {
        "2025-01": (1, 9),
        "2025-02": (4, 6),
        "2025-03": (8, 2),
        "2025-04": (2, 1),  # share 2/3, of too few papers
        "2025-05": (5, 5),
        "2025-06": (9, 1),  # goes on
    }
    watched.deliver(monthly(shares), "a.jsonl", dt.date(2025, 6, 15))
    watched.settle()
    history = watched.history("2024-01-01")
    february, may, march = dt.date(2025, 2, 28), dt.date(2025, 5, 31), dt.date(2025, 3, 31)
    assert [row[1] for row in history if row[0] == "share"] == [february, may]
    assert [row[3] for row in history if row[0] == "share"] == [0.4, 0.5]
    assert [row[1] for row in history if row[0] == "category"] == [february, may]
    assert march in [row[1] for row in history if row[0] == "top"]
    assert all(row[1] <= may for row in history), "a month that goes on fires nothing"
    assert watched.history("2024-01-01") == history


def test_of_what_is_found_out_at_once_the_latest_is_told(watched: Watched) -> None:
    watched.rule("share", KEYWORD, 'when = "share"', "above = 0.3")
    watched.deliver(monthly({"2025-01": (1, 9)}), "a.jsonl", dt.date(2025, 2, 15))
    watched.settle()
    assert watched.evaluate() == 0
    watched.deliver(
        monthly({"2025-01": (1, 9), "2025-03": (4, 6), "2025-04": (1, 9), "2025-05": (5, 5)}),
        "b.jsonl",
        dt.date(2025, 6, 2),
    )
    watched.settle()
    assert watched.evaluate() == 1
    assert [row[1:3] for row in watched.fired()] == [("2025-05-31", "2025-06-02")]
    ledger = alerts.seen(watched.settings).filter(rule="share").sort("occurred_on")
    assert ledger.filter(outcome="cool_down").get_column("occurred_on").to_list() == [dt.date(2025, 3, 31)]
    assert watched.evaluate() == 0


def test_a_burst_fires_from_its_first_month(watched: Watched) -> None:
    watched.rule("burst", KEYWORD, 'when = "burst"', "above = 2")
    watched.rule("heavier", KEYWORD, 'when = "burst"', "above = 1000")
    months = [f"2024-{month:02d}" for month in range(1, 13)] + ["2025-01", "2025-02"]
    shares = {month: (9, 11) if month in months[9:12] else (1, 19) for month in months}
    watched.deliver(monthly(shares), "a.jsonl", dt.date(2025, 3, 5))
    watched.settle()
    assert [row[:3] for row in watched.history("2024-01-01")] == [
        ("burst", dt.date(2024, 10, 31), "glacier radio sounding")
    ]


def test_a_link_that_dies_fires(watched: Watched) -> None:
    watched.rule("death", 'keyword = "glacier radio sounding"', 'when = "link_death"')
    watched.rule("any", 'category = "cs.RO"', 'when = "link_death"', "minimum_papers = 2")
    watched.deliver(
        snapshot_lines(
            [snapshot_record(1, title="On Glacier Radio Sounding", abstract="We do glacier radio sounding. " + LINK)]
        ),
        "a.jsonl",
        dt.date(2025, 6, 1),
    )

    def asked(number: int, status: int, repository: dict[str, Any] | None) -> int:
        said = {"requested": "owner/rain", "status": status, "fetched_on": f"2025-06-{number:02d}"}
        watched.deliver(snapshot_lines([said | {"repository": repository}]), f"r{number}.jsonl")
        watched.settle()
        return watched.evaluate()

    there = {
        "id": 1,
        "full_name": "owner/rain",
        "html_url": "https://github.com/owner/rain",
        "stargazers_count": 5,
        "forks_count": 1,
        "archived": False,
        "size": 4,
    }
    assert asked(2, 200, there) == 0
    assert asked(5, 404, None) == 1
    assert asked(9, 404, None) == 0
    ((rule, occurred_on, _, title),) = watched.fired()
    assert (rule, occurred_on, title) == ("death", "2025-06-05", "Gone: https://github.com/owner/rain")


def test_alerts_have_feeds_even_before_they_fire(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.rule("quiet", 'regex = "nothing"', 'when = "new_code"')
    watched.rule("mail", 'regex = "study"', 'when = "new_code"', 'channels = ["digest"]')
    watched.day(10, daily_row(1))
    watched.evaluate()
    publish.publish(watched.settings)
    folder = watched.settings.current / "feeds" / "alerts_by_rule"

    def entries() -> dict[str, int]:
        names = {path.name.rpartition("-")[0]: path for path in folder.glob("*.atom")}
        return {name: len(feedparser.parse(path.read_bytes()).entries) for name, path in sorted(names.items())}

    assert entries() == {"code": 0, "quiet": 0}
    title = "<script>alert(1)</script> study \u202e of rain"
    watched.day(12, daily_row(1, summary=abstract(1, LINK)), daily_row(2, title=title, summary=abstract(2, LINK)))
    assert watched.evaluate() == 4
    publish.publish(watched.settings)
    assert entries() == {"code": 2, "quiet": 0}
    everything = (watched.settings.current / "feeds" / "alerts.atom").read_bytes()
    assert len(feedparser.parse(everything).entries) == 2
    assert b"<script>" not in everything
    assert "\u202e" not in everything.decode()
    assert watched.rows("SELECT count(*) FROM ops.alerts WHERE list_contains(channels, 'digest')") == [(2,)]


def test_a_broken_rule_stops_nothing(watched: Watched) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.rule("broken", "when = 5")
    watched.day(10, daily_row(1))
    watched.evaluate()
    watched.day(12, daily_row(1, summary=abstract(1, LINK)))
    done = alerts.evaluate(watched.settings)
    assert done.fired == 1
    assert len(done.problems) == 1
    assert pipeline.notify(watched.settings) == [str(done.problems[0])]


def test_an_empty_warehouse_fires_nothing(watched: Watched) -> None:
    watched.rule("code", 'regex = "."', 'when = "new_code"')
    watched.settle()
    assert watched.evaluate() == 0
    assert watched.history("1990-01-01") == []


# Webhooks, on a server that does what a test tells it to.


class Host:
    """A server on this machine: it answers with what `answers` holds, then with 200, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.received: list[tuple[dict[str, str], Any]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                host.received.append((dict(self.headers), json.loads(body)))
                status, headers = host.answers.pop(0) if host.answers else (200, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/secret-path"


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, daemon=True)
    thread.start()
    yield host
    host.server.shutdown()
    host.server.server_close()
    thread.join()


def with_hook(watched: Watched, host: Host, **more: Any) -> Settings:
    """Settings with the host as a webhook, and two alerts that wait for it."""
    hooks = {
        "urls": {"team": host.url},
        "tokens": {"team": "secret-token"},
        "allows_private": True,
        "timeout_seconds": 2.0,
        "backoff_seconds": 0.01,
    }
    watched.settings = replace(watched.settings, webhooks=Webhooks(**(hooks | more)))
    watched.rule("code", 'regex = "study"', 'when = "new_code"', 'channels = ["webhook"]', 'webhook = "team"')
    watched.day(10, daily_row(1))
    watched.evaluate()
    watched.day(12, *(daily_row(number, summary=abstract(number, LINK)) for number in (1, 2)))
    assert watched.evaluate() == 2
    return watched.settings


def test_a_webhook_is_told_once(watched: Watched, host: Host) -> None:
    settings = with_hook(watched, host)
    assert webhooks.send(settings) == []
    assert webhooks.send(settings) == []
    ((headers, said),) = host.received
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["Content-Type"] == "application/json"
    assert (said["schema_version"], said["rule"], said["more"]) == (1, "code", 0)
    assert {alert["paper_id"] for alert in said["alerts"]} == {f"arxiv:{arxiv(number)}" for number in (1, 2)}
    assert all("github.com/owner/rain" in alert["evidence"] for alert in said["alerts"])


def test_a_webhook_that_fails_is_told_later(watched: Watched, host: Host) -> None:
    settings = with_hook(watched, host)
    host.answers = [(503, {}), (200, {})]
    assert webhooks.send(settings) == []
    keys = {headers["Idempotency-Key"] for headers, _ in host.received}
    assert (len(host.received), len(keys)) == (2, 1)
    watched.day(13, daily_row(3, summary=abstract(3, LINK)))
    watched.evaluate()
    host.answers = [(500, {})] * 10
    (problem,) = webhooks.send(settings)
    assert "status 500" in problem
    assert not {"secret", "127.0.0.1"} & set(problem.replace("-", " ").split())
    assert "secret" not in problem
    host.answers = []
    host.received.clear()
    assert webhooks.send(settings) == []
    ((_, said),) = host.received
    assert [alert["paper_id"] for alert in said["alerts"]] == [f"arxiv:{arxiv(3)}"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}), "status 404"),
        ((302, {"Location": "http://127.0.0.1:1/"}), "status 302"),
        ((307, {"Location": "https://example.org/"}), "status 307"),
    ],
)
def test_what_a_webhook_refuses_is_reported(
    answer: tuple[int, dict[str, str]], said: str, watched: Watched, host: Host
) -> None:
    settings = with_hook(watched, host)
    host.answers = [answer]
    (problem,) = webhooks.send(settings)
    assert said in problem
    assert "secret" not in problem
    assert len(host.received) == 1
    assert webhooks.send(settings) == []


def test_a_webhook_without_address_or_in_a_private_place_is_reported(watched: Watched, host: Host) -> None:
    settings = with_hook(watched, host)
    (problem,) = webhooks.send(replace(settings, webhooks=replace(settings.webhooks, urls={})))
    assert "ETL_WEBHOOK_TEAM_URL" in problem
    (problem,) = webhooks.send(replace(settings, webhooks=replace(settings.webhooks, allows_private=False)))
    assert "not a public address" in problem
    assert host.received == []


def test_an_unreachable_webhook_never_blocks_the_publish(watched: Watched, host: Host) -> None:
    settings = with_hook(watched, host, retries=0, timeout_seconds=0.5)
    host.server.server_close()
    before = settings.current.exists()
    snapshot = pipeline.publish(settings)
    assert (before, settings.current.resolve().name) == (False, snapshot)
    (problem,) = pipeline.notify(settings)
    assert problem.startswith("webhook team: no connection")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ETL_WEBHOOK_TEAM_URL": "http://example.org/secret"}, "an https address"),
        ({"ETL_WEBHOOK_TEAM_URL": "ftp://example.org/secret"}, "http or https"),
        ({"ETL_WEBHOOK_TEAM_URL": "https://me:secret@example.org/"}, "without a name and password"),
        ({"ETL_WEBHOOK_TEAM_TOKEN": "secret\nX: y"}, "printable"),
    ],
)
def test_secrets_are_checked_and_never_shown(environment: dict[str, str], said: str) -> None:
    from etl.errors import SettingsError

    with pytest.raises(SettingsError, match=said) as caught:
        Settings.from_env(environment)
    assert "secret" not in str(caught.value)
    good = Settings.from_env({"ETL_WEBHOOK_TEAM_URL": "https://example.org/secret", "ETL_WEBHOOK_TEAM_TOKEN": "secret"})
    assert good.webhooks.urls == {"team": "https://example.org/secret"}
    assert "secret" not in repr(good)


# The command line.


def test_the_commands_say_what_rules_do(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.rule("code", 'regex = "study"', 'when = "new_code"')
    watched.day(10, daily_row(1, summary=abstract(1, LINK)))
    publish.publish(watched.settings)
    monkeypatch.setenv("ETL_WAREHOUSE", str(watched.settings.warehouse))
    monkeypatch.setenv("ETL_ALERTS", str(watched.rules))
    found = CliRunner().invoke(app, ["alerts", "test", "--since", "2025-06-01", "--json"])
    assert found.exit_code == 0, found.output
    assert [row["subject"] for row in json.loads(found.stdout)] == [f"arxiv:{arxiv(1)}"]
    listed = CliRunner().invoke(app, ["alerts", "list", "--json"])
    assert [(row["rule"], row["papers"], row["fired"]) for row in json.loads(listed.stdout)] == [("code", 1, 0)]
    watched.rule("broken", "when = 5", "x = 1")
    for command in (["alerts", "list"], ["alerts", "test", "--since", "2025-06-01"], ["check"]):
        refused = CliRunner().invoke(app, command)
        assert refused.exit_code == 2, command
        assert "broken.toml: when: found 5" in refused.output
    monkeypatch.setenv("ETL_ALERTS", str(watched.rules / "none"))
    with pytest.raises(Exception, match="ETL_ALERTS"):
        CliRunner().invoke(app, ["check"], catch_exceptions=False)

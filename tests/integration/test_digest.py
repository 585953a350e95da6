"""Digests through a real mail server, from a published snapshot."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from etl import storage
from etl.errors import MailError, NothingPublishedError, SettingsError, UnknownNameError
from etl.settings import Mailing, Settings
from etl.steps import publish
from etl.steps.digest import Digested, digest
from etl.subscriptions import Subscription
from tests.factories import abstract, daily, daily_row
from tests.mailbox import Mailbox, certificate, mail_server
from tests.warehouses import Small

NOW = dt.datetime(2025, 6, 20, 7, 0, tzinfo=dt.UTC)
FIRST, SECOND = dt.date(2025, 6, 11), dt.date(2025, 6, 12)
PROMISE = "The code will be released soon."


class Readers:
    """A warehouse, its subscriptions and the mail server that brings them their digests."""

    def __init__(self, folder: Path) -> None:
        self.small = Small(folder)
        self.mailbox = Mailbox()
        self.folder = folder / "subscriptions"
        self.folder.mkdir()
        self.mailing = Mailing(
            host="127.0.0.1", security="none", sender="trends@example.org", retries=2, backoff_seconds=0.0
        )

    def subscribe(self, name: str, more: str = "") -> Subscription:
        (self.folder / f"{name}.toml").write_text(f'address = "{name}@example.org"\n{more}', encoding="utf-8")
        return Subscription(name, f"{name}@example.org")

    def list_papers(self, day: dt.date, *rows: dict[str, object]) -> None:
        self.small.deliver(daily(rows), f"{day}.json", day)
        self.small.settle()
        publish.publish(self.settings)

    @property
    def settings(self) -> Settings:
        return replace(self.small.settings, subscriptions=self.folder, mailing=self.mailing)

    def send(self, **named: object) -> Digested:
        return digest(self.settings, NOW, **named)  # type: ignore[arg-type]

    def subjects(self) -> list[tuple[str, str]]:
        return [(recipient, message["Subject"].strip()) for recipient, message in self.mailbox.arrived]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one paper, listed on the first day."""
    made = Readers(tmp_path_factory.mktemp("published"))
    made.list_papers(FIRST, daily_row(1))
    return made.settings.warehouse


@pytest.fixture
def filled(readers: Readers, published: Path) -> Readers:
    """Readers of a warehouse with one paper."""
    shutil.copytree(published, readers.settings.warehouse, symlinks=True)
    return readers


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    made = Readers(tmp_path)
    with mail_server(made.mailbox) as port:
        made.mailing = replace(made.mailing, port=port)
        yield made


def test_each_is_told_what_is_new_once_and_nothing_where_nothing_is(readers: Readers) -> None:
    readers.subscribe("ada", 'categories = ["none"]')
    readers.subscribe("bob")
    readers.list_papers(FIRST, daily_row(1), daily_row(2, summary=abstract(2, PROMISE)))
    assert (readers.send().sent, readers.mailbox.calls["data"]) == (["bob"], 1)
    again = readers.send()
    assert (again.sent, again.not_due) == ([], ["ada", "bob"])
    kept = abstract(2, "Our code is available at https://github.com/rain/gauge.")
    readers.list_papers(SECOND, daily_row(2, summary=kept), daily_row(3))
    assert readers.send().sent == ["bob"]
    (_, first), (recipient, second) = readers.mailbox.arrived
    assert recipient == second["To"] == "bob@example.org"
    assert first["Date"] == "Fri, 20 Jun 2025 07:00:00 +0000"
    assert readers.subjects()[0][1].startswith("2 new papers: Study 0000")
    assert readers.subjects()[1][1].startswith("1 with new code, 1 new paper: Study 00002")
    text = second.get_body(("plain",))
    assert text
    assert "Why: promised code came after 1 days (promised June 11, 2025)" in text.get_content()
    assert "Study 00001" not in text.get_content()


def test_no_other_recipient_is_named(filled: Readers) -> None:
    for name in ("ada", "bob"):
        filled.subscribe(name)
    filled.send()
    for recipient, message in filled.mailbox.arrived:
        assert message["To"] == recipient
        assert {"ada", "bob"} - {recipient.partition("@")[0]} != set()
        other = "bob" if recipient.startswith("ada") else "ada"
        assert f"{other}@" not in message.as_string()


def test_a_week_passes_between_weekly_digests(readers: Readers) -> None:
    readers.subscribe("ada", 'frequency = "weekly"')
    readers.list_papers(FIRST, daily_row(1))
    assert readers.send().sent == ["ada"]
    readers.list_papers(FIRST + dt.timedelta(days=6), daily_row(2))
    assert readers.send().not_due == ["ada"]
    readers.list_papers(FIRST + dt.timedelta(days=7), daily_row(3))
    assert readers.send().sent == ["ada"]
    assert readers.subjects()[1][1].startswith("2 new papers")


def test_a_dump_that_comes_late_is_told_too(readers: Readers) -> None:
    readers.subscribe("ada")
    readers.list_papers(FIRST, daily_row(1))
    readers.send()
    readers.list_papers(FIRST - dt.timedelta(days=3), daily_row(2))
    readers.list_papers(SECOND, daily_row(1))
    assert readers.send().sent == ["ada"]
    assert readers.subjects()[1][1].startswith("1 new paper: Study 00002")


@pytest.mark.parametrize("reply", ["451 later", "421 closing"])
def test_what_the_server_does_not_take_now_is_tried_again_and_sent_once(filled: Readers, reply: str) -> None:
    filled.subscribe("ada")
    filled.mailbox.on_data = lambda number, _: reply if number < 3 else None
    assert filled.send().problems == []
    assert (filled.mailbox.calls["data"], len(filled.mailbox.arrived)) == (3, 1)
    assert filled.send().sent == []


def test_what_the_server_never_took_is_due_in_the_next_run_and_stops_no_other(filled: Readers) -> None:
    for name in ("ada", "bob"):
        filled.subscribe(name)
    filled.mailbox.on_recipient = lambda _, address: "451 greylisted" if address.startswith("ada") else None
    done = filled.send()
    assert done.sent == ["bob"]
    assert isinstance(done.failure, MailError)
    assert len(done.problems) == 1
    assert "subscription ada: mail server 127.0.0.1:" in done.problems[0]
    filled.mailbox.on_recipient = lambda *_: None
    assert filled.send().sent == ["ada"]
    assert [recipient for recipient, _ in filled.mailbox.arrived] == ["bob@example.org", "ada@example.org"]


def test_an_address_that_is_refused_is_said_and_not_tried_thrice(filled: Readers) -> None:
    filled.subscribe("ada")
    filled.subscribe("bob")
    filled.mailbox.on_recipient = lambda _, address: "550 no such user" if address.startswith("ada") else None
    done = filled.send()
    assert (done.sent, filled.mailbox.calls["recipient"]) == (["bob"], 2)
    assert "550 no such user" in done.problems[0]


def test_a_message_that_may_have_arrived_is_not_sent_again(filled: Readers) -> None:
    filled.subscribe("ada")
    filled.mailbox.on_data = lambda *_: "hang up"
    done = filled.send()
    assert (done.sent, len(filled.mailbox.arrived)) == ([], 1)
    assert "it may have arrived, so it is not sent again" in done.problems[0]
    filled.mailbox.on_data = lambda *_: None
    assert (filled.send().not_due, len(filled.mailbox.arrived)) == (["ada"], 1)


def test_a_process_that_died_while_it_sent_has_sent(filled: Readers) -> None:
    ada = filled.subscribe("ada")
    state = filled.settings.digest_state(ada.key)
    filled.send()
    told = storage.read_json(state)
    pending = {"since": "2025-06-11", "until": told["until"], "items": told["items"]}
    storage.write_json(state, {"until": None, "items": {}, "pending": pending})
    done = filled.send()
    assert done.not_due == ["ada"] or done.sent == []
    assert "was being sent when its process ended" in done.problems[0]
    assert filled.send().problems == []
    assert len(filled.mailbox.arrived) == 1


def test_an_unreachable_server_is_one_failure_and_all_is_due_later(filled: Readers) -> None:
    for name in ("ada", "bob", "eve"):
        filled.subscribe(name)
    port = filled.mailing.port
    filled.mailing = replace(filled.mailing, port=1)
    done = filled.send()
    assert (done.sent, len(done.problems)) == ([], 1)
    assert done.failure
    assert done.failure.exit_status == 3
    filled.mailing = replace(filled.mailing, port=port)
    assert filled.send().sent == ["ada", "bob", "eve"]


def test_since_a_day_tells_again(readers: Readers) -> None:
    readers.subscribe("ada")
    readers.list_papers(FIRST, daily_row(1))
    readers.list_papers(SECOND, daily_row(2))
    readers.send()
    assert readers.subjects()[0][1].startswith("1 new paper")
    assert readers.send(since=FIRST, names=["ada"]).sent == ["ada"]
    assert readers.subjects()[1][1].startswith("2 new papers")


def test_messages_can_be_looked_at_without_a_server_and_count_as_nothing(filled: Readers, tmp_path: Path) -> None:
    ada = filled.subscribe("ada")
    filled.mailing = Mailing()
    assert filled.send(out=tmp_path / "out").sent == ["ada"]
    assert b"Subject: 1 new paper" in (tmp_path / "out" / "ada.eml").read_bytes()
    assert not filled.settings.digest_state(ada.key).exists()


def test_settings_that_are_missing_are_named(filled: Readers) -> None:
    filled.subscribe("ada")
    filled.mailing = Mailing()
    with pytest.raises(SettingsError, match="ETL_SMTP_HOST"):
        filled.send()
    filled.mailing = Mailing(host="127.0.0.1")
    with pytest.raises(SettingsError, match="ETL_DIGEST_FROM"):
        filled.send()
    with pytest.raises(UnknownNameError):
        filled.send(names=["eve"])


def test_nothing_published_is_said(readers: Readers) -> None:
    readers.subscribe("ada")
    with pytest.raises(NothingPublishedError):
        readers.send()


def test_an_empty_warehouse_has_nothing_to_say(readers: Readers) -> None:
    readers.subscribe("ada")
    readers.small.settle()
    publish.publish(readers.settings)
    assert readers.send().nothing_new == ["ada"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_password_goes_over_tls_alone(filled: Readers, tmp_path: Path, security: str) -> None:
    filled.subscribe("ada")
    proof = certificate(tmp_path)
    with mail_server(filled.mailbox, security, proof) as port:
        login = {"port": port, "security": security, "user": "ada", "password": "rain"}
        filled.mailing = replace(filled.mailing, **login)  # type: ignore[arg-type]
        refused = filled.send()
        assert "certificate" in refused.problems[0]
        filled.mailing = replace(filled.mailing, ca_file=proof, password="snow")
        with pytest.raises(SettingsError, match="ETL_SMTP_USER") as caught:
            filled.send()
        assert "snow" not in str(caught.value)
        filled.mailing = replace(filled.mailing, password="rain")
        assert filled.send().sent == ["ada"]
    assert "rain" not in repr(filled.mailing)


def test_a_server_without_tls_gets_nothing_where_tls_is_wanted(filled: Readers) -> None:
    filled.subscribe("ada")
    filled.mailing = replace(filled.mailing, security="starttls", retries=0)
    done = filled.send()
    assert (done.sent, filled.mailbox.arrived) == ([], [])
    assert "STARTTLS" in done.problems[0]


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"ETL_SMTP_SECURITY": "ssl"}, "ETL_SMTP_SECURITY: found 'ssl', wanted one of starttls, tls, none"),
        ({"ETL_SMTP_SECURITY": "none", "ETL_SMTP_HOST": "mail.example", "ETL_SMTP_USER": "a"}, "crosses a network"),
        ({"ETL_DIGEST_UNSUBSCRIBE": "http://example.org"}, "wanted a mailto: or https:// address"),
        ({"ETL_DIGEST_UNSUBSCRIBE": "https://example.org/>\u202e"}, "ETL_DIGEST_UNSUBSCRIBE: found '(hidden)'"),
        ({"ETL_SMTP_PASSWORD": "a\nb"}, "ETL_SMTP_PASSWORD: found '(hidden)'"),
        ({"ETL_SMTP_PORT": "smtp"}, "ETL_SMTP_PORT: found 'smtp'"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert said in str(caught.value)


@pytest.fixture
def command(readers: Readers) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        named = {
            "PATH": os.environ["PATH"],
            "ETL_WAREHOUSE": str(readers.settings.warehouse),
            "ETL_SUBSCRIPTIONS": str(readers.folder),
            "ETL_SMTP_HOST": "127.0.0.1",
            "ETL_SMTP_PORT": str(readers.mailing.port),
            "ETL_SMTP_SECURITY": "none",
            "ETL_DIGEST_FROM": "trends@example.org",
            **env,
        }
        return subprocess.run(
            [sys.executable, "-m", "etl", "digest", *words], capture_output=True, text=True, env=named, timeout=120
        )

    return run


def test_the_command_says_what_it_did(
    filled: Readers, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    filled.subscribe("ada")
    (filled.folder / "bad.toml").write_text('adress = "x"')
    done = command("--since", "last")
    assert (done.returncode, done.stdout) == (1, "digest: 1 sent, 0 with nothing new, 0 not due\n")
    assert done.stderr.count("\n") == 1
    assert "bad.toml: adress: found an unknown key" in done.stderr
    (filled.folder / "bad.toml").unlink()
    assert command().returncode == 0
    assert command("--since", "2025-06-11", ETL_SMTP_PORT="1", ETL_SMTP_RETRIES="0").returncode == 3
    assert command("--since", "yesterday").stderr.startswith("error: --since: found 'yesterday'")
    assert command("--subscription", "eve").returncode == 1

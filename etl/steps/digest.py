"""Sends each subscriber what is new since the last digest, and writes down what was told: nothing is told twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from etl import database, queries, storage, subscriptions
from etl.digests.rendering import message
from etl.digests.selection import FORGET_DAYS, LOOKBACK_DAYS, Catalogue, Digest, Window, token
from etl.digests.selection import digest as select
from etl.errors import (
    EtlError,
    MailError,
    NothingPublishedError,
    RefusedMailError,
    UncertainMailError,
    UnknownNameError,
)
from etl.mailing import Mailer
from etl.settings import Settings
from etl.subscriptions import Subscription


@dataclass
class Digested:
    """What became of the subscriptions: names of those sent to, with nothing new, and not due; a line a problem."""

    sent: list[str] = field(default_factory=list)
    nothing_new: list[str] = field(default_factory=list)
    not_due: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failure: EtlError | None = None


@dataclass(frozen=True)
class _Told:
    """What the ledger knows of one subscriber. `pending` is a digest of which nobody knows whether it arrived."""

    until: dt.date | None = None
    items: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, Any] | None = None


def digest(
    settings: Settings,
    now: dt.datetime,
    since: dt.date | None = None,
    names: Sequence[str] = (),
    out: Path | None = None,
) -> Digested:
    """Sends what is due; `since` tells again what is new from that day on, `names` chooses subscriptions.

    With `out`, messages are written there as files instead, and the ledger is left alone. `now` is the date in the
    head of a message and nothing else. Raises MailError, SettingsError, NothingPublishedError, UnknownNameError.
    """
    found, wrong = subscriptions.read(settings.subscriptions)
    done = Digested(problems=[str(error) for error in wrong])
    chosen = _chosen(found, names)
    if not chosen:
        return done
    mailer = None if out else Mailer(settings.mailing)
    with storage.taking_turns(settings.digest_turn):
        try:
            _Digester(settings, now, since, mailer, out, done).run(chosen)
        finally:
            if mailer:
                mailer.close()
    return done


def _chosen(found: Sequence[Subscription], names: Sequence[str]) -> list[Subscription]:
    known = {subscription.name: subscription for subscription in found}
    for name in names:
        if name not in known:
            raise UnknownNameError("subscription", name, sorted(known))
    return [known[name] for name in names] if names else list(found)


class _Digester:
    """One run over the chosen subscriptions."""

    def __init__(
        self,
        settings: Settings,
        now: dt.datetime,
        since: dt.date | None,
        mailer: Mailer | None,
        out: Path | None,
        done: Digested,
    ) -> None:
        self._settings, self._now, self._since = settings, now, since
        self._mailer, self._out, self._done = mailer, out, done

    def run(self, chosen: Sequence[Subscription]) -> None:
        with reading(self._settings) as connection:
            until = connection.execute("SELECT max(observed_on) FROM core.paper_observations").fetchall()[0][0]
            if until is None:
                self._done.nothing_new += [subscription.name for subscription in chosen]
                return
            due = list(self._due(chosen, until))
            if not due:
                return
            first = min(window.first for _, _, window in due)
            catalogue = _catalogue(connection, first, [term for one, _, _ in due for term in one.keywords])
        for subscription, told, window in due:
            found = select(catalogue, subscription, window)
            if found is None:
                self._done.nothing_new.append(subscription.name)
                self._keep(subscription, told, window, ())
            elif not self._tell(subscription, told, found):
                return

    def _due(self, chosen: Sequence[Subscription], until: dt.date) -> Iterator[tuple[Subscription, _Told, Window]]:
        for subscription in chosen:
            told = _read(self._settings, subscription)
            if told.pending:
                told = self._settle(subscription, told)
            if self._since:
                yield subscription, told, Window(self._since - dt.timedelta(days=1), until)
            elif told.until is None:
                yield subscription, told, Window(until - dt.timedelta(days=subscription.days), until)
            elif (until - told.until).days >= subscription.days:
                yield subscription, told, Window(told.until, until, frozenset(told.items), follows=True)
            else:
                self._done.not_due.append(subscription.name)

    def _settle(self, subscription: Subscription, told: _Told) -> _Told:
        """A digest that was being handed over when its process died may have arrived: it counts as sent."""
        pending = told.pending or {}
        self._done.problems.append(
            f"subscription {subscription.name}: the digest up to {pending['until']} was being sent when its process "
            f"ended; it may have arrived, so it is not sent again (etl digest --since {pending['since']} "
            f"--subscription {subscription.name} tells it again)"
        )
        settled = _Told(dt.date.fromisoformat(pending["until"]), {**told.items, **pending["items"]})
        if self._mailer:
            _write(self._settings, subscription, settled)
        return settled

    def _tell(self, subscription: Subscription, told: _Told, found: Digest) -> bool:
        """Sends one digest, or writes it to a file; false where it makes no sense to go on with others."""
        mailing = self._settings.mailing
        made = message(found, subscription, mailing.sender or "paper-trends@localhost", mailing.unsubscribe)
        if self._mailer is None:
            assert self._out
            storage.write_bytes(self._out / f"{subscription.name}.eml", made.as_bytes(), sync_folder=False)
            self._done.sent.append(subscription.name)
            return True
        made["Date"] = format_datetime(self._now)
        _write(self._settings, subscription, _Told(told.until, told.items, _pending(found)))
        try:
            self._mailer.send(made, subscription.address)
        except UncertainMailError as error:
            self._done.problems.append(f"subscription {subscription.name}: {error}")
        except (MailError, RefusedMailError) as error:
            _write(self._settings, subscription, told)
            self._done.problems.append(f"subscription {subscription.name}: {error}")
            self._done.failure = self._done.failure or error
            return not isinstance(error, MailError) or error.is_reached
        except EtlError:
            _write(self._settings, subscription, told)
            raise
        else:
            self._done.sent.append(subscription.name)
        self._keep(subscription, told, found.window, found.items)
        return True

    def _keep(self, subscription: Subscription, told: _Told, window: Window, items: Sequence[str]) -> None:
        """Writes down that all up to the window's end is told."""
        if self._out:
            return
        held = {**told.items, **{token(item): str(window.until) for item in items}}
        until = max(window.until, told.until or window.until)
        oldest = {True: until - dt.timedelta(days=FORGET_DAYS), False: until - dt.timedelta(days=2 * LOOKBACK_DAYS)}
        kept = {item: day for item, day in held.items() if dt.date.fromisoformat(day) >= oldest[item.startswith("k")]}
        _write(self._settings, subscription, _Told(until, kept))


def _pending(found: Digest) -> dict[str, Any]:
    """What is written down before a message is handed over."""
    return {
        "since": str(found.window.after + dt.timedelta(days=1)),
        "until": str(found.window.until),
        "items": {token(item): str(found.window.until) for item in found.items},
    }


def _read(settings: Settings, subscription: Subscription) -> _Told:
    path = settings.digest_state(subscription.key)
    if not path.exists():
        return _Told()
    said = storage.read_json(path)
    until = said.get("until")
    return _Told(dt.date.fromisoformat(until) if until else None, said.get("items", {}), said.get("pending"))


def _write(settings: Settings, subscription: Subscription, told: _Told) -> None:
    said = {"until": told.until and str(told.until), "items": dict(told.items), "pending": told.pending}
    storage.write_json(settings.digest_state(subscription.key), said)


@contextmanager
def reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the snapshot that readers see."""
    path = settings.current_database
    if not path.exists():
        raise NothingPublishedError(str(settings.warehouse))
    with database.connect(path.resolve(), read_only=True, memory_limit=settings.memory_limit) as connection:
        yield connection


def _catalogue(connection: duckdb.DuckDBPyConnection, first: dt.date, terms: Sequence[str]) -> Catalogue:
    """What is new for anybody since a day."""
    connection.execute("SET VARIABLE since = ?", [first])
    frames: dict[str, pl.DataFrame] = {}
    for query in queries.read("digests", "digest"):
        frames[query.path.stem] = connection.sql(query.text).pl()
    variants = connection.sql("SELECT keyword, variants FROM core.keywords").pl()
    return Catalogue(frames["papers"], frames["keywords"], frames["shares"], variants, None, terms)

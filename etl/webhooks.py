"""Posts alerts to the addresses that their rules name, each alert once; who cannot be reached is asked again later."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
import polars as pl

from etl import alerts, network, storage
from etl.errors import AnswerError, ForbiddenPlaceError, NetworkError
from etl.feeds.base import plain, safe_url
from etl.settings import Fetching, Settings, Webhooks

SCHEMA_VERSION = 1
# So many alerts in one message at most; the message says how many more there are, which feed and table hold.
MOST_ALERTS = 100
_LEDGER = "webhooks.jsonl"
_SAID = (
    "alert_id",
    "condition",
    "fired_on",
    "occurred_on",
    "keyword",
    "paper_id",
    "repository_url",
    "value",
    "threshold",
)


def send(settings: Settings) -> list[str]:
    """Posts what fired and was not posted yet, a message for each rule. Returns a line for each webhook that failed.

    The ledger is written after each message. A message that a host took while the connection broke is sent again, with
    the same `Idempotency-Key`.
    """
    path = settings.state / _LEDGER
    if not _waiting(settings, ()).height:
        return []
    problems: dict[str, str] = {}
    with storage.taking_turns(settings.state / ".webhooks.lock"):
        posted = {alert for line in storage.read_lines(path) for alert in line["alerts"]}
        for (name, rule), group in _waiting(settings, posted).group_by("webhook", "rule", maintain_order=True):
            webhook = str(name)
            if webhook in problems:
                continue
            problem = _post(settings, webhook, str(rule), group)
            if problem:
                problems[webhook] = problem
            else:
                storage.append_line(path, {"webhook": webhook, "rule": rule, "alerts": group["alert_id"].to_list()})
    return [f"webhook {name}: {problem}" for name, problem in sorted(problems.items())]


def _waiting(settings: Settings, posted: Collection[str]) -> pl.DataFrame:
    fired = alerts.seen(settings).filter(pl.col("outcome") == "fired")
    return fired.filter(pl.col("channels").list.contains("webhook"), ~pl.col("alert_id").is_in(sorted(posted))).sort(
        "webhook", "rule", "occurred_on", "alert_id"
    )


def _post(settings: Settings, name: str, rule: str, group: pl.DataFrame) -> str:
    """What went wrong, without the address, which may be a secret; empty when all is well."""
    hooks = settings.webhooks
    url = hooks.urls.get(name)
    if not url:
        return f"{group.height} alerts wait; set ETL_WEBHOOK_{name.upper()}_URL"
    client = network.Client(_fetching(settings.fetching, hooks), [url])
    # The same alerts have the same key, however often they are sent.
    key = f"{rule}-{group['alert_id'][0]}-{group.height}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    try:
        client.post(url, orjson.dumps(message(rule, group)), headers=headers, token=hooks.tokens.get(name, ""))
    except (NetworkError, AnswerError, ForbiddenPlaceError) as error:
        return f"{error.found}; {group.height} alerts of rule {rule} wait for the next publish, or `etl alerts send`"
    return ""


def _fetching(fetching: Fetching, hooks: Webhooks) -> Fetching:
    """Short patience: alerts come after the snapshot, but before the end of the run."""
    return Fetching(
        allows_private=hooks.allows_private,
        timeout_seconds=hooks.timeout_seconds,
        max_bytes=1 << 20,
        contact=fetching.contact,
        retries=hooks.retries,
        backoff_seconds=hooks.backoff_seconds,
        longest_wait_seconds=hooks.timeout_seconds,
        proxies=fetching.proxies,
        no_proxy=fetching.no_proxy,
    )


def message(rule: str, group: pl.DataFrame) -> dict[str, Any]:
    """The JSON document that a webhook gets; texts are plain, whoever shows them as HTML escapes them."""
    shown = [
        {name: row[name] for name in _SAID}
        | {"title": plain(row["title"]), "evidence": plain(row["evidence"]), "url": safe_url(row["url"])}
        for row in group.head(MOST_ALERTS).iter_rows(named=True)
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "rule": rule,
        "text": f"{rule}: {shown[0]['title']}" + (f" and {group.height - 1} more" if group.height > 1 else ""),
        "alerts": shown,
        "more": group.height - len(shown),
    }

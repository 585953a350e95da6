"""Atom (RFC 4287), for feed readers: `id` of an entry never changes, `updated` only when the entry does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from feedgen.feed import FeedGenerator

from etl.feeds.base import AUTHOR, MOST_TITLE, RIGHTS, Feed, Format, content_html, latest, names, plain, safe_url, tag

_MEDIA_TYPE = "application/atom+xml"


def write(path: Path, feed: Feed) -> None:
    """A feed of entries."""
    document = FeedGenerator()
    document.id(tag(f"feed/{feed.name}"))
    document.title(feed.shown_title)
    document.subtitle(feed.description)
    document.author({"name": AUTHOR})
    document.rights(RIGHTS)
    document.link(href=feed.url(path) if feed.base_url else path.name, rel="self", type=_MEDIA_TYPE)
    if feed.base_url:
        document.link(href=feed.base_url, rel="alternate")
    document.updated(_time(latest(feed)))
    for row in feed.rows.iter_rows(named=True):
        _add(document, row)
    path.write_bytes(document.atom_str(pretty=True))


def _add(document: Any, row: dict[str, Any]) -> None:
    entry = document.add_entry(order="append")
    entry.id(tag(row["entry_id"]))
    entry.title(plain(row["title"], MOST_TITLE) or "Untitled")
    entry.updated(_time(row["changed_on"]))
    if row["entered_on"]:
        entry.published(_time(row["entered_on"]))
    for name in names(row):
        entry.author({"name": name})
    if url := safe_url(row["url"]):
        entry.link(href=url, rel="alternate")
    if code := safe_url(row["repository_url"]):
        entry.link(href=code, rel="related", title="code")
    for keyword in row["keywords"] or []:
        if term := plain(keyword, MOST_TITLE):
            entry.category({"term": term})
    if row["reason"]:
        entry.summary(plain(row["reason"]))
    entry.content(content_html(row), type="html")


def _time(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


FORMAT = Format("atom", write, layout="RFC 4287", is_subscription=True, media_type=_MEDIA_TYPE)

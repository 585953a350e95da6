"""Atom (RFC 4287), for feed readers: `id` and `updated` of an entry change only when the paper does."""

from __future__ import annotations

import datetime as dt
from html import escape
from pathlib import Path
from typing import Any

from feedgen.feed import FeedGenerator

from etl.feeds.base import TAG, Feed, Format

_EPOCH = dt.date(1970, 1, 1)


def write(path: Path, feed: Feed) -> None:
    """A feed of papers."""
    document = FeedGenerator()
    document.id(f"{TAG}feed/{feed.name}")
    document.title(f"paper-trends: {feed.name}")
    document.subtitle(feed.description)
    document.author({"name": "paper-trends"})
    document.link(href=path.name, rel="self", type="application/atom+xml")
    document.updated(_time(max((row["changed_on"] for row in feed.rows.iter_rows(named=True)), default=_EPOCH)))
    for row in feed.rows.iter_rows(named=True):
        _add(document, row)
    path.write_bytes(document.atom_str(pretty=True))


def _add(document: Any, row: dict[str, Any]) -> None:
    entry = document.add_entry(order="append")
    entry.id(f"{TAG}paper/{row['paper_id']}")
    entry.title(row["title"])
    entry.updated(_time(row["changed_on"]))
    entry.published(_time(row["first_observed_on"]))
    for name in row["authors"] or ["unknown"]:
        entry.author({"name": name})
    if row["url"]:
        entry.link(href=row["url"], rel="alternate")
    if row["repository_url"]:
        entry.link(href=row["repository_url"], rel="related", title="code")
    for keyword in row["keywords"] or []:
        entry.category({"term": keyword})
    entry.content(summary_html(row), type="html")


def summary_html(row: dict[str, Any]) -> str:
    """The abstract and the code link as HTML; all text of the paper is escaped."""
    parts = [f"<p>{escape(paragraph)}</p>" for paragraph in (row["summary"] or "").split("\n") if paragraph]
    if row["repository_url"]:
        url = escape(row["repository_url"])
        parts.append(f'<p>Code: <a href="{url}">{url}</a></p>')
    return "".join(parts) or "<p>No abstract.</p>"


def _time(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


FORMAT = Format("atom", write, layout="RFC 4287")

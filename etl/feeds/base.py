"""What a feed is: one view of the warehouse, written in one or more formats; and how the text of an entry is shown."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import polars as pl

# Tag URIs (RFC 4151) name a domain of their maker and a year. If ours changed, readers would see all entries as new.
TAG = "tag:paper-trends.example,2025:"
AUTHOR = "paper-trends"
RIGHTS = "Metadata of many sources, each under its own licence: see ATTRIBUTION.md of this snapshot."
EPOCH = dt.date(1970, 1, 1)

# What formats for feed readers take from a row. Other columns are for those who read the rows as data.
ENTRY: Mapping[str, pl.DataType] = {
    "entry_id": pl.String(),
    "title": pl.String(),
    "url": pl.String(),
    "repository_url": pl.String(),
    "authors": pl.List(pl.String()),
    "keywords": pl.List(pl.String()),
    "reason": pl.String(),
    "evidence": pl.String(),
    "summary": pl.String(),
    "related_titles": pl.List(pl.String()),
    "related_urls": pl.List(pl.String()),
    "entered_on": pl.Date(),
    "changed_on": pl.Date(),
}

# Longer texts are cut: a feed is read by people, and by programs that give up on large ones.
MOST_TITLE, MOST_TEXT, MOST_AUTHORS = 300, 4_000, 30

# What XML cannot hold or a reader could be fooled with: controls, noncharacters, overrides of the writing direction.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"


@dataclass(frozen=True)
class Feed:
    """The rows of a feed, in the order in which they are shown, and what they are.

    `name` is its path below `feeds/` without suffix. `base_url` is where the snapshot is served, or empty: then links
    between files are relative. `columns` says what each column means, `chart` which ones to draw.
    """

    name: str
    description: str
    rows: pl.DataFrame
    title: str = ""
    base_url: str = ""
    grain: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    chart: str = ""

    @property
    def shown_title(self) -> str:
        """The title for people."""
        return plain(self.title or f"paper-trends: {self.name}", MOST_TITLE)

    def url(self, path: Path) -> str:
        """The address of one file of this feed: absolute where it is known where the snapshot is served."""
        folder = self.name.rpartition("/")[0]
        return "/".join(part for part in (self.base_url.rstrip("/"), "feeds", folder, path.name) if part)


@dataclass(frozen=True)
class Format:
    """How a feed becomes a file. `layout` names the shape of what is written, where it is not the table's own.

    `is_subscription` marks what feed readers ask for again and again: of a query that says `one_for_each` there is one
    such file for each value, and the list of feeds names it.
    """

    suffix: str
    write: Callable[[Path, Feed], None]
    layout: str | None = None
    is_subscription: bool = False
    media_type: str = "application/octet-stream"


def plain(text: str | None, most: int = MOST_TEXT) -> str:
    """Text without what cannot be shown or would mislead, cut at a word; it may still look like markup."""
    shown = _UNSHOWN.sub("", text[: most * 2] if text else "")
    if len(shown) <= most:
        return shown
    start = shown[: most - 1]
    return f"{start.rpartition(' ')[0] or start}…"


def safe_url(url: str | None) -> str | None:
    """An http or https address in plain ASCII, or None."""
    try:
        if not url or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            return None
    except ValueError:
        return None
    return quote(url, safe=_URL_CHARACTERS)


def tag(entry_id: str) -> str:
    """The name of an entry that no other has, now or ever: a tag URI (RFC 4151)."""
    return TAG + quote(entry_id.encode("utf-8", "surrogatepass"), safe="/:;,.!$&'()*+=@?~-_")


def file_name(value: str) -> str:
    """A file name for any text: what is legible of it, and a hash that tells apart what looks the same.

    It is a name on every file system, whatever the text: no path, no reserved word, at most 60 characters.
    """
    ascii_text = unicodedata.normalize("NFKD", value[:1_000]).encode("ascii", "ignore").decode().lower()
    legible = re.sub(r"[^a-z0-9]+", "-", ascii_text)[:48].strip("-")
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{legible}-{digest}" if legible else digest


def names(row: Mapping[str, Any]) -> list[str]:
    """The authors that are named, at most thirty."""
    return [shown for name in (row["authors"] or [])[:MOST_AUTHORS] if (shown := plain(name, MOST_TITLE).strip())]


def latest(feed: Feed) -> dt.date:
    """The day on which something in the feed changed last; 1970 where it is empty."""
    days = feed.rows.get_column("changed_on").drop_nulls()
    found = days.max() if len(days) else EPOCH
    assert isinstance(found, dt.date)
    return found


def content_html(row: Mapping[str, Any]) -> str:
    """Why the entry is there, what says so, and what it is about, as HTML; all text is escaped."""
    parts = [f"<p><strong>{_text(row['reason'])}</strong></p>"] if row["reason"] else []
    if row["evidence"]:
        parts.append(f"<blockquote><p>{_text(row['evidence'])}</p></blockquote>")
    parts += [f"<p>{_text(paragraph)}</p>" for paragraph in plain(row["summary"]).split("\n") if paragraph.strip()]
    left_out = len(row["authors"] or []) - MOST_AUTHORS
    if left_out > 0:
        parts.append(f"<p>And {left_out} more authors.</p>")
    parts += _related(row)
    if url := safe_url(row["repository_url"]):
        parts.append(f'<p>Code: <a href="{escape(url)}">{escape(url)}</a></p>')
    return "".join(parts) or "<p>No abstract.</p>"


def _related(row: Mapping[str, Any]) -> list[str]:
    found = list(zip(row["related_titles"] or [], row["related_urls"] or [], strict=False))
    items = [
        f'<li><a href="{escape(url)}">{_text(title)}</a></li>'
        if (url := safe_url(address))
        else f"<li>{_text(title)}</li>"
        for title, address in found
    ]
    return [f"<ul>{''.join(items)}</ul>"] if items else []


def _text(text: str) -> str:
    return escape(plain(text).replace("\n", " "))

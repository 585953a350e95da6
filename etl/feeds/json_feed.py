"""JSON Feed 1.1, for feed readers that prefer JSON (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from etl.feeds.base import AUTHOR, MOST_TITLE, RIGHTS, Feed, Format, content_html, names, plain, safe_url, tag

_VERSION = "https://jsonfeed.org/version/1.1"


def write(path: Path, feed: Feed) -> None:
    """A feed of entries."""
    document = {
        "version": _VERSION,
        "title": feed.shown_title,
        "description": feed.description,
        "user_comment": RIGHTS,
        **({"home_page_url": feed.base_url, "feed_url": feed.url(path)} if feed.base_url else {}),
        "authors": [{"name": AUTHOR}],
        "items": [_item(row) for row in feed.rows.iter_rows(named=True)],
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _item(row: dict[str, Any]) -> dict[str, Any]:
    item = {
        "id": tag(row["entry_id"]),
        "url": safe_url(row["url"]),
        "external_url": safe_url(row["repository_url"]),
        "title": plain(row["title"], MOST_TITLE) or "Untitled",
        "summary": plain(row["reason"]),
        "content_html": content_html(row),
        "date_published": _time(row["entered_on"]),
        "date_modified": _time(row["changed_on"]),
        "authors": [{"name": name} for name in names(row)],
        "tags": [term for keyword in row["keywords"] or [] if (term := plain(keyword, MOST_TITLE))],
    }
    return {name: value for name, value in item.items() if value not in (None, [], "")}


def _time(day: object) -> str | None:
    return f"{day}T00:00:00Z" if day else None


FORMAT = Format("json", write, layout=_VERSION, is_subscription=True, media_type="application/feed+json")

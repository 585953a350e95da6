"""JSON Feed 1.1, for feed readers that prefer JSON (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import orjson

from etl.feeds.base import TAG, Feed, Format

_VERSION = "https://jsonfeed.org/version/1.1"


def write(path: Path, feed: Feed) -> None:
    """A feed of papers."""
    document = {
        "version": _VERSION,
        "title": f"paper-trends: {feed.name}",
        "description": feed.description,
        "authors": [{"name": "paper-trends"}],
        "items": [_item(row) for row in feed.rows.iter_rows(named=True)],
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _item(row: dict[str, Any]) -> dict[str, Any]:
    item = {
        "id": f"{TAG}paper/{row['paper_id']}",
        "url": row["url"],
        "external_url": row["repository_url"],
        "title": row["title"],
        "content_html": f"<p>{escape(row['summary'] or 'No abstract.')}</p>",
        "date_published": f"{row['first_observed_on']}T00:00:00Z",
        "date_modified": f"{row['changed_on']}T00:00:00Z",
        "authors": [{"name": name} for name in row["authors"] or []],
        "tags": row["keywords"] or [],
    }
    return {name: value for name, value in item.items() if value not in (None, [])}


FORMAT = Format("json", write, layout=_VERSION)

"""A JSON document of rows, for programs; `json_schema.py` writes what it looks like."""

from __future__ import annotations

from pathlib import Path

import orjson

from etl.feeds.base import Feed, Format

SCHEMA_VERSION = 1


def write(path: Path, feed: Feed) -> None:
    """`schema_version`, what the rows are, and the rows."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "name": feed.name,
        "description": feed.description,
        "data": feed.rows.to_dicts(),
    }
    path.write_bytes(orjson.dumps(document) + b"\n")


FORMAT = Format("json", write, media_type="application/json")

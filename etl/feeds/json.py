"""A JSON document of rows, for programs; `json_schema.py` writes what it looks like."""

from __future__ import annotations

from pathlib import Path

import orjson

from etl.feeds.base import Feed, Format

SCHEMA_VERSION = 1


def write(path: Path, feed: Feed) -> None:
    """`schema_version`, what the rows are, and the rows."""
    about = {"schema_version": SCHEMA_VERSION, "name": feed.name, "description": feed.description}
    with path.open("wb") as file:
        # Half a million rows as Python objects would take more memory than the rest of a publish.
        file.write(orjson.dumps(about)[:-1] + b',"data":')
        feed.rows.write_json(file)
        file.write(b"}\n")


FORMAT = Format("json", write, media_type="application/json")

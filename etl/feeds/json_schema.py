"""The JSON Schema (2020-12) of the document that `json.py` writes of the same feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from etl import storage
from etl.feeds.base import Feed, Format
from etl.feeds.json import SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(feed: Feed) -> dict[str, Any]:
    """What holds of every document of this feed, whatever its rows."""
    columns = {
        name: {**_type(dtype, name in feed.grain), "description": feed.columns.get(name, "")}
        for name, dtype in feed.rows.schema.items()
    }
    row = {"type": "object", "properties": columns, "required": list(columns), "additionalProperties": False}
    return {
        "$schema": DIALECT,
        "title": feed.name,
        "description": feed.description,
        "type": "object",
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "name": {"const": feed.name},
            "description": {"type": "string"},
            "data": {"type": "array", "items": row},
        },
        "required": ["schema_version", "name", "description", "data"],
        "additionalProperties": False,
    }


def _type(dtype: pl.DataType, is_key: bool) -> dict[str, Any]:
    """The type of one column; only those of the grain are never null."""
    if isinstance(dtype, pl.List):
        return {"type": _or_null("array", is_key), "items": {"type": ["string", "null"]}}
    name = "string"
    if dtype == pl.Boolean:
        name = "boolean"
    elif dtype.is_integer():
        name = "integer"
    elif dtype.is_numeric():
        name = "number"
    extra = {"format": "date"} if dtype == pl.Date else {}
    return {"type": _or_null(name, is_key), **extra}


def _or_null(name: str, is_key: bool) -> str | list[str]:
    return name if is_key else [name, "null"]


def write(path: Path, feed: Feed) -> None:
    """The schema, for people to read."""
    path.write_bytes(storage.json_bytes(schema(feed)))


FORMAT = Format("schema.json", write, layout=DIALECT, media_type="application/schema+json")

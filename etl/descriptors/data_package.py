"""`datapackage.json`: Data Package, version 2 (https://datapackage.org), for frictionless and its kin."""

from __future__ import annotations

from typing import Any

from etl.descriptors.base import DESCRIPTION, NAME, TITLE, Column, File, Snapshot, licence_url

FILE = "datapackage.json"
_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
_TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "day": "date",
    "time": "datetime",
    "texts": "array",
}


def document(snapshot: Snapshot) -> dict[str, Any]:
    """The description. It holds no time of making: the same snapshot has the same description."""
    said: dict[str, Any] = {
        "$schema": _PROFILE,
        "name": NAME,
        "id": snapshot.name,
        "title": TITLE,
        "description": DESCRIPTION,
        "version": snapshot.version,
        "sources": [
            {"title": f"{source.title}: {source.publisher}. Licence: {source.licence}"} for source in snapshot.sources
        ],
        "resources": [_resource(file) for file in snapshot.files],
    }
    if snapshot.url:
        said["homepage"] = snapshot.url
    if snapshot.licences:
        said["licenses"] = [{"name": licence, "path": licence_url(licence)} for licence in snapshot.licences]
    return said


def _resource(file: File) -> dict[str, Any]:
    suffix = file.path.rpartition(".")[2]
    is_parquet = suffix == "parquet"
    found: dict[str, Any] = {
        "$schema": _RESOURCE,
        "name": file.name.lower(),
        "path": file.path,
        "description": file.description,
        # By its short name frictionless would read Parquet with pandas, which makes numbers of nulls and texts of
        # lists, and then find both wrong. So it checks size and hash, and leaves the reading to those who can.
        "format": "vnd.apache.parquet" if is_parquet else suffix,
        "mediatype": file.media_type,
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }
    if not file.columns:
        return found
    schema: dict[str, Any] = {"$schema": _SCHEMA, "fields": [_field(column, suffix) for column in file.columns]}
    if file.key:
        schema["primaryKey"] = list(file.key)
    return (
        {**found, "schema": schema} if is_parquet else {**found, "type": "table", "encoding": "utf-8", "schema": schema}
    )


def _field(column: Column, suffix: str) -> dict[str, str]:
    # In CSV lists are one text.
    kind = "string" if column.type == "texts" and suffix == "csv" else _TYPES[column.type]
    return {"name": column.name, "type": kind, "description": column.meaning}

"""`croissant.json`: Croissant 1.0 (https://docs.mlcommons.org/croissant/), for those who train models on data."""

from __future__ import annotations

from typing import Any

from etl.descriptors.base import DESCRIPTION, NAME, Column, File, Snapshot, licence_url

FILE = "croissant.json"
# The context that the standard prescribes, word for word.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "day": "sc:Date",
    "time": "sc:DateTime",
    "texts": "sc:Text",
}
_PARQUET = "application/x-parquet"


def document(snapshot: Snapshot) -> dict[str, Any]:
    """The description: every file, and the rows of the Parquet ones as records."""
    day = snapshot.as_of.isoformat() if snapshot.as_of else "1970-01-01"
    names = "; ".join(f"{source.title}: {source.publisher}" for source in snapshot.sources)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": DESCRIPTION,
        "version": snapshot.version,
        "datePublished": day,
        "url": snapshot.url or "./",
        "license": [licence_url(licence) for licence in snapshot.licences] or ["ATTRIBUTION.md"],
        "creator": {"@type": "sc:Organization", "name": NAME},
        "citeAs": f"paper-trends, snapshot {snapshot.name}. Made from {names or 'no source'}.",
        "distribution": [_file(file) for file in snapshot.files],
        "recordSet": [_records(file) for file in snapshot.files if file.columns and file.path.endswith(".parquet")],
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.name,
        "description": file.description,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _PARQUET if file.path.endswith(".parquet") else file.media_type,
        "sha256": file.sha256,
    }


def _records(file: File) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": file.name,
        "name": file.name,
        "description": file.description,
        "field": [_field(file, column) for column in file.columns],
    }
    if file.key:
        found["key"] = [{"@id": f"{file.name}/{column}"} for column in file.key]
    return found


def _field(file: File, column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{file.name}/{column.name}",
        "name": f"{file.name}/{column.name}",
        "description": column.meaning,
        "dataType": _TYPES[column.type],
        "source": {"fileObject": {"@id": file.path}, "extract": {"column": column.name}},
    }
    if column.type == "texts":
        found["repeated"] = True
    return found

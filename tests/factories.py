"""Invented records, and dumps of the three formats made from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from etl.ledger import Outcome
from etl.reading import containers
from etl.schemas import STAGED
from etl.settings import Limits
from etl.shards import Piece, Shard, normalise_shard
from etl.sources.base import HEAD_BYTES, Head

TOPICS = (
    "lantern calibration",
    "orchard navigation",
    "tidal pool mapping",
    "kettle acoustics",
    "paper folding robots",
    "glacier radio sounding",
    "bee traffic models",
    "mosaic restoration",
)


# What may stand in a field by mistake, whatever its type should be.
WRONG_VALUES = (5, 2**70, -3, 1.5, True, ["a"], {"a": 1}, [], {}, "", "\x00", 1e300, [[1]], [None])


def title(number: int) -> str:
    """A title that no other number has."""
    return f"Study {number:05d} of {TOPICS[number % len(TOPICS)].title()} Under Rain"


def abstract(number: int, *sentences: str) -> str:
    """An abstract of a few sentences, the given ones last."""
    topic = TOPICS[number % len(TOPICS)]
    opening = (
        f"We consider {topic} where the weather cannot be chosen.",
        f"Our treatment number {number} of {topic} needs neither sunshine nor a second observer.",
        "Measurements over nine winters agree with it.",
    )
    return " ".join((*opening, *sentences))


def arxiv(number: int) -> str:
    """An arXiv identifier of June 2025."""
    return f"2506.{number:05d}"


def daily_row(number: int, outer: dict[str, Any] | None = None, **inner: Any) -> dict[str, Any]:
    """A row of the daily listing; a field that is None is left out, `outer` holds fields beside `paper`."""
    paper: dict[str, Any] = {
        "id": arxiv(number),
        "authors": [{"_id": "0", "name": f"Author {number}", "hidden": False}],
        "publishedAt": "2025-06-10T12:00:00.000Z",
        "title": title(number),
        "summary": abstract(number),
        "upvotes": number % 50,
    }
    row = {"paper": paper | inner, "publishedAt": "2025-06-12T00:00:00.000Z", "numComments": 2} | (outer or {})
    row["paper"] = {name: value for name, value in row["paper"].items() if value is not None}
    return row


def daily(rows: Iterable[Any]) -> bytes:
    """A daily listing."""
    return json.dumps(list(rows), ensure_ascii=False).encode()


def snapshot_record(number: int, **fields: Any) -> dict[str, Any]:
    """A record of the arXiv snapshot; a field that is None is left out."""
    record: dict[str, Any] = {
        "id": arxiv(number),
        "submitter": f"Author {number}",
        "authors": f"A. Author{number}, B. Beispiel and C. Tredje",
        "title": title(number),
        "abstract": "  " + abstract(number) + "\n",
        "categories": "cs.RO cs.LG",
        "versions": [{"version": "v1", "created": "Tue, 10 Jun 2025 12:00:00 GMT"}],
        "update_date": "2025-06-11",
        "authors_parsed": [[f"Author{number}", "A.", ""], ["Beispiel", "B.", "Jr"]],
    }
    return {name: value for name, value in (record | fields).items() if value is not None}


def snapshot_lines(records: Iterable[dict[str, Any]]) -> bytes:
    """The snapshot as JSON lines."""
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def snapshot_array(records: Iterable[dict[str, Any]]) -> bytes:
    """The snapshot as an array."""
    return json.dumps(list(records), ensure_ascii=False, indent=1).encode()


def page(pairs: Sequence[tuple[str, str]], banner: bool = True) -> bytes:
    """The copied text of a papers page."""
    lines = [line for pair in pairs for line in pair]
    if banner:
        lines = ["Get trending papers in your email inbox once a day!", "Subscribe" + lines[0], *lines[1:]]
    return "\n".join(lines).encode() + b"\n"


def head_of(path: Path) -> Head:
    """What recognition sees of a file."""
    with closing(containers.members(path, Limits())) as members:
        return Head(containers.opened(next(members).stream, HEAD_BYTES, Limits())[0], path.name)


def normalised(folder: Path, source: str, data: bytes, name: str = "dump") -> tuple[Outcome, dict[str, pl.DataFrame]]:
    """The outcome of one dump and its staged tables, and `rejected`, read in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "input"
    path.write_bytes(data)
    folders = {table: folder / table for table in (*STAGED, "rejected")}
    piece = Piece(hashlib.sha256(data).hexdigest(), path, name)
    (outcome,) = normalise_shard(Shard(0, source, (piece,), folders, 1 << 20, Limits()))
    frames = {}
    for table, place in folders.items():
        parts = sorted(place.glob("part-*.parquet"))
        frames[table] = pl.concat([pl.read_parquet(part) for part in parts]) if parts else pl.DataFrame()
    return outcome, frames

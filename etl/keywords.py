"""Keyphrases of records as they come, outside a warehouse: the command `etl keywords`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import orjson
import polars as pl

from etl.errors import EtlError, RecordError
from etl.reading import strict_json
from etl.settings import Limits
from etl.transforms import text
from etl.transforms.keyphrases import keyphrases

# What is held in memory at once: so many records, or as many as fill so many bytes.
BATCH_RECORDS, BATCH_BYTES = 5_000, 8 << 20

Record = tuple[Any, str | None, str | None]


class LineError(EtlError):
    """A line of the input that is no record."""

    def __init__(self, line: int, found: str) -> None:
        super().__init__(line, found)
        self.line, self.found = line, found

    def __str__(self) -> str:
        wanted = 'wanted {"id": …, "title": "…", "abstract": "…"}'
        return f"line {self.line}: {self.found}, {wanted}; mend the line, what came before it is ranked"


def ranked(lines: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """A line of JSON for each record: its `id` and its `keyphrases`, best first, as the pipeline ranks them."""
    batch: list[Record] = []
    size = 0
    try:
        for record, length in _records(lines, limits):
            batch.append(record)
            size += length
            if len(batch) >= BATCH_RECORDS or size >= BATCH_BYTES:
                yield from _ranked(batch)
                batch, size = [], 0
    except LineError:
        yield from _ranked(batch)
        raise
    yield from _ranked(batch)


def _records(lines: BinaryIO, limits: Limits) -> Iterator[tuple[Record, int]]:
    number = 0
    while line := lines.readline(limits.record_bytes + 1):
        number += 1
        if len(line) > limits.record_bytes:
            raise LineError(number, f"found more than {limits.record_bytes} bytes")
        if line.strip():
            yield _record(number, line, limits), len(line)


def _record(number: int, line: bytes, limits: Limits) -> Record:
    try:
        found = strict_json.parse(line, limits)
    except RecordError as error:
        raise LineError(number, f"found {error}") from None
    if not isinstance(found, dict):
        raise LineError(number, "found no object")
    name = found.get("id")
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise LineError(number, "found no id that is a text or a whole number")
    for field in ("title", "abstract"):
        if not isinstance(found.get(field), str | None):
            raise LineError(number, f"found {field} that is no text")
    return name, found.get("title"), found.get("abstract")


def _ranked(batch: Iterable[Record]) -> Iterator[bytes]:
    names = [name for name, _, _ in batch]
    texts = pl.DataFrame(
        [[title for _, title, _ in batch], [abstract for _, _, abstract in batch]],
        schema={"title": pl.String, "abstract": pl.String},
    ).select(
        row=pl.int_range(pl.len(), dtype=pl.Int64),
        title=text.one_line(pl.col("title")),
        abstract=text.paragraphs(pl.col("abstract")),
    )
    found = dict(
        keyphrases(texts, pl.thread_pool_size()).group_by("row", maintain_order=True).agg("phrase").iter_rows()
    )
    for row, name in enumerate(names):
        yield orjson.dumps({"id": name, "keyphrases": found.get(row, [])}) + b"\n"

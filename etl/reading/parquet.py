"""Foreign Parquet: its rows as JSON, so that they are parsed like any other. Runs in worker processes alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.errors import DumpError
from etl.reading.compression import CHUNK, FETCH_AGAIN, Budget
from etl.reading.records import SHOWN, Record
from etl.reading.tables import MAX_COLUMNS
from etl.settings import Limits

MAGIC = b"PAR1"
# Few, so that rows that share one long text, which the file holds once, are not held all at once.
ROWS = 32
# A footer longer than this describes no table of papers.
_LONGEST_FOOTER = 16 << 20
# What a row counts for at least where rows are counted by their bytes: a row of nothing takes time, too.
_LEAST_BYTES = 64


def footer(stream: IO[bytes]) -> bytes:
    """The bytes of the footer, which hold the names of the columns; nothing is parsed. Empty where there is none."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 8))
    end = stream.read(8)
    length = int.from_bytes(end[:4], "little") if end[4:] == MAGIC else 0
    if not 0 < length <= min(size - 12, _LONGEST_FOOTER):
        return b""
    stream.seek(size - 8 - length)
    return stream.read(length)


def rows(stream: IO[bytes], limits: Limits) -> Iterator[Record]:
    """Each row as a JSON object. There are no byte positions: the offset is the row's number from 0.

    A row with what JSON cannot say is given with its reason. Raises DumpError where the file is broken, or holds more
    than the limits allow.
    """
    number = 0
    try:
        budget = Budget(limits, stream.seek(0, 2))
        stream.seek(0)
        # Column chunks are read piece by piece: a large one would be held as a whole.
        file = pq.ParquetFile(stream, memory_map=False, buffer_size=CHUNK, page_checksum_verification=True)
        _check_columns(file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
            for data, reason in _texts(batch):
                budget.expand(max(len(data), _LEAST_BYTES))
                if not reason and len(data) > limits.record_bytes:
                    data, reason = data[:SHOWN], "record_too_long"
                yield Record(number, data, number + 1, reason=reason, size=None)
                number += 1
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise DumpError("corrupt_parquet", f"after row {number}: {said}; {FETCH_AGAIN}") from None


def _check_columns(names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise DumpError("too_many_columns", f"the table has {len(names)} columns, wanted at most {MAX_COLUMNS}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DumpError("duplicate_header", f"more than one column is named {repeated[0]!r}")


def _texts(batch: pa.RecordBatch) -> Iterator[tuple[bytes, str]]:
    """Each row as JSON, and what is wrong with it."""
    infinite = _infinite(batch)
    try:
        values = batch.to_pylist()
    except (ValueError, OverflowError):
        # One of the rows holds what Python cannot: only that one is lost.
        values = [None] * batch.num_rows
    for place, value in enumerate(values):
        data, reason = _text(value) if value is not None else _alone(batch.slice(place, 1))
        yield data, "number_out_of_range" if place in infinite else reason


def _alone(row: pa.RecordBatch) -> tuple[bytes, str]:
    try:
        return _text(row.to_pylist()[0])
    except UnicodeDecodeError:
        return b"", "invalid_utf8"
    except (ValueError, OverflowError):
        return b"", "number_out_of_range"


def _text(row: dict[str, Any]) -> tuple[bytes, str]:
    try:
        return orjson.dumps(row, default=_plain), ""
    except orjson.JSONEncodeError:
        # Bytes that are no text.
        return b"", "invalid_utf8"


def _plain(value: object) -> str:
    """What JSON has no word for, as a text; raises UnicodeDecodeError for bytes that are none."""
    if isinstance(value, bytes):
        return value.decode()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _infinite(batch: pa.RecordBatch) -> set[int]:
    """The rows with a number that is infinite: as JSON it would be null, as if nothing had been said."""
    found: set[int] = set()
    for column in batch.columns:
        if pa.types.is_floating(column.type):
            found |= set(pc.indices_nonzero(pc.fill_null(pc.is_inf(column), False)).to_pylist())
    return found

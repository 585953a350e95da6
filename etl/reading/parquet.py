"""Foreign Parquet: its rows as JSON, so that they are parsed like any other. Runs in worker processes alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import DumpError
from etl.reading.records import Record
from etl.settings import Limits

MAGIC = b"PAR1"
ROWS = 2_000
# A footer longer than this describes no table of papers.
_LONGEST_FOOTER = 16 << 20


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

    Raises DumpError where the file is broken, or holds more than the limits allow.
    """
    number = 0
    try:
        file = pq.ParquetFile(stream, memory_map=False)
        _check_size(file, limits)
        for batch in file.iter_batches(batch_size=ROWS):
            for row in batch.to_pylist():
                data = orjson.dumps(row, default=str)
                reason = "record_too_long" if len(data) > limits.record_bytes else ""
                yield Record(number, data[:1_000] if reason else data, number + 1, reason=reason, size=None)
                number += 1
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise DumpError("corrupt_parquet", f"after row {number}: {said}; fetch the file again") from None


def _check_size(file: pq.ParquetFile, limits: Limits) -> None:
    metadata = file.metadata
    declared = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if declared < 0 or declared > limits.expanded_bytes:
        raise DumpError("too_large", f"the file declares {declared} bytes, wanted at most {limits.expanded_bytes}")
    largest = max((metadata.row_group(g).total_byte_size for g in range(metadata.num_row_groups)), default=0)
    if largest > limits.worker_bytes // 4:
        raise DumpError("too_large", f"a row group of {largest} bytes, wanted at most {limits.worker_bytes // 4}")

"""Delimited text: rows with their byte positions, each with the header that names its cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import lru_cache

from etl.errors import DumpError, RecordError
from etl.reading.records import SHOWN, Record, Stream, skip_line
from etl.settings import Limits

_MARK = b"\xef\xbb\xbf"
MAX_COLUMNS = 1_000
# A cell with more line breaks than this is a quote that was never closed.
_MOST_LINES = 10_000


def rows(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The rows after the header, which each has as its `context`; quoted cells may hold line breaks.

    A quote that is never closed spoils its own line alone. A row that is too long is given cut, with its reason. Raises
    DumpError where either befalls the header.
    """
    header, position, offset = b"", 0, 0
    for raw, size, reason in _physical_rows(stream, limits):
        data = raw.removeprefix(_MARK) if offset == 0 else raw
        start, offset = offset + len(raw) - len(data), offset + size
        is_last = not data.endswith(b"\n") and not reason
        data = data.rstrip(b"\r\n")
        if not data.strip():
            continue
        if not header and reason:
            raise DumpError(reason, "the header of the table; check the file")
        if not header:
            header = data
            continue
        position += 1
        yield Record(start, data[:SHOWN] if reason else data, position, is_last, header, reason, size if reason else -1)


def _physical_rows(stream: Stream, limits: Limits) -> Iterator[tuple[bytes, int, str]]:
    """Bytes, size in the stream and fault of each row: lines joined until every quote is closed."""
    longest = limits.record_bytes + 2
    waiting: list[bytes] = []
    while line := waiting.pop() if waiting else stream.readline(longest):
        pieces, size = [line], len(line)
        is_open = line.count(b'"') % 2 == 1
        while is_open and size < longest and len(pieces) < _MOST_LINES:
            more = waiting.pop() if waiting else stream.readline(longest)
            if not more:
                break
            pieces.append(more)
            size += len(more)
            is_open ^= more.count(b'"') % 2 == 1
        if is_open and len(pieces) > 1:
            # The quote closes nowhere: what follows its line is read as rows of their own.
            waiting += reversed(pieces[1:])
            pieces, size = pieces[:1], len(line)
        reason = "unclosed_quote" if is_open else "record_too_long" if size >= longest else ""
        if len(pieces[-1]) == longest and not pieces[-1].endswith(b"\n"):
            # The rest of a line that is too long is no row of its own.
            size += skip_line(stream)
        yield b"".join(pieces), size, reason


# Every row brings the header of its dump.
@lru_cache(maxsize=4)
def columns(header: bytes, delimiter: str = ",") -> tuple[str, ...]:
    """The names in a header; raises DumpError where it is none, two names are the same, or there are too many."""
    try:
        names = tuple(name.strip() for name in _cells(header, delimiter, MAX_COLUMNS))
    except UnicodeDecodeError as error:
        raise DumpError("invalid_utf8", f"byte {error.start} of the header is not UTF-8") from None
    except csv.Error as error:
        raise DumpError("malformed_row", f"the header: {error}") from None
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(names) <= MAX_COLUMNS else []
    if repeated:
        raise DumpError("duplicate_header", f"the header names {repeated[0]!r} more than once")
    if len(names) > MAX_COLUMNS:
        raise DumpError("too_many_columns", f"the header has more than {MAX_COLUMNS} columns")
    return names


def cells(record: Record, names: tuple[str, ...], delimiter: str = ",") -> dict[str, str | None]:
    """The cells of a row by name, empty ones as null; raises RecordError where their number is another."""
    try:
        found = _cells(record.data, delimiter, len(names))
    except UnicodeDecodeError as error:
        raise RecordError("invalid_utf8", f"byte {error.start} of the row is not UTF-8") from None
    except csv.Error as error:
        raise RecordError("malformed_row", str(error)) from None
    if len(found) != len(names):
        found_cells = f"more than {len(names)}" if len(found) > len(names) else len(found)
        raise RecordError("ragged_row", f"{found_cells} cells, wanted {len(names)}")
    if b"\0" in record.data:
        raise RecordError("nul_character", "a cell holds the character U+0000")
    return {name: cell or None for name, cell in zip(names, found, strict=True)}


def _cells(data: bytes, delimiter: str, most: int) -> list[str]:
    """The cells of a row; of one that has more than `most`, what follows may be one cell."""
    text = data.decode()
    if '"' not in text:
        return text.split(delimiter, most)
    csv.field_size_limit(max(len(text), 131_072))
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    if len(read) != 1:
        raise csv.Error(f"{len(read)} rows where one was expected")
    return read[0]

"""Tables cut into small files that a page loads one at a time, and the directory that says which row is in which.

A table whose grain is one whole number is found by place: that number is the row's place from 0 and is not written.
Any other is sorted by the first column of its grain, the key, and rows of one key stand in one file. Of a grain of more
columns the last one, where it is a whole number or a day, is written as the difference from the row before.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

TABLES = "tables.json.gz"
# Bytes of one file before compression: small enough to wait for, large enough to keep the files few. Of a table that
# is read by place a page wants single rows here and there, of one that is read by key many rows of one file.
_PLACED_BYTES = 60_000
_KEYED_BYTES = 200_000
_PROBED_ROWS = 1_000
_FEWEST_ROWS = 100
_SIGNIFICANT_FIGURES = 6
_WAITING_FILES = 8


@dataclass(frozen=True)
class Table:
    """A table of the page: the columns that identify a row, what a row is, and what each column says."""

    name: str
    grain: tuple[str, ...]
    about: str
    meanings: dict[str, str]


@dataclass
class Directory:
    """How a table is written, and the first row and the first key of each of its files."""

    about: str
    meanings: dict[str, str]
    columns: list[str]
    days: list[str]
    key: str | None
    delta: str | None
    starts: list[int] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    rows: int = 0


class Writer:
    """Writes tables below a folder. Other threads make the files while more rows come; bytes follow from rows alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._directories: dict[str, Directory] = {}
        self._saved: list[Future[tuple[str, str]]] = []
        self._pool = ThreadPoolExecutor(max_workers=2)

    def __enter__(self) -> Writer:
        self._folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, table: Table, empty: pl.DataFrame, frames: Iterable[pl.DataFrame]) -> int:
        """Writes a table whose rows come sorted by its grain; `empty` has its types. Returns how many there were."""
        directory = _directory(table, empty.schema)
        (self._folder / table.name).mkdir()
        for frame in _cut(map(_plain, frames), directory):
            self._save(f"{table.name}/{len(directory.starts)}.json.gz", partial(_encoded, frame, directory))
            directory.starts.append(directory.rows)
            if directory.key:
                directory.keys.append(frame.get_column(directory.key)[0])
            directory.rows += frame.height
        self._directories[table.name] = directory
        return directory.rows

    def finish(self) -> dict[str, str]:
        """Writes the directory of all tables. Returns the sha256 of every file."""
        found = {name: asdict(directory) for name, directory in self._directories.items()}
        self._save(TABLES, partial(orjson.dumps, found, option=orjson.OPT_SORT_KEYS))
        return dict(sorted(saved.result() for saved in self._saved))

    def _save(self, name: str, content: Callable[[], bytes]) -> None:
        if len(self._saved) >= _WAITING_FILES:
            self._saved[-_WAITING_FILES].result()
        self._saved.append(self._pool.submit(_save_compressed, self._folder, name, content))


def _save_compressed(folder: Path, name: str, content: Callable[[], bytes]) -> tuple[str, str]:
    packed = gzip.compress(content(), compresslevel=1, mtime=0)
    (folder / name).write_bytes(packed)
    return name, hashlib.sha256(packed).hexdigest()


def _directory(table: Table, schema: pl.Schema) -> Directory:
    first, last = table.grain[0], table.grain[-1]
    is_numbered = first == last and schema[first].is_integer()
    is_stepped = first != last and (schema[last].is_integer() or schema[last] == pl.Date)
    return Directory(
        about=table.about,
        meanings=table.meanings,
        columns=[name for name in schema if name != first],
        days=[name for name, dtype in schema.items() if dtype == pl.Date],
        key=None if is_numbered else first,
        delta=last if is_stepped else None,
    )


def _cut(frames: Iterable[pl.DataFrame], directory: Directory) -> Iterator[pl.DataFrame]:
    """Frames of about as many bytes each; no key is divided."""
    waiting = pl.DataFrame()
    wanted = 0
    for frame in frames:
        waiting = pl.concat([waiting, frame]) if waiting.height else frame
        wanted = wanted or _rows_of_a_file(frame, directory)
        while rows := _boundary(waiting, directory.key, wanted):
            yield waiting.head(rows)
            waiting = waiting.slice(rows)
    if waiting.height:
        yield waiting


def _rows_of_a_file(frame: pl.DataFrame, directory: Directory) -> int:
    probed = frame.head(_PROBED_ROWS)
    wanted = _KEYED_BYTES if directory.key else _PLACED_BYTES
    return max(_FEWEST_ROWS, wanted * probed.height // len(_encoded(probed, directory)))


def _boundary(frame: pl.DataFrame, key: str | None, wanted: int) -> int:
    """After how many rows a file can end that should have as many as wanted; 0 where that is not seen yet."""
    if frame.height <= wanted:
        return 0
    if key is None:
        return wanted
    keys = frame.get_column(key).slice(wanted - 1)
    others = (keys != keys[0]).arg_true()
    return wanted - 1 + others[0] if len(others) else 0


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Date).to_physical(), pl.col(pl.Float64).round_sig_figs(_SIGNIFICANT_FIGURES))


def _encoded(frame: pl.DataFrame, directory: Directory) -> bytes:
    """The columns as lists; before them the keys, and how many rows each has."""
    columns = {name: frame.get_column(name) for name in directory.columns}
    runs: list[pl.Series] = []
    if directory.key:
        runs = frame.get_column(directory.key).rle().struct.unnest().select("value", "len").get_columns()
    if directory.delta:
        columns[directory.delta] = _steps(columns[directory.delta], runs[1])
    return orjson.dumps([_listed(part) for part in (*runs, *columns.values())], option=orjson.OPT_SERIALIZE_NUMPY)


def _steps(column: pl.Series, lengths: pl.Series) -> pl.Series:
    """The differences from the row before; the first row of each run as it is."""
    values = column.to_numpy().astype(np.int64)
    steps = np.diff(values, prepend=0)
    firsts = lengths.cum_sum().shift(1, fill_value=0).to_numpy()
    steps[firsts] = values[firsts]
    return pl.Series(steps)


def _listed(column: pl.Series) -> list[Any] | np.ndarray[Any, np.dtype[Any]]:
    """What orjson writes as a list: numbers without gaps as they lie in memory."""
    if column.dtype.is_numeric() and not column.null_count():
        return np.ascontiguousarray(column.to_numpy())
    return column.to_list()

"""Files that appear whole or not at all: written aside, synced, renamed, and their folder synced."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
import polars as pl

from etl.errors import LockHeldError

CHUNK = 1 << 20


@contextmanager
def replacing(path: Path, sync_folder: bool = True) -> Iterator[Path]:
    """A path to write aside; when the block ends well, its file takes the place of `path`.

    Who writes many files may sync their folders once, at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield aside
        _sync(aside)
        aside.replace(path)
        if sync_folder:
            _sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes, sync_folder: bool = True) -> None:
    """A whole file."""
    with replacing(path, sync_folder) as aside:
        aside.write_bytes(data)


def json_bytes(value: Any) -> bytes:
    """JSON with sorted keys, for people to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def write_json(path: Path, value: Any, sync_folder: bool = True) -> None:
    """A whole JSON file."""
    write_bytes(path, json_bytes(value), sync_folder)


def read_json(path: Path) -> Any:
    """A JSON file of ours."""
    return orjson.loads(path.read_bytes())


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """A Parquet file whose bytes depend on the frame alone: everything that a default could change is said."""
    with replacing(path) as aside:
        frame.write_parquet(aside, compression="zstd", compression_level=1, row_group_size=131_072, statistics=True)


def copy_hashed(path: Path, aside: Path) -> str:
    """Copies a file to a path without a name yet, synced, while hashing it; returns the sha256."""
    aside.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, aside.open("wb") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
            return digest.hexdigest()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def link_hashed(path: Path, aside: Path) -> str:
    """Makes `aside` lead to a file that stays where it is; returns the sha256 of that file."""
    aside.parent.mkdir(parents=True, exist_ok=True)
    aside.unlink(missing_ok=True)
    aside.symlink_to(path.absolute())
    return sha256(path)


def keep(aside: Path, path: Path) -> None:
    """Gives a synced file its name. The folder is not synced, see `sync_folders`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.replace(path)


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clear(folder: Path) -> None:
    """Removes a folder and what is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def sync_folders(folders: Iterable[Path]) -> None:
    """Makes sure that the names in these folders are on disk."""
    for folder in folders:
        _sync(folder)


def sync_tree(folder: Path) -> None:
    """Makes sure that a folder and all in it are on disk."""
    for path in sorted(folder.rglob("*")):
        _sync(path)
    _sync(folder)


def point(link: Path, target: Path) -> None:
    """Makes `link` lead to `target`, in one step that no reader can see half of."""
    aside = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(target, link.parent))
    aside.replace(link)
    _sync(link.parent)


@contextmanager
def taking_turns(path: Path) -> Iterator[None]:
    """Waits until no other process is inside a block on the same path, then enters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """The right to load, build and publish; raises LockHeldError where another process has it.

    The kernel lets go of it when its process ends, however that ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        _lock(file, path)
        yield


def is_locked(path: Path) -> bool:
    """Whether another process loads, builds or publishes now."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            _lock(file, path)
        except LockHeldError:
            return True
    return False


def _lock(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockHeldError(str(path)) from None


def append_line(path: Path, value: Any) -> None:
    """Adds one JSON line to a journal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(max(0, file.tell() - 1))
        # A line that a killed process cut must not swallow the next one.
        ends_well = file.read(1) in (b"", b"\n")
        file.write((b"" if ends_well else b"\n") + orjson.dumps(value) + b"\n")


def read_lines(path: Path) -> list[Any]:
    """The JSON lines of a journal; one that was cut is left out."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    return found


def read_or(path: Path, default: Callable[[], Any]) -> Any:
    """A JSON file of ours, or the default where there is none."""
    return read_json(path) if path.exists() else default()

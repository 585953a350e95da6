from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from etl import storage
from etl.errors import LockHeldError

PROJECT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def child(code: str, *args: object, wait_for: Path | None = None) -> subprocess.Popen[bytes]:
    """A Python process that runs the code; with `wait_for`, once that file is there."""
    command = [sys.executable, "-c", code, *map(str, args)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdin=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while wait_for and not wait_for.exists():
        assert process.poll() is None, "the child ended early"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    storage.write_bytes(path, b"old")
    storage.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["file"]


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    storage.write_bytes(path, b"old")
    with pytest.raises(ValueError, match="half way"), storage.replacing(path) as aside:
        aside.write_bytes(b"ne")
        raise ValueError("half way")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_crash_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    storage.write_bytes(path, b"old")
    code = """
import os, signal, sys
from pathlib import Path
from etl import storage
with storage.replacing(Path(sys.argv[1])) as aside:
    aside.write_bytes(b"new")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    process = child(code, path)
    assert process.wait(30) == -signal.SIGKILL
    assert process.stdin is not None
    process.stdin.close()
    assert path.read_bytes() == b"old"
    storage.write_bytes(path, b"newer")
    assert path.read_bytes() == b"newer"


HOLD = """
import sys
from pathlib import Path
from etl import storage
with storage.writer_lock(Path(sys.argv[1])):
    Path(sys.argv[2]).touch()
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_the_lock_is_held_by_one_process_and_freed_with_it(how: str, tmp_path: Path) -> None:
    lock, ready = tmp_path / "state" / ".lock", tmp_path / "ready"
    assert not storage.is_locked(lock)
    process = child(HOLD, lock, ready, wait_for=ready)
    assert storage.is_locked(lock)
    with pytest.raises(LockHeldError) as raised, storage.writer_lock(lock):
        pass
    assert raised.value.exit_status == 75
    if how == "is killed":
        process.kill()
    assert process.stdin is not None
    process.stdin.close()
    process.wait(30)
    assert not storage.is_locked(lock)
    with storage.writer_lock(lock):
        pass


def test_turns_are_waited_for(tmp_path: Path) -> None:
    turns, ready = tmp_path / "turns", tmp_path / "ready"
    code = HOLD.replace("writer_lock", "taking_turns").replace(
        "sys.stdin.read()", "import time; time.sleep(0.5); Path(sys.argv[2]).unlink()"
    )
    process = child(code, turns, ready, wait_for=ready)
    with storage.taking_turns(turns):
        assert not ready.exists()
    assert process.wait(30) == 0
    assert process.stdin is not None
    process.stdin.close()


def test_a_link_is_pointed_anew_in_one_step(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "published" / name).mkdir(parents=True)
        storage.point(tmp_path / "current", tmp_path / "published" / name)
        assert (tmp_path / "current").resolve().name == name
    assert not (tmp_path / "current").readlink().is_absolute()
    assert names(tmp_path) == ["current", "published"]


def test_the_bytes_of_a_parquet_file_follow_from_the_frame(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": list(range(1_000)), "b": ["x", None] * 500, "c": [dt.date(2025, 6, 10)] * 1_000})
    for name in ("one", "two"):
        storage.write_parquet(tmp_path / name, frame)
    assert storage.sha256(tmp_path / "one") == storage.sha256(tmp_path / "two")
    assert pl.read_parquet(tmp_path / "one").equals(frame)


def test_a_journal_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert storage.read_lines(path) == []
    storage.append_line(path, {"a": 1})
    storage.append_line(path, {"a": 2})
    path.write_bytes(path.read_bytes()[:-3])
    assert storage.read_lines(path) == [{"a": 1}]


def test_a_journal_goes_on_after_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"a": 1}\n{"a"')
    storage.append_line(path, {"a": 3})
    assert storage.read_lines(path)[-1] == {"a": 3}


def test_a_copy_is_hashed_as_it_is_read(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    aside = tmp_path / "raw" / "aside"
    digest = storage.copy_hashed(source, aside)
    assert digest == storage.sha256(source)
    storage.keep(aside, tmp_path / "raw" / digest[:2] / digest)
    assert storage.sha256(tmp_path / "raw" / digest[:2] / digest) == digest
    assert not aside.exists()

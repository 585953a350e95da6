from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from etl.settings import MIB, Limits
from etl.workers import Ended, Pool, shared
from tests.hostile import double, perform

LIMITS = Limits(worker_bytes=400 * MIB, stall_seconds=6)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, LIMITS) as pool:
        yield pool


def do(pool: Pool, deed: str, value: Any = None) -> Any:
    return pool.call(perform, (deed, value))


def test_answers_come_in_the_order_of_the_questions(pool: Pool) -> None:
    assert list(pool.map(double, list(range(50)))) == list(range(0, 100, 2))
    assert list(pool.map(double, [])) == []
    assert do(pool, "nothing") is None


def test_a_worker_that_dies_takes_its_own_answer_alone(pool: Pool) -> None:
    deeds = [("answer", 1), ("die", 0), ("answer", 2), ("leave", 3), ("answer", 4), ("die", int(signal.SIGKILL))]
    answers = list(pool.map(perform, deeds))
    assert answers[::2] == [1, 2, 4]
    assert [ended.reason for ended in answers[1::2]] == ["parser_crashed"] * 3
    assert "segmentation fault" in answers[1].detail
    assert "status 3" in answers[3].detail
    assert {ended.place for ended in answers[1::2]} == {3}


def test_a_worker_that_gets_no_further_is_ended(pool: Pool) -> None:
    begun = time.monotonic()
    answers = list(pool.map(perform, [("hang", None), ("answer", 1)]))
    assert isinstance(answers[0], Ended)
    assert (answers[0].reason, answers[1]) == ("parser_timeout", 1)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("deed", "size"), [("hold", 800 * MIB), ("ask for", 8 << 30), ("fail", MemoryError)])
def test_a_worker_that_wants_too_much_memory_is_ended(deed: str, size: Any, pool: Pool) -> None:
    ended = do(pool, deed, size)
    assert ended.reason == "out_of_memory"
    assert do(pool, "answer", 5) == 5


@pytest.mark.parametrize("error", [ValueError, OSError, KeyError])
def test_what_a_job_raises_is_raised(error: type[Exception], pool: Pool) -> None:
    with pytest.raises(error, match="on purpose"):
        do(pool, "fail", error)
    with pytest.raises(RuntimeError, match="function"):
        do(pool, "unsendable")


def test_a_caller_who_leaves_early_leaves_no_answer_behind(pool: Pool) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        list(pool.map(perform, [("fail", ValueError), ("hang", None), ("answer", 1)]))
    assert list(pool.map(double, [5, 6])) == [10, 12]


def test_workers_are_confined(pool: Pool) -> None:
    assert do(pool, "limits") == {"RLIMIT_CORE": 0, "RLIMIT_DATA": 3 * LIMITS.worker_bytes}
    assert 50 < do(pool, "open") < 300
    assert do(pool, "packages") == "7 80"


def test_packages_start_under_the_limits_of_the_settings() -> None:
    with Pool(1, Limits()) as pool:
        assert do(pool, "packages") == "7 80"


def test_one_shared_worker_serves_all_calls() -> None:
    first = do(shared(Limits()), "pid")
    assert do(shared(Limits()), "pid") == first != os.getpid()
    assert do(shared(replace(Limits(), depth=7)), "pid") != first


def test_stopped_workers_are_gone() -> None:
    with Pool(2, LIMITS) as pool:
        pids = set(pool.map(perform, [("pid", None)] * 20))
        assert 1 <= len(pids) <= 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_workers_leave_with_their_owner(tmp_path: Path) -> None:
    code = (
        "import os, signal; from etl.workers import Pool; from etl.settings import Limits; "
        "from tests.hostile import perform\n"
        "if __name__ == '__main__':\n"
        "    pool = Pool(1, Limits())\n"
        "    print(pool.call(perform, ('pid', None)), flush=True)\n"
        "    next(pool.map(perform, [('hang', None)]))\n"
    )
    (tmp_path / "owner.py").write_text(code, encoding="utf-8")
    project = Path(__file__).resolve().parents[2]
    command, environment = [sys.executable, str(tmp_path / "owner.py")], {**os.environ, "PYTHONPATH": str(project)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + 15
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(pid)

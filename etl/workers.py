"""Processes for what may crash, hang or grow: untrusted bytes are parsed in them, and nowhere else.

A process that dies, stands still or takes too much memory takes nothing with it but its own answer.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from multiprocessing import connection as pipes
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from etl.settings import Limits

# Says that a job has got further, and where it is by now.
Tick = Callable[[int], None]
# How often the workers are looked at, and how often one says that it gets on, in seconds.
_GLANCE = 0.25
_TICK = 1.0
# What allocators keep aside for later counts as asked for: that of Polars keeps twice of what it uses.
_ASKED_FOR = 3
_OPEN_FILES = 256


class Ended(NamedTuple):
    """Why a worker gave no answer, and where in its job it was, as it said itself."""

    reason: str
    detail: str
    place: int


class Pool:
    """Workers that each do one job at a time. They are started when first needed, anew where one has ended."""

    def __init__(self, number: int, limits: Limits) -> None:
        self._limits = limits
        self._workers = [_Worker(limits) for _ in range(number)]

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends all workers, whatever they do."""
        for worker in self._workers:
            worker.stop()

    def call(self, function: Callable[[Any, Tick], Any], argument: Any) -> Any:
        """What the function answers, or `Ended`."""
        (answer,) = self.map(function, [argument])
        return answer

    def starts(self) -> bool:
        """Whether a worker can be started at all: where none can, its end is no fault of what it should read."""
        return not isinstance(self.call(_nothing, None), Ended)

    def map(self, function: Callable[[Any, Tick], Any], arguments: Sequence[Any]) -> Iterator[Any]:
        """The answer to each argument in order, or `Ended` in its place. What the function raises is raised here.

        The function is called with the argument, and with a `Tick` that it calls whenever it has got further.
        """
        answers: dict[int, Any] = {}
        for worker in self._workers:
            if worker.job is not None:
                # Nobody waits any more for what an earlier caller wanted to know.
                worker.stop()
        waiting = iter(enumerate(arguments))
        for number in range(len(arguments)):
            while number not in answers:
                for worker in self._workers:
                    if worker.job is None and (job := next(waiting, None)):
                        worker.begin(job[0], function, job[1])
                answers |= self._answers()
            answer = answers.pop(number)
            if isinstance(answer, BaseException):
                raise answer
            yield answer

    def _answers(self) -> dict[int, Any]:
        """What has been answered a moment later, by the number of the job."""
        busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
        answers = {}
        for pipe in pipes.wait(list(busy), _GLANCE):
            worker = busy[pipe]
            job, answer = worker.job, worker.receive()
            if job is not None and answer is not _GETS_ON:
                answers[job] = answer
        for worker in busy.values():
            job, ended = worker.job, worker.overdue() if worker.job is not None else None
            if job is not None and ended:
                answers[job] = ended
        return answers


@lru_cache(maxsize=1)
def _shared(limits: Limits, _: int) -> Pool:
    return Pool(1, limits)


def shared(limits: Limits) -> Pool:
    """A pool of one worker that lives as long as this process, for what is too short to start a process each time."""
    return _shared(limits, os.getpid())


class _Worker:
    """One process as its owner sees it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: Any = None
        self.pipe: Any = None
        self.job: int | None = None
        self._place, self._heard_at = 0, 0.0

    def begin(self, job: int, function: Callable[[Any, Tick], Any], argument: Any) -> None:
        """Hands over a job."""
        if not self._process or not self._process.is_alive():
            self.stop()
            self._start()
        self.job, self._place, self._heard_at = job, 0, time.monotonic()
        # One that died a moment ago gives itself away when its answer is waited for.
        with suppress(BrokenPipeError):
            self.pipe.send((function, argument))

    def _start(self) -> None:
        """Starts the process.

        It needs nothing of the caller's main module and must not import it: that of Airflow takes seconds, and inside
        a task its import fails, so that every dump would look as if it had crashed its parser.
        """
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._limits, os.getpid()), daemon=True)
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = main
        theirs.close()

    def receive(self) -> Any:
        """The answer, an error to be raised, `Ended`, or `_GETS_ON`."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            return self._died()
        self._heard_at = time.monotonic()
        if isinstance(said, int):
            self._place = said
            return _GETS_ON
        (answer,) = said
        if isinstance(answer, MemoryError):
            # What this process holds by now is no measure for its next job.
            self.stop()
            return self._ended("out_of_memory", f"reading it takes more memory than a worker may have; {_MORE_MEMORY}")
        self.job = None
        return answer

    def overdue(self) -> Ended | None:
        """Ends a worker that stands still or holds too much; says why."""
        limits = self._limits
        if time.monotonic() - self._heard_at > limits.stall_seconds:
            self.stop()
            said = f"reading it got no further for {limits.stall_seconds} s; see ETL_LIMIT_STALL_SECONDS"
            return self._ended("parser_timeout", said)
        if _resident(self._process.pid) > limits.worker_bytes:
            self.stop()
            said = f"reading it took more than {limits.worker_bytes} bytes of memory; {_MORE_MEMORY}"
            return self._ended("out_of_memory", said)
        return None

    def _died(self) -> Ended:
        self._process.join()
        code = self._process.exitcode
        self.stop()
        said = (signal.strsignal(-code) or f"signal {-code}").lower() if code < 0 else f"status {code}"
        return self._ended("parser_crashed", f"reading it ended the worker: {said}")

    def _ended(self, reason: str, detail: str) -> Ended:
        return Ended(reason, detail, self._place)

    def stop(self) -> None:
        """Ends the process, if there is one."""
        self.job = None
        if self._process:
            self._process.kill()
            self._process.join()
            self._process.close()
            self.pipe.close()
            self._process = None


# What a worker says in place of an answer while it has none.
_GETS_ON = object()
_MORE_MEMORY = "see ETL_LIMIT_WORKER_BYTES"


def _resident(pid: int) -> int:
    """The memory that a process holds now; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _serve(pipe: Connection, limits: Limits, owner: int) -> None:
    """What a worker does: jobs, until its owner is gone."""
    _confine(limits)
    threading.Thread(target=_leave_with, args=(owner,), daemon=True).start()
    said, said_at = 0, 0.0

    def tick(place: int) -> None:
        nonlocal said, said_at
        if place != said or time.monotonic() - said_at > _TICK:
            said, said_at = place, time.monotonic()
            pipe.send(place)

    while True:
        try:
            function, argument = pipe.recv()
        except EOFError:
            return
        said = 0
        answer: Any
        try:
            answer = function(argument, tick)
        except Exception as error:
            answer = error
        except BaseException as error:
            # A panic of Rust is one of these.
            answer = RuntimeError(f"{type(error).__name__}: {error}"[:500])
        _send(pipe, answer)


def _nothing(_: None, __: Tick) -> None:
    """A job that any worker can do."""


def _send(pipe: Connection, answer: Any) -> None:
    try:
        pipe.send((answer,))
    except OSError:
        # Nobody waits any more.
        sys.exit()
    except Exception:
        pipe.send((RuntimeError(f"{type(answer).__name__}: {answer}"[:500]),))


def _confine(limits: Limits) -> None:
    """Bounds what this process may take, now that nothing of a dump is read yet.

    Ctrl-C is its owner's business, and so is what is printed: libraries that fail print what a dump told them to.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, _ASKED_FOR * limits.worker_bytes),
        (resource.RLIMIT_FSIZE, limits.worker_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _leave_with(owner: int) -> None:
    """Ends this process once the one that started it is gone, however that ended."""
    while os.getppid() == owner:
        time.sleep(_TICK)
    os._exit(1)

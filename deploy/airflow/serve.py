"""Starts a self-contained Airflow on this machine, says where its page is, and stops it on Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import environment
import psutil

# No triggerer: no task of ours defers. No server of logs: they are files here, and it would listen beyond loopback.
COMPONENTS = (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",))
UP_SECONDS = 120
STOP_SECONDS = 30


class ServeError(Exception):
    """Airflow cannot be started, or a part of it ended; the text says which and where to look."""


def main() -> int:
    """Serves until a signal asks to stop; 1 when a component ends by itself or does not come up."""
    env = environment.variables(os.environ)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(env, stop)
    except ServeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def serve(env: Mapping[str, str], stop: threading.Event) -> None:
    """Starts all components, waits for the signal, and leaves none of them behind."""
    refuse_taken_port(env)
    home = environment.home(env)
    home.mkdir(parents=True, exist_ok=True)
    prepare(env, home / "prepare.log")
    with started(env, home) as processes:
        until = time.monotonic() + UP_SECONDS
        while not is_up(environment.address(env)):
            if time.monotonic() > until:
                raise ServeError(f"Airflow is not up after {UP_SECONDS} s; see the logs in {home}")
            if pause(stop, processes, home):
                return
        print(f"Airflow is up: {environment.address(env)} (logs: {home}; stop with Ctrl-C)", flush=True)
        while not pause(stop, processes, home):
            pass
        print("stopping", flush=True)


def refuse_taken_port(env: Mapping[str, str]) -> None:
    """Raises ServeError where something else listens on the page's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((environment.LOOPBACK, int(environment.port(env))))
        except (OSError, OverflowError, ValueError) as error:
            raise ServeError(f"{environment.address(env)}: {error}; set AIRFLOW_PORT to another port") from None


def prepare(env: Mapping[str, str], log: Path) -> None:
    """Makes database, secrets and pool before the first component looks for them."""
    with log.open("wb") as file:
        script = str(Path(__file__).with_name("metadata.py"))
        ended = subprocess.run([sys.executable, script], env=env, stdout=file, stderr=file, check=False)
    if ended.returncode:
        raise ServeError(f"Airflow's database cannot be made ready; see {log}")


@contextmanager
def started(env: Mapping[str, str], home: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The components, each a session with a log file of its own; nothing of them runs afterwards."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, *options in COMPONENTS:
            command = [sys.executable, "-m", "airflow", name, *options]
            with (home / f"{name}.log").open("wb") as log:
                processes[name] = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in processes.values():
            end(process, until)


def end(process: subprocess.Popen[bytes], until: float) -> None:
    """Waits for a component that was asked to stop, then kills what is left of its session.

    The scheduler does not wait for tasks that run, and they are in process groups of their own. A task that is killed
    leaves nothing half done, and is tried again when Airflow runs next.
    """
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def pause(stop: threading.Event, processes: Mapping[str, subprocess.Popen[bytes]], home: Path) -> bool:
    """Waits a moment; whether to stop. Raises ServeError when a component has ended by itself."""
    is_stopped = stop.wait(0.5)
    for name, process in processes.items():
        if not is_stopped and process.poll() is not None:
            raise ServeError(f"{name} ended with status {process.returncode}; see {home / name}.log")
    return is_stopped


def is_up(address: str) -> bool:
    """Whether the page answers and the scheduler and the DAG processor have reported."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return False
    return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


if __name__ == "__main__":
    sys.exit(main())

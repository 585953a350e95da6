"""`make airflow`: a real api-server, scheduler and DAG processor, from a dump in the inbox to a published database."""

from __future__ import annotations

import json
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

SERVE = Path(__file__).resolve().parents[2] / "deploy" / "airflow" / "serve.py"
ENVIRONMENT = SERVE.with_name("environment.py")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(environ: dict[str, str]) -> list[psutil.Process]:
    """All processes that work in this home of Airflow."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == environ["AIRFLOW_HOME"]:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def until(look: Callable[[], Any], seconds: float) -> Any:
    """The first thing that `look` finds, within some seconds; None means that it is to look again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.5)
    raise AssertionError(f"not found in {seconds} s")


class Api:
    """Airflow's REST interface."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token = self.ask("/auth/token")["access_token"]

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a GET, or to a POST of a body."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {getattr(self, 'token', '')}"}
        data = None if body is None else json.dumps(body).encode()
        with OPENER.open(urllib.request.Request(self.address + path, data, headers), timeout=10) as answer:
            return json.load(answer)

    def ended(self, dag_id: str, **wanted: str) -> dict[str, Any] | None:
        """A run of a DAG that has ended and has these values, if there is one."""
        for run in self.ask(f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]:
            if run["state"] in ("success", "failed") and wanted.items() <= run.items():
                return dict(run)
        return None


@pytest.fixture
def api(place: Path, environ: dict[str, str]) -> Iterator[Api]:
    """Airflow while it is up; afterwards none of its processes runs any more."""
    environ = {**environ, "AIRFLOW_PORT": str(free_port())}
    with (place / "serve.log").open("wb") as log:
        serving = subprocess.Popen([sys.executable, str(SERVE)], env=environ, stdout=log, stderr=log)
    try:
        until(lambda: True if "is up" in (place / "serve.log").read_text() else serving.poll(), 90)
        assert serving.poll() is None, (place / "serve.log").read_text()
        yield Api(f"http://127.0.0.1:{environ['AIRFLOW_PORT']}")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(45) == 0
        assert processes_of(environ) == []
    finally:
        for process in processes_of(environ):
            process.kill()


def test_nobody_but_this_machine_reaches_a_page_without_logins(environ: dict[str, str]) -> None:
    outside = {**environ, "AIRFLOW__API__HOST": "0.0.0.0", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False"}
    inside = runpy.run_path(str(ENVIRONMENT))["variables"](outside)
    assert inside["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_a_taken_port_is_refused(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environ = {**environ, "AIRFLOW_PORT": str(taken.getsockname()[1])}
        run = subprocess.run(
            [sys.executable, str(SERVE)], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
    assert run.returncode == 1
    assert "set AIRFLOW_PORT" in run.stderr


@pytest.mark.slow
def test_a_dump_in_the_inbox_reaches_the_readers(api: Api, place: Path) -> None:
    api.ask("/api/v2/dags/ingest_dumps/dagRuns", {"logical_date": None, "dag_run_id": "by_test"})
    ingested = until(lambda: api.ended("ingest_dumps", dag_run_id="by_test"), 60)
    assert ingested["state"] == "success"
    published = until(lambda: api.ended("publish_warehouse", run_type="asset_triggered"), 60)
    assert published["state"] == "success"
    assert (place / "warehouse/current/papers.duckdb").is_file()

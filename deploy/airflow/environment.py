"""The environment of a self-contained Airflow for one machine: its own home and database, loopback only, no logins."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DAGS = PROJECT / "dags"
LOOPBACK = "127.0.0.1"


def home(environ: Mapping[str, str]) -> Path:
    """Where this Airflow keeps its database, secrets and logs: `AIRFLOW_HOME`, else a folder that git ignores."""
    return Path(environ.get("AIRFLOW_HOME") or PROJECT / "build" / "airflow").expanduser().absolute()


def port(environ: Mapping[str, str]) -> str:
    """The port of the web page: `AIRFLOW_PORT`, else 8080."""
    return environ.get("AIRFLOW_PORT") or "8080"


def address(environ: Mapping[str, str]) -> str:
    """The address of the web page."""
    return f"http://{LOOPBACK}:{port(environ)}"


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The given environment with all that this Airflow needs. What keeps it to itself cannot be set from outside."""
    place = home(environ)
    return {
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        **environ,
        "AIRFLOW_HOME": str(place),
        "AIRFLOW_CONFIG": str(place / "airflow.cfg"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place / 'airflow.db'}",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address(environ)}/execution/",
        # Everyone who reaches the page is an administrator, so nobody from another machine may reach it.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": port(environ),
        # Its components call `airflow`, and each other past any proxy.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath))),
        "no_proxy": _with_loopback(environ.get("no_proxy", "")),
        "NO_PROXY": _with_loopback(environ.get("NO_PROXY", "")),
    }


def _with_loopback(hosts: str) -> str:
    return ",".join(dict.fromkeys([*filter(None, hosts.split(",")), LOOPBACK, "localhost"]))

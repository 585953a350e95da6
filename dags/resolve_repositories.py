"""Asks code hosts every night what became of the repositories that papers link to; `ingest_dumps` finds the answers.

Paused until someone wants it: all else works without a network. Trigger it with `hosts` to ask others than all that
ETL_RESOLVE_HOSTS allows. The token for GitHub is the password of the connection `github`, or GITHUB_TOKEN of the
worker. A host that has had enough requests is left alone until it says; the next night goes on.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Connection, ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task
from airflow.sdk.exceptions import AirflowNotFoundException

HOSTS = Param([], type="array", items={"type": "string"}, description="Code hosts; none: all that are allowed.")
DEFAULT_ARGS = {
    "owner": "paper-trends",
    "retries": 3,
    "retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule("etl.errors.BusyError", RetryAction.FAIL),
            RetryRule("etl.errors.NetworkError", RetryAction.RETRY),
            RetryRule("etl.errors.EtlError", RetryAction.FAIL),
        ]
    ),
}


def github_token() -> str:
    """The password of the connection `github`, or nothing where there is none."""
    try:
        return Connection.get("github").password or ""
    except AirflowNotFoundException:
        return ""


@dag(
    dag_id="resolve_repositories",
    schedule="30 6 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={"hosts": HOSTS},
    doc_md=__doc__,
    tags=["paper-trends"],
)
def resolve_repositories() -> None:
    """The network to the inbox."""

    @task
    def resolve(**context: Any) -> list[str]:
        from etl import pipeline
        from etl.settings import Settings

        token = github_token()
        settings = Settings.from_env({**os.environ, "GITHUB_TOKEN": token} if token else None)
        found = pipeline.resolve(settings, context["params"]["hosts"])
        for note in (note for done in found for note in done.notes):
            logging.getLogger(__name__).warning(note)
        for failure in (done.failure for done in found if done.failure):
            raise failure
        return [name for done in found for name in done.files]

    resolve()


resolve_repositories()

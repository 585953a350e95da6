"""Brings new dumps from the network into the inbox, every night; `ingest_dumps` finds them there.

Paused until someone wants it: all else works without a network. Trigger it with `sources` to fetch others than those
that are fetched by default (`etl fetch` lists them). The token for GitHub is the password of the connection `github`,
or GITHUB_TOKEN of the worker. A source whose host does not answer is tried again and stops no other.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Connection, ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task
from airflow.sdk.exceptions import AirflowNotFoundException

SOURCES = Param(
    [],
    type="array",
    items={"type": "string"},
    description="Sources, see `etl fetch`; none: those that are fetched by default.",
)
DEFAULT_ARGS = {
    "owner": "paper-trends",
    "retries": 3,
    "retry_delay": timedelta(minutes=10),
    # Time mends a network. A host that asks for hours has said when: the next night is soon enough.
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
    dag_id="fetch_dumps",
    schedule="30 5 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={"sources": SOURCES},
    doc_md=__doc__,
    tags=["paper-trends"],
)
def fetch_dumps() -> None:
    """The network to the inbox."""

    @task
    def choose(**context: Any) -> list[str]:
        from etl import pipeline
        from etl.settings import Settings

        known = pipeline.fetchable(Settings.from_env())
        return context["params"]["sources"] or [about["source"] for about in known if about["by_default"]]

    # One at a time: several sources have the same publisher, who wants one connection.
    @task(map_index_template="{{ task.op_kwargs.source }}", max_active_tis_per_dagrun=1)
    def fetch(source: str) -> list[str]:
        from etl import pipeline
        from etl.settings import Settings

        token = github_token()
        settings = Settings.from_env({**os.environ, "GITHUB_TOKEN": token} if token else None)
        (done,) = pipeline.fetch(settings, [source])
        for note in done.notes:
            logging.getLogger(__name__).warning(note)
        if done.failure:
            raise done.failure
        return done.files

    fetch.expand(source=choose())


fetch_dumps()

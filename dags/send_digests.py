"""Sends each subscriber what is new since the last digest, every morning; those with nothing new get nothing.

Paused until someone wants it. The mail server is the connection `smtp_default` (host, port, login, password; the extra
`security` is tls, starttls or none), or what ETL_SMTP_* of the worker say; the sender is ETL_DIGEST_FROM, or the extra
`from`. What the server did not take is tried again; nothing is sent twice.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta

import pendulum
from airflow.sdk import Connection, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

DEFAULT_ARGS = {
    "owner": "paper-trends",
    "retries": 3,
    "retry_delay": timedelta(minutes=10),
    # Time mends a mail server; all else wants a person.
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule("etl.errors.MailError", RetryAction.RETRY),
            RetryRule("etl.errors.EtlError", RetryAction.FAIL),
        ]
    ),
}


def mail_server() -> dict[str, str]:
    """What the connection `smtp_default` says, under the names of the settings; nothing where there is none."""
    try:
        found = Connection.get("smtp_default")
    except AirflowNotFoundException:
        return {}
    extra = found.extra_dejson
    named = {
        "ETL_SMTP_HOST": found.host,
        "ETL_SMTP_PORT": found.port and str(found.port),
        "ETL_SMTP_USER": found.login,
        "ETL_SMTP_PASSWORD": found.password,
        "ETL_SMTP_SECURITY": extra.get("security"),
        "ETL_DIGEST_FROM": extra.get("from"),
    }
    return {name: value for name, value in named.items() if value}


@dag(
    dag_id="send_digests",
    schedule="0 7 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["paper-trends"],
)
def send_digests() -> None:
    """The published snapshot to mailboxes."""

    @task
    def send() -> list[str]:
        from etl import pipeline
        from etl.settings import Settings

        done = pipeline.digest(Settings.from_env({**os.environ, **mail_server()}))
        for problem in done.problems:
            logging.getLogger(__name__).error(problem)
        if done.failure:
            raise done.failure
        if done.problems:
            raise AirflowFailException(f"{len(done.problems)} subscriptions have problems, see the lines above")
        return done.sent

    send()


send_digests()

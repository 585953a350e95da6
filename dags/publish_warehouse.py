"""Brings validated batches to the readers: load, build, publish, whenever `ingest_dumps` has staged something.

One process at a time may write the warehouse: the tasks share a pool of one slot, and a lock that another process holds
is waited for.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task

STAGING = Asset("staging", uri="x-paper-trends://staging")
DEFAULT_ARGS = {
    "owner": "paper-trends",
    "pool": "duckdb_writer",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    # Waiting frees a held lock; every other failure that we raise on purpose asks a person to do something.
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule("etl.errors.LockHeldError", RetryAction.RETRY),
            RetryRule("etl.errors.EtlError", RetryAction.FAIL),
        ]
    ),
}


@dag(
    dag_id="publish_warehouse",
    schedule=[STAGING],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["paper-trends"],
)
def publish_warehouse() -> None:
    """Validated staging to the published snapshot."""

    @task
    def load() -> None:
        from etl import pipeline
        from etl.settings import Settings

        pipeline.load(Settings.from_env())

    @task
    def build() -> None:
        from etl import pipeline
        from etl.settings import Settings

        pipeline.build(Settings.from_env())

    @task
    def publish() -> None:
        from etl import pipeline
        from etl.settings import Settings

        settings = Settings.from_env()
        pipeline.publish(settings)
        for problem in pipeline.notify(settings):
            logging.getLogger(__name__).error(problem)

    load() >> build() >> publish()


publish_warehouse()

"""Watches the inbox: every ten minutes, what has settled there is stored, normalised and validated, a batch a task.

A refused dump or an unreadable file holds back itself alone: the others go on, and the last task fails once with a line
for each, so that the run shows red. Trigger it with `paths` to take files or folders that the worker can read instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import (
    Asset,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TriggerRule,
    dag,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowFailException

STAGING = Asset("staging", uri="x-paper-trends://staging")
PATHS = Param([], type="array", items={"type": "string"}, description="Files, folders or archives; none: the inbox.")
# Airflow maps over 1,024 items at most (`max_map_length`); what is left is still due in the next run.
MOST_BATCHES = 1_000
DEFAULT_ARGS = {
    "owner": "paper-trends",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    # A failure that we raise on purpose asks a person to do something: trying again would only hide it.
    "retry_policy": ExceptionRetryPolicy([RetryRule("etl.errors.EtlError", RetryAction.FAIL)]),
}


@dag(
    dag_id="ingest_dumps",
    schedule="*/10 * * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={"paths": PATHS},
    doc_md=__doc__,
    tags=["paper-trends"],
)
def ingest_dumps() -> None:
    """The inbox to validated staging."""

    @task
    def ingest(**context: Any) -> list[str]:
        from etl import pipeline
        from etl.settings import Settings

        settings, paths, ti = Settings.from_env(), context["params"]["paths"], context["ti"]
        ingested = pipeline.ingest(settings, paths)
        ti.xcom_push(key="problems", value=ingested.problems)
        # Who names a dump hears of it again; the inbox, looked through every ten minutes, speaks of each dump once.
        named = {delivery.dump_id for delivery in ingested.deliveries} if paths else set()
        ti.xcom_push(key="named", value=sorted(named))
        return pipeline.plan(settings)[:MOST_BATCHES]

    @task(map_index_template="{{ task.op_kwargs.batch_id }}")
    def normalise(batch_id: str) -> None:
        from etl import pipeline
        from etl.settings import Settings

        pipeline.normalise(Settings.from_env(), [batch_id])

    @task(map_index_template="{{ task.op_kwargs.batch_id }}", outlets=[STAGING])
    def validate(batch_id: str, **context: Any) -> None:
        from etl import pipeline
        from etl.settings import Settings

        pipeline.validate(Settings.from_env(), [batch_id])
        context["outlet_events"][STAGING].extra = {"batch_id": batch_id}

    # Mapped as a group, a batch that fails to normalise stops its own validation and no other.
    @task_group(prefix_group_id=False)
    def stage(batch_id: str) -> None:
        normalise(batch_id=batch_id) >> validate(batch_id=batch_id)

    @task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
    def report_refused(batch_ids: list[str] | None, **context: Any) -> None:
        from etl import pipeline
        from etl.settings import Settings

        run, ti = context["dag_run"], context["ti"]
        states = ti.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id]).get(run.run_id, {})
        lines = list(ti.xcom_pull(task_ids="ingest", key="problems") or [])
        named = set(ti.xcom_pull(task_ids="ingest", key="named") or [])
        lines += pipeline.refused(Settings.from_env(), batch_ids or [], named)
        # This task is the only leaf: a run whose other tasks failed would be green without this.
        lines += [f"task {name} failed; see its log" for name, state in sorted(states.items()) if state == "failed"]
        if lines:
            raise AirflowFailException("\n".join(lines))

    due = ingest()
    stage.expand(batch_id=due) >> report_refused(due)


ingest_dumps()

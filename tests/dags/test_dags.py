"""The DAG files: that they load, cheaply, and are wired as the pipeline needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
NAMES = ["fetch_dumps", "ingest_dumps", "publish_warehouse", "resolve_repositories", "send_digests"]
HEAVY = {"dataframely", "duckdb", "great_expectations", "numpy", "pandas", "polars", "pyarrow", "etl.pipeline"}

DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from etl.errors import BusyError, DumpError, LockHeldError, MailError, NetworkError, RefusedMailError

before = set(sys.modules)
bag = DagBag(sys.argv[1])
print(json.dumps({
    "errors": bag.import_errors,
    "seconds": {stat.file: stat.duration.total_seconds() for stat in bag.dagbag_stats},
    "imported": sorted(set(sys.modules) - before),
    "decisions": [
        [dag_id, type(error).__name__, task.retry_policy.evaluate(error, 1, 3).action.value]
        for dag_id, dag in bag.dags.items()
        for task in dag.tasks
        for error in (
            LockHeldError("lock"), DumpError("empty", "no bytes"), OSError("disk"), NetworkError("host", "no answer"),
            BusyError("host", "later"), MailError("host", "later"), RefusedMailError("host", "never"),
        )
    ],
    "dags": {dag_id: DagSerialization.to_dict(dag)["dag"] for dag_id, dag in bag.dags.items()},
}))
"""

# Stands for the main module of Airflow's executors, which a process spawned inside a task cannot import.
NORMALISE = """
if __name__ != "__main__":
    raise ImportError("a spawned process imported the main module of its parent")
from etl import pipeline
from etl.settings import Settings

settings = Settings.from_env()
pipeline.ingest(settings)
batch_ids = pipeline.plan(settings)
pipeline.normalise(settings, batch_ids)
print(len(batch_ids), pipeline.refused(settings, batch_ids))
"""


@pytest.fixture(scope="module")
def described(environ: dict[str, str]) -> dict[str, Any]:
    """What a fresh process finds in the folder of DAGs."""
    environ = {**environ, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [sys.executable, "-c", DESCRIBE, str(DAGS)]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    # Airflow logs to standard output too; what was asked for comes last.
    return dict(json.loads(run.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def tasks(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tasks of all DAGs by name."""
    return {task["__var"]["task_id"]: task["__var"] for dag in described["dags"].values() for task in dag["tasks"]}


def test_all_files_load_without_errors(described: dict[str, Any]) -> None:
    assert described["errors"] == {}
    assert sorted(described["dags"]) == NAMES


def test_a_file_is_parsed_in_under_a_second(described: dict[str, Any]) -> None:
    assert len(described["seconds"]) == len(NAMES)
    assert max(described["seconds"].values()) < 1


def test_parsing_imports_nothing_heavy(described: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(described["imported"])


@pytest.mark.parametrize("dag_id", NAMES)
def test_one_run_at_a_time_and_none_for_the_past(described: dict[str, Any], dag_id: str) -> None:
    dag = described["dags"][dag_id]
    assert (dag["max_active_runs"], dag["catchup"]) == (1, False)
    assert dag["doc_md"] and dag["tags"]


def test_the_inbox_is_looked_through_every_ten_minutes(described: dict[str, Any]) -> None:
    assert described["dags"]["ingest_dumps"]["timetable"]["__var"]["expression"] == "*/10 * * * *"


@pytest.mark.parametrize(
    ("task_id", "downstream"),
    [
        ("choose", {"fetch"}),
        ("fetch", set()),
        ("ingest", {"normalise", "validate", "report_refused"}),
        ("normalise", {"validate"}),
        ("validate", {"report_refused"}),
        ("report_refused", set()),
        ("load", {"build"}),
        ("build", {"publish"}),
        ("publish", set()),
        ("resolve", set()),
        ("send", set()),
    ],
)
def test_order(tasks: dict[str, dict[str, Any]], task_id: str, downstream: set[str]) -> None:
    assert set(tasks[task_id].get("downstream_task_ids", [])) == downstream


def test_nothing_is_fetched_until_someone_wants_it(described: dict[str, Any]) -> None:
    paused = {dag_id: dag.get("is_paused_upon_creation", False) for dag_id, dag in described["dags"].items()}
    assert paused == {
        "fetch_dumps": True,
        "ingest_dumps": False,
        "publish_warehouse": False,
        "resolve_repositories": True,
        "send_digests": True,
    }


def test_sources_are_fetched_one_after_another(tasks: dict[str, dict[str, Any]]) -> None:
    assert tasks["fetch"]["_is_mapped"] is True
    assert tasks["fetch"]["partial_kwargs"]["max_active_tis_per_dagrun"] == 1


def test_batches_are_mapped_as_a_group(described: dict[str, Any]) -> None:
    kind, group = described["dags"]["ingest_dumps"]["task_group"]["children"]["stage"]
    assert (kind, group["is_mapped"], sorted(group["children"])) == ("taskgroup", True, ["normalise", "validate"])


def test_validated_batches_start_publishing(described: dict[str, Any], tasks: dict[str, dict[str, Any]]) -> None:
    (outlet,) = tasks["validate"]["outlets"]
    condition = described["dags"]["publish_warehouse"]["timetable"]["__var"]["asset_condition"]
    (scheduled,) = condition["objects"]
    assert outlet["__var"]["uri"] == scheduled["uri"] == "x-paper-trends://staging"
    assert outlet["__var"]["name"] == scheduled["name"]


@pytest.mark.parametrize("task_id", ["load", "build", "publish"])
def test_one_task_at_a_time_writes(tasks: dict[str, dict[str, Any]], task_id: str) -> None:
    assert tasks[task_id]["pool"] == "duckdb_writer"


def test_all_but_the_report_are_tried_again(tasks: dict[str, dict[str, Any]]) -> None:
    retries = {
        name: task.get("retries", task.get("partial_kwargs", {}).get("retries", 0)) for name, task in tasks.items()
    }
    assert retries.pop("report_refused") == 0
    assert set(retries.values()) == {3}


def test_waiting_is_for_what_time_mends(described: dict[str, Any]) -> None:
    decisions = {(dag_id, error): action for dag_id, error, action in described["decisions"]}
    assert decisions["publish_warehouse", "LockHeldError"] == "retry"
    for dag_id in ("fetch_dumps", "resolve_repositories"):
        assert decisions[dag_id, "NetworkError"] == "retry"
        assert decisions[dag_id, "BusyError"] == "fail"
    assert decisions["send_digests", "MailError"] == "retry"
    assert decisions["send_digests", "RefusedMailError"] == "fail"
    assert {decisions[dag_id, "DumpError"] for dag_id in described["dags"]} == {"fail"}
    assert {decisions[dag_id, "OSError"] for dag_id in described["dags"]} == {"default"}


def test_the_report_comes_whatever_failed(tasks: dict[str, dict[str, Any]]) -> None:
    assert tasks["report_refused"]["trigger_rule"] == "all_done"


def test_a_task_can_spawn_processes(environ: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(NORMALISE, encoding="utf-8")
    environ = {**environ, "ETL_WAREHOUSE": str(tmp_path / "warehouse")}
    run = subprocess.run(
        [sys.executable, str(script)], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout == "1 []\n", run.stderr

"""Runs both DAGs once, here and now, without scheduler or web server: one line a task, everything else in a log file.

Airflow is imported in functions only: the processes that normalise shards import this module again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import environment

if TYPE_CHECKING:
    from airflow.sdk import DAG

SAMPLES = environment.PROJECT / "docs" / "samples"


def main() -> int:
    """Runs `ingest_dumps` on the given paths, then `publish_warehouse`; 1 when either run failed."""
    parser = argparse.ArgumentParser(description="Run both DAGs once, without a scheduler.")
    parser.add_argument("dumps", nargs="*", metavar="DUMP", help="files, folders or archives (default: the samples)")
    paths = parser.parse_args().dumps or samples()
    os.environ.update(environment.variables(os.environ))
    log = environment.home(os.environ) / "run_once.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with logged_to(log) as terminal:
        succeeded = run(paths, terminal)
    if not succeeded:
        print(f"failed; the whole log: {log}", file=sys.stderr)
    return 0 if succeeded else 1


def samples() -> list[str]:
    """The folders of invented dumps that come with the project."""
    return [str(path) for path in sorted(SAMPLES.iterdir()) if path.is_dir() and not path.name.startswith(("_", "."))]


@contextmanager
def logged_to(log: Path) -> Iterator[TextIO]:
    """Sends what this process and its children print to a file; gives the output that they had before."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    with log.open("wb") as file, open(before[1], "w", buffering=1, closefd=False) as terminal:
        for descriptor in before:
            os.dup2(file.fileno(), descriptor)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, kept in before.items():
                os.dup2(kept, descriptor)
                os.close(kept)


def run(paths: Sequence[str], terminal: TextIO) -> bool:
    """Whether both DAG runs succeeded. The second follows a failed first: what one dump holds back is itself alone."""
    import metadata
    from airflow.dag_processing.dagbag import BundleDagBag

    metadata.prepare()
    bag = BundleDagBag(environment.DAGS, bundle_path=environment.DAGS, bundle_name="dags-folder")
    for file, error in bag.import_errors.items():
        print(f"{file}: {error}", file=terminal)
    if bag.import_errors:
        return False
    tell_on(terminal)
    ingested = run_dag(bag.dags["ingest_dumps"], {"paths": list(paths)}, terminal)
    return run_dag(bag.dags["publish_warehouse"], {}, terminal) and ingested


def run_dag(dag: DAG, conf: dict[str, Any], terminal: TextIO) -> bool:
    """Whether one run of a DAG succeeded. No task is tried again: whoever runs this sees the failure at once."""
    for task in dag.tasks:
        task.retries = 0
    ended = dag.test(run_conf=conf)
    for task in ended.get_task_instances():
        if task.state in ("skipped", "upstream_failed"):
            print(f"{task.task_id} {task.state.replace('_', ' ')}", file=terminal)
    return bool(ended.state == "success")


def tell_on(terminal: TextIO) -> None:
    """Prints a line for every task that ends from now on."""
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager

    class Teller:
        """Hears from Airflow when a task starts and how it ends."""

        started = 0.0

        @hookimpl
        def on_task_instance_running(self) -> None:
            self.started = time.monotonic()

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            self.tell(task_instance, "ok")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: object) -> None:
            self.tell(task_instance, "failed")
            for line in str(error).splitlines():
                print(f"  {line}", file=terminal)

        def tell(self, task: Any, outcome: str) -> None:
            batch = f" {task.rendered_map_index}" if task.rendered_map_index else ""
            print(f"{task.task_id}{batch} {outcome} {time.monotonic() - self.started:.1f} s", file=terminal)

    listeners: Any = get_listener_manager()
    listeners.add_listener(Teller())


if __name__ == "__main__":
    sys.exit(main())

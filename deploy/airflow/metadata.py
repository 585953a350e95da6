"""Airflow's own database and secrets, and the writer's pool: made on first use, brought up to date after an upgrade."""

from __future__ import annotations

POOL = "duckdb_writer"


def prepare() -> None:
    """Makes ready the home that the environment names; harmless, and quick, when it is ready."""
    from airflow.configuration import write_default_airflow_configuration_if_needed
    from airflow.models.pool import Pool
    from airflow.utils import db

    # It holds the secrets that the components share: written here, none of them finds it half written by another.
    write_default_airflow_configuration_if_needed()
    db.initdb()
    Pool.create_or_update_pool(POOL, 1, "Whoever loads, builds or publishes the warehouse", include_deferred=False)


if __name__ == "__main__":
    prepare()

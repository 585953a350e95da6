"""A DuckDB dialect that Great Expectations can use.

Great Expectations fetches rows after it has handed the connection back; the rollback on return would drop them.
The connection is in memory and only ever reads, so that there is nothing to begin, commit or roll back.
"""

from __future__ import annotations

from typing import Any

import duckdb_engine
from sqlalchemy.dialects import registry

URL = "duckdb+reading:///:memory:"


class ReadingDialect(duckdb_engine.Dialect):
    """DuckDB without transactions."""

    supports_statement_cache = False

    def do_begin(self, dbapi_connection: Any) -> None:
        """Nothing to begin."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Nothing to commit."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Nothing to roll back."""


registry.register("duckdb.reading", __name__, "ReadingDialect")

"""Names of places and numbers: the only reader of the environment and the only joiner of warehouse paths."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
SQL = PROJECT / "sql"
EXPECTATIONS = PROJECT / "expectations"

MIB = 1 << 20


@dataclass(frozen=True)
class Settings:
    """Where a warehouse lives and how much work is done at a time. All sizes are in bytes."""

    warehouse: Path
    inbox: Path
    workers: int = 2
    batch_bytes: int = 512 * MIB
    batch_dumps: int = 5_000
    shard_bytes: int = 32 * MIB
    record_bytes: int = 16 * MIB
    settle_seconds: float = 5.0
    keep_published: int = 5
    memory_limit: str = "3GB"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, warehouse: Path | None = None) -> Settings:
        """The settings that the environment asks for; `warehouse` wins over `ETL_WAREHOUSE`.

        Raises SettingsError when a number is not one.
        """
        env = os.environ if environ is None else environ
        place = warehouse or Path(env.get("ETL_WAREHOUSE") or "warehouse")
        place = place.expanduser().absolute()
        inbox = Path(env.get("ETL_INBOX") or place / "inbox").expanduser().absolute()
        return cls(
            warehouse=place,
            inbox=inbox,
            workers=_number(env, "ETL_WORKERS", min(os.cpu_count() or 1, 8), least=1),
            settle_seconds=_number(env, "ETL_SETTLE_SECONDS", 5, least=0),
            keep_published=_number(env, "ETL_KEEP_PUBLISHED", 5, least=1),
            memory_limit=env.get("ETL_MEMORY_LIMIT") or "3GB",
        )

    @property
    def raw(self) -> Path:
        """Bytes as received, named by their sha256."""
        return self.warehouse / "raw"

    @property
    def staging(self) -> Path:
        """Normalised Parquet, a folder a table, a folder a batch."""
        return self.warehouse / "staging"

    @property
    def commits(self) -> Path:
        """Commit files: a batch without one does not exist."""
        return self.staging / "commits"

    @property
    def rejected(self) -> Path:
        """Rejected records as Parquet, a folder a batch."""
        return self.warehouse / "rejected"

    @property
    def reports(self) -> Path:
        """What validation found, a folder a batch, and Data Docs."""
        return self.warehouse / "reports"

    @property
    def state(self) -> Path:
        """What no dump says: withdrawals and published revisions."""
        return self.warehouse / "state"

    @property
    def published(self) -> Path:
        """Published snapshots, a folder each."""
        return self.warehouse / "published"

    @property
    def current(self) -> Path:
        """The link to the snapshot that readers use."""
        return self.warehouse / "current"

    @property
    def database(self) -> Path:
        """The working DuckDB file, which only load and build write."""
        return self.warehouse / "working.duckdb"

    @property
    def lock(self) -> Path:
        """The file that the one writer from load to publish holds."""
        return self.warehouse / ".lock"

    @property
    def scratch(self) -> Path:
        """Where DuckDB may spill."""
        return self.warehouse / "tmp"

    def raw_file(self, dump_id: str) -> Path:
        """The bytes of one dump."""
        return self.raw / dump_id[:2] / dump_id

    def staged(self, table: str, batch_id: str) -> Path:
        """The folder of one batch of one staged table."""
        return self.staging / table / f"batch={batch_id}"

    def rejected_batch(self, batch_id: str) -> Path:
        """The folder of the records that one batch rejected."""
        return self.rejected / f"batch={batch_id}"

    def commit(self, batch_id: str) -> Path:
        """The commit file of one batch."""
        return self.commits / f"{batch_id}.json"

    def report(self, batch_id: str) -> Path:
        """The validation report of one batch."""
        return self.reports / batch_id / "validation.json"


def _number(env: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsError(name, text, f"a whole number of at least {least}")
    return int(text)

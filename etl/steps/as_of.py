"""The warehouse as it was known on a day: made anew from staging, beside the one that readers use."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from etl import database, storage
from etl.settings import Settings
from etl.steps import build, load, publish


@dataclass(frozen=True)
class AsOf:
    """Where the tables of a day lie, and of how many deliveries they are made."""

    folder: Path
    dumps: int


def build_as_of(settings: Settings, day: dt.date) -> AsOf:
    """Makes core and marts of what was observed by `day`, with this release, and writes them to a folder of their own.

    The same deliveries give the same Parquet, byte for byte, whatever was loaded since. A dump that is delivered later
    under a day not after `day` belongs to these deliveries, a withdrawn one does not. Revisions are left out: they are
    history of what was published, not of what was observed.
    """
    final = settings.as_of / day.isoformat()
    aside = settings.as_of / f".{day.isoformat()}.{os.getpid()}.tmp"
    storage.clear(aside)
    aside.mkdir(parents=True)
    settings.scratch.mkdir(parents=True, exist_ok=True)
    try:
        with database.connect(
            aside / "working.duckdb",
            folders=[settings.staging, settings.rejected, settings.scratch, aside],
            memory_limit=settings.memory_limit,
            scratch=settings.scratch,
        ) as connection:
            load.load_as_of(settings, connection, day)
            build.create_published(connection)
            build.build_all(connection)
            publish.write(connection, aside / "snapshot")
            dumps = int(connection.execute("SELECT count(*) FROM core.dumps").fetchall()[0][0])
        storage.clear(final)
        (aside / "snapshot").rename(final)
        storage.sync_folders([settings.as_of])
    finally:
        storage.clear(aside)
    return AsOf(final, dumps)

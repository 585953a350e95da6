"""Parquet, for analysts."""

from __future__ import annotations

from pathlib import Path

from etl.feeds.base import Feed, Format


def write(path: Path, feed: Feed) -> None:
    """The rows as they are."""
    feed.rows.write_parquet(path, compression="zstd", compression_level=3)


FORMAT = Format("parquet", write, media_type="application/vnd.apache.parquet")

"""Processor time of `mart.keyword_trends`, part by part, on a warehouse and on one of so many times the keywords."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import measure
import polars as pl

from etl import published
from etl.marts import keyword_trends
from etl.settings import Settings

Made = TypeVar("Made")


def main() -> None:
    """Times the inputs, the figures, and the figures of the same keywords under so many names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path, help="a published one")
    parser.add_argument("--times", type=int, default=6, help="so many times the keywords")
    given = parser.parse_args()
    mart = keyword_trends.MART
    with published.reading(Settings.from_env(warehouse=given.warehouse)) as connection:
        taken = {name: timed(lambda text=text: connection.sql(text).pl()) for name, text in mart.inputs.items()}
    frames = {name: frame for name, (frame, _) in taken.items()}
    many = {
        name: pl.concat([frame.with_columns(keyword=pl.col("keyword") + f" v{copy}") for copy in range(given.times)])
        if "keyword" in frame.columns
        else frame
        for name, frame in frames.items()
    }
    parts = [(f"input {name}", frame.height, seconds) for name, (frame, seconds) in taken.items()]
    for name, given_frames in (("figures", frames), (f"figures of {given.times} times as many", many)):
        made, seconds = timed(lambda held=given_frames: mart.schema.validate(mart.compute(held), cast=True))
        parts.append((name, made.height, seconds))
    measure.show("mart.keyword_trends", ("part", "rows", "CPU seconds"), parts)
    measure.save("trends", {name: {"rows": rows, "cpu_seconds": seconds} for name, rows, seconds in parts})


def timed(call: Callable[[], Made]) -> tuple[Made, float]:
    """What a call gives, and the processor time that it took."""
    begun = time.process_time()
    made = call()
    return made, round(time.process_time() - begun, 2)


if __name__ == "__main__":
    main()

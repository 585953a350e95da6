"""What each pure transform costs: microseconds of one core for a record of the arXiv snapshot.

`python benchmarks/transforms.py FILE` takes a file of `make_snapshot.py`, in chunks as `normalise` does. CPU time of a
single thread, the best of five: what else the machine does matters little.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["POLARS_MAX_THREADS"] = "1"

import measure
import orjson
import polars as pl

from etl.transforms import dates, enrich, identifiers, text

CHUNK = 20_000  # records: 32 MiB of the snapshot
RUNS = 5
BUDGET = 12.0
COLUMNS: dict[str, pl.Expr] = {
    "title": text.one_line(pl.col("title")),
    "abstract": text.paragraphs(pl.col("abstract")),
    "comment": text.one_line(pl.col("comments")),
    "venue": text.one_line(pl.col("journal-ref")),
    "arxiv_id": identifiers.arxiv_id(pl.col("id")),
    "doi": identifiers.doi(pl.col("doi")),
    "published_on": dates.rfc2822_day(pl.col("created")),
    "updated_on": dates.iso_day(pl.col("update_date")),
}
# What the snapshot does not have.
NULLS = {"page_links": pl.List(pl.String), "upvotes": pl.Int64, "comments": pl.Int64, "stars": pl.Int64}


def main() -> int:
    """Prints the cost of each transform and of all."""
    parser = argparse.ArgumentParser(description="Measure the pure transforms.")
    parser.add_argument("file", type=Path)
    chunks = read(parser.parse_args().file)
    records = sum(chunk.height for chunk in chunks)
    costs: dict[str, float] = {}

    def measured(name: str, transform: Callable[[Any], pl.DataFrame], given: Sequence[Any]) -> list[pl.DataFrame]:
        runs = [timed(transform, given) for _ in range(RUNS)]
        costs[name] = min(seconds for seconds, _ in runs) / records * 1e6
        return runs[0][1]

    for name, column in COLUMNS.items():
        measured(name, lambda chunk, column=column: chunk.select(column), chunks)
    papers = [cleaned(chunk) for chunk in chunks]
    keyed = measured("with_keys", enrich.with_keys, papers)
    links = measured("found_links", enrich.found_links, papers)
    measured("with_statements", lambda pair: enrich.with_statements(*pair), list(zip(keyed, links, strict=True)))
    measure.show(f"{records:,} records", ("transform", "µs a record"), [*costs.items(), ("all", sum(costs.values()))])
    print(f"budget {BUDGET:.0f} µs: {'kept' if sum(costs.values()) <= BUDGET else 'missed'}")
    return 0


def read(path: Path) -> list[pl.DataFrame]:
    """The fields of the file's records, a frame a chunk."""
    records = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [frame(records[start : start + CHUNK]) for start in range(0, len(records), CHUNK)]


def frame(records: list[dict[str, Any]]) -> pl.DataFrame:
    """One chunk, typed."""
    names = ("id", "title", "abstract", "comments", "journal-ref", "doi", "update_date")
    texts = {name: pl.Series([record[name] for record in records], dtype=pl.String) for name in names}
    return pl.DataFrame(
        {
            **texts,
            "created": [record["versions"][0]["created"] for record in records],
            "categories": [record["categories"].split(" ") for record in records],
            "authors": [[" ".join(name) for name in record["authors_parsed"]] for record in records],
        }
    )


def cleaned(chunk: pl.DataFrame) -> pl.DataFrame:
    """What `with_keys` and the others are given."""
    return chunk.select("categories", "authors", **COLUMNS).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in NULLS.items()),
    )


def timed(transform: Callable[[Any], pl.DataFrame], given: Sequence[Any]) -> tuple[float, list[pl.DataFrame]]:
    """Seconds of CPU time for all chunks, and what became of them."""
    begun = time.process_time()
    made = [transform(chunk) for chunk in given]
    return time.process_time() - begun, made


if __name__ == "__main__":
    sys.exit(main())

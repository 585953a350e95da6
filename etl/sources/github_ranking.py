"""Weekly tables of GitHub's top repositories: the first hundred by stars, by forks, and by stars in each language.

`rank` counts within the list that `item` names, and is taken as the position. A repository stands in up to three
lists; rows that say the same of it are repeats, so that the first list gives its position. `last_commit` is what
GitHub calls `pushed_at`. The day is in the file's name.
"""

from __future__ import annotations

import polars as pl

from etl.reading import tables
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Drift, Head, Normalised, Parsed, Source
from etl.transforms import dates, text

_NAMES = {"rank", "item", "repo_name", "stars", "forks", "repo_url", "last_commit"}


def recognise(head: Head) -> bool:
    """The columns of the table."""
    return set(head.columns()) >= _NAMES


def parse(record: Record, limits: Limits) -> Parsed:
    """One ranked repository."""
    return dict(tables.cells(record, tables.columns(record.context)))


def normalise(raw: pl.DataFrame) -> Normalised:
    """What the table says of each repository."""
    ranked = raw.select(
        "row",
        "stars",
        "forks",
        cell="repo_url",
        position="rank",
        language=text.one_line(pl.col("language")),
        pushed_on=dates.iso_day(pl.col("last_commit")),
    )
    return Normalised(repositories=ranked)


SOURCE = Source(
    title="GitHub ranking by week",
    publisher="`github-ranking-<date>.csv` of EvanLi/Github-Ranking on GitHub",
    licence="MIT",
    priority=4,
    drift=Drift(count=0.5),
    parser_version=2,
    recognise=recognise,
    split=tables.rows,
    parse=parse,
    fields={
        "rank": pl.Int64(),
        "repo_url": pl.String(),
        "stars": pl.Int64(),
        "forks": pl.Int64(),
        "language": pl.String(),
        "last_commit": pl.String(),
    },
    ignored=frozenset({"item", "repo_name", "username", "issues", "description"}),
    normalise=normalise,
)

"""The feeds of a snapshot: which files there are, from which rows, and what readers know of them from before."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from etl import feeds, queries, sources, storage
from etl.errors import SqlFileError
from etl.feeds import base, opml
from etl.feeds.base import ENTRY, Feed, Format
from etl.queries import Query
from etl.settings import FeedLimits, Settings

FOLDER = "feeds"
_LEDGER = "feed_entries.parquet"


@dataclass(frozen=True)
class Written:
    """One file of a snapshot: its path in it, how many rows it shows, and what names and types they have.

    `feed` is what it was made of, `style` the format; neither is there for what lists the others.
    """

    path: Path
    rows: int
    shape: str
    query: Query | None = None
    feed: Feed | None = None
    style: Format | None = field(default=None)


def prepare(connection: duckdb.DuckDBPyConnection, limits: FeedLimits, shown: Iterable[str] = ()) -> None:
    """Creates what the queries of feeds read besides the warehouse; `shown` are names under which papers were shown.

    `temp.feed_limits` holds the settings. `temp.entry_names` holds the papers that readers know by an identifier which
    is not their best any more: an entry keeps the name under which it was published first. `temp.source_titles` says
    what sources are called.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE feed_limits AS SELECT ?::BIGINT AS support, ?::BIGINT AS feeds",
        [limits.papers, limits.feeds],
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE shown_names (entry_name VARCHAR)")
    names = pl.DataFrame({"entry_name": sorted(shown)}, schema={"entry_name": pl.String})
    connection.register("shown_names_frame", names.to_arrow(compat_level=pl.CompatLevel.oldest()))
    connection.execute("INSERT INTO shown_names SELECT entry_name FROM shown_names_frame")
    connection.unregister("shown_names_frame")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE entry_names AS "
        "SELECT aliases.paper_id, min(names.entry_name) AS entry_name "
        "FROM temp.shown_names AS names INNER JOIN core.paper_aliases AS aliases ON names.entry_name = aliases.alias "
        "WHERE aliases.paper_id NOT IN (SELECT entry_name FROM temp.shown_names) GROUP BY aliases.paper_id"
    )
    titles = pl.DataFrame([{"source": name, "title": sources.load(name).title} for name in sources.names()])
    connection.register("source_titles_frame", titles.to_arrow(compat_level=pl.CompatLevel.oldest()))
    connection.execute("CREATE OR REPLACE TEMP TABLE source_titles AS SELECT source, title FROM source_titles_frame")
    connection.unregister("source_titles_frame")
    queries.define_macros(connection)
    queries.define_macros(connection, folder="macros/feeds")


def write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    folder: Path,
    previous: Path,
) -> list[Written]:
    """Writes all feeds below `folder`, and the list of them. A file that says what it said in the previous snapshot
    keeps its bytes, its time and its place on disk.
    """
    ledger = settings.state / _LEDGER
    shown = set(pl.read_parquet(ledger).get_column("entry_name")) if ledger.exists() else set()
    prepare(connection, settings.feeds, shown)
    values = {"rule": _rules(connection)}
    found = [
        each
        for query in queries.read("feeds", "feed")
        for each in _write(connection, query, settings.feeds.url, folder / FOLDER, values)
    ]
    found.append(_write_list(found, settings.feeds.url, folder / FOLDER))
    for each in found:
        _keep(each.path, previous / each.path.relative_to(folder))
    _remember(ledger, shown, found)
    return found


def _rules(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The rules that have a feed even if they never fired."""
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'feed_rules'").fetchall():
        return []
    return [rule for (rule,) in connection.execute("SELECT rule FROM work.feed_rules ORDER BY rule").fetchall()]


def asked(settings: Settings, connection: duckdb.DuckDBPyConnection) -> str:
    """What feeds follow from besides deliveries and release: settings, and alerts that fired."""
    alerts = connection.sql("SELECT * FROM ops.alerts ORDER BY alert_id").pl().write_json()
    return f"{settings.feeds!r} {_rules(connection)} {alerts}"


def rows_of(connection: duckdb.DuckDBPyConnection, query: Query) -> pl.DataFrame:
    """The rows of a feed; raises SqlFileError where they lack what its formats need."""
    try:
        rows: pl.DataFrame = connection.sql(query.text).pl()
    except queries.FAULTS as error:
        raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None
    styles = [feeds.load(name) for name in query.formats]
    if any(style.is_subscription for style in styles):
        wrong = [name for name, dtype in ENTRY.items() if rows.schema.get(name) != dtype]
        if wrong:
            raise SqlFileError(str(query.path), f"feed readers want {wrong[0]} as {ENTRY[wrong[0]]}")
    if query.one_for_each and rows.schema.get(query.one_for_each) != pl.String():
        raise SqlFileError(str(query.path), f"one_for_each wants {query.one_for_each} among its columns, a text")
    return rows


def _write(
    connection: duckdb.DuckDBPyConnection, query: Query, url: str, folder: Path, values: Mapping[str, Iterable[str]]
) -> Iterator[Written]:
    rows = rows_of(connection, query)
    styles = [feeds.load(name) for name in query.formats]
    whole = _feed(query, query.path.stem, query.feed_title, rows, url)
    parts = list(_parts(query, rows, url, values.get(query.one_for_each, ()))) if query.one_for_each else [whole]
    for style in styles:
        for feed in parts if style.is_subscription else [whole]:
            yield _write_one(query, feed, style, folder / f"{feed.name}.{_suffix(style, styles)}")


def _suffix(style: Format, styles: list[Format]) -> str:
    """The rows as JSON stand beside a JSON Feed, whose name was there first."""
    is_taken = not style.is_subscription and any(
        other.is_subscription and other.suffix == style.suffix for other in styles
    )
    return f"rows.{style.suffix}" if is_taken else style.suffix


def _feed(query: Query, name: str, title: str, rows: pl.DataFrame, url: str) -> Feed:
    shown = f"{base.AUTHOR}: {title}" if title else ""
    return Feed(name, query.description, rows, shown, url, query.grain, query.columns, query.chart)


def _parts(query: Query, rows: pl.DataFrame, url: str, values: Iterable[str]) -> Iterator[Feed]:
    """One feed for each value that there are rows of, or that has a feed all the same."""
    column = query.one_for_each
    split = {str(key[0]): part for key, part in rows.partition_by(column, as_dict=True, maintain_order=True).items()}
    for value in sorted({*split, *values}):
        title = query.feed_title.replace("{}", base.plain(value, 120))
        yield _feed(query, f"{query.path.stem}/{base.file_name(value)}", title, split.get(value, rows.clear()), url)


def _write_one(query: Query, feed: Feed, style: Format, path: Path) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)
    style.write(path, feed)
    return Written(path, feed.rows.height, style.layout or repr(feed.rows.schema), query, feed, style)


def _write_list(found: Iterable[Written], url: str, folder: Path) -> Written:
    """The list of all feeds that can be subscribed to."""
    listed = [
        (each.feed.shown_title, each.feed.url(each.path) if url else str(each.path.relative_to(folder)))
        for each in found
        if each.feed and each.style and each.style.suffix == "atom"
    ]
    path = folder / "index.opml"
    opml.write(path, sorted(listed))
    return Written(path, len(listed), opml.LAYOUT)


def _keep(path: Path, before: Path) -> None:
    """Puts the file of the previous snapshot in the place of one that says the same, so that its time stays, too."""
    if not before.is_file() or not filecmp.cmp(path, before, shallow=False):
        return
    aside = path.with_name(f".{path.name}.tmp")
    try:
        os.link(before, aside)
    except OSError:
        # This file system has no second names for a file: then the time is all that can be kept.
        times = before.stat()
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        return
    aside.replace(path)


def _remember(ledger: Path, shown: set[str], found: Iterable[Written]) -> None:
    """Writes down under which names papers are shown."""
    frames = [each.feed.rows for each in found if each.feed and "paper_id" in each.feed.rows.columns]
    names = {
        entry_id.split("/", 1)[1]
        for frame in frames
        if "entry_id" in frame.columns
        for entry_id in frame.filter(pl.col("paper_id").is_not_null()).get_column("entry_id").unique()
    }
    if names - shown:
        storage.write_parquet(ledger, pl.DataFrame({"entry_name": sorted(names | shown)}))

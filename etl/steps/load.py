"""Loads admitted dumps into the working database, in one transaction; only papers that it touches are made again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from etl import database, ledger, overrides, queries, sources, vocabulary
from etl.ledger import Delivery, Outcome
from etl.queries import Query
from etl.schemas import CORE, STAGED, Dumps, duckdb_ddl, duckdb_type, polars_schema
from etl.settings import SQL, Settings
from etl.steps import identify, published_ids
from etl.steps.normalise import parser_version

# What load itself needs to know of each record; the texts stay in staging.
_RECORDS = """
CREATE TABLE IF NOT EXISTS work.records (
    record_id BIGINT, dump_id VARCHAR, member VARCHAR, record_offset BIGINT, record_length BIGINT, observed_on DATE,
    source VARCHAR, priority INTEGER, arxiv_id VARCHAR, doi VARCHAR, title_key VARCHAR, is_specific BOOLEAN,
    author_key VARCHAR, abstract_key UBIGINT, year INTEGER, own_id VARCHAR, content_hash VARCHAR, abstract_hash VARCHAR,
    position BIGINT, upvotes BIGINT, comments BIGINT, statement VARCHAR, statement_sentence VARCHAR, paper_id VARCHAR,
    evidence VARCHAR
)
"""
# A record is seen once for each delivery of its bytes; the member of an archive may carry its own day.
_SIGHTINGS = """
CREATE OR REPLACE VIEW work.sightings AS
SELECT DISTINCT
    records.dump_id, records.member, records.record_offset, records.paper_id, records.source,
    coalesce(records.observed_on, dumps.observed_on) AS observed_on
FROM work.records AS records
INNER JOIN core.dumps AS dumps
    ON records.dump_id = dumps.dump_id AND records.source = dumps.source AND dumps.status = 'loaded'
"""
# What acts of the file of overrides on links.
_LINK_OVERRIDES = """
CREATE TABLE IF NOT EXISTS work.link_overrides (
    action VARCHAR, paper VARCHAR, url_key VARCHAR, url VARCHAR, kind VARCHAR, made_on DATE, why VARCHAR
)
"""
# Each line of the file, by what it names: `said` holds them with the keys of their links and whether they act.
_SHOW_OVERRIDES = """
INSERT INTO ops.overrides BY NAME
WITH named AS (
    SELECT DISTINCT papers.alias, links.url_key
    FROM said
    INNER JOIN core.paper_aliases AS papers ON said.paper = papers.alias
    INNER JOIN work.records AS records ON papers.paper_id = records.paper_id
    INNER JOIN work.links AS links USING (dump_id, member, record_offset)
    WHERE said.key = links.url_key
)

SELECT
    said.* EXCLUDE (key, acts),
    CASE
        WHEN NOT said.acts THEN 'expired'
        WHEN said.paper NOT IN (SELECT alias FROM core.paper_aliases) THEN 'unmatched'
        WHEN said.action = 'link' THEN 'active'
        WHEN said.action IN ('unlink', 'unofficial') AND named.url_key IS NULL THEN 'unmatched'
        WHEN said.action IN ('merge', 'split') AND said.other NOT IN (SELECT alias FROM core.paper_aliases)
        THEN 'unmatched'
        ELSE 'active'
    END AS status
FROM said
LEFT JOIN named ON said.paper = named.alias AND said.key = named.url_key
"""
_PROVENANCE = ("dump_id", "member", "record_offset")


@dataclass
class Loaded:
    """What a load did: dumps that came in and went out, and papers that were made again."""

    added: int = 0
    removed: int = 0
    papers: int = 0


@dataclass(frozen=True)
class _Target:
    """What the database should hold: the batch of each admitted dump, and the rows of `core.dumps`."""

    batches: Mapping[tuple[str, str], str]
    dumps: pl.DataFrame
    members: list[tuple[str, str, int, int, int, int]] = field(default_factory=list)

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which a dump that is loaded was observed."""
        days: list[dt.date] = self.dumps.filter(pl.col("status") == "loaded").get_column("observed_on").to_list()
        return max(days, default=None)


def load(settings: Settings) -> Loaded:
    """Makes the database hold exactly the admitted deliveries; what is there already is left alone."""
    target, said = _target(settings), vocabulary.configured()
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    _forget_older_release(settings)
    with database.connect(
        settings.database,
        folders=[settings.staging, settings.rejected, settings.scratch, settings.state],
        memory_limit=settings.memory_limit,
        scratch=settings.scratch,
    ) as connection:
        prepare(connection)
        return _Loader(settings, connection, target, said).run()


def load_as_of(settings: Settings, connection: duckdb.DuckDBPyConnection, day: dt.date) -> Loaded:
    """Fills an empty database with what was observed by that day.

    A record was observed on the day that its file in an archive names, else when its dump was first delivered.
    """
    prepare(connection)
    target = _until(settings, connection, _target(settings), day)
    return _Loader(settings, connection, target, vocabulary.configured(), day).run()


def release() -> str:
    """Changes when what `core` is made of does: the database is then made anew from staging."""
    said = [duckdb_ddl(name, table) for name, table in CORE.items()]
    said += [query.text for folder in ("core", "identity") for query in queries.read(folder, folder)]
    made_by = (__file__, identify.__file__, vocabulary.__file__)
    files = (*map(Path, made_by), *sorted((SQL / "macros").glob("*.sql")))
    said += [path.read_text(encoding="utf-8") for path in files]
    return hashlib.sha256("\x00".join(said).encode()).hexdigest()[:16]


def _forget_older_release(settings: Settings) -> None:
    """Removes a database that another release made, or that cannot be opened: staging holds all that it says."""
    if not settings.database.exists():
        return
    try:
        with database.connect(settings.database, read_only=True) as connection:
            made_by = connection.execute("SELECT release FROM work.release").fetchall()
    except duckdb.Error:
        made_by = []
    if made_by != [(release(),)]:
        settings.database.unlink()
        settings.database.with_name(f"{settings.database.name}.wal").unlink(missing_ok=True)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates what is not there yet: schemas, tables and macros."""
    for schema in ("core", "ops", "mart", "work", "staged"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name, declared in CORE.items():
        connection.execute(duckdb_ddl(name, declared))
    connection.execute("CREATE TABLE IF NOT EXISTS work.loaded (source VARCHAR, dump_id VARCHAR, batch_id VARCHAR)")
    connection.execute("CREATE TABLE IF NOT EXISTS work.version (version BIGINT)")
    connection.execute("CREATE TABLE IF NOT EXISTS work.release AS SELECT ? AS release", [release()])
    connection.execute(_RECORDS)
    connection.execute(_SIGHTINGS)
    connection.execute("CREATE TABLE IF NOT EXISTS work.touched (paper_id VARCHAR)")
    vocabulary.prepare(connection)
    for table in ("links", "repositories"):
        columns = ", ".join(f"{name} {duckdb_type(dtype)}" for name, dtype in polars_schema(STAGED[table]).items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS work.{table} ({columns}, source VARCHAR)")
    connection.execute(_LINK_OVERRIDES)
    connection.execute("CREATE TABLE IF NOT EXISTS work.published_ids (alias VARCHAR, paper_id VARCHAR)")
    queries.define_macros(connection)
    identify.prepare(connection)


class _Loader:
    """One load: the difference between what is there and what should be."""

    def __init__(
        self,
        settings: Settings,
        connection: duckdb.DuckDBPyConnection,
        target: _Target,
        said: vocabulary.Configured,
        until: dt.date = dt.date.max,
    ) -> None:
        self.settings, self.connection, self.target, self.until = settings, connection, target, until
        self.vocabulary, self.overrides = said, overrides.read(settings)
        self.queries = {query.table: query for query in queries.read("core", "core")}
        needs = {name: queries.references(connection, query) for name, query in self.queries.items()}
        self.order = [name for name in queries.in_order(needs) if name not in vocabulary.TABLES]
        # DuckDB 2.0.0 loses rows, in silence, that a transaction inserts by several threads into a table of its own
        # making: tables that are inserted into are made beforehand, those made inside are made with their rows.
        create_staged(connection)
        for name in self.order:
            if name.startswith("work."):
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM ({self.queries[name].text}) LIMIT 0"
                )
        vocabulary.prepare_tables(connection, self.queries)

    def run(self) -> Loaded:
        """Applies what differs; nothing is written when nothing does."""
        held = {
            (source, dump_id): batch
            for source, dump_id, batch in self._rows("SELECT source, dump_id, batch_id FROM work.loaded")
        }
        wanted = self.target.batches
        gone = {key for key, batch in held.items() if wanted.get(key) != batch}
        due: dict[str, set[tuple[str, str]]] = {}
        for key, batch in wanted.items():
            if held.get(key) != batch:
                due.setdefault(batch, set()).add(key)
        done = Loaded(removed=len(gone - wanted.keys()))
        is_due = due or gone or self._dumps_differ() or self._overrides_differ()
        if is_due or not self.vocabulary.is_held(self.connection):
            done.papers = self._apply(due, gone)
            done.added = sum(map(len, due.values()))
        return done

    def _rows(self, sql: str) -> list[tuple[str, ...]]:
        return self.connection.execute(sql).fetchall()

    def _dumps_differ(self) -> bool:
        held = self.connection.sql("SELECT * FROM core.dumps").pl().sort(*Dumps.primary_key())
        return not held.equals(self.target.dumps.sort(*Dumps.primary_key()))

    def _overrides_differ(self) -> bool:
        held = self._rows("SELECT action, paper, other, made_on, who, why, until FROM ops.overrides")
        return sorted(map(repr, held)) != sorted(repr(tuple(asdict(each).values())) for each in self.overrides)

    def _apply(self, due: Mapping[str, set[tuple[str, str]]], gone: set[tuple[str, str]]) -> int:
        """One transaction: dumps out, dumps in, identity anew, touched papers folded again. Returns their number.

        All batches together, because identity, links and keywords are made once for all of them.
        """
        if self.until == dt.date.max:
            # What was published when is no part of what was known on a day.
            published_ids.take(self.settings, self.connection)
        with database.transaction(self.connection):
            self.connection.execute("DELETE FROM work.touched")
            self._note_changed_days()
            self._remove(gone)
            for batch_id in sorted(due):
                self._add(batch_id, due[batch_id])
            self._write_dumps()
            day = self.target.last_day
            acting = overrides.acting("overrides", self.overrides, day)
            identify.identify(self.connection, overrides.of_papers(acting))
            self._replace("work.link_overrides", overrides.of_links(acting))
            self._stage_views()
            for table in self.order:
                self._refresh(self.queries[table])
            vocabulary.refresh(self.connection, self.queries, self.vocabulary)
            self._write_overrides(day)
            self._write_rejected()
            self.connection.execute("INSERT INTO work.version SELECT coalesce(max(version), 0) + 1 FROM work.version")
            return int(self._rows("SELECT count(*) FROM work.touched")[0][0])

    def _note_changed_days(self) -> None:
        """Papers of dumps that were delivered again under another day are touched."""
        dumps = self.target.dumps.filter(pl.col("status") == "loaded")
        self.connection.register("wanted_dumps", dumps.to_arrow())
        self.connection.execute(
            """
            INSERT INTO work.touched
            SELECT DISTINCT paper_id FROM work.records WHERE (source, dump_id) IN (
                SELECT source, dump_id FROM (
                    (SELECT source, dump_id, observed_on FROM core.dumps WHERE status = 'loaded'
                     EXCEPT SELECT source, dump_id, observed_on FROM wanted_dumps)
                    UNION ALL
                    (SELECT source, dump_id, observed_on FROM wanted_dumps
                     EXCEPT SELECT source, dump_id, observed_on FROM core.dumps WHERE status = 'loaded')
                )
            )
            """
        )
        self.connection.unregister("wanted_dumps")

    def _remove(self, gone: set[tuple[str, str]]) -> None:
        for source, dump_id in sorted(gone):
            key = [source, dump_id]
            where = "WHERE source = ? AND dump_id = ?"
            self.connection.execute(f"INSERT INTO work.touched SELECT DISTINCT paper_id FROM work.records {where}", key)
            identify.forget(self.connection, where, key)
            for table in ("links", "repositories", "records", "loaded"):
                self.connection.execute(f"DELETE FROM work.{table} {where}", key)

    def _add(self, batch_id: str, added: set[tuple[str, str]]) -> None:
        source = next(iter(added))[0]
        dump_ids = sorted(dump_id for _, dump_id in added)
        self.connection.execute(
            f"INSERT INTO work.loaded SELECT ?, unnest({database.quoted_list(dump_ids)}), ?", [source, batch_id]
        )
        chosen = f"list_contains({database.quoted_list(dump_ids)}, dump_id)"
        in_time = f" AND {self._observed_in_time(source)}" if self.until < dt.date.max else ""
        papers = self._parquet("papers", [batch_id])
        self.connection.execute(
            f"""
            INSERT INTO work.records BY NAME
            SELECT
                nextval('work.record_ids') AS record_id, dump_id, member, record_offset, record_length, observed_on,
                position, upvotes, comments, arxiv_id, doi, title_key, is_specific, author_key,
                coalesce(year(published_on), arxiv_year(arxiv_id)) AS year,
                own_id(arxiv_id, doi, title_key, is_specific, author_key, year, content_hash) AS own_id,
                abstract_key(abstract) AS abstract_key, md5(abstract) AS abstract_hash, content_hash,
                statement, statement_sentence,
                ? AS source, ? AS priority, NULL AS paper_id, NULL AS evidence
            FROM {papers} WHERE {chosen}{in_time}
            """,
            [source, sources.load(source).priority],
        )
        self.connection.execute(
            f"""
            INSERT INTO work.dois
            SELECT record_id, unnest(papers.dois) AS doi, generate_subscripts(papers.dois, 1) AS place
            FROM {papers} AS papers
            INNER JOIN work.records AS records USING (dump_id, member, record_offset)
            WHERE papers.dois IS NOT NULL AND records.source = ? AND {chosen}
            """,
            [source],
        )
        # A link has no day of its own: it counts where its record does.
        for table, observed in (("links", ""), ("repositories", in_time)):
            self.connection.execute(
                f"INSERT INTO work.{table} BY NAME "
                f"SELECT *, ? AS source FROM {self._parquet(table, [batch_id])} WHERE {chosen}{observed}",
                [source],
            )

    def _observed_in_time(self, source: str) -> str:
        """Whether a staged row was observed by the day that is asked for, by itself or with its dump."""
        rows = self.target.dumps.filter(pl.col("source") == source, pl.col("observed_on") <= self.until)
        in_time = database.quoted_list(sorted(set(rows.get_column("dump_id"))))
        return (
            f"CASE WHEN observed_on IS NULL THEN list_contains({in_time}::VARCHAR[], dump_id) "
            f"ELSE observed_on <= DATE '{self.until}' END"
        )

    def _parquet(self, table: str, batch_ids: Iterable[str]) -> str:
        return _relation(table, [self.settings.staged(table, batch_id) for batch_id in sorted(set(batch_ids))])

    def _stage_views(self) -> None:
        batches = [batch_id for (batch_id,) in self._rows("SELECT DISTINCT batch_id FROM work.loaded")]
        create_staged(
            self.connection,
            {table: [self.settings.staged(table, name) for name in sorted(batches)] for table in STAGED},
        )

    def _refresh(self, query: Query) -> None:
        """Makes a table anew, or of a `touched` one the rows of touched papers."""
        if query.table.startswith("work.") and not query.is_touched:
            self.connection.execute(f"CREATE OR REPLACE TABLE {query.table} AS {query.text}")
            return
        vocabulary.replace_rows(self.connection, query)

    def _replace(self, table: str, rows: pl.DataFrame) -> None:
        """Makes these the rows of a table."""
        self.connection.register("given", rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
        self.connection.execute(f"DELETE FROM {table}")
        self.connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        self.connection.unregister("given")

    def _write_overrides(self, day: dt.date | None) -> None:
        """`ops.overrides`: what the file says, and whether it acts."""
        self.connection.execute("DELETE FROM ops.overrides")
        if not self.overrides:
            return
        kinds = dict.fromkeys(("action", "paper", "other", "made_on", "who", "why", "until"), pl.String)
        rows = pl.DataFrame(
            [(*asdict(each).values(), each.key, each.acts_on(day)) for each in self.overrides],
            schema=kinds | {"made_on": pl.Date, "until": pl.Date, "key": pl.String, "acts": pl.Boolean},
            orient="row",
        )
        self.connection.register("said", rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
        self.connection.execute(_SHOW_OVERRIDES)
        self.connection.unregister("said")

    def _write_dumps(self) -> None:
        self.connection.register("target_dumps", self.target.dumps.to_arrow())
        self.connection.execute("DELETE FROM core.dumps")
        self.connection.execute("INSERT INTO core.dumps BY NAME SELECT * FROM target_dumps")
        self.connection.unregister("target_dumps")
        self.connection.execute("DELETE FROM core.dump_members")
        if self.target.members:
            self.connection.executemany("INSERT INTO core.dump_members VALUES (?, ?, ?, ?, ?, ?)", self.target.members)

    def _write_rejected(self) -> None:
        """`ops.rejected`: what was set aside of the dumps that are loaded."""
        batches = [batch_id for (batch_id,) in self._rows("SELECT DISTINCT batch_id FROM work.loaded")]
        files = database.parquet_files([self.settings.rejected_batch(batch_id) for batch_id in sorted(batches)])
        self.connection.execute("DELETE FROM ops.rejected")
        if files:
            self.connection.execute(
                "INSERT INTO ops.rejected BY NAME SELECT rejected.* "
                f"FROM read_parquet({database.quoted_list(files)}, hive_partitioning = false) AS rejected "
                "WHERE (source, dump_id) IN (SELECT source, dump_id FROM work.loaded)"
            )


def _relation(table: str, folders: Sequence[Path]) -> str:
    """What to read a staged table from: the files of its batches, or no rows of its types."""
    files = database.parquet_files(folders)
    if files:
        return f"read_parquet({database.quoted_list(files)}, hive_partitioning = false)"
    columns = ", ".join(f"NULL::{duckdb_type(dtype)} AS {name}" for name, dtype in polars_schema(STAGED[table]).items())
    return f"(SELECT {columns} WHERE false)"


def create_staged(connection: duckdb.DuckDBPyConnection, folders: Mapping[str, Sequence[Path]] | None = None) -> None:
    """Views of the staged tables over these batch folders."""
    for table in STAGED:
        connection.execute(
            f"CREATE OR REPLACE VIEW staged.{table} AS SELECT * FROM {_relation(table, (folders or {}).get(table, ()))}"
        )


def _target(settings: Settings) -> _Target:
    """What the files say: which dumps are admitted, and what became of every delivery."""
    withdrawn, approved, replays = ledger.withdrawals(settings), ledger.approvals(settings), ledger.replays(settings)
    outcomes = {
        (commit.source, outcome.dump_id): (commit, outcome)
        for commit, outcome in ledger.latest_commits(settings, parser_version)
        if commit.version == (parser_version(commit.source), replays.get(outcome.dump_id, 0))
    }
    batch_ids = {commit.batch_id for commit, _ in outcomes.values()}
    reports = {batch_id: ledger.read_report(settings, batch_id) for batch_id in sorted(batch_ids)}
    batches: dict[tuple[str, str], str] = {}
    rows: list[dict[str, object]] = []
    members: set[tuple[str, str, int, int, int, int]] = set()
    for delivery in ledger.deliveries(settings):
        key = (delivery.source, delivery.dump_id)
        if delivery.dump_id in withdrawn:
            rows.append(_dump(delivery, "withdrawn", withdrawn[delivery.dump_id], Outcome(delivery.dump_id)))
            continue
        if key not in outcomes:
            continue
        commit, outcome = outcomes[key]
        report = reports[commit.batch_id]
        if report is None:
            continue
        refusal = f"{outcome.reason}: {outcome.detail}" if outcome.reason else None
        reason = refusal or report.reason(outcome.dump_id, approved)
        rows.append(_dump(delivery, "refused" if reason else "loaded", reason, outcome))
        if not reason:
            batches[key] = commit.batch_id
            members |= {
                (outcome.dump_id, counts.member, counts.records, counts.accepted, counts.rejected, counts.duplicates)
                for counts in outcome.members
                if counts.member
            }
    dumps = pl.DataFrame(rows, schema=polars_schema(Dumps), orient="row").sort(*Dumps.primary_key())
    return _Target(batches, dumps, sorted(members))


def _until(settings: Settings, connection: duckdb.DuckDBPyConnection, target: _Target, day: dt.date) -> _Target:
    """What of a target was observed by a day: its deliveries, and later dumps with files of earlier days in them."""
    dumps, key = target.dumps, ["source", "dump_id"]
    in_time = dumps.filter(pl.col("observed_on") <= day)
    late = dumps.filter(pl.col("status") == "loaded").join(in_time, on=key, how="anti")
    # Of a dump that came late the first delivery alone counts: when it came again changes nothing.
    firsts = late.sort(*key, "observed_on", "name").unique(key, keep="first", maintain_order=True)
    folders = {target.batches[source, dump_id] for source, dump_id in firsts.select(key).iter_rows()}
    early: set[str] = set()
    for table in ("papers", "repositories"):
        staged = _relation(table, [settings.staged(table, batch_id) for batch_id in sorted(folders)])
        found = connection.execute(f"SELECT DISTINCT dump_id FROM {staged} WHERE observed_on <= ?", [day]).fetchall()
        early |= {dump_id for (dump_id,) in found}
    kept = pl.concat([in_time, firsts.filter(pl.col("dump_id").is_in(sorted(early)))]).sort(*Dumps.primary_key())
    held = set(kept.filter(pl.col("status") == "loaded").select(key).iter_rows())
    batches = {key: batch_id for key, batch_id in target.batches.items() if key in held}
    dump_ids = {dump_id for _, dump_id in held}
    return _Target(batches, kept, [member for member in target.members if member[0] in dump_ids])


def _dump(delivery: Delivery, status: str, reason: str | None, outcome: Outcome) -> dict[str, object]:
    """A row of `core.dumps`; only a loaded dump has records."""
    is_known = delivery.source != sources.UNRECOGNISED
    is_loaded = status == "loaded"
    return {
        "dump_id": delivery.dump_id,
        "source": delivery.source,
        "name": delivery.name,
        "observed_on": delivery.observed_on,
        "bytes": delivery.bytes,
        "status": status,
        "reason": reason,
        "records": outcome.total("records") if is_loaded else 0,
        "loaded": outcome.total("accepted") if is_loaded else 0,
        "rejected": outcome.total("rejected") if is_loaded else 0,
        "duplicates": outcome.total("duplicates") if is_loaded else 0,
        "unknown_fields": outcome.unknown_fields,
        "parser_version": parser_version(delivery.source),
        "licence": sources.load(delivery.source).licence if is_known else None,
    }

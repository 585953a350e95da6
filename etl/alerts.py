"""Alerts: what the rules ask for, when it came about, and which of it is told, once.

An *occurrence* is a day on which what a rule waits for comes about: the SELECTs of `sql/alerts/` find all there ever
were. A *fired alert* is an occurrence that is told. The ledger in `state/` holds every occurrence that a build saw.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from etl import database, queries, rules, schemas, storage
from etl.errors import RuleError, SqlFileError
from etl.rules import Rule
from etl.settings import Settings

# What is found out later than this is history: an archive that comes in late, or a burst that moved, wakes nobody.
MOST_DAYS_LATE = 92
_LEDGER = "alerts.parquet"
_OCCURRENCE = pl.Schema(
    {
        "rule": pl.String(),
        "subject": pl.String(),
        "occurred_on": pl.Date(),
        "keyword": pl.String(),
        "paper_id": pl.String(),
        "repository_url": pl.String(),
        "value": pl.Float64(),
        "title": pl.String(),
        "evidence": pl.String(),
        "url": pl.String(),
    }
)
# `outcome` is fired, or why not: `before` the rule, found out `late`, or within the `cool_down` of another.
_SEEN = pl.Schema(
    {
        **_OCCURRENCE,
        "fingerprint": pl.String(),
        "outcome": pl.String(),
        "alert_id": pl.String(),
        "condition": pl.String(),
        "fired_on": pl.Date(),
        "threshold": pl.Float64(),
        "channels": pl.List(pl.String()),
        "webhook": pl.String(),
    }
)
_KEY = ("rule", "fingerprint", "subject", "occurred_on")


@dataclass(frozen=True)
class Evaluated:
    """How many alerts fired, and a line for each rule that could not be used."""

    fired: int
    problems: list[RuleError]


def evaluate(settings: Settings) -> Evaluated:
    """Fires what came about since the last evaluation, writes it down, and fills `ops.alerts`.

    What a rule finds when it is evaluated for the first time came before it, and is not told.
    """
    found, problems = rules.read(settings.alerts)
    ledger = seen(settings)
    with database.connect(
        settings.database, folders=[settings.scratch], memory_limit=settings.memory_limit, scratch=settings.scratch
    ) as connection:
        as_of = _as_of(connection)
        new = judge(ledger, occurrences(connection, found), found, as_of) if as_of and found else ledger.clear()
        if new.height:
            ledger = pl.concat([ledger, new]).sort(*_KEY)
            storage.write_parquet(settings.state / _LEDGER, ledger)
        _fill(connection, ledger, found)
    return Evaluated(new.filter(pl.col("outcome") == "fired").height, problems)


def seen(settings: Settings) -> pl.DataFrame:
    """Every occurrence that a build saw, and what became of it; the order of columns is that of `_SEEN`."""
    path = settings.state / _LEDGER
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=_SEEN)


def history(connection: duckdb.DuckDBPyConnection, found: Sequence[Rule], since: dt.date) -> pl.DataFrame:
    """What these rules would have fired from a day on, had they stood since then: occurrences less cool-downs, by day.

    Figures are those of today: what was revised since counts as it is now.
    """
    days = {rule.name: rule.cool_down_days for rule in found}
    fired = [row for row in _in_order(occurrences(connection, found)) if row["occurred_on"] >= since]
    told = _told(fired, days, {}, lambda row: row["occurred_on"])
    return pl.DataFrame([row for row, outcome in told if outcome == "fired"], schema=_OCCURRENCE, orient="row").sort(
        "occurred_on", "rule", "subject"
    )


def prepare(connection: duckdb.DuckDBPyConnection, found: Sequence[Rule]) -> None:
    """Creates what the SELECTs of `sql/alerts/` read besides the warehouse: rules, their keywords and their papers."""
    queries.define_macros(connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE alert_rules "
        "(rule VARCHAR, condition VARCHAR, scope VARCHAR, threshold DOUBLE, minimum_papers BIGINT)"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE alert_keywords (rule VARCHAR, keyword VARCHAR)")
    connection.execute("CREATE OR REPLACE TEMP TABLE alert_papers (rule VARCHAR, paper_id VARCHAR)")
    for rule in found:
        scope = f"category:{rule.category}" if rule.category else "all"
        connection.execute(
            "INSERT INTO alert_rules VALUES (?, ?, ?, ?, ?)",
            [rule.name, rule.when, scope, rule.threshold, rule.minimum_papers],
        )
        # The expression is a constant of the statement: it is compiled once, not for every row.
        said = {"rule": rule.name, "keyword": rule.keyword, "regex": rule.regex, "category": rule.category}
        is_about_papers = rules.CONDITIONS[rule.when].about == "papers"
        if rule.keyword or rule.regex or not is_about_papers:
            connection.execute(_KEYWORDS, {name: said[name] for name in ("rule", "keyword", "regex")})
        if is_about_papers:
            connection.execute(_PAPERS, said)


_KEYWORDS = """
INSERT INTO alert_keywords
SELECT $rule, keyword
FROM core.keywords
WHERE ($keyword = '' OR keyword = $keyword OR list_contains(variants, $keyword))
    AND ($regex = '' OR regexp_matches(keyword, $regex, 'i'))
"""
_PAPERS = """
INSERT INTO alert_papers
SELECT $rule, papers.paper_id
FROM core.papers AS papers
WHERE ($category = '' OR list_contains(papers.categories, $category))
    AND (
        ($keyword = '' AND $regex = '')
        OR papers.paper_id IN (
            SELECT used.paper_id
            FROM core.paper_keywords AS used
            INNER JOIN alert_keywords AS chosen ON used.keyword = chosen.keyword AND chosen.rule = $rule
        )
        OR ($regex <> '' AND regexp_matches(papers.title, $regex, 'i'))
    )
"""


def occurrences(connection: duckdb.DuckDBPyConnection, found: Sequence[Rule]) -> pl.DataFrame:
    """All occurrences of these rules in what the connection holds; raises SqlFileError for a broken query."""
    prepare(connection, found)
    wanted = {rule.when for rule in found}
    parts = [pl.DataFrame(schema=_OCCURRENCE)]
    for query in queries.read("alerts", "alert"):
        if query.path.stem in wanted:
            parts.append(rows_of(connection, query))
    return pl.concat(parts).sort("rule", "subject", "occurred_on")


def rows_of(connection: duckdb.DuckDBPyConnection, query: queries.Query) -> pl.DataFrame:
    """The rows of one SELECT of `sql/alerts/`; raises SqlFileError where they are not those of an occurrence."""
    try:
        rows: pl.DataFrame = connection.sql(query.text).pl()
    except queries.FAULTS as error:
        raise SqlFileError(str(query.path), str(error).splitlines()[0]) from None
    if rows.schema != _OCCURRENCE:
        raise SqlFileError(str(query.path), f"wanted the columns {', '.join(_OCCURRENCE)} and their types")
    return rows


def judge(ledger: pl.DataFrame, found: pl.DataFrame, asked: Sequence[Rule], as_of: dt.date) -> pl.DataFrame:
    """What becomes of the occurrences that the ledger lacks: rows of the ledger.

    `as_of` is the last day observed: the day on which what fires is told.
    """
    known = {rule.name: rule for rule in asked}
    prints = pl.DataFrame(
        {"rule": list(known), "fingerprint": [rule.fingerprint for rule in asked]},
        schema={"rule": pl.String, "fingerprint": pl.String},
    )
    new = found.join(prints, on="rule").join(ledger, on=_KEY, how="anti")
    # A rule that was evaluated before has a row in the ledger, be it only the one that says so.
    old = ledger.select("rule", "fingerprint").unique()
    before = new.join(old, on=["rule", "fingerprint"], how="anti").select(*_KEY, outcome=pl.lit("before"))
    waiting = new.join(old, on=["rule", "fingerprint"], how="semi")
    is_late = pl.col("occurred_on") < as_of - dt.timedelta(days=MOST_DAYS_LATE)
    late = waiting.filter(is_late).select(*_KEY, outcome=pl.lit("late"))
    installed = prints.join(old, on=["rule", "fingerprint"], how="anti").select(
        "rule", "fingerprint", subject=pl.lit(""), occurred_on=pl.lit(as_of), outcome=pl.lit("new_rule")
    )
    last = {
        (row["rule"], row["subject"]): row["fired_on"]
        for row in ledger.filter(pl.col("outcome") == "fired").sort("fired_on").iter_rows(named=True)
    }
    # Of what is found out on one day, the latest is told, and the cool-down covers the rest.
    recent = reversed(_in_order(waiting.filter(~is_late)))
    told = _told(recent, {rule.name: rule.cool_down_days for rule in asked}, last, lambda _: as_of)
    rows = [_row(row, outcome, known[row["rule"]], as_of) for row, outcome in told]
    parts = [installed, before, late, pl.DataFrame(rows, schema=_SEEN, orient="row")]
    return pl.concat(parts, how="diagonal").select(list(_SEEN))


Row = Mapping[str, Any]


def _in_order(found: pl.DataFrame) -> list[Row]:
    return list(found.sort("occurred_on", "rule", "subject").iter_rows(named=True))


def _told(
    rows: Iterable[Row], days: Mapping[str, int], last: Mapping[tuple[str, str], dt.date], told_on: Any
) -> list[tuple[Row, str]]:
    """Each row with its outcome: fired, or cool_down where the rule told of the same subject a few days before."""
    latest, found = dict(last), []
    for row in rows:
        key, day = (row["rule"], row["subject"]), told_on(row)
        is_cool = key in latest and (day - latest[key]).days < days[row["rule"]]
        found.append((row, "cool_down" if is_cool else "fired"))
        if not is_cool:
            latest[key] = day
    return found


def _row(row: Row, outcome: str, rule: Rule, as_of: dt.date) -> dict[str, Any]:
    """A row of the ledger; only what fired is told in full."""
    key = {name: row[name] for name in _KEY}
    if outcome != "fired":
        return {**key, "outcome": outcome}
    said = "\x1f".join(str(value) for value in key.values())
    return {
        **row,
        "outcome": outcome,
        "alert_id": hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        "condition": rule.when,
        "fired_on": as_of,
        "threshold": rule.threshold,
        "channels": list(rule.channels),
        "webhook": rule.webhook,
    }


def _as_of(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """The last day that anything was observed on."""
    found = connection.execute("SELECT max(observed_on) FROM core.dumps WHERE status = 'loaded'").fetchall()[0][0]
    assert found is None or isinstance(found, dt.date)
    return found


def _fill(connection: duckdb.DuckDBPyConnection, ledger: pl.DataFrame, found: Sequence[Rule]) -> None:
    """`ops.alerts` from the ledger, and the rules whose feeds there are even if they never fired."""
    columns = list(schemas.CORE["ops.alerts"].columns())
    fired = ledger.filter(pl.col("outcome") == "fired").select(columns).sort("alert_id")
    connection.register("fired", fired.to_arrow(compat_level=pl.CompatLevel.oldest()))
    names = pl.DataFrame({"rule": [rule.name for rule in found if "feed" in rule.channels]}, schema={"rule": pl.String})
    connection.register("feed_rules_frame", names.to_arrow(compat_level=pl.CompatLevel.oldest()))
    with database.transaction(connection):
        connection.execute("DELETE FROM ops.alerts")
        connection.execute("INSERT INTO ops.alerts BY NAME SELECT * FROM fired ORDER BY alert_id")
        connection.execute("CREATE OR REPLACE TABLE work.feed_rules AS SELECT rule FROM feed_rules_frame ORDER BY rule")
    connection.unregister("fired")
    connection.unregister("feed_rules_frame")

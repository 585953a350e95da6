"""The map of variants over the corpus: which keyword each keyphrase of a paper counts as, made again where it changes.

The SELECTs in `sql/core` say what the rows are. What a load changes are the keywords of the papers that it touches, of
those whose short forms mean something else now, and of those whose keyword is shown in another spelling; the rest is
left as it is. A change of the configuration makes all of it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from etl import configuration
from etl.configuration import Keywords
from etl.errors import ConfigurationError
from etl.queries import Query
from etl.transforms.variants import key_of

TABLES = (
    "work.definitions",
    "temp.phrases",
    "work.uses",
    "temp.meanings",
    "work.keyed",
    "temp.keyword_variants",
    "work.keyword_names",
    "core.paper_keywords",
    "core.keywords",
)
VIEW = "work.keyed"
_TEMPORARY = "temp."
_CONFIGURED = {
    "work.synonyms": {"term_key": pl.String, "keyword_key": pl.String, "keyword": pl.String},
    "work.stop_terms": {"term_key": pl.String},
    "work.preferred": {"keyword_key": pl.String, "keyword": pl.String},
}
# Numbers stand for texts that are long, or many; they never change and are no content.
_NUMBERS = ("work.paper_numbers", "work.phrase_numbers", "work.key_numbers")
_WORK = {
    **{name: "name VARCHAR, number INTEGER" for name in _NUMBERS},
    "work.synonyms": (
        "term_key VARCHAR, keyword_key VARCHAR, keyword VARCHAR, term_number INTEGER, keyword_number INTEGER"
    ),
    "work.stop_terms": "term_key VARCHAR, term_number INTEGER",
    "work.preferred": "keyword_key VARCHAR, keyword VARCHAR",
    "work.meanings": "short_form VARCHAR, long_number INTEGER",
    "work.touched_numbers": "paper_number INTEGER",
    "work.changed_keys": "keyword_number INTEGER, keyword_key VARCHAR",
    "work.rekeyed": "paper_number INTEGER",
    "work.rekeyed_papers": "paper_id VARCHAR",
}


@dataclass(frozen=True)
class Configured:
    """What the configuration says, by keys: a table each, see `TABLES` of the SELECTs that read them."""

    tables: Mapping[str, pl.DataFrame]

    def is_held(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the database was made with it."""
        held = held_configuration(connection)
        return all(held[name].equals(rows) for name, rows in self.tables.items())


def held_configuration(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """What the configuration said when the database was made, by table of `Configured`."""
    return {
        name: connection.sql(f"SELECT {', '.join(columns)} FROM {name} ORDER BY ALL").pl()
        for name, columns in _CONFIGURED.items()
    }


def configured() -> Configured:
    """The configured synonyms, stop terms and spellings by key; raises ConfigurationError where they contradict."""
    said = configuration.keywords()
    synonyms = _synonyms(said)
    heads = {key: head for key, head in synonyms.values()}
    stop_terms = {}
    for term in said.stop_terms:
        key = _key(said, "stop_terms", term)
        if key in synonyms or key in heads:
            raise _contradiction(said, "stop_terms", term, "is among the synonyms too")
        stop_terms[key] = term
    preferred: dict[str, str] = {}
    for spelling in said.preferred:
        key = _key(said, "preferred", spelling)
        if key in stop_terms:
            raise _contradiction(said, "preferred", spelling, "is a stop term too")
        if key in synonyms:
            raise _contradiction(said, "preferred", spelling, f"is a synonym of {synonyms[key][1]!r}")
        if preferred.setdefault(key, spelling) != spelling:
            raise _contradiction(said, "preferred", spelling, f"is a variant of {preferred[key]!r}, preferred too")
    rows: dict[str, list[tuple[str, ...]]] = {
        "work.synonyms": [(term, *target) for term, target in sorted(synonyms.items())],
        "work.stop_terms": [(term,) for term in sorted(stop_terms)],
        "work.preferred": sorted(preferred.items()),
    }
    return Configured({name: pl.DataFrame(rows[name], schema=_CONFIGURED[name], orient="row") for name in _CONFIGURED})


def _synonyms(said: Keywords) -> dict[str, tuple[str, str]]:
    """The key and the spelling of the keyword that each synonym's key stands for, chains followed to their end."""
    direct: dict[str, tuple[str, str]] = {}
    for keyword, terms in said.synonyms.items():
        target = _key(said, "synonyms", keyword)
        for term in terms:
            key = _key(said, f"synonyms.{keyword}", term)
            if key == target:
                continue
            if direct.setdefault(key, (target, keyword))[0] != target:
                raise _contradiction(said, f"synonyms.{keyword}", term, f"is a synonym of {direct[key][1]!r} too")
    resolved = {}
    for key, (target, keyword) in direct.items():
        passed = {key}
        while target in direct:
            if target in passed:
                raise _contradiction(said, "synonyms", keyword, "is a synonym of its own synonym")
            passed.add(target)
            target, keyword = direct[target]
        resolved[key] = (target, keyword)
    return resolved


def _key(said: Keywords, where: str, term: str) -> str:
    key = key_of(term)
    if not any(map(str.isalnum, key)):
        raise ConfigurationError(said.path, f"keywords.{where}", repr(term), "a term of letters or digits")
    return key


def _contradiction(said: Keywords, where: str, term: str, found: str) -> ConfigurationError:
    return ConfigurationError(said.path, f"keywords.{where}", f"{term!r}, which {found}", "each term in one place")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates what the SELECTs read beside the tables that they make."""
    for name, columns in _WORK.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")


def prepare_tables(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query]) -> None:
    """Creates the tables that are changed in place, and the view of the keys, before a transaction begins."""
    for name in TABLES:
        query = queries[name]
        if name == VIEW:
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query.text}")
        elif name.startswith(_TEMPORARY):
            make_temporary(connection, query, " LIMIT 0")
        elif name.startswith("work."):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM ({query.text}) LIMIT 0")


def make_temporary(connection: duckdb.DuckDBPyConnection, query: Query, limit: str = "") -> None:
    """Makes a table that is gone with the connection."""
    name = query.table.removeprefix(_TEMPORARY)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ({query.text}){limit}")


def refresh(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query], said: Configured) -> None:
    """Makes the keywords follow the touched papers and the configuration: one step of a load's transaction."""
    for table in ("touched_numbers", "changed_keys", "rekeyed", "rekeyed_papers"):
        connection.execute(f"DELETE FROM work.{table}")
    _rekey(connection, _TOUCHED if said.is_held(connection) else "SELECT number FROM work.paper_numbers")
    _configure(connection, said)
    newest = connection.execute("SELECT coalesce(max(number), 0) FROM work.paper_numbers").fetchall()[0][0]
    _take_uses(connection, queries)
    _mean(connection, queries["temp.meanings"], newest)
    _rekey(connection, _TOUCHED)
    _name(connection, queries)
    # Papers that came just now have no rows that could be in the way.
    connection.execute(
        "INSERT INTO work.rekeyed_papers SELECT papers.name FROM work.rekeyed AS rekeyed "
        "INNER JOIN work.paper_numbers AS papers ON rekeyed.paper_number = papers.number WHERE papers.number <= ?",
        [newest],
    )
    for name in ("core.paper_keywords", "core.keywords"):
        replace_rows(connection, queries[name])


_TOUCHED = "SELECT number FROM work.paper_numbers WHERE name IN (SELECT paper_id FROM work.touched)"


def _rekey(connection: duckdb.DuckDBPyConnection, papers: str) -> None:
    """Notes papers, by number, as those whose keywords change, and the keys of these as the map is now."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE papers AS SELECT number FROM ({papers})")
    connection.execute("INSERT INTO work.rekeyed FROM papers EXCEPT FROM work.rekeyed")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE keys AS
        SELECT keyword_number FROM work.keyed WHERE paper_number IN (SELECT number FROM papers)
        UNION
        SELECT coalesce(synonyms.keyword_number, keys.number)
        FROM work.definitions AS definitions
        INNER JOIN work.key_numbers AS keys ON definitions.phrase_key = keys.name
        LEFT JOIN work.synonyms AS synonyms ON definitions.phrase_key = synonyms.term_key
        WHERE definitions.paper_id IN (SELECT paper_id FROM work.touched)
        """
    )
    connection.execute(
        """
        INSERT INTO work.changed_keys
        SELECT keys.keyword_number, numbers.name
        FROM keys
        INNER JOIN work.key_numbers AS numbers ON keys.keyword_number = numbers.number
        WHERE keys.keyword_number NOT IN (SELECT keyword_number FROM work.changed_keys)
        """
    )


def _configure(connection: duckdb.DuckDBPyConnection, said: Configured) -> None:
    if said.is_held(connection):
        return
    for name, rows in said.tables.items():
        connection.register("said", rows.to_arrow())
        connection.execute(f"DELETE FROM {name}")
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM said")
        connection.unregister("said")
    named = (("synonyms", "term_key", "term_number"), ("synonyms", "keyword_key", "keyword_number"))
    for table, key, number in (*named, ("stop_terms", "term_key", "term_number")):
        _number(connection, "key_numbers", f"SELECT {key} FROM work.{table}")
        connection.execute(
            f"UPDATE work.{table} SET {number} = keys.number FROM work.key_numbers AS keys WHERE {key} = keys.name"
        )


def _take_uses(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query]) -> None:
    """What staging says of the touched papers, by number."""
    replace_rows(connection, queries["work.definitions"])
    make_temporary(connection, queries["temp.phrases"])
    _number(connection, "paper_numbers", "SELECT paper_id FROM work.touched")
    _number(connection, "phrase_numbers", "SELECT phrase FROM temp.phrases")
    of_touched = "work.definitions WHERE paper_id IN (SELECT paper_id FROM work.touched)"
    _number(connection, "key_numbers", f"SELECT phrase_key FROM temp.phrases UNION SELECT phrase_key FROM {of_touched}")
    connection.execute(f"INSERT INTO work.touched_numbers {_TOUCHED}")
    replace_rows(connection, queries["work.uses"])


def _number(connection: duckdb.DuckDBPyConnection, table: str, names: str) -> None:
    """Gives the next numbers to names that have none."""
    connection.execute(
        f"""
        INSERT INTO work.{table}
        SELECT name, (row_number() OVER () + (SELECT coalesce(max(number), 0) FROM work.{table}))::INTEGER
        FROM (SELECT DISTINCT name FROM ({names}) AS given (name))
        WHERE name NOT IN (SELECT name FROM work.{table})
        """
    )


def _mean(connection: duckdb.DuckDBPyConnection, query: Query, newest: int) -> None:
    """Takes over what short forms mean now, and notes the papers that were here and for which that is another key."""
    make_temporary(connection, query)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE other_meaning AS
        SELECT short_form FROM (FROM temp.meanings EXCEPT FROM work.meanings)
        UNION
        SELECT short_form FROM (FROM work.meanings EXCEPT FROM temp.meanings)
        """
    )
    _rekey(
        connection,
        "SELECT DISTINCT paper_number AS number FROM work.uses "
        f"WHERE paper_number <= {newest} AND short_form IN (SELECT short_form FROM other_meaning)",
    )
    connection.execute("DELETE FROM work.meanings")
    connection.execute("INSERT INTO work.meanings FROM temp.meanings")
    _rekey(connection, "SELECT paper_number AS number FROM work.rekeyed")


def _name(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query]) -> None:
    """Names the changed keys; papers whose keyword is shown in another spelling now are noted."""
    make_temporary(connection, queries["temp.keyword_variants"])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE names AS SELECT * FROM work.keyword_names "
        "WHERE keyword_number IN (SELECT keyword_number FROM work.changed_keys)"
    )
    replace_rows(connection, queries["work.keyword_names"])
    connection.execute(
        """
        INSERT INTO work.rekeyed
        SELECT paper_number FROM work.keyed WHERE keyword_number IN (
            SELECT names.keyword_number
            FROM names INNER JOIN work.keyword_names AS now USING (keyword_number)
            WHERE names.keyword <> now.keyword
        )
        EXCEPT FROM work.rekeyed
        """
    )


def replace_rows(connection: duckdb.DuckDBPyConnection, query: Query) -> None:
    """Makes a table anew, or only the rows that the query yields."""
    only = f" WHERE {query.rows[0]} IN (SELECT {query.rows[0]} FROM {query.rows[1]})" if query.rows else ""
    connection.execute(f"DELETE FROM {query.table}{only}")
    connection.execute(f"INSERT INTO {query.table} BY NAME {query.text}")

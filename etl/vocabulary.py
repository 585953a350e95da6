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

# In the order of making.
TABLES = (
    "work.definitions",
    "work.phrases",
    "work.meanings",
    "work.uses",
    "work.keyword_names",
    "core.paper_keywords",
    "core.keywords",
)
VIEW = "work.uses"
_CONFIGURED = {
    "work.synonyms": {"term_key": pl.String, "keyword_key": pl.String, "keyword": pl.String},
    "work.stop_terms": {"term_key": pl.String},
    "work.preferred": {"keyword_key": pl.String, "keyword": pl.String},
}


@dataclass(frozen=True)
class Configured:
    """What the configuration says, by keys: a table each, see `TABLES` of the SELECTs that read them."""

    tables: Mapping[str, pl.DataFrame]

    def is_held(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the database was made with it."""
        return all(connection.sql(f"SELECT * FROM {name} ORDER BY ALL").pl().equals(rows) for name, rows in self.tables.items())


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
    rows = {
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
    for name, schema in _CONFIGURED.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(f'{column} VARCHAR' for column in schema)})")
    connection.execute("CREATE TABLE IF NOT EXISTS work.changed_keys (keyword_key VARCHAR)")
    connection.execute("CREATE TABLE IF NOT EXISTS work.rekeyed (paper_id VARCHAR)")


def prepare_tables(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query]) -> None:
    """Creates the tables that are changed in place, and the view of the uses, before a transaction begins."""
    for name in TABLES:
        query = queries[name]
        if name == VIEW:
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query.text}")
        elif name.startswith("work."):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM ({query.text}) LIMIT 0")


def refresh(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query], said: Configured) -> None:
    """Makes the keywords follow the touched papers and the configuration: one step of a load's transaction."""
    run = connection.execute
    papers, keys = "SELECT paper_id FROM work.touched", "SELECT keyword_key FROM work.changed_keys"
    run("DELETE FROM work.changed_keys")
    run("DELETE FROM work.rekeyed")
    if not said.is_held(connection):
        papers = "SELECT paper_id FROM work.phrases UNION SELECT paper_id FROM work.touched"
    _note_keys(connection, papers)
    _configure(connection, said)
    for table in ("work.definitions", "work.phrases"):
        replace_rows(connection, queries[table])
    run(f"CREATE OR REPLACE TEMP TABLE meanings AS {queries['work.meanings'].text}")
    run(
        """
        CREATE OR REPLACE TEMP TABLE other_meaning AS
        SELECT short_form FROM (FROM meanings EXCEPT FROM work.meanings)
        UNION SELECT short_form FROM (FROM work.meanings EXCEPT FROM meanings)
        """
    )
    other = "SELECT paper_id FROM work.phrases WHERE short_form IN (SELECT short_form FROM other_meaning)"
    _note_keys(connection, other)
    run("DELETE FROM work.meanings")
    run("INSERT INTO work.meanings FROM meanings")
    run(f"INSERT INTO work.rekeyed {papers} UNION {other}")
    _note_keys(connection, "SELECT paper_id FROM work.rekeyed")
    run("CREATE OR REPLACE TEMP TABLE once AS SELECT DISTINCT keyword_key FROM work.changed_keys")
    run("DELETE FROM work.changed_keys")
    run("INSERT INTO work.changed_keys FROM once")
    run(f"CREATE OR REPLACE TEMP TABLE names AS SELECT * FROM work.keyword_names WHERE keyword_key IN ({keys})")
    replace_rows(connection, queries["work.keyword_names"])
    run(
        """
        INSERT INTO work.rekeyed
        SELECT paper_id FROM work.uses WHERE keyword_key IN (
            SELECT keyword_key FROM names INNER JOIN work.keyword_names AS now USING (keyword_key)
            WHERE names.keyword <> now.keyword
        )
        EXCEPT SELECT paper_id FROM work.rekeyed
        """
    )
    for table in ("core.paper_keywords", "core.keywords"):
        replace_rows(connection, queries[table])


def _note_keys(connection: duckdb.DuckDBPyConnection, papers: str) -> None:
    """Adds the keys of the keywords that these papers use or name, as the map is now."""
    connection.execute(
        f"""
        INSERT INTO work.changed_keys
        SELECT DISTINCT keyword_key FROM work.uses WHERE paper_id IN ({papers})
        UNION ALL
        SELECT DISTINCT coalesce(synonyms.keyword_key, definitions.phrase_key)
        FROM work.definitions AS definitions
        LEFT JOIN work.synonyms AS synonyms ON definitions.phrase_key = synonyms.term_key
        WHERE definitions.paper_id IN ({papers})
        """
    )


def _configure(connection: duckdb.DuckDBPyConnection, said: Configured) -> None:
    for name, rows in said.tables.items():
        connection.register("said", rows.to_arrow())
        connection.execute(f"DELETE FROM {name}")
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM said")
        connection.unregister("said")


def replace_rows(connection: duckdb.DuckDBPyConnection, query: Query) -> None:
    """Makes a table anew, or only the rows that the query yields."""
    only = f" WHERE {query.rows[0]} IN (SELECT {query.rows[0]} FROM {query.rows[1]})" if query.rows else ""
    connection.execute(f"DELETE FROM {query.table}{only}")
    connection.execute(f"INSERT INTO {query.table} BY NAME {query.text}")

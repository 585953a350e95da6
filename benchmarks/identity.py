"""How well records find their papers when their identifiers are hidden, and how long identity takes.

`python benchmarks/identity.py [--papers 700000] [--more 1000]`. Records of the dumps that carry an arXiv identifier
tell the truth; they are identified again by title, authors and year alone. `--errors N` prints some of what went wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import measure

sys.path.insert(0, str(measure.PROJECT))

from etl import ledger
from etl.settings import Settings
from etl.steps import identify, load

HIDDEN = "NULL::VARCHAR"
RECORDS = """
INSERT INTO work.records BY NAME
SELECT
    nextval('work.record_ids') AS record_id, '' AS dump_id, '' AS member, record_offset, {arxiv_id} AS arxiv_id,
    NULL AS doi, title_key, is_specific, author_key, year,
    own_id({arxiv_id}, NULL, title_key, is_specific, author_key, year, content_hash) AS own_id, content_hash
FROM truth
"""
# How many pairs of records from different origins there are, and how many of them are of one group.
PAIRS = """
SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT - coalesce((
    SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM judged GROUP BY {group}, origin)
), 0)::BIGINT
FROM (SELECT count(*) AS n FROM judged GROUP BY {group})
"""


# Wrong pairs of which titles and at least one author are the same: texts that were submitted twice.
TWICE = """
SELECT count(*)
FROM judged AS one INNER JOIN judged AS other ON one.paper_id = other.paper_id AND one.origin < other.origin
WHERE one.arxiv_id <> other.arxiv_id AND one.title_key = other.title_key AND agree(one.words, other.words)
"""


def main() -> None:
    """Prints precision and recall, then seconds, and keeps them."""
    parser = argparse.ArgumentParser(description="Identity without identifiers, and its speed.")
    parser.add_argument("--papers", type=int, default=700_000)
    parser.add_argument("--more", type=int, default=1_000)
    parser.add_argument("--errors", type=int, default=0, help="so many wrong pairs of each kind are printed")
    parser.add_argument("--warehouse", type=Path, help="one that has normalised the dumps already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(given.warehouse or normalised(Path(folder)), Path(folder))
        quality = {name: judged(settings, kept, given.errors) for name, kept in KEPT.items()}
    speed = timed(given.papers, given.more)
    head = ("identifiers", "records", "pairs", "precision %", "recall %", "wrong", "of one title and authors")
    rows = [
        (name, *((100 * value if isinstance(value, float) else value) for value in found.values()))
        for name, found in quality.items()
    ]
    measure.show("found by title, authors and year", head, rows)
    measure.show(
        f"{given.papers:,} papers", ("step", "seconds", "CPU"), [(name, *both) for name, both in speed.items()]
    )
    facts = {name: dict(zip(("seconds", "cpu_seconds"), both, strict=True)) for name, both in speed.items()}
    measure.save("identity", {"quality": quality, "papers": given.papers, "more": given.more, "speed": facts})


def normalised(folder: Path) -> Path:
    """A warehouse of the dumps, without keyphrases."""
    place = folder / "warehouse"
    for step in (("ingest", "--in-place", measure.DUMPS), ("normalise",)):
        try:
            measure.etl(place, *step, environment={"ETL_KEYPHRASES": "0"})
        except SystemExit as ended:
            # Some files among the dumps are none, and say so.
            if "exit status 1\n" not in str(ended):
                raise
    return place


# Which identifiers are not hidden: none, or those of the origin that knows most papers.
KEPT = {"all hidden": HIDDEN, "kept in one of two origins": "CASE WHEN is_kept THEN arxiv_id END"}


def judged(settings: Settings, kept: str, errors: int) -> dict[str, float]:
    """Precision and recall over pairs of records from different origins that may be one paper."""
    with duckdb.connect() as connection:
        load.prepare(connection)
        read_truth(settings, connection)
        connection.execute(RECORDS.format(arxiv_id=kept))
        identify.identify(connection, [])
        connection.execute(
            "CREATE TABLE judged AS "
            "SELECT truth.arxiv_id, origin, title, truth.title_key, authors, truth.year, records.paper_id, "
            "string_split(truth.author_key, ' ') AS words "
            "FROM truth INNER JOIN work.records AS records USING (record_offset)"
        )
        counts = {
            name: int(connection.execute(PAIRS.format(group=group)).fetchall()[0][0])
            for name, group in (("true", "arxiv_id"), ("found", "paper_id"), ("both", "arxiv_id, paper_id"))
        }
        records = int(connection.execute("SELECT count(*) FROM judged").fetchall()[0][0])
        if errors:
            print_errors(connection, errors)
        twice = int(connection.execute(TWICE).fetchall()[0][0])
    precision, recall = counts["both"] / max(counts["found"], 1), counts["both"] / max(counts["true"], 1)
    found = {"records": records, "pairs": counts["true"], "precision": round(precision, 5), "recall": round(recall, 5)}
    return {**found, "wrong": counts["found"] - counts["both"], "same_title_and_authors": twice}


def read_truth(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """`truth`: the different records of each origin that carry an arXiv identifier; each harvest is an origin."""
    origins = []
    for commit in ledger.commits(settings):
        for outcome in commit.outcomes:
            raw = settings.raw_file(outcome.dump_id)
            harvest = raw.resolve().parent.name if commit.source == "arxiv_tsv" else ""
            origins.append(
                (outcome.dump_id, commit.parser_version, commit.batch_id, f"{commit.source} {harvest}".strip())
            )
    connection.execute("CREATE TABLE origins (dump_id VARCHAR, version BIGINT, batch_id VARCHAR, origin VARCHAR)")
    connection.executemany("INSERT INTO origins VALUES (?, ?, ?, ?)", origins)
    newest = {batch for (batch,) in connection.execute(
        "SELECT DISTINCT arg_max(batch_id, version) FROM origins GROUP BY dump_id, split_part(origin, ' ', 1)"
    ).fetchall()}  # fmt: skip
    files = [
        str(path) for batch in sorted(newest) for path in sorted(settings.staged("papers", batch).glob("*.parquet"))
    ]
    connection.execute(
        """
        CREATE TABLE truth AS
        WITH found AS (
            SELECT DISTINCT
                papers.arxiv_id, origins.origin, papers.title, papers.authors, papers.title_key, papers.is_specific,
                papers.author_key, year(papers.published_on)::INTEGER AS year
            FROM read_parquet(?, hive_partitioning = false) AS papers
            INNER JOIN (SELECT DISTINCT dump_id, origin FROM origins) AS origins USING (dump_id)
            WHERE papers.arxiv_id IS NOT NULL
        ),
        sizes AS (
            SELECT origin, count(DISTINCT arxiv_id) AS papers FROM found GROUP BY origin
        )
        SELECT
            found.*,
            row_number() OVER (ORDER BY arxiv_id, origin, title, authors, year) AS record_offset,
            md5(concat_ws('|', arxiv_id, origin, title)) AS content_hash,
            sizes.papers = max(sizes.papers) OVER (PARTITION BY arxiv_id) AS is_kept
        FROM found INNER JOIN sizes USING (origin)
        """,
        [files],
    )


def print_errors(connection: duckdb.DuckDBPyConnection, errors: int) -> None:
    """Pairs that were missed, and pairs that are wrong."""
    for title, condition in (
        ("missed", "one.paper_id <> other.paper_id AND one.title_key = other.title_key"),
        ("missed, another title", "one.paper_id <> other.paper_id AND one.title_key <> other.title_key"),
        ("wrong", "one.arxiv_id <> other.arxiv_id"),
    ):
        key = "paper_id" if title == "wrong" else "arxiv_id"
        rows = connection.execute(
            "SELECT one.arxiv_id, other.arxiv_id, one.origin, other.origin, one.year, other.year, one.title, "
            "other.title, "
            f"list_slice(one.authors, 1, 3), list_slice(other.authors, 1, 3) FROM judged AS one "
            f"INNER JOIN judged AS other ON one.{key} = other.{key} AND one.origin < other.origin "
            f"WHERE {condition} ORDER BY hash(one.arxiv_id) LIMIT {errors}"
        ).fetchall()
        print(f"\n{title}")
        for row in rows:
            print(*(str(cell)[:110] for cell in row[:6]), *(f"    {str(cell)[:150]}" for cell in row[6:]), sep="\n  ")


# Invented papers: a third with a DOI, a tenth known from a second listing by title and authors alone.
INVENTED = """
INSERT INTO work.records BY NAME
WITH numbers AS (SELECT range AS number FROM range({first}, {last})),
named AS (
    SELECT
        number, md5(number::VARCHAR) AS letters,
        md5((number % 50021)::VARCHAR)[:9] || ' ' || md5((number % 70001)::VARCHAR)[:8] || ' q '
        || md5((number % 9973)::VARCHAR)[:7] AS author_key
    FROM numbers
),
listed AS (
    SELECT *, number AS place, printf('%02d%02d.%05d', 15 + number % 10, 1 + number % 12, number // 120) AS arxiv_id
    FROM named
    UNION ALL
    SELECT *, {last} + number AS place, NULL FROM named WHERE number % 10 = 0
)
SELECT
    nextval('work.record_ids') AS record_id, 'dump' AS dump_id, '{first}' AS member, place AS record_offset,
    's' AS source, 1 AS priority, arxiv_id,
    CASE WHEN number % 3 = 0 AND arxiv_id IS NOT NULL THEN '10.5555/' || number END AS doi,
    letters || letters AS title_key, true AS is_specific, author_key, 2015 + number % 10 AS year,
    letters AS content_hash,
    own_id(arxiv_id, doi, letters || letters, true, author_key, 2015 + number % 10, letters) AS own_id
FROM listed
"""


def timed(papers: int, more: int) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of identity for many papers, and for some more."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder) / "identity.duckdb")) as connection:
        load.prepare(connection)
        for name, first, last in (("from nothing", 0, papers), (f"{more:,} more", papers, papers + more)):
            connection.execute(INVENTED.format(first=first, last=last))
            connection.execute(
                "INSERT INTO work.dois "
                "SELECT record_id, doi, 1 FROM work.records WHERE doi IS NOT NULL AND paper_id IS NULL"
            )
            connection.execute("DELETE FROM work.touched")
            begun, used = time.monotonic(), time.process_time()
            connection.execute("BEGIN")
            identify.identify(connection, [])
            connection.execute("COMMIT")
            found[name] = (round(time.monotonic() - begun, 2), round(time.process_time() - used, 2))
    return found


if __name__ == "__main__":
    main()

"""What a dashboard asks of the published database: median and 95th percentile of each query, and its mean CPU time.

`python benchmarks/charts.py [--papers 100000] [--warehouse PUBLISHED]`. Every answer is fetched whole; each query is
asked about other keywords, topics and months, in one connection, after one round that is not measured.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import make_snapshot
import measure

ROUNDS = 60
# What each query is asked about: keywords and months from the most frequent to the rare.
SUBJECTS = """
SELECT keyword, min(period), max(period) FROM mart.keyword_monthly
WHERE scope = 'all' AND papers >= 3 GROUP BY keyword ORDER BY sum(papers) DESC, keyword
"""
QUERIES = {
    "line of a keyword": """
        SELECT period, share, share_low, share_high, is_partial FROM mart.keyword_monthly
        WHERE keyword = $keyword AND scope = 'all' ORDER BY period
    """,
    "line of a keyword in a category": """
        SELECT period, share, share_low, share_high, is_partial FROM mart.keyword_monthly
        WHERE keyword = $keyword AND scope = 'category:cs.LG' ORDER BY period
    """,
    "weeks of a keyword": """
        SELECT period, papers, papers_total FROM mart.keyword_weekly
        WHERE keyword = $keyword AND scope = 'all' ORDER BY period
    """,
    "twenty rising keywords": """
        SELECT keyword, papers, growth, q_value, emergence FROM mart.keyword_trends
        WHERE scope = 'all' AND growth > 0 ORDER BY emergence DESC NULLS LAST, keyword LIMIT 20
    """,
    "co-words of a keyword": """
        SELECT if(keyword_a = $keyword, keyword_b, keyword_a) AS other, papers, association FROM mart.keyword_pairs
        WHERE keyword_a = $keyword OR keyword_b = $keyword ORDER BY association DESC, other LIMIT 20
    """,
    "papers of a keyword and month": """
        SELECT papers.paper_id, papers.title, papers.published_on FROM core.paper_keywords AS keywords
        INNER JOIN core.papers AS papers USING (paper_id)
        WHERE keywords.keyword = $keyword AND date_trunc('month', papers.published_on) = $month
        ORDER BY papers.published_on, papers.paper_id LIMIT 50
    """,
    "code of a topic": """
        SELECT period, papers, linked, rate, rate_low, rate_high FROM mart.code_availability
        WHERE topic = $keyword ORDER BY period
    """,
    "themes of a year": """
        SELECT theme, papers, centrality, density, quadrant, previous_theme FROM mart.keyword_themes
        WHERE period = date_trunc('year', $month) ORDER BY papers DESC, theme
    """,
}


def main() -> None:
    """Prints what each query takes, and keeps it."""
    parser = argparse.ArgumentParser(description="Queries of a dashboard on the published database.")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--warehouse", type=Path, help="a warehouse that is published, with as many papers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = given.warehouse or Path(folder) / "warehouse"
        if not given.warehouse:
            measure.etl(warehouse, "run", "--in-place", make_snapshot.write_snapshot(Path(folder), given.papers))
        found = asked(warehouse / "current" / "papers.duckdb")
    rows = [(name, *facts.values()) for name, facts in found.items()]
    measure.show(f"queries on {given.papers:,} papers", ("query", "median ms", "p95 ms", "CPU ms"), rows)
    measure.save(f"charts_{given.papers}", {"queries": found})


def asked(database: Path) -> dict[str, dict[str, float]]:
    """The milliseconds of each query."""
    with duckdb.connect(str(database), read_only=True) as connection:
        subjects = connection.execute(SUBJECTS).fetchall()
        chosen = subjects[:: max(1, len(subjects) // ROUNDS)]
        found = {}
        for name, sql in QUERIES.items():
            ask(connection, sql, chosen[:1])
            begun = time.process_time()
            times = ask(connection, sql, chosen)
            spent = (time.process_time() - begun) * 1_000
            found[name] = {
                "median_ms": round(statistics.median(times), 1),
                "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
                # Of all threads: where others use the machine too, this says more than the clock.
                "cpu_ms": round(spent / len(chosen), 1),
            }
    return found


def ask(connection: duckdb.DuckDBPyConnection, sql: str, subjects: Sequence[tuple[str, object, object]]) -> list[float]:
    """The milliseconds that the query takes about each subject."""
    times = []
    for number, (keyword, first, last) in enumerate(subjects):
        values = {"keyword": keyword, "month": last if number % 2 else first}
        begun = time.perf_counter()
        connection.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql}).fetchall()
        times.append((time.perf_counter() - begun) * 1_000)
    return times


if __name__ == "__main__":
    main()

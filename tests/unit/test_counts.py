"""Counts of keywords by period, on papers that can be counted by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from etl import database, queries
from etl.steps import build, load

Rows = list[tuple[Any, ...]]
# Paper, day of publication, last day seen, sources, first category, keywords. A day that cannot be, which is stated
# only, begins with a question mark.
Paper = tuple[str, str | None, str, list[str], str | None, list[str]]
Ask = Callable[[list[Paper], str], Rows]


def days_of(published_on: str | None) -> tuple[str | None, str | None]:
    """`published_on` and `stated_on`."""
    if published_on and published_on.startswith("?"):
        return None, published_on[1:]
    return published_on, None


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect() as opened:
        load.prepare(opened)
        load.create_staged(opened)
        build.create_published(opened)
        yield opened


@pytest.fixture
def ask(connection: duckdb.DuckDBPyConnection) -> Ask:
    """The answer to a question about the marts of these papers."""

    def answer(papers: list[Paper], sql: str) -> Rows:
        for table in ("papers", "paper_observations", "paper_keywords", "keywords", "code_statements"):
            connection.execute(f"DELETE FROM core.{table}")
        for paper, published_on, observed_on, sources, category, keywords in papers:
            connection.execute(
                "INSERT INTO core.papers BY NAME SELECT ? AS paper_id, ? AS title, ?::DATE AS published_on, "
                "?::DATE AS stated_on, ? AS primary_category, "
                "?::DATE AS first_observed_on, ?::DATE AS last_observed_on",
                [paper, paper, *days_of(published_on), category, observed_on, observed_on],
            )
            connection.execute(
                "INSERT INTO core.code_statements BY NAME SELECT ? AS paper_id, 'none' AS statement", [paper]
            )
            for number, source in enumerate(sources):
                connection.execute(
                    "INSERT INTO core.paper_observations BY NAME SELECT ? AS dump_id, '' AS member, "
                    "? AS record_offset, ?::DATE AS observed_on, ? AS paper_id, ? AS source",
                    [paper, number, observed_on, paper, source],
                )
            for rank, keyword in enumerate(keywords, 1):
                connection.execute(
                    "INSERT INTO core.paper_keywords VALUES (?, ?, ?, 1.0, true)", [paper, keyword, rank]
                )
        connection.execute(
            "INSERT INTO core.keywords BY NAME "
            "SELECT keyword, keyword AS keyword_key, [keyword] AS variants, count(*) AS papers "
            "FROM core.paper_keywords GROUP BY keyword"
        )
        build.build_all(connection)
        return connection.execute(sql).fetchall()

    return answer


def papers(*days: str | None, seen: str = "2024-03-31", sources: tuple[str, ...] = ("one",)) -> list[Paper]:
    """Papers with the keyword `tea` and one more, published on these days."""
    return [(f"p{number}", day, seen, list(sources), "cs.X", ["tea", f"k{number}"]) for number, day in enumerate(days)]


def test_a_keyword_is_counted_in_every_scope_and_unit(ask: Ask) -> None:
    made = papers("2024-01-01", "2024-01-07", "2024-01-08", sources=("one", "two"))
    made.append(("other", "2024-01-31", "2024-03-31", ["one"], None, ["milk"]))
    found = ask(made, "SELECT scope, period::VARCHAR, papers, papers_total FROM mart.keyword_monthly ORDER BY ALL")
    assert found == [
        ("all", "2024-01-01", 3, 4),
        ("category:cs.X", "2024-01-01", 3, 3),
        ("source:one", "2024-01-01", 3, 4),
        ("source:two", "2024-01-01", 3, 3),
    ]
    weeks = "SELECT period::VARCHAR, papers, papers_total FROM mart.keyword_weekly WHERE scope = 'all' ORDER BY ALL"
    assert ask(made, weeks) == [("2024-01-01", 2, 2), ("2024-01-08", 1, 1)]
    assert ask(made, "SELECT papers, papers_total FROM mart.keyword_yearly WHERE scope = 'all'") == [(3, 4)]


def test_a_keyword_of_fewer_than_three_dated_papers_has_no_line(ask: Ask) -> None:
    assert ask(papers("2024-01-01", "2024-02-01", None), "SELECT * FROM mart.keyword_monthly") == []
    found = ask(
        papers("2024-01-01", "2024-02-01", "2024-03-01", None), "SELECT DISTINCT keyword FROM mart.keyword_monthly"
    )
    assert found == [("tea",)]


def test_undated_and_impossible_days_are_counted_apart(ask: Ask) -> None:
    days = ("1900-01-01", "2024-01-02", "2024-01-03", None, None, "?2031-01-01", "2024-04-01", "?2024-04-02")
    made = papers(*days)
    counted = "SELECT sum(papers_total)::INT FROM mart.scope_periods WHERE scope = 'all' AND unit = 'year'"
    apart = "SELECT reason, papers, papers_total FROM mart.undated_papers WHERE scope = 'all' ORDER BY reason"
    assert ask(made, counted) == [(4,)]
    assert ask(made, apart) == [("in_future", 2, 8), ("no_date", 2, 8)]
    # Each paper is in one of the two.
    assert ask(made, counted)[0][0] + sum(papers for _, papers, _ in ask(made, apart)) == 8


def test_a_period_is_partial_until_its_last_day_was_looked_at(ask: Ask) -> None:
    months = "SELECT DISTINCT period::VARCHAR, is_partial FROM mart.keyword_monthly WHERE scope = 'all' ORDER BY ALL"
    days = ("2024-02-01", "2024-03-01", "2024-03-02")
    assert ask(papers(*days, seen="2024-03-31"), months) == [("2024-02-01", False), ("2024-03-01", False)]
    assert ask(papers(*days, seen="2024-03-30"), months) == [("2024-02-01", False), ("2024-03-01", True)]


def test_a_source_that_ended_is_not_complete_because_another_goes_on(ask: Ask) -> None:
    made = papers("2024-03-01", "2024-03-02", "2024-03-03", seen="2024-03-10", sources=("ended",))
    made += [("late", "2024-03-20", "2024-04-10", ["going"], "cs.X", ["tea"])]
    made[0] = (*made[0][:3], ["ended", "going"], *made[0][4:])
    months = "SELECT scope, is_partial FROM mart.scope_periods WHERE unit = 'month' AND scope NOT LIKE '%:%ing' "
    assert ask(made, f"{months} AND scope NOT LIKE 'category:%' ORDER BY ALL") == [
        ("all", False),
        ("source:ended", True),
    ]


def test_every_view_keeps_its_grain(ask: Ask, connection: duckdb.DuckDBPyConnection) -> None:
    ask(papers("2024-01-01", "2024-01-02", "2024-02-03", "2025-01-01", sources=("one", "two")), "SELECT 1")
    views = [query for query in queries.read("marts", "mart") if not query.is_stored]
    assert len(views) >= 4
    for query in views:
        assert connection.execute(f"SELECT count(*) > 0 FROM {query.table}").fetchall() == [(True,)]
        queries.prove_grain(connection, query.table, query.grain)


SHARES = st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(shares=st.lists(SHARES, min_size=1, max_size=50))
@example(
    shares=[(0, 1), (1, 1), (0, 10**9), (10**9, 10**9), (1, 10**9), (10**9 - 1, 10**9), (5, 10), (4, 3_000_000_000)]
)
def test_the_wilson_interval_holds_the_share(
    shares: list[tuple[int, int]], connection: duckdb.DuckDBPyConnection
) -> None:
    values = ", ".join(f"({part}, {whole})" for part, whole in shares)
    found = connection.execute(
        "SELECT part, whole, wilson_low(part, whole), part / whole, wilson_high(part, whole) "
        f"FROM (VALUES {values}) AS v(part, whole)"
    ).fetchall()
    for part, whole, low, share, high in found:
        assert 0 <= low <= share <= high <= 1
        assert (low == 0) == (part == 0)
        assert (high == 1) == (part == whole)
        if whole < 2**31:
            reference = binomtest(part, whole).proportion_ci(0.95, "wilson")
            assert (low, high) == pytest.approx((reference.low, reference.high), rel=1e-9, abs=1e-12)


def test_a_share_of_nothing_has_no_interval(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("SELECT wilson_low(0, 0), wilson_high(0, 0)").fetchall() == [(None, None)]


def test_a_week_begins_on_monday(ask: Ask) -> None:
    found = ask(
        papers("2023-12-31", "2024-01-01", "2024-12-30", seen="2025-01-01"),
        "SELECT DISTINCT period FROM mart.keyword_weekly ORDER BY ALL",
    )
    assert found == [(dt.date(2023, 12, 25),), (dt.date(2024, 1, 1),), (dt.date(2024, 12, 30),)]


def test_the_association_of_a_pair_is_its_normalised_information(ask: Ask) -> None:
    """Six papers with both of two keywords, one and two with either alone, and three others: a = 7, b = 8, N = 12."""
    made = [
        (f"p{number}", "2024-01-01", "2024-03-31", ["one"], None, keywords)
        for number, keywords in enumerate([["a", "b"]] * 6 + [["a"]] + [["b"]] * 2 + [["c"]] * 3)
    ]
    found = ask(made, "SELECT keyword_a, keyword_b, papers, association FROM mart.keyword_pairs")
    wanted = math.log(6 * 12 / (7 * 8)) / -math.log(6 / 12)
    assert found == [("a", "b", 6, pytest.approx(wanted, abs=1e-9))]
    always = [(paper, *rest, ["a", "b"]) for paper, *rest, _ in made]
    assert ask(always, "SELECT papers, association FROM mart.keyword_pairs") == [(12, 1.0)]
    apart = ask(made[:2] + made[6:], "SELECT count(*) FROM mart.keyword_pairs")
    assert apart == [(0,)]

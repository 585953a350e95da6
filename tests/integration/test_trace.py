"""From any figure to its papers, and to the bytes that each was read from."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from etl import published
from etl.errors import SettingsError, UnknownNameError
from etl.figures import Figure, period_of
from etl.settings import Settings
from tests.warehouses import rows

Records = list[dict[str, Any]]


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    found = rows(settings.current / "papers.duckdb", sql)
    assert found, sql
    return found


def papers(records: Records) -> int:
    return len({record["paper_id"] for record in records})


@pytest.mark.parametrize(("mart", "form"), [("weekly", "%G-W%V"), ("monthly", "%Y-%m"), ("yearly", "%Y")])
@pytest.mark.parametrize("scope", ["all", "source:", "category:"])
def test_a_keyword_has_as_many_papers_as_its_figure_says(
    mart: str, form: str, scope: str, sample_warehouse: Settings
) -> None:
    figures = (
        f"SELECT keyword, scope, period, papers FROM mart.keyword_{mart} WHERE starts_with(scope, '{scope}') "
        "ORDER BY papers DESC, hash(keyword || scope || period) LIMIT 6"
    )
    for keyword, found, period, said in ask(sample_warehouse, figures):
        figure = Figure((keyword,), period=period.strftime(form), scope=found)
        assert papers(published.trace_figure(sample_warehouse, figure)) == said, figure


def test_a_pair_has_as_many_papers_as_its_figure_says(sample_warehouse: Settings) -> None:
    figures = "SELECT keyword_a, keyword_b, papers FROM mart.keyword_pairs ORDER BY papers DESC, keyword_a, keyword_b"
    for one, other, said in ask(sample_warehouse, f"{figures} LIMIT 5"):
        assert papers(published.trace_figure(sample_warehouse, Figure((other, one)))) == said


def test_a_theme_has_as_many_papers_as_its_figure_says(sample_warehouse: Settings) -> None:
    for theme, year, said in ask(
        sample_warehouse, "SELECT theme, year(period), papers FROM mart.keyword_themes LIMIT 5"
    ):
        assert papers(published.trace_figure(sample_warehouse, Figure(theme=theme, period=str(year)))) == said


def test_a_share_of_code_has_as_many_papers_as_it_says(sample_warehouse: Settings) -> None:
    cells = (
        "SELECT period, topic, papers, linked, promised FROM mart.code_availability ORDER BY linked DESC, ALL LIMIT 9"
    )
    for period, topic, *said in ask(sample_warehouse, cells.replace(", ALL", ", topic, period")):
        for statement, number in zip((None, "linked", "promised"), said, strict=True):
            figure = Figure(topic=topic, statement=statement, period=f"{period:%Y-%m}")
            assert papers(published.trace_figure(sample_warehouse, figure)) == number, figure


def test_the_bytes_of_a_figure_are_its_records(sample_warehouse: Settings) -> None:
    ((keyword, period),) = ask(
        sample_warehouse,
        "SELECT keyword, period FROM mart.keyword_monthly WHERE scope = 'all' ORDER BY papers DESC, keyword LIMIT 1",
    )
    records = published.trace_figure(sample_warehouse, Figure((keyword,), period=f"{period:%Y-%m}"))
    titles = dict(ask(sample_warehouse, "SELECT paper_id, title FROM core.papers"))
    assert records
    for record in records:
        data = published.record_bytes(sample_warehouse, record)
        assert len(data) == record["record_length"]
        said = data.decode()
        if record["source"] != "hf_papers_page":
            read = json.loads(said)
            said = str((read.get("paper") or read)["title"])
        shown = " ".join(said.lower().split())
        assert titles[record["paper_id"]].lower()[:40] in shown


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2024-W01", "2024-01-01", "2024-01-08"),
        ("2020-W53", "2020-12-28", "2021-01-04"),
        ("2024-01-03", "2024-01-01", "2024-01-08"),
    ],
)
def test_periods_are_read_as_the_marts_name_them(text: str, first: str, after: str) -> None:
    assert period_of(text) == (dt.date.fromisoformat(first), dt.date.fromisoformat(after))


@pytest.mark.parametrize("text", ["", "June", "2024-13", "2024-W54", "0000", "9999", "2024-02-30", "٢٠٢٤"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--period"):
        period_of(text)


@pytest.mark.parametrize(
    "figure",
    [
        Figure(("no such keyword",), period="2025-06"),
        Figure(theme="no such theme", period="2025"),
        Figure(topic="no such topic"),
        Figure(("speculative decoding",), scope="source:nobody"),
        Figure(topic="all", statement="whispered"),
    ],
)
def test_names_that_are_none_are_refused_with_those_that_are_near(figure: Figure, sample_warehouse: Settings) -> None:
    with pytest.raises(UnknownNameError) as caught:
        published.trace_figure(sample_warehouse, figure)
    assert 1 <= len(caught.value.known) <= 3

"""The views of the dashboard say what the database says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Reader

Figures = Callable[[str], list[tuple[Any, ...]]]

VIEWS = {
    "": "Rising and falling keywords",
    "keywords?k=world models": "Keyword explorer",
    "code": "Code availability",
    "promises": "Promises kept",
    "repositories": "Repositories",
    "trending": "Trending papers",
    "quality": "Data quality",
    "method": "How each figure is made",
    "search?q=attention": "Search",
}


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens_by_its_address(view: str, site: str, reader: Reader) -> None:
    page = reader.open(site, view)
    assert page.get_by_role("heading", level=1).inner_text() == VIEWS[view]
    assert page.title() == f"{VIEWS[view]} – paper-trends"
    assert page.locator("#views a[aria-current=page]").count() == (0 if view.startswith("search") else 1)
    assert page.locator("main [role=alert]").count() == 0


def test_the_first_view_counts_as_the_database_does(site: str, reader: Reader, figures: Figures) -> None:
    reader.open(site)
    (papers, keywords, repositories, linked, promises, as_of) = figures(
        "SELECT (SELECT count(*) FROM core.papers), (SELECT count(*) FROM core.keywords), "
        "(SELECT count(*) FROM core.repositories), "
        "(SELECT count(*) FROM core.code_statements WHERE statement = 'linked'), "
        "(SELECT count(*) FROM mart.code_promises), (SELECT max(observed_on)::VARCHAR FROM core.paper_observations)"
    )[0]
    assert reader.cards() == {
        "as of": as_of,
        "papers": str(papers),
        "keywords": str(keywords),
        "papers with code": str(linked),
        "repositories": str(repositories),
        "promises of code": str(promises),
    }


@pytest.mark.parametrize(("caption", "sign"), [("Rising keywords", ">"), ("Falling keywords", "<")])
def test_keywords_rise_and_fall_as_in_the_mart(
    caption: str, sign: str, site: str, reader: Reader, figures: Figures
) -> None:
    wanted = figures(
        "SELECT keyword, growth, papers FROM mart.keyword_trends WHERE scope = 'all' AND papers >= 5 "
        f"AND emergence {sign} 0 ORDER BY abs(emergence) DESC, papers DESC, keyword LIMIT 25"
    )
    page = reader.open(site)
    shown = reader.table(caption)
    assert [(row[0], row[-1]) for row in shown] == [(keyword, str(papers)) for keyword, _, papers in wanted]
    for row, (_, growth, _) in zip(shown, wanted, strict=True):
        assert row[6] == signed(growth)
    for row in shown[:5]:
        part, whole = figures(
            "SELECT sum(papers)::BIGINT, sum(papers_total)::BIGINT FROM (SELECT period, papers_total, "
            "row_number() OVER (ORDER BY period DESC) AS age, count(*) OVER () AS months FROM mart.scope_periods "
            "WHERE scope = 'all' AND unit = 'month' AND NOT is_partial AND papers_total >= 5) LEFT JOIN "
            "(SELECT period, papers FROM mart.keyword_monthly WHERE scope = 'all' "
            f"AND keyword = '{row[0]}') USING (period) WHERE age <= ceil(months / 3)"
        )[0]
        assert float(row[2].removesuffix(" %")) == pytest.approx(100 * part / whole, rel=0.006)
    table = page.get_by_role("table", name=caption, exact=True)
    assert table.locator("polyline").count() == len(wanted) > 0
    assert table.locator(".now .reach").count() == table.locator(".then .reach").count() == len(wanted)


def signed(figure: float) -> str:
    return f"{figure:+.2f}".replace("-", "−")


def test_a_keyword_has_its_months(site: str, reader: Reader, figures: Figures) -> None:
    wanted = {
        period: (papers, total)
        for period, papers, total in figures(
            "SELECT strftime(period, '%Y-%m'), papers, papers_total FROM mart.keyword_monthly "
            "WHERE keyword = 'world models' AND scope = 'all'"
        )
    }
    page = reader.open(site, "keywords?k=world models&years=all")
    page.get_by_text("Figures by month").click()
    rows = reader.table("Papers and share by month, all papers")
    shown = {row[0].removesuffix(" (not over)"): (int(row[2].split(" ")[0]), int(row[1])) for row in rows}
    assert {period: figures for period, figures in shown.items() if figures[0]} == wanted
    partial = figures(
        "SELECT strftime(period, '%Y-%m') FROM mart.scope_periods WHERE scope = 'all' AND unit = 'month' AND is_partial"
    )
    assert [row[0] for row in rows if row[0].endswith("(not over)")] == [
        f"{period} (not over)" for (period,) in partial
    ]
    page.locator(".chart svg").wait_for()


@pytest.mark.parametrize("scope", ["all", "source:hf_daily"])
def test_the_papers_behind_a_point_are_those_that_it_counts(
    scope: str, site: str, reader: Reader, figures: Figures
) -> None:
    period, papers = figures(
        "SELECT strftime(period, '%Y-%m'), papers FROM mart.keyword_monthly "
        f"WHERE keyword = 'world models' AND scope = '{scope}' ORDER BY papers DESC, period LIMIT 1"
    )[0]
    titles = figures(
        "SELECT title FROM core.papers INNER JOIN core.paper_keywords USING (paper_id) "
        f"WHERE keyword = 'world models' AND strftime(papers.published_on, '%Y-%m') = '{period}' "
        f"AND ('{scope}' = 'all' OR paper_id IN (SELECT paper_id FROM core.paper_observations "
        f"WHERE 'source:' || source = '{scope}'))"
    )
    chosen = "" if scope == "all" else f"&scope={scope}"
    page = reader.open(site, f"keywords?k=world models{chosen}&at={period}")
    shown = page.locator("#behind .paper .title").all_inner_texts()
    assert len(shown) == papers
    assert sorted(shown) == sorted(title for (title,) in titles)


def test_a_click_on_a_point_lists_its_papers(site: str, reader: Reader) -> None:
    page = reader.open(site, "keywords?k=world models")
    points = page.locator(".chart .mark-symbol path")
    points.first.wait_for()
    points.last.click()
    page.wait_for_url("**at=*")
    page.locator("#behind[open]").wait_for()


def test_several_keywords_are_compared(site: str, reader: Reader, figures: Figures) -> None:
    page = reader.open(site, "keywords?k=world models")
    page.get_by_label("Compare with", exact=True).fill("sparse attention")
    page.get_by_role("button", name="Add").click()
    reader.shown("keywords?k=world models&k=sparse attention")
    assert [row[0] for row in reader.table("Trend")] == ["world models", "sparse attention"]
    assert page.locator(".legend li").all_inner_texts() == ["● world models", "■ sparse attention"]
    page.get_by_role("link", name="Remove world models").click()
    reader.shown("keywords?k=sparse attention")
    assert [row[0] for row in reader.table("Trend")] == ["sparse attention"]


def test_co_words_are_those_of_the_mart(site: str, reader: Reader, figures: Figures) -> None:
    keyword = figures(
        "SELECT keyword FROM (SELECT unnest([keyword_a, keyword_b]) AS keyword FROM mart.keyword_pairs) "
        "GROUP BY keyword ORDER BY count(*) DESC, keyword LIMIT 1"
    )[0][0]
    wanted = figures(
        f"SELECT CASE WHEN keyword_a = '{keyword}' THEN keyword_b ELSE keyword_a END AS other, papers::VARCHAR "
        f"FROM mart.keyword_pairs WHERE '{keyword}' IN (keyword_a, keyword_b) "
        "ORDER BY association DESC, papers DESC, other LIMIT 30"
    )
    reader.open(site, f"keywords?k={keyword}")
    rows = reader.table("Co-words: keywords of the same papers")
    assert [(row[0], row[1]) for row in rows] == wanted


def test_another_spelling_leads_to_the_keyword(site: str, reader: Reader, figures: Figures) -> None:
    spelling, keyword = figures(
        "SELECT spelling, keyword FROM (SELECT unnest(variants) AS spelling, keyword FROM core.keywords) "
        "WHERE spelling <> keyword ORDER BY ALL LIMIT 1"
    )[0]
    page = reader.open(site, f"keywords?k={spelling}")
    assert page.get_by_text(f"“{spelling}” is counted as “{keyword}”.").is_visible()
    assert page.get_by_role("heading", level=2, name=keyword, exact=True).is_visible()


def test_an_unknown_keyword_says_so(site: str, reader: Reader) -> None:
    page = reader.open(site, "keywords?k=world modelz")
    assert page.get_by_role("status").inner_text().startswith("No keyword “world modelz”.")


def test_code_is_as_available_as_in_the_mart(site: str, reader: Reader, figures: Figures) -> None:
    page = reader.open(site, "code?years=all")
    page.locator(".chart svg").wait_for()
    page.get_by_text("Figures by month").click()
    wanted = figures(
        "SELECT strftime(period, '%Y-%m') || CASE WHEN is_partial THEN ' (not over)' ELSE '' END, papers::VARCHAR, "
        "linked::VARCHAR, promised::VARCHAR, on_request::VARCHAR, unknown::VARCHAR "
        "FROM mart.code_availability WHERE topic = 'all' ORDER BY period DESC"
    )
    rows = reader.table("Papers that name their code, by month")
    assert [(row[0], *row[2:7]) for row in rows] == wanted
    topics = {row[0]: row[1:4] for row in reader.table("The last twelve months of data, by category")}
    recent = figures(
        "SELECT topic, sum(papers)::BIGINT::VARCHAR, sum(linked)::BIGINT::VARCHAR, sum(promised)::BIGINT::VARCHAR "
        "FROM mart.code_availability WHERE period > (SELECT max(period) - INTERVAL 1 YEAR FROM mart.code_availability) "
        "AND (topic = 'all' OR topic IN (SELECT primary_category FROM core.papers)) GROUP BY topic"
    )
    assert topics == {("all papers" if topic == "all" else topic): list(counts) for topic, *counts in recent}


def test_topics_are_compared(site: str, reader: Reader, figures: Figures) -> None:
    topic = figures("SELECT min(topic) FROM mart.code_availability WHERE topic LIKE 'cs.%'")[0][0]
    page = reader.open(site, "code?years=all")
    page.get_by_role("link", name=topic, exact=True).click()
    reader.shown(f"code?t=all&t={topic}&years=all")
    page.locator(".chart svg").wait_for()
    assert page.get_by_role("link", name=f"Remove {topic}").is_visible()


def test_promises_are_those_of_the_mart(site: str, reader: Reader, figures: Figures) -> None:
    all_of_them, kept = figures("SELECT count(*), count(kept_on) FROM mart.code_promises")[0]
    page = reader.open(site, "promises")
    assert reader.cards() == {"promises": str(all_of_them), "kept": str(kept), "still open": str(all_of_them - kept)}
    first = figures(
        "SELECT title, days_to_code FROM mart.code_promises INNER JOIN core.papers USING (paper_id) "
        "WHERE kept_on IS NOT NULL ORDER BY kept_on DESC, promised_on DESC, paper_id LIMIT 1"
    )[0]
    item = page.locator(".paper").first
    assert item.locator(".title").inner_text() == first[0]
    assert f"after {first[1]} day" in item.inner_text()
    page.locator(".chart svg").wait_for()
    months = reader.table("By the month of the promise")
    assert sum(int(row[1]) for row in months) == all_of_them
    assert sum(int(row[2]) for row in months) == kept


def test_repositories_and_the_papers_of_one(site: str, reader: Reader, figures: Figures) -> None:
    url, papers = figures(
        "SELECT repository_url, papers FROM mart.repository_papers ORDER BY papers DESC, stars DESC NULLS LAST, "
        "repository_url LIMIT 1"
    )[0]
    page = reader.open(site, "repositories?list=papers")
    row = reader.table("Most papers")[0]
    assert row[:2] == [url.removeprefix("https://github.com/"), str(papers)]
    states = figures("SELECT state, count(*)::VARCHAR FROM core.repositories GROUP BY state")
    assert reader.cards() == dict(states)
    page.get_by_role("link", name=row[0], exact=True).click()
    page.get_by_role("heading", level=2, name=f"{papers} paper").wait_for()
    assert page.locator(".paper").count() == papers


@pytest.mark.parametrize("name", ["rising", "moved", "gone"])
def test_lists_of_repositories_name_what_is_in_them(name: str, site: str, reader: Reader, figures: Figures) -> None:
    gone = "state IN ('gone', 'archived', 'empty', 'squatted')"
    moved = "state = 'renamed'"
    rising = f"stars_velocity > 0 AND papers > 0 AND NOT {gone} AND NOT {moved}"
    wanted = {"rising": rising, "moved": moved, "gone": gone}[name]
    (count,) = figures(
        "SELECT count(*) FROM core.repositories AS known LEFT JOIN mart.repository_papers AS figures "
        f"USING (repository_url) WHERE {wanted.replace('state', 'known.state')}"
    )[0]
    page = reader.open(site, f"repositories?list={name}")
    assert page.locator("tbody tr").count() == min(count, 200)


def test_trending_papers_stand_in_their_order_with_reasons(site: str, reader: Reader, figures: Figures) -> None:
    listed = figures(
        "SELECT title, upvotes, position FROM mart.trending_papers INNER JOIN core.papers USING (paper_id) "
        "WHERE observed_on = (SELECT max(observed_on) FROM mart.trending_papers) ORDER BY rank"
    )
    page = reader.open(site, "trending")
    assert page.locator(".ranked .title").all_inner_texts() == [title for title, _, _ in listed]
    for said, (_, upvotes, position) in zip(page.locator(".why").all_inner_texts(), listed, strict=True):
        assert f"{upvotes} vote" in said
        assert f"place {position} in" in said
        assert "listed for the first time" in said or "since 20" in said


def test_a_day_can_be_chosen(site: str, reader: Reader, figures: Figures) -> None:
    day, title = figures(
        "SELECT observed_on::VARCHAR, title FROM mart.trending_papers INNER JOIN core.papers USING (paper_id) "
        "WHERE rank = 1 ORDER BY observed_on LIMIT 1"
    )[0]
    page = reader.open(site, "trending")
    page.get_by_label("Day").select_option(day)
    reader.shown(f"trending?day={day}")
    assert page.locator(".ranked .title").first.inner_text() == title


def test_quality_shows_dumps_rejected_records_and_validations(site: str, reader: Reader, figures: Figures) -> None:
    reader.open(site, "quality")
    dumps = figures(
        "SELECT replace(source, '_', ' '), count(*)::VARCHAR, sum(records)::BIGINT::VARCHAR, "
        "sum(loaded)::BIGINT::VARCHAR FROM core.dumps WHERE status = 'loaded' GROUP BY source ORDER BY source"
    )
    assert [tuple(row[:4]) for row in reader.table("Dumps by source")] == dumps
    rejected = figures(
        "SELECT replace(source, '_', ' '), replace(reason, '_', ' '), count(*)::VARCHAR FROM ops.rejected "
        "GROUP BY source, reason ORDER BY source, reason"
    )
    assert [tuple(row[:3]) for row in reader.table("Rejected records, by source and reason")] == rejected
    (checked, missed) = figures(
        'SELECT count(DISTINCT ("table", expectation)), count(DISTINCT ("table", expectation)) '
        "FILTER (NOT is_met) FROM ops.validations"
    )[0]
    shown = reader.table("Expectations, those that were not met first")
    assert len(shown) == checked
    assert sum("not met" in row[3] for row in shown) == missed


def test_each_figure_is_explained_in_the_words_of_the_database(site: str, reader: Reader, figures: Figures) -> None:
    page = reader.open(site)
    page.get_by_text("How these figures are made").click()
    comment = figures(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'keyword_trends' AND column_name = 'growth'"
    )[0][0]
    assert comment in page.locator(".made").inner_text()
    reader.open(site, "method?table=mart.keyword_trends")
    columns = figures(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = 'keyword_trends' "
        "AND schema_name = 'mart' ORDER BY column_index"
    )
    assert [tuple(row) for row in reader.table("Columns of mart.keyword_trends")] == columns


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_how_its_figures_are_made(view: str, site: str, reader: Reader) -> None:
    if view.startswith(("search", "method")):
        pytest.skip("lists, and the dictionary itself")
    page = reader.open(site, view)
    said = page.locator(".made dd").all_text_contents()
    assert said
    assert "not described" not in said


def test_tables_sort_by_their_heads(site: str, reader: Reader) -> None:
    page = reader.open(site)
    page.get_by_role("table", name="Rising keywords").get_by_role("button", name="Papers").click()
    papers = [int(row[-1].replace(",", "")) for row in reader.table("Rising keywords")]
    assert papers == sorted(papers, reverse=True)
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Papers")

"""How the page is used: search, keyboard, assistive technology, phones, paper; and what hostile text does not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.settings import Settings
from tests.browser.conftest import HOSTILE, Reader
from tests.browser.served import served
from tests.browser.test_views import VIEWS
from tests.conftest import settings_at

Figures = Callable[[str], list[tuple[Any, ...]]]


def test_the_search_finds_keywords_papers_and_repositories(site: str, reader: Reader, figures: Figures) -> None:
    page = reader.open(site)
    page.get_by_role("searchbox").fill("world models")
    reader.shown("search?q=world models")
    titles = figures(
        "SELECT title FROM core.papers WHERE regexp_matches(lower(title), '\\bworld\\b') "
        "AND regexp_matches(lower(title), '\\bmodels')"
    )
    status = page.get_by_role("status").inner_text()
    assert f" {len(titles)} paper" in status
    assert page.get_by_role("link", name="world models", exact=True).first.is_visible()
    shown = page.locator(".paper .title").all_inner_texts()
    assert set(shown) <= {title for (title,) in titles}
    assert len(shown) == min(20, len(titles)) > 0


@pytest.mark.parametrize("table", ["core.keywords", "core.papers", "core.repositories"])
def test_whatever_there_is_can_be_found(table: str, site: str, reader: Reader, figures: Figures) -> None:
    """The hundredth of each kind, whichever that is."""
    column = {"core.keywords": "keyword", "core.papers": "title", "core.repositories": "repository_url"}[table]
    (text,) = figures(f"SELECT {column} FROM {table} ORDER BY hash({column}) LIMIT 1 OFFSET 100")[0]
    page = reader.open(site, f"search?q={text}" if "&" not in text and "#" not in text else "search")
    shown = page.locator("main").inner_text()
    assert text.removeprefix("https://github.com/") in shown


@pytest.mark.parametrize("form", ["{}", "arXiv:{}", "https://arxiv.org/abs/{}v2"])
def test_a_paper_is_found_by_its_identifier(form: str, site: str, reader: Reader, figures: Figures) -> None:
    arxiv_id, title = figures(
        "SELECT arxiv_id, title FROM core.papers WHERE arxiv_id IS NOT NULL ORDER BY ALL LIMIT 1"
    )[0]
    page = reader.open(site)
    page.get_by_role("searchbox").fill(form.format(arxiv_id))
    page.get_by_role("status").wait_for()
    assert page.locator(".paper .title").all_inner_texts() == [title]


def test_the_last_word_may_be_a_beginning(site: str, reader: Reader) -> None:
    page = reader.open(site, "search?q=world mod")
    assert page.get_by_role("link", name="world models", exact=True).first.is_visible()


def test_what_is_not_there_is_not_found(site: str, reader: Reader) -> None:
    page = reader.open(site, "search?q=xylophagous")
    assert page.get_by_role("status").inner_text() == "“xylophagous”: 0 keywords, 0 papers, 0 repositories."


def test_suggestions_come_while_typing(site: str, reader: Reader) -> None:
    page = reader.open(site, "keywords")
    page.get_by_label("Keyword", exact=True).press_sequentially("world mod")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#known-keywords option')].some(one => one.value === 'world models')"
    )


def test_back_and_forward_lead_through_the_views(site: str, reader: Reader) -> None:
    page = reader.open(site)
    page.get_by_role("link", name="Promises", exact=True).click()
    reader.shown("promises")
    page.get_by_role("link", name="Quality", exact=True).click()
    reader.shown("quality")
    page.go_back()
    reader.shown("promises")
    page.go_forward()
    reader.shown("quality")


def test_everything_is_reached_by_keyboard(site: str, reader: Reader) -> None:
    page = reader.open(site)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "query"
    page.keyboard.type("world models")
    page.keyboard.press("Enter")
    reader.shown("search?q=world models")
    page.locator("main a").first.focus()
    page.keyboard.press("Enter")
    reader.shown("keywords?k=world models")
    assert page.evaluate("() => document.activeElement.tagName") == "H1"
    page.get_by_text("Figures by month").focus()
    page.keyboard.press("Enter")
    link = page.locator(".monthly a").first
    link.focus()
    page.keyboard.press("Enter")
    page.locator("#behind[open] .paper").first.wait_for()


@pytest.mark.parametrize("reader", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_axe_finds_nothing_wrong(site: str, reader: Reader) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    found = {}
    for view in VIEWS:
        page = reader.open(site, view)
        for chart in page.locator(".chart").all():
            chart.locator("svg").wait_for()
        page.evaluate("() => { for (const part of document.querySelectorAll('details')) part.open = true; }")
        violations = axe.run(page).response["violations"]
        found[view] = [(wrong["id"], [node["html"][:200] for node in wrong["nodes"][:3]]) for wrong in violations]
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("reader", [{"viewport": {"width": 360, "height": 740}}], indirect=True)
def test_a_phone_needs_no_sideways_scrolling(site: str, reader: Reader) -> None:
    for view in VIEWS:
        page = reader.open(site, view)
        page.wait_for_timeout(100)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, view


def test_print_leaves_out_what_paper_cannot_do(site: str, reader: Reader) -> None:
    page = reader.open(site)
    page.emulate_media(media="print")
    assert not page.locator("header").is_visible()
    assert not page.get_by_label("Scope").is_visible()
    assert page.get_by_role("table", name="Rising keywords").is_visible()


def test_hostile_text_is_only_text(hostile_site: str, reader: Reader) -> None:
    page = reader.open(hostile_site, "trending")
    shown = page.locator(".ranked .title").all_inner_texts()
    assert {title.replace("\u202e", "").replace("\u202c", "") for title in HOSTILE} <= {
        title.replace("\u202e", "").replace("\u202c", "") for title in shown
    }
    for view in ("", "keywords", "code", "promises", "repositories", "quality", "method", "search?q=window"):
        page = reader.open(hostile_site, view)
        assert page.locator("main script, main img, main [onerror], main [onload]").count() == 0
    assert page.locator(".paper").count() > 3
    for link in page.locator("a").all():
        assert (link.get_attribute("href") or "").startswith(("#/", "#main", "https://", "../")), link


@pytest.mark.parametrize(
    "address",
    [
        "<img src=x onerror=window.struck=1>",
        "keywords?k=<img src=x onerror=window.struck=1>&scope=<b>&years=-1&at=2025-99",
        "keywords?k=world models&scope=nowhere",
        "code?t=<script>window.struck=1</script>&years=x",
        "repositories?url=javascript:window.struck=1",
        "repositories?list=__proto__",
        "trending?day=2025-13-45",
        "method?table=<b>x</b>",
        "search?q=<svg onload=window.struck=1>",
        "search?q=..%2F..%2Fetc",
        "__proto__",
        "?scope=nowhere",
        "keywords?k=" + "x" * 5000,
    ],
)
def test_whatever_stands_in_the_address_there_is_a_page(address: str, site: str, reader: Reader) -> None:
    page = reader.open(site)
    page.evaluate("address => { location.hash = '#/' + address; }", address)
    page.wait_for_function("() => document.getElementById('main').dataset.view === location.hash")
    assert page.locator("main h1").count() == 1
    assert page.locator("main script, main img, main svg[onload]").count() == 0


def test_an_empty_warehouse_says_so(empty_site: str, reader: Reader) -> None:
    page = reader.open(empty_site)
    assert page.get_by_role("heading", name="Nothing is loaded yet").is_visible()
    for view, title in VIEWS.items():
        page = reader.open(empty_site, view)
        assert page.get_by_role("heading", level=1).inner_text() == title
        assert page.locator("[role=alert]").count() == 0


def test_a_page_whose_snapshot_is_gone_says_so(sample_warehouse: Settings, reader: Reader, tmp_path: Path) -> None:
    copy = tmp_path / "warehouse"
    shutil.copytree(sample_warehouse.current.resolve(), copy / "published" / "now", symlinks=True)
    (copy / "current").symlink_to("published/now")
    with served(settings_at(copy)) as address:
        page = reader.open(address)
        shutil.rmtree(copy / "published" / "now" / "dashboard" / "data")
        page.get_by_role("link", name="Promises", exact=True).click()
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("button", name="Load the page again").is_visible()
    assert all("404" in message for message in reader.wrong)
    reader.wrong.clear()


def test_a_page_opened_from_disk_says_what_it_needs(sample_warehouse: Settings, reader: Reader) -> None:
    page = reader.page
    page.goto((sample_warehouse.current.resolve() / "dashboard" / "index.html").as_uri())
    assert "etl serve" in page.locator("#waiting").inner_text()
    page.wait_for_timeout(300)
    reader.wrong.clear()


def test_the_folder_leads_to_its_page(site: str, reader: Reader) -> None:
    reader.page.goto(f"{site}current/index.html")
    reader.page.wait_for_url("**/dashboard/")
    reader.page.get_by_role("heading", level=1, name=VIEWS[""]).wait_for()

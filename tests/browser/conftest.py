"""A headless Chromium, and published snapshots for it to look at. Without Chromium or Playwright all are skipped.

Whatever a test does, the page may say nothing on the console, break nothing, open no dialog and ask nothing of any
other host or folder: that is checked after each one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import duckdb
import pytest

from etl import pipeline, serving
from etl.settings import Settings
from tests.browser import chromium
from tests.browser.served import served
from tests.conftest import settings_at
from tests.factories import daily, daily_row

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# What a title should never be able to do, in the ways that pages have been made to do it.
HOSTILE = (
    "<script>window.struck = 1</script> in the Title",
    '<img src="x" onerror="window.struck = 2"> as a Study',
    "\"><svg onload='window.struck = 3'> of Kites",
    "{{constructor.constructor('window.struck = 4')()}} and ${window.struck = 5}",
    "javascript:window.struck = 6 for Lighthouses",
    "</title></head><body onload=window.struck=7> Revisited",
    "&lt;b&gt; is no Bold, and a \u202etxet neddih\u202c is Seen",
)
HOSTILE_CODE = "https://github.com/kites/<img-src=x-onerror=window.struck=8>"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as started:
        opened = chromium.launched(started)
        if not opened:
            pytest.skip(chromium.MISSING)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site(sample_warehouse: Settings) -> Iterator[str]:
    with served(sample_warehouse) as address:
        yield address


@pytest.fixture(scope="session")
def figures(sample_warehouse: Settings) -> Callable[[str], list[tuple[Any, ...]]]:
    """Rows of the database that the page was made of."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(sample_warehouse.current / "papers.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return ask


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A snapshot of records that mean harm."""
    settings = settings_at(tmp_path_factory.mktemp("hostile") / "warehouse")
    rows = [
        daily_row(number, title=title, githubRepo=HOSTILE_CODE, authors=[{"name": f"<b>{title}</b>"}])
        for number, title in enumerate(HOSTILE, 1)
    ]
    promise = "We will release the code of <script>window.struck = 9</script> soon."
    rows.append(daily_row(90, summary=f"A study of kites and their strings in the rain. {promise}"))
    path = tmp_path_factory.mktemp("incoming") / "2025-06-12.json"
    path.write_bytes(daily(rows))
    pipeline.run(settings, [path])
    with served(settings) as address:
        yield address


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A snapshot of nothing."""
    settings = settings_at(tmp_path_factory.mktemp("empty") / "warehouse")
    pipeline.publish(settings)
    with served(settings) as address:
        yield address


class Reader:
    """A person at the page: goes to views by their addresses, and remembers what went wrong."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, site: str, view: str = "") -> Page:
        """A view, once it is shown."""
        self.page.goto("about:blank")
        self.page.goto(f"{site}current/dashboard/#/{view}")
        self.shown(view)
        return self.page

    def shown(self, view: str) -> None:
        self.page.wait_for_function(
            "view => decodeURIComponent(document.getElementById('main').dataset.view ?? '').replaceAll('+', ' ') "
            "=== view",
            arg=f"#/{view}",
        )

    def table(self, caption: str) -> list[list[str]]:
        """The cells of the table with that caption, a list a row."""
        place = self.page.get_by_role("table", name=caption, exact=True)
        rows: list[list[str]] = place.evaluate(
            "table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent.trim()))"
        )
        return rows

    def cards(self) -> dict[str, str]:
        """The figures at the top of a view."""
        found: dict[str, str] = self.page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('.figure')]"
            ".map(card => [card.children[0].textContent, card.children[1].firstChild.textContent]))"
        )
        return found


@pytest.fixture
def reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Reader]:
    context = browser.new_context(**getattr(request, "param", {}))
    found = Reader(context)
    yield found
    struck = found.page.evaluate("() => window.struck ?? null")
    context.close()
    assert struck is None
    assert found.wrong == []
    places = {urlsplit(url) for url in found.asked if not url.startswith("file:")}
    assert {place.hostname for place in places} <= {serving.HOST}
    snapshots = {place.path.split("/")[1] for place in places} - {"current"}
    assert len(snapshots) <= 1, snapshots

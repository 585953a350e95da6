"""Pictures of every view for a person to look at: light, dark, on a phone and on paper.

`python -m tests.browser.screenshots [FOLDER]` shows the warehouse of ETL_WAREHOUSE (see `make run`), which must be
published, and writes to `build/screenshots` unless told otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from etl.errors import EtlError
from etl.published import query
from etl.settings import Settings
from tests.browser import chromium
from tests.browser.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
_TWO_RISING = (
    "SELECT keyword FROM mart.keyword_trends WHERE scope = 'all' ORDER BY emergence DESC NULLS LAST, keyword LIMIT 2"
)


def views(settings: Settings) -> dict[str, str]:
    """The address of each view by the name of its picture."""
    keywords = "&".join(f"k={keyword}" for keyword in query(settings, _TWO_RISING).to_series())
    return {
        "overview": "",
        "keywords": f"keywords?{keywords}",
        "code": "code",
        "promises": "promises",
        "repositories": "repositories",
        "trending": "trending",
        "quality": "quality",
        "method": "method?table=mart.keyword_trends",
        "search": "search?q=learning",
    }


def take(page: Page, address: str, path: Path) -> None:
    """One picture of a whole view, with its charts."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("main[data-view]:not([aria-busy])")
    for chart in page.locator(".chart").all():
        chart.locator("svg").wait_for()
    page.screenshot(path=path, full_page=True)


def main(folder: Path) -> None:
    """Takes all of them."""
    settings = Settings.from_env()
    addresses = views(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, served(settings) as site:
        browser = chromium.launched(playwright)
        if not browser:
            raise SystemExit(chromium.MISSING)
        for look, options in LOOKS.items():
            page = browser.new_context(**options).new_page()
            for name, address in addresses.items():
                take(page, f"{site}current/dashboard/#/{address}", folder / f"{name}-{look}.png")
        page.emulate_media(media="print")
        take(page, f"{site}current/dashboard/", folder / "overview-print.png")
        browser.close()
    sys.stdout.write(f"screenshots: {folder}\n")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))
    except EtlError as error:
        raise SystemExit(f"error: {error}") from None

"""The dashboard of a published snapshot: how long it takes to make, how large it is, how fast a browser shows it.

`python benchmarks/dashboard.py [--database PAPERS.DUCKDB | --papers 100000 [--file SNAPSHOT]]`. Without a database a
warehouse is made of a large snapshot first. The browser is measured where Chromium and Playwright are found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import make_snapshot
import measure

sys.path.insert(0, str(measure.PROJECT))

from etl.settings import Settings

MAKE = """
import json, sys, time
from pathlib import Path
from etl import dashboard
begun, spent = time.monotonic(), time.process_time()
dashboard.write(Path(sys.argv[1]))
print(json.dumps({"wall_seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - spent}))
"""
SEARCHES = ("neural networks", "galax", "graph theory of")


def main() -> None:
    """Prints the figures, and keeps them."""
    parser = argparse.ArgumentParser(description="The dashboard: time to make, bytes, first view.")
    parser.add_argument("--database", type=Path, help="a published papers.duckdb")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a snapshot that make_snapshot.py made, with as many papers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        database = given.database or published(place, given.file, given.papers)
        facts = made(place, database.resolve()) | viewed(place)
    rows = [(name.replace("_", " "), value) for name, value in facts.items()]
    measure.show(f"dashboard of {facts['papers']:,} papers", ("figure", ""), rows)
    measure.save(f"dashboard_{round(facts['papers'], -4)}", facts)


def published(place: Path, file: Path | None, papers: int) -> Path:
    """The database of a large snapshot."""
    measure.etl(place / "source", "run", "--in-place", file or make_snapshot.write_snapshot(place, papers))
    return place / "source" / "current" / "papers.duckdb"


def made(place: Path, database: Path) -> dict[str, Any]:
    """Makes the dashboard of a database alone in its folder, as a command of its own."""
    snapshot = place / "shown" / "published" / "snapshot"
    snapshot.mkdir(parents=True)
    (snapshot / "papers.duckdb").symlink_to(database)
    (place / "shown" / "current").symlink_to("published/snapshot")
    run = measure.command([sys.executable, "-c", MAKE, str(snapshot)])
    taken = {name: round(value, 2) for name, value in json.loads(run.output.splitlines()[-1]).items()}
    sizes = [path.stat().st_size for path in (snapshot / "dashboard").rglob("*") if path.is_file()]
    return {
        "papers": measure.count(place / "shown", "core.papers"),
        "keywords": measure.count(place / "shown", "core.keywords"),
        "months_of_keywords": measure.count(place / "shown", "mart.keyword_monthly"),
        **taken,
        "peak_mb": run.peak_mb,
        "files": len(sizes),
        "megabytes": round(sum(sizes) / 1e6, 1),
        "largest_file_kb": round(max(sizes) / 1e3, 1),
    }


def viewed(place: Path) -> dict[str, Any]:
    """What a browser with an empty cache takes for the first view, for a keyword and for searches."""
    try:
        from playwright.sync_api import sync_playwright

        from tests.browser import chromium
        from tests.browser.served import served
    except ImportError:
        return {}
    warehouse = place / "shown"
    with sync_playwright() as playwright, served(Settings(warehouse, warehouse)) as site:
        browser = chromium.launched(playwright)
        if not browser:
            return {}
        found: dict[str, Any] = {}
        views = {"first_view": "", "keyword_view": "keywords?k=neural networks"}
        views |= {f"search_{number}": f"search?q={words}" for number, words in enumerate(SEARCHES, 1)}
        for name, view in views.items():
            tries = [shown(browser, f"{site}current/dashboard/#/{view}") for _ in range(3)]
            found |= {f"{name}_{what}": value for what, value in min(tries, key=lambda one: one["ms"]).items()}
        browser.close()
    return found


def shown(browser: Any, address: str) -> dict[str, int]:
    """Milliseconds until a view is there, charts included, and the kilobytes that crossed the wire for it."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    crossed = [0, 0]

    def count(event: dict[str, Any]) -> None:
        crossed[0] += event["encodedDataLength"]
        crossed[1] += 1

    session.on("Network.loadingFinished", count)
    session.send("Network.enable")
    begun = time.monotonic()
    page.goto(address)
    page.wait_for_selector("main[data-view]")
    for chart in page.locator(".chart").all():
        chart.locator("svg").wait_for()
    taken = time.monotonic() - begun
    page.wait_for_timeout(200)
    context.close()
    return {"ms": round(taken * 1000), "kb": round(crossed[0] / 1000), "requests": crossed[1]}


if __name__ == "__main__":
    main()

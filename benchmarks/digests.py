"""Digests for 1,000 subscribers: choosing what is new and writing the messages, without SMTP.

Usage: python benchmarks/digests.py WAREHOUSE SINCE (a published warehouse, and the day to tell from)
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

from measure import save

from etl.settings import Settings
from etl.steps.digest import digest, reading

SUBSCRIBERS = 1_000


def main(warehouse: Path, since: dt.date) -> None:
    """Writes the messages to files and prints seconds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = Settings.from_env({"ETL_SUBSCRIPTIONS": str(place / "subscriptions")}, warehouse)
        subscribe(settings, place / "subscriptions")
        begun, spent = time.perf_counter(), time.process_time()
        done = digest(settings, dt.datetime.now(dt.UTC), since, out=place / "out")
        seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
        size = sum(path.stat().st_size for path in (place / "out").iterdir())
    figures = {
        "subscribers": SUBSCRIBERS,
        "sent": len(done.sent),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "kilobytes_a_message": round(size / 1000 / max(1, len(done.sent))),
    }
    print(figures)
    save("digests", figures)


def subscribe(settings: Settings, folder: Path) -> None:
    """Each wants three keywords of the 600 most used, and one category."""
    with reading(settings) as connection:
        rows = connection.execute(
            "SELECT keyword FROM core.keywords ORDER BY papers DESC, keyword LIMIT 600"
        ).fetchall()
        keywords = [keyword for (keyword,) in rows]
        found = connection.execute(
            "SELECT DISTINCT primary_category FROM core.papers WHERE primary_category IS NOT NULL ORDER BY ALL"
        ).fetchall()
    categories = [category for (category,) in found] or ["cs.LG"]
    folder.mkdir()
    for number in range(SUBSCRIBERS):
        chosen = [keywords[number * step % len(keywords)] for step in (1, 7, 31)]
        (folder / f"reader{number:04d}.toml").write_text(
            f'address = "reader{number}@example.org"\nkeywords = {chosen!r}\n'
            f'categories = ["{categories[number % len(categories)]}"]\n',
            encoding="utf-8",
        )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]))

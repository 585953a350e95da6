"""The page itself: its scripts and styles, the library that draws charts, and what a browser may do with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SOURCES = Path(__file__).parent / "page"
SUFFIXES = (".html", ".css", ".js", ".svg")
CHARTS = "vega.js"
# Nothing but files of the same folder, no inline script, no eval, and no text that is parsed as markup.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    )
)


@contextmanager
def bundling() -> Iterator[Callable[[], str]]:
    """The chart library as one script, made by another thread while the block goes on."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(_bundle).result


def _bundle() -> str:
    import vl_convert

    return vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;")


def write(folder: Path, data: str, charts: str) -> Path:
    """Writes `index.html`, and beside it a folder of all else that is named after its content. Returns the page."""
    files = {path.name: path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.suffix != ".html"}
    files[CHARTS] = charts.encode()
    digest = hashlib.sha256(b"\x00".join(files.values())).hexdigest()[:16]
    assets = folder / "assets" / digest
    assets.mkdir(parents=True)
    for name, content in files.items():
        (assets / name).write_bytes(content)
    index = folder / "index.html"
    text = (SOURCES / index.name).read_text(encoding="utf-8")
    place = f"assets/{digest}/"
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{place}{name}">' for name in files if name.endswith(".js") and name != CHARTS
    )
    for mark, said in (("POLICY", POLICY), ("PRELOADS", preloads), ("ASSETS", place), ("DATA", data)):
        text = text.replace(f"{{{{{mark}}}}}", said)
    index.write_text(text, encoding="utf-8")
    return index

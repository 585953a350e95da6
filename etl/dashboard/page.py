"""The page itself: its scripts and styles, the library that draws charts, and what a browser may do with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
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


def named_after(files: Mapping[str, str]) -> str:
    """A name that follows from names and content: what is kept under it never changes. `files` holds the sha256."""
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in files.items()).encode()).hexdigest()[:16]


def write(folder: Path, data: str, charts: str) -> Path:
    """Writes `index.html`, and beside it a folder of all else that is named after its content.

    Returns the page beside `folder` that leads into it.
    """
    files = {path.name: path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.suffix != ".html"}
    files[CHARTS] = charts.encode()
    place = f"assets/{named_after({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})}/"
    (folder / place).mkdir(parents=True)
    for name, content in files.items():
        (folder / place / name).write_bytes(content)
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{place}{name}">' for name in files if name.endswith(".js") and name != CHARTS
    )
    said = {"POLICY": POLICY, "PRELOADS": preloads, "ASSETS": place, "DATA": data, "FOLDER": f"{folder.name}/"}
    _fill("index.html", folder / "index.html", said)
    return _fill("entrance.html", folder.parent / "index.html", said)


def _fill(name: str, path: Path, said: Mapping[str, str]) -> Path:
    text = (SOURCES / name).read_text(encoding="utf-8")
    for mark, value in said.items():
        text = text.replace(f"{{{{{mark}}}}}", value)
    path.write_text(text, encoding="utf-8")
    return path

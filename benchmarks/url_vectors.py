"""What three public collections of URL vectors ask, put as questions to our extractor.

A collection knows more links than we want: an adapter says which of its vectors ask for a link of ours. Ours are web
addresses with a scheme, with `www.`, or with a path behind a host; never mail addresses, other schemes, bare hosts
(`Booking.com` is a company), hosts without a dot, numbers for hosts, or addresses with credentials, see docs/links.md.
What is ours has to be found with the same canonical form; where nothing is, nothing may be found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import yaml

from etl.transforms.links import find_urls
from etl.transforms.urls import canonical

_OURS = re.compile(r"https?://|www\.|[\w.-]+\.[a-z]{2,}/.", re.IGNORECASE)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z]+[a-z0-9-]*", re.IGNORECASE)


class Vector(NamedTuple):
    """A text, and the canonical forms that are to be found in it."""

    text: str
    wanted: frozenset[str]
    found: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether what is found is what is wanted."""
        return self.wanted == self.found


def all_vectors(folder: Path) -> dict[str, list[Vector]]:
    """The vectors of each collection in the folder of hostile inputs."""
    return {
        "twitter-text": list(_twitter(folder / "twitter-text/conformance/extract.yml")),
        "linkify-it": list(_linkify(folder / "linkify-it")),
        "whatwg-url": list(_whatwg(folder / "whatwg-url/url/tests/urltestdata.json")),
    }


def _extracted(text: str, expected: list[str]) -> Vector:
    ours = (canonical(url) for url in expected if _OURS.match(url))
    return Vector(
        text, frozenset(form.key for form in ours if form), frozenset(url.key for _, _, url in find_urls(text))
    )


def _twitter(path: Path) -> Iterator[Vector]:
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    for vector in tests["urls"]:
        yield _extracted(vector["text"], vector["expected"])


def _linkify(folder: Path) -> Iterator[Vector]:
    for name in ("links.txt", "not_links.txt"):
        lines = [line for line in (folder / name).read_text(encoding="utf-8").splitlines() if not line.startswith("%")]
        for block in re.split(r"\n\s*\n", "\n".join(lines)):
            stated = [re.sub(r"\s+(?:%|//) .*$", "", line) for line in block.strip().splitlines()]
            if name == "not_links.txt":
                yield from (_extracted(line, []) for line in stated)
            elif stated:
                yield _extracted(stated[0], stated[-1:])


def _whatwg(path: Path) -> Iterator[Vector]:
    """Each http(s) address by itself: whether it is one, and what it leads to."""
    for vector in json.loads(path.read_text(encoding="utf-8")):
        if not isinstance(vector, dict) or not re.match(r"https?:", vector["input"].strip(), re.IGNORECASE):
            continue
        if vector.get("base") not in (None, "about:blank"):
            continue
        yield Vector(vector["input"], frozenset(_reference(vector)), frozenset(_parts(vector["input"])))


def _reference(vector: dict[str, Any]) -> Iterator[str]:
    """What the address leads to by the standard; nothing where it is none, or none of ours."""
    if vector.get("failure"):
        return
    text, parts = vector["input"].strip(), urlsplit(vector["href"])
    host = (parts.hostname or "").removesuffix(".")
    written = re.match(r"https?:[/\\]*([^/?#\\]*)", text, re.IGNORECASE)
    is_odd = re.search(r"[\s\\\x00-\x1f\x7f\ufeff\u200b\u2060\u00ad\u202a-\u202e]", text)
    is_doubtful = written is not None and (
        "@" in written[1] or (not written[1].isascii() and "xn--" not in host) or "%" in written[1]
    )
    if not is_odd and not is_doubtful and _NAME.fullmatch(host) and re.fullmatch(r".*\.(?:[a-z]{2,}|xn--\S+)", host):
        yield _leads_to(vector["href"])


def _parts(text: str) -> Iterator[str]:
    form = canonical(text)
    if form is not None:
        yield _leads_to(form.url)


def _leads_to(url: str) -> str:
    """Host, port and path, one spelling each: a slash at the end and escaped letters make no difference."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".").removeprefix("www.")
    port = parts.port if parts.port not in (None, 80, 443) else ""
    return f"{host}:{port}{unquote(parts.path).rstrip('/')}?{parts.query}"

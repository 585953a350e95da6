"""OPML 2.0 (http://opml.org/spec2.opml): the list of all feeds, for readers that take up many at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lxml import etree

LAYOUT = "OPML 2.0"


def write(path: Path, listed: Iterable[tuple[str, str]]) -> None:
    """An outline for each title and address."""
    document = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(document, "head"), "title").text = "paper-trends: all feeds"
    body = etree.SubElement(document, "body")
    for title, address in listed:
        etree.SubElement(body, "outline", type="rss", text=title, title=title, xmlUrl=address)
    path.write_bytes(etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True))

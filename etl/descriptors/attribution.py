"""`ATTRIBUTION.md`: whose data the snapshot holds, and under which terms. It goes wherever the snapshot goes."""

from __future__ import annotations

from etl.descriptors.base import Snapshot

FILE = "ATTRIBUTION.md"

_PAGE = """\
# Attribution

This snapshot holds metadata of papers and repositories from the sources below, each under its own terms. Who passes
data on names its source and keeps to its licence; share-alike (CC-BY-SA) holds for what is taken from that source.
Which source said what stands in `core.paper_observations`, `core.repository_observations` and `core.dumps`. Abstracts
belong to their authors or publishers, whatever the licence of a listing.

| source | what it is | publisher | licence |
|---|---|---|---|
{rows}

Figures, keywords and links were derived from them by paper-trends (MIT).
"""


def text(snapshot: Snapshot) -> str:
    """The page."""
    rows = [
        "| " + " | ".join(_cell(part) for part in (source.name, source.title, source.publisher, source.licence)) + " |"
        for source in snapshot.sources
    ]
    return _PAGE.format(rows="\n".join(rows) or "| none | | | |")


def _cell(part: str) -> str:
    return " ".join(part.split()).replace("|", "\\|").replace("<", "&lt;")

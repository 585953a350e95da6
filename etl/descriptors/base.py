"""What descriptions are made of: the snapshot, its sources, and its files with their columns."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

NAME = "paper-trends"
TITLE = "Papers, rising keywords and code"
DESCRIPTION = (
    "A snapshot of a warehouse of research papers: which keywords rise, which papers have code, where, and whether it "
    "is alive. Made from dumps of listings by paper-trends; every figure can be followed back to the bytes behind it."
)
# Names of licences as SPDX lists them; other words about licences are for people alone.
_SPDX = re.compile(r"(CC0|CC-BY(-SA|-NC|-ND)*|MIT|Apache|ODC-BY|ODbL|BSD-\d-Clause)(-\d(\.\d)?)?")


@dataclass(frozen=True)
class Column:
    """One column: `type` is one of text, integer, number, boolean, day, time and texts."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class File:
    """One file of data. Without columns it is no table."""

    path: str
    name: str
    description: str
    media_type: str
    sha256: str
    bytes: int
    rows: int
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceFacts:
    """Where papers came from, and under which terms."""

    name: str
    title: str
    publisher: str
    licence: str

    @property
    def spdx(self) -> tuple[str, ...]:
        """The licences that have a name known to all."""
        words = self.licence.replace(",", " ").replace(";", " ").split()
        return tuple(word for word in words if _SPDX.fullmatch(word))


@dataclass(frozen=True)
class Snapshot:
    """What is published: `as_of` is the last day observed, `url` where it is served or empty."""

    name: str
    as_of: dt.date | None
    url: str
    sources: tuple[SourceFacts, ...]
    files: tuple[File, ...]

    @property
    def version(self) -> str:
        """The last day observed as a version of three numbers."""
        day = self.as_of or dt.date(1970, 1, 1)
        return f"{day.year}.{day.month}.{day.day}"

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences of all sources that have a name known to all."""
        return tuple(sorted({licence for source in self.sources for licence in source.spdx}))


def licence_url(spdx: str) -> str:
    """Where the text of a licence stands."""
    return f"https://spdx.org/licenses/{spdx}.html"

"""Output formats of feeds, one file each. A query in `sql/feeds/` names those that it wants."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from etl.errors import UnknownNameError
from etl.feeds.base import Format

# What they share, and what is written of all feeds together.
_NO_FORMATS = ("__init__", "base", "opml")


def names() -> list[str]:
    """The names of all formats, without importing one."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _NO_FORMATS)


@cache
def load(name: str) -> Format:
    """The format of that name; raises UnknownNameError."""
    if name not in names():
        raise UnknownNameError("feed format", name, names())
    found = import_module(f"etl.feeds.{name}").FORMAT
    assert isinstance(found, Format)
    return found

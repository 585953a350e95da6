"""The dump formats that we read, one file each. Dropping a file in is the whole registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from etl.errors import UnknownNameError
from etl.sources.base import Head, Source

UNRECOGNISED = "unrecognised"


def names() -> list[str]:
    """The names of all sources, without importing one."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))


@cache
def load(name: str) -> Source:
    """The source of that name; raises UnknownNameError."""
    if name not in names():
        raise UnknownNameError("source", name, names())
    source = import_module(f"etl.sources.{name}").SOURCE
    assert isinstance(source, Source)
    return source


def recognise(head: Head) -> str | None:
    """The name of the source whose format the first bytes show, or None."""
    return next((name for name in names() if load(name).recognise(head)), None)

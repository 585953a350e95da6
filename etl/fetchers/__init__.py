"""What brings dumps from the network, one file for each source that they are dumps of. Dropping a file in is the whole
registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from etl.errors import UnknownNameError
from etl.fetchers.base import Fetcher


def names() -> list[str]:
    """The names of all sources that can be fetched, without importing one."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))


@cache
def load(name: str) -> Fetcher:
    """The fetcher of that name; raises UnknownNameError."""
    if name not in names():
        raise UnknownNameError("source that can be fetched", name, names())
    fetcher = import_module(f"etl.fetchers.{name}").FETCHER
    assert isinstance(fetcher, Fetcher)
    return fetcher

"""Marts that SQL cannot say well, one file each. Dropping a file in is the whole registration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from etl.marts.base import Mart


def names() -> list[str]:
    """The names of all marts in Python, without importing one."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))


@cache
def load(name: str) -> Mart:
    """The mart of that name."""
    mart = import_module(f"etl.marts.{name}").MART
    assert isinstance(mart, Mart)
    return mart

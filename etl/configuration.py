"""Tables of one's own, as the configuration file describes them. See docs/configuration.md."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path

from etl import settings
from etl.errors import ConfigurationError

DELIMITERS = (",", ";", "\t")
# Any two days that differ in all their parts: what tells them apart tells any.
_DAYS = (dt.date(1987, 2, 3), dt.date(2023, 11, 28))


@dataclass(frozen=True)
class Table:
    """Which column of a table holds what; columns that are not named are left out.

    Texts that hold lists are cut at the separators. Without a date format, days are those of ISO 8601.
    """

    name: str
    title: str
    abstract: str = ""
    authors: str = ""
    arxiv_id: str = ""
    doi: str = ""
    published_on: str = ""
    categories: str = ""
    venue: str = ""
    url: str = ""
    code: str = ""
    project: str = ""
    authors_separator: str = ";"
    categories_separator: str = ";"
    published_on_format: str = ""
    delimiter: str = ""
    licence: str = ""

    @cached_property
    def columns(self) -> dict[str, str]:
        """The names of the columns that are read, by what they hold."""
        return {name: column for name in _COLUMNS if (column := getattr(self, name))}


_COLUMNS = (
    "title",
    "abstract",
    "authors",
    "arxiv_id",
    "doi",
    "published_on",
    "categories",
    "venue",
    "url",
    "code",
    "project",
)
_KEYS = [each.name for each in fields(Table) if each.name != "name"]


@cache
def overrides_file() -> Path | None:
    """The CSV that `overrides` names, from the folder of the configuration file; raises as `tables` does."""
    path, found = _configured()
    said = found.get("overrides")
    if path is None or said is None:
        return None
    named = path.parent / said if isinstance(said, str) and said else None
    if named is None or not named.is_file():
        raise ConfigurationError(str(path), "overrides", repr(said)[:80], "the path of a CSV")
    return named


@cache
def tables() -> tuple[Table, ...]:
    """The tables that are described, by name, as they stand when a process first asks.

    Raises ConfigurationError or SettingsError.
    """
    path, found = _configured()
    if path is None:
        return ()
    described = found.get("tables", {})
    if not isinstance(described, dict):
        raise ConfigurationError(str(path), "tables", repr(described)[:80], "tables such as [tables.listing]")
    return tuple(_table(path, name, described[name]) for name in sorted(described))


def _configured() -> tuple[Path | None, dict[str, object]]:
    """The configuration file, if there is one, and what it says."""
    path = settings.configuration_file()
    if path is None:
        return None, {}
    try:
        found = tomllib.loads(path.read_bytes().decode())
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ConfigurationError(str(path), "the file", said, "readable TOML in UTF-8") from None
    _check_keys(path, "", found, ["tables", "overrides"])
    return path, found


def _table(path: Path, name: str, described: object) -> Table:
    where = f"tables.{name}"
    if not isinstance(described, dict):
        raise ConfigurationError(str(path), where, repr(described)[:80], f"a table [{where}]")
    _check_keys(path, where, described, _KEYS)
    for key, value in described.items():
        if not isinstance(value, str) or not value:
            raise ConfigurationError(str(path), f"{where}.{key}", repr(value)[:80], "a text that is not empty")
    if "title" not in described:
        raise ConfigurationError(str(path), f"{where}.title", "nothing", "the name of the column that holds the title")
    table = Table(name, **described)
    if table.delimiter not in ("", *DELIMITERS):
        raise ConfigurationError(
            str(path), f"{where}.delimiter", repr(table.delimiter), "a comma, a semicolon or a tab"
        )
    if not _is_date_format(table.published_on_format):
        found = repr(table.published_on_format)
        raise ConfigurationError(str(path), f"{where}.published_on_format", found, "a format such as %d/%m/%Y")
    return table


def _check_keys(path: Path, where: str, found: Mapping[str, object], known: list[str]) -> None:
    for key in found:
        if key not in known:
            raise ConfigurationError(
                str(path), f"{where}.{key}".strip("."), "an unknown key", f"one of {', '.join(known)}"
            )


def _is_date_format(text: str) -> bool:
    """Whether a format, if there is one, tells day, month and year."""
    try:
        return not text or all(dt.datetime.strptime(f"{day:{text}}", text).date() == day for day in _DAYS)
    except ValueError:
        return False

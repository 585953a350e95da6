"""Tables of one's own, and what is said of keywords, in the configuration file. See docs/configuration.md."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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


@dataclass(frozen=True)
class Keywords:
    """Synonyms by the keyword that they count as, terms that are no keywords, and spellings to show, as written."""

    path: str = ""
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stop_terms: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()


_KEYWORDS = [each.name for each in fields(Keywords) if each.name != "path"]
MAX_TERM = 200


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
    path, described = _section("tables", "tables such as [tables.listing]")
    return tuple(_table(path, name, described[name]) for name in sorted(described)) if path else ()


def keywords() -> Keywords:
    """What the configuration says of keywords; raises ConfigurationError or SettingsError."""
    path, said = _section("keywords", "a table [keywords]")
    if path is None:
        return Keywords()
    _check_keys(path, "keywords", said, _KEYWORDS)
    synonyms = said.get("synonyms", {})
    if not isinstance(synonyms, dict):
        raise ConfigurationError(str(path), "keywords.synonyms", repr(synonyms)[:80], "a table [keywords.synonyms]")
    listed = {keyword: _terms(path, f"synonyms.{keyword}", terms) for keyword, terms in synonyms.items()}
    _terms(path, "synonyms", list(synonyms))
    stop_terms, preferred = (_terms(path, name, said.get(name, [])) for name in ("stop_terms", "preferred"))
    return Keywords(str(path), listed, stop_terms, preferred)


def _terms(path: Path, where: str, said: object) -> tuple[str, ...]:
    """A list of terms, blanks collapsed."""
    if not isinstance(said, list):
        raise ConfigurationError(str(path), f"keywords.{where}", repr(said)[:80], "a list of terms")
    for term in said:
        if not isinstance(term, str) or not term.strip() or len(term) > MAX_TERM or not term.isprintable():
            wanted = f"a term on one line of at most {MAX_TERM} characters"
            raise ConfigurationError(str(path), f"keywords.{where}", repr(term)[:80], wanted)
    return tuple(" ".join(term.split()) for term in said)


def _section(name: str, wanted: str) -> tuple[Path | None, dict[str, object]]:
    """The configuration file, if there is one, and what one of its tables says."""
    path, found = _configured()
    said = found.get(name, {})
    if not isinstance(said, dict):
        raise ConfigurationError(str(path), name, repr(said)[:80], wanted)
    return path, said


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
    _check_keys(path, "", found, ["keywords", "overrides", "tables"])
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

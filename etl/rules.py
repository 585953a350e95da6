"""Rules for alerts, as files in a folder: what each asks for, and what is wrong with those that cannot be used."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from etl import database
from etl.errors import RuleError

CHANNELS = ("digest", "feed", "webhook")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MOST_BYTES, _MOST_REGEX, _MOST_TEXT = 64 << 10, 500, 200


@dataclass(frozen=True)
class Condition:
    """What a rule can wait for: keys that it takes besides the common ones, with their defaults; None is required."""

    about: str
    keys: Mapping[str, float | None]


CONDITIONS: Mapping[str, Condition] = {
    "share": Condition("keywords", {"above": None, "minimum_papers": 3}),
    "keyword_rank": Condition("keywords", {"top": None, "minimum_papers": 3}),
    "burst": Condition("keywords", {"above": 0.0, "minimum_papers": 5}),
    "rank": Condition("papers", {"top": None}),
    "new_code": Condition("papers", {}),
    "link_death": Condition("papers", {"minimum_papers": 1}),
}


@dataclass(frozen=True)
class Rule:
    """One rule. Texts that it does not name are empty, numbers are None; `name` is the stem of its file."""

    name: str
    when: str
    keyword: str = ""
    regex: str = ""
    category: str = ""
    above: float | None = None
    top: int | None = None
    minimum_papers: int | None = None
    cool_down_days: int = 30
    channels: tuple[str, ...] = ("feed",)
    webhook: str = ""

    @property
    def threshold(self) -> float | None:
        """What the figure is held against."""
        return self.above if self.top is None else float(self.top)

    @property
    def fingerprint(self) -> str:
        """Changes when the rule asks for something else: then it is a new rule, for which nothing has happened yet."""
        asked = (self.when, self.keyword, self.regex, self.category, self.above, self.top, self.minimum_papers)
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:12]


def read(folder: Path | None) -> tuple[list[Rule], list[RuleError]]:
    """The rules of a folder by name, and a line for all that is wrong with the others; none without a folder."""
    rules, problems = [], []
    with database.connect() as connection:
        for path in sorted(folder.glob("*.toml")) if folder else ():
            found, wrong = _read(path, connection)
            problems += wrong
            if found and not wrong:
                rules.append(found)
    return rules, problems


def _read(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[Rule | None, list[RuleError]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None, [RuleError(str(path), "the file", f"{path.stat().st_size} bytes", f"{_MOST_BYTES} at most")]
        said = tomllib.loads(path.read_bytes().decode())
    except (OSError, ValueError) as error:
        return None, [RuleError(str(path), "the file", " ".join(str(error).split())[:200], "readable TOML in UTF-8")]
    wrong = [RuleError(str(path), *problem) for problem in _problems(path.stem, said, connection)]
    return (None if wrong else _rule(path.stem, said)), wrong


def _rule(name: str, said: Mapping[str, Any]) -> Rule:
    condition = CONDITIONS[said["when"]]
    values = {**condition.keys, **said}
    keyword = " ".join(values.pop("keyword", "").lower().split())
    channels = tuple(sorted(values.pop("channels", ("feed",))))
    return Rule(name=name, keyword=keyword, channels=channels, **values)


Problem = tuple[str, str, str]


def _problems(name: str, said: Mapping[str, Any], connection: duckdb.DuckDBPyConnection) -> Iterable[Problem]:
    """Key, what was found, and what was wanted."""
    if not _NAME.fullmatch(name):
        yield "the file's name", repr(name)[:80], "small letters, digits, - and _, at most 64"
    when = said.get("when")
    if not isinstance(when, str) or when not in CONDITIONS:
        yield "when", _shown(said, "when"), f"one of {', '.join(CONDITIONS)}"
        return
    known = {*_COMMON, *CONDITIONS[when].keys}
    for key in said:
        if key not in known:
            elsewhere = [other for other, condition in CONDITIONS.items() if key in condition.keys]
            found = f"a key for {' and '.join(elsewhere)}, not for {when}" if elsewhere else "an unknown key"
            yield key, found, f"one of {', '.join(sorted(known))}"
    for key, is_right, wanted in _VALUES:
        if key in said and key in known and not is_right(said[key]):
            yield key, _shown(said, key), wanted
    for key, default in CONDITIONS[when].keys.items():
        if default is None and key not in said:
            yield key, "nothing", f"a number: {when} needs it"
    yield from _contradictions(said, when)
    yield from _pattern(said.get("regex"), connection)


_COMMON = ("when", "keyword", "regex", "category", "cool_down_days", "channels", "webhook")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and len(value) <= _MOST_TEXT and value.isprintable()


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 1_000_000


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e9


def _are_channels(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) == len({str(item) for item in value})
        and all(item in CHANNELS for item in value)
    )


_VALUES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("keyword", _is_text, "a text of at most 200 characters"),
    ("category", _is_text, "a category such as cs.LG"),
    ("regex", lambda value: isinstance(value, str) and 0 < len(value) <= _MOST_REGEX, "a text of 1 to 500 characters"),
    ("above", _is_number, "a number from 0"),
    ("top", lambda value: _is_whole(value, 1), "a whole number from 1"),
    ("minimum_papers", lambda value: _is_whole(value, 1), "a whole number from 1"),
    ("cool_down_days", lambda value: _is_whole(value, 0), "a whole number of days from 0"),
    ("channels", _are_channels, f"a list of one or more of {', '.join(CHANNELS)}, each once"),
    (
        "webhook",
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9_]{1,64}", value)),
        "a name in small letters, digits and _",
    ),
)


def _contradictions(said: Mapping[str, Any], when: str) -> Iterable[Problem]:
    """Keys that cannot stand together, or not alone."""
    if "keyword" in said and "regex" in said:
        yield "keyword", "regex beside it", "one of the two"
    if not {"keyword", "regex", "category"} & said.keys():
        yield "keyword", "nothing", "keyword, regex or category: what the rule is about"
    channels = said.get("channels", ["feed"])
    is_posted = isinstance(channels, list) and "webhook" in channels
    if is_posted and "webhook" not in said:
        yield "webhook", "nothing", "the name of the webhook, as the channel is webhook"
    if "webhook" in said and not is_posted:
        yield "channels", _shown(said, "channels"), 'also "webhook", as a webhook is named'
    if when == "share" and _is_number(said.get("above")) and not 0 < said["above"] <= 1:
        yield "above", _shown(said, "above"), "a share: more than 0 and at most 1"


def _pattern(regex: object, connection: duckdb.DuckDBPyConnection) -> Iterable[Problem]:
    """DuckDB's expressions (RE2) run in time linear in the text; what would take too much memory is refused by it."""
    if not isinstance(regex, str) or not 0 < len(regex) <= _MOST_REGEX:
        return
    try:
        connection.execute("SELECT regexp_matches('', ?, 'i')", [regex]).fetchall()
    except (duckdb.Error, UnicodeError) as error:
        yield "regex", " ".join(str(error).split())[:160], "an expression that RE2 takes"


def _shown(said: Mapping[str, Any], key: str) -> str:
    return repr(said[key])[:80] if key in said else "nothing"

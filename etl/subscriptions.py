"""Who gets a digest of what: one TOML file a subscriber. See docs/digest.md."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from etl.errors import SubscriptionError

DAYS = {"daily": 1, "weekly": 7, "monthly": 30}
MAX_BYTES = 1 << 16
MAX_TERMS = 200
# What mail servers take without extensions (RFC 5321): no quoted local parts, no Unicode.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Subscription:
    """What one subscriber wants to hear of.

    `keywords` and `categories` are alternatives: a paper of either is of interest; without both every paper is.
    `minimum_papers` is the support that a rising keyword needs, `most` the number of entries a section shows, `dates`
    the locale of days, `alerts` the rules whose alerts come along.
    """

    name: str
    address: str
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    only_with_code: bool = False
    minimum_papers: int = 5
    frequency: str = "daily"
    dates: str = "en"
    most: int = 20

    @property
    def key(self) -> str:
        """Names the subscriber in the ledger and in unsubscribe links without showing the address."""
        return hashlib.sha256(self.address.casefold().encode()).hexdigest()[:20]

    @property
    def days(self) -> int:
        """Days between two digests."""
        return DAYS[self.frequency]


_KEYS = [each.name for each in fields(Subscription) if each.name != "name"]


def read(folder: Path) -> tuple[list[Subscription], list[SubscriptionError]]:
    """The subscriptions of a folder by name, and what is wrong with the others: a bad file holds back itself alone."""
    found: list[Subscription] = []
    wrong: list[SubscriptionError] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            made = _read_one(path)
            twins = [other.name for other in found if other.key == made.key]
            if twins:
                raise SubscriptionError(str(path), "address", f"that of {twins[0]}.toml", "one file an address")
            found.append(made)
        except SubscriptionError as error:
            wrong.append(error)
    return found, wrong


def _read_one(path: Path) -> Subscription:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SubscriptionError(str(path), "the file", f"more than {MAX_BYTES} bytes", "a short TOML file")
        said = tomllib.loads(path.read_bytes().decode())
    except (OSError, ValueError) as error:
        raise SubscriptionError(str(path), "the file", " ".join(str(error).split()), "readable TOML in UTF-8") from None
    for key in said:
        if key not in _KEYS:
            raise SubscriptionError(str(path), key[:80], "an unknown key", f"one of {', '.join(_KEYS)}")
    return Subscription(
        name=path.stem,
        address=_address(path, said),
        keywords=_terms(path, said, "keywords"),
        categories=_terms(path, said, "categories"),
        alerts=_terms(path, said, "alerts"),
        only_with_code=_typed(path, said, "only_with_code", bool, False, "true or false"),
        minimum_papers=_number(path, said, "minimum_papers", 5),
        frequency=_frequency(path, said),
        dates=_locale(path, said),
        most=_number(path, said, "most", 20),
    )


def _typed(path: Path, said: dict[str, Any], key: str, kind: type, default: Any, wanted: str) -> Any:
    value = said.get(key, default)
    if type(value) is not kind:
        raise SubscriptionError(str(path), key, repr(value)[:80], wanted)
    return value


def _address(path: Path, said: dict[str, Any]) -> str:
    address: str = _typed(path, said, "address", str, "", "a mail address")
    local = address.partition("@")[0]
    is_well_formed = _ADDRESS.fullmatch(address) and ".." not in address and not local.startswith(".")
    if not is_well_formed or local.endswith("."):
        wanted = "one mail address in ASCII such as reader@example.org"
        raise SubscriptionError(str(path), "address", repr(address)[:80], wanted)
    return address


def _terms(path: Path, said: dict[str, Any], key: str) -> tuple[str, ...]:
    values = said.get(key, [])
    if not isinstance(values, list) or len(values) > MAX_TERMS:
        raise SubscriptionError(str(path), key, repr(values)[:80], f"a list of at most {MAX_TERMS} texts")
    for value in values:
        if not isinstance(value, str) or not 0 < len(value.strip()) <= 100:
            raise SubscriptionError(str(path), key, repr(value)[:80], "texts of 1 to 100 characters")
    return tuple(dict.fromkeys(" ".join(value.split()) for value in values))


def _number(path: Path, said: dict[str, Any], key: str, default: int) -> int:
    wanted = "a whole number from 1 to 1000"
    value: int = _typed(path, said, key, int, default, wanted)
    if not 1 <= value <= 1000:
        raise SubscriptionError(str(path), key, repr(value)[:80], wanted)
    return value


def _frequency(path: Path, said: dict[str, Any]) -> str:
    wanted = f"one of {', '.join(DAYS)}"
    value: str = _typed(path, said, "frequency", str, "daily", wanted)
    if value not in DAYS:
        raise SubscriptionError(str(path), "frequency", repr(value)[:80], wanted)
    return value


def _locale(path: Path, said: dict[str, Any]) -> str:
    wanted = "a language such as en, de or pt_BR"
    value: str = _typed(path, said, "dates", str, "en", wanted)
    try:
        return str(Locale.parse(value))
    except (UnknownLocaleError, ValueError, TypeError):
        raise SubscriptionError(str(path), "dates", repr(value)[:80], wanted) from None

"""What a fetcher is: a plan that says, from what is known and what was answered, what to ask for and keep next.

A plan is a generator and does nothing itself: it yields actions and is sent the answer to each. Who carries them out is
`etl/steps/fetch.py`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from etl.errors import AnswerError


@dataclass(frozen=True)
class Task:
    """What a plan starts from.

    `url` is the base address, `since` and `until` the days that the caller named, `marks` what earlier runs marked.
    `repositories` are `owner/name`, or URLs for `etl resolve`, those that are wanted most first; `most_repositories` of
    them are asked for.
    """

    url: str
    now: dt.datetime
    marks: Mapping[str, Any] = field(default_factory=dict)
    since: dt.date | None = None
    until: dt.date | None = None
    categories: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    most_repositories: int = 0
    with_stargazers: bool = False

    @property
    def today(self) -> dt.date:
        """The running day."""
        return self.now.date()

    def day(self, key: str) -> dt.date | None:
        """The day that was marked under a key."""
        return dt.date.fromisoformat(self.marks[key]) if key in self.marks else None


def anything(body: bytes) -> bool:
    """No body shows that it is cut."""
    return True


@dataclass(frozen=True)
class Ask:
    """A request whose answer the plan reads. A body that is not whole is asked for again.

    A conditional one tells the host what we have: where nothing changed, the answer is a 304 without a body.
    """

    url: str
    is_whole: Callable[[bytes], bool] = anything
    conditional: bool = True
    accepts: Collection[int] = (200,)


@dataclass(frozen=True)
class Download:
    """A request whose answer goes straight into a file of the inbox, as it is served, and has to be whole gzip.

    `size` is what the listing says of its bytes.
    """

    url: str
    name: str
    size: int | None = None


@dataclass(frozen=True)
class Keep:
    """A file for the inbox. Marks and what was learnt since are written down once it is in place."""

    name: str
    data: bytes
    marks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """What later runs should know: JSON values by key, None to forget one."""

    marks: Mapping[str, Any]


@dataclass(frozen=True)
class Note:
    """A line for whoever runs this."""

    text: str


Action = Ask | Download | Keep | Mark | Note


@dataclass(frozen=True)
class Answer:
    """What came of an action. Names of headers are in small letters; `hops` are the statuses of redirects, `url` is
    the address at their end."""

    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hops: tuple[int, ...] = ()
    url: str = ""


Plan = Generator[Action, Answer, None]


@dataclass(frozen=True)
class Fetcher:
    """How one source is fetched. Its file's name is the name of the source that reads what it brings.

    `publisher` names those whom one process at a time may ask, with `pause_seconds` between requests. `has_token` says
    that requests carry GITHUB_TOKEN, `asks_by_repository` that the plan wants to know which repositories there are,
    `by_default` that the DAG fetches it unless told otherwise.
    """

    title: str
    url: str
    publisher: str
    plan: Callable[[Task], Plan]
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0
    has_token: bool = False
    asks_by_repository: bool = False
    by_default: bool = True


DAY = dt.timedelta(days=1)
# Owner and name of a repository as GitHub allows them; neither can lead out of its place in an address.
REPOSITORY = re.compile(r"(?!\.)[\w.-]{1,100}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Each day from the first to the last."""
    while first <= last:
        yield first
        first += DAY


def advanced(key: str, known: dt.date | None, due: dt.date, first: dt.date, reached: dt.date) -> dict[str, str]:
    """The mark of a source that was fetched from `first` to `reached`: never back, and never over days from `due` on
    that the caller's `--since` left out."""
    if known and (reached <= known or first > due):
        return {}
    return {key: reached.isoformat()}


def is_json(body: bytes) -> bool:
    """Whether a body is one JSON value: a cut one is none."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def ends_with(mark: bytes) -> Callable[[bytes], bool]:
    """Says whether a body comes to its closing tag."""
    return lambda body: body.rstrip().endswith(mark)


def json_list(url: str, body: bytes) -> list[Any]:
    """The JSON array of a body; raises AnswerError where it is something else."""
    value = orjson.loads(body)
    if not isinstance(value, list):
        raise AnswerError(url, f"found a JSON {type(value).__name__}, wanted an array")
    return value

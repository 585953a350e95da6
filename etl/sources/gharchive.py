"""GH Archive: the public events of GitHub, JSON lines, a file an hour (https://www.gharchive.org).

Since 2015 an event names its repository by number and name (`repo`), and may carry whole repositories with their
figures: the new fork of a ForkEvent, both ends of a pull request. GitHub shortened these in October 2025; what has no
figures is still a sighting. Before 2015 (`repository`) every event carried the figures; times then had an offset, the
day is that in UTC, and `watchers` are those who starred. An event of a person alone (gists, follows) or of a
repository that was deleted meanwhile names none: `missing_repository`. Events that say the same of a repository on the
same day are repeats.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_lines, json_object
from etl.transforms import dates, repositories, text

# The repositories of an event, those that carry figures first: where two are one, the first is believed.
_ENDS = ("forkee", "base", "head", "repository", "repo")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z$")
_FIELDS = {
    "id": pl.Int64(),
    "name": pl.String(),
    "stars": pl.Int64(),
    "forks": pl.Int64(),
    "language": pl.String(),
    "license": pl.String(),
    "is_archived": pl.Boolean(),
    "pushed_at": pl.String(),
}


def recognise(head: Head) -> bool:
    """Lines with an event, its time and what it brings."""
    kind = head.line.get("type")
    is_event = isinstance(kind, str) and kind.endswith("Event") and "created_at" in head.line
    return is_event and ("payload" in head.line or "repository" in head.line)


def parse(record: Record, limits: Limits) -> Parsed:
    """One event with its repositories, their fields as `forkee.…`, `base.…`, `head.…`, `repository.…`, `repo.…`."""
    event = json_object(record, limits)
    found = {name: value for name, value in event.items() if name not in ("payload", "repo", "repository")}
    found["created_at"] = _day(found.get("created_at"))
    for end, repository in _repositories(event):
        described = _described(repository)
        if described["name"]:
            found |= {f"{end}.{name}": value for name, value in described.items()}
    return found


def _day(time: object) -> str:
    """The day of a time, in UTC; raises RecordError where there is none."""
    if isinstance(time, str):
        if _UTC.match(time):
            return time[:10]
        for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y/%m/%d %H:%M:%S %z"):
            try:
                return dt.datetime.strptime(time, form).astimezone(dt.UTC).date().isoformat()
            except (ValueError, OverflowError):
                continue
    raise RecordError("missing_date", f"created_at: found {str(time)[:40]!r}, wanted a time")


def _repositories(event: Parsed) -> Iterator[tuple[str, Parsed]]:
    payload = event.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    request = payload.get("pull_request")
    request = request if isinstance(request, dict) else {}
    ends = {end: request.get(end) for end in ("base", "head")}
    named = {
        "forkee": payload.get("forkee"),
        **{end: found.get("repo") for end, found in ends.items() if isinstance(found, dict)},
        "repository": event.get("repository"),
        "repo": event.get("repo"),
    }
    yield from ((end, found) for end, found in named.items() if isinstance(found, dict))


def _described(found: Parsed) -> Parsed:
    """What one repository object says, whatever its age."""
    name = found.get("full_name") or found.get("name")
    if isinstance(name, str) and "/" not in name and isinstance(found.get("owner"), str):
        name = f"{found.get('organization') or found['owner']}/{name}"
    licence = found.get("license")
    stars = next((found[key] for key in ("stargazers_count", "stargazers", "watchers") if key in found), None)
    return {
        "id": found.get("id"),
        "name": name,
        "stars": stars,
        "forks": found.get("forks_count", found.get("forks")),
        "language": found.get("language"),
        "license": licence.get("spdx_id") if isinstance(licence, dict) else None,
        "is_archived": found.get("archived"),
        "pushed_at": found.get("pushed_at"),
    }


def normalise(raw: pl.DataFrame) -> Normalised:
    """What each event says of its repositories on its day."""
    seen = [
        raw.select(
            "row",
            *(pl.col(f"{end}.{name}").alias(name) for name in ("stars", "forks", "is_archived")),
            repository_url=repositories.github_url(pl.col(f"{end}.name")),
            observed_on=dates.iso_day(pl.col("created_at")),
            host_id=pl.col(f"{end}.id").cast(pl.String),
            language=text.one_line(pl.col(f"{end}.language")),
            license=text.one_line(pl.col(f"{end}.license")),
            pushed_on=dates.iso_day(pl.col(f"{end}.pushed_at")),
        )
        for end in _ENDS
    ]
    # The last has a row for each event, so that one that names no repository is noticed.
    named = [end.filter(pl.col("repository_url").is_not_null()) for end in seen[:-1]]
    return Normalised(repositories=pl.concat([*named, seen[-1]]).sort("row", maintain_order=True))


SOURCE = Source(
    title="GH Archive",
    publisher="gharchive.org, `<day>-<hour>.json.gz`",
    licence="none stated",
    priority=3,
    parser_version=2,
    recognise=recognise,
    is_by_line=lambda head: True,
    split=json_lines,
    parse=parse,
    fields={"created_at": pl.String()} | {f"{end}.{name}": kind for end in _ENDS for name, kind in _FIELDS.items()},
    ignored=frozenset({"id", "type", "actor", "org", "public", "actor_attributes", "url"}),
    normalise=normalise,
    rejected_share=0.2,
)

"""What code hosts answered when `etl resolve` asked them about repositories: JSON lines, a request each.

`{"repository": URL, "asked": URL, "answered": URL, "status": 200, "hops": [301], "fetched_on": "YYYY-MM-DD", "body":
{…}}`, the body as the host gave it: GitHub (https://docs.github.com/rest/repos/repos), GitLab, Codeberg (Forgejo) or
Bitbucket. A 304 says that nothing changed since `unchanged_since`; its `body` repeats the figures of that answer.

An answer about another name than was asked for says that the asked one was renamed. 404, 410 and 451 say that a
repository is gone (for outsiders, at least); after a 403 nothing is known of it any more; any other status says nothing
(`unusable_status`), nor does a body that is none of the host's (`unusable_answer`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from etl.errors import RecordError
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, json_lines, json_object
from etl.transforms import dates, repositories, text, urls

_NAMES = {"repository", "asked", "status", "fetched_on", "body"}
_GONE = frozenset({404, 410, 451})


def recognise(head: Head) -> bool:
    """Lines that we wrote."""
    return head.line.keys() >= _NAMES


def observed_on(head: Head) -> dt.date | None:
    """The day of the first answer; each has its own."""
    day = head.line.get("fetched_on")
    return dates.day_in_name(day) if isinstance(day, str) else None


def parse(record: Record, limits: Limits) -> Parsed:
    """One answer; raises RecordError where it says nothing about a repository."""
    found = json_object(record, limits)
    named, status = found.get("repository"), found.get("status")
    target = urls.canonical(named) if isinstance(named, str) else None
    if target is None or target.repository_url is None:
        raise RecordError("missing_repository", f"repository: found {str(named)[:80]!r}, wanted its URL")
    host = target.key.partition("/")[0]
    about = {name: value for name, value in found.items() if name not in ("body", "repository")}
    about["asked_for"] = target.repository_url
    if status in (200, 304):
        return {**about, **_described(host, found.get("body"))}
    if status not in _GONE and status != 403:
        raise RecordError("unusable_status", f"status {str(status)[:20]} without a repository")
    return about


def _described(host: str, body: Any) -> Parsed:
    """A repository in fields that all hosts share; raises RecordError where the body is none of that host."""
    told = _HOSTS[host](body) if host in _HOSTS and isinstance(body, dict) else None
    target = urls.canonical(f"https://{host}/{told['name']}") if told and isinstance(told["name"], str) else None
    if told is None or target is None or target.repository_url is None or told["id"] is None:
        raise RecordError("unusable_answer", f"no repository of {host} in the answer")
    number = told["id"]
    return {**told, "url": target.repository_url, "id": str(number) if isinstance(number, int) else number}


def _github(body: Parsed) -> Parsed:
    licence = body.get("license")
    return {
        "name": body.get("full_name"),
        "id": body.get("id"),
        "stars": body.get("stargazers_count"),
        "forks": body.get("forks_count"),
        "language": body.get("language"),
        "license": licence.get("spdx_id") or licence.get("name") if isinstance(licence, dict) else None,
        "is_archived": body.get("archived"),
        "is_disabled": body.get("disabled"),
        "is_empty": repositories.is_empty_at_github(body),
        "pushed_at": body.get("pushed_at"),
    }


def _gitlab(body: Parsed) -> Parsed:
    return {
        "name": body.get("path_with_namespace"),
        "id": body.get("id"),
        "stars": body.get("star_count"),
        "forks": body.get("forks_count"),
        "is_archived": body.get("archived"),
        "is_empty": body.get("empty_repo"),
    }


def _codeberg(body: Parsed) -> Parsed:
    return {
        "name": body.get("full_name"),
        "id": body.get("id"),
        "stars": body.get("stars_count"),
        "forks": body.get("forks_count"),
        "language": body.get("language") or None,
        "is_archived": body.get("archived"),
        "is_empty": body.get("empty"),
    }


def _bitbucket(body: Parsed) -> Parsed:
    return {
        "name": body.get("full_name"),
        "id": body.get("uuid"),
        "language": body.get("language") or None,
        "is_empty": body.get("size") == 0,
    }


_HOSTS: Mapping[str, Callable[[Parsed], Parsed]] = {
    "github.com": _github,
    "gitlab.com": _gitlab,
    "codeberg.org": _codeberg,
    "bitbucket.org": _bitbucket,
}


def normalise(raw: pl.DataFrame) -> Normalised:
    """What the host says of each repository, and of each that was asked for under another name."""
    named = raw.with_columns(observed_on=dates.iso_day(pl.col("fetched_on")))
    state = (
        pl.when("is_disabled")
        .then(pl.lit("unknown"))
        .when("is_archived")
        .then(pl.lit("archived"))
        .when("is_empty")
        .then(pl.lit("empty"))
        .otherwise(pl.lit("ok"))
    )
    described = named.filter(pl.col("url").is_not_null()).select(
        "row",
        "observed_on",
        repository_url="url",
        host_id="id",
        stars="stars",
        forks="forks",
        language=text.one_line(pl.col("language")),
        license=text.one_line(pl.col("license")),
        is_archived="is_archived",
        pushed_on=dates.iso_day(pl.col("pushed_at")),
        state=state,
    )
    is_elsewhere = pl.col("url").is_null() | (
        pl.col("asked_for").str.to_lowercase() != pl.col("url").str.to_lowercase()
    )
    said = (
        pl.when(pl.col("url").is_not_null())
        .then(pl.lit("renamed"))
        .when(pl.col("status") == 403)
        .then(pl.lit("unknown"))
        .otherwise(pl.lit("gone"))
    )
    asked_for = named.filter(is_elsewhere).select(
        "row", "observed_on", repository_url="asked_for", host_id="id", state=said, renamed_to="url"
    )
    return Normalised(repositories=pl.concat([described, asked_for], how="diagonal").sort("row", maintain_order=True))


SOURCE = Source(
    title="Answers of code hosts about repositories",
    publisher="`etl resolve`: REST APIs of GitHub, GitLab, Codeberg and Bitbucket",
    licence="none stated",
    priority=2,
    parser_version=1,
    recognise=recognise,
    observed_on=observed_on,
    is_by_line=lambda head: True,
    split=json_lines,
    parse=parse,
    rejected_share=1.0,
    fields={
        "asked_for": pl.String(),
        "status": pl.Int64(),
        "fetched_on": pl.String(),
        "url": pl.String(),
        "id": pl.String(),
        "stars": pl.Int64(),
        "forks": pl.Int64(),
        "language": pl.String(),
        "license": pl.String(),
        "is_archived": pl.Boolean(),
        "is_disabled": pl.Boolean(),
        "is_empty": pl.Boolean(),
        "pushed_at": pl.String(),
    },
    ignored=frozenset({"asked", "answered", "hops", "unchanged_since", "etag", "date", "name"}),
    normalise=normalise,
)

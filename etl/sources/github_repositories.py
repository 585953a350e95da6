"""Repositories as GitHub's REST API gives them (https://docs.github.com/rest/repos/repos), and where old names lead.

Read are one object, a list of them, a search result (`items`), requests recorded with their answers
(`[{"method", "path", "status", "response"}]`), and the JSON lines that we fetch ourselves:
`{"requested": "owner/name", "status": 200, "fetched_on": "YYYY-MM-DD", "repository": {…} or null}`.

An answer under another name than was asked for says that the asked one was renamed; so does a redirection, which
names the new place by its number alone: `core.repositories` finds the name that has it. 404, 410 and 451 say that a
repository is gone (for outsiders, at least); any other status says nothing (`unusable_status`). One that holds nothing
and saw no push after the day on which it was made is empty; a size of 0 alone is not enough, for sizes are rounded. Of
one that GitHub disabled the state is not known.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from etl.errors import RecordError
from etl.reading import strict_json
from etl.reading.records import Record, Stream, items_or_document
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head, Normalised, Parsed, Source, json_object
from etl.transforms import dates, repositories, text

_FOUND = frozenset({200, 201})
_MOVED = frozenset({301, 302, 307, 308})
_GONE = frozenset({404, 410, 451})
_REPOSITORY = {"full_name", "html_url", "stargazers_count"}
_RECORDED = {"method", "path", "status", "response"}
_FETCHED = {"requested", "status", "fetched_on"}
_SEARCH = re.compile(rb'\s*\{\s*"(?:total_count|incomplete_results)"\s*:')
_PATH = re.compile(r"/repos/([^/?]+/[^/?]+)$")
_NUMBER = re.compile(r"/repositories/(\d+)$")


def recognise(head: Head) -> bool:
    """A repository object, or what is made around some."""
    if head.first == b"[":
        return _is_one(head.item) or head.item.keys() >= _RECORDED
    if head.first != b"{" or not (b'"full_name"' in head.data or b'"requested"' in head.data):
        return False
    if is_by_line(head):
        return True
    if _SEARCH.match(head.data):
        return _is_one(head.item)
    return _is_one(_whole(head))


def _is_one(found: Parsed) -> bool:
    return found.keys() >= _REPOSITORY


def _whole(head: Head) -> Parsed:
    """The object that the head holds whole, however it is laid out."""
    try:
        found = strict_json.parse(head.data.strip()) if len(head.data) < HEAD_BYTES else None
    except RecordError:
        return {}
    return found if isinstance(found, dict) else {}


def is_by_line(head: Head) -> bool:
    """What we fetched, or one object a line."""
    return (head.line.keys() >= _FETCHED and "stargazers_history" not in head.line) or _is_one(head.line)


def observed_on(head: Head) -> dt.date | None:
    """The day on which we fetched the first of them; each has its own."""
    day = head.line.get("fetched_on")
    return dates.day_in_name(day) if isinstance(day, str) else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The objects of a list or a search result, or the one that is the document."""
    return items_or_document(stream, limits, "items")


def parse(record: Record, limits: Limits) -> Parsed:
    """One repository, or what became of one that was asked for; raises RecordError where it says neither."""
    found = json_object(record, limits)
    if found.keys() >= _FETCHED:
        return _fetched(found)
    if found.keys() >= _RECORDED:
        return _recorded(found)
    return _fields(found)


def _fetched(found: Parsed) -> Parsed:
    about = {name: value for name, value in found.items() if name != "repository"}
    return {**_answer(_status(found), found.get("repository")), **about}


def _status(found: Parsed) -> int:
    status = found["status"]
    if not isinstance(status, int):
        raise RecordError("wrong_type", f"status: found {type(status).__name__}, wanted a whole number")
    return status


def _recorded(found: Parsed) -> Parsed:
    """A request with its answer; the day is that of the answer's `date` header."""
    path, headers, answer, status = found["path"], found.get("headers"), found["response"], _status(found)
    headers = headers if isinstance(headers, dict) else {}
    asked = _PATH.search(path) if isinstance(path, str) else None
    if not asked and not (isinstance(answer, dict) and _is_one(answer)):
        raise RecordError("missing_repository", "neither the request nor the answer is about a repository")
    if found["method"] not in ("get", "GET") and status not in _FOUND | _MOVED:
        # That something could not be changed says nothing of where it is.
        asked = None
    about = {name: value for name, value in found.items() if name not in ("response", "headers")}
    parsed = {**_answer(status, answer), **about, "requested": asked[1] if asked else None}
    location = _NUMBER.search(str(headers.get("location")))
    if location and status in _MOVED:
        parsed["id"] = location[1]
    return {**parsed, "date": headers.get("date")}


def _answer(status: int, repository: Any) -> Parsed:
    if isinstance(repository, dict) and _is_one(repository):
        return _fields(repository)
    if status not in _MOVED | _GONE:
        raise RecordError("unusable_status", f"status {status} without a repository")
    return {}


def _fields(found: Parsed) -> Parsed:
    if not _is_one(found):
        raise RecordError("missing_repository", "no full_name with its figures")
    licence = found.get("license")
    return {
        **found,
        "license": licence.get("spdx_id") or licence.get("name") if isinstance(licence, dict) else licence,
        "is_empty": repositories.is_empty_at_github(found),
    }


def normalise(raw: pl.DataFrame) -> Normalised:
    """What GitHub says of each repository, and of each that was asked for under another name."""
    url, asked = repositories.github_url(pl.col("full_name")), repositories.github_url(pl.col("requested"))
    named = raw.with_columns(
        url=url,
        asked=asked,
        observed_on=pl.coalesce(dates.iso_day(pl.col("fetched_on")), dates.rfc2822_day(pl.col("date"))),
    )
    state = (
        pl.when("disabled")
        .then(pl.lit("unknown"))
        .when("archived")
        .then(pl.lit("archived"))
        .when("is_empty")
        .then(pl.lit("empty"))
        .otherwise(pl.lit("ok"))
    )
    described = named.filter(pl.col("url").is_not_null()).select(
        "row",
        "observed_on",
        repository_url="url",
        host_id=pl.col("id").cast(pl.String),
        stars="stargazers_count",
        forks="forks_count",
        language=text.one_line(pl.col("language")),
        license=text.one_line(pl.col("license")),
        is_archived="archived",
        pushed_on=dates.iso_day(pl.col("pushed_at")),
        state=state,
    )
    is_elsewhere = pl.col("url").is_null() | (pl.col("asked").str.to_lowercase() != pl.col("url").str.to_lowercase())
    is_moved = pl.col("url").is_not_null() | pl.col("status").is_in(list(_MOVED))
    asked_for = named.filter(is_elsewhere).select(
        "row",
        "observed_on",
        repository_url="asked",
        host_id=pl.col("id").cast(pl.String),
        state=pl.when(is_moved).then(pl.lit("renamed")).otherwise(pl.lit("gone")),
        renamed_to="url",
    )
    return Normalised(repositories=pl.concat([described, asked_for], how="diagonal").sort("row", maintain_order=True))


_API = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams "
    "trees"
).split()
_TOLD = (
    "allow_auto_merge allow_forking allow_merge_commit allow_rebase_merge allow_squash_merge allow_update_branch "
    "anonymous_access_enabled clone_url code_of_conduct code_search_index_status created_at custom_properties "
    "default_branch delete_branch_on_merge description fork forks git_url has_discussions has_downloads has_issues "
    "has_pages has_projects has_pull_requests has_wiki homepage html_url is_template issue_field_values master_branch "
    "merge_commit_message merge_commit_title mirror_url name network_count node_id open_issues open_issues_count "
    "organization owner parent permissions private pull_request_creation_policy role_name score security_and_analysis "
    "size source squash_merge_commit_message squash_merge_commit_title ssh_url starred_at subscribers_count svn_url "
    "temp_clone_token template_repository text_matches topics updated_at url use_squash_pr_title_as_default visibility "
    "watchers watchers_count web_commit_signoff_required"
).split()
_OF_A_REQUEST = "scope method path body reqheaders rawHeaders responseIsBinary".split()

SOURCE = Source(
    title="GitHub repositories",
    publisher="GitHub REST API, `GET /repos/{owner}/{repo}` and what lists or records its answers",
    licence="none stated",
    priority=2,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    is_by_line=is_by_line,
    split=split,
    parse=parse,
    fields={
        "requested": pl.String(),
        "status": pl.Int64(),
        "fetched_on": pl.String(),
        "date": pl.String(),
        "full_name": pl.String(),
        "id": pl.Int64(),
        "stargazers_count": pl.Int64(),
        "forks_count": pl.Int64(),
        "language": pl.String(),
        "license": pl.String(),
        "archived": pl.Boolean(),
        "disabled": pl.Boolean(),
        "pushed_at": pl.String(),
        "is_empty": pl.Boolean(),
    },
    ignored=frozenset({*_TOLD, *_OF_A_REQUEST, *(f"{part}_url" for part in _API)}),
    normalise=normalise,
)

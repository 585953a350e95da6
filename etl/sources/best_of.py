"""The project tables of best-of lists (`<date>_projects.csv`): one row a project, with figures of its host.

Columns come and go between tables; numbers are written `5326.0`. The lists' generator asks GitHub by `github_id` and
writes down the address that it got: where that, or `updated_github_id`, is another name, the repository was renamed.
A project may be at GitLab or Bitbucket instead; one at neither, or at a GitLab of its own, is rejected as
`missing_repository`. The day is in the file's name.
"""

from __future__ import annotations

import polars as pl

from etl.reading import tables
from etl.reading.records import Record
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source
from etl.transforms import dates, repositories, text

_NAMES = {"name", "github_id", "projectrank", "star_count"}


def recognise(head: Head) -> bool:
    """Columns that every table has."""
    return set(head.columns()) >= _NAMES


def parse(record: Record, limits: Limits) -> Parsed:
    """One project."""
    return dict(tables.cells(record, tables.columns(record.context)))


def normalise(raw: pl.DataFrame) -> Normalised:
    """What the table says of each repository; of a renamed one also where the old name leads."""
    asked = repositories.github_url(pl.col("github_id"))
    moved = repositories.github_url(pl.col("updated_github_id"))
    named = raw.with_columns(
        asked=asked,
        repository_url=pl.coalesce(moved, repositories.in_cells(raw.get_column("github_url")), asked),
        cell=pl.coalesce("gitlab_url", pl.lit("https://bitbucket.org/") + pl.col("bitbucket_id")),
    )
    figures = named.select(
        "row",
        "repository_url",
        "cell",
        stars="star_count",
        forks="fork_count",
        license=text.one_line(pl.col("license")),
        pushed_on=dates.iso_day(pl.col("last_commit_pushed_at")),
    )
    is_renamed = pl.col("asked").str.to_lowercase() != pl.col("repository_url").str.to_lowercase()
    renamed = named.filter(is_renamed).select(
        "row", repository_url="asked", state=pl.lit("renamed"), renamed_to="repository_url"
    )
    return Normalised(repositories=pl.concat([figures, renamed], how="diagonal"))


SOURCE = Source(
    title="Best-of lists of projects",
    publisher="`<date>_projects.csv` of the lists made with best-of-lists/best-of-generator on GitHub",
    licence="CC-BY-SA-4.0",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=tables.rows,
    parse=parse,
    fields={
        "github_id": pl.String(),
        "github_url": pl.String(),
        "updated_github_id": pl.String(),
        "gitlab_url": pl.String(),
        "bitbucket_id": pl.String(),
        "star_count": pl.Int64(),
        "fork_count": pl.Int64(),
        "license": pl.String(),
        "last_commit_pushed_at": pl.String(),
    },
    ignored=frozenset(
        # The first column has no name: it numbers the rows.
        ["", "name", "category", "labels", "resource", "description", "homepage", "docs_url", "show", "new_addition"]
        + ["created_at", "updated_at", "commit_count", "recent_commit_count", "watchers_count", "pr_count"]
        + ["open_issue_count", "closed_issue_count", "contributor_count", "projectrank", "projectrank_placing"]
        + ["trending", "latest_stable_release_published_at", "latest_stable_release_number", "release_count"]
        + ["dependent_project_count", "github_dependent_project_count", "github_release_downloads"]
        + ["monthly_downloads", "gitlab_id"]
        + [f"{host}_id" for host in "pypi conda dockerhub npm maven helm brew apt yum dnf yay snap cargo".split()]
        + [f"{host}_url" for host in "pypi conda dockerhub npm maven".split()]
        + [f"{host}_latest_release_published_at" for host in "pypi conda dockerhub npm maven".split()]
        + [f"{host}_dependent_project_count" for host in "pypi conda npm maven".split()]
        + ["pypi_monthly_downloads", "npm_monthly_downloads", "conda_total_downloads"]
        + ["dockerhub_stars", "dockerhub_pulls"]
    ),
    normalise=normalise,
)

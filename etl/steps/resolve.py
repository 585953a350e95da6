"""Asks code hosts what became of the repositories that papers link to. The answers are dumps in the inbox.

Nothing calls this but `etl resolve` and a DAG that is paused until wanted. What the answers say is read by the source
`resolved`, in the ordinary way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlsplit

from etl import addresses, database, resolvers
from etl.errors import NothingPublishedError, SettingsError, UnknownNameError
from etl.fetchers.base import REPOSITORY, Task
from etl.settings import Settings
from etl.steps.fetch import Advance, Fetched, State, carried_out

# Repositories that papers link to, those linked last first: of a new link nobody else knows whether it works.
_LINKED = """
SELECT repositories.repository_url
FROM core.repositories AS repositories
INNER JOIN core.paper_links AS links USING (repository_url)
WHERE repositories.host = ? AND links.kind = 'repository'
GROUP BY repositories.repository_url
ORDER BY max(links.first_observed_on) DESC, repositories.repository_url
"""


def resolve(
    settings: Settings,
    host: str,
    repositories: Sequence[str],
    now: dt.datetime,
    advance: Advance = lambda what, done, total: None,
    look_up: addresses.Resolver = addresses.resolve,
) -> Fetched:
    """Asks one host for these repositories of its own, or for all that papers of the published snapshot link to.

    What failed is in the result, beside what came before it. Raises UnknownNameError for a host that cannot be asked,
    NothingPublishedError where it is not known what papers link to.
    """
    if host not in settings.resolving.hosts:
        raise UnknownNameError("host", host, sorted(settings.resolving.hosts))
    fetcher, wanted = resolvers.fetcher(host), tuple(repositories) or _linked(settings, host)

    def start(state: State) -> Task:
        return Task(
            url=settings.resolving.urls.get(host, fetcher.url),
            now=now,
            marks=dict(state.marks),
            repositories=wanted,
            most_repositories=settings.resolving.requests,
        )

    return carried_out(settings, f"resolved-{host}", fetcher, start, advance, look_up)


def by_host(settings: Settings, repositories: Sequence[str]) -> dict[str, list[str]]:
    """Repositories that the caller named, by their host; raises SettingsError where one cannot be asked for."""
    found: dict[str, list[str]] = {}
    for url in repositories:
        parts = urlsplit(url)
        name = parts.path.strip("/")
        is_name = REPOSITORY.fullmatch(name) or (parts.netloc == "gitlab.com" and _is_nested(name))
        if parts.scheme != "https" or parts.netloc not in settings.resolving.hosts or not is_name:
            raise SettingsError("--repository", url, f"https://HOST/owner/name at {' or '.join(resolvers.HOSTS)}")
        found.setdefault(parts.netloc, []).append(f"https://{parts.netloc}/{name}")
    return found


def _is_nested(name: str) -> bool:
    """Whether a name is that of a project in a subgroup."""
    owner, _, rest = name.partition("/")
    return all(REPOSITORY.fullmatch(f"{owner}/{part}") for part in rest.split("/"))


def _linked(settings: Settings, host: str) -> tuple[str, ...]:
    if not settings.current_database.exists():
        raise NothingPublishedError(str(settings.warehouse))
    with database.connect(
        settings.current_database.resolve(), read_only=True, memory_limit=settings.memory_limit
    ) as connection:
        found = [url for (url,) in connection.execute(_LINKED, [host]).fetchall()]
    return tuple(url for url in found if _is_nested(urlsplit(url).path.strip("/")))

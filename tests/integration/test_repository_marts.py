"""What is made of repositories: star series with gaps, ranks and their guard, hosts, owners, survival, availability."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.factories import abstract, arxiv, daily, daily_row
from tests.integration.test_repositories import fetched, project, ranking, repository, trending
from tests.warehouses import Rows, Small

START = dt.date(2026, 3, 2)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def after(days: int) -> dt.date:
    return START + dt.timedelta(days=days)


def starred(small: Small, *series: tuple[str, dict[int, int]]) -> None:
    """Answers of the host by repository: stars on each day, counted from the start."""
    by_day: dict[int, list[tuple[str, int, dict[str, Any] | None]]] = {}
    for number, (name, stars) in enumerate(series):
        for day, count in stars.items():
            by_day.setdefault(day, []).append((name, 200, repository(name, number, stargazers_count=count)))
    for day, answers in by_day.items():
        small.deliver(fetched(after(day), *answers), f"answers-{day}.jsonl")


def figures(small: Small, columns: str, where: str = "true") -> Rows:
    return small.rows(
        f"SELECT (observed_on - DATE '{START}')::INTEGER, {columns} FROM mart.repository_series "
        f"WHERE {where} ORDER BY ALL"
    )


def test_what_is_gained_is_told_with_the_days_that_it_took(small: Small) -> None:
    starred(small, ("rain/a", {0: 100, 1: 103, 8: 110, 40: 142}))
    small.settle()
    assert figures(small, "observations, stars, stars_gained, days, stars_velocity, velocity_7d, velocity_days") == [
        (0, 1, 100, None, None, None, None, None),
        (1, 2, 103, 3, 1, 3.0, None, None),
        (8, 3, 110, 7, 7, 1.0, 1.0, 7),
        (40, 4, 142, 32, 32, 1.0, None, None),
    ]
    # A rate over more than a month says nothing of now: it is told, but ranks nothing.
    assert figures(small, "velocity") == [(0, None), (1, 3.0), (8, 1.0), (40, None)]


@pytest.mark.parametrize(
    ("days", "base"),
    [
        ([0, 7], 0),
        ([0, 6, 7], 0),
        ([0, 3, 10], 3),
        ([0, 2, 9], 2),
        ([0, 5, 10], 5),
        ([0, 4], 0),
        ([0, 14], 0),
        ([0, 3], None),
        ([0, 15], None),
        ([0, 8, 12], 8),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 1),
        ([0, 4, 10], 4),
    ],
)
def test_a_week_is_what_comes_nearest_to_it(small: Small, days: list[int], base: int | None) -> None:
    stars = {day: 100 + day**3 for day in days}
    starred(small, ("rain/a", stars))
    small.settle()
    last = days[-1]
    ((velocity, span, growth),) = [row[1:] for row in figures(small, "velocity_7d, velocity_days, growth_7d")][-1:]
    if base is None:
        assert (velocity, span, growth) == (None, None, None)
    else:
        assert (velocity, span) == (pytest.approx((stars[last] - stars[base]) / (last - base)), last - base)
        assert growth == pytest.approx(((stars[last] + 10) / (stars[base] + 10)) ** (1 / span) - 1, abs=1e-8)


def test_sources_have_series_of_their_own(small: Small) -> None:
    starred(small, ("rain/a", {0: 100, 7: 107}))
    small.deliver(ranking((1, "Python", "rain/a", 5000)), f"ranking-{after(3)}.csv")
    small.deliver(ranking((1, "Python", "rain/a", 5070)), f"ranking-{after(10)}.csv")
    small.settle()
    assert figures(small, "source, stars_gained, velocity_7d", "stars_gained IS NOT NULL") == [
        (7, "github_repositories", 7, 1.0),
        (10, "github_ranking", 70, 10.0),
    ]


def test_a_series_goes_on_under_the_new_name(small: Small) -> None:
    starred(small, ("rain/old", {0: 100}))
    answer = repository("snow/new", 0, stargazers_count=121)
    small.deliver(fetched(after(7), ("rain/old", 200, answer)), "moved.jsonl")
    small.deliver(daily([daily_row(1, githubRepo="https://github.com/rain/old")]), "2026-03-05.json")
    small.deliver(daily([daily_row(2, githubRepo="https://github.com/snow/new")]), "2026-03-06.json")
    small.settle()
    assert figures(small, "repository_url, stars, velocity_7d") == [
        (0, "https://github.com/snow/new", 100, None),
        (7, "https://github.com/snow/new", 121, 3.0),
    ]
    columns = "repository_url, papers, papers_total, stars, stars_velocity, velocity_days, state"
    assert small.rows(f"SELECT {columns} FROM mart.repository_papers ORDER BY 1") == [
        ("https://github.com/rain/old", 1, 2, 121, 3.0, 7, "renamed"),
        ("https://github.com/snow/new", 1, 2, 121, 3.0, 7, "ok"),
    ]
    # What was seen under which name stays on record.
    seen = "SELECT repository_url, stars FROM core.repository_observations WHERE stars IS NOT NULL ORDER BY 2"
    assert small.rows(seen) == [("https://github.com/rain/old", 100), ("https://github.com/snow/new", 121)]


STEADY = {day: 1000 + 20 * day for day in range(0, 36)}
SUDDEN = {day: 500 + 2 * day + (3000 if day >= 33 else 0) for day in range(0, 36)}


def test_a_spike_is_flagged_and_does_not_lead(small: Small) -> None:
    starred(small, ("rain/steady", STEADY), ("rain/sudden", SUDDEN), ("rain/still", dict.fromkeys(range(36), 70)))
    small.settle()
    flags = figures(small, "is_spike", "contains(repository_url, 'sudden')")
    # Two weeks of history before the step are needed to know what is usual, seven days at least.
    assert [day for day, flag in flags if flag is None] == list(range(8))
    assert [day for day, flag in flags if flag] == [33, 34, 35]
    top = (
        "SELECT rank, replace(repository_url, 'https://github.com/', ''), round(velocity_7d, 3), velocity, is_spike "
        f"FROM mart.trending_repositories WHERE observed_on = DATE '{after(35)}' ORDER BY rank"
    )
    assert small.rows(top) == [
        (1, "rain/steady", 20.0, 20.0, False),
        (2, "rain/sudden", round(3014 / 7, 3), 2.0, True),
        (3, "rain/still", 0.0, 0.0, False),
    ]


def test_what_stays_high_is_no_spike_for_long(small: Small) -> None:
    stars = {day: 500 + 2 * day + 300 * max(0, day - 20) for day in range(0, 60)}
    starred(small, ("rain/a", stars))
    small.settle()
    flags = dict(figures(small, "is_spike"))
    assert flags[21] and not flags[20] and not flags[45]


@pytest.mark.parametrize("gain", [9, 10])
def test_a_few_stars_are_no_spike(small: Small, gain: int) -> None:
    stars = {day: 50 + (gain if day == 30 else 0) for day in range(0, 31)}
    starred(small, ("rain/a", stars))
    small.settle()
    assert figures(small, "is_spike")[-1] == (30, gain == 10)


def test_weekly_lists_know_spikes_too(small: Small) -> None:
    for week, stars in enumerate([1000, 1070, 1140, 1210, 3000]):
        small.deliver(ranking((1, "Python", "rain/a", stars)), f"ranking-{after(7 * week)}.csv")
    small.settle()
    assert figures(small, "is_spike, usual_velocity") == [
        (0, None, None),
        (7, None, None),
        (14, False, 10.0),
        (21, False, 10.0),
        (28, True, 10.0),
    ]


def test_trending_lists_and_stars_make_one_rank(small: Small) -> None:
    starred(small, ("rain/fast", {0: 100, 7: 800}), ("rain/slow", {0: 100, 7: 170}), ("rain/new", {7: 9000}))
    day = after(7)
    small.deliver(trending(day, None, "rain/listed", "rain/slow"), "all.json")
    small.deliver(trending(day, "python", "rain/python", "rain/listed"), "python.json")
    small.settle()
    columns = "velocity_rank, list_rank, list_position, list_overall_position, stars, papers"
    found = small.rows(
        f"SELECT replace(repository_url, 'https://github.com/rain/', ''), {columns} "
        f"FROM mart.trending_repositories WHERE observed_on = DATE '{day}' ORDER BY rank"
    )
    assert found == [
        ("slow", 2, 2, 2, 2, 170, 0),
        ("fast", 1, None, None, None, 800, 0),
        ("listed", None, 1, 1, 1, None, 0),
        ("python", None, 3, 1, None, None, 0),
        ("new", None, None, None, None, 9000, 0),
    ]
    odd = (
        "SELECT count(*) FROM mart.trending_repositories WHERE abs(score - (coalesce(1 / (60 + velocity_rank), 0) "
        "+ coalesce(1 / (60 + list_rank), 0))) > 1e-12"
    )
    assert small.rows(odd) == [(0,)]


def listing(day: int, *rows: tuple[int, int, str | None]) -> bytes:
    """A day's listing: numbers of papers, their votes and repositories."""
    return daily(daily_row(number, upvotes=votes, githubRepo=url) for number, votes, url in rows)


def test_papers_are_ranked_by_votes_and_a_spike_does_not_lead(small: Small) -> None:
    url = "https://github.com/rain/a"
    starred(small, ("rain/a", {0: 100, 7: 170}))
    votes = {0: (100, 5), 5: (110, 10), 10: (120, 15), 11: (125, 900)}
    for day, (steady, sudden) in votes.items():
        small.deliver(listing(day, (1, steady, url), (2, sudden, None)), f"{after(day)}.json")
    small.settle()
    columns = "paper_id, counted_upvotes, upvotes, upvotes_gained, days, usual_upvotes, is_spike, stars, stars_velocity"
    found = small.rows(
        f"SELECT {columns} FROM mart.trending_papers WHERE observed_on = DATE '{after(11)}' ORDER BY rank"
    )
    assert found == [
        (f"arxiv:{arxiv(1)}", 125, 125, 5, 1, 2.0, False, 170, 10.0),
        (f"arxiv:{arxiv(2)}", 15, 900, 885, 1, 1.0, True, None, None),
    ]


def texts(numbers: Iterable[int], *sentences: str, **fields: Any) -> list[dict[str, Any]]:
    return [daily_row(number, summary=abstract(number, *sentences), **fields) for number in numbers]


def test_unknown_is_kept_apart_from_no(small: Small) -> None:
    rows = [
        *texts(range(1, 5), "Our code is available at https://github.com/rain/roof."),
        *texts(range(5, 7), githubRepo="https://github.com/rain/pole"),
        *texts(range(7, 10), "We will release our code upon publication."),
        *texts(range(10, 12), "The code is available from the authors upon reasonable request."),
        *texts(range(12, 22)),
    ]
    small.deliver(daily(rows), "2025-06-12.json")
    small.deliver(
        fetched(after(0), ("rain/pole", 404, None), ("rain/roof", 200, repository("rain/roof", 1))), "a.jsonl"
    )
    small.settle()
    columns = "papers, linked, linked_in_text, official, reachable, promised, on_request, unknown, rate, is_partial"
    wanted = (21, 6, 4, 4, 4, 3, 2, 10, pytest.approx(6 / 21), True)
    for topic in ("all", "source:hf_daily"):
        (found,) = small.rows(f"SELECT {columns} FROM mart.code_availability WHERE topic = '{topic}'")
        assert found == wanted


def linking(number: int, url: str, month: str) -> dict[str, Any]:
    return daily_row(number, githubRepo=url, publishedAt=f"{month}-10T12:00:00.000Z")


def test_hosts_and_owners_over_time(small: Small) -> None:
    rows = [
        linking(1, "https://github.com/Rain/a", "2025-03"),
        linking(2, "https://github.com/rain/b", "2025-04"),
        linking(3, "https://github.com/rain/a", "2025-04"),
        linking(4, "https://gitlab.com/snow/c", "2025-04"),
        linking(5, "https://github.com/rain/old", "2024-04"),
    ]
    small.deliver(daily(rows), "2025-06-12.json")
    small.deliver(project("rain/old", "hail/new"), "2025-07-01_projects.csv")
    small.settle()
    columns = "period::VARCHAR, host, papers, papers_linked, share, repositories, new_repositories, is_partial"
    assert small.rows(f"SELECT {columns} FROM mart.code_hosts ORDER BY period, host") == [
        ("2024-04-01", "github.com", 1, 1, 1.0, 1, 1, False),
        ("2025-03-01", "github.com", 1, 1, 1.0, 1, 1, False),
        ("2025-04-01", "github.com", 2, 3, pytest.approx(2 / 3), 2, 1, False),
        ("2025-04-01", "gitlab.com", 1, 3, pytest.approx(1 / 3), 1, 1, False),
    ]
    # Whoever has the repository now is its owner: the fourth paper of rain counts for another.
    assert small.rows("SELECT period::VARCHAR, owner, rank, papers, repositories FROM mart.code_owners") == [
        ("2025-01-01", "Rain", 1, 3, 2)
    ]


def test_survival_says_what_is_known_and_what_was_asked(small: Small) -> None:
    names = ["ok", "moved", "moved-gone", "archived", "gone", "never", "listed"]
    rows = [linking(number, f"https://github.com/rain/{name}", "2025-04") for number, name in enumerate(names, 1)]
    small.deliver(daily(rows), "2025-06-12.json")
    small.deliver(ranking((1, "Python", "rain/listed", 9)), f"ranking-{after(0)}.csv")
    answers = fetched(
        after(1),
        ("rain/ok", 200, repository("rain/ok", 1)),
        ("rain/moved", 200, repository("snow/moved", 2)),
        ("rain/moved-gone", 200, repository("snow/lost", 3)),
        ("rain/archived", 200, repository("rain/archived", 4, archived=True)),
        ("rain/gone", 404, None),
    )
    small.deliver(answers, "1.jsonl")
    small.deliver(fetched(after(2), ("snow/lost", 404, None)), "2.jsonl")
    small.settle()
    states = "ok, renamed, archived, empty, gone, squatted, unknown"
    columns = f"repositories, {states}, known_share, asked, asked_alive, alive_share"
    for host in ("all", "github.com"):
        (found,) = small.rows(f"SELECT {columns} FROM mart.link_survival WHERE host = '{host}'")
        assert found == (7, 2, 1, 1, 0, 2, 0, 1, pytest.approx(6 / 7), 5, 3, 0.6)
    between = (
        "SELECT state_from::VARCHAR, state_until::VARCHAR, alive_low < 0.6, alive_high > 0.6 FROM mart.link_survival"
    )
    assert set(small.rows(between)) == {(str(after(0)), str(after(1)), True, True)}

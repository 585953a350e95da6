"""What is said of repositories, held against a host that is played out: names, redirections and numbers as GitHub's."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_repositories import fetched, repository
from tests.warehouses import Rows, Small

NAMES = ("rain/a", "rain/b", "snow/a", "hail/c")
ACTS = ("make", "make", "rename", "rename", "delete", "archive")
START = dt.date(2026, 3, 2)
Answers = list[tuple[str, int, dict[str, Any] | None]]


@dataclass
class Host:
    """Names that hold a number, and old names that lead to one until they are given again."""

    held: dict[str, int] = field(default_factory=dict)
    led: dict[str, int] = field(default_factory=dict)
    archived: set[int] = field(default_factory=set)
    made: int = 0

    def act(self, what: str, name: str, other: str) -> None:
        """Does what the act says, if it can be done."""
        if what == "make" and name not in self.held:
            self.made += 1
            self.held[name] = self.made
            self.led.pop(name, None)
        elif what == "rename" and name in self.held and other not in self.held:
            number = self.held.pop(name)
            self.held[other] = self.led[name] = number
            self.led.pop(other, None)
        elif what == "delete" and name in self.held:
            number = self.held.pop(name)
            self.led = {old: led for old, led in self.led.items() if led != number}
        elif what == "archive" and name in self.held:
            self.archived.add(self.held[name])

    def name_of(self, number: int | None) -> str | None:
        """The name that holds a number."""
        return next((name for name, held in self.held.items() if held == number), None)

    def answer(self, name: str) -> tuple[str, int, dict[str, Any] | None]:
        """What is said when somebody asks for a name."""
        number = self.held.get(name, self.led.get(name))
        if number is None:
            return name, 404, None
        found = repository(self.name_of(number) or "", number, archived=number in self.archived)
        return name, 200, found


@dataclass
class Story:
    """The answers of each day, and what is true of each name in the end."""

    days: list[Answers]
    wanted: dict[str, tuple[str, str | None]]


def told(acts: list[list[tuple[str, str, str]]]) -> Story:
    """All names are asked for every day; only those that ever were there are judged."""
    host, days = Host(), []
    first: dict[str, int] = {}
    seen: dict[int, str] = {}
    last: dict[str, int] = {}
    for day in acts:
        for act in day:
            host.act(*act)
        days.append([host.answer(name) for name in NAMES])
        for name, _, found in days[-1]:
            if found:
                first.setdefault(name, found["id"])
                seen[found["id"]], last[name] = found["full_name"], found["id"]
    # A number was seen last under a name that may have been given to another since.
    places = {number: place for number, place in seen.items() if last[place] == number}
    return Story(days, {name: _truth(host, name, number, places.get(number)) for name, number in first.items()})


def invented(seed: int) -> Story:
    """A week with three acts a day."""
    chance = random.Random(seed)
    acts = [(chance.choice(ACTS), chance.choice(NAMES), chance.choice(NAMES)) for _ in range(21)]
    return told([acts[day : day + 3] for day in range(0, 21, 3)])


def _truth(host: Host, name: str, number: int, place: str | None) -> tuple[str, str | None]:
    """The state of a name that led to this number first, and the place where that was seen last if it is elsewhere."""
    now = host.held.get(name, host.led.get(name))
    elsewhere = f"https://github.com/{place}" if place and place != name else None
    if now is None:
        return "gone", elsewhere
    if now != number:
        return "squatted", elsewhere
    if elsewhere:
        return "renamed", elsewhere
    return ("archived" if number in host.archived else "ok"), None


def loaded(story: Story, order: list[int]) -> tuple[dict[str, Any], list[Rows]]:
    """The states after the days came in this order, and all that is said of repositories."""
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        for number in order:
            day = START + dt.timedelta(days=number)
            small.deliver(fetched(day, *story.days[number]), f"{number}.jsonl")
        small.settle()
        found = small.rows("SELECT owner || '/' || name, state, renamed_to FROM core.repositories")
        tables = ("core.repositories", "core.repository_observations", "mart.repository_series")
        return {name: (state, to) for name, state, to in found}, [
            small.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in tables
        ]


@pytest.mark.parametrize("seed", range(8))
def test_states_are_those_of_the_host_in_any_order(seed: int) -> None:
    story = invented(seed)
    order = list(range(len(story.days)))
    found, content = loaded(story, order)
    assert {name: found[name] for name in story.wanted} == story.wanted
    random.Random(seed).shuffle(order)
    assert loaded(story, order) == (found, content)


def test_the_stories_have_all_states_in_them() -> None:
    """Else the test above would prove less than it says."""
    states: Counter[str] = Counter()
    for seed in range(8):
        states.update(state for state, _ in invented(seed).wanted.values())
    assert min(states[state] for state in ("ok", "renamed", "archived", "gone", "squatted")) > 0, states

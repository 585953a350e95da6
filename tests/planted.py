"""Listings of invented papers in which it is known what rises, what bursts, when, and what does nothing."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NOUNS = ("lantern", "orchard", "kettle", "glacier", "mosaic", "harbour", "meadow", "clock", "violin", "pottery")
DEEDS = ("calibration", "navigation", "acoustics", "restoration", "weaving", "forecasting")
NULL_TOPICS = tuple(f"{noun} {deed}" for noun in NOUNS for deed in DEEDS)


@dataclass(frozen=True)
class Plan:
    """Months of papers. A burst is (first month, last month, times as many papers), a rise the times at the end."""

    months: int = 36
    papers_a_month: int = 150
    first: dt.date = dt.date(2022, 1, 1)
    share: float = 0.02
    bursts: Mapping[str, tuple[int, int, float]] = field(default_factory=dict)
    rises: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


def month(plan: Plan, number: int) -> dt.date:
    """The first day of a month, counted from the plan's first."""
    at = plan.first.year * 12 + plan.first.month - 1 + number
    return dt.date(at // 12, at % 12 + 1, 1)


def papers(plan: Plan, seed: int = 1) -> list[tuple[dt.date, str]]:
    """Day and topic of each paper, in order of days."""
    drawn = random.Random(seed)
    made = []
    for number in range(plan.months):
        shares = {topic: plan.share for topic in (*plan.bursts, *plan.rises)}
        for topic, (first, last, times) in plan.bursts.items():
            shares[topic] *= times if first <= number <= last else 1.0
        for topic, times in plan.rises.items():
            shares[topic] *= times ** (number / (plan.months - 1))
        rest = 1.0 - sum(shares.values())
        weights = {topic: plan.weights.get(topic, 1.0) for topic in NULL_TOPICS}
        shares |= {topic: rest * weight / sum(weights.values()) for topic, weight in weights.items()}
        topics = drawn.choices(list(shares), list(shares.values()), k=plan.papers_a_month)
        made += [(month(plan, number) + dt.timedelta(days=drawn.randrange(28)), topic) for topic in topics]
    return sorted(made)


def shuffled(made: Sequence[tuple[dt.date, str]], seed: int = 2) -> list[tuple[dt.date, str]]:
    """The same papers with each other's days."""
    days = [day for day, _ in made]
    random.Random(seed).shuffle(days)
    return sorted((day, topic) for day, (_, topic) in zip(days, made, strict=True))


def _text(number: int, topic: str) -> tuple[str, str]:
    title = f"{topic.title()} in Winter {number:06d}"
    return title, f"We study {topic} where it rains. Attempt {number:06d} at {topic} is better than those before it."


def as_snapshot(made: Sequence[tuple[dt.date, str]], category: str = "cs.RO") -> bytes:
    """The papers as a dump in the format of the arXiv metadata snapshot, observed when the last month was over."""
    lines = []
    for number, (day, topic) in enumerate(made):
        title, abstract = _text(number, topic)
        lines.append(
            json.dumps(
                {
                    "id": f"{day:%y%m}.{number % 100_000:05d}",
                    "submitter": "Author 1",
                    "authors": "A. Author",
                    "title": title,
                    "abstract": abstract,
                    "categories": category,
                    "versions": [{"version": "v1", "created": f"{day:%a, %d %b %Y} 12:00:00 GMT"}],
                    "update_date": f"{day:%Y-%m-%d}",
                }
            )
        )
    return "\n".join(lines).encode() + b"\n"


def as_daily(made: Sequence[tuple[dt.date, str]], first_number: int = 50_000) -> bytes:
    """The papers as a dump in the format of the Daily Papers API."""
    rows = []
    for number, (day, topic) in enumerate(made, first_number):
        title, abstract = _text(number, topic)
        paper = {
            "id": f"{day:%y%m}.{number % 100_000:05d}",
            "title": title,
            "summary": abstract,
            "publishedAt": f"{day}T12:00:00.000Z",
            "authors": [{"name": "A. Author"}],
            "upvotes": 1,
        }
        rows.append({"paper": paper, "title": title, "publishedAt": f"{day}T12:00:00.000Z", "numComments": 0})
    return json.dumps(rows).encode()

"""Invent papers from `templates.toml`: what they are called, say and promise.

No paper, person or repository in it exists. `make_samples.py` writes them as dumps.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

TEMPLATES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("templates.toml").read_text(encoding="utf-8"))
THEMES: list[dict[str, Any]] = TEMPLATES["themes"]
RNG = random.Random(20250814)
SEEN: set[str] = set()  # names and titles given away
NUMBERS: Counter[str] = Counter()  # identifiers given away, by month

MONTHS = list(TEMPLATES["days"])
DAYS = [date.fromisoformat(f"{m}-{day:02}") for m in MONTHS for day in TEMPLATES["days"][m]]

# How many of a hundred papers say what about their code; the rest say nothing.
SAYINGS = {"link": 45, "promise": 6, "claim": 3, "project": 4, "model": 2, "dataset": 2, "on_request": 1}
RARE_SAYINGS = ["gitlab", "gitlab", "demo", "video", "shortener"]
ADDRESSES = {
    "link": "https://github.com/{owner}/{slug}",
    "gitlab": "https://gitlab.com/{owner}/{slug}",
    "project": "https://{owner}.github.io/{slug}/",
    "model": "https://huggingface.co/{owner}/{slug}",
    "dataset": "https://huggingface.co/datasets/{owner}/{slug}",
    "demo": "https://huggingface.co/spaces/{owner}/{slug}",
    "video": "https://www.youtube.com/watch?v=paper-trend",
    "shortener": "https://bit.ly/paper-trends-samples-{slug}",
}
SMALL_WORDS = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "off", "on", "the", "to", "under", "with")
)
OLD_PAPERS = {"cs/9901234": (1999, 1), "cs/0003987": (2000, 3), "cs/0612999": (2006, 12)}


@dataclass
class Paper:
    """What all three formats say about one invented paper."""

    arxiv_id: str
    published: datetime
    title: str
    abstract: str
    saying: str
    owner: str
    slug: str
    category: str
    authors: list[int] = field(default_factory=lambda: RNG.sample(range(1, 400), RNG.randint(1, 3)))
    keywords: list[str] = field(default_factory=list)

    def address(self, kind: str = "link") -> str:
        """Where the paper's repository, model, page… would be."""
        return ADDRESSES[kind].format(owner=self.owner, slug=self.slug)


def title_case(text: str) -> str:
    """Capitals as in a title: `text-to-image for all` gives `Text-to-Image for All`."""

    def capital(word: re.Match[str]) -> str:
        is_compound_head = text[word.end() :].startswith("-") and not text[: word.start()].endswith("-")
        return word[0] if word[0] in SMALL_WORDS and not is_compound_head else sentence(word[0])

    return re.sub(r"[^\W\d_]+", capital, text)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[0].upper() + text[1:]


def is_unused(name: str) -> bool:
    """Whether the name or title is new; it counts as seen from then on."""
    is_new = name.casefold() not in SEEN
    SEEN.add(name.casefold())
    return is_new


def coin_name() -> str:
    """A name for a method that no other paper here has."""
    while True:
        name = RNG.choice(TEMPLATES["name_heads"]) + RNG.choice(TEMPLATES["name_tails"])
        if is_unused(name):
            return str(name)


def next_id(published: datetime) -> str:
    """The next identifier of a month, from 90001 on, where no real paper is."""
    month = f"{published:%y%m}"
    NUMBERS[month] += 1
    return f"{month}.{90000 + NUMBERS[month]}"


def choose_themes(month: int, count: int) -> list[dict[str, Any]]:
    """Themes of a month's papers: each gets its share of them, rounded up or down."""
    shares = TEMPLATES["shares"]
    planted = [shares[t["kind"]][month] if "kind" in t else None for t in THEMES]
    steady = (1 - sum(s or 0 for s in planted)) / planted.count(None)
    bounds, offset = [0.0], RNG.random()
    for share in planted:
        bounds.append(bounds[-1] + count * (steady if share is None else share))
    chosen = [
        theme
        for theme, (low, high) in zip(THEMES, pairwise(bounds), strict=True)
        for point in range(count)
        if low <= point + offset + 1e-9 < high + (theme is THEMES[-1])
    ]
    RNG.shuffle(chosen)
    return chosen


def choose_sayings(count: int) -> list[str]:
    """What each of so many papers says about its code, in exact proportions."""
    sayings = [s for s, percent in SAYINGS.items() for _ in range(round(count * percent / 100))]
    sayings += RARE_SAYINGS if count > 100 else []
    sayings += ["none"] * (count - len(sayings))
    RNG.shuffle(sayings)
    return sayings


def fill_slots(theme: dict[str, Any]) -> dict[str, str]:
    """One choice for every slot of the templates."""
    slots = {slot: RNG.choice(theme[slot]) for slot in ("first", "later", "task", "problem", "idea", "data", "near")}
    slots |= {"singular": theme["singular"], "terms": RNG.choice(theme["title"]), "name": coin_name()}
    general, other = (RNG.choice(variants) for variants in RNG.sample(TEMPLATES["general"], 2))
    slots |= {"general": general, "other": other, "adjective": RNG.choice(TEMPLATES["adjectives"])}
    return slots


def fill(template: str, slots: dict[str, str]) -> str:
    """A sentence from a template, with figures of its own."""
    figures = {"n": RNG.randint(2, 60), "m": RNG.randint(3, 9), "h": RNG.randint(4, 90), "k": RNG.randint(2, 12)}
    text = template.format(**slots, **figures, p=RNG.randint(8, 61), x=f"{RNG.uniform(0.4, 9.5):.1f}")
    return sentence(text)


def make_title(slots: dict[str, str]) -> str:
    """A title that no other paper here has."""
    cased = {slot: title_case(value) for slot, value in slots.items()}
    while True:
        kind = "maths_titles" if RNG.random() < 0.02 else "titles"
        title: str = RNG.choice(TEMPLATES[kind]).format(**cased)
        if is_unused(title):
            return sentence(title)


def make_abstract(slots: dict[str, str], about_code: str) -> str:
    """An abstract of about a hundred words, with the sentence on code near its end."""
    kinds = ["openings", "gaps", "proposals", "details", "evaluations"]
    kinds += ["maths"] if RNG.random() < 0.06 else []
    chosen = [RNG.choice(TEMPLATES[kind]) for kind in kinds]
    said = [fill(template, slots) for template in chosen]
    rest = [t for t in TEMPLATES["closings"] + TEMPLATES["evaluations"] if t not in chosen]
    RNG.shuffle(rest)
    while sum(len(s.split()) for s in said) < 93:
        said.append(fill(rest.pop(), slots))
    place = 3 if about_code.endswith(".") and RNG.random() < 0.2 else len(said)
    said[place:place] = [about_code] if about_code else []
    return " ".join(said)


def make_paper(arxiv_id: str, published: datetime, theme: dict[str, Any], saying: str, is_old: bool = False) -> Paper:
    """One invented paper."""
    slots = fill_slots(theme)
    if is_old:
        slots |= {"general": "gradient descent", "other": "transfer learning"}
    slug = re.sub("(?<=[a-z])(?=[A-Z])", "-", slots["name"]).lower()
    owner = f"paper-trends-samples-{RNG.randint(1, 40):02}"
    paper = Paper(arxiv_id, published, make_title(slots), "", saying, owner, slug, theme["category"])
    address = paper.address(saying) if saying in ADDRESSES else ""
    sentences = TEMPLATES["code"].get(saying, [""])
    about_code = RNG.choice(sentences).format(url=address, bare=address.removeprefix("https://"))
    paper.abstract = make_abstract(slots, about_code)
    paper.keywords = [theme["singular"], slots["near"], slots["general"], slots["idea"]]
    return paper


def moment(day: date) -> datetime:
    """Some second of the day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=RNG.randrange(86400))


def make_listed() -> dict[date, list[Paper]]:
    """The papers of each daily listing, published in the days before it."""
    slots = []
    for day in DAYS:
        for _ in range(RNG.choice((6, 7, 7, 8, 8))):
            slots.append((moment(max(day - timedelta(RNG.choice((1, 1, 2, 2, 3, 5))), date(2024, 9, 1))), day))
    slots.sort()
    sayings = iter(choose_sayings(len(slots)))
    months = Counter(f"{published:%Y-%m}" for published, _ in slots)
    themes = {m: iter(choose_themes(MONTHS.index(m), count)) for m, count in months.items()}
    listed: dict[date, list[Paper]] = {day: [] for day in DAYS}
    for published, day in slots:
        theme = next(themes[f"{published:%Y-%m}"])
        listed[day].append(make_paper(next_id(published), published, theme, next(sayings)))
    return listed


def make_undated(count: int, month: int) -> list[Paper]:
    """Papers that only a copied page shows."""
    day = datetime(2025, 6, 1, tzinfo=UTC)
    pairs = zip(choose_themes(month, count), choose_sayings(count), strict=True)
    return [make_paper("", day, theme, saying) for theme, saying in pairs]


def make_unlisted(count: int) -> list[Paper]:
    """Papers that only the arXiv snapshot holds, spread over the months."""
    papers = []
    for month, name in enumerate(MONTHS):
        share = count // 12 + (month < count % 12)
        for theme in choose_themes(month, share):
            published = moment(date.fromisoformat(f"{name}-{RNG.randint(1, 13):02}"))
            saying = RNG.choice(("link", "none", "none"))
            papers.append(make_paper(next_id(published), published, theme, saying))
    return papers


def make_old() -> list[Paper]:
    """Papers with identifiers of the old style, from before the fields of today."""
    themes = (
        t for t in THEMES if t["singular"] in ("speech recognition", "medical image segmentation", "recommender system")
    )
    dates = (moment(date(*month, 14)) for month in OLD_PAPERS.values())
    return [make_paper(i, d, t, "none", is_old=True) for i, d, t in zip(OLD_PAPERS, dates, themes, strict=True)]


def author_name(number: int) -> str:
    """A name that is nobody's."""
    if number % 23 == 0:
        return f"Äuthor Ö{number}"
    return f"Author A{number}" if number % 3 else f"{chr(65 + number % 26)}. Placeholder"

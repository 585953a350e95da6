"""What is new for a subscriber. Pure: a catalogue of what is new for anybody in, the entries of one digest out."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from etl.subscriptions import Subscription

# Dumps come late: what they tell of the days just before the last digest is new as well.
LOOKBACK_DAYS = 14
# Told keywords are told again when they rise a year later.
FORGET_DAYS = 400
# Rising keywords of those who name none: the first of the scope.
LEADING = 5
MOST_TELLING = 3


@dataclass(frozen=True)
class Window:
    """Days that a digest covers: after `after`, up to and with `until`.

    What was told already, as `token` names it, is left out; `follows` says that there was a digest before.
    """

    after: dt.date
    until: dt.date
    told: frozenset[str] = frozenset()
    follows: bool = False

    @property
    def first(self) -> dt.date:
        """The first day of which something may be new."""
        return self.after - dt.timedelta(days=LOOKBACK_DAYS if self.follows else 0) + dt.timedelta(days=1)

    def is_told(self, item: str) -> bool:
        """Whether an earlier digest told it."""
        return token(item) in self.told


def token(item: str) -> str:
    """An item in few bytes: the first letter of its kind and a hash."""
    return item[0] + hashlib.sha256(item.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Entry:
    """One thing that is new, and why the subscriber hears of it."""

    item: str
    title: str
    url: str | None
    reason: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """Entries of one kind, best first; `more` counts those that are not shown."""

    name: str
    entries: tuple[Entry, ...]
    more: int = 0


@dataclass(frozen=True)
class Chart:
    """Shares of rising keywords by month."""

    periods: tuple[dt.date, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class Digest:
    """All that one subscriber is told; `items` names everything that counts as told from now on."""

    window: Window
    sections: tuple[Section, ...]
    chart: Chart | None
    items: tuple[str, ...] = field(repr=False)


class Catalogue:
    """All that may be new for anybody: frames of the queries in `sql/digests/` and the variants of keywords.

    `terms` are those of all subscribers: texts are searched for all of them at once.
    """

    def __init__(
        self,
        papers: pl.DataFrame,
        keywords: pl.DataFrame,
        shares: pl.DataFrame,
        variants: pl.DataFrame,
        alerts: pl.DataFrame | None = None,
        terms: Iterable[str] = (),
    ) -> None:
        self._keywords, self._shares = keywords, shares
        self.papers = papers.sort("paper_id").to_dicts()
        self.alerts = [] if alerts is None else alerts.to_dicts()
        wanted = {term.casefold() for term in terms}
        named = pl.concat(
            [variants.select("keyword", name="variants").explode("name"), variants.select("keyword", name="keyword")]
        ).filter(pl.col("name").str.to_lowercase().is_in(list(wanted)))
        self._variants = {name.casefold(): keyword for keyword, name in named.sort("keyword", "name").iter_rows()}
        self._found = self._search(sorted(set(terms)))

    @cached_property
    def by_category(self) -> Mapping[str, list[int]]:
        """The papers of each category."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, paper in enumerate(self.papers):
            for category in paper["categories"] or []:
                found[category.casefold()].append(number)
        return found

    @cached_property
    def by_keyword(self) -> Mapping[str, list[int]]:
        """The papers of each keyword."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, paper in enumerate(self.papers):
            for keyword in paper["keywords"] or []:
                found[keyword].append(number)
        return found

    @cached_property
    def rising(self) -> Mapping[str, list[dict[str, Any]]]:
        """Rising keywords of each scope, the most emerging first."""
        ordered = self._keywords.sort("scope", "emergence", "keyword", descending=[False, True, False], nulls_last=True)
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in ordered.iter_rows(named=True):
            found[row["scope"]].append(row)
        return found

    @cached_property
    def lines(self) -> Mapping[tuple[str, str], dict[dt.date, float]]:
        """Shares by month of each rising keyword and scope."""
        found: dict[tuple[str, str], dict[dt.date, float]] = defaultdict(dict)
        ordered = self._shares.sort("keyword", "scope", "period").select("keyword", "scope", "period", "share")
        for keyword, scope, period, share in ordered.iter_rows():
            found[keyword, scope][period] = share
        return found

    def keyword(self, term: str) -> str:
        """The keyword that a term is a variant of; the term itself where it is none."""
        found: str = self._variants.get(term.casefold(), term.casefold())
        return found

    def papers_with(self, term: str) -> Mapping[int, bool]:
        """The papers that have a term as keyword or in their text, and whether it stands in the title."""
        return self._found[term]

    def _search(self, terms: list[str]) -> dict[str, dict[int, bool]]:
        found: dict[str, dict[int, bool]] = {
            term: dict.fromkeys(self.by_keyword.get(self.keyword(term), ()), False) for term in terms
        }
        named: dict[str, list[str]] = defaultdict(list)
        for term in terms:
            for name in _names(term, self.keyword(term)):
                named[name].append(term)
        for is_title in (False, True) if named else ():
            texts = [normalised(paper["title"] if is_title else paper["abstract"] or "") for paper in self.papers]
            seen = pl.Series(texts, dtype=pl.String).str.extract_many(sorted(named), overlapping=True)
            for number, names in enumerate(seen.to_list()):
                for name in names:
                    for term in named[name]:
                        found[term][number] = found[term].get(number, False) or is_title
        return found


def _names(term: str, keyword: str) -> set[str]:
    """The words to look for: the term, the keyword that it is a variant of, and their plurals."""
    words = {normalised(name) for name in (term, keyword)} - {"  "}
    return words | {f"{name.rstrip()}s " for name in words}


def normalised(text: str) -> str:
    """Lower-case words between single blanks, one before and one after."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(words)} "


def digest(catalogue: Catalogue, subscription: Subscription, window: Window) -> Digest | None:
    """What is new for a subscriber; None where nothing is."""
    matched = _matched(catalogue, subscription)
    code, papers = _paper_entries(catalogue, subscription, window, matched)
    keywords = _keyword_entries(catalogue, subscription, window)
    alerts = _alert_entries(catalogue, subscription, window)
    named = (("alerts", alerts), ("code", code), ("keywords", keywords), ("papers", papers))
    sections = tuple(
        Section(name, tuple(entries[: subscription.most]), max(0, len(entries) - subscription.most))
        for name, entries in named
        if entries
    )
    if not sections:
        return None
    shown = next((section.entries for section in sections if section.name == "keywords"), ())
    items = tuple(sorted({entry.item for _, entries in named for entry in entries}))
    return Digest(window, sections, _chart(catalogue, shown), items)


def _matched(catalogue: Catalogue, subscription: Subscription) -> dict[int, list[str]]:
    """The papers of interest, each with the reasons, the most telling first."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for term in subscription.keywords:
        for number, in_title in catalogue.papers_with(term).items():
            reasons[number].append(f"keyword “{term}” in the title" if in_title else f"keyword “{term}”")
    for category in subscription.categories:
        for number in catalogue.by_category.get(category.casefold(), ()):
            reasons[number].append(f"category {category}")
    if not subscription.keywords and not subscription.categories:
        return {number: [] for number in range(len(catalogue.papers))}
    return reasons


def _paper_entries(
    catalogue: Catalogue, subscription: Subscription, window: Window, matched: Mapping[int, list[str]]
) -> tuple[list[Entry], list[Entry]]:
    """Papers whose code appeared, and new papers."""
    code, papers = [], []
    for number, reasons in matched.items():
        paper = catalogue.papers[number]
        has_code = paper["repository_url"] is not None
        if _is_new(paper["first_observed_on"], f"paper:{paper['paper_id']}", window):
            if paper["is_news"] and (has_code or not subscription.only_with_code):
                papers.append((_rank(paper, reasons), _paper_entry(paper, reasons)))
        elif has_code and _is_new(paper["linked_on"], f"code:{paper['paper_id']}", window):
            code.append((_rank(paper, reasons), _code_entry(paper, reasons)))
    return [entry for _, entry in sorted(code, key=_first)], [entry for _, entry in sorted(papers, key=_first)]


def _first(ranked: tuple[tuple[Any, ...], Entry]) -> tuple[Any, ...]:
    return ranked[0]


def _is_new(day: dt.date | None, item: str, window: Window) -> bool:
    return day is not None and window.first <= day <= window.until and not window.is_told(item)


def _rank(paper: Mapping[str, Any], reasons: list[str]) -> tuple[Any, ...]:
    """Most of the subscriber's terms first, those in titles counted twice; then votes, then papers with code."""
    weight = sum(2 if reason.endswith("title") else 1 for reason in reasons)
    return (-weight, -(paper["upvotes"] or 0), paper["repository_url"] is None, paper["paper_id"])


def _paper_entry(paper: Mapping[str, Any], reasons: list[str]) -> Entry:
    said = [*reasons]
    if paper["upvotes"]:
        said.append(f"{paper['upvotes']} votes in a listing")
    if paper["repository_url"]:
        said.append("has code")
    return _entry(f"paper:{paper['paper_id']}", paper, said or ["newly listed"])


def _code_entry(paper: Mapping[str, Any], reasons: list[str]) -> Entry:
    days = paper["days_to_code"]
    came = f"promised code came after {days} days" if days else "a first link to code"
    return _entry(f"code:{paper['paper_id']}", paper, [came, *reasons])


def _entry(item: str, paper: Mapping[str, Any], reasons: Iterable[str]) -> Entry:
    return Entry(item, paper["title"], paper["url"], "; ".join(reasons), paper)


def _keyword_entries(catalogue: Catalogue, subscription: Subscription, window: Window) -> list[Entry]:
    """Rising keywords: the subscriber's own, and the first of each category; of all where neither is named."""
    wanted = {catalogue.keyword(term) for term in subscription.keywords}
    chosen = [row for row in catalogue.rising.get("all", []) if row["keyword"] in wanted]
    scopes = [f"category:{category}" for category in subscription.categories]
    if not wanted and not scopes:
        scopes = ["all"]
    for scope in scopes:
        supported = [row for row in catalogue.rising.get(scope, []) if row["papers"] >= subscription.minimum_papers]
        chosen += supported[:LEADING]
    entries, seen = [], set[str]()
    for row in chosen:
        item = f"keyword:{row['scope']}:{row['keyword']}"
        if row["papers"] >= subscription.minimum_papers and not window.is_told(item) and row["keyword"] not in seen:
            seen.add(row["keyword"])
            entries.append(Entry(item, row["keyword"], None, _rise(catalogue, row), row))
    return entries


def _rise(catalogue: Catalogue, row: Mapping[str, Any]) -> str:
    where = "of all papers" if row["scope"] == "all" else f"of {row['scope'].removeprefix('category:')}"
    shares = list(catalogue.lines.get((row["keyword"], row["scope"]), {}).values())
    year = min(12, len(shares) // 2)
    if not year:
        return f"rises, {row['papers']} papers"
    before, now = sum(shares[:-year][-year:]) / year, sum(shares[-year:]) / year
    return f"rises: {now:.2%} {where} in the last {year} months, {before:.2%} in those before; {row['papers']} papers"


def _alert_entries(catalogue: Catalogue, subscription: Subscription, window: Window) -> list[Entry]:
    """Alerts of the rules that the subscriber named; `*` names all."""
    chosen = [
        alert
        for alert in catalogue.alerts
        if ("*" in subscription.alerts or alert["rule"] in subscription.alerts)
        and _is_new(alert["fired_on"], f"alert:{alert['alert_id']}", window)
    ]
    ordered = sorted(chosen, key=lambda alert: (-alert["fired_on"].toordinal(), alert["alert_id"]))
    return [
        Entry(f"alert:{alert['alert_id']}", alert["title"], alert["url"], alert["evidence"], alert) for alert in ordered
    ]


def _chart(catalogue: Catalogue, entries: Iterable[Entry]) -> Chart | None:
    """Lines of the first rising keywords that are shown, over the months that all of them have."""
    chosen = [
        (entry.title, line)
        for entry in entries
        if len(line := catalogue.lines.get((entry.facts["keyword"], entry.facts["scope"]), {})) > 1
    ][:MOST_TELLING]
    if not chosen:
        return None
    periods = tuple(sorted(set.intersection(*(set(line) for _, line in chosen))))
    if len(periods) < 2:
        return None
    return Chart(periods, tuple((name, tuple(line[period] for period in periods)) for name, line in chosen))

"""What a published figure counts: the papers behind a keyword, a pair, a theme or a share of code, as conditions."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from etl.errors import SettingsError

_SEEN_AT = "papers.paper_id IN (SELECT paper_id FROM core.paper_observations WHERE source = ?)"
_HAS_KEYWORD = "papers.paper_id IN (SELECT paper_id FROM core.paper_keywords WHERE keyword = ?)"
_PERIOD = "a period as YYYY, YYYY-MM, YYYY-Www (ISO 8601), or a day for the week that it lies in"


@dataclass(frozen=True)
class Figure:
    """One figure of a mart: what it is about, and the period and scope that it counts.

    `keywords` are those that a paper must have, all of them; of a theme's keywords one is enough. `topic` is `all`, a
    category, a keyword or `source:…`, as in `mart.code_availability`; `statement` is what its papers say of their code.
    """

    keywords: tuple[str, ...] = ()
    theme: str | None = None
    topic: str | None = None
    statement: str | None = None
    period: str | None = None
    scope: str = "all"


@dataclass(frozen=True)
class Condition:
    """A condition on `core.papers AS papers`, and the values of its parameters."""

    sql: str
    values: tuple[object, ...] = ()


def period_of(text: str) -> tuple[dt.date, dt.date]:
    """The first day of a period and the first day after it; raises SettingsError where the text is none."""
    try:
        if re.fullmatch(r"\d{4}", text, re.ASCII):
            return dt.date(int(text), 1, 1), dt.date(int(text) + 1, 1, 1)
        if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
            first = dt.date.fromisoformat(f"{text}-01")
            return first, (first + dt.timedelta(days=31)).replace(day=1)
        if re.fullmatch(r"\d{4}-(W\d{2}|\d{2}-\d{2})", text, re.ASCII):
            day = dt.date.fromisoformat(text)
            monday = day - dt.timedelta(days=day.weekday())
            return monday, monday + dt.timedelta(days=7)
    except (ValueError, OverflowError):
        pass
    raise SettingsError("--period", text, _PERIOD)


def conditions(figure: Figure) -> list[Condition]:
    """What a paper must meet to be counted; raises SettingsError for a period that is none."""
    found = [Condition(_HAS_KEYWORD, (keyword,)) for keyword in figure.keywords]
    if figure.theme is not None:
        found.append(_of_theme(figure))
    if figure.topic is not None and figure.topic.startswith("source:"):
        found.append(Condition(_SEEN_AT, (figure.topic.removeprefix("source:"),)))
    elif figure.topic not in (None, "all"):
        found.append(Condition(f"(papers.primary_category = ? OR {_HAS_KEYWORD})", (figure.topic, figure.topic)))
    if figure.statement is not None:
        said = "SELECT paper_id FROM core.code_statements WHERE statement = ?"
        found.append(Condition(f"papers.paper_id IN ({said})", (figure.statement,)))
    if figure.period is not None:
        first, after = period_of(figure.period)
        found.append(Condition("papers.published_on >= ? AND papers.published_on < ?", (first, after)))
    kind, _, name = figure.scope.partition(":")
    if kind == "source":
        found.append(Condition(_SEEN_AT, (name,)))
    elif kind == "category":
        found.append(Condition("papers.primary_category = ?", (name,)))
    return found


def _of_theme(figure: Figure) -> Condition:
    """One of a theme's keywords is enough."""
    first, _ = period_of(figure.period or "")
    keywords = "SELECT unnest(keywords) FROM mart.keyword_themes WHERE theme = ? AND period = ?"
    having = f"SELECT paper_id FROM core.paper_keywords WHERE keyword IN ({keywords})"
    return Condition(f"papers.paper_id IN ({having})", (figure.theme, first))

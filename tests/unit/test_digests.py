from __future__ import annotations

import datetime as dt
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

from etl.digests.rendering import message, plain
from etl.digests.selection import Catalogue, Digest, Window, digest, token
from etl.subscriptions import Subscription

DAY = dt.date(2025, 9, 20)
YESTERDAY = Window(DAY - dt.timedelta(days=1), DAY)
PAPER = {
    "paper_id": pl.String,
    "title": pl.String,
    "url": pl.String,
    "authors": pl.List(pl.String),
    "abstract": pl.String,
    "categories": pl.List(pl.String),
    "keywords": pl.List(pl.String),
    "upvotes": pl.Int64,
    "repository_url": pl.String,
    "evidence": pl.String,
    "promised_on": pl.Date,
    "days_to_code": pl.Int64,
    "first_observed_on": pl.Date,
    "linked_on": pl.Date,
    "is_news": pl.Boolean,
}
HOSTILE = [
    "<script>alert(1)</script> & rain",
    "Rain\r\nBcc: eve@example.org",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.niar\u202c {{ 7 * 7 }} {% raw %}",
    "=?utf-8?q?rain?= \x1b[31m",
    "r\u00e4in \u96e8 \U0001f327 " + "long " * 500,
]


def paper(name: str, **facts: Any) -> dict[str, Any]:
    known = {
        "paper_id": name,
        "title": f"About {name}",
        "first_observed_on": DAY,
        "is_news": True,
        "url": f"https://example.org/{name}",
    }
    return {**dict.fromkeys(PAPER), **known, **facts}


def rising(keyword: str, scope: str = "all", papers: int = 50, emergence: float = 3.0) -> dict[str, Any]:
    return {
        "keyword": keyword,
        "scope": scope,
        "papers": papers,
        "growth": 1.0,
        "q_value": 0.01,
        "burst_start": None,
        "emergence": emergence,
    }


def catalogue(
    papers: list[dict[str, Any]] = [],  # noqa: B006
    keywords: list[dict[str, Any]] = [],  # noqa: B006
    terms: tuple[str, ...] = (),
    variants: dict[str, list[str]] | None = None,
) -> Catalogue:
    months = [dt.date(2024, month, 1) for month in range(1, 13)] + [dt.date(2025, month, 1) for month in range(1, 9)]
    shares = [
        {"keyword": row["keyword"], "scope": row["scope"], "period": month, "share": place / 100}
        for row in keywords
        for place, month in enumerate(months)
    ]
    return Catalogue(
        pl.DataFrame(papers, schema=PAPER),
        pl.DataFrame(keywords, schema=dict.fromkeys(rising("x"), pl.String) | _NUMBERS),
        pl.DataFrame(shares, schema={"keyword": pl.String, "scope": pl.String, "period": pl.Date, "share": pl.Float64}),
        pl.DataFrame(
            {"keyword": list(variants or {}), "variants": list((variants or {}).values())},
            schema={"keyword": pl.String, "variants": pl.List(pl.String)},
        ),
        None,
        terms,
    )


_NUMBERS = {
    "papers": pl.Int64,
    "growth": pl.Float64,
    "q_value": pl.Float64,
    "emergence": pl.Float64,
    "burst_start": pl.Date,
}


def titles(found: Digest | None, section: str) -> list[str]:
    return [entry.title for part in (found.sections if found else ()) if part.name == section for entry in part.entries]


def test_papers_match_by_keyword_text_and_category_and_say_why() -> None:
    ada = Subscription("ada", "ada@example.org", ("rain gauge",), ("cs.LG",))
    papers = [
        paper("a", title="A Rain-Gauge for All"),
        paper("b", abstract="We read two rain gauges."),
        paper("c", keywords=["rain gauge"], upvotes=5),
        paper("d", categories=["cs.LG", "cs.CV"]),
        paper("e", abstract="It rains; gauges are read. A brain gauge is not meant."),
        paper("f", title="Rain gauge learning", categories=["cs.LG"]),
    ]
    found = digest(catalogue(papers, terms=ada.keywords), ada, YESTERDAY)
    assert found
    said = {entry.facts["paper_id"]: entry.reason for entry in found.sections[0].entries}
    assert list(said) == ["f", "a", "c", "b", "d"]
    assert said["f"] == "keyword “rain gauge” in the title; category cs.LG"
    assert said["b"] == "keyword “rain gauge”"
    assert said["c"] == "keyword “rain gauge”; 5 votes in a listing"


def test_a_term_is_found_under_each_variant_of_its_keyword() -> None:
    ada = Subscription("ada", "ada@example.org", ("RGN",))
    papers = [paper("a", keywords=["rain gauge network"]), paper("b", abstract="Of rain gauge networks.")]
    made = catalogue(papers, terms=ada.keywords, variants={"rain gauge network": ["rgn", "rain gauge networks"]})
    assert titles(digest(made, ada, YESTERDAY), "papers") == ["About a", "About b"]


def test_code_that_appears_is_told_apart_from_new_papers() -> None:
    old = DAY - dt.timedelta(days=40)
    papers = [
        paper(
            "kept", first_observed_on=old, repository_url="https://github.com/a/kept", linked_on=DAY, days_to_code=12
        ),
        paper("first", first_observed_on=old, repository_url="https://github.com/a/first", linked_on=DAY),
        paper("long", first_observed_on=old, repository_url="https://github.com/a/long", linked_on=old),
        paper("new", repository_url="https://github.com/a/new", linked_on=DAY),
        paper("bare"),
    ]
    found = digest(catalogue(papers), Subscription("a", "a@example.org"), YESTERDAY)
    assert titles(found, "code") == ["About first", "About kept"]
    assert titles(found, "papers") == ["About new", "About bare"]
    assert found
    assert [entry.reason for entry in found.sections[0].entries] == [
        "a first link to code",
        "promised code came after 12 days",
    ]
    only = digest(catalogue(papers), Subscription("a", "a@example.org", only_with_code=True), YESTERDAY)
    assert titles(only, "papers") == ["About new"]


def test_old_papers_of_an_archive_are_no_news() -> None:
    papers = [
        paper("old", is_news=False, repository_url="https://github.com/a/old", linked_on=DAY),
        paper("young"),
    ]
    found = digest(catalogue(papers), Subscription("a", "a@example.org"), YESTERDAY)
    assert (titles(found, "papers"), titles(found, "code")) == (["About young"], [])


def test_what_came_late_is_told_once_and_what_was_told_is_not() -> None:
    late = DAY - dt.timedelta(days=10)
    made = catalogue([paper("late", first_observed_on=late), paper("told", first_observed_on=late), paper("new")])
    reader = Subscription("a", "a@example.org")
    follows = Window(YESTERDAY.after, DAY, frozenset({token("paper:told")}), follows=True)
    found = digest(made, reader, follows)
    assert titles(found, "papers") == ["About late", "About new"]
    assert found
    told = Window(DAY, DAY, follows.told | {token(item) for item in found.items}, follows=True)
    assert digest(made, reader, told) is None
    assert titles(digest(made, reader, YESTERDAY), "papers") == ["About new"]


def test_more_than_is_shown_is_counted_and_counts_as_told() -> None:
    found = digest(catalogue([paper(f"p{n}") for n in range(9)]), Subscription("a", "a@example.org", most=4), YESTERDAY)
    assert found
    assert (len(found.sections[0].entries), found.sections[0].more, len(found.items)) == (4, 5, 9)


def test_rising_keywords_are_the_subscribers_own_and_the_first_of_each_category() -> None:
    rows = [
        rising("rain gauge", papers=4),
        rising("snow", emergence=9.0),
        rising("hail"),
        *(rising(f"frost {n}", "category:cs.LG", emergence=float(n)) for n in range(7)),
    ]
    everyone = digest(catalogue(keywords=rows), Subscription("a", "a@example.org"), YESTERDAY)
    assert titles(everyone, "keywords") == ["snow", "hail"]
    made = catalogue(keywords=rows, terms=("hail", "rain gauge"))
    ada = Subscription("ada", "ada@example.org", ("hail", "rain gauge"), ("cs.LG",))
    found = digest(made, ada, YESTERDAY)
    assert titles(found, "keywords") == ["hail", "frost 6", "frost 5", "frost 4", "frost 3", "frost 2"]
    assert found
    assert found.sections[0].entries[0].reason == (
        "rises: 14.50% of all papers in the last 10 months, 4.50% in those before; 50 papers"
    )
    assert found.chart
    assert [name for name, _ in found.chart.lines] == ["hail", "frost 6", "frost 5"]
    weak = Subscription("ada", "ada@example.org", ("rain gauge",), minimum_papers=3)
    assert titles(digest(made, weak, YESTERDAY), "keywords") == ["rain gauge"]


def test_nothing_new_is_no_digest() -> None:
    assert digest(catalogue(), Subscription("a", "a@example.org"), YESTERDAY) is None


def parsed(found: Digest | None, reader: Subscription, **named: str) -> EmailMessage:
    assert found
    made = message(found, reader, "Paper Trends <trends@example.org>", **named)
    again = message_from_bytes(made.as_bytes(), policy=default)
    assert isinstance(again, EmailMessage)
    assert not again.defects
    return again


def test_a_message_has_what_mail_clients_want() -> None:
    reader = Subscription("ada", "ada@example.org", dates="de")
    made = parsed(digest(catalogue([paper("a")], [rising("snow")]), reader, YESTERDAY), reader)
    assert made["To"] == "ada@example.org"
    assert made["From"] == "Paper Trends <trends@example.org>"
    assert made["Subject"] == "1 rising keyword, 1 new paper: snow"
    assert made["List-Unsubscribe"].strip() == f"<mailto:trends@example.org?subject=unsubscribe%20{reader.key}>"
    assert made["List-Unsubscribe-Post"] is None
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Message-ID"].endswith("@example.org>")
    assert [part.get_content_type() for part in made.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    text, page = made.get_body(("plain",)), made.get_body(("html",))
    assert text
    assert page
    assert "20. September 2025" in text.get_content()
    (image,) = (part for part in made.walk() if part.get_content_type() == "image/png")
    assert image.get_content().startswith(b"\x89PNG")
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in page.get_content()
    assert "snow from 0.00% to 19.00%" in page.get_content()
    assert "color-scheme" in page.get_content()


def test_one_click_unsubscribing_needs_https() -> None:
    reader = Subscription("ada", "ada@example.org")
    found = digest(catalogue([paper("a")]), reader, YESTERDAY)
    made = parsed(found, reader, unsubscribe="https://example.org/out?who={subscriber}")
    assert made["List-Unsubscribe"].strip() == f"<https://example.org/out?who={reader.key}>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_same_digest_gives_the_same_bytes() -> None:
    reader = Subscription("ada", "ada@example.org")
    made = [catalogue([paper("a"), paper("b")], [rising("snow")]) for _ in range(2)]
    one, other = (digest(each, reader, YESTERDAY) for each in made)
    assert one
    assert other
    assert message(one, reader, "x@example.org").as_bytes() == message(other, reader, "x@example.org").as_bytes()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_is_text_in_every_header_and_body(said: str) -> None:
    reader = Subscription("ada", "ada@example.org", ("rain",))
    hostile = paper(
        "a",
        title=said,
        abstract=said,
        evidence=said,
        url=f"javascript:{said}",
        repository_url=f"https://github.com/{said}",
        authors=[said],
        keywords=["rain", said],
        categories=[said],
    )
    row = rising(said)
    made = parsed(digest(catalogue([hostile], [row], terms=("rain",)), reader, YESTERDAY), reader)
    assert set(made.keys()) == {
        "From", "To", "Subject", "Message-ID", "List-Id", "List-Unsubscribe", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert made["To"] == "ada@example.org"
    every = parsed(digest(catalogue([hostile], [row]), Subscription("b", "b@example.org"), YESTERDAY), reader)
    for each in (made, every):
        text, page = each.get_body(("plain",)), each.get_body(("html",))
        assert text
        assert page
        assert not any(ord(sign) < 32 and sign != "\n" for sign in text.get_content().replace("\r\n", "\n"))
        assert not {"\u202e", "\u202c"} & set(text.get_content() + page.get_content() + each["Subject"])
        assert "\n" not in each["Subject"]
        tags = _Tags()
        tags.feed(page.get_content())
        assert {tag for tag, _ in tags.seen} <= _OURS
        assert not [value for _, found in tags.seen for name, value in found.items() if name.startswith("on")]
        links = {found["href"] for tag, found in tags.seen if tag == "a"}
        assert all(link and link.startswith(("https://github.com/", "mailto:")) for link in links)
        assert "49" not in text.get_content().replace("{{ 7 * 7 }}", "")


_OURS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "ol", "li", "span", "a", "p", "br", "img",
}  # fmt: skip


def test_plain_text_keeps_letters_of_all_scripts() -> None:
    assert plain("  r\u00e4in\n\t\u96e8\u200b\u202e x\x00y ") == "räin 雨 x y"

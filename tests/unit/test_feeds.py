from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import feedparser
import jsonschema
import polars as pl
import pytest
import vl_convert
from lxml import etree

from etl import feeds
from etl.feeds.base import ENTRY, Feed, content_html, file_name
from etl.feeds.csv import as_text

HOSTILE = [
    "<script>alert(1)</script> On Rain",
    "Rain & <b>Stone</b> ]]> &amp; “Kettles”",
    '=HYPERLINK("https://example.org","rain")',
    "\u202eniaR no\u202c \u2066x\u2069",
    "Rain\x00 on\x0b \x1bstone \ufffe\x85\u2028end",
    "Ünïcödé 雨 ☔ \U0001f327",
    "word " * 200_000,
    "A" * 1_000_000,
    "'\"><img src=x onerror=alert(1)>",
    "",
]
# What readers are shown of each.
SHOWN = [
    HOSTILE[0],
    HOSTILE[1],
    HOSTILE[2],
    "niaR no x",
    "Rain on stone end",
    HOSTILE[5],
    " ".join(["word"] * 59) + "…",
    "A" * 299 + "…",
    HOSTILE[8],
    "Untitled",
]


def entry(number: int, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "entry_id": f"paper/arxiv:2506.{number:05d}",
        "title": f"Study {number}",
        "url": f"https://arxiv.org/abs/2506.{number:05d}",
        "repository_url": "https://github.com/owner/name",
        "authors": ["Author One", "Author & Two"],
        "keywords": ["rain", "stone"],
        "reason": "Rank 1, up from 3",
        "evidence": "Our <code> is at https://github.com/owner/name.",
        "summary": "First paragraph.\nSecond <i>paragraph</i> & more.",
        "related_titles": ["On <b>Stone</b>", "Nowhere"],
        "related_urls": ["https://arxiv.org/abs/2506.00001", "javascript:alert(1)"],
        "entered_on": dt.date(2025, 6, 10),
        "changed_on": dt.date(2025, 6, 11),
    }
    return row | fields


TEXTS = ("title", "reason", "evidence", "summary")
LISTS = ("authors", "keywords", "related_titles", "related_urls")
BARE = dict.fromkeys((*ENTRY.keys() - {"entry_id", "title", "changed_on"},))
ROWS = [entry(1), entry(2, **BARE), *(entry(number, title=title) for number, title in enumerate(HOSTILE, 3))]
# Everything that a stranger can write, in every field at once.
EVERYWHERE = [
    entry(
        number,
        **dict.fromkeys(TEXTS, text),
        **{name: [text] for name in LISTS},
        url=f"https://example.org/{text[:100]}",
        repository_url=text[:100],
        entry_id=f"rising/{text[:100]}",
    )
    for number, text in enumerate(HOSTILE, 100)
]


def feed(rows: list[dict[str, Any]], **facts: Any) -> Feed:
    return Feed("papers", "Papers.", pl.DataFrame(rows, schema=dict(ENTRY), orient="row"), **facts)


def written(name: str, folder: Path, rows: list[dict[str, Any]], **facts: Any) -> bytes:
    style = feeds.load(name)
    path = folder / f"papers.{style.suffix}"
    style.write(path, feed(rows, chart="changed_on, title", **facts))
    return path.read_bytes()


def test_atom_is_read_as_it_was_meant(tmp_path: Path) -> None:
    data = written("atom", tmp_path, ROWS, title="Rain & more")
    parsed = feedparser.parse(data)
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    assert parsed.feed.title == "Rain & more"
    assert [item.id for item in parsed.entries] == [f"tag:paper-trends.example,2025:{row['entry_id']}" for row in ROWS]
    first, bare = parsed.entries[:2]
    assert [author.name for author in first.authors] == ["Author One", "Author & Two"]
    assert [link.href for link in first.links] == [ROWS[0]["url"], ROWS[0]["repository_url"]]
    assert [tag.term for tag in first.tags] == ["rain", "stone"]
    assert (first.published[:10], first.updated[:10]) == ("2025-06-10", "2025-06-11")
    assert first.summary == ROWS[0]["reason"]
    assert bare.get("links", []) == []
    assert parsed.feed.updated[:10] == "2025-06-11"
    assert parsed.feed.id.startswith("tag:")


def atom_problems(data: bytes) -> Iterator[str]:
    """What RFC 4287 asks of feeds and entries (sections 3 and 4), where this one breaks it."""
    root = etree.fromstring(data)
    for container in [root, *root.iter(f"{ATOM}entry")]:
        here = container.findtext(f"{ATOM}id")
        for name in ("id", "title", "updated"):
            if len(container.findall(f"{ATOM}{name}")) != 1:
                yield f"{here}: not one {name}"
        for name in ("published", "content", "summary", "rights", "subtitle"):
            if len(container.findall(f"{ATOM}{name}")) > 1:
                yield f"{here}: more than one {name}"
        if not (here or "").startswith("tag:") or not RFC_4151.fullmatch(here or ""):
            yield f"{here}: no tag URI"
        for name in ("updated", "published"):
            for day in container.findall(f"{ATOM}{name}"):
                if not RFC_3339.fullmatch(day.text or ""):
                    yield f"{here}: {name} {day.text}"
        for link in container.findall(f"{ATOM}link"):
            if not re.fullmatch(r"[!-~]+", link.get("href", "")):
                yield f"{here}: link {link.get('href')}"
        alternates = [link for link in container.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        if len(alternates) > 1 or (
            container is not root and not alternates and container.find(f"{ATOM}content") is None
        ):
            yield f"{here}: alternate links"
        if any(not (author.findtext(f"{ATOM}name") or "").strip() for author in container.findall(f"{ATOM}author")):
            yield f"{here}: author without a name"
    if root.find(f"{ATOM}author") is None:
        yield "no author"


ATOM = "{http://www.w3.org/2005/Atom}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
RFC_4151 = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d){0,2}:[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*")


@pytest.mark.parametrize("rows", [[], ROWS, EVERYWHERE], ids=["empty", "rows", "everywhere"])
def test_atom_keeps_to_its_standard(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    assert list(atom_problems(written("atom", tmp_path, rows))) == []


def test_a_breach_of_the_standard_is_seen(tmp_path: Path) -> None:
    data = written("atom", tmp_path, ROWS)
    for old, new in ((b"<updated>", b"<begun>"), (b"T00:00:00", b" 00:00"), (b":paper/", b": paper/")):
        broken = data.replace(old, new).replace(old.replace(b"<", b"</"), new.replace(b"<", b"</"))
        assert list(atom_problems(broken)), old


def test_hostile_titles_are_text_in_atom(tmp_path: Path) -> None:
    data = written("atom", tmp_path, ROWS)
    for title in ("<script>", "<img", "<b>Stone"):
        assert title.encode() not in data
    # feedparser would clean markup away: the tree shows what stands there.
    tree = etree.fromstring(data)
    assert [item.findtext(f"{ATOM}title") for item in tree.iter(f"{ATOM}entry")][2:] == SHOWN
    content = tree.find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert content.text is not None
    assert "Second &lt;i&gt;paragraph&lt;/i&gt; &amp; more." in content.text


class Elements(HTMLParser):
    """The elements of a piece of HTML, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"href"}
        self.links += [value or "" for _, value in attrs]


def test_content_is_our_markup_and_nobody_elses() -> None:
    for row in [*ROWS, *EVERYWHERE]:
        content = content_html(row)
        found = Elements(content)
        assert found.tags <= {"p", "strong", "blockquote", "ul", "li", "a"}
        assert all(re.fullmatch(r"https?://[!-~]+", link) for link in found.links)
        assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069]", content)
        assert len(content) < 30_000


def test_content_says_why_and_what_about() -> None:
    content = content_html(ROWS[0])
    assert (
        content.index("Rank 1, up from 3") < content.index("Our &lt;code&gt; is at") < content.index("First paragraph.")
    )
    assert '<a href="https://arxiv.org/abs/2506.00001">On &lt;b&gt;Stone&lt;/b&gt;</a>' in content
    assert "<li>Nowhere</li>" in content
    many = content_html(entry(1, authors=[f"Author {number}" for number in range(3_000)]))
    assert "And 2970 more authors." in many
    assert content_html(ROWS[1]) == "<p>No abstract.</p>"


def test_ids_and_bytes_stay_when_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for name in feeds.names():
        assert written(name, tmp_path, ROWS) == written(name, tmp_path / "again", ROWS), name


@pytest.mark.parametrize(
    "values",
    [
        ["a/b", "a\\b", "a b", "a-b", "A-B", "A B", "a  b", "../a b", "/a/b", "a_b"],
        ["..", ".", "", "/", "con", "CON", "nul", "aux.txt", "-", "--", "~", "*"],
        ["<script>", "&lt;script&gt;", "script", "雨", "雪", "é", "e\u0301", "ﬁ", "fi", "x" * 10_000, "x" * 10_001],
        ["line\nbreak", "line\rbreak", "tab\t", "nul\x00", "\u202e", "%2e%2e", "%2F"],
    ],
)
def test_file_names_are_safe_and_never_collide(values: list[str]) -> None:
    names = [file_name(value) for value in values]
    assert len({name.lower() for name in names}) == len(values)
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,59}", name), name
    assert names == [file_name(value) for value in values]


def test_an_empty_feed_is_still_one(tmp_path: Path) -> None:
    parsed = feedparser.parse(written("atom", tmp_path, []))
    assert (parsed.bozo, parsed.entries) == (False, [])
    assert json.loads(written("json_feed", tmp_path, []))["items"] == []


@pytest.mark.parametrize("rows", [[], ROWS, EVERYWHERE], ids=["empty", "rows", "everywhere"])
def test_json_feed_has_what_the_format_requires(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    document = json.loads(written("json_feed", tmp_path, rows))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"]
    assert {"icon", "favicon", "author", "next_url"} & document.keys() == set()
    assert len({item["id"] for item in document["items"]}) == len(rows)
    for item, row in zip(document["items"], rows, strict=True):
        assert item["id"] == f"tag:paper-trends.example,2025:{quote(row['entry_id'], safe=IN_TAGS)}"
        assert item["content_html"]
        assert all(
            dt.datetime.fromisoformat(item[name]).tzinfo for name in ("date_published", "date_modified") if name in item
        )
        assert all(set(author) == {"name"} and author["name"] for author in item.get("authors", []))
        assert all(re.fullmatch(r"https?://[!-~]+", item[name]) for name in ("url", "external_url") if name in item)
        assert set(item) <= JSON_FEED_ITEM
        assert {"<script>", "<i>", "<img", "\u202e"} & set(re.findall(r"<\w+>?|\u202e", item["content_html"])) == set()


IN_TAGS = "/:;,.!$&'()*+=@?~-_"
JSON_FEED_ITEM = {
    "id",
    "url",
    "external_url",
    "title",
    "summary",
    "content_html",
    "date_published",
    "date_modified",
    "authors",
    "tags",
}


def test_addresses_are_absolute_where_the_place_is_known(tmp_path: Path) -> None:
    facts = {"base_url": "https://example.org/trends/"}
    atom = feedparser.parse(written("atom", tmp_path, ROWS, **facts))
    places = {link.rel: link.href for link in atom.feed.links}
    assert places == {"self": "https://example.org/trends/feeds/papers.atom", "alternate": facts["base_url"]}
    document = json.loads(written("json_feed", tmp_path, ROWS, **facts))
    assert document["feed_url"] == "https://example.org/trends/feeds/papers.json"
    assert document["home_page_url"] == facts["base_url"]
    assert "feed_url" not in json.loads(written("json_feed", tmp_path, ROWS))


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "'=1",
        '"=1',
        "\r=1",
        "\n=1",
        "＝1",
        "－1",
        '=HYPERLINK("x")',
        "\x00=1",
    ],
)
def test_a_cell_is_never_a_formula(cell: str) -> None:
    text = as_text(pl.DataFrame({"title": [cell], "tags": [[cell, "x"]], "count": [-1]}))
    _, row = list(csv.reader(io.StringIO(text)))
    for found in row[:2]:
        assert found.startswith("'")
        assert found[1:].startswith(cell)
    assert row[2] == "-1"


def test_harmless_cells_stay_as_they_are() -> None:
    cells = ["rain", "a=b", "1-2", "", "雨", 'say "rain", twice', "two\nlines"]
    text = as_text(pl.DataFrame({"title": cells}))
    assert [row[0] if row else "" for row in list(csv.reader(io.StringIO(text)))[1:]] == cells


def test_json_and_parquet_hold_the_rows(tmp_path: Path) -> None:
    document = json.loads(written("json", tmp_path, ROWS))
    assert [row["title"] for row in document["data"]] == [row["title"] for row in ROWS]
    written("parquet", tmp_path, ROWS)
    assert pl.read_parquet(tmp_path / "papers.parquet").equals(pl.DataFrame(ROWS, schema=dict(ENTRY), orient="row"))


@pytest.mark.parametrize("rows", [[], ROWS, EVERYWHERE], ids=["empty", "rows", "everywhere"])
def test_json_keeps_to_the_schema_beside_it(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    facts = {"grain": ("entry_id",), "columns": {"title": "its title"}}
    schema = json.loads(written("json_schema", tmp_path, rows, **facts))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(written("json", tmp_path, rows, **facts))
    validator.validate(document)
    assert schema["properties"]["data"]["items"]["properties"]["title"]["description"] == "its title"
    for change in ({"name": "other"}, {"schema_version": 2}, {"more": 1}, {"data": [{"entry_id": None}]}):
        assert not validator.is_valid(document | change), change


def test_the_schema_depends_on_the_query_alone(tmp_path: Path) -> None:
    assert written("json_schema", tmp_path, []) == written("json_schema", tmp_path, ROWS)


SHARES = {
    "period": [dt.date(2025, 5, 1), dt.date(2025, 6, 1)] * 2,
    "keyword": ["rain", "rain", "stone", "stone"],
    "share": [0.1, 0.2, 0.3, 0.1],
    "share_low": [0.05, 0.1, 0.2, 0.05],
    "share_high": [0.2, 0.3, 0.4, 0.2],
    "is_partial": [False, True, False, True],
}


@pytest.mark.parametrize("chart", ["period, share, keyword, share_low, share_high", "keyword, share", "period, share"])
def test_a_chart_is_drawn_from_the_data_beside_it(chart: str, tmp_path: Path) -> None:
    shares = Feed("shares", "Shares of <b>papers</b>.", pl.DataFrame(SHARES), chart=chart)
    for name, file in (("vega_lite", "shares.vl.json"), ("json", "shares.json")):
        feeds.load(name).write(tmp_path / file, shares)
    specification = json.loads((tmp_path / "shares.vl.json").read_bytes())
    assert specification["data"]["url"] == "shares.json"
    data = json.loads((tmp_path / specification["data"]["url"]).read_bytes())
    drawn = specification | {"data": {"values": data[specification["data"]["format"]["property"]]}}
    picture = vl_convert.vegalite_to_svg(drawn, vl_version="6.1")
    # One mark for each keyword or row: nothing is drawn where a column is misnamed.
    marks = re.findall(r'aria-roledescription="(line mark|bar|point|area mark)"', picture)
    assert len(marks) >= 2
    with pytest.raises(KeyError):
        feeds.load("vega_lite").write(tmp_path / "x.json", Feed("x", "X.", pl.DataFrame(SHARES), chart="day, share"))

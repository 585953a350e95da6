from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import feedparser
import polars as pl
import pytest

from etl import feeds
from etl.feeds.base import Feed
from etl.feeds.csv import as_text

HOSTILE = [
    "<script>alert(1)</script> On Rain",
    "Rain & <b>Stone</b> ]]> &amp; “Kettles”",
    '=HYPERLINK("https://example.org","rain")',
    "\u202eniaR no\u202c",
    "Ünïcödé 雨 ☔ \U0001f327",
    "A" * 2_000,
    "'\"><img src=x onerror=alert(1)>",
]


def paper(number: int, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "paper_id": f"arxiv:2506.{number:05d}",
        "title": f"Study {number}",
        "url": f"https://arxiv.org/abs/2506.{number:05d}",
        "summary": "First paragraph.\nSecond <i>paragraph</i> & more.",
        "authors": ["Author One", "Author & Two"],
        "keywords": ["rain", "stone"],
        "repository_url": "https://github.com/owner/name",
        "first_observed_on": dt.date(2025, 6, 10),
        "changed_on": dt.date(2025, 6, 11),
    }
    return row | fields


SCHEMA = {
    "paper_id": pl.String,
    "title": pl.String,
    "url": pl.String,
    "summary": pl.String,
    "authors": pl.List(pl.String),
    "keywords": pl.List(pl.String),
    "repository_url": pl.String,
    "first_observed_on": pl.Date,
    "changed_on": pl.Date,
}
BARE = {"url": None, "summary": None, "authors": None, "keywords": None, "repository_url": None}
ROWS = [paper(1), paper(2, **BARE), *(paper(number, title=title) for number, title in enumerate(HOSTILE, 3))]


def written(name: str, folder: Path, rows: list[dict[str, Any]]) -> bytes:
    style = feeds.load(name)
    path = folder / f"papers.{style.suffix}"
    style.write(path, Feed("papers", "Papers.", pl.DataFrame(rows, schema=SCHEMA, orient="row")))
    return path.read_bytes()


def test_atom_is_read_as_it_was_meant(tmp_path: Path) -> None:
    data = written("atom", tmp_path, ROWS)
    parsed = feedparser.parse(data)
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    assert [entry.id.rpartition("/")[2] for entry in parsed.entries] == [row["paper_id"] for row in ROWS]
    assert len({entry.id for entry in parsed.entries}) == len(ROWS)
    first, bare = parsed.entries[:2]
    assert [author.name for author in first.authors] == ["Author One", "Author & Two"]
    assert [link.href for link in first.links] == [ROWS[0]["url"], ROWS[0]["repository_url"]]
    assert [tag.term for tag in first.tags] == ["rain", "stone"]
    assert (first.published[:10], first.updated[:10]) == ("2025-06-10", "2025-06-11")
    assert bare.get("links", []) == []
    assert parsed.feed.updated[:10] == "2025-06-11"
    assert parsed.feed.id.startswith("tag:")


def test_hostile_titles_are_text_in_atom(tmp_path: Path) -> None:
    data = written("atom", tmp_path, ROWS)
    for title in ("<script>", "<img", "<b>Stone"):
        assert title.encode() not in data
    # feedparser would clean markup away: the tree shows what stands there.
    from xml.etree import ElementTree

    tree = ElementTree.fromstring(data)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [entry.findtext(f"{atom}title") for entry in tree.iter(f"{atom}entry")] == [row["title"] for row in ROWS]
    content = tree.find(f"{atom}entry/{atom}content")
    assert content is not None
    assert content.text is not None
    assert "Second &lt;i&gt;paragraph&lt;/i&gt; &amp; more." in content.text


def test_ids_and_bytes_stay_when_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for name in feeds.names():
        assert written(name, tmp_path, ROWS) == written(name, tmp_path / "again", ROWS), name


def test_an_empty_feed_is_still_one(tmp_path: Path) -> None:
    parsed = feedparser.parse(written("atom", tmp_path, []))
    assert (parsed.bozo, parsed.entries) == (False, [])
    assert json.loads(written("json_feed", tmp_path, []))["items"] == []


def test_json_feed_has_what_the_format_requires(tmp_path: Path) -> None:
    document = json.loads(written("json_feed", tmp_path, ROWS))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"]
    assert len({item["id"] for item in document["items"]}) == len(ROWS)
    for item, row in zip(document["items"], ROWS, strict=True):
        assert item["title"] == row["title"]
        assert isinstance(item["id"], str)
        assert "content_html" in item or "content_text" in item
        assert dt.datetime.fromisoformat(item["date_published"]).tzinfo is not None
        assert all(set(author) <= {"name", "url", "avatar"} for author in item.get("authors", []))
    assert {"url", "authors", "tags", "external_url"} & document["items"][1].keys() == set()
    assert "<script>" not in document["items"][0]["content_html"]
    assert "<i>" not in document["items"][0]["content_html"]


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
    assert [row["paper_id"] for row in document["data"]] == [row["paper_id"] for row in ROWS]
    written("parquet", tmp_path, ROWS)
    assert pl.read_parquet(tmp_path / "papers.parquet").equals(pl.DataFrame(ROWS, schema=SCHEMA, orient="row"))

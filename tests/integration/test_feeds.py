"""Feeds as those who subscribe see them: over days, through changes of what is known, and with hostile names."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import jsonschema
import pytest
from lxml import etree

from etl import feeds, queries
from etl.feeds.base import file_name
from etl.settings import FeedLimits, Settings
from etl.steps import publish
from tests.factories import abstract, arxiv, daily, daily_row, page, snapshot_lines, snapshot_record, title
from tests.warehouses import Small


class Site(Small):
    """A small warehouse that publishes, with feeds for what two papers share."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings = replace(self.settings, feeds=FeedLimits(papers=2, feeds=50))

    def publish(self) -> None:
        self.settle()
        publish.publish(self.settings)

    def entries(self, name: str) -> list[Any]:
        parsed = feedparser.parse((self.settings.current / "feeds" / f"{name}.atom").read_bytes())
        assert not parsed.bozo, parsed.get("bozo_exception")
        return list(parsed.entries)

    def ids(self, name: str) -> dict[str, str]:
        """The day of the last change of each entry."""
        return {entry.id: entry.updated[:10] for entry in self.entries(name)}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def day(number: int) -> dt.date:
    return dt.date(2025, 6, number)


TAG = "tag:paper-trends.example,2025:"


def test_every_view_has_all_its_files(sample_warehouse: Settings) -> None:
    folder = sample_warehouse.current / "feeds"
    for query in queries.read("feeds", "feed"):
        name, is_split = query.path.stem, bool(query.one_for_each)
        assert {"parquet", "csv", "json", "json_schema"} <= set(query.formats), name
        assert ("atom" in query.formats) == ("json_feed" in query.formats), name
        rows = duckdb.sql(f"FROM read_parquet('{folder / name}.parquet')")
        document = json.loads((folder / f"{name}{'.rows' if 'json_feed' in query.formats else ''}.json").read_bytes())
        schema = json.loads((folder / f"{name}.schema.json").read_bytes())
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
        assert len(document["data"]) == len(rows)
        assert set(rows.columns) <= set(query.columns), f"{name}: a column that the head does not explain"
        if "atom" in query.formats and not is_split:
            assert len(feedparser.parse((folder / f"{name}.atom").read_bytes()).entries) == len(rows)


def test_samples_fill_the_feeds(sample_warehouse: Settings) -> None:
    """A feed that is empty here could be broken without any test seeing it."""
    for name in ("papers", "trending_papers", "rising_keywords", "new_code"):
        parsed = feedparser.parse((sample_warehouse.current / "feeds" / f"{name}.atom").read_bytes())
        assert len(parsed.entries) >= 5, name
        assert all(entry.summary for entry in parsed.entries)


def test_the_list_names_every_feed_and_nothing_else(sample_warehouse: Settings) -> None:
    folder = (sample_warehouse.current / "feeds").resolve()
    outlines = list(etree.parse(folder / "index.opml").iter("outline"))
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.atom")}
    assert len(found) >= 6
    assert {outline.get("xmlUrl") for outline in outlines} == found
    assert all(outline.get("type") == "rss" and outline.get("text") for outline in outlines)


def test_a_new_version_is_no_new_paper(site: Site) -> None:
    site.deliver(daily([daily_row(1), daily_row(2)]), "2025-06-10.json", day(10))
    site.publish()
    before = site.ids("papers")
    assert before == {f"{TAG}paper/arxiv:{arxiv(number)}": "2025-06-10" for number in (1, 2)}
    site.deliver(
        daily([daily_row(1, summary=abstract(1, "The second version says more."))]), "2025-06-12.json", day(12)
    )
    site.publish()
    assert site.ids("papers") == before
    assert [entry.published[:10] for entry in site.entries("papers")] == ["2025-06-10"] * 2


def test_a_first_code_link_changes_an_entry_once(site: Site) -> None:
    site.deliver(daily([daily_row(1), daily_row(2)]), "2025-06-10.json", day(10))
    site.publish()
    assert site.ids("new_code") == {}
    link = abstract(1, "Our code is available at https://github.com/owner/rain.")
    for number in (12, 14):
        site.deliver(daily([daily_row(1, summary=link)]), f"2025-06-{number}.json", day(number))
        site.publish()
        assert site.ids("papers")[f"{TAG}paper/arxiv:{arxiv(1)}"] == "2025-06-12"
        assert site.ids("new_code") == {f"{TAG}code/arxiv:{arxiv(1)}": "2025-06-12"}
    (entry,) = site.entries("new_code")
    assert entry.summary == "First code link seen on 2025-06-12, 2 days after the paper was first listed"
    assert "Our code is available at" in entry.content[0].value
    assert [link.href for link in entry.links][1:] == ["https://github.com/owner/rain"]


def test_a_kept_promise_says_how_long_it_took(site: Site) -> None:
    promise = abstract(1, "We will release our code soon.")
    site.deliver(daily([daily_row(1, summary=promise)]), "2025-06-10.json", day(10))
    site.deliver(
        daily([daily_row(1, summary=abstract(1, "Our code is available at https://github.com/owner/rain."))]),
        "2025-06-15.json",
        day(15),
    )
    site.publish()
    (entry,) = site.entries("new_code")
    assert entry.summary == "Code promised on 2025-06-10 was first seen on 2025-06-15, 5 days later"


def test_a_move_in_rank_changes_a_trending_entry_and_nothing_else_does(site: Site) -> None:
    def listed(number: int, *votes: int) -> None:
        rows = [daily_row(place, upvotes=count) for place, count in enumerate(votes, 1)]
        site.deliver(daily(rows), f"2025-06-{number}.json", day(number))
        site.publish()

    one, two = (f"{TAG}trending/arxiv:{arxiv(number)}" for number in (1, 2))
    listed(10, 9, 5)
    assert site.ids("trending_papers") == {one: "2025-06-10", two: "2025-06-10"}
    content = {entry.id: entry.content[0].value for entry in site.entries("trending_papers")}
    listed(11, 12, 7)
    assert site.ids("trending_papers") == {one: "2025-06-10", two: "2025-06-10"}
    assert {entry.id: entry.content[0].value for entry in site.entries("trending_papers")} == content
    listed(12, 12, 13)
    assert site.ids("trending_papers") == {two: "2025-06-12", one: "2025-06-12"}
    said = [entry.summary for entry in site.entries("trending_papers")]
    assert said == [
        "Rank 1 on 2025-06-12, up from 2 on 2025-06-11, 13 votes",
        "Rank 2 on 2025-06-12, down from 1 on 2025-06-11, 12 votes",
    ]
    listed(13, 1)
    listed(14, 9, 5)
    assert (
        site.entries("trending_papers")[1].summary
        == "Back in the list of 2025-06-14 at rank 2, after rank 1 on 2025-06-12, 5 votes"
    )


def test_an_entry_keeps_its_name_when_a_better_identifier_becomes_known(site: Site) -> None:
    site.deliver(page([(title(1), abstract(1)), (title(2), abstract(2))]), "page.txt", day(10))
    site.publish()
    before = site.ids("papers")
    assert all("/title:" in entry for entry in before)
    site.deliver(daily([daily_row(1)]), "2025-06-12.json", day(12))
    site.publish()
    assert site.rows("SELECT count(*) FROM core.papers WHERE paper_id = 'arxiv:" + arxiv(1) + "'") == [(1,)]
    assert site.ids("papers") == before
    # The names are state: they outlive the snapshots that showed them.
    shutil.rmtree(site.settings.published)
    site.settings.current.unlink()
    site.publish()
    assert site.ids("papers") == before


def test_a_paper_shown_under_its_best_name_keeps_that(site: Site) -> None:
    site.deliver(page([(title(1), abstract(1)), (title(3), abstract(3))]), "page.txt", day(10))
    site.deliver(daily([daily_row(2, title="On Umbrellas Whose Handles Sing")]), "2025-06-10.json", day(10))
    site.publish()
    best = f"{TAG}paper/arxiv:{arxiv(2)}"
    assert best in site.ids("papers")
    # A later record joins the paper of the page with that of the listing.
    site.deliver(daily([daily_row(2)]), "2025-06-12.json", day(12))
    site.publish()
    assert best in site.ids("papers")


def test_updated_means_updated(site: Site, samples: Path) -> None:
    """Over days of listings no entry says something else without saying so, and none says so without reason."""

    def look() -> dict[tuple[str, str], tuple[str, list[Any]]]:
        folder = (site.settings.current / "feeds").resolve()
        return {
            (str(path.relative_to(folder)), entry.id): (
                entry.updated,
                [entry.title, entry.get("summary"), entry.content, entry.get("tags"), entry.get("links")],
            )
            for path in folder.rglob("*.atom")
            for entry in feedparser.parse(path.read_bytes()).entries
        }

    days = sorted((samples / "hf_daily").iterdir())
    for path in days[:-3]:
        site.deliver(path.read_bytes(), path.name)
    site.publish()
    before, common = look(), 0
    for path in days[-3:]:
        site.deliver(path.read_bytes(), path.name)
        site.publish()
        after = look()
        both = before.keys() & after.keys()
        common += len(both)
        assert [key for key in both if (before[key][0] == after[key][0]) != (before[key][1] == after[key][1])] == []
        before = after
    assert common > 500


def feed_files(site: Site) -> dict[str, tuple[bytes, int]]:
    folder = (site.settings.current / "feeds").resolve()
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_unchanged_feeds_keep_their_bytes_and_times(site: Site) -> None:
    site.deliver(snapshot_lines(snapshot_record(number) for number in (1, 2)), "a.jsonl", day(10))
    site.deliver(snapshot_lines(snapshot_record(number, categories="math.CO") for number in (3, 4)), "b.jsonl", day(10))
    site.publish()
    before, snapshot = feed_files(site), site.settings.current.resolve()
    site.deliver(snapshot_lines([snapshot_record(5)]), "c.jsonl", day(11))
    site.publish()
    assert site.settings.current.resolve() != snapshot
    after = feed_files(site)
    same = f"papers_by_category/{file_name('math.CO')}"
    other = f"papers_by_category/{file_name('cs.LG')}"
    for suffix in ("atom", "json"):
        assert after[f"{same}.{suffix}"] == before[f"{same}.{suffix}"]
        assert after[f"{other}.{suffix}"][0] != before[f"{other}.{suffix}"][0]
        assert after[f"{other}.{suffix}"][1] > before[f"{other}.{suffix}"][1]
    assert after["index.opml"] == before["index.opml"]
    # An old snapshot is not touched by what is written over its names in the new one.
    assert (snapshot / "feeds" / f"{other}.atom").read_bytes() == before[f"{other}.atom"][0]


def test_a_snapshot_on_a_file_system_without_links_keeps_times_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    site.deliver(daily([daily_row(1)]), "2025-06-10.json", day(10))
    site.publish()
    before = feed_files(site)
    site.deliver(b'[{"a": 1}]', "other.json", day(11))
    site.settings = replace(site.settings, feeds=FeedLimits(papers=3))
    site.deliver(daily([daily_row(2)]), "2025-06-09.json", day(9))
    site.publish()
    assert feed_files(site)["rising_keywords.atom"] == before["rising_keywords.atom"]


HOSTILE = ["../../etc/passwd", "<script>alert(1)</script>", "a/b", "A/B", "\u202egnar", "x" * 5_000, "雨", "."]


def test_names_of_strangers_are_no_paths(site: Site) -> None:
    records = [
        snapshot_record(10 * place + number, categories=f"cs.LG {name}".strip())
        for place, name in enumerate(HOSTILE)
        for number in (1, 2)
        if " " not in name
    ]
    site.deliver(snapshot_lines(records), "a.jsonl", day(10))
    site.settle()
    # What a parser would refuse to take for a category, a later one may let through.
    with duckdb.connect(str(site.settings.database)) as connection:
        for place, name in enumerate(HOSTILE):
            ids = [f"arxiv:{arxiv(10 * place + number)}" for number in (1, 2)]
            connection.execute(
                "UPDATE core.papers SET categories = [?], primary_category = ?, title = ? "
                "WHERE list_contains(?, paper_id)",
                [name, name, name, ids],
            )
    publish.publish(site.settings)
    folder = (site.settings.current / "feeds").resolve()
    written = sorted(path.name for path in (folder / "papers_by_category").iterdir())
    assert written == sorted(f"{file_name(name)}.{suffix}" for name in HOSTILE for suffix in ("atom", "json"))
    outlines = {
        outline.get("xmlUrl"): outline.get("text") for outline in etree.parse(folder / "index.opml").iter("outline")
    }
    for name in HOSTILE:
        path = f"papers_by_category/{file_name(name)}"
        assert (folder / f"{path}.atom").resolve().is_relative_to(folder)
        assert outlines[f"{path}.atom"]
        assert len(site.entries(path)) == 2
    assert b"<script>" not in (folder / "index.opml").read_bytes()
    everything = [path for path in site.settings.warehouse.rglob("*") if "passwd" in path.name]
    assert all(path.parent == folder / "papers_by_category" for path in everything)


def test_a_limit_says_which_feeds_there_are(site: Site) -> None:
    site.deliver(
        snapshot_lines(
            snapshot_record(number, categories=" ".join(["cs.LG", "cs.RO", "cs.CL"][: number % 3 + 1]))
            for number in range(1, 7)
        ),
        "a.jsonl",
        day(10),
    )
    site.settle()

    def categories(**limits: int) -> set[str]:
        site.settings = replace(site.settings, feeds=FeedLimits(**limits))
        publish.publish(site.settings)
        folder = site.settings.current / "feeds" / "papers_by_category"
        names = {file_name(name): name for name in ("cs.LG", "cs.RO", "cs.CL")}
        return {names[path.stem] for path in folder.glob("*.atom")}

    assert categories(papers=2, feeds=5) == {"cs.LG", "cs.RO", "cs.CL"}
    assert categories(papers=3, feeds=5) == {"cs.LG", "cs.RO"}
    assert categories(papers=1, feeds=1) == {"cs.LG"}
    assert categories(papers=1, feeds=0) == set()


def test_an_empty_warehouse_has_valid_empty_feeds(site: Site) -> None:
    site.publish()
    folder = site.settings.current / "feeds"
    for query in queries.read("feeds", "feed"):
        for name in query.formats:
            style = feeds.load(name)
            if not (query.one_for_each and style.is_subscription):
                assert any(folder.glob(f"{query.path.stem}*.{style.suffix}")), (query.path.stem, name)
    for path in folder.glob("*.atom"):
        parsed = feedparser.parse(path.read_bytes())
        assert (parsed.bozo, parsed.version, parsed.entries) == (False, "atom10", [])


def test_repositories_that_rise_move_or_die(site: Site) -> None:
    def asked(number: int, *records: dict[str, Any]) -> None:
        site.deliver(snapshot_lines(records), f"repositories-{number}.jsonl", day(number))

    def record(name: str, stars: int, **fields: Any) -> dict[str, Any]:
        return {
            "id": int.from_bytes(name.encode()[:3]),
            "full_name": f"owner/{name}",
            "html_url": f"https://github.com/owner/{name}",
            "stargazers_count": stars,
            "forks_count": 1,
            "archived": False,
            "size": 10,
        } | fields

    rows = [
        daily_row(number, summary=abstract(number, f"Our code is available at https://github.com/owner/{name}."))
        for number, name in enumerate(("riser", "stale"), 1)
    ]
    site.deliver(daily(rows), "2025-06-01.json", day(1))
    asked(2, record("riser", 10), record("stale", 50), record("unnamed", 1))
    asked(9, record("riser", 80), record("stale", 50, archived=True), record("unnamed", 900))
    site.publish()
    said = {entry.title: entry for entry in site.entries("repositories")}
    assert set(said) == {"owner/riser gains 70 stars in 7 days", "owner/stale was archived"}
    rises, archived = (said[name] for name in sorted(said))
    assert rises.summary == "Observed on 2025-06-09: 80 stars; 1 paper names it"
    assert archived.updated[:10] == "2025-06-09"
    assert title(1) in rises.content[0].value
    asked(16, record("stale", 50, archived=True))
    site.publish()
    assert {entry.title for entry in site.entries("repositories")} == set(said)
    again = {entry.id: entry.updated[:10] for entry in site.entries("repositories")}
    assert again[archived.id] == "2025-06-09"

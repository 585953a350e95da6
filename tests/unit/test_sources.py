from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etl import sources
from etl.sources.base import Head
from tests.factories import (
    WRONG_VALUES,
    abstract,
    daily,
    daily_row,
    head_of,
    normalised,
    page,
    snapshot_array,
    snapshot_lines,
    snapshot_record,
    title,
)

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"
PAGE = page([(title(1), abstract(1)), (title(2), abstract(2)), (title(3), abstract(3))])
BARE_PAGE = page([(title(n), abstract(n)) for n in (1, 2, 3)], banner=False)


def knowing(data: bytes, name: str = "any name") -> list[str]:
    return [source for source in sources.names() if sources.load(source).recognise(Head(data, name))]


GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "sources"
GIVEN = [
    *sorted((path.parent.name, path) for path in SAMPLES.glob("*/*") if path.name != "README.md"),
    *sorted((path.parent.parent.name, path) for path in GOLDEN.glob("*/*/input.*")),
]
# A table is recognised by a mapping, and here none is configured.
GIVEN = [(source, path) for source, path in GIVEN if source != "tabular"]


@pytest.mark.parametrize(("source", "path"), GIVEN, ids=lambda given: str(given)[-60:])
def test_each_input_is_recognised_by_its_own_source_alone(source: str, path: Path) -> None:
    assert knowing(head_of(path).data) == [source]


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (daily([daily_row(1)]), "hf_daily"),
        (daily([repr(daily_row(1))]), "hf_daily"),
        (json.dumps({"status": "ok", "date": "2025-06-10", "count": 0, "data": []}).encode(), "hf_daily"),
        (b"\xef\xbb\xbf\n " + daily([daily_row(1)]), "hf_daily"),
        (snapshot_lines([snapshot_record(1)]), "arxiv_snapshot"),
        (snapshot_array([snapshot_record(1)]), "arxiv_snapshot"),
        (PAGE, "hf_papers_page"),
        (BARE_PAGE, "hf_papers_page"),
        (b"", None),
        (b"[]", None),
        (b"{}", None),
        (b"null", None),
        (b'{"id": 1, "title": "x"}\n', None),
        (b"id,title\n1,x\n", None),
        (b"<html><body>Daily papers</body></html>", None),
        (b"\x00\x01\x02\x03" * 50, None),
        (b"PAR1" + b"\x00" * 50, None),
        (b"just a few\nshort lines\nof text\n", None),
    ],
)
@pytest.mark.parametrize("name", ["2025-06-10.json", "page.txt", "arxiv-metadata.jsonl"])
def test_the_content_shows_the_source_and_the_name_does_not(data: bytes, wanted: str | None, name: str) -> None:
    assert knowing(data, name) == ([wanted] if wanted else [])


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("data", [daily([daily_row(1)]), snapshot_array([snapshot_record(1)])])
def test_a_cut_start_is_never_taken_for_another_source(data: bytes, part: float) -> None:
    assert set(knowing(data[: int(len(data) * part)])) <= set(knowing(data))


@pytest.mark.parametrize(
    ("source", "data", "name", "wanted"),
    [
        ("hf_daily", b'{"date": "2025-06-10", "count": 0, "data": []}', "2025-01-01.json", dt.date(2025, 6, 10)),
        ("hf_daily", daily([daily_row(1, submittedOnDailyAt="2025-06-11T01:00:00Z")]), "x", dt.date(2025, 6, 11)),
        (
            "hf_daily",
            daily([daily_row(1, submittedOnDailyAt="2025-06-11"), daily_row(2, submittedOnDailyAt="2025-06-12")]),
            "x",
            None,
        ),
        ("hf_daily", daily([daily_row(1)]), "2025-06-10.json", None),
        ("hf_papers_page", PAGE, "2025-06-10.txt", None),
    ],
)
def test_the_content_says_the_day_where_it_does(source: str, data: bytes, name: str, wanted: dt.date | None) -> None:
    assert sources.load(source).observed_on(Head(data, name)) == wanted


FORMS = {"hf_daily": lambda rows: daily(rows), "arxiv_snapshot": lambda rows: snapshot_lines(rows)}
ROWS: dict[str, Any] = {"hf_daily": daily_row, "arxiv_snapshot": snapshot_record}
WRONG = [
    *WRONG_VALUES,
    [["a"]],
    "x" * 5_000,
    "\u202e",
]
FIELDS = [
    *(("hf_daily", name.removeprefix("paper.")) for name in sources.load("hf_daily").fields if "paper." in name),
    *(("arxiv_snapshot", name) for name in sources.load("arxiv_snapshot").fields),
]


@pytest.mark.parametrize(("source", "field"), FIELDS)
def test_a_field_of_a_wrong_type_costs_at_most_its_own_record(source: str, field: str, tmp_path: Path) -> None:
    rows = [ROWS[source](1), *(ROWS[source](number, **{field: wrong}) for number, wrong in enumerate(WRONG, 2))]
    outcome, frames = normalised(tmp_path, source, FORMS[source](rows))
    assert outcome.reason is None, outcome.detail
    assert outcome.total("records") == len(rows)
    assert outcome.total("accepted") + outcome.total("rejected") + outcome.total("duplicates") == len(rows)
    assert title(1) in frames["papers"]["title"].to_list()
    assert frames["papers"].height == outcome.total("accepted")
    assert frames["rejected"].height == outcome.total("rejected")
    assert frames["papers"]["title"].str.contains(r"[\x00\x{202e}]").any() is False


SURROGATE = "{'paper': {'id': '2506.00009', 'title': 'A \\ud800 broken letter in a title'}}"


def test_half_a_surrogate_pair_costs_at_most_its_own_record(tmp_path: Path) -> None:
    outcome, frames = normalised(tmp_path, "hf_daily", daily([daily_row(1), SURROGATE]))
    assert outcome.reason is None
    assert outcome.total("records") == 2
    assert title(1) in frames["papers"]["title"].to_list()


@pytest.mark.parametrize(
    ("source", "data", "reason", "accepted"),
    [
        ("hf_daily", daily([daily_row(1)])[:-1], "truncated", 0),
        ("hf_daily", daily([daily_row(1)]) + b"]", "malformed_json", 0),
        ("hf_daily", daily([daily_row(1)]).replace(b"Rain", b"R\xffin"), "invalid_utf8", 0),
        ("arxiv_snapshot", snapshot_lines([snapshot_record(1), snapshot_record(2)])[:-40], "truncated", 0),
        ("arxiv_snapshot", snapshot_array([snapshot_record(1)])[:-1], "truncated", 0),
        ("hf_papers_page", PAGE.replace(b"Study", b"St\xffdy"), "invalid_utf8", 0),
    ],
)
def test_a_broken_dump_is_refused_as_a_whole(
    source: str, data: bytes, reason: str, accepted: int, tmp_path: Path
) -> None:
    outcome, frames = normalised(tmp_path, source, data)
    assert outcome.reason == reason
    assert outcome.members == []
    assert all(frame.height == accepted for frame in frames.values())


def test_a_line_that_is_not_utf8_is_one_rejected_record(tmp_path: Path) -> None:
    data = snapshot_lines([snapshot_record(1), snapshot_record(2), snapshot_record(3)])
    broken = data.replace(title(2).encode(), b"\xff" + title(2).encode()[1:])
    outcome, frames = normalised(tmp_path, "arxiv_snapshot", broken)
    assert outcome.reason is None
    assert frames["rejected"]["reason"].to_list() == ["invalid_utf8"]
    assert sorted(frames["papers"]["title"]) == [title(1), title(3)]


@pytest.mark.parametrize(
    ("source", "data", "unknown"),
    [
        (
            "hf_daily",
            daily([daily_row(1, outer={"boost": 1}, shine=2), daily_row(2, shine=3)]),
            ["boost", "paper.shine"],
        ),
        ("hf_daily", daily([daily_row(1, ai_summary="x", outer={"thumbnail": "x"})]), []),
        ("arxiv_snapshot", snapshot_lines([snapshot_record(1, mood="fair", license=None)]), ["mood"]),
        ("arxiv_snapshot", snapshot_lines([snapshot_record(1, **{"report-no": "1", "license": "x"})]), []),
    ],
)
def test_unknown_fields_are_reported_once_a_dump(source: str, data: bytes, unknown: list[str], tmp_path: Path) -> None:
    outcome, _ = normalised(tmp_path, source, data)
    assert outcome.unknown_fields == unknown


def test_the_bytes_behind_every_record_are_that_record(tmp_path: Path) -> None:
    rows = [daily_row(number) for number in range(1, 6)]
    for indent in (None, 4):
        data = json.dumps(rows, indent=indent, ensure_ascii=False).encode()
        _, frames = normalised(tmp_path / str(indent), "hf_daily", data)
        for offset, length, arxiv_id in (
            frames["papers"].select("record_offset", "record_length", "arxiv_id").iter_rows()
        ):
            assert json.loads(data[offset : offset + length])["paper"]["id"] == arxiv_id


def test_a_record_with_other_votes_is_no_repeat(tmp_path: Path) -> None:
    outcome, _ = normalised(tmp_path, "hf_daily", daily([daily_row(1), daily_row(1, upvotes=40)]))
    assert (outcome.total("accepted"), outcome.total("duplicates")) == (2, 0)


def test_repeats_inside_a_dump_are_counted_and_kept_once(tmp_path: Path) -> None:
    rows = [daily_row(1), daily_row(2), daily_row(1)]
    outcome, frames = normalised(tmp_path, "hf_daily", daily(rows))
    assert (outcome.total("accepted"), outcome.total("duplicates")) == (2, 1)
    assert frames["papers"].height == 2


PAGE_ORDERS = [
    ("whole", [(1, True, True), (2, True, True), (3, True, True)]),
    ("title alone in between", [(1, True, True), (2, True, False), (3, True, True)]),
    ("abstract alone in between", [(1, True, True), (2, False, True), (3, True, True)]),
    ("title alone at the end", [(1, True, True), (3, True, False)]),
    ("abstract alone at the start", [(1, False, True), (2, True, True)]),
    ("two titles alone", [(1, True, False), (2, True, False), (3, True, True)]),
]


@pytest.mark.parametrize(("name", "parts"), PAGE_ORDERS)
@pytest.mark.parametrize("chrome", [False, True])
def test_a_page_keeps_its_pairs_whatever_is_missing(
    name: str, parts: list[tuple[int, bool, bool]], chrome: bool, tmp_path: Path
) -> None:
    lines = []
    for number, has_title, has_abstract in parts:
        lines += [title(number)] * has_title + [abstract(number)] * has_abstract
        lines += ["12", "Upvote"] if chrome else []
    if parts[0][1]:
        lines[0] = "Subscribe" + lines[0]
    banner = ["Get trending papers in your email inbox once a day!", "Get trending papers in your email inbox!"]
    outcome, frames = normalised(tmp_path, "hf_papers_page", "\r\n".join([*banner, *lines]).encode())
    wanted = {title(number): abstract(number) for number, *both in parts if all(both)}
    assert dict(frames["papers"].select("title", "abstract").iter_rows()) == wanted
    alone = [(number, has_title) for number, has_title, has_abstract in parts if has_title != has_abstract]
    reasons = ["missing_abstract" if has_title else "missing_title" for _, has_title in alone]
    assert (frames["rejected"]["reason"].to_list() if alone else []) == reasons
    assert outcome.total("records") == len(parts)


def test_a_title_that_begins_with_subscribe_keeps_it(tmp_path: Path) -> None:
    data = page([(title(1), abstract(1)), ("Subscribers of Rain Reports in Nine Winters", abstract(2))])
    _, frames = normalised(tmp_path, "hf_papers_page", data)
    assert "Subscribers of Rain Reports in Nine Winters" in frames["papers"]["title"].to_list()


ODD_ROWS = [
    ("repr", lambda row: repr(row)),
    ("plain", lambda row: row),
]


@pytest.mark.parametrize(("name", "form"), ODD_ROWS)
def test_rows_as_python_literals_say_what_json_rows_say(name: str, form: Any, tmp_path: Path) -> None:
    row = daily_row(1, title='Rain\n  on ‘Naïve’ "Roofs" of Old Towns', githubRepo=None, mediaUrls=[], x=float(1))
    _, frames = normalised(tmp_path, "hf_daily", daily([form(row)]))
    paper = frames["papers"].row(0, named=True)
    assert paper["title"] == 'Rain on ‘Naïve’ "Roofs" of Old Towns'
    assert paper["published_on"] == dt.date(2025, 6, 10)
    assert paper["authors"] == ["Author 1"]


@pytest.mark.parametrize(
    "row",
    ["__import__('os').system('true')", "{'paper': open('/etc/passwd')}", "[" * 5_000, "9" * 5_000, "{'paper': 1", ""],
)
def test_only_literals_are_evaluated(row: str, tmp_path: Path) -> None:
    outcome, frames = normalised(tmp_path, "hf_daily", daily([daily_row(1), row]))
    assert (outcome.reason, outcome.total("accepted"), outcome.total("rejected")) == (None, 1, 1)
    assert frames["rejected"]["reason"].item() in ("malformed_literal", "not_an_object")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("https://github.com/owner/name/tree/main/sub", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://github.com/owner//name//", "https://github.com/owner/name"),
        ("https://github.com/owner/\nname\n", "https://github.com/owner/name"),
        ("https://github.com/owner", None),
        ("", None),
        ("to come", None),
    ],
)
def test_the_repository_field_is_read_past_its_mistakes(cell: str, wanted: str | None, tmp_path: Path) -> None:
    _, frames = normalised(tmp_path, "hf_daily", daily([daily_row(1, githubRepo=cell, githubStars=7)]))
    found = frames["repositories"]["repository_url"].to_list() if frames["repositories"].height else []
    assert found == ([wanted] if wanted else [])
    links = frames["links"]["repository_url"].drop_nulls().to_list() if frames["links"].height else []
    assert links == found


def test_the_inner_date_wins_over_the_outer(tmp_path: Path) -> None:
    rows = [daily_row(1), daily_row(2, publishedAt=None), daily_row(3, publishedAt="soon")]
    _, frames = normalised(tmp_path, "hf_daily", daily(rows))
    days = dict(frames["papers"].select("arxiv_id", "published_on").iter_rows())
    assert days == {
        "2506.00001": dt.date(2025, 6, 10),
        "2506.00002": dt.date(2025, 6, 12),
        "2506.00003": dt.date(2025, 6, 12),
    }


def test_a_snapshot_without_versions_or_parsed_authors_is_read(tmp_path: Path) -> None:
    record = snapshot_record(1, versions=None, authors_parsed=None, doi="10.5555/X", comments="Code: github.com/a/b")
    _, frames = normalised(tmp_path, "arxiv_snapshot", gzip.compress(snapshot_array([record])))
    paper = frames["papers"].row(0, named=True)
    assert paper["authors"] == ["A. Author1", "B. Beispiel", "C. Tredje"]
    assert (paper["primary_category"], paper["categories"]) == ("cs.RO", ["cs.RO", "cs.LG"])
    assert (paper["doi"], paper["updated_on"]) == ("10.5555/x", dt.date(2025, 6, 11))
    assert frames["links"].select("url", "evidence_kind").rows() == [("https://github.com/a/b", "comment")]


def test_no_date_is_invented_where_versions_are_missing(tmp_path: Path) -> None:
    _, frames = normalised(tmp_path, "arxiv_snapshot", snapshot_array([snapshot_record(1, versions=None)]))
    assert frames["papers"]["published_on"].item() is None

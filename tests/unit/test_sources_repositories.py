"""Dumps of links and of repositories: what golden cases cannot show."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import sources
from etl.sources.base import Head
from tests.factories import WRONG_VALUES, daily, daily_row, head_of, normalised

OWN = (
    "arxiv_daily_markdown arxiv_with_code best_of conference_repositories gharchive github_ranking "
    "github_repositories github_star_history github_stars github_trending pwc_evaluation_tables pwc_links "
    "pwc_listing pwc_repository_info"
).split()
GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden" / "sources").glob("*/*/input.*"))
DUMPS = Path(__file__).resolve().parents[2].parent / "shared" / "dumps"
REAL = {
    "pwc/paper_repo_info.*": "pwc_repository_info",
    "pwc/papers_data.csv": "pwc_listing",
    "pwc/evaluation_tables/*": "pwc_evaluation_tables",
    "paper_code_links/conference-repos.csv": "conference_repositories",
    "paper_code_links/cv-arxiv-daily.json": "arxiv_daily_markdown",
    "paper_code_links/zhuwenxing/*": "arxiv_with_code",
    "github_repos/github_stars.json": "github_stars",
    "github_repos/rest_api/*": "github_repositories",
    "github_ranking/*": "github_ranking",
    "github_trending/2025-06-0[12]/*": "github_trending",
    "best_of_ml/*": "best_of",
    "gharchive/*": "gharchive",
}


def knowing(head: Head, names: list[str] = OWN) -> list[str]:
    return [name for name in names if sources.load(name).recognise(head)]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_golden_inputs_are_recognised_by_their_own_source_alone(path: Path) -> None:
    own = path.parts[-3]
    names = sources.names() if own in OWN else OWN
    assert knowing(head_of(path), names) == ([own] if own in OWN else [])


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.parts[-3] in OWN], ids=lambda path: path.parts[-2])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_cut_start_is_never_taken_for_another_source(path: Path, part: float) -> None:
    data = path.read_bytes()
    assert set(knowing(Head(data[: int(len(data) * part)], "any name"), sources.names())) <= {path.parts[-3]}


@pytest.mark.skipif(not DUMPS.exists(), reason="needs ../shared")
def test_real_dumps_are_recognised_by_their_own_source_alone() -> None:
    owners = {path: source for pattern, source in REAL.items() for path in DUMPS.glob(pattern)}
    assert set(owners.values()) == set(REAL.values())
    for path, own in sorted(owners.items()):
        assert knowing(head_of(path), sources.names()) == [own], path
    others = [path for folder in sorted(DUMPS.iterdir()) if folder.is_dir() for path in sorted(folder.rglob("*.*"))[:9]]
    for path in others:
        is_ours = any(path.match(pattern) for pattern in (*REAL, "github_trending/*/*"))
        assert is_ours or knowing(head_of(path)) == [], path


@pytest.mark.skipif(not DUMPS.exists(), reason="needs ../shared")
@pytest.mark.parametrize("pattern", sorted(REAL))
def test_real_dumps_are_read_without_unknown_fields(pattern: str, tmp_path: Path) -> None:
    source = REAL[pattern]
    limit = sources.load(source).rejected_share or 0.05
    for number, path in enumerate(sorted(DUMPS.glob(pattern))[:3]):
        outcome, frames = normalised(tmp_path / str(number), source, path.read_bytes(), path.name)
        assert (outcome.reason, outcome.unknown_fields) == (None, []), path
        assert outcome.total("rejected") <= limit * outcome.total("records")
        assert outcome.total("records") > 0
        if source != "pwc_evaluation_tables":
            assert frames["papers"].height + frames["repositories"].height > 0


@pytest.mark.parametrize(
    ("source", "data", "name", "wanted"),
    [
        ("github_trending", b'{"date":"2025-06-02","language":null,"list":[]}', "2020-01-01.json", (2025, 6, 2)),
        ("github_trending", b'{"date":"2025-06-32","language":null,"list":[]}', "x", None),
        ("arxiv_with_code", b"[]", "papers_with_code_20250701_020136.json", (2025, 7, 1)),
        ("arxiv_with_code", b"[]", "papers_with_code_20251301_020136.json", None),
        ("arxiv_with_code", b"[]", "20250701.json", None),
        ("github_stars", b'{"last_updated": "2024-10-06T21:52:51+00:00", "repositories": {', "x", (2024, 10, 6)),
        ("github_repositories", b'{"requested":"a/b","status":404,"fetched_on":"2026-09-10"}\n', "x", (2026, 9, 10)),
        ("github_repositories", b'{"id":1}\n', "2020-01-01.json", None),
        ("github_star_history", b'{"requested":"a/b","fetched_on":"2026-09-10"}\n', "x", (2026, 9, 10)),
        ("github_star_history", b'{"requested":"a/b","fetched_on":7}\n', "x", None),
        ("conference_repositories", b"h\na,2018-12-31\nb,2019-01-02\nc,2018-09-16\n", "x", (2019, 1, 2)),
        ("conference_repositories", b"h\na,soon\n", "x", None),
    ],
)
def test_the_content_says_the_day_where_it_does(
    source: str, data: bytes, name: str, wanted: tuple[int, int, int] | None
) -> None:
    assert sources.load(source).observed_on(Head(data, name)) == (dt.date(*wanted) if wanted else None)


Row = dict[str, Any]
REPOSITORY = {"id": 1, "full_name": "a/b", "html_url": "https://github.com/a/b", "stargazers_count": 1}
PAIR = {"paper_url": "", "paper_title": "A Title of Some Words", "repo_url": "https://github.com/a/b"}
PAIR |= {"mentioned_in_paper": True, "mentioned_in_github": True}
LISTED = {"title": "A Title of Some Words", "arxiv_id": "2506.00001v1", "pdf_url": "", "primary_category": "cs.LG"}
LISTED |= {"abstract": "It rains.", "code_links": [], "authors": "A B", "url": "", "comment": ""}
RESULT = {
    "paper_title": "A Title of Some Words",
    "paper_url": "",
    "code_links": [],
    "model_links": [],
    "paper_date": "",
}
HISTORY = {"requested": "a/b", "fetched_on": "2026-09-10", "stargazers_count": 1, "stargazers_history": []}
EVENT = {"id": "1", "type": "ForkEvent", "created_at": "2015-01-01T00:00:00Z", "repo": {"id": 1, "name": "a/b"}}
EVENT |= {"payload": {"forkee": {"id": 2, "full_name": "c/d", "owner": {}, "license": {}}}, "repository": None}
STARRED = {"metadata": REPOSITORY | {"stars": 1, "starred_at": ""}, "last_updated": "2024-10-06T00:00:00"}
ANSWER = {"method": "get", "path": "/repos/a/b", "status": 200, "response": REPOSITORY, "headers": {"location": ""}}
FETCHED = {"requested": "a/b", "status": 200, "fetched_on": "2026-09-10", "repository": REPOSITORY}


def array(rows: list[Any]) -> bytes:
    return json.dumps(rows).encode()


def by_line(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def under_rows(rows: list[Any]) -> bytes:
    return array([{"task": "t", "datasets": [{"dataset": "d", "sota": {"rows": rows}}]}])


def starred(rows: list[Any]) -> bytes:
    named = {f"a/b{number}": row for number, row in enumerate(rows)}
    return json.dumps({"last_updated": "2024-10-06", "repositories": named}).encode()


def markdown(rows: list[Any]) -> bytes:
    return json.dumps({"Topic": {f"2404.{number:05d}": row for number, row in enumerate(rows)}}).encode()


def trending(rows: list[Any]) -> bytes:
    return json.dumps({"date": "2025-06-02", "language": "c", "list": rows}).encode()


SHAPES: list[tuple[str, Callable[[list[Any]], bytes], Any]] = [
    ("pwc_links", array, PAIR),
    ("arxiv_with_code", array, LISTED),
    ("pwc_evaluation_tables", under_rows, RESULT),
    ("github_repositories", array, REPOSITORY),
    ("github_repositories", array, ANSWER),
    ("github_repositories", by_line, FETCHED),
    ("github_star_history", by_line, HISTORY),
    ("github_stars", starred, STARRED),
    ("gharchive", by_line, EVENT),
    ("arxiv_daily_markdown", markdown, "|**2024-05-06**|**A Title**|A B et.al.|[2404.00000](x)|null|\n"),
    ("github_trending", trending, "a/b"),
]
WRONG = [
    None,
    *WRONG_VALUES,
    [{"week": 1, "days": "1234567", "total": 1}],
    [{"week": 2**60, "days": [0] * 7, "total": 0}],
    [{"week": True, "days": [True] * 7, "total": 7}],
    "x" * 5_000,
    "\u202e",
    "2026-09-10",
]


def places(value: Any) -> list[tuple[Any, ...]]:
    """The paths to everything inside a value."""
    inner = value.items() if isinstance(value, dict) else []
    return [path for key, item in inner for path in ((key,), *((key, *rest) for rest in places(item)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    return value | {path[0]: replaced(value[path[0]], path[1:], by)}


@pytest.mark.parametrize(("source", "shape", "row"), SHAPES)
def test_a_value_of_a_wrong_type_costs_at_most_its_own_record(
    source: str, shape: Callable[[list[Any]], bytes], row: Any, tmp_path: Path
) -> None:
    rows = [row, *(replaced(row, path, wrong) for path in [(), *places(row)] for wrong in WRONG)]
    outcome, frames = normalised(tmp_path, source, shape(rows))
    assert outcome.reason is None, outcome.detail
    assert outcome.total("records") == len(rows)
    assert outcome.total("accepted") + outcome.total("rejected") + outcome.total("duplicates") == len(rows)
    assert outcome.total("accepted") > 0
    main = frames["papers"] if frames["papers"].height else frames["repositories"]
    assert main.select("record_offset").n_unique() == outcome.total("accepted")
    assert (frames["rejected"].height if outcome.total("rejected") else 0) == outcome.total("rejected")


def test_the_bytes_behind_nested_records_are_these_records(tmp_path: Path) -> None:
    data = starred([STARRED, STARRED | {"last_updated": "2024-10-07"}])
    _, frames = normalised(tmp_path / "stars", "github_stars", data)
    spans = frames["repositories"].select("record_offset", "record_length").rows()
    found = [json.loads(b"{%b}" % data[offset : offset + length]) for offset, length in spans]
    assert [list(one) for one in found] == [["a/b0"], ["a/b1"]]
    data = under_rows([RESULT, RESULT | {"paper_title": "Another Title of Some Words"}])
    _, frames = normalised(tmp_path / "rows", "pwc_evaluation_tables", data)
    spans = frames["papers"].select("record_offset", "record_length", "title").rows()
    assert [json.loads(data[offset : offset + length])["paper_title"] for offset, length, _ in spans] == [
        title for _, _, title in spans
    ]
    data = trending(["a/b", "c/d"])
    _, frames = normalised(tmp_path / "names", "github_trending", data)
    spans = frames["repositories"].select("record_offset", "record_length", "repository_url").rows()
    assert [f"https://github.com/{json.loads(data[offset : offset + length])}" for offset, length, _ in spans] == [
        url for _, _, url in spans
    ]


def test_a_figure_that_no_repository_has_costs_its_own_record(tmp_path: Path) -> None:
    rows = [daily_row(1, githubRepo="https://github.com/a/b", githubStars=3)]
    rows += [daily_row(2, githubRepo="https://github.com/c/d", githubStars=-3), daily_row(3, githubStars=-3)]
    outcome, frames = normalised(tmp_path, "hf_daily", daily(rows))
    assert outcome.reason is None
    assert frames["papers"].select("arxiv_id").to_series().to_list() == ["2506.00001", "2506.00003"]
    assert frames["repositories"].select("repository_url", "stars").rows() == [("https://github.com/a/b", 3)]
    assert frames["rejected"]["reason"].to_list() == ["stars_min"]


def test_nothing_but_lines_is_cut_into_ranges() -> None:
    for name, wanted in (("gharchive", True), ("github_star_history", True), ("github_trending", False)):
        assert sources.load(name).is_by_line(Head(b"{}\n", "x")) == wanted
    repositories = sources.load("github_repositories")
    assert repositories.is_by_line(Head(by_line([FETCHED]), "x"))
    assert repositories.is_by_line(Head(by_line([REPOSITORY]), "x"))
    assert not repositories.is_by_line(Head(json.dumps(REPOSITORY, indent=1).encode(), "x"))
    assert not repositories.is_by_line(Head(json.dumps({"total_count": 1, "items": [REPOSITORY]}).encode(), "x"))


def test_a_redirection_without_its_number_still_says_renamed(tmp_path: Path) -> None:
    moved = {"method": "get", "path": "/repos/a/b", "status": 301, "response": {}, "headers": None}
    _, frames = normalised(tmp_path, "github_repositories", array([moved]))
    assert frames["repositories"].select("repository_url", "state", "host_id", "renamed_to").rows() == [
        ("https://github.com/a/b", "renamed", None, None)
    ]


@pytest.mark.parametrize("days", [1, 30, 400])
def test_a_history_has_a_row_for_each_day_that_is_known(days: int, tmp_path: Path) -> None:
    weeks = [{"week": 1788652800 - number * 604_800, "total": 7, "days": [1] * 7} for number in range(days)]
    data = by_line([HISTORY | {"stargazers_count": 10_000, "stargazers_history": weeks}])
    _, frames = normalised(tmp_path, "github_star_history", data)
    found = frames["repositories"].sort("observed_on")
    assert found["observed_on"].max() == dt.date(2026, 9, 10)
    # The week of the fetch began on its fifth day before; the day before the first week is known, too.
    assert found.height == 7 * days - 2 + 1
    assert found["stars"].diff().drop_nulls().unique().to_list() == [1]
    assert found["observed_on"].diff().drop_nulls().unique().to_list() == [dt.timedelta(days=1)]
    assert found["item"].n_unique() == found.height
    assert found.schema["stars"] == pl.Int64

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etl import sources
from etl.reading import containers, parquet
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head
from tests.factories import WRONG_VALUES, normalised

HERE = Path(__file__).resolve()
CASES = sorted(HERE.parents[1].glob("golden/sources/*/*/input.*"))
SHARED = HERE.parents[2].parent / "shared" / "dumps"
OURS = ("biorxiv", "crossref", "openalex", "openreview", "paperlists", "pwc_papers", "semantic_scholar")
# Folders of real dumps, and the source that reads them.
REAL = {
    "crossref": "crossref",
    "openalex": "openalex",
    "paperlists": "paperlists",
    "semantic_scholar": "semantic_scholar",
}


def head_of(path: Path) -> Head:
    """The start of the first file in a dump, as it is recognised."""
    for member in containers.members(path, Limits()):
        data = member.stream.read(HEAD_BYTES)
        return Head(data + (parquet.footer(member.stream) if data.startswith(parquet.MAGIC) else b""), path.name)
    return Head(b"", path.name)


def ours(head: Head) -> list[str]:
    return [name for name in OURS if sources.load(name).recognise(head)]


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_each_case_is_ours_alone_or_nothing_of_ours(case: Path) -> None:
    source = case.parts[-3]
    assert ours(head_of(case)) == ([source] if source in OURS else [])


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
@pytest.mark.parametrize("folder", sorted(SHARED.iterdir()) if SHARED.exists() else [], ids=lambda path: path.name)
def test_real_dumps_are_ours_alone_or_nothing_of_ours(folder: Path) -> None:
    if folder.is_file():
        pytest.skip("no dump")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    wanted = [REAL[folder.name]] if folder.name in REAL else []
    assert {path.name: ours(head_of(path)) for path in files} == dict.fromkeys((path.name for path in files), wanted)


HOSTILE = [
    b"",
    b"\x00" * 300,
    b"PAR1",
    b"PAR1" + b"\x80" * 300,
    b"{",
    b"[",
    b"[null]",
    b"[null,null]",
    b'{"notes":[',
    b'{"results":[]}',
    b'{"collection":[]}',
    b'{"message":{"items":[]}}',
    b'{"meta":{"db_response_time_ms":1}}',
    b'{"content":{},"forum":1}',
    b'{"id":"https://openalex.org/A1"}',
    b'{"paperId":5}',
    b'{"corpusid":5,"text":"a summary"}',
    b'{"DOI":"10.5555/1","title":"citeproc"}',
    b'[{"title":"t","author":"a","status":1}]',
    b'{"message-type":["work"]}',
    b'{"message-type":"member","message":{}}',
    b'{"' + b'"db_response_time_ms"' * 12_000,
    b'{"data' + b'"data" ' * 30_000,
    b"{" * HEAD_BYTES,
    b"[" * HEAD_BYTES,
    b"\xef\xbb\xbf" * 90_000,
    '{"id": "…"'.encode("utf-16"),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_else_is_ours(data: bytes) -> None:
    assert ours(Head(data, "any name")) == []


def work(number: int, authors: int = 1) -> dict[str, Any]:
    author = {"author": {"display_name": "Ada Beispiel"}, "raw_affiliation_strings": ["x" * 60]}
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"Rain Reports of Many Hands, Part {number}",
        "authorships": [author] * authors,
        "publication_date": "2021-05-06",
    }


def paper(number: int, citations: int = 0) -> dict[str, Any]:
    cited = {"paperId": "0" * 40, "title": "x" * 200}
    return {
        "paperId": f"{number:040x}",
        "title": f"Winds of Many Hands, Part {number}",
        "citations": [cited] * citations,
    }


FORMS = {
    "lines": lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows),
    "array": lambda rows: json.dumps(rows).encode(),
    "indented array": lambda rows: json.dumps(rows, indent=2).encode(),
}
ENVELOPES = {"openalex": {"meta": {"count": 9}, "results": []}, "semantic_scholar": {"total": 9, "data": []}}


def enveloped(source: str, rows: list[Any], indent: int | None) -> bytes:
    envelope = ENVELOPES[source] | {list(ENVELOPES[source])[-1]: rows}
    return json.dumps(envelope, indent=indent).encode()


@pytest.mark.parametrize("size", [1, 9_000])
@pytest.mark.parametrize("source", ["openalex", "semantic_scholar"])
def test_the_shape_is_told_even_where_the_first_record_is_longer_than_the_head(
    source: str, size: int, tmp_path: Path
) -> None:
    make = work if source == "openalex" else paper
    rows = [make(1, size), make(2), make(3)]
    shapes = {name: form(rows) for name, form in FORMS.items()}
    shapes |= {"envelope": enveloped(source, rows, None), "indented envelope": enveloped(source, rows, 1)}
    for name, data in shapes.items():
        assert ours(Head(data[:HEAD_BYTES], "any name")) == [source], name
        outcome, frames = normalised(tmp_path / name, source, data)
        assert (outcome.reason, outcome.total("accepted")) == (None, 3), name
        assert sorted(frames["papers"]["title"]) == sorted(row["title"] for row in rows)
    for indent in (None, 2):
        outcome, _ = normalised(tmp_path / f"alone {indent}", source, json.dumps(rows[0], indent=indent).encode())
        assert (outcome.reason, outcome.total("accepted")) == (None, 1)


def test_positions_of_an_abstract_may_come_in_any_order(tmp_path: Path) -> None:
    words = [f"w{number % 40}" for number in range(300)]
    index: dict[str, list[int]] = {}
    for place in reversed(range(300)):
        index.setdefault(words[place], []).append(place)
    _, frames = normalised(tmp_path, "openalex", json.dumps(work(1) | {"abstract_inverted_index": index}).encode())
    assert frames["papers"]["abstract"].to_list() == [" ".join(words)]


@pytest.mark.parametrize(
    "index",
    [
        {"x" * 100_000: list(range(90_000))},
        {str(number): [number] for number in range(100_001)},
        {"x": [2**40]},
        {"x": [10**30]},
    ],
    ids=["long words", "many words", "far away", "beyond numbers"],
)
def test_an_abstract_that_would_fill_memory_costs_its_record(index: dict[str, list[int]], tmp_path: Path) -> None:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in (work(1) | {"abstract_inverted_index": index}, work(2)))
    outcome, frames = normalised(tmp_path, "openalex", data)
    assert (outcome.reason, outcome.total("accepted"), outcome.total("rejected")) == (None, 1, 1)
    assert set(frames["rejected"]["reason"]) <= {
        "absurd_abstract",
        "too_many_keys",
        "number_out_of_range",
        "wrong_type",
    }


WRONG = [
    *WRONG_VALUES,
    [{"a": {}}],
    "\u202e",
    None,
]
ROWS: dict[str, dict[str, Any]] = {
    "openalex": work(0),
    "semantic_scholar": paper(0)
    | dict.fromkeys(("abstract", "venue", "publicationDate", "authors", "externalIds", "journal")),
    "crossref": {"DOI": "10.5555/1", "type": "journal-article", "prefix": "10.5555", "member": "1"}
    | dict.fromkeys(("title", "author", "issued", "published-online", "relation", "container-title", "abstract")),
    "biorxiv": {"doi": "10.1101/1", "version": "1", "category": "x", "server": "bioRxiv", "date": "2024-01-02"}
    | dict.fromkeys(("title", "authors", "abstract")),
    "pwc_papers": dict.fromkeys(
        ("title", "url_abs", "url_pdf", "abstract", "proceeding", "authors", "arxiv_id", "date")
    ),
    "paperlists": {"status": "Poster", "github": "", "author": "Ada Beispiel"}
    | dict.fromkeys(("title", "project", "abstract", "arxiv", "doi", "bibtex", "authors")),
    "openreview": {"id": "a", "forum": "a", "invitation": "x", "content": {}}
    | dict.fromkeys(("invitations", "externalIds", "odate", "cdate", "ddate", "replyto")),
}


@pytest.mark.parametrize(("source", "field"), [(source, field) for source, row in ROWS.items() for field in row])
def test_a_field_of_a_wrong_type_costs_at_most_its_own_record(source: str, field: str, tmp_path: Path) -> None:
    titles = [f"Rain Reports of the Year {number}" for number in range(1_900, 1_901 + len(WRONG))]
    rows = [ROWS[source] | {"title": [title] if source == "crossref" else title} for title in titles]
    if source == "openreview":
        rows = [
            row | {"id": title, "forum": title, "content": {"title": title}}
            for row, title in zip(rows, titles, strict=True)
        ]
    rows = [*rows[:1], *(row | {field: wrong} for row, wrong in zip(rows[1:], WRONG, strict=True))]
    outcome, frames = normalised(tmp_path, source, json.dumps(rows).encode())
    assert outcome.reason is None, outcome.detail
    assert outcome.total("records") == len(rows)
    assert outcome.total("accepted") + outcome.total("rejected") + outcome.total("duplicates") == len(rows)
    assert titles[0] in frames["papers"]["title"].to_list()


CONTENT = ("title", "abstract", "authors", "venue", "code")


@pytest.mark.parametrize("field", CONTENT)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_content_of_a_wrong_type_costs_at_most_its_own_note(field: str, is_wrapped: bool, tmp_path: Path) -> None:
    notes = []
    for number, wrong in enumerate(["A Note as It Should Be", *WRONG] if field == "title" else WRONG):
        content = {"title": f"A Note on Rain, Part {number}"} | {field: wrong}
        content = {name: {"value": value} for name, value in content.items()} if is_wrapped else content
        notes.append({"id": str(number), "forum": str(number), "invitations": ["x"], "content": content})
    outcome, _ = normalised(tmp_path, "openreview", json.dumps({"notes": notes, "count": 5}).encode())
    assert outcome.reason is None, outcome.detail
    assert outcome.total("accepted") > 0
    assert outcome.total("accepted") + outcome.total("rejected") + outcome.total("duplicates") == len(notes)


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
@pytest.mark.parametrize(
    ("source", "records", "rejected"), [("crossref", 7, 0), ("openalex", 1, 0), ("semantic_scholar", 2, 1)]
)
def test_all_of_the_small_real_dumps_is_accounted_for(source: str, records: int, rejected: int, tmp_path: Path) -> None:
    counts = {"records": 0, "rejected": 0}
    for path in sorted((SHARED / source).iterdir()):
        outcome, frames = normalised(tmp_path / path.name, source, path.read_bytes(), path.name)
        assert (outcome.reason, outcome.unknown_fields) == (None, [])
        counts = {name: count + outcome.total(name) for name, count in counts.items()}
        assert all(frames["papers"]["title"].str.len_chars() > 5) if frames["papers"].height else True
    assert counts == {"records": records, "rejected": rejected}


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_a_real_conference_list_is_read_whole(tmp_path: Path) -> None:
    path = SHARED / "paperlists" / "cvpr2018.json"
    outcome, frames = normalised(tmp_path, "paperlists", path.read_bytes(), path.name)
    rows = json.loads(path.read_bytes())
    assert (outcome.reason, outcome.unknown_fields, outcome.total("rejected")) == (None, [], 0)
    assert outcome.total("records") == len(rows)
    named = {row["github"] for row in rows if row["github"].startswith("https://github.com/")}
    repositories = frames["links"].filter(frames["links"]["kind"] == "repository")["record_offset"].n_unique()
    assert repositories >= 0.9 * len(named)
    with_id = sum(bool(row["arxiv"]) for row in rows)
    assert frames["papers"]["arxiv_id"].is_not_null().sum() == with_id

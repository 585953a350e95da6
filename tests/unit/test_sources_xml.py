from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from etl import sources
from etl.errors import DumpError, RecordError
from etl.settings import Limits
from etl.sources.base import HEAD_BYTES, Head
from tests.factories import head_of, normalised

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "sources"
OURS = ("acl_anthology", "bibtex", "dblp", "pubmed")
needs_shared = pytest.mark.skipif(not (SHARED / "dumps").exists(), reason="needs ../shared/dumps")


def knowing(data: bytes) -> list[str]:
    return [source for source in OURS if sources.load(source).recognise(Head(data[:HEAD_BYTES], "any name"))]


@pytest.mark.parametrize(
    "case", sorted(GOLDEN.glob("*/*/input.*")), ids=lambda case: f"{case.parts[-3]}/{case.parts[-2]}"
)
def test_cases_are_recognised_by_their_own_source_alone(case: Path) -> None:
    source = case.parts[-3]
    assert knowing(case.read_bytes()) == ([source] if source in OURS else [])


def dumps() -> Iterator[tuple[str, bytes]]:
    for path in sorted((SHARED / "dumps").rglob("*")):
        if path.is_file():
            yield path.relative_to(SHARED / "dumps").as_posix(), head_of(path).data


REAL = {"dblp/dblp_demo.xml": "dblp"} | {
    f"acl_anthology/{name}.xml": "acl_anthology" for name in ("2022.naloma", "J89", "L06")
}


@needs_shared
def test_real_dumps_are_recognised_by_their_own_source_alone() -> None:
    found = {name: known for name, data in dumps() if (known := knowing(data))}
    assert found == {name: [source] for name, source in REAL.items()}


@needs_shared
@pytest.mark.parametrize("name", REAL)
def test_real_dumps_are_read_without_loss(name: str, tmp_path: Path) -> None:
    outcome, frames = normalised(tmp_path, REAL[name], (SHARED / "dumps" / name).read_bytes())
    assert (outcome.reason, outcome.unknown_fields, outcome.total("rejected")) == (None, [], 0)
    assert frames["papers"].height == outcome.total("records") > 0
    assert frames["papers"]["title"].str.contains(r"</?[a-z]|&\w+;|[^.]\.$").any() is False


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b"<dblp/>", "dblp"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><dblp></dblp>", "dblp"),
        (b"<dblp2/>", None),
        (b"<r><dblp/></r>", None),
        (b"<collection/>", None),
        (b"<collection><volume id='1'><paper/></volume></collection>", None),
        (b"<collection id='x'><volume id='1'><meta></meta></volume></collection>", "acl_anthology"),
        (b"<PubmedArticleSet>", "pubmed"),
        (b"<PubmedArticle/>", "pubmed"),
        (b"<article/>", None),
        (b"<html><body><dblp/></body></html>", None),
        (b"@article{k, title = {x}}", "bibtex"),
        (b'\xef\xbb\xbf% Encoding: UTF-8\n\n@Misc (k,\n Title = "x")', "bibtex"),
        (b"@comment{x}\n@string{a = {b}}\n@article{k,\n title = {x}}", "bibtex"),
        (b"A line of words\nand another\n\n@article{k, year = 2031}", "bibtex"),
        (b"@article{k}", None),
        (b"@string{a = {b}}", None),
        (b"# A README\n\n```bibtex\n@article{k, title = {x}}\n```\n", None),
        (b'name,text\nx,"\n@article{k, title = {x}}"\n', None),
        (b"name\ttext\n@article{k, title = {x}}\n", None),
        (b'{"a": "\n@article{k, title = {x}}"}', None),
        (b"<x>\n@article{k, title = {x}}\n</x>", None),
        (b"PAR1\n@article{k, title = {x}}", "bibtex"),
        (b"\x00\x01@article{k, title = {x}}", None),
        (b"@me and @you (both, all = good)", None),
        (b"", None),
    ],
)
def test_the_content_shows_the_source(data: bytes, source: str | None) -> None:
    assert knowing(data) == ([source] if source else [])


@pytest.mark.parametrize(
    ("data", "day"),
    [
        (
            b'<!DOCTYPE dblp SYSTEM "dblp.dtd">\n<dblp mdate="2031-02-03">\n<article mdate="2030-01-01"',
            dt.date(2031, 2, 3),
        ),
        (b"<dblp x='1' mdate = '2031-02-03'>", dt.date(2031, 2, 3)),
        (b'<dblp mdate="2031-02-30">', None),
        (b'<dblp>\n<article mdate="2030-01-01">', None),
    ],
)
def test_the_root_of_dblp_says_the_day(data: bytes, day: dt.date | None) -> None:
    assert sources.load("dblp").observed_on(Head(data, "2029-01-01.xml")) == day


def test_a_document_type_with_declarations_refuses_the_dump(tmp_path: Path) -> None:
    data = (
        b'<!DOCTYPE dblp [<!ENTITY a SYSTEM "file:///etc/passwd">]><dblp><article><title>&a;</title></article></dblp>'
    )
    assert knowing(data) == ["dblp"]
    outcome, _ = normalised(tmp_path, "dblp", data)
    assert outcome.reason == "xml_dtd"


def test_a_broken_volume_of_the_anthology_refuses_the_dump(tmp_path: Path) -> None:
    data = b'<collection id="x"><volume id="1"><meta><booktitle>A <i>B</booktitle></meta></volume></collection>'
    outcome, _ = normalised(tmp_path, "acl_anthology", data)
    assert outcome.reason == "malformed_xml"
    assert "the volume at byte 34" in (outcome.detail or "")


@pytest.mark.parametrize(
    "piece",
    [
        b"<",
        b"<!DOCTYPE ",
        b"<!DOCTYPE r [",
        b"<!-- ",
        b"<!---->",
        b"<?x ",
        b"<?x?>",
        b" ",
        b"\n",
        b"%\n",
        b"@",
        b"\n@",
        b"@a",
        b"\n@a{",
        b"\n@a{k,",
        b"\n@a{k, t",
        b"word\n",
        b"w ",
        b"\xff",
        b"\x00",
        b"\xef\xbb\xbf",
        b"<dblp ",
        b"<collection><volume ",
    ],
)
@pytest.mark.parametrize("before", [b"", b"<", b"<!DOCTYPE r", b"@article{k, ", b"words\n", b"<collection>"])
def test_hostile_starts_are_judged_in_no_time(piece: bytes, before: bytes) -> None:
    data = before + piece * (HEAD_BYTES // len(piece))
    started = time.process_time()
    knowing(data)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "case",
    [case for source in OURS for case in sorted(GOLDEN.glob(f"{source}/*/input.*"))],
    ids=lambda case: f"{case.parts[-3]}/{case.parts[-2]}",
)
def test_the_bytes_behind_every_record_are_that_record(case: Path, tmp_path: Path) -> None:
    data = case.read_bytes()
    source = sources.load(case.parts[-3])
    _, frames = normalised(tmp_path, case.parts[-3], data)
    for offset, length, title in frames["papers"].select("record_offset", "record_length", "title").iter_rows():
        record = next(found for found in source.split(io.BytesIO(data), Limits()) if found.offset == offset)
        assert data[offset : offset + length] == record.data
        assert source.parse(record, Limits())
        assert title


@pytest.mark.parametrize("source", OURS)
def test_a_dump_that_is_cut_is_refused_or_gives_whole_records_alone(source: str) -> None:
    case = sorted(GOLDEN.glob(f"{source}/*/input.*"))[0]
    data, found = case.read_bytes(), sources.load(source)
    whole = {record.offset: record for record in found.split(io.BytesIO(data), Limits())}
    for size in range(0, len(data.rstrip()), 7):
        records = []
        try:
            for record in found.split(io.BytesIO(data[:size]), Limits()):
                records.append(record)
        except DumpError as error:
            assert error.reason in ("truncated", "empty")
        else:
            assert source == "bibtex"
        assert [record.data for record in records] == [whole[record.offset].data for record in records]


LISTS = {"author", "links", "AuthorList"}


@pytest.mark.parametrize("source", OURS)
def test_parsed_fields_are_texts_or_lists_of_texts(source: str) -> None:
    found = sources.load(source)
    for case in sorted(GOLDEN.glob(f"{source}/*/input.*")):
        for record in found.split(io.BytesIO(case.read_bytes()), Limits()):
            try:
                parsed = found.parse(record, Limits())
            except RecordError:
                continue
            for name in found.fields:
                value = parsed.get(name)
                texts = value if name in LISTS and value is not None else [value]
                assert all(text is None or isinstance(text, str) for text in texts), (case, name)
                assert name not in LISTS or value is None or all(texts)


@pytest.mark.parametrize("field", ["title", "author", "note", "month", "url", "journal", "eprint", "abstract", "date"])
@pytest.mark.parametrize(
    "piece",
    ["{x} and ", " and ", ",", "{}", "{{,}}", "{a} ", "\\href{x}{y} ", "\\href{", "x", " ", "1 ", "abs/", "//", "'"],
)
def test_hostile_fields_of_bibtex_are_read_in_no_time(field: str, piece: str) -> None:
    found = sources.load("bibtex")
    count = 1_000_000 // len(piece)
    value = piece * count + "}" * (piece * count).count("{") if piece.count("{") > piece.count("}") else piece * count
    data = f"@article{{k, title = {{x}}, {field} = {{{value}}}}}".encode()
    started = time.process_time()
    for record in found.split(io.BytesIO(data), Limits()):
        try:
            parsed = found.parse(record, Limits())
        except RecordError as error:
            assert error.reason
            continue
        found.normalise(pl.DataFrame([{"row": 0} | parsed], schema={"row": pl.Int64(), **found.fields}))
    assert time.process_time() - started < 3

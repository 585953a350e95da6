from __future__ import annotations

import datetime as dt
import html
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from etl import sources
from etl.errors import DumpError, RecordError
from etl.reading import containers, tables
from etl.settings import Limits
from etl.sources.base import Head
from etl.transforms import dates, identifiers, names
from tests.factories import head_of, normalised

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "sources"
DUMPS = Path(__file__).resolve().parents[2].parent / "shared" / "dumps"
OURS = ("arxiv_atom", "arxiv_daily", "arxiv_oai_pmh", "arxiv_rss", "arxiv_tsv", "hf_papers_html")
INPUTS = sorted(GOLDEN.glob("*/*/input.*"))
OWN_INPUTS = [path for path in INPUTS if path.parts[-3] in OURS]
needs_dumps = pytest.mark.skipif(not DUMPS.exists(), reason="needs ../shared/dumps")


def case(path: Path) -> str:
    return "/".join(path.parts[-3:-1])


def golden(source: str, name: str) -> bytes:
    (path,) = (GOLDEN / source / name).glob("input.*")
    return path.read_bytes()


@pytest.mark.parametrize("path", INPUTS, ids=case)
def test_golden_inputs_of_others_are_never_ours(path: Path) -> None:
    head = head_of(path)
    assert [name for name in OURS if sources.load(name).recognise(head)] == [
        name for name in OURS if name == path.parts[-3]
    ]


@needs_dumps
@pytest.mark.parametrize("folder", sorted(path.name for path in DUMPS.glob("*/")))
def test_real_dumps_of_others_are_never_ours(folder: str) -> None:
    for path in sorted(path for path in (DUMPS / folder).rglob("*") if path.is_file()):
        head = head_of(path)
        found = [name for name in OURS if sources.load(name).recognise(head)]
        assert found == [name for name in OURS if name == folder], path


@pytest.mark.parametrize("path", OWN_INPUTS, ids=case)
def test_no_other_source_takes_ours(path: Path) -> None:
    assert [name for name in sources.names() if sources.load(name).recognise(head_of(path))] == [path.parts[-3]]


@pytest.mark.parametrize("path", OWN_INPUTS, ids=case)
def test_a_cut_or_spoilt_start_is_no_crash_and_no_other_of_ours(path: Path) -> None:
    data = path.read_bytes()
    chance = random.Random(case(path))
    for _ in range(30):
        cut = data[: chance.randrange(len(data) + 1)]
        spoilt = bytearray(data)
        for _ in range(20):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        for head in (Head(cut, "x"), Head(bytes(spoilt), "x"), Head(chance.randbytes(2_000), "x")):
            found = [name for name in OURS if sources.load(name).recognise(head)]
            assert set(found) <= {path.parts[-3]}
            for name in OURS:
                sources.load(name).observed_on(head)


@pytest.mark.parametrize("path", OWN_INPUTS, ids=case)
def test_a_spoilt_dump_is_refused_or_read_but_never_lost(path: Path, tmp_path: Path) -> None:
    data, source = path.read_bytes(), path.parts[-3]
    chance = random.Random(case(path))
    for turn in range(8):
        spoilt = bytearray(data)
        for _ in range(1 + turn):
            spoilt[chance.randrange(len(spoilt))] = chance.choice(b'<>&"\t\n{}[]\x00\xff')
        outcome, frames = normalised(tmp_path / str(turn), source, bytes(spoilt))
        assert outcome.reason not in ("parser_failed", "unreadable"), outcome.detail
        kept = frames["papers"].height, frames["rejected"].height
        assert outcome.reason or kept == (outcome.total("accepted"), outcome.total("rejected"))


@pytest.mark.parametrize(
    ("source", "data", "wanted"),
    [
        ("arxiv_oai_pmh", golden("arxiv_oai_pmh", "error_alone"), dt.date(2025, 6, 12)),
        ("arxiv_oai_pmh", golden("arxiv_oai_pmh", "prefixes_and_no_dates"), dt.date(2025, 6, 12)),
        ("arxiv_oai_pmh", b"<OAI-PMH><responseDate>2025-13-45</responseDate></OAI-PMH>", None),
        ("arxiv_atom", golden("arxiv_atom", "search_answer"), dt.date(2025, 6, 12)),
        ("arxiv_atom", b"<feed><entry><updated>2025-06-12</updated></entry></feed>", None),
        ("arxiv_rss", golden("arxiv_rss", "empty_weekend"), dt.date(2025, 6, 12)),
        ("arxiv_rss", golden("arxiv_rss", "rss_1_with_markup_and_labels"), dt.date(2021, 1, 4)),
        ("arxiv_rss", b"<rss><channel><pubDate>some day</pubDate></channel></rss>", None),
        ("arxiv_tsv", golden("arxiv_tsv", "rejected_rows"), None),
        ("arxiv_daily", golden("arxiv_daily", "classes_among_categories"), None),
        ("hf_papers_html", golden("hf_papers_html", "listing_of_a_day"), dt.date(2025, 6, 12)),
        ("hf_papers_html", golden("hf_papers_html", "search_in_single_quotes"), None),
        ("hf_papers_html", b'<html data-props="{&quot;date&quot;:&quot;2025-06-13&quot;,', dt.date(2025, 6, 13)),
        ("hf_papers_html", b'<html data-props="{&quot;dateString&quot;:&quot;2025-W24&quot;,', None),
    ],
)
def test_the_content_says_the_day_where_it_does(source: str, data: bytes, wanted: dt.date | None) -> None:
    assert sources.load(source).observed_on(Head(data, "2020-02-02.xml")) == wanted


@pytest.mark.parametrize(
    ("source", "data", "reason", "detail"),
    [
        ("arxiv_oai_pmh", golden("arxiv_oai_pmh", "error_alone"), "oai_error", "noRecordsMatch: No records"),
        ("arxiv_oai_pmh", b"<OAI-PMH><error code='badVerb'/></OAI-PMH>", "oai_error", "badVerb: no text"),
        ("arxiv_oai_pmh", b"<OAI-PMH><error>&x;</error></OAI-PMH>", "xml_entity", "undefined entity"),
        ("arxiv_oai_pmh", golden("arxiv_oai_pmh", "raw_with_versions_and_token")[:900], "truncated", ""),
        ("arxiv_oai_pmh", b'<!DOCTYPE x [<!ENTITY a "b">]><OAI-PMH></OAI-PMH>', "xml_dtd", ""),
        ("arxiv_atom", golden("arxiv_atom", "error_of_the_api"), "api_error", "incorrect id format for 1234.12345"),
        ("arxiv_atom", golden("arxiv_atom", "error_of_the_daily_feed"), "feed_error", "Feed error for query"),
        ("arxiv_atom", golden("arxiv_atom", "search_answer")[:-9], "truncated", ""),
        ("arxiv_rss", b"<rss><title>Feed error for query &x;</title></rss>", "feed_error", "undefined entity"),
        ("arxiv_tsv", b"\tabstract\tabstract\n1\ta\tb\n", "duplicate_header", "abstract"),
        ("arxiv_daily", b'{"id": "2506.90001", "title": "Rain"}\n{"id": "2506.9', "truncated", ""),
        ("hf_papers_html", golden("hf_papers_html", "no_listing_on_the_page"), "missing_props", ""),
    ],
)
def test_a_dump_that_says_an_error_is_refused(
    source: str, data: bytes, reason: str, detail: str, tmp_path: Path
) -> None:
    outcome, _ = normalised(tmp_path, source, data)
    assert outcome.reason == reason
    assert detail in outcome.detail


def test_the_bytes_behind_every_row_of_a_page_are_that_row(tmp_path: Path) -> None:
    for name in ("listing_of_a_day", "search_in_single_quotes"):
        data = golden("hf_papers_html", name)
        _, frames = normalised(tmp_path / name, "hf_papers_html", data)
        for offset, length, arxiv_id in (
            frames["papers"].select("record_offset", "record_length", "arxiv_id").iter_rows()
        ):
            row = json.loads(html.unescape(data[offset : offset + length].decode()))
            assert row["paper"]["id"] == arxiv_id


def test_every_escape_of_a_page_is_undone_once_and_found_again() -> None:
    text = 'a "b" & \'c\' <d> é \u00a0 &amp; &quot; \\" end'
    rows = [{"paper": {"id": f"2506.9{n:04}", "title": text * n}} for n in range(1, 6)]
    spelled = json.dumps({"dailyPapers": rows}, ensure_ascii=False)
    for escaped in (html.escape(spelled), html.escape(spelled).replace("&quot;", "&#x22;").replace("\u00a0", "&nbsp;")):
        page = f'<html><p>é</p><div data-target="DailyPapers" data-props="{escaped}">'.encode()
        found = list(sources.load("hf_papers_html").split(io.BytesIO(page), Limits()))
        assert [json.loads(record.data) for record in found] == rows
        for record in found:
            assert (
                html.unescape(page[record.offset : record.offset + (record.length or 0)].decode()).encode()
                == record.data
            )


def test_the_bytes_behind_every_element_are_that_element(tmp_path: Path) -> None:
    for source, name, tag in (
        ("arxiv_oai_pmh", "raw_with_versions_and_token", b"record"),
        ("arxiv_atom", "search_answer", b"entry"),
        ("arxiv_rss", "announcements_of_each_type", b"item"),
    ):
        data = golden(source, name)
        _, frames = normalised(tmp_path / source, source, data)
        for offset, length in frames["papers"].select("record_offset", "record_length").iter_rows():
            assert re.fullmatch(rb"<%b>.*</%b>" % (tag, tag), data[offset : offset + length], re.DOTALL)


def test_a_feed_in_another_encoding_is_read(tmp_path: Path) -> None:
    data = golden("arxiv_rss", "announcements_of_each_type").decode().replace("Ada Invented", "Zoë Ångström")
    other = data.replace("'UTF-8'", "'ISO-8859-1'").encode("latin-1")
    _, frames = normalised(tmp_path, "arxiv_rss", other)
    assert frames["papers"]["authors"][0].to_list() == ["Zoë Ångström", "B. Beispiel"]


def test_a_feed_that_pythons_library_wrote_again_is_read(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    for source, name in (("arxiv_atom", "search_answer"), ("arxiv_oai_pmh", "raw_with_versions_and_token")):
        data = golden(source, name)
        again = ElementTree.tostring(ElementTree.fromstring(data))
        assert b"<ns0:" in again
        assert sources.recognise(Head(again, "x")) == source
        kept = [
            normalised(tmp_path / source / str(n), source, form)[1]["papers"] for n, form in enumerate((data, again))
        ]
        said = ("title", "abstract", "authors", "arxiv_id", "doi", "published_on", "categories", "content_hash")
        assert kept[0].select(said).equals(kept[1].select(said))


@pytest.mark.parametrize(
    ("cell", "created", "wanted"),
    [
        ("704.0967", "2007-04-07", "0704.0967"),
        ("1103.051", "2011-03-30", "1103.0510"),
        ("1103.0510", "2011-03-30", "1103.0510"),
        ("1707.0186899999999", "2017-07-06", "1707.01869"),
        ("1707.01869", "2017-07-06", "1707.01869"),
        ("1502.0123", "2015-02-03", "1502.01230"),
        ("1601.1", "2016-01-04", "1601.10000"),
        ("1412.9999", "2014-12-31", "1412.9999"),
        (" 1412.9999 ", None, "1412.9999"),
        ("1103.051", "2010-12-30", "1103.0510"),
        ("1103.051", "2011-04-01", None),
        ("1103.051", "2009-02-28", None),
        ("1103.05123", "2011-03-30", None),
        ("1412.99999", "2014-12-31", None),
        ("1501.999999", "2015-01-31", None),
        ("1501.9999999999", "2015-01-31", None),
        ("1103.0", "2011-03-30", None),
        ("1113.1", "2011-03-30", None),
        ("703.1", "2007-03-30", None),
        ("9107.1234", None, None),
        ("1e3", None, None),
        ("1103.", None, None),
        ("", None, None),
        ("math.GT/0309136", "2003-09-08", "math/0309136"),
        ("arXiv:1103.0510v2", "2011-03-30", "1103.0510"),
    ],
)
def test_identifiers_that_were_read_as_numbers(cell: str, created: str | None, wanted: str | None) -> None:
    cells = pl.DataFrame(
        {"id": [cell], "created": [created and dt.date.fromisoformat(created)]}, {"id": pl.String, "created": pl.Date}
    )
    found = cells.select(identifiers.undamaged_arxiv_id(pl.col("id"), pl.col("created")))
    assert found.item() == wanted


def test_every_number_comes_back_from_a_binary_fraction() -> None:
    whole = [f"{month}.{n:04}" for month in ("0704", "0912", "1001", "1412") for n in range(1, 10_000, 7)]
    whole += [f"{month}.{n:05}" for month in ("1501", "1912", "2506") for n in range(1, 100_000, 71)]
    damaged = [form(float(name)) for name in whole for form in (repr, "{:.17g}".format, "{:.13g}".format)]
    frame = pl.DataFrame({"id": damaged}).with_columns(created=pl.lit(None, pl.Date))
    found = frame.select(identifiers.undamaged_arxiv_id(pl.col("id"), pl.col("created"))).to_series().to_list()
    assert found[::3] == found[1::3] == found[2::3] == whole


def harvested(folder: str) -> Iterator[dict[str, str | None]]:
    for path in sorted((DUMPS / "arxiv_tsv" / folder).glob("*.xz")):
        with path.open("rb") as raw:
            header: tuple[str, ...] = ()
            for record in tables.rows(containers.decoded(raw), Limits()):
                header = header or tables.columns(record.context, "\t")
                row = tables.cells(record, header, "\t")
                yield {name: row[name] for name in ("arxiv_id", "title", "author_text", "created")}


@needs_dumps
def test_repaired_identifiers_are_those_of_the_undamaged_harvest() -> None:
    """The figures stand in the docstring of `arxiv_tsv`."""
    frames = {folder: pl.DataFrame(list(harvested(folder))) for folder in ("20190101", "20200101")}
    rows = frames["20200101"].with_columns(
        found=identifiers.undamaged_arxiv_id(pl.col("arxiv_id"), dates.iso_day(pl.col("created")))
    )
    assert rows["found"].null_count() == 0
    damaged = rows.filter(~pl.col("arxiv_id").str.contains("/") & (pl.col("arxiv_id") != pl.col("found")))
    looks_whole = damaged.filter(pl.col("arxiv_id").str.contains(r"^\d{4}\.\d{4,5}$"))
    assert (rows.height, damaged.height, looks_whole.height) == (179_948, 59_819, 9_364)
    assert rows.group_by("found").agg(pl.col("title").n_unique())["title"].max() == 1
    said = ["title", "author_text", "created"]
    known = frames["20190101"].select(*said, wanted="arxiv_id").unique()
    known = known.filter(~pl.struct(said).is_duplicated())
    both = damaged.join(known, on=said)
    assert both.height == 8_387
    assert both.filter(pl.col("found") != pl.col("wanted")).height == 0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A. One", ["A. One"]),
        ("A. One, B. Two and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One, B. Two, and\n  C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One & B. Two", ["A. One", "B. Two"]),
        ("A. One (1 and 2), B. Two (2) ((1) Roof, Town (North), (2) Lab)", ["A. One", "B. Two"]),
        ("A. One, Jr., B. Two III", ["A. One Jr.", "B. Two III"]),
        ("Anderson Sandström", ["Anderson Sandström"]),
        ("A. One, , B. Two,", ["A. One", "B. Two"]),
        ("(nobody)", []),
        (None, None),
    ],
)
def test_names_in_a_list(text: str | None, wanted: list[str] | None) -> None:
    found = pl.DataFrame({"text": [text]}, {"text": pl.String}).select(names.listed(pl.col("text")))
    assert found.to_series().to_list() == [wanted]


def test_categories_are_told_from_classes() -> None:
    listed = ["cs.LG", "68T07", "I.2.9; F.4.3", "math-ph", "cond-mat.mes-hall", "68T05, 68T07", "A.I", "q-bio.NC", None]
    frame = pl.DataFrame({"listed": [listed, ["68T07"], [], None]}, {"listed": pl.List(pl.String)})
    found = frame.select(identifiers.arxiv_categories(pl.col("listed"))).to_series().to_list()
    assert found == [["cs.LG", "math-ph", "cond-mat.mes-hall", "q-bio.NC"], None, None, None]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Fri, 23 Feb 2024 00:00:00 -0500", dt.date(2024, 2, 23)),
        ("Fri, 23 Feb 2024 23:59:59 GMT", dt.date(2024, 2, 23)),
        ("Fri, 23 Feb 1824 00:00:00 GMT", None),
        ("Fri, 99 Feb 2024 00:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_days_of_rss(text: str, wanted: dt.date | None) -> None:
    assert dates.rfc2822_date(text) == wanted


def test_months_of_identifiers() -> None:
    ids = pl.DataFrame({"id": ["2506.90001", "0704.0001", "hep-th/9108001", "math/0309136", "x", None]})
    found = ids.select(identifiers.arxiv_month(pl.col("id"))).to_series().to_list()
    assert found == [dt.date(2025, 6, 1), dt.date(2007, 4, 1), dt.date(1991, 8, 1), dt.date(2003, 9, 1), None, None]


@needs_dumps
@pytest.mark.parametrize("source", [name for name in OURS if name not in ("arxiv_tsv", "arxiv_rss", "hf_papers_html")])
def test_real_dumps_have_no_unknown_field_and_no_rejected_record(source: str, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((DUMPS / source).iterdir())[:20]):
        with path.open("rb") as raw:
            data = containers.decoded(raw).read()
        outcome, _ = normalised(tmp_path / str(number), source, data)
        wanted = "oai_error" if path.name.startswith("ErrorResponse") else None
        assert (outcome.reason, outcome.total("rejected"), outcome.unknown_fields) == (wanted, 0, [])


@pytest.mark.parametrize("source", OURS)
def test_no_bytes_make_a_parser_fail(source: str) -> None:
    held = sources.load(source)
    chance = random.Random(source)
    for _ in range(200):
        data = chance.randbytes(chance.randrange(200)) if chance.random() < 0.5 else b"<a><b>" * chance.randrange(50)
        try:
            for record in held.split(io.BytesIO(data), Limits()):
                held.parse(record, Limits())
        except (DumpError, RecordError):
            continue

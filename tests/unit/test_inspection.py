from __future__ import annotations

import bz2
import codecs
import datetime as dt
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.inspection import Dump, Place, Seen, diagnosed, recognised, record_bytes
from etl.settings import MIB, Limits
from tests.factories import daily, daily_row, snapshot_lines, snapshot_record
from tests.hostile import Zipped, forged_zip, overlapping_zip, tarred, zipped

BADINPUT = Path(__file__).resolve().parents[2].parent / "shared" / "badinput"
Make = Callable[..., Dump]


@pytest.fixture
def dump(tmp_path: Path) -> Make:
    def write(data: bytes, name: str = "2025-06-10.json", **limits: int) -> Dump:
        path = tmp_path / "dump"
        path.write_bytes(data)
        return Dump(path, name, Limits(**limits))

    return write


def still(place: int) -> None:
    """Nobody watches."""


def reason(dump: Dump) -> str | None:
    fault = diagnosed(dump, still)
    assert fault == diagnosed(dump, still)
    if fault:
        assert fault.detail
        assert "\n" not in fault.detail
    return fault and fault.reason


def test_what_a_dump_shows_is_seen(dump: Make) -> None:
    day = {"date": "2025-06-09", "count": 1, "data": [daily_row(1)]}
    assert recognised(dump(json.dumps(day).encode()), still) == {"hf_daily": Seen(dt.date(2025, 6, 9), False)}
    lines = snapshot_lines([snapshot_record(1)])
    assert recognised(dump(lines), still) == {"arxiv_snapshot": Seen(None, True)}
    both = zipped(("a.json", daily([daily_row(1)])), ("b.json", lines), ("c.txt", b"none"))
    assert recognised(dump(both), still) == {"arxiv_snapshot": Seen(), "hf_daily": Seen()}
    assert recognised(dump(b"none of ours"), still) == {}


def test_what_is_broken_further_in_is_recognised(dump: Make) -> None:
    whole = tarred(("a.json", daily([daily_row(1)])), ("b.json", b"x" * 600))
    assert list(recognised(dump(whole[:-1_100]), still)) == ["hf_daily"]
    assert recognised(dump(whole[:100]), still) == {}


def parquet(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


DEEP = b"[" * 100_000
FAULTS: dict[str, tuple[bytes, str | None]] = {
    "no bytes": (b"", "empty"),
    "blanks": (b" \n\t", "empty"),
    "no bytes in gz": (gzip.compress(b""), "empty"),
    "an archive without files": (zipped(), "empty"),
    "a sound array": (b'[{"a": 1}]', None),
    "a sound array with a mark": (codecs.BOM_UTF8 + b'[{"a": 1}]', None),
    "sound lines": (b'{"a": 1}\n{"a": 2}\n', None),
    "lines of which a later one is broken": (b'{"a": 1}\n\n{"a": 2}\n{"a', None),
    "a word": (b"lantern", None),
    "a cut array": (b'[{"a": 1}, {"a"', "truncated"),
    "a cut text": (b'{"a": "lan', "truncated"),
    "a missing comma": (b'[{"a": 1} {"a": 2}]', "malformed_json"),
    "a broken second line": (b'{"a": 1}\n{"a" 2}\n', "malformed_json"),
    "deep": (DEEP, "too_deep"),
    "deep objects": (b'{"a":' * 100_000, "too_deep"),
    "many names": (json.dumps({str(number): 1 for number in range(50_000)}).encode(), "too_many_keys"),
    "a huge number": (b"[1e999]", "number_out_of_range"),
    "half a character": (b'["\\ud800"]', "lone_surrogate"),
    "Latin-1 in JSON": ('["caf\xe9"]'.encode("latin-1"), "invalid_utf8"),
    "Latin-1": ("Le caf\xe9".encode("latin-1"), "invalid_utf8"),
    "UTF-16": ('[{"a": 1}]'.encode("utf-16"), "unsupported_encoding"),
    "no text at all": (bytes(range(256)), None),
    "XML": (b"<a><b/></a>", None),
    "cut XML": (b"<a><b>", "truncated"),
    "XML that does not match": (b"<a><b></a></a>", "malformed_xml"),
    "an entity": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml_dtd"),
    "an unknown entity": (b"<a>&lantern;</a>", "xml_entity"),
    "HTML": (b"<!DOCTYPE html><html><body><p>Sign in", "html_page"),
    "HTML in capitals": (b"\n <!-- x -->\n<HTML>", "html_page"),
    "cut gz": (gzip.compress(b"x" * 5_000)[:-3], "truncated"),
    "broken gz": (gzip.compress(bytes(range(256)) * 9).replace(b"\x09", b"\x0a"), "corrupt_compression"),
    "gz twice": (gzip.compress(gzip.compress(b"[]")), "nested_too_deep"),
    "something behind": (gzip.compress(b"[]") + b"junk", "trailing_garbage"),
    "a cut zip": (zipped(("a", b"x"))[:-10], "truncated"),
    "a cut tar": (tarred(("a", b"x" * 600))[:700], "truncated"),
    "an overlapping zip": (overlapping_zip(9, b"[]" * 90), "overlapping_members"),
    "a bomb": (gzip.compress(bytes(3 * MIB)), "expands_too_much"),
    "a locked zip": (forged_zip(Zipped(b"a", b"x", flags=1), Zipped(b"b", b"x", flags=1)), "encrypted"),
    "a zip of which one is locked": (forged_zip(Zipped(b"a", b"x", flags=1), Zipped(b"b", b"x")), None),
    "a zip of broken JSON": (zipped(("a", b"[1,"), ("b", b'{"a":')), "truncated"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "unsupported_compression"),
    "LZ4": (b"\x04\x22\x4d\x18" + bytes(30), "unsupported_compression"),
    "sound Parquet": (parquet(a=[1, 2]), None),
    "cut Parquet": (parquet(a=[1, 2])[:-5], "corrupt_parquet"),
    "Parquet in gz": (gzip.compress(parquet(a=[1, 2])[:-5]), "corrupt_parquet"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_said(name: str, dump: Make) -> None:
    data, wanted = FAULTS[name]
    assert reason(dump(data, ratio_from=MIB)) == wanted


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'[1,\n 2,\n "caf\xc3\xa9",, 3]', "byte 17"),
        (codecs.BOM_UTF8 + b"[1,, 2]", "byte 6"),
        (b"[1, 2", "byte 5"),
        (b'{"a": "\xff"}', "byte 7"),
        (b"plain \xff", "byte 6"),
        (b"\xc3\xa9" * MIB + b"\xc3", f"byte {2 * MIB}"),
    ],
)
def test_the_place_is_said(data: bytes, said: str, dump: Make) -> None:
    fault = diagnosed(dump(data), still)
    assert fault
    assert said in fault.detail, fault


def test_what_is_too_long_to_parse_is_looked_at_from_outside(dump: Make) -> None:
    limits = {"record_bytes": 1_000}
    items = b",".join(b'{"a": %d}' % number for number in range(500))
    assert reason(dump(b"[" + items + b"]", **limits)) is None
    assert reason(dump(b"[" + items, **limits)) == "truncated"
    assert reason(dump(b"[" + items + b"] x", **limits)) == "malformed_json"
    assert reason(dump(b'["' + b"x" * 3 * MIB + b'"]', **limits)) == "record_too_long"
    assert reason(dump(b'{"a": [' + items + b"]}", **limits)) is None
    assert reason(dump(b"<a>" + b"<b/>" * (2 * MIB) + b"</a>", **limits)) is None


def test_a_source_that_fails_on_a_dump_is_no_end(dump: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import sources

    def fail(head: object) -> None:
        raise ValueError("stumbled")

    monkeypatch.setattr(sources, "recognise", fail)
    assert reason(dump(b"[]")) == "parser_failed"


def test_the_bytes_of_a_record_are_found(dump: Make) -> None:
    data = daily([daily_row(1), daily_row(2)])
    at = data.index(b"2506.00002")
    for packed, member in ((data, ""), (gzip.compress(data), ""), (zipped(("a", b"x"), ("b", data)), "b")):
        place = Place(dump(packed).path, member, at, 10, Limits())
        assert record_bytes(place, still) == b"2506.00002"
    assert record_bytes(Place(dump(data).path, "missing", 0, 1, Limits()), still) is None
    row = record_bytes(Place(dump(parquet(a=[1, 2])).path, "", 1, None, Limits()), still)
    assert row == b'{"a":2}'


SUITE = BADINPUT / "JSONTestSuite" / "test_parsing"


@pytest.mark.skipif(not SUITE.exists(), reason="needs ../shared/badinput/JSONTestSuite")
def test_what_begins_like_json_and_is_none_is_said_with_its_place() -> None:
    for path in sorted(SUITE.glob("*.json")):
        fault = diagnosed(Dump(path, path.name, Limits()), still)
        begins = path.read_bytes().removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{")
        if path.name.startswith("y_"):
            assert fault is None, path.name
        elif path.name.startswith("n_") and begins:
            assert fault, path.name
            assert "byte" in fault.detail, path.name


def test_compressed_foreign_formats_are_named(dump: Make) -> None:
    fault = diagnosed(dump(bz2.compress(b"Rar!\x1a\x07" + bytes(20))), still)
    assert fault
    assert fault.reason == "unsupported_compression"
    assert "RAR" in fault.detail

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.errors import DumpError
from etl.reading import parquet
from etl.reading.records import Record
from etl.settings import Limits

BAD = Path(__file__).resolve().parents[2].parent / "shared" / "badinput" / "parquet-testing" / "bad_data"


def written(table: pa.Table | dict[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), buffer, **options)
    return buffer.getvalue()


def read(data: bytes, limits: Limits = Limits()) -> list[Record]:  # noqa: B008
    return list(parquet.rows(io.BytesIO(data), limits))


def values(data: bytes) -> list[Any]:
    return [json.loads(record.data) if not record.reason else record.reason for record in read(data)]


def refusal(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008
    with pytest.raises(DumpError) as raised:
        read(data, limits)
    assert "\n" not in raised.value.detail
    return raised.value.reason


def test_rows_are_numbered_and_have_no_length() -> None:
    found = read(written({"a": range(5_000)}))
    assert [record.offset for record in found] == list(range(5_000))
    assert {(record.length, record.position - record.offset) for record in found} == {(None, 1)}


def test_every_type_is_said_in_json() -> None:
    row = {
        "text": "lantern",
        "bytes": "café".encode(),
        "whole": 2**63 - 1,
        "real": 0.5,
        "truth": True,
        "nothing": None,
        "day": dt.date(2025, 6, 10),
        "time": dt.datetime(2025, 6, 10, 12, 30),
        "exact": decimal.Decimal("12.50"),
        "list": ["a", None],
        "inner": {"stars": 3, "topics": ["x"]},
    }
    assert values(written(pa.Table.from_pylist([row]))) == [
        row | {"bytes": "café", "day": "2025-06-10", "time": "2025-06-10T12:30:00", "exact": "12.50"}
    ]
    fine = pa.table({"time": pa.array([1_717_000_000_123_456_789], pa.timestamp("ns"))})
    assert values(written(fine))[0]["time"].startswith("2024-05-29T16:26:40.123456")


def test_one_row_that_json_cannot_say_is_lost_alone() -> None:
    table = pa.table(
        {
            "a": ["x", "y", "z", "w", "v"],
            "bytes": pa.array([b"fine", b"\xff\xfe", b"", None, b"\xed\xa0\x80"], pa.binary()),
            "day": pa.array([0, 0, 2**31 - 1, 0, 0], pa.date32()),
            "real": [1.0, 2.0, 3.0, float("inf"), float("nan")],
        }
    )
    found = values(written(table))
    assert [row if isinstance(row, str) else row["a"] for row in found] == [
        "x",
        "invalid_utf8",
        "number_out_of_range",
        "number_out_of_range",
        "invalid_utf8",
    ]


def test_texts_that_are_none_are_lost_alone() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffb")]
    )
    assert [row if isinstance(row, str) else row["t"] for row in values(written(pa.table({"t": broken})))] == [
        "a",
        "invalid_utf8",
        "b",
    ]


def test_what_is_not_a_number_is_nothing() -> None:
    assert values(written({"real": [float("nan"), 1.5]})) == [{"real": None}, {"real": 1.5}]


def test_a_row_that_is_too_long_is_given_cut() -> None:
    (first, second) = read(written({"t": ["x" * 5_000, "short"]}), Limits(record_bytes=4_000))
    assert (first.reason, len(first.data), second.reason) == ("record_too_long", 1_000, "")


def test_tables_that_are_refused() -> None:
    assert refusal(written({f"c{number}": [1] for number in range(1_001)})) == "too_many_columns"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert refusal(written(twice)) == "duplicate_header"
    assert refusal(b"PAR1") == "corrupt_parquet"
    assert refusal(b"PAR1" + bytes(100) + b"PAR1") == "corrupt_parquet"
    assert refusal(b"PAR1" + bytes(100) + (1 << 31).to_bytes(4, "little") + b"PAR1") == "corrupt_parquet"


def test_rows_of_nothing_are_bounded() -> None:
    data = written({"a": pa.nulls(3_000_000, pa.int64())})
    assert len(data) < 10_000
    assert refusal(data, Limits(ratio_from=1 << 20)) == "expands_too_much"
    assert refusal(data, Limits(expanded_bytes=1 << 20)) == "too_large"
    repeated = written({"a": pa.array(["x" * 100_000]).take(pa.array([0] * 20_000))})
    assert refusal(repeated, Limits(ratio_from=1 << 20)) == "expands_too_much"


TABLE = {
    "arxiv_id": [f"2506.{number:05d}" for number in range(50)],
    "title": [f"Title {number}" for number in range(50)],
    "stars": list(range(50)),
}


def test_a_file_cut_at_any_byte_is_refused() -> None:
    data = written(TABLE)
    assert len(values(data)) == 50
    for size in range(len(data)):
        assert refusal(data[:size]) == "corrupt_parquet"


def test_no_flipped_bit_in_a_page_gives_other_data_where_pages_are_summed() -> None:
    plain = {"use_dictionary": False, "write_statistics": False, "compression": "none"}
    data = written(TABLE, write_page_checksum=True, **plain)
    wanted, chance = values(data), random.Random(7)
    begin, end = data.index(b"2506.00000"), data.index(b"2506.00049")
    for _ in range(300):
        place = chance.randrange(begin * 8, end * 8)
        broken = bytearray(data)
        broken[place // 8] ^= 1 << place % 8
        try:
            assert values(bytes(broken)) == wanted
        except DumpError as error:
            assert error.reason == "corrupt_parquet"


@pytest.mark.skipif(not BAD.exists(), reason="needs ../shared/badinput/parquet-testing")
def test_files_that_once_broke_a_reader() -> None:
    found = {}
    for path in sorted(BAD.glob("*.parquet")):
        try:
            found[path.stem] = f"{len(read(path.read_bytes()))} rows"
        except DumpError as error:
            found[path.stem] = error.reason
    assert len(found) == 8
    # This one has a page whose index is out of bounds, which is read without its help.
    assert {name for name, said in found.items() if said != "corrupt_parquet"} <= {"ARROW-GH-43605"}


def test_the_footer_is_bytes_alone() -> None:
    data = written(TABLE)
    assert b"arxiv_id" in parquet.footer(io.BytesIO(data))
    for broken in (b"", b"PAR1", data[:-1], data[:-8] + b"\xff\xff\xff\x7fPAR1", data[:-8] + b"\0\0\0\0PAR1"):
        assert parquet.footer(io.BytesIO(broken)) == b""

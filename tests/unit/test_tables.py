from __future__ import annotations

import csv
import io
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import DumpError, RecordError
from etl.reading import tables
from etl.reading.records import Record
from etl.settings import MIB, Limits

SMALL = Limits(record_bytes=20)


def read(data: bytes, limits: Limits = SMALL) -> list[Record]:
    found = list(tables.rows(io.BytesIO(data), limits))
    for record in found:
        if not record.reason:
            assert data[record.offset :].startswith(record.data)
    return found


def reasons(data: bytes, limits: Limits = SMALL) -> list[str]:
    return [record.reason for record in read(data, limits)]


def test_rows_keep_their_places_and_the_header() -> None:
    found = read(b'\xef\xbb\xbfa,b\r\n1,2\r\n\r\n"x\ny",4\n5,6')
    assert [(row.offset, row.data, row.position, row.is_last_line) for row in found] == [
        (8, b"1,2", 1, False),
        (15, b'"x\ny",4', 2, False),
        (23, b"5,6", 3, True),
    ]
    assert {row.context for row in found} == {b"a,b"}


@pytest.mark.parametrize("length", [19, 20, 21, 22, 23, 60, 3 * MIB])
def test_a_line_that_is_too_long_is_one_row_and_the_next_is_read(length: int) -> None:
    data = b"a,b\n1,2\n" + b"x" * length + b"\n3,4\n"
    found = read(data)
    is_long = length > 20
    assert [row.reason for row in found] == ["", "record_too_long" if is_long else "", ""]
    assert found[2].offset == len(data) - 4
    assert (found[1].length, len(found[1].data) <= 1_000) == (length + is_long, True)


def test_a_long_line_in_a_quoted_cell_ends_with_its_line() -> None:
    assert reasons(b'a,b\n1,"q\n' + b"z" * 60 + b'",\n5,6\n') == ["unclosed_quote", "record_too_long", ""]
    assert reasons(b'a,b\n1,"qqqqqqqqqqq\n' + b'",' + b"z" * 60 + b"\n5,6\n") == ["record_too_long", ""]


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone() -> None:
    assert reasons(b'a,b\n"1,2\n3,4\n5,6\n') == ["unclosed_quote", "", ""]
    many = b'a,b\n"1,2\n' + b"3,4\n" * 30_000
    assert reasons(many, Limits()) == ["unclosed_quote"] + [""] * 30_000


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b'a,"b', "unclosed_quote"),
        (b"a," + b"b" * 30, "record_too_long"),
    ],
)
def test_a_header_that_cannot_be_read_refuses_the_dump(header: bytes, reason: str) -> None:
    with pytest.raises(DumpError) as raised:
        read(header + b"\n1,2\n")
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"a,b,a", "duplicate_header"),
        (b"a,\xff", "invalid_utf8"),
        (b'a,"b"x', "malformed_row"),
        (b'a,"b\nc"\nd,e', "malformed_row"),
        (b",".join(b"c%d" % number for number in range(1_001)), "too_many_columns"),
        (b"," * (8 * MIB), "too_many_columns"),
        (b'"",' + b"," * 2_000, "too_many_columns"),
    ],
)
def test_headers_that_are_refused(header: bytes, reason: str) -> None:
    with pytest.raises(DumpError) as raised:
        tables.columns(header)
    assert raised.value.reason == reason


def cells(data: bytes, *names: str) -> dict[str, str | None]:
    return tables.cells(Record(0, data, 1), names)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"1", "ragged_row"),
        (b"1,2,3", "ragged_row"),
        (b"," * (8 * MIB), "ragged_row"),
        (b"1,\xff", "invalid_utf8"),
        (b"1,\xed\xa0\x80", "invalid_utf8"),
        (b"1,\x00", "nul_character"),
        (b'1,"2"x', "malformed_row"),
        (b'1,"2', "malformed_row"),
        (b'"1","2"\n"3","4"', "malformed_row"),
    ],
)
def test_rows_that_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as raised:
        cells(data, "a", "b")
    assert raised.value.reason == reason
    assert len(raised.value.detail) < 100


def test_cells() -> None:
    assert cells(b'1,"x, ""y""\nz"', "a", "b") == {"a": "1", "b": 'x, "y"\nz'}
    assert cells(b",", "a", "b") == {"a": None, "b": None}
    long = "x" * (5 * MIB)
    assert cells(f'1,"{long}"'.encode(), "a", "b")["b"] == long


_CELL = st.text(alphabet='ab",\n\r \té', max_size=6)


@settings(max_examples=200)
@given(st.lists(st.tuples(_CELL, _CELL, st.just("end")), max_size=8))
def test_what_csv_writes_is_read(rows: list[tuple[str, str, str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    names = ("a", "b", "c")
    found = [tables.cells(record, names) for record in read(buffer.getvalue().encode(), Limits())]
    assert found == [{name: cell or None for name, cell in zip(names, row, strict=True)} for row in rows]


@settings(max_examples=200)
@given(st.binary(max_size=80), st.integers(4, 30))
def test_every_byte_is_in_one_row_or_between_two(data: bytes, longest: int) -> None:
    end = 0
    try:
        for record in tables.rows(io.BytesIO(data), Limits(record_bytes=longest)):
            assert record.offset >= end
            assert record.length is not None
            between = data[end : record.offset]
            assert not end or not between.strip()
            end = record.offset + record.length
        assert not end or not data[end:].strip()
    except DumpError as error:
        assert error.reason in ("unclosed_quote", "record_too_long")


def test_a_quote_of_many_short_lines_takes_little_memory_and_time() -> None:
    data = b'a,b\n"\n' + b"x\n" * 300_000
    begun = time.process_time()
    tracemalloc.start()
    try:
        assert sum(1 for _ in tables.rows(io.BytesIO(data), Limits())) == 300_001
        assert tracemalloc.get_traced_memory()[1] < len(data) + 4 * MIB
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 10

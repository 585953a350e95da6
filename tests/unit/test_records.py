from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import DumpError
from etl.reading.records import Record, array_items, items_or_document, lines
from etl.settings import Limits


class Dripping(io.RawIOBase):
    """A stream that gives at most so many bytes at a time: borders of chunks fall everywhere."""

    def __init__(self, data: bytes, most: int) -> None:
        self.data, self.most, self.place = data, most, 0

    def read(self, size: int = -1) -> bytes:
        piece = self.data[self.place : self.place + self.most]
        self.place += len(piece)
        return piece


def items(data: bytes, most: int = 1 << 20, longest: int = 1 << 20) -> list[Record]:
    return list(array_items(Dripping(data, most), Limits(record_bytes=longest)))  # type: ignore[arg-type]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(
    values=st.lists(_JSON, max_size=6),
    indent=st.sampled_from([None, 0, 2]),
    is_ascii=st.booleans(),
    most=st.integers(1, 40),
    envelope=st.booleans(),
    around=st.sampled_from(["", " ", "\n\t "]),
)
def test_items_of_any_array_are_found_at_their_places(
    values: list[Any], indent: int | None, is_ascii: bool, most: int, envelope: bool, around: str
) -> None:
    document: Any = {"date": '"data": [', "data": values, "count": {"data": [1]}} if envelope else values
    data = (around + json.dumps(document, indent=indent, ensure_ascii=is_ascii) + around).encode("utf-8", "replace")
    found = items(data, most)
    assert [json.loads(record.data) for record in found] == values
    assert [record.position for record in found] == list(range(1, len(values) + 1))
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data


@settings(max_examples=60)
@given(values=st.lists(_JSON, min_size=1, max_size=4), most=st.integers(1, 9), data=st.data())
def test_an_array_cut_anywhere_is_refused(values: list[Any], most: int, data: st.DataObject) -> None:
    whole = json.dumps(values).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DumpError) as raised:
        items(whole[:cut], most)
    assert raised.value.reason == "truncated"


@pytest.mark.parametrize("most", [1, 2, 3, 1 << 20])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[1] [2]", "malformed_json"),
        (b"[1]]", "malformed_json"),
        (b'[1] "x"', "malformed_json"),
        (b"[1,]", "malformed_json"),
        (b"[,1]", "malformed_json"),
        (b"[1,,2]", "malformed_json"),
        (b"[1}", "malformed_json"),
        (b'{"other": [1]}', "malformed_json"),
        (b'{"data": {"data": [1]}}', "malformed_json"),
        (b'{"data": 1}', "malformed_json"),
        (b"{}", "malformed_json"),
        (b"", "truncated"),
        (b"   ", "truncated"),
        (b'["a', "truncated"),
        (b'["a\\"]', "truncated"),
        (b"[[1]", "truncated"),
        (b'[{"a": 1}, {"b"', "truncated"),
    ],
)
def test_a_document_that_is_no_array_is_refused(data: bytes, reason: str, most: int) -> None:
    with pytest.raises(DumpError) as raised:
        items(data, most)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    "data", [b"1 [2]", b"x[1]", b'"a"[1]', b"\xef\xbb\xbfx [1]", b"[1] x", b"[1] 2", b'{"data": [1]} null']
)
def test_words_around_the_document_are_refused(data: bytes) -> None:
    with pytest.raises(DumpError):
        items(data)


@pytest.mark.parametrize(
    ("data", "wanted"), [(b"[]", []), (b" [ ] ", []), (b'{"data":[]}', []), (b"\xef\xbb\xbf[1]", [b"1"])]
)
def test_odd_but_sound_arrays(data: bytes, wanted: list[bytes]) -> None:
    assert [record.data for record in items(data)] == wanted


def test_an_item_of_unbounded_length_is_refused_before_it_fills_memory() -> None:
    stream = io.BytesIO(b'["' + b"x" * (3 << 20))
    with pytest.raises(DumpError) as raised:
        list(array_items(stream, Limits(record_bytes=1 << 20)))
    assert raised.value.reason == "record_too_long"
    assert stream.tell() <= 3 << 20


def at(data: bytes, start: int) -> io.BytesIO:
    stream = io.BytesIO(data)
    stream.seek(max(0, start - 1))
    return stream


def test_lines_keep_their_places() -> None:
    data = b"\xef\xbb\xbffirst\r\n\n  second \n\t\nthird"
    found = list(lines(io.BytesIO(data), Limits()))
    assert [(record.data, record.position, record.is_last_line) for record in found] == [
        (b"first", 1, False),
        (b"second", 2, False),
        (b"third", 3, True),
    ]
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data


@settings(max_examples=150)
@given(
    pieces=st.lists(
        st.sampled_from([b"a", b"bc", b" ", b"\n", b"\r\n", b"\xc3\xa9", b"\xef\xbb\xbf", b"\n\n"]), max_size=30
    ),
    step=st.integers(1, 9),
)
def test_ranges_give_each_line_once(pieces: list[bytes], step: int) -> None:
    data = b"".join(pieces)
    whole = [(record.offset, record.data) for record in lines(io.BytesIO(data), Limits())]
    split = [
        (record.offset, record.data)
        for start in range(0, len(data), step)
        for record in lines(at(data, start), Limits(), start, min(start + step, len(data)))
    ]
    assert split == whole


@pytest.mark.parametrize("length", [51, 52, 100, 3 << 20])
def test_a_line_that_is_too_long_is_set_aside_and_the_next_one_read(length: int) -> None:
    data = b"short\n" + b"x" * length + b"\nnext\n"
    found = list(lines(io.BytesIO(data), Limits(record_bytes=50)))
    assert [(record.offset, record.length, record.reason) for record in found] == [
        (0, 5, ""),
        (6, length + 1, "record_too_long"),
        (length + 7, 4, ""),
    ]
    assert len(found[1].data) <= 1_000


@pytest.mark.parametrize("most", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"message": {"facets": {"items": [0]}, "items": [1, {"items": [2]}], "x": [3]}}', [b"1", b'{"items": [2]}']),
        (b'{"items": [0], "message": {"items": [1]}}', [b"1"]),
        (b'{"message": [{"items": [0]}], "data": [1]}', [b"1"]),
        (b'{"message": "items", "other": {"data": [0]}, "data": []}', []),
        (b"[[1], {}]", [b"[1]", b"{}"]),
    ],
)
def test_an_array_is_found_on_its_path_alone(data: bytes, wanted: list[bytes], most: int) -> None:
    for read in (array_items, items_or_document):
        found = read(Dripping(data, most), Limits(), "message.items", "data")  # type: ignore[arg-type]
        assert [record.data for record in found] == wanted


@settings(max_examples=60)
@given(value=st.dictionaries(st.text(max_size=4), _JSON, max_size=4), most=st.integers(1, 40))
def test_a_document_without_the_array_is_one_record(value: dict[str, Any], most: int) -> None:
    value.pop("data", None)
    data = b"\n " + json.dumps(value, indent=1).encode() + b"\n"
    (found,) = items_or_document(Dripping(data, most), Limits(), "data")  # type: ignore[arg-type]
    assert json.loads(found.data) == value
    assert (data[found.offset : found.offset + len(found.data)], found.position) == (found.data, 1)


@pytest.mark.parametrize("data", [b'{"a": [1', b'{"a": 1} {"b": 2}', b'{"a": "' + b"x" * 2_000 + b'"}', b"5", b"[1"])
def test_a_document_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(DumpError):
        list(items_or_document(Dripping(data, 64), Limits(record_bytes=1_000), "data"))  # type: ignore[arg-type]

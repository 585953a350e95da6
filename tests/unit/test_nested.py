from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import DumpError, RecordError
from etl.reading.nested import items_under, member, members
from etl.reading.peeked import Peeked
from etl.reading.records import Record
from etl.settings import Limits

LIMITS = Limits()
NAMES = st.sampled_from(["rows", "a", 'b"c', "d\\", "é", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\[]{},:é\n', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
DOCUMENTS = st.lists(VALUES, max_size=3) | st.dictionaries(NAMES, VALUES, max_size=3)


class InPieces(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self.size = size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.size if self.tell() else max(3, self.size))


def under(value: Any, name: str) -> list[Any]:
    """The items of every array of that name that stands in no other such array, in the order of the document."""
    found = []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else []):
        found += inner if key == name and isinstance(inner, list) else under(inner, name)
    return found


def spelled(value: Any, indent: int | None, is_ascii: bool) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode()


@given(DOCUMENTS, st.integers(1, 40), st.sampled_from([None, 0, 2]), st.booleans())
def test_items_are_found_at_every_depth_with_their_bytes(
    value: Any, size: int, indent: int | None, is_ascii: bool
) -> None:
    data = spelled(value, indent, is_ascii)
    found = list(items_under(InPieces(data, size), LIMITS, "rows"))
    assert [json.loads(record.data) for record in found] == under(value, "rows")
    assert all(data[record.offset : record.offset + len(record.data)] == record.data for record in found)
    assert [record.position for record in found] == list(range(1, len(found) + 1))


@given(
    st.dictionaries(NAMES, VALUES, max_size=3), st.integers(1, 3), st.integers(1, 40), st.sampled_from([None, "rows"])
)
def test_members_are_found_at_their_depth(value: dict[str, Any], depth: int, size: int, name: str | None) -> None:
    def at(inner: Any, level: int, before: str | None) -> list[tuple[str, Any]]:
        if level == depth and isinstance(inner, dict) and name in (None, before):
            return list(inner.items())
        if isinstance(inner, dict):
            return [pair for key, item in inner.items() for pair in at(item, level + 1, key)]
        return [pair for item in inner for pair in at(item, level + 1, None)] if isinstance(inner, list) else []

    data = b"\xef\xbb\xbf\n" + spelled(value, 1, False)
    found = list(members(InPieces(data, size), LIMITS, depth, name))
    assert [member(record, LIMITS) for record in found] == at(value, 1, None)
    assert all(data[record.offset : record.offset + len(record.data)] == record.data for record in found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"rows": [1,]}', "malformed_json"),
        (b'{"rows": [,1]}', "malformed_json"),
        (b'{"rows": [1}', "malformed_json"),
        (b'{"rows": [1]]', "malformed_json"),
        (b'{"rows": [1]} x', "malformed_json"),
        (b'x {"rows": [1]}', "malformed_json"),
        (b'{"rows": [1]}{}', "malformed_json"),
        (b'"rows"', "malformed_json"),
        (b'{"rows": [1]', "truncated"),
        (b'{"rows": ["a', "truncated"),
        (b'{"a": "', "truncated"),
        (b"", "truncated"),
    ],
)
def test_a_document_that_is_none_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DumpError) as refused:
        list(items_under(io.BytesIO(data), LIMITS, "rows"))
    assert refused.value.reason == reason


@pytest.mark.parametrize("data", [b'{"rows": ["%s"]}', b'{"a": "%s"}', b'{"rows": [%s'])
def test_what_is_too_long_is_refused_before_it_fills_memory(data: bytes) -> None:
    filled = data.replace(b"%s", b"x" * (4 << 20))
    with pytest.raises(DumpError) as refused:
        list(items_under(io.BytesIO(filled), Limits(record_bytes=1 << 20), "rows"))
    assert refused.value.reason == "record_too_long"


@pytest.mark.parametrize("data", [b'"a": 1, "b": 2', b'"a"', b"1", b'"a": {', b""])
def test_a_member_is_one_key_with_its_value(data: bytes) -> None:
    with pytest.raises(RecordError):
        member(Record(0, data, 1), LIMITS)


@given(st.binary(max_size=60), st.integers(0, 20), st.lists(st.tuples(st.booleans(), st.integers(-1, 9)), max_size=30))
def test_a_stream_that_was_looked_at_is_read_as_any_other(
    data: bytes, size: int, calls: list[tuple[bool, int]]
) -> None:
    data = data.replace(b"\x00", b"\n")
    peeked, plain = Peeked(io.BytesIO(data), size), io.BytesIO(data)
    assert peeked.start == data[:size]
    read = b""
    for is_line, wanted in calls:
        piece = peeked.readline(wanted) if is_line else peeked.read(wanted)
        assert len(piece) <= wanted or wanted < 0
        if is_line:
            assert piece == plain.readline(wanted)
        else:
            plain.seek(len(piece), io.SEEK_CUR)
        read += piece
    assert read + peeked.read() == data

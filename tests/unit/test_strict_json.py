from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.errors import RecordError
from etl.reading import strict_json
from etl.reading.records import document, lines
from etl.settings import Limits

BADINPUT = Path(__file__).resolve().parents[2].parent / "shared" / "badinput"
SUITE = BADINPUT / "JSONTestSuite"
needs_suite = pytest.mark.skipif(not SUITE.exists(), reason="needs ../shared/badinput/JSONTestSuite")
KUHN = BADINPUT / "utf8-kuhn" / "cases.jsonl"
REASONS = {"malformed_json", "invalid_utf8", "lone_surrogate", "number_out_of_range", "too_deep"}


def cases(kind: str, folder: str = "test_parsing") -> list[Path]:
    return sorted((SUITE / folder).glob(f"{kind}*.json"))


def verdict(data: bytes) -> tuple[str, str]:
    """Accepted, or the reason and what was said."""
    try:
        strict_json.value(data)
    except RecordError as error:
        return error.reason, error.detail
    return "accepted", ""


@needs_suite
def test_the_suite_is_whole() -> None:
    assert [len(cases(kind)) for kind in ("y_", "n_", "i_")] == [95, 188, 35]
    assert len(cases("", "test_transform")) == 22


@needs_suite
def test_all_that_must_be_accepted_is() -> None:
    refused = {path.name: verdict(path.read_bytes()) for path in cases("y_")}
    assert {name: said for name, said in refused.items() if said[0] != "accepted"} == {}
    for path in cases("y_"):
        assert strict_json.value(path.read_bytes()) == json.loads(path.read_bytes())


@needs_suite
def test_all_that_must_be_refused_is_with_reason_and_byte() -> None:
    for path in cases("n_"):
        data = path.read_bytes()
        reason, detail = verdict(data)
        assert reason in REASONS, path.name
        where = re.search(r"byte (\d+)", detail)
        assert where, (path.name, detail)
        assert 0 <= int(where[1]) <= len(data), path.name


# What the standard leaves to us: numbers that no double holds, texts that Unicode does not, depth, byte order marks.
EITHER = {
    "number_out_of_range": 5,
    "lone_surrogate": 10,
    "invalid_utf8": 13,
    "too_deep": 1,
    "malformed_json": 1,
    "accepted": 5,
}


@needs_suite
def test_what_may_be_either_is_always_the_same() -> None:
    found = {path.name: verdict(path.read_bytes()) for path in cases("i_")}
    assert found == {path.name: verdict(path.read_bytes()) for path in cases("i_")}
    reasons = [reason for reason, _ in found.values()]
    assert {reason: reasons.count(reason) for reason in reasons} == EITHER


def in_a_line(data: bytes) -> tuple[str, str]:
    record = next(lines(io.BytesIO(data + b"\n"), Limits()), None)
    return verdict(record.data) if record else ("empty", "")


def in_a_file(data: bytes) -> tuple[str, str]:
    record = next(document(io.BytesIO(data), Limits()), None)
    return verdict(record.data) if record else ("empty", "")


@needs_suite
@pytest.mark.parametrize("kind", ["y_", "n_", "i_", ""])
def test_a_line_and_a_file_get_the_same_verdict(kind: str) -> None:
    for path in cases(kind, "test_parsing" if kind else "test_transform"):
        data = path.read_bytes()
        if data.strip() and b"\n" not in data.strip():
            assert in_a_line(data) == in_a_file(data), path.name


@needs_suite
def test_what_parsers_make_differently_is_always_the_same() -> None:
    found = {path.stem: verdict(path.read_bytes())[0] for path in cases("", "test_transform")}
    refused = {name for name, reason in found.items() if reason != "accepted"}
    assert refused == {
        *(f"string_{number}_escaped_invalid_codepoint{'s' * (number > 1)}" for number in (1, 2, 3)),
        *(f"string_{number}_invalid_codepoint{'s' * (number > 1)}" for number in (1, 2, 3)),
    }
    # The last of equal names counts, as with every parser in use.
    assert strict_json.value(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.skipif(not KUHN.exists(), reason="needs ../shared/badinput/utf8-kuhn")
def test_malformed_utf8_is_refused_and_the_rest_comes_through() -> None:
    found = [json.loads(line) for line in KUHN.read_bytes().splitlines()]
    assert (len(found), sum(not case["strict_utf8_valid"] for case in found)) == (82, 68)
    for case in found:
        data = bytes.fromhex(case["hex"])
        quoted = b'["' + data + b'"]'
        if not case["strict_utf8_valid"]:
            reason, detail = verdict(quoted)
            assert reason == "invalid_utf8", case
            # The first byte of the malformed sequence, or of the part of it that is malformed.
            place = re.search(r"byte (\d+)", detail)
            assert place
            assert int(place[1]) >= 2, case
        elif data.isascii() and not data.decode().isprintable():
            assert verdict(quoted)[0] in ("accepted", "malformed_json"), case
        else:
            assert strict_json.value(quoted) == [data.decode()], case


@pytest.mark.parametrize(
    ("data", "reason", "said"),
    [
        (b"", "malformed_json", "byte 0"),
        (b"[1,", "malformed_json", f"{strict_json.CUT}, at byte 3"),
        (b'{"a": "\xc3\xa9", x}', "malformed_json", "byte 12"),
        (b'["\xff"]', "invalid_utf8", "byte 2"),
        (b'["\xed\xa0\x80"]', "invalid_utf8", "byte 2"),
        (b'["\\ud800"]', "lone_surrogate", "byte"),
        (b"[1e400]", "number_out_of_range", "byte 1"),
        (b"[-1e400]", "number_out_of_range", "byte 1"),
        (b"[NaN]", "malformed_json", "byte 1"),
        (b"[Infinity]", "malformed_json", "byte 1"),
        (b"[-Infinity]", "malformed_json", "byte 2"),
        (b"[" * 100_000, "too_deep", "byte"),
        (b"[" * 101 + b"]" * 101, "too_deep", "100 levels"),
        (b'{"a":' * 100_000, "too_deep", "byte"),
        (b"[1] [2]", "malformed_json", "byte 4"),
        (b"\xef\xbb\xbf[]", "malformed_json", "byte 0"),
        (b"[1]\x00", "malformed_json", "byte 3"),
        (b"[1,]", "malformed_json", "byte 2"),
        (b'["a\nb"]', "malformed_json", "byte 3"),
    ],
)
def test_refusals_say_why_and_where(data: bytes, reason: str, said: str) -> None:
    found, detail = verdict(data)
    assert found == reason
    assert said in detail
    assert "\n" not in detail
    assert len(detail) < 200


@pytest.mark.parametrize("data", [b'["\\u0000"]', b'{"a\\u0000b": 1}', b'[[{"a": ["x\\u0000"]}]]'])
def test_a_zero_character_is_json_and_no_record(data: bytes) -> None:
    assert verdict(data)[0] == "accepted"
    with pytest.raises(RecordError, match="nul_character"):
        strict_json.parse(data)


def test_an_escaped_backslash_is_no_zero_character() -> None:
    assert strict_json.parse(b'["\\\\u0000"]') == ["\\u0000"]


LIMITS = Limits(depth=3, keys=2, string_bytes=8)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[[[1]]]", ""),
        (b"[[[[1]]]]", "too_deep"),
        (b'{"a": {"b": {"c": {}}}}', "too_deep"),
        (b'{"a": 1, "b": 2}', ""),
        (b'{"a": 1, "b": 2, "c": 3}', "too_many_keys"),
        (b'["12345678"]', ""),
        (b'["123456789"]', "string_too_long"),
        (b'["\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"]', ""),
        (b'["\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9!"]', "string_too_long"),
    ],
)
def test_limits(data: bytes, reason: str) -> None:
    try:
        strict_json.value(data, LIMITS)
        found = ""
    except RecordError as error:
        found = error.reason
    assert found == reason


def test_a_name_is_a_text_too() -> None:
    with pytest.raises(RecordError, match="string_too_long"):
        strict_json.value(b'{"123456789": 1}', LIMITS)


def test_many_names_are_refused() -> None:
    data = json.dumps({f"k{number}": number for number in range(50_000)}).encode()
    assert verdict(data)[0] == "too_many_keys"


def test_huge_whole_numbers_are_read_as_what_a_double_holds() -> None:
    assert strict_json.value(b"[18446744073709551615, -9223372036854775808]") == [2**64 - 1, -(2**63)]
    assert strict_json.value(b"[1000000000000000000000000000000]") == [1e30]
    assert str(strict_json.value(b"[-0]")[0]) in ("0", "-0.0")


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.text(alphabet='[]{}",:\\u0d8e1-+. tnfalsr\x00é', max_size=40).map(str.encode))
@example(b'"\\ud83d\\ude00"')
def test_what_is_accepted_means_the_same_to_the_standard_library(data: bytes) -> None:
    try:
        found: Any = strict_json.value(data)
    except RecordError as error:
        assert error.reason in REASONS
        return
    assert found == json.loads(data)

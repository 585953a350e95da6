"""The one parser of foreign JSON: strict, with limits, every refusal with its place and its reason."""

from __future__ import annotations

from typing import Any

import orjson

from etl.errors import RecordError
from etl.settings import Limits

DEFAULT = Limits()


# How the refusal begins of what is cut.
CUT = "unexpected end of data"


def parse(data: bytes, limits: Limits = DEFAULT) -> Any:
    """The value of a record; raises RecordError as `value` does, and for texts that hold the character U+0000.

    That is JSON, but nothing behind us can be trusted to hold it.
    """
    found = value(data, limits)
    if b"\\u0000" in data and _holds_nul(found):
        raise RecordError("nul_character", "a text holds the character U+0000")
    return found


def value(data: bytes, limits: Limits = DEFAULT) -> Any:
    """The JSON value that the bytes spell; raises RecordError with the byte of the mistake, or with the limit passed.

    Numbers beyond a double and lone surrogates are refused, as is a byte order mark.
    """
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _refusal(data, error) from None
    # Counting bytes is cheap and never finds fewer than there are: most records need no closer look.
    is_deep = data.count(b"[") + data.count(b"{") > limits.depth
    # A name, its value and what stands between are five bytes at least.
    is_wide = len(data) > 5 * limits.keys and data.count(b":") > limits.keys
    if is_deep or is_wide or len(data) > limits.string_bytes:
        _check(found, limits, 1)
    return found


def _refusal(data: bytes, error: orjson.JSONDecodeError) -> RecordError:
    said = error.msg.lower()
    try:
        data.decode()
    except UnicodeDecodeError as broken:
        return RecordError("invalid_utf8", f"byte {broken.start} is not UTF-8")
    where = f"{error.msg.partition(': line')[0]}, at byte {_byte(error)}"
    if "surrogate" in said:
        return RecordError("lone_surrogate", where)
    if "infinity" in said:
        return RecordError("number_out_of_range", where)
    if "depth limit" in said or "allocate memory" in said:
        return RecordError("too_deep", where)
    return RecordError("malformed_json", where)


def _byte(error: orjson.JSONDecodeError) -> int:
    return len(error.doc[: error.pos].encode("utf-8", "surrogatepass"))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _holds_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(_holds_nul(inner) for inner in value)


def _check(value: Any, limits: Limits, depth: int) -> None:
    """Raises RecordError where a value passes a limit. The parser itself stops at a depth that is safe to walk."""
    if isinstance(value, str):
        # A character is four bytes at most; only a text that may be too long is counted in bytes.
        if len(value) * 4 > limits.string_bytes and len(value.encode()) > limits.string_bytes:
            raise RecordError("string_too_long", f"a text of more than {limits.string_bytes} bytes")
        return
    if not isinstance(value, dict | list):
        return
    if depth > limits.depth:
        raise RecordError("too_deep", f"nested deeper than {limits.depth} levels")
    if isinstance(value, dict):
        if len(value) > limits.keys:
            raise RecordError("too_many_keys", f"an object with {len(value)} names, wanted at most {limits.keys}")
        for name in value:
            _check(name, limits, depth)
        value = value.values()
    for inner in value:
        _check(inner, limits, depth + 1)

"""BibTeX: the entries of a bibliography, cut out of the stream with their byte positions, and their fields.

Libraries for BibTeX read a whole text at once, know no byte positions, and read a tenth of what is wanted here. Where
programs differ this follows BibTeX itself: every brace counts, and of two fields of one name the first is kept. But an
entry begins only where a line begins or an entry ends, so that a `%` before it hides it; it ends at the latest where a
line begins another, so that one that is never closed spoils itself alone; braces that balance only without those
behind a backslash are taken without them; a comma may be missing; and a macro that nobody defined is its own name.
See https://www.bibtex.org/Format/ and `btxdoc` on CTAN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from etl.errors import DumpError, RecordError
from etl.reading.records import CHUNK, SHOWN, Record, Stream
from etl.settings import Limits

_MARK = b"\xef\xbb\xbf"
_TYPE = rb"@[ \t]*+[A-Za-z][\w:.+/-]*+"
_START = re.compile(rb"[\r\n})][ \t,;]*+(" + _TYPE + rb")\s*+[{(]")
# An entry with a key, or a macro with its name: at the start of a line nothing else looks like it.
_BORDER = re.compile(_TYPE + rb"[ \t]*+[{(][ \t]*+[^\s,{}()\"=]{1,200}+[ \t]*+[,=]")
_LONGEST_START, _MOST_BLANKS = 1_000, 200
_TOKEN = re.compile(rb'[{}")]')
# What is no entry of a bibliography.
_HELPERS = frozenset({"comment", "preamble", "string"})
# Macros are names of journals and publishers: more of them, or more text, is none. What they make is bounded, too.
_MOST_MACROS, _MACRO_BYTES, _MOST_EXPANDED = 1_000, 64_000, 4_000


def _balanced(outside: str = "") -> str:
    """A pattern of text whose braces balance, outside of which some characters may not stand.

    Nobody nests them deeper than twelve.
    """
    pattern = "[^{}]*+"
    for _ in range(12):
        pattern = rf"(?:[^{{}}]++|\{{{pattern}\}})*+"
    return pattern.replace("[^{}]", f"[^{{}}{outside}]", 1)


_BRACED = re.compile(rb"\{" + _balanced().encode() + rb"\}")
_BLANK = r"(?:[\s,]++|%[^\r\n]*+)*+"
_HEAD = re.compile(r"@[ \t]*+([^\s{(]++)\s*+[{(]")
_KEY = re.compile("[^,={}]*+(?:,|$)")
_NAME = re.compile(_BLANK + r"([^\s=,{}\"#%()]++)\s*+=")
_VALUE = rf'\s*+(?:\{{({_balanced()})\}}|"({_balanced(chr(34))})"|([^\s,#{{}}"=%]++))\s*+'
_PART = re.compile(_VALUE + "(#?)")
_END = re.compile(_BLANK + "$")
# Almost every field is of this form; from another on the rest is found as one.
_FIELD = re.compile(rf'\s*+(?:([^\s=,{{}}"#%()]++)\s*+={_VALUE}(?:,\s*+|$)|[\s\S]++)')
_MONTHS = {
    name[:3].lower(): name
    for name in "January February March April May June July August September October November December".split()
}


def entries(stream: Stream, limits: Limits, left_out: frozenset[str] = frozenset()) -> Iterator[Record]:
    """The entries but for those of a type that is left out; the context of each are the macros defined before it.

    An entry that is not closed, or too long, is given cut, with its reason. Raises DumpError where the last one is not
    closed: there the file was cut.
    """
    splitter = _Splitter(limits, left_out | _HELPERS)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    yield from splitter.end()


class _Splitter:
    """Finds entries and their ends.

    `data` is what is held of the stream, from its byte `origin` on. An entry may begin after the line end or bracket at
    `place`. `border` is where a line begins the next one: the end of the data where it holds none. `long` is an entry
    that is too long: the byte at which it begins, its type, and its first bytes.
    """

    def __init__(self, limits: Limits, left_out: frozenset[str]) -> None:
        self.limits, self.left_out = limits, left_out
        self.data, self.origin = b"\n", -1
        self.place, self.border, self.position = 0, -1, 0
        self.long: tuple[int, str, bytes] | None = None
        self.macros: dict[str, str] = {}
        self.context = b""

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The entries that end in this chunk."""
        self.data = self.data[self.place :] + chunk
        self.origin += self.place
        self.place, self.border = 0, -1
        if self.origin < 0 and self.data.startswith(b"\n" + _MARK):
            self.data = self.data.replace(_MARK, b"   ", 1)
        if self.long:
            yield from self._skipped(self.long)
        while not self.long and (found := _START.search(self.data, self.place)):
            end = self._end_of(found)
            if end < 0 and self.border == len(self.data):
                self._wait(found)
                return
            yield from self._taken(found, end)
        # The last bytes may be the start of an entry.
        self.place = max(self.place, len(self.data) - _LONGEST_START)

    def end(self) -> Iterator[Record]:
        """The last entry, where it is only known now how to read it; raises DumpError where one stays open."""
        start = self.long[0] if self.long else -1
        if not self.long and (found := _START.search(self.data, self.place)):
            start, opening = found.start(1), found.end() - 1
            end = _end(_without_escaped(self.data), opening, len(self.data))
            if end >= 0:
                yield from self._taken(found, end)
                return
        if start >= 0:
            where = start if self.long else self.origin + start
            raise DumpError("truncated", f"the entry at byte {where} is not closed: close it, or fetch the file again")

    def _end_of(self, found: re.Match[bytes]) -> int:
        """Where an entry ends, or -1 where it does not before the next one, or before the end of the data."""
        start, opening = found.start(1), found.end() - 1
        if self.border < opening:
            self.border = _border(self.data, opening)
        end = _end(self.data, opening, self.border)
        if end < 0 and self.border < len(self.data):
            end = _end(_without_escaped(self.data[start : self.border]), opening - start, self.border - start)
            end += start if end >= 0 else 0
        return end

    def _wait(self, found: re.Match[bytes]) -> None:
        """Holds an entry until it ends, or only its first bytes where that is too far."""
        self.place = found.start()
        start = found.start(1)
        if len(self.data) - start > self.limits.record_bytes:
            self.long = (self.origin + start, _kind(found), self.data[start : start + SHOWN])
            self.place = max(start, len(self.data) - _LONGEST_START)

    def _skipped(self, long: tuple[int, str, bytes]) -> Iterator[Record]:
        """What is too long, once the next entry shows where it ends."""
        start, kind, shown = long
        border = _border(self.data, 0)
        if border == len(self.data):
            self.place = max(0, border - _LONGEST_START)
            return
        self.long, self.place = None, border
        if kind not in self.left_out:
            self.position += 1
            size = self.origin + self.place - start
            yield Record(start, shown, self.position, False, self.context, "record_too_long", size)

    def _taken(self, found: re.Match[bytes], end: int) -> Iterator[Record]:
        """The record of an entry. Without an end it is broken, and reaches to the next."""
        start, kind = found.start(1), _kind(found)
        data = self.data[start : end if end >= 0 else self.border].rstrip()
        self.place = end - 1 if end >= 0 else self.border
        if kind == "string":
            self._define(data)
        if kind in self.left_out:
            return
        self.position += 1
        reason = "malformed_bibtex" if end < 0 else "record_too_long" if len(data) > self.limits.record_bytes else ""
        size = len(data) if reason else -1
        yield Record(
            self.origin + start, data[:SHOWN] if reason else data, self.position, False, self.context, reason, size
        )

    def _define(self, data: bytes) -> None:
        """Takes note of a macro, if it is one."""
        try:
            _, found = fields(Record(0, data, 1, context=self.context), self.limits)
        except RecordError:
            return
        for name, value in found.items():
            if len(self.macros) < _MOST_MACROS and len(self.context) + len(value) < _MACRO_BYTES:
                self.macros[name] = " ".join(value.split())
                self.context = "\n".join(f"{name} {value}" for name, value in self.macros.items()).encode()


def _kind(found: re.Match[bytes]) -> str:
    return found[1][1:].strip().decode().lower()


def _border(data: bytes, place: int) -> int:
    """The line end before the next entry that begins a line, or the end of the data."""
    at = data.find(b"@", place)
    while at >= 0:
        if _BORDER.match(data, at):
            before = data[max(0, at - _MOST_BLANKS) : at].rstrip(b" \t")
            if before.endswith((b"\n", b"\r")):
                return max(0, at - _MOST_BLANKS) + len(before) - 1
        at = data.find(b"@", at + 1)
    return len(data)


def _end(data: bytes, opening: int, limit: int) -> int:
    """The byte after the bracket that closes the one at `opening`, or -1 where none does before the limit."""
    is_brace = data[opening : opening + 1] == b"{"
    if is_brace and (whole := _BRACED.match(data, opening, limit)):
        return whole.end()
    depth, is_quoted = 0, False
    for token in _TOKEN.finditer(data, opening + 1, limit):
        if token[0] == b"{":
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if depth < 0:
                return token.end() if is_brace else -1
        elif not is_brace and depth == 0:
            is_quoted ^= token[0] == b'"'
            if token[0] == b")" and not is_quoted:
                return token.end()
    return -1


def _without_escaped(data: bytes) -> bytes:
    """As many bytes, less the braces behind a backslash."""
    return data.replace(rb"\{", b"..").replace(rb"\}", b"..")


def fields(record: Record, limits: Limits) -> tuple[str, dict[str, str]]:
    """The type of an entry and its fields, names in lower case, macros put in; raises RecordError for a broken one."""
    try:
        text = record.data.decode()
    except UnicodeDecodeError as error:
        raise RecordError("invalid_utf8", f"byte {error.start} of the record is not UTF-8") from None
    head = _HEAD.match(text)
    if not head:
        raise RecordError("malformed_bibtex", f"no entry in {text[:40]!r}")
    body, macros = text[head.end() : -1], _macros(record.context)
    try:
        found = _fields(body, macros)
    except RecordError:
        if "\\{" not in body and "\\}" not in body:
            raise
        found = _fields(body.replace("\\{", "\\lbrace ").replace("\\}", "\\rbrace "), macros)
    if len(found) > limits.keys:
        raise RecordError("too_many_keys", f"an entry with {len(found)} fields, wanted at most {limits.keys}")
    if len(text) * 4 > limits.string_bytes and any(len(v.encode()) > limits.string_bytes for v in found.values()):
        raise RecordError("string_too_long", f"a text of more than {limits.string_bytes} bytes")
    return head[1].lower(), found


@lru_cache(maxsize=4)
def _macros(context: bytes) -> Mapping[str, str]:
    defined = (line.partition(" ") for line in context.decode().split("\n")) if context else ()
    return _MONTHS | {name: value for name, _, value in defined}


def _fields(body: str, macros: Mapping[str, str]) -> dict[str, str]:
    """The fields behind the key."""
    found: dict[str, str] = {}
    key = _KEY.match(body)
    start = key.end() if key else 0
    expanded = 0
    for name, braced, quoted, bare in _FIELD.findall(body, start):
        if not name:
            return _odd_fields(body, start, macros)
        if bare:
            bare = macros.get(bare.lower(), bare)
            expanded += len(bare)
        found.setdefault(name.lower(), braced or quoted or bare)
    _check(expanded)
    return found


def _odd_fields(body: str, place: int, macros: Mapping[str, str]) -> dict[str, str]:
    """The fields where values are put together, commas are missing, or comments stand between them."""
    found: dict[str, str] = {}
    expanded = 0
    while name := _NAME.match(body, place):
        place, parts, is_open = name.end(), [], True
        while is_open:
            part = _PART.match(body, place)
            if not part:
                raise RecordError("malformed_bibtex", f"no value at character {place}: {body[place : place + 40]!r}")
            braced, quoted, bare, more = part.groups()
            if bare is not None:
                bare = macros.get(bare.lower(), bare)
                expanded += len(bare)
                _check(expanded)
            parts.append(next(value for value in (braced, quoted, bare) if value is not None))
            place, is_open = part.end(), bool(more)
        found.setdefault(name[1].lower(), "".join(parts))
    if not _END.match(body, place):
        raise RecordError("malformed_bibtex", f"no field at character {place}: {body[place : place + 40]!r}")
    return found


def _check(expanded: int) -> None:
    """Raises RecordError where macros, and values without quotes, make too much."""
    if expanded > _MOST_EXPANDED:
        raise RecordError("string_too_long", f"macros make more than {_MOST_EXPANDED} characters")

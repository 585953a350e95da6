"""XML: the elements that are records, cut out of the stream with their byte positions, and parsed one by one.

Nothing outside a document is ever read, and none of its declarations is obeyed: a document type that declares
anything is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from xml.etree import ElementTree

from etl.errors import DumpError, RecordError
from etl.reading.records import CHUNK, SHOWN, Record, Stream
from etl.settings import Limits

Element = ElementTree.Element
_MARK = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "iso-8859-1", "windows-1252": "cp1252"}
_PREFIX = re.compile(rb"""xmlns:([A-Za-z_][\w.-]*)\s*=\s*("[^"<]*"|'[^'<]*')""")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*+(\[)?")
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_NAME = rb"[A-Za-z_][\w.:-]*"
_OWN = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
# Longer marks are no document that anyone made.
_LONGEST_MARK = 1 << 16


def elements(stream: Stream, limits: Limits, *names: str) -> Iterator[Record]:
    """Each outermost element of one of these names (as written, with prefix), in the order of the document.

    Raises DumpError for a document type with declarations, an unknown encoding, or an end that comes too soon.
    """
    splitter = _Splitter(names, limits)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    splitter.end()


@dataclass
class _Splitter:
    """Finds the marks that begin and end records; comments, CDATA sections and the rest are stepped over."""

    names: Collection[str]
    limits: Limits
    data: bytes = b""
    origin: int = 0
    place: int = 0
    start: int | None = None
    open_name: bytes = b""
    depth: int = 0
    root: bytes = b""
    has_ended: bool = False
    position: int = 0
    context: bytes = b""
    marks: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        alternatives = "|".join(re.escape(name) for name in self.names).encode()
        self.marks = re.compile(rb"<(?:!--|!\[CDATA\[|!DOCTYPE|\?|(/?)(" + alternatives + rb")(?=[\s/>]))")

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that end in this chunk."""
        kept = self.place if self.start is None else self.start
        self.origin += kept
        self.place -= kept
        self.start = None if self.start is None else 0
        self.data = self.data[kept:] + chunk
        if not self.root and not self._begin():
            return
        while match := self.marks.search(self.data, self.place):
            end = self._end_of(match)
            if end < 0:
                self.place = match.start()
                break
            if match[2]:
                yield from self._mark(match, end)
            self.place = end
        else:
            # A mark may be cut by the end of the chunk.
            cut = self.data.rfind(b"<", self.place)
            self.place = cut if cut >= 0 else len(self.data)
        if self.start is not None and len(self.data) - self.start > self.limits.record_bytes + CHUNK:
            raise DumpError("record_too_long", f"the record at byte {self.origin + self.start} is too long")

    def _end_of(self, match: re.Match[bytes]) -> int:
        """Where the mark ends, or -1 where the data does not hold its end."""
        token = match[0]
        for opening, closing in ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")):
            if token == opening:
                place = self.data.find(closing, match.end())
                return place + len(closing) if place >= 0 else self._too_long(match)
        if token == b"<!DOCTYPE":
            raise DumpError("xml_dtd", f"a document type inside the document, at byte {self.origin + match.start()}")
        end = _tag_end(self.data, match.end())
        return end if end >= 0 else self._too_long(match)

    def _too_long(self, match: re.Match[bytes]) -> int:
        if len(self.data) - match.start() > self.limits.record_bytes:
            raise DumpError("record_too_long", f"the mark at byte {self.origin + match.start()} does not end")
        return -1

    def _mark(self, match: re.Match[bytes], end: int) -> Iterator[Record]:
        is_closing, name = bool(match[1]), match[2]
        is_empty = not is_closing and self.data[end - 2 : end] == b"/>"
        if self.start is None:
            if is_closing:
                return
            self.start, self.open_name, self.depth = match.start(), name, 0
        if name != self.open_name:
            return
        self.depth += 0 if is_empty else -1 if is_closing else 1
        if self.depth == 0:
            start, self.start = self.start, None
            self.position += 1
            data = self.data[start:end]
            is_long = len(data) > self.limits.record_bytes
            yield Record(
                self.origin + start,
                data[:SHOWN] if is_long else data,
                self.position,
                context=self.context,
                reason="record_too_long" if is_long else "",
                size=len(data) if is_long else -1,
            )

    def _begin(self) -> bool:
        """Reads what stands before the first record: encoding, document type, and prefixes of the root."""
        match = _root(self.data)
        if match is None:
            if len(self.data) > _LONGEST_MARK:
                raise DumpError("malformed_xml", f"no element in the first {_LONGEST_MARK} bytes")
            return False
        doctype = _DOCTYPE.search(self.data, 0, match.start())
        if doctype and doctype[1]:
            raise DumpError("xml_dtd", "the document type declares something; wanted a document without declarations")
        self.root, self.place = match[1], match.start()
        prefixes = dict(_PREFIX.findall(match[0]))
        declared = b"".join(b" xmlns:%b=%b" % (name, uri) for name, uri in sorted(prefixes.items()))
        self.context = encoding(self.data).encode() + b"\n" + declared
        return True

    def end(self) -> None:
        """Raises DumpError where the document is not closed."""
        if not self.root:
            raise DumpError("truncated" if self.data.strip() else "empty", "no element; fetch the file again")
        tail = self.data[self.place if self.start is None else self.start :].rstrip()
        closing = re.search(rb"</" + re.escape(self.root) + rb"\s*>\s*(?:<!--.*?-->\s*)*$", tail, re.DOTALL)
        if self.start is not None or not (closing or self._is_record_root()):
            place = self.origin + len(self.data)
            raise DumpError("truncated", f"the document ends at byte {place} before it is closed; fetch the file again")

    def _is_record_root(self) -> bool:
        """Whether the root itself was the record, which has ended."""
        return self.root.decode() in self.names and self.position > 0 and not self.data[self.place :].strip()


def _root(data: bytes) -> re.Match[bytes] | None:
    """The start tag of the root, after declaration, comments and document type."""
    place = len(_MARK) if data.startswith(_MARK) else 0
    for closing, opening in ((b"?>", b"<?"), (b"-->", b"<!--"), (b">", b"<!DOCTYPE")) * 3:
        blank = len(data) - len(data[place:].lstrip())
        while data.startswith(opening, blank):
            end = data.find(closing, blank)
            if end < 0:
                return None
            if opening == b"<!DOCTYPE" and b"[" in data[blank:end]:
                raise DumpError("xml_dtd", "the document type declares something; wanted a document without")
            place = end + len(closing)
            blank = len(data) - len(data[place:].lstrip())
    blank = len(data) - len(data[place:].lstrip())
    end = _tag_end(data, blank)
    return re.compile(rb"<(" + _NAME + rb")[^<]*", re.DOTALL).match(data, blank, end) if end >= 0 else None


def _tag_end(data: bytes, place: int) -> int:
    """The byte after the `>` of a tag, or -1: one inside quotes does not end it."""
    end = data.find(b">", place) + 1
    while end and data.count(b'"', place, end) % 2:
        end = data.find(b">", end) + 1
    return end or -1


def encoding(data: bytes) -> str:
    """The encoding that a document declares; raises DumpError for one that is not read."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        raise DumpError("unsupported_encoding", "found UTF-16 or UTF-32, wanted UTF-8")
    found = _ENCODING.match(data.removeprefix(_MARK))
    name = found[1].decode().lower() if found else "utf-8"
    if name not in _ENCODINGS:
        raise DumpError("unsupported_encoding", f"found {name}, wanted one of {', '.join(_ENCODINGS)}")
    return _ENCODINGS[name]


def element(record: Record, limits: Limits | None = None) -> Element:
    """The parsed element of a record. Named characters of HTML are known, as in the document types of publishers.

    Raises RecordError where it is not well-formed, names an entity that nobody declared, or is nested too deep.
    """
    limits = limits or Limits()
    code, _, prefixes = record.context.partition(b"\n")
    data = record.data
    if b"&" in data:
        data = _ENTITY.sub(_character, data)
    if data.count(b"<") > limits.depth:
        _check_depth(data, limits.depth)
    try:
        text = b"<x%b>%b</x>" % (prefixes, data)
        root = ElementTree.fromstring(text if code in (b"", b"utf-8") else text.decode(code.decode()))  # noqa: S314
    except UnicodeDecodeError as error:
        raise RecordError("invalid_utf8", f"byte {error.start} of the record is not {code.decode()}") from None
    except ElementTree.ParseError as error:
        raise _refusal(data, str(error)) from None
    if len(root) != 1:
        raise RecordError("malformed_xml", f"{len(root)} elements where one was expected")
    return root[0]


def _character(match: re.Match[bytes]) -> bytes:
    name = match[1]
    found = html5.get(f"{name.decode()};")
    return match[0] if name in _OWN or found is None else "".join(f"&#{ord(char)};" for char in found).encode()


def _check_depth(data: bytes, most: int) -> None:
    depth = 0
    for tag in re.finditer(rb"<(/?)[A-Za-z_][^>]*?(/?)>", data):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if depth > most:
            raise RecordError("too_deep", f"nested deeper than {most} levels")


def _refusal(data: bytes, said: str) -> RecordError:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return RecordError("invalid_utf8", f"byte {error.start} of the record is not UTF-8")
    if "entity" in said:
        return RecordError("xml_entity", said)
    return RecordError("malformed_xml", said)


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def content(found: Element | None) -> str | None:
    """All text inside an element, or None where there is none."""
    return "".join(found.itertext()).strip() or None if found is not None else None

"""XML: the elements that are records, cut out of the stream with their byte positions, and parsed one by one.

Nothing outside a document is ever read, and none of its declarations is obeyed: a document type that declares
anything is refused. What is wrong inside a record costs that record; what is wrong around them costs the dump.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from xml.etree import ElementTree

from etl.errors import DumpError, RecordError
from etl.reading.records import CHUNK, SHOWN, Record, Stream
from etl.settings import Limits

Element = ElementTree.Element
DEFAULT = Limits()
_MARK = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "iso-8859-1", "windows-1252": "cp1252"}
_PREFIX = re.compile(rb"""\sxmlns:([A-Za-z_][\w.-]*+)\s*+=\s*+("[^"<]*+"|'[^'<]*+')""")
# The inside of a tag up to what ends it, or what may not stand there.
_INSIDE = re.compile(rb"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+""")
_NAME = re.compile(rb"<([A-Za-z_][\w.:-]*+)(?=[\s/>])")
_MISC = re.compile(rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_DOCTYPE = re.compile(rb"""<!DOCTYPE(?:[^\[>"']++|"[^"]*+"|'[^']*+')*+([\[>])""")
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*+);")
_SECTION = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NUMBERS = {
    name[:-1].encode(): "".join(f"&#{ord(char)};" for char in text).encode()
    for name, text in html5.items()
    if name.endswith(";") and name[:-1] not in _OWN
}
_CLOSINGS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
# A longer start, before the first element, is none that anyone made.
_LONGEST_START = 1 << 16


def elements(stream: Stream, limits: Limits, *names: str, many: bool = False) -> Iterator[Record]:
    """Each outermost element of one of these names (as written, with prefix), in the order of the document.

    The context of a record is the encoding and the prefixes of the document, a line each; a source may add lines.
    With `many`, documents of the same root may follow one another. An element that is too long is given cut, with its
    reason. Raises DumpError for a document type with declarations,
    an unknown encoding, an end that comes too soon, or text after the end.
    """
    splitter = _Splitter(names, limits, many)
    while chunk := stream.read(CHUNK):
        yield from splitter.feed(chunk)
    splitter.end()


class _Splitter:
    """Finds the marks that begin and end records; comments, CDATA sections and the rest are stepped over.

    `data` is what is held of the stream, from its byte `origin` on; what stands before `place` is read. `start` is the
    byte at which the open record began, and `depth` the number of its elements of the same name that are open.
    """

    def __init__(self, names: tuple[str, ...], limits: Limits, many: bool) -> None:
        self.many = many
        self.names, self.longest = {name.encode() for name in names}, limits.record_bytes
        self.data, self.origin, self.place = b"", 0, 0
        self.root, self.context, self.roots = b"", b"", 0
        self.start: int | None = None
        self.name, self.depth, self.position = b"", 0, 0
        self.shown = b""
        self.marks, self.widest = re.compile(b""), 0

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that end in this chunk."""
        kept = self.place if self.start is None or self.shown else self.start - self.origin
        self.data = self.data[kept:] + chunk if kept < len(self.data) else chunk
        self.origin += kept
        self.place -= kept
        if not self.root and not self._begin():
            return
        if self.roots:
            yield from self._scan()
        while self.root and not self.roots and self._begins_again():
            yield from self._scan()
        if self.start is not None and not self.shown and self._at(self.place) - self.start > self.longest:
            self.shown = self.data[self.start - self.origin :][:SHOWN]

    def _at(self, place: int) -> int:
        """The byte of the stream at a place of the data."""
        return self.origin + place

    def _scan(self) -> Iterator[Record]:
        while match := self.marks.search(self.data, self.place):
            end = self._end_of(match)
            if end < 0:
                self.place = match.start()
                self._check_waiting()
                return
            self.place = end
            if match[2]:
                record = self._mark(match, end)
                if record:
                    yield record
                if not self.roots:
                    return
        # The last bytes may be the start of a mark.
        cut = self.data.rfind(b"<", max(self.place, len(self.data) - self.widest))
        self.place = cut if cut >= 0 else len(self.data)

    def _check_waiting(self) -> None:
        """Raises DumpError where a mark is longer than a record may be."""
        if len(self.data) - self.place > self.longest:
            raise DumpError("record_too_long", f"the mark at byte {self._at(self.place)} does not end")

    def _end_of(self, match: re.Match[bytes]) -> int:
        """Where the mark ends, or -1 where the data does not hold its end."""
        if match[2]:
            return _tag_end(self.data, match.end())
        if match[0] not in _CLOSINGS:
            raise DumpError("xml_dtd", f"a declaration inside the document, at byte {self._at(match.start())}")
        closing = _CLOSINGS[match[0]]
        place = self.data.find(closing, match.end())
        return place + len(closing) if place >= 0 else -1

    def _mark(self, match: re.Match[bytes], end: int) -> Record | None:
        """Takes note of a tag; returns the record that it ends."""
        is_closing, name = bool(match[1]), match[2]
        step = -1 if is_closing else 0 if self.data[end - 2 : end] == b"/>" else 1
        if self.start is None:
            if name == self.root:
                self.roots += step
            if name not in self.names:
                return None
            if is_closing:
                raise DumpError("malformed_xml", f"the tag at byte {self._at(match.start())} closes nothing")
            self.start, self.name, self.depth = self._at(match.start()), name, 0
        elif name != self.name:
            return None
        self.depth += step
        return None if self.depth else self._ended(end)

    def _ended(self, end: int) -> Record:
        assert self.start is not None
        start, shown, size = self.start, self.shown, self._at(end) - self.start
        self.start, self.shown = None, b""
        self.position += 1
        if self.name == self.root:
            self.roots = 0
        if size > self.longest:
            shown = shown or self.data[start - self.origin :][:SHOWN]
            return Record(start, shown, self.position, False, self.context, "record_too_long", size)
        return Record(start, self.data[start - self.origin : end], self.position, False, self.context)

    def _begin(self) -> bool:
        """Reads what stands before the first record: encoding, document type, and prefixes of the root."""
        code = encoding(self.data)
        root = _root(self.data)
        if root is None:
            if len(self.data) > _LONGEST_START:
                raise DumpError("malformed_xml", f"no element in the first {_LONGEST_START} bytes")
            return False
        found, end = root
        self.root, self.place = found[1], found.start()
        prefixes = dict(_PREFIX.findall(self.data, found.end(), end))
        declared = b"".join(b" xmlns:%b=%b" % (name, uri) for name, uri in sorted(prefixes.items()))
        self.context = b"%b\n%b\n" % (code.encode(), declared.replace(b"\n", b" "))
        names = sorted({self.root, *self.names})
        self.widest = max(map(len, names)) + len(b"<![CDATA[")
        alternatives = b"|".join(re.escape(name) for name in names)
        self.marks = re.compile(rb"<(?:!--|!\[CDATA\[|!DOCTYPE|\?|(/?)(" + alternatives + rb")(?=[\s/>]))")
        self._open_root(end)
        return True

    def _open_root(self, end: int) -> None:
        """The root is stepped over where it is no record itself."""
        self.roots = 1
        if self.root not in self.names:
            self.roots = 0 if self.data[end - 2 : end] == b"/>" else 1
            self.place = end

    def _begins_again(self) -> bool:
        """Whether another document of the same root follows, as in responses of a harvest put into one file.

        Else only comments and instructions may stand after the root.
        """
        self.place = _end(_MISC.match(self.data, self.place))
        rest = self.data[self.place : self.place + 4]
        is_cut = rest.startswith((b"<!--", b"<?")) or (rest and b"<!--".startswith(rest))
        if is_cut:
            self._check_waiting()
            return False
        again = _NAME.match(self.data, self.place)
        if self.many and again and again[1] == self.root:
            end = _tag_end(self.data, again.end())
            if end > 0:
                self._open_root(end)
            return end > 0
        is_next = self.many and (b"<" + self.root).startswith(self.data[self.place :])
        if rest and not is_next:
            where = f"something follows the end of the document, at byte {self._at(self.place)}"
            raise DumpError("malformed_xml", f"{where}; deliver each document by itself")
        return False

    def end(self) -> None:
        """Raises DumpError where the document is not closed."""
        where = f"byte {self._at(len(self.data))}"
        if not self.root:
            raise DumpError("truncated" if self.data.strip() else "empty", f"no element until {where}")
        if self.start is not None:
            raise DumpError("truncated", f"the element at byte {self.start} is not closed until {where}")
        if self.roots or self.place < len(self.data):
            raise DumpError("truncated", f"the document ends at {where} before it is closed; fetch the file again")


def _root(data: bytes) -> tuple[re.Match[bytes], int] | None:
    """The name in the start tag of the root, and where that ends; None where the data does not hold it."""
    start = len(_MARK) if data.startswith(_MARK) else 0
    place = _end(_MISC.match(data, start, _LONGEST_START))
    doctype = _DOCTYPE.match(data, place, _LONGEST_START)
    if doctype:
        if doctype[1] == b"[":
            raise DumpError("xml_dtd", "the document type declares something; wanted a document without declarations")
        place = _end(_MISC.match(data, doctype.end(), _LONGEST_START))
    name = _NAME.match(data, place, _LONGEST_START)
    end = _tag_end(data, name.end()) if name else -1
    return (name, end) if name and end >= 0 else None


def _end(match: re.Match[bytes] | None) -> int:
    """Where a pattern ends that always fits."""
    assert match is not None
    return match.end()


def _tag_end(data: bytes, place: int) -> int:
    """The byte after the `>` of a tag, or -1 where the data does not hold it: one inside quotes does not end it.

    A tag that is broken, by `<` or by quotes, ends at its first `>`.
    """
    end = _end(_INSIDE.match(data, place))
    if data[end : end + 1] == b">":
        return end + 1
    is_broken = data.find(b"<", end) >= 0
    return data.find(b">", place) + 1 or -1 if is_broken else -1


def encoding(data: bytes) -> str:
    """The encoding that a document declares; raises DumpError for one that is not read."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:2]:
        raise DumpError("unsupported_encoding", "found UTF-16 or UTF-32, wanted UTF-8")
    found = _ENCODING.match(data, 0, _LONGEST_START)
    name = found[1].decode().lower() if found else "utf-8"
    if name not in _ENCODINGS:
        raise DumpError("unsupported_encoding", f"found {name}, wanted one of {', '.join(_ENCODINGS)}")
    return _ENCODINGS[name]


def element(record: Record, limits: Limits = DEFAULT) -> Element:
    """The parsed element of a record. Named characters of HTML are known, as in the document types of publishers.

    Raises RecordError where it is not well-formed, names an entity that nobody declared, or passes a limit.
    """
    code, prefixes, *_ = record.context.split(b"\n", 2) if record.context else (b"utf-8", b"")
    data = record.data if code == b"utf-8" else _decoded(record.data, code.decode()).encode()
    # A record has no document type, so that there is nothing to expand; its depth and size are checked.
    parser = ElementTree.XMLParser()  # noqa: S314
    try:
        parser.feed(b"<x%b>%b</x>" % (prefixes, _with_characters(data)))
        root = parser.close()
    except ElementTree.ParseError as error:
        _decoded(data, "utf-8")
        raise RecordError("xml_entity" if "undefined entity" in str(error) else "malformed_xml", str(error)) from None
    if len(root) != 1:
        raise RecordError("malformed_xml", f"{len(root)} elements where one was expected")
    _check(root[0], data, limits)
    return root[0]


def _decoded(data: bytes, code: str) -> str:
    """The text; raises RecordError with the byte that is none in this encoding."""
    try:
        return data.decode(code)
    except UnicodeDecodeError as error:
        raise RecordError("invalid_utf8", f"byte {error.start} of the record is not {code}") from None


def _with_characters(data: bytes) -> bytes:
    """The data with the named characters of HTML as numbers; a CDATA section names none."""
    if b"&" not in data:
        return data
    if b"<![CDATA[" not in data:
        return _ENTITY.sub(_character, data)
    pieces = _SECTION.split(data)
    pieces[::2] = [_ENTITY.sub(_character, piece) for piece in pieces[::2]]
    return b"".join(pieces)


def _character(match: re.Match[bytes]) -> bytes:
    return _NUMBERS.get(match[1], match[0])


def _check(root: Element, data: bytes, limits: Limits) -> None:
    """Raises RecordError where an element passes a limit. Counting bytes is cheap and never finds too few."""
    if data.count(b"</") > limits.depth:
        depth, level = 0, [root]
        while level:
            depth += 1
            level = [child for parent in level for child in parent]
            if depth > limits.depth:
                raise RecordError("too_deep", f"nested deeper than {limits.depth} levels")
    if data.count(b"=") > limits.keys and any(len(found.attrib) > limits.keys for found in root.iter()):
        raise RecordError("too_many_keys", f"an element with more than {limits.keys} attributes")
    if len(data) > limits.string_bytes and any(len(text.encode()) > limits.string_bytes for text in root.itertext()):
        raise RecordError("string_too_long", f"a text of more than {limits.string_bytes} bytes")


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def content(found: Element | None) -> str | None:
    """All text inside an element, or None where there is none."""
    if found is None:
        return None
    said = "".join(found.itertext()) if len(found) else found.text
    return said.strip() or None if said else None

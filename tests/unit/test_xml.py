from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import DumpError, RecordError
from etl.reading import xml
from etl.reading.records import Record
from etl.settings import Limits
from tests.unit.test_records import Dripping

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
HOSTILE = SHARED / "badinput" / "defusedxml" / "xmltestdata"
MEGABYTE = 1 << 20


def cut(data: bytes, *names: str, most: int = MEGABYTE, longest: int = MEGABYTE) -> list[Record]:
    stream: Any = Dripping(data, most)
    return list(xml.elements(stream, Limits(record_bytes=longest), *(names or ("a",))))


def refused(data: bytes, *names: str, most: int = MEGABYTE, longest: int = MEGABYTE) -> str:
    with pytest.raises(DumpError) as error:
        cut(data, *names, most=most, longest=longest)
    return error.value.reason


def broken(data: bytes, context: bytes = b"", **limits: int) -> str:
    with pytest.raises(RecordError) as error:
        xml.element(Record(0, data, 1, context=context), Limits(**limits))
    return error.value.reason


# Documents and the records named `a` in them.
DOCUMENTS: dict[str, tuple[bytes, list[bytes]]] = {
    "plain": (b"<r><a>1</a>\n <a x='2'/> </r>\n", [b"<a>1</a>", b"<a x='2'/>"]),
    "no records": (b"<r><b>1</b></r>", []),
    "empty root": (b"<?xml version='1.0'?>\n<r/>\n", []),
    "a root with a blank before its end": (b"<r ><a>1</a></r >", [b"<a>1</a>"]),
    "the root is the record": (b"<!-- x --><a><b/></a>", [b"<a><b/></a>"]),
    "the root is an empty record": (b"<a/>\n", [b"<a/>"]),
    "the root is a record with its own name inside": (b"<a><a/><a>2</a></a>", [b"<a><a/><a>2</a></a>"]),
    "the root's name is used again": (b"<r><r><a/></r><r/><a>2</a></r>", [b"<a/>", b"<a>2</a>"]),
    "the root's name inside a record": (b"<r><a><r></r></a></r>", [b"<a><r></r></a>"]),
    "nested": (b"<r><a>1<a>2<a/></a>3</a><a>4</a></r>", [b"<a>1<a>2<a/></a>3</a>", b"<a>4</a>"]),
    "names that begin alike": (b"<r><ab><a>1</a></ab><a.b/><a-b/><a:b/><a\t/></r>", [b"<a>1</a>", b"<a\t/>"]),
    "comments": (b"<r><!-- <a>no</a> --><a><!-- </a> -->1</a><!----></r>", [b"<a><!-- </a> -->1</a>"]),
    "comments with quotes and dashes": (b"<r><!-- \" ' - > --><a>1</a></r>", [b"<a>1</a>"]),
    "sections": (
        b"<r><![CDATA[<a>no</a>]]><a><![CDATA[</a>]] >]]>1</a></r>",
        [b"<a><![CDATA[</a>]] >]]>1</a>"],
    ),
    "instructions": (b"<r><?x <a>no</a> ?><a><?x </a>?>1</a></r>", [b"<a><?x </a>?>1</a>"]),
    "marks inside marks": (
        b"<r><!-- <![CDATA[ <? --><a><![CDATA[<!--]]><?x <!-- ?></a></r>",
        [b"<a><![CDATA[<!--]]><?x <!-- ?></a>"],
    ),
    "brackets in attributes": (
        b"""<r><a x="/>" y='">"'>1</a><a x='"'>2</a><a x="'"/></r>""",
        [b"""<a x="/>" y='">"'>1</a>""", b"""<a x='"'>2</a>""", b"""<a x="'"/>"""],
    ),
    "a root with brackets in attributes": (b"<r x='>' y=\"<a>\"><a/></r>".replace(b"<a>", b"a>"), [b"<a/>"]),
    "quotes in text": (b"<r>\"<a>it's</a>' <a>\"</a></r>", [b"<a>it's</a>", b'<a>"</a>']),
    "a byte order mark": (b"\xef\xbb\xbf<?xml version='1.0'?>\n<r><a/></r>", [b"<a/>"]),
    "a document type": (b'<!DOCTYPE r SYSTEM "r.dtd">\n<r><a/></r>', [b"<a/>"]),
    "a public document type": (
        b"""<?xml version="1.0"?><!-- <!DOCTYPE r [ --><!DOCTYPE r PUBLIC "-//A//B [>]" 'r>.dtd' ><r><a/></r>""",
        [b"<a/>"],
    ),
    "comments and instructions around": (
        b"<?xml version='1.0'?><?x ?><!-- < --> <!--->--><r><a/></r><!-- <a/> --> <?x y?>\n",
        [b"<a/>"],
    ),
    "line ends of Windows": (b"<r>\r\n<a>\r\n</a>\r\n</r>\r\n", [b"<a>\r\n</a>"]),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6, 7, 8, 9, MEGABYTE])
def test_records_are_found_at_their_places_wherever_chunks_end(name: str, most: int) -> None:
    data, wanted = DOCUMENTS[name]
    found = cut(data, most=most)
    assert [record.data for record in found] == wanted
    assert [record.position for record in found] == list(range(1, len(wanted) + 1))
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data
        assert xml.element(record).tag == "a"


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("most", [1, MEGABYTE])
def test_a_document_that_is_cut_anywhere_is_refused(name: str, most: int) -> None:
    whole = DOCUMENTS[name][0].rstrip()
    end = whole.rfind(b"</r") if b"</r" in whole else max(whole.rfind(b"</a"), whole.rfind(b"/>"))
    for size in range(len(whole)):
        if b">" not in whole[end:size]:
            assert refused(whole[:size], most=most) in ("truncated", "empty"), whole[:size]


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\r"), max_size=6)
_TREES = st.recursive(
    st.tuples(st.just("text"), _TEXT),
    lambda inner: (
        st.tuples(st.sampled_from(["a", "b", "ab", "r"]), _TEXT, st.lists(inner, max_size=4))
        | st.tuples(
            st.sampled_from(["<!--", "<![CDATA[", "<?x "]), st.sampled_from(["<a>", "</a>", "<r ", "</r>", "<", ">"])
        )
    ),
    max_leaves=8,
)


def written(tree: Any) -> str:
    kind, value, *inner = tree
    if kind == "text":
        return escape(value)
    if not inner:
        return kind + value + {"<!--": "-->", "<![CDATA[": "]]>", "<?x ": "?>"}[kind]
    content = "".join(map(written, inner[0]))
    attribute = f" x={quoteattr(value).replace('&gt;', '>')}" if value else ""
    return f"<{kind}{attribute}>{content}</{kind}>" if content else f"<{kind}{attribute}/>"


def outermost(tree: Any) -> Iterator[str]:
    if tree[0] == "a" and len(tree) == 3:
        yield written(tree)
    elif len(tree) == 3:
        for inner in tree[2]:
            yield from outermost(inner)


@settings(max_examples=200, deadline=None)
@given(trees=st.lists(_TREES, max_size=6), most=st.integers(1, 60))
def test_the_records_of_any_document_are_its_outermost_elements(trees: list[Any], most: int) -> None:
    data = f"<r>{''.join(map(written, trees))}</r>".encode()
    found = cut(data, most=most)
    assert [record.data.decode() for record in found] == [text for tree in trees for text in outermost(tree)]
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data
        xml.element(record)


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=80) | st.text("<>/!-[]?&;ar\"'= \n", max_size=80).map(str.encode), most=st.integers(1, 9)
)
@pytest.mark.parametrize("around", [(b"", b""), (b"<r>", b"</r>"), (b"<r><a>", b"</a></r>")])
def test_any_bytes_give_records_or_a_reason(data: bytes, most: int, around: tuple[bytes, bytes]) -> None:
    whole = around[0] + data + around[1]

    def outcome(size: int) -> object:
        found = []
        try:
            stream: Any = Dripping(whole, size)
            found += xml.elements(stream, Limits(), "a")
        except DumpError as error:
            return error.reason
        return found

    first = outcome(MEGABYTE)
    assert outcome(most) == first
    for record in first if isinstance(first, list) else []:
        try:
            assert xml.element(record).tag == "a"
        except RecordError as error:
            assert error.reason in ("malformed_xml", "xml_entity", "invalid_utf8")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "truncated"),
        (b"text", "truncated"),
        (b"{}", "truncated"),
        (b"<!-- -->", "truncated"),
        (b" " * 70_000, "malformed_xml"),
        (b"<!--" + b" " * 70_000 + b"--><r/>", "malformed_xml"),
        (b"<html " + b"x" * 70_000, "malformed_xml"),
        (b"<r><a></r>", "truncated"),
        (b"<r></a></r>", "malformed_xml"),
        (b"<r><a/></r>x", "malformed_xml"),
        (b"<r><a/></r><r><a/></r>", "malformed_xml"),
        (b"<r/>\n<?xml version='1.0'?>\n<r/>", "malformed_xml"),
        (b"<a/><a/>", "malformed_xml"),
        (b"<r/><!x>", "malformed_xml"),
        (b"<r/>\0", "malformed_xml"),
        (b"<r/><!-- x", "truncated"),
        (b"<r/><!-", "truncated"),
        (b"<r/><? x", "truncated"),
        (b"<!DOCTYPE r [<!ELEMENT r ANY>]><r/>", "xml_dtd"),
        (b"<!DOCTYPE r []><r/>", "xml_dtd"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE r SYSTEM 'r.dtd' [", "xml_dtd"),
        (b"<!DOCTYPE r SYSTEM 'r.dtd' \n[ <!ENTITY e 'x'> ]><r><a>&e;</a></r>", "xml_dtd"),
        (b"<r><!DOCTYPE r><a/></r>", "xml_dtd"),
        (b"<r><a><!DOCTYPE a [<!ENTITY e 'x'>]>&e;</a></r>", "xml_dtd"),
        (b"<!DOCTYPE r><!DOCTYPE r><r/>", "truncated"),
    ],
)
@pytest.mark.parametrize("most", [1, 3, MEGABYTE])
def test_what_is_no_whole_document_is_refused(data: bytes, reason: str, most: int) -> None:
    assert refused(data, most=most if len(data) < 1_000 else most * 4_096) == reason


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("utf-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("us-ascii", "ascii"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_encodings_are_read_as_declared(name: str, code: str, quote: str) -> None:
    word = {"ascii": "Lorient", "latin-1": "Orléans", "cp1252": "Orléans “œ”"}.get(code, "Orléans 𝛼 łódź")
    declared = f"<?xml version={quote}1.0{quote} encoding={quote}{name}{quote} standalone={quote}yes{quote}?>"
    data = f"{declared}<r><a x='{word}'>{word}</a></r>".encode(code)
    (record,) = cut(data)
    found = xml.element(record)
    assert (found.text, found.get("x")) == (word, word)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", [b"", b"<?xml version='1.0' encoding='UTF-16'?>"])
def test_wide_encodings_are_refused(code: str, declared: bytes) -> None:
    data = (declared.decode() + "<r><a>1</a></r>").encode(code)
    assert refused(data) == refused(data, most=1) == "unsupported_encoding"


@pytest.mark.parametrize("name", ["utf-7", "shift_jis", "x-user-defined", "rot13", "utf-16", "zlib_codec", "../etc"])
def test_other_encodings_are_refused_or_not_understood(name: str) -> None:
    data = f"<?xml version='1.0' encoding='{name}'?><r><a>1</a></r>".encode()
    if name == "../etc":
        assert [record.data for record in cut(data)] == [b"<a>1</a>"]
    else:
        assert refused(data) == "unsupported_encoding"


def test_bytes_that_are_not_of_the_encoding_cost_their_record() -> None:
    for declared, byte in ((b"", b"\xff"), (b"<?xml version='1.0' encoding='windows-1252'?>", b"\x81")):
        first, second = cut(declared + b"<r><a>1</a><a>" + byte + b"</a></r>")
        assert xml.element(first).text == "1"
        with pytest.raises(RecordError, match="byte 3 of the record") as error:
            xml.element(second)
        assert error.value.reason == "invalid_utf8"


def test_prefixes_of_the_root_are_known_in_records() -> None:
    data = b"""<r xmlns="urn:r" xmlns:m='urn:m>' xmlns:n =
        "urn:n
        "><m:a n:x="1"><b/></m:a></r>"""
    (record,) = cut(data, "m:a")
    found = xml.element(record)
    assert (found.tag, found.attrib) == ("{urn:m>}a", {"{urn:n         }x": "1"})
    assert (xml.local(found.tag), xml.local("b"), xml.local(next(iter(found.attrib)))) == ("a", "b", "x")
    assert broken(b"<o:a/>", record.context) == "malformed_xml"


def test_a_source_may_add_lines_to_the_context() -> None:
    (record,) = cut(b"<?xml version='1.0' encoding='iso-8859-1'?><r xmlns:m='urn:m'><a>\xe9<m:b/></a></r>")
    assert xml.element(record._replace(context=record.context + b"more\nthan this")).text == "é"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a>&uuml;&Ntilde;&micro;&times;&reg;</a>", "üÑµ×®"),
        (b"<a>&amp;uuml; &lt;b&gt; &quot;&apos; &#252;&#xFC;</a>", "&uuml; <b> \"' üü"),
        (b"<a>&AMP;&LT;b/&GT;</a>", "&<b/>"),
        (b"<a><![CDATA[&uuml; <b> &x;]]>&uuml;<![CDATA[&auml;]]>&auml;</a>", "&uuml; <b> &x;ü&auml;ä"),
        (b"<a>&NotEqualTilde;</a>", "≂̸"),
        (b"<a>1<!-- 2 -->3<?x 4?>5</a>", "135"),
        (b"<a> 1 <b>2<c>3</c></b>\n4 </a>", "1 23\n4"),
        (b"<a> \n</a>", None),
        (b"<a/>", None),
    ],
)
def test_text_is_read_whole(data: bytes, text: str | None) -> None:
    assert xml.content(xml.element(Record(0, data, 1))) == text


def test_there_is_no_text_in_nothing() -> None:
    assert xml.content(None) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<a>&nosuchname;</a>", "xml_entity"),
        (b"<a x='&nosuchname;'/>", "xml_entity"),
        (b"<a>&xxe;</a>", "xml_entity"),
        (b"<a>&uuml</a>", "malformed_xml"),
        (b"<a>R&D</a>", "malformed_xml"),
        (b"<a>&#0;</a>", "malformed_xml"),
        (b"<a>&#xD800;</a>", "malformed_xml"),
        (b"<a>&#xFFFFFFFF;</a>", "malformed_xml"),
        (b"<a>\x00</a>", "malformed_xml"),
        (b"<a>\x08</a>", "malformed_xml"),
        (b"<a>\xff</a>", "invalid_utf8"),
        (b"<a>\xed\xa0\x80</a>", "invalid_utf8"),
        (b"<a><b></a>", "malformed_xml"),
        (b"<a></x><x></a>", "malformed_xml"),
        (b"<a/></x><x>", "malformed_xml"),
        (b"<a/><b/>", "malformed_xml"),
        (b"<a x='1' x='2'/>", "malformed_xml"),
        (b"<a x=1/>", "malformed_xml"),
        (b"<a x='<'/>", "malformed_xml"),
        (b"<a>]]></a>", "malformed_xml"),
        (b"<a><!-- -- --></a>", "malformed_xml"),
        (b"<a><![CDATA[x</a>", "malformed_xml"),
        (b"<a><!DOCTYPE a [<!ENTITY e 'x'>]>&e;</a>", "malformed_xml"),
        (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "malformed_xml"),
        (b"<?xml version='1.0'?><a/>", "malformed_xml"),
        (b"", "malformed_xml"),
        (b"text", "malformed_xml"),
    ],
)
def test_a_record_that_is_not_well_formed_says_why(data: bytes, reason: str) -> None:
    assert broken(data) == reason


def test_a_broken_tag_costs_its_own_record() -> None:
    data = b"""<r><a x="1>1</a><a x=<2>>2</a><a>3</a><a x='>4</a><b y="><a>5</a><a>6</a></r>"""
    outcomes = []
    for record in cut(data):
        try:
            outcomes.append(xml.element(record).text)
        except RecordError as error:
            outcomes.append(error.reason)
    assert outcomes == ["malformed_xml", "malformed_xml", "3", "malformed_xml", "5", "6"]


def test_limits_of_a_record() -> None:
    deep = b"<b>" * 98 + b"</b>" * 98
    assert xml.element(Record(0, b"<a>" + deep + b"</a>", 1)).tag == "a"
    assert broken(b"<a><b>" + deep + b"</b></a>", depth=99) == "too_deep"
    assert broken(b"<a>" + b"<b/>" * 500 + deep + b"<b><c/></b></a>", depth=98) == "too_deep"
    assert xml.element(Record(0, b"<a>" + b"<b>1</b>" * 500 + b"</a>", 1), Limits(depth=2)).tag == "a"
    many = b"".join(b" x%d='1'" % number for number in range(1_001))
    assert broken(b"<a" + many + b"/>") == "too_many_keys"
    assert xml.element(Record(0, b"<a>" + b"= " * 2_000 + b"</a>", 1)).tag == "a"
    assert broken(b"<a><b>" + b"x" * 200 + b"</b></a>", string_bytes=199) == "string_too_long"
    assert xml.element(Record(0, b"<a>" + b"<b>xx</b>" * 200 + b"</a>", 1), Limits(string_bytes=199)).tag == "a"


@pytest.mark.parametrize("most", [1, 7, 100, MEGABYTE])
def test_a_record_that_is_too_long_is_given_cut(most: int) -> None:
    long = b"<a>" + b"<b>x</b><a/>" * 200 + b"</a>"
    data = b"<r><a>1</a>" + long + b"<a>2</a>" + long + b"</r>"
    found = cut(data, most=most, longest=1_000)
    assert [(record.reason, record.length) for record in found] == [
        ("", 8),
        ("record_too_long", len(long)),
        ("", 8),
        ("record_too_long", len(long)),
    ]
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data
    assert len(found[1].data) == 1_000
    assert refused(data[:-4], most=most, longest=1_000) == "truncated"


@pytest.mark.parametrize("opening", [b"<!--", b"<![CDATA[", b"<?x", b"<a x='"])
@pytest.mark.parametrize("before", [b"<r>", b"<r><a>", b"<r/>"])
def test_a_mark_that_does_not_end_is_not_read_for_ever(opening: bytes, before: bytes) -> None:
    stream: Any = Dripping(before + opening + b"x" * 10_000_000, 10_000)
    reason = "record_too_long" if before != b"<r/>" or opening[1:2] in b"!?" else "malformed_xml"
    with pytest.raises(DumpError) as error:
        list(xml.elements(stream, Limits(record_bytes=20_000), "a"))
    assert error.value.reason in (reason, "malformed_xml")
    assert stream.place < 60_000


def test_memory_stays_bounded_between_records(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    feed = xml._Splitter.feed

    def watched(self: Any, chunk: bytes) -> Iterator[Record]:
        yield from feed(self, chunk)
        held.append(len(self.data) - self.place)

    monkeypatch.setattr(xml._Splitter, "feed", watched)
    for filling in (b"x" * 1_000, b"<b>text</b>" * 100, b"<b x='1'" + b" " * 990 + b"/>", b"<" * 1_000):
        held.clear()
        assert len(cut(b"<r>" + filling * 300 + b"<a/></r>", most=1_000)) == 1
        assert max(held) < 20


_OPENED: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHING and event in ("open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen"):
        _OPENED.append(f"{event} {arguments[:1]}")


_WATCHING: list[bool] = []


@contextmanager
def nothing_is_opened() -> Iterator[None]:
    if not hasattr(sys, "_paper_trends_watched"):
        sys.addaudithook(_note)
        sys._paper_trends_watched = True  # type: ignore[attr-defined]
    _OPENED.clear()
    _WATCHING.append(True)
    try:
        yield
    finally:
        _WATCHING.clear()
    assert _OPENED == []


REFUSED = {
    "cyclic.xml": "xml_dtd",
    "dtd_element.xml": "xml_dtd",
    "external.xml": "xml_dtd",
    "external_file.xml": "xml_dtd",
    "quadratic.xml": "xml_dtd",
    "xmlbomb.xml": "xml_dtd",
    "xmlbomb2.xml": "xml_dtd",
}


@pytest.mark.skipif(not HOSTILE.exists(), reason="needs ../shared/badinput/defusedxml")
def test_every_case_of_defusedxml_is_refused_or_harmless() -> None:
    files = sorted(HOSTILE.iterdir())
    assert len(files) == 13
    for file in files:
        data = file.read_bytes()
        names = ("root", "bomb", "test", "html", "xsd:schema", "xsl:stylesheet")
        for most in (1, MEGABYTE):
            with nothing_is_opened():
                try:
                    records = cut(data, *names, most=most)
                except DumpError as error:
                    assert error.reason == REFUSED.get(file.name), file.name
                    continue
                assert file.name not in REFUSED
                assert len(records) == 1
                assert len(xml.content(xml.element(records[0])) or "") < len(data)


BOMB = (
    b"<!DOCTYPE r [<!ENTITY a '"
    + b"x" * 1_000
    + b"'>"
    + b"".join(b"<!ENTITY a%d '%b'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><r><a>&a9;</a></r>"
)


def test_a_bomb_is_refused_unread() -> None:
    assert refused(BOMB) == refused(BOMB, most=1) == "xml_dtd"
    (record,) = cut(b"<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r><a>&a9;</a></r>")
    with nothing_is_opened(), pytest.raises(RecordError) as error:
        xml.element(record)
    assert error.value.reason == "xml_entity"


def times(piece: bytes, before: bytes = b"<r>", after: bytes = b"</r>") -> Callable[[], bytes]:
    return lambda: before + piece * (MEGABYTE // len(piece)) + after


SHAPES: dict[str, Callable[[], bytes]] = {
    "deep": lambda: b"<r>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</r>",
    "deep in a record": lambda: b"<r><a>" + b"<b>" * 200_000 + b"</b>" * 200_000 + b"</a></r>",
    "never closed": times(b"<a>"),
    "never closed, other names": times(b"<b>", b"<r><a>", b"</a></r>"),
    "never ended": times(b"<a "),
    "never ended in a record": times(b"<b ", b"<r><a>", b"</a></r>"),
    "never ended, never closed": times(b"<a", b"<r>", b""),
    "closing tags": times(b"</a>"),
    "closing tags that do not end": times(b"</a "),
    "empty records": times(b"<a/>"),
    "brackets": times(b"<"),
    "brackets in a record": times(b"<", b"<r><a>", b"</a></r>"),
    "closing brackets": times(b">", b"<r><a x='", b"'></a></r>"),
    "closing brackets with quotes": times(b'">', b"<r><a x=", b"></a></r>"),
    "quotes": times(b'"', b"<r><a "),
    "quotes in turn": times(b"\"'", b"<r><a ", b"></a></r>"),
    "quotes and records": times(b'<a x="', b"<r>"),
    "comments": times(b"<!---->"),
    "comments at the start": times(b"<!---->", b"", b"<r/>"),
    "comments at the end": times(b"<!---->", b"<r/>", b""),
    "comments that do not end": times(b"<!--"),
    "comments that do not end, at the start": times(b"<!--", b"", b""),
    "comments that do not end, at the end": times(b"<!--", b"<r/>", b""),
    "instructions": times(b"<??>"),
    "instructions that do not end": times(b"<?"),
    "instructions that do not end, at the start": times(b"<?", b"", b""),
    "sections": times(b"<![CDATA[]]>", b"<r><a>", b"</a></r>"),
    "sections with characters": times(b"<![CDATA[&uuml;]]>&uuml;", b"<r><a>", b"</a></r>"),
    "sections that do not end": times(b"<![CDATA[", b"<r><a>&amp;", b"</a></r>"),
    "section ends": times(b"]]>", b"<r><a>&amp;<![CDATA[", b"</a></r>"),
    "blanks at the start": times(b" ", b"", b"<r/>"),
    "blanks at the end": times(b" ", b"<r/>", b""),
    "a document type that does not end": times(b" ", b"<!DOCTYPE r", b""),
    "a document type with quotes": times(b'"', b"<!DOCTYPE r ", b""),
    "document types": times(b"<!DOCTYPE r>", b"", b"<r/>"),
    "an encoding that does not end": times(b"encoding ", b"<?xml ", b"?><r/>"),
    "an encoding and blanks": times(b" ", b"<?xml encoding", b"?><r/>"),
    "prefixes": times(b" xmlns:a='1'", b"<r", b"><a/></r>"),
    "prefixes that do not end": times(b" xmlns:", b"<r", b"><a/></r>"),
    "characters": times(b"&uuml;", b"<r><a>", b"</a></r>"),
    "unknown characters": times(b"&x;", b"<r><a>", b"</a></r>"),
    "ampersands": times(b"&", b"<r><a>", b"</a></r>"),
    "ampersands and letters": times(b"&a", b"<r><a>", b"</a></r>"),
    "letters": times(b"a", b"<r><a>&", b"</a></r>"),
    "attributes": lambda: b"<r><a" + b"".join(b" x%d='1'" % n for n in range(50_000)) + b"/></r>",
    "attributes that repeat": times(b" x='1'", b"<r><a", b"/></r>"),
    "an attribute without end": times(b"x='1 ", b"<r><a ", b"/></r>"),
    "a long name": times(b"a", b"<r><a", b"/></r>"),
    "many prefixes": lambda: b"<r><a>" + b"".join(b"<b xmlns:p%d='u'/>" % n for n in range(45_000)) + b"</a></r>",
    "nested prefixes": lambda: (
        b"<r><a>" + b"".join(b"<b xmlns:p%d='u'>" % n for n in range(30_000)) + b"</b>" * 30_000 + b"</a></r>"
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_hostile_megabyte_is_read_in_no_time(name: str) -> None:
    data = SHAPES[name]()
    started = time.process_time()
    try:
        for record in xml.elements(io.BytesIO(data), Limits(), "a"):
            try:
                xml.element(record)
            except RecordError as error:
                assert error.reason
    except DumpError as error:
        assert error.reason
    # A tenth of a second here, whatever the shape; what is not linear takes minutes.
    assert time.process_time() - started < 2


def test_the_names_of_hostile_records_say_what_they_are() -> None:
    (record,) = cut(SHAPES["deep in a record"](), longest=8 * MEGABYTE)
    assert broken(record.data) == "too_deep"
    (record,) = cut(SHAPES["attributes"](), longest=8 * MEGABYTE)
    assert broken(record.data) == "too_many_keys"

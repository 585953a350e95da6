from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import DumpError, RecordError
from etl.reading import bibtex
from etl.reading.records import Record
from etl.settings import Limits
from tests.unit.test_records import Dripping

MEGABYTE = 1 << 20


def cut(data: bytes, most: int = MEGABYTE, longest: int = MEGABYTE, left_out: str = "book") -> list[Record]:
    stream: Any = Dripping(data, most)
    return list(bibtex.entries(stream, Limits(record_bytes=longest), frozenset(left_out.split())))


def read(text: str, context: bytes = b"", **limits: int) -> dict[str, str]:
    return bibtex.fields(Record(0, text.encode(), 1, context=context), Limits(**limits))[1]


def broken(text: str, context: bytes = b"", **limits: int) -> str:
    with pytest.raises(RecordError) as error:
        read(text, context, **limits)
    return error.value.reason


# Files, their entries, and what is wrong with them.
FILES: dict[str, tuple[bytes, list[tuple[bytes, str]]]] = {
    "plain": (b"@a{k, t = {x}}\n\n@b{l, t = {y}}\n", [(b"@a{k, t = {x}}", ""), (b"@b{l, t = {y}}", "")]),
    "nothing": (b"", []),
    "words alone": (b"Some words, me@example.org {and} more.\n", []),
    "no line end": (b"@a{k}", [(b"@a{k}", "")]),
    "on one line": (
        b"@a{k}@b{l}, @c{m} ; @d{n} x @e{o}",
        [(b"@%b}" % t, "") for t in (b"a{k", b"b{l", b"c{m", b"d{n")],
    ),
    "a byte order mark": (b"\xef\xbb\xbf@a{k}\n@b{l}", [(b"@a{k}", ""), (b"@b{l}", "")]),
    "a byte order mark before a line end": (b"\xef\xbb\xbf\r\n@a{k}", [(b"@a{k}", "")]),
    "nested braces": (
        b"@a{k, t = {{x} {y {z}}}, u = {}}\n@b{l}",
        [(b"@a{k, t = {{x} {y {z}}}, u = {}}", ""), (b"@b{l}", "")],
    ),
    "very deep": (
        b"@a{k, t = " + b"{" * 40 + b"}" * 40 + b"}\n@b{l}",
        [(b"@a{k, t = " + b"{" * 40 + b"}" * 40 + b"}", ""), (b"@b{l}", "")],
    ),
    "parentheses": (
        b'@a(k, t = "x)", u = {)}, v = 1)\n@b (l)\n@c(m, t = {"}, u = "{")"}")',
        [(b'@a(k, t = "x)", u = {)}, v = 1)', ""), (b"@b (l)", ""), (b'@c(m, t = {"}, u = "{")"}")', "")],
    ),
    "line ends of others": (b"x\r@a{k}\r\n@b{l}\r", [(b"@a{k}", ""), (b"@b{l}", "")]),
    "blanks": (b" \t@ a \n {k}\n\t@b{l}", [(b"@ a \n {k}", ""), (b"@b{l}", "")]),
    "behind a percent sign": (b"% @a{k}\n%@b{l,\n% t = {x}\n%}\n@c{m}", [(b"@c{m}", "")]),
    "left out": (
        b"@book{k, t={x}}\n@Comment{@a{k}}\n@preamble{{x}}\n@STRING{s = {x}}\n@BOOK{l}\n@a{k}",
        [(b"@a{k}", "")],
    ),
    "an entry in a comment": (b"@comment{\n@a{k, t={x}}\n}\n@b{l}", [(b"@a{k, t={x}}", ""), (b"@b{l}", "")]),
    "not closed": (
        b"@a{k, t = {x},\n\n  @b{l,}\n@c{m, t = {\n@d{n,}\n",
        [
            (b"@a{k, t = {x},", "malformed_bibtex"),
            (b"@b{l,}", ""),
            (b"@c{m, t = {", "malformed_bibtex"),
            (b"@d{n,}", ""),
        ],
    ),
    "not closed before one with a key": (
        b"@a{k, t = {x}\n@b{l, t = {y}}",
        [(b"@a{k, t = {x}", "malformed_bibtex"), (b"@b{l, t = {y}}", "")],
    ),
    "a parenthesis that a brace closes": (b"@a(k}\n@b{l,}", [(b"@a(k}", "malformed_bibtex"), (b"@b{l,}", "")]),
    "a brace too many": (b"@a{k}}}\n@b{l}", [(b"@a{k}", ""), (b"@b{l}", "")]),
    "names of people at the start of a line": (
        b"@a{k, t = {x\n@home (all) of {y}\n@you{}}\n}\n@b{l}",
        [(b"@a{k, t = {x\n@home (all) of {y}\n@you{}}\n}", ""), (b"@b{l}", "")],
    ),
    "braces behind backslashes": (
        b"@a{k, t = {x \\{ y}}\n@b{l, t = {\\}}}\n@c{m, t = {\\{\\}}}\n",
        [(b"@a{k, t = {x \\{ y}}", ""), (b"@b{l, t = {\\}}", ""), (b"@c{m, t = {\\{\\}}}", "")],
    ),
    "braces behind backslashes at the end": (
        b"@b{l}\n@a{k, t = {x \\{ y}}\n",
        [(b"@b{l}", ""), (b"@a{k, t = {x \\{ y}}", "")],
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6, 7, 8, 9, MEGABYTE])
def test_entries_are_found_at_their_places_wherever_chunks_end(name: str, most: int) -> None:
    data, wanted = FILES[name]
    found = cut(data, most)
    assert [(record.data, record.reason) for record in found] == wanted
    assert [record.position for record in found] == list(range(1, len(wanted) + 1))
    for record in found:
        assert data[record.offset : record.offset + (record.length or 0)] == record.data


def test_a_file_that_is_cut_inside_an_entry_is_refused() -> None:
    entries = (b'@a{k, t = {x},\n u = "y {z}"}', b"@b(l, t = {y})", b"@comment{x}", b"@d{m, t = {\\}}")
    data = b"\n% @c{\n".join(entries)
    borders = [(data.index(entry), data.index(entry) + len(entry)) for entry in entries]
    for size in range(len(data)):
        last = max((start for start, _ in borders if start < size), default=0)
        is_open = any(start < size < end for start, end in borders) and b"{" in data[last:size].replace(b"(", b"{")
        for most in (1, 5, MEGABYTE):
            if is_open:
                with pytest.raises(DumpError, match="truncated"):
                    cut(data[:size], most)
            else:
                cut(data[:size], most)


_VALUE = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters='{}"@\\%'), max_size=6),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: "{" + "".join(parts) + "}"),
    max_leaves=5,
)
_ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["article", "Misc", "in-proceedings"]),
        st.text("abz09:_-", min_size=1, max_size=6),
        st.lists(
            st.tuples(st.sampled_from(["title", "author", "x-y", "URL"]), _VALUE, st.sampled_from('{"')), max_size=4
        ),
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(
    entries=_ENTRIES,
    between=st.sampled_from(["\n", "", " ", "\r\n\r\n", "\n% @x{y}\nwords\n", ",\n"]),
    most=st.integers(1, 40),
)
def test_the_fields_of_any_entries_are_read_back(entries: list[Any], between: str, most: int) -> None:
    closing = {"{": "}", '"': '"'}
    texts = [
        f"@{kind}{{{key},{''.join(f' {n} = {q}{v}{closing[q]},' for n, v, q in fields)}}}"
        for kind, key, fields in entries
    ]
    data = between.join(texts).encode()
    found = cut(data, most)
    assert [record.data.decode() for record in found] == texts
    for record, (kind, _, fields) in zip(found, entries, strict=True):
        assert data[record.offset : record.offset + len(record.data)] == record.data
        wanted: dict[str, str] = {}
        for name, value, _ in fields:
            wanted.setdefault(name.lower(), value)
        assert bibtex.fields(record, Limits()) == (kind.lower(), wanted)


@settings(max_examples=300, deadline=None)
@given(data=st.text('@a{}()"=,#%\\ \n', max_size=60).map(str.encode) | st.binary(max_size=60), most=st.integers(1, 9))
@pytest.mark.parametrize("around", [(b"", b""), (b"@a{k, t = {", b"}}\n@b{l}"), (b'@a(k, t = "', b'")\n')])
def test_any_bytes_give_entries_or_a_reason(data: bytes, most: int, around: tuple[bytes, bytes]) -> None:
    whole = around[0] + data + around[1]

    def outcome(size: int) -> object:
        try:
            return cut(whole, size)
        except DumpError as error:
            return error.reason

    first = outcome(MEGABYTE)
    assert outcome(most) == first
    for record in first if isinstance(first, list) else []:
        try:
            bibtex.fields(record, Limits())
        except RecordError as error:
            assert error.reason in ("malformed_bibtex", "invalid_utf8")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@a{k}", {}),
        ("@a{}", {}),
        ("@a{k,}", {}),
        ("@a{k, t = {x}, }", {"t": "x"}),
        ("@a{t = {x}}", {"t": "x"}),
        ("@a{k l, t = {x}}", {"t": "x"}),
        ('@a{k, t = "x {"} y", u = {"z"}}', {"t": 'x {"} y', "u": '"z"'}),
        ("@a{k, t = 12, u=2031,v = 1--2}", {"t": "12", "u": "2031", "v": "1--2"}),
        ('@a{k, t = "x" # {y} # 3 # z}', {"t": "xy3z"}),
        ('@a{k, t = "x"#y}', {"t": "xy"}),
        ("@a{k, month = jan, n = DEC # {.}}", {"month": "January", "n": "December."}),
        ("@a{k, t = {x} u = {y}\n v = 3 w = {z}}", {"t": "x", "u": "y", "v": "3", "w": "z"}),
        ("@a{k,, t = {x},,}", {"t": "x"}),
        ("@a{k, % u = {y},\n t = {x % y} % z\n}", {"t": "x % y"}),
        ("@a{k, T = {x}, t = {y}}", {"t": "x"}),
        ("@a{k, date-added = {x}, bdsk-url-1 = {y}, a:b = {z}}", {"date-added": "x", "bdsk-url-1": "y", "a:b": "z"}),
        ('@a{k, t = {}, u = ""}', {"t": "", "u": ""}),
        ("@a{k, t = {a = {b}, c}}", {"t": "a = {b}, c"}),
        ("@a{k, f = {x \\{ y}, t = {z}}", {"f": "x \\lbrace  y", "t": "z"}),
        ("@a{k, t = {1 \\{2\\} 3}}", {"t": "1 \\{2\\} 3"}),
        ("@a(k, t = {x)}, u = 1)", {"t": "x)", "u": "1"}),
        ("@ a \n (k, t={x})", {"t": "x"}),
        ("@a{10.5555/x#y, t = {x}}", {"t": "x"}),
    ],
)
def test_fields_are_read(text: str, wanted: dict[str, str]) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "@a{k, t = }",
        "@a{k, t = , u = 1}",
        "@a{k, t}",
        "@a{k, t u = 1}",
        "@a{k, = 1}",
        "@a{k, t = {x} y}",
        "@a{k, t = {x} # }",
        "@a{k, t = # {x}}",
        '@a{k, t = "x}',
        '@a{k, t = "x"y"}',
        "@a{k, t = {x}}}",
        "@a{k, t = {" + "{" * 20 + "}" * 20 + "}}",
        "a{k, t = {x}}",
        "",
    ],
)
def test_what_is_no_entry_says_so(text: str) -> None:
    assert broken(text) == "malformed_bibtex"


def test_other_bytes_than_utf8_cost_their_entry() -> None:
    first, second = cut("@a{k, t = {é}}\n".encode() + "@b{l, t = {é}}\n".encode("latin-1"))
    assert bibtex.fields(first, Limits())[1] == {"t": "é"}
    with pytest.raises(RecordError, match="byte 11 of the record") as error:
        bibtex.fields(second, Limits())
    assert error.value.reason == "invalid_utf8"


def test_macros_are_known_behind_their_definition() -> None:
    data = b"""@a{k1, t = m}
@string{m = "one"}
@string(n = m # { and two})
@a{k2, t = m, u = N # "!", v = o}
@string{m = {three}, o = {four
  lines}}
@string{broken = }
@string{p = {not closed
@a{k3, t = m, u = n, v = o, w = p, x = broken}"""
    for most in (1, 7, MEGABYTE):
        found = [bibtex.fields(record, Limits())[1] for record in cut(data, most)]
        assert found == [
            {"t": "m"},
            {"t": "one", "u": "one and two!", "v": "o"},
            {"t": "three", "u": "one and two", "v": "four lines", "w": "p", "x": "broken"},
        ]


def test_macros_make_no_bomb() -> None:
    doubled = b"".join(b"@string{m%d = m%d # m%d}\n" % (n, n - 1, n - 1) for n in range(1, 60))
    data = b"@string{m0 = {0123456789}}\n" + doubled + b"@a{k, t = m8}\n@b{l, t = m9}\n@c{m, t = m59}"
    first, second, third = cut(data)
    assert [len(bibtex.fields(record, Limits())[1]["t"]) for record in (first, second, third)] == [2_560, 2, 192]
    assert len(third.context) < 64_000
    many = b"".join(b"@string{m%d = {%d}}\n@a{k, t = m%d}\n" % (n, n, n) for n in range(2_000))
    values = [bibtex.fields(record, Limits())[1]["t"] for record in cut(many)]
    assert (values[999], values[1_000], values[1_999]) == ("999", "m1000", "m1999")
    assert broken("@a{k, t = " + " # ".join(["m"] * 900) + "}", b"m 12345") == "string_too_long"


def test_limits_of_an_entry() -> None:
    assert broken("@a{k" + "".join(f", f{number} = 1" for number in range(11)) + "}", keys=10) == "too_many_keys"
    assert broken("@a{k, t = {" + "x" * 101 + "}}", string_bytes=100) == "string_too_long"
    assert len(read("@a{k, t = {" + "x" * 100 + "}}", string_bytes=100)["t"]) == 100
    assert broken("@a{k, t = " + "x" * 5_000 + "}") == "string_too_long"


@pytest.mark.parametrize("most", [1, 7, 100, MEGABYTE])
def test_an_entry_that_is_too_long_is_given_cut(most: int) -> None:
    long = b"@a{k, t = {" + b"x {y} " * 400 + b"}}"
    data = b"@a{1,}\n" + long + b"\n@a{2,}\n" + long + b"\n@book{3, t = {" + b"x" * 3_000 + b"}}\n@a{4,}\n"
    found = cut(data, most, longest=2_000)
    assert [record.reason for record in found] == ["", "record_too_long", "", "record_too_long", ""]
    for record in found:
        assert data[record.offset : record.offset + len(record.data)] == record.data
        assert len(record.data) <= 1_000
        assert abs((record.length or 0) - (len(long) if record.reason else 6)) <= 1
    with pytest.raises(DumpError, match="not closed"):
        cut(b"@a{1,}\n" + long[:-1], most, longest=2_000)


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    feed = bibtex._Splitter.feed

    def watched(self: Any, chunk: bytes) -> Any:
        yield from feed(self, chunk)
        held.append(len(self.data) - self.place)

    monkeypatch.setattr(bibtex._Splitter, "feed", watched)
    for filling in (
        b"x" * 1_000,
        b"words\n" * 200,
        b" " * 1_000,
        b"\n" * 1_000,
        b"@" * 1_000,
        b"\n@" * 500,
        b"@a" * 500,
    ):
        held.clear()
        assert len(cut(filling * 300 + b"\n@a{k}\n", 1_000)) == 1
        assert max(held) <= 1_000


def times(piece: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[], bytes]:
    return lambda: before + piece * (MEGABYTE // len(piece)) + after


SHAPES: dict[str, Callable[[], bytes]] = {
    "empty entries": times(b"@a{}\n"),
    "entries on one line": times(b"@a{k,t={x}}"),
    "entries that are not closed": times(b"@a{k,\n"),
    "entries that are not closed, on one line": times(b"@a{k,"),
    "entries in parentheses that are not closed": times(b"@a(k,\n"),
    "entries with quotes that are not closed": times(b'@a(k,t="\n'),
    "opening braces": times(b"{", b"@a{k, t = "),
    "opening braces behind backslashes": times(b"\\{", b"@a{k, t = {", b"}}"),
    "opening and closing": times(b"{}", b"@a{k, t = {", b"}}"),
    "deep": lambda: b"@a{k, t = " + b"{" * 500_000 + b"}" * 500_000 + b"}",
    "closing braces": times(b"}", b"@a{k}"),
    "at signs": times(b"@"),
    "at signs at the start of lines": times(b"\n@"),
    "at signs and letters": times(b"\n@a"),
    "a long type": times(b"a", b"@"),
    "blanks behind a type": times(b" ", b"@a"),
    "blanks": times(b" "),
    "line ends": times(b"\n"),
    "line ends and brackets": times(b"}\n"),
    "borders in an entry": times(b"\n@a{k", b"@a{k, t = {", b"}}"),
    "borders on one line": times(b" @a{k, ", b"@a{k, t = {", b"}}"),
    "macros": lambda: b"".join(b"@string{m%d = {x}}\n" % n for n in range(50_000)),
    "macros of macros": lambda: b"".join(b"@string{m%d = m%d # m%d}\n" % (n, n - 1, n - 1) for n in range(35_000)),
    "macros and entries": lambda: b"".join(b"@string{m%d = {x}}\n@a{k, t = m1}\n" % n for n in range(30_000)),
    "parts": times(b"x # ", b"@a{k, t = ", b"x}"),
    "parts in quotes": times(b'"x" # ', b"@a{k, t = ", b'"x"}'),
    "signs between parts": times(b"#", b"@a{k, t = ", b"x}"),
    "fields": lambda: b"@a{k" + b"".join(b", f%d = 1" % n for n in range(80_000)) + b"}",
    "fields without commas": lambda: b"@a{k, " + b"".join(b"f%d = {} " % n for n in range(80_000)) + b"}",
    "fields without values": times(b"f = ", b"@a{k, ", b"}"),
    "names without values": times(b"f ", b"@a{k, ", b"}"),
    "commas": times(b",", b"@a{k", b"}"),
    "equal signs": times(b"=", b"@a{k, t", b"}"),
    "percent signs": times(b"%", b"@a{k, ", b"}"),
    "comments": times(b"%\n", b"@a{k, ", b"}"),
    "quotes": times(b'"', b"@a{k, t = ", b"}"),
    "quotes in parentheses": times(b'"', b"@a(k, t = ", b")"),
    "a key": times(b"k", b"@a{", b"}"),
    "letters": times(b"x", b"@a{k, t = {", b"}}"),
    "a bare word": times(b"x", b"@a{k, t = ", b"}"),
    "backslashes": times(b"\\", b"@a{k, t = {", b"}}"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_hostile_megabyte_is_read_in_no_time(name: str) -> None:
    data = SHAPES[name]()
    started = time.process_time()
    try:
        for record in bibtex.entries(io.BytesIO(data), Limits(), frozenset()):
            try:
                bibtex.fields(record, Limits())
            except RecordError as error:
                assert error.reason
    except DumpError as error:
        assert error.reason
    # A tenth of a second for most shapes; what is not linear takes minutes.
    assert time.process_time() - started < 3

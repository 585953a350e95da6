from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.transforms import latex


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no LaTeX: in here - it's $5", "no LaTeX: in here - it's $5"),
        (r"G\"odel G{\"o}del G\"{o}del G{\"{o}}del G{{\"o}}del", "Gödel Gödel Gödel Gödel Gödel"),
        (r"\'{\i}\'\i{\'{\i}}{\'\i}", "íííí"),
        (r"\^\i le \v{\j}", "île ǰ"),
        (r"\c{c} \c c {\c c} {\c{c}}", "ç ç ç ç"),
        (r"\`a\'e\^o\~n\=u\.z\u{g}\v{s}\H{o}\r{a}\d{a}\k{e}\b{b}\t{oo}", "àéôñūżğšőåạęḇo͡o"),
        (r"{\'E}\"U\AE\OE\O\AA\L\SS", "ÉÜÆŒØÅŁẞ"),
        (r"Stra\ss e Stra{\ss}e Stra\ss{}e Gau\ss", "Straße Straße Straße Gauß"),
        (r"S\o ren S{\o}ren S\o{}ren", "Søren Søren Søren"),
        (r"\omega \ohm", r"\omega \ohm"),
        (r"\dj\DJ\dh\th\TH\ng\i\j", "đĐðþÞŋıȷ"),
        (r"\'{et}at \'{}x \~{}user \^{}", "état 'x ~user ^"),
        (r"{BERT}: {P}re-{{T}}raining", "BERT: Pre-Training"),
        (r"A \& B, 100\%, \#1, \$5, a\_b, \{x\}", "A & B, 100%, #1, $5, a_b, {x}"),
        (r"1--2 --- ``x'' `y' -", "1–2 — “x” `y' -"),
        (r"a~b a\ b a\,b a\\b re\-port \/", "a b a b a b a b report "),
        (r"\emph{very} {\bf bold} \textsc{Small Caps} \mbox{x y}", "very bold Small Caps x y"),
        (r"\textquoteright\textendash{}\textbackslash \ldots \LaTeX{} \S 3", r"’–\…LaTeX §3"),
        (r"$k$-means, $\mathcal{O}(n^{2})$ {and} $\'x$", r"$k$-means, $\mathcal{O}(n^{2})$ and $\'x$"),
        (r"costs $5 {or} more", "costs $5 or more"),
        (r"\foo{bar} \aap \mathcal{O}(n) {\unknown}x \foo*", r"\foo bar \aap \mathcal O(n) \unknown x \foo "),
        (r"\url{https://x.org/~a--b\_c?d=\%7E} {x}", "https://x.org/~a--b_c?d=%7E x"),
        (r"see https://x.org/\~{}a/b--c\_d and a--b", "see https://x.org/~a/b--c_d and a–b"),
        (r"\href{https://x.org/a}{the {P}age}", "the Page"),
        ("\\", "\\"),
        ("{\\", "\\"),
        ("{}", ""),
        ("", ""),
    ],
)
def test_texts_read_as_they_are_printed(text: str, wanted: str) -> None:
    assert latex.plain(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"10.5555/978-3\_49", "10.5555/978-3_49"),
        (r"{https://x.org/\%7Eb\#c\&d--e~f}", "https://x.org/%7Eb#c&d--e~f"),
        (r"https://x.org/\~{}a", "https://x.org/~a"),
        ("https://x.org/a_b", "https://x.org/a_b"),
        ("", ""),
    ],
)
def test_addresses_lose_nothing_but_backslashes_and_braces(text: str, wanted: str) -> None:
    assert latex.address(text) == wanted


@settings(max_examples=400, deadline=None)
@given(st.text("\\{}$~-`'\"aiou :/^&", max_size=40))
def test_any_text_is_read_and_holds_no_bare_brace(text: str) -> None:
    found = latex.plain(text)
    if not any(hidden in text for hidden in ("$", "\\", "//")):
        assert found == latex.plain(found) or "-" in text or "`" in text or "'" in text
        assert "{" not in found and "}" not in found


@pytest.mark.parametrize(
    "piece",
    [
        "\\",
        "{",
        "}",
        "$",
        "\\$",
        "$\\$",
        "\\'",
        "\\'{",
        "\\'{\\",
        "\\c ",
        "\\url{",
        "\\url{x",
        "\\href",
        "//",
        "://",
        ":{}",
        "-",
        "`",
        "'",
        "~",
        "\\a",
        "\\a ",
        "\\a{",
        "{\\",
        "{{\\",
        "\\ ",
        '{\\"o}',
        "x",
        "$x$",
        "\\'{a",
        "}\\",
    ],
)
@pytest.mark.parametrize("before", ["", "\\", "$", "{", ":"])
def test_hostile_texts_are_read_in_no_time(piece: str, before: str) -> None:
    text = before + piece * (1_000_000 // len(piece))
    started = time.process_time()
    latex.plain(text)
    latex.address(text)
    assert time.process_time() - started < 3

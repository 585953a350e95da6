from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms import dates, identifiers
from etl.transforms.links import MAX_URLS, URL_HINT, find_urls, links_in_cell, links_in_text
from etl.transforms.sentences import sentences
from etl.transforms.statements import HINTS, code_statement
from etl.transforms.text import one_line, paragraphs, title_key

REPOSITORY = "https://github.com/owner/name"


FOUND = [
    "Code: https://github.com/owner/name.",
    "Code (https://github.com/owner/name).",
    "Code [https://github.com/owner/name], and more.",
    "Code <https://github.com/owner/name>!",
    "Code 'https://github.com/owner/name'.",
    "Code https://github.com/owner/name; data elsewhere",
    "Code https://github.com/owner/name...",
    "Code is at \\url{https://github.com/owner/name}.",
    "Code is at \\href{https://github.com/owner/name}{here}.",
    "Code is [here](https://github.com/owner/name).",
    "Code is at **https://github.com/owner/name**.",
    "Code is at $\\href{https://github.com/owner/name}{link}$",
    "Code is at git@github.com:owner/name.git.",
    "Code is at github.com/owner/name, soon",
    "Code is at www.github.com/owner/name",
    "Code is at https://github.com/owner/name.git",
    "Code is at https://github.com/owner/name/tree/main/sub.",
    "CODE IS AT HTTPS://GITHUB.COM/owner/name",
    "代码：https://github.com/owner/name",
]


@pytest.mark.parametrize("text", FOUND)
def test_a_repository_is_found_whatever_stands_around_it(text: str) -> None:
    (link,) = links_in_text(text)
    assert (link.target.url, link.kind) == (REPOSITORY, "repository")


@pytest.mark.parametrize(
    "text",
    [
        "代码：https://github.com/owner/name。",
        "（https://github.com/owner/name），更多",
        "Code “https://github.com/owner/name”",
    ],
)
def test_punctuation_outside_ascii_ends_a_url(text: str) -> None:
    assert [link.target.url for link in links_in_text(text)] == [REPOSITORY]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://example.org/wiki/Rain_(weather)", "https://example.org/wiki/Rain_(weather)"),
        ("see (https://example.org/wiki/Rain_(weather)).", "https://example.org/wiki/Rain_(weather)"),
        ("https://lab.github.io/a\\_b", "https://lab.github.io/a_b"),
        ("page: lab.github.io/project.", "https://lab.github.io/project"),
        ("http://example.org/a?b=c&d=e,", "http://example.org/a?b=c&d=e"),
    ],
)
def test_a_url_ends_where_it_should(text: str, wanted: str) -> None:
    assert [target.url for _, _, target in find_urls(text)] == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We use github heavily.",
        "someone@github.com",
        "see github.com",
        "the file a/github.com/owner",
        "e.g.this, i.e.that",
        "https:// github .com/owner/name",
    ],
)
def test_no_link_is_made_up(text: str) -> None:
    assert [link.target.url for link in links_in_text(text) if link.kind == "repository"] == []


@given(st.text(alphabet=st.sampled_from(list("ab /.:()[]{}\\\n,;https github.com@_-é。")), max_size=120))
def test_evidence_holds_the_span_of_its_link(text: str) -> None:
    for link in links_in_text(text + " https://github.com/owner/name, " + text):
        whole = text + " https://github.com/owner/name, " + text
        span = whole[link.start : link.end]
        assert span.strip() == span != ""
        assert span in link.evidence
        assert link.evidence in whole
        assert 0 <= link.confidence <= 1


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("Our code is available at https://github.com/owner/name.", True),
        ("We release the code: https://github.com/owner/name", True),
        ("The dataset can be found here https://github.com/owner/name", True),
        ("It is based on https://github.com/owner/name.", False),
        ("We start from a fork, adapted from https://github.com/owner/name.", False),
        ("See https://github.com/owner/name for more.", True),
        ("Rain, as https://github.com/owner/name shows.", None),
        ("Our roof is adapted from the tiles of Rain (https://github.com/owner/name).", False),
        ("We compare with Roof (https://github.com/owner/name).", False),
        ("Our code, based on Roof, is available at https://github.com/owner/name.", True),
        ("We use rain gauges such as https://github.com/owner/name.", False),
        ("Project page: https://github.com/owner/name", True),
        ("Our code is public. https://github.com/owner/name", True),
        ("Rain falls. https://github.com/owner/name", None),
    ],
)
def test_the_sentence_says_whose_a_link_is(text: str, official: bool | None) -> None:
    (link,) = links_in_text(text)
    assert link.is_official is official


def test_the_evidence_is_the_sentence_of_the_link_alone() -> None:
    text = "Rain falls, e.g. in May. Our code is at https://github.com/owner/name. More rain falls."
    (link,) = links_in_text(text)
    assert link.evidence == "Our code is at https://github.com/owner/name."
    assert link.evidence_kind == "abstract_sentence"
    assert text[link.start : link.end] == REPOSITORY


def test_a_link_alone_has_no_sentence() -> None:
    (link,) = links_in_text("Rain falls. https://github.com/owner/name")
    assert link.evidence_kind == "abstract_url"


def test_a_link_named_twice_is_one_link_with_the_better_evidence() -> None:
    text = "As in https://github.com/owner/name before. Our code is available at https://github.com/Owner/Name."
    (link,) = links_in_text(text)
    assert link.is_official is True
    assert link.start > 30


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("https://github.com/owner/name\n", [REPOSITORY]),
        ("https://github.com/owner/\nname", [REPOSITORY]),
        ("https://github.com/owner/name//", [REPOSITORY]),
        ("https://github.com/owner/name; https://example.org/a", [REPOSITORY, "https://example.org/a"]),
        ("https://github.com/owner/name https://github.com/Owner/Name.git", [REPOSITORY]),
        ("https://github.com/owner/name,https://gitlab.com/a/b", [REPOSITORY, "https://gitlab.com/a/b"]),
        ("none yet", []),
        ("", []),
        ("javascript:alert(1)", []),
    ],
)
def test_a_cell_holds_links_and_stray_blanks(cell: str, wanted: list[str]) -> None:
    assert [target.url for target in links_in_cell(cell)] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("We use e.g. rain. Done.", ["We use e.g. rain.", "Done."]),
        ("Wei et al. say so. Done.", ["Wei et al. say so.", "Done."]),
        ("A line\nanother line", ["A line", "another line"]),
        ("Version 1.5 is at a.org/b.c now.", ["Version 1.5 is at a.org/b.c now."]),
        ("(One.) Two.", ["(One.)", "Two."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, wanted: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == wanted


HOSTILE = {
    "words": "rain falls on tidal pools ",
    "schemes": "https://",
    "schemes without hosts": "https://x ",
    "urls": "https://example.org/{} ",
    "urls between bars": "https://example.org/{}|",
    "sentences with urls": "See https://example.org/{} now. ",
    "cut urls": "https://github.com/a-\n",
    "pages": "lab.github.io ",
    "deep pages": "https://lab.github.io" + "/index.html" * 150 + "x ",
    "dotted names": "https://github.com/owner/" + "." * 1_900 + "x ",
    "dots": "...",
    "dots apart": ". ",
    "letters and dots": "a.",
    "hosts": "www.a.",
    "owners": "github.com/",
    "mails": "git@a:",
    "marks": "a@a.a:",
    "abbreviations": "e.g. ",
    "code": "code is our code ",
    "code available": "our code, available at code ",
    "promises": "we will release code be made ",
    "newlines": "\n",
    "newlines and blanks": "\n ",
    "carriage returns": "\r\n",
    "blanks": "  ",
    "other blanks": "\u00a0",
    "semicolons": "; ",
    "controls": "\x01",
    "accents": "e\u0301",
    "backslashes": "\\_",
    "long name": "a-",
    "dashes": "-",
    "opening brackets": "(",
    "closing brackets": "https://example.org/" + ")" * 100_000,
    "identifiers": "10.1234/",
    "numbers": "2506.",
    "days": "1 Jan 20",
    "cut paths": "https://github.com/a/ b_",
    "cut names": "github.com/a/b- ",
    "cut hosts": "github. com/",
    "hyphens": "- ",
    "slashes": "/ ",
    "articles": "the ",
    "subjects": "we and ",
    "open tools": "we present an open source ",
    "made public": "code will be made ",
    "requests": "tool on request ",
    "hosts of many labels": "a.b.c.d.e.com/",
    "percent signs": "https://a.bc/%",
    "letters without blanks": "例.com/",
}


def in_column(transform: Callable[[pl.Expr], pl.Expr]) -> Callable[[str], object]:
    return lambda text: pl.DataFrame({"text": [text]}).select(transform(pl.col("text")))


TRANSFORMS: dict[str, Callable[[str], object]] = {
    "links_in_text": links_in_text,
    "links_in_cell": links_in_cell,
    "find_urls": lambda text: list(find_urls(text)),
    "sentences": lambda text: list(sentences(text)),
    "code_statement": code_statement,
    "hints": in_column(
        lambda text: pl.concat_list(text.str.contains(hint) for hint in (URL_HINT, *chain.from_iterable(HINTS)))
    ),
    "one_line": in_column(one_line),
    "paragraphs": in_column(paragraphs),
    "title_key": in_column(title_key),
    "arxiv_id": in_column(identifiers.arxiv_id),
    "doi": in_column(identifiers.doi),
    "iso_day": in_column(dates.iso_day),
    "rfc2822_day": in_column(dates.rfc2822_day),
}
SHORT, LONG = 25_000, 100_000
# Work that grows with the length takes four times as long for four times the text; with its square, sixteen times.
# What a short text takes at least is the caches and the clock.
GROWTH, LEAST = 10, 0.004


def seconds(transform: Callable[[str], object], text: str) -> float:
    taken = []
    for _ in range(3):
        started = time.process_time()
        transform(text)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_work_for_hostile_texts_grows_with_their_length_alone(transform: str) -> None:
    grown = {}
    for name, piece in HOSTILE.items():
        short, long = (
            "".join(piece.replace("{}", str(n)) for n in range(length // len(piece) + 1)) for length in (SHORT, LONG)
        )
        grown[name] = seconds(TRANSFORMS[transform], long) / max(seconds(TRANSFORMS[transform], short), LEAST)
    assert {name: ratio for name, ratio in grown.items() if ratio > GROWTH} == {}


def test_of_many_links_the_first_are_kept() -> None:
    text = " ".join(f"https://example.org/{n}" for n in range(MAX_URLS + 50))
    wanted = [f"https://example.org/{n}" for n in range(MAX_URLS)]
    assert [link.target.url for link in links_in_text(text)] == wanted
    assert [target.url for target in links_in_cell(text)] == wanted


@pytest.mark.parametrize("blank", [" ", "\n", "\u00a0", "\t", "。", "|"])
def test_every_stretch_of_a_text_is_searched(blank: str) -> None:
    text = blank.join(
        ["rain", "https://example.org/a", "0.5", "lab.github.io", "e.g.", "www.9.xy", "git@github.com:a/b"]
    )
    wanted = ["https://example.org/a", "https://lab.github.io", "https://www.9.xy", "https://github.com/a/b"]
    assert [target.url for _, _, target in find_urls(text)] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Code: https://github.com/\nowner/long-name.", "owner/long-name"),
        ("Code: https://github.com/owner/\nlong-name.", "owner/long-name"),
        ("Code: https://github.com/owner/ long_name and data", "owner/long_name"),
        ("Code: github.com/owner/\nrain-on-\nroofs", "owner/rain-on-roofs"),
        ("Code: https://github.com/owner/Rain-\nRoofs2025.", "owner/Rain-Roofs2025"),
        ("Code: https://github. com/owner/name.", "owner/name"),
        ("Code: github.\ncom/owner/name.", "owner/name"),
        ("Code: https:\n//github.com/owner/name.", "owner/name"),
        ("Code: https:// github.com/owner/name.", "owner/name"),
        ("Code: https: //github.com/owner/name.", "owner/name"),
        ("Code: https:/github.com/owner/name.", "owner/name"),
        # What may be the next word of the sentence is none of the URL.
        ("Code: https://github.com/owner/\nsoon.", None),
        ("Code: https://github.com/owner/ roofs. Rain.", None),
        ("Code: https://github.com/owner/\n--.", None),
        ("Code: https://github.com/\nand more", None),
        ("Code: https://github.com/ input/output", None),
        ("Code: https://github.com/owner/ PyTorch implementation", None),
        ("Code: github.com/owner/\nrain-on-\nand more", None),
        ("Code: https://github.com/owner/rain- and more", "owner/rain-"),
        ("Code: https://github.com/owner/name\nroofs-2", "owner/name"),
    ],
)
def test_a_url_over_several_lines_is_joined_only_where_that_is_certain(text: str, wanted: str | None) -> None:
    found = [link for link in links_in_text(text) if link.kind == "repository"]
    assert [link.target.url for link in found] == ([f"https://github.com/{wanted}"] if wanted else [])
    assert all("".join(text[link.start : link.end].split()) in "".join(text.split()) for link in found)


def test_a_joined_url_keeps_its_place_and_its_sentence() -> None:
    text = "Rain falls. Code: github. com/owner/ rain_roofs. More rain."
    (link,) = links_in_text(text)
    assert text[link.start : link.end] == "github. com/owner/ rain_roofs"
    assert link.evidence == "Code: github. com/owner/ rain_roofs."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("at example.org/rain/roofs now", ["https://example.org/rain/roofs"]),
        ("visit Example.com or rain.org today", []),
        ("run train.py/test.py and a.out/b", []),
        ("rain.com/roofs.com", []),
        ("read https://github.com/owner/name的代码", [REPOSITORY]),
        ("https://lab.github.io的", ["https://lab.github.io"]),
        ("_https://example.org/a_", ["https://example.org/a"]),
        ("https://example.org/a_ b", ["https://example.org/a_"]),
        ("https://example.org/a's roof", ["https://example.org/a"]),
        ("github.com:owner/name", [REPOSITORY]),
        ("//github.com/owner/name", [REPOSITORY]),
        ("ssh to git@gitlab.lab.org:owner/name.git.", ["https://gitlab.lab.org/owner/name"]),
        ("https://user:secret@example.org/a", []),
        ("https://github.com@example.org/owner/name", []),
        ("https://github.com.example.org/owner/name", ["https://github.com.example.org/owner/name"]),
    ],
)
def test_shapes_of_urls(text: str, wanted: list[str]) -> None:
    assert [target.url for _, _, target in find_urls(text)] == wanted


@pytest.mark.parametrize("text", FOUND)
def test_the_hint_passes_every_link(text: str) -> None:
    assert pl.Series([text, text.upper()]).str.contains(URL_HINT).all()

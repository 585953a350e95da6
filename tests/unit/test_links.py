from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms.links import find_urls, links_in_cell, links_in_text
from etl.transforms.sentences import sentences

REPOSITORY = "https://github.com/owner/name"


@pytest.mark.parametrize(
    "text",
    [
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
    ],
)
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
        ("See https://github.com/owner/name for more.", None),
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
        ("https://github.com/owner/na me", [REPOSITORY]),
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
    "urls": "https://example.org/a ",
    "sentences with urls": "See https://example.org/{} now. ",
    "dots": "...",
    "hosts": "www.a.",
    "owners": "github.com/",
    "mails": "git@a:",
    "code": "code is our code ",
    "newlines": "\n",
    "backslashes": "\\_",
    "long name": "a-",
}


def _seconds(text: str) -> float:
    started = time.process_time()
    links_in_text(text)
    return time.process_time() - started


def _ratio(text: str, size: int = 100_000) -> float:
    """How much longer four times the text takes."""
    small, large = text[: size // 4], text[:size]
    slow = min(_seconds(large) for _ in range(3))
    # Below this the clock and the collector say more than the text.
    return 1.0 if slow < 0.05 else slow / max(min(_seconds(small) for _ in range(3)), 1e-6)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_time_in_proportion_to_their_length(name: str) -> None:
    piece = HOSTILE[name]
    text = "".join(piece.replace("{}", str(n)) for n in range(100_000 // len(piece) + 1))
    assert _ratio(text) < 9


def test_a_url_with_many_closing_brackets_takes_time_in_proportion() -> None:
    assert _ratio("https://example.org/" + ")" * 20_000, 20_000) < 9

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.transforms.statements import MAX_TEXT, candidates, code_statement

CASES = [
    ("Code will be released soon.", "promised"),
    ("Our code will be made publicly available.", "promised"),
    ("We will release the code and weights.", "promised"),
    ("We plan to open-source our implementation.", "promised"),
    ("The source code shall be published upon acceptance.", "promised"),
    ("Code is coming soon.", "promised"),
    ("Code is available upon request.", "on_request"),
    ("The software is provided on reasonable request.", "on_request"),
    ("Our code is publicly available.", "claimed_without_link"),
    ("We release our code.", "claimed_without_link"),
    ("The implementation has been open-sourced.", "claimed_without_link"),
    ("We make the training scripts public, and publish the code.", "claimed_without_link"),
    ("Code and roofs are to be released on acceptance.", "promised"),
    ("We are committed to open-sourcing the roofs and their code.", "promised"),
    ("The toolbox will be open-sourced.", "promised"),
    ("Roofs will be made open source under a free licence.", "promised"),
    ("The code is coming online soon.", "promised"),
    ("Upon acceptance, we will release all roofs, weights, and code.", "promised"),
    ("Our code will be made available upon request.", "on_request"),
    ("The simulator can be obtained from the authors.", "on_request"),
    ("Scripts are available from the corresponding author.", "on_request"),
    ("Code is available from the authors' website.", "claimed_without_link"),
    ("We provide Roof as an open-source library for rain.", "claimed_without_link"),
    ("We introduce Roof, an open-source library for rain.", "none"),
    ("Roof is an open source toolkit for rain.", "none"),
    ("The toolbox is freely available online.", "claimed_without_link"),
    ("All roofs and methods are publicly available on GitHub.", "claimed_without_link"),
    ("We make our software and data available.", "claimed_without_link"),
    ("By releasing the roofs and their code, we help.", "claimed_without_link"),
    ("Codes and data are provided in the supplement.", "claimed_without_link"),
    ("We study code generation.", "none"),
    ("We will release the data set.", "none"),
    ("Our data set is available upon request.", "none"),
    ("No code is available.", "none"),
    ("Authors should make code available.", "none"),
    ("The source code of most roofs is not available.", "none"),
    ("We choose the code rate on a per request basis.", "none"),
    ("Codes can be read as soon as they are received.", "none"),
    ("We evaluate ten open-source models.", "none"),
    ("We provide an implementation and experiments.", "none"),
    ("Code completion is available in editors.", "none"),
    ("The weights are released.", "none"),
    ("Rain is provided by clouds.", "none"),
    ("We release the encoder.", "none"),
    ("", "none"),
]


@pytest.mark.parametrize(("sentence", "wanted"), CASES)
def test_what_a_sentence_says_of_code(sentence: str, wanted: str) -> None:
    statement, evidence = code_statement(f"Rain falls. {sentence} More rain falls.")
    assert statement == wanted
    assert evidence == (None if wanted == "none" else sentence)


def is_hinted(text: str) -> bool:
    return candidates(pl.DataFrame({"text": [text]})).height == 1


@pytest.mark.parametrize("sentence", [sentence for sentence, wanted in CASES if wanted != "none"])
@pytest.mark.parametrize("spelled", [str, str.upper, "Rain falls, {} More rain.".format, "Pluie d’été, {}".format])
def test_the_hints_pass_every_statement(sentence: str, spelled: Callable[[str], str]) -> None:
    assert is_hinted(spelled(sentence))


WORDS = (
    "code Codes implementation software scripts encode training our the we and will to is are be been has have shall "
    "plan intend going make made release released available publicly freely open-sourced public share on upon request "
    "reasonable soon coming after acceptance with a . ! ? , \n e.g. Code naïve source "
    "toolbox library from authors by github open source our is an"
).split(" ")


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
@example("The code and all of its many parts will then be made available.")
@example("Software is freely available")
@example("we make the tool and all of it public")
def test_what_the_hints_leave_out_says_nothing(text: str) -> None:
    if not is_hinted(text):
        assert code_statement(text) == ("none", None)


@pytest.mark.parametrize(
    "text", ["The encoder is available.", "Code runs. It falls.", "We provide rain.", "Rain falls."]
)
def test_the_hints_leave_out_most_texts_without_a_statement(text: str) -> None:
    assert not is_hinted(text)


def test_what_follows_a_long_text_is_not_looked_at() -> None:
    rain = "Rain falls. " * (MAX_TEXT // 12 + 1)
    assert code_statement(rain + "We release our code.") == ("none", None)
    assert code_statement("We release our code. " + rain)[0] == "claimed_without_link"


def test_a_promise_says_more_than_a_claim() -> None:
    assert code_statement("Our code is available. Our code will be released.")[0] == "promised"


def test_a_claim_with_a_link_is_no_bare_claim() -> None:
    assert code_statement("Our code is available at https://example.org/code.")[0] == "none"

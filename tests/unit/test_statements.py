from __future__ import annotations

import polars as pl
import pytest

from etl.transforms.statements import CODE_HINT, GIVING_HINT, code_statement

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
    ("We study code generation.", "none"),
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


@pytest.mark.parametrize(("sentence", "wanted"), [case for case in CASES if case[1] != "none"])
def test_the_hints_pass_every_statement(sentence: str, wanted: str) -> None:
    row = pl.DataFrame({"text": [sentence]})
    assert row.select(pl.col("text").str.contains(CODE_HINT) & pl.col("text").str.contains(GIVING_HINT)).item()


def test_a_promise_says_more_than_a_claim() -> None:
    assert code_statement("Our code is available. Our code will be released.")[0] == "promised"


def test_a_claim_with_a_link_is_no_bare_claim() -> None:
    assert code_statement("Our code is available at https://example.org/code.")[0] == "none"

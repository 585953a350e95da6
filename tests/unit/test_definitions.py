from __future__ import annotations

import time

import polars as pl
import pytest

from etl.transforms.definitions import LOOKED_AT, short_form
from etl.transforms.keyphrases import Found, with_definitions


def said(abstract: str, title: str = "On kelp") -> Found:
    return with_definitions(pl.DataFrame({"row": [0], "title": [title], "abstract": [abstract]}))


def defined(abstract: str, title: str = "On kelp") -> list[tuple[str, str]]:
    return said(abstract, title).definitions.select("short_form", "phrase").rows()


@pytest.mark.parametrize(
    ("text", "short", "phrase"),
    [
        ("We ask large language models (LLMs) of the tide.", "LLM", "large language models"),
        ("The kelp harvest planner (KHP) is told of storms.", "KHP", "kelp harvest planner"),
        ("We use non-negative matrix factorization (NMF).", "NMF", "non-negative matrix factorization"),
        ("It learns by long short-term memory (LSTM).", "LSTM", "long short-term memory"),
        ("We need simultaneous localization and mapping (SLAM).", "SLAM", "simultaneous localization and mapping"),
        ("Then the area under the curve (AUC) is small.", "AUC", "area under the curve"),
        ("The LLM (large language model) of the harbour.", "LLM", "large language model"),
        ("The kelp network (KelpNet) sees more.", "KELPNET", "kelp network"),
        ("Signals of electroencephalography (EEG) are weak.", "EEG", "electroencephalography"),
        ("Graph attention networks (GANs; first of their kind) help.", "GAN", "graph attention networks"),
        ("Kelp health (KH, as said before) is measured.", "KH", "kelp health"),
    ],
)
def test_a_definition_gives_the_short_and_the_long_form(text: str, short: str, phrase: str) -> None:
    assert defined(text) == [(short, phrase)]


@pytest.mark.parametrize(
    "text",
    [
        "We train networks on kelp (GAN).",
        "The harbour of the north (USA) is cold.",
        "Nets (N) are wet.",
        "Kelp, harvest, planner (KHP) are three words.",
        "Figures (a) and (b) and (II) show it.",
        "A multi-kelp harvest planner (KHP) begins inside a compound.",
        "(KHP)",
        "KHP (",
        "We measure of the (OT).",
    ],
)
def test_what_defines_nothing_gives_nothing(text: str) -> None:
    assert defined(text) == []


def test_the_first_definition_of_a_text_counts() -> None:
    assert defined("Kelp area maps (KAM) and kinetic ant models (KAM).") == [("KAM", "kelp area maps")]


def test_a_definition_does_not_reach_into_another_text() -> None:
    texts = pl.DataFrame({"row": [0, 1], "title": ["Large language", "models (LLM)"], "abstract": ["models", "x"]})
    assert with_definitions(texts).definitions.height == 0


@pytest.mark.parametrize(
    ("word", "form"),
    [("LLMs", "LLM"), ("IoT", "IOT"), ("AIDS", "AIDS"), ("Kelp", None), ("kelp", None), ("K", None), ("Ks", None)],
)
def test_short_forms_are_words_in_capitals(word: str, form: str | None) -> None:
    assert short_form(word) == form


def test_a_title_all_in_capitals_has_no_short_forms() -> None:
    shouted = said("Tides are measured here and there by eye.", "KELP AND TIDES").ranked
    assert shouted.height > 0
    assert shouted["short_form"].null_count() == shouted.height
    assert "GPU" in said("A GPU counts the tides. The GPU is fast.", "Tides by GPU").ranked["short_form"].to_list()


@pytest.mark.parametrize(
    "text", ["(AA) " * 4_000, "a " * 9_000 + "(AAAAAAAAAA)", "AB (" * 5_000, "aa ab " * 3 + "(AB) " * 3_000]
)
def test_hostile_brackets_are_looked_at_a_bounded_number_of_times(text: str) -> None:
    begun = time.process_time()
    found = said(text).definitions
    assert found.height <= 2 * LOOKED_AT
    # Thousands of brackets would take minutes if each were looked at.
    assert time.process_time() - begun < 10

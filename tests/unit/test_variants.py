from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms.variants import key_of, variant_key, word_key

SAME = [
    "data set|data-set|dataset|Data Sets|datasets",
    "kelp behaviour|kelp behavior|kelp behaviors|Kelp Behaviours",
    "tide modelling|tide modeling",
    "shopping centre|shopping center|shopping centres",
    "normalisation|normalization",
    "optimised harvest|optimized harvest",
    "analyser|analyzer",
    "labelled kelp|labeled kelp",
    "travelling salesman|traveling salesman",
    "signalling|signaling",
    "totalling|totaling",
    "optical fibre|optical fiber|optical fibers",
    "catalogue|catalog|catalogues",
    "anaemia|anemia",
    "haemoglobin|hemoglobin",
    "defence|defense",
    "manoeuvre|maneuver|manoeuvres",
    "parametrisation|parametrization|parameterization",
    "computer programme|computer program",
    "world model|world models|World-Models|world  model",
    "sensor network|sensors network|sensor networks|sensors networks",
    "tidal analysis|tidal analyses",
    "inductive bias|inductive biases",
    "index|indices|indexes",
    "matrix|matrices",
    "criterion|criteria",
    "hypothesis|hypotheses",
    "lens|lenses",
    "gravitational microlens|gravitational microlenses",
    "virus|viruses",
    "coronavirus|coronaviruses",
    "cache|caches",
    "step size|step sizes|stepsize",
    "box|boxes",
    "loss|losses",
    "process|processes",
    "study|studies",
    "movie|movies",
    "heuristic|heuristics",
    "state|states",
    "gan|gans",
    "llm|llms",
    "gpu|gpus",
    "Bell's inequality|bell’s inequalities|Bells inequality|bell inequality",
    "naïve Bayes|naive Bayes|naive-bayes",
    "Schrödinger equation|Schrodinger equations",
    "Erdős graph|Erdos graphs",
    "on-line learning|online learning",
    "3d tides|3-d tides",
]
APART = [
    "news|new",
    "aids|aid",
    "sars|sar",
    "physics|physic",
    "dynamics|dynamic",
    "robotics|robotic",
    "bias|bia",
    "lens|len",
    "series|serie",
    "mars|mar",
    "adams method|adam method",
    "corpus|corpu",
    "analysis|analysi",
    "basis|base",
    "glass|glas",
    "tidal bus|tidal bu",
    "gauss|gaus",
    "tour|tor",
    "hour|hor",
    "four|for",
    "ss|sse",
    "maps|mapes",
    "calling|caling",
    "rain|train",
    "world model|word model",
    "data|datum",
    "policy|police",
    "university|universe",
    "organ|organisation",
]


@pytest.mark.parametrize("variants", SAME)
def test_variants_of_one_keyword_have_one_key(variants: str) -> None:
    assert len({key_of(variant) for variant in variants.split("|")}) == 1


@pytest.mark.parametrize("words", APART)
def test_different_keywords_have_different_keys(words: str) -> None:
    one, other = words.split("|")
    assert key_of(one) != key_of(other)


def test_a_column_of_phrases_has_the_keys_of_each() -> None:
    phrases = pl.Series(["Data Sets", None, "tides", "…", ""])
    assert pl.select(variant_key(pl.lit(phrases))).to_series().to_list() == ["dataset", None, "tide", "…", ""]


@given(st.text(max_size=60))
def test_a_key_does_not_depend_on_case_hyphens_and_blanks(text: str) -> None:
    plain = "a " + "".join(sign for sign in text if sign.isascii())
    key = key_of(plain)
    assert key_of(plain.upper()) == key
    assert key_of(plain.replace(" ", "-")) == key_of(plain.replace(" ", "  "))


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True))
def test_the_key_of_a_word_is_never_empty(word: str) -> None:
    assert word_key(word)


@pytest.mark.parametrize("part", ["a", "l", "'", "a'", "aemi", "our", "sulph", "a-", "é", "ell", "is"])
def test_keys_take_time_in_proportion_to_the_letters(part: str) -> None:
    def seconds(size: int) -> float:
        text = part * (size // len(part))
        begun = time.process_time()
        key_of(text)
        return time.process_time() - begun

    # Sixteen times the letters; what is quadratic takes 256 times as long.
    assert seconds(1_600_000) < 100 * max(seconds(100_000), 0.002)

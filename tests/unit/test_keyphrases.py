from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl.transforms.keyphrases import KEPT, keyphrases, with_definitions
from etl.transforms.phrases import MAX_BYTES
from etl.transforms.variants import variant_key
from etl.transforms.vocabulary import FUNCTION_WORDS, NOT_ALONE, SCHOLARLY_WORDS
from etl.transforms.words import MAX_WORDS
from tests.factories import abstract, title

TEXT = (
    "Large language models (LLMs) hallucinate. We propose a novel method that reduces hallucination of large language "
    "models by retrieval-augmented generation. Retrieval-augmented generation is evaluated on hospital discharge "
    "letters. Extensive experiments show that our approach outperforms the state of the art. "
    "Code is available at https://github.com/owner/name."
)


def found(*texts: tuple[str | None, str | None]) -> pl.DataFrame:
    return keyphrases(
        pl.DataFrame(
            {"row": range(len(texts)), "title": [one for one, _ in texts], "abstract": [two for _, two in texts]},
            schema={"row": pl.Int64, "title": pl.String, "abstract": pl.String},
        )
    )


def test_topics_come_out_ranked() -> None:
    phrases = found(("Retrieval-Augmented Generation for Large Language Models", TEXT))
    assert {"large language models", "retrieval-augmented generation", "hospital discharge letters"} <= set(
        phrases["phrase"]
    )
    assert phrases["rank"].to_list() == list(range(1, phrases.height + 1))
    assert phrases["score"].is_sorted(descending=True)
    in_title = dict(phrases.select("phrase", "in_title").iter_rows())
    assert in_title["large language models"]
    assert not in_title["hospital discharge letters"]


def test_an_acronym_goes_with_the_phrase_that_defines_it() -> None:
    texts = pl.DataFrame({"row": [7], "title": ["A Study of LLMs"], "abstract": [TEXT]})
    said = with_definitions(texts)
    assert said.definitions.rows() == [(7, "LLM", "large language models", variant_of("large language model"))]
    assert "large language models" in said.ranked["phrase"].to_list()
    assert "llms" not in said.ranked["phrase"].to_list()


def variant_of(phrase: str) -> str:
    return pl.select(variant_key(pl.lit(phrase))).item()


_WORDS = st.sampled_from(
    [
        *sorted(FUNCTION_WORDS | SCHOLARLY_WORDS | NOT_ALONE)[::7],
        "rain",
        "tidal pool",
        ".",
        ",",
        "https://a.org/b",
        "$x^2$",
    ]
)


@settings(max_examples=40)
@given(st.lists(_WORDS, max_size=40), st.lists(_WORDS, max_size=8))
def test_stop_words_never_come_out(words: list[str], titled: list[str]) -> None:
    phrases = found((" ".join(titled), " ".join(words)))["phrase"].to_list()
    for phrase in phrases:
        assert not set(phrase.split()) & (FUNCTION_WORDS | SCHOLARLY_WORDS)
        assert phrase not in NOT_ALONE
        assert len(phrase.split()) <= MAX_WORDS
        assert len(phrase) <= MAX_BYTES
    assert len(phrases) <= KEPT
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize("phrase", ["this paper", "we propose", "github", "https", "the results", "our approach"])
def test_phrases_that_say_nothing_stay_out(phrase: str) -> None:
    assert phrase not in found((phrase, f"{phrase} {TEXT} {phrase}"))["phrase"].to_list()


@pytest.mark.parametrize(
    "variants",
    [
        ("world model", "world models", "World-Models", "world  model"),
        ("large language model", "large language models", "large-language models"),
        ("tidal study", "tidal studies"),
        ("search", "searches"),
        ("loss", "losses"),
        ("vision-language-action model", "vision language action models"),
    ],
)
def test_variants_share_a_key(variants: tuple[str, ...]) -> None:
    assert len({pl.select(variant_key(pl.lit(variant))).item() for variant in variants}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("tidal bus", "tidal bu"), ("analysis", "analysi"), ("glass", "glas"), ("corpus", "corpu"), ("rain", "train")],
)
def test_different_words_have_different_keys(one: str, other: str) -> None:
    assert pl.select(variant_key(pl.lit(one))).item() != pl.select(variant_key(pl.lit(other))).item()


@pytest.mark.parametrize(
    "text",
    ["", " ", None, "$$\\frac{a}{b}$$", "\\begin{equation} x^2 \\end{equation}", "... , ; !", "12 34 56", "é", "\x00"],
)
def test_texts_without_words_have_no_phrases(text: str | None) -> None:
    phrases = found((text, text))
    assert phrases.columns == ["row", "phrase", "phrase_key", "short_form", "rank", "score", "in_title"]
    assert set(phrases["phrase"]) <= {"equation", "begin", "end"}


def test_no_rows_give_no_phrases() -> None:
    assert found().height == 0


def test_a_huge_text_is_read_in_bounded_time_and_size() -> None:
    huge = "tidal pool listening " * 100_000
    phrases = found((None, huge), ("a" * 1_000_000, "b-" * 500_000))
    assert phrases.filter(pl.col("row") == 0).height >= 1
    assert phrases["phrase"].str.len_chars().max() <= MAX_BYTES  # type: ignore[operator]


@settings(max_examples=25)
@given(st.permutations(range(6)), st.integers(0, 5))
def test_the_ranking_of_a_row_does_not_depend_on_other_rows(order: list[int], kept: int) -> None:
    texts = {n: (title(n), abstract(n, TEXT if n % 2 else "Tidal pools (TP) are wet.")) for n in range(6)}
    frame = pl.DataFrame([{"row": n, "title": texts[n][0], "abstract": texts[n][1]} for n in order])
    together = keyphrases(frame).filter(pl.col("row") == kept)
    alone = keyphrases(frame.filter(pl.col("row") == kept))
    assert_frame_equal(together, alone, check_exact=True)
    assert alone.height >= 3


def test_the_ranking_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import polars as pl; from etl.transforms.keyphrases import keyphrases; "
        f"print(keyphrases(pl.DataFrame({{'row': [1], 'title': ['a'], 'abstract': [{TEXT!r}]}})).write_json())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1

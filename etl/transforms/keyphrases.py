"""Ranked keyphrases of titles and abstracts, vectorised. A ranking depends on its own text and `vocabulary` alone."""

from __future__ import annotations

import polars as pl

from etl.transforms.vocabulary import FUNCTION_WORDS, NOT_ALONE, SCHOLARLY_WORDS

KEPT = 15
MAX_WORDS = 4
MAX_CHARS = 80
# Longer texts say no more of what they are about; the bound keeps a hostile abstract from filling memory.
MAX_TEXT = 20_000

_URL = r"(?:https?://|www\.)\S+|\b[\w.-]+\.(?:com|org|io|net|ai)/\S*"
_LATEX = r"\\[A-Za-z]+\*?|[${}^_~]"
_WORD = r"[\p{L}][\p{L}\p{N}]*(?:[-'’][\p{L}\p{N}]+)*\+*|[\p{N}][\p{L}\p{N}]*(?:-[\p{L}][\p{L}\p{N}]*)+|[^\s\p{L}]"
_LENGTH_WEIGHT = {1: 0.6, 2: 1.0, 3: 1.1, 4: 0.9}
_TITLE_WEIGHT = 2.0
# How fast the weight of a phrase falls with the number of words before it.
_POSITION_SCALE = 60.0
_SHORT_FORM = r"^[A-Z0-9-]*[A-Z][A-Z0-9-]*s?$"
_WORDS = tuple(f"word_{number}" for number in range(MAX_WORDS))
_BOUNDARIES = sorted(FUNCTION_WORDS | SCHOLARLY_WORDS)
_NOT_ALONE = sorted(NOT_ALONE)


def phrase_key(phrase: pl.Expr) -> pl.Expr:
    """What variants of one keyword share: hyphens count as blanks, the last word loses its plural ending."""
    plain = phrase.str.to_lowercase().str.replace_all(r"[-’'\s]+", " ").str.strip_chars()
    return (
        plain.str.replace(r"([^aeiou\s])ies$", "${1}y")
        .str.replace(r"(ch|sh|ss|x)es$", "${1}")
        .str.replace(r"([^su\si])s$", "${1}")
    )


def keyphrases(texts: pl.DataFrame) -> pl.DataFrame:
    """Ranked keyphrases of each row.

    `texts` has `row` (unique), `title` and `abstract`. Returns `row`, `phrase`, `phrase_key`, `acronym`, `rank`,
    `score`, `in_title`, sorted by row and rank: at most `KEPT` a row.
    """
    tokens = _tokens(texts)
    words = tokens.get_column("token").unique().sort()
    best = _scored(_phrases(tokens, words), words)
    ranked = best.sort("row", "score", "phrase", descending=[False, True, False]).with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("row")
    )
    top = ranked.filter(pl.col("rank") <= KEPT)
    with_acronyms = top.join(_acronyms(texts), on=["row", "phrase_key"], how="left", maintain_order="left")
    return with_acronyms.select("row", "phrase", "phrase_key", "acronym", "rank", "score", "in_title")


def _tokens(texts: pl.DataFrame) -> pl.DataFrame:
    """One row a topic word: `row`, `place` in the text, `token` in lower case, `in_title`, `run`, `is_short_form`.

    Words with the same `run` stand side by side, with no other word or punctuation between them.
    """
    cleaned = [
        texts.select(
            "row",
            in_title=pl.lit(field == "title"),
            surface=pl.col(field)
            .fill_null("")
            .str.slice(0, MAX_TEXT)
            .str.replace_all(_URL, " ; ")
            .str.replace_all(_LATEX, " ")
            .str.extract_all(_WORD),
        ).with_columns(place=pl.int_ranges(pl.col("surface").list.len(), dtype=pl.Int64))
        for field in ("title", "abstract")
    ]
    tokens = (
        pl.concat(cleaned)
        .sort("row", "in_title", descending=[False, True], maintain_order=True)
        .explode("surface", "place", empty_as_null=False)
        .with_columns(token=pl.col("surface").str.to_lowercase())
    )
    boundary = (
        pl.col("token").is_in(_BOUNDARIES)
        | ~pl.col("token").str.contains(r"\p{L}")
        | (pl.col("token").str.len_chars() < 2)
    )
    starts = boundary | (pl.col("row") != pl.col("row").shift(1)) | (pl.col("in_title") != pl.col("in_title").shift(1))
    return (
        tokens.with_columns(run=starts.fill_null(True).cum_sum(), boundary=boundary)
        .filter(~pl.col("boundary"))
        .select(
            "row",
            "place",
            "in_title",
            "run",
            "token",
            is_short_form=pl.col("surface").str.contains(_SHORT_FORM) & (pl.col("surface").str.len_chars() <= 8),
        )
    )


def _phrases(tokens: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """One row a phrase of one to four words of a text: its words by number (`word_0` …), `count`, `first` place.

    A phrase that always stands inside the same longer one says less than that one, and is left out.
    """
    numbered = tokens.with_columns(
        word=pl.col("token").replace_strict(words, pl.int_range(1, words.len() + 1, dtype=pl.UInt32, eager=True))
    )
    occurrences = pl.concat(_occurrences(numbered, size) for size in range(1, MAX_WORDS + 1))
    counted = occurrences.group_by("row", *_WORDS).agg(
        count=pl.len(),
        in_title=pl.col("in_title").any(),
        first=pl.col("place").min(),
        is_short_form=pl.col("is_short_form").any(),
        always_after=(pl.col("before").min() == pl.col("before").max()) & (pl.col("before").min() > 0),
        always_before=(pl.col("after").min() == pl.col("after").max()) & (pl.col("after").min() > 0),
    )
    is_longest = pl.col(_WORDS[-1]) > 0
    return counted.filter(is_longest | ~(pl.col("always_after") | pl.col("always_before")))


def _occurrences(numbered: pl.DataFrame, size: int) -> pl.DataFrame:
    """Every place where `size` words stand side by side, with the words before and after; 0 stands for none."""

    def neighbour(step: int) -> pl.Expr:
        same = pl.col("run").shift(-step) == pl.col("run")
        return pl.when(same).then(pl.col("word").shift(-step)).otherwise(0).fill_null(0).cast(pl.UInt32)

    named = {name: neighbour(step) if step < size else pl.lit(0, dtype=pl.UInt32) for step, name in enumerate(_WORDS)}
    return numbered.select(
        "row",
        "place",
        "in_title",
        pl.col("is_short_form") & (size == 1),
        before=neighbour(-1),
        after=neighbour(size),
        **named,
    ).filter(pl.col(_WORDS[size - 1]) > 0)


def _scored(phrases: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """Phrases that can be keyphrases, the best variant of each, with their score."""
    texts = pl.concat([pl.Series(words.name, [""]), words])
    size = pl.sum_horizontal(pl.col(name) > 0 for name in _WORDS).cast(pl.Int64)
    spelled = [pl.lit(texts).gather(pl.col(name)).alias(f"{name}_text") for name in _WORDS]
    phrase = pl.concat_str([f"{name}_text" for name in _WORDS], separator=" ").str.strip_chars_end()
    named = phrases.with_columns(size=size).with_columns(spelled).with_columns(phrase=phrase)
    telling = (
        pl.col("is_short_form")
        | pl.col("phrase").str.contains("-", literal=True)
        | ((pl.col("count") >= 3) & (pl.col("phrase").str.len_chars() >= 5))
    )
    usable = (pl.col("size") > 1) | (telling & ~pl.col("phrase").is_in(_NOT_ALONE))
    weight = pl.col("size").replace_strict(_LENGTH_WEIGHT, return_dtype=pl.Float64)
    place = (1.0 + pl.col("first") / _POSITION_SCALE).log1p()
    score = weight * (pl.col("count") + _TITLE_WEIGHT * pl.col("in_title")).cast(pl.Float64).log1p() / place
    return (
        named.filter(usable & (pl.col("phrase").str.len_chars() <= MAX_CHARS))
        .select("row", "phrase", "in_title", score=score.round(6), phrase_key=phrase_key(pl.col("phrase")))
        .sort("row", "score", "phrase", descending=[False, True, False])
        .unique(["row", "phrase_key"], keep="first", maintain_order=True)
    )


def _acronyms(texts: pl.DataFrame) -> pl.DataFrame:
    """Short forms that a text defines, as in `large language models (LLMs)`: `row`, `phrase_key`, `acronym`."""
    pattern = r"((?:[\p{L}\p{N}-]+\s+){1,5})\(([A-Z][A-Za-z]*[A-Z])s?\)"
    found = (
        texts.select("row", pair=pl.col("abstract").fill_null("").str.slice(0, MAX_TEXT).str.extract_all(pattern))
        .explode("pair", empty_as_null=False)
        .drop_nulls("pair")
        .select(
            "row",
            acronym=pl.col("pair").str.extract(pattern, 2).str.to_uppercase(),
            words=pl.col("pair")
            .str.extract(pattern, 1)
            .str.to_lowercase()
            .str.replace_all("-", " ")
            .str.extract_all(r"[\p{L}\p{N}]+"),
        )
        .with_columns(long=pl.col("words").list.tail(pl.col("acronym").str.len_chars()))
    )
    initials = pl.col("long").list.eval(pl.element().str.slice(0, 1)).list.join("").str.to_uppercase()
    return (
        found.filter(initials == pl.col("acronym"))
        .select("row", "acronym", phrase_key=phrase_key(pl.col("long").list.join(" ")))
        .unique(["row", "phrase_key"], keep="first", maintain_order=True)
    )

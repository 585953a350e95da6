"""Ranked keyphrases of titles and abstracts, vectorised. A ranking depends on its own text and `vocabulary` alone."""

from __future__ import annotations

import polars as pl

from etl.transforms.vocabulary import FUNCTION_WORDS, NOT_ALONE, SCHOLARLY_WORDS

KEPT = 15
MAX_WORDS = 4
MAX_CHARS = 80
# A word that is neither a short form nor a compound must be this long, and be said this often, to stand alone.
MIN_PLAIN_CHARS, MIN_PLAIN_COUNT = 5, 3
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
_NUMBERS = tuple(f"word_{number}" for number in range(MAX_WORDS))
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
    surfaces = _surfaces(texts)
    words = _words(surfaces)
    best = _scored(_phrases(_topic_words(surfaces, words)), words)
    ranked = best.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("row"))
    top = ranked.filter(pl.col("rank") <= KEPT)
    with_acronyms = top.join(_acronyms(texts), on=["row", "phrase_key"], how="left", maintain_order="left")
    return with_acronyms.select("row", "phrase", "phrase_key", "acronym", "rank", "score", "in_title")


def _surfaces(texts: pl.DataFrame) -> pl.DataFrame:
    """One row a word or sign of a text, title first: `row`, `in_title`, `place`, `surface`."""
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
    both = pl.concat(cleaned).sort("row", "in_title", descending=[False, True], maintain_order=True)
    return both.explode("surface", "place", empty_as_null=False)


def _words(surfaces: pl.DataFrame) -> pl.DataFrame:
    """What is said of each surface once: its `word` in lower case, that word's `number` from 1, and what it can be."""
    word = pl.col("surface").str.to_lowercase()
    is_boundary = word.is_in(_BOUNDARIES) | ~word.str.contains(r"\p{L}") | (word.str.len_chars() < 2)
    is_short_form = pl.col("surface").str.contains(_SHORT_FORM) & (pl.col("surface").str.len_chars() <= 8)
    return surfaces.select(pl.col("surface").unique().sort()).with_columns(
        word=word,
        number=word.rank("dense").cast(pl.UInt64),
        is_boundary=is_boundary,
        is_short_form=is_short_form,
        # A word alone names a topic as a short form or a compound, or when it is said often.
        is_telling=~word.is_in(_NOT_ALONE) & (is_short_form | word.str.contains("-", literal=True)),
        is_plain=~word.is_in(_NOT_ALONE) & (word.str.len_chars() >= MIN_PLAIN_CHARS),
    )


def _topic_words(surfaces: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """Topic words alone, by number. Those with the same `run` stand side by side in one text."""
    known = words.select("surface", "number", "is_boundary", "is_telling", "is_plain")
    row, in_title = pl.col("row"), pl.col("in_title")
    begins = pl.col("is_boundary") | (row != row.shift(1)) | (in_title != in_title.shift(1))
    return (
        surfaces.join(known, on="surface", how="left", maintain_order="left")
        .with_columns(run=begins.fill_null(True).cum_sum())
        .filter(~pl.col("is_boundary"))
        .drop("surface", "is_boundary")
    )


def _phrases(topic: pl.DataFrame) -> pl.DataFrame:
    """One row a phrase of one to four words of a text: its words by number (`word_0` …), `count`, `first` place.

    A phrase that always stands inside the same longer one says less than that one, and is left out.
    """
    return pl.concat(_phrases_of(topic, size) for size in range(1, MAX_WORDS + 1))


def _phrases_of(topic: pl.DataFrame, size: int) -> pl.DataFrame:
    """Phrases of `size` words; 0 stands for no word."""

    def neighbour(step: int) -> pl.Expr:
        same = pl.col("run").shift(-step) == pl.col("run")
        return pl.when(same).then(pl.col("number").shift(-step)).fill_null(0)

    named = {name: neighbour(step) for step, name in enumerate(_NUMBERS[:size])}
    found = topic.select(
        "row", "place", "in_title", "is_telling", "is_plain", before=neighbour(-1), after=neighbour(size), **named
    ).filter((pl.col("is_telling") | pl.col("is_plain")) if size == 1 else pl.col(_NUMBERS[size - 1]) > 0)
    before, after = pl.col("before"), pl.col("after")
    counted = found.group_by("row", *named).agg(
        count=pl.len(),
        in_title=pl.col("in_title").any(),
        first=pl.col("place").min(),
        is_telling=pl.col("is_telling").first(),
        is_part=((before.min() == before.max()) & (before.min() > 0))
        | ((after.min() == after.max()) & (after.min() > 0)),
    )
    usable = pl.lit(True)
    if size == 1:
        usable = pl.col("is_telling") | (pl.col("count") >= MIN_PLAIN_COUNT)
    if size < MAX_WORDS:
        usable &= ~pl.col("is_part")
    missing = [pl.lit(0, dtype=pl.UInt64).alias(name) for name in _NUMBERS[size:]]
    return counted.filter(usable).select(
        "row", "count", "in_title", "first", *named, *missing, size=pl.lit(size, dtype=pl.Int64)
    )


def _scored(phrases: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """The best variant of each phrase of a text, with its score."""
    spelled = words.unique("number").sort("number").get_column("word")
    texts = pl.concat([pl.Series("word", [""]), spelled])
    parts = [pl.lit(texts).gather(pl.col(name)) for name in _NUMBERS]
    named = phrases.with_columns(phrase=pl.concat_str(parts, separator=" ").str.strip_chars_end())
    weight = pl.col("size").replace_strict(_LENGTH_WEIGHT, return_dtype=pl.Float64)
    place = (1.0 + pl.col("first") / _POSITION_SCALE).log1p()
    score = weight * (pl.col("count") + _TITLE_WEIGHT * pl.col("in_title")).cast(pl.Float64).log1p() / place
    return (
        named.filter(pl.col("phrase").str.len_chars() <= MAX_CHARS)
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

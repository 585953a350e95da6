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
    phrases = _candidates(_tokens(texts))
    scored = _scored(phrases)
    kept = _without_parts(scored)
    ranked = kept.sort("row", "score", "phrase", descending=[False, True, False]).with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("row")
    )
    top = ranked.filter(pl.col("rank") <= KEPT).join(
        _acronyms(texts), on=["row", "phrase_key"], how="left", maintain_order="left"
    )
    return top.select("row", "phrase", "phrase_key", "acronym", "rank", "score", "in_title")


def _tokens(texts: pl.DataFrame) -> pl.DataFrame:
    """One row a token: `row`, `place` in the text, `token` in lower case, `in_title`, `run` of topic words."""
    cleaned = [
        texts.select(
            "row",
            in_title=pl.lit(field == "title"),
            token=pl.col(field)
            .fill_null("")
            .str.slice(0, MAX_TEXT)
            .str.replace_all(_URL, " ; ")
            .str.replace_all(_LATEX, " ")
            .str.extract_all(_WORD),
        )
        for field in ("title", "abstract")
    ]
    tokens = (
        pl.concat(cleaned)
        .sort("row", "in_title", descending=[False, True], maintain_order=True)
        .explode("token", empty_as_null=False)
        .with_columns(surface=pl.col("token"), token=pl.col("token").str.to_lowercase())
    )
    boundary = (
        pl.col("token").is_in(list(FUNCTION_WORDS | SCHOLARLY_WORDS))
        | ~pl.col("token").str.contains(r"\p{L}")
        | (pl.col("token").str.len_chars() < 2)
    )
    starts = boundary | (pl.col("row") != pl.col("row").shift(1)) | (pl.col("in_title") != pl.col("in_title").shift(1))
    return (
        tokens.with_columns(
            place=pl.int_range(pl.len()).over("row"), run=starts.fill_null(True).cum_sum(), boundary=boundary
        )
        .filter(~pl.col("boundary"))
        .drop("boundary")
    )


def _candidates(tokens: pl.DataFrame) -> pl.DataFrame:
    """One row an occurrence of a phrase of one to four words that no boundary cuts."""
    pieces = []
    for words in range(1, MAX_WORDS + 1):
        following = [pl.col("token").shift(-step) for step in range(words)]
        same_run = pl.col("run").shift(-(words - 1)) == pl.col("run")
        pieces.append(
            tokens.select(
                "row",
                "place",
                "in_title",
                "surface",
                words=pl.lit(words, dtype=pl.Int64),
                phrase=pl.when(same_run).then(pl.concat_str(following, separator=" ")),
            ).drop_nulls("phrase")
        )
    return pl.concat(pieces).filter(pl.col("phrase").str.len_chars() <= MAX_CHARS)


def _scored(phrases: pl.DataFrame) -> pl.DataFrame:
    """One row a phrase of a text, variants apart, with its score."""
    counted = phrases.group_by("row", "phrase").agg(
        count=pl.len(),
        in_title=pl.col("in_title").any(),
        first=pl.col("place").min(),
        words=pl.col("words").first(),
        is_short_form=pl.col("surface").str.contains(r"^[A-Z0-9-]*[A-Z][A-Z0-9-]*s?$").any()
        & (pl.col("words").first() == 1),
    )
    single = pl.col("words") == 1
    telling = (
        (pl.col("is_short_form") & (pl.col("phrase").str.len_chars() <= 8))
        | pl.col("phrase").str.contains("-")
        | ((pl.col("count") >= 2) & (pl.col("phrase").str.len_chars() >= 5))
    )
    usable = ~single | (telling & ~pl.col("phrase").is_in(list(NOT_ALONE)))
    weight = pl.col("words").replace_strict(_LENGTH_WEIGHT, return_dtype=pl.Float64)
    place = (1.0 + pl.col("first") / _POSITION_SCALE).log1p()
    score = weight * (pl.col("count") + _TITLE_WEIGHT * pl.col("in_title")).cast(pl.Float64).log1p() / place
    return counted.filter(usable).with_columns(score=score.round(6), phrase_key=phrase_key(pl.col("phrase")))


def _without_parts(scored: pl.DataFrame) -> pl.DataFrame:
    """The best variant of each phrase, less those that occur only inside a longer one."""
    best = scored.sort("row", "score", "phrase", descending=[False, True, False]).unique(
        ["row", "phrase_key"], keep="first", maintain_order=True
    )
    longer = best.filter(pl.col("words") > 1)
    words = pl.col("phrase").str.split(" ")
    parts = pl.concat(
        longer.filter(pl.col("words") > size)
        .select(
            "row",
            "count",
            phrase=pl.concat_list(
                *[words.list.slice(start, size).list.join(" ") for start in range(MAX_WORDS - size + 1)]
            ),
        )
        .explode("phrase")
        for size in range(1, MAX_WORDS)
    )
    held = parts.group_by("row", "phrase").agg(held=pl.col("count").max())
    return best.join(held, on=["row", "phrase"], how="left", maintain_order="left").filter(
        pl.col("held").is_null() | (pl.col("count") > pl.col("held"))
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

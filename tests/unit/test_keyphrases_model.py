"""Words, candidates and the model behind keyphrases; oddities of texts; the quality that was reached."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from etl import keywords
from etl.settings import Limits
from etl.transforms import ranking
from etl.transforms.keyphrases import KEPT, keyphrases, with_definitions
from etl.transforms.phrases import Lookup, candidates
from etl.transforms.variants import variant_key
from etl.transforms.words import TEXT_END, TITLE_END, Words, hashes_of, words_of
from tests.factories import daily, daily_row, normalised

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared"
GOLD, SCORER = SHARED / "gold" / "keyphrase" / "inspec-dev.jsonl", SHARED / "bench" / "score_keyphrases.py"
# Reached: see models/keyphrases/README.md. A change that costs more than noise has to say why.
FLOOR = 0.432
TABLES_BYTES = 600_000

LLM = (
    "We train large language models (LLMs) to describe tidal pools. Large language models (LLMs) hallucinate when a "
    "tidal pool is empty. In this paper, we propose tide-aware decoding, which asks a tide gauge first. Experimental "
    "results show that tide-aware decoding outperforms LLMs without a tide gauge, see https://example.org/tide."
)
QUEUES = (
    "The quality of service (QoS) of mountain railways is studied. Timetables are computed by integer programming "
    "with $O(n^2)$ variables, and delays are modelled by queueing theory. \\emph{Snow clearance} is a constraint."
)
ORGANS = (
    "Church organs are tuned by ear. A least squares method estimates the temperament from recordings of single "
    "pipes; the pitch of wooden pipes drifts with humidity. Temperament estimation takes a second per pipe."
)


def words(title: str, abstract: str = "") -> Words:
    return words_of(pl.Series([f"{title}{chr(TITLE_END)}{abstract}{chr(TEXT_END)}"]))


def spelled(found: Words) -> list[str]:
    return [bytes(found.data[start:end]).decode() for start, end in zip(found.start, found.end, strict=True)]


def phrases_of(title: str, abstract: str = "") -> set[str]:
    found = words(title, abstract)
    made = candidates(found)
    spans = zip(found.start[made.first], found.end[made.first + made.size - 1], strict=True)
    return {bytes(found.data[start:end]).decode() for start, end in spans}


def ranked(title: str | None, abstract: str | None) -> list[str]:
    return keyphrases(pl.DataFrame({"row": [0], "title": [title], "abstract": [abstract]}))["phrase"].to_list()


def test_hyphens_and_apostrophes_tie_and_signs_part() -> None:
    found = words("Moore's peer-to-peer law -- 3D scans", "Bayes' rule: 42")
    assert spelled(found) == ["Moore", "s", "peer", "to", "peer", "law", "3D", "scans", "Bayes", "rule", "42"]
    assert np.flatnonzero(found.tied).tolist() == [1, 3, 4]
    assert np.flatnonzero(found.parted).tolist() == [0, 6, 8, 9, 10]
    assert np.flatnonzero(found.is_number).tolist() == [10]
    assert np.flatnonzero(found.in_title).tolist() == list(range(8))


@pytest.mark.parametrize(
    "variants",
    [
        ("World Model", "world models", "World-Models"),
        ("tidal study", "tidal studies"),
        ("tidal search", "tidal searches"),
        ("loss", "losses"),
        ("mixed box", "mixed boxes"),
        ("Bayes' rule", "Bayes rules"),
    ],
)
def test_hashes_join_what_keys_join(variants: tuple[str, ...]) -> None:
    assert len(set(hashes_of(list(variants)).tolist())) == 1
    assert len({pl.select(variant_key(pl.lit(variant))).item() for variant in variants}) == 1


def test_hashes_do_not_depend_on_where_a_phrase_stands() -> None:
    alone = words("tidal pools")
    behind = words("A long walk to some tidal pools")
    assert alone.phrase_hash(np.array([0]), 2) == behind.phrase_hash(np.array([5]), 2)
    assert alone.phrase_hash(np.array([0]), 2) != words("pools tidal").phrase_hash(np.array([0]), 2)


def test_a_lookup_finds_what_it_holds_and_nothing_else() -> None:
    held = hashes_of([f"word{number}" for number in range(3_000)])
    lookup = Lookup(held)
    assert (lookup(held) == np.arange(3_000)).all()
    assert (lookup(hashes_of([f"other{number}" for number in range(3_000)])) == lookup.missing).all()


def test_candidates_hold_no_boundary_and_cut_no_compound() -> None:
    found = phrases_of("The peer-to-peer lending of tidal energy", "State-of-the-art kelp farms, 12 of them.")
    assert {"peer-to-peer lending", "peer-to-peer", "lending", "tidal energy", "kelp farms"} <= found
    assert not {"peer", "to-peer lending", "lending of tidal", "State-of-the-art kelp", "12", "art kelp farms"} & found


def test_a_phrase_that_never_stands_alone_is_no_candidate() -> None:
    found = phrases_of("Gravel lattice filters", "A gravel lattice filter settles. Gravel lattice filters clog.")
    assert "gravel lattice filter" in {phrase.lower().removesuffix("s") for phrase in found}
    assert not {"gravel lattice", "lattice filters", "gravel"} & {phrase.lower() for phrase in found}


@pytest.mark.parametrize(
    "fragment", ["large language", "language processing", "deep neural", "tide-aware", "markov decision"]
)
def test_fragments_do_not_come_out(fragment: str) -> None:
    said = ranked(
        "Large language models for natural language processing with deep neural networks",
        LLM + " A Markov decision process is solved.",
    )
    assert fragment not in said


def test_markup_latex_and_urls_do_not_come_out() -> None:
    said = " ".join(
        ranked(
            r"On $\mathcal{L}_1$ \textbf{kelp} farming",
            r"<jats:p>Kelp farming &amp; its yield $\sum_{i} kelp_i$ at https://kelp.example/farm and kelp.org/farm is "
            r"\emph{modelled} by \begin{equation} y = kelp \end{equation} harvest curves.</jats:p>",
        )
    )
    for sign in ("jats", "mathcal", "textbf", "amp", "sum", "emph", "equation", "example", "org", "http", "\\", "$"):
        assert sign not in said
    assert "kelp farming" in said


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Über die Gezeiten", "Wir messen die Gezeiten und werten sie mit einem Modell aus, das nicht linear ist."),
        ("Les marées", "Nous mesurons les marées dans un modèle qui est évalué avec des données pour une plage."),
        ("Las mareas", "Medimos las mareas con un modelo que se evalúa para una playa y también para el mar."),
        ("潮汐の研究", "潮汐を測定し、モデルを評価する。"),
        ("Приливы", "Мы измеряем приливы и оцениваем модель."),
    ],
)
def test_texts_in_other_languages_have_no_keyphrases(title: str, abstract: str) -> None:
    assert ranked(title, abstract) == []
    # The English part of a record counts by itself.
    assert "tide-aware decoding" in ranked(title, LLM)


def test_a_name_does_not_make_a_text_foreign() -> None:
    assert "von neumann entropy" in ranked("Von Neumann entropy of El Niño", None)


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (None, None),
        ("", ""),
        ("kelp " * 2_000, "kelp " * 200_000),
        ("", "tidal pool listening " * 50_000),
        (r"$$\frac{a}{b}$$", r"$x$ " * 1_000),
        ("(" * 50_000, "-" * 50_000),
        ("a-" * 20_000, "x'" * 20_000),
        ("é" * 20_000, "\x00\x01\x02"),
        ("(A) (AB) (LLM)", "(LLM) " * 3_000),
        ("🦀" * 5_000, "𝔸𝔹 " * 5_000),
    ],
)
def test_odd_texts_are_read_alone_and_among_others_alike(title: str | None, abstract: str | None) -> None:
    texts = pl.DataFrame(
        {"row": [5, 6, 7], "title": ["Kelp", title, "Kelp farms"], "abstract": [LLM, abstract, QUEUES]}
    )
    together = keyphrases(texts)
    assert together.filter(row=6)["phrase"].to_list() == ranked(title, abstract)
    assert together.filter(row=5)["phrase"].to_list() == ranked("Kelp", LLM)
    assert together.filter(row=7)["phrase"].to_list() == ranked("Kelp farms", QUEUES)


def test_an_acronym_joins_its_long_form_and_two_meanings_stay_apart() -> None:
    texts = pl.DataFrame(
        {
            "row": [1, 2],
            "title": ["Kelp area mapping (KAM)", "Kinetic ant models (KAM)"],
            "abstract": ["KAM is a kelp area mapping.", "KAM has kinetic ant models."],
        }
    )
    found = with_definitions(texts)
    assert found.definitions.select("row", "short_form", "phrase").rows() == [
        (1, "KAM", "kelp area mapping"),
        (2, "KAM", "kinetic ant models"),
    ]
    assert "kam" not in found.ranked["phrase"].to_list()


GOLDEN: list[tuple[str, str, list[str]]] = [
    (
        "Tide-aware decoding for large language models",
        LLM,
        ["tide-aware decoding", "large language models", "tidal pools"],
    ),
    (
        "Planning snow clearance of mountain railways",
        QUEUES,
        ["mountain railways", "snow clearance", "integer programming", "timetables", "queueing theory"],
    ),
    (
        "Estimating the temperament of church organs",
        ORGANS,
        ["church organs", "temperament estimation", "wooden pipes drifts", "temperament"],
    ),
]


@pytest.mark.parametrize(("title", "abstract", "expected"), GOLDEN)
def test_invented_papers_rank_as_they_did(title: str, abstract: str, expected: list[str]) -> None:
    assert ranked(title, abstract) == expected


def test_rankings_do_not_depend_on_threads() -> None:
    code = (
        "import polars as pl; from etl.transforms.keyphrases import keyphrases; from tests.factories import *; "
        "texts = {'row': range(3000), 'title': [title(n) for n in range(3000)], "
        "'abstract': [abstract(n, str(n)) for n in range(3000)]}; "
        "print(keyphrases(pl.DataFrame(texts)).hash_rows().sum())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"POLARS_MAX_THREADS": threads},
            cwd=PROJECT,
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(said) == 1


def test_scores_fall_and_are_chances() -> None:
    texts = pl.DataFrame({"row": [0, 1], "title": ["Kelp", "Organs"], "abstract": [LLM, ORGANS]})
    found = keyphrases(texts)
    assert found.filter(row=0)["score"].is_sorted(descending=True)
    assert found["score"].is_between(0, 1).all()
    assert found.group_by("row").len()["len"].max() <= KEPT  # type: ignore[operator]


# The shipped tables


def test_the_tables_are_small_and_readable() -> None:
    folder = PROJECT / "etl" / "transforms" / "data"
    assert sum(path.stat().st_size for path in folder.iterdir()) < TABLES_BYTES
    words = pl.read_csv(folder / "words.csv")
    assert words.columns == ["word", "papers", "titles", *ranking.POSITIONS]
    assert words["word"].is_unique().all()
    phrases = pl.read_csv(folder / "phrases.csv")
    assert phrases.columns == ["phrase", "papers", "titles", "closed"]
    assert phrases["phrase"].is_unique().all()
    # Counts of a phrase that few papers share could give a paper's text away.
    assert phrases["papers"].min() >= 20  # type: ignore[operator]


def test_trees_answer_by_their_questions() -> None:
    rows = pl.DataFrame({"questions": ["", "words > 1 / count > 2"], "leaves": ["-1000", "0 250 500 1000"]})
    model = ranking.trees_of(rows)
    features = [np.zeros(4, dtype=np.float32) for _ in ranking.FEATURES]
    features[ranking.FEATURES.index("words")] = np.array([1, 1, 2, 2], dtype=np.float32)
    features[ranking.FEATURES.index("count")] = np.array([1, 3, 2, 3], dtype=np.float32)
    assert model(features).tolist() == [-1.0, -0.75, -0.5, 0.0]


@pytest.mark.skipif(not (GOLD.exists() and SCORER.exists()), reason="needs ../shared/gold")
@pytest.mark.skipif(importlib.util.find_spec("snowballstemmer") is None, reason="needs snowballstemmer")
def test_the_quality_on_the_development_set_holds() -> None:
    spec = importlib.util.spec_from_file_location("score_keyphrases", SCORER)
    assert spec and spec.loader
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    papers = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    columns = {name: [paper[name] for paper in papers] for name in ("title", "abstract")}
    texts = pl.DataFrame({"row": range(len(papers)), **columns})
    found: dict[int, list[str]] = dict(keyphrases(texts).group_by("row", maintain_order=True).agg("phrase").iter_rows())
    gold = {str(row): list(dict.fromkeys(map(scorer.stemmed, paper["keyphrases"]))) for row, paper in enumerate(papers)}
    said = {str(row): list(dict.fromkeys(map(scorer.stemmed, found.get(row, [])))) for row in range(len(papers))}
    assert scorer.score(gold, said, 10)[2] >= FLOOR


# The command


def command(*lines: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "etl", "keywords"], input=b"\n".join(lines), cwd=PROJECT, capture_output=True, timeout=60
    )


def test_the_command_ranks_as_the_pipeline_does(tmp_path: Path) -> None:
    papers = [(title, abstract.replace(". ", ".\n  ")) for title, abstract, _ in GOLDEN]
    rows = [daily_row(number, title=title, summary=abstract) for number, (title, abstract) in enumerate(papers)]
    _, staged = normalised(tmp_path, "hf_daily", daily(rows))
    kept = (
        staged["keyphrases"].sort("record_offset", "rank").group_by("record_offset", maintain_order=True).agg("phrase")
    )
    texts = [{"id": number, "title": title, "abstract": abstract} for number, (title, abstract) in enumerate(papers)]
    made = command(*(json.dumps(one).encode() for one in texts))
    assert made.returncode == 0, made.stderr
    said = [json.loads(line) for line in made.stdout.splitlines()]
    assert [one["id"] for one in said] == [0, 1, 2]
    assert [one["keyphrases"] for one in said] == kept["phrase"].to_list()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"{", "malformed_json"),
        (b"[]", "no object"),
        (b'{"title": "Kelp"}', "no id"),
        (b'{"id": 1, "title": 2}', "title that is no text"),
        (b'{"id": 1, "abstract": ["Kelp"]}', "abstract that is no text"),
        (b'{"id": "\xff"}', "invalid_utf8"),
    ],
)
def test_a_line_that_is_no_record_is_named(line: bytes, found: str) -> None:
    good = json.dumps({"id": "a", "title": "Kelp farms", "abstract": QUEUES}).encode()
    made = command(good, b"", line, good)
    assert made.returncode == 1
    assert made.stderr.count(b"\n") == 1
    assert made.stderr.startswith(b"error: line 3: found ")
    assert found.encode() in made.stderr
    assert [json.loads(one)["id"] for one in made.stdout.splitlines()] == ["a"]


def test_a_line_without_end_is_refused_in_bounded_memory() -> None:
    class Endless:
        def readline(self, size: int) -> bytes:
            return b"x" * size

    with pytest.raises(keywords.LineError, match="line 1: found more than 1000 bytes"):
        list(keywords.ranked(Endless(), Limits(record_bytes=1_000)))  # type: ignore[arg-type]


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b"\n".join(
        json.dumps({"id": number, "title": title, "abstract": abstract}).encode()
        for number, (title, abstract, _) in enumerate(GOLDEN * 3)
    )
    whole = list(keywords.ranked(io.BytesIO(lines), Limits()))
    monkeypatch.setattr(keywords, "BATCH_RECORDS", 2)
    assert list(keywords.ranked(io.BytesIO(lines), Limits())) == whole

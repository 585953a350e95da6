"""Keywords over a corpus: variants and short forms that join, the configuration, and loads of a little more."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import duckdb
import orjson
import pytest

from etl import checks, keywords
from etl.errors import ConfigurationError
from etl.settings import Limits
from etl.steps import load, publish
from tests.factories import daily, daily_row
from tests.warehouses import Small, differing

DAY = dt.date(2025, 6, 12)
TIDE = "The tide of the harbour is measured by {0} and by nothing else. It is {0} that we need for the harvest."


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "etl.toml"
    path.write_text("", encoding="utf-8")
    monkeypatch.setenv("ETL_CONFIG", str(path))
    return path


def deliver(small: Small, *abstracts: str, name: str = "listing", first: int = 1) -> None:
    rows = [
        daily_row(number, title=f"Harbour report {number} of the year", summary=text)
        for number, text in enumerate(abstracts, first)
    ]
    small.deliver(daily(rows), name, DAY)


def lines(small: Small, like: str = "%") -> list[tuple[str, list[str], str | None, int]]:
    return small.rows(  # type: ignore[return-value]
        f"SELECT keyword, variants, acronym, papers FROM core.keywords WHERE keyword LIKE '{like}' ORDER BY keyword"
    )


def keyword_of(small: Small, number: int) -> set[str]:
    return {
        word for (word,) in small.rows(f"SELECT keyword FROM core.paper_keywords WHERE paper_id LIKE '%.{number:05d}'")
    }


def test_variants_are_one_line_under_the_most_used_one(small: Small) -> None:
    said = ["kelp data sets", "kelp datasets", "kelp datasets", "kelp data-set"]
    deliver(small, *(TIDE.format(variant) for variant in said))
    small.settle()
    assert lines(small, "kelp d%") == [("kelp datasets", ["kelp data sets", "kelp data-set", "kelp datasets"], None, 4)]
    assert small.rows("SELECT keyword_key FROM core.keywords WHERE keyword = 'kelp datasets'") == [("kelpdataset",)]


def test_variants_of_one_paper_count_once_by_the_best(small: Small) -> None:
    deliver(
        small, "Kelp data sets are old. A kelp dataset is new. Kelp data sets are here.", TIDE.format("kelp dataset")
    )
    small.settle()
    ((keyword, _, _, papers),) = lines(small, "kelp data%set%")
    assert papers == 2
    assert small.rows(f"SELECT count(*), min(rank) FROM core.paper_keywords WHERE keyword = '{keyword}'") == [(2, 1)]


DEFINED = "We ask a kelp language model (KLM) of the tide. The KLM is asked again, and the tide is asked too."
OTHER = "We build a kinetic lantern mesh (KLM) for the harbour. The KLM is lit, and the harbour is lit too."
BARE = "The KLMs are asked of the tide, and the KLMs say nothing of the harbour."


def test_a_short_form_is_what_its_paper_defines(small: Small) -> None:
    deliver(small, DEFINED, OTHER)
    small.settle()
    assert "kelp language model" in keyword_of(small, 1)
    assert "kinetic lantern mesh" in keyword_of(small, 2)
    assert not {"klm", "klms"} & (keyword_of(small, 1) | keyword_of(small, 2))
    acronyms = {keyword: acronym for keyword, _, acronym, _ in lines(small) if acronym}
    assert acronyms == {"kelp language model": "KLM", "kinetic lantern mesh": "KLM"}


@pytest.mark.parametrize(
    ("definitions", "joins"),
    [
        ([DEFINED] * 3, True),
        ([DEFINED] * 2, False),
        ([DEFINED] * 4 + [OTHER], True),
        ([DEFINED] * 3 + [OTHER], False),
        ([DEFINED] * 3 + [OTHER] * 3, False),
    ],
)
def test_a_bare_short_form_joins_what_most_papers_mean(small: Small, definitions: list[str], joins: bool) -> None:
    deliver(small, BARE, *definitions)
    small.settle()
    found = keyword_of(small, 1)
    assert ("kelp language model" in found) == joins
    assert ("klms" in found) == (not joins)
    if joins:
        (said,) = [line for line in lines(small) if line[0] == "kelp language model"]
        assert "klms" in said[1]


def test_a_word_in_lower_case_is_no_short_form(small: Small) -> None:
    deliver(small, BARE.replace("KLM", "klm"), *[DEFINED] * 4)
    small.settle()
    assert "klms" in keyword_of(small, 1)


def test_a_long_form_that_is_no_keyphrase_is_named_by_its_definitions(small: Small) -> None:
    text = "Tools for kelp age and tide (KAT) are few. KAT is new. KAT is good for the harbour; KAT helps."
    deliver(small, text, text.replace("harbour", "tide"))
    small.settle()
    assert ("kelp age and tide", ["kat"], "KAT", 2) in lines(small)


LATER = [
    [TIDE.format("kelp data set"), BARE, DEFINED, DEFINED],
    [TIDE.format("kelp dataset"), TIDE.format("kelp datasets")],
    [TIDE.format("kelp datasets"), DEFINED],
    [OTHER, OTHER, TIDE.format("Kelp's data")],
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 0, 1)])
def test_loads_one_by_one_give_what_one_load_gives(tmp_path: Path, order: tuple[int, ...]) -> None:
    steps, whole = Small(tmp_path / "steps"), Small(tmp_path / "whole")
    seen = []
    for number in order:
        for small in (steps, whole):
            deliver(small, *LATER[number], name=f"listing-{number}", first=10 * number + 1)
        steps.settle()
        seen.append(
            {"kelp datasets", "kelp data set", "klms", "kelp language model"} & {line[0] for line in lines(steps)}
        )
    whole.settle()
    assert differing(steps.content(), whole.content()) == {}
    # On the way names and meanings changed, so that papers of earlier loads were named anew.
    assert len({frozenset(each) for each in seen}) > 1
    assert small_work(steps) == small_work(whole)


def small_work(small: Small) -> list[tuple[object, ...]]:
    """What the map says, without its numbers."""
    return small.rows(
        "SELECT papers.name, phrases.name, keys.name FROM work.keyed AS keyed "
        "JOIN work.paper_numbers AS papers ON keyed.paper_number = papers.number "
        "JOIN work.phrase_numbers AS phrases ON keyed.phrase_number = phrases.number "
        "JOIN work.key_numbers AS keys ON keyed.keyword_number = keys.number ORDER BY ALL"
    )


CONFIGURED = """
[keywords]
stop_terms = ["Harbour"]
preferred = ["Kelp Data-Sets"]
[keywords.synonyms]
"kelp language model" = ["sea weed model", "klm"]
"""


def test_the_configuration_joins_stops_and_spells(small: Small, configuration: Path) -> None:
    texts = [TIDE.format("kelp dataset"), TIDE.format("the seaweed models"), BARE, TIDE.format("harbours")]
    deliver(small, *texts)
    small.settle()
    before = small.content()
    assert {"kelp dataset", "seaweed models", "klms"} <= {line[0] for line in lines(small)}
    assert any(line[0].startswith("harbour") for line in lines(small))
    staged = {path: path.stat().st_mtime_ns for path in small.settings.staging.rglob("*.parquet")}
    configuration.write_text(CONFIGURED, encoding="utf-8")
    small.settle()
    found = {line[0]: line for line in lines(small)}
    assert found["Kelp Data-Sets"] == ("Kelp Data-Sets", ["kelp dataset"], None, 1)
    assert found["kelp language model"] == ("kelp language model", ["klms", "seaweed models"], None, 2)
    assert not {"harbour", "harbours", "klms", "seaweed models", "kelp dataset"} & found.keys()
    assert {path: path.stat().st_mtime_ns for path in small.settings.staging.rglob("*.parquet")} == staged
    versions = small.rows("SELECT max(version) FROM work.version")
    small.settle()
    assert small.rows("SELECT max(version) FROM work.version") == versions
    other = Small(small.settings.warehouse.parent / "other")
    deliver(other, *texts)
    other.settle()
    assert differing(small.content(), other.content()) == {}
    configuration.write_text("", encoding="utf-8")
    small.settle()
    assert differing(small.content(), before) == {}


def test_readers_see_a_change_of_the_configuration(small: Small, configuration: Path) -> None:
    deliver(small, TIDE.format("kelp dataset"))
    shown = []
    for said in ("", CONFIGURED, CONFIGURED, ""):
        configuration.write_text(said, encoding="utf-8")
        small.settle()
        is_new = publish.publish(small.settings).is_new
        with duckdb.connect(str(small.settings.current / "papers.duckdb"), read_only=True) as readers:
            found = readers.execute("SELECT keyword FROM core.keywords WHERE keyword_key = 'kelpdataset'").fetchall()
        shown.append((is_new, found[0][0]))
    assert shown == [
        (True, "kelp dataset"),
        (True, "Kelp Data-Sets"),
        (False, "Kelp Data-Sets"),
        (True, "kelp dataset"),
    ]


def test_chains_of_synonyms_end_in_one_keyword(small: Small, configuration: Path) -> None:
    chain = '[keywords.synonyms]\n"kelp farm" = ["seaweed farm"]\n"seaweed farm" = ["algae farm"]\n'
    configuration.write_text(chain, encoding="utf-8")
    deliver(small, *(TIDE.format(f"{name} farms") for name in ("kelp", "seaweed", "algae")))
    small.settle()
    assert lines(small, "%farm%") == [("kelp farms", ["algae farms", "kelp farms", "seaweed farms"], None, 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[keyword]\n", "keyword: found an unknown key"),
        ("keywords = 3\n", "keywords: found 3"),
        ("[keywords]\nsynonym = {}\n", "keywords.synonym: found an unknown key"),
        ("[keywords]\nstop_terms = 'a'\n", "keywords.stop_terms: found 'a'"),
        ("[keywords]\nstop_terms = ['kelp', 3]\n", "keywords.stop_terms: found 3"),
        ("[keywords]\npreferred = ['']\n", "keywords.preferred: found ''"),
        ('[keywords]\npreferred = ["a\\nb"]\n', "keywords.preferred"),
        ("[keywords]\npreferred = ['-']\n", "keywords.preferred: found '-'"),
        ("[keywords.synonyms]\nkelp = 'weed'\n", "keywords.synonyms.kelp: found 'weed'"),
        ("[keywords.synonyms]\nkelp = ['weed']\nalga = ['Weeds']\n", "is a synonym of 'kelp' too"),
        ("[keywords.synonyms]\nkelp = ['weed']\nweed = ['kelps']\n", "is a synonym of its own synonym"),
        ("[keywords]\nstop_terms = ['kelps']\n[keywords.synonyms]\nkelp = ['weed']\n", "is among the synonyms too"),
        ("[keywords]\nstop_terms = ['weed']\n[keywords.synonyms]\nkelp = ['weed']\n", "is among the synonyms too"),
        ("[keywords]\nstop_terms = ['kelp']\npreferred = ['Kelps']\n", "is a stop term too"),
        ("[keywords]\npreferred = ['Kelp', 'kelp']\n", "is a variant of 'Kelp', preferred too"),
        ("[keywords]\npreferred = ['weed']\n[keywords.synonyms]\nkelp = ['weed']\n", "is a synonym of 'kelp'"),
    ],
)
def test_what_the_configuration_cannot_mean_is_one_line(
    small: Small, configuration: Path, text: str, said: str
) -> None:
    configuration.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        load.load(small.settings)
    assert said in str(error.value)
    assert str(error.value).startswith(f"{configuration}: ")
    assert "\n" not in str(error.value)
    assert not small.settings.database.exists()


def test_a_check_looks_at_what_is_configured(configuration: Path) -> None:
    configuration.write_text(CONFIGURED, encoding="utf-8")
    assert checks.check()["configured terms"] == 4
    configuration.write_text("[keywords]\nstop_terms = ['a', 'b']\npreferred = ['B']\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is a stop term too"):
        checks.check()


def test_the_command_ranks_as_the_pipeline_does(small: Small) -> None:
    records = [daily_row(number, summary=text) for number, text in enumerate([DEFINED, OTHER, BARE, "Kelp. " * 40], 1)]
    small.deliver(daily(records), "listing", DAY)
    small.settle()
    papers = [record["paper"] for record in records]
    given = b"".join(
        orjson.dumps({"id": paper["id"], "title": paper["title"], "abstract": paper["summary"]}) + b"\n"
        for paper in papers
    )
    ranked = {one["id"]: one["keyphrases"] for one in map(json.loads, keywords.ranked(io.BytesIO(given), Limits()))}
    with duckdb.connect() as connection:
        staged = dict(
            connection.execute(
                "SELECT arxiv_id, list(phrase ORDER BY rank) FROM read_parquet(?, hive_partitioning = false) "
                "JOIN read_parquet(?, hive_partitioning = false) USING (dump_id, member, record_offset) GROUP BY 1",
                [f"{small.settings.staging}/{table}/*/*.parquet" for table in ("keyphrases", "papers")],
            ).fetchall()
        )
    assert ranked == {paper["id"]: staged.get(paper["id"], []) for paper in papers}
    assert all(ranked.values())


# Bad input


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Kelp " * 200_000,
        "tidal pool listening " * 50_000,
        r"\begin{equation} \frac{a}{b} \end{equation} $x^2$ \[ \int_0^1 \] \alpha\beta",
        "(KLM) " * 3_000,
        "https://example.org/a/b?c=d www.example.org &amp; <b></b>",
    ],
)
def test_odd_abstracts_are_kept(small: Small, text: str | None) -> None:
    small.deliver(daily([daily_row(1, summary=text), daily_row(2)]), "listing", DAY)
    small.settle()
    assert small.rows("SELECT count(*) FROM core.papers") == [(2,)]
    assert small.rows(
        "SELECT count(*) FROM core.keywords WHERE regexp_matches(keyword, '[\\\\$<>&/]|http|frac|amp')"
    ) == [(0,)]
    assert small.rows("SELECT max(length(keyword)) <= 80 FROM core.keywords") == [(True,)]


def test_other_languages_are_kept_apart(small: Small) -> None:
    german = "Wir messen, wie der Seetang im Hafen wächst und welche Gezeiten er für die Ernte braucht."
    deliver(small, german, TIDE.format("kelp dataset"), "42")
    small.settle()
    said = small.rows("SELECT paper_id, language FROM core.papers ORDER BY paper_id")
    assert [language for _, language in said] == ["de", "en", "en"]
    assert keyword_of(small, 1) == set()
    assert {"kelp dataset"} <= keyword_of(small, 2)


@pytest.mark.parametrize(
    ("stated", "published_on", "stated_on"),
    [
        ("2025-06-11T00:00:00Z", dt.date(2025, 6, 11), None),
        ("2025-06-13T00:00:00Z", dt.date(2025, 6, 13), None),
        ("2025-06-14T00:00:00Z", None, dt.date(2025, 6, 14)),
        ("2099-12-31T00:00:00Z", None, dt.date(2099, 12, 31)),
        ("1899-12-31T00:00:00Z", None, None),
        (None, None, None),
    ],
)
def test_days_that_cannot_be_are_no_days_of_publication(
    small: Small, stated: str | None, published_on: dt.date | None, stated_on: dt.date | None
) -> None:
    small.deliver(daily([daily_row(1, {"publishedAt": stated}, publishedAt=stated)]), "listing", DAY)
    small.settle()
    assert small.rows("SELECT published_on, stated_on FROM core.papers") == [(published_on, stated_on)]
    assert bool(small.rows("SELECT 1 FROM mart.scope_periods")) == (published_on is not None)
    assert small.rows("SELECT count(*) > 0 FROM core.keywords") == [(True,)]


def test_a_day_that_came_meanwhile_is_believed(small: Small) -> None:
    record = daily_row(1, publishedAt="2025-06-20T00:00:00Z")
    small.deliver(daily([record]), "listing", DAY)
    small.settle()
    assert small.rows("SELECT published_on FROM core.papers") == [(None,)]
    small.deliver(daily([record, daily_row(2)]), "later", DAY + dt.timedelta(days=30))
    small.settle()
    assert small.rows("SELECT published_on, stated_on FROM core.papers ORDER BY 1 DESC LIMIT 1") == [
        (dt.date(2025, 6, 20), None)
    ]

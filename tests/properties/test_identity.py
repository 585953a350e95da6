from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.overrides import Override
from etl.steps import identify
from etl.steps.load import prepare
from etl.transforms import text


@dataclass(frozen=True)
class Record:
    """What of a record decides about its paper."""

    arxiv_id: str | None = None
    dois: tuple[str, ...] = ()
    title: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    abstract: str | None = None


A, B, C = "2506.00001", "2506.00002", "2506.00003"
X, Y, Z = "10.5555/x", "10.5555/y", "10.5555/z"
S, T, REPLY = "Study of Rain on Roofs", "Study of Rain on Stones", "Reply to the Comment on Rain"
RAINY = "We counted drops on the roofs of nine harbours, by ear and in all weathers, and found that " * 2
ONE, OTHER = ("Jane Doe", "Jan Beispiel"), ("Ola Nordmann", "Kari Nordmann-Berg")


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        prepare(connection)
        yield connection


def keys(record: Record) -> dict[str, object]:
    """The keys that normalise gives a record."""
    given = pl.DataFrame(
        {"title": [record.title], "authors": [list(record.authors)]},
        schema={"title": pl.String, "authors": pl.List(pl.String)},
    )
    return given.select(
        title_key=text.title_key(pl.col("title")),
        is_specific=text.is_specific(pl.col("title"), text.title_key(pl.col("title"))),
        author_key=text.author_key(pl.col("authors")),
    ).row(0, named=True)


KEYS: dict[Record, dict[str, object]] = {}


def add(connection: duckdb.DuckDBPyConnection, records: Sequence[Record], first: int = 0) -> None:
    """Records as load adds them, each told by its number."""
    for number, record in enumerate(records, first):
        said = KEYS.setdefault(record, keys(record))
        connection.execute(
            """
            INSERT INTO work.records BY NAME
            SELECT
                $number AS record_id, 'd' AS dump_id, '' AS member, $number AS record_offset, $arxiv_id AS arxiv_id,
                $doi AS doi, $title_key AS title_key, $is_specific AS is_specific, $author_key AS author_key,
                abstract_key($abstract) AS abstract_key, $year::INTEGER AS year, md5($said) AS content_hash,
                own_id($arxiv_id, $doi, $title_key, $is_specific, $author_key, $year, md5($said)) AS own_id
            """,
            {
                "number": number,
                "arxiv_id": record.arxiv_id,
                "doi": record.dois[0] if record.dois else None,
                "year": record.year,
                "abstract": record.abstract,
                "said": repr(record),
                **said,
            },
        )
        for place, doi in enumerate(record.dois, 1):
            connection.execute("INSERT INTO work.dois VALUES (?, ?, ?)", [number, doi, place])


def found(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, str | None]]:
    """The paper of each record and the evidence, by the record's number."""
    rows = connection.execute("SELECT record_id, paper_id, evidence FROM work.records").fetchall()
    return {number: (paper, evidence) for number, paper, evidence in rows}


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("work.records", "work.dois", "work.overrides", "work.merged", "work.split", "work.named", "due"):
        connection.execute(f"DELETE FROM {table}")


def papers(
    connection: duckdb.DuckDBPyConnection, records: Sequence[Record], overrides: Sequence[Override] = ()
) -> list[str]:
    """The paper of each record."""
    clear(connection)
    add(connection, records)
    identify.identify(connection, overrides)
    return [paper for _, (paper, _) in sorted(found(connection).items())]


def merge(paper: str, other: str) -> Override:
    return Override("merge", paper, other, dt.date(2025, 6, 1), "a test", "because")


def split(paper: str, other: str) -> Override:
    return replace(merge(paper, other), action="split")


RECORD = st.builds(
    Record,
    arxiv_id=st.sampled_from([None, None, A, B, C]),
    dois=st.sampled_from([(), (), (X,), (Y,), (X, Y), (Y, Z)]),
    title=st.sampled_from([None, S, T, REPLY, "Editorial"]),
    authors=st.sampled_from([(), ONE, OTHER, ("J. Doe",), ("Kari Nordmann-Berg", "Jane Doe")]),
    year=st.sampled_from([None, 2015, 2017, 2025]),
    abstract=st.sampled_from([None, None, RAINY, f"{RAINY} And snow."]),
)
RECORDS = st.lists(RECORD, max_size=8)
NAMES = [f"arxiv:{A}", f"arxiv:{B}", f"doi:{X}", f"doi:{Y}"]
OVERRIDE = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1])


@st.composite
def overriding(draw: st.DrawFn) -> list[Override]:
    """Overrides that do not contradict each other: at most one of each kind, of different pairs."""
    pairs = draw(st.lists(OVERRIDE, max_size=2, unique=True))
    made = [merge(*pairs[0])] if pairs else []
    return [*made, *(split(*pair) for pair in pairs[1:])]


@settings(max_examples=30, deadline=None)
@given(records=RECORDS)
@example(records=[Record(A, (X,), S), Record(B, (X,), S), Record(None, (X,), S), Record(title=S)])
@example(records=[Record(A, title=S), Record(None, (X,), S), Record(None, (X,), T), Record(B, title=T)])
def test_no_paper_has_two_arxiv_identifiers(records: list[Record], database: duckdb.DuckDBPyConnection) -> None:
    arxiv_ids = defaultdict(set)
    for paper, record in zip(papers(database, records), records, strict=True):
        arxiv_ids[paper].add(record.arxiv_id)
    assert all(len(held - {None}) <= 1 for held in arxiv_ids.values())


@settings(max_examples=30, deadline=None)
@given(records=RECORDS)
@example(records=[Record(A, (), S), Record(None, (X,), S), Record(None, (Y,), S)])
@example(records=[Record(A, (X,), S), Record(None, (Y,), S)])
def test_titles_join_no_doi_to_another(records: list[Record], database: duckdb.DuckDBPyConnection) -> None:
    single = [replace(record, arxiv_id=None, dois=record.dois[:1]) for record in records]
    held: dict[str, set[str]] = defaultdict(set)
    for paper, record in zip(papers(database, single), single, strict=True):
        held[paper] |= set(record.dois)
    assert all(len(dois) <= 1 for dois in held.values())


@settings(max_examples=30, deadline=None)
@given(records=RECORDS, overrides=overriding(), data=st.data())
def test_the_paper_of_a_record_does_not_depend_on_order_or_repetition(
    records: list[Record], overrides: list[Override], data: st.DataObject, database: duckdb.DuckDBPyConnection
) -> None:
    wanted = dict(zip(records, papers(database, records, overrides), strict=True))
    repeated = records + (data.draw(st.lists(st.sampled_from(records), max_size=3)) if records else [])
    shuffled = data.draw(st.permutations(repeated))
    assert dict(zip(shuffled, papers(database, shuffled, overrides), strict=True)) == wanted


@settings(max_examples=40, deadline=None)
@given(kept=RECORDS, gone=RECORDS, late=RECORDS, before=overriding(), after=overriding())
@example(kept=[Record(A, (X,)), Record(None, (Y,))], gone=[Record(None, (X, Y))], late=[], before=[], after=[])
@example(kept=[Record(A), Record(None, (X,))], gone=[Record(A, (X,))], late=[], before=[], after=[])
@example(kept=[Record(A), Record(None, (X,))], gone=[], late=[], before=[merge(NAMES[0], NAMES[2])], after=[])
def test_a_change_gives_what_a_look_at_all_records_gives(
    kept: list[Record],
    gone: list[Record],
    late: list[Record],
    before: list[Override],
    after: list[Override],
    database: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identify, "_MOST", 2)
        papers(database, [*kept, *gone], before)
        database.execute("UPDATE work.records SET dump_id = 'gone' WHERE record_id >= ?", [len(kept)])
        database.execute("DELETE FROM work.touched")
        was = found(database)
        identify.forget(database, "WHERE source IS NULL AND dump_id = ?", ["gone"])
        database.execute("DELETE FROM work.records WHERE dump_id = 'gone'")
        add(database, late, first=100)
        identify.identify(database, after)
        step_by_step = found(database)
        touched = {paper for (paper,) in database.execute("SELECT paper_id FROM work.touched").fetchall()}
    at_once = papers(database, [*kept, *late], after)
    assert [paper for _, (paper, _) in sorted(step_by_step.items())] == at_once
    evidence = [evidence for _, (_, evidence) in sorted(found(database).items())]
    assert [evidence for _, (_, evidence) in sorted(step_by_step.items())] == evidence
    moved = {number for number in range(len(kept)) if was[number][0] != step_by_step[number][0]}
    assert {was[number][0] for number in moved} | {step_by_step[number][0] for number in moved} <= touched


@settings(max_examples=25, deadline=None)
@given(records=RECORDS)
def test_records_with_one_identifier_are_one_paper(records: list[Record], database: duckdb.DuckDBPyConnection) -> None:
    alone: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for paper, record in zip(papers(database, records), records, strict=True):
        if record.arxiv_id:
            assert paper == f"arxiv:{record.arxiv_id}"
        elif record.dois:
            alone[record.dois].add(paper)
    assert all(len(found) == 1 for found in alone.values())


@settings(max_examples=30, deadline=None)
@given(records=RECORDS, overrides=overriding())
def test_overrides_win(records: list[Record], overrides: list[Override], database: duckdb.DuckDBPyConnection) -> None:
    by_name: dict[str, set[str]] = defaultdict(set)
    for paper, record in zip(papers(database, records, overrides), records, strict=True):
        name = f"arxiv:{record.arxiv_id}" if record.arxiv_id else f"doi:{record.dois[0]}" if record.dois else None
        if name and (record.arxiv_id or len(record.dois) == 1):
            by_name[name].add(paper)
    for each in overrides:
        one, other = by_name[each.paper], by_name[each.other]
        if each.action == "split":
            assert not one & other
        elif each.paper.startswith("arxiv:") and each.other.startswith("arxiv:") and one and other:
            assert one == other


ARXIV = [f"arxiv:{each}" for each in (A, B)]


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        # A title without authors joins the one paper that has it.
        ([Record(A, title=S), Record(title=S)], [ARXIV[0]] * 2),
        ([Record(A, title=S, authors=ONE), Record(title=S)], [ARXIV[0]] * 2),
        ([Record(None, (X,), S), Record(title=S)], [f"doi:{X}"] * 2),
        ([Record(A, title=S), Record(None, (X,), S)], [ARXIV[0]] * 2),
        # Transitively: by DOI, by title, by DOI.
        ([Record(A, (X,), S), Record(None, (X,), T)], [ARXIV[0]] * 2),
        ([Record(A, title=S), Record(None, (X,), S), Record(None, (X,), T), Record(title=T)], [ARXIV[0]] * 4),
        ([Record(A, (X,)), Record(None, (X, Y)), Record(None, (Y, Z)), Record(None, (Z,))], [ARXIV[0]] * 4),
        # What two arXiv papers claim joins neither.
        ([Record(A, (X,), S), Record(B, (X,), T), Record(None, (X,))], [*ARXIV, f"doi:{X}"]),
        ([Record(A, title=S), Record(B, title=S), Record(title=S)], [*ARXIV, "title"]),
        ([Record(A, (X,)), Record(B, (Y,)), Record(None, (X, Y)), Record(None, (Y,))], [*ARXIV, ARXIV[0], ARXIV[1]]),
        # But its title tells where it belongs.
        ([Record(A, (X,), S), Record(B, (X,), T), Record(None, (X,), S)], [*ARXIV, ARXIV[0]]),
        # DOIs that disagree stay apart.
        ([Record(A, (Y,), S), Record(None, (X,), S)], [ARXIV[0], f"doi:{X}"]),
        ([Record(A, (), S), Record(None, (X,), S), Record(None, (Y,), S)], [ARXIV[0], f"doi:{X}", f"doi:{Y}"]),
        (
            [Record(A, (), S), Record(B, (), T), Record(None, (X,), S), Record(None, (X,), T)],
            [*ARXIV, f"doi:{X}", f"doi:{X}"],
        ),
        # Authors decide: a conference paper and another one of that name, and a record of either.
        ([Record(A, title=S, authors=ONE), Record(title=S, authors=OTHER)], [ARXIV[0], "title"]),
        ([Record(A, title=S, authors=ONE), Record(title=S, authors=("Doe, J.",))], [ARXIV[0]] * 2),
        (
            [Record(A, title=S, authors=ONE), Record(B, title=S, authors=OTHER), Record(title=S, authors=OTHER)],
            [*ARXIV, ARXIV[1]],
        ),
        (
            [Record(A, title=S, authors=ONE), Record(B, title=S, authors=OTHER), Record(title=S)],
            [*ARXIV, "title"],
        ),
        ([Record(title=S, authors=ONE), Record(title=S, authors=OTHER)], ["title", "title"]),
        # A duplicate submission: the record of neither.
        (
            [Record(A, title=S, authors=ONE), Record(B, title=S, authors=ONE), Record(title=S, authors=ONE)],
            [*ARXIV, "title"],
        ),
        # Years decide: a journal version, and another text of the same authors long after.
        (
            [Record(A, title=S, authors=ONE, year=2015), Record(None, (X,), S, ONE, 2017)],
            [ARXIV[0]] * 2,
        ),
        (
            [Record(A, title=S, authors=ONE, year=2015), Record(None, (X,), S, ONE, 2025)],
            [ARXIV[0], f"doi:{X}"],
        ),
        # Abstracts decide where authors do not, or name themselves otherwise.
        (
            [
                Record(A, title="Rain", abstract=RAINY),
                Record(title="Rain", abstract=RAINY.upper()),
                Record(title="Rain"),
            ],
            [ARXIV[0], ARXIV[0], "text"],
        ),
        (
            [
                Record(A, title=S, authors=ONE, abstract=RAINY),
                Record(B, title=S, authors=OTHER),
                Record(title=S, abstract=RAINY),
            ],
            [*ARXIV, ARXIV[0]],
        ),
        (
            [Record(A, title=S, authors=ONE, abstract=RAINY), Record(None, (X,), S, ("Rain Team",), 2025, RAINY)],
            [ARXIV[0]] * 2,
        ),
        # Titles that are not specific want authors and years; generic ones never join.
        ([Record(A, title=REPLY, authors=ONE), Record(title=REPLY)], [ARXIV[0], "text"]),
        ([Record(A, title=REPLY, authors=ONE, year=2015), Record(None, (X,), REPLY, ONE, 2015)], [ARXIV[0]] * 2),
        (
            [Record(A, title=REPLY, authors=ONE, year=2015), Record(None, (X,), REPLY, ONE, 2017)],
            [ARXIV[0], f"doi:{X}"],
        ),
        ([Record(A, title="Editorial", authors=ONE), Record(None, (X,), "Editorial", ONE)], [ARXIV[0], f"doi:{X}"]),
        ([Record(title="Editorial", authors=ONE)], ["text"]),
        ([Record()], ["text"]),
        ([Record(title=S), Record(title=S)], ["title"] * 2),
    ],
)
def test_what_joins_and_what_does_not(
    records: list[Record], wanted: list[str], database: duckdb.DuckDBPyConnection
) -> None:
    names = papers(database, records)
    assert [name if name.startswith(("arxiv:", "doi:")) else name.split(":")[0] for name in names] == wanted


def test_records_of_a_title_stay_together_where_its_papers_stay_apart(database: duckdb.DuckDBPyConnection) -> None:
    initials, reversed_names = ("J. Doe", "J. Beispiel"), ("Doe, Jane", "Beispiel, Jan")
    records = [Record(A, title=S, authors=ONE), Record(B, title=S, authors=ONE)]
    names = papers(database, [*records, Record(title=S, authors=initials), Record(title=S, authors=reversed_names)])
    assert names[:2] == ARXIV
    assert names[2] == names[3] != names[0]


@pytest.mark.parametrize(
    ("records", "overrides", "wanted"),
    [
        ([Record(A), Record(B)], [merge(*ARXIV)], [ARXIV[0]] * 2),
        ([Record(A), Record(None, (X,))], [merge(f"doi:{X}", ARXIV[0])], [ARXIV[0]] * 2),
        ([Record(A), Record(None, (X,)), Record(B)], [merge(f"doi:{X}", ARXIV[0]), merge(f"doi:{X}", ARXIV[1])],
         [ARXIV[0]] * 3),
        ([Record(A, (X,)), Record(None, (X,))], [split(f"doi:{X}", ARXIV[0])], [ARXIV[0], f"doi:{X}"]),
        ([Record(A, title=S), Record(None, (X,), S)], [split(f"doi:{X}", ARXIV[0])], [ARXIV[0], f"doi:{X}"]),
        ([Record(None, (X, Y)), Record(None, (Y,))], [split(f"doi:{X}", f"doi:{Y}")], [f"doi:{X}", f"doi:{Y}"]),
    ],
)  # fmt: skip
def test_overrides_win_over_all_else(
    records: list[Record], overrides: list[Override], wanted: list[str], database: duckdb.DuckDBPyConnection
) -> None:
    assert papers(database, records, overrides) == wanted


def test_an_override_may_name_a_record_without_identifiers(database: duckdb.DuckDBPyConnection) -> None:
    records = [Record(A, title=T, authors=ONE), Record(title=S, authors=OTHER)]
    _, name = papers(database, records)
    assert papers(database, records, [merge(name, ARXIV[0])]) == [ARXIV[0]] * 2
    assert {evidence for _, evidence in found(database).values()} == {None, "override"}
    same = [Record(A, title=S, authors=ONE), Record(title=S, authors=("J. Doe",))]
    assert papers(database, same) == [ARXIV[0]] * 2
    name = database.execute("SELECT own_id FROM work.records WHERE record_id = 1").fetchall()[0][0]
    assert papers(database, same, [split(name, ARXIV[0])]) == [ARXIV[0], name]


def test_the_evidence_is_told(database: duckdb.DuckDBPyConnection) -> None:
    records = [
        Record(A, (X,), S, ONE),
        Record(None, (X,), T),
        Record(title=S, authors=("Doe, J.",)),
        Record(title=S),
        Record(None, (Y,)),
    ]
    papers(database, records, [merge(f"doi:{Y}", ARXIV[0])])
    evidence = [evidence for _, (_, evidence) in sorted(found(database).items())]
    assert evidence == [None, "doi", "title_and_authors", "title", "override"]


def test_a_title_of_very_many_papers_joins_none(database: duckdb.DuckDBPyConnection) -> None:
    records = [
        Record(None, (f"10.5555/{number}",), S, (f"Name{number:c} Rain{number:c}",)) for number in range(97, 123)
    ]
    many = [replace(record, dois=(f"{record.dois[0]}/{part}",)) for record in records for part in range(4)]
    names = papers(database, [*many, Record(title=S)])
    assert len(set(names)) == len(many) + 1

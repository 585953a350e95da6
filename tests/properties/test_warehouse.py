from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from etl import ledger
from tests.factories import abstract, daily, daily_row, page, snapshot_lines, snapshot_record, title
from tests.warehouses import Small, differing

LINK = "Our code is available at https://github.com/owner-{0}/name."
REPLY = "Reply to the Comment on Rain"
# Papers that several sources know, with spellings, titles and links that meet and part.
POOL: list[tuple[str, Any]] = [
    ("daily", daily_row(1, upvotes=4, githubRepo="https://github.com/Owner-1/Name", githubStars=10)),
    ("daily", daily_row(1, summary=abstract(1, LINK.format(1)), upvotes=9)),
    ("daily", daily_row(2, summary=abstract(2, "We will release our code."))),
    ("daily", daily_row(3, title=title(2))),
    ("daily", daily_row(4, id="not-an-identifier")),
    ("daily", {"paper": {"id": "2506.00005"}}),
    ("daily", 42),
    ("snapshot", snapshot_record(1, doi="10.5555/one", comments=LINK.format(1))),
    ("snapshot", snapshot_record(2, doi="10.5555/two", update_date="2025-07-01")),
    ("snapshot", snapshot_record(6, doi="10.5555/one")),
    ("snapshot", snapshot_record(7, title=None)),
    ("page", (title(4), abstract(4, LINK.format(4)))),
    ("page", (title(2), abstract(2))),
    ("page", (title(1), abstract(1))),
    ("page", (title(8), abstract(8, "Code is available on request."))),
    ("snapshot", snapshot_record(9, doi="10.5555/nine; 10.5555/two")),
    ("snapshot", snapshot_record(10, title=title(2), authors_parsed=[["Author2", "Z.", ""]])),
    ("snapshot", snapshot_record(11, title=REPLY, authors_parsed=[["Doe", "Jane", ""]])),
    ("daily", daily_row(12, title=REPLY, id="none", authors=[{"name": "J. Doe"}])),
    ("page", (REPLY, abstract(13))),
    ("daily", daily_row(9, summary="We ask a kelp language model (KLM) of the tide. The KLM is asked again.")),
    ("daily", daily_row(10, summary="A kelp-language model (KLM) of kelp data sets is asked of the tide.")),
    ("snapshot", snapshot_record(11, abstract="A kelp language model (KLM) is asked. Kelp datasets are read.")),
    ("page", (title(12), abstract(12, "The KLMs are asked of the tide, and the KLMs say nothing of kelp datasets."))),
    (
        "daily",
        daily_row(13, summary="Wir messen, wie der Seetang wächst und welche Gezeiten er für die Ernte braucht."),
    ),
]
KINDS = {"daily": daily, "snapshot": snapshot_lines, "page": page}
DAY = dt.date(2025, 6, 12)

# A warehouse takes a second: better a long example than none for minutes.
NO_SHRINKING = (Phase.explicit, Phase.generate)

Dump = tuple[str, tuple[int, ...]]
NAMES = [f"arxiv:2506.{number:05d}" for number in (1, 2, 6, 10)] + ["10.5555/one", "10.5555/two", "10.5555/nine"]
OVERRIDES = st.lists(
    st.tuples(st.sampled_from(["merge", "split"]), st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(
        lambda line: line[1] < line[2]
    ),
    max_size=2,
    unique_by=lambda line: line[1:],
)


def override(small: Small, lines: Sequence[tuple[str, str, str]]) -> None:
    """Makes these the overrides; what merges join, no line splits."""
    path = small.settings.warehouse.parent / "overrides.csv"
    rows = [f"{action},{paper},{other},a test,because,2025-06-01,\n" for action, paper, other in lines]
    path.write_text("action,paper,other,who,why,when,until\n" + "".join(rows))
    small.settings = replace(small.settings, overrides=path)


def fill(small: Small, dumps: Sequence[Dump], each: bool = False) -> list[str]:
    """Delivers dumps of records of the pool, all observed on one day, and settles at the end or after each."""
    ids = []
    for number, (kind, chosen) in enumerate(dumps):
        data = KINDS[kind]([POOL[place][1] for place in chosen])
        ids.append(small.deliver(data, f"{kind}-{number}", DAY))
        if each:
            small.settle()
    small.settle()
    return ids


PLACES: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _places(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hypothesis runs many examples in one test: each warehouse gets a folder of its own here."""
    PLACES.append(tmp_path_factory.mktemp("warehouses"))


def warehouse() -> Small:
    return Small(Path(tempfile.mkdtemp(dir=PLACES[-1])))


def split(data: st.DataObject, chosen: Sequence[int]) -> list[Dump]:
    """The records in dumps of one kind each, at random borders and in random order; some stand in two of them."""
    dumps: list[Dump] = []
    for kind in KINDS:
        mine = [place for place in chosen if POOL[place][0] == kind]
        if not mine:
            continue
        shuffled = data.draw(st.permutations(mine))
        cut = data.draw(st.integers(0, len(shuffled)))
        parts = [shuffled[:cut], shuffled[cut:]]
        if data.draw(st.booleans()):
            parts.append(shuffled[:1])
        dumps += [(kind, tuple(part)) for part in parts if part]
    return data.draw(st.permutations(dumps))


# Their order inside a dump is a ranking, and votes are no content: records that say the same are left out.
CHOSEN = st.lists(st.sampled_from(range(len(POOL))), min_size=2, max_size=9, unique=True)


@pytest.mark.slow
@settings(max_examples=4, phases=NO_SHRINKING)
@given(chosen=CHOSEN, overrides=OVERRIDES, data=st.data())
def test_order_splits_and_repeats_of_records_do_not_matter(
    chosen: list[int], overrides: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    one, other = warehouse(), warehouse()
    override(one, overrides)
    override(other, overrides[: data.draw(st.integers(0, len(overrides)))])
    by_kind = [(kind, tuple(place for place in chosen if POOL[place][0] == kind)) for kind in KINDS]
    fill(one, [dump for dump in by_kind if dump[1]])
    fill(other, split(data, chosen), each=data.draw(st.booleans()))
    override(other, overrides)
    other.settle()
    assert differing(one.content(), other.content()) == {}


@pytest.mark.slow
@settings(max_examples=3, phases=NO_SHRINKING)
@given(chosen=CHOSEN, data=st.data())
def test_a_withdrawn_dump_is_as_if_it_had_never_come(chosen: list[int], data: st.DataObject) -> None:
    dumps = list(dict.fromkeys(split(data, chosen)))
    lost = data.draw(st.integers(0, len(dumps) - 1))
    one, other = warehouse(), warehouse()
    ids = fill(one, dumps, each=data.draw(st.booleans()))
    ledger.write_withdrawals(one.settings, {ids[lost]: "for this test"})
    one.settle()
    fill(other, [dump for number, dump in enumerate(dumps) if number != lost])
    assert differing(one.content(), other.content()) == {}
    assert one.rows(f"SELECT status, records FROM core.dumps WHERE dump_id = '{ids[lost]}'") == [("withdrawn", 0)]
    ledger.write_withdrawals(one.settings, {})
    one.settle()
    fill(other, dumps)
    assert differing(one.content(), other.content()) == {}


@pytest.mark.slow
@settings(max_examples=2, phases=NO_SHRINKING)
@given(chosen=CHOSEN, data=st.data())
@example(chosen=list(range(len(POOL))), data=None)
def test_no_record_is_lost_and_a_second_run_changes_nothing(chosen: list[int], data: st.DataObject | None) -> None:
    small = warehouse()
    kinds = [(kind, tuple(place for place in chosen if POOL[place][0] == kind)) for kind in KINDS]
    dumps = split(data, chosen) if data else [dump for dump in kinds if dump[1]]
    fill(small, dumps, each=True)
    counts = small.rows("SELECT DISTINCT records, loaded, rejected, duplicates, dump_id FROM core.dumps")
    assert all(records == loaded + rejected + duplicates for records, loaded, rejected, duplicates, _ in counts)
    assert sum(records for records, *_ in counts) == sum(len(places) for _, places in set(dumps))
    assert small.rows("SELECT count(*) FROM core.paper_observations") == [(sum(loaded for _, loaded, *_ in counts),)]
    assert small.rows("SELECT count(*) FROM ops.rejected") == [(sum(rejected for _, _, rejected, *_ in counts),)]
    before = small.content(), small.rows("SELECT * FROM work.version")
    fill(small, dumps)
    assert (small.content(), small.rows("SELECT * FROM work.version")) == before


def test_a_repeat_in_another_dump_turns_no_spelling() -> None:
    upper = daily_row(1, githubRepo="https://github.com/Owner/Name")
    lower = daily_row(2, githubRepo="https://github.com/owner/name")
    one, other = warehouse(), warehouse()
    one.deliver(daily([upper, lower]), "one", DAY)
    other.deliver(daily([upper, lower]), "one", DAY)
    other.deliver(daily([lower]), "two", DAY)
    for small in (one, other):
        small.settle()
    assert differing(one.content(), other.content()) == {}


def test_splitting_a_dump_keeps_the_stars_of_its_repeats() -> None:
    fields = {"githubRepo": "https://github.com/owner/name"}
    few, many = (daily_row(1, **fields, githubStars=stars) for stars in (5, 9))
    one, other = warehouse(), warehouse()
    one.deliver(daily([few, many]), "one", DAY)
    other.deliver(daily([few]), "one", DAY)
    other.deliver(daily([many]), "two", DAY)
    for small in (one, other):
        small.settle()
    assert differing(one.content(), other.content()) == {}


def test_a_redelivery_under_another_day_widens_the_days_alone() -> None:
    small = warehouse()
    data = daily([daily_row(1), daily_row(2)])
    small.deliver(data, "listing", DAY)
    small.settle()
    before = small.content()
    small.deliver(data, "listing", DAY + dt.timedelta(days=3))
    small.settle()
    said = small.rows("SELECT DISTINCT first_observed_on, last_observed_on FROM core.papers")
    assert said == [(DAY, DAY + dt.timedelta(days=3))]
    assert small.rows("SELECT count(*), count(DISTINCT observed_on) FROM core.paper_observations") == [(4, 2)]
    assert small.content()["core.keywords"] == before["core.keywords"]


def test_deliveries_with_and_without_a_day_give_the_same_in_any_order() -> None:
    data = daily([daily_row(1)])
    one, other = warehouse(), warehouse()
    one.deliver(data, "listing", DAY)
    one.deliver(data, "listing")
    other.deliver(data, "listing")
    other.deliver(data, "listing", DAY)
    for small in (one, other):
        small.settle()
    assert differing(one.content(), other.content()) == {}

from __future__ import annotations

import networkx as nx
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms.components import components

PAIRS = st.lists(st.tuples(st.sampled_from("abcdefghijklm"), st.sampled_from("abcdefghijklm")), max_size=20)


def found(pairs: list[tuple[str, str]]) -> dict[str, str]:
    frame = pl.DataFrame(pairs, schema={"one": pl.String, "other": pl.String}, orient="row")
    return dict(components(frame).iter_rows())


@given(pairs=PAIRS, data=st.data())
def test_components_are_those_of_networkx_in_any_order(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    wanted = {node: min(held) for held in nx.connected_components(nx.Graph(pairs)) for node in held}
    assert found(pairs) == wanted
    turned = [pair[::-1] if data.draw(st.booleans()) else pair for pair in data.draw(st.permutations(pairs))]
    assert found(turned) == wanted


def test_long_chains_and_large_stars_are_one_component() -> None:
    chain = [(f"{number:06d}", f"{number + 1:06d}") for number in range(100_000)]
    star = [("x", f"y{number}") for number in range(100_000)]
    assert set(found(chain[::-1] + star).values()) == {"000000", "x"}

"""Public collections of URL vectors, where they are at hand; the adapter says what each is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.url_vectors import all_vectors
from etl.transforms.links import links_in_cell, links_in_text
from etl.transforms.statements import code_statement
from etl.transforms.urls import canonical

BAD_INPUT = Path(__file__).resolve().parents[2].parent / "shared" / "badinput"
needs_shared = pytest.mark.skipif(not BAD_INPUT.exists(), reason="needs ../shared")
AT_LEAST = 0.95


@needs_shared
@pytest.mark.parametrize("collection", ["twitter-text", "linkify-it", "whatwg-url"])
def test_nearly_all_vectors_are_right(collection: str) -> None:
    vectors = all_vectors(BAD_INPUT)[collection]
    wrong = [vector for vector in vectors if not vector.is_right]
    assert sum(bool(vector.wanted) for vector in vectors) > 40
    assert len(wrong) <= (1 - AT_LEAST) * len(vectors), wrong


@needs_shared
def test_no_hostile_text_raises() -> None:
    texts = json.loads((BAD_INPUT / "blns/blns.json").read_text(encoding="utf-8"))
    texts += [vector.text for vectors in all_vectors(BAD_INPUT).values() for vector in vectors]
    for text in texts:
        for form in (canonical(text), *links_in_cell(text), *(link.target for link in links_in_text(text))):
            if form is not None:
                again = canonical(form.url)
                assert again is not None
                assert (again.url, again.key, again.kind) == (form.url, form.key, form.kind)
        code_statement(text)

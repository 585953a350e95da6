"""Numbers that no listing means: what becomes of the record that holds one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories import daily_row, normalised

MARK = '"@@"'


def listed(row: dict[str, Any], written: str) -> bytes:
    """A listing with a sound row, the given one with its mark as it is to be written, and another sound row."""
    rows = [json.dumps(daily_row(1)), json.dumps(row).replace(MARK, written), json.dumps(daily_row(3))]
    return f"[{','.join(rows)}]".encode()


def reason_of(folder: Path, row: dict[str, Any], written: str) -> str | None:
    """Why the row is rejected, or None; its neighbours are always loaded."""
    outcome, frames = normalised(folder, "hf_daily", listed(row, written))
    assert outcome.reason is None, outcome
    (counts,) = outcome.members
    assert (counts.records, counts.accepted + counts.rejected, counts.duplicates) == (3, 3, 0)
    assert {"2506.00001", "2506.00003"} <= set(frames["papers"]["arxiv_id"])
    if counts.rejected:
        assert counts.accepted == 2
        return str(frames["rejected"]["reason"].item())
    return None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1e400", "number_out_of_range"),
        ("-1e400", "number_out_of_range"),
        ("1" + "0" * 30, "number_out_of_range"),
        ("9223372036854775808", "number_out_of_range"),
        ('"1e30"', "number_out_of_range"),
        ('"Infinity"', "number_out_of_range"),
        ('"' + "9" * 40 + '"', "number_out_of_range"),
        ("NaN", "malformed_json"),
        ("Infinity", "malformed_json"),
        ("007", "malformed_json"),
        ('"NaN"', "number_out_of_range"),
        ("1.5", "wrong_type"),
        ("true", "wrong_type"),
        ('"many"', "wrong_type"),
        ('""', "wrong_type"),
        ('"1_000"', "wrong_type"),
        ('"٣"', "wrong_type"),
        ("[3]", "wrong_type"),
        ("-5", "upvotes_min"),
        ('"-5"', "upvotes_min"),
        ("-0", None),
        ("-0.0", None),
        ("1e3", None),
        ('"5326.0"', None),
        ('"12,345"', None),
        ("9223372036854775807", None),
        ("null", None),
    ],
)
def test_votes(written: str, reason: str | None, tmp_path: Path) -> None:
    assert reason_of(tmp_path, daily_row(2, upvotes="@@"), written) == reason


@pytest.mark.parametrize(
    ("written", "wanted"), [("-0", 0), ('"9007199254740993"', 9007199254740993), ('"12,345"', 12345), ("1e3", 1000)]
)
def test_what_is_accepted_is_not_changed(written: str, wanted: int, tmp_path: Path) -> None:
    _, frames = normalised(tmp_path, "hf_daily", listed(daily_row(2, upvotes="@@"), written))
    assert frames["papers"]["upvotes"].to_list()[1] == wanted


@pytest.mark.parametrize(
    ("written", "reason"), [("-1", "stars_min"), ("1e30", "number_out_of_range"), ("2.5", "wrong_type"), ("7", None)]
)
def test_stars_of_a_paper_with_a_repository(written: str, reason: str | None, tmp_path: Path) -> None:
    row = daily_row(2, githubRepo="https://github.com/lantern/orchard", githubStars="@@")
    assert reason_of(tmp_path, row, written) == reason


@pytest.mark.parametrize(
    ("written", "reason"),
    [("12345678901234567890123", "number_out_of_range"), ("1e400", "number_out_of_range"), ("2025", None)],
)
def test_a_number_in_place_of_a_text_keeps_its_digits_or_is_refused(
    written: str, reason: str | None, tmp_path: Path
) -> None:
    row = daily_row(2, outer={"title": "A Title Beside It"}, title="@@")
    assert reason_of(tmp_path, row, written) == reason


@pytest.mark.parametrize(
    "written", ['"99999-01-01"', '"+99999-01-01"', '"0001-01-01"', '"2025-13-45"', '"-2025-01-01"']
)
def test_a_day_that_cannot_be_is_no_day(written: str, tmp_path: Path) -> None:
    row = daily_row(2, publishedAt="@@")
    del row["publishedAt"]
    assert reason_of(tmp_path / "a", row, written) is None
    _, frames = normalised(tmp_path / "b", "hf_daily", listed(row, written))
    assert frames["papers"]["published_on"].to_list()[1] is None

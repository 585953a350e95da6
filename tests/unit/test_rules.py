from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from etl import rules
from etl.rules import Rule

GOOD = 'keyword = "world models"\nwhen = "new_code"\n'


def read(folder: Path, text: str | bytes, name: str = "rule.toml") -> tuple[list[Rule], list[str]]:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found, problems = rules.read(folder)
    assert all(problem.exit_status == 2 for problem in problems)
    return found, [str(problem) for problem in problems]


def test_a_rule_says_what_its_file_says(tmp_path: Path) -> None:
    found, problems = read(
        tmp_path,
        'keyword = " World   Models "\ncategory = "cs.LG"\nwhen = "share"\nabove = 0.02\nminimum_papers = 7\n'
        'cool_down_days = 10\nchannels = ["webhook", "digest"]\nwebhook = "team"\n',
    )
    assert problems == []
    assert found == [
        Rule("rule", "share", "world models", "", "cs.LG", 0.02, None, 7, 10, ("digest", "webhook"), "team")
    ]
    assert found[0].threshold == 0.02


@pytest.mark.parametrize(
    ("when", "more", "threshold", "papers"),
    [
        ("share", "above = 1", 1, 3),
        ("keyword_rank", "top = 5", 5, 3),
        ("burst", "", 0, 5),
        ("rank", "top = 1", 1, None),
        ("new_code", "", None, None),
        ("link_death", "", None, 1),
    ],
)
def test_every_condition_has_its_defaults(
    when: str, more: str, threshold: float | None, papers: int | None, tmp_path: Path
) -> None:
    found, problems = read(tmp_path, f'regex = "a"\nwhen = "{when}"\n{more}\n')
    assert problems == []
    assert (found[0].threshold, found[0].minimum_papers, found[0].channels, found[0].cool_down_days) == (
        threshold,
        papers,
        ("feed",),
        30,
    )


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        (b"\xff", "the file", "UTF-8"),
        ("a = ", "the file", "TOML"),
        ("#" * 70_000, "the file", "65536 at most"),
        ("", "when", "one of share"),
        ('keyword = "a"\nwhen = "full moon"', "when", "one of share"),
        ('keyword = "a"\nwhen = ["share"]', "when", "one of share"),
        (GOOD + 'subject = "x"', "subject", "an unknown key"),
        (GOOD + "above = 1", "above", "a key for share and burst, not for new_code"),
        (GOOD + 'regex = "a"', "keyword", "one of the two"),
        ('when = "new_code"', "keyword", "what the rule is about"),
        ('keyword = "a"\nwhen = "share"', "above", "share needs it"),
        ('keyword = "a"\nwhen = "rank"', "top", "rank needs it"),
        ('keyword = "a"\nwhen = "share"\nabove = 2', "above", "a share"),
        ('keyword = "a"\nwhen = "share"\nabove = 0', "above", "a share"),
        ('keyword = "a"\nwhen = "share"\nabove = nan', "above", "a number"),
        ('keyword = "a"\nwhen = "share"\nabove = true', "above", "a number"),
        ('keyword = "a"\nwhen = "share"\nabove = "0.1"', "above", "a number"),
        ('keyword = "a"\nwhen = "rank"\ntop = 1.5', "top", "a whole number"),
        ('keyword = "a"\nwhen = "rank"\ntop = 0', "top", "a whole number"),
        (GOOD + "cool_down_days = -1", "cool_down_days", "whole number of days"),
        (GOOD + 'channels = "feed"', "channels", "a list"),
        (GOOD + "channels = []", "channels", "a list"),
        (GOOD + 'channels = ["pigeon"]', "channels", "a list"),
        (GOOD + 'channels = ["feed", "feed"]', "channels", "each once"),
        (GOOD + 'channels = ["webhook"]', "webhook", "the name of the webhook"),
        (GOOD + 'webhook = "team"', "channels", "also"),
        (GOOD + 'channels = ["webhook"]\nwebhook = "https://example.org/"', "webhook", "small letters"),
        ('keyword = ""\nwhen = "new_code"', "keyword", "a text"),
        ('keyword = "  "\nwhen = "new_code"', "keyword", "a text"),
        ('keyword = "a\\nb"\nwhen = "new_code"', "keyword", "a text"),
        ('keyword = "a\\u202eb"\nwhen = "new_code"', "keyword", "a text"),
        (f'keyword = "{"x" * 201}"\nwhen = "new_code"', "keyword", "200"),
        ('regex = ""\nwhen = "new_code"', "regex", "1 to 500"),
        (f'regex = "{"x" * 501}"\nwhen = "new_code"', "regex", "1 to 500"),
        ('regex = "("\nwhen = "new_code"', "regex", "RE2"),
        ('regex = "(a)\\\\1"\nwhen = "new_code"', "regex", "RE2"),
        ('regex = "(?=a)"\nwhen = "new_code"', "regex", "RE2"),
        ('regex = "((a{100}){100}){100}"\nwhen = "new_code"', "regex", "RE2"),
    ],
)
def test_what_cannot_be_is_one_clear_line(text: str | bytes, key: str, said: str, tmp_path: Path) -> None:
    found, problems = read(tmp_path, text)
    assert found == []
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"{tmp_path / 'rule.toml'}: {key}: ")
    assert said in problems[0]
    assert len(problems[0]) < 600
    assert "\n" not in problems[0]


def test_each_fault_has_its_line_and_other_rules_stay(tmp_path: Path) -> None:
    read(tmp_path, GOOD, "fine.toml")
    found, problems = read(tmp_path, 'when = "rank"\nregex = "("\nkeyword = "a"\nmoon = 1\n')
    assert [rule.name for rule in found] == ["fine"]
    assert [problem.split(": ")[1] for problem in problems] == ["moon", "top", "keyword", "regex"]


@pytest.mark.parametrize("name", ["A.toml", "a b.toml", ".toml", "é.toml", f"{'a' * 65}.toml"])
def test_a_rule_has_a_plain_name(name: str, tmp_path: Path) -> None:
    found, problems = read(tmp_path, GOOD, name)
    assert found == []
    assert "the file's name" in problems[0]


def test_without_a_folder_there_are_no_rules(tmp_path: Path) -> None:
    assert rules.read(None) == ([], [])
    assert rules.read(tmp_path) == ([], [])


def test_a_rule_that_asks_for_something_else_is_another_one(tmp_path: Path) -> None:
    one = read(tmp_path, GOOD)[0][0]
    told = read(tmp_path, GOOD + 'channels = ["digest"]\ncool_down_days = 3')[0][0]
    other = read(tmp_path, GOOD.replace("world", "word"))[0][0]
    assert one.fingerprint == told.fingerprint != other.fingerprint


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_an_expression_that_blows_up_elsewhere_is_linear_here(regex: str, tmp_path: Path) -> None:
    found, problems = read(tmp_path, f'regex = "{regex}"\nwhen = "new_code"\n')
    assert (len(found), problems) == (1, [])
    seconds = []
    for size in (50_000, 400_000):
        begun = time.process_time()
        duckdb.execute("SELECT regexp_matches(?, ?, 'i')", ["a" * size + "!", found[0].regex]).fetchall()
        seconds.append(time.process_time() - begun)
    # Eight times the text; an expression that tries all ways would never come back.
    assert seconds[1] < 64 * seconds[0] + 1

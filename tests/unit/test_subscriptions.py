from __future__ import annotations

from pathlib import Path

import pytest

from etl import subscriptions
from etl.subscriptions import Subscription

GOOD = 'address = "ada@example.org"\n'


def one(folder: Path, text: str) -> tuple[list[Subscription], list[str]]:
    (folder / "ada.toml").write_text(text, encoding="utf-8")
    found, wrong = subscriptions.read(folder)
    return found, [str(error) for error in wrong]


def test_all_that_a_subscription_can_say(tmp_path: Path) -> None:
    found, wrong = one(
        tmp_path,
        GOOD
        + 'keywords = ["rain  gauge", "snow"]\ncategories = ["cs.LG"]\nalerts = ["*"]\nonly_with_code = true\n'
        + 'minimum_papers = 9\nfrequency = "weekly"\ndates = "pt_br"\nmost = 3\n',
    )
    assert wrong == []
    assert found == [
        Subscription(
            "ada", "ada@example.org", ("rain gauge", "snow"), ("cs.LG",), ("*",), True, 9, "weekly", "pt_BR", 3
        )
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "address: found ''"),
        ('address = "ada@example.org\\nBcc: eve@example.org"', "address: found"),
        ('address = "ada"', "address: found 'ada'"),
        ('address = "a..da@example.org"', "address: found"),
        ('address = ".ada@example.org"', "address: found"),
        ('address = "ada@example.org, eve@example.org"', "address: found"),
        ('address = "Ada <ada@example.org>"', "address: found"),
        ('address = "ada@exämple.org"', "address: found"),
        ("address = 7", "address: found 7"),
        (GOOD + 'keyword = "rain"', "keyword: found an unknown key, wanted one of address, keywords"),
        (GOOD + 'keywords = "rain"', "keywords: found 'rain', wanted a list"),
        (GOOD + 'keywords = [""]', "keywords: found ''"),
        (GOOD + 'keywords = ["' + "x" * 101 + '"]', "wanted texts of 1 to 100 characters"),
        (GOOD + 'frequency = "hourly"', "frequency: found 'hourly', wanted one of daily, weekly, monthly"),
        (GOOD + 'dates = "zz_ZZ"', "dates: found 'zz_ZZ'"),
        (GOOD + "dates = ''", "dates: found ''"),
        (GOOD + "most = 0", "most: found 0"),
        (GOOD + "most = true", "most: found True"),
        (GOOD + "only_with_code = 1", "only_with_code: found 1"),
        (GOOD + "minimum_papers = 1e9", "minimum_papers: found 1000000000.0"),
        ("address = ", "the file: found"),
        (GOOD + "#" * 70_000, "the file: found more than 65536 bytes"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    found, (line,) = one(tmp_path, text)
    assert found == []
    assert line.startswith(f"{tmp_path}/ada.toml: ")
    assert said in line
    assert "\n" not in line


def test_a_bad_file_holds_back_itself_alone_and_an_address_has_one_file(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("rain")
    (tmp_path / "eve.toml").write_text('address = "ADA@example.org"')
    found, wrong = one(tmp_path, GOOD)
    assert [subscription.name for subscription in found] == ["ada"]
    assert len(wrong) == 2
    assert "that of ada.toml" in wrong[1]


def test_no_folder_is_no_subscription(tmp_path: Path) -> None:
    assert subscriptions.read(tmp_path / "none") == ([], [])


def test_the_key_shows_no_address_and_ignores_case() -> None:
    one, other = Subscription("a", "Ada@example.org"), Subscription("b", "ada@EXAMPLE.org")
    assert one.key == other.key
    assert "ada" not in one.key

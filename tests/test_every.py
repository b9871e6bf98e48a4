"""The decorator that makes one test of many cases loses none of them."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.every import every


@every("number, limit", [(1, 3), (4, 3), (2, 3), (7, 3)], ids=lambda case: f"case {case[0]}")
def below(number: int, limit: int) -> None:
    assert number < limit


@every("text", ["1", "x", "2", "KeyError"])
def readable(text: str) -> None:
    if text == "KeyError":
        raise KeyError(text)
    with pytest.raises(ValueError, match="invalid literal"):
        int(text)


def failure(test: object) -> str:
    assert callable(test)
    with pytest.raises(pytest.fail.Exception) as caught:
        test()
    return str(caught.value)


def test_each_case_that_failed_is_named_with_what_was_expected_and_seen() -> None:
    text = failure(below)
    assert text.startswith("2 of 4 cases failed: case 4, case 7\n\ncase 4\ntest_every.py:")
    assert "assert 4 < 3" in text
    assert "\n\ncase 7\ntest_every.py:" in text
    assert "assert 7 < 3" in text
    assert "assert 1 < 3" not in text


def test_every_kind_of_failure_counts() -> None:
    text = failure(readable)
    assert text.startswith("3 of 4 cases failed: 1, 2, KeyError\n")
    assert text.count("DID NOT RAISE") == 2
    assert "KeyError: 'KeyError'" in text


def test_cases_inside_cases_are_named_too() -> None:
    @every("row", [1, 2, 3])
    @every("column", ["a", "", "b\n"])
    def product(row: int, column: str) -> None:
        assert (row, column) not in {(2, ""), (2, "b\n"), (3, "a")}

    text = failure(product)
    assert text.startswith("2 of 3 cases failed: 2, 3\n\n2\n2 of 3 cases failed: '', 'b\\n'\n")
    assert "\n\n3\n1 of 3 cases failed: a\n" in text


def test_without_a_failure_it_passes() -> None:
    seen = []

    def see(number: int) -> None:
        seen.append(number)

    every("number", range(3))(see)()
    assert seen == [0, 1, 2]


def test_no_case_is_no_test() -> None:
    with pytest.raises(ValueError, match="no case for number"):
        every("number", [])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), pytest.skip.Exception("not here")])
def test_what_is_no_failure_goes_through(error: BaseException) -> None:
    @every("one", [error])
    def raises(one: BaseException) -> None:
        raise one

    with pytest.raises(type(error)):
        raises()


@every("name", ["a", "b"])
def test_fixtures_come_beside_the_cases(name: str, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    (tmp_path / name).touch(exist_ok=False)


def test_pytest_sees_the_fixtures_alone() -> None:
    assert list(inspect.signature(test_fixtures_come_beside_the_cases).parameters) == ["tmp_path"]

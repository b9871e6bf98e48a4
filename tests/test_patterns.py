"""A pattern of a module is compiled when it is first used, and is then what ``re.compile`` gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3probe.knowledge.findings import CATEGORIES
from s3probe.patterns import regex


def test_nothing_is_compiled_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    real = re.compile

    def counted(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return real(pattern, flags)

    monkeypatch.setattr(re, "compile", counted)
    letters = regex("[a-c]+", re.IGNORECASE)
    assert compiled == []
    assert [letters.fullmatch("ABC") is not None, letters.fullmatch("abd") is not None] == [True, False]
    assert compiled == ["[a-c]+"]


def test_it_has_all_that_a_pattern_has() -> None:
    there, here = re.compile(rb"(?P<name>a)|b", re.MULTILINE), regex(rb"(?P<name>a)|b", re.MULTILINE)
    assert (here.pattern, here.flags, here.groups, here.groupindex) == (
        there.pattern, there.flags, there.groups, there.groupindex,
    )  # fmt: skip
    assert here.sub(b"", b"abc") == b"c"
    assert repr(here) == repr(there)


def test_a_wrong_pattern_is_told_where_it_is_used() -> None:
    with pytest.raises(re.error):
        regex("(").search("")


def test_every_file_of_findings_is_read() -> None:
    folder = Path(__file__).parents[1] / "s3probe" / "knowledge" / "findings"
    assert sorted(file.stem for file in folder.glob("*.toml")) == list(CATEGORIES)

"""One name for one thing: no class is called like another, and what a finding advises is a fix everywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import s3probe

PACKAGE = Path(s3probe.__file__).parent
ROOT = Path(__file__).parents[1]
CLASS = re.compile(r" *class (\w+)[(:]")
MEND = re.compile(r"(?:\b|_)(?:un)?mend(?:s|ed|ing)?(?:\b|_)", re.IGNORECASE)


def classes(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and place of each class below a folder."""
    for path in sorted(folder.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := CLASS.match(line):
                yield found[1], f"{path.relative_to(folder)}:{number}"


def texts() -> Iterator[tuple[str, str]]:
    """All that people read of s3probe and of how it is made, by its path."""
    here = Path(__file__)
    beside = [ROOT / name for name in ("README.md", "CHANGELOG.md", "pyproject.toml", ".github", ".ci", "tests")]
    for path in (inside for place in (PACKAGE, *beside) for inside in (place, *sorted(place.rglob("*")))):
        if path.is_file() and path != here and path.suffix in ("", ".py", ".toml", ".md", ".yml"):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_no_class_name_exists_twice() -> None:
    found = [*classes(PACKAGE), *classes(ROOT / "tests")]
    count = Counter(name for name, _place in found)
    assert [(name, place) for name, place in found if count[name] > 1] == []


def test_a_fix_is_called_a_fix() -> None:
    found = [(name, match[0]) for name, text in texts() for match in MEND.finditer(text)]
    assert found == []


def test_the_word_is_found_wherever_it_stands() -> None:
    for text in ("To mend it:", "first_mends(finding)", "what was mended", "_mended = 1"):
        assert MEND.search(text), text
    for text in ("recommended", "amend"):
        assert not MEND.search(text), text

"""Tables that are parsed entry by entry say what stands there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from s3probe.knowledge import tables

KNOWLEDGE = Path(tables.__file__).parent
NAMES = sorted(str(path.relative_to(KNOWLEDGE).with_suffix("")) for path in KNOWLEDGE.rglob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_read_entry_by_entry(name: str) -> None:
    whole = tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))
    assert whole
    assert list(tables.table(name)) == list(whole)
    assert dict(tables.table(name)) == whole

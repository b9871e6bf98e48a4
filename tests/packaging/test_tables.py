"""What a wheel brings in place of the tables says the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from s3probe.knowledge import tables
from tests.knowledge.test_tables import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_a_wheel_brings_is_read_in_its_place(
    name: str, prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    installed = prefix / "lib" / version / "site-packages" / "s3probe" / "knowledge"
    monkeypatch.setattr(tables, "_HERE", str(installed))
    (installed / f"{name}.toml").rename(away := tmp_path / "away.toml")
    try:
        read = tables.table.__wrapped__(name)
    finally:
        away.rename(installed / f"{name}.toml")
    assert list(read.items()) == list(tables.table(name).items())

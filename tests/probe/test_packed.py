"""The SDK's own data, where its package is in an archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from s3probe.hindrance import HinderedError
from s3probe.probe import packed

SERVICE = "botocore/data/sts/2011-06-15/service-2.json"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "s3probe.pyz", "w") as file:
        file.writestr("botocore/data/partitions.json", "{}")
        file.writestr(SERVICE, '{"of": "the archive"}')
    inside = zipfile.Path(tmp_path / "s3probe.pyz", "botocore/")
    monkeypatch.setattr("s3probe.probe.packed.resources.files", {"botocore": inside}.__getitem__)


def test_an_installed_sdk_finds_its_own() -> None:
    with packed.sdk_data() as folder:
        assert folder == ""


@pytest.mark.usefixtures("archive")
def test_from_an_archive_it_is_unpacked_for_as_long_as_it_is_needed() -> None:
    with packed.sdk_data() as folder:
        place = Path(folder, *SERVICE.split("/")[2:])
        assert place.read_text() == '{"of": "the archive"}'
        assert place.is_relative_to(folder)
    assert not Path(folder).exists()


@pytest.mark.usefixtures("archive")
def test_without_room_this_process_is_hindered_and_no_key_pair_is_called_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packed, "TemporaryDirectory", full)
    with pytest.raises(HinderedError, match="No space left"), packed.sdk_data():
        pass

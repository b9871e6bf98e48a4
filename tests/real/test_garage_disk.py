"""Garage on a disk that is full or read-only, which files of up to 3072 bytes do not feel: its metadata keep them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nginx.server import MISSING, NGINX
from tests.real.examine import Setup, named
from tests.real.servers import BUCKET, Garage
from tests.real.test_garage import block

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason=MISSING),
    pytest.mark.skipif(bool(Garage.missing()), reason=Garage.missing()),
    pytest.mark.neighbours("garage"),
]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Setup[Garage]]:
    """Healthy, with its data on a disk of 20 MiB of its own."""
    folder = tmp_path / "garage"
    data = folder / "data"
    data.mkdir(parents=True)
    disk = ("mount", "-t", "tmpfs", "-o", "size=20m", "none", str(data))
    if subprocess.run(disk, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with Garage(folder) as server:
            assert isinstance(server, Garage)
            yield Setup(server, {"S3_ALIAS_HOST": server.host}, block(server), server.host)
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def _fill(folder: Path) -> None:
    filler = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    size = 1 << 20
    while size:
        try:
            os.write(filler, bytes(size))
        except OSError:
            size //= 2
    os.close(filler)


@pytest.mark.parametrize("profile", ["full", "quick"])
def test_a_full_disk_is_named_and_small_files_that_fit_are_removed(
    small: Setup[Garage], tmp_path: Path, profile: str
) -> None:
    place = tmp_path / "nginx"
    place.mkdir()
    assert named(small.examined(place, profile)) == []
    _fill(small.server.folder / "data")
    report = small.examined(place, profile)
    assert named(report) == ["quota-or-cap-exceeded"]
    assert report.findings[0].title == "The disk of the storage is full, so nothing more can be stored"
    assert "garage stats" in str(report.findings[0].fixes[0])
    _nothing_left(small, report.evidence.cleanup.left_behind)
    (small.server.folder / "data" / "filler").unlink()
    assert named(small.examined(place, profile)) == []


def test_a_read_only_disk_is_named_by_the_canary_too(small: Setup[Garage], tmp_path: Path) -> None:
    place = tmp_path / "nginx"
    place.mkdir()
    data = str(small.server.folder / "data")
    subprocess.run(["mount", "-o", "remount,ro", data], check=True)
    report = small.examined(place, "quick")
    assert named(report) == ["disk-read-only"]
    _nothing_left(small, report.evidence.cleanup.left_behind)
    subprocess.run(["mount", "-o", "remount,rw", data], check=True)
    assert named(small.examined(place, "quick")) == []


def _nothing_left(setup: Setup[Garage], named_as_left: tuple[str, ...]) -> None:
    assert named_as_left == ()
    assert setup.server.client().list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0

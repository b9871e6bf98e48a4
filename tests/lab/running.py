"""Ceph for all tests of one session that need it. Its ports are fixed, so no other process has one meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import gettempdir

from tests.lab.ceph import Ceph

BUCKET = "files-example"
MISSING = ("radosgw", "ceph-mon ceph-osd radosgw ceph-common")


@contextmanager
def only_one() -> Iterator[None]:
    """Inside, no other process has a cluster."""
    with (Path(gettempdir()) / "s3probe-tests-ceph.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


@contextmanager
def running(folder: Path) -> Iterator[Ceph]:
    """A cluster with a bucket. Raises :class:`NotInstalledError` where its programs are not there."""
    with only_one(), Ceph(folder) as server:
        assert isinstance(server, Ceph)
        server.client().create_bucket(Bucket=BUCKET)
        yield server

"""The real programs, each started when the first test asks for it. Its tests are neighbours: one worker starts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.real.servers import Garage, Minio, RealServer, Versity

Server = TypeVar("Server", bound=RealServer)


def _started(kind: type[Server], factory: pytest.TempPathFactory) -> Iterator[Server]:
    if lacking := kind.missing():
        pytest.skip(lacking)
    with kind(factory.mktemp(kind.name)) as server:
        assert isinstance(server, kind)
        yield server


@pytest.fixture(scope="session")
def garage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garage]:
    yield from _started(Garage, tmp_path_factory)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    yield from _started(Minio, tmp_path_factory)


@pytest.fixture(scope="session")
def versity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Versity]:
    yield from _started(Versity, tmp_path_factory)

"""What the modules use in place of ``dataclasses`` does as that does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from s3probe import records


def _made_by(kind: Any) -> tuple[Any, Any]:
    """The same two classes; ``kind``: the module that makes them."""

    @kind.dataclass(frozen=True, slots=True)
    class Near:
        host: str
        port: int = 443
        names: dict[str, str] = kind.field(default_factory=dict)
        found: list[str] = kind.field(default_factory=list, compare=False)

    @kind.dataclass(frozen=True, slots=True)
    class Farther(Near):
        away: float = 0.5

        @property
        def shown(self) -> str:
            return f"{self.host}:{self.port}"

    return Near, Farther


def _refused(work: Callable[[], object]) -> str:
    with pytest.raises((TypeError, AttributeError, dataclasses.FrozenInstanceError)) as caught:
        work()
    return f"{type(caught.value).__name__} {str(caught.value).rpartition('.')[2]}"


def _seen(kind: Any) -> list[object]:
    place, far = _made_by(kind)
    one, other = place("a"), far("a", 80, away=2.0)
    return [
        *(repr(it).rpartition(".")[2] for it in (one, other, dataclasses.replace(other, port=1))),
        one == place("a"),
        one == place("b"),
        one == place("a", found=["b"]),
        one == far("a"),
        one != other,
        one == ("a", 443, {}),
        one.names is place("a").names,
        other.shown,
        hasattr(one, "__dict__"),
        dataclasses.is_dataclass(place),
        [field.name for field in dataclasses.fields(far)],
        [(field.default is dataclasses.MISSING, field.default_factory is dict) for field in dataclasses.fields(far)],
        dataclasses.asdict(other),
        copy.deepcopy(other) == other,
        copy.copy(one) == one,
        _refused(place),
        _refused(lambda: place("a", 1, {}, [], 5)),
        _refused(lambda: place("a", nobody=1)),
        _refused(lambda: setattr(one, "port", 1)),
        _refused(lambda: delattr(one, "port")),
        _refused(lambda: hash(one)),
    ]


def test_it_does_what_dataclasses_does() -> None:
    assert _seen(records) == _seen(dataclasses)


@records.dataclass(frozen=True, slots=True)
class HashedRecord:
    name: str
    number: int = 1


@records.dataclass(slots=True, eq=False)
class OpenRecord:
    name: str
    seen: list[str] = records.field(default_factory=list)


def test_it_hashes_by_all_fields_and_survives_a_pickle() -> None:
    assert hash(HashedRecord("a")) == hash(HashedRecord("a")) != hash(HashedRecord("a", 2))
    assert len({HashedRecord("a"), HashedRecord("a"), HashedRecord("b")}) == 2
    assert pickle.loads(pickle.dumps(HashedRecord("a", 2))) == HashedRecord("a", 2)  # noqa: S301  # our own


def test_whoever_asks_for_the_fields_first_takes_nothing_away() -> None:
    near, farther = _made_by(records)
    assert [field.name for field in dataclasses.fields(farther)] == ["host", "port", "names", "found", "away"]
    assert (near("a").port, farther("a").names, farther("a").away) == (443, {}, 0.5)


def test_what_is_not_frozen_can_be_changed_and_is_itself_alone() -> None:
    one = OpenRecord("a")
    one.name, one.seen = "b", [*one.seen, "c"]
    assert (one.name, one.seen) == ("b", ["c"])
    assert one != OpenRecord("b", ["c"])


def test_a_dataclass_may_have_one_as_its_base() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class MoreThanRecord(HashedRecord):
        last: int = 3

    assert repr(MoreThanRecord("a")).endswith("MoreThanRecord(name='a', number=1, last=3)")
    assert dataclasses.replace(MoreThanRecord("a"), number=2) == MoreThanRecord("a", 2)


def test_replacing_keeps_the_rest() -> None:
    assert records.replace(HashedRecord("a", 2), name="b") == HashedRecord("b", 2)
    assert records.names_of(HashedRecord) == ("name", "number")
    with pytest.raises(TypeError):
        records.replace(HashedRecord("a"), nobody=1)  # type: ignore[call-arg]  # that is what is tried


def test_nothing_of_dataclasses_is_loaded_by_it() -> None:

    code = "import sys; import s3probe.settings.model; print({'dataclasses', 'inspect'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_several_threads_may_ask_for_the_fields_first() -> None:
    """A run's steps work side by side, and the first of them to copy an object asks."""
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):

            @records.dataclass(frozen=True, slots=True)
            class AskedAtOnce:
                name: str
                number: int = 1

            record = AskedAtOnce("a")
            start, found = threading.Barrier(8), list[object]()

            def ask(it: Any = record, start: threading.Barrier = start, found: list[object] = found) -> None:
                start.wait()
                try:
                    found.append(len(dataclasses.fields(it)))
                except Exception as error:
                    found.append(error)

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [2] * 8
    finally:
        sys.setswitchinterval(switching)

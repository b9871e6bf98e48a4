"""What the modules use of ``dataclasses``, in a fraction of the time: what nobody needs is not compiled.

A run makes objects of few kinds. Loading ``dataclasses``, and compiling six methods for each class, took a third of
``lint``'s time. ``dataclasses`` itself sees the fields as soon as it asks. Left out is what nothing here uses: order,
keyword-only fields, variables of the class.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass", "field", "names_of", "replace"]

_NOT_KEPT = ("__dict__", "__weakref__")
_FEW = 20
_OWN: dict[type[Any], dict[str, Any]] = {}
"""The names of a class's own fields, with their values where none is given."""


class _Missing:
    """No value was given."""


class _Made:
    """A value that is made anew for each object."""

    def __init__(self, factory: Callable[[], Any], *, compare: bool) -> None:
        self.factory, self.compare = factory, compare


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Of the fields of such a class, as they stand there."""
    return tuple(_fields(kind))


def _field(*, default_factory: Callable[[], Any], compare: bool = True) -> Any:
    return _Made(default_factory, compare=compare)


def _replace(it: Any, /, **changes: Any) -> Any:
    if type(it) not in _OWN:  # made by dataclasses itself
        import dataclasses

        return dataclasses.replace(it, **changes)
    return type(it)(**{name: getattr(it, name) for name in _fields(type(it))} | changes)


def _dataclass(*, frozen: bool = False, slots: bool, repr: bool = True, eq: bool = True) -> Callable[[Any], Any]:  # noqa: A002  # the names are those of dataclasses
    assert slots, "the others are made by dataclasses itself"

    def made(written: Any) -> Any:
        annotated = written.__dict__.get("__annotations__", {})  # noqa: RUF063  # inspect takes long to load
        own = {name: written.__dict__.get(name, _Missing) for name in annotated}
        kept = {name: value for name, value in written.__dict__.items() if name not in (*own, *_NOT_KEPT)}
        methods: dict[str, Any] = {}
        if repr:
            methods["__repr__"] = _shown
        if eq:
            methods["__eq__"], methods["__hash__"] = _comparing(lambda: kind)
        if frozen:
            methods |= _FROZEN

        plainly = _Plainly(lambda: kind)

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            if not plainly.fill(self, args, kwargs):
                _compiled(kind)(self, *args, **kwargs)

        namespace = {"__init__": init, **methods, **kept, "__slots__": tuple(own)}
        kind = type(written)(written.__name__, written.__bases__, namespace)
        kind.__qualname__ = written.__qualname__
        _OWN[kind] = own
        kind.__dataclass_fields__ = _FieldsLater(written, kind, frozen=frozen)
        return kind

    return made


def _fields(kind: type[Any]) -> dict[str, Any]:
    """The same of all fields: a base's come first."""
    return {name: value for base in reversed(kind.__mro__) for name, value in _OWN.get(base, {}).items()}


_GATHERED: dict[type[Any], Mapping[str, Any]] = {}
_GATHERING = RLock()
"""Several threads may ask for the fields of a class first. Those of a base are gathered within those of the class."""


class _FieldsLater:
    """Stands in place of ``__dataclass_fields__`` until somebody asks for them."""

    def __init__(self, written: Any, kind: Any, *, frozen: bool) -> None:
        self._written, self._kind, self._frozen = written, kind, frozen

    def __get__(self, _self: object, _kind: type[Any]) -> Mapping[str, Any]:
        with _GATHERING:
            if self._kind in _GATHERED:
                return _GATHERED[self._kind]  # another thread was faster
            return _GATHERED.setdefault(self._kind, self._gathered())

    def _gathered(self) -> Mapping[str, Any]:
        import dataclasses

        for name, value in _OWN[self._kind].items():
            if isinstance(value, _Made):
                setattr(self._written, name, dataclasses.field(default_factory=value.factory, compare=value.compare))
        gathered: Any = dataclasses.dataclass(init=False, repr=False, eq=False, frozen=self._frozen)(self._written)
        for name in ("__dataclass_params__", "__dataclass_fields__"):
            setattr(self._kind, name, getattr(gathered, name))
        fields: Mapping[str, Any] = gathered.__dataclass_fields__
        return fields


class _Plainly:
    """Fills the first objects of a class name by name: compiling what is faster takes as long as twenty of them."""

    def __init__(self, kind: Callable[[], type[Any]]) -> None:
        self._kind = kind
        self._filled = 0
        self._fields: dict[str, Any] = {}

    def fill(self, it: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether it did: what is lacking or too much is for the compiled one to refuse."""
        self._filled += 1
        self._fields = fields = self._fields or _fields(self._kind())
        values = dict(zip(fields, args, strict=False))
        if self._filled > _FEW or len(args) > len(fields) or not values.keys().isdisjoint(kwargs):
            return False
        values |= kwargs
        if len(values) > len(fields) or not fields.keys() >= values.keys():
            return False
        for name, default in fields.items():
            if name not in values:
                if default is _Missing:
                    return False
                values[name] = default.factory() if isinstance(default, _Made) else default
        for name, value in values.items():
            object.__setattr__(it, name, value)
        return True


def _compiled(kind: Any) -> Callable[..., None]:
    """``__init__``, which is the class's from now on."""
    given: dict[str, Any] = {"set_": object.__setattr__, "Missing": _Missing}
    parameters, lines = ["self"], []
    for name, default in _fields(kind).items():
        value, parameter = name, name
        if isinstance(default, _Made):
            given[f"new_{name}"] = default.factory
            value, parameter = f"new_{name}() if {name} is Missing else {name}", f"{name}=Missing"
        elif default is not _Missing:
            given[f"default_{name}"] = default
            parameter = f"{name}=default_{name}"
        parameters.append(parameter)
        lines.append(f" set_(self, {name!r}, {value})\n")
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(lines) or ' pass'}", given)  # noqa: S102  # of names that stand in modules, as dataclasses does
    init: Callable[..., None] = given["__init__"]
    init.__qualname__ = f"{kind.__qualname__}.__init__"
    kind.__init__ = init
    return init


def _comparing(kind: Callable[[], type[Any]]) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    """What compares and what hashes objects, by their fields."""
    getters: list[Callable[[Any], Any]] = []

    def values(it: Any) -> Any:
        if not getters:
            compared = [name for name, value in _fields(kind()).items() if getattr(value, "compare", True)]
            getters.append(attrgetter(*compared) if compared else lambda _it: ())
        return getters[0](it)

    def equal(self: Any, other: Any) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return equal, lambda self: hash(values(self))


def _shown(self: Any) -> str:
    values = (f"{name}={getattr(self, name)!r}" for name in _fields(type(self)))
    return f"{self.__class__.__qualname__}({', '.join(values)})"


def _refuse_to_set(_self: Any, name: str, _value: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in _fields(type(self))]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(_fields(type(self)), state, strict=True):
        object.__setattr__(self, name, value)


_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _set_state,
}
"""The methods of what cannot be changed."""

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _field, _replace

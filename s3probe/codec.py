"""Frozen dataclasses to JSON and back, to the same byte; and the evidence file made of them.

An evidence file is safe to attach to a public thread: it holds no secret, shortened access key ids, and of the
environment only what concerns media storage.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from s3probe import __version__
from s3probe.diagnosis.model import Consequence, Diagnosis, Finding, RuleError, TrialRun
from s3probe.evidence import as_if
from s3probe.evidence.observations import Evidence
from s3probe.evidence.reported import Reported
from s3probe.redact import PLACEHOLDER, masked, public, scrubber_for
from s3probe.secret import Secret
from s3probe.settings.model import Settings

SCHEMA_VERSION = 1
_MARK = "s3probe_evidence"

T = TypeVar("T")


class EvidenceError(Exception):
    """A text that is no evidence file of this version. ``advice`` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Saved:
    """What an evidence file holds."""

    settings: Settings
    evidence: Evidence
    diagnosis: Diagnosis | None
    """What was concluded when the file was written; ``None`` when it was not kept."""
    trials: tuple[TrialRun, ...] = ()
    """The examinations that were made to try fixes."""
    as_if: bool = False
    """Whether an earlier release saved it, which went on as if what it had found were fixed."""
    reported: Reported | None = None
    """What ``s3probe report`` says beside the evidence; ``None`` in other files."""


def to_plain(value: object) -> Any:
    """``value`` as JSON knows it. Fields keep their order, mappings theirs; a non-blank secret becomes null."""
    if isinstance(value, Secret):
        return None if value else ""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        plain = {} if _kind(type(value)) is None else {"kind": _kind(type(value))}
        return plain | {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_plain(kind: type[T], plain: object) -> T:
    """The dataclass ``kind`` from what :func:`to_plain` made. Raises ValueError where the shape is another."""
    return typing.cast(T, _decode(kind, plain, kind.__name__))


def _kind(cls: type) -> str | None:
    """The ``kind`` that tells the members of a union apart, when the class has one that is no field."""
    kind = getattr(cls, "kind", None)
    return kind if isinstance(kind, str) else None


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _decode(hint: Any, plain: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(args, plain, where)
    if origin is tuple:
        _expect(isinstance(plain, list), where, "a list")
        return tuple(_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(plain))
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(plain, dict), where, "an object")
        return MappingProxyType(
            {_decode(args[0], key, where): _decode(args[1], item, f"{where}.{key}") for key, item in plain.items()}
        )
    if hint in (object, Any):
        return _frozen(plain)
    if hint is Secret:
        _expect(plain in (None, ""), where, "null")
        return Secret("" if plain == "" else PLACEHOLDER)
    if is_dataclass(hint):
        return _decode_dataclass(typing.cast(type, hint), plain, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(plain)
    if isinstance(hint, type) and issubclass(hint, str):
        _expect(isinstance(plain, str), where, "text")
        return hint(plain)
    if hint is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    _expect(isinstance(plain, hint) and (hint is bool or not isinstance(plain, bool)), where, hint.__name__)
    return plain


def _decode_union(args: tuple[Any, ...], plain: Any, where: str) -> Any:
    members = [member for member in args if member is not type(None)]
    if plain is None and len(members) < len(args):
        return None
    if len(members) == 1:
        return _decode(members[0], plain, where)
    _expect(isinstance(plain, dict), where, "an object")
    for member in members:
        if plain.get("kind") == _kind(member):
            return _decode(member, plain, where)
    raise ValueError(f"{where}: {plain.get('kind')!r} is no kind that is known")


def _decode_dataclass(cls: type, plain: Any, where: str) -> Any:
    _expect(isinstance(plain, dict), where, "an object")
    hints = _hints(cls)
    values = {}
    for field in fields(cls):
        if field.name in plain:
            values[field.name] = _decode(hints[field.name], plain[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{where}: {field.name} is missing")
    return cls(**values)


def _frozen(plain: Any) -> Any:
    if isinstance(plain, dict):
        return MappingProxyType({key: _frozen(item) for key, item in plain.items()})
    if isinstance(plain, list):
        return tuple(map(_frozen, plain))
    return plain


def _expect(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ValueError(f"{where}: {what} was expected")


def each_text(plain: Any, change: Callable[[str], str]) -> Any:
    """A plain value with every string in it changed; names of fields stay."""
    if isinstance(plain, str):
        return change(plain)
    if isinstance(plain, dict):
        return {key: each_text(item, change) for key, item in plain.items()}
    if isinstance(plain, list):
        return [each_text(item, change) for item in plain]
    return plain


def dump(
    evidence: Evidence,
    settings: Settings,
    diagnosis: Diagnosis | None = None,
    trials: tuple[TrialRun, ...] = (),
    reported: Reported | None = None,
) -> str:
    """An evidence file's text. The diagnosis is kept so that a replay shows the same report."""
    # a key id that a server names can be compared with that of the settings: both are masked alike
    scrubber = scrubber_for(settings, masked)
    content = {
        _MARK: SCHEMA_VERSION,
        "s3probe_version": __version__,
        **({} if reported is None else {"report": each_text(to_plain(reported), scrubber.clean)}),
        # a stray carriage return in a value is a finding, and JSON escapes it: it harms no terminal
        "settings": each_text(to_plain(public(settings)), scrubber.hide),
        "evidence": each_text(to_plain(evidence), scrubber.clean),
        "findings": None if diagnosis is None else each_text(to_plain(diagnosis.findings), scrubber.clean),
    }
    if diagnosis is not None and diagnosis.rule_errors:
        content["rule_errors"] = each_text(to_plain(diagnosis.rule_errors), scrubber.clean)
    if diagnosis is not None and diagnosis.consequences:
        content["consequences"] = each_text(to_plain(diagnosis.consequences), scrubber.clean)
    if trials:
        content["trials"] = each_text(to_plain(trials), scrubber.clean)
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def load(text: str) -> tuple[Settings, Evidence]:
    """Settings and evidence of a file that :func:`dump` wrote. Raises :class:`EvidenceError`."""
    saved = load_saved(text)
    return saved.settings, saved.evidence


def load_saved(text: str) -> Saved:
    """All that an evidence file holds. Raises :class:`EvidenceError` for any other text."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # the second: brackets in brackets, thousands deep
        data = None
    version = data.get(_MARK) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(version, int):
        raise EvidenceError(
            "This is no evidence file",
            "Give a file of `s3probe report` or `s3probe check --save-evidence FILE`, as it was written.",
        )
    if version > SCHEMA_VERSION:
        raise EvidenceError(
            f"The evidence file was written by s3probe {data.get('s3probe_version', '?')}, this is {__version__}",
            "Update s3probe, then replay the file again.",
        )
    try:
        findings, trials = data.get("findings"), data.get("trials", [])
        evidence: Any = data.get("evidence")
        earlier = as_if.holds(evidence)
        if earlier:
            evidence, trials = as_if.split(evidence)
        return Saved(
            _decode(Settings, data.get("settings"), "settings"),
            _decode(Evidence, evidence, "evidence"),
            None if findings is None else _diagnosis(findings, data),
            _decode(tuple[TrialRun, ...], trials, "trials"),
            earlier,
            _decode(Reported | None, data.get("report"), "report"),
        )
    except (ValueError, TypeError) as error:
        raise EvidenceError(
            f"The evidence file is damaged: {error}", "Ask for it again, as an attachment instead of pasted text."
        ) from error


def _diagnosis(findings: Any, data: Mapping[str, Any]) -> Diagnosis:
    return Diagnosis(
        _decode(tuple[Finding, ...], findings, "findings"),
        _decode(tuple[RuleError, ...], data.get("rule_errors", []), "rule_errors"),
        _decode(tuple[Consequence, ...], data.get("consequences", []), "consequences"),
    )

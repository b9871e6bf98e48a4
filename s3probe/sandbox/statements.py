"""IAM statements: their shape, and whether one speaks of a request.

Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal, cast

from s3probe.records import dataclass, field

Condition = tuple[str, str, tuple[str, ...]]
"""Operator, condition key, values: ``("StringEquals", "s3:x-amz-acl", ("private",))``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of any policy. ``principals`` is ``None`` outside bucket policies."""

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    principals: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    not_principals: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Statement:
        """A statement as IAM writes it. Raises ValueError for an operator this sandbox cannot evaluate."""
        conditions = tuple(
            (operator, key, _texts(values))
            for operator, tests in cast("Mapping[str, Mapping[str, object]]", data.get("Condition", {})).items()
            for key, values in tests.items()
        )
        for operator, _, _ in conditions:
            if _bare(operator) not in _OPERATORS:
                raise ValueError(f"condition operator {operator} is not known here")
        effect = data.get("Effect")
        if effect not in ("Allow", "Deny"):
            raise ValueError("Effect must be Allow or Deny")
        return cls(
            effect=effect,
            actions=_texts(data.get("Action")),
            resources=_texts(data.get("Resource")),
            principals=_principals(data.get("Principal")),
            not_actions=_texts(data.get("NotAction")),
            not_resources=_texts(data.get("NotResource")),
            not_principals=_principals(data.get("NotPrincipal")),
            conditions=conditions,
            sid=str(data.get("Sid", "")),
        )

    def to_json(self) -> dict[str, object]:
        """The statement as IAM writes it."""
        data: dict[str, object] = {"Sid": self.sid} if self.sid else {}
        data["Effect"] = self.effect
        for name, principals in (("Principal", self.principals), ("NotPrincipal", self.not_principals)):
            if principals is not None:
                data[name] = "*" if principals == ("*",) else {"AWS": list(principals)}
        for name, texts in (
            ("Action", self.actions),
            ("NotAction", self.not_actions),
            ("Resource", self.resources),
            ("NotResource", self.not_resources),
        ):
            if texts:
                data[name] = list(texts)
        conditions: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in self.conditions:
            conditions.setdefault(operator, {})[key] = list(values)
        return {**data, **({"Condition": conditions} if conditions else {})}

    @property
    def is_public(self) -> bool:
        """Whether S3 calls it public: anyone, without a condition that names a fixed circle of callers."""
        narrow = ("aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:principalorgid")
        keys = {key.lower() for _, key, _ in self.conditions}
        return self.effect == "Allow" and self.principals == ("*",) and not keys & set(narrow)


@dataclass(frozen=True, slots=True)
class Question:
    """May this caller do this to that? ``principal`` is ``""`` for an anonymous caller."""

    action: str
    resource: str
    principal: str = ""
    account: str = ""
    context: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Condition keys by lower-case name."""


def applies(statement: Statement, question: Question) -> bool:
    """Whether the statement speaks of this question."""
    return (
        _listed(statement.actions, statement.not_actions, question.action, fold=True)
        and _listed(statement.resources, statement.not_resources, question.resource)
        and _names(statement, question)
        and all(_holds(condition, question.context) for condition in statement.conditions)
    )


def any_applies(statements: Iterable[Statement], effect: str, question: Question) -> bool:
    """Whether one of the statements has this effect on the question."""
    return any(s.effect == effect and applies(s, question) for s in statements)


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(_text(item) for item in value)
    return (_text(value),)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _principals(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return tuple(text for values in value.values() for text in _texts(values))
    return _texts(value)


@cache
def _pattern(glob: str, fold: bool) -> re.Pattern[str]:
    body = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if fold else 0))


def glob_match(glob: str, text: str, *, fold: bool = False) -> bool:
    """IAM's wildcards: ``*`` and ``?``, nothing else."""
    return _pattern(glob, fold).fullmatch(text) is not None


def _listed(wanted: tuple[str, ...], unwanted: tuple[str, ...], text: str, *, fold: bool = False) -> bool:
    if unwanted:
        return not any(glob_match(glob, text, fold=fold) for glob in unwanted)
    return any(glob_match(glob, text, fold=fold) for glob in wanted)


def _names(statement: Statement, question: Question) -> bool:
    if statement.not_principals is not None:
        return not _is_one_of(statement.not_principals, question)
    return statement.principals is None or _is_one_of(statement.principals, question)


def _is_one_of(principals: tuple[str, ...], question: Question) -> bool:
    account = question.account
    return any(
        p == "*" or (question.principal and p in (question.principal, account, f"arn:aws:iam::{account}:root"))
        for p in principals
    )


def _bare(operator: str) -> str:
    return operator.split(":")[-1].removesuffix("IfExists")


def _in_network(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _equal_folded(value: str, wanted: str) -> bool:
    return value.casefold() == wanted.casefold()


def _like(value: str, wanted: str) -> bool:
    return glob_match(wanted, value)


_OPERATORS = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_folded, False),
    "StringNotEqualsIgnoreCase": (_equal_folded, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnLike": (_like, False),
    "ArnNotLike": (_like, True),
    "ArnEquals": (_like, False),
    "ArnNotEquals": (_like, True),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
    "Bool": (_equal_folded, False),
    "Null": (_equal_folded, False),
    "NumericEquals": (_equal, False),
    "NumericLessThanEquals": (lambda value, wanted: value.isdigit() and int(value) <= int(wanted), False),
}


def _holds(condition: Condition, context: Mapping[str, str]) -> bool:
    operator, key, values = condition
    value = context.get(key.lower())
    bare = _bare(operator)
    if bare == "Null":
        return ("true" if value is None else "false") in [v.lower() for v in values]
    test, negated = _OPERATORS[bare]
    if value is None:
        # A negated test and an ...IfExists hold when the key is absent (IAM User Guide, condition operators).
        return negated or operator.endswith("IfExists")
    return any(test(value, wanted) for wanted in values) is not negated

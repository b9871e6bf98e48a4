"""What may stand before the storage: by what it shows itself, and its own lines for each topic. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from s3probe.knowledge.recognition import BODY, Mark
from s3probe.knowledge.tables import table
from s3probe.patterns import regex
from s3probe.records import dataclass, field

PAGE = "page"
"""Of a mark that holds the beginning of a body; with :data:`BODY` it holds the id of a program instead."""
ANY = "any"
"""Stands for one that does not show which it is."""
_FLAGGED = regex(r"\?([a-z]+) (.*)", re.DOTALL)


class Kind(StrEnum):
    """PROXY: a program with lines of its own. CDN: a console."""

    PROXY = "proxy"
    CDN = "cdn"


@dataclass(frozen=True, slots=True)
class Middleman:
    """One entry of ``proxies.toml``, whose head says what each field means."""

    id: str
    name: str
    kind: Kind
    signs: tuple[str, ...] = ()
    language: str = ""
    place: str = ""
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    gone: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    says: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tried: bool = True

    def shows(self, marks: Collection[Mark]) -> bool:
        """Whether one of its signs is among these headers, or a page of its own (``body``, with its id) was shown."""
        return (BODY, self.id) in marks or any(_shown(sign, marks) for sign in self.signs)


@dataclass(frozen=True, slots=True)
class Values:
    """What lines are filled in with. ``flags``: for which storages."""

    flags: frozenset[str]
    texts: Mapping[str, str]

    def fill(self, template: str) -> str:
        """``template`` with the values, and with the lines that are for this storage alone."""
        lines = []
        for line in template.strip("\n").split("\n"):
            flagged = _FLAGGED.fullmatch(line)
            if flagged is None or flagged[1] in self.flags:
                lines.append(flagged[2] if flagged else line)
        text = "\n".join(lines)
        for name, value in self.texts.items():
            text = text.replace(f"<{name}>", value)
        return text


def whose_page(body: str) -> str:
    """The id of the program that makes such an error page by itself; ``""`` for any other body."""
    return next((one.id for one in middlemen().values() if one.shows(((PAGE, body),))), "")


@cache
def middlemen() -> Mapping[str, Middleman]:
    """All of them by id, in the order in which they are looked for."""
    return MappingProxyType({name: _middleman(name, data) for name, data in table("proxies").items()})


def _middleman(name: str, data: Mapping[str, Any]) -> Middleman:
    kept: dict[str, Any] = {
        key: MappingProxyType(value) if isinstance(value, dict) else value for key, value in data.items()
    }
    kept |= {"kind": Kind(data["kind"]), "signs": tuple(data.get("signs", ()))}
    return Middleman(id=name, **kept)


def _shown(sign: str, marks: Collection[Mark]) -> bool:
    name, _, value = sign.partition(": ")
    return any(name == n and re.search(value, v, re.IGNORECASE) for n, v in marks)

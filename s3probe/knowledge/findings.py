"""Reads the findings' texts. Only the entry asked for is parsed, so that ``--help`` and ``lint`` stay quick."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

_HEADER = re.compile(r"^\[([a-z0-9-]+)\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FindingText:
    """What is known of one finding. Texts may hold placeholders such as ``{bucket}`` in title and consequence."""

    id: str
    category: str
    state: str
    """``decided`` (an experiment on the wire), ``linted`` (the file alone), ``hinted`` or ``out-of-reach``."""
    severity: str
    section: str
    """Where the checklist for launch day tells of it (``evidence.vocabulary.Section``)."""
    title: str
    consequence: str
    meaning: str
    told_apart: tuple[str, ...] = ()
    fix: dict[str, str] = field(default_factory=dict)
    """Advice by provider id; ``general`` fits all."""
    why_state: str = ""
    """For ``hinted`` and ``out-of-reach``: what would decide it, or why nothing can."""
    setting: str | None = None
    permission: str | None = None
    links: tuple[str, ...] = ()
    in_general: str = ""
    """The title for whoever has no case before them, where the title itself says no more than the case."""


@cache
def _sections() -> dict[str, tuple[str, str]]:
    """Finding id -> (category, its TOML text), in the order of the files."""
    sections: dict[str, tuple[str, str]] = {}
    folder = resources.files("s3probe.knowledge") / "findings"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        text = file.read_text(encoding="utf-8")
        heads = list(_HEADER.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            end = following.start() if following else len(text)
            sections[head[1]] = (file.name.removesuffix(".toml"), text[head.start() : end])
    return sections


def ids() -> tuple[str, ...]:
    """Every finding id, by category."""
    return tuple(_sections())


@cache
def entry(finding_id: str) -> FindingText:
    """What is known of ``finding_id``. Raises KeyError for an unknown id, ValueError for a text that lacks a field."""
    category, text = _sections()[finding_id]
    data = tomllib.loads(text)[finding_id]
    for name in ("told_apart", "links"):
        data[name] = tuple(data.get(name, ()))
    try:
        return FindingText(id=finding_id, category=category, **data)
    except TypeError as error:
        raise ValueError(f"[{finding_id}] in findings/{category}.toml: {error}") from error

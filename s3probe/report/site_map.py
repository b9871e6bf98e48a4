"""Which pages the site of all findings has, and how they lead to one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from s3probe.diagnosis.model import Severity
from s3probe.knowledge.findings import FindingText, entry, ids
from s3probe.knowledge.symptoms import symptoms_of
from s3probe.report.explain import titled
from s3probe.report.markup import escaped

START, ALL, LOST = "index.html", "findings/index.html", "404.html"
TO_ROOT = "../"
"""From a page in a folder to the first one."""
TO_FINDINGS = f"{TO_ROOT}findings/"


def seen_path(name: str) -> str:
    """The page of what is seen, by its name in ``SEEN``."""
    return f"seen/{name}.html"


def code_path(code: str) -> str:
    """The page of an error code that several findings share."""
    # a colon would make it look like another scheme
    return f"codes/{code.replace('::', '.')}.html"


@cache
def entries() -> tuple[FindingText, ...]:
    """All findings, the gravest first."""
    weights = list(Severity)
    return tuple(sorted(map(entry, ids()), key=lambda e: weights.index(Severity(e.severity))))


@cache
def by_code() -> Mapping[str, tuple[FindingText, ...]]:
    """The findings that an error code leads to, those first that it usually means; codes by their names."""
    found: dict[str, list[FindingText]] = defaultdict(list)
    for e in entries():
        for code in symptoms_of(e.id).codes:
            found[code].append(e)
    return {
        code: tuple(sorted(found[code], key=lambda e: code not in symptoms_of(e.id).usual))
        for code in sorted(found, key=str.lower)
    }


def link(e: FindingText, to: str = "") -> str:
    """A finding's title as a link. ``to``: from where it stands to the folder of findings."""
    return f'<a href="{to}{e.id}.html">{escaped(titled(e))}</a>'

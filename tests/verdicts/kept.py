"""The verdicts of each release as they are kept, and the difference between two, as CHANGELOG.md shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.verdicts.corpus import Said

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "fixtures" / "verdicts"
CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = "unreleased"
NAMED = 4
"""Cases that a line of the difference names; it counts the others."""

Verdicts = Mapping[str, Said]


def path(release: str) -> Path:
    """Where the verdicts of a release are: one case a line, with its exit status and its findings."""
    return FOLDER / f"{release}.tsv"


def read(release: str) -> dict[str, Said]:
    """The verdicts of a release, by case."""
    rows = (line.split("\t") for line in path(release).read_text(encoding="utf-8").splitlines())
    return {case: Said(int(status), tuple(findings.split())) for case, status, findings in rows}


def write(release: str, verdicts: Verdicts) -> None:
    """Keeps them."""
    rows = (f"{case}\t{told.status}\t{' '.join(told.findings)}\n" for case, told in sorted(verdicts.items()))
    path(release).write_text("".join(rows), encoding="utf-8")


def last_release() -> str:
    """The newest version whose verdicts are kept."""
    versions = [each.stem for each in FOLDER.glob("*.tsv") if each.stem != UNRELEASED]
    return max(versions, key=lambda version: tuple(map(int, version.split("."))))


def difference(before: Verdicts, after: Verdicts) -> str:
    """What was said before and is said now of the cases that both know: a table in Markdown, each change once.

    Findings that stand on both sides are left out, and notices are: they ask nobody to act.
    """
    changes: dict[tuple[str, str], list[str]] = {}
    for case in sorted(before.keys() & after.keys()):
        old, new = _acted_on(before[case]), _acted_on(after[case])
        if (old, before[case].status) != (new, after[case].status):
            row = _words(old, new, before[case], after[case]), _words(new, old, after[case], before[case])
            changes.setdefault(row, []).append(case)
    rows = sorted(changes.items(), key=lambda item: (-len(item[1]), item[0]))
    return "".join(_table([f"| {was} | {now} | {_cases(cases)} |" for (was, now), cases in rows]))


def _acted_on(told: Said) -> list[str]:
    return [one for one in told.findings if not one.endswith(":notice")]


def _words(findings: list[str], others: list[str], told: Said, other: Said) -> str:
    if set(findings) == set(others) and findings:
        words = f"{_finding(findings[0])} first" if findings != others else f"{_finding(findings[0])}"
    else:
        alone = [_finding(one) for one in findings if one not in others]
        words = ", ".join(alone) or ("nothing more" if findings else "nothing")
    return words + (f", exit {told.status}" if told.status != other.status else "")


def _finding(one: str) -> str:
    name, _, severity = one.partition(":")
    return f"`{name}` ({severity})"


def _cases(cases: list[str]) -> str:
    more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
    return ", ".join(cases[:NAMED]) + more


def _table(rows: list[str]) -> Iterator[str]:
    if rows:
        yield "| before | now | in the corpus |\n| --- | --- | --- |\n"
    yield from (f"{row}\n" for row in rows)


_PART = re.compile(r"(<!-- python -m tests\.verdicts: since ([0-9.]+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def in_changelog(text: str) -> dict[str, str]:
    """By the release since which: the differences that stand in the changelog."""
    return {match[2]: match[3] for match in _PART.finditer(text)}


def put_into(text: str, since: str, table: str) -> str:
    """The changelog with this difference in the place that is marked for it."""
    found = next((match for match in _PART.finditer(text) if match[2] == since), None)
    if found is None:
        raise ValueError(f"CHANGELOG.md has no place for it: <!-- python -m tests.verdicts: since {since} -->")
    return text[: found.start(3)] + table + text[found.end(3) :]

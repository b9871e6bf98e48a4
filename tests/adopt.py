"""Turns a report out of an issue into a recorded run with the findings that were expected.

Run from the project's root: ``python -m tests.adopt report.json [--expected ID …] [--name NAME]``. It writes the run
into ``fixtures/recorded``, its findings into ``expected.json`` and a row into the README there; from then on
``tests/test_recorded.py`` fails until today's rules say what was expected.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3probe.cli.errors import did_you_mean
from s3probe.codec import EvidenceError, Saved, dump, each_text, load_saved
from s3probe.diagnosis.again import diagnose_again
from s3probe.diagnosis.model import Finding, Severity
from s3probe.evidence.reported import HEALTHY, Expected
from s3probe.knowledge.findings import entry, ids
from s3probe.knowledge.store import store_of
from s3probe.scrub import without_controls
from s3probe.settings.reading import read_bytes
from tests.recorded import FOLDERS, LARGEST_REPORTED, RECORDED, REPORTED, compacted, expected, objections

_MOST = 2 * 1024 * 1024
"""Bytes that are read. A report takes some 60 kB, with trials some 200."""
_SHOWN = 500
"""Characters that are shown of a stranger's words."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TABLE_ENDS = "\n## What the servers taught"
"""What follows the table of the runs in the README."""


class NotAdoptedError(Exception):
    """Why the file cannot become a recorded run, and what to do. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A run in the form of the recorded ones."""

    name: str
    text: str
    expected: tuple[str, ...]
    """Ids, in the order in which the rules have to say them."""
    today: tuple[str, ...]
    """What the rules say now."""
    kept: tuple[str, ...]
    """Those among the expected that nobody named."""
    row: str
    """Of the README's table."""
    without_trials: bool


def adopted(text: str, wanted: Sequence[str], name: str, taken: Iterable[str]) -> Adopted:
    """``wanted``: the ids of what is expected; none: what the author named. ``name``: without the prefix; blank
    for one that is made up. ``taken``: names that are there. Raises :class:`NotAdoptedError`.
    """
    try:
        saved = load_saved(text)
    except EvidenceError as error:
        raise NotAdoptedError(f"{error.message}. {error.advice}") from None
    if saved.reported is not None and saved.reported.error:
        raise NotAdoptedError("It tells of a bug that ended the check, and holds no run. s3probe replay shows the bug.")
    text = _recorded(saved)
    recorded = load_saved(text)
    today = _judged(recorded)
    named = _of_words(wanted) if wanted else _of_author(saved)
    findings = _ordered(named, today)
    kept = tuple(one for one in findings if one not in named)
    provider = store_of(saved.settings, saved.evidence).id
    own = name or "-".join((provider, findings[0] if findings else HEALTHY))
    if not _NAME.fullmatch(own):
        raise NotAdoptedError(f"{own!r} is no name: small letters, digits and single dashes")
    if (full := f"{REPORTED}{own}") in taken:
        raise NotAdoptedError(f"There is a run {full} already. Give this one another name: --name NAME")
    told = [one for one in findings if _severity(one, today) != Severity.NOTICE]
    found = ", ".join(f"`{one}`" for one in told) or "nothing to act on"
    row = f"| {full} | out of an issue, at {provider} | {found} |"
    lost = bool(saved.trials) and not recorded.trials
    return Adopted(full, text, findings, tuple(one.id for one in today), kept, row, lost)


def _judged(saved: Saved) -> tuple[Finding, ...]:
    """What today's rules say of it."""
    try:
        return diagnose_again(saved.settings, saved.evidence, saved.trials).findings
    except Exception as error:  # it comes from a stranger
        raise NotAdoptedError(f"What it holds cannot be judged: {type(error).__name__}: {error}") from None


def _of_words(words: Sequence[str]) -> tuple[str, ...]:
    """The ids that were typed, which may stand in one word with commas."""
    named = [name for word in words for name in word.split(",") if name]
    return () if named == [HEALTHY] else _known(named)


def _known(names: Iterable[str]) -> tuple[str, ...]:
    known = frozenset(ids())
    for name in names:
        if name not in known:
            raise NotAdoptedError(
                f"{name!r} is no finding.{did_you_mean(name, sorted(known))} All of them: s3probe explain --list"
            )
    return tuple(dict.fromkeys(names))


def _of_author(saved: Saved) -> tuple[str, ...]:
    said = saved.reported.expected if saved.reported is not None else None
    if said is None or said.findings is None:
        raise NotAdoptedError(f"{_in_words(said)} Name the findings: --expected ID [ID …], or --expected {HEALTHY}")
    return _known(said.findings)


def _ordered(named: Sequence[str], today: Sequence[Finding]) -> tuple[str, ...]:
    """As the rules order them. What they say today that is less grave than all that is named stays: whoever misses a
    failure does not name the warnings beside it.
    """
    least = max((_grade(_severity(one, today)) for one in named), default=_grade(Severity.WARNING))
    kept = [one.id for one in today if _grade(one.severity) > least]
    order = [one.id for one in today]

    def place(finding_id: str) -> tuple[int, int]:
        return _grade(_severity(finding_id, today)), order.index(finding_id) if finding_id in order else -1

    return tuple(sorted((*named, *kept), key=place))


def _grade(severity: str) -> int:
    """The gravest is 0."""
    return [each.value for each in Severity].index(severity)


def _in_words(said: Expected | None) -> str:
    return f"Its author expected this: {said.text!r}." if said is not None else "It does not say what was expected."


def _severity(finding_id: str, today: Iterable[Finding]) -> str:
    """As today's rules have it, which may know better than the catalogue."""
    return next((one.severity.value for one in today if one.id == finding_id), entry(finding_id).severity)


def _recorded(saved: Saved) -> str:
    """The text in the form of recorded runs, without its trials where they do not fit, and without folders."""
    placed = [source for source in saved.settings.environment.sources if "/" in source]

    def bare(one: str) -> str:
        for source in placed:
            one = one.replace(source, source.rpartition("/")[2])
        return FOLDERS.sub("", one)

    for trials in (saved.trials, ()):
        plain = json.loads(dump(saved.evidence, saved.settings, None, trials))
        text = compacted(json.dumps(each_text(plain, bare)))
        if len(text) < LARGEST_REPORTED:
            break
    if why := "; ".join(objections(REPORTED, text)):
        raise NotAdoptedError(f"It cannot stand among the recorded runs: {why}")
    return text


def write(this: Adopted, into: Path) -> None:
    """Puts the run, its findings and its row where the tests look for them."""
    readme = into / "README.md"
    index = readme.read_text(encoding="utf-8")
    rows, mark, rest = index.partition(_TABLE_ENDS)
    every = expected(into) | {this.name: list(this.expected)}
    (into / f"{this.name}.json").write_text(this.text, encoding="utf-8")
    (into / "expected.json").write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")
    readme.write_text(f"{rows.rstrip()}\n{this.row}\n{mark}{rest}", encoding="utf-8")


def _told(this: Adopted, into: Path) -> str:
    """What was done, and what is left to do."""
    done = f"{into / this.name}.json was written ({len(this.text) // 1000} kB), with its row in README.md there.\n"
    done += f"Expected: {', '.join(this.expected) or 'nothing'}.\n"
    if this.kept:
        done += (
            f"Nobody named {', '.join(this.kept)}: less grave, and kept. To change that, edit expected.json there.\n"
        )
    if this.without_trials:
        done += "Its trials are left out, as the file would have been too large.\n"
    if this.expected == this.today:
        return f"{done}That is what today's rules say of it: commit it, and it stays so.\n"
    says = ", ".join(this.today) or "nothing"
    return f"{done}Today's rules say: {says}.\nUntil they say what is expected, tests/test_recorded.py fails.\n"


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. The status is 0 when the run was written, 2 when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.adopt", description=__doc__.partition("\n")[0])
    parser.add_argument("report", type=Path, help="the file of s3probe report or of check --save-evidence")
    parser.add_argument(
        "--expected",
        metavar="ID",
        nargs="+",
        default=[],
        help=f"what s3probe should say, or {HEALTHY} (default: what the report names); what it says today that is less "
        "grave stays",
    )
    parser.add_argument(
        "--name", default="", help=f"what follows {REPORTED!r} in its name (default: provider, finding)"
    )
    parser.add_argument("--into", type=Path, default=RECORDED, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    try:
        this = adopted(_read(args.report), args.expected, args.name, expected(args.into))
        write(this, args.into)
    except NotAdoptedError as error:
        told = without_controls(str(error)).encode("utf-8", "replace").decode()
        sys.stderr.write(f"{without_controls(str(args.report))} was not adopted. {told[:_SHOWN]}\n")
        return 2
    sys.stdout.write(_told(this, args.into))
    return 0


def _read(path: Path) -> str:
    try:
        data = read_bytes(path, _MOST + 1)
        if len(data) > _MOST:
            raise NotAdoptedError(f"It has more than {_MOST // 1024} kB, and no run has.")
        return data.decode("utf-8")
    except OSError as error:
        raise NotAdoptedError(f"It cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotAdoptedError("It is not text. Take the attachment out of the issue as it is.") from None


if __name__ == "__main__":
    sys.exit(main())

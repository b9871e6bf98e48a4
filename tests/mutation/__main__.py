"""``python -m tests.mutation [TARGET or MODULE …]``, run from the project's root."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.mutation.session import KILLED, MutationRun
from tests.mutation.targets import TARGETS, Decided

REASONS = Path(__file__).with_name("survivors.toml")
Results = dict[str, dict[str, str]]


def main() -> int:
    """Puts small faults into the code that judges, and names those that no test finds."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=main.__doc__)
    parser.add_argument("what", nargs="*", default=list(TARGETS), help=f"{', '.join(TARGETS)}, or a module of theirs")
    parser.add_argument("--each-of", type=int, default=1, metavar="N", help="one mutant of so many")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="processes")
    args = parser.parse_args()
    chosen = {name: _part(target, args.what, name) for name, target in TARGETS.items()}
    unknown = [one for one in args.what if not any(one == name or one in part for name, part in chosen.items())]
    if unknown:
        parser.error(f"no target and no module of one: {', '.join(unknown)}")
    missed = [name for name, modules in chosen.items() if modules and not _reached(TARGETS[name], name, modules, args)]
    return int(bool(missed))


def _part(target: Decided, what: list[str], name: str) -> tuple[str, ...]:
    return target.modules if name in what else tuple(module for module in target.modules if module in what)


def _reached(target: Decided, name: str, modules: tuple[str, ...], args: argparse.Namespace) -> bool:
    """Whether the tests find as many as they must. Prints what they do not find."""
    session = MutationRun(modules, args.each_of, args.jobs, lambda line: print(line, file=sys.__stderr__, flush=True))
    if pytest.main(["-p", "no:xdist", "-p", "no:randomly", "-q", *target.tests], plugins=[session]) not in (0, 5):
        return False
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    found = total = 0
    for module, results in session.results.items():
        known = reasons.get(module, {})
        for mutant, result in results.items():
            if mutant not in known:
                total, found = total + 1, found + (result == KILLED)
                if result != KILLED:
                    print(f"{module} {result}: {mutant}")
            elif result == KILLED:
                print(f"{module} found now, so take it from {REASONS.name}: {mutant}")
    score = 100 * found / max(total, 1)
    print(f"{name}: {found} of {total} mutants are found, {score:.1f} %; the floor is {target.floor} %")
    return score >= target.floor


if __name__ == "__main__":
    sys.exit(main())

"""What is tested in this way, by which tests, and how many mutants of a hundred they must find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Decided:
    """Modules that the same tests decide."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    floor: int
    """Percent, of the mutants that are not kept as survivors with a reason."""


def _in(folder: str) -> tuple[str, ...]:
    paths = sorted((ROOT / folder).glob("*.py"))
    return tuple(f"{folder.replace('/', '.')}.{path.stem}" for path in paths if path.stem != "__init__")


TARGETS = {
    "signing": Decided(("s3probe.probe.signing_rule",), ("tests/probe/test_signing_rule.py",), floor=95),
    "better": Decided(
        (
            "s3probe.diagnosis.trial",
            "s3probe.diagnosis.conclusions",
            "s3probe.diagnosis.glance",
            *_in("s3probe/trying"),
        ),
        (
            "tests/diagnosis/test_trial.py",
            "tests/diagnosis/test_better.py",
            "tests/probe/test_trials.py",
            "tests/test_trials.py",
            "tests/test_looking_behind.py",
            "tests/test_suspicions.py",
            "tests/test_proofs.py",
            "tests/test_trying.py",
            "tests/cli/test_fix.py",
        ),
        floor=85,
    ),
    # of one mutant in twenty, 198 of 309 were found (64 %); its 5,700 take a night
    "rules": Decided(
        _in("s3probe/diagnosis/rules"),
        ("tests/diagnosis", "tests/settings/test_loaders.py", "tests/test_recorded.py", "tests/mutation/again.py"),
        floor=60,
    ),
}

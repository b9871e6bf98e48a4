"""Runs the command line in this process, with a probe that has seen what the test says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import s3probe.trying.bench
import s3probe.trying.loop  # noqa: F401  # both keep what they were imported with
from s3probe.cli import main
from s3probe.diagnosis.conclusions import Conclusions
from s3probe.diagnosis.model import Diagnosis, EnvFix, Finding, Fix, Proof, ProofState
from s3probe.evidence.observations import Evidence
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.settings.model import Settings
from tests.report.samples import KEY_ID, SECRET

ENV_TEXT = f"""\
LOCAL_DOMAIN=mastodon.example
S3_ENABLED=true
S3_BUCKET=files-example
S3_REGION=eu-west-2
S3_HOSTNAME=s3.eu-west-2.amazonaws.com
S3_PERMISSION=public-read
S3_ALIAS_HOST=files.example.com
AWS_ACCESS_KEY_ID={KEY_ID}
AWS_SECRET_ACCESS_KEY={SECRET}
"""

TRIED = Proof(ProofState.TRIED, fine=12)
UNTRIED = Proof(ProofState.UNTRIED, "with it alone uploads would pass, and visitors would see no picture")

Probe = Callable[[Settings, ProbeOptions, Tools], Evidence]


class Cli:
    """``run`` returns status, standard output and standard error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.folder = folder
        self.asked: list[ProbeOptions] = []
        monkeypatch.chdir(folder)
        for name in ("NO_COLOR", "COLUMNS", "TERM"):
            monkeypatch.delenv(name, raising=False)

    def run(self, *argv: str) -> tuple[int, str, str]:
        status = main(argv)
        shown = self._capsys.readouterr()
        return status, shown.out, shown.err

    def file(self, name: str = ".env.production", text: str = ENV_TEXT) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def probe(self, seen: Evidence | Probe, findings: tuple[Finding, ...] = ()) -> None:
        """From now on the network is not asked: the probe sees ``seen``, and the rules find ``findings``.

        No fix is tried: another examination would see the same.
        """

        def examine(
            settings: Settings,
            options: ProbeOptions,
            tools: Tools,
            _file: Settings | None = None,
        ) -> Evidence:
            self.asked.append(options)
            return seen if isinstance(seen, Evidence) else seen(settings, options, tools)

        def diagnose(*_: object, skip: frozenset[str], only: frozenset[str]) -> Diagnosis:
            return Diagnosis(tuple(f for f in findings if f.id not in skip and (not only or f.id in only)))

        module = ModuleType("s3probe.probe.examine")
        module.examine = examine  # type: ignore[attr-defined]  # stands for the module with the network
        self._monkeypatch.setitem(sys.modules, module.__name__, module)
        self._monkeypatch.setattr("s3probe.diagnosis.engine.diagnose", diagnose)
        self._monkeypatch.setattr("s3probe.diagnosis.candidates.candidate", lambda _state, _tried: None)
        # nor is a name looked up beforehand: hundreds of runs at once are more than name servers answer
        self._monkeypatch.setattr("s3probe.probe.tools.opened_ahead", lambda *_, **__: None)

    def tried(self, seen: Evidence | Probe, findings: tuple[Finding, ...]) -> None:
        """The same, as if every fix that is made of lines alone had been tried and had helped."""
        self.probe(seen, tuple(replace(one, fixes=_proven(one)) for one in findings))
        self._monkeypatch.setattr(Conclusions, "diagnosis", lambda conclusions: conclusions.file.diagnosis)


def _proven(finding: Finding) -> tuple[Fix, ...]:
    fixes: list[Fix] = []
    for group in finding.alternatives:
        first = group[0]
        if isinstance(first, EnvFix):
            lines = [fix for fix in group if isinstance(fix, EnvFix)]
            helps = all(line.fillable and not line.conditional for line in lines)
            fixes += replace(first, proof=TRIED if helps else UNTRIED), *group[1:]
        else:
            fixes += group
    return tuple(fixes)

"""The file against the processes that run: not restarted, overridden, web and Sidekiq apart. No value is shown."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.rules.env_names import STORAGE_NAMES, for_s3
from s3probe.diagnosis.texts import finding
from s3probe.settings.model import Note, NoteKind

_RESTART = "Restart both parts: systemctl restart mastodon-web mastodon-sidekiq, or docker compose up -d"


def _notes(case: Case, kind: NoteKind) -> Iterator[Note]:
    return (n for n in case.settings.environment.notes if n.kind is kind and (not n.name or n.name in STORAGE_NAMES))


@for_s3
def not_restarted(case: Case) -> Iterator[Finding]:
    """The file is younger than a process that goes on with another value."""
    different = list(_notes(case, NoteKind.NOT_RESTARTED))
    for note in different:
        yield finding(
            "env-not-restarted",
            case,
            how=f"{note.source} runs with another {note.name} than line {note.line}; it began before the last edit",
            certainty=Certainty.LIKELY,
            setting=note.name,
            fixes=(Manual(_RESTART),),
        )
    for note in () if different else _notes(case, NoteKind.EDITED_SINCE_START):
        yield finding(
            "env-not-restarted",
            case,
            how=f"{note.source} began before the file's last edit",
            certainty=Certainty.POSSIBLE,
            severity=Severity.NOTICE,
            fixes=(Manual(_RESTART),),
        )


@for_s3
def overridden(case: Case) -> Iterator[Finding]:
    """A process was started after the last edit, and still has another value: something else sets it."""
    for note in _notes(case, NoteKind.RUNNING_OVERRIDDEN):
        yield finding(
            "env-process-overrides-file",
            case,
            how=f"{note.source}, begun after the last edit, was given another {note.name} than line {note.line}",
            setting=note.name,
            fixes=(Manual(f"Look for {note.name} in the service's unit, the compose file or the ConfigMap."),),
        )


@for_s3
def web_and_sidekiq(case: Case) -> Iterator[Finding]:
    """Web and Sidekiq were given different settings."""
    for note in _notes(case, NoteKind.WEB_SIDEKIQ_DIFFER):
        yield finding(
            "env-web-sidekiq-differ",
            case,
            how=f"{note.source} were given different values of {note.name}",
            setting=note.name,
            fixes=(Manual(f"Give both the same {note.name}, from one common file, and restart them."),),
        )


RULES = (
    Rule(not_restarted, Layer.PROCESSES, yields=("env-not-restarted",)),
    Rule(overridden, Layer.PROCESSES, yields=("env-process-overrides-file",)),
    Rule(web_and_sidekiq, Layer.PROCESSES, yields=("env-web-sidekiq-differ",)),
)

"""What hands the file to Mastodon: a program that refuses it, lines that it drops, and what another one would keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.rules.env_file import notes_of
from s3probe.diagnosis.rules.env_names import CREDENTIALS, STORAGE_NAMES, for_s3, merged
from s3probe.diagnosis.texts import finding
from s3probe.settings.loaders import COMPOSE, DOCKER, KUBERNETES, SYSTEMD
from s3probe.settings.model import NoteKind

_PROGRAMS = {DOCKER: "docker run --env-file", COMPOSE: "Docker Compose", KUBERNETES: "kubectl create --from-env-file"}

_AS = "as NAME=value, each name once and every quote mark closed"
_NEEDED = ("S3_ENABLED", "S3_BUCKET", *CREDENTIALS)


def refused_file(case: Case) -> Iterator[Finding]:
    """The program that hands over the file takes nothing of it, because of one line."""
    environment = case.settings.environment
    program = _PROGRAMS.get(environment.loader, environment.loader)
    for note, _variable in notes_of(case, NoteKind.LOADER_REFUSES):
        yield finding(
            "env-file-refused-by-loader",
            case,
            how=f"line {note.line} of {note.source}: {note.why}; {program} refuses the whole file for that",
            program=program,
            fixes=(Manual(f"Write line {note.line} of {note.source} {_AS}, or make it a comment with a #."),),
        )


def dropped_lines(case: Case) -> Iterator[Finding]:
    """Lines that a loader leaves out without a word, although they look like one of Mastodon's."""
    yield from merged(_dropped(case))


def _dropped(case: Case) -> Iterator[Finding]:
    environment = case.settings.environment
    for note, _variable in notes_of(case, NoteKind.LOADER_DROPS):
        name = re.sub(r"^export\s+", "", note.name)
        if name not in STORAGE_NAMES:
            continue
        elsewhere = environment.get(name) is not None
        if environment.loader == SYSTEMD:
            how = f"line {note.line} of {note.source} begins with {note.name}; systemd drops it without a word"
            how = f"{how}; {name} is set elsewhere" if elsewhere else f"{how}; {name} is not set"
            severity = Severity.NOTICE if elsewhere else Severity.FAILURE if name in _NEEDED else Severity.WARNING
        else:
            how = (
                f"line {note.line} of {note.source} holds {name} alone: {environment.loader} hands over what it was "
                "itself started with, or nothing"
            )
            severity = Severity.NOTICE
        yield finding(
            "env-invalid-key-line-skipped",
            case,
            how=how,
            severity=severity,
            setting=name,
            line=str(note.line),
            fixes=(Manual(f"Write line {note.line} of {note.source} as {name}=… (or delete it)."),),
        )


_OTHER_LOADERS = {
    NoteKind.LOADER_KEEPS_QUOTES: (
        "env-quotes-another-loader-keeps",
        "dotenv drops the quote marks around {name} (line {line} of {source}); docker run --env-file and Kubernetes "
        "would hand them over",
        "Write {name} in line {line} of {source} without quotes if docker run or Kubernetes reads that file.",
    ),
    NoteKind.LOADER_KEEPS_COMMENT: (
        "env-comment-another-loader-keeps",
        "dotenv drops the comment behind {name} (line {line} of {source}); docker run --env-file, systemd and "
        "Kubernetes would make it part of the value",
        "Put the comment of line {line} of {source} on a line of its own if another program than Mastodon reads it.",
    ),
}


@for_s3
def other_loaders(case: Case) -> Iterator[Finding]:
    """Ruby's dotenv reads the line well; another program that may read the same file would not."""
    for kind, (finding_id, how, advice) in _OTHER_LOADERS.items():
        for note, variable in notes_of(case, kind):
            if variable is not None and note.name in STORAGE_NAMES:
                values = {"name": note.name, "line": note.line, "source": note.source}
                yield finding(
                    finding_id,
                    case,
                    how=how.format_map(values),
                    certainty=Certainty.POSSIBLE,
                    setting=note.name,
                    fixes=(Manual(advice.format_map(values)),),
                )


RULES = (
    Rule(refused_file, Layer.SWITCHES, yields=("env-file-refused-by-loader",)),
    Rule(dropped_lines, Layer.LINES, yields=("env-invalid-key-line-skipped",)),
    Rule(other_loaders, Layer.LINES, yields=("env-comment-another-loader-keeps", "env-quotes-another-loader-keeps")),
)

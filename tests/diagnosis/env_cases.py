"""Env files for the tests of the file rules."""

from __future__ import annotations

from collections.abc import Mapping

from s3probe.diagnosis.engine import lint
from s3probe.diagnosis.model import Finding
from s3probe.settings.dotenv import parse
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import PROCESS_ENVIRONMENT, Environment, Settings, Variable
from s3probe.settings.notes import value_notes

SOURCE = ".env.production"
KEYS = "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"
HEAD = f"LOCAL_DOMAIN=mastodon.example\nS3_ENABLED=true\nS3_BUCKET=files-example\n{KEYS}"
AWS = f"{HEAD}S3_REGION=eu-west-2\nS3_HOSTNAME=s3.eu-west-2.amazonaws.com\n"
CUSTOM = f"{HEAD}S3_REGION=nl-ams\nS3_ENDPOINT=https://s3.example.net\nS3_HOSTNAME=s3.example.net\n"


def settings_of(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file, with the process environment before it."""
    environ = environ or {}
    parsed = parse(text.encode(), environ, source=SOURCE)
    variables = {name: Variable(name, value) for name, value in environ.items()}
    notes = [n for name, value in environ.items() for n in value_notes(name, value, PROCESS_ENVIRONMENT, 0)]
    for a in parsed.assignments:
        if not a.taken_from_environment:
            variables[a.name] = Variable(a.name, a.value, SOURCE, a.line, a.raw)
    return interpret(Environment(variables, (SOURCE,), (*notes, *parsed.notes)))


def without(text: str, *names: str) -> str:
    """The text without the lines of these variables."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition("=")[0] not in names)


def with_line(text: str, line: str) -> str:
    """The text with the line's variable set so, in place when it stands there."""
    name = line.partition("=")[0]
    if f"\n{name}=" not in f"\n{text}":
        return f"{text}{line}\n"
    return "".join(f"{line}\n" if old.partition("=")[0] == name else old for old in text.splitlines(keepends=True))


def found(text: str, environ: Mapping[str, str] | None = None) -> dict[str, Finding]:
    """What the linter says, by id."""
    return {f.id: f for f in lint(settings_of(text, environ))}

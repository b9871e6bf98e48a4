"""A provider's own commands, consoles and notes, with this user's names. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import BucketPolicy, BucketSetting, Fix
from s3probe.diagnosis.words import sentences
from s3probe.knowledge.recipes import Statement, addressed, documents, endpoint_option, filled, recipe
from s3probe.knowledge.recognition import GENERIC
from s3probe.records import replace


def provider_step(case: Case, topic: str) -> str:
    """How this is done at the provider, ``""`` for AWS, whose own words the fix has already, and where nobody knows."""
    provider = provider_of(case)
    if provider.id == "aws-s3":
        return ""
    way = own_command(case, topic) or console_of(case, topic)
    return f"At {provider.name}: {way.rstrip('.')}." if way else ""


def console_of(case: Case, topic: str) -> str:
    """Where to click at the provider, with this user's names."""
    settings, provider = case.settings, provider_of(case)
    return filled(settings, provider.console.get(topic, ""), documents(settings, provider))


def own_command(case: Case, topic: str, statements: Sequence[Statement] | None = None) -> str:
    """The server's own command, filled in; ``statements``: those of the whole bucket policy."""
    settings, provider = case.settings, provider_of(case)
    return recipe(settings, provider, topic, documents(settings, provider, statements))


def note_of(case: Case, topic: str) -> str:
    """What must be known to run the provider's command, with this user's names."""
    settings, provider = case.settings, provider_of(case)
    return filled(settings, provider.notes.get(topic, ""), documents(settings, provider))


def own_note(case: Case, topic: str) -> str:
    return note_of(case, topic) or in_console(case, topic)


def in_console(case: Case, topic: str) -> str:
    """The same as a sentence."""
    way = console_of(case, topic).rstrip(".")
    return f"In the console: {way}." if way else ""


def aws_call(case: Case, command: str, options: str) -> str:
    settings = case.settings
    call = f"aws s3api {command} --bucket {settings.bucket_name} {options}{endpoint_option(settings)}"
    return addressed(provider_of(case), call)


def unsure(case: Case, unknown: bool) -> str:
    """What is said of a command of the S3 API at a provider of which nobody knows whether it has that."""
    return f"It is a command of the S3 API, which {whose(case)} may not have." if unknown else ""


def marked(case: Case, fix: Fix) -> Fix:
    """The fix, with that said of it at a store of which nobody knows what it has."""
    if not isinstance(fix, BucketSetting | BucketPolicy) or "aws s3api put-" not in fix.command:
        return fix
    note = unsure(case, provider_of(case).id == GENERIC)
    return fix if not note or note in fix.note else replace(fix, note=sentences(fix.note, note))


def whose(case: Case) -> str:
    provider = provider_of(case)
    return "this storage" if provider.id == GENERIC else provider.name

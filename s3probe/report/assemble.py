"""Puts the one result together that every format renders."""

from __future__ import annotations

from s3probe.codec import clean
from s3probe.diagnosis.model import Finding
from s3probe.probe.evidence import Evidence
from s3probe.redact import scrubber_for, shorten
from s3probe.report.model import Report, Subject
from s3probe.settings.model import PROCESS_ENVIRONMENT, Settings
from s3probe.settings.urls import public_url


def assemble(settings: Settings, evidence: Evidence, findings: tuple[Finding, ...]) -> Report:
    """The report of one examination. No text in it holds a secret or a control character."""
    return clean(Report(subject_of(settings), evidence, findings), scrubber_for(settings))


def subject_of(settings: Settings) -> Subject:
    """Whose storage was examined, in the words of the settings."""
    from s3probe.knowledge.providers import detect

    return Subject(
        source=source_of(settings),
        bucket=settings.bucket_name,
        region=settings.region,
        endpoint=settings.api_base,
        provider=detect(settings),
        addressing="path" if settings.path_style else "virtual-host",
        acl=settings.acl or "",
        key_prefix=settings.key_prefix,
        public_base=public_url(settings, ""),
        access_key_id=shorten(settings.credentials.access_key_id) if settings.credentials else "",
    )


def source_of(settings: Settings) -> str:
    """The file that was named, or where else the variables came from."""
    return settings.environment.sources[0] if settings.environment.sources else PROCESS_ENVIRONMENT

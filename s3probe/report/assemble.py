"""Puts the one result together that every format renders."""

from __future__ import annotations

from s3probe.diagnosis.model import Diagnosis, EnvFix, Finding, Fix, TrialRun
from s3probe.evidence.observations import Evidence
from s3probe.records import replace
from s3probe.redact import clean, scrubber_for, shorten, unquoted
from s3probe.report.model import KEY_NAMES, PROXY_NAME, Report, Subject
from s3probe.settings.model import PROCESS_ENVIRONMENT, Environment, Settings
from s3probe.settings.urls import public_url


def assemble(settings: Settings, evidence: Evidence, diagnosis: Diagnosis, trials: tuple[TrialRun, ...] = ()) -> Report:
    """The report of one examination and its trials. No text in it holds a secret or a control character."""
    placed = tuple(_with_sources(finding, settings.environment) for finding in diagnosis)
    subject = subject_of(settings, evidence)
    others = diagnosis.rule_errors, diagnosis.consequences, trials, diagnosis.left_out
    plain = all(_stands_as_meant(name, settings.environment) for name in (*KEY_NAMES, PROXY_NAME))
    report = Report(subject, evidence, placed, *others, plain_keys=plain)
    return clean(report, scrubber_for(settings))


def _with_sources(finding: Finding, environment: Environment) -> Finding:
    """Env fixes told in which file their variable stands: Mastodon may read several."""
    fixes: list[Fix] = []
    for fix in finding.fixes:
        variable = environment.variables.get(fix.variable) if isinstance(fix, EnvFix) else None
        if variable is not None and isinstance(fix, EnvFix):
            fixes.append(replace(fix, source=variable.source))
        else:
            fixes.append(fix)
    return replace(finding, fixes=tuple(fixes))


def subject_of(settings: Settings, evidence: Evidence) -> Subject:
    """Whose storage was examined, in the words of the settings. Answers help to recognise the provider."""
    from s3probe.knowledge.store import store_of

    return Subject(
        source=source_of(settings),
        bucket=settings.bucket_name,
        region=settings.region,
        endpoint=settings.api_base,
        provider=store_of(settings, evidence).id,
        addressing="path" if settings.path_style else "virtual-host",
        acl=settings.acl or "",
        key_prefix=settings.key_prefix,
        public_base=public_url(settings, ""),
        access_key_id=shorten(settings.credentials.access_key_id) if settings.credentials else "",
    )


def _stands_as_meant(name: str, environment: Environment) -> bool:
    variable = environment.variables.get(name)
    if variable is None or variable.raw is None:
        return True
    text = unquoted(variable.raw)
    return text == variable.value and not set(text) & set(" \t\"'")


def source_of(settings: Settings) -> str:
    """The files that were read, in the order in which they win; the process environment among them."""
    return ", ".join(settings.environment.sources) or PROCESS_ENVIRONMENT

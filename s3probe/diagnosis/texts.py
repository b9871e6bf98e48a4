"""Builds findings: the words come from ``knowledge``, the values from the case."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import Certainty, Finding, Fix, Severity
from s3probe.evidence.vocabulary import ObservationId
from s3probe.patterns import regex
from s3probe.settings.model import Settings
from s3probe.settings.urls import public_url

_HOST = regex(r"[^:]*:/*(\[[^\]]*\]|[^:/?#]*)")


def finding(
    finding_id: str,
    case: Case,
    *,
    how: str,
    because: Iterable[ObservationId] = (),
    explains: Iterable[ObservationId] = (),
    fixes: Iterable[Fix] = (),
    certainty: Certainty = Certainty.CERTAIN,
    severity: Severity | None = None,
    setting: str | None = None,
    permission: str | None = None,
    variant: str = "",
    effect: str = "",
    **values: str,
) -> Finding:
    """A finding with its text filled in.

    ``values`` fill the placeholders of the knowledge text beside the standing ones
    (``bucket``, ``region``, ``endpoint``, ``hostname``, ``media_host``, ``acl``, and the ``setting`` as ``variable``).
    ``variant`` names one of the text's several titles, ``effect`` one of its consequences.
    """
    # a file without a fault needs none of them
    from s3probe.diagnosis.own_ways import marked
    from s3probe.knowledge.findings import entry
    from s3probe.knowledge.offers import pages_for
    from s3probe.knowledge.site import page_of

    text = entry(finding_id)
    settings = case.settings
    filled = {
        "bucket": settings.bucket_name,
        "region": settings.region,
        "endpoint": settings.api_base,
        "hostname": settings.hostname,
        "media_host": _media_host(settings),
        "acl": settings.acl or "",
        "variable": setting or text.setting or "",
        **values,
    }
    return Finding(
        id=finding_id,
        severity=severity or Severity(text.severity),
        certainty=certainty,
        title=(text.titles[variant] if variant else text.title).format_map(filled),
        consequence=(text.consequences[effect] if effect else text.consequence).format_map(filled),
        how_known=how,
        setting=setting if setting is not None else text.setting,
        permission=permission if permission is not None else text.permission,
        because=tuple(because),
        explains=tuple(explains),
        fixes=tuple(marked(case, fix) for fix in fixes),
        links=(*page_of(finding_id), *pages_for(provider_of(case), text.links)),
    )


def _media_host(settings: Settings) -> str:
    """The host in every media URL; of a value that makes no URL, what stands in its place."""
    found = _HOST.match(public_url(settings, ""))
    return found[1] if found else ""

"""A user's archive: closed to strangers, opened by its link alone, from outside, and only for an hour."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import bucket_fixes, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, ServerFix, Severity
from s3probe.diagnosis.openness import checks_no_keys, shows_folders
from s3probe.diagnosis.rule import OF_A_POLICY, Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import at_proxy, front_of
from s3probe.diagnosis.rules.open_to_all import NO_SIGNATURE
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.knowledge.findings import entry
from s3probe.knowledge.front import Stands
from s3probe.knowledge.providers import PolicySupport
from s3probe.patterns import regex
from s3probe.settings.ruby import RubyError
from s3probe.settings.urls import presigned_target

_INTERNAL = regex(r"[^.]+|.+\.(internal|local|lan|localdomain|intranet|corp|home|svc|home\.arpa)", re.I)


def open_archives(case: Case) -> Iterator[Finding]:
    """A stranger could open an archive."""
    if checks_no_keys(case) or shows_folders(case):
        return
    seen = [
        o
        for o in case.open(ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET)
        if o.facts.get(Fact.OPEN) == "yes"
    ]
    if not seen:
        return
    provider = fixes.provider_of(case)
    # where a bucket is open as a whole or not at all, only the unguessable name protects an archive
    whole = provider.bucket_policy in (PolicySupport.NO, PolicySupport.CONSOLE)
    # the storage itself is closed: what stands before it opens archives (it signs, or the storage trusts its address)
    by_proxy = case.get(ActionId.ARCHIVE_ORIGIN_GET).ok and seen[0].id == ActionId.ARCHIVE_PUBLIC_GET
    by_proxy = by_proxy and not provider.signed_only
    policy: list[Fix] = [] if whole or by_proxy else [bucket_fixes.only_media_public(case)]
    how, names = f"GET {seen[0].url} opened an archive without a signature", _shows_names(case)
    if names is not None:
        how = f"{how}; GET {names.url} shows what archives are called"
    severity = Severity.FAILURE if names else Severity.NOTICE if whole and not by_proxy else Severity.WARNING
    yield finding(
        "archive-dumps-world-readable",
        case,
        how=how,
        because=[o.id for o in seen],  # the open listing is a finding of its own
        fixes=[*policy, *(_shut_before(case) if whole or case.settings.alias_host else ())],
        severity=severity,
    )


_LISTINGS = (ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_VERSIONS, Experiment.PUBLIC_LIST)


def _shows_names(case: Case) -> Observation | None:
    """A listing that strangers can read, and in which archives stand: not one of another folder alone."""
    opened = (o for o in map(case.get, _LISTINGS) if o.facts.get(Fact.LISTING))
    return next((o for o in opened if "prefix=" not in o.url), None)


def _shut_before(case: Case) -> tuple[Fix, ...]:
    """What keeps strangers from ``backups/`` where the bucket itself is open as a whole."""
    front, provider = front_of(case), fixes.provider_of(case)
    said = entry("archive-dumps-world-readable").fix.get(provider.id)
    if said and not front.program and front.stands is not Stands.CDN and not front.rules:
        return (Manual(said), *(fix for fix in at_proxy(case, "archives") if isinstance(fix, ServerFix)))
    return at_proxy(case, "archives")


def expired(case: Case) -> Iterator[Finding]:
    """A link that was signed for an hour still opens the archive two hours later."""
    if checks_no_keys(case):
        return
    seen = [o for o in case.open(ActionId.PRESIGNED_EXPIRED) if o.facts.get(Fact.OPEN)]
    # a clock that is fast dates the link into the future
    if seen and not case.get(ActionId.CLOCK).failed:
        yield finding(
            "archive-link-never-expires",
            case,
            how="a link to an archive, signed for one hour two hours ago, still opened it",
            because=[seen[0].id],
            fixes=[Manual("Ask the provider, or update the gateway: it ignores X-Amz-Expires.")],
        )


def link_host(case: Case) -> Iterator[Finding]:
    """Links are signed for S3_ENDPOINT, never for the alias: an inner name means nothing to a browser outside."""
    if not case.get(ActionId.ARCHIVE_PUT).ok:
        return
    try:
        target = presigned_target(case.settings, "backups")
    except (RubyError, ValueError):
        return
    loopback, inner = _nature(target.host)
    # inside its own network it may have no certificate; whether users know that name at all, only they can see
    unsure = not inner and not loopback and bool(case.get(ActionId.REACH_ENDPOINT).facts.get(Fact.INSIDE))
    # where pictures fail for want of TLS, the archives' links follow
    seen = case.get(ActionId.PUBLIC_GET)
    same_fault = seen.network is not None and fixes.host_of(seen.url) == target.host
    plain = target.scheme == "http" and not same_fault
    if not (inner or loopback or plain):
        return
    where = f"{target.scheme}://{target.host}" + (f":{target.port}" if target.port not in (80, 443) else "")
    if unsure:
        how = f"links to archives begin with {where}, which leads to a private address"
    elif inner:
        how = f"links to archives begin with {where}, which only your own network knows"
    elif loopback:
        how = f"links to archives begin with {where}, which is this machine"
    else:
        how = f"links to archives begin with {where}, without TLS"
    if plain and not inner and not loopback and not unsure:
        host = urlsplit(case.settings.api_base).netloc
        yield finding(
            "presigned-link-without-tls",
            case,
            how=how,
            # with https:// alone every upload fails where no certificate is: nothing here has asked for one
            fixes=[Manual(f"Give {host} a certificate, and only then write https:// in S3_ENDPOINT.")],
            certainty=Certainty.LIKELY,
        )
        return
    advice = Manual(
        "Give the storage a public name with a certificate, put it into S3_ENDPOINT, and let that name lead to the "
        "storage directly inside your network."
    )
    yield finding(
        "presigned-link-uses-internal-endpoint",
        case,
        how=how,
        fixes=[advice],
        severity=Severity.NOTICE if loopback or unsure else Severity.WARNING,
        certainty=Certainty.CERTAIN if loopback or (inner and "." not in target.host) else Certainty.LIKELY,
    )


def _nature(host: str) -> tuple[bool, bool]:
    """Whether ``host`` is this machine, and whether it is an inner name or address."""
    name = host.strip("[]").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        loopback = name == "localhost" or name.endswith(".localhost")
        return loopback, not loopback and bool(_INTERNAL.fullmatch(name))
    return address.is_loopback, address.is_private and not address.is_loopback


RULES = (
    Rule(
        open_archives,
        Layer.ARCHIVES,
        yields=("archive-dumps-world-readable",),
        reads=(
            ActionId.PUBLIC_LIST_ALIAS,
            Experiment.PUBLIC_LIST,
            *NO_SIGNATURE,
            ActionId.PUBLIC_GET,
            ActionId.PUT_WITH_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.SUSPENDED_PUBLIC_GET,
            *OF_A_POLICY,
        ),
    ),
    Rule(
        expired,
        Layer.ARCHIVES,
        yields=("archive-link-never-expires",),
        reads=(*NO_SIGNATURE, ActionId.CLOCK),
    ),
    Rule(
        link_host,
        Layer.ARCHIVES,
        yields=("presigned-link-uses-internal-endpoint", "presigned-link-without-tls"),
        reads=(ActionId.ARCHIVE_PUT, ActionId.PUBLIC_GET, ActionId.REACH_ENDPOINT),
    ),
)

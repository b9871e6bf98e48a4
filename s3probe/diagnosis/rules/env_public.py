"""Values that decide what visitors are given: host names, protocol, CDN, and what the pages' policy allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Manual, Severity
from s3probe.diagnosis.page_hosts import FORBIDDEN, SCRIPTS, allowed_hosts, for_scripts_alone
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import PUBLIC_ACTIONS, at_aws, clean, for_s3, stray_marks, unseen
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import NetworkFault
from s3probe.evidence.vocabulary import ActionId, ExperimentWith, Fact, ObservationId
from s3probe.patterns import regex
from s3probe.settings.addressing import regional_host
from s3probe.settings.model import RaisedAt, RaisedError, Settings
from s3probe.settings.rubyuri import authority_of
from s3probe.settings.urls import public_url

_DASH_FORM = frozenset(
    {
        "us-east-2", "us-west-1", "us-west-2", "us-gov-west-1", "us-gov-east-1", "ca-central-1", "sa-east-1",
        "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
        "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
    }
)  # fmt: skip
"""Regions whose ``s3-<region>.amazonaws.com`` exists: those opened before 20 March 2019, us-east-1 excepted
(AWS: VirtualHosting, legacy endpoints)."""
_NOTHING_LISTENS = (NetworkFault.REFUSED, NetworkFault.NO_ROUTE, NetworkFault.CONNECT_TIMEOUT)
"""A port may do so, while the next one is served."""
_SCHEME = regex(r"^[A-Za-z][A-Za-z0-9+.-]*:/+")
LOOPBACK = regex(r"(127\.\d+\.\d+\.\d+|([a-z0-9-]+\.)*localhost|\[::1\])(:\d+)?$")


def _public_host(settings: Settings) -> tuple[str, str]:
    """Which variable names the public host, and its value."""
    if settings.alias_host is not None:
        name = "S3_ALIAS_HOST" if settings.environment.get("S3_ALIAS_HOST") is not None else "S3_CLOUDFRONT_HOST"
        return name, settings.alias_host
    return "S3_HOSTNAME", "" if settings.hostname_is_default else settings.hostname


def _failed(case: Case) -> tuple[ObservationId, ...]:
    """Ids of what visitors could not do, as far as nothing explains it yet."""
    return unseen(case, *PUBLIC_ACTIONS, ActionId.PUBLIC_CSP)


def _variant(value: str, scheme: str, *, slash_only: bool) -> str:
    if scheme:
        return "scheme"
    if slash_only:
        return "slash-at-end"
    return "slash-at-start" if value.startswith("/") else "more"


@for_s3
def host_name(case: Case) -> Iterator[Finding]:
    """Scheme, slash, path or stray text in the host that stands in every media URL."""
    settings = case.settings
    name, value = _public_host(settings)
    if not value.strip() or stray_marks(value.strip()) or not value.isascii():
        return
    raised = next((t for t in settings.troubles if t.variable == name and t.stage in _RAISES), None)
    written = re.split(r"\s+#|\s", value.strip())[0]
    scheme = next(iter(_SCHEME.findall(written)), "")
    bare = written.removeprefix(scheme).lstrip("/")
    host, _, path = bare.rstrip("/").partition("/")
    doubled = name == "S3_HOSTNAME" and path == settings.bucket
    tidy = host if doubled or not path else f"{host}/{path}"
    if value == tidy:
        yield from _unusable(case, name, value, raised)
        return
    slash_only = value.rstrip("/") == tidy
    works = slash_only and case.get(ActionId.PUBLIC_GET).ok
    yield finding(
        "hostname-has-scheme-or-slash",
        case,
        how=(
            _raising(name, value, raised)
            if raised
            else f"with {name}={value}, media URLs look like {public_url(settings, 'media_attachments/...')}"
        ),
        severity=Severity.WARNING if works else Severity.FAILURE,
        certainty=Certainty.LIKELY if slash_only and not works else Certainty.CERTAIN,
        setting=name,
        variant=_variant(value, scheme, slash_only=slash_only),
        effect="doubled" if works else "scheme" if scheme else "elsewhere",
        scheme=scheme,
        because=(ActionId.PUBLIC_GET,) if works else (),
        explains=_failed(case),
        fixes=(fixes.env(case, name, tidy),),
    )


_RAISES = (RaisedAt.BOOT, RaisedAt.URL)


def _raising(name: str, value: str, raised: RaisedError) -> str:
    if not raised.exception:
        return f"{name}={value}: {raised.message}"
    if raised.stage is RaisedAt.BOOT:
        return f"with {name}={value}, Mastodon does not start ({raised.exception}: {raised.message})"
    return f"with {name}={value}, every media URL raises {raised.exception}: {raised.message}"


def _unusable(case: Case, name: str, value: str, raised: RaisedError | None) -> Iterator[Finding]:
    """A host of the right form that is none: signs that no name may hold, a port that there is not."""
    if raised is None:
        return
    port = re.fullmatch(r"([A-Za-z0-9.-]+):([^:/]*)(/.*)?", value)
    yield finding(
        "hostname-has-scheme-or-slash",
        case,
        how=_raising(name, value, raised),
        setting=name,
        variant="port" if port else "no-host",
        effect="elsewhere",
        explains=_failed(case),
        fixes=(
            fixes.env(case, name, f"{port[1]}{port[3] or ''}")
            if port
            else Manual(f"Write the bare name of the media host into {name}, such as files.example.com."),
        ),
    )


@for_s3
def protocol(case: Case) -> Iterator[Finding]:
    """Pages are https; so must media be."""
    settings = case.settings
    value = settings.protocol
    if value.lower() == "https" or not value or stray_marks(value.strip()):
        return
    host = _public_host(settings)[1] or settings.hostname
    if value.lower() == "http":
        if not LOOPBACK.match(host):
            policy = tuple(o.id for o in case.all_open() if o.id == ActionId.PUBLIC_CSP)
            unheard = case.get(ActionId.PUBLIC_GET).network in _NOTHING_LISTENS
            yield finding(
                "protocol-http-mixed-content",
                case,
                how=f"media URLs begin with http://{host}, Mastodon's pages with https://",
                # Mastodon's policy allows the host with https:// alone, and so may its web server
                explains=_failed(case) if unheard else policy,
                fixes=(fixes.env(case, "S3_PROTOCOL", "https"),),
            )
        return
    yield finding(
        "protocol-not-a-scheme",
        case,
        how=f"with S3_PROTOCOL={value}, media URLs look like {public_url(settings, 'media_attachments/...')}",
        explains=_failed(case),
        fixes=(fixes.env(case, "S3_PROTOCOL", "https"),),
    )


@for_s3
def default_host(case: Case) -> Iterator[Finding]:
    """AWS with Mastodon's own default host name: it may not exist, and the pages' policy never allows it."""
    settings = case.settings
    if settings.alias_host is not None or not settings.hostname_is_default or settings.endpoint == "":
        return
    if not at_aws(settings) or not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", settings.region):
        return
    host = regional_host(fixes.right_region(case) or settings.region)
    fix = fixes.public_host(case, host)
    hosts = allowed_hosts(case)
    dead = settings.region not in _DASH_FORM
    if dead and case.evidence is None:
        yield finding(
            "hostname-default-dash-form-dead",
            case,
            how=f"S3_HOSTNAME is not set, so media URLs lead to {settings.hostname}; AWS has no such name for "
            f"{settings.region}, and the pages allow {' '.join(filter(None, hosts)) or 'the instance alone'}",
            certainty=Certainty.LIKELY,
            fixes=fix,
        )
    elif not (dead and case.get(ActionId.PUBLIC_GET).network is NetworkFault.DNS) and not _allowed(settings, hosts):
        page = case.get(ActionId.PUBLIC_CSP)
        if page.ok:
            return  # the page was seen, and allows it: a proxy sends the policy
        missing = page.facts.get(Fact.MISSING, SCRIPTS).split()
        alone = SCRIPTS if for_scripts_alone(case) and missing == [SCRIPTS] else ""
        yield finding(
            "csp-one-directive-lacks-media-host" if alone else "csp-omits-default-hostname",
            case,
            how=f"media URLs lead to {settings.hostname}; the pages allow "
            f"{' '.join(filter(None, hosts)) or 'the instance alone'}",
            severity=Severity.WARNING if alone else None,
            setting="S3_HOSTNAME",
            explains=(ActionId.PUBLIC_CSP,),
            fixes=fix,
            directive=alone,
            effect="case" if alone else "",
            breaks=FORBIDDEN.get(alone, ""),
        )


def _allowed(settings: Settings, allowed: Iterable[str]) -> bool:
    hosts = {authority_of(host) or host for host in allowed}
    return settings.hostname in hosts or any(h.startswith("*.") and settings.hostname.endswith(h[1:]) for h in hosts)


@for_s3
def cdn_host(case: Case) -> Iterator[Finding]:
    """CDN_HOST is for scripts and styles, PAPERCLIP_ROOT_URL for files on disk; neither serves media from S3."""
    settings = case.settings
    cdn = settings.environment.get("CDN_HOST") or ""
    host = authority_of(cdn if "//" in cdn else f"//{cdn}").lower()
    media = (_public_host(settings)[1] or settings.hostname).lower()
    storage = authority_of(settings.api_base).lower()
    at_bucket = bool(host) and (host in (media, storage) or (bool(storage) and host.endswith(f".{storage}")))
    root = settings.environment.get("PAPERCLIP_ROOT_URL") or ""
    if at_bucket:
        yield finding(
            "cdn-host-confused-with-alias",
            case,
            how=f"CDN_HOST={cdn} is where media are, but Mastodon fetches its scripts and styles from there",
            certainty=Certainty.LIKELY,
            fixes=(fixes.env(case, "CDN_HOST", None),),
        )
    elif "//" in root and settings.alias_host is None:
        target = clean(authority_of(root))
        fix = EnvFix("S3_ALIAS_HOST", target, note="Remove PAPERCLIP_ROOT_URL as well.")
        yield finding(
            "cdn-host-confused-with-alias",
            case,
            how=f"PAPERCLIP_ROOT_URL={root} is for files on disk and changes no media URL while S3 is on",
            setting="PAPERCLIP_ROOT_URL",
            fixes=(fix, fixes.env(case, "PAPERCLIP_ROOT_URL", None)),
        )


RULES = (
    Rule(host_name, Layer.PUBLIC_VALUES, yields=("hostname-has-scheme-or-slash",), reads=(OPEN, ActionId.PUBLIC_GET)),
    Rule(
        protocol,
        Layer.PUBLIC_VALUES,
        yields=("protocol-http-mixed-content", "protocol-not-a-scheme"),
        reads=(OPEN, ActionId.PUBLIC_GET),
    ),
    Rule(
        default_host,
        Layer.PUBLIC_VALUES,
        yields=(
            "csp-omits-default-hostname",
            "csp-one-directive-lacks-media-host",
            "hostname-default-dash-form-dead",
        ),
        reads=(ActionId.PUBLIC_CSP, ActionId.PUBLIC_GET, ExperimentWith.REGION),
    ),
    Rule(cdn_host, Layer.PUBLIC_VALUES, yields=("cdn-host-confused-with-alias",)),
)

"""The media host is the instance's own name: Mastodon's web server, which has none of the files, is asked for them."""

from __future__ import annotations

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual
from s3probe.diagnosis.rules.invisible import invisible, working_addresses
from s3probe.diagnosis.rules.visitors import note_of_host, public_host_of
from s3probe.diagnosis.words import sentences, words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.settings.model import Settings

_NOT_FOUND, _SERVER_ERROR = 404, 500
_AT_THE_STORAGE = (Experiment.PUBLIC_HOSTNAME, Experiment.PUBLIC_PATH_STYLE, Experiment.PUBLIC_ORIGIN)


def at_the_instance(case: Case, seen: Observation) -> Finding | None:
    """What the web server of the instance answers, under a name that is published for media.

    A path behind the name is somebody's own way to the storage, which is judged as a proxy is.
    """
    settings = case.settings
    name = "S3_HOSTNAME" if settings.alias_host is None else "S3_ALIAS_HOST"
    value = (settings.hostname if settings.alias_host is None else settings.alias_host).strip("/").lower()
    status = seen.http_status or _SERVER_ERROR
    if value not in _own_names(settings) or status >= _SERVER_ERROR or fixes.host_of(seen.url) != value.split(":")[0]:
        return None
    how = f"{name}={value} is the name of the instance, whose web server answered {words(seen)} for the picture"
    return invisible(case, "media-host-is-the-instance", how, *_elsewhere(case, name))


def not_found_there(case: Case, seen: Observation) -> Finding | None:
    """A host of the admin's own says 404, the key finds the file, and no other address shows visitors anything."""
    settings, store = case.settings, fixes.provider_of(case)
    own = case.get(ActionId.GET)
    if seen.http_status != _NOT_FOUND or not own.ok or settings.alias_host is None or has_own_hosts(seen.url):
        return None
    note = note_of_host(case, store)
    bucket = settings.bucket_name
    advice = sentences(f"See that {fixes.host_of(seen.url)} leads to the bucket {bucket}, and to no other.", note)
    return invisible(
        case,
        "object-not-found-public-key-mismatch",
        f"GET {seen.url} was answered {words(seen)}; with the key {own.operation} finds the file",
        Manual(advice),
        certainty=Certainty.LIKELY,
    )


def _own_names(settings: Settings) -> set[str]:
    names = (settings.web_domain, settings.environment.get("WEB_DOMAIN"), settings.environment.get("LOCAL_DOMAIN"))
    return {name.strip().lower() for name in names if name and name.strip()}


def _elsewhere(case: Case, name: str) -> tuple[Fix, ...]:
    """The provider's host for visitors, or the storage's own, where the picture was seen there; a host to come."""
    special = public_host_of(case, fixes.provider_of(case))
    if special is not None:
        return special[1]
    domain = case.settings.web_domain or "example.com"
    what = f"a host for media alone, e.g. files.{domain}"
    own = fixes.by_hand(case, "S3_ALIAS_HOST", what, "It is a proxy or CDN of yours.")
    public = fixes.host_of(f"//{case.settings.hostname}")
    seen = working_addresses(case)
    shown = any(fixes.host_of(seen[at].url).endswith(public) for at in _AT_THE_STORAGE if at in seen)
    gone: tuple[EnvFix, ...] = (fixes.env(case, name, None),) if shown and name == "S3_ALIAS_HOST" else ()
    return *gone, own

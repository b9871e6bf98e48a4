"""Stores whose API host never serves visitors: which finding that is, and where the public host comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Severity
from s3probe.diagnosis.rules.env_misspelt import misspelt_for
from s3probe.diagnosis.rules.env_names import at_aws
from s3probe.diagnosis.rules.env_public import LOOPBACK
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment
from s3probe.knowledge.providers import Provider
from s3probe.knowledge.public_hosts import is_whole, public_value
from s3probe.knowledge.store import web_address
from s3probe.records import replace
from s3probe.settings.rubyuri import authority_of
from s3probe.settings.urls import split

_OWN_FINDINGS = {
    "cloudflare-r2": "r2-no-public-host",
    "storj": "storj-alias-required",
    "contabo": "contabo-tenant-prefix",
    "safespring": "ceph-tenant-prefix",
    "cleura": "ceph-tenant-prefix",
    "garage": "website-endpoint-needed-garage",
}
"""Providers whose way is a finding of its own; at all others it is ``provider-needs-public-host``."""

_NOWHERE = (".example", ".test", ".localhost", ".invalid", ".local", ".internal", ".lan", ".home.arpa")


def public_host_of(case: Case, store: Provider) -> tuple[str, tuple[Fix, ...]] | None:
    """The finding's id and the fix at a store whose API host serves no visitors as Mastodon asks; ``None`` elsewhere.

    The host itself is mostly known to the admin and the console alone: the fix holds a placeholder then. One that could
    be built was tried as a visitor, who may find the bucket closed there.
    """
    finding_id = _OWN_FINDINGS.get(store.id, "provider-needs-public-host")
    if store.web_port:
        return finding_id, (_host_of_web_port(case),)
    value = public_value(case.settings, store)
    if not value:
        return None
    note = note_of_host(case, store)
    if not is_whole(value):
        line = case.settings.environment.line_of("S3_ALIAS_HOST")
        return finding_id, (EnvFix("S3_ALIAS_HOST", value, line, secret=True, note=note),)
    seen = case.get(Experiment.PUBLIC_PROVIDER)
    if seen.failed and seen.http_status in (401, 403, 404):
        there = f"A visitor there was answered {words(seen)} until now."
        alias = fixes.env(case, "S3_ALIAS_HOST", value, there, conditional=True)
        from s3probe.diagnosis import bucket_fixes  # the linter needs none of it

        return finding_id, (bucket_fixes.public_read(case), replace(alias, together=True))
    return finding_id, (fixes.env(case, "S3_ALIAS_HOST", value, "" if seen.ok else note),)


def note_of_host(case: Case, store: Provider) -> str:
    from s3probe.knowledge.recipes import documents, filled  # as above

    papers = documents(case.settings, store)
    return filled(case.settings, store.notes.get("public_host", ""), papers)


def _host_of_web_port(case: Case) -> EnvFix:
    """A host of media that the file or the bucket's own names tell, else a placeholder; with all that it needs."""
    from s3probe.diagnosis.rules.web_port import aliases, hosts_among, opening  # as above

    settings = case.settings
    api = fixes.host_of(settings.api_base)
    in_file = settings.hostname if not settings.hostname_is_default else ""
    in_file = "" if fixes.host_of(f"//{in_file}") in ("", api) else in_file
    host = in_file or next(
        iter(hosts_among(aliases(settings.bucket_name, case.get(Experiment.LIST_BUCKETS)) - {api})), ""
    )
    port = split(web_address(settings, fixes.provider_of(case))).port
    recipe = opening(case, host=host)
    note = f"First run this: {recipe.command}. The host leads to {port}, the web port. {recipe.note}"
    if host:
        return fixes.env(case, "S3_ALIAS_HOST", host, note)
    return fixes.by_hand(case, "S3_ALIAS_HOST", "host of the web port", note)


def without_public_host(case: Case) -> Iterator[Finding]:
    """Media URLs lead to a host that has none of the files, or gives them to nobody."""
    settings = case.settings
    host = authority_of(settings.api_base)
    if not settings.endpoint or not host or at_aws(settings) or settings.alias_host is not None:
        return
    if misspelt_for(settings, "S3_HOSTNAME", "S3_ALIAS_HOST"):
        return
    store = fixes.provider_of(case)
    special = public_host_of(case, store)
    if not settings.hostname_is_default:
        seen = case.get(ActionId.PUBLIC_GET)
        if special is None or authority_of(f"//{settings.hostname}").lower() != host.lower() or seen.ran:
            return  # what a visitor was answered is for the rules of the wire to judge
        sure = store.signed_only and bool(store.hosts)
        yield finding(
            special[0],
            case,
            store=store.name,
            how=f"S3_HOSTNAME={settings.hostname} is the host of the S3 API, and S3_ALIAS_HOST is not set",
            severity=Severity.FAILURE if sure else Severity.WARNING,
            certainty=Certainty.CERTAIN if sure else Certainty.LIKELY,
            fixes=special[1],
        )
        return
    other = fixes.env(case, "S3_HOSTNAME", host)
    alias = _own_host(case)
    yield finding(
        special[0] if special else "missing-public-host",
        case,
        how=f"neither S3_HOSTNAME nor S3_ALIAS_HOST is set, so media URLs lead to {settings.hostname} at Amazon, "
        f"while the files are at {host}",
        setting="S3_ALIAS_HOST" if special else "S3_HOSTNAME",
        explains=tuple(o.id for o in case.all_open() if _asked_there(o, settings.hostname)),
        fixes=special[1] if special else (other, alias),
        store=store.name,
    )


def _asked_there(seen: Observation, host: str) -> bool:
    lost = seen.actor is Actor.VISITOR and seen.network is not None and fixes.host_of(seen.url) == host
    return seen.id.is_public or lost


def for_nobody(case: Case) -> Iterator[Finding]:
    """Media URLs lead to this very machine: it may open them itself, and no visitor can.

    A domain that exists in no DNS (RFC 2606, RFC 6762) is a trial set-up, where that may be meant.
    """
    settings = case.settings
    name = "S3_HOSTNAME" if settings.alias_host is None else "S3_ALIAS_HOST"
    host = (settings.hostname if settings.alias_host is None else settings.alias_host).partition("/")[0]
    domain = (settings.web_domain or "").partition(":")[0].lower()
    real = re.search(r"\.[a-z][a-z0-9-]*$", domain) and not domain.endswith(_NOWHERE)
    if not LOOPBACK.match(host) or not real or case.get(ActionId.PUBLIC_GET).failed:
        return
    fix = _own_host(case)
    if settings.protocol.lower() == "http":
        # in words: on its own this line would only break the machine's own view
        fix = replace(fix, note=f"{fix.note} Set S3_PROTOCOL=https as well.")
    yield finding(
        "media-host-is-this-machine",
        case,
        how=f"with {name}={host}, media URLs look like {settings.protocol}://{host}/..., which the browsers of your "
        "visitors look for on their own machine",
        certainty=Certainty.LIKELY,
        fixes=(fix,),
    )


def _own_host(case: Case) -> EnvFix:
    domain = case.settings.web_domain or "example.com"
    note = "It is a proxy or CDN that visitors reach."
    return fixes.by_hand(case, "S3_ALIAS_HOST", f"host of your media, e.g. files.{domain}", note)

"""Stores that serve visitors at a port of their own, by the Host that is asked for: what stands between it and them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting, Certainty, Finding, Fix
from s3probe.diagnosis.own_ways import own_command
from s3probe.diagnosis.rules.before_the_storage import at_proxy, front_of, program, published_host
from s3probe.diagnosis.rules.invisible import invisible
from s3probe.diagnosis.words import sentences, words
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Experiment, Fact
from s3probe.knowledge.recipes import documents, filled, recipe
from s3probe.knowledge.store import web_address
from s3probe.records import replace
from s3probe.settings.urls import split

NO_BUCKET = "none"
"""A web port's page without a code: no bucket of that Host, or none that visitors may read."""


def aliases(bucket: str, seen: Observation) -> frozenset[str]:
    """The names of the bucket in a ListBuckets, in lower case; none where the key is not shown it."""
    if bucket not in seen.facts.get(Fact.NAMES, "").split():
        return frozenset()
    return frozenset(name.lower() for name in (bucket, *seen.facts.get(Fact.ALIASES, "").split()))


def hosts_among(names: Iterable[str]) -> list[str]:
    """Those names that can be a host of media."""
    return sorted(name for name in names if "." in name)


def at_web_port(case: Case, seen: Observation) -> Finding | None:
    """The published host shows no picture, at a store with a web port: its port, the bucket, the alias or the proxy."""
    settings, store = case.settings, fixes.provider_of(case)
    if not store.web_port or not settings.alias_host or seen.network is not None or seen.http_status is None:
        return None
    how = f"GET {seen.url} was answered {words(seen)}"
    direct = case.get(Experiment.PUBLIC_WEB_PORT)
    page, there = seen.facts.get(Fact.WEB_PAGE, ""), direct.facts.get(Fact.WEB_PAGE, "")
    if direct.ok:
        how = f"{how}. Asked directly for {published_host(case)}, {urlsplit(direct.url).netloc} shows the picture"
    elif there:
        how = f"{how}. {urlsplit(direct.url).netloc} says the same when it is asked directly for {published_host(case)}"
    if seen.http_status == 404:
        page = page or there  # a proxy may put a page of its own in place of the web port's
    if not page:
        return _past_the_web_port(case, seen, how) if 400 <= seen.http_status < 500 else None
    if direct.ok and page == NO_BUCKET:
        return invisible(case, "web-port-host-not-passed-on", how, *at_proxy(case, "own-host", _IN_PLACE))
    if direct.ok:
        return invisible(case, "web-port-path-changed", how, *_to_web_port(case, "There must be no rewrite before it."))
    if page == NO_BUCKET:
        return _no_bucket(case, how, sure=there == NO_BUCKET)
    return _other_bucket(case, how, sure=bool(there))


_IN_PLACE = "It takes the place of any other line for Host."


def _is_api(seen: Observation) -> bool:
    return "anonymous access" in (seen.message or "").lower()


def _to_web_port(case: Case, note: str = "") -> tuple[Fix, ...]:
    place = "garage.toml tells the address of the web port: bind_addr of [s3_web]."
    return at_proxy(case, "origin", sentences(place if fixes.provider_of(case).id == "garage" else "", note))


def _past_the_web_port(case: Case, seen: Observation, how: str) -> Finding | None:
    """What answers at the published host is another port: that of the API, or of something else of the store's."""
    settings, store = case.settings, fixes.provider_of(case)
    api, published = urlsplit(settings.api_base), split(f"//{settings.alias_host}")
    if _is_api(seen) and published.hostname == api.hostname:
        return None  # the endpoint itself: another host is needed, not another port
    certainty = Certainty.CERTAIN if _is_api(seen) or case.get(Experiment.PUBLIC_WEB_PORT).ok else Certainty.LIKELY
    if _is_api(seen):
        how = f"{how}. The S3 API says so to every visitor"
    recipe = "" if case.get(Experiment.PUBLIC_WEB_PORT).ok else f"It needs this as well: {opening(case).command}."
    if published.port and not program(case):
        port = split(web_address(settings, store)).port
        value = (settings.alias_host or "").replace(f":{published.port}", f":{port}", 1)
        line = fixes.env(case, "S3_ALIAS_HOST", value, recipe)
        return invisible(case, "media-host-leads-past-web-port", how, line, certainty=certainty)
    offered = _to_web_port(case, recipe)
    return invisible(case, "media-host-leads-past-web-port", how, *offered, certainty=certainty)


def opening(case: Case, *, host: str = "", first: str = "") -> BucketSetting:
    """The store's commands that make the published host (or ``host``) one of the bucket's, and let visitors read."""
    settings, store = case.settings, fixes.provider_of(case)
    settings = replace(settings, alias_host=host) if host else settings
    papers = documents(settings, store)
    steps = [recipe(settings, store, topic, papers) for topic in (first, "public_read") if topic]
    note = filled(settings, store.notes.get("public_read", ""), papers)
    taken = f"It takes {published_host(case)} from the bucket that it leads to now." if first == "unalias" else ""
    return BucketSetting("public-read", store.public_read, " && ".join(steps), note, warning=taken)


def _no_bucket(case: Case, how: str, *, sure: bool) -> Finding:
    """The web port was reached, and has nothing for the Host that it was asked for."""
    names = aliases(case.settings.bucket_name, case.get(Experiment.LIST_BUCKETS))
    host = (split(f"//{published_host(case)}").hostname or "").lower()
    below = host.partition(".")[0] in names
    if names and host not in names and not below:
        free = opening(case)
        # a bucket that is no website may have it, which nobody can tell from outside
        held = f"If it says that the alias is another bucket's, {own_command(case, 'unalias')} takes it from that."
        fix = replace(free, note=sentences(free.note, held))
        how = f"{how}. The key is shown the bucket as {', '.join(sorted(names))}, not as {host}"
        return invisible(case, "web-port-host-is-no-alias", how, fix)
    between = front_of(case).between
    if below and host not in names:
        # the recipe makes it an alias as well, which heals both
        how = f"{how}. {host} is one of its names where the web port's root_domain is .{host.partition('.')[2]}"
        sure = False
    elif names:
        how = f"{how}. {host} is one of the bucket's names"
    fix = opening(case)
    if sure or not between:
        certainty = Certainty.CERTAIN if sure and names else Certainty.LIKELY
        return invisible(case, "web-port-bucket-not-allowed", how, fix, certainty=certainty)
    how = f"{how}. Or the proxy does not pass that host on: from outside nobody can tell"
    offered = (fix, *at_proxy(case, "own-host", _IN_PLACE))
    return invisible(case, "web-port-bucket-not-allowed", how, *offered, certainty=Certainty.LIKELY)


def _other_bucket(case: Case, how: str, *, sure: bool) -> Finding:
    """The web port knows a bucket of that Host, and the picture is not in it."""
    names = aliases(case.settings.bucket_name, case.get(Experiment.LIST_BUCKETS))
    host = (split(f"//{published_host(case)}").hostname or "").lower()
    if not sure and host in names:
        return invisible(case, "web-port-path-changed", how, *_to_web_port(case), certainty=Certainty.LIKELY)
    named = f"{how}. {host} leads to another bucket"
    certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
    return invisible(case, "web-port-host-is-no-alias", named, opening(case, first="unalias"), certainty=certainty)

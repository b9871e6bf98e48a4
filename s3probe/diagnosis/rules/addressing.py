"""A public host ``BUCKET.HOST`` that the store does not have, and machines with one kind of address only."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix, ServerFix
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.before_the_storage import in_a_new_proxy
from s3probe.diagnosis.rules.env_names import at_aws
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact

_NAMELESS = (NetworkFault.DNS, NetworkFault.TLS_NAME, NetworkFault.TLS_OTHER)
_CUT_OFF = (NetworkFault.NO_ROUTE, NetworkFault.CONNECT_TIMEOUT, NetworkFault.REFUSED)


def bucket_host_of_own_store(case: Case) -> Iterator[Finding]:
    """Uploads in path style work; ``https://BUCKET.HOST`` has no name in DNS or no certificate."""
    seen, settings = case.open(ActionId.PUBLIC_GET), case.settings
    if not seen or seen[0].network not in _NAMELESS or at_aws(settings) or "." in settings.bucket_name:
        return
    api = urlsplit(settings.api_base)
    host = fixes.host_of(seen[0].url)
    if host != f"{settings.bucket_name}.{api.hostname}" or not case.get(ActionId.PUT_WITHOUT_ACL).ok:
        return
    style = f"{api.netloc}/{settings.bucket_name}"
    variable = "S3_ALIAS_HOST" if settings.alias_host else "S3_HOSTNAME"
    fix = fixes.env(case, variable, style if settings.alias_host else api.netloc)
    proxy = in_a_new_proxy(case)
    yield finding(
        "non-aws-virtual-host-cert",
        case,
        how=f"GET {seen[0].url} failed: {words(seen[0])}; uploads to {api.netloc} with the bucket in the path pass",
        because=[seen[0].id, ActionId.PUT_WITHOUT_ACL],
        explains=[o.id for o in case.all_open() if o.network is not None and fixes.host_of(o.url) == host],
        setting=variable,
        fixes=[fix, *proxy],
        variant="no-name" if seen[0].network is NetworkFault.DNS else "no-certificate",
    )


def lacks_ipv4(case: Case) -> bool:
    """Whether this machine has a way out for IPv6 alone, and the endpoint an IPv4 address alone."""
    reachability = case.get(Experiment.ADDRESS_FAMILIES).facts
    return reachability.get(Fact.ADDRESSES) == "ipv4" and reachability.get(Fact.ROUTES) == "ipv6"


def one_kind_of_address(case: Case) -> Iterator[Finding]:
    """The endpoint has IPv4 addresses only, and this machine has a way for IPv6 only."""
    cut_off = [o for o in case.all_open() if o.network in _CUT_OFF]
    if not cut_off or not lacks_ipv4(case):
        return
    settings = case.settings
    way = ServerFix("ipv4", "NAT64 and DNS64", "Any other way from this machine to IPv4 will do as well.")
    offered: list[Fix] = [fixes.env(case, "S3_ENDPOINT", f"https://s3.dualstack.{settings.region}.amazonaws.com"), way]
    yield finding(
        "ipv6-only-host",
        case,
        how=f"{_host(cut_off)} has an IPv4 address only, and this machine has a way out for IPv6 only",
        because=[o.id for o in cut_off],
        fixes=offered if at_aws(settings) else offered[1:],
    )


def broken_ipv6(case: Case) -> Iterator[Finding]:
    """IPv6 is tried first and does not answer; IPv4 does."""
    reachability = case.get(Experiment.ADDRESS_FAMILIES).facts
    if reachability.get(Fact.ADDRESSES) != "ipv4 ipv6" or reachability.get(Fact.CONNECTS) != "ipv4":
        return
    settings = case.settings
    late = [o for o in case.all_open() if o.network in _CUT_OFF]
    yield finding(
        "ipv6-broken-first",
        case,
        how=f"{fixes.host_of(settings.api_base)} has an IPv6 address that does not answer from here, its IPv4 address "
        "does",
        because=[Experiment.ADDRESS_FAMILIES, *(o.id for o in late)],
        fixes=[ServerFix("ipv6", "precedence ::ffff:0:0/96 100", "IPv4 is then tried first.", place="/etc/gai.conf")],
    )


def _host(seen: list[Observation]) -> str:
    return fixes.host_of(seen[0].url)


RULES = (
    Rule(one_kind_of_address, Layer.WAY, yields=("ipv6-only-host",), reads=(OPEN, Experiment.ADDRESS_FAMILIES)),
    Rule(broken_ipv6, Layer.WAY, yields=("ipv6-broken-first",), reads=(Experiment.ADDRESS_FAMILIES,)),
    Rule(
        bucket_host_of_own_store,
        Layer.VISITORS,
        yields=("non-aws-virtual-host-cert",),
        reads=(OPEN, ActionId.PUBLIC_GET, ActionId.PUT_WITHOUT_ACL),
    ),
)

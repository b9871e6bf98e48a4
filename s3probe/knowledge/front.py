"""What stands between visitors and the storage: one value with its evidence, for all rules and fixes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from s3probe.evidence.certificates import names_shown
from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import Actor, Experiment, Fact, Header
from s3probe.knowledge.providers import Provider
from s3probe.knowledge.proxies import ANY, Kind, Middleman, middlemen
from s3probe.knowledge.recognition import BODY, Mark, has_own_hosts, named_by_host
from s3probe.records import dataclass
from s3probe.settings.mastodon import public_url
from s3probe.settings.model import Settings

_LIKELIEST, _SILENT = ("nginx", "caddy"), ("haproxy", "apache")
_EARLIER = {"yes": "nginx"}
"""What evidence of releases before 1.1 holds of a stock page, which was one of nginx's then."""


class Stands(StrEnum):
    """What answers at the published host."""

    DIRECT = "direct"
    """The storage itself."""
    PROXY = "proxy"
    """A program of the admin's."""
    CDN = "cdn"
    PROVIDER = "provider"
    """A host of the provider's own for visitors, which is not the API's."""
    UNKNOWN = "unknown"
    """Nothing decides: no sign of a proxy is no proof that there is none."""


@dataclass(frozen=True, slots=True)
class Front:
    """What answers at the published host, and how that is known."""

    stands: Stands
    name: str = ""
    """Its id in ``proxies.toml``, or that of the provider; ``""`` where it does not show."""
    behind: str = ""
    """The id of a program that shows itself behind a CDN."""
    evidence: tuple[str, ...] = ()
    """What tells: headers, and sentences without their last stop."""
    likeliest: tuple[str, str] = _LIKELIEST
    """Ids of the programs that most likely stand there where none shows itself."""

    @property
    def between(self) -> bool:
        """Whether something else than the storage answers."""
        return self.stands in (Stands.PROXY, Stands.CDN, Stands.PROVIDER)

    @property
    def rules(self) -> str:
        """The id of the CDN whose rules hold for this provider's own domains; ``""`` for none."""
        return next((one for one in middlemen() if self.stands is Stands.PROVIDER and one in self.name), "")

    @property
    def program(self) -> str:
        """The id of a program whose lines the admin writes; ``""`` where none shows itself."""
        return self.name if self.stands is Stands.PROXY else self.behind

    @property
    def cdn(self) -> str:
        """The name of the CDN, as it calls itself."""
        return middlemen()[self.name].name if self.stands is Stands.CDN else ""


def front_of(settings: Settings, store: Provider, evidence: Evidence | None) -> Front:
    """What stands there, by all that was answered; without evidence by the host alone."""
    return front_seen(settings, store, evidence.observations if evidence is not None else ())


def api_front_of(settings: Settings, evidence: Evidence | None) -> Middleman:
    """The same before the storage's API."""
    return front_of_api(settings, evidence.observations if evidence is not None else ())


def front_seen(settings: Settings, store: Provider, rows: Iterable[Observation]) -> Front:
    """What stands there, by what was seen until now."""
    seen = tuple(rows)
    published, api = _host(public_url(settings, "")), _host(settings.api_base)
    if not published or published in (api, f"{settings.bucket_name}.{api}".lower()):
        return Front(Stands.DIRECT, evidence=("Media are published under the storage's own host",))
    visits = [row for row in seen if row.actor is Actor.VISITOR and _host(row.url) == published]
    own = [row for row in seen if _host(row.url) in (api, f"{settings.bucket_name}.{api}".lower())]
    marks = _marks(visits) - (_marks(own) if has_own_hosts(api) else frozenset())
    if (shown := _by_signs(marks, store)) is not None:
        return shown
    host_of = named_by_host(published)
    if host_of is not None:
        return Front(Stands.PROVIDER, host_of.id, evidence=(f"{published} is a host of {host_of.name}",))
    return _by_name_and_certificate(settings, store, seen, visits, own)


_OF_CDNS = (
    "akamaized.net", "azureedge.net", "azurefd.net", "b-cdn.net", "cdn77.org", "cloudfront.net", "edgekey.net",
    "fastly.net", "gcdn.co", "kxcdn.com",
)  # fmt: skip
"""Domains under which CDNs give each customer a host."""


def is_of_a_cdn(host: str) -> bool:
    """Whether a CDN gave its customer this host, whatever is answered there."""
    return any(host.endswith(f".{domain}") for domain in _OF_CDNS)


def cdn_of(seen: Observation) -> str:
    """The name of the CDN that answered, by its signs; ``""`` for none."""
    return next((one.name for one in _shown(_marks([seen]), Kind.CDN)), "")


def front_of_api(settings: Settings, rows: Iterable[Observation]) -> Middleman:
    """The program or CDN that shows itself before the storage's own API; the one without a name where none does."""
    api = _host(settings.api_base)
    marks = _marks([row for row in rows if _host(row.url) in (api, f"{settings.bucket_name}.{api}".lower())])
    shown = [*_shown(marks, Kind.PROXY), *_shown(marks, Kind.CDN)] if not has_own_hosts(api) else []
    return shown[0] if shown else middlemen()[ANY]


def _by_signs(marks: frozenset[Mark], store: Provider) -> Front | None:
    cdns, programs = _shown(marks, Kind.CDN), _shown(marks, Kind.PROXY)
    first = next(iter((*cdns, *programs)), None)
    if first is None:
        return None
    evidence = tuple(_told(one, marks) for one in (*cdns, *programs))
    if first.kind is Kind.PROXY:
        return Front(Stands.PROXY, first.id, evidence=evidence)
    behind = programs[0].id if programs else ""
    # its own domain for a bucket is one of its CDN's, and nothing of the admin's stands behind it
    if store.signed_only and first.id in store.id and not behind:
        return Front(Stands.PROVIDER, store.id, evidence=evidence)
    return Front(Stands.CDN, first.id, behind, evidence)


def _shown(marks: frozenset[Mark], kind: Kind) -> list[Middleman]:
    return [one for one in middlemen().values() if one.kind is kind and one.shows(marks)]


def _told(one: Middleman, marks: frozenset[Mark]) -> str:
    name, value = next(mark for mark in sorted(marks) if one.shows((mark,)))
    return f"It shows an error page of {one.name}'s" if name == BODY else f"{name}: {value}"


def _by_name_and_certificate(
    settings: Settings,
    store: Provider,
    seen: Sequence[Observation],
    visits: Sequence[Observation],
    own: Sequence[Observation],
) -> Front:
    """Without a sign: by where the name leads, by whose certificate is shown, and by what is missing."""
    published, api = _host(public_url(settings, "")), _host(settings.api_base)
    family = next((row for row in seen if row.id == Experiment.VIEWER_FAMILIES), None)
    leads = family.facts.get(Fact.CANONICAL, "") if family is not None else ""
    if leads and (leads == api or leads.endswith(f".{api}") or named_by_host(leads) is not None):
        return Front(Stands.DIRECT, evidence=(f"DNS leads {published} to {leads}",))
    shown = next((names for row in visits if (names := names_shown(row))), ())
    if any(_covers(name, host) for name in shown for host in (api, f"{settings.bucket_name}.{api}")):
        return Front(Stands.DIRECT, evidence=(f"The certificate is for {', '.join(shown)}",))
    answered = [row for row in visits if row.http_status is not None]
    if not answered:
        return Front(Stands.UNKNOWN)
    theirs = {row.headers[Header.SERVER] for row in own if Header.SERVER in row.headers}
    others = {row.headers.get(Header.SERVER, "") for row in answered}
    if theirs and not others & theirs:
        said, its = next(iter(sorted(others))), next(iter(sorted(theirs)))
        told = f"There is no Server header, while the storage says {its}"
        if said:
            told = f"It says server: {said}, while the storage says {its}"
        return Front(Stands.PROXY, evidence=(told,))
    # one that shows nothing of itself passes on what the storage says of itself
    silent = _SILENT if others & theirs else _LIKELIEST
    secure = any(row.url.startswith("https://") for row in answered)
    # a store that serves visitors elsewhere alone has certificates for its customers' names
    if secure and not store.signed_only and (known := named_by_host(api)) is not None:
        told = f"The certificate is valid for {published}, and {known.name} has none for that name"
        return Front(Stands.PROXY, evidence=(told,), likeliest=silent)
    if secure and family is not None and family.facts.get(Fact.SAME_ADDRESS) == "no":
        return Front(Stands.PROXY, evidence=(f"{published} leads to other addresses than {api}",), likeliest=silent)
    return Front(Stands.UNKNOWN, likeliest=silent)


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name is that of the host; a star stands for one label."""
    if name.startswith("*."):
        return host.partition(".")[2].lower() == name[2:].lower()
    return name.lower() == host.lower()


def _marks(rows: Iterable[Observation]) -> frozenset[Mark]:
    return frozenset(_marks_of(rows))


def _marks_of(rows: Iterable[Observation]) -> Iterator[Mark]:
    for row in rows:
        if row.http_status is not None:
            yield from row.headers.items()
            if page := row.facts.get(Fact.STOCK_PAGE):
                yield BODY, _EARLIER.get(page, page)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

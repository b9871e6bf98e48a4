"""Where a signed request may go, and in whose name: what the admin's own file says. An answer never adds to it. Pure.

A host is the file's own when the file names it for the storage (S3_ALIAS_HOST names one for visitors alone), with the
bucket's name put before it or taken away, at any port; or when AWS's or a known provider's pattern makes it of such a
host with another region. AWS in China and in Europe's own
cloud have domains of their own, and are led to where the file names a host or a region there; GovCloud is one more
region of the pattern. A scheme is kept or raised. Whoever can write an answer (the storage, and on plain http everyone
on the way) could else lead signed requests to any host.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from s3probe.knowledge.regions import of_same_service
from s3probe.patterns import regex
from s3probe.probe.exchange import MUTATING, Call
from s3probe.probe.forms import POST_OBJECT, field
from s3probe.records import dataclass
from s3probe.settings.addressing import is_aws, is_host_label, regional_host
from s3probe.settings.dotenv_value import WRAPPINGS
from s3probe.settings.model import Credentials, Settings
from s3probe.settings.partitions import is_aws_region
from s3probe.settings.ruby import RubyError
from s3probe.settings.urls import object_url

NOBODYS_KEY_ID = "S3PROBENOSUCHKEY0000"
"""No service has given it to anyone: what it signs shows what a service says of a key that it does not know."""
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
AWS_HOST = rf"s3(?:-fips|-accelerate)?(?:\.dualstack)?(?:[.-]{_LABEL})?\."
"""AWS General Reference, "Amazon S3 endpoints and quotas"; access points only where the file leads to one.

What stands before a domain of AWS's.
"""
_AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu")
_KEY_ID = regex(r"Credential=([^,\s]+?)(?:/[^/,\s]*){4}(?:[,\s]|$)|^AWS ([^:\s]+):")
"""The id of a signature: all before its scope of four parts, as a secret that stands in its place may hold a slash."""
_PUBLISHED = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST")
"""What they name is for visitors: Mastodon signs nothing for it, and neither does a run."""
_OF_STORAGE = regex(r"S3|AWS|BUCKET|ENDPOINT")
"""In names of variables: what they hold is about the storage, however they are misspelt."""


@dataclass(frozen=True, slots=True)
class SigningRule:
    """What a client signs for. Made of the settings alone, before the first answer."""

    hosts: frozenset[str]
    """Names that the file leads to or names, in lower case, without a port and without the bucket's name."""
    plain: frozenset[str]
    """Those of them for which it does not ask for TLS."""
    buckets: frozenset[str]
    """The bucket's name in every reading: it may stand before a host."""
    written: frozenset[str]
    """What stands in the file letter by letter: a bucket of another name is not written to."""
    key_ids: frozenset[str]

    def objection(self, call: Call) -> str:
        """Why ``call`` must not be sent; ``""`` when it may, and for whatever is not signed."""
        key_id = signer(call)
        if not key_id:
            return ""
        parts = urlsplit(call.url)
        host = (parts.hostname or "").lower()
        names = {host} | {host.removeprefix(f"{bucket.lower()}.") for bucket in {*self.buckets, call.bucket}}
        if not any(self._leads_to(name) for name in names):
            return f"the file does not name {host or 'that address'}: no signed request goes there"
        if parts.scheme != "https" and not names & self.plain:
            return f"the file does not ask for plain http at {host}: no signed request goes there without TLS"
        if call.operation in MUTATING and call.bucket and call.bucket not in self.written:
            return f"the file does not name a bucket {call.bucket}: nothing is written there"
        if key_id not in self.key_ids:
            return "the file does not name that key: nothing is signed with it"
        return ""

    def _leads_to(self, name: str) -> bool:
        return name in self.hosts or any(re.fullmatch(pattern, name) for pattern in self.patterns())

    def patterns(self) -> tuple[str, ...]:
        """What else a name may be than one of ``hosts``, as regular expressions for the whole of it."""
        return (*aws_patterns(self.hosts), *provider_patterns(self.hosts))


def aws_patterns(hosts: Collection[str]) -> tuple[str, ...]:
    """AWS's names for the storage of every region, as regular expressions, in the domains of its that these are of."""
    domains = (domain for domain in _AWS_DOMAINS if any(host.endswith(f".{domain}") for host in hosts))
    return tuple(f"{AWS_HOST}{re.escape(domain)}" for domain in domains)


def provider_patterns(hosts: Collection[str]) -> tuple[str, ...]:
    """The same of other providers whose names hold a region."""
    return tuple(dict.fromkeys(pattern for host in sorted(hosts) for pattern in of_same_service(host)))


def named_hosts(settings: Settings) -> frozenset[str]:
    """Every host that the file names, for the storage or for visitors; with the bucket's name before it and without."""
    places = {text for text in _readings(settings) if "." in text or "://" in text}
    hosts = {_scheme_and_host(place)[1] for place in places} - {""}
    buckets = _readings(settings, "S3_BUCKET") | ({settings.bucket_name} - {""})
    return frozenset({name for host in hosts for name in (host, *_without(host, buckets))})


def _without(host: str, buckets: Collection[str]) -> Iterator[str]:
    return (host.removeprefix(f"{bucket.lower()}.") for bucket in buckets)


def signer(call: Call) -> str:
    """The access key id that signs ``call``: in header, query or form; ``""`` for a request that nobody signs."""
    if call.operation == POST_OBJECT:
        return field(call.body, "x-amz-credential").rsplit("/", 4)[0]
    header = next((value for name, value in call.headers if name.lower() == "authorization"), "")
    if found := _KEY_ID.search(header):
        return found[1] or found[2]
    query = parse_qs(urlsplit(call.url).query)
    scoped = (query.get("X-Amz-Credential") or [""])[0].rsplit("/", 4)[0]
    return scoped or (query.get("AWSAccessKeyId") or [""])[0]


def signing_rule(settings: Settings, pair: Credentials | None) -> SigningRule:
    """What the settings of the file as it stands allow; ``pair`` signs (the file's own, or the SDK's chain's)."""
    written = _readings(settings)
    named = _readings(settings, but=_PUBLISHED)
    places = {settings.api_base, *(text for text in named if "." in text or "://" in text)}
    if settings.endpoint is None and is_host_label(settings.region):
        # Mastodon's own address is AWS's, whatever leads the SDK elsewhere
        places.add(f"https://{regional_host(settings.region)}")
    if any(map(is_aws, places)):
        places.update(f"https://{regional_host(text)}" for text in written if is_aws_region(text))
    with suppress(RubyError):  # under the settings as they stand nothing may be asked at all
        places.add(object_url(settings, "s3probe"))
    hosts, plain = set[str](), set[str]()
    buckets = _readings(settings, "S3_BUCKET") | ({settings.bucket_name} - {""})
    for place in places:
        scheme, host = _scheme_and_host(place)
        names = {host, *_without(host, buckets)} - {""}
        hosts |= names
        if scheme == "http" or (not scheme and settings.protocol == "http"):
            plain |= names
    scheme, host = _scheme_and_host(settings.api_base)
    if scheme == "https":
        plain -= {host, *_without(host, buckets)}  # S3_PROTOCOL=http, and a host beside it, are for visitors
    own = {pair.access_key_id} if pair else set()
    key_ids = frozenset(own | {NOBODYS_KEY_ID} | written)
    return SigningRule(frozenset(hosts), frozenset(plain), frozenset(buckets), frozenset(buckets | written), key_ids)


def _scheme_and_host(place: str) -> tuple[str, str]:
    scheme, mark, rest = place.strip().partition("://")
    text = f"//{rest if mark else scheme}"
    try:
        return (scheme.lower() if mark else ""), (urlsplit(text).hostname or "").lower()
    except ValueError:  # "[": an address that is none
        return "", ""


def _readings(settings: Settings, *names: str, but: Collection[str] = ()) -> set[str]:
    """What stands in the file for these variables, or for all that are about the storage, ``but`` some.

    Each as Mastodon reads it, as it is written, and without stray marks.
    """
    variables = settings.environment.variables.items()
    about = [(name, v) for name, v in variables if (name in names if names else _OF_STORAGE.search(name))]
    found = [v for name, v in about if name not in but]
    texts = {text for variable in found for text in (variable.value, variable.raw or "")}
    texts |= {variable.earlier.value for variable in found if variable.earlier is not None}
    return {reading for text in texts for reading in (text, text.strip(), text.strip(WRAPPINGS))} - {""}

"""CDNs as they show themselves in what they pass on. Frozen data.

Sources: Cloudflare, "HTTP headers" (CF-Ray, CF-Cache-Status); Amazon CloudFront, "Response behavior" (Via, X-Cache,
X-Amz-Cf-Id, X-Amz-Cf-Pop); Fastly, "Checking your cache" (X-Served-By, X-Cache, X-Timer); bunny.net, "Find your PoP"
(Server, CDN-PullZone, CDN-RequestId); KeyCDN, "X-Cache" and "X-Edge-Location".
"""

from __future__ import annotations

from s3probe.records import dataclass

_STATE = "{state}"


@dataclass(frozen=True, slots=True)
class Cdn:
    """One CDN. ``server`` ``""``: what the storage says of itself is passed on."""

    id: str
    """As ``knowledge/proxies.toml`` calls it."""
    server: str
    adds: tuple[tuple[str, str], ...]
    """Further headers; ``{state}`` is HIT or MISS."""
    only_reads: bool = False
    """Other methods than GET, HEAD and OPTIONS are refused by itself."""

    def headers(self, state: str) -> tuple[tuple[str, str], ...]:
        """What it adds to an answer."""
        return tuple((name, value.replace(_STATE, state)) for name, value in self.adds)


CLOUDFLARE = Cdn("cloudflare", "cloudflare", (("CF-RAY", "8a1b2c3d4e5f6789-FRA"), ("CF-Cache-Status", _STATE)))
CLOUDFRONT = Cdn(
    "cloudfront",
    "",
    (
        ("Via", "1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)"),
        ("X-Cache", f"{_STATE} from cloudfront"),
        ("X-Amz-Cf-Pop", "FRA56-P1"),
        ("X-Amz-Cf-Id", "c2FuZGJveC1pZC1vZi1jbG91ZGZyb250"),
    ),
    only_reads=True,
)
FASTLY = Cdn(
    "fastly",
    "",
    (
        ("Via", "1.1 varnish"),
        ("X-Served-By", "cache-fra-eddf8230100-FRA"),
        ("X-Cache", _STATE),
        ("X-Cache-Hits", "0"),
        ("X-Timer", "S1700000000.123456,VS0,VE12"),
    ),
)
BUNNY = Cdn(
    "bunny",
    "BunnyCDN-DE1-1047",
    (("CDN-PullZone", "123456"), ("CDN-RequestId", "5d41402abc4b2a76b9719d911017c592"), ("CDN-Cache", _STATE)),
)
KEYCDN = Cdn("keycdn", "keycdn", (("X-Cache", _STATE), ("X-Edge-Location", "defr")))
CDNS = (CLOUDFLARE, CLOUDFRONT, FASTLY, BUNNY, KEYCDN)

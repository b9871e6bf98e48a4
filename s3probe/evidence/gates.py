"""How far a signed request got: the ladder on which a better setting shows itself. Pure."""

from __future__ import annotations

from enum import IntEnum

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import Fact


class Depth(IntEnum):
    """The gate at which a request was stopped, in the order in which a service checks.

    AWS looks for the bucket's region first, then for the clock, the key id, the signature, the bucket and the rights.
    """

    DNS = 0
    TCP = 1
    TLS = 2
    NOT_S3 = 3
    REGION = 5
    CLOCK = 6
    KEY_ID = 7
    SIGNATURE = 8
    BUCKET = 9
    RIGHTS = 10
    REQUEST = 11
    THROUGH = 12


_TLS = {
    NetworkFault.TLS_NAME,
    NetworkFault.TLS_UNTRUSTED,
    NetworkFault.TLS_EXPIRED,
    NetworkFault.TLS_NOT_TLS,
    NetworkFault.TLS_OTHER,
}

_NOWHERE = (404, 405)
"""Without a code of S3's: the path or the method is unknown to whatever answers here."""

_REGION_CODES = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "InvalidRegion",
    "InvalidRegionName",
    "IllegalLocationConstraintException",
}
_CODES = {
    **dict.fromkeys(_REGION_CODES, Depth.REGION),
    "RequestTimeTooSkewed": Depth.CLOCK,
    "RequestExpired": Depth.CLOCK,
    "InvalidAccessKeyId": Depth.KEY_ID,
    "InvalidToken": Depth.KEY_ID,
    "ExpiredToken": Depth.KEY_ID,
    "InvalidClientTokenId": Depth.KEY_ID,
    "Unauthorized": Depth.KEY_ID,
    "AccountProblem": Depth.KEY_ID,
    "AllAccessDisabled": Depth.KEY_ID,
    "UserSuspended": Depth.KEY_ID,
    "InvalidSecurity": Depth.KEY_ID,
    "MalformedSecurityHeader": Depth.KEY_ID,
    "SignatureDoesNotMatch": Depth.SIGNATURE,
    "InvalidSignature": Depth.SIGNATURE,
    "NoSuchBucket": Depth.BUCKET,
    "InvalidBucketName": Depth.BUCKET,
    "SecondLevelDomainForbidden": Depth.BUCKET,
}


def depth(seen: Observation) -> Depth:
    """Where the request of this observation was stopped. Codes come first: providers choose statuses freely."""
    if seen.network is not None:
        return _network_depth(seen.network)
    if seen.error_code in _CODES:
        return _CODES[seen.error_code]
    status = seen.http_status or 0
    nowhere = not seen.error_code and (status in _NOWHERE or (status == 200 and seen.outcome is Outcome.WRONG))
    if seen.facts.get(Fact.S3) != "yes" and (seen.facts.get(Fact.MARKUP) == "yes" or nowhere):
        return Depth.NOT_S3
    if status == 301 and (seen.facts.get(Fact.REGION) or seen.facts.get(Fact.ENDPOINT)):
        return Depth.REGION
    if status in (301, 302, 303, 307, 308):
        return Depth.NOT_S3
    if status == 401:
        return Depth.KEY_ID
    if seen.outcome is Outcome.DENIED:
        return Depth.RIGHTS
    if seen.outcome is Outcome.OK:
        return Depth.THROUGH
    return Depth.REQUEST


def _network_depth(fault: NetworkFault) -> Depth:
    if fault is NetworkFault.DNS:
        return Depth.DNS
    if fault in _TLS:
        return Depth.TLS
    if fault in (NetworkFault.CLOSED, NetworkFault.PROTOCOL, NetworkFault.TOO_LARGE):
        return Depth.NOT_S3
    return Depth.TCP

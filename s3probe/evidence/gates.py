"""The gates that a signed request passes, and the one that stopped it: a better setting gets further. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import Fact
from s3probe.patterns import regex


class Gate(IntEnum):
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

_NOWHERE = (400, 404, 405)
"""Without a code of S3's: the path or the method is unknown to whatever answers here."""

_ALL_BUCKETS = "ListAllMyBucketsResult"

_REGION_CODES = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "InvalidRegion",
    "InvalidRegionName",
    "IllegalLocationConstraintException",
}
_CODES = {
    **dict.fromkeys(_REGION_CODES, Gate.REGION),
    "RequestTimeTooSkewed": Gate.CLOCK,
    "RequestExpired": Gate.CLOCK,
    "InvalidAccessKeyId": Gate.KEY_ID,
    "InvalidToken": Gate.KEY_ID,
    "InvalidTokenId": Gate.KEY_ID,
    "ExpiredToken": Gate.KEY_ID,
    "InvalidClientTokenId": Gate.KEY_ID,
    "Unauthorized": Gate.KEY_ID,
    "AccountProblem": Gate.KEY_ID,
    "AllAccessDisabled": Gate.KEY_ID,
    "UserSuspended": Gate.KEY_ID,
    "InvalidSecurity": Gate.KEY_ID,
    "MalformedSecurityHeader": Gate.KEY_ID,
    "SignatureDoesNotMatch": Gate.SIGNATURE,
    "InvalidSignature": Gate.SIGNATURE,
    "NoSuchBucket": Gate.BUCKET,
    "InvalidBucketName": Gate.BUCKET,
    # the bucket has to stand in the host: Alibaba OSS, Huawei OBS and Open Telekom Cloud, Tencent COS
    "SecondLevelDomainForbidden": Gate.BUCKET,
    "VirtualHostDomainRequired": Gate.BUCKET,
    "PathStyleDomainForbidden": Gate.BUCKET,
}
_SAYS = (
    (regex(r"date is too old", re.IGNORECASE), Gate.CLOCK),
    (regex(r"^forbidden: no such key: ", re.IGNORECASE), Gate.KEY_ID),
    (regex(r"\baccess key \S+ has expired", re.IGNORECASE), Gate.KEY_ID),
)
"""Sentences of stores (Garage) that have one code for everything."""


def stopped_at(seen: Observation) -> Gate:
    """Where the request of this observation was stopped. Codes come first: providers choose statuses freely."""
    if seen.network is not None:
        return _stopped_on_the_way(seen.network)
    if seen.facts.get(Fact.SERVICE):
        return Gate.NOT_S3
    if seen.facts.get(Fact.OTHER_BUCKET) or (seen.operation == "ListObjectsV2" and _shows_buckets(seen)):
        return Gate.BUCKET
    if seen.error_code in _CODES:
        return _CODES[seen.error_code]
    for sentence, gate in _SAYS:
        if sentence.search(seen.message or ""):
            return gate
    status = seen.http_status or 0
    nowhere = not seen.error_code and (status in _NOWHERE or (status in (200, 201) and seen.outcome is Outcome.WRONG))
    if seen.facts.get(Fact.S3) != "yes" and (seen.facts.get(Fact.MARKUP) == "yes" or nowhere):
        return Gate.NOT_S3
    if status == 301 and (seen.facts.get(Fact.REGION) or seen.facts.get(Fact.ENDPOINT)):
        return Gate.REGION
    if status in (301, 302, 303, 307, 308):
        return Gate.NOT_S3
    if status == 401:
        return Gate.KEY_ID
    if seen.outcome is Outcome.DENIED:
        return Gate.RIGHTS
    if seen.outcome is Outcome.OK:
        return Gate.THROUGH
    return Gate.REQUEST


def furthest_of(rows: Iterable[Observation]) -> Observation:
    """The one of ``rows`` that got furthest.

    Where a listing shows all buckets, the bucket's name was not read at all: no other answer is about it either. So
    it is where an upload names a bucket that can be none, and a listing is refused: that was one of all buckets.
    """
    asked = tuple(rows)
    blind = next((row for row in asked if row.operation == "ListObjectsV2" and _shows_buckets(row)), None)
    if blind is None and not any(row.ok for row in asked):
        blind = next((row for row in asked if row.error_code == "InvalidBucketName"), None)
    return blind or max(asked, key=stopped_at)


def _shows_buckets(row: Observation) -> bool:
    return row.facts.get(Fact.ROOT) == _ALL_BUCKETS


def _stopped_on_the_way(fault: NetworkFault) -> Gate:
    if fault is NetworkFault.DNS:
        return Gate.DNS
    if fault in _TLS:
        return Gate.TLS
    if fault in (NetworkFault.CLOSED, NetworkFault.PROTOCOL, NetworkFault.TOO_LARGE):
        return Gate.NOT_S3
    return Gate.TCP

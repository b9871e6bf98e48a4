"""What a refusal says beyond its status: a missing right, a closed account, a limit that is reached."""

from __future__ import annotations

import re

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import Fact, Header
from s3probe.patterns import regex

SHUT = (401, 403, 404)
"""Status codes of a folder that takes no file, or shows none."""
HIDDEN = (*SHUT, 410)
"""Status codes by which a file is not shown. Everything else that is no success tells nothing."""
_OF_RIGHTS = regex(r"denied|forbidden|authori[sz]ed|entitled|permission", re.IGNORECASE)
_ANY_REFUSAL = regex(
    r"(?:access|permissions?|operation|action|request|user|keys?|no|not|un|insufficient|missing|denied|forbidden"
    r"|authori[sz](?:ed|ation)|entitled|exception|error|failure|[_.\s-])+",
    re.IGNORECASE,
)
"""Codes made of such words alone: another one (``PathStyleDomainForbidden``) says what it is that is refused."""
_OF_ACCOUNTS = regex(
    r"\bsuspen(ded|sion)\b"
    r"|\bpayment|\bunpaid\b|\boverdue\b|\bpast due\b|\barrears?\b|\bbilling\b|insufficient (balance|funds|credit)"
    r"|\b(account|user|tenant|project|customer)\b.{0,40}\b(disabled|deactivated|inactive|blocked|locked|frozen|closed)\b"
    r"|\bverif(y|ied|ication)\b.{0,40}\b(account|e-?mail|phone|identity|address|name)\b"
    r"|\b(account|e-?mail|phone|identity|real-?name)\b.{0,40}\bverif(y|ied|ication)\b"
    r"|\b(keys?|credentials?)\b.{0,20}\bexpired\b",
    re.IGNORECASE,
)
_ACCOUNT_CODES = regex(
    r"^(NotSignedUp|InactiveAccount|UserDisabled?|AccountDisabled|DeregisterUserId)$|arrear|insufficientbalance|overdue",
    re.IGNORECASE,
)
_OF_CAPS = regex(
    r"\bcaps?\b.{0,30}\b(exceeded|reached)|\b(exceeded|reached)\b.{0,30}\bcaps?\b|daily cap|quota|bandwidth|egress"
    r"|\b(storage|usage|transfer|download|upload|capacity|space|bucket size) limit"
    r"|insufficient storage|not enough storage|out of storage",
    re.IGNORECASE,
)
_CAP_CODES = regex(
    r"quota|capexceeded|insufficientstorage|exceed(s|ed)?(storage|usage|bandwidth|transfer|download|object|bucket)"
    r"|(storage|usage|bandwidth|transfer|download)limit|^TooManyObjects$|^XMinioStorageFull$",
    re.IGNORECASE,
)
_ANSWERED_IN_XML = ("CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject")
_CLOSED = (401, 402, 403, 409, 423, 451)
"""With which a provider turns a customer away."""
_OF_SIGNATURES = ("SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed", "InvalidSignature")
_PAYMENT_REQUIRED = 402


def lacks_a_right(seen: Observation) -> bool:
    """Whether a refusal reads as "you may not": a HEAD has no words, and other codes of a 403 mean other things."""
    if seen.outcome is not Outcome.DENIED or names_cap(seen) or names_account(seen):
        return False
    code = seen.error_code
    return not code or bool(_OF_RIGHTS.search(code) and _ANY_REFUSAL.fullmatch(code))


def is_garbled(seen: Observation) -> bool:
    """Whether a request failed and the answer does not say why: a page, a bare status, a status that nobody gives.

    A storage gives a code for what it refuses, but to a HEAD, which has no room for one. What it has done it tells in
    XML of its own, where the request asks for an answer.
    """
    if not seen.failed or seen.network is not None or seen.http_status is None or seen.error_code:
        return False
    if seen.facts.get(Fact.WEB_PAGE):
        return False  # a store's web port says it in a page of its own
    page = "html" in seen.headers.get(Header.CONTENT_TYPE, "").lower()
    return seen.http_status >= 400 or page or seen.operation in _ANSWERED_IN_XML


def names_account(seen: Observation) -> bool:
    """Whether the provider says that the account itself is the matter: a bill, a suspension, a missing proof."""
    if seen.outcome is Outcome.OK or seen.error_code in _OF_SIGNATURES or names_cap(seen):
        return False
    refused = seen.outcome is Outcome.DENIED or seen.http_status in _CLOSED
    told = refused and speaks_of_account(seen.message or "")
    return seen.http_status == _PAYMENT_REQUIRED or bool(told or _ACCOUNT_CODES.search(seen.error_code or ""))


def speaks_of_account(message: str) -> bool:
    """Whether a sentence is about a bill, a suspension or a proof that the provider waits for."""
    return bool(_OF_ACCOUNTS.search(message))


def names_cap(seen: Observation) -> bool:
    """Whether a limit is named that the customer set, or has not paid beyond."""
    if seen.outcome in (Outcome.OK, Outcome.THROTTLED):
        return False
    return bool(_OF_CAPS.search(seen.message or "") or _CAP_CODES.search(seen.error_code or ""))


def has_expired(seen: Observation) -> bool:
    """Whether it is the key's time that is up."""
    return "expired" in (seen.message or "").lower()

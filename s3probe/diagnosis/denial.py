"""Reads AWS's access-denied sentence, and names what it tells.

Source: AWS IAM User Guide, "Troubleshoot access denied error messages". Most other services, and AWS itself for
anonymous and cross-account callers, say only "Access Denied": the sentence is evidence when present, and never
the only one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from s3probe.diagnosis.model import Severity
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId
from s3probe.patterns import regex
from s3probe.records import dataclass

_ACTION = regex(r"not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z*]+)", re.IGNORECASE)
_RESOURCE = regex(r"on resource:?\s+\"?([^\"\s]+)\"?", re.IGNORECASE)
_EXPLICIT = regex(r"with an explicit deny(?:\s+in\s+an?\s+(.+?)(?:\s+policy)?)?(?:\s*[.:(]|$)", re.IGNORECASE)
_MISSING = regex(r"because no\s+(.+?)\s+policy allows", re.IGNORECASE)
_OUTER = ("permissions boundary", "service control", "resource control", "session")
_BOUNDARY = regex(r"permissions boundary", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Denial:
    """``policy`` is AWS's name for the kind of policy: ``identity-based``, ``resource-based``, ``VPC endpoint`` …"""

    action: str = ""
    resource: str = ""
    policy: str = ""
    explicit: bool = False

    @property
    def wins(self) -> bool:
        """Whether no Allow of the key's own policy helps: a Deny, or an outer policy that leaves the action out."""
        return self.explicit or any(kind in self.policy.lower() for kind in _OUTER)

    @property
    def kms(self) -> bool:
        return self.action.lower().startswith("kms:")


def denial(seen: Observation) -> Denial | None:
    """What the refusal's sentence says, or ``None`` when it is only "Access Denied"."""
    text = seen.message or ""
    action = _ACTION.search(text)
    if action is None:
        return None
    resource = _RESOURCE.search(text)
    explicit, missing = _EXPLICIT.search(text), _MISSING.search(text)
    policy = (explicit[1] if explicit else missing[1] if missing else "") or ""
    if not policy and _BOUNDARY.search(text):
        policy = "permissions boundary"
    return Denial(action[1], resource[1].rstrip(".") if resource else "", policy.strip(), explicit is not None)


_SELDOM = (ActionId.LIST, ActionId.MULTIPART_ABORT)
"""What only tootctl asks for, or only an upload that broke off."""


def weight(refused: Iterable[Observation]) -> Severity | None:
    """A Deny of what Mastodon seldom needs is a warning, as the missing right is."""
    return Severity.WARNING if all(seen.id in _SELDOM for seen in refused) else None

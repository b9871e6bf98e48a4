"""The same world with other words in its errors: no finding may depend on how a server words them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from s3probe.records import replace
from s3probe.sandbox.personality import ErrorText, Personality
from s3probe.sandbox.scenario import Scenario

Wording = Callable[[Scenario], Scenario]


def said(text: str) -> Wording:
    """Every error says ``text``, and AWS's detailed access-denied sentence is gone."""
    return lambda scenario: scenario.with_personality(every_message=text).with_world(detailed_denials=False)


def bare(scenario: Scenario) -> Scenario:
    """Codes alone, as Ceph sends them: no message, no further elements."""
    return said("")(scenario).with_personality(details=False)


def other_statuses(scenario: Scenario) -> Scenario:
    """Some gateways answer 400 or 401 where AWS answers 403 (rclone serve s3, Cloudflare R2)."""
    personality = scenario.world.personality
    moved = {
        "InvalidAccessKeyId": ErrorText(401, "InvalidAccessKeyId"),
        "SignatureDoesNotMatch": ErrorText(400, "SignatureDoesNotMatch"),
        "QuotaExceeded": ErrorText(507, "QuotaExceeded"),
    }
    wording = {**moved, **_with_status(personality, moved)}
    return scenario.with_personality(wording=MappingProxyType(wording))


def _with_status(personality: Personality, moved: Mapping[str, ErrorText]) -> dict[str, ErrorText]:
    """The provider's own words stay, with the moved status."""
    return {
        code: replace(text, status=moved[code].status) if code in moved else text
        for code, text in personality.wording.items()
    }


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "short": said("Access Denied"),
        "none": said(""),
        "bare": bare,
        "another language": said("Vorgang nicht erlaubt oder nicht möglich"),
        "statuses": other_statuses,
    }
)
"""By name; the scenario stays what it was in everything else."""

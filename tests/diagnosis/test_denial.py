"""AWS's access-denied sentences, from the IAM User Guide ("Troubleshoot access denied error messages")."""

from __future__ import annotations

from s3probe.diagnosis.denial import Denial, denial
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor
from tests.every import every

WHO = "User: arn:aws:iam::777788889999:user/JohnDoe is not authorized to perform: s3:GetObject"
ON = f"{WHO} on resource: arn:aws:s3:::files/x"


def read(message: str | None) -> Denial | None:
    return denial(Observation(ActionId.GET, "", "GetObject", Actor.MASTODON, Outcome.DENIED, message=message))


@every(
    "message, policy, explicit",
    [
        (f"{ON} because no identity-based policy allows the s3:GetObject action", "identity-based", False),
        (f"{ON} because no resource-based policy allows the s3:GetObject action", "resource-based", False),
        (f"{ON} because no VPC endpoint policy allows the s3:GetObject action", "VPC endpoint", False),
        (f"{ON} because no permissions boundary allows the s3:GetObject action", "permissions boundary", False),
        (f"{ON} because no session policy allows the s3:GetObject action", "session", False),
        (f"{ON} because no service control policy allows the s3:GetObject action", "service control", False),
        (f"{ON} because no resource control policy allows the s3:GetObject action", "resource control", False),
        (f"{ON} with an explicit deny in an identity-based policy", "identity-based", True),
        (f"{ON} with an explicit deny in a resource-based policy", "resource-based", True),
        (f"{ON} with an explicit deny in a VPC endpoint policy", "VPC endpoint", True),
        (f"{ON} with an explicit deny in a permissions boundary", "permissions boundary", True),
        (f"{ON} with an explicit deny in a session policy", "session", True),
        (f"{ON} with an explicit deny in a service control policy", "service control", True),
        (f"{ON} with an explicit deny in a resource control policy", "resource control", True),
        (f"{ON} with an explicit deny", "", True),
    ],
)
def test_every_kind_of_policy(message: str, policy: str, explicit: bool) -> None:
    assert read(message) == Denial("s3:GetObject", "arn:aws:s3:::files/x", policy, explicit)


def test_the_policys_own_arn_may_follow() -> None:
    said = f"{ON} with an explicit deny in an identity-based policy: arn:aws:iam::777788889999:policy/DenyAll"
    assert read(said) == Denial("s3:GetObject", "arn:aws:s3:::files/x", "identity-based", True)


def test_the_resource_may_be_quoted_or_missing() -> None:
    quoted = (
        f'{WHO} on resource: "arn:aws:s3:::files/x" because no identity-based policy allows the s3:GetObject action'
    )
    assert read(quoted) == Denial("s3:GetObject", "arn:aws:s3:::files/x", "identity-based", False)
    assert read(f"{WHO} because no session policy allows the s3:GetObject action") == Denial(
        "s3:GetObject", "", "session", False
    )


def test_a_kms_action_is_the_keys_matter() -> None:
    said = read(f"{ON} because no identity-based policy allows it".replace("s3:GetObject", "kms:Decrypt"))
    assert said is not None
    assert said.kms


@every(
    "message",
    [
        None, "", "Access Denied", "Access Denied.", "AccessDenied", "Forbidden", "Zugriff verweigert", "not entitled",
        "Access Denied because object protected by object lock", "explicit deny", "not authorized",
    ],
)  # fmt: skip
def test_other_words_tell_nothing(message: str | None) -> None:
    assert read(message) is None

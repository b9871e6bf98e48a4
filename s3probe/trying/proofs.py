"""What trials have shown, kept from run to run: a check of every few minutes does not try the same lines each time.

No secret is in it: of the settings there is a slow digest, and what names a secret is not kept.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import pbkdf2_hmac
from typing import Protocol

from s3probe import __version__
from s3probe.diagnosis.conclusions import explaining
from s3probe.diagnosis.model import Consequence, Diagnosis, EnvFix, Finding, Fix, Manual, ProofState, Severity, on_day
from s3probe.records import dataclass, replace
from s3probe.redact import clean, concerns_storage, scrubber_for
from s3probe.settings.model import Settings

HOLDS = timedelta(days=1)
"""How long a proof is quoted."""
_ROUNDS = 100_000
"""Of the digest: a guess at the secret behind it takes as long as the digest itself, some 50 ms."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The conclusions of one run with trials."""

    made: str
    """When, UTC in ISO 8601."""
    salt: str
    causes: str
    """Digest of the settings and of what failed under them."""
    seen: tuple[str, ...]
    """Ids of the findings before the trials."""
    findings: tuple[Finding, ...]
    consequences: tuple[Consequence, ...] = ()


class Proofs(Protocol):
    """Where the last conclusions of one env file are kept. Never raises."""

    def last(self) -> Remembered | None: ...

    def keep(self, remembered: Remembered) -> None: ...

    def forget(self) -> None: ...


def remembered(settings: Settings, before: Diagnosis, after: Diagnosis, now: datetime, salt: str) -> Remembered | None:
    """What is to be kept; ``None`` where that would not be the same without the secrets in it.

    ``before`` are the findings of the file, ``after`` those with what the trials showed.
    """
    shown = clean(after, scrubber_for(settings))
    if any(_lines(one) != _lines(other) for one, other in zip(after, shown, strict=True)):
        return None
    made = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen = tuple(one.id for one in before)
    return Remembered(made, salt, causes(settings, before, salt), seen, shown.findings, shown.consequences)


def causes(settings: Settings, before: Diagnosis, salt: str) -> str:
    """A digest of everything that a proof rests on: the storage's variables, the failures, and what may end them."""
    variables = settings.environment.variables.items()
    rests_on = [
        __version__,
        sorted((name, one.value, one.raw or "") for name, one in variables if concerns_storage(name)),
        sorted([one.id, _lines(one)] for one in before if one.severity is Severity.FAILURE),
    ]
    text = json.dumps(rests_on).encode("utf-8", "surrogatepass")
    return pbkdf2_hmac("sha256", text, salt.encode(), _ROUNDS).hex()


def quoted(last: Remembered | None, settings: Settings, now: datetime, before: Diagnosis) -> Diagnosis | None:
    """The findings of now with the proofs of then; ``None`` where the lines have to be tried again.

    What was first then is first now.
    """
    if last is None or not timedelta() <= now - _time(last.made) < HOLDS:
        return None
    if causes(settings, before, last.salt) != last.causes:
        return None
    current = {one.id: one for one in before}
    ended = tuple(one for one in last.consequences if one.id in current)
    gone = {one.id: one.of for one in ended}
    stayed = [one for one in last.findings if one.id in current or _behind(one, last)]
    known = gone.keys() | {one.id for one in stayed}
    told = [_told(one, current.get(one.id), last) for one in stayed]
    told += [one for one in before if one.id not in known]
    told.sort(key=lambda one: [*Severity].index(one.severity))
    followed = [(one, gone[one.id]) for one in before if one.id in gone]
    return replace(before, findings=tuple(explaining(one, followed) for one in told), consequences=ended)


def _behind(finding: Finding, last: Remembered) -> bool:
    """Whether it came to light in a trial alone."""
    return finding.id not in last.seen


def _told(then: Finding, now: Finding | None, last: Remembered) -> Finding:
    """A finding in the words of now with the fixes of then; what the trials made a failure keeps its words."""
    when = on_day(last.made)
    finding = then if now is None or now.severity is not then.severity else replace(now, remark=then.remark)
    if now is not None:
        finding = replace(finding, because=now.because or then.because, explains=now.explains)
    remark = re.sub(r"\bTried: ", f"Tried {when}: ", finding.remark)
    return replace(finding, fixes=tuple(_dated(fix, last.made) for fix in then.fixes), remark=remark)


def _dated(fix: Fix, made: str) -> Fix:
    if isinstance(fix, Manual) or fix.proof is None or fix.proof.state is not ProofState.TRIED:
        return fix
    return replace(fix, proof=replace(fix.proof, when=made))


def _lines(finding: Finding) -> list[tuple[str, str | None]]:
    return [(fix.variable, fix.value) for fix in finding.fixes if isinstance(fix, EnvFix)]


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)

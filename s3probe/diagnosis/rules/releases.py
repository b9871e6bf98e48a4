"""What changes with a Mastodon release: the checksums that the newer ones send (probe.releases)."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Fix, Manual
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.vocabulary import ActionId, Experiment

_FIRST = {"4.4": "4.4.16", "4.5": "4.5.9"}
_FIRST_OF_ALL = "4.4.16 and 4.5.9"
"""4.3 never sends it; releases of 4.4 and 4.5 before these do not either."""
OLD_STORE = Manual("Upgrade the storage before you upgrade Mastodon: it insists on Content-MD5 for batch deletions.")


def next_release(case: Case) -> Iterator[Finding]:
    """This Mastodon's form passes, the next one's does not."""
    upload, batch = case.get(Experiment.PUT_NEXT_RELEASE), case.get(Experiment.BATCH_NEXT_RELEASE)
    stored = case.get(ActionId.PUT_WITH_ACL) if case.settings.acl is not None else case.get(ActionId.PUT_WITHOUT_ACL)
    refused = [
        new
        for new, old in ((upload, stored), (batch, case.get(ActionId.BATCH_DELETE)))
        if new.failed and not new.inconclusive and new.network is None and old.ok
    ]
    if not refused:
        return
    version = case.evidence.run.mastodon_version if case.evidence else ""
    seen = refused[0]
    off: list[Fix] = [
        fixes.env(case, "AWS_REQUEST_CHECKSUM_CALCULATION", "when_required", "Do this before you upgrade.")
    ]
    yield finding(
        "checksum-regression-by-patch-release",
        case,
        how=f"it works with {version} and fails from {first_current(version)} on: {seen.operation} as that release "
        f"sends it was answered {words(seen)}",
        because=[new.id for new in refused],
        fixes=off if seen is upload else [OLD_STORE],
    )


def first_current(version: str) -> str:
    """The first releases after ``version`` that send CRC32: ``4.5.8`` -> ``4.5.9``, ``4.3.2`` -> both series'."""
    series = ".".join(version.strip().lstrip("v").split(".")[:2])
    return _FIRST.get(series, _FIRST_OF_ALL)


RULES = (
    Rule(
        next_release,
        Layer.READING_BACK,
        yields=("checksum-regression-by-patch-release",),
        reads=(
            ActionId.BATCH_DELETE,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.BATCH_NEXT_RELEASE,
            Experiment.PUT_NEXT_RELEASE,
        ),
    ),
)

"""Files that were sent in parts, and that only they who may read the parts can see."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketSetting, Finding
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.vocabulary import ActionId

NO_PARTS = 409
"""What Swift answers for a large file whose parts the asker may not read; nobody else answers a GET so."""


def closed_parts(case: Case) -> Iterator[Finding]:
    """A small file is shown, and one that was sent in parts is a conflict."""
    seen = [row for row in case.open(ActionId.PUBLIC_GET_CACHE) if row.http_status == NO_PARTS]
    if not seen or not case.get(ActionId.PUBLIC_GET).ok:
        return
    parts = f"{case.settings.bucket_name}+segments"
    note = f"Swift keeps the parts of large files in the container {parts}."
    yield finding(
        "swift-segments-closed",
        case,
        how=f"GET {seen[0].url}, a file that was sent in parts, is answered {words(seen[0])}; a small one is shown",
        because=[seen[0].id],
        fixes=[BucketSetting("public-read", f".r:* on {parts}", f"swift post --read-acl '.r:*' {parts}", note)],
    )


RULES = (
    Rule(
        closed_parts,
        Layer.VISITORS,
        yields=("swift-segments-closed",),
        reads=(ActionId.PUBLIC_GET, ActionId.PUBLIC_GET_CACHE),
    ),
)

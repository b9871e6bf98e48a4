"""An endpoint that works by accident: it holds the bucket's name, and path style adds it again."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import words
from s3probe.evidence.vocabulary import ActionId, Fact


def bucket_twice(case: Case) -> Iterator[Finding]:
    """``https://bucket.host`` with path style, or ``https://host/bucket``: files land in a folder of the bucket's name.

    The listing is the decisive sign: it is answered as a GetObject of the key ``bucket`` (NoSuchKey).
    """
    settings = case.settings
    parts = urlsplit(settings.endpoint or "")
    host, path = parts.netloc.removeprefix(f"{settings.bucket}."), parts.path.strip("/")
    in_path = settings.bucket is not None and path == settings.bucket
    holds = bool(settings.bucket) and (in_path or host != parts.netloc)
    listed = case.get(ActionId.LIST)
    if not holds or not (settings.path_style or in_path) or listed.ok or not listed.ran or listed.id in case.claimed:
        return
    # the answer misses a key, of which no listing speaks, or names the bucket as one; or a file went up beside it
    taken_for_a_key = (
        listed.error_code == "NoSuchKey"
        or listed.facts.get(Fact.KEY, "").rstrip("/") == settings.bucket
        or case.get(ActionId.PUT_WITHOUT_ACL).ok
    )
    if listed.http_status != 404 or not taken_for_a_key:
        return
    bare = urlunsplit((parts.scheme, host, "" if in_path else parts.path, "", ""))
    follows = case.open(
        ActionId.PUBLIC_GET,
        ActionId.PUBLIC_CORS,
        ActionId.PUBLIC_LIST,
        ActionId.BATCH_DELETE,
        ActionId.ARCHIVE_PUBLIC_GET,
    )
    yield finding(
        "endpoint-contains-bucket-path-style",
        case,
        how=f"listing was answered {words(listed)}: {settings.bucket} was taken for a file",
        because=[listed.id],
        explains=[o.id for o in follows],
        fixes=[fixes.env(case, "S3_ENDPOINT", bare)],
    )


RULES = (
    Rule(
        bucket_twice,
        Layer.WAY,
        yields=("endpoint-contains-bucket-path-style",),
        reads=(
            ActionId.ARCHIVE_PUBLIC_GET,
            ActionId.BATCH_DELETE,
            ActionId.LIST,
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_LIST,
            ActionId.PUT_WITHOUT_ACL,
        ),
    ),
)

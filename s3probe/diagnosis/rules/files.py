"""Files that arrive damaged, cannot be read back as Mastodon reads them, or are too large: the read-back ladder."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import failed_by_itself, is_late, refused_by_a_page, something_works, waited, words
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact

LARGEST_VIDEO = 99 * 1024 * 1024
"""Bytes: what Mastodon takes at most (app/models/media_attachment.rb, VIDEO_LIMIT)."""
CHECKSUM_OFF = ("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")


def stored_framing(case: Case) -> Iterator[Finding]:
    """The store kept the aws-chunked framing in the file."""
    seen = [o for o in case.open(ActionId.GET, ActionId.PUBLIC_GET) if o.facts.get(Fact.BODY) == "aws-chunked"]
    if seen:
        visits = (
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_RANGE,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_EMOJI,
        )
        follows = (
            ActionId.GET_RANGE,
            ActionId.HEAD,
            ActionId.HEAD_PART,
            ActionId.PRESIGNED_GET,
            Experiment.ACL_READ_BACK,
            ActionId.RESTORED_PUBLIC_GET,
            *visits,
        )
        yield finding(
            "aws-chunked-stored-in-object",
            case,
            how="the file that came back holds the framing of the upload beside its own bytes",
            because=[o.id for o in seen],
            explains=[o.id for o in case.open(*follows)],
            fixes=[fixes.env(case, *CHECKSUM_OFF)],
        )


def archived(case: Case) -> Iterator[Finding]:
    """Stored in a class from which nothing can be read at once."""
    seen = [
        o
        for o in case.open(ActionId.GET, ActionId.HEAD, ActionId.PUBLIC_GET, ActionId.PRESIGNED_GET)
        if o.error_code == "InvalidObjectState"
    ]
    if seen:
        follows = (
            ActionId.GET,
            ActionId.GET_RANGE,
            ActionId.HEAD_PART,
            ActionId.PRESIGNED_GET,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_CORS,
        )
        yield finding(
            "storage-class-glacier",
            case,
            how=f"reading the file was answered {words(seen[0])}",
            because=[o.id for o in seen],
            explains=[o.id for o in case.open(*follows)],
            fixes=[fixes.env(case, "S3_STORAGE_CLASS", None)],
        )


def part_number(case: Case) -> Iterator[Finding]:
    """HEAD works, HEAD with partNumber=1 does not."""
    seen = case.open(ActionId.HEAD_PART)
    refused = bool(seen) and not seen[0].inconclusive
    if refused and case.get(ActionId.HEAD).ok and not case.settings.force_single_request:
        yield finding(
            "partnumber-head-unsupported",
            case,
            how=f"HEAD was answered 200; with ?partNumber=1 it was answered {words(seen[0])}",
            because=[seen[0].id],
            fixes=[fixes.env(case, "S3_FORCE_SINGLE_REQUEST", "true")],
        )


def checksum_mode(case: Case) -> Iterator[Finding]:
    """GET with x-amz-checksum-mode is refused."""
    seen = [o for o in case.open(ActionId.GET) if o.outcome is Outcome.REJECTED]
    without = case.get(Experiment.GET_WITHOUT_MODE)
    names_checksum = "checksum" in (seen[0].message or "").lower() if seen else False
    if seen and case.get(ActionId.HEAD).ok and (without.ok or (names_checksum and not without.ran)):
        yield finding(
            "checksum-mode-header-unsupported",
            case,
            how=f"a download was answered {words(seen[0])}; without x-amz-checksum-mode it passed"
            if without.ok
            else f"a download was answered {words(seen[0])}",
            because=[o.id for o in (*case.open(ActionId.GET, ActionId.GET_RANGE), without) if o.ran],
            fixes=[fixes.env(case, "AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")],
        )


def ranges(case: Case) -> Iterator[Finding]:
    """A range is answered with the whole file, or with 200."""
    seen = [o for o in case.open(ActionId.GET_RANGE) if o.facts.get(Fact.RANGE)]
    if seen and not case.settings.force_single_request:
        yield finding(
            "range-ignored-by-cache",
            case,
            how=f"a request for 10 bytes was answered {seen[0].http_status} instead of 206",
            because=[seen[0].id],
            explains=[o.id for o in case.open(ActionId.PUBLIC_RANGE) if o.facts.get(Fact.RANGE)],
            fixes=[fixes.env(case, "S3_FORCE_SINGLE_REQUEST", "true")],
        )


def damaged(case: Case) -> Iterator[Finding]:
    """What came back is not what was uploaded, and nothing above says why."""
    seen = [o for o in case.open(ActionId.GET) if o.facts.get(Fact.BODY)]
    if seen:
        yield finding(
            "video-not-transcoded-generic-422",
            case,
            how=f"the file that came back is not the one that was uploaded ({seen[0].facts[Fact.BODY]})",
            because=[seen[0].id],
            explains=[o.id for o in case.open(ActionId.GET_RANGE, ActionId.PRESIGNED_GET, ActionId.PUBLIC_GET)],
            fixes=[
                Manual("See what stands between Mastodon and the storage (proxy, cache, gateway): it changes files.")
            ],
        )


def presigned(case: Case) -> Iterator[Finding]:
    """A link that Mastodon signs does not open, though reading with the key works."""
    seen = case.open(ActionId.PRESIGNED_GET)
    # what everyone may read, the key may read too: an archive shows whether it has the right by itself
    refused = bool(seen) and not failed_by_itself(seen[0]) and seen[0].outcome is not Outcome.THROTTLED
    refused = refused and not case.get(ActionId.CLOCK).failed  # a clock that is slow signs links that have ended
    if refused and case.get(ActionId.GET).ok and case.get(Experiment.GET_ARCHIVE).outcome is not Outcome.DENIED:
        host = fixes.host_of(seen[0].url)
        yield finding(
            "presigned-link-uses-internal-endpoint",
            case,
            how=f"the link at {host} was answered {words(seen[0])}",
            because=[seen[0].id],
            fixes=[
                Manual(
                    f"Archive links point to S3_ENDPOINT: {host} must be reachable from outside, and pass the query on."
                )
            ],
            certainty=Certainty.LIKELY,
        )


def large_uploads(case: Case) -> Iterator[Finding]:
    """Small files pass; a large upload stops at one of its steps."""
    upload = case.open(ActionId.MULTIPART_CREATE, ActionId.MULTIPART_PART, ActionId.MULTIPART_COMPLETE)
    # an error of the server's own, or a connection that was cut, refuses nothing
    upload = tuple(o for o in upload if not o.inconclusive or is_late(o))
    if not upload or not (case.get(ActionId.PUT_WITHOUT_ACL).ok or case.get(ActionId.PUT_WITH_ACL).ok):
        return
    first = upload[0]
    because = [o.id for o in upload]
    threshold = fixes.env(case, "S3_MULTIPART_THRESHOLD", "104857600", "Files below 100 MiB then go in one piece.")
    how = f"{first.operation} failed: {words(first)}. A small upload passed"
    # above the largest video only archives are still sent in parts
    severity = Severity.WARNING if case.settings.multipart_threshold > LARGEST_VIDEO else None
    if is_late(first):
        how = f"{how}. {waited(first)}"
        fix = [fixes.env(case, "S3_READ_TIMEOUT", "60"), threshold]
        yield finding("multipart-part-timeout", case, how=how, because=because, fixes=fix, severity=severity)
        return
    if first.id == ActionId.MULTIPART_COMPLETE:
        checksum = fixes.env(case, *CHECKSUM_OFF)
        fix = [checksum, threshold]
        yield finding("mpu-etag-or-object-size-header", case, how=how, because=because, fixes=fix, severity=severity)
        return
    yield finding("multipart-denied", case, how=how, because=because, fixes=[threshold], severity=severity)


def abandoning(case: Case) -> Iterator[Finding]:
    """The store cannot abandon an upload at all."""
    seen = case.open(ActionId.MULTIPART_ABORT)
    # an upload that never began leaves nothing to abandon
    begun = case.get(ActionId.MULTIPART_CREATE).ok
    by_store = seen and seen[0].outcome in (Outcome.REJECTED, Outcome.WRONG) and not refused_by_a_page(seen[0])
    if by_store and begun and something_works(case):
        yield finding(
            "mpu-parts-pile-up",
            case,
            how=f"cancelling an upload was answered {words(seen[0])}",
            because=[seen[0].id],
            fixes=[Manual("Let the provider remove unfinished uploads after a day (a lifecycle rule of the bucket).")],
        )


RULES = (
    Rule(
        archived,
        Layer.READING,
        yields=("storage-class-glacier",),
        reads=(
            ActionId.GET,
            ActionId.GET_RANGE,
            ActionId.HEAD,
            ActionId.HEAD_PART,
            ActionId.PRESIGNED_GET,
            ActionId.PUBLIC_CORS,
            ActionId.PUBLIC_GET,
        ),
    ),
    Rule(
        stored_framing,
        Layer.READING_BACK,
        yields=("aws-chunked-stored-in-object",),
        reads=(
            Experiment.ACL_READ_BACK,
            ActionId.GET,
            ActionId.GET_RANGE,
            ActionId.HEAD,
            ActionId.HEAD_PART,
            ActionId.PRESIGNED_GET,
            ActionId.PUBLIC_GET,
            ActionId.PUBLIC_GET_AVATAR,
            ActionId.PUBLIC_GET_CACHE,
            ActionId.PUBLIC_GET_EMOJI,
            ActionId.PUBLIC_RANGE,
            ActionId.RESTORED_PUBLIC_GET,
        ),
    ),
    Rule(
        part_number,
        Layer.READING_BACK,
        yields=("partnumber-head-unsupported",),
        reads=(ActionId.HEAD, ActionId.HEAD_PART),
    ),
    Rule(
        checksum_mode,
        Layer.READING_BACK,
        yields=("checksum-mode-header-unsupported",),
        reads=(ActionId.GET, ActionId.GET_RANGE, ActionId.HEAD, Experiment.GET_WITHOUT_MODE),
    ),
    Rule(
        ranges,
        Layer.READING_BACK,
        yields=("range-ignored-by-cache",),
        tier=Tier.GROUPS,
        reads=(ActionId.GET_RANGE, ActionId.PUBLIC_RANGE),
    ),
    Rule(
        damaged,
        Layer.READING_BACK,
        yields=("video-not-transcoded-generic-422",),
        tier=Tier.REQUESTS,
        reads=(ActionId.GET, ActionId.GET_RANGE, ActionId.PRESIGNED_GET, ActionId.PUBLIC_GET),
    ),
    Rule(
        large_uploads,
        Layer.READING_BACK,
        yields=("mpu-etag-or-object-size-header", "multipart-denied", "multipart-part-timeout"),
        tier=Tier.GROUPS,
        reads=(
            ActionId.MULTIPART_COMPLETE,
            ActionId.MULTIPART_CREATE,
            ActionId.MULTIPART_PART,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
        ),
    ),
    Rule(
        abandoning,
        Layer.READING_BACK,
        yields=("mpu-parts-pile-up",),
        reads=(
            ActionId.DELETE,
            ActionId.GET,
            ActionId.LIST,
            ActionId.MULTIPART_ABORT,
            ActionId.MULTIPART_CREATE,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
        ),
    ),
    Rule(
        presigned,
        Layer.VISITORS,
        yields=("presigned-link-uses-internal-endpoint",),
        tier=Tier.REQUESTS,
        reads=(ActionId.CLOCK, ActionId.GET, ActionId.PRESIGNED_GET, Experiment.GET_ARCHIVE),
    ),
)

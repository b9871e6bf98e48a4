"""Values of how files are stored: ACL, storage class, sizes, times and the key prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import at_aws, for_s3, refused, stray_marks, trouble_of
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import in_turn
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.records import replace
from s3probe.settings.keys import MEDIA, interpolations, probe_key
from s3probe.settings.ruby import to_i

CANNED_ACLS = frozenset(
    {
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control", "log-delivery-write",
    }
)  # fmt: skip
"""AWS, Access control list overview: canned ACL."""
SMALLEST_PART = 5 * 1024 * 1024
LARGEST_PUT = 5 * 1024**3


@for_s3
def permission(case: Case) -> Iterator[Finding]:
    """S3_PERMISSION: no canned ACL, or one that lets everyone write."""
    value = case.settings.acl
    if value is None:
        return
    if value == "public-read-write":
        if not fixes.provider_of(case).acls_count:
            return  # such a store takes any word and forgets it
        yield finding(
            "permission-public-read-write",
            case,
            how="S3_PERMISSION=public-read-write goes to S3 with every upload",
            fixes=(fixes.env(case, "S3_PERMISSION", "public-read"),),
        )
        return
    if value in CANNED_ACLS or stray_marks(value):
        return
    put = case.get(ActionId.PUT_WITH_ACL)
    if put.ok:
        return  # the service takes any text: nothing follows from it
    refused_acl = put.failed and case.get(ActionId.PUT_WITHOUT_ACL).ok
    hidden = refused_acl and case.get(Experiment.PUBLIC_WITHOUT_ACL).http_status in (401, 403)
    opens = hidden and case.get(Experiment.ACL_PUBLIC_READ).ok
    yield finding(
        "permission-value-invalid",
        case,
        how=in_turn(
            f"S3_PERMISSION={value} is sent word for word, and S3 knows only: {', '.join(sorted(CANNED_ACLS))}",
            "The upload was refused with it and accepted without" if refused_acl else "",
        ),
        severity=Severity.FAILURE if refused_acl else Severity.WARNING,
        certainty=Certainty.CERTAIN if refused_acl else Certainty.LIKELY,
        because=(put.id,) if refused_acl else (),
        fixes=(fixes.env(case, "S3_PERMISSION", acl_meant(case, value, opens=opens)),),
    )


def acl_meant(case: Case, value: str, *, opens: bool = False) -> str:
    """The canned ACL that a word stands for; ``""``, which sends none, where no other is likelier.

    ``opens``: whether an ACL is known to open the media.
    """
    lower = value.strip().lower()
    if lower in CANNED_ACLS:
        return lower
    return "public-read" if fixes.provider_of(case).acls_count and (opens or lower.startswith("public")) else ""


@for_s3
def storage_class(case: Case) -> Iterator[Finding]:
    """GLACIER and DEEP_ARCHIVE: what is stored there cannot be read at once."""
    value = case.settings.storage_class
    if value not in ("GLACIER", "DEEP_ARCHIVE") or case.get(ActionId.GET).ok:
        return
    unreadable = tuple(o.id for o in case.all_open() if o.error_code == "InvalidObjectState")
    yield finding(
        "storage-class-glacier",
        case,
        how=in_turn(
            f"S3_STORAGE_CLASS={value} puts every file into an archive",
            "Reading one back was refused with InvalidObjectState" if unreadable else "",
        ),
        severity=Severity.FAILURE if unreadable or at_aws(case.settings) else Severity.WARNING,
        certainty=Certainty.CERTAIN if unreadable else Certainty.LIKELY,
        because=unreadable,
        fixes=(fixes.env(case, "S3_STORAGE_CLASS", None), fixes.env(case, "S3_STORAGE_CLASS", "STANDARD_IA")),
    )


@for_s3
def multipart_threshold(case: Case) -> Iterator[Finding]:
    """The threshold is in bytes, and no part of a multipart upload may be below 5 MiB."""
    settings = case.settings
    text = settings.environment.get("S3_MULTIPART_THRESHOLD")
    if text is None:
        return
    if settings.multipart_threshold < SMALLEST_PART:
        megabytes = re.fullmatch(r"\s*(\d{1,4})\s*(m|mb|mib)?\s*", text, re.IGNORECASE)
        size = int(megabytes[1]) * 1024 * 1024 if megabytes else 0
        as_bytes = fixes.env(
            case, "S3_MULTIPART_THRESHOLD", str(size), f"That is {megabytes[1]} MiB." if megabytes else ""
        )
        default = fixes.env(case, "S3_MULTIPART_THRESHOLD", None, "The default is 15 MiB.")
        yield finding(
            "multipart-threshold-in-megabytes",
            case,
            how=f"Mastodon reads S3_MULTIPART_THRESHOLD={text} as {settings.multipart_threshold} bytes; "
            "a multipart upload needs at least 5242880",
            explains=tuple(
                o for o in refused(case) if o.startswith(("put-", ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT))
            ),
            fixes=(as_bytes, default) if size >= SMALLEST_PART else (default,),
        )
    elif settings.multipart_threshold > LARGEST_PUT:
        yield finding(
            "large-archive-over-5gb-single-put",
            case,
            how=f"S3_MULTIPART_THRESHOLD={text} is above 5 GiB, the most that S3 takes in one request",
            fixes=(fixes.env(case, "S3_MULTIPART_THRESHOLD", None, "The default is 15 MiB."),),
        )


_VERY_LONG = 3600
"""Seconds: whoever waits longer for a storage has meant milliseconds, or nothing."""


def _variant(text: str, number: int, *, is_time: bool) -> str:
    if not text.strip():
        return "blank"
    if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
        return "text"
    return "small" if number < 1 else "long" if is_time else "large"


@for_s3
def numbers(case: Case) -> Iterator[Finding]:
    """Time-outs and limits that are zero, negative or hold text."""
    environment = case.settings.environment
    for name, default in (("S3_OPEN_TIMEOUT", "5"), ("S3_READ_TIMEOUT", "5"), ("S3_BATCH_DELETE_LIMIT", "1000")):
        text = environment.get(name)
        is_time = name != "S3_BATCH_DELETE_LIMIT"
        if text is None:
            continue
        number = to_i(text)
        raised = trouble_of(case.settings, name)
        plain_number = re.fullmatch(r"\s*\+?[1-9]\d*\s*", text)
        if plain_number and raised is None and number <= (_VERY_LONG if is_time else 1000):
            continue
        if raised is not None:
            what, severity = f"every request fails with {raised.exception}: {raised.message}", Severity.FAILURE
            effect = "fails"
        elif is_time and number == 0:
            what, severity, effect = "over http that is no limit at all", Severity.NOTICE, "unlimited"
        elif number <= 0:
            what, severity, effect = "every batch deletion raises ArgumentError", Severity.FAILURE, "deletions"
        elif is_time and number > _VERY_LONG:
            what, severity = "where the storage is silent, Mastodon waits as long as that", Severity.WARNING
            effect = "waits"
        elif not is_time and number > 1000:
            what, severity, effect = "S3 takes at most 1000 keys in one request", Severity.FAILURE, "refused"
        else:
            what, severity, effect = "it works, but the rest of the text is ignored", Severity.NOTICE, "nothing"
        usable = 0 < number <= _VERY_LONG if is_time else number > 0
        plain = str(number if is_time else min(number, 1000)) if usable else default
        yield finding(
            "timeouts-zero-or-text",
            case,
            how=f"Mastodon reads {name}={text} as {number}; {what}",
            severity=severity,
            setting=name,
            variant=_variant(text, number, is_time=is_time),
            effect=effect,
            exception=raised.exception if raised else "",
            explains=refused(case) if raised is not None else (),
            fixes=(fixes.env(case, name, plain),),
        )


@for_s3
def key_prefix(case: Case) -> Iterator[Finding]:
    """With a prefix, ``tootctl media remove-orphans`` knows none of the keys."""
    if case.settings.key_prefix:
        yield finding(
            "remove-orphans-key-prefix",
            case,
            how=f"with S3_KEY_PREFIX={case.settings.key_prefix}, tootctl miscounts the parts of keys (media_cli.rb)",
            severity=Severity.NOTICE,
        )


@for_s3
def odd_prefix(case: Case) -> Iterator[Finding]:
    """A prefix that begins with a slash or a blank, or that kt-paperclip fills in for each file."""
    settings = case.settings
    prefix = settings.environment.get("S3_KEY_PREFIX") or ""
    if trouble_of(settings, "S3_KEY_PREFIX"):
        return
    names = interpolations(prefix)
    key = probe_key(settings, MEDIA, "…", "1.png").replace("/s3probe/…", "/…")
    if names:
        how = f"S3_KEY_PREFIX={prefix}: kt-paperclip replaces {', '.join(names)} for each file: keys look like {key}"
        fix: Fix = Manual("Write a plain folder into S3_KEY_PREFIX; files that are stored keep their old keys.")
    elif prefix.startswith("//") or prefix == "/":
        how, fix = (
            f"S3_KEY_PREFIX={prefix}: keys begin with a slash ({key}), so URLs hold two",
            fixes.env(case, "S3_KEY_PREFIX", prefix.strip("/")),
        )
    elif prefix != prefix.strip():
        how = f"S3_KEY_PREFIX={prefix}: keys look like {key!r}"
        fix = fixes.env(case, "S3_KEY_PREFIX", prefix.strip().strip("/"))
    else:
        return
    if isinstance(fix, EnvFix):
        fix = replace(
            fix, value=fix.value or None, note="Files that are stored already have to be moved.", conditional=True
        )
    yield finding("key-prefix-odd", case, how=how, fixes=(fix,))


RULES = (
    Rule(
        permission,
        Layer.STORED_VALUES,
        yields=("permission-public-read-write", "permission-value-invalid"),
        reads=(
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            Experiment.ACL_PUBLIC_READ,
            Experiment.PUBLIC_WITHOUT_ACL,
        ),
    ),
    Rule(storage_class, Layer.STORED_VALUES, yields=("storage-class-glacier",), reads=(OPEN, ActionId.GET)),
    Rule(
        multipart_threshold,
        Layer.STORED_VALUES,
        yields=("large-archive-over-5gb-single-put", "multipart-threshold-in-megabytes"),
        reads=(OPEN,),
    ),
    Rule(numbers, Layer.STORED_VALUES, yields=("timeouts-zero-or-text",), reads=(OPEN,)),
    Rule(key_prefix, Layer.STORED_VALUES, yields=("remove-orphans-key-prefix",)),
    Rule(odd_prefix, Layer.STORED_VALUES, yields=("key-prefix-odd",)),
)

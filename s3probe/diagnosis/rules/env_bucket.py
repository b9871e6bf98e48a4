"""The bucket's name: what the SDK, or AWS, refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import at_aws, for_s3, refused, signing_works, stray_marks, trouble_of
from s3probe.diagnosis.texts import finding
from s3probe.diagnosis.words import in_turn
from s3probe.settings.arn import parse_arn


@for_s3
def bucket_name(case: Case) -> Iterator[Finding]:
    """A bucket name that the SDK, or AWS, refuses."""
    settings = case.settings
    name = settings.bucket
    if not name or stray_marks(name):
        return
    trouble = trouble_of(settings, "S3_BUCKET")
    if trouble is not None:
        yield finding(
            "bucket-name-invalid",
            case,
            how=f"S3_BUCKET={name}: Mastodon raises {trouble.exception}: {trouble.message}",
            explains=refused(case),
            fixes=_bucket_fixes(case, name),
        )
    elif at_aws(settings) and not _aws_bucket(name) and not signing_works(case, "S3_BUCKET"):
        old = settings.region == "us-east-1" and re.fullmatch(r"[A-Za-z0-9._-]{3,255}", name)
        yield finding(
            "bucket-name-invalid",
            case,
            how=in_turn(
                f"S3_BUCKET={name} breaks AWS's rules for names: 3 to 63 lower-case letters, digits, dots and dashes",
                "Buckets made in us-east-1 before March 2018 may have such a name" if old else "",
            ),
            severity=Severity.WARNING if old else Severity.FAILURE,
            certainty=Certainty.POSSIBLE if old else Certainty.LIKELY,
            fixes=_bucket_fixes(case, name),
        )


def _aws_bucket(name: str) -> bool:
    """AWS's rules for bucket names (User Guide: bucketnamingrules); access point ARNs are names too."""
    if parse_arn(name) is not None:
        return True  # the SDK had its say
    return re.fullmatch(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) is not None


def _bucket_fixes(case: Case, name: str) -> tuple[Fix, ...]:
    plain = name.removeprefix("arn:aws:s3:::")
    url = re.match(r"[a-z0-9]+://(.*)", plain)
    prefix = ""
    if url and not name.startswith("s3://"):
        host, _, path = url[1].partition("/")
        plain = path.strip("/").split("/")[0] or re.split(r"\.s3[.-]|\.", host)[0]
    else:
        plain, _, prefix = (url[1] if url else plain).strip("/ ").partition("/")
    prefix = prefix.strip("/")
    note = f"Set S3_KEY_PREFIX={prefix} as well, if the files are meant to lie there." if prefix else ""
    if plain == name:
        return (Manual("Use the bucket's exact name as the provider's console shows it."),)
    return (fixes.env(case, "S3_BUCKET", plain, note, conditional=bool(note)),)


RULES = (Rule(bucket_name, Layer.BUCKET, yields=("bucket-name-invalid",), reads=(EVERY, OPEN)),)

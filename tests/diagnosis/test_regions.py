"""A refused signature is no proof of a wrong secret where the region is a part of it that nothing has shown."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Certainty
from s3probe.evidence.vocabulary import ExperimentWith
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import provider

MALFORMED = (400, "AuthorizationHeaderMalformed", "the region 'garage' is wrong; expecting 'us-east-1'")
SIGNATURE = (403, "SignatureDoesNotMatch", "does not match")


def refused(host: str, region: str, *tried: str) -> ExaminedFile:
    seen = provider(host, f"S3_REGION={region}").stopped(*SIGNATURE)
    for one in tried:
        seen = seen.row(ExperimentWith.REGION.of(one), *SIGNATURE)
    return seen


@pytest.mark.parametrize(
    ("seen", "both"),
    [
        (refused("s3.cubbit.eu", "eu-west-1", "us-east-1", "auto"), True),
        (refused("jd758.upcloudobjects.com", "europe-1", "europe-2", "us-1"), True),
        (refused("0123abcd.r2.cloudflarestorage.com", "auto", "us-east-1"), False),
        (refused("0123abcd.r2.cloudflarestorage.com", "wnam"), True),
        (refused("s3.nl-ams.scw.cloud", "nl-ams"), False),
        (refused("s3.sto1.safedc.net", "anything"), False),
        (refused("s3.example.net", "us-east-1"), False),
        (refused("s3.example.net", "us-east-1", "auto", "garage"), True),
        (refused("s3.eu-west-7.example.net", "eu-west-7", "us-east-1"), False),
        (refused("minio.example.net", "us-east-1", "auto"), False),
        (refused("s3.example.net", "us-east-1", "auto").row(ExperimentWith.REGION.of("garage"), *MALFORMED), False),
    ],
)
def test_both_are_named_where_nothing_decides(seen: ExaminedFile, both: bool) -> None:
    (found,) = [one for one in seen.findings if one.id == "wrong-secret-key"]
    named = [getattr(fix, "variable", "") for fix in found.fixes]
    assert ("S3_REGION" in named) is both
    assert not both or found.certainty is Certainty.LIKELY
    if both:
        region = next(fix for fix in found.fixes if getattr(fix, "variable", "") == "S3_REGION")
        assert seen.settings.region in str(region)

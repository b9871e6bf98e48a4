"""Links to archives lead to S3_ENDPOINT: outside, that must be a name."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Severity
from s3probe.diagnosis.rules.archives import expired, link_host
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from tests.visitor.cases import case, seen


@pytest.mark.parametrize(
    ("endpoint", "severity"),
    [
        ("https://s3.nl-ams.example.net", None),
        ("https://minio", Severity.WARNING),
        ("http://minio:9000", Severity.WARNING),
        ("https://s3.example.internal", Severity.WARNING),
        ("https://10.0.0.5:9000", Severity.WARNING),
        ("http://s3.nl-ams.example.net", Severity.WARNING),
        ("http://127.0.0.1:9000", Severity.NOTICE),
        ("http://localhost:9000", Severity.NOTICE),
    ],
)
def test_where_links_lead(endpoint: str, severity: Severity | None) -> None:
    found = list(link_host(case(seen(ActionId.ARCHIVE_PUT), extra=f"S3_ENDPOINT={endpoint}\n")))
    assert [f.severity for f in found] == ([severity] if severity else [])
    public = endpoint == "http://s3.nl-ams.example.net"
    assert {f.id for f in found} <= {
        "presigned-link-without-tls" if public else "presigned-link-uses-internal-endpoint"
    }


def test_a_link_that_never_expires_is_named() -> None:
    (found,) = expired(case(seen(ActionId.PRESIGNED_EXPIRED, 200, Outcome.WRONG, open="yes")))
    assert found.id == "archive-link-never-expires"
    assert list(expired(case(seen(ActionId.PRESIGNED_EXPIRED, 403)))) == []

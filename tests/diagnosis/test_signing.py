"""A refused signature: a wrong secret or a proxy, by what the experiments were answered."""

from __future__ import annotations

from s3probe.diagnosis.model import Certainty, Finding
from s3probe.evidence.vocabulary import Experiment
from tests.diagnosis.env_cases import AWS, CUSTOM, with_line
from tests.diagnosis.wire_cases import ExaminedFile, healthy

SIGNATURE = (403, "SignatureDoesNotMatch", "does not match")
REFUSED = healthy(CUSTOM).stopped(*SIGNATURE).row(Experiment.UNKNOWN_KEY, 403, "InvalidAccessKeyId", "no such key")


def form(seen: ExaminedFile, *right: object, wrong: tuple[object, ...] = SIGNATURE) -> ExaminedFile:
    seen = seen.row(Experiment.FORM, *right, s3="yes")  # type: ignore[arg-type]  # status, code, message
    return seen.row(Experiment.FORM_WRONG_SECRET, *wrong, s3="yes")  # type: ignore[arg-type]  # as above


def told(seen: ExaminedFile) -> tuple[str, Certainty]:
    found = seen.findings[0]
    return found.id, found.certainty


PROXY = ("proxy-rewrites-host-before-s3", Certainty.CERTAIN)
SECRET = ("wrong-secret-key", Certainty.CERTAIN)
EITHER = ("wrong-secret-key", Certainty.LIKELY)


def test_where_nothing_decides_both_causes_are_named() -> None:
    assert told(REFUSED) == EITHER
    found = REFUSED.findings[0]
    assert "proxy" in (found.how_known or "")
    assert [fix.kind for fix in found.fixes] == ["env", "server", "manual"]


def test_a_form_that_is_refused_for_another_reason_clears_the_secret() -> None:
    assert told(form(REFUSED, 400, "EntityTooSmall", "too small")) == PROXY
    # the same code with other words: Ceph
    denied = (403, "AccessDenied", "")
    assert told(form(REFUSED, 403, "AccessDenied", "Policy expired", wrong=denied)) == PROXY


def test_a_form_that_is_refused_like_a_wrong_one_shows_that_the_secret_is() -> None:
    assert told(form(REFUSED, *SIGNATURE)) == SECRET


def test_a_store_that_takes_no_forms_decides_nothing() -> None:
    no = (405, "MethodNotAllowed", "not allowed")
    assert told(form(REFUSED, *no, wrong=no)) == EITHER
    # nor does an error that came in between
    assert told(form(REFUSED, 503, "SlowDown", "slow down")) == EITHER


def test_a_signature_without_a_host_decides_as_well() -> None:
    assert told(REFUSED.row(Experiment.SIGNATURE_V2)) == PROXY
    assert told(REFUSED.row(Experiment.SIGNATURE_V2, *SIGNATURE)) == SECRET
    # Versity calls Signature V2 a lack of rights
    assert told(REFUSED.denied(Experiment.SIGNATURE_V2)) == EITHER


def test_a_form_that_misses_a_bucket_nobody_asked_for_shows_what_arrives() -> None:
    """Ceph takes a host that it does not know for the bucket, before it looks at a signature; V2 then fails as well."""
    old = REFUSED.row(Experiment.SIGNATURE_V2, *SIGNATURE)

    def missed(bucket: str) -> ExaminedFile:
        forms = (Experiment.FORM, Experiment.FORM_WRONG_SECRET)
        seen = old
        for name in forms:
            seen = seen.row(name, 404, "NoSuchBucket", "", s3="yes", other_bucket=bucket)
        return seen

    assert told(missed("localhost")) == PROXY
    assert told(missed("s3.example.net")) == EITHER
    assert told(old) == SECRET


def test_a_signature_for_the_name_without_its_port_shows_what_arrives() -> None:
    assert told(REFUSED.row(Experiment.SIGNED_WITHOUT_PORT)) == PROXY
    assert told(REFUSED.row(Experiment.SIGNED_WITHOUT_PORT, *SIGNATURE)) == EITHER


def test_a_path_that_is_taken_away_is_no_line_about_the_host() -> None:
    below = healthy(with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net/s3")).stopped(*SIGNATURE)
    found = below.row(Experiment.SIGNED_WITHOUT_PATH).findings[0]
    assert found.id == PROXY[0]
    assert "/s3" in _fix(found)
    assert "Host" in _fix(REFUSED.row(Experiment.SIGNED_WITHOUT_PORT).findings[0])


def test_what_the_answer_shows_needs_no_experiment() -> None:
    bucket = "/files-example"
    shown = healthy(CUSTOM).stopped(*SIGNATURE, signed_host="s3.example.net", signed_path=f"{bucket}/x.png")
    assert told(shown.row(Experiment.UNKNOWN_KEY, 403, "InvalidAccessKeyId")) == PROXY
    url = "https://s3.example.net/files-example/a%20b.png"
    same = healthy(CUSTOM).stopped(*SIGNATURE, signed_host="s3.example.net", signed_path=f"{bucket}/a b.png", url=url)
    assert told(same.row(Experiment.UNKNOWN_KEY, 403, "InvalidAccessKeyId")) == SECRET


def test_no_proxy_stands_before_a_providers_own_host() -> None:
    assert told(healthy(AWS).stopped(*SIGNATURE)) == SECRET


def _fix(found: Finding) -> str:
    return str(found.fixes[0])

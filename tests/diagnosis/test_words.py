"""Sentences about answers: nobody answers a request that found no host, and a clock is off by so much."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.bucket_switches import public_access_block
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.fixes import duration
from s3probe.diagnosis.model import BucketSetting, Finding, IamAllow
from s3probe.diagnosis.rules.acl import _ladder_words
from s3probe.diagnosis.words import answered, of_the_storage, words
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ExperimentWith, Fact
from s3probe.records import replace
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import L, cors

KEY = "arn:aws:kms:eu-west-2:123456789012:key/1234abcd"


def of_kms(message: str) -> Finding:
    case = L.denied(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.ARCHIVE_PUT, message=message)
    return next(f for f in diagnose(case.settings, case.evidence) if f.id == "kms-key-not-allowed")


def test_without_a_connection_nobody_answered() -> None:
    seen = Observation(
        ActionId.PUBLIC_GET,
        "",
        "GET",
        Actor.VISITOR,
        Outcome.UNREACHABLE,
        network=NetworkFault.DNS,
        message="a.example does not exist",
    )
    assert words(seen) == "a.example does not exist"
    assert of_the_storage(seen) == "GET failed: a.example does not exist"


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 second"), (-90, "90 seconds"), (1200, "20 minutes"), (-7200, "2 hours")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_kms_key_that_is_named_can_be_allowed() -> None:
    told = of_kms(f"User: u is not authorized to perform: kms:GenerateDataKey on resource: {KEY}")
    grant = told.fixes[1]
    assert isinstance(grant, IamAllow)
    assert (grant.actions, grant.resources) == (("kms:GenerateDataKey", "kms:Decrypt"), (KEY,))


def test_no_right_is_invented_for_a_kms_key_that_is_not_named() -> None:
    told = of_kms("User: u is not authorized to perform: kms:GenerateDataKey")
    assert [type(fix) for fix in told.fixes] == [BucketSetting]


REFUSED = "User: arn:aws:iam::123456789012:user/mastodon is not authorized to perform: s3:PutObjectAcl on resource: "


def seen_as(network: NetworkFault | None, message: str, url: str = "") -> Observation:
    outcome = Outcome.UNREACHABLE if network else Outcome.DENIED
    status, code = (None, None) if network else (403, "AccessDenied")
    return Observation(
        ActionId.PUT_WITH_ACL, "", "PutObject", Actor.MASTODON, outcome, url=url, network=network, message=message,
        http_status=status, error_code=code,
    )  # fmt: skip


def test_what_was_asked_is_told_in_a_persons_words_where_there_are_some() -> None:
    seen = seen_as(None, "Access Denied")
    assert answered(seen) == "uploading was answered 403 AccessDenied: Access Denied"
    assert of_the_storage(seen) == "the storage answered 403 AccessDenied: Access Denied"
    told = answered(replace(seen, operation="GetBucketAcl", message="{answer}"))
    assert told == "GetBucketAcl was answered 403 AccessDenied: {answer}"


def test_the_servers_last_stop_does_not_stand_within_a_sentence() -> None:
    assert words(seen_as(None, "Access Denied.")) == "403 AccessDenied: Access Denied"


def test_a_refusal_that_differs_in_the_name_of_the_file_alone_is_quoted_once() -> None:
    files = {acl: f"https://b.s3.eu-west-2.amazonaws.com/m/{acl}.png" for acl in ("public-read", "private")}
    table = {acl: seen_as(None, f'{REFUSED}"{url}"', url) for acl, url in files.items()}
    assert _ladder_words(table, table["public-read"]) == ["It is the same with private"]
    passed = Observation(ActionId.PUT_WITH_ACL, "", "PutObject", Actor.MASTODON, Outcome.OK, http_status=200)
    others = {"bucket-owner-full-control": passed, **table}
    assert _ladder_words(others, table["public-read"]) == [
        "It is the same with private",
        "With bucket-owner-full-control it passed",
    ]
    table["private"] = seen_as(None, "Access Denied", files["private"])
    assert "With private it failed: 403 AccessDenied: Access Denied" in _ladder_words(table, table["public-read"])


@pytest.mark.parametrize(("message", "number"), [(f"{REFUSED}x", "123456789012"), ("Access Denied", "<account id>")])
def test_the_account_is_the_one_that_an_answer_showed(message: str, number: str) -> None:
    file = L.denied(ActionId.PUT_WITH_ACL, message=message)
    fix = public_access_block(Case(file.settings, file.evidence), Fact.BLOCK_PUBLIC_ACLS, account=True)
    assert f"--account-id {number} " in fix.command


OTHER = "https://other.example"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (cors(L).row(ExperimentWith.CORS.of(OTHER), origin=OTHER), f"allows {OTHER}, and not https://mastodon.example"),
        (
            cors(L, "https://www.mastodon.example"),
            "allows https://www.mastodon.example, and not https://mastodon.example",
        ),
        (
            cors(L).row(
                Experiment.CORS_PREFLIGHT, 403, "AccessForbidden", "CORSResponse: This CORS request is not allowed."
            ),
            "leaves out https://mastodon.example, or the method GET",
        ),
    ],
)
def test_a_cors_rule_is_told_by_whom_it_is_known_to_allow(seen: ExaminedFile, said: str) -> None:
    told = [f.title for f in diagnose(seen.settings, seen.evidence) if f.id == "cors-origin-mismatch"]
    assert told == [f"The CORS rule {said}"]

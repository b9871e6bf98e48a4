"""What MinIO says of a key's policies: which rights they give in all of Mastodon's folders, and deny in any."""

from __future__ import annotations

from typing import Any

import pytest

from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.probe.account import rights
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.recommended import RECOMMENDED, minio
from s3probe.sandbox.scenario import BUCKET, Scenario
from s3probe.sandbox.statements import Statement
from tests.runs import run, settings_of

ARN = f"arn:aws:s3:::{BUCKET}"
FILES = f"{ARN}/*"


def _says(effect: str, action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


PUT = _says("Allow", ["s3:PutObject"], [FILES])


@pytest.mark.parametrize(
    ("statements", "allows", "denies", "denies_if"),
    [
        ([], "", "", ""),
        ([PUT], "s3:PutObject", "", ""),
        ([_says("Allow", "s3:Put*", "*")], "s3:PutObject s3:PutObjectAcl", "", ""),
        ([_says("Allow", "S3:PUTOBJECT", FILES)], "s3:PutObject", "", ""),
        # MinIO reads the files' ARN as the bucket's, too
        ([_says("Allow", "s3:ListBucket", FILES)], "s3:ListBucket", "", ""),
        ([_says("Allow", "s3:ListBucket", ARN)], "s3:ListBucket", "", ""),
        # one folder of many is not all
        ([_says("Allow", "s3:PutObject", f"{ARN}/media_attachments/*")], "", "", ""),
        ([_says("Allow", "s3:PutObject", "arn:aws:s3:::other/*")], "", "", ""),
        ([_says("Allow", "s3:PutObject", FILES, Condition={"Bool": {"aws:SecureTransport": "true"}})], "", "", ""),
        ([PUT, _says("Deny", "s3:PutObject", f"{ARN}/backups/*")], "", "s3:PutObject", ""),
        ([PUT, _says("Deny", "s3:PutObject", f"{ARN}/somewhere/*")], "s3:PutObject", "", ""),
        ([PUT, _says("Deny", "s3:PutObject", FILES, Condition={"IpAddress": {}})], "", "", "s3:PutObject"),
        ([PUT, {"Effect": "Deny", "NotAction": "s3:PutObject", "Resource": FILES}], "s3:PutObject",
         "s3:PutObjectAcl s3:GetObject s3:DeleteObject s3:AbortMultipartUpload s3:ListBucket", ""),
        ([PUT, {"Effect": "Deny", "Action": "s3:PutObject", "NotResource": FILES}], "s3:PutObject", "", ""),
    ],
)  # fmt: skip
def test_statements_are_read_as_the_server_reads_them(
    statements: list[dict[str, object]], allows: str, denies: str, denies_if: str
) -> None:
    facts = rights(statements, settings_of(minio()))
    found = facts[Fact.ALLOWS], facts[Fact.DENIES], facts[Fact.DENIES_IF], facts[Fact.COUNT]
    assert found == (allows, denies, denies_if, str(len(statements)))


def _asked(name: str, change: Any = lambda scenario: scenario) -> list[str]:
    ran = run(change(RECOMMENDED[name]()))
    return [one.path for one in ran.requests if one.operation == "AccountInfo"]


def test_it_is_asked_once_where_something_is_refused_and_of_minio_alone() -> None:
    assert _asked("minio") == []
    assert _asked("minio", without("s3:DeleteObject")) == ["/minio/admin/v3/accountinfo"]
    assert _asked("versitygw", without("s3:DeleteObject")) == []


def test_where_a_proxy_hides_that_address_a_missing_right_is_likely_and_the_deny_is_told_of() -> None:
    scenario = without("s3:DeleteObject")(minio()).with_personality(account_info="")
    report = run(scenario).report
    (found,) = (one for one in report.findings if one.id == "iam-missing-deleteobject")
    asked = report.evidence.get(Experiment.ACCOUNT)
    assert asked is not None
    assert not asked.ok
    assert found.certainty == "likely"
    assert "mc admin policy entities ALIAS --user KEY" in getattr(found.fixes[0], "note", "")
    assert found.because == (ActionId.DELETE,)


def test_links_to_archives_alone_are_denied() -> None:
    """Mastodon reads no archive, it signs links to them: nothing that is its own request was refused."""

    def denied(scenario: Scenario) -> Scenario:
        deny = Statement("Deny", ("s3:GetObject",), (f"{ARN}/backups/*",))
        return scenario.with_user(identity=(*scenario.user.identity, deny))

    report = run(denied(minio())).report
    asked = report.evidence.get(Experiment.ACCOUNT)
    assert asked is not None
    assert asked.facts[Fact.DENIES] == "s3:GetObject"
    assert [one.id for one in report.findings] == ["explicit-deny-policy"]

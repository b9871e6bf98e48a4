"""Made-up settings, evidence and reports for the tests of codec, report and command line."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    Certainty,
    Consequence,
    EnvFix,
    Finding,
    IamAllow,
    Manual,
    Proof,
    ProofState,
    ServerFix,
    Severity,
    TrialRun,
)
from s3probe.evidence.observations import Cleanup, Cost, Evidence, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, ObservationId
from s3probe.report.model import Report, Subject
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Environment, Note, NoteKind, RaisedAt, RaisedError, Settings, Variable

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SHORT_KEY_ID = "AKIA…MPLE"
ENV = ".env.production"


def environment(**more: str) -> Environment:
    values = {
        "LOCAL_DOMAIN": "mastodon.example",
        "DB_PASS": "correct-horse-battery-staple",
        "S3_ENABLED": "true",
        "S3_BUCKET": "files-example",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "S3_ALIAS_HOST": "files.example.com",
    } | more
    variables = {n: Variable(n, v, ENV, line, v) for line, (n, v) in enumerate(values.items(), 1)}
    variables["HOME"] = Variable("HOME", "/home/alice")
    notes = (Note(NoteKind.TRUNCATED_BY_HASH, ENV, 6, "AWS_SECRET_ACCESS_KEY"),)
    return Environment(MappingProxyType(variables), (ENV,), notes)


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "environment": environment(),
        "storage": "s3",
        "bucket": "files-example",
        "region": "eu-west-2",
        "endpoint": None,
        "api_base": "https://s3.eu-west-2.amazonaws.com",
        "path_style": False,
        "override_path_style": False,
        "credentials": Credentials(KEY_ID, Secret(SECRET)),
        "acl": "public-read",
        "archive_acl": "private",
        "key_prefix": "",
        "protocol": "https",
        "hostname": "s3-eu-west-2.amazonaws.com",
        "hostname_is_default": True,
        "alias_host": "files.example.com",
        "storage_class": None,
        "cache_control": "public, max-age=315576000, immutable",
        "multipart_threshold": 15728640,
        "open_timeout": 5,
        "read_timeout": 5,
        "signature_version": "v4",
        "force_single_request": False,
        "request_checksums": "when_supported",
        "response_checksums": "when_supported",
        "proxy": None,
        "ca_file": None,
        "web_domain": "mastodon.example",
        "csp_media_hosts": ("https://files.example.com",),
        "troubles": (RaisedError(RaisedAt.CLIENT, "ArgumentError", "made up", "S3_BUCKET"),),
    }
    return Settings(**(values | changes))


def observation(action: ObservationId, title: str = "", outcome: Outcome = Outcome.OK, **more: Any) -> Observation:
    values: dict[str, Any] = {"operation": "GetObject", "actor": Actor.MASTODON, "seconds": 0.05}
    if outcome is Outcome.OK:
        values["http_status"] = 200
    return Observation(action, title or f"Mastodon can {action}", outcome=outcome, **(values | more))


UPLOAD: dict[str, Any] = {"operation": "PutObject", "needs": ("s3:PutObject", "s3:PutObjectAcl")}

HEALTHY = (
    observation(ActionId.REACH_ENDPOINT, "The S3 API at s3.eu-west-2.amazonaws.com answers", operation="GET"),
    observation(ActionId.CLOCK, "This machine's clock agrees with the S3 server's", operation="GET"),
    observation(ActionId.PUT_WITH_ACL, "Mastodon can upload a file with ACL public-read", **UPLOAD),
    observation(ActionId.PUT_WITHOUT_ACL, "Mastodon can upload a file without an ACL", operation="PutObject"),
    observation(ActionId.GET, "Mastodon can read a file back", needs=("s3:GetObject",)),
    observation(ActionId.DELETE, "Mastodon can delete a file", operation="DeleteObject", http_status=204),
    observation(ActionId.PUBLIC_GET, "Visitors can see an uploaded file", operation="GET", actor=Actor.VISITOR),
    observation(ActionId.PUBLIC_LIST, "Visitors cannot list the bucket", operation="GET", actor=Actor.VISITOR),
    observation(ActionId.ARCHIVE_PUT, "Mastodon can upload a user's archive with ACL private", **UPLOAD),
    observation(ActionId.ARCHIVE_PUBLIC_GET, "Visitors cannot read a user's archive", actor=Actor.VISITOR),
)

ACL_DISABLED = Finding(
    id="acl-disabled-bucket-owner-enforced",
    severity=Severity.FAILURE,
    certainty=Certainty.CERTAIN,
    title="The bucket has ACLs disabled, but Mastodon sends one with every upload",
    consequence="Every upload fails with Aws::S3::Errors::AccessControlListNotSupported",
    how_known="The same upload succeeds without an ACL and is refused with one: “The bucket does not allow ACLs”.",
    setting="S3_PERMISSION",
    because=(ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    explains=(ActionId.ARCHIVE_PUT,),
    fixes=(
        EnvFix("S3_PERMISSION", "", 14),
        BucketSetting(
            "object-ownership",
            "BucketOwnerPreferred",
            "aws s3api put-bucket-ownership-controls --bucket files-example "
            "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'",
        ),
    ),
    links=("https://docs.joinmastodon.org/admin/optional/object-storage/",),
)

DELETE_DENIED = Finding(
    id="missing-delete-object",
    severity=Severity.WARNING,
    certainty=Certainty.LIKELY,
    title="The key may not delete files",
    consequence="Deleted media stays in the bucket for ever, and Mastodon says nothing",
    how_known="DeleteObject was answered with 403 AccessDenied.",
    permission="s3:DeleteObject",
    because=(ActionId.DELETE,),
    fixes=(
        IamAllow(("s3:DeleteObject",), ("arn:aws:s3:::files-example/*",)),
        BucketPolicy(
            MappingProxyType(
                {
                    "Effect": "Allow",
                    "Principal": MappingProxyType({"AWS": "arn:aws:iam::111122223333:user/mastodon"}),
                    "Action": ("s3:DeleteObject",),
                    "Resource": "arn:aws:s3:::files-example/*",
                }
            )
        ),
        ServerFix("nginx", "proxy_method_allow DELETE", "This is for a proxy that stands in between."),
        Manual("Ask the provider whether the key was made for writing only."),
    ),
)


def _broken() -> tuple[Observation, ...]:
    changed = {
        ActionId.PUT_WITH_ACL: observation(
            ActionId.PUT_WITH_ACL,
            "Mastodon can upload a file with ACL public-read",
            Outcome.REJECTED,
            http_status=400,
            error_code="AccessControlListNotSupported",
            message="The bucket does not allow ACLs",
            headers=MappingProxyType({"server": "AmazonS3"}),
            **UPLOAD,
        ),
        ActionId.ARCHIVE_PUT: observation(
            ActionId.ARCHIVE_PUT,
            "Mastodon can upload a user's archive with ACL private",
            Outcome.REJECTED,
            http_status=400,
            error_code="AccessControlListNotSupported",
            **UPLOAD,
        ),
        ActionId.ARCHIVE_PUBLIC_GET: observation(
            ActionId.ARCHIVE_PUBLIC_GET,
            "Visitors cannot read a user's archive",
            Outcome.SKIPPED,
            actor=Actor.VISITOR,
            reason="the archive could not be uploaded",
        ),
        "delete": observation(
            ActionId.DELETE,
            "Mastodon can delete a file",
            Outcome.DENIED,
            operation="DeleteObject",
            http_status=403,
            error_code="AccessDenied",
        ),
    }
    return tuple(changed.get(o.id, o) for o in HEALTHY)


BROKEN = _broken()

UNREACHABLE = (
    observation(
        ActionId.REACH_ENDPOINT,
        "The S3 API at s3.eu-west-2.amazonaws.com answers",
        Outcome.UNREACHABLE,
        operation="GET",
        network=NetworkFault.READ_TIMEOUT,
        message="no answer within 5 seconds",
    ),
    observation(ActionId.GET, "Mastodon can read a file back", Outcome.SKIPPED, reason="the endpoint was not reached"),
)


def evidence(observations: tuple[Observation, ...] = HEALTHY, **changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "run": Run("k3v9x2", "2026-11-23T18:00:00Z", 1.84, "full"),
        "cleanup": Cleanup(9, 9),
        "cost": Cost(24, MappingProxyType({"PutObject": 5, "GetObject": 19}), 10423, 31022),
    }
    return Evidence(observations=observations, **(values | changes))


SUBJECT = Subject(
    source=ENV,
    bucket="files-example",
    region="eu-west-2",
    endpoint="https://s3.eu-west-2.amazonaws.com",
    provider="aws-s3",
    addressing="virtual-host",
    acl="public-read",
    key_prefix="",
    public_base="https://files.example.com/",
    access_key_id=SHORT_KEY_ID,
)

LEFT = Cleanup(9, 7, ("media_attachments/files/s3probe/k3v9x2/a.png", "backups/s3probe/k3v9x2/b.zip?uploadId=x7"))

REGION = EnvFix("S3_REGION", "eu-west-2", 6)
ENDPOINT = EnvFix("S3_ENDPOINT", "https://s3.eu-west-2.amazonaws.com", 7, together=True)
WRONG_REGION = Finding(
    id="region-wrong-aws-regional-endpoint",
    severity=Severity.FAILURE,
    certainty=Certainty.CERTAIN,
    title="S3_REGION is eu-west-1, but the bucket is in another region",
    consequence="Every upload fails with Aws::S3::Errors::PermanentRedirect",
    how_known="The storage answered 301 PermanentRedirect.",
    setting="S3_REGION",
    because=(ActionId.PUT_WITH_ACL,),
    fixes=(
        replace(
            REGION, proof=Proof(ProofState.TRIED, passed=(ActionId.PUT_WITH_ACL,), fine=9, not_fine=1, requests=24)
        ),
        ENDPOINT,
        BucketSetting(
            "acl",
            "private",
            "aws s3api put-bucket-acl --bucket files-example --acl private",
            proof=Proof(ProofState.UNTRIED, "s3probe never changes a bucket. Run s3probe check again after it"),
        ),
    ),
)
BEHIND = replace(DELETE_DENIED, fixes=(), remark="It was seen only after this change: S3_REGION=eu-west-2.")
TRIED = TrialRun((REGION, ENDPOINT), evidence(cleanup=Cleanup(9, 9)), "region-wrong-aws-regional-endpoint is gone")
FOLLOWED = Consequence(
    "object-not-found-public-key-mismatch",
    Severity.FAILURE,
    "The public URL leads to another place",
    WRONG_REGION.id,
)

REPORTS: dict[str, Report] = {
    "healthy": Report(SUBJECT, evidence(), ()),
    "broken": Report(SUBJECT, evidence(BROKEN, cleanup=LEFT), (ACL_DISABLED, DELETE_DENIED)),
    "unknown": Report(SUBJECT, evidence(UNREACHABLE), ()),
    "tried": Report(SUBJECT, evidence(BROKEN), (WRONG_REGION, BEHIND), (), (FOLLOWED,), (TRIED,)),
}

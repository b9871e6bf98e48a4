"""What a fix prints for rights, public reading and CORS: the server's own way, complete, and nothing that does harm."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    Certainty,
    EnvFix,
    Finding,
    IamAllow,
    Manual,
    ServerFix,
    Severity,
)
from s3probe.disguise import MARK
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.report.fix_words import fix_in_words
from tests.aws_command import read
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import NO_SUCH_KEY, A, C, cors, provider
from tests.every import every

NO_ACL = "S3_PERMISSION="
LEAST = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
MINIO = provider("minio.example.net", NO_ACL)
CEPH = provider("radosgw.example.net")
LISTED = (ActionId.PUBLIC_LIST, ActionId.PUBLIC_UPLOADS)
EVERYONE_LISTS = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": ["s3:ListBucket"],
    "Resource": "arn:aws:s3:::files-example",
}
A_COLLEAGUE = {"Sid": "Backup", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:user/backup"}, "Action": "s3:*",
               "Resource": "arn:aws:s3:::files-example/*"}  # fmt: skip


def of(seen: ExaminedFile, finding_id: str) -> Finding:
    return next(found for found in seen.findings if found.id == finding_id)


def listed(seen: ExaminedFile, *more: ActionId) -> ExaminedFile:
    for action in (ActionId.PUBLIC_LIST, *more):
        seen = seen.row(action, outcome=Outcome.WRONG, listing="yes")
    return seen


def policy(seen: ExaminedFile, *statements: Mapping[str, object]) -> ExaminedFile:
    """The key may read the policy."""
    return seen.row(Experiment.READ_POLICY, statements=json.dumps(statements))


def sids(fix: object) -> list[object]:
    assert isinstance(fix, BucketSetting)
    return [statement.get("Sid") for statement in json.loads(fix.value)["Statement"]]


@every("action", [ActionId.PUT_WITHOUT_ACL, ActionId.DELETE, ActionId.LIST, ActionId.MULTIPART_ABORT])
def test_one_missing_right_gets_the_whole_recipe(action: ActionId) -> None:
    """A policy of a name replaces the one of that name: with one right in it, it would take all others away."""
    (found,) = [found for found in MINIO.denied(action).findings if found.id.startswith("iam-missing")]
    fix = found.fixes[0]
    assert isinstance(fix, IamAllow)
    for right in ("PutObject", "GetObject", "DeleteObject", "AbortMultipartUpload", "ListBucket"):
        assert f'"s3:{right}"' in fix.command
    assert "s3:PutObjectAcl" not in fix.command
    assert "mc admin policy create ALIAS s3probe-files-example mastodon-key.json" in fix.command
    assert "mc admin accesskey edit ALIAS KEY --policy mastodon-key.json" in fix.command
    assert fix_in_words(fix, ".env.production").block == fix.command


def test_the_recipe_writes_the_file_that_it_reads() -> None:
    fix = of(MINIO.denied(ActionId.LIST), "iam-missing-listbucket").fixes[0]
    assert isinstance(fix, IamAllow)
    words = shlex.split(fix.command.partition(" && ")[0])
    assert (words[0], words[2]) == ("echo", ">mastodon-key.json")
    assert json.loads(words[1])["Version"] == "2012-10-17"


def test_elsewhere_the_missing_right_alone_is_allowed() -> None:
    fix = of(A.denied(ActionId.LIST), "iam-missing-listbucket").fixes[0]
    assert isinstance(fix, IamAllow)
    assert (fix.actions, fix.command) == (("s3:ListBucket",), "")
    _operation, given = read(fix.adds)
    assert json.loads(given["PolicyDocument"])["Statement"][0]["Action"] == ["s3:ListBucket"]


def test_a_prefix_is_in_the_name_of_the_policy() -> None:
    seen = provider("minio.example.net", NO_ACL, "S3_KEY_PREFIX=two/parts").denied(ActionId.LIST)
    fix = of(seen, "iam-missing-listbucket").fixes[0]
    assert isinstance(fix, IamAllow)
    assert " s3probe-files-example-two-parts " in fix.command


def test_rights_that_a_store_gives_as_one_are_one_finding() -> None:
    refused = (ActionId.PUT_WITHOUT_ACL, ActionId.DELETE, ActionId.MULTIPART_ABORT)
    garage = provider("s3.garage.example", NO_ACL, "S3_ALIAS_HOST=files.example.com")
    assert garage.denied(*refused).named == ("iam-missing-putobject",)
    named = [name for name in MINIO.denied(*refused).named if name.startswith("iam-missing")]
    assert named == ["iam-missing-putobject", "iam-missing-deleteobject", "iam-missing-abortmultipart"]


@every("line", [NO_ACL, "S3_PERMISSION=public-read"])
def test_where_acls_open_nothing_an_open_listing_is_closed_by_the_policy_that_shows_media(line: str) -> None:
    """Without a policy every picture would be refused."""
    seen = listed(provider("minio.example.net", line), ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_VERSIONS)
    fix = of(seen, "bucket-listable-policy").fixes[0]
    assert sids(fix) == ["MastodonPublicMedia"]
    assert isinstance(fix, BucketSetting)
    assert fix.command.endswith(
        " >mastodon-media.json && mc anonymous set-json mastodon-media.json ALIAS/files-example"
    )


def test_where_acls_count_one_may_be_it() -> None:
    seen = listed(CEPH, ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_VERSIONS)
    fix = of(seen, "bucket-listable-acl").fixes[0]
    assert isinstance(fix, BucketSetting)
    assert fix.setting == "acl"


def test_where_nobody_may_read_acl_and_policy_both_are_set() -> None:
    """Versity's ACL opens all three listings, whatever the policy says."""
    versity = provider("versity.example.net", NO_ACL).denied(Experiment.READ_POLICY, Experiment.BUCKET_ACL)
    seen = listed(versity, ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_VERSIONS)
    fix = of(seen, "bucket-listable-acl").fixes[0]
    assert isinstance(fix, BucketSetting)
    policy_of, _and, acl_of = fix.command.partition(" && ")
    assert "put-bucket-policy" in policy_of
    assert "put-bucket-acl" in acl_of
    assert "bucket-listable-acl" not in listed(versity, ActionId.PUBLIC_VERSIONS).named


def test_who_writes_to_a_store_without_acls_does_so_by_a_policy() -> None:
    seen = listed(MINIO, ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_VERSIONS)
    seen = seen.row(ActionId.PUBLIC_WRITE, outcome=Outcome.WRONG, write="open")
    assert sids(of(seen, "anonymous-write-allowed").fixes[0]) == ["MastodonPublicMedia"]


def test_a_policy_that_the_key_may_read_keeps_what_is_not_for_everyone() -> None:
    fix = of(policy(listed(A.line(NO_ACL)), EVERYONE_LISTS, A_COLLEAGUE), "bucket-listable-policy").fixes[0]
    assert sids(fix) == ["Backup", "MastodonPublicMedia"]
    unread = of(listed(A.line(NO_ACL)), "bucket-listable-policy").fixes[0]
    assert sids(unread) == ["MastodonPublicMedia"]
    assert "It replaces the whole policy" in unread.warning  # type: ignore[union-attr]


UNREADABLE = [{"statements": text} for text in ("[" * 100_000, "null", "1e999", "[", '{"Sid": "x"}')]


@every(
    "told", [{}, *UNREADABLE, {"statements": json.dumps([EVERYONE_LISTS, A_COLLEAGUE]).replace("1:user/backup", MARK)}]
)
def test_a_policy_of_which_a_part_is_not_known_is_not_kept(told: dict[str, Any]) -> None:
    """It is longer than what is kept, or a secret stood in it: what is printed would lose or spoil that."""
    for line in (NO_ACL, "S3_PERMISSION=public-read"):
        seen = listed(A.line(line))
        read = seen.row(Experiment.READ_POLICY, **told)  # facts, by name
        fix = of(read, "bucket-listable-policy").fixes[0]
        assert isinstance(fix, BucketSetting)
        assert MARK not in fix.command
        assert "keep statements of your own" in fix.warning
    whole = of(policy(listed(A.line(NO_ACL)), EVERYONE_LISTS, A_COLLEAGUE), "bucket-listable-policy").fixes[0]
    assert "keeps the statements that are there" in whole.warning  # type: ignore[union-attr]


def test_a_policy_goes_as_a_whole_only_where_files_are_open_without_it() -> None:
    alone = of(policy(listed(A), EVERYONE_LISTS), "bucket-listable-policy").fixes[0]
    assert isinstance(alone, BucketSetting)
    assert (alone.value, "delete-bucket-policy" in alone.command) == ("", True)
    assert sids(of(policy(listed(A), EVERYONE_LISTS, A_COLLEAGUE), "bucket-listable-policy").fixes[0]) == ["Backup"]


def test_where_the_store_said_that_there_is_no_policy_none_is_removed_or_set() -> None:
    none = listed(MINIO).row(Experiment.READ_POLICY, 404, "NoSuchBucketPolicy")
    assert isinstance(of(none, "bucket-listable-policy").fixes[0], Manual)
    unknown = listed(C).row(Experiment.READ_POLICY, 501, "NotImplemented")
    assert isinstance(of(unknown, "bucket-listable-policy").fixes[0], Manual)


def test_the_right_to_set_an_acl_is_offered_only_where_acls_do_something() -> None:
    refused = provider("minio.example.net").denied(ActionId.PUT_ACL_PRIVATE)
    assert of(refused, "suspension-acl-call-crashes").fixes == (EnvFix("S3_PERMISSION", "", None),)
    first, second = of(CEPH.denied(ActionId.PUT_ACL_PRIVATE), "suspension-acl-call-crashes").fixes
    assert isinstance(first, IamAllow)
    assert isinstance(second, EnvFix)
    assert "the bucket itself is open" in second.note


def test_without_an_acl_media_are_opened_in_the_same_fix_where_visitors_are_refused() -> None:
    stops = provider("minio.example.net", "S3_PERMISSION=private").denied(ActionId.PUT_ACL_PRIVATE)
    (alone,) = of(stops, "suspension-acl-call-crashes").first_choice
    assert isinstance(alone, EnvFix)
    opening, line = of(stops.denied(ActionId.PUBLIC_GET), "suspension-acl-call-crashes").first_choice
    assert isinstance(opening, BucketSetting)
    assert "mc anonymous set-json" in opening.command
    assert isinstance(line, EnvFix)
    assert (line.variable, line.value) == ("S3_PERMISSION", "")


def test_where_acls_hide_nothing_that_is_a_notice() -> None:
    ignored = of(provider("minio.example.net").row(ActionId.PUT_ACL_PRIVATE, 501, "NotImplemented"), HIDDEN)
    assert (ignored.severity, type(ignored.fixes[0])) == (Severity.NOTICE, Manual)
    other = of(C.row(ActionId.PUT_ACL_PRIVATE, 501, "NotImplemented"), HIDDEN)
    assert (other.severity, type(other.fixes[0])) == (Severity.WARNING, EnvFix)


HIDDEN = "suspended-media-stays-public"


def test_any_word_is_taken_where_acls_are_forgotten() -> None:
    assert "permission-public-read-write" in C.line("S3_PERMISSION=public-read-write").named
    forgotten = provider("minio.example.net", "S3_PERMISSION=public-read-write")
    assert "permission-public-read-write" not in forgotten.named


def test_cors_is_set_where_the_server_has_it() -> None:
    fix = of(cors(MINIO), "cors-missing").fixes[0]
    assert isinstance(fix, BucketSetting)
    assert fix.command == "mc admin config set ALIAS api cors_allow_origin='*'"


def test_a_list_of_own_buckets_says_nothing_of_others() -> None:
    for storage, told in ((C, True), (MINIO, False)):
        shown = storage.row(Experiment.LIST_BUCKETS, names="files-example", count="1").row(
            Experiment.READ_POLICY, 404, "NoSuchBucketPolicy"
        )
        assert ("key-can-create-or-delete-buckets" in [found.id for found in shown.findings]) is told


def test_media_are_opened_by_the_whole_document_where_one_command_sets_it() -> None:
    assert sids(of(MINIO.denied(ActionId.PUBLIC_GET), "public-policy-missing").fixes[0]) == ["MastodonPublicMedia"]
    other = of(C.line(NO_ACL).denied(ActionId.PUBLIC_GET), "public-policy-missing").fixes[0]
    assert isinstance(other, BucketPolicy)


DELETED = MINIO.row(ActionId.DELETE, 204, headers={"x-amz-delete-marker": "true", "x-amz-version-id": "a1"})
END = {"x-amz-expiration": 'expiry-date="Tue, 01 Dec 2026 00:00:00 GMT", rule-id="old"'}


def test_old_versions_that_tell_their_end_are_no_trouble() -> None:
    assert "versioning-delete-markers" in DELETED.named
    assert "versioning-delete-markers" in DELETED.row(Experiment.OLD_VERSION).named
    told = DELETED.row(Experiment.OLD_VERSION, headers=END)
    assert "versioning-delete-markers" not in told.named
    # a store that says so of current files as well, says nothing of old ones
    assert "versioning-delete-markers" in told.row(ActionId.PUT_WITHOUT_ACL, headers=END).named


def test_a_disk_that_takes_no_files_is_named_where_it_is_answered_like_a_missing_right() -> None:
    seen = of(MINIO.denied(ActionId.PUT_WITHOUT_ACL), "iam-missing-putobject")
    assert (seen.certainty, type(seen.fixes[1])) == (Certainty.LIKELY, Manual)
    # nothing was left to delete either, so the disk may be well; a Deny may still be behind it
    other = of(MINIO.denied(ActionId.PUT_WITHOUT_ACL, ActionId.DELETE), "iam-missing-putobject")
    assert (other.certainty, len(other.fixes)) == (Certainty.LIKELY, 1)
    elsewhere = of(C.line(NO_ACL).denied(ActionId.PUT_WITHOUT_ACL), "iam-missing-putobject")
    assert (elsewhere.certainty, len(elsewhere.fixes)) == (Certainty.CERTAIN, 1)


@pytest.mark.parametrize(
    ("told", "found", "certainty", "how"),
    [
        ({"count": "1"}, "iam-missing-putobject", Certainty.CERTAIN, ""),
        ({"count": "1", "allows": "s3:PutObject"}, "disk-read-only", Certainty.LIKELY, "the key's policies allow it"),
        (
            {"count": "1", "allows": "s3:PutObject", "of_user": "yes"},
            "iam-missing-putobject",
            Certainty.CERTAIN,
            "the policies of its user allow it",
        ),
        (
            {"count": "2", "denies": "s3:PutObject"},
            "explicit-deny-policy",
            Certainty.CERTAIN,
            "a policy of the key's user, or of one of his groups, denies s3:PutObject",
        ),
        ({"count": "2", "denies_if": "s3:PutObject"}, "explicit-deny-policy", Certainty.LIKELY, "on a condition"),
    ],
)
def test_what_the_server_says_of_the_keys_policies_tells_them_apart(
    told: dict[str, Any], found: str, certainty: Certainty, how: str
) -> None:
    case = MINIO.row(Experiment.ACCOUNT, **told).denied(ActionId.PUT_WITHOUT_ACL)
    assert case.named == (found,)
    seen = of(case, found)
    assert (seen.certainty, len(seen.fixes)) == (certainty, 1)
    assert how in seen.how_known


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ({"count": "1"}, "mc admin policy attach ALIAS s3probe-files-example --user KEY"),
        ({"count": "1", "of_user": "yes"}, '--user "${owner:-KEY}"; }'),
        (
            {"count": "1", "of_user": "yes", "allows": " ".join(LEAST)},
            "mc admin accesskey edit ALIAS KEY --policy mastodon-key.json",
        ),
    ],
)
def test_the_command_is_that_for_a_user_or_for_an_access_key(told: dict[str, Any], command: str) -> None:
    case = MINIO.row(Experiment.ACCOUNT, **told).denied(ActionId.DELETE)
    fix = of(case, "iam-missing-deleteobject").fixes[0]
    assert isinstance(fix, IamAllow)
    assert fix.command.endswith(command)
    assert ("accesskey" in fix.command) is ("of_user" in told)


def slow_down(seen: ExaminedFile, code: str) -> ExaminedFile:
    for action in (ActionId.PUT_WITHOUT_ACL, ActionId.MULTIPART_CREATE, ActionId.ARCHIVE_PUT):
        seen = seen.row(action, 503, "SlowDownWrite", "unwritable")
    return seen.row(ActionId.BATCH_DELETE, outcome=Outcome.WRONG, per_key_errors="1", per_key_code=code)


def test_a_server_of_ones_own_is_looked_at_by_its_own_command() -> None:
    (found,) = [one for one in slow_down(MINIO, "SlowDownWrite").findings if one.severity is Severity.FAILURE]
    assert "mc admin info ALIAS" in str(found.fixes[0])
    other = slow_down(C.line(NO_ACL), "AccessDenied")
    assert "delete-objects-per-key-errors-ignored" in other.named
    assert not [one for one in other.findings if "mc admin" in str(one.fixes)]


def test_a_quota_and_a_full_disk_are_told_apart() -> None:
    quota = MINIO.row(ActionId.PUT_WITHOUT_ACL, 400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded")
    assert "mc quota clear ALIAS/files-example" in str(of(quota, "quota-or-cap-exceeded").fixes[0])
    full = of(MINIO.row(ActionId.PUT_WITHOUT_ACL, 507, "XMinioStorageFull", "full"), "quota-or-cap-exceeded")
    assert [str(fix).count("disk") for fix in full.fixes] == [1]


@every("code, named, told", [
    ("AccessDenied", "minio", True), ("NoSuchBucket", "minio", True), ("NoSuchBucket", "files-example", False),
    ("NoSuchBucket", "min", False),
])  # fmt: skip
def test_what_stands_before_the_servers_own_name_is_taken_for_a_bucket(code: str, named: str, told: bool) -> None:
    """MINIO_DOMAIN=example.net, and the API is asked for as minio.example.net."""
    other = "" if named == "files-example" else named
    seen = MINIO.stopped(403 if code == "AccessDenied" else 404, code, None, bucket=named, other_bucket=other)
    assert ("host-unknown-to-store" in seen.named) is told


def test_a_name_of_the_files_is_called_invalid_only_where_buckets_can_be_listed() -> None:
    seen = MINIO.stopped(400, "InvalidBucketName", "not valid")
    assert seen.named == ("bucket-name-invalid",)
    assert seen.row(Experiment.LIST_BUCKETS, 400, "InvalidBucketName").named == ("host-unknown-to-store",)


def test_where_an_expired_key_is_answered_like_an_unknown_one_its_command_stands_beside() -> None:
    for storage, told in ((MINIO, True), (C.line(NO_ACL), False)):
        refused = storage.stopped(*NO_SUCH_KEY)
        commands = [fix.value for fix in of(refused, "wrong-access-key-id").fixes if isinstance(fix, ServerFix)]
        assert (commands == ["mc admin accesskey edit ALIAS KEY --expiry-duration 8760h"]) is told

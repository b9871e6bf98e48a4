"""SeaweedFS: what opens a bucket is told by what strangers see, and closed by what opened it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.codec import load_saved
from s3probe.diagnosis.again import diagnose_again
from s3probe.diagnosis.model import BucketSetting, Finding, IamAllow
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ObservationId
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import C, L

PLAIN = C.line("S3_PERMISSION=")
SEAWEED = {"server": "SeaweedFS 30GB 4.44"}
NONE = (404, "NoSuchBucketPolicy", "The bucket policy does not exist")


def seaweed() -> ExaminedFile:
    """A bucket without a policy, opened by its ACL or by the identity anonymous; nobody may read the ACL."""
    start = PLAIN.row(ActionId.REACH_ENDPOINT, 403, "AccessDenied", outcome=Outcome.OK, headers=SEAWEED)
    start = start.row(Experiment.READ_POLICY, *NONE, outcome=Outcome.WRONG).denied(Experiment.BUCKET_ACL)
    return start.row(ActionId.PUBLIC_LIST, 200, outcome=Outcome.WRONG, listing="open")


def refused(examined: ExaminedFile, *names: ActionId) -> ExaminedFile:
    for name in names:
        examined = examined.row(name, 403, "AccessDenied", outcome=Outcome.OK)
    return examined


def slow(examined: ExaminedFile, *names: ObservationId) -> ExaminedFile:
    taking: dict[ObservationId, Observation] = {name: replace(examined.rows[name], seconds=1.2) for name in names}
    return replace(examined, rows={**examined.rows, **taking})


def command(found: Finding) -> str:
    (fix,) = found.fixes
    assert isinstance(fix, BucketSetting)
    return fix.command


def test_an_acl_opens_the_listing_alone_and_is_closed_after_a_policy() -> None:
    closed = (ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS, ActionId.PUBLIC_POLICY)
    (found,) = refused(seaweed(), *closed).findings
    assert found.id == "bucket-listable-acl"
    policy, _and, acl = command(found).partition(" && ")
    assert "put-bucket-policy" in policy
    assert "put-bucket-acl --bucket files-example --acl private" in acl


def test_the_identity_anonymous_opens_more_and_loses_its_rights() -> None:
    opened = seaweed().row(ActionId.PUBLIC_UPLOADS, 200, outcome=Outcome.WRONG, listing="open")
    (found,) = opened.row(ActionId.PUBLIC_POLICY, *NONE, outcome=Outcome.OK).findings
    assert found.id == "bucket-listable-policy"
    assert "-user anonymous -buckets files-example" in command(found)
    assert "-delete" in command(found)


@pytest.mark.parametrize("quick", [True, False])
def test_one_slow_upload_is_a_store_that_wakes_up(quick: bool) -> None:
    others = () if quick else (ActionId.PUT_WITH_ACL, ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)
    seen = slow(PLAIN.row(Experiment.PUT_UNANNOUNCED), ActionId.PUT_WITHOUT_ACL, *others)
    assert ("expect-100-continue-stalls" in [found.id for found in seen.findings]) is not quick


RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"


def first_of(name: str) -> Finding:
    """The first finding of a recorded run."""
    saved = load_saved((RECORDED / f"{name}.json").read_text())
    return next(iter(diagnose_again(saved.settings, saved.evidence, saved.trials)))


def told(name: str) -> str:
    return "\n".join(fix.command for fix in first_of(name).fixes if isinstance(fix, (BucketSetting, IamAllow)))


def test_rights_of_everyone_that_name_no_bucket_are_taken_away_whole() -> None:
    everywhere = "-buckets *,"
    assert everywhere in told("seaweedfs-anonymous-reads-all")
    assert everywhere not in told("seaweedfs-anonymous-reads-bucket")


def test_a_key_that_lives_by_policies_gets_one_and_another_gets_actions() -> None:
    assert "s3.policy.attach" in told("seaweedfs-policy-without-list")
    actions = told("seaweedfs-key-does-not-list")
    assert "s3.configure -user USER" in actions
    assert "s3.policy.attach" not in actions


def page(service: str, listing: str = "page") -> list[str]:
    at = L.row(ActionId.PUBLIC_LIST_ALIAS, 200, outcome=Outcome.WRONG, listing=listing, service=service)
    at = at.row(ActionId.ARCHIVE_PUBLIC_GET, 200, outcome=Outcome.WRONG, open="yes")
    return [found.id for found in at.findings]


def test_a_file_server_that_shows_folders_is_one_cause_with_the_archives_it_opens() -> None:
    assert page("SeaweedFS' filer") == ["proxy-lists-bucket-at-root"]
    assert "archive-dumps-world-readable" in page("")
    assert "archive-dumps-world-readable" in page("SeaweedFS' filer", listing="open")


@pytest.mark.parametrize(("media", "names"), [("old", ["lifecycle-expires-media"]), ("", [])])
def test_a_rule_is_read_where_no_answer_tells_of_it(media: str, names: list[str]) -> None:
    start = PLAIN.row(ActionId.REACH_ENDPOINT, 403, "AccessDenied", outcome=Outcome.OK, headers=SEAWEED)
    for examined, expected in ((start, names), (PLAIN, [])):  # others say so on each file
        seen = examined.row(Experiment.READ_LIFECYCLE, expiring="old", expiring_media=media, old_versions="stay")
        assert [found.id for found in seen.findings] == expected


@pytest.mark.parametrize(("shown", "name"), [(True, "explicit-deny-policy"), (False, "key-without-rights")])
def test_a_key_that_is_shown_the_bucket_and_refused_everything_meets_a_deny(shown: bool, name: str) -> None:
    every = [row for row in PLAIN.rows.values() if row.actor is Actor.MASTODON and not row.id.is_experiment]
    seen = PLAIN
    for row in every:
        seen = seen.denied(row.id)
    seen = seen.row(ActionId.REACH_ENDPOINT, 403, "AccessDenied", outcome=Outcome.OK, headers=SEAWEED)
    seen = seen.denied(Experiment.HEAD_BUCKET).denied(Experiment.READ_POLICY)
    names = "files-example" if shown else ""
    seen = seen.row(Experiment.LIST_BUCKETS, names=names, count=str(int(shown)))
    assert seen.findings[0].id == name


def test_a_disabled_key_is_answered_like_an_unknown_one_by_seaweedfs_alone() -> None:
    def enables(name: str) -> bool:
        first = first_of(name)
        assert first.id == "wrong-access-key-id"
        return any("s3.user.enable" in str(fix) for fix in first.fixes)

    assert enables("seaweedfs-unknown-key")
    assert not enables("versity-unknown-key")

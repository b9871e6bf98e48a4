"""Files that were here before: closed while new ones are open, and no fix that would close them comes first."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.diagnosis.model import BucketSetting, Finding
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, ExperimentWith
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.formats import RenderOptions, format_named
from s3probe.sandbox.faults.acls import moved
from s3probe.sandbox.faults.model import Change, both
from s3probe.sandbox.faults.permissions import without
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import OldFile, PublicAccessBlock
from tests.runs import OPTIONS, Ran, run, run_once, to_fix, with_first_fix

BASES = [healthy, healthy_alias, custom]
USER_FILE = "jane-on-holiday.png"


def old(ran: Ran) -> tuple[Outcome, str]:
    row = ran.report.evidence.get(ActionId.PUBLIC_OLD)
    assert row is not None
    return row.outcome, row.reason or ""


def everything_open(scenario: Scenario) -> Scenario:
    """The policy of Mastodon's documentation for Wasabi and MinIO: everyone may read the whole bucket."""
    allow = Statement("Allow", ("s3:GetObject",), (f"arn:aws:s3:::{scenario.bucket.name}/*",), ("*",), sid="All")
    return scenario.with_bucket(policy=(allow,), block=PublicAccessBlock())


def by_settings(fixes: tuple[object, ...]) -> list[tuple[str, str]]:
    return [(fix.setting, fix.value[:1]) for fix in fixes if isinstance(fix, BucketSetting)]


def named(ran: Ran, finding_id: str) -> Finding:
    return next(f for f in ran.report.findings if f.id == finding_id)


@pytest.mark.parametrize("base", BASES)
def test_files_that_came_without_an_acl_are_named(base: Callable[[], Scenario]) -> None:
    ran = run_once(moved()(base()))
    assert ran.named == ("old-media-invisible",)
    assert old(ran)[0] is Outcome.DENIED
    assert ran.left == ()


@pytest.mark.parametrize("base", [*BASES, healthy_policy])
@pytest.mark.parametrize("change", [moved("public-read"), moved("public-read", only="site_uploads/")])
def test_files_that_are_open_are_no_trouble_and_cost_little(base: Callable[[], Scenario], change: Change) -> None:
    ran = run_once(change(base()))
    assert old(ran) == (Outcome.OK, "")
    assert ran.report.verdict == "ok"
    assert ran.report.evidence.cost.requests <= 48


def test_a_bucket_without_old_files_is_not_judged() -> None:
    outcome, reason = old(run_once(healthy()))
    assert outcome is Outcome.SKIPPED
    assert "no file from before" in reason


def test_one_that_is_shown_is_enough() -> None:
    files = tuple(OldFile(f"{name}/000/000/001/original/a.png", acl) for name, acl in
                  (("custom_emojis/images", "private"), ("site_uploads/files", "public-read")))  # fmt: skip
    ran = run(healthy().with_bucket(stored=files))
    assert ran.named == ()
    assert old(ran)[0] is Outcome.SKIPPED


def test_one_hidden_file_of_a_folder_says_nothing() -> None:
    files = tuple(OldFile(f"custom_emojis/images/000/000/00{number}/original/a.png", acl) for number, acl in
                  ((1, "private"), (2, "public-read")))  # fmt: skip
    ran = run(healthy().with_bucket(stored=files))
    assert ran.named == ()
    assert old(ran)[0] is Outcome.OK


def test_media_and_avatars_of_users_are_never_asked_for() -> None:
    ran = run_once(moved(only="accounts/")(healthy()))
    assert ran.named == ()
    assert [q.path for q in ran.requests if "accounts/" in q.path and "/s3probe/" not in q.path] == []


def test_where_new_files_are_closed_as_well_it_is_the_folder() -> None:
    opened = tuple(f"arn:aws:s3:::files-example/{name}/*" for name in ("media_attachments", "cache", "accounts",
                                                                       "custom_emojis"))  # fmt: skip
    policy = (Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="OnlySome"),)
    ran = run(moved(only="site_uploads/")(healthy_policy()).with_bucket(policy=policy))
    assert ran.named == ("public-policy-leaves-out-folders",)
    assert "site_uploads/" in ran.report.findings[0].title + ran.report.findings[0].how_known


class _NoHead:
    """A host for visitors that answers GET alone."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.method == "HEAD" and call.operation == "HEAD":
            return Answer(403, {"content-type": "text/plain"})
        return self._inner.send(call, limits)


def test_who_refuses_every_head_shows_nothing_of_old_files() -> None:
    ran = run(moved("public-read")(healthy_alias()), wrap=_NoHead)
    assert ran.named == ()
    assert old(ran)[0] is Outcome.SKIPPED


class _KeepsRefusals(_NoHead):
    """A cache before the storage that remembers what was refused before."""

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.method == "HEAD" and "files.example.com" in call.url and "/s3probe/" not in call.url:
            return Answer(403, {"content-type": "text/html", "server": "nginx"})
        return self._inner.send(call, limits)


def test_a_cache_that_remembers_a_refusal_is_told_from_the_storage() -> None:
    ran = run(moved("public-read")(healthy_alias()), wrap=_KeepsRefusals)
    finding = named(ran, "old-media-invisible")
    assert "The storage itself shows" in finding.how_known
    assert finding.fixes[0].kind == "server"


def test_no_name_of_a_users_file_is_kept() -> None:
    names = ("custom_emojis/images", "site_uploads/files", "cache/preview_cards/images")
    files = tuple(OldFile(f"{name}/000/000/001/original/{USER_FILE}") for name in names)
    ran = run(healthy_alias().with_bucket(stored=files))
    assert ran.named == ("old-media-invisible",)
    assert USER_FILE not in repr(ran.report)
    for form in ("text", "json", "markdown", "html"):
        assert USER_FILE not in format_named(form).render((ran.report,), RenderOptions(verbose=True))


def test_the_fix_names_every_media_folder_and_no_archive() -> None:
    fix = named(run_once(moved()(healthy())), "old-media-invisible").fixes[0]
    assert isinstance(fix, BucketSetting)
    assert "site_uploads/" in fix.command
    assert "backups" not in fix.command


_AWS = """#!/bin/sh
echo "$@" >> "$LOG"
case "$2 $*" in
  list-objects-v2*custom_emojis/*) printf '%s\\n' 'custom_emojis/images/1/a b.png' 'custom_emojis/images/2/c.png' ;;
  list-objects-v2*) echo None ;;
esac
"""


def test_the_command_sets_the_acl_of_each_file_and_of_nothing_else(tmp_path: Path) -> None:
    fix = named(run_once(moved()(healthy())), "old-media-invisible").fixes[0]
    assert isinstance(fix, BucketSetting)
    stub, log = tmp_path / "aws", tmp_path / "log"
    stub.write_text(_AWS)
    stub.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run(["sh", "-c", fix.command], env={"PATH": path, "LOG": str(log)}, check=False)
    asked = log.read_text().splitlines()
    acls = [line.partition(" --key ")[2] for line in asked if " put-object-acl " in line]
    assert acls == [f"custom_emojis/images/{name} --acl public-read" for name in ("1/a b.png", "2/c.png")]
    assert len([line for line in asked if " list-objects-v2 " in line]) == 7


def test_where_nobody_may_list_the_policy_is_narrowed_and_not_deleted() -> None:
    ran = run(without("s3:ListBucket")(everything_open(healthy())))
    assert by_settings(named(ran, "archive-dumps-world-readable").first_choice) == [("policy", "{")]


@pytest.mark.parametrize("base", [healthy, custom])
def test_a_policy_that_alone_shows_old_files_is_narrowed_and_not_deleted(base: Callable[[], Scenario]) -> None:
    scenario = both(everything_open, moved())(base())
    ran = run_once(scenario)
    assert old(ran)[0] is Outcome.OK
    archives = named(ran, "archive-dumps-world-readable")
    assert by_settings(archives.first_choice) == [("policy", "{")]
    hiding = named(ran, "suspended-media-stays-public")
    if base is healthy:  # of the other store nobody knows whether it heeds an ACL beside a policy
        assert by_settings(hiding.first_choice) == [("acl-of-files", "p"), ("policy", "")]
    for _round in range(2):
        for finding in to_fix(ran.report):
            scenario = with_first_fix(scenario, finding) or scenario
            ran = run(scenario)
            assert old(ran)[0] is Outcome.OK, finding.id
    assert "archive-dumps-world-readable" not in ran.named
    assert base is not healthy or ran.report.verdict == "ok"


def test_without_old_files_the_policy_can_go_at_once() -> None:
    ran = run_once(everything_open(healthy()))
    assert by_settings(named(ran, "archive-dumps-world-readable").first_choice) == [("policy", "")]


def test_old_files_with_an_acl_of_their_own_need_no_policy_in_the_end() -> None:
    ran = run(both(everything_open, moved("public-read"))(healthy()))
    assert by_settings(named(ran, "archive-dumps-world-readable").first_choice) == [("policy", "{")]


def test_asked_for_alone_it_is_looked_at() -> None:
    ran = run(moved()(healthy()), replace(OPTIONS, only=(ActionId.PUBLIC_OLD,)))
    assert ran.named == ("old-media-invisible",)
    assert ran.left == ()


def test_below_a_prefix() -> None:
    scenario = healthy().with_env("S3_KEY_PREFIX", "social")
    files = (OldFile("social/custom_emojis/images/000/000/001/original/a.png"),)
    ran = run(scenario.with_bucket(stored=files))
    assert ran.named == ("old-media-invisible",)
    assert [o.url for o in ran.report.evidence.observations if ExperimentWith.OLD_IN.made(o.id)] == [
        "https://s3.eu-west-2.amazonaws.com/files-example/social/custom_emojis/"
    ]

"""What proves a batch deletion: the private file is looked for, and what a store only says is not believed."""

from __future__ import annotations

from dataclasses import replace

from s3probe.diagnosis.model import Severity
from s3probe.evidence.vocabulary import Experiment
from s3probe.examination import check
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.xml import list_versions
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy, healthy_policy
from s3probe.sandbox.statements import Statement
from tests.runs import OPTIONS, run, run_once, settings_of, tools_for
from tests.sandbox.client import SandboxClient


class _OnlySaysSo:
    """A store that answers a batch deletion with 200 and deletes nothing."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation == "DeleteObjects":
            return Answer(200, {"content-type": "application/xml"}, b"<DeleteResult/>")
        return self._inner.send(call, limits)


class _KeepsQuiet:
    """Ceph 16 tells the version of an upload, and not that of a copy or of a delete marker."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._inner.send(call, limits)
        if call.operation in ("CopyObject", "DeleteObject"):
            kept = {name: value for name, value in answer.headers.items() if name != "x-amz-version-id"}
            return replace(answer, headers=kept)
        return answer


def test_a_version_that_nobody_told_is_removed_as_well() -> None:
    everything = Statement("Allow", ("s3:*",), ("*",))
    scenario = healthy().with_bucket(versioning=True).with_user(identity=(everything,))
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box, _KeepsQuiet)
        try:
            report = check(settings_of(scenario), OPTIONS, tools).report
        finally:
            transport.close()
        versions = list_versions(SandboxClient(box).call("GET", "/?versions").body)
    assert [f.id for f in report.findings if f.severity is not Severity.NOTICE] == ["versioning-delete-markers"]
    assert [version.key for version in versions if "/s3probe/" in version.key] == []
    assert report.evidence.cleanup.left_behind == ()


def test_a_store_that_only_says_it_deleted_is_found_and_nothing_stays() -> None:
    ran = run(healthy_policy(), wrap=_OnlySaysSo)
    report = ran.report
    assert [f.id for f in report.findings] == ["delete-without-effect"]
    assert ran.left == ()
    assert report.evidence.cleanup.left_behind == ()
    assert report.evidence.cleanup.created == report.evidence.cleanup.removed


def test_the_private_file_is_the_one_that_is_looked_for() -> None:
    row = run_once(healthy_policy()).report.evidence.get(Experiment.BATCH_GONE)
    assert row is not None
    assert row.ok
    assert "/backups/dumps/" in row.url


def test_a_rule_that_the_key_may_read_ends_the_warning() -> None:
    everything = Statement("Allow", ("s3:*",), ("*",))
    scenario = healthy().with_bucket(versioning=True).with_user(identity=(everything,))
    assert run(scenario).named == ("versioning-delete-markers",)
    assert run(scenario.with_bucket(old_versions_expire=True)).named == ()

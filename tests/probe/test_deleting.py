"""What proves a batch deletion: the private file is looked for, and what a store only says is not believed."""

from __future__ import annotations

from s3probe.cli.examination import check
from s3probe.cli.sources import Selection
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.model import Report
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy_policy
from tests.runs import OPTIONS, left_in, run, settings_of, tools_for


class _OnlySaysSo:
    """A store that answers a batch deletion with 200 and deletes nothing."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation == "DeleteObjects":
            return Answer(200, {"content-type": "application/xml"}, b"<DeleteResult/>")
        return self._inner.send(call, limits)


def _lied_to() -> tuple[Report, tuple[str, ...]]:
    scenario = healthy_policy()
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box, _OnlySaysSo)
        try:
            report = check(settings_of(scenario), OPTIONS, tools, Selection((), ())).report
        finally:
            transport.close()
        return report, left_in(box)


def test_a_store_that_only_says_it_deleted_is_found_and_nothing_stays() -> None:
    report, left = _lied_to()
    assert [f.id for f in report.findings] == ["delete-without-effect"]
    assert left == ()
    assert report.evidence.cleanup.left_behind == ()
    assert report.evidence.cleanup.created == report.evidence.cleanup.removed


def test_the_private_file_is_the_one_that_is_looked_for() -> None:
    row = run(healthy_policy()).report.evidence.get("try-batch-gone")
    assert row is not None
    assert row.ok
    assert "/backups/dumps/" in row.url

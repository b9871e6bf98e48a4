"""What ``--only`` names is asked, with what it needs and nothing else; and the instance is asked for its version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

import pytest

from s3probe.evidence.observations import NetworkFault
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.instance import PATH
from s3probe.probe.tools import ProbeOptions
from s3probe.report.model import Report
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.scenario import healthy
from tests.runs import OPTIONS, Ran, run


def asked(ran: Ran) -> set[str]:
    return {row.id for row in ran.report.evidence.observations if row.ran}


@pytest.mark.parametrize("only", [("list",), (ActionId.PUBLIC_LIST, ActionId.LIST), (ActionId.REACH_ENDPOINT,)])
def test_what_needs_no_file_uploads_none(only: Collection[str]) -> None:
    ran = run(healthy(), replace(OPTIONS, only=only))
    assert not [seen.operation for seen in ran.requests if seen.method in ("PUT", "POST", "DELETE")]
    # the listing and the endpoint's answer are what every trial is compared with
    assert asked(ran) == {ActionId.REACH_ENDPOINT, ActionId.CLOCK, ActionId.LIST, *only}
    assert ran.report.evidence.cleanup.created == 0
    left_out = {row.id for row in ran.report.evidence.observations if row.reason == "left out by --only or --skip"}
    assert left_out >= {ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.GET, ActionId.DELETE} - asked(ran)


def test_what_needs_a_file_makes_it_and_no_experiments_beside() -> None:
    seen = asked(run(healthy(), replace(OPTIONS, only=("get",))))
    assert seen == {
        ActionId.REACH_ENDPOINT,
        ActionId.CLOCK,
        ActionId.LIST,
        ActionId.PUT_WITH_ACL,
        ActionId.GET,
    }


def test_a_failure_that_was_asked_for_is_still_followed_up() -> None:
    ran = run(FAULTS["remove-orphans-start-after-ceph"].scenario(), replace(OPTIONS, only=("list",)))
    assert Experiment.LIST_FROM_THE_TOP in asked(ran)
    assert ran.named == ("remove-orphans-start-after-ceph",)


def test_a_failure_that_was_not_asked_for_is_not_followed_up() -> None:
    ran = run(FAULTS["remove-orphans-start-after-ceph"].scenario(), replace(OPTIONS, only=("get",)))
    assert Experiment.LIST_FROM_THE_TOP not in asked(ran)


class InstanceStub:
    """Answers for the Mastodon server, and remembers how long it was given."""

    def __init__(self, inner: Transport, answer: Answer) -> None:
        self._inner, self._answer = inner, answer
        self.given: list[Limits] = []
        self.uploads: list[Call] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.url.endswith(PATH):
            self.given.append(limits)
            return self._answer
        if call.operation == "PutObject":
            self.uploads.append(call)
        return self._inner.send(call, limits)


def version(text: str) -> Answer:
    return Answer(200, MappingProxyType({}), f'{{"version": "{text}"}}'.encode())


def examined(answer: Answer, options: ProbeOptions) -> tuple[Report, InstanceStub]:
    instances: list[InstanceStub] = []

    def wrap(inner: Transport) -> Transport:
        instances.append(InstanceStub(inner, answer))
        return instances[0]

    return run(healthy(), options, wrap).report, instances[0]


@pytest.mark.parametrize("profile", ["quick", "full"])
@pytest.mark.parametrize(("release", "checksummed"), [("4.5.8", False), ("4.5.9", True)])
def test_the_instance_decides_the_form_of_uploads(profile: str, release: str, checksummed: bool) -> None:
    report, instance = examined(version(release), replace(OPTIONS, profile=profile))
    assert report.evidence.run.mastodon_version == release
    names = {name.lower() for name, _value in instance.uploads[0].headers}
    assert ("x-amz-trailer" in names) is checksummed
    (limits,) = instance.given
    assert limits.total <= 4


def test_the_question_for_the_version_costs_the_storage_nothing() -> None:
    quick = replace(OPTIONS, profile="quick")
    report, _instance = examined(version("4.5.9"), quick)
    told, _instance = examined(version("4.5.9"), replace(quick, mastodon_version="4.5.9"))
    assert report.evidence.cost.by_operation == told.evidence.cost.by_operation


def test_an_instance_that_does_not_answer_is_no_fault() -> None:
    silent = Answer(None, MappingProxyType({}), fault=NetworkFault.READ_TIMEOUT, detail="no answer")
    report, _instance = examined(silent, replace(OPTIONS, profile="quick"))
    assert (report.evidence.run.mastodon_version, report.findings) == ("", ())


def test_no_time_no_question() -> None:
    _report, instance = examined(version("4.5.8"), replace(OPTIONS, deadline=0.0))
    assert instance.given == []

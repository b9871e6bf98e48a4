"""A policy that leaves out a folder of which a run stores nothing: told by a file that is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from s3probe.evidence.vocabulary import ExperimentWith
from s3probe.knowledge.policies import MEDIA_FOLDERS
from s3probe.probe.absent_files import FOLDERS
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.strangers_elsewhere import LARGEST_RUN
from s3probe.sandbox.recommended import RECOMMENDED, garage, minio
from s3probe.sandbox.scenario import Scenario, custom, healthy_policy
from tests.runs import OPTIONS, Ran, run

NAMES = tuple(class_path.partition("/")[0] for class_path in FOLDERS)
VERSITY = RECOMMENDED["versitygw"]


def leaves_out(*folders: str) -> Callable[[Scenario], Scenario]:
    """What everyone may read there is taken out of the policy, and the rest of it stays."""

    def change(scenario: Scenario) -> Scenario:
        arn = f"arn:aws:s3:::{scenario.bucket.name}"
        closed = {f"{arn}/{folder}/*" for folder in folders}
        policy = [
            replace(one, resources=tuple(name for name in one.resources if name not in closed))
            for one in scenario.bucket.policy
        ]
        return scenario.with_bucket(policy=tuple(policy))

    return change


def _asked(ran: Ran) -> list[str]:
    rows = (row.id for row in ran.report.evidence.observations if ExperimentWith.PUBLIC_READ_IN.made(row.id))
    return [ExperimentWith.PUBLIC_READ_IN.value_in(name) for name in rows]


@pytest.mark.parametrize("make", [minio, VERSITY])
@pytest.mark.parametrize("folder", NAMES)
def test_a_folder_that_the_policy_leaves_out_is_named(make: Callable[[], Scenario], folder: str) -> None:
    ran = run(leaves_out(folder)(make()))
    assert ran.named == ("public-policy-leaves-out-folders",)
    (found,) = (one for one in ran.report.findings if one.id == ran.named[0])
    assert f"/{folder}/" in found.how_known
    assert "which is not there" in found.how_known
    assert all(f"/{name}/" in str(found.fixes[0]) for name in MEDIA_FOLDERS)
    assert ran.report.evidence.cost.requests <= LARGEST_RUN + 1


@pytest.mark.parametrize("make", [minio, VERSITY])
def test_folders_that_are_open_are_no_finding(make: Callable[[], Scenario]) -> None:
    ran = run(make())
    assert (_asked(ran), ran.named) == ([*NAMES], ())
    assert ran.report.evidence.cost.requests <= LARGEST_RUN


def test_all_that_are_left_out_are_one_finding_and_a_thorough_run_has_files_there() -> None:
    scenario = leaves_out("accounts", *NAMES, "preview_card_providers")(minio())
    (found,) = (one for one in run(scenario).report.findings if one.id == "public-policy-leaves-out-folders")
    assert "accounts/ and site_uploads/" in found.how_known
    thorough = run(scenario, replace(OPTIONS, thorough=True))
    assert _asked(thorough) == []
    assert thorough.named == ("public-policy-leaves-out-folders",)


@pytest.mark.parametrize("make", [custom, healthy_policy, garage, RECOMMENDED["ceph-radosgw"]])
def test_nothing_is_asked_where_it_would_tell_nothing(make: Callable[[], Scenario]) -> None:
    """Stores that refuse what is not there as well, and those where an ACL opens each file, or a web port serves."""
    assert _asked(run(make())) == []


class _KeepsOneFolder:
    """A proxy that keeps one folder to itself."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if "/site_uploads/" in call.url and call.method == "GET":
            return Answer(403, {"content-type": "text/html"}, b"<html><center>nginx</center></html>")
        return self._inner.send(call, limits)


def test_the_page_of_a_proxy_says_nothing_of_the_policy() -> None:
    assert run(minio(), wrap=_KeepsOneFolder).named == ()

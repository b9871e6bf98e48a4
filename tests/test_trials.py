"""The trials of a run: what is called tried heals, what is healthy is left alone, and nothing seen before is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from s3probe.codec import dump, load_saved
from s3probe.diagnosis.changes import applied
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    EnvFix,
    Finding,
    Fix,
    IamAllow,
    Manual,
    Proof,
    ProofState,
    Severity,
)
from s3probe.diagnosis.trial import Situation
from s3probe.evidence.observations import Cleanup, Evidence, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ACTIONS, ActionId, Actor, Experiment, ObservationId
from s3probe.examination import Examined, check
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.tools import ALPHABET, RUN_ID_LENGTH, Clock, ProbeOptions, Tools
from s3probe.report.assemble import assemble
from s3probe.report.fix_words import removal_commands, sweep_can
from s3probe.report.formats import FORMATS, RenderOptions, format_named
from s3probe.report.json_format import as_data
from s3probe.report.model import Report, Verdict
from s3probe.sandbox.faults import ALL, FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS as ALIAS_HOST
from s3probe.sandbox.scenario import BUCKET, CUSTOM_HOST, KEY_ID, SECRET, Scenario, custom, healthy, healthy_policy
from s3probe.sandbox.world import Instance, Ownership, PublicAccessBlock
from s3probe.settings.addressing import regional_host
from s3probe.settings.model import Settings
from s3probe.trying import budget as budgets
from s3probe.trying.again import NOT_RECORDED, concluded
from s3probe.trying.bench import Bench, only_given_time
from s3probe.trying.budget import ALL_MADE, Budget
from s3probe.trying.loop import NO_WAY, PASSES_ALL_THE_SAME, THROTTLED, UNCLEAR, OnceMore, Trials
from tests.diagnosis.test_trial import ALIAS, REFUSED, REGION, SEEN, UNSEEN, UPLOADS, found, proof_of, row, state
from tests.exhaustive import part
from tests.runs import OPTIONS, Ran, each_fault, left_in, run, run_fault, run_once, settings_of, tools_for

WRONG_REGION = FAULTS["region-wrong-aws-regional-endpoint"]
_SHORT_OF_TIME = "expect-100-continue-stalls"
"""Its file differs only so that a test need not wait; how long a deaf server is waited for then is a matter of load."""
AUTOMATIC = [
    fault for fault in ALL if fault.scenario().env_text != fault.base().env_text and fault.id != _SHORT_OF_TIME
]
"""Faults that stand in the env file."""


@cache
def tried(fault: Fault) -> Ran:
    return run(fault.scenario(), trials=True)


def failures(report: Report) -> list[str]:
    return [one.id for one in report.findings if one.severity is Severity.FAILURE]


def proven(report: Report) -> Iterator[tuple[Finding, tuple[Fix, ...]]]:
    """Every fix that is called tried, with all its lines."""
    for one in report.findings:
        for group in one.alternatives:
            proof = None if isinstance(group[0], Manual) else group[0].proof
            if proof is not None and proof.state is ProofState.TRIED:
                yield one, group


def fixed(scenario: Scenario, group: tuple[Fix, ...]) -> Scenario:
    after: Scenario | None = scenario
    for fix in group:
        after = apply(after, fix) if after is not None else None
    assert after is not None
    return after


# ---- what is called tried


@each_fault(part(AUTOMATIC, 30))
def test_what_was_tried_heals_and_nothing_else_is_told_of_the_file(fault: Fault) -> None:
    plain, ran = run_fault(fault), tried(fault)
    assert (ran.report.verdict, failures(ran.report)[:1]) == (plain.report.verdict, failures(plain.report)[:1])
    assert ran.report.rule_errors == ()
    assert ran.violations == ()
    passed = {o.id for o in plain.report.evidence.observations if o.ok}
    for one, group in proven(ran.report):
        after = run(fixed(fault.scenario(), group)).report
        assert one.id not in failures(after)
        assert not [o.id for o in after.evidence.observations if o.failed and o.id in passed]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("region-wrong-aws-regional-endpoint", "S3_REGION=eu-west-2"),
        ("acl-disabled-bucket-owner-enforced", "S3_PERMISSION="),
        ("env-s3-enabled-not-true", "S3_ENABLED=true"),
    ],
)
def test_a_line_is_tried_before_it_is_called_a_fix(name: str, line: str) -> None:
    ran = tried(FAULTS[name])
    ((one, group),) = proven(ran.report)
    assert one.id == name
    assert [f"{fix.variable}={fix.value}" for fix in group if isinstance(fix, EnvFix)] == [line]
    assert proof_of(one).not_fine == 0
    assert ran.left == ()


def test_two_faults_of_which_one_hides_the_other_are_fixed_together() -> None:
    scenario = FAULTS["env-hash-truncates-value"].change(WRONG_REGION.scenario())
    ran = run(scenario, trials=True)
    groups = {one.id: group for one, group in proven(ran.report)}
    assert set(groups) == {"env-hash-truncates-value", "region-wrong-aws-regional-endpoint"}
    for group in groups.values():
        assert {fix.variable for fix in group if isinstance(fix, EnvFix)} == {"S3_REGION", "AWS_SECRET_ACCESS_KEY"}
    assert run_once(fixed(scenario, group)).report.verdict is Verdict.OK


def test_region_and_endpoint_that_change_together_are_one_fix() -> None:
    wrong, right = "s3.ap-southeast-1.amazonaws.com", "s3.ap-southeast-2.amazonaws.com"
    scenario = healthy().with_bucket(region="ap-southeast-2").with_env("S3_HOSTNAME", right)
    scenario = scenario.with_env("S3_REGION", "ap-southeast-1").with_env("S3_ENDPOINT", f"https://{wrong}")
    scenario = scenario.with_world(instance=Instance(media_hosts=(f"{right}/files-example/",)))
    ((_one, group),) = proven(run(scenario, trials=True).report)
    lines = {fix.variable: fix.value for fix in group if isinstance(fix, EnvFix)}
    assert lines == {"S3_REGION": "ap-southeast-2", "S3_ENDPOINT": f"https://{right}"}
    assert run_once(fixed(scenario, group)).report.verdict is Verdict.OK


def aws(region: str, **lines: str | None) -> Scenario:
    """AWS in that region, with these lines, and pages that allow what the file names."""
    host = regional_host(region)
    scenario = healthy().with_bucket(region=region).with_env("S3_REGION", region).with_env("S3_HOSTNAME", host)
    for name, value in lines.items():
        scenario = scenario.with_env(name, value)
    return scenario.with_world(instance=Instance(media_hosts=(f"{host}/{BUCKET}/",)))


@pytest.mark.parametrize(
    ("scenario", "lines"),
    part(
        [
            (
                aws("eu-west-3", S3_ENDPOINT="https://s3.eu-west-1.amazonaws.com"),
                {"S3_ENDPOINT": "https://s3.eu-west-3.amazonaws.com"},
            ),
            (
                aws(
                    "us-gov-east-1",
                    S3_REGION="us-gov-west-1",
                    S3_ENDPOINT="https://s3.dualstack.us-gov-west-1.amazonaws.com",
                ),
                {"S3_REGION": "us-gov-east-1", "S3_ENDPOINT": "https://s3.dualstack.us-gov-east-1.amazonaws.com"},
            ),
            (
                aws("cn-northwest-1", S3_REGION="cn-north-1", S3_ENDPOINT="https://s3.cn-north-1.amazonaws.com.cn"),
                {"S3_REGION": "cn-northwest-1", "S3_ENDPOINT": "https://s3.cn-northwest-1.amazonaws.com.cn"},
            ),
            (
                aws("ap-southeast-2", S3_REGION="ap-southeast-1", S3_HOSTNAME=None),
                {"S3_REGION": "ap-southeast-2", "S3_HOSTNAME": "s3.ap-southeast-2.amazonaws.com"},
            ),
            (aws("eu-west-2", S3_HOSTNAME="files.exmaple.com"), {"S3_HOSTNAME": "s3.eu-west-2.amazonaws.com"}),
            (
                custom().with_env("S3_ENDPOINT", f"https://{CUSTOM_HOST}:9001"),
                {"S3_ENDPOINT": f"https://{CUSTOM_HOST}"},
            ),
            (
                custom()
                .with_env("S3_OVERRIDE_PATH_STYLE", "true")
                .with_env("S3_ENDPOINT", f"https://{CUSTOM_HOST}/{BUCKET}"),
                {"S3_ENDPOINT": f"https://{CUSTOM_HOST}"},
            ),
            (
                healthy_policy()
                .with_env("S3_ALIAS_HOST", f"{ALIAS_HOST}/{BUCKET}")
                .with_world(instance=Instance(media_hosts=(f"{ALIAS_HOST}/{BUCKET}/",))),
                {"S3_ALIAS_HOST": ALIAS_HOST},
            ),
            (
                healthy_policy().with_env("S3_PERMISSION", None),
                {"S3_PERMISSION": ""},
            ),
        ],
        3,
    ),
    ids=part(
        [
            "only the endpoint's region is wrong",
            "dual stack, another partition",
            "China",
            "no host name, and the wrong region",
            "a host name that does not exist",
            "another port than the host's",
            "the bucket in the endpoint, in virtual host style",
            "the bucket behind an alias that has it already",
            "an ACL where a policy opens media already",
        ],
        3,
    ),
)
def test_the_first_fix_of_the_first_failure_is_all_that_is_needed(scenario: Scenario, lines: dict[str, str]) -> None:
    report = run(scenario, trials=True).report
    first = report.findings[0]
    assert {fix.variable: fix.value for fix in first.first_choice if isinstance(fix, EnvFix)} == lines
    assert proof_of(first).state is ProofState.TRIED
    assert report.verdict is run_once(scenario).report.verdict is Verdict.FAILURE
    assert failures(run(restarted(fixed(scenario, first.first_choice))).report) == []


def restarted(scenario: Scenario) -> Scenario:
    """After a restart Mastodon's pages allow what the file names."""
    hosts = tuple(host.removeprefix("https://") for host in settings_of(scenario).csp_media_hosts)
    return scenario.with_world(instance=Instance(media_hosts=hosts))


def test_two_steps_of_one_variable_are_one_line() -> None:
    scenario = healthy().with_env("S3_REGION", "")
    report = run(scenario, trials=True).report
    first = report.findings[0]
    assert [(fix.variable, fix.value) for fix in first.first_choice if isinstance(fix, EnvFix)] == [
        ("S3_REGION", "eu-west-2")
    ]
    assert proof_of(first).state is ProofState.TRIED


def test_two_lines_that_each_keep_mastodon_from_sending_anything_are_fixed_together() -> None:
    host = custom().raw_env("S3_ENDPOINT")
    assert host is not None
    scenario = custom().with_env("S3_ENABLED", "True").with_env("S3_ENDPOINT", host.removeprefix("https://"))
    ran = run(scenario, trials=True)
    found = {one.id: group for one, group in proven(ran.report)}
    assert set(found) == {"env-s3-enabled-not-true", "endpoint-without-scheme"}
    for group in found.values():
        assert {fix.variable for fix in group if isinstance(fix, EnvFix)} == {"S3_ENABLED", "S3_ENDPOINT"}
    assert len(ran.requests) == len(run_once(custom()).requests)


def test_a_step_under_which_mastodon_still_sends_nothing_is_no_examination() -> None:
    report, text = saved_run(custom().with_env("S3_ENABLED", "True").with_env("S3_BUCKET", f"s3://{BUCKET}"))
    assert [one.evidence.observations != () for one in report.trials] == [True]
    assert len(list(proven(report))) == len(failures(report)) == 2
    assert as_data(judged_again(text)) == as_data(report)


def test_of_two_schemes_the_one_that_passes_is_named() -> None:
    host = custom().raw_env("S3_ENDPOINT")
    assert host is not None
    scenario = custom().with_env("S3_ENDPOINT", f"{host.removeprefix('https://')}:443")
    report = run(scenario, trials=True).report
    assert [[fix.value for fix in group if isinstance(fix, EnvFix)] for group in report.findings[0].alternatives] == [
        [f"{host}:443"]
    ]


@pytest.mark.parametrize("name", ["iam-missing-putobjectacl"])
def test_a_line_after_which_pictures_are_invisible_is_no_fix(name: str) -> None:
    report = tried(FAULTS[name]).report
    assert list(proven(report)) == []
    first, last = report.findings[0].alternatives
    assert [type(fix) for fix in first] == [IamAllow]
    assert [type(fix) for fix in last] == [BucketSetting, BucketPolicy, EnvFix]
    assert "visitors would see no picture" in report.trials[0].result


def test_a_secret_that_was_tried_is_shown_nowhere_and_a_replay_tells_the_same() -> None:
    scenario = FAULTS["env-hash-truncates-value"].scenario()
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        seen = check(settings_of(scenario), replace(OPTIONS, trials=True), tools)
        transport.close()
    text = dump(seen.evidence, seen.settings, seen.diagnosis, seen.trials)
    saved = load_saved(text)
    assert saved.diagnosis is not None
    again = assemble(saved.settings, saved.evidence, saved.diagnosis, saved.trials)
    shown = [format_named(name).render([seen.report], RenderOptions()) for name in FORMATS]
    assert [format_named(name).render([again], RenderOptions()) for name in FORMATS] == shown
    assert "Tried: with this line all" in "".join(shown)
    for secret in (scenario.user.secret, scenario.user.secret[:12]):
        assert secret not in "".join([text, *shown])


# ---- one examination, one set of settings


@pytest.mark.parametrize(
    ("name", "first"),
    [("region-wrong-aws-regional-endpoint", 5), ("env-hash-truncates-value", 10), ("env-s3-enabled-not-true", 0)],
)
def test_the_actions_are_those_of_the_file_as_it_stands(name: str, first: int) -> None:
    ran = tried(FAULTS[name])
    (trial,) = ran.report.trials
    made = [row for row in ran.report.evidence.observations if row.id in ACTIONS and row.actor is Actor.MASTODON]
    assert not [row.id for row in made if row.ok and row.operation]
    assert all(row.reason for row in made if not row.ran)
    again = trial.repeated.cost.requests if trial.repeated else 0
    assert ran.report.evidence.cost.requests - trial.evidence.cost.requests - again == first
    assert trial.evidence.cost.requests <= 41


def test_a_fault_behind_another_is_told_by_the_trial_and_the_first_failure_stays() -> None:
    scenario = FAULTS["iam-missing-getobject"].change(WRONG_REGION.scenario())
    plain, ran = run_once(scenario), run(scenario, trials=True)
    assert failures(plain.report) == [WRONG_REGION.id]
    assert failures(ran.report) == [WRONG_REGION.id, "iam-missing-getobject"]
    assert ran.report.findings[1].remark == "It was seen only after this change: S3_REGION=eu-west-2."
    assert plain.report.verdict is ran.report.verdict


def test_a_fault_behind_a_line_that_is_not_enough_is_told_as_well() -> None:
    report = run(FAULTS["wrong-secret-key"].change(WRONG_REGION.scenario()), trials=True).report
    assert failures(report) == [WRONG_REGION.id, "wrong-secret-key"]
    assert list(proven(report)) == []


def test_a_fault_behind_a_refused_acl_is_told_and_what_its_absence_hides_is_not() -> None:
    report = run(
        FAULTS["iam-missing-deleteobject"].change(FAULTS["bpa-blocks-public-acl"].scenario()), trials=True
    ).report
    assert failures(report) == ["bpa-blocks-public-acl", "iam-missing-deleteobject"]


def test_where_the_sdk_goes_on_in_another_region_the_examination_does() -> None:
    ran = run_fault(FAULTS["region-wrong-aws-global-endpoint"])
    assert [one.id for one in ran.report.findings] == ["region-wrong-aws-global-endpoint"]
    rows = ran.report.evidence
    uploaded = rows.get(ActionId.PUT_WITH_ACL)
    refused = rows.get(Experiment.REGION_AS_FILED)
    assert uploaded is not None
    assert uploaded.ok
    assert refused is not None
    assert refused.http_status == 400
    behind = FAULTS["iam-missing-getobject"].change(FAULTS["region-wrong-aws-global-endpoint"].scenario())
    assert failures(run_once(behind).report) == ["iam-missing-getobject"]


# ---- what it costs


def test_a_healthy_run_costs_what_it_costs_without_trials() -> None:
    ran, plain = run(healthy(), trials=True), run_once(healthy())
    assert (len(ran.requests), ran.report.trials) == (len(plain.requests), ())
    warned = tried(FAULTS["region-wrong-aws-global-endpoint"])
    assert (warned.report.verdict, warned.report.trials) == (Verdict.WARNING, ())


def test_everything_is_added_up_and_named_by_one_run_id() -> None:
    ran, plain = tried(WRONG_REGION), run_fault(WRONG_REGION)
    evidence = ran.report.evidence
    (trial,) = ran.report.trials
    assert trial.repeated is not None
    made = trial.evidence.cost.requests + trial.repeated.cost.requests
    assert evidence.cost.requests == plain.report.evidence.cost.requests + made
    assert evidence.cleanup.created == plain.report.evidence.cleanup.created + trial.evidence.cleanup.created
    assert evidence.cleanup.removed == evidence.cleanup.created
    assert not any(row.id in ("put-with-acl", "list") and row.ok for row in evidence.observations)
    folders = {found[1] for request in ran.requests if (found := re.search(r"/s3probe/([^/?&%]+)/", request.path))}
    assert len(folders) == 3
    assert evidence.run.id in folders
    assert {folder[:-1] for folder in folders} == {evidence.run.id[:-1]}
    assert all(re.fullmatch(f"[{ALPHABET}]{{{RUN_ID_LENGTH}}}", folder) for folder in folders)  # sweep knows them


def test_a_trial_that_uses_up_the_requests_says_nothing_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "REQUESTS", 46)
    ran = run(WRONG_REGION.scenario(), trials=True)
    assert proof_of(ran.report.findings[0]) == Proof(ProofState.UNTRIED, ALL_MADE)
    assert ran.report.trials == ()
    assert ran.left == ()
    assert len(ran.requests) <= len(run_fault(WRONG_REGION).requests) + 46


def now_at(*seconds: float) -> Tools:
    times = iter(seconds)
    return Tools(Nobody(), Clock(monotonic=lambda: next(times)), run_id=lambda: "abcdefghij")


class Nobody:
    """A way that must not be gone."""

    def send(self, call: Call, limits: Limits) -> Answer:
        raise AssertionError(f"{call} {limits}")


FIRST = Evidence(Run("k3v9x2abcd", "", 4.0, "full"))


@pytest.mark.parametrize(
    ("deadline", "later", "why"),
    [
        (30.0, 0.0, ""),
        (30.0, 23.9, ""),
        (30.0, 24.1, "no time left (--deadline 90)"),
        (4.0, 0.0, "no time left (--deadline 12)"),
    ],
)
def test_trials_keep_to_the_deadline_of_the_run(deadline: float, later: float, why: str) -> None:
    budget = Budget(ProbeOptions(deadline=deadline), now_at(100.0, 100.0 + later), FIRST)
    assert budget.why_not() == why


def test_no_more_than_three_examinations_are_made() -> None:
    budget = Budget(ProbeOptions(), now_at(*[0.0] * 9), FIRST)
    names = [budget.tools().run_id() for _ in range(3)]
    assert len({*names, FIRST.run.id}) == 4
    assert budget.why_not() == ALL_MADE


def test_nothing_is_tried_after_a_signal() -> None:
    tools = now_at(0.0, 0.0)
    stopped = replace(tools, clock=replace(tools.clock, stopped=lambda: True))
    assert Budget(ProbeOptions(), stopped, FIRST).why_not() == "no time left (--deadline 90)"


# ---- what is tried, and when not


def as_before(state: Situation, _names: tuple[ObservationId, ...], _read_only: bool) -> Evidence:
    """What failed fails again."""
    return state.evidence


def made(
    file: Situation, examine: Callable[[Settings, bool], Situation | None], once_more: OnceMore = as_before
) -> Trials:
    trials = Trials(file, Budget(ProbeOptions(), now_at(*[0.0] * 20), FIRST), examine, once_more)
    trials.run()
    return trials


def never(settings: Settings, read_only: bool) -> Situation | None:
    raise AssertionError((settings, read_only))


def told(trials: Trials) -> Finding:
    return trials.conclusions().diagnosis().findings[0]


def test_nothing_is_tried_after_the_storage_throttled() -> None:
    file = state(REFUSED, row(ActionId.LIST, Outcome.THROTTLED), findings=(found("region-wrong", REGION),))
    assert proof_of(told(made(file, never))).why == THROTTLED


def test_where_nobody_answers_only_another_way_is_tried() -> None:
    silent = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, network=NetworkFault.CONNECT_TIMEOUT, http_status=None)
    dead = found("dead", EnvFix("S3_PERMISSION", ""), because=(ActionId.PUT_WITH_ACL,))
    assert proof_of(told(made(state(silent, findings=(dead,)), never))).why == NO_WAY
    slow = replace(dead, fixes=(EnvFix("S3_OPEN_TIMEOUT", "60"),))
    trials = made(state(silent, findings=(slow,)), lambda _s, _r: state(UPLOADS, SEEN, S3_OPEN_TIMEOUT="60"))
    assert proof_of(told(trials)).state is ProofState.TRIED


def test_nothing_is_written_where_a_sweep_of_the_file_would_not_look() -> None:
    asked: list[bool] = []

    def examine(_settings: Settings, read_only: bool) -> None:
        asked.append(read_only)

    made(state(REFUSED, findings=(found("region-wrong", REGION),)), examine)
    made(state(REFUSED, findings=(found("bucket", EnvFix("S3_BUCKET", "other")),)), examine)
    made(state(REFUSED, findings=(found("prefix", EnvFix("S3_KEY_PREFIX", "media")),)), examine)
    assert asked == [False, True, True]


def test_from_a_quiet_end_another_line_is_tried() -> None:
    quiet, right = EnvFix("S3_PERMISSION", ""), REGION
    file = state(REFUSED, findings=(found("region-wrong", quiet, right),))

    def examine(settings: Settings, _read_only: bool) -> Situation:
        hidden = settings.acl is None
        upload = row(ActionId.PUT_WITHOUT_ACL) if hidden else UPLOADS
        after = state(upload, UNSEEN if hidden else SEEN)
        return replace(after, settings=settings)

    one = told(made(file, examine))
    assert [fix.variable for fix in one.first_choice if isinstance(fix, EnvFix)] == ["S3_REGION"]
    assert proof_of(one).state is ProofState.TRIED


def test_a_second_step_of_a_variable_needs_no_proof_of_its_own() -> None:
    removed = EnvFix("S3_REGION", None)
    ours = found("not-the-best-region", REGION, severity=Severity.WARNING)
    file = state(findings=(found("blank", removed),), S3_REGION="")

    def examine(settings: Settings, _read_only: bool) -> Situation:
        left = () if settings.region == REGION.value else (ours,)
        return replace(state(UPLOADS, SEEN, findings=left), settings=settings)

    one = told(made(file, examine))
    assert [(fix.variable, fix.value) for fix in one.first_choice if isinstance(fix, EnvFix)] == [
        ("S3_REGION", "eu-west-2")
    ]
    assert proof_of(one).state is ProofState.TRIED


def test_no_more_is_tried_when_nothing_is_left_that_a_line_may_end() -> None:
    only_one = found("alias", ALIAS)
    seen: list[Settings] = []

    def examine(settings: Settings, _read_only: bool) -> Situation:
        seen.append(settings)
        return replace(state(REFUSED, findings=(only_one,)), settings=settings)

    told(made(state(REFUSED, findings=(only_one,), S3_ALIAS_HOST="no.example"), examine))
    assert len(seen) == 1


# ---- what ends by itself


class Moved:
    """Asks one world, and after :meth:`move` another."""

    def __init__(self, before: Transport, after: Transport) -> None:
        self._way, self._after = before, after

    def move(self, _seen: Examined) -> None:
        self._way = self._after

    def send(self, call: Call, limits: Limits) -> Answer:
        return self._way.send(call, limits)


def recovering(before: Scenario, after: Scenario) -> tuple[Report, tuple[str, ...], tuple[str, ...]]:
    """A storage that becomes another one when the first examination is done; with what is left in both."""
    with Sandbox(before.world) as box, Sandbox(after.world) as later:
        tools, wire = tools_for(box)
        later_tools, later_wire = tools_for(later)
        way = Moved(tools.transport, later_tools.transport)
        try:
            options = replace(OPTIONS, trials=True)
            seen = check(settings_of(before), options, replace(tools, transport=way), keep=way.move)
        finally:
            wire.close()
            later_wire.close()
        return seen.report, left_in(box), left_in(later)


ACLS_DISABLED = FAULTS["acl-disabled-bucket-owner-enforced"]


def test_a_storage_that_recovers_meanwhile_proves_nothing() -> None:
    scenario = ACLS_DISABLED.scenario()
    enabled = scenario.with_bucket(ownership=Ownership.PREFERRED, block=PublicAccessBlock())
    report, *left = recovering(scenario, enabled)
    assert list(proven(report)) == []
    assert failures(report) == failures(run_fault(ACLS_DISABLED).report)
    assert proof_of(report.findings[0]).why == PASSES_ALL_THE_SAME
    (trial,) = report.trials
    assert trial.repeated is not None
    assert trial.repeated.get(ActionId.PUT_WITH_ACL) is not None
    assert left == [(), ()]
    assert report.evidence.cleanup.left_behind == ()


def test_a_storage_that_changes_otherwise_meanwhile_does_not_hide_the_fault() -> None:
    scenario = ACLS_DISABLED.scenario()
    report, *_left = recovering(scenario, scenario.with_bucket(block=PublicAccessBlock()))
    ((one, _group),) = proven(report)
    assert one.id == ACLS_DISABLED.id


def test_a_wrong_region_is_asked_for_once_more_with_one_request() -> None:
    (trial,) = tried(WRONG_REGION).report.trials
    assert trial.repeated is not None
    assert trial.repeated.cost.requests == 1


@pytest.mark.parametrize(
    ("again", "why"),
    [
        (REFUSED, ""),
        (UPLOADS, PASSES_ALL_THE_SAME),
        (row(ActionId.PUT_WITH_ACL, Outcome.THROTTLED, http_status=503), UNCLEAR),
        (row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, network=NetworkFault.DEADLINE, http_status=None), UNCLEAR),
        (row(ActionId.PUT_WITH_ACL, Outcome.UNKNOWN, http_status=500), UNCLEAR),
        (row(ActionId.LIST), UNCLEAR),
    ],
    ids=["refused", "passes", "throttled", "no time", "trouble", "not asked"],
)
def test_what_failed_must_fail_once_more_under_the_same_settings(again: Observation, why: str) -> None:
    file = state(REFUSED, findings=(found("region-wrong", REGION),))
    asked: list[tuple[Situation, tuple[ObservationId, ...], bool]] = []

    def once_more(before: Situation, names: tuple[ObservationId, ...], read_only: bool) -> Evidence:
        asked.append((before, names, read_only))
        return state(again).evidence

    proof = proof_of(told(made(file, lambda _s, _r: state(UPLOADS, SEEN, S3_REGION="eu-west-2"), once_more)))
    assert (proof.state, proof.why) == (ProofState.UNTRIED if why else ProofState.TRIED, why)
    assert asked == [(file, (ActionId.PUT_WITH_ACL,), False)]


def test_trouble_on_the_way_may_fail_otherwise_the_second_time() -> None:
    silent = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, network=NetworkFault.CONNECT_TIMEOUT, http_status=None)
    refused = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, network=NetworkFault.REFUSED, http_status=None)
    file = state(silent, findings=(found("dead", EnvFix("S3_ENDPOINT", "https://s3.example")),))
    after = state(UPLOADS, SEEN, S3_ENDPOINT="https://s3.example")
    trials = made(file, lambda _s, _r: after, lambda *_asked: state(refused).evidence)
    assert proof_of(told(trials)).state is ProofState.TRIED


@pytest.mark.parametrize(
    ("now", "proven"),
    [
        (NetworkFault.READ_TIMEOUT, ProofState.TRIED),
        (NetworkFault.CLOSED, ProofState.UNTRIED),
        (None, ProofState.UNTRIED),
    ],
)
def test_the_upload_that_mastodon_makes_stands_for_the_first(now: NetworkFault | None, proven: ProofState) -> None:
    fault: dict[str, Any] = {"network": NetworkFault.READ_TIMEOUT, "http_status": None}
    silent = row(ActionId.PUT_WITHOUT_ACL, Outcome.UNREACHABLE, **fault)
    file = state(silent, findings=(found("slow", EnvFix("S3_READ_TIMEOUT", "60")),))
    after = state(UPLOADS, row(ActionId.PUT_WITHOUT_ACL), SEEN, S3_READ_TIMEOUT="60")
    canary = row(ActionId.PUT_WITH_ACL, Outcome.UNREACHABLE, **{**fault, "network": now}) if now else UPLOADS
    trials = made(file, lambda _s, _r: after, lambda *_asked: state(canary).evidence)
    assert proof_of(told(trials)).state is proven


def test_where_mastodon_sends_nothing_nothing_is_asked_once_more() -> None:
    (trial,) = tried(FAULTS["env-s3-enabled-not-true"]).report.trials
    assert trial.repeated is None


# ---- nothing that was seen before is lost


def examined(scenario: Scenario, options: ProbeOptions, keep: Callable[[Examined], None] = lambda _seen: None) -> Ran:
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        try:
            report = check(settings_of(scenario), options, tools, keep=keep).report
        finally:
            transport.close()
        return Ran(report, left_in(box), box.violations, box.requests)


def test_an_error_in_a_trial_costs_only_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> Situation:
        raise ZeroDivisionError("in a trial")

    monkeypatch.setattr(Bench, "under", broken)
    report = run(WRONG_REGION.scenario(), trials=True).report
    assert failures(report) == failures(run_fault(WRONG_REGION).report)
    assert [error.error for error in report.rule_errors] == ["ZeroDivisionError: in a trial"]
    assert "ZeroDivisionError" in proof_of(report.findings[0]).why


def test_an_interruption_of_a_trial_does_not_cost_what_was_seen() -> None:
    class InterruptedLater:
        """Asks as always until the right region is signed for."""

        def __init__(self, way: Transport) -> None:
            self.way = way

        def send(self, call: Call, limits: Limits) -> Answer:
            if began and call.operation == "PutObjectAcl":
                raise KeyboardInterrupt
            return self.way.send(call, limits)

    began: list[Examined] = []
    scenario = WRONG_REGION.scenario()
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box, InterruptedLater)
        with pytest.raises(KeyboardInterrupt):
            check(settings_of(scenario), replace(OPTIONS, trials=True), tools, keep=began.append)
        transport.close()
        assert left_in(box) == ()
    (before,) = began
    assert failures(before.report) == failures(run_fault(WRONG_REGION).report)
    assert proof_of(before.findings[0]).why == "interrupted"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (replace(OPTIONS, trials=False), "--no-trials"),
        (replace(OPTIONS, trials=True, profile="read-only"), "--read-only"),
        (replace(OPTIONS, trials=True, only=("list", "put-with-acl")), "--only"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_some_runs_make_no_trial_and_say_so(options: ProbeOptions, why: str) -> None:
    report = examined(WRONG_REGION.scenario(), options).report
    assert report.trials == ()
    assert proof_of(report.findings[0]) == Proof(ProofState.UNTRIED, why)


# ---- what stays


def without_deletion(scenario: Scenario) -> Scenario:
    """The key may delete nothing."""
    first, *rest = scenario.user.identity
    kept = tuple(action for action in first.actions if "Delete" not in action)
    return scenario.with_user(identity=(replace(first, actions=kept), *rest))


def test_what_a_trial_leaves_is_named_with_its_endpoint_and_bucket() -> None:
    ran = run(without_deletion(WRONG_REGION.scenario()), trials=True)
    cleanup = ran.report.evidence.cleanup
    assert sorted(cleanup.left_behind) == sorted(ran.left)
    assert {one.name for one in cleanup.elsewhere} == set(ran.left)
    assert {(one.endpoint, one.bucket, one.region) for one in cleanup.elsewhere} == {
        ("https://s3.eu-west-2.amazonaws.com", "files-example", "eu-west-2")
    }
    assert len(removal_commands(ran.report)) == len(ran.left)
    for command in removal_commands(ran.report):
        assert command.startswith(
            "aws s3api --endpoint-url https://s3.eu-west-2.amazonaws.com --region eu-west-2 "
            "delete-object --bucket files-example --key "
        )
    (shown,) = as_data(ran.report)["cleanup"]["elsewhere"][:1]
    assert set(shown) == {"name", "endpoint", "bucket", "region"}
    assert not sweep_can(ran.report)


def test_what_stays_where_the_file_leads_needs_no_place() -> None:
    ran = run(without_deletion(ACLS_DISABLED.scenario()), trials=True)
    cleanup = ran.report.evidence.cleanup
    assert sorted(cleanup.left_behind) == sorted(ran.left)
    assert ran.report.trials
    assert cleanup.elsewhere == ()
    assert "elsewhere" not in as_data(ran.report)["cleanup"]
    assert not any("endpoint" in command for command in removal_commands(ran.report))


def test_what_the_trial_removes_of_the_first_examination_is_not_named_any_more() -> None:
    class Forgiving:
        """Refuses to remove anything until :meth:`forgive`."""

        def __init__(self, way: Transport) -> None:
            self.way, self.refuses, self.refused = way, True, 0

        def forgive(self, _seen: Examined) -> None:
            self.refuses = False

        def send(self, call: Call, limits: Limits) -> Answer:
            if self.refuses and call.operation.startswith(("Delete", "Abort")):
                self.refused += 1
                return Answer(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
            return self.way.send(call, limits)

    scenario = ACLS_DISABLED.scenario()
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        way = Forgiving(tools.transport)
        ends: list[Cleanup] = []
        told = replace(tools, transport=way, cleaned=ends.append)
        seen = check(settings_of(scenario), replace(OPTIONS, trials=True), told, keep=way.forgive)
        wire.close()
        assert way.refused
        assert ends[0].left_behind
        assert left_in(box) == ()
    cleanup = seen.report.evidence.cleanup
    assert (cleanup.left_behind, cleanup.may_arrive) == ((), ())
    assert cleanup.removed == cleanup.created


def test_who_ends_the_trials_is_told_what_the_first_examination_has_left() -> None:
    def interrupted(_seen: Examined) -> None:
        way.broken = True

    class Breaking:
        def __init__(self, way: Transport) -> None:
            self.way, self.broken = way, False

        def send(self, call: Call, limits: Limits) -> Answer:
            if self.broken and call.operation == "PutObject":
                raise KeyboardInterrupt
            return self.way.send(call, limits)

    scenario = without_deletion(ACLS_DISABLED.scenario())
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        way = Breaking(tools.transport)
        ends: list[Cleanup] = []
        told = replace(tools, transport=way, cleaned=ends.append)
        with pytest.raises(KeyboardInterrupt):
            check(settings_of(scenario), replace(OPTIONS, trials=True), told, keep=interrupted)
        wire.close()
        assert set(left_in(box)) <= set(ends[-1].left_behind)
        assert left_in(box)


# ---- what was recorded


def saved_run(scenario: Scenario) -> tuple[Report, str]:
    """The report of a run with trials, and its evidence file."""
    with Sandbox(scenario.world) as box:
        tools, wire = tools_for(box)
        seen = check(settings_of(scenario), replace(OPTIONS, trials=True), tools)
        wire.close()
    return seen.report, dump(seen.evidence, seen.settings, seen.diagnosis, seen.trials)


def judged_again(text: str) -> Report:
    """As ``replay --again`` tells it."""
    saved = load_saved(text)
    conclusions = concluded(saved.settings, saved.evidence, saved.trials)
    return assemble(saved.settings, saved.evidence, conclusions.diagnosis(), conclusions.trials())


@pytest.mark.parametrize(
    "scenario",
    [
        WRONG_REGION.scenario(),
        FAULTS["env-hash-truncates-value"].scenario(),
        ACLS_DISABLED.scenario(),
        FAULTS["iam-missing-putobjectacl"].scenario(),
        FAULTS["env-s3-enabled-not-true"].scenario(),
        healthy().with_raw_env("AWS_SECRET_ACCESS_KEY", f'"{SECRET} "'),
        healthy().with_env("AWS_ACCESS_KEY_ID", SECRET).with_env("AWS_SECRET_ACCESS_KEY", KEY_ID),
    ],
    ids=["region", "secret", "ACLs", "quiet", "not enabled", "marks", "exchanged"],
)
def test_a_recording_judged_again_by_the_same_rules_tells_the_same(scenario: Scenario) -> None:
    report, text = saved_run(scenario)
    assert report.trials
    assert as_data(judged_again(text)) == as_data(report)


def test_what_a_recording_does_not_show_is_not_called_tried_again() -> None:
    report, text = saved_run(WRONG_REGION.scenario())
    assert list(proven(report))
    data = json.loads(text)
    (trial,) = data["trials"]
    trial["repeated"] = None
    assert proof_of(judged_again(json.dumps(data)).findings[0]).why == NOT_RECORDED
    trial["changes"][0]["value"] = "eu-central-1"
    again = judged_again(json.dumps(data))
    assert (proof_of(again.findings[0]).why, again.trials) == (NOT_RECORDED, ())
    assert failures(again) == failures(report)


def test_a_recorded_trial_that_failed_proves_nothing_whatever_was_concluded_then() -> None:
    _report, text = saved_run(WRONG_REGION.scenario())
    data = json.loads(text)
    (trial,) = data["trials"]
    refused = {row["id"]: row for row in data["evidence"]["observations"]}
    rows = trial["evidence"]["observations"]
    rows[:] = [refused.get(row["id"], row) for row in rows]
    again = judged_again(json.dumps(data))
    assert list(proven(again)) == []
    assert again.findings[0].remark == "Tried: S3_REGION=eu-west-2. That changes nothing."


def test_only_time_is_given_by_a_line_of_a_time_out_and_nothing_else() -> None:
    settings = settings_of(custom())
    longer = applied(settings, (EnvFix("S3_READ_TIMEOUT", "60"),))
    assert only_given_time(settings, longer)
    assert not only_given_time(settings, settings)
    assert not only_given_time(settings, applied(longer, (EnvFix("S3_REGION", "fr-par"),)))


@pytest.mark.parametrize(
    ("silent", "asked"),
    [
        ((ActionId.LIST, ActionId.PUT_WITHOUT_ACL), ("quick", None)),
        ((ActionId.BATCH_DELETE,), ("full", (ActionId.BATCH_DELETE,))),
    ],
)
def test_of_what_was_silent_one_thing_is_given_the_time(
    silent: tuple[ActionId, ...], asked: tuple[str, tuple[ActionId, ...] | None]
) -> None:
    with Sandbox(custom().world) as box:
        tools, wire = tools_for(box)
        wire.close()
        options = Budget(OPTIONS, tools, FIRST).options_given_time(silent)
    assert (options.profile, options.only or None) == asked

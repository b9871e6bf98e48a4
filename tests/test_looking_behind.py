"""Looking behind a fault that no line of the file can end: once, and never as a fix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.glance import Glance, glance_behind
from s3probe.diagnosis.model import EnvFix, ProofState, ServerFix, Severity
from s3probe.diagnosis.trial import Situation
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact, ObservationId
from s3probe.probe.examine import examine
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import healthy
from s3probe.settings.model import Settings
from s3probe.trying.bench import Bench
from s3probe.trying.budget import Budget
from s3probe.trying.loop import Trials
from tests.diagnosis.test_trial import REFUSED, REGION, SEEN, UPLOADS, found, proof_of, row, settings, state
from tests.runs import OPTIONS, left_in, run, settings_of, tools_for
from tests.test_trials import FIRST, as_before, failures, never, now_at

KEPT = {Fact.KEPT: "yes"}
SKEWED = row(ActionId.CLOCK, Outcome.WRONG, facts={Fact.SKEW: "3600"})
CLOCK = row(Experiment.CLOCK, facts=KEPT)
BY_CLOCK = found("clock-skew", ServerFix("clock", "timedatectl set-ntp true"), because=(Experiment.CLOCK,))
DELETION = found("iam-missing-deleteobject", because=(ActionId.DELETE,))
WITH_LINE = found("behind", REGION)


def stopped(kept: ObservationId, **changes: str | None) -> Situation:
    """An examination that this experiment got further than, and a failure that rests on it."""
    return state(REFUSED, SKEWED, row(kept, facts=KEPT), findings=(found("it", because=(kept,)),), **changes)


@pytest.mark.parametrize(
    ("kept", "changes", "expected"),
    [
        (Experiment.CLOCK, {}, {"said": "The clock was set right for it.", "clock": 3600.0}),
        (Experiment.PUT_NO_CACHE_CONTROL, {}, {"said": "No Cache-Control header was sent for it."}),
        (Experiment.PUT_LEGACY, {}, {"release": "4.5.8"}),
        (Experiment.SESSION_TOKEN, {"AWS_SESSION_TOKEN": "a token"}, {"said": "The session token was sent for it."}),
    ],
    ids=str,
)
def test_what_an_experiment_got_further_with_is_looked_behind(
    kept: ObservationId, changes: dict[str, str | None], expected: dict[str, Any]
) -> None:
    glance = glance_behind(stopped(kept, **changes))
    assert glance is not None
    assert {name: getattr(glance, name) for name in expected} == expected
    assert glance.finding.id == "it"
    differs = glance.settings != settings(**changes)
    assert differs or glance.clock or glance.release


@pytest.mark.parametrize(
    "at",
    [
        state(REFUSED, SKEWED, CLOCK, row(ActionId.GET), findings=(BY_CLOCK,)),
        stopped(ExperimentWith.REGION.of("eu-west-2")),
        stopped(Experiment.SWAPPED_KEYS),
        stopped(Experiment.SECRET_TRIMMED, AWS_SECRET_ACCESS_KEY="'secret"),
        state(REFUSED, SKEWED, CLOCK, findings=(replace(BY_CLOCK, severity=Severity.WARNING),)),
        state(UPLOADS, SEEN),
        state(REFUSED, row(ActionId.PUT_WITHOUT_ACL, Outcome.DENIED), findings=(found("it"),)),
    ],
    ids=[
        "nothing was hidden",
        "a line of the file",
        "two lines of it",
        "marks in it",
        "no failure",
        "nothing fails",
        "no ACL would change it",
    ],
)
def test_nothing_else_is_looked_behind(at: Situation) -> None:
    assert glance_behind(at) is None


def test_without_an_acl_nobody_wonders_that_pictures_are_hidden() -> None:
    refused = found("acl", because=(ActionId.PUT_WITH_ACL,))
    glance = glance_behind(state(REFUSED, row(ActionId.PUT_WITHOUT_ACL), findings=(refused,)))
    assert glance is not None
    assert (glance.said, glance.settings.acl, glance.settings.archive_acl) == ("No ACL was sent for it.", None, None)
    assert glance.shows(DELETION)
    assert not glance.shows(found("public-policy-missing", because=(ActionId.PUBLIC_GET,)))


def looked(file: Situation, after: Situation, *, lines_show: Situation | None = None) -> tuple[Trials, list[Glance]]:
    asked: list[Glance] = []

    def behind(glance: Glance) -> Situation:
        asked.append(glance)
        return replace(after, settings=glance.settings)

    def examine(settings: Settings, read_only: bool) -> Situation | None:
        return replace(lines_show, settings=settings) if lines_show else never(settings, read_only)

    trials = Trials(file, Budget(OPTIONS, now_at(*[0.0] * 20), FIRST), examine, as_before, behind)
    trials.run()
    return trials, asked


def test_what_is_seen_behind_is_named_and_what_is_not_seen_any_more_follows() -> None:
    listing = found("list-denied", because=(ActionId.LIST,))
    file = state(REFUSED, SKEWED, CLOCK, row(ActionId.LIST, Outcome.DENIED), findings=(BY_CLOCK, listing))
    after = state(UPLOADS, row(ActionId.LIST), row(ActionId.DELETE, Outcome.DENIED), findings=(DELETION,))
    trials, asked = looked(file, after)
    told = trials.conclusions().diagnosis()
    assert [one.id for one in told] == ["clock-skew", "iam-missing-deleteobject"]
    assert (
        told.findings[1].remark
        == "It is behind clock-skew. It was seen in a trial alone. The clock was set right for it."
    )
    assert [(one.id, one.of) for one in told.consequences] == [("list-denied", "clock-skew")]
    assert len(asked) == 1
    (trial,) = trials.conclusions().trials()
    assert (trial.changes, trial.result) == (
        (),
        "looked behind clock-skew, which fixes nothing. The clock was set right for it.",
    )


def test_what_is_behind_is_never_called_tried() -> None:
    behind = replace(WITH_LINE, because=(ActionId.DELETE,))
    trials, _asked = looked(state(REFUSED, SKEWED, CLOCK, findings=(BY_CLOCK,)), state(UPLOADS, findings=(behind,)))
    conclusions = trials.conclusions()
    assert conclusions.answer() == ()
    for one in conclusions.diagnosis():
        assert proof_of(one).state is ProofState.UNTRIED
    assert "another failure comes first" in proof_of(conclusions.diagnosis().findings[1]).why


def test_a_trial_that_sent_no_acl_is_the_look_behind_the_acl() -> None:
    refused = found("acl", EnvFix("S3_PERMISSION", ""), because=(ActionId.PUT_WITH_ACL,))
    file = state(REFUSED, row(ActionId.PUT_WITHOUT_ACL), findings=(refused,))
    hidden = found("public-policy-missing", because=(ActionId.PUBLIC_GET,))
    quiet = state(row(ActionId.PUT_WITHOUT_ACL), findings=(hidden, DELETION), S3_PERMISSION="")
    trials, asked = looked(file, quiet, lines_show=quiet)
    told = trials.conclusions().diagnosis()
    assert [one.id for one in told] == ["acl", "iam-missing-deleteobject"]
    assert asked == []
    assert len(trials.conclusions().trials()) == 1


def test_behind_a_wrong_clock_a_missing_right_is_seen_on_the_bucket_itself() -> None:
    scenario = FAULTS["iam-missing-deleteobject"].change(healthy().with_world(clock_offset=3600.0))
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        settings = settings_of(scenario)
        evidence = examine(settings, OPTIONS, tools)
        early = {
            ActionId.LIST,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
            ActionId.REACH_ENDPOINT,
            ActionId.CLOCK,
        }
        early |= {Experiment.CLOCK}  # type: ignore[arg-type]  # ids of both kinds
        seen = replace(evidence, observations=tuple(one for one in evidence.observations if one.id in early))
        file = Situation(settings, seen, diagnose(settings, seen))
        bench = Bench(settings, seen, OPTIONS, tools, ())
        trials = Trials(file, bench.budget, bench.under, bench.once_more, bench.behind)
        trials.run()
        transport.close()
        told = trials.conclusions().diagnosis()
        assert [one.id for one in told if one.severity is Severity.FAILURE] == [
            "clock-skew",
            "iam-missing-deleteobject",
        ]
        assert (
            told.findings[1].remark
            == "It is behind clock-skew. It was seen in a trial alone. The clock was set right for it."
        )
        (trial,) = trials.conclusions().trials()
        assert {ActionId.PUT_WITH_ACL, ActionId.PUBLIC_GET} <= {one.id for one in trial.evidence.observations if one.ok}
        # what may not be deleted stays, and is named
        assert set(left_in(box)) == set(bench.total().cleanup.left_behind)


def test_both_faults_are_in_the_report() -> None:
    scenario = FAULTS["iam-missing-deleteobject"].change(healthy().with_world(clock_offset=3600.0))
    report = run(scenario, trials=True).report
    assert failures(report) == ["clock-skew", "iam-missing-deleteobject"]
    assert failures(run(scenario).report)[:1] == ["clock-skew"]

"""The engine: the rules' order, what findings claim, each id once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import diagnose, lint, ranked, run_rules
from s3probe.diagnosis.model import Certainty, Finding, Severity
from s3probe.diagnosis.rule import Layer, Rule, Tier
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import Evidence, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Experiment, ObservationId
from tests.diagnosis.env_cases import AWS, settings_of
from tests.diagnosis.wire_cases import HEALTHY
from tests.diagnosis.wire_table import SHOWN, A, C, hidden

CASE = Case(A.settings, A.denied(ActionId.HEAD, ActionId.GET).evidence)


def _claims(name: str, *because: ObservationId, explains: tuple[ObservationId, ...] = ()) -> Iterator[Finding]:
    yield finding(name, CASE, how="seen", because=because, explains=explains)


def _rule(
    function: Callable[[Case], Iterable[Finding]], tier: Tier = Tier.CAUSES, layer: Layer = Layer.READING
) -> Rule:
    return Rule(function, layer, yields=(), tier=tier)


def test_a_rule_sees_only_what_no_earlier_one_explains() -> None:
    seen: list[tuple[str, ...]] = []

    def later(case: Case) -> Iterator[Finding]:
        seen.append(tuple(o.id for o in case.all_open()))
        yield from ()

    claims = _rule(lambda _: _claims("iam-missing-getobject", ActionId.GET))
    run_rules([_rule(later, Tier.REST), claims, _rule(later)], CASE)
    assert seen == [("head",), ("head",)]


def test_what_follows_is_claimed_like_what_decides() -> None:
    judged = run_rules(
        [_rule(lambda _: _claims("iam-missing-getobject", ActionId.GET, explains=(ActionId.HEAD,)))], CASE
    )
    assert judged.case.all_open() == ()


def test_each_id_comes_once_with_all_it_explains() -> None:
    get = _rule(lambda _: _claims("iam-missing-getobject", ActionId.GET), layer=Layer.READING)
    head = _rule(lambda _: _claims("iam-missing-getobject", ActionId.HEAD), layer=Layer.LISTING)
    for rules in ((get, head), (head, get)):
        judged = run_rules(rules, CASE)
        assert [(f.id, f.because) for f in ranked(judged.findings)] == [("iam-missing-getobject", ("get", "head"))]
        assert judged.case.all_open() == ()


def test_a_possibility_explains_nothing() -> None:
    possible = finding("key-is-root", CASE, how="perhaps", because=(ActionId.GET,), certainty=Certainty.POSSIBLE)
    assert run_rules([_rule(lambda _: [possible])], CASE).case.all_open() == CASE.all_open()


def test_an_experiment_that_failed_is_no_failure() -> None:
    assert A.denied(Experiment.GET_TAGGING, Experiment.WRONG_SECRET).findings == ()


def test_failures_come_before_warnings_and_each_from_the_ground_up() -> None:
    both = A.denied(
        ActionId.LIST,
        Experiment.GET_TAGGING,
        ActionId.HEAD,
        ActionId.HEAD_PART,
        ActionId.GET,
        ActionId.GET_RANGE,
        ActionId.PRESIGNED_GET,
    )
    cors = both.row(ActionId.PUBLIC_CORS, outcome=Outcome.WRONG, origin="https://mastodon.example", allowed="none")
    found = cors.findings
    order = {Severity.FAILURE: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
    assert [order[f.severity] for f in found] == sorted(order[f.severity] for f in found)
    assert {"iam-missing-getobject", "iam-missing-listbucket", "cors-missing"} <= {f.id for f in found}
    assert found[0].id == "iam-missing-getobject"


def test_a_failure_that_a_request_has_met_comes_before_one_of_the_file_alone() -> None:
    both = A.line("S3_PROTOCOL=http").denied(ActionId.GET, ActionId.HEAD)
    assert both.named == ("iam-missing-getobject", "protocol-http-mixed-content")


def test_of_failures_that_were_met_those_of_the_file_come_first() -> None:
    both = A.line("S3_REGION=").denied(ActionId.GET, ActionId.HEAD)
    assert both.named[0] == "env-empty-not-unset"


def test_what_no_rule_knows_is_shown_with_the_servers_own_words() -> None:
    found = C.row(ActionId.HEAD, 418, "Teapot", "short and stout", outcome=Outcome.REJECTED).findings
    assert [f.id for f in found] == ["unexplained"]
    assert "short and stout" in found[0].how_known


def test_the_unknown_stays_beside_the_known() -> None:
    found = (
        hidden(A)
        .denied(Experiment.READ_ACL)
        .row(ActionId.GET, 418, "Teapot", "stout", outcome=Outcome.REJECTED)
        .findings
    )
    assert {f.id for f in found} >= {"bpa-ignores-public-acls", "unexplained"}


def test_what_the_file_suspects_and_the_wire_decides_is_one_finding() -> None:
    found = SHOWN["bucket-name-invalid"].findings
    assert [(f.id, f.certainty) for f in found] == [("bucket-name-invalid", Certainty.CERTAIN)]
    assert set(found[0].because) == {ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST}


def test_skip_and_only_name_findings() -> None:
    seen = A.denied(ActionId.LIST, Experiment.GET_TAGGING)
    assert diagnose(seen.settings, seen.evidence, skip=("iam-missing-listbucket",)).findings == ()
    assert [f.id for f in diagnose(seen.settings, seen.evidence, only=("cors-missing",))] == []


def test_nothing_asked_is_no_finding_of_the_wire() -> None:
    nothing = Evidence(Run("", "", 0.0, "full"))
    assert diagnose(settings_of(AWS), nothing).findings == ()


def test_a_healthy_file_and_run_say_nothing() -> None:
    for env, seen in HEALTHY.items():
        assert [f.id for f in lint(settings_of(env)) if f.severity is not Severity.NOTICE] == []
        assert seen.named == ()


@pytest.mark.parametrize(
    ("first", "again", "kept"),
    [
        (Certainty.POSSIBLE, Certainty.LIKELY, Certainty.LIKELY),
        (Certainty.LIKELY, Certainty.CERTAIN, Certainty.CERTAIN),
        (Certainty.LIKELY, Certainty.POSSIBLE, Certainty.LIKELY),
        (Certainty.CERTAIN, Certainty.LIKELY, Certainty.CERTAIN),
    ],
)
def test_of_one_cause_seen_twice_the_surer_words_stay(first: Certainty, again: Certainty, kept: Certainty) -> None:
    def told(certainty: Certainty) -> Finding:
        return Finding("x", Severity.WARNING, certainty, certainty.value, "", "")

    rules = [_rule(lambda _case: [told(first)], layer=Layer.WAY), _rule(lambda _case: [told(again)], layer=Layer.HINTS)]
    (found,) = ranked(run_rules(rules, CASE).findings)
    assert (found.certainty, found.title) == (kept, kept.value)


def test_one_answer_that_does_not_say_why_makes_no_cause_certain() -> None:
    certain = {f.id: f.certainty for f in SHOWN["multipart-denied"].findings}
    assert certain["multipart-denied"] is Certainty.CERTAIN, "the storage's own code"
    for status in (403, 404, 418, 999):
        seen = A.row(ActionId.MULTIPART_CREATE, status, None, None, outcome=Outcome.REJECTED)
        found = next(f for f in seen.findings if f.id == "multipart-denied")
        assert found.certainty is Certainty.LIKELY, status
    page = A.row(ActionId.MULTIPART_CREATE, 200, outcome=Outcome.WRONG, headers={"content-type": "text/html"})
    assert {f.certainty for f in page.findings if f.id != "unexplained"} <= {Certainty.LIKELY}

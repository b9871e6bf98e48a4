"""The report for people: what a person in a hurry must read stands on the first screen, and again on the last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.model import BucketSetting, EnvFix, Severity
from s3probe.evidence.observations import TIME_WAS_UP, NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Fact, Header
from s3probe.report.chain import Leg, legs, picture
from s3probe.report.detail import detail
from s3probe.report.formats import RenderOptions, Standpoint, format_named
from s3probe.report.model import Report, Verdict
from s3probe.report.words import answer
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.every import every
from tests.report.samples import REPORTS, SUBJECT, evidence, observation
from tests.runs import TRIED, each_fault, fault_name, run_fault

SCREEN = 24


def text(report: Report, **options: object) -> list[str]:
    return format_named("text").render([report], RenderOptions(**options)).splitlines()  # type: ignore[arg-type]


def without_blocks(lines: list[str]) -> list[str]:
    """The lines without what is there to be copied, which is set in by six blanks and has a blank line around it."""
    copied = {number for number, line in enumerate(lines) if line.startswith(" " * 6) and line[6:7] != " "}
    around = {near for number in copied for near in (number - 1, number + 1) if not lines[near].strip()}
    inside = {number for number, line in enumerate(lines) if line.startswith(" " * 6) and line[:16].strip()}
    return [line for number, line in enumerate(lines) if number not in copied | around | inside]


@each_fault(TRIED)
def test_verdict_cause_and_fix_stand_on_the_first_screen_and_on_the_last(fault: Fault) -> None:
    report = run_fault(fault).report
    failures = [one for one in report.findings if one.severity is Severity.FAILURE]
    lines = text(report)
    if not failures:
        assert report.verdict is not Verdict.FAILURE
        return
    title = failures[0].title.split()
    end = next(number for number, line in enumerate(lines) if line.startswith("  More "))
    assert len(without_blocks(lines[: end + 1])) <= SCREEN
    assert " ".join(title) in " ".join(" ".join(lines[:4]).split())
    if len(lines) > SCREEN:
        assert " ".join(title) in " ".join(" ".join(lines[-SCREEN:]).split())
    assert any("✘" in line for line in lines[:8]) or not any(row.failed for row in report.evidence.observations)


@pytest.mark.parametrize("width", [40, 80])
def test_a_policy_is_named_by_what_it_allows_where_there_is_one_line(width: int) -> None:
    fault = next(one for one in ALL if fault_name(one) == "iam-missing-putobjectacl")
    report = run_fault(fault).report
    last, brief = text(report, width=width)[-6:], text(report, brief=True, width=width)
    assert "s3:PutObjectAcl on" in " ".join(" ".join(brief).split())
    assert "s3:PutObjectAcl on" in " ".join(" ".join(last).split())
    assert len(brief) <= 12
    assert report.evidence.run.id in brief[-1]
    lines = [line.strip() for line in text(report, width=width)]
    starts = [next(n for n, line in enumerate(lines) if line.startswith(label)) for label in ("How we know", "Fix")]
    known = text(report, width=width)[slice(*starts)]
    assert "arn:aws:" in "".join(known)
    assert max(map(len, known)) <= width


@pytest.mark.parametrize("name", ["broken", "tried", "healthy"])
def test_brief_is_a_message_for_a_chat(name: str) -> None:
    lines = text(REPORTS[name], brief=True)
    assert len(lines) <= 12
    assert "s3probe" in lines[0]
    if name == "tried":
        whole = " ".join(lines)
        assert "S3_REGION" in whole
        assert "Tried" in whole.title()


def test_verbose_shows_every_action_also_when_all_is_well() -> None:
    report = REPORTS["healthy"]
    assert not any("✔  " in line for line in text(report))
    shown = text(report, verbose=True)
    assert sum("✔  " in line for line in shown) == sum(row.ok for row in report.evidence.observations)
    assert any("Endpoint:" in line for line in shown)


def test_who_ran_it_where_and_when_stands_at_the_end() -> None:
    foot = " ".join(text(REPORTS["healthy"], place=Standpoint("web1", "mastodon"))).partition("s3probe 0")[2]
    foot = " ".join(f"s3probe 0{foot}".split())
    assert "on web1 as mastodon" in foot
    assert "s3probe " in foot
    assert "2026-11-23 18:00" in foot
    assert f"run {REPORTS['healthy'].evidence.run.id}" in foot


# ---- the picture of the way

HOST = "https://s3.eu-west-2.amazonaws.com/files-example/x"
UP = observation(ActionId.PUT_WITH_ACL, http_status=200, url=HOST, actor=Actor.MASTODON)
SEEN = observation(ActionId.PUBLIC_GET, http_status=200, url="https://files.example.com/x", actor=Actor.VISITOR)
NO_CORS = observation(
    ActionId.PUBLIC_CORS, outcome=Outcome.WRONG, http_status=206, actor=Actor.VISITOR, facts={Fact.ALLOWED: "none"}
)


@every(
    "rows, breaks",
    [
        ((UP, SEEN), None),
        ((UP, replace(SEEN, outcome=Outcome.DENIED, http_status=403)), ("files.example.com", "403")),
        ((replace(UP, outcome=Outcome.DENIED, http_status=403),), ("files-example", "403")),
        (
            (replace(UP, outcome=Outcome.UNREACHABLE, http_status=None, network=NetworkFault.DNS),),
            ("s3.eu-west-2.amazonaws.com", "no such name"),
        ),
        ((UP, SEEN, NO_CORS), ("visitors", "CORS")),
    ],
)
def test_the_way_breaks_where_the_first_request_fails(rows: tuple, breaks: tuple[str, str] | None) -> None:  # type: ignore[type-arg]
    found = legs(Report(SUBJECT, evidence(rows), ()))
    broken = [(leg.to, leg.said) for leg in found if leg.passes is False]
    assert broken == ([breaks] if breaks else [])
    after = [leg.passes for leg in found[[leg.to for leg in found].index(breaks[0]) + 1 :]] if breaks else []
    assert True not in after


@every("severity, passes", [(Severity.FAILURE, False), (Severity.WARNING, False), (Severity.NOTICE, True)])
def test_what_strangers_may_and_must_not_breaks_the_way_where_it_is_worth_a_warning(
    severity: Severity, passes: bool
) -> None:
    written = observation(ActionId.PUBLIC_WRITE, outcome=Outcome.WRONG, http_status=200, actor=Actor.VISITOR)
    finding = replace(REPORTS["broken"].findings[0], severity=severity, because=(ActionId.PUBLIC_WRITE,))
    looked = replace(NO_CORS, outcome=Outcome.OK)
    last = legs(Report(SUBJECT, evidence((UP, SEEN, looked, written)), (finding,)))[-1]
    assert last == Leg("visitors", passes, "" if passes else "too open")


def test_without_a_request_there_is_no_way_to_show() -> None:
    assert picture(Report(SUBJECT, evidence(()), ()), 78) == []


def test_one_host_for_api_and_visitors_stands_once() -> None:
    subject = replace(SUBJECT, public_base=f"{SUBJECT.endpoint}/files-example/")
    found = legs(Report(subject, evidence((UP, replace(SEEN, url=HOST))), ()))
    assert [leg.to for leg in found] == ["s3.eu-west-2.amazonaws.com", "files-example", "visitors"]
    assert found[0] == Leg("s3.eu-west-2.amazonaws.com", True)


# ---- what was wrong with a 200


@every(
    "row, said",
    [
        (NO_CORS, "206, but no Access-Control-Allow-Origin"),
        (replace(NO_CORS, facts={Fact.ALLOWED: "https://a.example"}),
         "206, but Access-Control-Allow-Origin is https://a.example"),
        (observation(ActionId.PUBLIC_LIST, outcome=Outcome.WRONG, http_status=200), "200, but everyone may list it"),
        (observation(ActionId.PUBLIC_RANGE, outcome=Outcome.WRONG, http_status=200, facts={Fact.RANGE: "ignored"}),
         "200, but the whole file instead of a part"),
        (observation(ActionId.GET, outcome=Outcome.WRONG, http_status=200, facts={Fact.BODY: "empty"}),
         "200, but nothing came"),
        (observation(ActionId.DELETE, outcome=Outcome.WRONG, http_status=204, facts={Fact.GONE: "no"}),
         "204, but the file is still there"),
        (observation(ActionId.CLOCK, outcome=Outcome.WRONG, http_status=None, facts={Fact.SKEW: "1200"}),
         "this machine's clock is 20 minutes slow"),
        (observation(ActionId.PUBLIC_EMBED, outcome=Outcome.WRONG, http_status=200,
                     headers={Header.CROSS_ORIGIN_RESOURCE_POLICY: "same-origin"}),
         "200, but Cross-Origin-Resource-Policy is same-origin"),
        (observation(ActionId.PUT_WITH_ACL, outcome=Outcome.DENIED, http_status=403, error_code="AccessDenied"),
         "403 AccessDenied"),
    ],
)  # fmt: skip
def test_a_row_says_what_was_wrong_with_its_answer(row: object, said: str) -> None:
    assert answer(row) == said  # type: ignore[arg-type]


@each_fault(TRIED)
def test_no_row_that_failed_is_told_by_a_good_status_alone(fault: Fault) -> None:
    rows = [row for row in run_fault(fault).report.evidence.observations if row.failed and row.network is None]
    bare = [row.id for row in rows if 200 <= (row.http_status or 0) < 300 and not detail(row)]
    assert bare == []


def test_what_there_is_to_copy_is_shown_once() -> None:
    denied = next(one for one in REPORTS["broken"].findings if one.id == "missing-delete-object")
    two = (denied, replace(denied, id="iam-missing-abortmultipart"))
    lines = text(replace(REPORTS["broken"], findings=two))
    assert sum('"Version": "2012-10-17"' in line for line in lines) == 1
    assert any("as above" in line for line in lines)
    command = f"aws s3api put-bucket-policy --policy '{'x' * 99}'"
    whole = replace(denied, fixes=(BucketSetting("policy", "{}", command),))
    lines = text(replace(REPORTS["broken"], findings=(whole, replace(whole, id="iam-missing-abortmultipart"))))
    assert sum(line.strip() == command for line in lines) == 1
    assert any("as above" in line for line in lines)


# ---- all of the fix, wherever it is told in short


def _by_name(name: str) -> Report:
    return run_fault(next(one for one in ALL if fault_name(one) == name)).report


@pytest.mark.parametrize("options", [{}, {"brief": True}, {"brief": True, "width": 40}])
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        (
            "public-policy-missing",
            ["off in Block Public Access of the bucket: aws s3api", "And: Set this bucket policy: s3"],
        ),
        ("acl-change-empties-object", ["Set this bucket policy", "And: Set this in standard input: S3_PERMISSION="]),
    ],
)
def test_a_fix_of_two_steps_is_told_whole_on_the_last_screen_and_to_a_chat(
    name: str, steps: list[str], options: dict[str, object]
) -> None:
    lines = text(_by_name(name), **options)
    last = " ".join(" ".join(lines[-SCREEN:]).split()).rpartition("✘ ")[2]
    assert [step for step in steps if step not in last] == []
    assert not options or len(lines) <= 12


def test_a_fix_of_one_step_promises_no_second() -> None:
    assert not any(line.strip().startswith("And: ") for line in text(_by_name("acl-disabled-bucket-owner-enforced")))


@each_fault(TRIED)
def test_a_chat_is_told_the_first_fix_to_its_end(fault: Fault) -> None:
    report = run_fault(fault).report
    lines = text(report, brief=True, width=40)
    told = "".join("".join(lines).split())
    first = next((one for one in report.findings if one.severity is not Severity.NOTICE), None)
    line = next((fix for fix in first.first_choice if isinstance(fix, EnvFix)), None) if first is not None else None
    assert len(lines) <= 12
    if line is not None and line.value is not None and not line.secret:
        assert "".join(f"{line.variable}={line.value}".split()) in told.replace("'", "").replace('"', "")


# ---- a picture that does not come has reached nobody


@every("seen, sees", [(Outcome.OK, True), (Outcome.DENIED, None)])
def test_visitors_see_nothing_of_a_picture_that_does_not_come(seen: Outcome, sees: bool | None) -> None:
    looked = replace(NO_CORS, outcome=Outcome.OK)
    rows = (UP, replace(SEEN, outcome=seen, http_status=200 if seen is Outcome.OK else 403), looked)
    assert legs(Report(SUBJECT, evidence(rows), ()))[-1] == Leg("visitors", sees)


def test_no_leg_breaks_with_a_good_status() -> None:
    emptied = replace(UP, id=ActionId.GET, outcome=Outcome.WRONG, facts={Fact.BODY: "empty"})
    found = legs(Report(SUBJECT, evidence((UP, emptied, SEEN)), ()))
    assert [leg.said for leg in found if leg.passes is False] == ["wrong answer"]


# ---- why nothing could be told


def test_a_run_without_time_says_so_in_its_first_line_and_one_that_was_stopped_does_not() -> None:
    cut = replace(evidence().run, complete=False, seconds=4.9)
    late = observation(ActionId.PUBLIC_GET, outcome=Outcome.SKIPPED, reason=TIME_WAS_UP)
    head = "? Could not tell whether media storage works"
    shown = text(Report(SUBJECT, evidence((UP, late), run=cut), ()))
    assert shown[0] == f"{head}: the time was up after 5 s."
    assert any("--deadline SECONDS" in line for line in shown)
    stopped = text(Report(SUBJECT, evidence((UP,), run=cut), ()))
    assert stopped[0] == f"{head}."
    assert not any("--deadline" in line for line in stopped)


@pytest.mark.parametrize(("width", "again"), [(80, True), (300, False)])
@pytest.mark.parametrize("color", [False, True])
def test_a_long_command_takes_more_rows_than_one(width: int, again: bool, color: bool) -> None:
    lines = text(_by_name("cors-missing"), width=width, color=color)
    assert sum("something will hurt" in line for line in lines) == 1 + again

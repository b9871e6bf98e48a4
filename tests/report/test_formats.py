"""What each format promises, beyond the golden files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from s3probe import __version__
from s3probe.diagnosis.model import (
    BucketPolicy,
    BucketSetting,
    Diagnosis,
    EnvFix,
    Finding,
    Fix,
    IamAllow,
    LeftOut,
    Manual,
    Proof,
    ProofState,
    ServerFix,
    Severity,
)
from s3probe.evidence.observations import LEFT_OUT, Cleanup, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment
from s3probe.report.assemble import assemble
from s3probe.report.fix_words import removal_commands
from s3probe.report.formats import FORMATS, RenderOptions, Unexamined, exit_status, format_named, needs_attention
from s3probe.report.json_format import as_data
from s3probe.report.model import Report
from s3probe.report.schema import schema
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.faults.model import Fault
from s3probe.settings.model import PROCESS_ENVIRONMENT, Variable
from tests.report.closed import closed
from tests.report.samples import (
    ACL_DISABLED,
    BROKEN,
    DELETE_DENIED,
    KEY_ID,
    LEFT,
    REPORTS,
    SECRET,
    SHORT_KEY_ID,
    SUBJECT,
    environment,
    evidence,
    observation,
    settings,
)
from tests.runs import TRIED, each_fault, run_fault

BROKEN_REPORT = REPORTS["broken"]
every_format = pytest.mark.parametrize("name", FORMATS)


def render(name: str, *reports: Report, **options: Any) -> str:
    return format_named(name).render(reports, RenderOptions(**options))


def with_finding(finding: Finding) -> Report:
    return replace(BROKEN_REPORT, findings=(finding,))


# ---- all of them


@every_format
def test_no_format_shows_a_secret_or_a_control_character(name: str) -> None:
    dirty = f"\x1b[2J{SECRET} \u202e{KEY_ID} X-Amz-Signature=0badcafe"
    said = observation(ActionId.GET, "Mastodon can read", Outcome.WRONG, message=dirty, error_code=dirty)
    skipped = observation(ActionId.LIST, "It lists", Outcome.SKIPPED, reason=dirty)
    found = replace(ACL_DISABLED, title=dirty, consequence=dirty, how_known=dirty, because=(ActionId.GET,))
    left = Cleanup(1, 0, (f"cache/{dirty}",))
    report = assemble(settings(), evidence((said, skipped), cleanup=left), Diagnosis((found,)))
    text = render(name, report)
    assert "\x1b" not in text
    assert "\u202e" not in text
    for secret in (SECRET, KEY_ID, "0badcafe"):
        assert secret not in text


@every_format
def test_every_format_takes_an_ascii_stream(name: str) -> None:
    assert render(name, *REPORTS.values(), ascii=True).isascii()


@every_format
def test_every_format_ends_with_one_line_feed(name: str) -> None:
    for report in REPORTS.values():
        text = render(name, report)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


@every_format
def test_every_format_takes_a_report_without_observations(name: str) -> None:
    lint = Report(SUBJECT, evidence((), run=Run("", "2026-11-23T18:00:00Z", 0.0, "lint")), (ACL_DISABLED,))
    assert ACL_DISABLED.id in render(name, lint)


@pytest.mark.parametrize("name", ["text", "markdown", "junit", "nagios"])
def test_a_file_that_could_not_be_examined_is_told(name: str) -> None:
    missed = Unexamined("gone.env", "gone.env does not exist")
    assert "gone.env does not exist" in render(name, REPORTS["healthy"], unexamined=(missed,))


@pytest.mark.parametrize(
    ("names", "options", "status"),
    [
        (["healthy"], RenderOptions(), 0),
        (["broken", "unknown", "healthy"], RenderOptions(), 2),
        (["unknown", "healthy"], RenderOptions(), 3),
        (["healthy"], RenderOptions(unexamined=(Unexamined("x", "y"),)), 64),
        (["broken"], RenderOptions(unexamined=(Unexamined("x", "y"),)), 2),
        ([], RenderOptions(unexamined=(Unexamined("x", "y"),)), 64),
    ],
)
def test_the_worst_report_decides_the_status(names: list[str], options: RenderOptions, status: int) -> None:
    assert exit_status([REPORTS[name] for name in names], options) == status


def test_a_notice_is_nothing_to_act_on_but_an_object_left_behind_is() -> None:
    notice = Report(SUBJECT, evidence(), (replace(DELETE_DENIED, severity=Severity.NOTICE),))
    assert not needs_attention(notice)
    assert needs_attention(Report(SUBJECT, evidence(cleanup=LEFT), ()))


# ---- the subject


def test_the_subject_is_that_of_the_settings() -> None:
    assert assemble(settings(), evidence(), Diagnosis()).subject == SUBJECT


MINIO = {"server": "MinIO"}


def test_the_provider_is_told_by_the_answer_when_the_name_says_nothing() -> None:
    api = "https://storage.example.org"
    custom = settings(api_base=api, endpoint=api)
    asked = observation(ActionId.HEAD, http_status=404, url=f"{api}/{custom.bucket_name}/a.png", headers=MINIO)
    shown = observation(ActionId.PUBLIC_GET, http_status=200, url="https://files.example.org/a.png", headers=MINIO)
    assert assemble(custom, evidence((asked,)), Diagnosis()).subject.provider == "minio"
    assert assemble(custom, evidence((shown,)), Diagnosis()).subject.provider == "unknown"


def test_a_fix_names_the_file_in_which_the_variable_stands() -> None:
    two = environment()
    there = {**two.variables, "S3_PERMISSION": Variable("S3_PERMISSION", "x", ".env.local", 3)}
    both = replace(two, variables=there, sources=(".env.local", ".env.production"))
    finding = replace(
        ACL_DISABLED, fixes=(EnvFix("S3_PERMISSION", "", 3), EnvFix("S3_ALIAS_HOST", None), EnvFix("S3_A", "1"))
    )
    text = render("text", assemble(settings(environment=both), evidence(BROKEN), Diagnosis((finding,))))
    assert "Change line 3 of .env.local to:" in text
    assert "Remove S3_ALIAS_HOST from .env.production." in text
    assert "Set this in .env.production:" in text


def test_a_fix_of_the_process_environment_says_so() -> None:
    base = environment()
    there = {**base.variables, "S3_PERMISSION": Variable("S3_PERMISSION", "x")}
    only = replace(base, variables=there, sources=(PROCESS_ENVIRONMENT,))
    finding = replace(ACL_DISABLED, fixes=(EnvFix("S3_PERMISSION", ""),))
    text = render("text", assemble(settings(environment=only), evidence(BROKEN), Diagnosis((finding,))))
    assert "where the service or the container is" in " ".join(text.split())


def test_fixes_that_belong_together_are_no_alternatives() -> None:
    fixes = (EnvFix("S3_A", "1"), EnvFix("S3_B", "2", together=True), EnvFix("S3_C", None), EnvFix("S3_D", "4"))
    finding = replace(ACL_DISABLED, fixes=(*fixes[:3], replace(fixes[3], together=True)))
    for name in ("text", "markdown"):
        text = render(name, with_finding(finding), verbose=True)
        found = re.findall("(Fix|And|and|Or|or):? +(Set these|Set this|Remove)", text)
        assert [(one.lower(), what) for one, what in found] == [
            ("fix", "Set these"),
            ("or", "Remove"),
            ("and", "Set this"),
        ]
        assert re.search("S3_A=1\n *S3_B=2\n", text)


# ---- what was left out


@pytest.mark.parametrize("name", FORMATS)
def test_a_finding_that_is_there_and_left_out_is_named_in_every_format(name: str) -> None:
    one = LeftOut(ACL_DISABLED.id, ACL_DISABLED.severity, ACL_DISABLED.title)
    healthy_report = REPORTS["healthy"]
    assert ACL_DISABLED.id in render(name, replace(healthy_report, left_out=(one,)))
    assert ACL_DISABLED.id not in render(name, healthy_report)


@pytest.mark.parametrize("brief", [False, True])
def test_a_headline_never_says_works_of_what_was_left_out(brief: bool) -> None:
    left = tuple(LeftOut("x", severity, "Something") for severity in (Severity.FAILURE, Severity.WARNING))
    report = replace(REPORTS["healthy"], left_out=left)
    shown = format_named("text").render([report], RenderOptions(brief=brief))
    assert "works" not in shown
    assert "1 failure, 1 warning left out" in " ".join(shown.split())
    notice = replace(report, left_out=(LeftOut("x", Severity.NOTICE, "Something"),))
    assert "works" in format_named("text").render([notice], RenderOptions(brief=brief))


def test_a_part_that_fails_says_what_was_asked_for() -> None:
    left = observation(ActionId.LIST, outcome=Outcome.SKIPPED, reason=LEFT_OUT)
    few, whole = (BROKEN[2], left), (BROKEN[2],)
    asked = f"Media storage does not work as it should (asked for: {BROKEN[2].id})"
    many = (
        *(observation(one, http_status=200) for one in (ActionId.GET, ActionId.HEAD, ActionId.CLOCK, ActionId.DELETE)),
        *few,
    )
    for name in ("text", "markdown", "html", "nagios"):
        shown = [render(name, Report(SUBJECT, evidence(rows), (ACL_DISABLED,))) for rows in (few, whole, many)]
        one, all_of, some = (" ".join(text.split()) for text in shown)
        assert asked in one
        assert "asked for" not in all_of
        assert "Media storage does not work as it should (asked for: a part of it)" in some


@pytest.mark.parametrize("brief", [False, True])
def test_where_nothing_could_be_told_no_fix_of_something_else_stands_for_the_answer(brief: bool) -> None:
    warned = replace(ACL_DISABLED, severity=Severity.WARNING, because=(), fixes=(EnvFix("S3_REGION", "a", 7),))
    left = LeftOut("x-y", Severity.FAILURE, "Something")
    report = Report(
        SUBJECT, evidence((BROKEN[2],), run=replace(evidence().run, complete=False)), (warned,), left_out=(left,)
    )
    shown = format_named("text").render([report], RenderOptions(brief=brief))
    last = shown.rpartition("? ")[2]
    assert last.startswith("Could not tell") or (brief and "Could not tell" in last)
    assert "S3_REGION" not in last
    assert "x-y" in shown


def test_the_picture_of_the_way_is_drawn_in_ascii() -> None:
    assert "-+-" in format_named("text").render([REPORTS["healthy"]], RenderOptions(ascii=True))


def test_a_part_is_never_said_to_be_the_whole() -> None:
    left = observation(ActionId.LIST, outcome=Outcome.SKIPPED, reason=LEFT_OUT)
    part, whole = Report(SUBJECT, evidence((BROKEN[2], left)), ()), Report(SUBJECT, evidence((BROKEN[3],)), ())
    ok = replace(part, evidence=evidence((BROKEN[3], left)))
    for name in ("text", "markdown", "nagios", "junit"):
        assert "Media storage works" in render(name, whole)
        assert "Media storage works" not in render(name, ok)


# ---- text


def test_text_is_short_when_all_is_well() -> None:
    assert len(render("text", REPORTS["healthy"]).splitlines()) < 10


@pytest.mark.parametrize("width", [40, 80, 100, 300])
def test_text_keeps_within_the_terminal_but_for_what_is_copied(width: int) -> None:
    copied = ("      ", "        http")
    for line in render("text", BROKEN_REPORT, width=width).splitlines():
        assert len(line) <= min(width, 100) or line.startswith(copied) or len(line.split()) <= 3


def test_commands_are_never_wrapped() -> None:
    text = render("text", BROKEN_REPORT, width=40, verbose=True)
    assert f"      {ACL_DISABLED.fixes[1].command}\n" in text  # type: ignore[union-attr]  # a BucketSetting


def test_colour_only_when_asked() -> None:
    assert "\x1b[" not in render("text", BROKEN_REPORT)
    coloured = render("text", BROKEN_REPORT, color=True)
    assert "\x1b[31" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == render("text", BROKEN_REPORT)


def test_experiments_are_not_told_to_people() -> None:
    tried = observation(Experiment.COPY, "An experiment", Outcome.DENIED)
    assert "An experiment" not in render("text", Report(SUBJECT, evidence((*BROKEN, tried)), (ACL_DISABLED,)))


def test_many_actions_skipped_for_one_reason_take_one_line() -> None:
    skipped = [
        observation(name, outcome=Outcome.SKIPPED, reason="no answer")
        for name in (ActionId.GET, ActionId.LIST, ActionId.HEAD, ActionId.DELETE)
    ]
    for rows, line in ((skipped, "  –  4 actions were skipped: no answer"), (skipped[:3], "skipped: no answer")):
        text = render("text", Report(SUBJECT, evidence((BROKEN[2], *rows)), (ACL_DISABLED,)), verbose=True)
        assert text.count(line) == (1 if len(rows) == 4 else 3)


def test_a_run_that_was_cut_short_says_so() -> None:
    cut = replace(evidence().run, complete=False)
    assert "cut short" in render("text", Report(SUBJECT, evidence(run=cut), ()))


@pytest.mark.parametrize(
    ("left", "endpoint", "command"),
    [
        (
            "a/b.png",
            "https://s3.eu-west-2.amazonaws.com",
            "aws s3api delete-object --bucket files-example --key a/b.png",
        ),
        (
            "a b?versionId=v=1",
            "https://s3.example.net",
            "aws s3api --endpoint-url https://s3.example.net delete-object --bucket files-example --key 'a b' "
            "--version-id v=1",
        ),
        (
            "a?uploadId=$x",
            "https://s3.eu-west-2.amazonaws.com",
            "aws s3api abort-multipart-upload --bucket files-example --key a --upload-id '$x'",
        ),
    ],
)
def test_what_is_left_comes_with_the_command_that_removes_it(left: str, endpoint: str, command: str) -> None:
    report = Report(replace(SUBJECT, endpoint=endpoint), evidence(cleanup=Cleanup(1, 0, (left,))), ())
    assert removal_commands(report) == (command,)
    for name in ("text", "markdown", "nagios", "junit"):
        assert command in render(name, report)


@pytest.mark.parametrize(
    ("late", "words", "command"),
    [
        (("a b",), "1 upload got no answer. It is not there now, and may still arrive", "delete-object --bucket"),
        (("a", "b?uploads"), "2 uploads got no answer. They are not there now", "list-multipart-uploads --bucket"),
    ],
)
def test_what_may_still_arrive_is_named_as_that_with_its_command(
    late: tuple[str, ...], words: str, command: str
) -> None:
    report = replace(REPORTS["healthy"], evidence=evidence(cleanup=Cleanup(9, 9, (), late)))
    for name in ("text", "markdown", "nagios", "junit"):
        text = render(name, report)
        assert command in text
        assert "could not be removed" not in text
        if name != "nagios":
            assert words in " ".join(text.split())
    assert "- [ ] This check left nothing behind" in render("markdown", report)
    assert json.loads(render("json", report))["cleanup"]["may_arrive"] == list(late)
    assert needs_attention(report)
    assert not needs_attention(replace(report, evidence=evidence(cleanup=Cleanup(9, 9))))


def test_what_earlier_checks_left_is_named_and_is_nothing_to_act_on() -> None:
    left = Cleanup(9, 9, earlier=("b?uploads", "a"))
    report = replace(REPORTS["healthy"], evidence=evidence(cleanup=left))
    for name in ("text", "markdown"):
        text = render(name, report)
        assert "2 test objects of earlier checks may still be there" in " ".join(text.split())
        assert "list-multipart-uploads --bucket files-example --prefix b" in text
        assert "delete-object --bucket files-example --key a" in text
    assert "- [x] This check left nothing behind" in render("markdown", report)
    assert not needs_attention(report)
    assert render("nagios", report) == render("nagios", REPORTS["healthy"])


# ---- JSON


def test_json_has_every_key_of_the_contract_and_no_other() -> None:
    data = json.loads(render("json", BROKEN_REPORT))
    assert list(data) == [
        *(
            "schema_version",
            "s3probe_version",
            "run",
            "subject",
            "verdict",
            "findings",
            "rule_errors",
            "actions",
            "cleanup",
            "cost",
        )
    ]
    assert list(data["run"]) == ["id", "started", "seconds", "profile"]
    assert list(data["subject"]) == [
        *("source", "bucket", "region", "endpoint", "provider", "addressing", "acl", "key_prefix"),
        *("public_base", "access_key_id"),
    ]
    for finding in data["findings"]:
        assert list(finding) == [
            *(
                "id",
                "severity",
                "certainty",
                "title",
                "setting",
                "permission",
                "consequence",
                "because",
                "fixes",
                "links",
                "how_known",
            )
        ]
    for action in data["actions"]:
        assert list(action) == [
            *("id", "title", "operation", "as", "needs", "outcome", "http_status", "error_code", "message"),
            *("seconds", "reason"),
        ]
    assert list(data["cleanup"]) == ["created", "removed", "left_behind", "may_arrive", "earlier"]
    assert list(data["cost"]) == ["requests", "by_operation", "bytes_sent", "bytes_received"]


SCHEMA = Draft202012Validator(schema())


def test_the_schema_is_one_and_is_open_to_later_fields() -> None:
    Draft202012Validator.check_schema(schema())
    assert '"additionalProperties": false' not in json.dumps(schema())


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_keeps_to_the_schema(name: str) -> None:
    SCHEMA.validate(json.loads(render("json", REPORTS[name])))
    SCHEMA.validate(json.loads(render("json", REPORTS[name], REPORTS["healthy"])))


CLOSED = Draft202012Validator(closed(schema()))


@each_fault(TRIED)
def test_the_report_of_every_fault_keeps_to_the_schema_which_names_each_of_its_fields(fault: Fault) -> None:
    CLOSED.validate(json.loads(render("json", run_fault(fault).report)))


@pytest.mark.parametrize("fix", [
    IamAllow(("s3:PutObject",), ("arn:aws:s3:::b/*",), way="a click", command="a command", warning="the rest is lost"),
    BucketPolicy({"Effect": "Allow"}, command="a command", warning="the rest is lost"),
    BucketSetting("policy", "", command="a command", warning="the rest is lost"),
    ServerFix("ClientBodyLimit", "50m"),
    EnvFix("S3_REGION", "eu-west-2", 7, note="as the bucket says"),
    Manual("Ask."),
], ids=lambda fix: type(fix).__name__)  # fmt: skip
def test_the_schema_names_every_field_of_every_kind_of_fix(fix: Fix) -> None:
    finding = replace(ACL_DISABLED, fixes=(fix,))
    CLOSED.validate(json.loads(render("json", replace(BROKEN_REPORT, findings=(finding,)))))


def test_what_the_screen_says_beside_a_fix_is_in_the_json_too() -> None:
    first, second = (
        EnvFix("S3_REGION", "a", 7, note="as the bucket says"),
        BucketSetting("cors", "", "x", "all of them"),
    )
    data = json.loads(render("json", with_finding(replace(ACL_DISABLED, fixes=(first, second)))))
    assert [fix["note"] for fix in data["findings"][0]["fixes"]] == [first.note, second.note]
    plain = json.loads(render("json", with_finding(replace(ACL_DISABLED, fixes=(EnvFix("S3_REGION", "a", 7),)))))
    assert "note" not in plain["findings"][0]["fixes"][0]


def test_a_field_that_the_schema_does_not_name_is_found() -> None:
    data = json.loads(render("json", BROKEN_REPORT))
    data["findings"][0]["fixes"][0]["later"] = "1"
    assert SCHEMA.is_valid(data)
    assert not CLOSED.is_valid(data)


def test_what_lacks_a_field_is_no_report() -> None:
    data = json.loads(render("json", BROKEN_REPORT))
    del data["verdict"]
    assert not SCHEMA.is_valid(data)


def test_json_fixes_have_the_keys_of_their_kind() -> None:
    data = json.loads(render("json", BROKEN_REPORT))
    keys = {fix["kind"]: set(fix) - {"kind", "note"} for finding in data["findings"] for fix in finding["fixes"]}
    assert keys == {
        "env": {"variable", "value", "line"},
        "iam-allow": {"actions", "resources"},
        "bucket-policy": {"statement"},
        "bucket-setting": {"setting", "value", "command"},
        "server": {"setting", "value"},
        "manual": {"text"},
    }


def test_json_tells_what_was_tried_where_something_was() -> None:
    data = json.loads(render("json", REPORTS["tried"]))
    first, behind = data["findings"]
    lines, setting = first["fixes"]
    assert lines["changes"] == [
        {"variable": "S3_REGION", "value": "eu-west-2", "line": 6},
        {"variable": "S3_ENDPOINT", "value": "https://s3.eu-west-2.amazonaws.com", "line": 7},
    ]
    assert {name: lines[name] for name in ("variable", "value", "line")} == lines["changes"][0]
    assert lines["proof"] == {"state": "tried", "passed": ["put-with-acl"], "fine": 9, "not_fine": 1, "requests": 24}
    assert "changes" not in setting
    assert setting["proof"] == {
        "state": "untried",
        "why": "s3probe never changes a bucket. Run s3probe check again after it",
    }
    assert behind["remark"] == "It was seen only after this change: S3_REGION=eu-west-2."
    (trial,) = data["trials"]
    assert list(trial) == ["changes", "result", "actions", "requests"]
    assert (trial["changes"], trial["requests"]) == (lines["changes"], 24)
    assert {action["id"]: action["outcome"] for action in trial["actions"]}["put-with-acl"] == "ok"
    assert {action["id"]: action["outcome"] for action in data["actions"]}["put-with-acl"] == "rejected"
    assert [(one["id"], one["of"]) for one in data["consequences"]] == [
        ("object-not-found-public-key-mismatch", first["id"])
    ]
    assert data["schema_version"] == 1


def test_what_has_to_be_done_before_a_fix_stands_with_it() -> None:
    report = run_fault(FAULTS["bpa-blocks-public-acl"]).report
    first, _account, policy = as_data(report)["findings"][0]["fixes"]
    assert policy["kind"] == "bucket-policy"
    assert [one["setting"] for one in policy["before"]] == ["public-access-block"]
    assert [line["variable"] for line in policy["changes"]] == ["S3_PERMISSION"]
    assert not {"before", "changes"} & set(first)


@pytest.mark.parametrize("name", ["text", "markdown", "junit"])
def test_people_are_told_in_a_sentence_what_was_tried(name: str) -> None:
    text = " ".join(render(name, REPORTS["tried"], verbose=True).replace("\\", "").split())
    assert "Tried: with these 2 lines 9 of 10 actions pass." in text
    assert "Not tried: s3probe never changes a bucket. Run s3probe check again after it." in text
    assert "ith its fix, this ends as well: The public URL leads to another place" in text
    assert "It was seen only after this change: S3_REGION=eu-west-2." in text


def test_one_line_with_which_everything_passes() -> None:
    proof = Proof(ProofState.TRIED, fine=41)
    finding = replace(ACL_DISABLED, fixes=(EnvFix("S3_PERMISSION", "", 14, proof=proof),))
    assert "Tried: with this line all 41 actions pass." in render("text", with_finding(finding))
    warned = replace(finding, severity=Severity.WARNING)
    assert "Tried" not in render("text", with_finding(warned))


def test_json_of_several_files_lists_them() -> None:
    data = json.loads(render("json", REPORTS["healthy"], BROKEN_REPORT))
    assert (data["schema_version"], [report["verdict"] for report in data["reports"]]) == (1, ["ok", "failure"])


def test_json_shows_the_key_id_shortened() -> None:
    report = assemble(settings(), evidence(), Diagnosis())
    assert json.loads(render("json", report))["subject"]["access_key_id"] == SHORT_KEY_ID


# ---- JUnit


def test_junit_keeps_to_the_schema() -> None:
    root = ET.fromstring(render("junit", *REPORTS.values()))  # noqa: S314  # our own output
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.get("id") == str(number)
        assert {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"} <= set(
            suite.attrib
        )
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        assert suite.get("tests") == str(len(cases))
        for tag in ("failure", "error", "skipped"):
            count = sum(case.find(tag) is not None for case in cases)
            assert suite.get({"failure": "failures", "error": "errors"}.get(tag, tag)) == str(count)
        for case in cases:
            assert set(case.attrib) == {"classname", "name", "time"}
            assert len(case) <= 1
            for result in case:
                assert result.tag == "skipped" or result.get("type")


def results(text: str) -> dict[str, str]:
    cases = ET.fromstring(text).iter("testcase")  # noqa: S314  # our own output
    return {case.get("name", "").partition(":")[0]: next((child.tag for child in case), "ok") for case in cases}


def test_junit_fails_what_fails_the_run() -> None:
    mild = results(render("junit", BROKEN_REPORT))
    assert (mild[ACL_DISABLED.id], mild[ActionId.PUT_WITH_ACL]) == ("failure", "failure")
    assert (mild[DELETE_DENIED.id], mild["delete"]) == ("skipped", "skipped")
    strict = results(render("junit", BROKEN_REPORT, fail_on_warning=True))
    assert (strict[DELETE_DENIED.id], strict["delete"]) == ("failure", "failure")
    assert results(render("junit", REPORTS["unknown"]))[ActionId.REACH_ENDPOINT] == "error"


def test_junit_survives_what_xml_cannot_hold() -> None:
    report = with_finding(replace(ACL_DISABLED, title="a\x00b\ud800c\uffffd <&>"))
    assert "abcd &lt;&amp;&gt;" in render("junit", report)


# ---- Nagios


def test_nagios_tells_the_state_of_the_exit_status() -> None:
    warned = Report(SUBJECT, evidence(), (DELETE_DENIED,))
    assert render("nagios", warned).startswith("S3PROBE OK - ")
    assert render("nagios", warned, fail_on_warning=True).startswith("S3PROBE WARNING - ")
    assert render("nagios", BROKEN_REPORT).startswith("S3PROBE CRITICAL - ")
    assert render("nagios", REPORTS["unknown"]).startswith("S3PROBE UNKNOWN - ")


def test_nagios_text_cannot_break_the_line_or_the_performance_data() -> None:
    first, *rest = render("nagios", with_finding(replace(ACL_DISABLED, title="a|b\nc"))).splitlines()
    text, perfdata = first.split(" | ")
    assert "a/b c" in text
    assert re.fullmatch(r"(\w+=[\d.]+s?;;;0 ?)+", perfdata)
    assert not any("|" in line for line in rest)


# ---- Prometheus

SAMPLE = re.compile(r'(s3probe_\w+)\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+)\} [\d.e+-]+')


def test_prometheus_lines_are_well_formed_and_unique() -> None:
    lines = render("prometheus", *REPORTS.values()).splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples)
    assert len({line.rpartition(" ")[0] for line in samples}) == len(samples)
    described = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {line.partition("{")[0] for line in samples} <= described


def test_prometheus_labels_are_escaped() -> None:
    odd = replace(BROKEN_REPORT, subject=replace(SUBJECT, source='a"b\\c\nd'))
    assert 'source="a\\"b\\\\c\\nd"' in render("prometheus", odd)


def test_prometheus_labels_hold_no_text_of_a_server_and_no_key() -> None:
    text = render("prometheus", BROKEN_REPORT)
    assert "The bucket does not allow ACLs" not in text
    assert "AccessControlListNotSupported" not in text
    assert SHORT_KEY_ID not in text


def test_prometheus_large_numbers_stay_exact() -> None:
    many = replace(evidence(), cost=replace(evidence().cost, bytes_sent=123456789))
    assert re.search(r"s3probe_sent_bytes\{.*\} 123456789(\.0)?\n", render("prometheus", Report(SUBJECT, many, ())))


# ---- Markdown


def test_markdown_ticks_what_was_seen_and_opens_what_was_not() -> None:
    healthy, broken = render("markdown", REPORTS["healthy"]), render("markdown", BROKEN_REPORT)
    assert "- [x] Mastodon can upload media with its ACL" in healthy
    assert "- [ ] Large files go up in parts\n  - not part of this run" in healthy
    assert f"- [ ] Mastodon can upload media with its ACL\n  - `put-with-acl`: 400 {BROKEN[2].error_code}" in broken
    assert broken.count(f"**{ACL_DISABLED.title}**") == 1


def test_markdown_has_all_groups_in_order() -> None:
    heads = re.findall("^## (.*)$", render("markdown", BROKEN_REPORT), re.MULTILINE)
    assert heads == ["Uploads", "Delivery", "Privacy", "Deletion", "Resilience", "Cost"]


def test_markdown_shows_foreign_text_as_text() -> None:
    said = Observation(
        ActionId.GET, "It reads", "GetObject", Actor.MASTODON, Outcome.WRONG, message="<img src=x> [a](b) `c` *d*\n# e"
    )
    text = render("markdown", Report(SUBJECT, evidence((said,)), ()))
    assert "\\<img src=x\\> \\[a\\](b) \\`c\\` \\*d\\* \\# e" in text


def test_markdown_tells_a_finding_of_the_file_alone() -> None:
    lint = Report(SUBJECT, evidence(()), (replace(ACL_DISABLED, because=(), explains=()),))
    assert render("markdown", lint).count(ACL_DISABLED.id) == 1


# ---- the page


def test_a_page_shows_the_same_way_to_wide_and_to_narrow_screens_and_the_whole_of_a_long_command() -> None:
    page = render("html", BROKEN_REPORT)
    wide, tall = (re.findall(r">([^<]+)</text>", picture) for picture in re.findall(r"<svg .*?</svg>", page, re.DOTALL))
    assert wide == tall
    assert wide[0] == "Mastodon"
    assert "pre-wrap" in page
    assert "overflow-wrap:anywhere" in page


def test_what_was_met_on_the_way_has_room_between_its_stations() -> None:
    slow = observation(
        ActionId.PUT_WITH_ACL, outcome=Outcome.UNREACHABLE, network=NetworkFault.DNS, actor=Actor.MASTODON
    )
    page = render("html", Report(SUBJECT, evidence((slow,)), ()))
    wide = page.partition('<svg class="wide"')[2].partition("</svg>")[0]
    long = next(line for line in wide.splitlines() if 'class="bad"' in line)
    start, end = (int(found) for found in re.findall(r'x[12]="(\d+)"', long))
    assert end - start > len("✘ no such name") * 7


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_a_line_counts_only_after_a_restart_and_a_policy_at_once(name: str) -> None:
    said = "Then restart web and Sidekiq"
    line, policy = EnvFix("S3_REGION", "a", 7), BucketPolicy({"Effect": "Allow"})
    shown = render(name, with_finding(replace(ACL_DISABLED, fixes=(line, policy))))
    assert shown.count(said) == 1
    assert shown.index("S3_REGION=a") < shown.index(said)
    assert said not in render(name, with_finding(replace(ACL_DISABLED, fixes=(policy, line))))


@every_format
def test_every_format_says_which_program_as_what_when_and_in_which_run(name: str) -> None:
    shown = render(name, BROKEN_REPORT)
    run = BROKEN_REPORT.evidence.run
    assert run.id in shown
    assert __version__ in shown
    assert run.started[:10] in shown


def test_the_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    page = render("html", BROKEN_REPORT)
    assert "<script" not in page
    assert not re.search(r"(src|href|url)\s*[=(]", page)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#x27;none&#x27;")
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy


def test_the_page_shows_foreign_text_as_text() -> None:
    row = replace(BROKEN[2], message='<img src=x onerror="alert(1)">', error_code="<b>")
    subject = replace(SUBJECT, bucket='"><script>alert(1)</script>', public_base="https://<i>.example/")
    page = render("html", Report(subject, evidence((row,)), (replace(ACL_DISABLED, title="<u>"),)))
    for bad in ("<img", "<b>", "<script", "<i>", "<u>"):
        assert bad not in page

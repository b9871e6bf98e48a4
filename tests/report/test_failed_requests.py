"""What is shown of a request that failed: a command, the time, the request ids and the address."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from jsonschema import Draft202012Validator

from s3probe.codec import from_plain, to_plain
from s3probe.diagnosis.model import Diagnosis
from s3probe.evidence.asked import HowAsked, PlainRequest, Signature
from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Header, HeaderName
from s3probe.redact import HIDDEN
from s3probe.report.assemble import assemble
from s3probe.report.commands import command, loading
from s3probe.report.formats import RenderOptions, format_named
from s3probe.report.model import Report
from s3probe.report.requests import failed_requests, introduction
from s3probe.report.schema import schema
from tests.diagnosis.env_cases import settings_of
from tests.every import every
from tests.report.samples import REPORTS, evidence

URL = "https://files-example.s3.eu-west-2.amazonaws.com/media_attachments/files/s3probe/abcdefghij/with-acl.png"
UPLOAD = PlainRequest(
    "PutObject",
    "PUT",
    URL,
    MappingProxyType({"X-Amz-Acl": "public-read", "Content-Type": "image/png", "User-Agent": "s3probe"}),
    size=4255,
    bucket="files-example",
    signature=Signature.V4,
    region="eu-west-2",
)
ASKED = HowAsked(
    "2026-11-29T18:51:37.123Z",
    "192.0.2.7:443",
    MappingProxyType({"x-amz-request-id": "4442587FB7D0A2F9", "cf-ray": "8d1e2f"}),
    UPLOAD,
)


def report(asked: HowAsked | None = ASKED) -> Report:
    """A refused upload."""
    broken = REPORTS["broken"]
    rows = tuple(
        replace(row, asked=asked) if row.id == ActionId.PUT_WITH_ACL else row for row in broken.evidence.observations
    )
    return replace(broken, evidence=replace(broken.evidence, observations=rows))


def refused(asked: HowAsked = ASKED) -> Observation:
    row = report(asked).evidence.get(ActionId.PUT_WITH_ACL)
    assert row is not None
    return row


def shown(form: str, *, verbose: bool = True) -> str:
    return format_named(form).render([report()], RenderOptions(verbose=verbose))


@every("form", ["text", "markdown", "html"])
def test_it_stands_in_what_people_read(form: str) -> None:
    text = shown(form)
    for told in ("2026-11-29 18:51:37.123 UTC", "192.0.2.7:443", "4442587FB7D0A2F9", "8d1e2f", "put-object", "sed -n"):
        assert told in text.replace("\\", "")


def test_a_bucket_with_versions_keeps_what_a_command_uploads() -> None:
    said = "stays as one when it is deleted"
    made = report()
    rows = made.evidence.observations
    kept = MappingProxyType[HeaderName, str]({Header.X_AMZ_VERSION_ID: "3HL4kqCxf3vjVBH40Nrjfkd"})
    versioned = replace(made, evidence=replace(made.evidence, observations=(replace(rows[0], headers=kept), *rows[1:])))
    assert said not in introduction(made, failed_requests(made))
    assert said in introduction(versioned, failed_requests(versioned))


def test_a_short_report_says_where_it_is() -> None:
    text = shown("text", verbose=False)
    assert "aws s3api" not in text.partition("Fix")[0]
    assert "failed requests as commands" in text
    # what an earlier release saved holds none
    earlier = format_named("text").render([report(None)], RenderOptions())
    assert "(-v shows them)" in earlier


def test_json_holds_it_as_the_schema_says() -> None:
    told = json.loads(shown("json"))
    assert list(Draft202012Validator(schema()).iter_errors(told)) == []
    request = next(action["request"] for action in told["actions"] if action["id"] == "put-with-acl")
    assert request["time"] == "2026-11-29T18:51:37.123Z"
    assert request["ids"]["cf-ray"] == "8d1e2f"
    assert "aws s3api put-object" in request["command"]
    assert "curl" in request["curl"]
    assert [action["id"] for action in told["actions"] if "request" in action] == ["put-with-acl"]


def test_evidence_goes_through_json_and_earlier_evidence_has_none() -> None:
    evidence = report().evidence
    plain = to_plain(evidence)
    assert from_plain(Evidence, plain) == evidence
    for row in plain["observations"]:
        del row["asked"]
    assert all(row.asked is None for row in from_plain(Evidence, plain).observations)


def test_the_key_reaches_no_argument() -> None:
    for aws in (True, False):
        line = command(refused(), aws=aws)
        assert line
        words = [part for part in line.split() if "AWS_SECRET_ACCESS_KEY" in part]
        # printf is a part of the shell; aws reads its own environment
        assert words == ([] if aws else ['"$AWS_SECRET_ACCESS_KEY"'])
    assert "AWS_SESSION_TOKEN" in command(refused(replace(ASKED, request=replace(UPLOAD, token=True))), aws=False)


def test_what_nobody_else_can_sign_has_no_command() -> None:
    assert command(refused(replace(ASKED, request=None))) == ""
    assert command(replace(refused(), id=Experiment.WRONG_SECRET)) == ""
    hidden = replace(UPLOAD, url=f"https://{HIDDEN}@s3.example/files-example/key")
    assert command(refused(replace(ASKED, request=hidden))) == ""


def test_aws_is_not_shown_where_it_would_do_something_else() -> None:
    """It follows a bucket to its region, trusts other authorities, and lists in a way of its own."""
    assert "aws s3api" in command(refused())
    moved = replace(refused(), error_code="AuthorizationHeaderMalformed")
    own = replace(ASKED, request=replace(UPLOAD, url=URL.replace("s3.eu-west-2.amazonaws.com", "s3.example.org")))
    listing = replace(UPLOAD, operation="ListObjectsV2", method="GET", url=f"{URL[:48]}/?list-type=2", size=0)
    for row in (moved, refused(own), refused(replace(ASKED, request=listing)), replace(refused(), http_status=200)):
        assert "aws" not in command(row).replace("aws-sigv4 aws:amz", "").replace("amazonaws", "")


HOSTILE = "x'\"$(touch owned)`touch owned`;touch owned\\"


@every("aws", [True, False])
def test_a_foreign_evidence_file_runs_nothing(aws: bool, tmp_path: Path) -> None:
    """Whoever replays a file of somebody else's may paste what it shows."""
    headers = MappingProxyType({"X-Amz-Acl": HOSTILE, f"X-Amz-{HOSTILE}": "1", "User-Agent": HOSTILE})
    place = f"http://127.0.0.1:9/{HOSTILE}/s3probe/abcdefghij/a.png?uploadId={HOSTILE}"
    main = PlainRequest(HOSTILE, HOSTILE, place, headers, bucket=HOSTILE, region=HOSTILE, proxy=HOSTILE)
    document = f"<Part><ETag>{HOSTILE}</ETag>{HOSTILE}</Part>"
    (tmp_path / "bin").mkdir(exist_ok=True)
    for program in ("curl", "aws"):
        (tmp_path / "bin" / program).write_text("#!/bin/sh\ncat > /dev/null\nexit 0\n")
        (tmp_path / "bin" / program).chmod(0o755)
    env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for operation in (HOSTILE, "PutObject", "CompleteMultipartUpload", "DeleteObjects", "UploadPart", "GetObject"):
        for signature in Signature:
            request = replace(main, operation=operation, signature=signature, text=document, expires=1)
            begun = replace(request, operation="CreateMultipartUpload", url=place.partition("?")[0])
            part = replace(request, operation="UploadPart", size=5, text="")
            row = refused(HowAsked(HOSTILE, request=request, before=(begun, part), after=(part,)))
            line = command(row, aws=aws)
            subprocess.run(["sh", "-c", line], cwd=tmp_path, env=env, capture_output=True, check=False, timeout=20)
            assert sorted(each.name for each in tmp_path.iterdir()) == ["bin"], line


@every(
    "text",
    [
        "AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=se/cret+\n",
        "export AWS_ACCESS_KEY_ID='key'\nAWS_SECRET_ACCESS_KEY=\"se/cret+\"\n",
        "AWS_ACCESS_KEY_ID=old\nAWS_ACCESS_KEY_ID = key\n  AWS_SECRET_ACCESS_KEY=se/cret+ # mine\n",
        "AWS_ACCESS_KEY_ID=key\r\nAWS_SECRET_ACCESS_KEY=se/cret+\r\n",
        "AWS_ACCESS_KEY_ID: key\nAWS_SECRET_ACCESS_KEY\t=\tse/cret+\n",
        "#AWS_ACCESS_KEY_ID=none\nAWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=se/cret+\nMY_AWS_ACCESS_KEY_ID=other\n",
    ],
)
def test_the_keys_are_read_as_mastodon_reads_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "my env").write_text(text)
    line = loading("my env", token=False)
    said = f'{line}; printf "%s %s" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"'
    done = subprocess.run(["sh", "-c", said], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "key se/cret+"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("se/cret+se/cret+", True),
        ('"se/cret+se/cret+"', True),
        ("se/cret+se/cret+ # mine", False),
        ("mastodonsecret#old one", False),
        ("${LOCAL_DOMAIN}", False),
        ("'q\"uote'", False),
        ('"sin gle"', False),
    ],
)
def test_a_value_that_a_shell_would_read_otherwise_is_asked_for(written: str, plain: bool) -> None:
    read = settings_of(f"LOCAL_DOMAIN=a.example\nAWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY={written}\n")
    made = assemble(read, evidence(), Diagnosis())
    assert made.plain_keys is plain
    line = loading("my env", token=True, plain=plain)
    assert ("sed" in line) is plain
    if not plain:
        answers = "key\nse cret\\+\ntoken\n"
        said = f'{line} >/dev/null; printf "%s|" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN"'
        done = subprocess.run(["sh", "-c", said], input=answers, capture_output=True, text=True, check=True)
        assert done.stdout == "key|se cret\\+|token|"


def test_a_proxys_password_is_taken_from_the_environment_too() -> None:
    by_proxy = replace(UPLOAD, proxy=f"http://{HIDDEN}@127.0.0.1:3128")
    text = command(refused(replace(ASKED, request=by_proxy)))
    assert '-x "http://${http_proxy##*://}"' in text
    assert HIDDEN not in text
    assert "AWS_SECRET_ACCESS_KEY http_proxy;" in loading("my env", token=False, proxy=True)


def test_of_several_files_the_first_wins(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("AWS_ACCESS_KEY_ID=one\n")
    (tmp_path / "second").write_text("AWS_ACCESS_KEY_ID=two\nAWS_SECRET_ACCESS_KEY=three\n")
    said = f'{loading("first, second", token=False)}; echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"'
    done = subprocess.run(["sh", "-c", said], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["one", "three"]
    assert loading("process environment", token=False) == ""

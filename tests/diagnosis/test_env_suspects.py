"""What one request would decide is a likely warning offline, silent at its look-alike and once the wire was asked."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import lint, run_rules
from s3probe.diagnosis.model import Certainty, EnvFix, Severity
from s3probe.diagnosis.rules import FILE_RULES
from s3probe.evidence.observations import Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor
from s3probe.sandbox.recommended import RECOMMENDED
from s3probe.sandbox.scenario import KEY_ID, SECRET
from tests.diagnosis.env_cases import AWS, CUSTOM, HEAD, found, settings_of, with_line, without
from tests.every import every

REAL = HEAD.replace("mastodon.example", "mastodon.social")
LOCAL = "S3_ENDPOINT=http://localhost:9000\nS3_PROTOCOL=http\nS3_HOSTNAME=localhost:9000\n"
EXCHANGED = with_line(
    with_line(AWS, "AWS_SECRET_ACCESS_KEY=AKIAIOSFODNN7EXAMPLE"),
    "AWS_ACCESS_KEY_ID=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
)


def at(host: str, *lines: str) -> str:
    """A file for a provider's host."""
    text = f"{HEAD}S3_ENDPOINT=https://{host}\nS3_HOSTNAME={host}\n"
    for line in lines:
        text = with_line(text, line)
    return text


SPACES = "files-example.fra1.digitaloceanspaces.com"
CASES = [
    # id, faulty file, look-alike, first fix
    (
        "region-wrong-aws-regional-endpoint",
        at("s3.eu-west-1.amazonaws.com", "S3_REGION=eu-central-1"),
        at("s3.eu-west-1.amazonaws.com", "S3_REGION=eu-west-1"),
        ("S3_REGION", "eu-west-1"),
    ),
    (
        "region-wrong-aws-regional-endpoint",
        with_line(AWS, "S3_REGION=eu-central-1"),
        with_line(AWS, "S3_REGION=eu-central-1") + "S3_ALIAS_HOST=files.example.com\n",
        ("S3_REGION", "eu-west-2"),
    ),
    ("region-wrong-aws-global-endpoint", without(AWS, "S3_REGION"), AWS, ("S3_REGION", "eu-west-2")),
    (
        "region-wrong-custom-endpoint",
        at("s3.nl-ams.scw.cloud", "S3_REGION=fr-par"),
        at("s3.nl-ams.scw.cloud", "S3_REGION=nl-ams"),
        ("S3_REGION", "nl-ams"),
    ),
    (
        "region-wrong-custom-endpoint",
        at("s3.us-west-004.backblazeb2.com", "S3_REGION=us-west-002", "S3_PERMISSION="),
        at("fra1.digitaloceanspaces.com", "S3_REGION=us-east-1"),
        ("S3_REGION", "us-west-004"),
    ),
    (
        "region-wrong-custom-endpoint",
        at("s3.eu-central-1.wasabisys.com", "S3_REGION=us-east-1"),
        at("s3.wasabisys.com", "S3_REGION=us-east-1"),
        ("S3_REGION", "eu-central-1"),
    ),
    (
        "endpoint-has-path-or-trailing-slash",
        with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net/files-example"),
        with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net/s3"),
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "endpoint-has-path-or-trailing-slash",
        with_line(CUSTOM, "S3_ENDPOINT=https://gw.example.net/s3/files-example/"),
        with_line(CUSTOM, "S3_ENDPOINT=https://gw.example.net/s3/"),
        ("S3_ENDPOINT", "https://gw.example.net/s3"),
    ),
    (
        "endpoint-contains-bucket-path-style",
        with_line(at("fra1.digitaloceanspaces.com", "S3_REGION=fra1"), f"S3_ENDPOINT=https://{SPACES}"),
        with_line(at("fra1.digitaloceanspaces.com", "S3_REGION=fra1"), "S3_BUCKET=fra1"),
        ("S3_ENDPOINT", "https://fra1.digitaloceanspaces.com"),
    ),
    (
        "endpoint-contains-bucket-path-style",
        with_line(CUSTOM, "S3_ENDPOINT=https://files-example.s3.example.net"),
        with_line(with_line(CUSTOM, "S3_ENDPOINT=https://s3.nl-ams.example.net"), "S3_BUCKET=s3"),
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "endpoint-contains-bucket-vhost-style",
        with_line(CUSTOM, "S3_ENDPOINT=https://files-example.s3.example.net") + "S3_OVERRIDE_PATH_STYLE=true\n",
        CUSTOM + "S3_OVERRIDE_PATH_STYLE=true\n",
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
]


@pytest.mark.parametrize(("finding_id", "faulty", "alike", "fix"), CASES)
def test_is_a_likely_warning_where_it_is_and_only_there(
    finding_id: str, faulty: str, alike: str, fix: tuple[str, str]
) -> None:
    assert finding_id not in found(alike)
    findings = found(faulty)
    assert findings.keys() == {finding_id}
    assert (findings[finding_id].severity, findings[finding_id].certainty) == (Severity.WARNING, Certainty.LIKELY)
    first = findings[finding_id].fixes[0]
    assert isinstance(first, EnvFix)
    assert (first.variable, first.value) == fix
    assert found(with_line(faulty, f"{fix[0]}={fix[1]}")) == {}


@every("faulty", [*(case[1] for case in CASES), EXCHANGED])
def test_an_examination_judges_the_file_by_the_wire(faulty: str) -> None:
    settings = settings_of(faulty)
    seen = (Observation(ActionId.PUT_WITH_ACL, "", "PutObject", Actor.MASTODON, Outcome.OK, http_status=200),)
    evidence = Evidence(Run("r", "2026-01-01T00:00:00Z", 1.0, "full"), seen)
    assert run_rules(FILE_RULES, Case(settings, evidence)).findings == ()


@pytest.mark.parametrize(
    ("key_id", "secret"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef" * 4),
        ("GK0123456789abcdef01234567", "0123456789abcdef" * 4),
        (f"GOOG1E{'A' * 55}", "bGoa+V7g/yqDXvKRqq+JTFn4uQZbPiQJo4pf9RzJ"),
    ],
)
def test_an_exchanged_pair_is_seen_and_not_shown(key_id: str, secret: str) -> None:
    text = with_line(with_line(AWS, f"AWS_ACCESS_KEY_ID={key_id}"), f"AWS_SECRET_ACCESS_KEY={secret}")
    assert found(text) == {}
    swapped = with_line(with_line(AWS, f"AWS_ACCESS_KEY_ID={secret}"), f"AWS_SECRET_ACCESS_KEY={key_id}")
    findings = found(swapped)
    assert findings.keys() == {"key-pair-exchanged"}
    assert findings["key-pair-exchanged"].certainty is Certainty.LIKELY
    assert [fix.variable for fix in findings["key-pair-exchanged"].first_choice if isinstance(fix, EnvFix)] == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ]
    assert key_id not in repr(findings)
    assert secret not in repr(findings)


@pytest.mark.parametrize("value", ["localhost:9000", "127.0.0.1:9000", "minio.localhost"])
def test_a_public_host_on_this_machine_is_for_nobody_else(value: str) -> None:
    text = with_line(f"{REAL}{LOCAL}", f"S3_HOSTNAME={value}")
    finding = found(text)["media-host-is-this-machine"]
    assert (finding.setting, finding.severity, finding.certainty) == (
        "S3_ALIAS_HOST",
        Severity.WARNING,
        Certainty.LIKELY,
    )
    assert found(text).keys() == {"media-host-is-this-machine"}
    assert found(f"{text}S3_ALIAS_HOST=files.mastodon.social\n").keys() == {"protocol-http-mixed-content"}


@pytest.mark.parametrize("domain", ["m.example", "m.test", "m.localhost", "m.invalid", "localhost:3000", "127.0.0.1"])
def test_a_trial_set_up_may_lead_to_this_machine(domain: str) -> None:
    assert found(with_line(f"{HEAD}{LOCAL}", f"LOCAL_DOMAIN={domain}")) == {}


@every("name", RECOMMENDED)
def test_nothing_is_said_about_a_providers_own_set_up(name: str) -> None:
    text = RECOMMENDED[name]().env_text
    assert KEY_ID in text
    assert SECRET in text
    assert [f.id for f in lint(settings_of(text)) if f.severity is not Severity.NOTICE] == []

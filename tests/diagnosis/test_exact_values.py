"""Values that Mastodon cannot use, and what its release or its page says: found where it is, silent beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import EnvFix, Finding, Manual, Severity
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from tests.diagnosis.env_cases import AWS, CUSTOM, HEAD, found, settings_of, with_line, without
from tests.diagnosis.wire_cases import ExaminedFile, healthy
from tests.every import every

ALIAS = f"{AWS}S3_ALIAS_HOST=files.example.com\n"
ROLE = without(AWS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") + "AWS_ROLE_ARN=arn:aws:iam::1:role/x\n"
DEFAULT_HOST = without(AWS, "S3_HOSTNAME")
SDK = "sdk-env-variables-interfere"
CASES = [
    # id, faulty, look-alike, the first fix's value (None: another kind of fix)
    (
        "hostname-has-scheme-or-slash",
        with_line(ALIAS, "S3_ALIAS_HOST=files.example.com:abc"),
        ALIAS,
        "files.example.com",
    ),
    (
        "hostname-has-scheme-or-slash",
        with_line(ALIAS, "S3_ALIAS_HOST=files.example.com:99999"),
        with_line(ALIAS, "S3_ALIAS_HOST=files.example.com:65535"),
        "files.example.com",
    ),
    ("hostname-has-scheme-or-slash", with_line(ALIAS, "S3_ALIAS_HOST='x<y'"), ALIAS, None),
    ("hostname-has-scheme-or-slash", with_line(ALIAS, "S3_ALIAS_HOST=[::1]"), ALIAS, None),
    ("key-prefix-odd", AWS + "S3_KEY_PREFIX=/\n", AWS + "S3_KEY_PREFIX=\n", None),
    ("key-prefix-odd", AWS + "S3_KEY_PREFIX=' '\n", AWS + "S3_KEY_PREFIX=media\n", None),
    ("key-prefix-odd", AWS + "S3_KEY_PREFIX=//media\n", AWS + "S3_KEY_PREFIX=/media\n", "media"),
    ("key-prefix-odd", AWS + "S3_KEY_PREFIX=x/:class\n", AWS + "S3_KEY_PREFIX=x/:file\n", None),
    ("setting-raises-exception", AWS + "S3_KEY_PREFIX=x/:hash\n", AWS + "S3_KEY_PREFIX=x/:file\n", None),
    ("setting-raises-exception", ALIAS + "S3_KEY_PREFIX=x/:url\n", AWS + "S3_KEY_PREFIX=x/:url\n", None),
    (
        "setting-raises-exception",
        AWS + "CDN_HOST=https://é.example\n",
        AWS + "CDN_HOST=https://xn--9ca.example\n",
        None,
    ),
    ("setting-raises-exception", with_line(AWS, "LOCAL_DOMAIN='x<y'"), AWS, None),
    ("setting-raises-exception", with_line(CUSTOM, "S3_ENDPOINT=https://[::1]:9000"), CUSTOM, None),
    ("setting-raises-exception", with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net:99999"), CUSTOM, None),
    (
        "setting-raises-exception",
        AWS + 'S3_STORAGE_CLASS="STANDARD\nX"\n',
        AWS + "S3_STORAGE_CLASS=STANDARD\n",
        "STANDARD X",
    ),
    (SDK, AWS + "AWS_RETRY_MODE=\n", AWS + "AWS_RETRY_MODE=legacy\n", None),
    (SDK, AWS + "AWS_RETRY_MODE=Standard\n", AWS + "AWS_RETRY_MODE=standard\n", None),
    (SDK, AWS + "AWS_MAX_ATTEMPTS=\n", AWS + "AWS_MAX_ATTEMPTS=3\n", None),
    (SDK, AWS + "AWS_MAX_ATTEMPTS=0\n", AWS + "AWS_MAX_ATTEMPTS=5x\n", None),
    (SDK, AWS + "AWS_MAX_ATTEMPTS=abc\n", AWS + "AWS_MAX_ATTEMPTS=010\n", None),
    (SDK, ROLE + "AWS_WEB_IDENTITY_TOKEN_FILE=\n", ROLE, None),
    ("timeouts-zero-or-text", AWS + "S3_OPEN_TIMEOUT=99999999999\n", AWS + "S3_OPEN_TIMEOUT=3600\n", "5"),
    ("timeouts-zero-or-text", AWS + "S3_READ_TIMEOUT=-1\n", AWS + "S3_READ_TIMEOUT=1\n", "5"),
    (
        "env-command-substitution",
        "P=$(echo x)\n" + with_line(AWS, "S3_BUCKET=$P"),
        "P=x\n" + with_line(AWS, "S3_BUCKET=$P"),
        None,
    ),
    (
        "endpoint-missing-non-aws",
        with_line(AWS, "S3_HOSTNAME=fra1.digitaloceanspaces.com"),
        with_line(AWS, "S3_HOSTNAME=files.example.com"),
        "https://fra1.digitaloceanspaces.com",
    ),
    ("endpoint-missing-non-aws", without(CUSTOM, "S3_ENDPOINT"), CUSTOM, "https://s3.example.net"),
    (
        "protocol-https-but-endpoint-plain",
        with_line(with_line(CUSTOM, "S3_ENDPOINT=http://s3.example.net:9000"), "S3_HOSTNAME=s3.example.net:9000"),
        with_line(CUSTOM, "S3_ENDPOINT=http://s3.example.net:9000"),
        None,
    ),
    (
        "protocol-https-but-endpoint-plain",
        with_line(CUSTOM, "S3_ENDPOINT=http://s3.example.net"),
        with_line(CUSTOM, "S3_ENDPOINT=http://s3.example.net") + "S3_PROTOCOL=http\n",
        None,
    ),
]


@pytest.mark.parametrize(("finding_id", "faulty", "alike", "value"), CASES)
def test_lint_finds_it_and_only_it(finding_id: str, faulty: str, alike: str, value: str | None) -> None:
    assert finding_id not in found(alike)
    findings = {name: one for name, one in found(faulty).items() if one.severity is not Severity.NOTICE}
    assert findings.keys() == {finding_id}
    first = findings[finding_id].fixes[0]
    assert value is None or (isinstance(first, EnvFix) and first.value == value)


@every("name", ["AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"])
def test_a_switch_of_the_sdk_is_on_in_small_letters_only(name: str) -> None:
    assert found(f"{AWS}{name}=TRUE\n") == found(AWS)
    assert found(f"{CUSTOM}{name}=True\n").keys() == found(CUSTOM).keys()
    assert SDK in found(f"{CUSTOM}{name}=true\n")


@every("region", ["eu#w", "eu?w", "eu w", "eu-west-2/"])
def test_a_region_that_is_none_is_one_failure(region: str) -> None:
    assert found(with_line(AWS, f"S3_REGION='{region}'")).keys() == {"region-not-a-code"}


def test_zero_to_connect_is_no_limit_where_no_tls_follows() -> None:
    plain = with_line(with_line(CUSTOM, "S3_ENDPOINT=http://127.0.0.1:9000"), "S3_ALIAS_HOST=files.example.com")
    assert found(f"{plain}S3_OPEN_TIMEOUT=0\n")["timeouts-zero-or-text"].severity is Severity.NOTICE
    assert found(f"{plain}S3_READ_TIMEOUT=0\n")["timeouts-zero-or-text"].severity is Severity.FAILURE
    assert found(f"{AWS}S3_OPEN_TIMEOUT=0\n")["timeouts-zero-or-text"].severity is Severity.FAILURE


# ---- what the page and the release say


def judged(file: ExaminedFile, version: str = "") -> dict[str, Finding]:
    evidence = replace(file.evidence, run=replace(file.evidence.run, mastodon_version=version))
    return {one.id: one for one in diagnose(file.settings, evidence).findings}


def blocked(*lines: str, media: str = "https://cdn.example/x") -> ExaminedFile:
    text = AWS
    for line in lines:
        text = with_line(text, line)
    return healthy(text).row(
        ActionId.PUBLIC_CSP, outcome=Outcome.WRONG, media=media, missing="img-src media-src connect-src"
    )


def extra(findings: dict[str, Finding]) -> str | None:
    first = findings["csp-missing-media-host"].fixes[0]
    return first.value if isinstance(first, EnvFix) and first.variable == "EXTRA_MEDIA_HOSTS" else None


@every(
    "lines, value",
    [
        ((), "https://cdn.example"),
        (("EXTRA_MEDIA_HOSTS=https://a.example",), "https://a.example,https://cdn.example"),
        (
            ("EXTRA_MEDIA_HOSTS='https://a.example https://b.example'",),
            "https://a.example https://b.example,https://cdn.example",
        ),
        (
            ("EXTRA_DATA_HOSTS=https://a.example|https://b.example",),
            "https://a.example,https://b.example,https://cdn.example",
        ),
        (("EXTRA_MEDIA_HOSTS=", "EXTRA_DATA_HOSTS=https://a.example"), "https://a.example,https://cdn.example"),
    ],
)
def test_a_host_is_added_to_those_that_stand_there(lines: tuple[str, ...], value: str) -> None:
    assert extra(judged(blocked(*lines))) == value


def test_a_release_without_extra_media_hosts_is_not_sent_there() -> None:
    assert extra(judged(blocked(), "4.3.9")) is None
    assert isinstance(judged(blocked(), "4.3.9")["csp-missing-media-host"].fixes[0], Manual)
    assert extra(judged(blocked(), "4.4.0")) == "https://cdn.example"


def test_an_old_release_has_no_folder_in_its_policy() -> None:
    path = blocked("S3_ALIAS_HOST=files.example.com/media", media="https://files.example.com/media/x")
    assert "without a slash at its end" in judged(path, "4.1.2")["csp-missing-media-host"].how_known
    assert "Upgrade" in repr(judged(path, "4.1.2")["csp-missing-media-host"].fixes[0])
    assert "without a slash" not in judged(path, "4.2.0")["csp-missing-media-host"].how_known
    plain = blocked("S3_ALIAS_HOST=files.example.com", media="https://files.example.com/x")
    assert "without a slash" not in judged(plain, "4.1.2")["csp-missing-media-host"].how_known


ONE = "csp-one-directive-lacks-media-host"


def test_an_old_release_names_the_host_for_scripts_alone() -> None:
    """Before 4.3 pictures may come from any https: only glitch-soc named the host for them."""
    path = healthy("S3_ALIAS_HOST=files.example.com/media\n" + AWS).skipped(ActionId.PUBLIC_CSP)
    assert judged(path, "4.1.2")[ONE].severity is Severity.WARNING
    assert "Upgrade" in repr(judged(path, "4.1.2")[ONE].fixes[0])
    assert judged(path, "4.1.2+glitch")["csp-missing-media-host"].severity is Severity.FAILURE
    assert not {ONE, "csp-missing-media-host"} & set(judged(path, "4.2.9"))
    seen = path.row(
        ActionId.PUBLIC_CSP, outcome=Outcome.WRONG, media="https://files.example.com/media/x", missing="connect-src"
    )
    assert "Upgrade" in repr(judged(seen, "4.1.2")[ONE].fixes[0])
    assert "Restart" in repr(judged(seen, "4.6.0")[ONE].fixes[0])
    default = healthy(DEFAULT_HOST).skipped(ActionId.PUBLIC_CSP)
    assert judged(default, "4.2.9")[ONE].severity is Severity.WARNING
    assert judged(default, "4.2.9")[ONE].fixes
    assert "csp-omits-default-hostname" in judged(default, "4.3.0")
    assert "csp-omits-default-hostname" in judged(default, "4.2.9+glitch")


def test_an_old_glitch_is_sent_to_its_own_variable() -> None:
    own = judged(blocked("EXTRA_DATA_HOSTS=https://a.example"), "4.3.9+glitch")["csp-missing-media-host"].fixes[0]
    assert isinstance(own, EnvFix)
    assert (own.variable, own.value) == ("EXTRA_DATA_HOSTS", "https://a.example|https://cdn.example")


def test_beside_an_endpoint_the_storage_decides_on_the_region() -> None:
    odd = with_line(CUSTOM, "S3_REGION=US East")
    assert found(odd)["region-not-a-code"].severity is Severity.WARNING
    assert "region-not-a-code" not in found(CUSTOM)
    assert "region-not-a-code" not in judged(healthy(odd))
    virtual = odd + "S3_OVERRIDE_PATH_STYLE=true\n"
    assert found(virtual)["region-not-a-code"].severity is Severity.FAILURE
    assert "not a valid DNS name" in found(virtual)["region-not-a-code"].how_known
    assert found(with_line(AWS, "S3_REGION=US East"))["region-not-a-code"].severity is Severity.FAILURE
    assert "MissingRegionError" in repr(settings_of(with_line(CUSTOM, "S3_REGION=")).troubles)
    blank = with_line(CUSTOM, "S3_REGION=' '")
    assert "env-empty-not-unset" not in found(blank)
    assert found(blank)["region-not-a-code"].severity is Severity.WARNING


@every(
    "lines, value",
    [
        ("S3_HOSTNAME=storage-1.example.net:9000", "https://storage-1.example.net:9000"),
        ("S3_HOSTNAME=media.example.net:9000", "https://media.example.net:9000"),
        ("S3_HOSTNAME=10.0.0.5", "https://10.0.0.5"),
        ("S3_HOSTNAME=minio:9000\nS3_PROTOCOL=http", "http://minio:9000"),
        ("S3_HOSTNAME=files-example.s3.example.net", "https://s3.example.net"),
        ("S3_HOSTNAME=s3.wasabisys.com\nS3_ALIAS_HOST=files.example.com", "https://s3.wasabisys.com"),
        ("S3_HOSTNAME=media.example.net", None),
        ("S3_HOSTNAME=media.example.net:443", None),
        ("S3_HOSTNAME=s3.example.net\nS3_ALIAS_HOST=files.example.com", None),
        ("S3_HOSTNAME=10.0.0.5\nS3_ENDPOINT=https://10.0.0.5", None),
        ("S3_HOSTNAME=s3.eu-west-2.amazonaws.com:443", None),
    ],
)
def test_a_store_that_only_the_public_host_names(lines: str, value: str | None) -> None:
    said = found(f"{without(AWS, 'S3_HOSTNAME')}{lines}\n").get("endpoint-missing-non-aws")
    assert (said.fixes[0].value if said and isinstance(said.fixes[0], EnvFix) else None) == value


def test_a_switch_that_only_a_command_knows_is_not_taken_literally() -> None:
    switch = "env-s3-enabled-not-true"
    for line in ("S3_ENABLED=$P", "S3_ENABLED=$(echo true)"):
        computed = found("P=$(echo true)\n" + with_line(AWS, line))
        assert "env-command-substitution" in computed
        assert switch not in computed
    assert switch in found("P=$(echo true)\n" + with_line(AWS, "S3_ENABLED='$P'"))
    assert switch in found("P=x\n" + with_line(AWS, "S3_ENABLED=$P"))


def test_a_region_with_marks_that_the_storage_takes_is_no_failure() -> None:
    marked = with_line(CUSTOM, "S3_REGION='\"nl-ams\"'")
    assert found(marked)["env-quotes-kept-literally"].severity is Severity.FAILURE
    assert judged(healthy(marked))["env-quotes-kept-literally"].severity is Severity.WARNING


def test_the_page_that_was_seen_beats_the_file() -> None:
    file = healthy(DEFAULT_HOST)
    assert "csp-omits-default-hostname" not in judged(file.row(ActionId.PUBLIC_CSP))
    assert "csp-omits-default-hostname" in judged(file.skipped(ActionId.PUBLIC_CSP))
    wrong = file.row(
        ActionId.PUBLIC_CSP, outcome=Outcome.WRONG, media="https://s3-eu-west-2.amazonaws.com/x", missing="img-src"
    )
    assert "csp-omits-default-hostname" in judged(wrong)


def test_glitch_reads_a_variable_of_its_own() -> None:
    host = "https://s3-eu-west-2.amazonaws.com"
    unseen = healthy(f"{DEFAULT_HOST}EXTRA_DATA_HOSTS={host}|https://b.example\n").skipped(ActionId.PUBLIC_CSP)
    assert "csp-omits-default-hostname" not in found(unseen.env)
    assert "csp-omits-default-hostname" not in judged(unseen, "4.6.3+glitch")
    assert "csp-omits-default-hostname" in judged(unseen, "4.6.3")
    hidden = replace(unseen, env=f"{unseen.env}EXTRA_MEDIA_HOSTS=https://c.example\n")
    assert "csp-omits-default-hostname" in judged(hidden, "4.6.3+glitch")


def test_the_head_of_a_file_is_healthy() -> None:
    assert {
        one.severity for one in found(HEAD + "S3_REGION=eu-west-2\nS3_ALIAS_HOST=files.example.com\n").values()
    } == set()

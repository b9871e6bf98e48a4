"""Each fault of a value is found where it is, and its look-alike is not taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.engine import lint, ranked, run_rules
from s3probe.diagnosis.model import Certainty, EnvFix, Severity
from s3probe.diagnosis.rules import FILE_RULES
from s3probe.diagnosis.rules.env_names import STORAGE_NAMES
from s3probe.evidence.observations import Evidence, Observation, Outcome, Run
from s3probe.evidence.vocabulary import ActionId, Actor, ObservationId
from tests.diagnosis.env_cases import AWS, CUSTOM, HEAD, found, settings_of, with_line, without
from tests.every import every

HEALTHY = {
    "aws": AWS,
    "aws, no ACLs": AWS + "S3_PERMISSION=\n",
    "aws us-east-1": f"{HEAD}S3_HOSTNAME=s3.us-east-1.amazonaws.com\n",
    "aws, CloudFront": f"{HEAD}S3_REGION=eu-west-2\nS3_CLOUDFRONT_HOST=d111.cloudfront.net\nS3_PERMISSION=\n",
    "aws, private": f"{HEAD}S3_REGION=eu-west-2\nS3_ALIAS_HOST=files.example.com\nS3_PERMISSION=private\n",
    "aws, dotted bucket": with_line(AWS, "S3_BUCKET=files.example.com"),
    "aws, access point": with_line(AWS, "S3_BUCKET=arn:aws:s3:eu-west-2:123456789012:accesspoint/mastodon"),
    "cdn for assets": f"{AWS}CDN_HOST=https://assets.example.com\nS3_ALIAS_HOST=files.example.com\n",
    "r2": f"{HEAD}S3_REGION=auto\nS3_ENDPOINT=https://acc.r2.cloudflarestorage.com\nS3_ALIAS_HOST=files.example.com\n"
    "S3_PERMISSION=\nS3_PROTOCOL=https\nAWS_REQUEST_CHECKSUM_CALCULATION=when_required\n",
    "b2": f"{HEAD}S3_REGION=us-west-004\nS3_ENDPOINT=https://s3.us-west-004.backblazeb2.com\n"
    "S3_HOSTNAME=s3.us-west-004.backblazeb2.com\nS3_PERMISSION=\nS3_READ_TIMEOUT=60\nS3_RETRY_LIMIT=3\n",
    "wasabi": f"{CUSTOM}S3_FORCE_SINGLE_REQUEST=true\nS3_MULTIPART_THRESHOLD=52428800\nS3_READ_TIMEOUT=30\n",
    "spaces": f"{HEAD}S3_REGION=ams3\nS3_ENDPOINT=https://ams3.digitaloceanspaces.com\n"
    "S3_HOSTNAME=ams3.digitaloceanspaces.com\nS3_ALIAS_HOST=files-example.ams3.cdn.digitaloceanspaces.com\n",
    "hetzner": f"{CUSTOM}S3_BATCH_DELETE_LIMIT=100\n",
    "exoscale": f"{CUSTOM}S3_OVERRIDE_PATH_STYLE=true\n",
    "storj": f"{CUSTOM}S3_ALIAS_HOST=link.storjshare.io/raw/j/files\nS3_PERMISSION=\nS3_MULTIPART_THRESHOLD=67108864\n",
    "contabo": f"{CUSTOM}S3_ALIAS_HOST=eu2.contabostorage.com/tenant:files\n",
    "minio on loopback": f"{HEAD}S3_ENDPOINT=http://127.0.0.1:9000\nS3_PROTOCOL=http\nS3_HOSTNAME=127.0.0.1:9000\n",
    "minio, underscores": with_line(CUSTOM, "S3_BUCKET=Mastodon_Files"),
    "unused public variables": f"{AWS}S3_ALIAS_HOST=files.example.com\nPAPERCLIP_ROOT_URL=/system\n",
    "quoted": with_line(AWS, "S3_BUCKET='files-example' # ours"),
}


@every("name", HEALTHY)
def test_nothing_is_said_about_a_healthy_file(name: str) -> None:
    assert found(HEALTHY[name]) == {}


R2 = HEALTHY["r2"]
STORJ = f"{HEAD}S3_ENDPOINT=https://gateway.storjshare.io\nS3_REGION=global\nS3_ALIAS_HOST=link.storjshare.io/raw/j/f\n"
GARAGE = f"{HEAD}S3_ENDPOINT=http://garage:3900\nS3_REGION=garage\nS3_ALIAS_HOST=files.example.com\n"
CONTABO = f"{HEAD}S3_ENDPOINT=https://eu2.contabostorage.com\nS3_ALIAS_HOST=eu2.contabostorage.com/t:files-example\n"
DEFAULT_HOST = without(AWS, "S3_HOSTNAME")

CASES = [
    # id, faulty file, look-alike, first fix
    ("env-s3-enabled-not-true", with_line(AWS, "S3_ENABLED=True"), AWS, ("S3_ENABLED", "true")),
    (
        "env-s3-enabled-not-true",
        with_line(AWS, "S3_ENABLED=1"),
        with_line(AWS, 'S3_ENABLED="true"'),
        ("S3_ENABLED", "true"),
    ),
    (
        "cache-buster-off",
        AWS + "CACHE_BUSTER_ENABLED=True\n",
        AWS + "CACHE_BUSTER_ENABLED=true\n",
        ("CACHE_BUSTER_ENABLED", "true"),
    ),
    (
        "cache-buster-off",
        AWS + "CACHE_BUSTER_ENABLED=1\n",
        AWS + "CACHE_BUSTER_ENABLED=false\n",
        ("CACHE_BUSTER_ENABLED", "true"),
    ),
    (
        "cache-buster-method-unknown",
        AWS + "CACHE_BUSTER_ENABLED=true\nCACHE_BUSTER_HTTP_METHOD=BAN\n",
        AWS + "CACHE_BUSTER_ENABLED=true\nCACHE_BUSTER_HTTP_METHOD=purge\n",
        ("CACHE_BUSTER_HTTP_METHOD", "PURGE"),
    ),
    (
        "cache-buster-method-unknown",
        AWS + "CACHE_BUSTER_ENABLED=true\nCACHE_BUSTER_HTTP_METHOD=\n",
        AWS + "CACHE_BUSTER_ENABLED=True\nCACHE_BUSTER_HTTP_METHOD=\n",
        ("CACHE_BUSTER_HTTP_METHOD", "PURGE"),
    ),
    ("several-backends-enabled", AWS + "SWIFT_ENABLED=true\n", AWS + "SWIFT_ENABLED=false\n", ("SWIFT_ENABLED", None)),
    (
        "env-misspelt-s3-permissions",
        AWS + "S3_PERMISSIONS=\n",
        AWS + "S3_PERMISSIONS=\nS3_PERMISSION=\n",
        ("S3_PERMISSION", ""),
    ),
    (
        "env-misspelt-s3-permissions",
        AWS + "S3_ACL=off\n",
        AWS + "S3_ACL=Public\n",
        ("S3_PERMISSION", ""),
    ),
    (
        "env-misspelt-other-names",
        with_line(without(AWS, "S3_BUCKET"), "S3_BUCKET_NAME=files"),
        AWS + "S3_BUCKET_NAME=files\n",
        ("S3_BUCKET", "files"),
    ),
    (
        "env-misspelt-other-names",
        CUSTOM.replace("S3_ENDPOINT", "S3_ENPOINT"),
        CUSTOM + "S3_LOGS_BUCKET=x\n",
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "env-misspelt-other-names",
        with_line(without(AWS, "S3_BUCKET"), "S3_BUCKETNAME=files"),
        AWS + "S3_BUCKETNAME=files\n",
        ("S3_BUCKET", "files"),
    ),
    (
        "env-misspelt-other-names",
        AWS.replace("AWS_ACCESS_KEY_ID", "AWS_ACCES_KEY_ID"),
        AWS + "AWS_ACCES_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_ACCOUNT_ID=123456789012\n",
        ("AWS_ACCESS_KEY_ID", "<the same value>"),
    ),
    ("missing-variable", without(AWS, "S3_BUCKET"), AWS, None),
    (
        "missing-public-host",
        without(CUSTOM, "S3_HOSTNAME"),
        without(CUSTOM, "S3_HOSTNAME") + "S3_ALIAS_HOST=files.example.com\n",
        ("S3_HOSTNAME", "s3.example.net"),
    ),
    (
        "r2-no-public-host",
        without(R2, "S3_ALIAS_HOST"),
        R2,
        ("S3_ALIAS_HOST", "<custom domain connected to the bucket>"),
    ),
    (
        "r2-no-public-host",
        with_line(without(R2, "S3_ALIAS_HOST"), "S3_HOSTNAME=acc.r2.cloudflarestorage.com"),
        with_line(without(R2, "S3_ALIAS_HOST"), "S3_HOSTNAME=files.example.com"),
        ("S3_ALIAS_HOST", "<custom domain connected to the bucket>"),
    ),
    (
        "storj-alias-required",
        without(STORJ, "S3_ALIAS_HOST"),
        STORJ,
        ("S3_ALIAS_HOST", "link.storjshare.io/raw/<access key>/files-example"),
    ),
    (
        "website-endpoint-needed-garage",
        without(GARAGE, "S3_ALIAS_HOST"),
        GARAGE,
        ("S3_ALIAS_HOST", "<host of the web port>"),
    ),
    (
        "contabo-tenant-prefix",
        without(CONTABO, "S3_ALIAS_HOST"),
        CONTABO,
        ("S3_ALIAS_HOST", "eu2.contabostorage.com/<tenant id>:files-example"),
    ),
    (
        "env-s3-enabled-left-from-sample",
        with_line(with_line(AWS, "AWS_ACCESS_KEY_ID="), "AWS_SECRET_ACCESS_KEY="),
        AWS,
        ("S3_ENABLED", "false"),
    ),
    ("env-empty-not-unset", AWS + "S3_ENDPOINT=\n", AWS + "S3_PERMISSION=\nS3_KEY_PREFIX=\n", ("S3_ENDPOINT", None)),
    ("env-empty-not-unset", AWS + "S3_ALIAS_HOST=\n", AWS, ("S3_ALIAS_HOST", None)),
    ("env-empty-not-unset", with_line(AWS, "S3_REGION="), without(AWS, "S3_REGION"), ("S3_REGION", "eu-west-2")),
    (
        "env-empty-not-unset",
        with_line(AWS, "S3_HOSTNAME="),
        with_line(AWS, "S3_HOSTNAME=") + "S3_ALIAS_HOST=files.example.com\n",
        ("S3_HOSTNAME", "s3.eu-west-2.amazonaws.com"),
    ),
    (
        "env-empty-not-unset",
        with_line(CUSTOM, "S3_ENDPOINT="),
        CUSTOM,
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "endpoint-without-scheme",
        with_line(CUSTOM, "S3_ENDPOINT=https//s3.example.net"),
        CUSTOM,
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "setting-raises-exception",
        with_line(CUSTOM, "S3_ENDPOINT=https:/s3.example.net"),
        CUSTOM,
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "setting-raises-exception",
        with_line(CUSTOM, "S3_ENDPOINT=' https://s3.example.net'"),
        CUSTOM,
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    ("region-not-a-code", with_line(AWS, "S3_REGION=s3.eu-west-2"), AWS, ("S3_REGION", "eu-west-2")),
    ("region-not-a-code", with_line(AWS, "S3_REGION=' eu-west-2'"), AWS, ("S3_REGION", "eu-west-2")),
    (
        "hostname-has-scheme-or-slash",
        AWS + "S3_ALIAS_HOST=' files.example.com'\n",
        AWS + "S3_ALIAS_HOST=files.example.com\n",
        ("S3_ALIAS_HOST", "files.example.com"),
    ),
    (
        "endpoint-without-scheme",
        with_line(CUSTOM, "S3_ENDPOINT=s3.example.net"),
        with_line(CUSTOM, "S3_ENDPOINT=http://s3.example.net"),
        ("S3_ENDPOINT", "https://s3.example.net"),
    ),
    (
        "endpoint-without-scheme",
        with_line(CUSTOM, "S3_ENDPOINT=minio:9000"),
        CUSTOM,
        ("S3_ENDPOINT", "http://minio:9000"),
    ),
    ("signature-version-invalid", AWS + "S3_SIGNATURE_VERSION=v2\n", AWS + "S3_SIGNATURE_VERSION=s3\n", None),
    (
        "multipart-threshold-in-megabytes",
        AWS + "S3_MULTIPART_THRESHOLD=15\n",
        AWS + "S3_MULTIPART_THRESHOLD=5242880\n",
        ("S3_MULTIPART_THRESHOLD", "15728640"),
    ),
    (
        "multipart-threshold-in-megabytes",
        AWS + "S3_MULTIPART_THRESHOLD=abc\n",
        AWS,
        ("S3_MULTIPART_THRESHOLD", None),
    ),
    (
        "large-archive-over-5gb-single-put",
        AWS + "S3_MULTIPART_THRESHOLD=10737418240\n",
        AWS + "S3_MULTIPART_THRESHOLD=104857600\n",
        ("S3_MULTIPART_THRESHOLD", None),
    ),
    ("timeouts-zero-or-text", AWS + "S3_READ_TIMEOUT=\n", AWS + "S3_READ_TIMEOUT=60\n", ("S3_READ_TIMEOUT", "5")),
    ("timeouts-zero-or-text", AWS + "S3_BATCH_DELETE_LIMIT=0\n", AWS, ("S3_BATCH_DELETE_LIMIT", "1000")),
    ("timeouts-zero-or-text", AWS + "S3_OPEN_TIMEOUT=9s\n", AWS + "S3_OPEN_TIMEOUT=9\n", ("S3_OPEN_TIMEOUT", "9")),
    (
        "hostname-has-scheme-or-slash",
        AWS + "S3_ALIAS_HOST=https://files.example.com/\n",
        AWS + "S3_ALIAS_HOST=files.example.com:8443\n",
        ("S3_ALIAS_HOST", "files.example.com"),
    ),
    (
        "hostname-has-scheme-or-slash",
        with_line(AWS, "S3_HOSTNAME=https://s3.eu-west-2.amazonaws.com"),
        with_line(AWS, "S3_HOSTNAME=https://unused.example") + "S3_ALIAS_HOST=files.example.com\n",
        ("S3_HOSTNAME", "s3.eu-west-2.amazonaws.com"),
    ),
    (
        "hostname-has-scheme-or-slash",
        with_line(CUSTOM, "S3_HOSTNAME=s3.example.net/files-example"),
        with_line(CUSTOM, "S3_HOSTNAME=gw.example.net/s3"),
        ("S3_HOSTNAME", "s3.example.net"),
    ),
    ("bucket-name-invalid", with_line(AWS, "S3_BUCKET=s3://files"), AWS, ("S3_BUCKET", "files")),
    ("bucket-name-invalid", with_line(AWS, "S3_BUCKET=https://files.s3.amazonaws.com"), AWS, ("S3_BUCKET", "files")),
    ("bucket-name-invalid", with_line(AWS, "S3_BUCKET=arn:aws:s3:::files"), AWS, ("S3_BUCKET", "files")),
    ("bucket-name-invalid", with_line(CUSTOM, "S3_BUCKET=files/mastodon"), CUSTOM, ("S3_BUCKET", "files")),
    ("bucket-name-invalid", with_line(AWS, "S3_BUCKET=My_Files"), with_line(CUSTOM, "S3_BUCKET=My_Files"), None),
    ("region-not-a-code", with_line(AWS, "S3_REGION='EU (London)'"), with_line(AWS, "S3_REGION=EU-WEST-2"), None),
    (
        "path-style-switch-ignored-without-endpoint",
        AWS + "S3_OVERRIDE_PATH_STYLE=true\n",
        CUSTOM + "S3_OVERRIDE_PATH_STYLE=true\n",
        ("S3_OVERRIDE_PATH_STYLE", None),
    ),
    ("temporary-credentials-without-token", with_line(AWS, "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE"), AWS, None),
    (
        "cdn-host-confused-with-alias",
        AWS + "CDN_HOST=https://s3.eu-west-2.amazonaws.com\n",
        HEALTHY["cdn for assets"],
        None,
    ),
    (
        "cdn-host-confused-with-alias",
        AWS + "PAPERCLIP_ROOT_URL=https://files.example.com\n",
        AWS + "PAPERCLIP_ROOT_URL=/system\n",
        ("S3_ALIAS_HOST", "files.example.com"),
    ),
    ("permission-value-invalid", AWS + "S3_PERMISSION=none\n", AWS + "S3_PERMISSION=\n", ("S3_PERMISSION", "")),
    ("permission-value-invalid", AWS + "S3_PERMISSION=public\n", AWS, ("S3_PERMISSION", "public-read")),
    (
        "permission-public-read-write",
        AWS + "S3_PERMISSION=public-read-write\n",
        AWS + "S3_PERMISSION=public-read\n",
        ("S3_PERMISSION", "public-read"),
    ),
    ("storage-class-glacier", AWS + "S3_STORAGE_CLASS=GLACIER\n", AWS + "S3_STORAGE_CLASS=GLACIER_IR\n", None),
    ("remove-orphans-key-prefix", AWS + "S3_KEY_PREFIX=mastodon\n", AWS + "S3_KEY_PREFIX=\n", None),
    ("protocol-http-mixed-content", AWS + "S3_PROTOCOL=http\n", HEALTHY["minio on loopback"], ("S3_PROTOCOL", "https")),
    ("protocol-not-a-scheme", AWS + "S3_PROTOCOL=https://\n", AWS + "S3_PROTOCOL=https\n", ("S3_PROTOCOL", "https")),
    (
        "csp-omits-default-hostname",
        DEFAULT_HOST,
        DEFAULT_HOST + "EXTRA_MEDIA_HOSTS=https://s3-eu-west-2.amazonaws.com\n",
        ("S3_HOSTNAME", "s3.eu-west-2.amazonaws.com"),
    ),
    (
        "hostname-default-dash-form-dead",
        with_line(DEFAULT_HOST, "S3_REGION=us-east-1"),
        DEFAULT_HOST,
        ("S3_HOSTNAME", "s3.us-east-1.amazonaws.com"),
    ),
    (
        "sdk-env-variables-interfere",
        AWS + "AWS_ENDPOINT_URL_S3=https://minio.example\n",
        CUSTOM + "AWS_ENDPOINT_URL_S3=https://minio.example\n",
        ("AWS_ENDPOINT_URL_S3", None),
    ),
    (
        "sdk-env-variables-interfere",
        AWS + "AWS_REQUEST_CHECKSUM_CALCULATION=never\n",
        AWS + "AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_REQUIRED\n",
        ("AWS_REQUEST_CHECKSUM_CALCULATION", None),
    ),
    (
        "setting-raises-exception",
        with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net/?x=1"),
        with_line(CUSTOM, "S3_ENDPOINT=https://s3.example.net/s3/"),
        ("S3_ENDPOINT", "https://s3.example.net/"),
    ),
]


@pytest.mark.parametrize(("finding_id", "faulty", "alike", "fix"), CASES)
def test_is_found_where_it_is_and_only_there_and_its_first_fix_works(
    finding_id: str, faulty: str, alike: str, fix: tuple[str, str | None] | None
) -> None:
    assert finding_id not in found(alike)
    findings = found(faulty)
    assert finding_id in findings
    first = findings[finding_id].fixes[0] if findings[finding_id].fixes else None
    if fix is not None:
        assert isinstance(first, EnvFix)
        assert (first.variable, first.value) == fix
        assert first.line == settings_of(faulty).environment.line_of(fix[0]) or fix[0] not in faulty.split("=")
        assert finding_id not in found(_fixed(faulty, first))


def _fixed(text: str, fix: EnvFix) -> str:
    lines = text.splitlines()
    if fix.line is not None:
        lines[fix.line - 1] = "" if fix.value is None else f"{fix.variable}={fix.value}"
    else:
        lines.append(f"{fix.variable}={fix.value}")
    return "\n".join(lines) + "\n"


def test_no_host_is_invented_and_a_placeholder_is_never_applied() -> None:
    alias = found(without(CUSTOM, "S3_HOSTNAME"))["missing-public-host"].fixes[1]
    assert isinstance(alias, EnvFix)
    assert alias.value == "<host of your media, e.g. files.mastodon.example>"


def test_one_fault_is_one_failure() -> None:
    for finding_id, faulty, _alike, _fix in CASES:
        failures = [f.id for f in found(faulty).values() if f.severity is Severity.FAILURE]
        assert failures in ([], [finding_id]), faulty


def test_half_a_key_pair_is_missing() -> None:
    for name, value in (("AWS_SECRET_ACCESS_KEY", "<your secret key>"), ("AWS_ACCESS_KEY_ID", "<your key id>")):
        finding = found(without(AWS, name))["missing-key-pair"]
        assert (finding.setting, finding.severity) == (name, Severity.FAILURE)
        assert isinstance(finding.fixes[0], EnvFix)
        assert finding.fixes[0].value == value


def test_no_key_pair_may_be_right_on_aws_and_is_not_elsewhere() -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert found(without(AWS, *keys))["missing-key-pair"].severity is Severity.NOTICE
    assert found(without(CUSTOM, *keys))["missing-key-pair"].severity is Severity.FAILURE


@pytest.mark.parametrize(
    ("text", "finding_id", "title"),
    [
        (with_line(without(AWS, "S3_BUCKET"), "S3_BUCKET_NAME=files"), "env-misspelt-other-names",
         "The file sets S3_BUCKET_NAME, which Mastodon never reads: it reads S3_BUCKET"),
        (AWS + "S3_PERMISSIONS=\n", "env-misspelt-s3-permissions",
         "The ACL is set as S3_PERMISSIONS, which Mastodon never reads: it reads S3_PERMISSION"),
        (AWS + "S3_ACL=private\n", "env-misspelt-s3-permissions",
         "The ACL is set as S3_ACL, which Mastodon never reads: it reads S3_PERMISSION"),
        (without(AWS, "AWS_SECRET_ACCESS_KEY"), "missing-key-pair",
         "The key pair lacks its half AWS_SECRET_ACCESS_KEY"),
        (without(AWS, "AWS_ACCESS_KEY_ID"), "missing-key-pair", "The key pair lacks its half AWS_ACCESS_KEY_ID"),
        (without(CUSTOM, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "missing-key-pair", "The key pair is not set"),
        ("S3-ALIAS-HOST=files.example.com\n" + AWS, "env-invalid-key-line-skipped",
         "Line 1 of the file does not set S3_ALIAS_HOST: it is skipped without a message"),
        (with_line(AWS, "S3_REGION='EU (London)'"), "region-not-a-code",
         "S3_REGION is EU (London), which is not the code of a region"),
        (AWS + "S3_KEY_PREFIX=$(hostname)\n", "env-command-substitution",
         "The value of S3_KEY_PREFIX is the output of a command, which s3probe does not run"),
    ],
)  # fmt: skip
def test_a_title_names_the_case_and_no_list_of_cases(text: str, finding_id: str, title: str) -> None:
    assert found(text)[finding_id].title == title


def test_a_misspelt_pair_is_one_finding_with_a_fix_for_each_line() -> None:
    text = AWS.replace("AWS_ACCESS_KEY_ID", "S3_ACCESS_KEY_ID").replace("AWS_SECRET_ACCESS_KEY", "S3_SECRET_ACCESS_KEY")
    findings = found(text)
    fixes = [f for f in findings["env-misspelt-other-names"].fixes if isinstance(f, EnvFix)]
    assert [(f.variable, f.line, f.secret) for f in fixes] == [
        ("AWS_ACCESS_KEY_ID", 4, True),
        ("AWS_SECRET_ACCESS_KEY", 5, True),
    ]
    assert "missing-key-pair" not in findings


def test_s3_that_is_off_on_purpose_is_no_failure() -> None:
    off = found(with_line(AWS, "S3_ENABLED=false"))["env-s3-enabled-not-true"]
    assert off.severity is Severity.WARNING
    assert found("LOCAL_DOMAIN=m.example\n")["env-s3-enabled-not-true"].severity is Severity.NOTICE


def test_what_waits_behind_a_misspelt_switch_is_found_too() -> None:
    assert {"env-s3-enabled-not-true", "endpoint-without-scheme"} <= found(
        with_line(with_line(CUSTOM, "S3_ENABLED=TRUE"), "S3_ENDPOINT=s3.example.net")
    ).keys()


def test_an_alias_that_stops_the_start_says_so() -> None:
    finding = found(AWS, {"S3_ALIAS_HOST": "files.example.com ?"})["hostname-has-scheme-or-slash"]
    assert "Mastodon does not start" in finding.how_known


def _observed(*seen: tuple[ObservationId, Outcome, str | None]) -> Evidence:
    observations = tuple(
        Observation(action, "", "PutObject", Actor.MASTODON, outcome, error_code=code) for action, outcome, code in seen
    )
    return Evidence(Run("r", "2026-01-01T00:00:00Z", 1.0, "full"), observations)


def _judged(
    text: str, *seen: tuple[ObservationId, Outcome, str | None]
) -> dict[str, tuple[Severity, Certainty, set[str]]]:
    found_ = ranked(run_rules(FILE_RULES, Case(settings_of(text), _observed(*seen))).findings)
    return {f.id: (f.severity, f.certainty, {*f.because, *f.explains}) for f in found_}


def test_the_wire_decides_on_an_unknown_acl() -> None:
    text = AWS + "S3_PERMISSION=none\n"
    refused = _judged(
        text,
        (ActionId.PUT_WITH_ACL, Outcome.REJECTED, "InvalidArgument"),
        (ActionId.PUT_WITHOUT_ACL, Outcome.OK, None),
    )
    assert refused["permission-value-invalid"] == (
        Severity.FAILURE,
        Certainty.CERTAIN,
        {ActionId.PUT_WITH_ACL},
    )
    assert _judged(text, (ActionId.PUT_WITH_ACL, Outcome.OK, None)) == {}


def test_a_broken_setting_explains_what_failed_because_of_it() -> None:
    text = with_line(CUSTOM, "S3_ENDPOINT=s3.example.net")
    judged = _judged(text, (ActionId.PUT_WITH_ACL, Outcome.REJECTED, None), (ActionId.LIST, Outcome.SKIPPED, None))
    assert judged["endpoint-without-scheme"][2] == {ActionId.PUT_WITH_ACL}


def test_a_name_that_aws_took_is_no_fault() -> None:
    text = with_line(AWS, "S3_BUCKET=My_Files")
    assert _judged(text, (ActionId.PUT_WITH_ACL, Outcome.OK, None)) == {}


ODD = st.text(alphabet="aA1.-_/:@[]{}%#?\"' $\\\n\u00a0“é", max_size=12)


@given(st.dictionaries(st.sampled_from(sorted(STORAGE_NAMES | {"PAPERCLIP_ROOT_URL", "S3_BUKET"})), ODD, max_size=6))
def test_no_value_makes_a_rule_stumble(environ: dict[str, str]) -> None:
    for finding in lint(settings_of(AWS, environ)):
        assert finding.how_known
        assert finding.title

"""Rules for address families, roles, file modes, hosts of the wrong kind and the providers' own ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3probe.diagnosis.engine import diagnose, lint
from s3probe.diagnosis.model import BucketPolicy, BucketSetting, Certainty, EnvFix, ServerFix, Severity
from s3probe.diagnosis.rules.releases import first_current
from s3probe.evidence.observations import NetworkFault, Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from s3probe.settings.mastodon import interpret
from s3probe.settings.sources import load
from tests.diagnosis.env_cases import AWS, CUSTOM, found, with_line, without
from tests.diagnosis.wire_cases import ExaminedFile
from tests.diagnosis.wire_table import A, C, provider

FAMILIES = Experiment.ADDRESS_FAMILIES


def _cut_off(seen: ExaminedFile, addresses: str, routes: str, connects: str = "") -> ExaminedFile:
    stopped = seen.stopped(None, network=NetworkFault.NO_ROUTE)
    return stopped.row(
        FAMILIES, None, outcome=Outcome.UNREACHABLE, addresses=addresses, routes=routes, connects=connects
    )


def test_an_endpoint_with_ipv4_alone_is_out_of_reach_for_a_machine_with_ipv6_alone() -> None:
    assert _cut_off(C, "ipv4", "ipv6").named == ("ipv6-only-host",)
    assert _cut_off(C, "ipv4", "ipv4 ipv6").named == ("egress-firewall",)
    assert _cut_off(C, "ipv4 ipv6", "ipv6").named == ("egress-firewall",)


def test_aws_has_names_with_ipv6_and_others_may_not() -> None:
    aws, other = _cut_off(A, "ipv4", "ipv6").findings[0], _cut_off(C, "ipv4", "ipv6").findings[0]
    assert aws.fixes[0] == EnvFix("S3_ENDPOINT", "https://s3.dualstack.eu-west-2.amazonaws.com")
    assert isinstance(other.fixes[0], ServerFix)


def test_an_ipv6_address_that_does_not_answer_is_told_from_a_slow_store() -> None:
    broken = C.row(FAMILIES, None, outcome=Outcome.UNREACHABLE, addresses="ipv4 ipv6", connects="ipv4")
    assert broken.named == ("ipv6-broken-first",)
    fine = C.row(FAMILIES, None, outcome=Outcome.OK, addresses="ipv4 ipv6", connects="ipv4 ipv6")
    assert fine.named == ()


@pytest.mark.parametrize(
    ("vendor", "named"),
    [("Amazon EC2", "instance-role-unreachable"), ("Hetzner", "missing-key-pair"), ("", "missing-key-pair")],
)
def test_without_keys_a_role_is_expected_on_ec2_only(vendor: str, named: str) -> None:
    seen = ExaminedFile(without(AWS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), {})
    if vendor:
        seen = seen.row(Experiment.INSTANCE_ROLE, None, outcome=Outcome.WRONG, vendor=vendor)
    assert seen.findings[0].id == named


def test_without_keys_and_without_a_role_it_is_a_failure_at_amazon_too() -> None:
    seen = ExaminedFile(without(AWS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), {})
    assert [(f.id, f.severity) for f in seen.findings] == [("missing-key-pair", Severity.NOTICE)]
    asked = seen.row(Experiment.INSTANCE_ROLE, None, outcome=Outcome.WRONG)
    (found,) = asked.findings
    assert (found.id, found.severity, found.certainty) == ("missing-key-pair", Severity.FAILURE, Certainty.LIKELY)
    assert "None of them gave one here" in found.how_known


def test_a_file_that_everyone_can_read_is_named_and_its_folders_count(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(AWS)
    file.chmod(0o644)
    tmp_path.chmod(0o755)
    reachable = all(folder.stat().st_mode & 0o001 for folder in file.resolve().parents)
    ids = {f.id for f in lint(interpret(load(file)))}
    assert ("env-file-world-readable" in ids) is reachable
    tmp_path.chmod(0o700)
    assert "env-file-world-readable" not in {f.id for f in lint(interpret(load(file)))}


def test_a_file_for_its_owner_alone_is_fine(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(AWS)
    file.chmod(0o600)
    assert lint(interpret(load(file))).findings == ()


@pytest.mark.parametrize(
    "line",
    [
        "S3_ENDPOINT=http://files-example.s3-website.eu-west-2.amazonaws.com",
        "S3_ENDPOINT=https://s3-accelerate.amazonaws.com",
        "S3_HOSTNAME=s3-website.eu-west-2.amazonaws.com",
        "S3_ALIAS_HOST=files-example.s3-website-eu-west-1.amazonaws.com",
    ],
)
def test_hosts_of_the_wrong_kind(line: str) -> None:
    assert "accelerate-or-website-endpoint-used" in found(with_line(AWS, line))


@pytest.mark.parametrize(
    "line",
    ["S3_ENDPOINT=https://s3.eu-west-2.amazonaws.com", "S3_ALIAS_HOST=s3-website.example.com", "S3_BUCKET=s3-website"],
)
def test_hosts_that_only_look_so(line: str) -> None:
    assert "accelerate-or-website-endpoint-used" not in found(with_line(AWS, line))


def test_the_bucket_in_a_linode_endpoint_is_named_as_what_it_is() -> None:
    env = with_line(CUSTOM, "S3_ENDPOINT=https://files-example.us-east-1.linodeobjects.com")
    fix = found(env)["linode-bucket-in-endpoint-tutorials"].fixes[0]
    assert isinstance(fix, EnvFix)
    assert fix.value == "https://us-east-1.linodeobjects.com"
    assert "linode-bucket-in-endpoint-tutorials" not in found(CUSTOM)


def test_private_defeats_the_end_of_a_suspension_where_only_acls_open_files() -> None:
    ovh = with_line(CUSTOM, "S3_ENDPOINT=https://s3.gra.io.cloud.ovh.net")
    assert "s3-permission-private-defeats-unsuspend" in found(with_line(ovh, "S3_PERMISSION=private"))
    assert "s3-permission-private-defeats-unsuspend" not in found(with_line(AWS, "S3_PERMISSION=private"))
    assert "s3-permission-private-defeats-unsuspend" not in found(ovh)


def test_fix_permissions_is_spoken_of_only_when_someone_might_reach_for_it() -> None:
    empty = A.line("S3_PERMISSION=").denied(ActionId.PUBLIC_GET)
    assert "fix-permissions-aborts" in {f.id for f in empty.findings}
    assert "fix-permissions-aborts" not in {f.id for f in A.line("S3_PERMISSION=").findings}
    assert "fix-permissions-aborts" not in {f.id for f in A.denied(ActionId.PUBLIC_GET).findings}


def test_a_token_for_objects_alone_is_what_r2_should_have() -> None:
    r2 = provider("acc.r2.cloudflarestorage.com", "S3_PERMISSION=", "S3_ALIAS_HOST=files.example.com")
    seen = r2.denied(Experiment.LIST_BUCKETS, Experiment.READ_POLICY)
    assert [f.id for f in diagnose(seen.settings, seen.evidence)] == ["r2-object-scoped-token"]
    other = C.denied(Experiment.LIST_BUCKETS, Experiment.READ_POLICY)
    assert other.findings == ()


@pytest.mark.parametrize(
    ("version", "first"),
    [
        ("4.5.8", "4.5.9"),
        ("v4.4.3", "4.4.16"),
        ("4.3.10", "4.4.16 and 4.5.9"),
        ("4.5.0-rc.1", "4.5.9"),
        ("4.2.1+glitch", "4.4.16 and 4.5.9"),
    ],
)
def test_the_first_release_that_will_fail(version: str, first: str) -> None:
    assert first_current(version) == first


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("minio.example.net", "mc anonymous set-json"),
        ("storage.googleapis.com", "gcloud storage buckets add-iam-policy-binding gs://files-example"),
        ("acc.r2.cloudflarestorage.com", "domain add files-example"),
        ("s3.us-west-004.backblazeb2.com", "b2 bucket update files-example allPublic"),
        ("s3.wasabisys.com", "Public Access Override"),
    ],
)
def test_opening_the_media_is_told_in_the_providers_own_way(host: str, words: str) -> None:
    closed = provider(host, "S3_PERMISSION=", "S3_ALIAS_HOST=files.example.com").denied(ActionId.PUBLIC_GET)
    fix = next(f for f in closed.findings if f.id == "public-policy-missing").fixes[0]
    assert isinstance(fix, (BucketPolicy, BucketSetting))
    command = fix.command if isinstance(fix, BucketSetting) else ""
    assert words in f"{command} {fix.note}"

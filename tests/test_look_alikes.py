"""The pairs that are hardest to tell apart: each is named where it is, and its look-alike is not, both ways round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from s3probe.sandbox.scenario import custom
from s3probe.sandbox.world import Instance
from tests.exhaustive import part
from tests.runs import each_fault, fault_name, run_fault, run_once, together

BY_NAME = {fault_name(fault): fault for fault in ALL}
PAIRS = [
    # the pairs that are hardest to tell apart
    ("iam-missing-putobjectacl", "bpa-blocks-public-acl"),
    ("iam-missing-putobjectacl (short message)", "bpa-blocks-public-acl (short message)"),
    ("wrong-secret-key", "region-wrong-custom-endpoint (no hint)"),
    ("wrong-secret-key", "env-hash-truncates-value"),
    ("wrong-secret-key", "env-dollar-expands"),
    ("wrong-secret-key", "clock-skew"),
    ("endpoint-contains-bucket-path-style", "public-policy-missing"),
    ("iam-missing-listbucket", "iam-missing-getobject"),
    ("bpa-ignores-public-acls", "acl-header-silently-ignored"),
    ("acl-header-silently-ignored", "public-policy-missing"),
    ("bpa-ignores-public-acls", "public-policy-missing"),
    ("kms-objects-not-anonymously-readable", "public-policy-missing"),
    ("partnumber-head-unsupported", "checksum-mode-header-unsupported"),
    ("checksum-header-unsupported", "acl-not-implemented-r2"),
    ("checksum-header-unsupported", "acl-must-match-bucket-b2"),
    ("proxy-drops-bucket-name", "region-wrong-aws-regional-endpoint"),
    ("iam-missing-deleteobject", "versioning-delete-markers"),
    ("delete-objects-per-key-errors-ignored", "iam-missing-deleteobject"),
    ("csp-missing-media-host", "cors-missing"),
    ("cors-missing", "protocol-http-mixed-content"),
    ("quota-or-cap-exceeded", "iam-missing-putobject"),
    ("b2-archive-private-acl", "acl-must-match-bucket-b2"),
    # the ACL verdict table
    ("acl-disabled-bucket-owner-enforced", "bpa-blocks-public-acl"),
    ("acl-disabled-bucket-owner-enforced", "acl-uniform-gcs"),
    ("acl-not-implemented-r2", "acl-uniform-gcs"),
    ("iam-missing-putobject", "iam-missing-putobjectacl"),
    ("iam-missing-putobject", "explicit-deny-policy"),
    ("iam-missing-putobject", "bucket-owned-by-other-account"),
    ("vpc-endpoint-policy-blocks", "bucket-owned-by-other-account"),
    ("deny-source-ip-or-secure-transport", "explicit-deny-policy"),
    # the ladders
    ("wrong-access-key-id", "region-china-govcloud-partition"),
    ("wrong-access-key-id", "temporary-credentials-without-token"),
    ("nosuchbucket-typo", "path-style-switch-inverted"),
    ("path-style-switch-inverted", "non-aws-virtual-host-cert"),
    ("policy-resource-only-objects", "iam-missing-listbucket"),
    ("policy-bucket-arn-without-slash-star", "iam-missing-putobject"),
    ("remove-orphans-start-after-ceph", "iam-missing-listbucket"),
    ("delete-batch-timeout", "delete-objects-unsupported"),
    ("delete-batch-timeout", "slow-provider-read-timeout"),
    ("expect-100-continue-stalls (stalls)", "slow-provider-read-timeout"),
    ("checksum-header-unsupported", "default-key-has-object-lock-or-md5-rule"),
    ("checksum-header-unsupported", "forwarded-x-amz-meta-limits"),
    ("checksum-header-unsupported", "checksum-regression-by-patch-release"),
    ("storage-class-invalid", "forwarded-x-amz-meta-limits"),
    ("storage-schema-copy-denied", "iam-missing-putobjectacl"),
    ("download-cap-exceeded", "public-policy-missing"),
    ("download-cap-exceeded", "iam-missing-getobject"),
    ("key-prefix-forgotten-in-alias-or-policy", "public-policy-missing"),
    ("key-prefix-forgotten-in-alias-or-policy (key)", "iam-missing-putobject"),
    ("key-prefix-forgotten-in-alias-or-policy (proxy)", "proxy-drops-bucket-name"),
    ("ovh-bucket-acl-does-not-open-objects", "bucket-listable-acl"),
    ("ovh-bucket-acl-does-not-open-objects", "public-policy-missing"),
    ("bucket-listable-acl", "bucket-listable-policy"),
    ("lifecycle-expires-media", "versioning-delete-markers"),
    # one folder works and another does not
    ("public-policy-leaves-out-folders (avatars)", "proxy-drops-folders"),
    ("policy-denies-some-folders", "proxy-drops-folders (with ACLs)"),
    ("policy-denies-some-folders", "proxy-caches-errors (with ACLs)"),
    ("proxy-drops-folders", "proxy-caches-errors"),
    ("key-limited-to-some-folders (to media)", "b2-archive-private-acl"),
    ("key-limited-to-some-folders (to one)", "multipart-denied"),
    ("key-limited-to-some-folders (to one)", "storage-schema-copy-denied"),
    ("uploads-listable-policy", "anonymous-acl-or-policy-readable"),
]


def _ids(fault: Fault) -> set[str]:
    return {finding.id for finding in run_fault(fault).report.findings}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(*pair, marks=together(pair[0]))
        for named, absent in part(PAIRS, 7)
        for pair in ((named, absent), (absent, named))
    ],
)
def test_the_look_alike_is_not_named(one: str, other: str) -> None:
    named = _ids(BY_NAME[one])
    assert BY_NAME[one].id in named
    assert BY_NAME[other].id not in named


@each_fault(part([f for f in ALL if f.look_alike is not None], 2))
def test_the_look_alike_of_a_fault_is_something_else(fault: Fault) -> None:
    assert fault.look_alike is not None
    assert fault.id in _ids(fault)
    near = fault.look_alike(fault.base())
    assert near != fault.base(), "a look-alike changes something"
    assert fault.id not in {finding.id for finding in run_once(near).report.findings}


@pytest.mark.parametrize("version", part(["4.3.2", "4.4.15", "4.5.8"], 3))
def test_an_older_release_is_told_what_the_next_one_will_meet_and_only_then(version: str) -> None:
    fault = BY_NAME["checksum-regression-by-patch-release"]
    scenario, fine = fault.scenario(), custom()
    broken = scenario.with_world(instance=replace(scenario.world.instance or Instance(), version=version))
    older = fine.with_world(instance=replace(fine.world.instance or Instance(), version=version))
    found = run_once(broken).report.findings
    assert [f.id for f in found] == ["checksum-regression-by-patch-release"]
    first = {"4.3.2": "4.4.16 and 4.5.9", "4.4.15": "4.4.16", "4.5.8": "4.5.9"}[version]
    assert found[0].how_known.startswith(f"it works with {version} and fails from {first} on")
    assert run_once(older).report.findings == ()


def test_a_current_release_is_not_told_of_itself() -> None:
    ran = run_once(custom())
    assert not [o.id for o in ran.report.evidence.observations if "next-release" in o.id]

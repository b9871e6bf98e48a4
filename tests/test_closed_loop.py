"""s3probe's own first fix mends every fault it names: put in, named, mended, healthy."""

from __future__ import annotations

from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.conftest import Tally
from tests.runs import each_fault, fault_name, healthy, mend, run, run_fault, to_mend

ADVICE_ONLY = {
    "explicit-deny-policy": "only the policy's owner knows why it denies, and in which policy",
    "explicit-deny-policy (source address)": "only the policy's owner knows which addresses belong in it",
    "vpc-endpoint-policy-blocks": "the policy belongs to the network, not to the bucket or the key",
    "bucket-owned-by-other-account": "another account must act, or another bucket be used",
    "key-disabled-or-account-suspended": "the provider must lift the suspension",
    "missing-variable": "nobody but the admin knows which bucket was meant",
    "csp-missing-media-host": "the file is right already: the web service must be restarted, or its proxy changed",
    "delete-objects-unsupported": "the storage must learn DeleteObjects",
    "delete-objects-per-key-errors-ignored": "the storage fails by itself",
    "delete-md5-required": "the storage must stop demanding Content-MD5",
    "versioning-delete-markers": "a lifecycle rule works over days, and the key may not read it",
    "object-lock-prevents-delete": "Object Lock cannot be switched off",
    "presigned-link-uses-internal-endpoint": "the storage needs a public name and a certificate first",
    "download-cap-exceeded": "somebody must pay for more",
    "remove-orphans-start-after-ceph": "the storage must be upgraded",
    "storage-schema-copy-denied": "only the policy's owner knows why it denies copies",
    "forwarded-x-amz-meta-limits": "the gateway must take Cache-Control: Mastodon cannot leave it out",
    "rate-limited-503-slowdown": "the provider refuses every upload: only it can raise the limit",
    "quota-or-cap-exceeded": "somebody must pay for more, or delete",
}
"""Faults whose first fix no program can apply, each with its reason. The tests hold this list to be exact."""

NOT_SEEN_MENDED = {
    "rate-limited-503-slowdown (now and then)": "the SDK then tries again; the probe sends each request once",
    "protocol-https-but-endpoint-plain": "links to archives still lead to http://: a warning of its own remains",
    "multipart-denied": "nothing that Mastodon takes is sent in parts then, archives excepted: a warning remains",
}
"""Faults whose first fix helps Mastodon, but leaves something to report, each with its reason."""


def _mended(fault: Fault) -> str:
    """``healthy``, or what stands in the way after as many rounds as there are faults (one)."""
    scenario, ran = fault.scenario(), run_fault(fault)
    for finding in to_mend(ran.report):
        mended = mend(scenario, finding)
        if mended is None:
            return f"advice only: {finding.id}"
        scenario = mended
    after = run(scenario)
    return "healthy" if healthy(after.report) else f"still {after.report.verdict}: {', '.join(after.named)}"


@each_fault(f for f in ALL if fault_name(f) not in (ADVICE_ONLY | NOT_SEEN_MENDED))
def test_the_first_fix_makes_the_storage_healthy(fault: Fault, tally: Tally) -> None:
    found = _mended(fault)
    tally("closed loop", found.split(":")[0])
    assert found == "healthy"


@each_fault(f for f in ALL if fault_name(f) in ADVICE_ONLY)
def test_these_need_a_person(fault: Fault, tally: Tally) -> None:
    found = _mended(fault)
    tally("closed loop", found.split(":")[0])
    assert found.startswith("advice only")


@each_fault(f for f in ALL if fault_name(f) in NOT_SEEN_MENDED)
def test_these_are_no_failure_any_more(fault: Fault, tally: Tally) -> None:
    found = _mended(fault)
    tally("closed loop", "no failure any more")
    assert found.startswith(("still warning", "still unknown"))


def test_the_list_of_exceptions_names_real_faults() -> None:
    assert set(ADVICE_ONLY) | set(NOT_SEEN_MENDED) <= {fault_name(f) for f in ALL}

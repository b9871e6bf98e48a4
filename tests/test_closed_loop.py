"""s3probe's own first fix ends every fault it names: put in, named, fixed, healthy.

Three tables say for which faults that is shown otherwise, or not at all; the README gives their sizes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from s3probe.sandbox.faults import ALL
from s3probe.sandbox.faults.model import Fault
from tests.conftest import Tally
from tests.nginx.mistakes import MISTAKES
from tests.runs import TRIED, each_fault, fault_name, healthy, run_fault, run_once, to_fix, with_first_fix

ADVICE_ONLY = {
    "explicit-deny-policy": "only the policy's owner knows why it denies, and in which policy",
    "explicit-deny-policy (source address)": "only the policy's owner knows which addresses belong in it",
    "explicit-deny-policy (MinIO)": "the fix shows which policy denies; only its owner knows why",
    "disk-read-only (MinIO)": "whoever runs the store must look at its disk",
    "vpc-endpoint-policy-blocks": "the policy belongs to the network, not to the bucket or the key",
    "bucket-owned-by-other-account": "another account must act, or another bucket be used",
    "key-disabled-or-account-suspended": "the provider must lift the suspension",
    "missing-variable": "nobody but the admin knows which bucket was meant",
    "csp-missing-media-host": "the file is right already: the web service must be restarted, or its proxy changed",
    "delete-objects-unsupported": "the storage must learn DeleteObjects",
    "delete-objects-per-key-errors-ignored": "the storage fails by itself",
    "delete-md5-required": "the storage must stop demanding Content-MD5",
    "delete-md5-required (no word about MD5)": "the storage must stop demanding Content-MD5",
    "anonymous-acl-or-policy-readable (of a file)": "the key may not read the policy, and its owner must",
    "web-port-path-changed": "its lines are tried before the real Garage",
    "media-host-leads-past-web-port": "its lines are tried before the real Garage",
    "presigned-link-uses-internal-endpoint": "the storage needs a public name and a certificate first",
    "cache-buster-without-effect": "nginx alone forgets nothing; Varnish's lines are tried before a real one",
    "cache-buster-leaves-files": "Mastodon asks for no more, so the cache must keep less",
    "download-cap-exceeded": "somebody must pay for more",
    "remove-orphans-start-after-ceph": "the storage must be upgraded",
    "storage-schema-copy-denied": "only the policy's owner knows why it denies copies",
    "forwarded-x-amz-meta-limits": "the gateway must take Cache-Control: Mastodon cannot leave it out",
    "rate-limited-503-slowdown": "the provider refuses every upload: only it can raise the limit",
    "request-keeps-failing": "the store fails by itself: only its provider can see why",
    "quota-or-cap-exceeded": "somebody must pay for more, or delete",
    "proxy-forwards-authorization-cookies (cookies)": "no storage here sets a cookie, so its lines cannot be tried",
    "dns-fails-in-container": "who answers for names here is for the admin to see",
    "egress-firewall": "whoever keeps the firewall must open it",
    "nothing-listens-at-endpoint": "whoever runs the store must start it",
    "expect-100-continue-stalls": "no nginx refuses an announced body, so its lines cannot be tried on one",
    "expect-100-continue-stalls (stalls)": "no nginx is deaf to an announced body, so its lines cannot be tried on one",
}
"""Faults whose first fix no program can apply, each with its reason. The tests hold this list to be exact."""

AT_NGINX = {
    "cache-control-missing": "nothing may be kept",
    "cdn-hotlink-or-bot-protection": "hotlink protection",
    "cdn-hotlink-or-bot-protection (by user agent)": "bot protection",
    "proxy-changes-content-type": "type overwritten",
    "cors-cached-without-vary": "CORS cached without Vary",
    "cors-duplicated-header": "CORS doubled",
    "cors-missing (lost by the proxy)": "CORS lost",
    "key-prefix-forgotten-in-alias-or-policy (proxy)": "prefix put in front",
    "nosniff-and-sandbox-missing": "headers that protect left out",
    "proxy-drops-folders": "some folders",
    "proxy-drops-folders (with ACLs)": "some folders",
    "proxy-caches-errors": "errors cached",
    "proxy-caches-errors (with ACLs)": "errors cached",
    "proxy-drops-bucket-name (its own host name)": "Host not rewritten",
    "proxy-forwards-authorization-cookies": "Authorization passed",
    "proxy-lists-bucket-at-root": "listing at the root",
    "proxy-method-not-limited": "methods not limited",
    "proxy-passes-query-string": "query passed",
    "proxy-passes-query-string (with ACLs)": "query passed",
    "proxy-resolver-fails": "storage not reached",
    "proxy-serves-error-as-image": "errors served as pictures",
    "proxy-serves-error-as-image (with ACLs)": "errors served as pictures",
    "range-requests-broken-for-viewers": "ranges lost",
    **{name: name for fault in ALL if fault.nginx for name in [fault_name(fault)]},
}
"""Faults whose first fix is lines for nginx, which the sandbox's own proxy cannot read: the mistake of
``tests/nginx/mistakes.py`` at which those very lines are tried on a real nginx."""

NOT_SEEN_FIXED = {
    "cdn-keeps-deleted-media": "Mastodon then asks, and that the cache does not heed it is a warning of its own",
    "versioning-delete-markers": "the rule works over days, and the key may not read it: the warning remains",
    "object-lock-prevents-delete": "new files are free then; that the bucket keeps versions remains as a warning",
    "rate-limited-503-slowdown (now and then)": "Mastodon then asks again; that there are bursts stays as a notice",
    "storage-failed-for-a-moment": "Mastodon then asks again; that there are moments stays as a notice",
    "protocol-https-but-endpoint-plain": "links to archives still lead to http://: a warning of its own remains",
    "multipart-denied": "nothing that Mastodon takes is sent in parts then, archives excepted: a warning remains",
}
"""Faults whose first fix helps Mastodon, but leaves something to report, each with its reason."""


def _fixed(fault: Fault) -> str:
    """``healthy``, or what stands in the way after as many rounds as there are faults (one)."""
    scenario, ran = fault.scenario(), run_fault(fault)
    # a notice leaves the verdict as it was: it is healthy before, so it must be gone
    noticed = tuple(f for f in ran.report.findings if f.id == fault.id)
    for finding in to_fix(ran.report) or noticed:
        fixed = with_first_fix(scenario, finding)
        if fixed is None:
            return f"advice only: {finding.id}"
        scenario = fixed
    after = run_once(scenario).report
    if healthy(after) and fault.id not in {f.id for f in after.findings}:
        return "healthy"
    return f"still {after.verdict}: {', '.join(f.id for f in after.findings)}"


@each_fault(f for f in TRIED if fault_name(f) not in (ADVICE_ONLY | AT_NGINX | NOT_SEEN_FIXED))
def test_the_first_fix_makes_the_storage_healthy(fault: Fault, tally: Tally) -> None:
    found = _fixed(fault)
    tally("closed loop", found.split(":")[0])
    assert found == "healthy", (
        f"{fault_name(fault)}: give the Fault `nginx=`, or name it in a table above with its reason"
    )


@each_fault(f for f in TRIED if fault_name(f) in ADVICE_ONLY)
def test_these_need_a_person(fault: Fault, tally: Tally) -> None:
    found = _fixed(fault)
    tally("closed loop", found.split(":")[0])
    assert found.startswith("advice only")


@each_fault(f for f in TRIED if fault_name(f) in NOT_SEEN_FIXED)
def test_these_are_no_failure_any_more(fault: Fault, tally: Tally) -> None:
    found = _fixed(fault)
    tally("closed loop", "no failure any more")
    assert found.startswith(("still ok", "still warning", "still unknown"))


@pytest.mark.parametrize("fault", [f for f in TRIED if fault_name(f) in AT_NGINX], ids=fault_name)
def test_these_lines_are_left_to_a_real_nginx(fault: Fault, tally: Tally) -> None:
    found = _fixed(fault)
    tally("closed loop", "lines for nginx")
    assert found.startswith("advice only")
    assert MISTAKES[AT_NGINX[fault_name(fault)]].finding_id == fault.id


def test_the_list_of_exceptions_names_real_faults() -> None:
    tables = [*ADVICE_ONLY, *AT_NGINX, *NOT_SEEN_FIXED]
    assert len(set(tables)) == len(tables)
    assert set(tables) <= {fault_name(f) for f in ALL}


def test_the_readme_counts_what_is_proven() -> None:
    text = " ".join((Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8").split())
    unproven = len(ADVICE_ONLY) + len(NOT_SEEN_FIXED)
    assert f"The sandbox can inject more than {len(ALL) // 20 * 20} faults. For all but {unproven} of them" in text
    assert f"{len(NOT_SEEN_FIXED)} of the {unproven} end the failure and leave a warning" in text
    assert f"For the other {len(ADVICE_ONLY)} nothing is proven" in text

"""What the end of a run says of real programs that are missing."""

from __future__ import annotations

from tests.missing import reason, summary


def test_skips_are_counted_by_program() -> None:
    nginx, ceph = reason("nginx", "nginx-light"), reason("radosgw", "radosgw ceph-mon")
    told = summary([f"Skipped: {nginx}", f"Skipped: {nginx}", f"Skipped: {ceph}", "Skipped: only root may do that"])
    assert told == "real programs missing: nginx (2 tests skipped), radosgw (1 test skipped)"


def test_nothing_missing_is_said_too() -> None:
    assert summary(["Skipped: only root may do that"]) == "real programs: none was missing"

"""A line break in the key id, as a Kubernetes secret may end with: no request leaves, so the way is not at fault."""

from __future__ import annotations

from s3probe.sandbox.scenario import KEY_ID, custom
from tests.runs import run


def test_a_line_break_in_the_key_id_is_named_and_nothing_is_asked() -> None:
    ran = run(custom().with_env("AWS_ACCESS_KEY_ID", f"{KEY_ID}\n"))
    first = ran.report.findings[0]
    assert (first.id, first.setting) == ("setting-raises-exception", "AWS_ACCESS_KEY_ID")
    assert KEY_ID not in first.how_known
    assert ran.report.evidence.cleanup.left_behind == ()


def test_without_one_nothing_is_said() -> None:
    assert run(custom().with_env("AWS_ACCESS_KEY_ID", KEY_ID)).report.findings == ()

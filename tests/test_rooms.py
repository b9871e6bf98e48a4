"""The rooms keep their doors: judgement brings no network with it, and a file can be judged without the probe."""

from __future__ import annotations

import subprocess
import sys

import pytest

NETWORK = ("s3probe.probe.client", "s3probe.probe.session", "s3probe.probe.transport", "requests", "urllib3", "boto3")


@pytest.mark.parametrize(
    "module", ["s3probe.diagnosis.engine", "s3probe.diagnosis.rules.wire", "s3probe.report.formats", "s3probe.settings"]
)
def test_judging_and_reporting_bring_no_network_with_them(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in {NETWORK!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

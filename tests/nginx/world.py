"""Puts a real nginx before the sandbox and examines what a Mastodon behind it would see."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from s3probe.diagnosis.model import Finding, ServerFix
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, Scenario
from tests.nginx.guide import Block, guide
from tests.nginx.server import LOOPBACK, running
from tests.runs import settings_of

ENDPOINT = "s3.eu-west-2.amazonaws.com"
DEAD_PORT = 1
"""Nothing listens there: to nginx the storage is not to be had."""


@dataclass(frozen=True)
class Setup:
    """A scenario whose alias host is a real nginx with this block."""

    scenario: Scenario
    block: Block
    certificate: str = "right"
    """``right``, ``wrong-name``, ``expired``, ``unknown`` or ``none``."""

    def mended(self, finding: Finding) -> Setup | None:
        """The set-up after the finding's first fix, carried out to the letter; ``None``: it needs a person."""
        setup = self
        for fix in finding.first_choice:
            if isinstance(fix, ServerFix) and fix.setting == "nginx":
                setup = replace(setup, block=setup.block.with_lines(fix.value))
            elif isinstance(fix, ServerFix) and "$http_user_agent" in fix.note:
                setup = replace(setup, block=setup.block.without("if ($http_user_agent"))
            elif isinstance(fix, ServerFix) and fix.setting == "certificate":
                setup = replace(setup, certificate="right")
            else:
                scenario = apply(setup.scenario, fix)
                if scenario is None:
                    return None
                setup = replace(setup, scenario=scenario)
        return setup


def by_the_guide(scenario: Scenario) -> Setup:
    """``scenario`` behind the guide's nginx; the sandbox's own alias proxy is taken away."""
    name = scenario.bucket.name
    return Setup(scenario.with_world(aliases=()).with_env("S3_ALIAS_HOST", ALIAS), guide(name, ENDPOINT))


def examined(setup: Setup) -> Report:
    """The whole examination through nginx."""
    name = setup.scenario.bucket.name
    with tempfile.TemporaryDirectory(prefix="s3probe-nginx-") as place, Sandbox(setup.scenario.world) as box:
        folder = Path(place)
        trusted, pem = certified(folder, setup.certificate)
        trusted.write_bytes(trusted.read_bytes() + Path(box.ca_file).read_bytes())
        upstreams = {ENDPOINT: box.https_port, f"{name}.{ENDPOINT}": box.https_port, "nowhere.example": DEAD_PORT}
        with running(folder, ALIAS, setup.block.text(), upstreams, pem) as (secure, plain):

            def resolve(host: str, port: int) -> tuple[str, int]:
                if host == ALIAS:
                    return LOOPBACK, secure if port == 443 else plain
                return box.resolve(host, port)

            transport = HttpTransport(ca_file=str(trusted), proxy=None, resolver=resolve)
            try:
                settings, options = settings_of(setup.scenario), ProbeOptions(deadline=20)
                return check(settings, options, Tools(transport)).report
            finally:
                transport.close()


def certified(folder: Path, kind: str) -> tuple[Path, Path | None]:
    """The file of trusted authorities, and nginx's own certificate with its key."""
    authority = trustme.CA()
    trusted, pem = folder / "trusted.pem", folder / "nginx.pem"
    authority.cert_pem.write_to_path(trusted)
    if kind == "none":
        return trusted, None
    signer = trustme.CA() if kind == "unknown" else authority
    host = "another.example" if kind == "wrong-name" else ALIAS
    ends = datetime.now(UTC) - timedelta(days=1) if kind == "expired" else None
    signer.issue_cert(host, not_after=ends).private_key_and_cert_chain_pem.write_to_path(pem)
    return trusted, pem

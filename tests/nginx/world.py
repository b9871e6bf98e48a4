"""Puts a real nginx before the sandbox and examines what a Mastodon behind it would see."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from s3probe.diagnosis.model import Finding, Fix, ServerFix
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.names import exists
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, Scenario
from tests.in_process import InProcess
from tests.nginx.guide import Block, guide
from tests.nginx.server import LOOPBACK, running
from tests.runs import settings_of

ENDPOINT = "s3.eu-west-2.amazonaws.com"
DEAD_PORT = 1
"""Nothing listens there: to nginx the storage is not to be had."""


@dataclass(frozen=True)
class NginxSetup:
    """A scenario whose alias host is a real nginx with this block."""

    scenario: Scenario
    block: Block
    certificate: str = "right"
    """``right``, ``wrong-name``, ``expired``, ``unknown`` or ``none``."""

    host: str = ALIAS

    def fixed(self, finding: Finding) -> NginxSetup | None:
        """The set-up after the finding's first fix, carried out to the letter; ``None``: it needs a person."""
        setup: NginxSetup | None = self
        for fix in finding.first_choice:
            setup = setup._with(fix) if setup is not None else None
        return setup if finding.fixes else None

    def _with(self, fix: Fix) -> NginxSetup | None:
        if isinstance(fix, ServerFix) and fix.setting == "nginx":
            return replace(self, block=_noted(_cleared(self.block, fix.place).with_lines(fix.value), fix.note))
        if isinstance(fix, ServerFix) and (rule := _RULE.fullmatch(fix.note)):
            return replace(self, block=self.block.without(f"if ({rule[1]}")) if rule[2] == self.host else None
        if isinstance(fix, ServerFix) and fix.setting == "certificate":
            return replace(self, certificate="right") if fix.value == self.host else None
        scenario = apply(self.scenario, fix)
        return replace(self, scenario=scenario) if scenario is not None else None


_ELSEWHERE = ("rewrite", "root", "return", "alias", "try_files")
"""Lines by which a location answers with something else than what its ``proxy_pass`` asks for."""
_GONE = re.compile(r"\b(?:Remove|and) (return \d+)")
_RULE = re.compile(r"Remove the rule on (\$\w+) from the server block of ([\w.-]+): .*")


def _cleared(block: Block, place: str) -> Block:
    """Without what the fix's lines take the place of, beside lines of the same names."""
    if "in place of its proxy_pass, rewrite, root and return lines" not in place:
        return block
    return replace(block, storage=tuple(line for line in block.storage if not line.startswith(_ELSEWHERE)))


def _noted(block: Block, note: str) -> Block:
    """With what the fix says beside its lines: which lines of one's own must go."""
    for start in re.findall(r"\bRemove (add_header [\w-]+)", note):
        block = block.without(start)
    for variable in re.findall(r"\bRemove the rule on (\$\w+)", note):
        block = block.without(f"if ({variable}")
    for start in _GONE.findall(note):
        block = block.without(start)
    if "in one location / for all folders" in note:
        block = block.without_other_locations()
    return block


def by_the_guide(scenario: Scenario) -> NginxSetup:
    """``scenario`` behind the guide's nginx; the sandbox's own alias proxy is taken away."""
    name, host = scenario.bucket.name, scenario.raw_env("S3_ALIAS_HOST") or ALIAS
    return NginxSetup(scenario.with_world(aliases=()).with_env("S3_ALIAS_HOST", host), guide(name, ENDPOINT), host=host)


def examined(setup: NginxSetup) -> Report:
    """The whole examination through nginx."""
    name = setup.scenario.bucket.name
    with tempfile.TemporaryDirectory(prefix="s3probe-nginx-") as place, Sandbox(setup.scenario.world) as box:
        folder = Path(place)
        trusted, pem = certified(folder, setup.certificate, setup.host)
        trusted.write_bytes(trusted.read_bytes() + Path(box.ca_file).read_bytes())
        storage = (ENDPOINT, f"{name}.{ENDPOINT}", *(endpoint.base for endpoint in setup.scenario.world.endpoints))
        upstreams = {**dict.fromkeys(storage, box.https_port), "nowhere.example": DEAD_PORT}
        with running(folder, setup.host, setup.block.text(), upstreams, pem) as (secure, plain):

            def resolve(host: str, port: int) -> tuple[str, int]:
                if host == setup.host:
                    return LOOPBACK, secure if port == 443 else plain
                return box.resolve(host, port)

            transport = HttpTransport(ca_file=str(trusted), proxy=None, resolver=resolve)
            try:
                settings, options = settings_of(setup.scenario), ProbeOptions(deadline=20, trials=False)
                # what does not go to nginx takes no socket: it only ends in the sandbox
                before_storage = exists(box.world, setup.host)
                tools = Tools(transport if before_storage else InProcess(box, transport))
                return check(settings, options, tools).report
            finally:
                transport.close()


def certified(folder: Path, kind: str, name: str = ALIAS) -> tuple[Path, Path | None]:
    """The file of trusted authorities, and nginx's own certificate with its key."""
    authority = trustme.CA()
    trusted, pem = folder / "trusted.pem", folder / "nginx.pem"
    authority.cert_pem.write_to_path(trusted)
    if kind == "none":
        return trusted, None
    signer = trustme.CA() if kind == "unknown" else authority
    host = "another.example" if kind == "wrong-name" else name
    ends = datetime.now(UTC) - timedelta(days=1) if kind == "expired" else None
    signer.issue_cert(host, not_after=ends).private_key_and_cert_chain_pem.write_to_path(pem)
    return trusted, pem

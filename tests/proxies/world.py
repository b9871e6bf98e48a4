"""Puts a real proxy before the sandbox and examines what a Mastodon behind it would see."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from s3probe.diagnosis.model import Finding, Fix, ServerFix
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.sandbox.fixes import apply
from s3probe.sandbox.names import exists
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import ALIAS, Scenario
from s3probe.settings.mastodon import bucket_url
from tests.in_process import InProcess
from tests.nginx.world import certified
from tests.proxies.place import LOOPBACK, storage
from tests.proxies.programs import PROGRAMS, Start, started
from tests.proxies.recommended import recommended
from tests.proxies.site import SiteLines, fixed
from tests.runs import settings_of


@dataclass(frozen=True)
class ProxySetup:
    """A scenario whose ``host`` is a real program with these lines."""

    scenario: Scenario
    program: str
    configuration: SiteLines
    certificate: str = "right"
    host: str = ALIAS

    def fixed(self, finding: Finding) -> ProxySetup | None:
        """The set-up after the finding's first fix, carried out to the letter; ``None``: it needs a person."""
        setup: ProxySetup | None = self
        for fix in finding.first_choice:
            setup = setup.with_fix(fix) if setup is not None else None
        return setup if finding.fixes else None

    def with_fix(self, fix: Fix) -> ProxySetup | None:
        """The set-up after that fix."""
        if isinstance(fix, ServerFix) and fix.setting == self.configuration.language:
            return replace(self, configuration=fixed(self.configuration, fix.value, fix.note, fix.place))
        if isinstance(fix, ServerFix) and fix.setting == "certificate":
            return replace(self, certificate="right") if fix.value == self.host else None
        scenario = apply(self.scenario, fix)
        return replace(self, scenario=scenario) if scenario is not None else None


def as_documented(program: str, scenario: Scenario) -> ProxySetup:
    """``scenario`` behind that program as its documentation recommends; the sandbox's own alias proxy is taken away."""
    host = scenario.raw_env("S3_ALIAS_HOST") or ALIAS
    scenario = scenario.with_world(aliases=()).with_env("S3_ALIAS_HOST", host)
    base = bucket_url(settings_of(scenario)).rstrip("/")
    language = PROGRAMS[program].language
    if language == "varnish":
        base = base.replace("https://", "http://")
    return ProxySetup(scenario, program, recommended(language, base), host=host)


def examined(setup: ProxySetup, options: ProbeOptions | None = None) -> Report:
    """The whole examination through the program."""
    program = PROGRAMS[setup.program]
    assert program.path is not None
    settings = settings_of(setup.scenario)
    with tempfile.TemporaryDirectory(prefix="s3probe-proxy-") as place, Sandbox(setup.scenario.world) as box:
        folder = Path(place)
        folder.chmod(0o755)
        trusted, pem = certified(folder, setup.certificate, setup.host)
        assert pem is not None
        authority = Path(box.ca_file).read_bytes()
        trusted.write_bytes(trusted.read_bytes() + authority)
        api = urlsplit(settings.api_base).hostname or ""
        names = (api, f"{setup.scenario.bucket.name}.{api}", *(e.base for e in setup.scenario.world.endpoints))
        with storage(
            folder, tuple(dict.fromkeys(names)), {443: box.https_port, 80: box.http_port}, authority
        ) as before:
            start = Start(program.path, before, folder, setup.host, pem, setup.configuration)
            with started(program, start) as (secure, plain):

                def resolve(host: str, port: int) -> tuple[str, int]:
                    if host == setup.host:
                        return LOOPBACK, secure if port == 443 else plain
                    return box.resolve(host, port)

                transport = HttpTransport(ca_file=str(trusted), proxy=None, resolver=resolve)
                try:
                    before_storage = exists(box.world, setup.host)
                    tools = Tools(transport if before_storage else InProcess(box, transport))
                    return check(settings, options or ProbeOptions(deadline=20, trials=False), tools).report
                finally:
                    transport.close()

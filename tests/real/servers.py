"""Starts the real programs on free ports of the loopback, each in a folder of its own, set up as Mastodon needs it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

from s3probe.knowledge.policies import cors_rule
from tests.lab.server import Key, LabServer

BUCKET = "mastodon-data"
LOOPBACK = "127.0.0.1"


def free_ports(number: int) -> tuple[int, ...]:
    """Ports that nothing listens on at this moment, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(number)]
        return tuple(held.getsockname()[1] for held in sockets)


def free_row(number: int) -> tuple[int, ...]:
    """As many ports one after the other."""
    while True:
        (first,) = free_ports(1)
        row = range(first, first + number)
        try:
            with ExitStack() as stack:
                for port in row:
                    stack.enter_context(socket.create_server((LOOPBACK, port)))
        except (OSError, OverflowError):
            continue
        return tuple(row)


class RealServer(LabServer):
    """One program. Subclasses say how it starts and what Mastodon's file says then."""

    how = ""
    """Where the program is from."""
    ports = 1

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, *self.others = free_row(self.ports)

    @classmethod
    def missing(cls) -> str:
        """Why its tests are skipped, or ``""`` where all programs are there."""
        lacking = next((name for name in cls.programs if shutil.which(name) is None), "")
        return f"no {lacking} on this machine ({cls.how})" if lacking else ""

    def shell(self) -> dict[str, str]:
        """What the server's own command line needs in the environment to reach this server."""
        return {}

    def environment(self, **lines: str | None) -> str:
        """The text of ``.env.production``, with these lines in place of its own; ``None`` leaves one out."""
        pair = self.key()
        own: dict[str, str | None] = {
            "LOCAL_DOMAIN": "mastodon.example",
            "S3_ENABLED": "true",
            "S3_BUCKET": BUCKET,
            "S3_REGION": self.region,
            "S3_ENDPOINT": self.endpoint,
            "S3_PERMISSION": "",
            "AWS_ACCESS_KEY_ID": pair.id,
            "AWS_SECRET_ACCESS_KEY": pair.secret,
        }
        return "".join(f"{name}={value}\n" for name, value in {**own, **lines}.items() if value is not None)


class Garage(RealServer):
    """Garage, one node in sqlite, as its own page for Mastodon says. Aliases end in ``.garage.example``."""

    name = "garage"
    region = "garage"
    programs = ("garage",)
    how = "cargo install garage --locked"
    ports = 4
    host = "files.garage.example"
    """The media host: an alias of the bucket."""
    root_domain = ".web.garage.example"
    api_root_domain = ".s3.garage.example"

    @property
    def web_port(self) -> int:
        """As far from the API's port as by default."""
        return self.others[1]

    def start(self) -> None:
        rpc, web, admin = self.others
        (self.folder / "garage.toml").write_text(
            f'metadata_dir = "{self.folder}/meta"\ndata_dir = "{self.folder}/data"\ndb_engine = "sqlite"\n'
            f'replication_factor = 1\nrpc_bind_addr = "{LOOPBACK}:{rpc}"\nrpc_public_addr = "{LOOPBACK}:{rpc}"\n'
            f'rpc_secret = "{secrets.token_hex(32)}"\n'
            f'[s3_api]\ns3_region = "{self.region}"\napi_bind_addr = "{LOOPBACK}:{self.port}"\n'
            f'root_domain = "{self.api_root_domain}"\n'
            f'[s3_web]\nbind_addr = "{LOOPBACK}:{web}"\nroot_domain = "{self.root_domain}"\n'
            f'[admin]\napi_bind_addr = "{LOOPBACK}:{admin}"\nadmin_token = "{secrets.token_hex(16)}"\n'
        )
        # the command line refuses files of keys that others may read
        (self.folder / "garage.toml").chmod(0o600)
        self.spawn("garage", "-c", "garage.toml", "server", env={**os.environ, "RUST_LOG": "garage=warn"})
        self.wait()
        node = self.cli("node", "id", "-q").partition("@")[0]
        self.cli("layout", "assign", "-z", "dc1", "-c", "1G", node[:16])
        self.cli("layout", "apply", "--version", "1")
        self._key = self.new_key("mastodon-key")
        self.cli("bucket", "create", BUCKET)
        self.heal()

    def shell(self) -> dict[str, str]:
        return {"GARAGE_CONFIG_FILE": str(self.folder / "garage.toml")}

    def heal(self) -> None:
        """The bucket and its key as they should be."""
        self.cli("bucket", "allow", BUCKET, "--read", "--write", "--key", self._key.id)
        self.cli("bucket", "alias", BUCKET, self.host)
        self.cli("bucket", "website", "--allow", BUCKET)

    def new_key(self, name: str) -> Key:
        shown = self.cli("key", "create", name)
        found = re.search(r"Key ID:\s*(\S+)[\s\S]*Secret key:\s*(\S+)", shown)
        assert found is not None, shown
        return Key(found[1], found[2])

    def key(self, user: str = "owner") -> Key:  # noqa: ARG002  it has one key
        return self._key

    def cli(self, *arguments: str) -> str:
        """``garage``, or a command line that begins with it."""
        return self.call("garage", "-c", "garage.toml", *arguments)


class Minio(RealServer):
    """MinIO on one disk, with the root user's key and an empty bucket; ``mc`` is its command line."""

    name = "minio"
    programs = ("minio", "mc")
    how = "https://github.com/minio/minio and minio/mc"
    ports = 2

    def start(self) -> None:
        pair = self.key()
        root = {**os.environ, "MINIO_ROOT_USER": pair.id, "MINIO_ROOT_PASSWORD": pair.secret}
        place, console = str(self.folder / "data"), f"{LOOPBACK}:{self.others[0]}"
        at = ("--address", f"{LOOPBACK}:{self.port}", "--console-address", console)
        self.spawn("minio", "server", place, *at, env={**root, "HOME": str(self.folder)})
        self.wait()
        self.mc("alias", "set", "real", self.endpoint, pair.id, pair.secret)
        self.mc("mb", f"real/{BUCKET}")

    def mc(self, *arguments: str) -> str:
        """``mc``; the server's alias is ``real``."""
        return self.call("mc", "--config-dir", str(self.folder / "mc"), *arguments)


class Versity(RealServer):
    """Versity's gateway over a folder, with the root key and an empty bucket, and an account of Mastodon's."""

    name = "versitygw"
    programs = ("versitygw",)
    how = "go install github.com/versity/versitygw/cmd/versitygw@latest"

    def start(self) -> None:
        pair = self.key()
        for folder in ("data", "iam", "versions"):
            (self.folder / folder).mkdir()
        root = ("--access", pair.id, "--secret", pair.secret)
        accounts = ("--iam-dir", str(self.folder / "iam"), "--iam-cache-disable")
        place = ("posix", "--versioning-dir", str(self.folder / "versions"), str(self.folder / "data"))
        self.spawn("versitygw", *root, "--port", f"{LOOPBACK}:{self.port}", *accounts, *place)
        self.wait()
        self._admin = ("versitygw", "admin", *root, "--endpoint-url", self.endpoint)
        user = self.key("mastodon")
        self.call(*self._admin, "create-user", "--access", user.id, "--secret", user.secret, "--role", "user")
        self.client().create_bucket(Bucket=BUCKET)

    def new_bucket(self, name: str) -> None:
        """An empty one of Mastodon's account, with CORS."""
        self.client().create_bucket(Bucket=name)
        self.give(name)

    def give(self, name: str) -> None:
        """Makes the bucket that of Mastodon's account, with CORS."""
        self.call(*self._admin, "change-bucket-owner", "--bucket", name, "--owner", self.key("mastodon").id)
        self.client().put_bucket_cors(Bucket=name, CORSConfiguration=cors_rule())

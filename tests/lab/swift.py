"""OpenStack Swift with s3api and tempauth (PyPI ``swift``, Debian ``memcached``): one device, one replica.

The folder must lie on a file system with user attributes (ext4, xfs).
"""

from __future__ import annotations

import getpass
import shutil
from pathlib import Path

from tests.lab.server import Key, LabServer

_COMMON = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}/etc
devices = {folder}/srv
mount_check = false
workers = 0
user = {user}
log_address = {folder}/nosyslog
fallocate_reserve = 0
disable_fallocate = true
"""

_STORE = """\
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

_PROXY = """\
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcache}
[filter:s3api]
use = egg:swift#s3api
s3_acl = {s3_acl}
location = us-east-1
check_bucket_owner = true
storage_domain = s3.localhost
[filter:tempauth]
use = egg:swift#tempauth
user_lab_owner = SKowner0123456789 .admin
user_two_other = SKother0123456789 .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
[filter:symlink]
use = egg:swift#symlink
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
"""

_HASH = """\
[swift-hash]
swift_hash_path_prefix = lab
swift_hash_path_suffix = lab
[storage-policy:0]
name = one
default = yes
"""


class Swift(LabServer):
    """Takes ACLs without any effect for visitors; the region matters; no policies at all."""

    name = "swift"
    port = 27480
    memcache = 27479
    s3_acl = "true"
    programs = ("memcached", "swift-proxy-server", "swift-object-server", "swift-ring-builder")

    def start(self) -> None:
        shutil.rmtree(self.folder)
        etc = self.folder / "etc"
        etc.mkdir(parents=True)
        (self.folder / "srv" / "d1").mkdir(parents=True)
        (etc / "swift.conf").write_text(_HASH)
        for offset, kind in enumerate(("account", "container", "object"), 1):
            self._store(etc, kind, self.port + offset)
        proxy = _PROXY.format(memcache=self.memcache, s3_acl=self.s3_acl)
        (etc / "proxy.conf").write_text(self._common(self.port) + proxy)
        self.spawn(self.find("memcached"), "-l", "127.0.0.1", "-p", str(self.memcache), "-m", "32", "-u", "nobody")
        for kind in ("account", "container", "object", "proxy"):
            self.spawn(self.find(f"swift-{kind}-server"), str(etc / f"{kind}.conf"))
        self.wait()

    def _common(self, port: int) -> str:
        return _COMMON.format(port=port, folder=self.folder, user=getpass.getuser())

    def _store(self, etc: Path, kind: str, port: int) -> None:
        (etc / f"{kind}.conf").write_text(self._common(port) + _STORE.format(kind=kind))
        builder, ring = str(etc / f"{kind}.builder"), self.find("swift-ring-builder")
        self.call(ring, builder, "create", "4", "1", "0")
        self.call(ring, builder, "add", f"r1z1-127.0.0.1:{port}/d1", "1")
        # it warns, with status 1, that one replica is few
        self.call(ring, builder, "rebalance", check=False)

    def key(self, user: str = "owner") -> Key:
        account = "two" if user == "other" else "lab"
        return Key(f"{account}:{user}", f"SK{user}0123456789")


class SwiftWithoutAcl(Swift):
    """Swift's default: ``s3_acl = false``."""

    name = "swift-noacl"
    s3_acl = "false"

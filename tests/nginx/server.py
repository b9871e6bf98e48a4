"""A real nginx of its own: one process on loopback, everything it writes in one folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.missing import reason

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = reason("nginx", "nginx-light")
LOOPBACK = "127.0.0.1"

_CONF = """
{user}worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; server_names_hash_bucket_size 128; default_type application/octet-stream;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=CACHE:1m inactive=1h max_size=20m;
  proxy_ssl_server_name on; proxy_http_version 1.1; proxy_connect_timeout 3s; proxy_read_timeout 5s;
  {upstreams}
  server {{
    listen {loopback}:{secure}{tls}; listen {loopback}:{plain}; server_name {host}; root {folder}/www;
    {certificate}
    {block}
  }}
}}
"""


@contextmanager
def running(
    folder: Path, host: str, block: str, upstreams: Mapping[str, int], pem: Path | None
) -> Iterator[tuple[int, int]]:
    """nginx for ``host``; gives its ports for https and http. ``pem`` ``None``: port 443 speaks no TLS.

    ``upstreams`` says on which loopback port a name is reached, as DNS would.
    """
    assert NGINX is not None
    (folder / "www").mkdir()
    with socket.create_server((LOOPBACK, 0)) as secure, socket.create_server((LOOPBACK, 0)) as plain:
        ports = secure.getsockname()[1], plain.getsockname()[1]
        conf = _CONF.format(
            user="user root; " if os.geteuid() == 0 else "",
            folder=folder,
            loopback=LOOPBACK,
            secure=ports[0],
            plain=ports[1],
            host=host,
            tls=" ssl" if pem else "",
            certificate=f"ssl_certificate {pem}; ssl_certificate_key {pem};" if pem else "",
            upstreams=" ".join(f"upstream {n} {{ server {LOOPBACK}:{p}; }}" for n, p in upstreams.items()),
            block=block,
        )
        (folder / "nginx.conf").write_text(conf)
        command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        subprocess.run([*command, "-t"], check=True, capture_output=True)
        # nginx takes over listening sockets that NGINX names, so nothing has to wait for it to be ready
        passed = (secure.fileno(), plain.fileno())
        environment = {"NGINX": "".join(f"{number};" for number in passed)}
        process = subprocess.Popen(
            command, pass_fds=passed, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
        yield ports
    finally:
        process.terminate()
        process.wait(10)

"""Whether Mastodon's own processes live where this one does: in the same container and network, with their environment
in sight. All of it is read from ``/proc`` (proc(5), cgroups(7), namespaces(7)).
"""

from __future__ import annotations

import pwd
import shlex
from collections.abc import Mapping
from pathlib import Path

from s3probe.patterns import regex
from s3probe.records import dataclass
from s3probe.settings.model import Variable
from s3probe.settings.process import PROC, SIDEKIQ, folders, look, role_in

_CONTAINER = regex(r"(?:docker|libpod|crio|containerd|kubepods|lxc|machine)\b.*?([0-9a-f]{12})[0-9a-f]{52}")
"""Docker, Podman and Kubernetes name a container's control group after its id of 64 hexadecimal digits."""
_TITLED = regex(rb"\b(?:live|mastodon)\b")
"""puma and Sidekiq show the name of their working folder: ``/home/mastodon/live``, or ``/opt/mastodon`` in images."""

_OF_NAMES = ("/etc/resolv.conf", "/etc/hosts")
"""What a network knows of names, kept among the files."""


@dataclass(frozen=True, slots=True)
class Apart:
    """One process of Mastodon that lives elsewhere."""

    pid: int
    role: str
    container: str = ""
    """The first twelve digits of its container's id; ``""`` where it is in none that this process is not in."""
    network: bool = False
    """Whether it has a network of its own."""
    user: str = ""
    """Whose environment is not to be seen from here; ``""`` where it is."""


def apart(variables: Mapping[str, Variable], proc: Path = PROC) -> Apart | None:
    """The first process of this file's Mastodon that lives elsewhere, Sidekiq before the web server. Never raises."""
    found = [one for folder in folders(proc) if (one := _of(folder, variables, proc / "self")) is not None]
    if any(not (one.container or one.network or one.user) for one in found):
        return None  # one of them is right here: the others are of another Mastodon, or its forked workers
    return min(found, key=lambda one: (one.role != SIDEKIQ, one.pid), default=None)


def _of(folder: Path, variables: Mapping[str, Variable], here: Path) -> Apart | None:
    try:
        title = (folder / "cmdline").read_bytes()
        role = role_in(title)
        if role is None:
            return None
        process, uid = look(folder), folder.stat().st_uid
        container = _container(folder)
    except OSError:
        return None
    if process is None:
        user = "" if _readable(folder) else _name(uid)
        if not user or not _TITLED.search(title):
            return None
    else:
        user, domain = "", variables.get("LOCAL_DOMAIN")
        if domain is not None and process.environ.get("LOCAL_DOMAIN", domain.value) != domain.value:
            return None
    elsewhere = container if container != _container(here) else ""
    return Apart(int(folder.name), role, elsewhere, _other_network(folder, here), user)


def _readable(folder: Path) -> bool:
    try:
        with (folder / "environ").open("rb"):
            return True
    except OSError:
        return False


def _container(folder: Path) -> str:
    try:
        match = _CONTAINER.search((folder / "cgroup").read_text())
    except (OSError, ValueError):
        return ""
    return match[1] if match else ""


def _other_network(folder: Path, here: Path) -> bool:
    """Only root and the same user may look; who may not, does not know."""
    try:
        return (folder / "ns/net").readlink() != (here / "ns/net").readlink()
    except OSError:
        return False


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def command(one: Apart, env_file: str) -> str:
    """What examines ``env_file`` from where that process lives. Names are looked up there as well."""
    file = shlex.quote(env_file)
    if one.container or one.network:
        names = " ".join(f"mount --bind /proc/{one.pid}/root{name} {name};" for name in _OF_NAMES)
        inside = f'{names} exec s3probe check "$0"'
        return f"sudo nsenter --target {one.pid} --net unshare --mount sh -c '{inside}' {file}"
    return f"sudo -u {shlex.quote(one.user)} s3probe check {file}"

"""What the running Mastodon was started with: ``/proc/PID/environ`` of its web server and of Sidekiq.

The kernel keeps what a process was given when it began (proc(5)). dotenv adds to the environment later, inside the
process, and that does not show there. So a variable that is absent says nothing, and one that is there was handed
over by systemd, a container or a shell, and wins over the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from s3probe.records import dataclass, replace
from s3probe.settings.model import Environment, Note, NoteKind, Variable

PROC = Path("/proc")
MAX_BYTES = 1024 * 1024
WEB, SIDEKIQ = "web", "sidekiq"


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """One process of Mastodon. ``started`` is seconds since the epoch."""

    pid: int
    role: str
    folder: Path | None
    """Its working folder: Mastodon's own."""
    environ: Mapping[str, str]
    started: float

    @property
    def source(self) -> str:
        return f"{self.role} (process {self.pid})"


def running(proc: Path = PROC) -> tuple[RunningProcess, ...]:
    """Every puma and Sidekiq of a Mastodon that this user may look into. Never raises."""
    found = (look(folder) for folder in folders(proc))
    return tuple(process for process in found if process is not None)


def folders(proc: Path) -> Iterator[Path]:
    """Those of processes, in the order of their numbers. Never raises."""
    try:
        yield from sorted((each for each in proc.iterdir() if each.name.isdecimal()), key=lambda each: int(each.name))
    except OSError:
        return


def look(folder: Path) -> RunningProcess | None:
    """What one process is and was given; ``None`` when it is not Mastodon's, or may not be looked into."""
    try:
        role = role_in(_read(folder / "cmdline"))
        if role is None:
            return None
        environ = _environ(_read(folder / "environ"))
        started = folder.stat().st_mtime
    except OSError:
        return None  # it has ended, or belongs to another user
    try:
        home: Path | None = (folder / "cwd").readlink()
    except OSError:
        home = None
    looks_like_mastodon = "LOCAL_DOMAIN" in environ or (home is not None and (home / "bin/tootctl").is_file())
    return RunningProcess(int(folder.name), role, home, environ, started) if looks_like_mastodon else None


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES)


def role_in(cmdline: bytes) -> str | None:
    """puma and Sidekiq rewrite their title: ``puma 6.4.2 (tcp://…) [live]``, ``sidekiq 7.2.4 live [0 of 5 busy]``."""
    words = cmdline.replace(b"\0", b" ").split()
    names = [word.rpartition(b"/")[2] for word in words[:4]]
    if any(name in (b"puma", b"puma:") for name in names):
        return WEB
    return SIDEKIQ if any(name in (b"sidekiq", b"sidekiqswarm") for name in names) else None


def _environ(data: bytes) -> dict[str, str]:
    pairs = (part.decode("utf-8", "surrogateescape").partition("=") for part in data.split(b"\0") if b"=" in part)
    return {name: value for name, _equals, value in pairs}


def belonging(
    processes: Iterable[RunningProcess], env_file: Path, variables: Mapping[str, Variable]
) -> tuple[RunningProcess, ...]:
    """The processes of the Mastodon that reads ``env_file``: by its folder, else by its LOCAL_DOMAIN."""
    seen = tuple(processes)
    here = tuple(process for process in seen if process.folder == env_file.resolve().parent)
    domain = variables.get("LOCAL_DOMAIN")
    return here or tuple(p for p in seen if domain is not None and p.environ.get("LOCAL_DOMAIN") == domain.value)


def compared(
    processes: Iterable[RunningProcess], variables: Mapping[str, Variable], edited: float | None
) -> Iterator[Note]:
    """Where running processes and the file disagree. Values are compared and never kept.

    ``edited``: when the file was changed last, seconds since the epoch.
    """
    # forked workers were given what their parent was given
    seen = list({process.role: process for process in reversed(list(processes))}.values())
    for process in seen:
        for name, variable in variables.items():
            given = process.environ.get(name)
            if given is not None and given != variable.value and variable.line is not None:
                late = edited is not None and edited > process.started
                kind = NoteKind.NOT_RESTARTED if late else NoteKind.RUNNING_OVERRIDDEN
                yield Note(kind, process.source, variable.line, name)
        if edited is not None and edited > process.started:
            yield Note(NoteKind.EDITED_SINCE_START, process.source, 0)
    yield from _differing(seen)


def _differing(processes: list[RunningProcess]) -> Iterator[Note]:
    for web in (process for process in processes if process.role == WEB):
        for worker in (process for process in processes if process.role == SIDEKIQ and process.folder == web.folder):
            for name in sorted(web.environ.keys() | worker.environ.keys()):
                if web.environ.get(name) != worker.environ.get(name):
                    yield Note(NoteKind.WEB_SIDEKIQ_DIFFER, f"{web.source} and {worker.source}", 0, name)


def with_running(environment: Environment, env_file: Path, proc: Path = PROC) -> Environment:
    """The same, with notes on how the running Mastodon of that file differs from it. Never raises."""
    processes = belonging(running(proc), env_file, environment.variables)
    if not processes:
        return environment
    try:
        edited: float | None = env_file.stat().st_mtime
    except OSError:
        edited = None
    return replace(environment, notes=(*environment.notes, *compared(processes, environment.variables, edited)))

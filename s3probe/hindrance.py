"""What this process runs out of by itself: file descriptors, threads, memory. It says nothing about the storage."""

from __future__ import annotations

import errno
from collections.abc import Iterator

ADVICE = (
    "This says nothing about your storage. Raise that limit, or let less be done at a time: fewer --jobs, fewer "
    "programs beside it."
)

_NO_MEMORY = "there is no memory left (MemoryMax of the service or container, ulimit -v)"
_NO_THREAD = "no thread can be started (TasksMax of the service, the container's pids limit, ulimit -u or -v)"
_ERRNO = {
    errno.EMFILE: "this process may open no more files (ulimit -n, LimitNOFILE)",
    errno.ENFILE: "this machine can open no more files (fs.file-max)",
    errno.ENOMEM: _NO_MEMORY,
    errno.ENOBUFS: "the kernel has no buffers left for the network",
}
_THREADS = ("can't start new thread", "can't allocate lock")
"""Python's words for it, in a RuntimeError."""
_LIBRARIES = ("cannot allocate memory", "failed to map segment")
"""The loader's words (glibc, musl) in an ImportError, when no memory is left for a module."""
_C = ("without exception set", "without setting an exception")
"""Python's words in a SystemError: a function in C got no memory and forgot to say so."""
_TLS = "MALLOC_FAILURE"
"""OpenSSL's."""


class HinderedError(Exception):
    """Something could not be done for want of descriptors, threads or memory. Its text says of which."""


def no_descriptors() -> HinderedError:
    """The error of a process that has no file descriptor left."""
    return HinderedError(_ERRNO[errno.EMFILE])


def no_memory() -> HinderedError:
    """The error of a process that may take no more memory."""
    return HinderedError(_NO_MEMORY)


def hindrance(error: BaseException) -> str:
    """Why ``error`` is no one's fault but this process's own, in words; ``""``: it is something else."""
    return next(filter(None, map(_own, chain(error))), "")


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, by any of the ways that Python and urllib3 wrap errors."""
    queue, seen = [error], set[int]()
    while queue:
        each = queue.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        wrapped = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        queue.extend(one for one in wrapped if isinstance(one, BaseException))


def _own(error: BaseException) -> str:
    if isinstance(error, HinderedError):
        return str(error)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, RuntimeError):
        return _NO_THREAD if any(words in str(error) for words in _THREADS) else ""
    if isinstance(error, SystemError):
        return _NO_MEMORY if any(words in str(error) for words in _C) else ""
    if isinstance(error, ImportError):
        return _NO_MEMORY if any(words in str(error).lower() for words in _LIBRARIES) else ""
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0, "") or (_NO_MEMORY if _TLS in str(error) else "")
    return ""

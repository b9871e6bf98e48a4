"""How much memory this process may still take, where it is limited (``ulimit -v``, ``ulimit -d``).

To run into such a limit is not only an error that can be handled: a stack that cannot grow ends the process at once,
and leaves in the bucket whatever it made.
"""

from __future__ import annotations

import resource
from pathlib import Path

from s3probe.hindrance import no_memory

FOR_A_THREAD = 192 * 1024 * 1024
"""Bytes of addresses: 8 MiB of stack, 128 MiB that glibc takes at first for a thread's own heap, and room for all else.
"""
FOR_AN_EXAMINATION = 32 * 1024 * 1024
"""Bytes, when all modules are there: the list of authorities, answers, and what judges them."""
_PLENTY = 1 << 60


def memory_left() -> int:
    """Bytes; a large number without a limit, or where the kernel does not tell (``/proc/self/statm``, proc(5))."""
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    if limits == [resource.RLIM_INFINITY, resource.RLIM_INFINITY]:
        return _PLENTY
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        taken = [int(pages[field]) * resource.getpagesize() for field in (0, 5)]
    except (OSError, ValueError, IndexError):
        return _PLENTY
    left = [limit - now for limit, now in zip(limits, taken, strict=True) if limit != resource.RLIM_INFINITY]
    return max(min(left), 0)


def is_short() -> bool:
    """Whether an examination could not be brought to its end."""
    return memory_left() < FOR_AN_EXAMINATION


def demand_memory() -> None:
    """Raises ``HinderedError`` where memory is short."""
    if is_short():
        raise no_memory()

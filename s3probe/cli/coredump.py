"""No core dump of this process: it would hold the keys, readable long after the run."""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def forbid() -> None:
    """Sets the limit to nothing, and where Linux lets us, makes the process not dumpable: a core_pattern that is a
    pipe (systemd-coredump, apport) heeds no limit (core(5)). Nobody may attach to it then either. Never raises.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

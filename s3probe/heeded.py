"""The signals that end a run and can be heard. By itself, because they are heeded before all else is loaded."""

from __future__ import annotations

import signal

_NOT_OURS = (
    *("SIGKILL", "SIGSTOP"),  # nobody can catch them
    *("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGTRAP"),  # the program itself is broken
    *("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGTSTP", "SIGTTIN", "SIGTTOU"),  # they end nothing
    *("SIGPIPE", "SIGXFSZ"),  # Python turns them into errors where they happen
)
HEEDED = tuple(number for number in signal.Signals if number.name not in _NOT_OURS)
"""Whatever ends a process and can be caught (signal(7)): each ends a run as SIGTERM does."""

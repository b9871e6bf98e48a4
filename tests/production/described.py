"""``python -m tests.production.described [END]`` tells what the process finds at its start, and ends as asked."""

from __future__ import annotations

import atexit
import faulthandler
import gc
import json
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import TextIO


def _stream(stream: TextIO) -> list[object]:
    more = [getattr(stream, name) for name in ("errors", "line_buffering", "write_through", "newlines")]
    raw = stream.buffer.raw  # type: ignore[attr-defined]  # typeshed: a BinaryIO
    return [stream.name, stream.mode, stream.encoding, stream.fileno(), stream.isatty(), *more, raw.mode, raw.closefd]


def description() -> dict[str, object]:
    """Whatever a process could find to be different."""
    return {
        "arguments": sys.argv,
        "folder": str(Path.cwd()),
        "import path": sys.path[0],
        "environment": dict(os.environ),
        "name": [__name__, __spec__.name, sys.modules["__main__"].__dict__ is globals()],
        "streams": [_stream(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "same streams": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
        "descriptors": {
            number: str(Path(f"/proc/self/fd/{number}").readlink()).partition(":")[0]
            for number in range(256)
            if Path(f"/proc/self/fd/{number}").exists()
        },
        "signals": {number.name: str(signal.getsignal(number)) for number in signal.valid_signals() if number < 32},
        "signal mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "wake-up descriptor": signal.set_wakeup_fd(-1),
        "group": [os.getpgrp(), os.getsid(0)],
        "users": [*os.getresuid(), *os.getresgid()],
        "mask of new files": os.umask(0o22),
        "limits": {
            name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name[:7] == "RLIMIT_"
        },
        "threads": [threading.active_count(), threading.current_thread() is threading.main_thread()],
        "native threads": len(list(Path("/proc/self/task").iterdir())),
        "flags": [str(sys.flags), sys._xoptions, sys.warnoptions],
        "garbage": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.callbacks],
        "limits of the interpreter": [sys.getrecursionlimit(), sys.getswitchinterval()],
        "hooks": [sys.excepthook is sys.__excepthook__, sys.gettrace(), sys.getprofile(), faulthandler.is_enabled()],
        "children": Path(f"/proc/self/task/{os.getpid()}/children").read_text(),
    }


def _late() -> None:
    time.sleep(0.1)
    print("late")


def end(how: str) -> None:
    """Ends the process in one of the ways of a process."""
    if how == "status":
        sys.exit(3)
    elif how == "text":
        sys.exit("a text")
    elif how == "error":
        raise RuntimeError("unforeseen")
    elif how == "interrupt":
        raise KeyboardInterrupt
    elif how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "at exit":
        atexit.register(print, "at exit")
    elif how == "late":
        threading.Thread(target=_late).start()
    elif how == "nowhere":
        os.close(1)
    elif how == "random":
        print(random.random(), uuid.uuid4(), tempfile.mktemp())  # noqa: S306  nothing is opened by that name
    elif how == "sleep":
        sys.stdout.flush()
        Path(sys.argv[2]).touch()
        time.sleep(60)


if __name__ == "__main__":
    print(json.dumps(description(), indent=1, default=str))
    end("".join(sys.argv[1:2]))

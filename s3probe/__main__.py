"""The ``s3probe`` command and ``python -m s3probe``. Loads nothing by itself: Ctrl-C may come while all else loads."""

import gc
import os
import sys
import time

_BEGUN = time.monotonic()
"""All else takes a second to load on a busy machine, and the whole run has an end."""
_HINDERED = 3
_SPARE = 1 << 20
"""Bytes."""
_INTERRUPTED = 130
"""128 + SIGINT."""
_OBJECTS = 200_000
"""What is loaded stays: with Python's own threshold of 700 the collector looks through it dozens of times."""


def entry_point() -> None:
    """Runs the command line and leaves the process with its exit status.

    Until the command line itself heeds signals, there is nothing to clean up: they end the process at once.
    """
    spare = bytearray(_SPARE)
    gc.set_threshold(_OBJECTS)
    try:
        import signal

        from s3probe.heeded import HEEDED

        for number in HEEDED:
            # who started us with one ignored (a shell's background job) wants it ignored
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                # not an exception, which an import can lose or wrap
                signal.signal(number, lambda number, _frame: os._exit(128 + number))
        from s3probe.cli import entry_point as begin

        begin(_BEGUN)
    except SystemExit as done:
        # all is written, flushed and removed by now: taking each module apart would cost as much as loading a third
        if isinstance(done.code, int):
            os._exit(done.code)
        raise
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    except Exception as error:
        spare.clear()  # where memory is lacking, even to say so takes some
        # a class that is being made wraps what its parts raise (before Python 3.12)
        if isinstance(error.__cause__, KeyboardInterrupt):
            os._exit(_INTERRUPTED)
        _say_what_is_lacking(error)
        raise


def _say_what_is_lacking(error: Exception) -> None:
    """Ends the process when ``error`` is due to its limits."""
    from s3probe.hindrance import ADVICE, hindrance

    if lacking := hindrance(error):
        sys.stderr.write(f"s3probe: s3probe was hindered: {lacking}.\n{ADVICE}\n")
        sys.stderr.flush()
        # without memory an exception may be lost on its way out (CPython: "error return without exception set")
        os._exit(_HINDERED)


if __name__ == "__main__":
    entry_point()

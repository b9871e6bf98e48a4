"""The command line: arguments in, exit status out, and the one error handler. Heavy modules load inside a command."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from s3probe import __version__
from s3probe.cli.errors import BUG, HINDERED, UsageError, advised, bug_report, status_for
from s3probe.cli.parser import asks_for_a_page, parse, wants_nagios

if TYPE_CHECKING:
    from s3probe.cli.console import Console
    from s3probe.cli.signals import Interrupted

_NAGIOS_UNKNOWN = 3
_EXAMINING = frozenset({"check", "fix", "report", "sweep", "demo"})


def entry_point(begun: float | None = None) -> None:
    """The ``s3probe`` command. ``begun``: when its process began, by ``time.monotonic``."""
    arguments = sys.argv[1:]
    if asks_for_a_page(arguments) and None not in (sys.stdout, sys.stderr):
        status = _page(arguments)
    else:
        from s3probe.cli.coredump import forbid

        forbid()
        _fill_standard_streams()
        status = main(arguments, ends_process=True, begun=begun)
    for name in ("stdout", "stderr"):
        try:
            if (stream := getattr(sys, name)) is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            # a reader that went away has what it wanted; else what a command printed is lost
            if name == "stdout" and not isinstance(error, BrokenPipeError):
                status = _unwritten(error)
            setattr(sys, name, None)  # the interpreter would flush it once more, and end in a status of its own
    if status == HINDERED and _is_out_of_memory():
        # CPython may lose an exception on its way out ("returned NULL without setting an exception")
        os._exit(status)
    sys.exit(status)


def _unwritten(error: OSError | ValueError) -> int:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"s3probe: The result cannot be written: {getattr(error, 'strerror', error)}.\n")
    return BUG


def _is_out_of_memory() -> bool:
    try:
        from s3probe.probe.memory import is_short

        return is_short()
    except MemoryError:
        return True


def _page(arguments: Sequence[str]) -> int:
    """Help or version: nothing is read and nothing is asked, so that nothing has to be hidden or removed either."""
    page = io.StringIO()  # argparse drops what cannot be written
    try:
        with contextlib.redirect_stdout(page):
            parse(arguments)
    except SystemExit:
        try:
            sys.stdout.write(page.getvalue())
            sys.stdout.flush()
            return 0
        except BrokenPipeError:
            pass
        except OSError as error:
            return _unwritten(error)
    except UsageError:
        pass
    return main(arguments, ends_process=True)


def _fill_standard_streams() -> None:
    """What was closed at the start leads nowhere: else the next file or connection would get its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def main(argv: Sequence[str] | None = None, *, ends_process: bool = False, begun: float | None = None) -> int:
    """Runs one command and returns the exit status. Never raises but for a broken interpreter.

    ``ends_process``: nothing follows but the process's end. ``begun``: from when on its time counts, by
    ``time.monotonic``; ``None``: from now on.
    """
    from s3probe.cli.console import standard_console
    from s3probe.cli.signals import interruptible
    from s3probe.streams import install_hooks

    begun = time.monotonic() if begun is None else begun
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = standard_console()
    hooks = sys.excepthook, threading.excepthook
    install_hooks(console.clean)
    try:
        streams = contextlib.redirect_stdout(console.out), contextlib.redirect_stderr(console.err)
        with streams[0], streams[1], interruptible(to_the_end=ends_process):
            status = _guarded(arguments, console, begun)
    except KeyboardInterrupt as late:
        status = getattr(late, "status", 130)
    finally:
        sys.excepthook, threading.excepthook = hooks
        for stream in (console.out, console.err):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return BUG if console.out.lost and status in (0, 1, 2) else status


def _guarded(arguments: Sequence[str], console: Console, begun: float) -> int:
    from s3probe.cli.signals import Interrupted, interruption

    command = ""
    try:
        args = parse(arguments)
        args.begun = begun
        command = args.command
        return dispatch(args, console)
    except SystemExit as done:  # argparse after --help and --version
        return done.code if isinstance(done.code, int) else 0
    except Interrupted as interrupted:
        return _stopped(interrupted, command, console)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        wrapped = interruption(error)
        return _stopped(wrapped, command, console) if wrapped is not None else _failed(error, arguments, console)


def _stopped(interrupted: Interrupted, command: str, console: Console) -> int:
    # of the demo's own storage nothing is left, and what a sweep itself could not do is not done by naming it
    if command in ("check", "fix", "report"):
        console.say(f"Interrupted by {interrupted}, after the clean-up. s3probe sweep removes what it could not.")
    else:
        console.say(f"Interrupted by {interrupted}.")
    return interrupted.status


def dispatch(args: Namespace, console: Console) -> int:
    """Runs the command that ``args`` names."""
    if args.command in _EXAMINING:
        from s3probe.probe.memory import demand_memory

        demand_memory()  # before its modules are loaded: an import without memory may never end (CPython 3.11)
    status: int = import_module(f"s3probe.cli.commands.{args.command}").run(args, console)
    return status


def _failed(error: Exception, arguments: Sequence[str], console: Console) -> int:
    told = advised(error)
    if told is not None:
        message, advice = told
        console.trouble(message, advice)
    else:
        message = f"s3probe has a bug: {type(error).__name__}"
        console.say(bug_report(error, console.clean, __version__))
    if wants_nagios(arguments):
        from s3probe.report.nagios import unknown

        with contextlib.suppress(UsageError):  # the result is what could not be written
            console.result(unknown(console.clean(message)))
        return _NAGIOS_UNKNOWN
    return status_for(error)

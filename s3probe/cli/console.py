"""The two streams of a run, both behind the scrubber."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from s3probe.cli.errors import UnwrittenError
from s3probe.cli.files import write_atomically
from s3probe.cli.progress import ProgressLine
from s3probe.cli.width import columns
from s3probe.report.formats import RenderOptions, Standpoint, Unexamined
from s3probe.scrub import Scrubber
from s3probe.secret import Secret
from s3probe.streams import ScrubbedStream

if TYPE_CHECKING:
    from s3probe.probe.progress import Asking
    from s3probe.settings.model import Credentials, Settings


_OF_LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")
"""In the order in which they count (locale(7)). LC_CTYPE may be what Python has made of a C locale."""


class Console:
    """Standard output for results, standard error for everything else. It learns secrets as they are read."""

    def __init__(self, out: TextIO | None, err: TextIO | None) -> None:
        self._secrets: set[Secret] = set()
        self._shortened: dict[str, str] = {}
        self._lock = threading.Lock()
        self.scrubber = Scrubber(())
        # a stream that was closed before the start is None: what goes there is dropped
        self.out = ScrubbedStream(out or io.StringIO(), self.scrubber)
        self.err = ScrubbedStream(err or io.StringIO(), self.scrubber)
        self._line = ProgressLine(self._tell)

    def learn(self, secrets: Iterable[Secret], shortened: Mapping[str, str] | None = None) -> None:
        """From now on these secrets appear in neither stream, and key ids only as they are shortened."""
        with self._lock:
            self._secrets |= set(secrets)
            self._shortened |= shortened or {}
            self.scrubber = Scrubber(self._secrets, self._shortened)
            self.out.scrubber = self.err.scrubber = self.scrubber

    def learn_settings(self, settings: Settings) -> None:
        """The settings' secrets appear in neither stream."""
        from s3probe.redact import secrets_of, shorten

        pair = settings.credentials
        self.learn(secrets_of(settings), {pair.access_key_id: shorten(pair.access_key_id)} if pair is not None else {})

    def learn_pair(self, pair: Credentials) -> None:
        """The same of a key pair that the SDK's chain has found."""
        from s3probe.redact import secrets_in, shorten

        self.learn(secrets_in(pair), {pair.access_key_id: shorten(pair.access_key_id)})

    def now(self) -> datetime:
        """The time of this run, UTC."""
        return datetime.now(UTC)

    def clean(self, text: str) -> str:
        return self.scrubber.clean(text)

    def shows(self, line: str) -> bool:
        """Whether standard output shows this line as it is."""
        return self.clean(line) == line and _shows(line, self.out.encoding)

    def say(self, text: str) -> None:
        """A line for people, on standard error."""
        self._line.erase()
        self._tell(f"{text}\n")

    def _tell(self, text: str) -> None:
        """Writes to standard error. Where that is full or gone, nobody can be told, and the run goes on."""
        try:
            self.err.write(text)
            self.err.flush()
        except (OSError, ValueError):
            _forget(self.err)

    def trouble(self, message: str, advice: str = "") -> None:
        """What is wrong, and what to do about it, on standard error. A message may quote a stranger's file."""
        message = self.clean(message)
        self.say(f"s3probe: {message}." if message[-1:] not in ".!?" else f"s3probe: {message}")
        if advice:
            self.say(advice)

    def progress(self, asking: Asking, prefix: str = "") -> AbstractContextManager[object]:
        """Inside, a terminal shows what is waited for, on a line that is erased before anything else is said."""
        return self._line.waiting(asking, prefix) if self.err.isatty() else nullcontext()

    def removing(self, seconds: float) -> None:
        """An interrupted run removes what it has uploaded, in so many seconds at most."""
        self.say(f"Removing what was uploaded, up to {seconds:.0f} s.")

    def result(self, text: str, output: Path | None = None) -> None:
        """The result, on standard output or atomically to a file. A reader that has gone away is no error."""
        self._line.end()
        if output is not None:
            write_atomically(output, self.scrubber.hide(text))
            return
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            _forget(self.out)
        except OSError as error:
            _forget(self.out)
            raise UnwrittenError("The result", error, "Check where the output goes.") from None

    def options(
        self,
        color: str,
        *,
        fail_on_warning: bool,
        to_file: bool,
        unexamined: tuple[Unexamined, ...] = (),
        verbose: bool = False,
        brief: bool = False,
        place: Standpoint | None = None,
    ) -> RenderOptions:
        """How reports are shown here. ``color`` is ``auto``, ``always`` or ``never``."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        auto = self.out.isatty() and not plain and not to_file
        return RenderOptions(
            color=color == "always" or (color == "auto" and auto),
            width=columns(),
            ascii=not to_file and (_wants_ascii(os.environ) or not _shows("✔✘–…“”", self.out.encoding)),
            fail_on_warning=fail_on_warning,
            unexamined=unexamined,
            verbose=verbose,
            brief=brief,
            place=place,
        )


def _forget(stream: ScrubbedStream) -> None:
    """Whatever is written to it from now on, the interpreter's last flush included, goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return  # not a real file (a test's buffer): nothing will be flushed later


def _wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale was set to one that knows ASCII alone; Python itself writes UTF-8 even then (PEP 538, 540)."""
    plain, variables = ("C", "POSIX"), ("LC_ALL", "LANG") if environ.get("LC_CTYPE") == "C.UTF-8" else _OF_LOCALES
    first = next((value for name in variables if (value := environ.get(name))), "")
    return first in plain and environ.get("PYTHONUTF8") != "1"


def _shows(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def standard_console() -> Console:
    """The console of this process."""
    return Console(sys.stdout, sys.stderr)

"""Standard output and error behind the scrubber, and the hooks that print tracebacks there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from s3probe.patterns import regex
from s3probe.scrub import Scrubber, without_controls

_OWN = regex("(\x1b\\[[0-9;]*[mK]|\r|@\u2060)")
"""What the formats put in themselves: colours, the start of the line, and what keeps ``@name`` from being a mention."""


class ScrubbedStream:
    """A text stream that shows no secret. Text is held back until its line is complete or the stream is flushed,
    so that a secret written in two pieces is seen whole.
    """

    def __init__(self, stream: TextIO, scrubber: Scrubber) -> None:
        self._stream = stream
        self.scrubber = scrubber
        self._held = ""
        self._lock = threading.RLock()
        self.lost = False
        """Something could not be written, though somebody reads."""

    def write(self, text: str) -> int:
        with self._lock:
            self._held += text
            whole, newline, rest = self._held.rpartition("\n")
            if newline:
                self._held = rest
                self._emit(whole + newline)
        return len(text)

    def flush(self) -> None:
        with self._lock:
            held, self._held = self._held, ""
            if held:
                self._emit(held)
            with self._noting():
                self._stream.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError:
            self.lost = True  # argparse, for one, says nothing of it
            raise

    def _emit(self, text: str) -> None:
        hidden = self.scrubber.hide(text)
        # these are our own: texts from outside lost theirs when the report was assembled
        parts = (part if _OWN.fullmatch(part) else without_controls(part) for part in _OWN.split(hidden))
        cleaned = "".join(parts)
        encoding = self._stream.encoding or "utf-8"
        with self._noting():
            self._stream.write(cleaned.encode(encoding, "replace").decode(encoding))

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:
        return self._stream.encoding or "utf-8"

    @property
    def closed(self) -> bool:
        return self._stream.closed


def install_hooks(clean: Callable[[str], str]) -> None:
    """Sends the traceback of an uncaught exception, of any thread, through ``clean``."""

    def show(kind: type[BaseException], value: BaseException | None, trace: TracebackType | None) -> None:
        if sys.stderr is not None:
            import traceback

            sys.stderr.write(clean("".join(traceback.format_exception(kind, value, trace))))

    def show_thread(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, SystemExit):
            show(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = show
    threading.excepthook = show_thread

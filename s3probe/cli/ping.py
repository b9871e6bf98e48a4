"""Tells a dead man's switch (healthchecks.io style) how the run ended."""

from __future__ import annotations

import re
import time
import urllib.parse
from pathlib import Path

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.probe.aside import Aside
from s3probe.secret import Secret
from s3probe.settings.reading import read_bytes

TIMEOUT = 10.0
"""Seconds."""
LONGEST_URL = 64 * 1024
"""Bytes of the file that holds it."""
LARGEST = 10_000
"""Bytes of a report that go with a ping; healthchecks.io keeps 100 kB."""


def read_ping_url(file: Path, console: Console) -> Secret:
    """The URL in ``file``. It is a secret: whoever knows it can fake a healthy run. Raises :class:`UsageError`."""
    try:
        text = read_bytes(file, LONGEST_URL).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"The ping URL cannot be read from {file}: {reason}", "Put the URL alone into that file."
        ) from None
    if not re.fullmatch(r"https?://[^\s/]+\S*", text):
        raise UsageError(f"{file} does not hold one http(s) URL", "Put the ping URL alone into that file.")
    # the id in its path alone is as good as the whole
    ids = [part for part in urllib.parse.urlsplit(text).path.split("/") if len(part) >= 16]
    console.learn([Secret(part) for part in (text, *ids)])
    return Secret(text)


class Ping:
    """The calls of one run. The service learns at its start how long a run takes, and misses one that never ends."""

    def __init__(self, url: Secret, console: Console) -> None:
        self._url = url
        self._console = console
        self._first: Aside[None] | None = None

    def start(self) -> None:
        """Calls the URL's ``/start``, while the run goes on: a service that hangs takes none of its time."""
        self._first = self._call("/start", None)

    def end(self, status: int, body: str, seconds: float = TIMEOUT) -> None:
        """Calls the URL after a healthy run, its ``/fail`` after any other, and brings ``body`` along.

        All of it takes ``seconds`` at most.
        """
        ends = time.monotonic() + seconds
        if self._first is not None:
            self._first.wait(seconds / 2)  # a start that comes after the end would begin another run
        text = self._console.clean(body).encode("utf-8", "replace")[:LARGEST]
        last = self._call("" if status == 0 else "/fail", text)
        if not last.wait(ends - time.monotonic()):
            self._console.trouble(f"The ping URL gave no whole answer within {seconds:.0f} s")

    def _call(self, suffix: str, body: bytes | None) -> Aside[None]:
        # left to itself at the end: urllib's time-out begins anew with every byte
        return Aside("ping", lambda: _call(self._url, suffix, body, self._console))


def _call(url: Secret, suffix: str, body: bytes | None, console: Console) -> None:
    """A call that fails is told, and changes nothing. A redirect is not followed: it would carry the report away."""
    import urllib.request

    class NoRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: object, **_kwargs: object) -> None:
            return None

    parts = urllib.parse.urlsplit(url.reveal())
    parts = parts._replace(path=f"{parts.path.rstrip('/')}{suffix}" if suffix else parts.path)
    headers = {"User-Agent": "s3probe", "Content-Type": "text/plain; charset=utf-8"}
    request = urllib.request.Request(parts.geturl(), data=body, headers=headers)  # noqa: S310  # read_ping_url let only http(s) pass
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=TIMEOUT) as answer:
            answer.read(1024)
    except Exception as error:  # whatever it is, the result of the run stands
        console.trouble(f"The ping URL could not be called: {error}")

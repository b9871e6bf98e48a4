"""Tells a dead man's switch (healthchecks.io style) how the run ended."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.secret import Secret

TIMEOUT = 10.0
"""Seconds."""


def read_ping_url(file: Path, console: Console) -> Secret:
    """The URL in ``file``. It is a secret: whoever knows it can fake a healthy run. Raises :class:`UsageError`."""
    try:
        text = file.read_text(encoding="utf-8").strip()
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


def ping(url: Secret, status: int, console: Console) -> None:
    """Calls the URL after a healthy run, its ``/fail`` after any other. A failed call is told, and changes nothing."""
    import urllib.request

    parts = urllib.parse.urlsplit(url.reveal())
    if status != 0:
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/fail")
    request = urllib.request.Request(parts.geturl(), headers={"User-Agent": "s3probe"})  # noqa: S310  # read_ping_url let only http(s) pass
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310  # as above
            answer.read(1024)
    except Exception as error:  # whatever it is, the result of the run stands
        console.trouble(f"The ping URL could not be called: {error}")

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
LARGEST = 10_000
"""Bytes of a report that go with a ping; healthchecks.io keeps 100 kB."""


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


def ping_start(url: Secret, console: Console) -> None:
    """Calls the URL's ``/start``: the service then knows how long a run takes, and misses one that never ends."""
    _call(url, "/start", None, console)


def ping_end(url: Secret, status: int, body: str, console: Console) -> None:
    """Calls the URL after a healthy run, its ``/fail`` after any other, and brings ``body`` along."""
    text = console.clean(body).encode("utf-8", "replace")[:LARGEST]
    _call(url, "" if status == 0 else "/fail", text, console)


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

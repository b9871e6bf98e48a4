"""Whose storage a page of ``s3probe explain`` is for: by an env file, a saved run or report, or an address. Offline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.patterns import regex
from s3probe.settings.reading import read_bytes

if TYPE_CHECKING:
    from s3probe.report.explain import Reader

_LARGEST = 32 * 1024 * 1024
"""Bytes. A saved run takes some 50 kB."""
_ADDRESS = regex(r"https?://\S+|(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?|\d+(?:\.\d+){3}(?::\d+)?", re.IGNORECASE)
_WHICH = (
    "Name Mastodon's env file, the S3 endpoint, or what s3probe wrote (report, check --save-evidence, --format json)."
)


def reader_of(named: str, console: Console) -> Reader:
    """Raises :class:`UsageError`, ``SettingsError`` and ``EvidenceError``. Secrets are scrubbed from now on."""
    from s3probe.knowledge.providers import detect
    from s3probe.report.explain import Reader

    path = Path(named)
    if not path.exists() and _ADDRESS.fullmatch(named):
        return Reader(detect(named))
    try:
        data = read_bytes(path, _LARGEST)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}", _WHICH) from None
    if data.lstrip().startswith(b"{"):
        return _of_saved(named, data.decode("utf-8", "replace"))
    return _of_env_file(path, console)


def _of_saved(named: str, text: str) -> Reader:
    """A saved run tells by all that was answered; a report names whom it recognised."""
    from s3probe.codec import load
    from s3probe.knowledge.providers import providers
    from s3probe.knowledge.store import store_of
    from s3probe.report.explain import Reader

    try:
        told = json.loads(text)
        subject = told.get("subject")
        provider_id = str(subject.get("provider")) if isinstance(subject, dict) else ""
    except (ValueError, AttributeError, RecursionError):
        raise UsageError(f"{named} is neither a saved run nor a report", _WHICH) from None
    if provider_id in providers():
        return Reader(providers()[provider_id])
    settings, evidence = load(text)
    return Reader(store_of(settings, evidence), settings)


def _of_env_file(path: Path, console: Console) -> Reader:
    from s3probe.knowledge.store import store_of
    from s3probe.report.explain import Reader
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.sources import load

    environment = load(path)
    if not environment.variables:
        raise UsageError(f"{path} sets no variable at all", _WHICH)
    settings = interpret(environment)
    console.learn_settings(settings)
    return Reader(store_of(settings, None), settings)

"""``check --trace FILE``: all requests and answers of a run, scrubbed, for browsers' tools (HAR 1.2).

It is written once, when the run ends in whatever way. Several env files have a page each.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3probe import __version__
from s3probe.cli.files import refuse_unwritable, write_atomically
from s3probe.probe.bounds import Exchange, Resolver
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.har import LARGEST, TimedExchange, entry, stamp
from s3probe.probe.hidden import signatures
from s3probe.redact import secrets_in, secrets_of, shorten
from s3probe.scrub import Scrubber
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Settings

MOST_HELD = 32 * 1024 * 1024
"""Characters of bodies. What comes after them is told without its body."""
_KEY_IDS = ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AMAZON_ACCESS_KEY_ID")


class Trace:
    """What was asked and answered. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`UsageError` for a file that cannot be written."""
        refuse_unwritable(path)
        self._path = path
        self._lock = threading.Lock()
        self._pages: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []
        self._held = 0
        self._secrets = set[Secret]()
        self._shortened: dict[str, str] = {}
        self._signatures = set[str]()

    def of(self, name: str, settings: Settings) -> _OfOneFile:
        """What records the examination of one env file."""
        ids = {settings.environment.get(variable) or "" for variable in _KEY_IDS}
        with self._lock:
            self._secrets |= set(secrets_of(settings))
            self._shortened |= {key_id: shorten(key_id) for key_id in ids - {""}}
            page = f"page_{len(self._pages) + 1}"
            self._pages.append({"startedDateTime": stamp(time.time()), "id": page, "title": name, "pageTimings": {}})
        return _OfOneFile(self, page)

    def learn_pair(self, pair: Credentials) -> None:
        """The same of a key pair that the SDK's chain has found."""
        with self._lock:
            self._secrets |= set(secrets_in(pair))
            self._shortened[pair.access_key_id] = shorten(pair.access_key_id)

    def add(self, page: str, exchange: TimedExchange, answer: Answer | None) -> None:
        """Keeps one exchange."""
        told = {"pageref": page, **entry(exchange, answer)}
        bodies = [told["response"]["content"], told["request"].get("postData", {})]
        with self._lock:
            self._signatures |= set(signatures(exchange.call))
            self._held += sum(len(body.get("text", "")) for body in bodies)
            if self._held > MOST_HELD:
                for body in filter(lambda body: body.get("text"), bodies):
                    body.update(text="", comment="left out: there were too many")
            self._entries.append(told)

    def write(self) -> None:
        """Scrubs all of it and writes the file, for this user alone. Raises :class:`UsageError`."""
        with self._lock:
            scrubber = Scrubber(self._secrets, self._shortened)
            for signature in self._signatures:
                scrubber.learn_signature(signature)
            entries = sorted(self._entries, key=lambda one: str(one["startedDateTime"]))
            log = {
                "version": "1.2",
                "creator": {"name": "s3probe", "version": __version__},
                "pages": _cleaned(self._pages, scrubber.clean),
                "entries": _cleaned(entries, scrubber.clean),
            }
        text = json.dumps({"log": log}, indent=1, ensure_ascii=True)
        write_atomically(self._path, f"{text}\n", mode=0o600)


class _OfOneFile:
    """Records the exchanges of one env file (``probe.bounds.Recorder``)."""

    def __init__(self, trace: Trace, page: str) -> None:
        self._trace = trace
        self._page = page

    def begun(self, call: Call, limits: Limits, resolver: Resolver | None, **more: Any) -> Exchange:
        return TimedExchange(call, limits, resolver, **more)

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        if isinstance(exchange, TimedExchange):
            self._trace.add(self._page, exchange, answer)


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Every text in it scrubbed, and a long one cut after that."""
    if isinstance(value, str):
        return clean(value)[:LARGEST]
    if isinstance(value, dict):
        return {name: _cleaned(item, clean) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in value]
    return value

"""Finds and removes what killed probes left: only keys that carry s3probe's mark, and only old ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from s3probe.evidence.observations import Cleanup
from s3probe.probe.cleanup import clean_up
from s3probe.probe.client import Client, NotSentError
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.credentials import chain
from s3probe.probe.exchange import Limits
from s3probe.probe.ledger import Ledger, LedgerEntry
from s3probe.probe.request_form import WireForm
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.tools import ALPHABET, RUN_ID_LENGTH, Tools
from s3probe.probe.wire import Wire
from s3probe.probe.xml import error, is_truncated, list_objects, list_uploads
from s3probe.settings.keys import ARCHIVES, AVATARS, EMOJI, MEDIA, REMOTE_MEDIA
from s3probe.settings.mastodon import probe_key
from s3probe.settings.model import Settings

CLASS_PATHS = (MEDIA, AVATARS, EMOJI, ARCHIVES, REMOTE_MEDIA)
"""Every folder a probe writes to."""

DEADLINE = 120.0
"""Seconds for a whole sweep."""


class SweepError(Exception):
    """The bucket could not be searched. ``advice`` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def sweep(
    settings: Settings,
    tools: Tools,
    *,
    older_than_seconds: float = 3600.0,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda _text: None,
) -> Cleanup:
    """Removes objects and multipart uploads of earlier probes that are older than ``older_than_seconds``.

    Touches nothing without the mark ``…/s3probe/<run id>/…`` below the folders that probes write to. With
    ``dry_run`` nothing is removed and ``left_behind`` names all that would be. ``tell`` hears what could not be
    searched. Raises :class:`SweepError`.
    """
    pair = chain(settings)
    if pair is None:
        raise SweepError("There is no key pair to search the bucket with.", "Set AWS_ACCESS_KEY_ID and its secret.")
    begun = tools.clock.monotonic()

    def remaining() -> float:
        return DEADLINE - (tools.clock.monotonic() - begun)

    limits = Limits(connect=5, read=30, total=60, body=8 * 1024 * 1024)
    client = Client(tools.transport, limits, remaining, signing_rule(settings, pair))
    wire = ConditionsMaker(tools, pair, WireForm.CURRENT).of(settings).wire
    oldest = tools.clock.now().timestamp() - older_than_seconds
    found = Ledger(lambda class_path, name: f"{class_path}/{name}")
    prefixes = _prefixes(settings)
    hidden = False
    for prefix in prefixes:
        marked = re.compile(re.escape(prefix) + f"[{ALPHABET}]{{{RUN_ID_LENGTH}}}/[a-zA-Z0-9.-]+")
        uploads = _uploads(client, wire, prefix, oldest)
        hidden = hidden or uploads is None
        for entry in (*_objects(client, wire, prefix, oldest), *(uploads or ())):
            if marked.fullmatch(entry.key):
                found.adopt(entry)
    if hidden:
        tell(
            "Unfinished uploads could not be searched: this key lacks s3:ListBucketMultipartUploads. With a key that"
            " has it, run s3probe sweep again; or let a lifecycle rule abort incomplete uploads after a day."
        )
    if dry_run:
        names = tuple(entry.name for entry in found.remaining())
        return Cleanup(len(names), 0, names)
    return clean_up(found, client, remaining)


def _prefixes(settings: Settings) -> tuple[str, ...]:
    """Where marked keys can be; also at the top of the bucket, where a probe asks whether the prefix matters."""
    both = (settings, replace(settings, key_prefix=""))
    keys = (probe_key(each, class_path, "", "") for each in both for class_path in CLASS_PATHS)
    return tuple(dict.fromkeys(key.removesuffix("/") for key in keys))


def _objects(client: Client, wire: Wire, prefix: str, oldest: float) -> Iterator[LedgerEntry]:
    """Objects below ``prefix`` that are older than the timestamp ``oldest``."""
    after: str | None = None
    while True:
        answer = _listing(client, wire, prefix, after)
        objects = list_objects(answer)
        for listed in objects:
            if _is_older(listed.modified, oldest):
                yield LedgerEntry(listed.key, wire, written=True)
        if not objects or not is_truncated(answer):
            break
        after = objects[-1].key


def _uploads(client: Client, wire: Wire, prefix: str, oldest: float) -> list[LedgerEntry] | None:
    """Unfinished uploads below ``prefix`` that are older than ``oldest``; ``None``: they may not be listed."""
    found: list[LedgerEntry] = []
    marker = ""
    while True:
        query = f"uploads&prefix={quote(prefix, safe='')}{marker}"
        try:
            answer = client.send(wire.read("ListMultipartUploads", query))
        except NotSentError:
            return None
        if answer.status != 200:
            return None
        listed = list_uploads(answer.body)
        found += [
            LedgerEntry(upload.key, wire, upload_id=upload.upload_id, written=True)
            for upload in listed
            if _is_older(upload.initiated, oldest)
        ]
        if not listed or not is_truncated(answer.body):
            return found
        last = listed[-1]
        marker = f"&key-marker={quote(last.key, safe='')}&upload-id-marker={quote(last.upload_id, safe='')}"


def _listing(client: Client, wire: Wire, prefix: str, after: str | None) -> bytes:
    try:
        answer = client.send(wire.list_objects(prefix=prefix, start_after=after))
    except NotSentError:
        raise SweepError(
            "The time for the sweep was up before the whole bucket was searched.", "Run it again."
        ) from None
    if answer.status == 200:
        return answer.body
    body = error(answer.body)
    said = answer.detail or (f"{body.code}: {body.message}" if body else f"HTTP {answer.status}")
    raise SweepError(
        f"The bucket {wire.settings.bucket_name} could not be listed ({said}).",
        "A sweep needs s3:ListBucket on the bucket; s3probe check says what is wrong with it.",
    )


def _is_older(text: str, oldest: float) -> bool:
    """Whether an ISO 8601 time is before ``oldest``; what cannot be read is taken for young and left alone."""
    try:
        return datetime.fromisoformat(text).timestamp() < oldest
    except ValueError:
        return False

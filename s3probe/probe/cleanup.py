"""Removes whatever a run may have left, proves it, and names what stays."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from s3probe.probe.bodies import part_of
from s3probe.probe.client import Client, StoppedError
from s3probe.probe.evidence import Cleanup
from s3probe.probe.exchange import Call
from s3probe.probe.ledger import Entry, Ledger
from s3probe.probe.payload import picture
from s3probe.probe.schedule import Step, run_steps
from s3probe.probe.xml import list_uploads, list_versions


def clean_up(ledger: Ledger, client: Client, remaining: Callable[[], float], *, workers: int = 8) -> Cleanup:
    """Deletes every entry that may exist, on its own time. Never raises for an answer or a lack of one."""
    for _attempt in range(2):
        left = ledger.remaining()
        if not left or remaining() <= 0:
            break
        steps = [Step(f"{n} {entry.name}", lambda e=entry: _remove(e, ledger, client)) for n, entry in enumerate(left)]  # type: ignore[misc]  # lambda defaults
        run_steps(steps, workers=workers, remaining=remaining)
    names = tuple(name for entry in ledger.remaining() for name in _names(entry))
    return Cleanup(ledger.created(), ledger.removed(), names)


def _names(entry: Entry) -> tuple[str, ...]:
    if entry.versions:
        return tuple(f"{entry.key}?versionId={version}" for version in entry.versions)
    return (f"{entry.key}?versions",) if entry.versioned else (entry.name,)


def _remove(entry: Entry, ledger: Ledger, client: Client) -> None:
    try:
        if entry.upload_id == "":
            _remove_unknown(entry, ledger, client)
        elif entry.upload_id is not None:
            status = _status(client, entry.wire.abort_multipart(entry.key, entry.upload_id))
            # 404: the upload is not there any more, which is what was wanted
            if status in (200, 204, 404) or _finish(entry, entry.upload_id, client):
                ledger.mark_removed([entry])
        elif entry.versions:
            _remove_versions(entry, ledger, client)
        else:
            _remove_object(entry, ledger, client)
    except StoppedError:
        return


def _remove_object(entry: Entry, ledger: Ledger, client: Client) -> None:
    """Deletes and looks. A version id in the answer tells that versioning is on, and that the bytes are still there."""
    deleted = client.send(entry.wire.delete(entry.key))
    if deleted.status not in (200, 204, 404):
        return
    if deleted.headers.get("x-amz-version-id", "null") not in ("", "null"):
        entry.versioned = True
        _remove_versions(entry, ledger, client)
    elif _status(client, entry.wire.head(entry.key)) in (403, 404, 410):
        ledger.mark_removed([entry])


def _remove_unknown(entry: Entry, ledger: Ledger, client: Client) -> None:
    """An upload was asked for and no answer came: the listing tells whether it exists."""
    answer = client.send(entry.wire.read("ListMultipartUploads", f"uploads&prefix={quote(entry.key, safe='')}"))
    if answer.status != 200:
        return
    ids = [upload.upload_id for upload in list_uploads(answer.body) if upload.key == entry.key]
    gone = [_status(client, entry.wire.abort_multipart(entry.key, found)) in (200, 204, 404) for found in ids]
    if all(gone):
        ledger.mark_removed([entry])


def _finish(entry: Entry, upload_id: str, client: Client) -> bool:
    """An upload that may not be abandoned can still be finished, and the object then deleted."""
    body = picture("finished by the clean-up")
    answer = client.send(entry.wire.upload_part(entry.key, upload_id, 1, body))
    if answer.status != 200:
        return False
    parts = (part_of(1, answer),)
    if _status(client, entry.wire.complete_multipart(entry.key, upload_id, parts, len(body))) != 200:
        return False
    return _status(client, entry.wire.delete(entry.key)) in (200, 204)


def _remove_versions(entry: Entry, ledger: Ledger, client: Client) -> None:
    """With versioning on, only a delete by version id removes the bytes (AWS, DeleteObject), delete markers too."""
    listed = client.send(entry.wire.read("ListObjectVersions", f"versions&prefix={quote(entry.key, safe='')}"))
    known = listed.status == 200
    found = [version for version in list_versions(listed.body) if known and version.key == entry.key]
    # the marker goes last: without it, a version that may not be deleted would be visible again
    found.sort(key=lambda version: version.delete_marker)
    ids = dict.fromkeys([*entry.versions, *(version.version_id for version in found)])
    left = [v for v in ids if _status(client, entry.wire.delete(entry.key, version_id=v)) not in (200, 204, 404)]
    if not left and (known or entry.versions):
        ledger.mark_removed([entry])
    entry.versions = tuple(left)


def _status(client: Client, call: Call) -> int | None:
    return client.send(call).status

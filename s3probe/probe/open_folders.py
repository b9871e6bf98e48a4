"""Rights that everyone has in some folders alone: one batch asks for all of Mastodon's at once."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5

from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact, Facts
from s3probe.knowledge.policies import below
from s3probe.probe.bodies import delete_body
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.fetching import is_inconclusive
from s3probe.probe.own_files import BATCH_OF_A_STRANGER
from s3probe.probe.session import Session, visitor_call
from s3probe.probe.xml import deleted_keys
from s3probe.records import replace
from s3probe.settings.mastodon import bucket_url


def delete_in_folders(session: Session) -> None:
    """A stranger's batch with a key in each folder, at the storage. Only what the answer calls deleted is open.

    It then stands in place of the deletion that was refused: that one was tried in one folder.
    """
    settings = session.conditions.settings
    closed = session.book.get(
        ActionId.PUBLIC_DELETE_ORIGIN if proxy_stands_before(settings) else ActionId.PUBLIC_DELETE
    )
    if closed is None or not closed.ok:
        return
    entries = [session.mint(file) for file in BATCH_OF_A_STRANGER.values()]
    for entry in entries:
        session.ledger.settle(entry, written=False)

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        if is_inconclusive(answer.status or 0):
            return None, {}
        gone = deleted_keys(answer.body) if answer.status == 200 else ()
        tops = " ".join(sorted({_folder(key, settings.key_prefix) for key in gone}))
        return (Outcome.WRONG, {Fact.DELETE: "open", Fact.FOLDERS: tops}) if gone else (Outcome.OK, {})

    call = _batch(bucket_url(settings), delete_body(((entry.key, None) for entry in entries), quiet=False))
    title = "A visitor cannot delete in any folder"
    seen, answer = session.ask(Experiment.PUBLIC_DELETE_FOLDERS, call, judge, title=title)
    if seen.facts.get(Fact.DELETE) and answer is not None:
        gone = deleted_keys(answer.body)
        for entry in entries:
            if entry.key in gone:  # with versioning on, a delete marker of ours is there now
                session.ledger.answered(entry, answer, written=True)
        session.book.add(replace(seen, id=closed.id, title=closed.title))


def _folder(key: str, prefix: str) -> str:
    return key.removeprefix(below(prefix)).partition("/")[0]


def _batch(root: str, body: bytes) -> Call:
    """Unsigned. Stores ask for the body's checksum (AWS, DeleteObjects)."""
    checksum = b64encode(md5(body, usedforsecurity=False).digest()).decode()
    headers = (("Content-Type", "application/xml"), ("Content-MD5", checksum))
    return replace(visitor_call(f"{root}?delete", method="POST", headers=headers, body=body), operation="DeleteObjects")

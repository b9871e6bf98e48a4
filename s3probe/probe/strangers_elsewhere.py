"""Whether a stranger may write to a folder of Mastodon's where an upload to ``media_attachments/`` was refused.

A policy may open one folder alone. Asked by a part of an upload that nobody has begun: rights are looked at first, so
that whoever may not write is refused, and whoever may is told that there is no such upload (measured: MinIO, Versity,
Ceph 16). Nothing is written by that. Only where it was not refused, an upload decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import STRANGERS_ELSEWHERE, ActionId, ExperimentWith, Fact, Facts, ObservationId
from s3probe.knowledge.store import store_seen
from s3probe.probe import own_files
from s3probe.probe.exchange import Answer
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, taken, visitor_call
from s3probe.probe.tampering import write
from s3probe.probe.xml import error
from s3probe.settings.mastodon import object_url

LARGEST_RUN, LARGEST_THOROUGH_RUN = 48, 80
"""Requests. A healthy run makes no more: what does not fit is left to a thorough one."""
_NOBODYS = "partNumber=1&uploadId=s3probe-has-begun-none"


def elsewhere(session: Session) -> Iterator[Step]:
    """At a storage that one may run oneself, unless it answers no stranger at all."""
    settings = session.conditions.settings
    answers = not store_seen(settings, session.book.rows()).signed_only
    if own_files.at_ones_own(settings, session.thorough) and answers:
        yield Step(STRANGERS_ELSEWHERE, lambda: _look(session))


def _look(session: Session) -> None:
    refused = session.book.get(ActionId.PUBLIC_WRITE)
    if refused is None or not refused.ok or refused.error_code is None:
        return
    first = own_files.WRITTEN_TO[0]
    others: tuple[str, ...] = own_files.WRITTEN_TO[1:]
    if not room(session):
        return
    if _refuses_a_part(session, first):
        asked = others[: room(session)]
        suspect: list[str] = []
        session.parallel(Step(_id(path), lambda path=path: _note(session, path, suspect)) for path in asked)  # type: ignore[misc]  # mypy cannot type a lambda's default
        others = tuple(path for path in asked if path in suspect)
    elif _takes_a_file(session, first, refused):
        return
    # what looks for the upload before it looks at rights says the same of every folder
    for path in others:
        if not room(session) or _takes_a_file(session, path, refused):
            return


def room(session: Session) -> int:
    """Requests that the run may still make."""
    return session.client.room(LARGEST_THOROUGH_RUN if session.thorough else LARGEST_RUN)


def _note(session: Session, class_path: str, suspect: list[str]) -> None:
    if not _refuses_a_part(session, class_path):
        suspect.append(class_path)


def _refuses_a_part(session: Session, class_path: str) -> bool:
    # a store that overlooks the query takes it for a file
    entry, body = session.mint(file := own_files.PART_OF_NOTHING[class_path]), file.body(session.run_id)
    url = f"{object_url(session.conditions.settings, entry.key)}?{_NOBODYS}"
    call = visitor_call(url, method="PUT", body=body)
    told = session.noting(entry, taken)
    seen, _answer = session.ask(_id(class_path), call, _judge, title=_title(class_path), told=told)
    return not seen.facts.get(Fact.WRITE)


def _judge(answer: Answer) -> tuple[Outcome | None, Facts]:
    said = error(answer.body)
    unknown = answer.status == 404 and said is not None and said.code == "NoSuchUpload"
    return Outcome.OK, {Fact.WRITE: "perhaps"} if unknown or taken(answer) else {}


def _takes_a_file(session: Session, class_path: str, refused: Observation) -> bool:
    """What is open then stands in place of what was closed."""
    file = own_files.ANONYMOUS_IN[class_path]
    seen = write(session, _id(class_path), file, _title(class_path), instead_of=refused)
    return seen.outcome is Outcome.WRONG


def _id(class_path: str) -> ObservationId:
    return ExperimentWith.PUBLIC_WRITE_IN.of(class_path.partition("/")[0])


def _title(class_path: str) -> str:
    return f"A visitor cannot write to {class_path.partition('/')[0]}/"

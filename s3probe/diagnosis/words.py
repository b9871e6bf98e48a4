"""Answers in a person's words, and what they say of who failed."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.diagnosis.case import Case
from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Fact, Header

_ANSWERED = {
    "PutObject": "uploading was answered {answer}",
    "GetObject": "reading a file was answered {answer}",
    "HeadObject": "looking up a file was answered {answer}",
    "DeleteObject": "deleting a file was answered {answer}",
    "DeleteObjects": "deleting many files at once was answered {answer}",
    "ListObjectsV2": "listing the bucket was answered {answer}",
    "PutObjectAcl": "changing a file's ACL was answered {answer}",
    "CreateMultipartUpload": "beginning a large upload was answered {answer}",
    "UploadPart": "uploading a part of a large file was answered {answer}",
    "CompleteMultipartUpload": "finishing a large upload was answered {answer}",
    "AbortMultipartUpload": "cancelling a large upload was answered {answer}",
    "CopyObject": "copying a file was answered {answer}",
}
"""A sentence for each operation, in a person's words."""


def sentences(*said: str) -> str:
    """Those that there are, one after the other."""
    return " ".join(filter(None, said))


def in_turn(*said: str) -> str:
    """The same of sentences without their last stop, likewise without it."""
    return ". ".join(filter(None, said))


def listed(names: Iterable[str]) -> str:
    """``accounts/, cache/ and backups/``: at least one name."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def says_locked(seen: Observation) -> bool:
    """Whether a refusal speaks of Object Lock: Ceph, Versity and AWS call it so, MinIO says WORM."""
    message = (seen.message or "").lower()
    return seen.failed and ("object lock" in message or "worm protected" in message)


def refused_by_a_page(seen: Observation) -> bool:
    """Whether it was refused before it came to the storage, for what it asks and not for its size.

    What S3 refuses it refuses in XML, but for HEAD.
    """
    silent = seen.http_status == 405 or _by_caddy(seen)
    bare = silent and not seen.facts.get(Fact.ROOT) and not seen.error_code
    page = bare or seen.facts.get(Fact.MARKUP) == "yes"
    by_proxy = page and seen.method != "HEAD" and not seen.facts.get(Fact.S3)
    return by_proxy and seen.http_status in (401, 403, 405, 501)


def _by_caddy(seen: Observation) -> bool:
    """Caddy refuses without a page; in what it passes on, the storage names itself too (Via, or Server twice)."""
    return seen.headers.get(Header.SERVER, "").lower() == "caddy" and Header.VIA not in seen.headers


def something_works(case: Case) -> bool:
    """Whether anything that Mastodon's key asks for is granted: else a single refusal says nothing of its own."""
    return any(
        case.get(name).ok
        for name in (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST, ActionId.GET, ActionId.DELETE)
    )


def failed_by_itself(seen: Observation) -> bool:
    """Whether the server failed by an error of its own, hung up or kept silent: nobody else has a part in that."""
    return seen.outcome is Outcome.UNKNOWN or seen.network in (NetworkFault.CLOSED, NetworkFault.READ_TIMEOUT)


def is_late(seen: Observation) -> bool:
    """Whether an answer came after Mastodon had given up: only that shows that a silent server is a slow one."""
    return bool(seen.facts.get(Fact.LATE))


def waited(seen: Observation) -> str:
    """When the late answer came, as a sentence without its last stop."""
    return f"Asked again, with more time, the answer came after {seen.facts.get(Fact.LATE)} s"


def answered(seen: Observation) -> str:
    """``uploading was answered 403 AccessDenied``: a whole sentence, of a request that somebody answered."""
    return _ANSWERED.get(seen.operation, f"{seen.operation} was answered {{answer}}").format(answer=words(seen))


def of_the_storage(seen: Observation) -> str:
    """``the storage answered 403 AccessDenied``, or that the request got no answer: a whole sentence."""
    if seen.network is not None:
        return f"{seen.operation} failed: {words(seen)}"
    return f"the storage answered {words(seen)}"


def words(seen: Observation) -> str:
    """The answer in a few words: status, code and the server's message; or why none came, to stand behind a colon."""
    if seen.network is not None:
        return seen.message or seen.network.value
    code = f" {seen.error_code}" if seen.error_code else ""
    # its last stop would stand within a sentence of ours
    said = (seen.message or "").removesuffix(".")
    message = f": {said}" if said and said != seen.error_code else ""
    return f"{seen.http_status}{code}{message}"

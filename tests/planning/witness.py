"""Holds what a run did against the plan that was made for it: hosts, signatures, keys, ACLs, questions, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from s3probe.evidence.observations import Evidence, Observation
from s3probe.evidence.vocabulary import ACTIONS
from s3probe.planning.model import Plan, PlannedFile, WhenAsked
from s3probe.planning.places import origin_of
from s3probe.probe.exchange import MUTATING, Answer, Call, Limits, Transport
from s3probe.probe.forms import POST_OBJECT, field
from s3probe.probe.own_files import Fate
from s3probe.probe.signing_rule import signer

_CLEANING = frozenset(
    {
        *("HeadObject", "DeleteObject", "ListObjectVersions", "ListMultipartUploads", "AbortMultipartUpload"),
        *("UploadPart", "CompleteMultipartUpload", "PutObject"),
    }
)
"""What the clean-up asks; with the last three it finishes an upload, or stores something in a marker's place."""
_OF_FATE = {
    Fate.STORED: {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"},
    Fate.BEGUN: {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"},
    Fate.TRIED: {"PutObject"},
    Fate.REFUSED: {"PutObject", POST_OBJECT},
    Fate.NAMED: set[str](),
}
_MAKING = frozenset().union(*_OF_FATE.values())


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, and what came back."""

    call: Call
    answer: Answer

    @property
    def size(self) -> int:
        head = sum(len(name) + len(value) + 4 for name, value in self.call.headers)
        return len(self.call.method) + len(self.call.url) + 12 + head + len(self.call.body)


class Witness:
    """A way out that writes down what goes over it."""

    def __init__(self, way: Transport) -> None:
        self._way = way
        self.seen: list[Seen] = []

    def send(self, call: Call, limits: Limits) -> Answer:
        answer = self._way.send(call, limits)
        self.seen.append(Seen(call, answer))
        return answer


def unnamed(plan: Plan, seen: Iterable[Seen]) -> list[str]:
    """What happened that the plan does not name."""
    seen = list(seen)
    found = [f"{each.call!r}: {why}" for each in seen for why in _objections(plan, each.call, seen)]
    sizes = sum(each.size for each in seen), sum(len(each.answer.body) for each in seen)
    most = plan.limits.requests, plan.limits.bytes_sent, plan.limits.bytes_received
    names = ("requests", "bytes sent", "bytes received")
    for name, number, limit in zip(names, (len(seen), *sizes), most, strict=True):
        if number > limit:
            found.append(f"{number} {name}, and the plan says {limit}")
    return found


def _objections(plan: Plan, call: Call, seen: Iterable[Seen]) -> Iterator[str]:
    signed = bool(signer(call))
    if not _leads(plan, call, signed=signed) and (signed or call.url not in _redirects(seen)):
        yield f"{'signed ' if signed else ''}to {origin_of(call.url)}"
    if call.operation not in _operations(plan):
        yield f"the operation {call.operation}"
    if call.operation in MUTATING:
        yield from _of_keys(plan, call, signed=signed)


def _redirects(seen: Iterable[Seen]) -> set[str]:
    return {urljoin(each.call.url, to) for each in seen if (to := each.answer.headers.get("location"))}


def _leads(plan: Plan, call: Call, *, signed: bool) -> bool:
    origin = origin_of(call.url)
    for host in plan.hosts:
        if host.origin == origin and (host.signed if signed else host.visitor) is not WhenAsked.NEVER:
            return True
    parts = urlsplit(call.url)
    name = parts.hostname or ""
    for rule in plan.rules:
        if rule.signed is signed and any(re.fullmatch(pattern, name) for pattern in rule.patterns):
            return parts.scheme == "https" or any(re.fullmatch(pattern, name) for pattern in rule.plain)
    return False


def _operations(plan: Plan) -> set[str]:
    found = {question.operation for occasion in plan.occasions for question in occasion.questions}
    found |= {action.operation for action in plan.actions} | {"GET"}
    if plan.profile != "read-only":
        found |= _CLEANING
        found |= {"HEAD"} if any(action.id == "public-old" for action in plan.actions) else set()
    return found


def _of_keys(plan: Plan, call: Call, *, signed: bool) -> Iterator[str]:
    for path in _paths(call):
        file = next((file for file in plan.files if _is(plan, file, path)), None)
        if file is None:
            yield f"the key {path}"
            continue
        finished_by_clean_up = call.operation in _CLEANING and signed
        if call.operation in _MAKING - _OF_FATE[file.fate] and not finished_by_clean_up:
            yield f"{call.operation} of {file.key}, which is {file.fate.value}"
        if call.operation in _MAKING and file.fate is Fate.STORED and not signed:
            yield f"a stranger's {call.operation} of {file.key}"
        acl = next((value for name, value in call.headers if name.lower() == "x-amz-acl"), None)
        allowed = {file.acl, *file.then, *(one or None for one in plan.trials.acls), None}
        if acl not in allowed:
            yield f"the ACL {acl} for {file.key}"


def _paths(call: Call) -> list[str]:
    if call.operation == "DeleteObjects":
        return [f"/{key}" for key in re.findall(r"<Key>([^<]*)</Key>", call.body.decode())]
    if call.operation == POST_OBJECT:
        return [f"/{field(call.body, 'key')}"]
    return [unquote(urlsplit(call.url).path)]


def _is(plan: Plan, file: PlannedFile, path: str) -> bool:
    key = re.escape(file.key).replace(re.escape(plan.run_id), plan.run_id_pattern)
    return re.search(f"/{key}$", path) is not None


def unplanned(plan: Plan, evidence: Iterable[Evidence]) -> list[str]:
    """Rows of the evidence that the plan does not name, or names otherwise."""
    rows = {row.id: row for each in evidence for row in each.observations if row.ran}
    return [f"{row.id}: {row.operation} as {row.actor.value}" for row in rows.values() if not _is_planned(plan, row)]


def _is_planned(plan: Plan, row: Observation) -> bool:
    name = row.id.removeprefix("once-").removeprefix("canary-")
    if name in ACTIONS:
        return any(action.id == name for action in plan.actions)
    named = [
        (question.operation, question.actor)
        for occasion in plan.occasions
        for question in occasion.questions
        for each in question.ids
        if name in (each, f"try-{name}") or (each.endswith(":") and name.startswith(each))
    ]
    # a row may stand for an answer to something else, and then says what that was
    return any(actor is row.actor and operation in (row.operation, "") for operation, actor in named)

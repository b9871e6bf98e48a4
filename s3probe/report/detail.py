"""What was wrong with an answer whose status alone does not tell it, in a few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Fact, Header, ObservationId

_LISTED = "everyone may list it"
_READ = "everyone may read it"
_OPENS = "it opens for everyone"
_SHOWN = "it is still shown"
_BY_ACTION: Mapping[ObservationId, str] = {
    ActionId.PUBLIC_LIST: _LISTED,
    ActionId.PUBLIC_LIST_ALIAS: _LISTED,
    ActionId.PUBLIC_VERSIONS: _LISTED,
    ActionId.PUBLIC_UPLOADS: _LISTED,
    ActionId.PUBLIC_POLICY: _READ,
    ActionId.PUBLIC_ACL: _READ,
    ActionId.PUBLIC_WRITE: "a stranger's file was stored",
    ActionId.PUBLIC_DELETE: "a stranger's deletion was taken",
    ActionId.PUBLIC_DELETE_ORIGIN: "a stranger's deletion was taken",
    ActionId.ARCHIVE_PUBLIC_GET: _OPENS,
    ActionId.ARCHIVE_ORIGIN_GET: _OPENS,
    ActionId.PRESIGNED_EXPIRED: "it still opens",
    ActionId.SUSPENDED_PUBLIC_GET: _SHOWN,
    ActionId.DELETED_PUBLIC_GET: _SHOWN,
    ActionId.PUBLIC_QUERY: "the storage answered to it",
    ActionId.PUBLIC_MISSING: "no file is there",
}
_BODIES = {
    "empty": "nothing came",
    "aws-chunked": "the framing of the upload is among its bytes",
    "other": "other bytes came than were uploaded",
}
_RANGES = {
    "ignored": "the whole file instead of a part",
    "different": "another part than was asked for",
    "refused": "it was asked for a part",
}


def detail(row: Observation) -> str:
    """``no Access-Control-Allow-Origin``; ``""`` where status, code and message say all."""
    if row.outcome is Outcome.OK or not row.ran or row.network is not None:
        return ""
    return next(filter(None, (look(row) for look in _LOOKS)), "")


def _clock(row: Observation) -> str:
    skew = row.facts.get(Fact.SKEW, "")
    if row.id != ActionId.CLOCK or not skew:
        return ""
    minutes = f"{abs(float(skew)) / 60:.0f}"
    if float(skew) > 0:
        return f"this machine's clock is {minutes} minutes slow"
    return f"this machine's clock is {minutes} minutes fast"


def _headers(row: Observation) -> str:
    allowed = row.facts.get(Fact.ALLOWED, "")
    if row.id == ActionId.PUBLIC_CORS and allowed:
        return "no Access-Control-Allow-Origin" if allowed == "none" else f"Access-Control-Allow-Origin is {allowed}"
    if row.id == ActionId.PUBLIC_EMBED:
        return f"Cross-Origin-Resource-Policy is {row.headers.get(Header.CROSS_ORIGIN_RESOURCE_POLICY, '')}"
    if kind := row.facts.get(Fact.CONTENT_TYPE, ""):
        return "no Content-Type" if kind == "none" else f"Content-Type is {kind}"
    return ""


def _pages(row: Observation) -> str:
    if row.id != ActionId.PUBLIC_CSP:
        return ""
    missing = row.facts.get(Fact.MISSING, "").split()
    host = row.facts.get(Fact.REDIRECT) or row.facts.get(Fact.MEDIA, "")
    return f"{', '.join(missing) or 'img-src'} of Mastodon's pages leaves out {'/'.join(host.split('/')[:3])}"


def _deleted(row: Observation) -> str:
    if codes := row.facts.get(Fact.PER_KEY_CODE, ""):
        return f"{codes} for {row.facts.get(Fact.PER_KEY_ERRORS, 'some')} of the keys"
    return "the file is still there" if row.facts.get(Fact.GONE) == "no" else ""


def _content(row: Observation) -> str:
    if Fact.LENGTH in row.facts:
        return f"the file has {row.facts[Fact.LENGTH]} bytes afterwards"
    return _RANGES.get(row.facts.get(Fact.RANGE, ""), "") or _BODIES.get(row.facts.get(Fact.BODY, ""), "")


def _action(row: Observation) -> str:
    taken = 200 <= (row.http_status or 0) < 300 and row.outcome is Outcome.WRONG
    return _BY_ACTION.get(row.id, "no such answer was expected") if taken else ""


_LOOKS: tuple[Callable[[Observation], str], ...] = (_clock, _headers, _pages, _deleted, _content, _action)

"""The requests that failed, for whoever checks them without s3probe or asks the provider's support about them."""

from __future__ import annotations

from s3probe.evidence.asked import HowAsked, PlainRequest, Signature
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Header
from s3probe.records import dataclass
from s3probe.redact import HIDDEN
from s3probe.report.commands import command, loading
from s3probe.report.model import Report
from s3probe.report.words import shown


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """One of them."""

    row: Observation
    about: tuple[str, ...]
    """When and where it was made, and the ids by which it is known there, each for a line of its own."""
    command: str
    """``""`` where no other program can make it."""


def failed_requests(report: Report) -> tuple[FailedRequest, ...]:
    """Of every action that failed, in the order of the report."""
    rows = [row for row in shown(report.evidence) if row.failed and row.asked is not None]
    return tuple(_shown(row, row.asked, command(row)) for row in rows if row.asked is not None)


def _shown(row: Observation, asked: HowAsked, by_command: str) -> FailedRequest:
    none = () if by_command else ("No other program can make this request as it was made.",)
    return FailedRequest(row, (*about(asked), *none), by_command)


def about(asked: HowAsked) -> tuple[str, ...]:
    """``2026-11-29 18:51:37.123 UTC at 192.0.2.7:443`` and ``x-amz-request-id: 4442587FB7D0A2F9``."""
    when = f"{asked.at.replace('T', ' ').removesuffix('Z')} UTC"
    first = f"{when} at {asked.address}" if asked.address else when
    return (first, *(f"{name}: {value}" for name, value in asked.ids.items()))


def keys_for(report: Report, failed: tuple[FailedRequest, ...]) -> str:
    """The line that reads the key pair out of the env file, where one of the commands takes it; else ``""``."""
    signed = [request for one in failed if one.command for request in _signed(one)]
    if not signed or not report.subject.access_key_id:
        return ""  # a role's keys stand in no file
    token, proxy = any(one.token for one in signed), any(HIDDEN in one.proxy for one in signed)
    return loading(report.subject.source, token=token, proxy=proxy, plain=report.plain_keys)


def _signed(one: FailedRequest) -> list[PlainRequest]:
    asked = one.row.asked
    if asked is None or asked.request is None:
        return []
    return [each for each in (asked.request, *asked.before, *asked.after) if each.signature is not Signature.NONE]


def introduction(report: Report, failed: tuple[FailedRequest, ...]) -> str:
    """What the commands are, and where their keys come from."""
    what = "Each request that failed, as a command that makes it without s3probe, and what support asks for."
    if any(Header.X_AMZ_VERSION_ID in row.headers for row in report.evidence.observations):
        what = f"{what} The bucket keeps old versions: what a command uploads stays as one when it is deleted."
    if not any(one.command and _signed(one) for one in failed):
        return what
    if keys_for(report, failed) and not report.plain_keys:
        asks = "This asks for them, as the file holds them in a form that a shell reads otherwise than Mastodon does:"
        return f"{what} Keys are read from the environment. {asks}"
    if keys_for(report, failed):
        return f"{what} Keys are read from the environment. This puts them there, and none into the shell's history:"
    return f"{what} Keys are read from the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."

"""The most that a run may ask, send and hear: by the bounds that the client keeps, and by the largest request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

from s3probe.planning.circumstances import Circumstances
from s3probe.planning.model import PlannedFile, PlannedLimits, PlannedTrials
from s3probe.probe.allowance import MOST_HEARD, MOST_REMOVING
from s3probe.probe.bounds import HEADER_BYTES
from s3probe.probe.browser import PAGE_HOPS
from s3probe.probe.examine import MOST_AT_ONCE
from s3probe.probe.exchange import Call, Limits
from s3probe.probe.own_files import ALL
from s3probe.probe.repeat import REPEATS
from s3probe.probe.strangers_elsewhere import LARGEST_RUN, LARGEST_THOROUGH_RUN
from s3probe.probe.tools import RUN_ID_LENGTH
from s3probe.probe.who_answers import TOO_LONG
from s3probe.probe.wire import Wire
from s3probe.records import replace
from s3probe.settings.ruby import RubyError
from s3probe.trying.budget import EXAMINATIONS

LARGEST_CANARY = 12
"""Requests of a quick run in which nothing fails; most make five."""
_TOO_LONG_AT_MOST = 2 * (1 + REPEATS) * (2 + 2 * EXAMINATIONS)
"""Requests with a header that is too long for a web server: two of an examination, each repeated."""
_HEAD = 1024
"""Bytes that a request's first line and its headers may take beyond those that are counted here."""


def limits(around: Circumstances, files: tuple[PlannedFile, ...], trials: PlannedTrials) -> PlannedLimits:
    """What the bounds come to."""
    options = around.options
    examinations = 2 if around.quick else 1
    asked = options.most_asked + (replace(options, profile="full").most_asked if around.quick else 0)
    beside = examinations * (1 + PAGE_HOPS) * (1 + REPEATS) if around.settings.web_domain else 0
    removing = 0 if around.reads else MOST_REMOVING
    one = Limits().body + HEADER_BYTES
    requests = asked + beside + trials.requests + removing
    return PlannedLimits(
        0 if around.nothing else LARGEST_CANARY if around.canary else _usual(around),
        asked,
        beside,
        trials.requests,
        removing,
        options.deadline,
        options.cleanup_deadline,
        requests * _largest(around, files) + _TOO_LONG_AT_MOST * len(TOO_LONG[0][1]),
        # what was begun at the same moment may all arrive
        2 * (MOST_HEARD + MOST_AT_ONCE * one) + beside * one,
    )


def _usual(around: Circumstances) -> int:
    return LARGEST_THOROUGH_RUN if around.options.thorough else LARGEST_RUN


def _largest(around: Circumstances, files: tuple[PlannedFile, ...]) -> int:
    """Bytes of the largest request that can be made: each kind is built as a run builds it."""
    settings = around.settings
    with suppress(RubyError, ValueError):
        wire = around.maker.of(settings).wire
        return max(_size(call) for call in _calls(files, wire)) + _HEAD
    # no address of the file leads anywhere: a line that was tried may
    return 64 * 1024


def _calls(files: tuple[PlannedFile, ...], wire: Wire) -> Iterator[Call]:
    run_id = "x" * RUN_ID_LENGTH
    keys = [quote(file.key, safe="/") for file in files]
    longest = max(keys, key=len, default="x")
    body = max((file.body(run_id) for file in ALL), key=len)
    yield wire.put_object(longest, body, "image/png", acl="bucket-owner-full-control")
    yield wire.copy_object(longest, longest, acl="bucket-owner-full-control")
    yield wire.batch_delete(keys or ["x"])
    yield wire.refused_form(longest)


def _size(call: Call) -> int:
    """Of the first line, the headers and the body."""
    head = f"{call.method} {call.url} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in call.headers)
    return len(head.encode("utf-8", "replace")) + len(call.body)

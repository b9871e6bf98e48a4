"""Takes out of an answer what this run must not show, before anything of it is read, shortened or kept. Pure.

A text is cut to a line later on. A secret that was cut in the middle would not be known for one any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from s3probe.patterns import regex
from s3probe.probe.exchange import Answer, Call
from s3probe.probe.forms import POST_OBJECT, field
from s3probe.records import replace
from s3probe.scrub import Scrubber

HEADER_CHARACTERS = 4096
"""Characters kept of one header's value."""
_HEAD = 4096
"""Bytes in which an error document says that it is one."""
_LOOKED_AT = 64 * 1024
"""Bytes of an error document; S3's own have some hundred."""
_SIGNATURE = regex(r"(?:X-Amz-Signature=|Signature=|^AWS [^:\s]+:)([^&,\s]+)")


def signatures(call: Call) -> Iterator[str]:
    """What signs ``call``, in its header, in its query or in its form."""
    texts = [value for name, value in call.headers if name.lower() == "authorization"]
    if call.operation == POST_OBJECT:
        yield field(call.body, "x-amz-signature")
    yield from (found[1] for text in (*texts, call.url) for found in _SIGNATURE.finditer(text))


def without_secrets(answer: Answer, scrubber: Scrubber) -> Answer:
    """The same answer, without known secrets wherever it will be cut: in its body, and in headers that are cut here.

    What is kept of the rest is cleaned as it is written down (``Client.observe``).
    """
    body = _body(answer.body, scrubber)
    long = {name: value for name, value in answer.headers.items() if len(value) > HEADER_CHARACTERS}
    if body is answer.body and not long:
        return answer
    cut = {name: scrubber.hide_known(value)[:HEADER_CHARACTERS] for name, value in long.items()}
    return replace(answer, headers=MappingProxyType({**answer.headers, **cut}), body=body)


def _body(body: bytes, scrubber: Scrubber) -> bytes:
    """Of other documents than errors next to nothing is kept, and that is cleaned when it is."""
    if b"Error" not in body[:_HEAD]:
        return body
    text = body[:_LOOKED_AT].decode("utf-8", "surrogateescape")
    hidden = scrubber.hide_known(text)
    return body if hidden == text else hidden.encode("utf-8", "surrogateescape") + body[_LOOKED_AT:]

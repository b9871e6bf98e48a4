"""Asks the Mastodon server itself which release it is: that decides what its requests to S3 look like.

Source: Mastodon ``app/serializers/rest/instance_serializer.rb``; the answer is public unless the server limits it.
"""

from __future__ import annotations

import json

from s3probe.patterns import regex
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.text import clean, clean_exact
from s3probe.probe.wire import USER_AGENT
from s3probe.records import dataclass

PATH = "/api/v2/instance"
_DOMAIN = regex(r"[^\s/?#@\\]{1,253}")
_VERSION = regex(r"\d{1,4}\.\d{1,4}\S*")


@dataclass(frozen=True, slots=True)
class InstanceAnswer:
    """What the server said about itself. Not knowing is no fault: ``detail`` then says why."""

    version: str | None = None
    """As Mastodon writes it: ``4.5.8``, ``4.6.0-beta.1``, ``4.6.0+glitch``."""
    detail: str = ""


def instance_version(transport: Transport, web_domain: str | None, limits: Limits) -> InstanceAnswer:
    """The release of the server at ``https://web_domain``. One request; never raises."""
    call = instance_call(web_domain or "")
    if call is None:
        return InstanceAnswer(detail="neither WEB_DOMAIN nor LOCAL_DOMAIN names a host")
    return read_version(transport.send(call, limits))


def instance_call(web_domain: str) -> Call | None:
    """The question, or ``None`` when ``web_domain`` cannot be a host's name."""
    if not _DOMAIN.fullmatch(web_domain):
        return None
    headers = (("Host", web_domain), ("User-Agent", USER_AGENT), ("Accept", "application/json"))
    return Call("GET", "GET", f"https://{web_domain}{PATH}", headers)


def read_version(answer: Answer) -> InstanceAnswer:
    """The version in ``answer``. Pure."""
    if answer.status is None:
        return InstanceAnswer(detail=answer.detail)
    if answer.status != 200:
        return InstanceAnswer(detail=f"it answered HTTP {answer.status}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return InstanceAnswer(detail="its answer is not JSON")
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or not _VERSION.match(version):
        return InstanceAnswer(detail="its answer holds no version")
    if "compatible" in version:
        return InstanceAnswer(detail=f"it is not Mastodon: {clean(version, 100)}")
    return InstanceAnswer(clean_exact(version, 100))

"""The API's address of a provider, where S3_ENDPOINT names a host of its for visitors."""

from __future__ import annotations

import re

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Fix, Manual
from s3probe.knowledge.providers import Provider, detect
from s3probe.knowledge.recognition import GENERIC, named_by_host
from s3probe.knowledge.regions import region_in
from s3probe.patterns import regex

_WORD = regex(r"[A-Z][A-Z_]+")
"""What stands for a value in the table's ``settings``: REGION, ACCOUNT."""
_VALUE = "(?!cdn[.])[a-z0-9-]+"
_SETTING = "S3_ENDPOINT"


def is_public_host(host: str) -> bool:
    """Whether a provider serves visitors there, and has its API at another host."""
    known = named_by_host(host)
    template = _template(detect(f"https://{host}")) if known is not None else ""
    if not template:
        return False
    pattern = re.escape(template.removeprefix("https://"))
    return re.fullmatch(rf"(?:.+\.)?{_WORD.sub(_VALUE, pattern)}", host) is None


def _template(store: Provider) -> str:
    """The table's own word for the API's address; ``""`` where it says something else than one address."""
    value = store.settings.get(_SETTING, "")
    return value if re.fullmatch(r"https://[\w.-]+", value) else ""


def api_instead(case: Case, host: str) -> Fix:
    """The line that leads to the API: what the file says beside, or what the table knows of whose host that is."""
    if (named := fixes.api_in_hostname(case, host)) is not None:
        return named
    store = detect(f"https://{host}")
    template = _template(store)
    written = template.replace("REGION", case.settings.region).removeprefix("https://")
    region = region_in(store, host) or region_in(store, written)
    value = template.replace("REGION", region) if region else template
    if value and not _WORD.search(value):
        return fixes.env(case, _SETTING, value)
    if value or store.id != GENERIC:
        return fixes.api_by_hand(case, host, value) if value else fixes.api_by_hand(case, host)
    return Manual(f"{host} is a CDN or public host. S3_ENDPOINT must be the provider's API host.")

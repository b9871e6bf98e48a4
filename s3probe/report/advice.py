"""The fix of a finding in the words of one storage: its own commands and consoles, and nothing that it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.knowledge.findings import FindingText
from s3probe.knowledge.offers import Topic, archives_note, in_words_of, takes_iam
from s3probe.knowledge.providers import Cors, PolicySupport, Provider, Switch
from s3probe.knowledge.recipes import command_at, documents, endpoint_option, filled, in_short, note_at
from s3probe.knowledge.recognition import GENERIC
from s3probe.patterns import regex
from s3probe.settings.model import Settings

_BY_ACL = "bucket-listable-acl"
_LISTINGS = (_BY_ACL, "bucket-listable-policy", "uploads-listable-policy")
_ARCHIVES = "archive-dumps-world-readable"
_SWITCHES: tuple[tuple[str, Switch, str], ...] = (
    ("bpa-", Switch.ACCESS_BLOCK, "Block Public Access"),
    ("object-writer-ownership", Switch.OWNERSHIP, "Object Ownership"),
    ("acl-disabled-bucket-owner-enforced", Switch.OWNERSHIP, "Object Ownership"),
    ("permission-private-with-acl-disabled", Switch.OWNERSHIP, "Object Ownership"),
)
"""Findings about settings that only some have, by the start of their ids."""


_OF_AMAZON = ("accelerate-or-website", "cloudfront-", "kms-", "vpc-endpoint-")
"""Beginnings of the ids of findings about services that Amazon alone has."""
_OF_POLICIES = ("deny-anonymous-statement", "policy-denies-some-folders")
"""Findings about what a bucket policy denies to visitors."""


def advice_for(e: FindingText, store: Provider, settings: Settings | None) -> Iterator[str]:
    """What fits this storage, and its command, filled in where the settings are known."""
    for text in _advice(e, store, settings):
        yield _fitted(text, store, settings)


def _is_amazons(store: Provider) -> bool:
    return store.id.partition("-")[0] == "aws"


def _fitted(text: str, store: Provider, settings: Settings | None) -> str:
    """Amazon's command line sent to this storage, and resources as it writes them."""
    if _is_amazons(store):
        return text
    endpoint = (
        endpoint_option(settings) if settings is not None and settings.endpoint else " --endpoint-url S3_ENDPOINT"
    )
    whole = _AWS_LINE.sub(lambda line: line[0] if "--endpoint-url" in line[0] else line[0] + endpoint, text)
    return whole.replace("arn:aws:s3:::", store.arn or "")


_AWS_LINE = regex(r"^ +aws s3(?:api|control)? .*$", re.MULTILINE)


def _advice(e: FindingText, store: Provider, settings: Settings | None) -> Iterator[str]:
    if store.hosts and not _is_amazons(store) and e.id.startswith(_OF_AMAZON):
        yield f"This is about Amazon's services: {store.name} is not known to have them."
    elif store.id in e.fix:
        yield from _general(e, store)
        yield e.fix[store.id]
        yield from _command(e.recipe, store, settings)
    elif e.id in _OF_POLICIES and store.bucket_policy is PolicySupport.NO:
        yield f"This is about bucket policies: {store.name} has none."
    elif lacking := next((name for start, switch, name in _SWITCHES if _lacks(e.id, start, switch, store)), ""):
        if e.setting == "S3_PERMISSION":
            yield _OPENED if store.acls_count else "Set S3_PERMISSION= (empty): ACLs do nothing there."
        yield f"Whether {store.name} has {lacking} is documented nowhere that s3probe knows of: ask there."
    elif e.recipe == "policy" and not takes_iam(store) and not store.key_principal:
        yield from _command(e.recipe, store, settings, otherwise=_UNKNOWN.format(name=store.name))
    elif e.recipe == "cors" and store.cors in (Cors.OPEN, Cors.NONE, Cors.OWN):
        yield from _command(e.recipe, store, settings, otherwise=in_words_of(store, Topic.CORS))
    elif e.id in (_BY_ACL, "bucket-listable-authenticated") and not store.acls_count:
        yield from _command("listing", store, settings, otherwise=store.keep_listing_off)
    elif e.id in _LISTINGS and store.bucket_policy is not PolicySupport.YES:
        acl = e.fix["general"] if e.id == _BY_ACL and store.acls_count else store.keep_listing_off
        yield from _command("listing", store, settings, otherwise=acl)
    elif e.id == _ARCHIVES and store.bucket_policy is not PolicySupport.YES:
        told = archives_note(settings, store) if settings is not None else ""
        yield f"Public reading there: {told}" if told else store.public_read
    else:
        yield from _general(e, store)
        yield from _command(e.recipe, store, settings)


_OPENED = "Set S3_PERMISSION= (empty), and open the media on the bucket: s3probe policy says how."
_UNKNOWN = "How a key gets rights at {name} is documented nowhere that s3probe knows of: ask there."


def _lacks(finding_id: str, start: str, switch: Switch, store: Provider) -> bool:
    return finding_id.startswith(start) and switch not in store.switches


def _general(e: FindingText, store: Provider) -> Iterator[str]:
    if e.recipe not in ("public_read", "media_policy") or store.bucket_policy is PolicySupport.YES:
        yield e.fix[next(kind for kind in _kinds(store) if kind in e.fix)]
    elif e.recipe == "public_read":
        yield store.public_read
    elif store.id not in e.fix:
        yield f"Public reading there: {store.public_read}"


def _kinds(store: Provider) -> Iterator[str]:
    """Which advice of a finding fits this storage, the narrowest first."""
    if not store.acls_count:
        yield "without_acls"
    if not store.opened_without_acls and store.bucket_policy is not PolicySupport.YES:
        yield "acls_alone"
    if not takes_iam(store) and not store.key_principal:
        yield "own_rights"
    if store.bucket_policy is not PolicySupport.YES and store.id != GENERIC:
        yield "without_policies"
    if store.hosts and not _is_amazons(store):
        yield "elsewhere"
    yield "general"


def _command(topic: str, store: Provider, settings: Settings | None, *, otherwise: str = "") -> Iterator[str]:
    """The command, else where to click, else what is said of it."""

    def with_names(text: str) -> str:
        known = settings is not None and bool(settings.bucket_name)
        return filled(settings, text, documents(settings, store)) if settings and known else in_short(text)

    where = store.console.get(topic, "")
    if command := command_at(store, topic):
        note = with_names(note_at(store, topic))
        indented = "".join(f"\n    {line}" for line in with_names(command).splitlines())
        yield f"{note.rstrip('.') or 'The command'}:{indented}"
    elif where or otherwise:
        yield with_names(where) if where else otherwise

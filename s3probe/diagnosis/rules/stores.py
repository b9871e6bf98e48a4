"""Ways of single providers that an experiment shows, whoever the provider is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Finding, Manual
from s3probe.diagnosis.rounds import words
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.probe.evidence import Outcome

_PUBLIC_ACLS = ("public-read", "public-read-write")


def lists_but_does_not_open(case: Case) -> Iterator[Finding]:
    """READ on the bucket itself opens its listing, not what is in it."""
    seen, listed = case.open("public-get"), [o for o in case.open("public-list") if o.facts.get("listing")]
    sends_public_acl = case.settings.acl in _PUBLIC_ACLS
    if not seen or seen[0].http_status != 403 or not listed or sends_public_acl:
        return
    if case.get("try-bucket-acl").ok and "READ" not in case.get("try-bucket-acl").facts.get("all-users", ""):
        return  # a policy opened the listing
    opens = case.get("try-public-with-acl")
    if not opens.ok:
        return
    permission = fixes.env(case, "S3_PERMISSION", "public-read")
    yield finding(
        "ovh-bucket-acl-does-not-open-objects",
        case,
        how=f"GET {listed[0].url} listed the bucket, and a picture was answered {words(seen[0])}; with the ACL "
        "public-read of its own it is visible",
        because=[seen[0].id, *(o.id for o in listed), opens.id],
        explains=[o.id for o in case.all_open() if o.id == "public-cors" or o.facts.get("listing")],
        fixes=[fixes.bucket_acl_private(case), replace(permission, together=True)],
    )


def token_for_objects(case: Case) -> Iterator[Finding]:
    """An R2 token limited to objects: calls about the bucket are refused, and Mastodon makes none."""
    about = [o for o in (case.get("try-list-buckets"), case.get("try-read-policy")) if o.outcome is Outcome.DENIED]
    works = all(case.obs(name).ok for name in ("put-without-acl", "get", "list"))
    if fixes.store(case).id == "cloudflare-r2" and len(about) == 2 and works:
        yield finding(
            "r2-object-scoped-token",
            case,
            how=f"{about[0].operation} was answered {words(about[0])}, while uploading, reading and listing work",
            because=[o.id for o in about],
            fixes=[Manual("Nothing to do: this is the least privilege that R2 offers.")],
        )


RULES = (
    Rule(
        lists_but_does_not_open,
        Layer.VISITORS,
        yields=("ovh-bucket-acl-does-not-open-objects",),
        reads=(OPEN, "public-get", "public-list", "reach-endpoint", "try-bucket-acl", "try-public-with-acl"),
    ),
    Rule(
        token_for_objects,
        Layer.PRIVILEGE,
        yields=("r2-object-scoped-token",),
        reads=("get", "list", "put-without-acl", "reach-endpoint", "try-list-buckets", "try-read-policy"),
    ),
)

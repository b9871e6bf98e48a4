"""What ``s3probe policy`` says of a provider: for the rights of a key, public reading and CORS the way there. Pure."""

from __future__ import annotations

from enum import StrEnum

from s3probe.knowledge.cors import cors_in
from s3probe.knowledge.policies import BUCKET_REASONS, below
from s3probe.knowledge.providers import Cors, KeyRights, PolicySupport, Provider
from s3probe.knowledge.recipes import (
    document_of,
    documents,
    filled,
    key_actions,
    saved_as,
    standard,
)
from s3probe.knowledge.recognition import GENERIC
from s3probe.records import dataclass
from s3probe.settings.model import Settings


class Topic(StrEnum):
    """What is set at a provider: the names of ``commands`` and ``console`` in ``providers.toml``."""

    KEY = "policy"
    MEDIA = "public_read"
    CORS = "cors"


@dataclass(frozen=True, slots=True)
class Offer:
    """How one of the three is done at a provider. What is blank does not exist there, or nobody has said how."""

    topic: Topic
    console: str = ""
    """Where to click, or what is done in words."""
    command: str = ""
    """On the command line, with the document saved as ``file``."""
    document: object = None
    """What the command takes; without a command what the console takes."""
    file: str = ""
    pasted: object = None
    """What the console takes, where that has another form than ``document``."""
    note: str = ""
    """What must be known to run the command, in whole sentences."""
    replaces: str = ""
    """What is lost by the command, and what to do about it, in whole sentences."""
    standard: bool = False
    """It is the S3 API's own way, and whether this provider knows it stands nowhere."""
    inferred: bool = False
    """It follows from other things than the provider's own words."""


def offer(settings: Settings, provider: Provider, topic: Topic, *, alone: bool = False) -> Offer:
    """How ``topic`` is done there, with this user's names filled in.

    ``alone``: the command holds or writes the document; otherwise a person saves that as ``file`` before.
    """
    papers = documents(settings, provider)
    template = provider.commands.get(topic) or (provider.commands.get("grant", "") if topic is Topic.KEY else "")
    own = filled(settings, template, papers, alone=alone)
    command = own or standard(settings, provider, topic, papers, alone=alone)
    paper = document_of(template) if own else _paper_of(provider, topic, command)
    known = filled(settings, provider.notes.get(topic, ""), papers)
    document, pasted = papers.of(paper) if paper else None, _pasted(provider, topic)
    return Offer(
        topic,
        console=filled(settings, provider.console.get(topic, "") or in_words_of(provider, topic), papers),
        command=command,
        document=document,
        file=saved_as(paper) if paper and command else "",
        pasted=pasted if pasted != document else None,
        note=" ".join(filter(None, ("" if own else _OF_STANDARD, known))) if command else "",
        replaces=_REPLACES.get(paper, "") if command else "",
        standard=bool(paper) and not own and (provider.id == GENERIC or _unsure(provider, topic)),
        inferred=bool(_facts_of(provider, topic) & set(provider.inferred)),
    )


def _facts_of(provider: Provider, topic: Topic) -> set[str]:
    """The fields of ``providers.toml`` by which that is done there."""
    if topic is not Topic.MEDIA:
        return {"key_rights"} if topic is Topic.KEY else {"cors"}
    by_policy = {"bucket_policy"} if provider.bucket_policy is PolicySupport.YES else set()
    # an ACL that opens each file; where another switch does it, nothing hangs on ACLs
    by_acl = {"object_acl"} if provider.acls_count and provider.public_read_otherwise is not None else set()
    return {"public_read", *by_policy, *by_acl}


def _paper_of(provider: Provider, topic: Topic, command: str) -> str:
    """The document of the S3 API's own command, or of a console that takes one."""
    if topic is Topic.KEY:
        return "key" if takes_iam(provider) else ""
    return {Topic.MEDIA: "media", Topic.CORS: "cors"}[topic] if command else ""


def _pasted(provider: Provider, topic: Topic) -> object:
    """The CORS rule as the provider's console takes it; ``None`` where that has fields for it."""
    if topic is not Topic.CORS or provider.cors_console is None:
        return None
    return cors_in(provider.cors_console, provider.cors_headers)


_REPLACES = {
    "media": "It replaces the whole bucket policy.",
    "cors": "It replaces all CORS rules that are there.",
}
"""What becomes of what is there, by the document that a command takes. A key's policy replaces the one of its name."""
_OF_STANDARD = "It needs a key that may change the bucket's settings."


def join(settings: Settings, this: Offer) -> str:
    """How the document is joined with what is there already, as a sentence; ``""`` where nothing is lost."""
    endpoint = f" --endpoint-url {settings.endpoint}" if settings.endpoint else ""
    if this.command.startswith("aws s3api put-bucket-policy"):
        shown = f"aws s3api get-bucket-policy --bucket {settings.bucket_name} --query Policy --output text{endpoint}"
        return f'Where there is one already ({shown}), put its statements beside these, in the list "Statement".'
    if this.command.startswith("aws s3api put-bucket-cors"):
        shown = f"aws s3api get-bucket-cors --bucket {settings.bucket_name}{endpoint}"
        return f"Where there are some already ({shown}), put them beside this one, in the list."
    return "Put what is there already beside it, in the same list." if this.replaces else ""


def takes_iam(provider: Provider) -> bool:
    """Whether a key's rights are a document as AWS's IAM has them, or, at a provider that nobody knows, may be."""
    return provider.key_rights is KeyRights.IAM or provider.id == GENERIC


def _unsure(provider: Provider, topic: Topic) -> bool:
    unknown = {Topic.MEDIA: provider.bucket_policy is PolicySupport.UNKNOWN, Topic.CORS: provider.cors is Cors.UNKNOWN}
    return unknown.get(topic, False)


def in_words_of(provider: Provider, topic: Topic) -> str:
    """How it is done there, where no command and no console does it."""
    if topic is Topic.MEDIA:
        return provider.public_read
    if topic is Topic.CORS:
        return {
            Cors.OPEN: "Nothing is to be set: it answers pages of every origin by itself.",
            Cors.NONE: "It has no CORS rules. A proxy before it adds the header (nginx: add_header "
            "Access-Control-Allow-Origin * always;), and S3_ALIAS_HOST is that proxy's host.",
        }.get(provider.cors, "")
    return ""


def needed_rights(settings: Settings, provider: Provider) -> tuple[str, ...]:
    """All rights that Mastodon's key needs there, in S3's words."""
    return (*key_actions(settings, provider), *BUCKET_REASONS)


def archives_note(settings: Settings, provider: Provider) -> str:
    """What must be known of archives where a bucket is opened as a whole, as a sentence; ``""`` elsewhere."""
    if not provider.opens_whole:
        return ""
    archives = f"/{below(settings.key_prefix)}backups/"
    closing = provider.console.get("archives", "let the proxy before it answer 404 there (nginx: {location})")
    location = f"location ^~ {archives} {{ return 404; }}"
    return f"It opens archives too: {closing.replace('{location}', location).replace('{archives}', archives)}."


def pages_for(provider: Provider, links: tuple[str, ...]) -> tuple[str, ...]:
    """Pages about Amazon, MinIO or another provider would send the reader at this one to what is not there."""
    if not provider.hosts:
        return links
    others = [place for owner, place in _PAGES_OF if not provider.id.startswith(owner)]
    return tuple(link for link in links if _OF_THE_SDK in link or not any(place in link for place in others))


_OF_THE_SDK = "docs.aws.amazon.com/sdkref/"
"""Mastodon's own S3 client is Amazon's, wherever it leads."""
_PAGES_OF = (
    ("aws-", "aws.amazon.com"),
    ("minio", "min.io"),
    ("garage", "garagehq."),
    ("gcs", "cloud.google.com"),
    ("cloudflare-r2", "developers.cloudflare.com/r2"),
    ("wasabi", "wasabi.com"),
    ("backblaze-b2", "backblaze.com"),
    ("digitalocean-spaces", "digitalocean.com"),
    ("scaleway", "scaleway.com"),
)
"""Beginnings of a provider's id, and a part of the address of pages that are about it alone."""

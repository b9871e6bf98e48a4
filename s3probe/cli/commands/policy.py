"""``s3probe policy``: what this storage needs for exactly these settings, ready to paste."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.sources import env_files, load_settings

if TYPE_CHECKING:
    from s3probe.evidence.observations import Evidence
    from s3probe.knowledge.offers import Offer
    from s3probe.knowledge.providers import Provider
    from s3probe.settings.model import Settings

PATIENCE = 5.0
"""Seconds that the storage has to say who it is."""

_TOPICS = {"iam": "policy", "bucket": "public_read", "cors": "cors"}
"""By the word that asks for one document alone: what it is about."""
_KEYS = {"policy": "iam_policy", "public_read": "bucket_policy", "cors": "cors"}
"""What each is called in JSON."""


def run(args: Namespace, console: Console) -> int:
    """Prints what is set at the provider, with its own commands, as text with reasons or as one JSON object."""
    from s3probe.knowledge.store import store_of

    settings = load_settings(env_files(args)[0], args, console)
    if not settings.bucket_name:
        raise UsageError("S3_BUCKET is not set, and a policy needs the bucket's name", "Set it, then run this again.")
    answers = _answers(settings)
    provider = store_of(settings, answers)
    if args.document is not None:
        console.result(_alone(args.document, settings, provider, console), args.output)
    elif args.format == "json":
        console.result(json.dumps(policies(settings, provider), indent=2) + "\n", args.output)
    else:
        console.result("\n".join(_text(settings, provider, answers)) + "\n", args.output)
    return 0


def _alone(word: str, settings: Settings, provider: Provider, console: Console) -> str:
    """One document alone. Raises :class:`UsageError` where this provider takes none of that kind."""
    from s3probe.knowledge.offers import Topic, offer

    this = offer(settings, provider, Topic(_TOPICS[word]))
    if this.document is None:
        done = this.command or this.console
        advice = f"There it is done so: {done}" if done else f"How it is done there is {_NOWHERE}."
        raise UsageError(f"{provider.name} takes no such document", advice)
    if this.pasted is not None:
        console.say(f"This is what the command line takes. The console takes: {json.dumps(this.pasted)}")
    return json.dumps(this.document, indent=2) + "\n"


def _answers(settings: Settings) -> Evidence | None:
    """What the storage answers to one unsigned request; ``None`` where the host's name tells already who it is."""
    from s3probe.diagnosis.trial import why_it_raises
    from s3probe.knowledge.recognition import named_by_host

    if not settings.endpoint or why_it_raises(settings) or named_by_host(settings.api_base) is not None:
        return None
    from s3probe.probe.asking_once import who_is_there
    from s3probe.probe.tools import default_tools

    with closing(default_tools(settings)) as tools:
        return who_is_there(settings, tools, PATIENCE)


def policies(settings: Settings, provider: Provider) -> dict[str, object]:
    """``iam_policy`` for Mastodon's key, ``bucket_policy`` for the public, ``cors`` for browsers, and the commands.

    A document is ``None`` where the provider takes none of that kind. The commands hold or write what they read.
    """
    from s3probe.knowledge.offers import Topic, offer

    found = {_KEYS[topic]: offer(settings, provider, topic, alone=True) for topic in Topic}
    return {
        **{name: this.document for name, this in found.items()},
        "server": provider.id,
        "commands": {name: this.command for name, this in found.items() if this.command},
        "console": {name: this.console for name, this in found.items() if this.console},
        "inferred": [name for name, this in found.items() if this.inferred or this.standard],
    }


def _text(settings: Settings, provider: Provider, answers: Evidence | None) -> Iterator[str]:
    from s3probe.knowledge.offers import Topic, archives_note, offer

    yield f"For {provider.name}, {_known_by(answers)}."
    if settings.acl is not None and not provider.acls_count:
        yield "ACLs do nothing there: set S3_PERMISSION= (empty), so that Mastodon sends none."
    yield ""
    key, media, cors = (offer(settings, provider, topic) for topic in Topic)
    yield (
        "IAM policy for Mastodon's key: all it needs, and nothing more."
        if key.document
        else "Rights of Mastodon's key: all it needs, and nothing more."
    )
    yield ""
    yield from _rights(settings, provider)
    yield ""
    yield from _shown(settings, provider, key)
    whole = archives_note(settings, provider)
    if whole:
        yield "Public reading: everyone may read what is in the bucket, and nobody may list it."
        yield whole
    elif media.document:
        yield "Bucket policy: everyone may read media, nobody may list the bucket or read archives in backups/."
    else:
        yield "Public reading: everyone may read media, and nobody may list the bucket."
    if settings.acl not in (None, "private") and provider.acls_count and not whole:
        yield f"Not needed while uploads carry the ACL {settings.acl} and the bucket honours it."
    yield ""
    yield from _shown(settings, provider, media)
    yield "CORS rule: the web interface and apps in the browser may read media."
    yield ""
    yield from _shown(settings, provider, cors)


_NOWHERE = "documented nowhere that s3probe knows of; ask its support"


def _rights(settings: Settings, provider: Provider) -> Iterator[str]:
    from s3probe.knowledge.offers import needed_rights
    from s3probe.knowledge.policies import BUCKET_REASONS, OBJECT_REASONS

    needed = needed_rights(settings, provider)
    for action, reason in (OBJECT_REASONS | BUCKET_REASONS).items():
        if action in needed:
            yield f"  {action:<24} {reason}"


def _known_by(answers: Evidence | None) -> str:
    """How the storage was recognised."""
    from s3probe.evidence.vocabulary import ActionId

    if answers is None:
        return "by the name of its host"
    seen = answers.get(ActionId.REACH_ENDPOINT)
    answered = seen is not None and seen.http_status is not None
    return "by its answer" if answered else "by the name of its host: nobody answered there"


def _shown(settings: Settings, provider: Provider, this: Offer) -> Iterator[str]:
    """The document, where it is pasted, and the command: what that replaces stands before it."""
    if this.standard:
        whose = f"Whether {provider.name} has it is documented nowhere that s3probe knows of"
        unsure = whose if provider.hosts else "Whether this storage has it is not known"
        yield f"{unsure}: this is the S3 API's own way, as Amazon has it."
        yield ""
    elif this.inferred:
        yield f"{provider.name} says so nowhere: it follows from other things that are known of it."
        yield ""
    if this.document is not None:
        yield from _block(this.document)
    if this.pasted is not None:
        yield f"In the console ({this.console.rstrip('.')}) this:"
        yield ""
        yield from _block(this.pasted)
    elif this.console:
        yield f"In the console: {this.console}" if " > " in this.console else f"At {provider.name}: {this.console}"
        if this.command:
            yield ""
    if this.command:
        yield from _commanded(settings, provider, this)
    elif not (this.console or this.document):
        yield f"How this is done at {provider.name} is {_NOWHERE}."
    yield ""


def _commanded(settings: Settings, provider: Provider, this: Offer) -> Iterator[str]:
    from s3probe.knowledge.offers import Topic, join
    from s3probe.knowledge.recipes import unblocking

    where = "On the command line"
    if this.pasted is not None:
        where = f"On the command line, with the first document saved as {this.file}"
    elif this.file:
        where = f"On the command line, with that saved as {this.file}"
    more = " ".join(filter(None, (this.note, this.replaces, join(settings, this))))
    first = unblocking(settings, provider) if this.topic is Topic.MEDIA else ""
    yield f"{where}. {more.rstrip('.')}:" if more else f"{where}:"
    yield ""
    yield from (f"  {line}" for line in (*first.splitlines(), *this.command.splitlines()))


def _block(document: object) -> Iterator[str]:
    yield from json.dumps(document, indent=2).splitlines()
    yield ""

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
    from s3probe.knowledge.providers import Provider
    from s3probe.knowledge.recipes import Documents
    from s3probe.settings.model import Settings

PATIENCE = 5.0
"""Seconds that the storage has to say who it is."""

_TOPICS = {"iam_policy": "policy", "bucket_policy": "public_read", "cors": "cors"}
"""By document: the server's command that sets it."""
_BY_WORD = {"iam": ("policy", "key"), "bucket": ("public_read", "media"), "cors": ("cors", "cors")}
"""By what it is asked for with: the same, and the document's name in that command."""


def run(args: Namespace, console: Console) -> int:
    """Prints the three documents with the server's own commands, as text with reasons or as one JSON object."""
    from s3probe.knowledge.store import store_of

    settings = load_settings(env_files(args)[0], args, console)
    if not settings.bucket_name:
        raise UsageError("S3_BUCKET is not set, and a policy needs the bucket's name", "Set it, then run this again.")
    answers = _answers(settings)
    provider = store_of(settings, answers)
    if args.document is not None:
        console.result(_alone(args.document, settings, provider), args.output)
    elif args.format == "json":
        console.result(json.dumps(policies(settings, provider), indent=2) + "\n", args.output)
    else:
        console.result("\n".join(_text(settings, provider, answers)) + "\n", args.output)
    return 0


def _alone(word: str, settings: Settings, provider: Provider) -> str:
    """One document alone. Raises :class:`UsageError` where this server takes none of that kind."""
    from s3probe.knowledge.recipes import documents, recipe, takes

    (topic, name), papers = _BY_WORD[word], documents(settings, provider)
    if not takes(provider, topic, name):
        way = recipe(settings, provider, topic, papers) or provider.console.get(topic, "")
        advice = f"There it is done so: {way}" if way else "See s3probe policy, which says how it is done there."
        raise UsageError(f"{provider.name} takes no such document", advice)
    return json.dumps(papers.of(name), indent=2) + "\n"


def _answers(settings: Settings) -> Evidence | None:
    """What the storage answers to one unsigned request; ``None`` where the host's name tells already who it is."""
    from s3probe.diagnosis.trial import why_it_raises
    from s3probe.knowledge.providers import named_by_host

    if not settings.endpoint or why_it_raises(settings) or named_by_host(settings.api_base) is not None:
        return None
    from s3probe.probe.asking_once import who_is_there
    from s3probe.probe.tools import default_tools

    with closing(default_tools(settings)) as tools:
        return who_is_there(settings, tools, PATIENCE)


def policies(settings: Settings, provider: Provider) -> dict[str, object]:
    """``iam_policy`` for Mastodon's key, ``bucket_policy`` for the public, ``cors`` for browsers, and the commands."""
    from s3probe.knowledge.recipes import documents, recipe

    papers = documents(settings, provider)
    commands = {name: recipe(settings, provider, topic, papers) for name, topic in _TOPICS.items()}
    return {
        "iam_policy": papers.key,
        "bucket_policy": papers.media,
        "cors": papers.cors,
        "server": provider.id,
        "commands": {name: command for name, command in commands.items() if command},
    }


def _text(settings: Settings, provider: Provider, answers: Evidence | None) -> Iterator[str]:
    from s3probe.knowledge.policies import BUCKET_REASONS, OBJECT_REASONS, below
    from s3probe.knowledge.recipes import documents, key_actions, takes

    papers = documents(settings, provider)
    yield f"For {provider.name}, {_known_by(answers)}."
    if settings.acl is not None and not provider.acls_count:
        yield "ACLs do nothing there: set S3_PERMISSION= (empty), so that Mastodon sends none."
    yield ""
    needed = (*key_actions(settings, provider), *BUCKET_REASONS)
    if takes(provider, "policy", "key"):
        yield "IAM policy for Mastodon's key: all it needs, and nothing more."
    else:
        yield "Rights of Mastodon's key: all it needs, and nothing more."
    yield ""
    for action, reason in (OBJECT_REASONS | BUCKET_REASONS).items():
        if action in needed:
            yield f"  {action:<24} {reason}"
    yield ""
    if takes(provider, "policy", "key"):
        yield from _block(papers.key)
    yield from _way(settings, provider, "policy", papers)
    if provider.web_port:
        yield "Public reading: everyone may read what is in the bucket, archives too, and nobody may list it."
        archives = f"/{below(settings.key_prefix)}backups/"
        yield f"A proxy before the web port closes archives: location ^~ {archives} {{ return 404; }}"
    else:
        yield "Bucket policy: everyone may read media, nobody may list the bucket or read archives in backups/."
    if settings.acl is not None and provider.acls_count:
        yield f"Not needed while uploads carry the ACL {settings.acl} and the bucket honours it."
    yield ""
    if takes(provider, "public_read", "media"):
        yield from _block(papers.media)
    yield from _way(settings, provider, "public_read", papers)
    yield "CORS rule: the web interface and apps in the browser may read media."
    yield ""
    if takes(provider, "cors", "cors"):
        yield from _block(papers.cors)
    yield from _way(settings, provider, "cors", papers)


def _known_by(answers: Evidence | None) -> str:
    """How the storage was recognised."""
    from s3probe.evidence.vocabulary import ActionId

    if answers is None:
        return "by the name of its host"
    seen = answers.get(ActionId.REACH_ENDPOINT)
    answered = seen is not None and seen.http_status is not None
    return "by its answer" if answered else "by the name of its host: nobody answered there"


def _way(settings: Settings, provider: Provider, topic: str, papers: Documents) -> Iterator[str]:
    """Where and how this is set at the provider."""
    from s3probe.knowledge.providers import GENERIC
    from s3probe.knowledge.recipes import file_of, recipe

    command = recipe(settings, provider, topic, papers, alone=False)
    way = command or provider.console.get(topic, "")
    if not way or provider.id == GENERIC:
        return
    file = file_of(provider, topic)
    saved = f", with that saved as {file}" if file else ""
    if command:
        note = provider.notes.get(topic, "")
        yield f"At {provider.name}{saved}{f' ({note})' if note else ''}:"
        yield ""
        yield from (f"  {line}" for line in command.splitlines())
    else:
        yield f"At {provider.name}: {way}"
    yield ""


def _block(document: object) -> Iterator[str]:
    yield from json.dumps(document, indent=2).splitlines()
    yield ""

"""What of the settings may be shown: secrets go, access key ids are shortened, strangers' variables stay out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from s3probe.scrub import Scrubber
from s3probe.secret import Secret
from s3probe.settings.dotenv import places
from s3probe.settings.model import PROCESS_ENVIRONMENT, SECRET_NAMES, Credentials, Environment, Settings, Variable

PLACEHOLDER = "(secret)"
"""Stands for the value of a secret variable that is not blank."""

LEFT_OUT = "(left out)"
"""Stands for the value of a variable that has nothing to do with media storage."""

_KEY_ID_NAMES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AMAZON_ACCESS_KEY_ID"})
_SENSITIVE = re.compile(r"SECRET|PASS|TOKEN|PRIVATE|CREDENTIAL|SALT|OTP|KEY(?!_PREFIX)", re.IGNORECASE)
_STORAGE = re.compile(
    r"(S3|AWS|AMAZON|SWIFT|AZURE|FOG|PAPERCLIP|CACHE_BUSTER|CDN|EXTRA|SSL_CERT)_?\w*|S3\w*"
    r"|(LOCAL|WEB|ALTERNATE)_DOMAINS?|MAX_\w+_SIZE|(RAILS|NODE)_ENV|(https?|no|all)_proxy|MASTODON_VERSION\w*",
    re.IGNORECASE,
)
_LOOKS_GENERATED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9/+=_-]{32,}|[0-9a-f]{40,}|-----BEGIN.*", re.S)


def shorten(access_key_id: str) -> str:
    """``AKIA…7Q2B`` for an access key id; less of a short one, nothing of what looks like a secret key."""
    if not access_key_id or "…" in access_key_id:
        return access_key_id
    if len(access_key_id) > 36 or re.search(r"[^A-Za-z0-9_.-]", access_key_id):
        return "…"  # the pair was swapped, as far as one can see: this may be the secret
    shown = 4 if len(access_key_id) >= 16 else 2 if len(access_key_id) >= 8 else 1
    return f"{access_key_id[:shown]}…{access_key_id[-shown:] if shown > 1 else ''}"


def masked(access_key_id: str) -> str:
    """An access key id of the same length and look, of which no more can be read than :func:`shorten` shows.

    Rules judge a replay by it, and it is shortened to the same text.
    """
    shown = shorten(access_key_id)
    if not shown or shown == access_key_id:
        return access_key_id
    head, _, tail = shown.partition("…")
    hidden = access_key_id[len(head) : len(access_key_id) - len(tail)]
    return head + re.sub(r"[A-Za-z0-9]", "X", hidden) + tail


def is_secret(name: str, value: str) -> bool:
    """Whether the variable holds a credential, by its name or by the look of its value."""
    if name in _KEY_ID_NAMES:
        return False
    if name in SECRET_NAMES or _SENSITIVE.search(name):
        return True
    return bool(_LOOKS_GENERATED.fullmatch(value))


def is_public_line(line: str) -> bool:
    """Whether a line of an env file is blank, or sets a variable of media storage and holds nothing like a secret."""
    body = line.strip()
    found = list(places(body))
    if not body or len(found) != 1:
        return not body
    place = found[0]
    comment = body[place.value_end :]
    named = _STORAGE.fullmatch(place.name) and place.name not in _KEY_ID_NAMES and not _SENSITIVE.search(comment)
    return bool(named) and not is_secret(place.name, "") and not _LOOKS_GENERATED.search(body[place.value_start :])


def secrets_of(settings: Settings) -> tuple[Secret, ...]:
    """Everything in the settings that no output may show, in each form in which it was read."""
    texts: set[str] = set()
    if settings.credentials is not None:
        texts.add(settings.credentials.secret_access_key.reveal())
        if settings.credentials.session_token is not None:
            texts.add(settings.credentials.session_token.reveal())
    for variable in settings.environment.variables.values():
        if variable.name in SECRET_NAMES or (is_secret(variable.name, variable.value) and len(variable.value) >= 16):
            texts |= {variable.value, _unquoted(variable.raw or "")}
    return tuple(Secret(text) for text in sorted(texts - {"", PLACEHOLDER, LEFT_OUT}))


def scrubber_for(settings: Settings, show: Callable[[str], str] = shorten) -> Scrubber:
    """A scrubber that knows these settings' secrets, and puts ``show`` of an access key id in its place."""
    ids = {v.value for v in settings.environment.variables.values() if v.name in _KEY_ID_NAMES}
    if settings.credentials is not None:
        ids.add(settings.credentials.access_key_id)
    return Scrubber(secrets_of(settings), {key_id: show(key_id) for key_id in ids})


def public(settings: Settings) -> Settings:
    """The same settings, safe to attach to a public thread."""
    variables = {name: shown for name, v in settings.environment.variables.items() if (shown := _public_variable(v))}
    environment = Environment(MappingProxyType(variables), settings.environment.sources, settings.environment.notes)
    credentials = settings.credentials and _public_credentials(settings.credentials)
    return replace(settings, environment=environment, credentials=credentials)


def _unquoted(raw: str) -> str:
    text = raw.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _public_variable(variable: Variable) -> Variable | None:
    name, value = variable.name, variable.value
    if name in _KEY_ID_NAMES:
        return replace(variable, value=masked(value), raw=None)
    if not _STORAGE.fullmatch(name):
        if variable.source == PROCESS_ENVIRONMENT:
            return None
        return replace(variable, value=LEFT_OUT if value else "", raw=None)
    if is_secret(name, value):
        return replace(variable, value=PLACEHOLDER if value else "", raw=None)
    if variable.raw is not None and _LOOKS_GENERATED.search(variable.raw):
        return replace(variable, raw=None)
    return variable


def _public_credentials(credentials: Credentials) -> Credentials:
    return replace(credentials, access_key_id=masked(credentials.access_key_id))

"""What of the settings may be shown: secrets go, access key ids are shortened, strangers' variables stay out."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from operator import is_
from types import MappingProxyType, NoneType
from typing import Any, TypeVar
from urllib.parse import unquote

from s3probe.disguise import MARK
from s3probe.patterns import regex
from s3probe.records import names_of, replace
from s3probe.scrub import PAIR_IN_URL, Scrubber
from s3probe.secret import Secret
from s3probe.settings.dotenv import places
from s3probe.settings.dotenv_value import as_written
from s3probe.settings.model import PROCESS_ENVIRONMENT, SECRET_NAMES, Credentials, Environment, Settings, Variable

PLACEHOLDER = "(secret)"
"""Stands for the value of a secret variable that is not blank."""

LEFT_OUT = "(left out)"
"""Stands for the value of a variable that has nothing to do with media storage."""

NOTHING_OF_IT = "…"
"""What :func:`shorten` leaves of a key id that may be a secret key."""

_WRAPPINGS = " \t\r\n\"'\u00a0\u2018\u2019\u201c\u201d"
"""Marks around a value, without which it is tried as well (``probe.signing_rule``)."""

_KEY_ID_NAMES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AMAZON_ACCESS_KEY_ID"})
_SENSITIVE = regex(r"SECRET|PASS|TOKEN|PRIVATE|CREDENTIAL|SALT|OTP|KEY(?!_PREFIX)", re.IGNORECASE)
_STORAGE = regex(
    r"(S3|AWS|AMAZON|SWIFT|AZURE|FOG|PAPERCLIP|CACHE_BUSTER|CDN|EXTRA|SSL_CERT)_?\w*|S3\w*"
    r"|(LOCAL|WEB|ALTERNATE)_DOMAINS?|MAX_\w+_SIZE|(RAILS|NODE)_ENV|(https?|no|all)_proxy|MASTODON_VERSION\w*",
    re.IGNORECASE,
)
_SCHEME = regex(r"^[A-Za-z][A-Za-z0-9+.-]*:/*")
_LOOKS_GENERATED = regex(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9/+=_-]{32,}|[0-9a-f]{40,}|-----BEGIN.*", re.S)


def shorten(access_key_id: str) -> str:
    """``AKIA…7Q2B`` for an access key id; less of a short one, nothing of what looks like a secret key."""
    if not access_key_id or "…" in access_key_id:
        return access_key_id
    if len(access_key_id) > 36 or re.search(r"[^A-Za-z0-9_.-]", access_key_id):
        return NOTHING_OF_IT  # the pair was swapped, as far as one can see: this may be the secret
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


def concerns_storage(name: str) -> bool:
    """Whether a variable of that name may have to do with media storage."""
    return bool(_STORAGE.fullmatch(name))


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
    """Everything in the settings that no output may show, in each form in which it was read or may be tried."""
    texts: set[str] = set()
    if settings.credentials is not None:
        texts |= _texts_of(settings.credentials)
    for variable in settings.environment.variables.values():
        if variable.name in SECRET_NAMES or (is_secret(variable.name, variable.value) and len(variable.value) >= 16):
            texts |= {variable.value, unquoted(variable.raw or ""), as_written(variable.raw or "", "unquoted")}
            texts.add(variable.earlier.value if variable.earlier else "")
        elif variable.name in _KEY_ID_NAMES and shorten(variable.value) == NOTHING_OF_IT:
            texts.add(variable.value)
        if variable.earlier is not None and variable.name in _KEY_ID_NAMES:
            texts.add(variable.earlier.value if shorten(variable.earlier.value) == NOTHING_OF_IT else "")
        texts |= set(_pair_in_url(variable))
    texts |= {text.strip(_WRAPPINGS) for text in texts}
    return tuple(Secret(text) for text in sorted(texts - {"", PLACEHOLDER, LEFT_OUT}))


def _pair_in_url(variable: Variable) -> Iterator[str]:
    """User and password of a URL that is none as it stands there: a proxy's password may hold a blank or a slash.

    Those of a proper URL are hidden wherever such a one stands (``scrub``), so that a short password hides no words.
    """
    for text in (variable.value, variable.earlier.value if variable.earlier else ""):
        before, at, _host = text.rpartition("@")
        if at and concerns_storage(variable.name) and not PAIR_IN_URL.fullmatch(f"{before}@"):
            pair = _SCHEME.sub("", before)
            yield from (pair, pair.partition(":")[2], unquote(pair.partition(":")[2]))


def secrets_in(pair: Credentials) -> tuple[Secret, ...]:
    """What of a key pair no output may show, wherever the pair comes from."""
    return tuple(Secret(text) for text in sorted(_texts_of(pair)) if text)


def _texts_of(pair: Credentials) -> set[str]:
    token = pair.session_token.reveal() if pair.session_token is not None else ""
    exchanged = pair.access_key_id if shorten(pair.access_key_id) == NOTHING_OF_IT else ""
    return {pair.secret_access_key.reveal(), token, exchanged}


def scrubber_for(settings: Settings, show: Callable[[str], str] = shorten) -> Scrubber:
    """A scrubber that knows these settings' secrets, and puts ``show`` of an access key id in its place."""
    pairs = [v for v in settings.environment.variables.values() if v.name in _KEY_ID_NAMES]
    ids = {v.value for v in pairs} | {v.earlier.value for v in pairs if v.earlier is not None}
    if settings.credentials is not None:
        ids.add(settings.credentials.access_key_id)
    return Scrubber(secrets_of(settings), {key_id: show(key_id) for key_id in ids})


def scrubber_of_a_run(settings: Settings, pair: Credentials | None) -> Scrubber:
    """What hides a server's words as they come in. ``pair`` signs: the settings' own, or one of the SDK's chain.

    The settings' key id stays: rules compare it with what servers say. Nothing later knows that of the chain.
    """
    own = pair is None or pair == settings.credentials
    shortened = {} if own or pair is None else {pair.access_key_id: shorten(pair.access_key_id)}
    return Scrubber((*secrets_of(settings), *(secrets_in(pair) if pair else ())), shortened)


_UNCHANGED = frozenset({NoneType, bool, int, float})

HIDDEN = MARK
"""What stands where a secret was."""

T = TypeVar("T")


def clean(value: T, scrubber: Scrubber) -> T:
    """The same frozen dataclass with every string in it cleaned, and without the text of its secrets."""
    return typing.cast(T, _cleaned(value, cache(scrubber.clean)))


def _cleaned(value: Any, change: Callable[[str], str]) -> Any:
    """``value`` itself where nothing in it changes. A name of a header comes from a server as its value does."""
    kind = type(value)
    if kind in _UNCHANGED or isinstance(value, Enum):
        return value
    if isinstance(value, str):
        text = change(value)
        return value if text == value else kind(text)
    if isinstance(value, Secret):
        return Secret(PLACEHOLDER if value else "")
    if isinstance(value, tuple | list):
        items = tuple(_cleaned(item, change) for item in value)
        return value if isinstance(value, tuple) and all(map(is_, items, value)) else items
    if isinstance(value, Mapping):
        new = {_cleaned(key, change): _cleaned(item, change) for key, item in value.items()}
        same = all(map(is_, new, value)) and all(map(is_, new.values(), value.values()))
        return value if same else MappingProxyType(new)
    changed: dict[str, Any] = {}
    for name in _names(value.__class__):
        before = getattr(value, name)
        after = _cleaned(before, change)
        if after is not before:
            changed[name] = after
    return replace(value, **changed) if changed else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return names_of(kind)


def public(settings: Settings) -> Settings:
    """The same settings, safe to attach to a public thread."""
    variables = {name: shown for name, v in settings.environment.variables.items() if (shown := _public_variable(v))}
    environment = Environment(MappingProxyType(variables), settings.environment.sources, settings.environment.notes)
    credentials = settings.credentials and _public_credentials(settings.credentials)
    return replace(settings, environment=environment, credentials=credentials)


def unquoted(raw: str) -> str:
    """The text of a line without the quotes around it, whatever is in it."""
    text = raw.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _public_variable(variable: Variable) -> Variable | None:
    name, earlier = variable.name, variable.earlier
    if not _STORAGE.fullmatch(name) and variable.source == PROCESS_ENVIRONMENT:
        return None
    value = _public_value(name, variable.value)
    if earlier is not None:
        earlier = replace(earlier, value=_public_value(name, earlier.value))
    hidden = name in _KEY_ID_NAMES or not _STORAGE.fullmatch(name) or is_secret(name, variable.value)
    raw = None if hidden or _LOOKS_GENERATED.search(variable.raw or "") else variable.raw
    return replace(variable, value=value, raw=raw, earlier=earlier)


def _public_value(name: str, value: str) -> str:
    if name in _KEY_ID_NAMES:
        return masked(value)
    if not _STORAGE.fullmatch(name):
        return LEFT_OUT if value else ""
    return PLACEHOLDER if value and is_secret(name, value) else value


def _public_credentials(credentials: Credentials) -> Credentials:
    return replace(credentials, access_key_id=masked(credentials.access_key_id))

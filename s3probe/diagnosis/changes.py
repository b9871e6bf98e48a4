"""Other lines in the file: what they make of its settings, and which of them are needed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from s3probe.diagnosis.model import EnvFix, Fix
from s3probe.records import replace
from s3probe.redact import PLACEHOLDER
from s3probe.settings.dotenv import expanded
from s3probe.settings.dotenv_value import references
from s3probe.settings.mastodon import remade
from s3probe.settings.model import Settings
from s3probe.settings.ruby import RubyError
from s3probe.settings.urls import object_url, public_url

Lines = tuple[EnvFix, ...]
Key = frozenset[tuple[str, str | None]]
"""What a set of lines sets: two of the same are not tried twice."""
_NOT_FELT = {
    "EXTRA_MEDIA_HOSTS": "Mastodon's pages show it only after a restart. Run s3probe check again after that",
    "CACHE_BUSTER_": "only the cache shows it, which has to know the request: run s3probe check again after both",
    "S3_RETRY_LIMIT": "s3probe sends each request once: Mastodon's log shows whether more of them pass",
    "S3_MULTIPART_THRESHOLD": "only a file as large as that shows it: upload one",
    "S3_BATCH_DELETE_": "only a batch as large as Mastodon's own shows it: its log does",
    "CDN_HOST": "s3probe looks at no page of Mastodon's own files",
    "PAPERCLIP_ROOT_URL": "s3probe looks at no file on this server's disk",
}
"""Lines that no request of an examination feels, by the beginning of their names, and what decides."""


def key_of(lines: Lines) -> Key:
    """What tells one set of lines from another."""
    return frozenset((line.variable, line.value) for line in lines)


def lines_of(group: tuple[Fix, ...]) -> Lines | None:
    """The group's lines, when it is nothing but lines that a program can write."""
    lines = tuple(fix for fix in group if isinstance(fix, EnvFix) and fix.fillable)
    return lines if len(lines) == len(group) else None


def lines_in(group: tuple[Fix, ...]) -> Lines | None:
    """The same; of a group that begins with a step outside the file, its lines: it may be that this step was made."""
    outside = sum(not isinstance(fix, EnvFix) for fix in group)
    return lines_of(group[outside:]) or None


def not_felt(lines: Lines) -> str:
    """Why no examination can tell whether these lines help, and what does; ``""`` when one can."""
    whys = [next((why for name, why in _NOT_FELT.items() if line.variable.startswith(name)), "") for line in lines]
    return whys[0] if all(whys) else ""


def applied(settings: Settings, lines: Lines) -> Settings:
    """The settings with these lines in the file, and with what other lines make of them (``${S3_REGION}``)."""
    texts = {line.variable: _text(settings, line) for line in lines}
    made = remade(settings, **texts, **_following(settings, texts))
    names = {line.variable for line in lines}
    # what dotenv did to the old line says nothing of the new one
    notes = tuple(note for note in made.environment.notes if note.name not in names)
    variables = {
        name: replace(variable, raw=None, earlier=None) if name in names else variable
        for name, variable in made.environment.variables.items()
    }
    return replace(made, environment=replace(made.environment, variables=MappingProxyType(variables), notes=notes))


def _following(settings: Settings, texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """The lines below the changed ones that refer to them, as dotenv will read these then."""
    before, found = _values(settings), dict[str, str | None]()
    after = {name: text for name, text in {**before, **texts}.items() if text is not None}
    for name, variable in settings.environment.variables.items():
        raw = variable.raw or ""
        named = name not in texts and any(other in texts and other in before for other in references(raw))
        if named and expanded(raw, before) == variable.value:
            found[name] = expanded(raw, after)
    return found


def _text(settings: Settings, line: EnvFix) -> str | None:
    """The value of a line; of a text that only lacks quotes, all that stands in the file; or what stands above it."""
    if not line.as_written:
        return line.value
    variable = settings.environment.variables.get(line.variable)
    if variable is not None and variable.value == PLACEHOLDER:
        return f"{PLACEHOLDER} {line.as_written}"  # a recording: the text is not known, and is another one
    return line.value_beside(settings.environment)


def changed(before: Settings, after: Settings) -> bool:
    """Whether the second settings make anything different: after an idle line only a moment's failure passes."""
    return replace(after, environment=before.environment) != before


def _values(settings: Settings) -> dict[str, str]:
    return {name: variable.value for name, variable in settings.environment.variables.items()}


def moved(before: Settings, after: Settings) -> bool:
    """Whether requests go elsewhere (host, port, scheme, proxy) or are given another time."""
    return _way(before) != _way(after)


def _way(settings: Settings) -> tuple[object, ...]:
    try:
        storage = origin(object_url(settings, "file"))
    except RubyError as error:
        storage = ("", error.message)
    times = settings.open_timeout, settings.read_timeout
    return storage, origin(public_url(settings, "file")), settings.proxy, *times


def origin(url: str) -> tuple[str, str]:
    """Scheme, and host with port; what cannot be read is compared as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "[": an address that is none
        return "", url
    return parts.scheme, parts.netloc


def minimal(file: Settings, last: Settings, tried: Lines = ()) -> Lines:
    """The lines that lead from the file to the last settings, variable by variable, without those that change nothing.

    ``tried`` are those that were made on the way: of them a text in quotes is known by its placeholder alone.
    """
    before, after = _values(file), _values(last)
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    quoted = {line.variable: line for line in tried if line.as_written}
    needed = last
    for name in [name for name in names if not not_felt((EnvFix(name, ""),))]:
        without = remade(needed, **{name: before.get(name)})
        if replace(without, environment=needed.environment) == needed:
            needed = without
            names.remove(name)
    return tuple(quoted.get(name) or EnvFix(name, after.get(name), file.environment.line_of(name)) for name in names)

"""What the env rules share: which variables matter, what is wrong with one at first sight, and what the wire said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import TRIMMED, EnvFix, Finding, Fix, Severity
from s3probe.evidence.vocabulary import PAIR_EXPERIMENTS, ActionId, Actor, Experiment, ObservationId
from s3probe.records import replace
from s3probe.settings.addressing import is_aws
from s3probe.settings.mastodon import remade
from s3probe.settings.model import PROCESS_ENVIRONMENT, SECRET_NAMES, NoteKind, RaisedError, Settings, Variable
from s3probe.settings.urls import public_url

STORAGE_NAMES = frozenset(
    {
        "S3_ENABLED", "S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_HOSTNAME", "S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST",
        "S3_PROTOCOL", "S3_PERMISSION", "S3_KEY_PREFIX", "S3_OVERRIDE_PATH_STYLE", "S3_MULTIPART_THRESHOLD",
        "S3_OPEN_TIMEOUT", "S3_READ_TIMEOUT", "S3_RETRY_LIMIT", "S3_SIGNATURE_VERSION", "S3_STORAGE_CLASS",
        "S3_FORCE_SINGLE_REQUEST", "S3_ENABLE_CHECKSUM_MODE", "S3_BATCH_DELETE_LIMIT", "S3_BATCH_DELETE_RETRY",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "EXTRA_MEDIA_HOSTS", "CDN_HOST",
        "AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION",
    }
)  # fmt: skip
"""Every variable Mastodon reads for its media (Mastodon ``config/initializers/paperclip.rb``)."""

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
TEXT_FORMS: Mapping[ObservationId, tuple[str, str]] = {
    Experiment.SECRET_RAW: ("AWS_SECRET_ACCESS_KEY", "raw"),
    Experiment.SECRET_UNQUOTED: ("AWS_SECRET_ACCESS_KEY", "unquoted"),
    Experiment.SECRET_TRIMMED: ("AWS_SECRET_ACCESS_KEY", TRIMMED),
    Experiment.KEY_ID_RAW: ("AWS_ACCESS_KEY_ID", "raw"),
    Experiment.KEY_ID_UNQUOTED: ("AWS_ACCESS_KEY_ID", "unquoted"),
    Experiment.KEY_ID_TRIMMED: ("AWS_ACCESS_KEY_ID", TRIMMED),
}
"""Whose text was tried, and in which form."""
PLACEHOLDER = "<the same value>"
"""Stands for a value that no output may show."""
PUBLIC_ACTIONS = (
    ActionId.PUBLIC_GET,
    ActionId.PUBLIC_CORS,
    ActionId.PUBLIC_RANGE,
    ActionId.PUBLIC_GET_CACHE,
    ActionId.PUBLIC_GET_AVATAR,
    ActionId.PUBLIC_GET_EMOJI,
    ActionId.RESTORED_PUBLIC_GET,
)
_MARKS = "\"'“”‘’„‚«»\u00a0\u200b\u200c\u200d\ufeff\u2060"


def intended(settings: Settings) -> Settings:
    """The settings as they would be with S3 switched on, when everything else speaks for that.

    So one run also finds what waits behind a misspelt S3_ENABLED.
    """
    enabled = settings.environment.get("S3_ENABLED")
    if settings.storage != "s3" and settings.bucket and (enabled or "").strip().lower() not in ("false", "no", "0"):
        return remade(settings, S3_ENABLED="true")
    return settings


def for_s3(rule: Callable[[Case], Iterator[Finding]]) -> Callable[[Case], Iterator[Finding]]:
    """A rule that concerns S3 only: it sees the settings as they were meant, and nothing when S3 was not meant."""

    @wraps(rule)
    def judged(case: Case) -> Iterator[Finding]:
        settings = intended(case.settings)
        if settings.storage == "s3":
            unknown = computed(settings)
            found = merged(rule(case if settings is case.settings else replace(case, settings=settings)))
            yield from (f for f in found if f.setting not in unknown or f.id == "env-command-substitution")

    return judged


def computed(settings: Settings) -> set[str]:
    """Variables whose value only a command knows: nothing can be said about them."""
    return {note.name for note in settings.environment.notes if note.kind is NoteKind.COMMAND}


def merged(found: Iterable[Finding]) -> Iterable[Finding]:
    """One finding per id: the same fault on several lines is one cause, with a fix for each line."""
    by_id: dict[str, Finding] = {}

    def belonging(fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
        return tuple(replace(fix, together=True) if isinstance(fix, EnvFix) else fix for fix in fixes[:1])

    for this in found:
        first = by_id.get(this.id)
        by_id[this.id] = (
            this
            if first is None
            else replace(
                first,
                severity=min(first.severity, this.severity, key=list(Severity).index),
                how_known=f"{first.how_known}; {this.how_known}",
                explains=tuple(dict.fromkeys((*first.explains, *this.explains))),
                fixes=(*first.first_choice, *belonging(this.fixes), *first.fixes[len(first.first_choice) :]),
            )
        )
    return by_id.values()


def storage_variables(settings: Settings) -> Iterator[Variable]:
    """The variables Mastodon reads for its media, as far as they are set."""
    return (v for v in settings.environment.variables.values() if v.name in STORAGE_NAMES)


def place(variable: Variable) -> str:
    """Where a variable is set, for a sentence."""
    if variable.source == PROCESS_ENVIRONMENT:
        return "the process environment"
    return f"line {variable.line} of {variable.source}"


def shown(variable: Variable) -> str:
    """``NAME=value``, with a secret's value left out."""
    return f"{variable.name}=…" if is_secret(variable.name) else f"{variable.name}={variable.value}"


def is_secret(name: str) -> bool:
    """Whether no finding may show or use the value: a saved run has neither half of the key pair in it."""
    return name in SECRET_NAMES or name in CREDENTIALS


def stray_marks(value: str) -> bool:
    """Quotes around a value, or signs that word processors and web pages put there."""
    return value != value.strip(_MARKS + " ") and not value.isspace()


def clean(value: str) -> str:
    """``value`` without quotes, blanks and invisible signs around it, and without no-break spaces in it."""
    for mark in "\u00a0\u200b\u200c\u200d\ufeff\u2060":
        value = value.replace(mark, "")
    return value.strip(_MARKS + " \t\r\n")


def trouble_of(settings: Settings, *variables: str) -> RaisedError | None:
    """The first exception Mastodon raises because of one of these variables."""
    return next((t for t in settings.troubles if t.variable in variables), None)


def at_aws(settings: Settings) -> bool:
    """Whether the API is AWS's own. Where the SDK finds no address for its region, what the file asks for tells."""
    return is_aws(settings.api_base) if settings.api_base else settings.endpoint is None


def refused(case: Case) -> tuple[ObservationId, ...]:
    """Ids of Mastodon's requests that failed, and that nothing explains yet."""
    return tuple(o.id for o in case.all_open() if o.actor is Actor.MASTODON)


def unseen(case: Case, *actions: ObservationId) -> tuple[ObservationId, ...]:
    """Ids of what visitors asked of the published host without an answer, and of ``actions`` that failed.

    Of all these only what nothing explains yet. Without ``actions``: all that is public.
    """
    host = public_url(case.settings, "")
    return tuple(
        o.id
        for o in case.all_open()
        if (o.id in actions if actions else o.id.is_public) or (o.network is not None and o.url.startswith(host))
    )


def signing_works(case: Case, *variables: str) -> bool:
    """Whether a signed request succeeded with the key pair as the file has it, and with these ``variables``."""
    others = (ActionId.REACH_ENDPOINT, ActionId.CLOCK, *PAIR_EXPERIMENTS)
    return any(
        o.ok
        and o.actor is Actor.MASTODON
        and o.operation
        and o.id not in others
        and not any(name in o.changes for name in variables)
        for o in case.all()
    )


def tried(case: Case, *experiments: ObservationId) -> bool:
    """Whether one of these experiments succeeded: then the rules of the wire tell more than the file can."""
    return any(o.ok for o in case.every(*experiments))

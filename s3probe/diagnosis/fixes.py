"""Fixes filled in with the user's own values: lines of the env file, and what belongs to the machine. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import (
    EXCHANGED,
    KEY_PAIR,
    EnvFix,
    Manual,
    ServerFix,
)
from s3probe.diagnosis.words import sentences
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact
from s3probe.knowledge.providers import Provider
from s3probe.knowledge.store import store_of
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.settings.addressing import is_aws, regional_host
from s3probe.settings.mastodon import retries_of
from s3probe.settings.model import Settings
from s3probe.settings.sdk_variables import retry_mode

_AWS_REGION = regex(r"(?<![a-z0-9])[a-z]{2}(?:-[a-z]{3,})+-\d(?![a-z0-9])")
_RELEASE = regex(r"v?(\d{1,4})\.(\d{1,4})")
_HAS_RETRY_LIMIT = (4, 3)
"""The first release that reads ``S3_RETRY_LIMIT`` (config/initializers/paperclip.rb); before, it is 0."""
_ENOUGH = 2
NOTHING_TO_DO = Manual("Nothing to do. When it happens again and again, see the provider's status page.")
_CLOCK_NOISE = 60.0
"""Seconds: less is no clock that a signature fails by."""


def env(case: Case, variable: str, value: str | None, note: str = "", *, conditional: bool = False) -> EnvFix:
    """A line of the env file, with its number when the variable stands in it."""
    line = case.settings.environment.line_of(variable)
    return EnvFix(variable, value, line, note=note, conditional=conditional)


def retries(case: Case) -> EnvFix | Manual:
    """Lets Mastodon ask again what failed for a moment, where this release has a setting for it."""
    version = case.evidence.run.mastodon_version if case.evidence else ""
    release = _RELEASE.match(version)
    if release and (int(release[1]), int(release[2])) < _HAS_RETRY_LIMIT:
        return Manual(
            f"Upgrade Mastodon: {version} never asks again, and from 4.3 on S3_RETRY_LIMIT=3 lets it ask three times."
        )
    values = {name: variable.value for name, variable in case.settings.environment.variables.items()}
    if retry_mode(values) != "legacy":
        return env(
            case, "AWS_MAX_ATTEMPTS", "4", f"The SDK's retry mode {retry_mode(values)} sets S3_RETRY_LIMIT aside."
        )
    return env(case, "S3_RETRY_LIMIT", "3", "Mastodon 4.3 and later read it.")


def asks_again(case: Case) -> bool:
    """Whether Mastodon asks again by itself, as often as the probe does before it calls a failure lasting."""
    return retries_of(case.settings) >= _ENOUGH


def right_region(case: Case) -> str:
    """The region with which a request got further; ``""`` where none was needed."""
    tried = case.every(ExperimentWith.REGION)
    got_further = [row.id for row in tried if row.ok or row.facts.get(Fact.KEPT) == "yes"]
    return ExperimentWith.REGION.value_in(got_further[-1]) if got_further else ""


def named_region(settings: Settings) -> str:
    """The region that the values of the file name beside ``S3_REGION``, or in it, at AWS; ``""`` for none."""
    names = ("S3_ENDPOINT", "S3_HOSTNAME", "S3_ALIAS_HOST")
    values = [settings.environment.get(name) or "" for name in names]
    hosts = [value.lower() for value in values if is_aws(value)]
    inside = (settings.environment.get("S3_REGION") or "").lower().replace("_", "-")
    return next((found[0] for text in (*hosts, inside) if (found := _AWS_REGION.search(text))), "")


def region_too(case: Case) -> tuple[EnvFix, ...]:
    """The lines of the right region, for a fix that holds its name as well; none where the file's own is right."""
    settings, region = case.settings, right_region(case)
    if not region or region == settings.region:
        return ()
    lines = [env(case, "S3_REGION", region)]
    if settings.endpoint and is_aws(settings.endpoint) and settings.region in settings.endpoint:
        lines.append(env(case, "S3_ENDPOINT", settings.endpoint.replace(settings.region, region)))
    return tuple(replace(line, together=True) for line in lines)


def public_host(case: Case, host: str) -> tuple[EnvFix, ...]:
    """The line of the public host; at AWS, whose hosts hold the region, with that of the region where it is wrong."""
    return (env(case, "S3_HOSTNAME", host), *(region_too(case) if is_aws(host) else ()))


def host_too(case: Case, region: str) -> tuple[EnvFix, ...]:
    """The line of AWS's public host in that region, where the one of the file holds the other region.

    So does what Mastodon makes up without a line (``s3-REGION.amazonaws.com``); its own pages do not allow that one,
    and mostly it does not exist.
    """
    settings = case.settings
    alias = settings.alias_host
    made_up = alias is None and settings.hostname_is_default and is_aws(settings.api_base)
    name, host = ("S3_HOSTNAME", settings.hostname) if alias is None else ("S3_ALIAS_HOST", alias)
    if made_up:
        line = env(case, name, regional_host(region))
    elif settings.region and is_aws(host) and settings.region in host.split("."):
        line = env(case, name, host.replace(settings.region, region))
    else:
        return ()
    return (replace(line, together=True),)


def bucket_line(case: Case, why: str) -> EnvFix:
    """The line of the bucket that was most likely meant; else what to look up, and a sentence why."""
    near = nearest_bucket(case)
    if not near:
        return exact_bucket(case, why)
    # only the admin knows whether it is the bucket that was meant
    return env(case, "S3_BUCKET", near, "It is this key's bucket with the most similar name.", conditional=True)


def exact_bucket(case: Case, why: str) -> EnvFix:
    note = sentences(why, "The provider's console shows the exact name.")
    return by_hand(case, "S3_BUCKET", "the exact name of your bucket", note)


def nearest_bucket(case: Case) -> str:
    """The bucket of this key with the most similar name, when the key may list them.

    Where a store shows what this key may use and that is one bucket, it is this.
    """
    import difflib

    names = case.get(Experiment.LIST_BUCKETS).facts.get(Fact.NAMES, "").split()
    if len(names) == 1 and provider_of(case).lists_own_buckets:
        return names[0]
    return next(iter(difflib.get_close_matches(case.settings.bucket_name, names, n=1, cutoff=0.6)), "")


def requote(case: Case, variable: str, as_written: str = "") -> EnvFix:
    """The same text in single quotes, which dotenv leaves alone. The text itself is a secret and is not shown.

    ``as_written``: the form in which a request with it passed.
    """
    entry = case.settings.environment.variables.get(variable)
    doubled = entry is not None and (entry.raw or "").startswith('"')
    return EnvFix(
        variable,
        "'<the text that stands there now>'",
        case.settings.environment.line_of(variable),
        secret=True,
        note="Put single quotes in place of the double ones, and change nothing else."
        if doubled
        else "Put single quotes around the value, and change nothing else.",
        as_written=as_written,
    )


def kept(case: Case, variable: str, as_written: str) -> EnvFix:
    """The text that stands there, without what does not belong to it; of a secret it is not shown."""
    line = case.settings.environment.line_of(variable)
    note = "Keep the key itself, without the quotes, blanks and other marks around it."
    return EnvFix(variable, "<the text that stands there now>", line, secret=True, note=note, as_written=as_written)


def exchanged(case: Case) -> tuple[EnvFix, EnvFix]:
    """Both halves of the key pair, each where the other stands. Neither is shown."""
    key_id, secret = (
        EnvFix(
            name,
            f"<what {other} holds now>",
            case.settings.environment.line_of(name),
            secret=True,
            as_written=EXCHANGED,
        )
        for name, other in (KEY_PAIR, KEY_PAIR[::-1])
    )
    return replace(key_id, note="Exchange the two values."), replace(secret, together=True)


def by_hand(case: Case, variable: str, placeholder: str, note: str, *, together: bool = False) -> EnvFix:
    """A line whose right value only the provider's console shows: ``note`` says where it comes from."""
    line = case.settings.environment.line_of(variable)
    return EnvFix(variable, f"<{placeholder}>", line, secret=True, note=note, together=together)


def api_in_hostname(case: Case, host: str) -> EnvFix | None:
    """``S3_ENDPOINT`` with the host of ``S3_HOSTNAME``, where that is another one than ``host``, which is no API's.

    Beside ``S3_ALIAS_HOST`` nobody is sent to it, so that it is mostly the API's own name.
    """
    settings = case.settings
    named = "" if settings.hostname_is_default else settings.hostname
    below = named.startswith(f"{settings.bucket_name}.")
    if not named or below or host_of(f"https://{named}") in (host, host_of(f"https://{settings.alias_host or host}")):
        return None
    return env(case, "S3_ENDPOINT", f"https://{named}")


def api_by_hand(case: Case, host: str, placeholder: str = "https:// and the API's own host") -> EnvFix:
    """``S3_ENDPOINT`` with what only the console shows left open, where it leads to ``host``, which is no API's."""
    return by_hand(case, "S3_ENDPOINT", placeholder, f"{host} serves visitors alone.")


def new_pair(case: Case, note: str) -> tuple[EnvFix, EnvFix]:
    """Both halves of a new key pair."""
    secret = by_hand(case, "AWS_SECRET_ACCESS_KEY", "the secret that was shown with it", "", together=True)
    return by_hand(case, "AWS_ACCESS_KEY_ID", "the id of the new key", note), secret


def no_pair(case: Case) -> EnvFix:
    """Leaves signing to the machine's role."""
    note = "Remove AWS_SECRET_ACCESS_KEY as well. Do so only where an instance role may sign."
    return env(case, "AWS_ACCESS_KEY_ID", None, note, conditional=True)


def provider_of(case: Case) -> Provider:
    """Who the store is, by its host and its answers."""
    return case.store or store_of(case.settings, case.evidence)


def clock(case: Case, refused: Observation) -> ServerFix:
    """Sets this machine's clock; by how much it is off, where the refusal or the first answer's date tells."""
    skews = [row.facts.get(Fact.SKEW, "") for row in (refused, case.get(ActionId.CLOCK))]
    skew = next((float(text) for text in skews if text and abs(float(text)) >= _CLOCK_NOISE), None)
    note = ""
    if skew is not None:
        off = duration(skew)
        note = f"This machine's clock is {off} slow." if skew > 0 else f"This machine's clock is {off} fast."
    return ServerFix("clock", "timedatectl set-ntp true", note)


def duration(seconds: float) -> str:
    """``40 seconds``, ``16 minutes``, ``3 hours``; the sign is left out."""
    size = abs(round(seconds))
    for length, one, many in _DURATIONS:
        if size >= 2 * length or length == 1:
            number = round(size / length)
            return one if number == 1 else many.format(number)
    return ""


_DURATIONS = ((3600, "1 hour", "{} hours"), (60, "1 minute", "{} minutes"), (1, "1 second", "{} seconds"))


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""

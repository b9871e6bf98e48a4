"""Whether S3 is on at all, whether the names are right, and whether what is needed is there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rules.env_names import (
    SECRET_PLACEHOLDER,
    STORAGE_NAMES,
    for_s3,
    is_aws,
    is_secret,
    place,
    refused,
    shown,
)
from s3probe.diagnosis.texts import finding
from s3probe.settings.model import PROCESS_ENVIRONMENT, Settings, Variable

_OFF = ("false", "no", "0", "off", "")
_ACL_NAMES = ("S3_PERMISSIONS", "S3_ACL", "S3_DEFAULT_ACL")
_RIGHT_NAMES = {
    "S3_ACCESS_KEY_ID": "AWS_ACCESS_KEY_ID",
    "S3_ACCESS_KEY": "AWS_ACCESS_KEY_ID",
    "S3_KEY_ID": "AWS_ACCESS_KEY_ID",
    "AWS_ACCESS_KEY": "AWS_ACCESS_KEY_ID",
    "AWS_KEY_ID": "AWS_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY": "AWS_SECRET_ACCESS_KEY",
    "S3_SECRET_KEY": "AWS_SECRET_ACCESS_KEY",
    "S3_SECRET": "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY": "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET": "AWS_SECRET_ACCESS_KEY",
    "S3_BUCKET_NAME": "S3_BUCKET",
    "AWS_BUCKET": "S3_BUCKET",
    "AWS_S3_BUCKET": "S3_BUCKET",
    "AWS_REGION": "S3_REGION",
    "AWS_DEFAULT_REGION": "S3_REGION",
    "AWS_S3_REGION": "S3_REGION",
    "S3_HOST": "S3_HOSTNAME",
    "S3_HOST_NAME": "S3_HOSTNAME",
    "S3_URL": "S3_ENDPOINT",
    "S3_ENDPOINT_URL": "S3_ENDPOINT",
    "S3_ALIAS": "S3_ALIAS_HOST",
    "S3_ALIAS_HOSTNAME": "S3_ALIAS_HOST",
    "S3_ALIAS_DOMAIN": "S3_ALIAS_HOST",
    "S3_CDN_HOST": "S3_ALIAS_HOST",
    "S3_PREFIX": "S3_KEY_PREFIX",
}
_WITHOUT_EFFECT = ("S3_FORCE_PATH_STYLE", "S3_PATH_STYLE", "S3_USE_SSL", "S3_DISABLE_CHECKSUM_MODE")


def switched_off(case: Case) -> Iterator[Finding]:
    """S3_ENABLED must be exactly ``true``."""
    settings = case.settings
    if settings.storage == "s3":
        return
    variable = settings.environment.variables.get("S3_ENABLED")
    how = f"{place(variable)} says {shown(variable)!r}" if variable else "S3_ENABLED is not set"
    meant_off = variable is not None and variable.value.strip().lower() in _OFF
    if settings.storage != "filesystem" or not settings.bucket:
        severity, certainty = Severity.NOTICE, Certainty.CERTAIN
    elif meant_off:
        severity, certainty = Severity.WARNING, Certainty.LIKELY
    else:
        severity, certainty = Severity.FAILURE, Certainty.CERTAIN
    if variable is not None and not meant_off:
        severity = Severity.FAILURE
    where = {"filesystem": "the local disk"}.get(settings.storage, settings.storage.capitalize())
    yield finding(
        "env-s3-enabled-not-true",
        case,
        how=f"{how}; Mastodon compares it with the exact text true, and keeps media on {where}",
        severity=severity,
        certainty=certainty,
        explains=refused(case),
        fixes=(fixes.env(case, "S3_ENABLED", "true"),),
    )


@for_s3
def several_backends(case: Case) -> Iterator[Finding]:
    """Swift or Azure switched on beside S3: S3 wins."""
    for name in ("SWIFT_ENABLED", "AZURE_ENABLED"):
        if case.settings.environment.get(name) == "true":
            yield finding(
                "several-backends-enabled",
                case,
                how=f"S3_ENABLED and {name} are both true; Mastodon looks at S3 first",
                setting=name,
                fixes=(fixes.env(case, name, None),),
            )


@for_s3
def misspelt_acl(case: Case) -> Iterator[Finding]:
    """The ACL under a name nobody reads."""
    environment = case.settings.environment
    if environment.get("S3_PERMISSION") is not None:
        return
    for name in _ACL_NAMES:
        variable = environment.variables.get(name)
        if variable is None or variable.value == "public-read":
            continue
        put = case.obs("put-with-acl")
        refused_acl = put.failed and case.obs("put-without-acl").ok
        yield finding(
            "env-misspelt-s3-permissions",
            case,
            how=f"{place(variable)} sets {shown(variable)}, which Mastodon never reads; "
            "S3_PERMISSION is not set, so public-read is sent",
            severity=Severity.FAILURE if refused_acl else Severity.WARNING,
            because=(put.id,) if refused_acl else (),
            explains=tuple(o.id for o in case.open("archive-put", "put-acl-private", "multipart-create"))
            if refused_acl
            else (),
            fixes=(EnvFix("S3_PERMISSION", variable.value, variable.line),),
        )


@for_s3
def misspelt_names(case: Case) -> Iterator[Finding]:
    """Names that Mastodon never reads, where it reads a similar one that is absent."""
    environment = case.settings.environment
    for variable in environment.variables.values():
        if variable.name in _WITHOUT_EFFECT and variable.source != PROCESS_ENVIRONMENT:
            yield _unread(case, variable, None)
        right = _right_name(variable, case.settings)
        if right is not None and variable.value and environment.get(right) is None:
            yield _unread(case, variable, right)


def _right_name(variable: Variable, settings: Settings) -> str | None:
    name = variable.name
    if name in STORAGE_NAMES or name in _ACL_NAMES:
        return None
    right = _RIGHT_NAMES.get(name)
    if right is None and name.upper().startswith(("S3_", "S3")):
        near = (known for known in sorted(STORAGE_NAMES) if known.startswith("S3_"))
        right = next((known for known in near if _distance(name.upper(), known) <= 2), None)
    if right in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") and settings.credentials is not None:
        return None  # the SDK knows these names itself
    if right == "S3_REGION" and (settings.endpoint is not None or variable.value == settings.region):
        return None
    if right == "S3_HOSTNAME" and settings.alias_host is not None:
        return None
    return right


def _unread(case: Case, variable: Variable, right: str | None) -> Finding:
    required = right in ("S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ENDPOINT")
    secret = right is not None and is_secret(right)
    fix = EnvFix(
        right or variable.name,
        None if right is None else SECRET_PLACEHOLDER if secret else variable.value,
        variable.line,
        secret=secret,
        note="rename the variable; its value stays" if right else "",
    )
    says = f"it reads {right}, which is not set" if right else "no variable of Mastodon's does what it says"
    return finding(
        "env-misspelt-other-names",
        case,
        how=f"{place(variable)} sets {variable.name}, which Mastodon never reads; {says}",
        severity=Severity.FAILURE if required else Severity.WARNING if right else Severity.NOTICE,
        setting=right or variable.name,
        explains=refused(case) if required else (),
        fixes=(fix,),
    )


@for_s3
def missing(case: Case) -> Iterator[Finding]:
    """What this set-up cannot do without: a bucket, a complete key pair, a public host of its own."""
    settings = case.settings
    if not settings.bucket and not _misspelt_for(settings, "S3_BUCKET"):
        word = "blank" if settings.bucket == "" else "not set"
        advice = Manual("Set S3_BUCKET to your bucket's name, as the provider's console shows it.")
        yield _missing(case, "S3_BUCKET", f"S3_BUCKET is {word}", advice)
    elif settings.credentials is None:
        yield from _missing_keys(case)
    host = urlsplit(settings.api_base).netloc
    if settings.endpoint and host and not is_aws(settings) and settings.hostname_is_default and not _public(settings):
        yield finding(
            "missing-variable",
            case,
            how=f"neither S3_HOSTNAME nor S3_ALIAS_HOST is set, so media URLs lead to {settings.hostname} at Amazon, "
            f"while the files are at {host}",
            setting="S3_HOSTNAME",
            explains=tuple(o.id for o in case.all_open() if o.id.startswith("public-") and not o.assuming),
            fixes=(
                EnvFix("S3_HOSTNAME", host),
                EnvFix("S3_ALIAS_HOST", f"files.{settings.web_domain or 'example.com'}"),
            ),
        )


def _public(settings: Settings) -> bool:
    return settings.alias_host is not None or bool(_misspelt_for(settings, "S3_HOSTNAME", "S3_ALIAS_HOST"))


def _misspelt_for(settings: Settings, *names: str) -> list[Variable]:
    return [v for v in settings.environment.variables.values() if v.value and _right_name(v, settings) in names]


def _missing(case: Case, name: str, how: str, fix: Fix, **more: Severity | Certainty) -> Finding:
    return finding(
        "missing-variable",
        case,
        how=how,
        setting=name,
        severity=Severity(more.get("severity", Severity.FAILURE)),
        certainty=Certainty(more.get("certainty", Certainty.CERTAIN)),
        explains=refused(case),
        fixes=(fix,),
    )


def _missing_keys(case: Case) -> Iterator[Finding]:
    """No complete pair: then the SDK looks elsewhere, which is right on a machine with an instance role only."""
    environment = case.settings.environment
    pair = {name: environment.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    absent = [name for name, value in pair.items() if not value]
    if _misspelt_for(case.settings, *absent):
        return
    gone = bool(refused(case))
    if len(absent) == 1:
        name = absent[0]
        fix = EnvFix(
            name, SECRET_PLACEHOLDER, environment.line_of(name), secret=True, note="from your provider's console"
        )
        yield _missing(
            case, name, f"{name} is {'blank' if pair[name] == '' else 'not set'}, the other half is there", fix
        )
    elif any(value == "" for value in pair.values()):
        yield finding(
            "env-s3-enabled-left-from-sample",
            case,
            how="S3_ENABLED is true, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are blank",
            certainty=Certainty.CERTAIN if gone else Certainty.LIKELY,
            explains=refused(case),
            fixes=(
                fixes.env(case, "S3_ENABLED", "false", "if media are to stay on this machine's disk"),
                Manual("Put the key pair in, if media are to go to object storage."),
            ),
        )
    else:
        elsewhere = is_aws(case.settings) or any(environment.get(name) for name in _CHAIN)
        severity = Severity.FAILURE if gone or not elsewhere else Severity.NOTICE
        advice = Manual("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key pair of your provider.")
        how = "no key pair is set; Mastodon can only sign if this machine has an instance role or the SDK's own files"
        certainty = Certainty.CERTAIN if gone else Certainty.LIKELY if not elsewhere else Certainty.POSSIBLE
        yield _missing(case, "AWS_ACCESS_KEY_ID", how, advice, severity=severity, certainty=certainty)


_CHAIN = ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # fmt: skip


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance; swapping two neighbours counts as two."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


RULES = (switched_off, several_backends, misspelt_acl, misspelt_names, missing)

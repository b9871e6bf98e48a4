"""Names that Mastodon never reads, where it reads a similar one."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import EnvFix, Finding, Severity
from s3probe.diagnosis.rule import OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import PLACEHOLDER, STORAGE_NAMES, for_s3, is_secret, place, refused, shown
from s3probe.diagnosis.rules.env_values import acl_meant
from s3probe.diagnosis.texts import finding
from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.vocabulary import ActionId
from s3probe.settings.model import PROCESS_ENVIRONMENT, Settings, Variable

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
    "S3_ALIAS_URL": "S3_ALIAS_HOST",
    "S3_HOST_ALIAS": "S3_ALIAS_HOST",
    "S3_HOSTNAME_ALIAS": "S3_ALIAS_HOST",
    "ALIAS_HOST": "S3_ALIAS_HOST",
    "S3_CDN": "S3_ALIAS_HOST",
    "S3_CDN_HOST": "S3_ALIAS_HOST",
    "S3_CDN_DOMAIN": "S3_ALIAS_HOST",
    "S3_CDN_URL": "S3_ALIAS_HOST",
    "S3_CUSTOM_HOST": "S3_ALIAS_HOST",
    "S3_CUSTOM_DOMAIN": "S3_ALIAS_HOST",
    "S3_DOMAIN": "S3_ALIAS_HOST",
    "S3_MEDIA_HOST": "S3_ALIAS_HOST",
    "S3_PUBLIC_HOST": "S3_ALIAS_HOST",
    "S3_PUBLIC_HOSTNAME": "S3_ALIAS_HOST",
    "S3_PUBLIC_DOMAIN": "S3_ALIAS_HOST",
    "S3_PUBLIC_URL": "S3_ALIAS_HOST",
    "S3_CLOUDFRONT": "S3_CLOUDFRONT_HOST",
    "S3_CLOUDFRONT_HOSTNAME": "S3_CLOUDFRONT_HOST",
    "S3_CLOUDFRONT_DOMAIN": "S3_CLOUDFRONT_HOST",
    "S3_CLOUDFRONT_URL": "S3_CLOUDFRONT_HOST",
    "CLOUDFRONT_HOST": "S3_CLOUDFRONT_HOST",
    "S3_PREFIX": "S3_KEY_PREFIX",
}
_PLAIN = {name.replace("_", ""): right for name, right in (*_RIGHT_NAMES.items(), *((n, n) for n in STORAGE_NAMES))}
"""The same without underscores: ``S3_BUCKETNAME`` is as close as ``S3_BUCKET_NAME``."""
_HOSTS = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "S3_HOSTNAME")
_WITHOUT_EFFECT = ("S3_FORCE_PATH_STYLE", "S3_PATH_STYLE", "S3_USE_SSL", "S3_DISABLE_CHECKSUM_MODE")


@for_s3
def misspelt_acl(case: Case) -> Iterator[Finding]:
    """The ACL under a name that Mastodon does not read."""
    environment = case.settings.environment
    if environment.get("S3_PERMISSION") is not None:
        return
    for name in _ACL_NAMES:
        variable = environment.variables.get(name)
        if variable is None:
            continue
        meant = acl_meant(case, variable.value)
        if meant == "public-read":
            continue  # it is sent all the same
        put = case.get(ActionId.PUT_WITH_ACL)
        refused_acl = put.failed and case.get(ActionId.PUT_WITHOUT_ACL).ok
        yield finding(
            "env-misspelt-s3-permissions",
            case,
            how=f"{place(variable)} sets {shown(variable)}, which Mastodon never reads; "
            "S3_PERMISSION is not set, so public-read is sent",
            named=name,
            severity=Severity.FAILURE if refused_acl else Severity.WARNING,
            because=(put.id,) if refused_acl else (),
            explains=tuple(
                o.id
                for o in case.open(
                    ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT, ActionId.PUT_ACL_PRIVATE, ActionId.MULTIPART_CREATE
                )
            )
            if refused_acl
            else (),
            fixes=(EnvFix("S3_PERMISSION", meant, variable.line),),
        )


@for_s3
def misspelt_names(case: Case) -> Iterator[Finding]:
    """Names that Mastodon never reads, where it reads a similar one that is absent."""
    environment = case.settings.environment
    for variable in environment.variables.values():
        if variable.name in _WITHOUT_EFFECT and variable.source != PROCESS_ENVIRONMENT:
            yield _unread(case, variable, None)
        right = _right_name(variable, case.settings, region_counts=_region_may_be_wrong(case))
        # a blank line beside it means as little as none
        if right is not None and variable.value and not (environment.get(right) or "").strip():
            yield _unread(case, variable, right)


def _region_may_be_wrong(case: Case) -> bool:
    """Whether a signature was refused that another region may end: a store of its own name may want any region."""
    rows = (case.get(name) for name in (ActionId.LIST, ActionId.PUT_WITHOUT_ACL))
    return any(row.failed and stopped_at(row) in (Gate.REGION, Gate.SIGNATURE) for row in rows)


def _right_name(variable: Variable, settings: Settings, *, region_counts: bool = False) -> str | None:
    name = variable.name
    if name in STORAGE_NAMES or name in _ACL_NAMES:
        return None
    right = _PLAIN.get(name.upper().replace("_", ""))
    if right is None and name.upper().startswith(("S3", "AWS")):
        near = (known for known in sorted(STORAGE_NAMES) if known[:2] == name[:2].upper())
        right = next((known for known in near if _distance(name.upper(), known) <= 2), None)
    if right in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") and settings.credentials is not None:
        return None  # the SDK knows these names itself
    free = settings.endpoint is not None and not region_counts
    if right == "S3_REGION" and (free or variable.value == settings.region):
        return None
    if right == "S3_HOSTNAME" and settings.alias_host is not None:
        return None
    return right


def _unread(case: Case, variable: Variable, right: str | None) -> Finding:
    required = right in ("S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ENDPOINT")
    fix = fixes.env(case, variable.name, None) if right is None else _renamed(case, variable, right)
    how = f"{place(variable)} sets {variable.name}, which Mastodon never reads"
    if right is None:
        how = f"{how}. No variable of Mastodon's does what it says"
    elif case.settings.environment.get(right) is not None:
        how = f"{how}. It reads {right}, which is set to nothing"
    else:
        how = f"{how}. It reads {right}, which is not set"
    return finding(
        "env-misspelt-other-names",
        case,
        how=how,
        severity=Severity.FAILURE if required else Severity.WARNING if right else Severity.NOTICE,
        setting=right or variable.name,
        named=variable.name,
        variant="known" if right else "unknown",
        explains=refused(case) if required else (),
        fixes=(fix,),
    )


def _renamed(case: Case, variable: Variable, right: str) -> EnvFix:
    """The line under its right name; of a host, what is around it (``https://host/``) does not belong to it."""
    value = variable.value
    if right in _HOSTS:
        value = value.partition("://")[2] or value
        value = value.rstrip("/")
    blank = case.settings.environment.line_of(right)
    note = "Rename the variable. Its value stays."
    if blank is not None:
        note = f"Remove {variable.name} as well."
    elif value != variable.value:
        note = "Rename the variable. Of its value only the host stays."
    secret = is_secret(right)
    return EnvFix(right, PLACEHOLDER if secret else value, blank or variable.line, secret=secret, note=note)


def misspelt_for(settings: Settings, *names: str) -> list[Variable]:
    """The variables that were meant to be one of ``names``."""
    return [v for v in settings.environment.variables.values() if v.value and _right_name(v, settings) in names]


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance; swapping two neighbours counts as two."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


RULES = (
    Rule(
        misspelt_acl,
        Layer.NAMES,
        yields=("env-misspelt-s3-permissions",),
        reads=(
            ActionId.ARCHIVE_PUT,
            ActionId.AVATAR_PUT,
            ActionId.MULTIPART_CREATE,
            ActionId.PUT_ACL_PRIVATE,
            ActionId.PUT_WITH_ACL,
            ActionId.PUT_WITHOUT_ACL,
        ),
    ),
    Rule(
        misspelt_names,
        Layer.NAMES,
        yields=("env-misspelt-other-names",),
        reads=(OPEN, ActionId.LIST, ActionId.PUT_WITHOUT_ACL),
    ),
)

"""Values that decide how the API is reached: endpoint, region, bucket, signature, keys, and the SDK's own variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, EnvFix, Finding, Fix, Manual, Severity
from s3probe.diagnosis.rule import EVERY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_names import (
    STORAGE_NAMES,
    at_aws,
    clean,
    for_s3,
    refused,
    signing_works,
    stray_marks,
    tried,
    trouble_of,
    unseen,
)
from s3probe.diagnosis.texts import finding
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith
from s3probe.patterns import regex
from s3probe.records import replace
from s3probe.settings.addressing import is_aws, is_host_label, regional_host
from s3probe.settings.mastodon import remade
from s3probe.settings.model import RaisedAt, RaisedError, Settings
from s3probe.settings.rubyuri import authority_of

_BLANK_BREAKS = {
    "S3_ENDPOINT": "endpoint",
    "S3_REGION": "region",
    "S3_ALIAS_HOST": "host",
    "S3_CLOUDFRONT_HOST": "host",
    "S3_HOSTNAME": "host",
    "S3_STORAGE_CLASS": "storage-class",
}
"""What each of them breaks, by the name of the consequence."""


@for_s3
def blank_values(case: Case) -> Iterator[Finding]:
    """Blank is not absent: only S3_PERMISSION and S3_KEY_PREFIX may be blank."""
    settings = case.settings
    blank = [name for name in _BLANK_BREAKS if _is_blank(settings, name)]
    if not blank:
        return
    public = [name for name in blank if name in ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "S3_HOSTNAME")]
    storage_class_only = blank == ["S3_STORAGE_CLASS"]
    if storage_class_only and case.get(ActionId.PUT_WITH_ACL).ok:
        return
    explained = refused(case) if "S3_ENDPOINT" in blank or "S3_REGION" in blank else ()
    if public:
        explained += unseen(case)
    lines = [fixes.env(case, name, _filled(case, name)) for name in blank]
    if "S3_REGION" in blank:
        lines += fixes.host_too(case, _region(case))
    how = f"{blank[0]} is set to nothing, which is not the same as a line that is not there"
    if blank[1:]:
        how = f"{how}. The same holds for {', '.join(blank[1:])}"
    yield finding(
        "env-empty-not-unset",
        case,
        how=how,
        severity=Severity.WARNING if storage_class_only else Severity.FAILURE,
        certainty=Certainty.LIKELY if storage_class_only else Certainty.CERTAIN,
        setting=blank[0],
        effect=_BLANK_BREAKS[blank[0]],
        explains=explained,
        fixes=tuple(replace(line, together=place > 0) for place, line in enumerate(lines)),
    )


def _region(case: Case) -> str:
    """The region that a request or the other lines tell, else the one that Mastodon takes without a line."""
    return fixes.right_region(case) or fixes.named_region(case.settings) or case.settings.region.strip() or "us-east-1"


def _filled(case: Case, name: str) -> str | None:
    """The value that the other lines name, or else no line."""
    settings = case.settings
    hostname = (settings.environment.get("S3_HOSTNAME") or "").removeprefix(f"{settings.bucket_name}.")
    value = None
    if name == "S3_REGION":
        value = fixes.right_region(case) or fixes.named_region(settings)
    elif name == "S3_ENDPOINT" and _HOST.fullmatch(hostname) and not is_aws(hostname):
        value = f"https://{hostname}"
    elif name == "S3_HOSTNAME" and settings.endpoint:
        value = authority_of(settings.endpoint)
    elif name == "S3_HOSTNAME" and settings.endpoint is None and at_aws(settings):
        value = regional_host(_region(case))
    return value or None


def _is_blank(settings: Settings, name: str) -> bool:
    value = settings.environment.get(name)
    if value is None or value.strip():
        return False
    if name == "S3_REGION" and trouble_of(settings, name) is None:
        return False  # beside S3_ENDPOINT a blank is as good a text as any other
    if name == "S3_HOSTNAME":
        return settings.alias_host is None
    return name != "S3_CLOUDFRONT_HOST" or settings.environment.get("S3_ALIAS_HOST") is None


_HOST = regex(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?")
_MISTYPED_URL = regex(r"(?:([A-Za-z][A-Za-z0-9+]*)(?::/*|//))?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:/\S*)?)")
"""``https:/host``, ``https//host``: what was meant is plain."""
_ADDRESS = regex(r"(\d{1,3}\.){3}\d{1,3}(:\d+)?(/|$)|\[[0-9a-fA-F:]+\](:\d+)?(/|$)")


def _without_scheme(trouble: RaisedError, value: str) -> bool:
    # to Ruby, an address without a scheme is no URI at all
    bare_address = trouble.variable == "S3_ENDPOINT" and _ADDRESS.match(value)
    return trouble.message.startswith("expected :endpoint") or bool(bare_address)


@for_s3
def endpoint(case: Case) -> Iterator[Finding]:
    """S3_ENDPOINT without ``https://``."""
    value = case.settings.endpoint
    trouble = trouble_of(case.settings, "S3_ENDPOINT")
    if not value or not value.strip() or trouble is None or not _without_scheme(trouble, value):
        return
    bare = re.sub(r"^([a-z][a-z0-9+.-]*:|https?(?=//))?/+", "", value)
    host = bare.split("/")[0].split(":")[0]
    inside = "." not in host or re.fullmatch(r"[\d.]+", host) or ":" in bare.split("/")[0]
    schemes = ("http", "https") if inside else ("https", "http")
    yield finding(
        "endpoint-without-scheme",
        case,
        how=f"S3_ENDPOINT={value}: Mastodon raises {trouble.exception}: {trouble.message}",
        explains=refused(case),
        fixes=tuple(fixes.env(case, "S3_ENDPOINT", f"{scheme}://{bare}") for scheme in schemes),
    )


@for_s3
def signature(case: Case) -> Iterator[Finding]:
    """S3_SIGNATURE_VERSION other than v4 and s3."""
    trouble = trouble_of(case.settings, "S3_SIGNATURE_VERSION")
    if trouble is not None:
        yield finding(
            "signature-version-invalid",
            case,
            how=f"Mastodon raises {trouble.exception}: {trouble.message}",
            explains=refused(case),
            fixes=(fixes.env(case, "S3_SIGNATURE_VERSION", None),),
        )


@for_s3
def region(case: Case) -> Iterator[Finding]:
    """A region that is no region's name at all, such as ``US East (N. Virginia)``."""
    value = case.settings.region
    trouble = trouble_of(case.settings, "S3_REGION")
    told = (trouble is not None and not value.strip()) or (stray_marks(value.strip()) and is_host_label(clean(value)))
    # beside S3_ENDPOINT it raises nothing: what the storage makes of it shows in a request
    unasked = case.evidence is None and not is_host_label(value) and value.isascii() and "#" not in value
    if told or (trouble is None and not unasked):
        return
    code = clean(value).lower()
    lines: tuple[Fix, ...] = (
        Manual("Write the region's code as the provider's console shows it, e.g. S3_REGION=eu-central-1."),
    )
    if right := fixes.right_region(case) or fixes.named_region(case.settings):
        code = right
    if is_host_label(code):
        lines = (fixes.env(case, "S3_REGION", code), *fixes.host_too(case, code))
    elif at_aws(case.settings):  # without a region its SDK asks, and is told where the bucket is
        lines += (fixes.env(case, "S3_REGION", None), *fixes.host_too(case, "us-east-1"))
    yield finding(
        "region-not-a-code",
        case,
        how=f"S3_REGION={value}: Mastodon raises {trouble.exception}: {trouble.message}"
        if trouble
        else f"S3_REGION={value} goes into every signature as it stands, and few storages take any text there",
        severity=Severity.FAILURE if trouble else Severity.WARNING,
        certainty=Certainty.CERTAIN if trouble else Certainty.LIKELY,
        explains=refused(case),
        region=" ".join(value.split()),
        fixes=lines,
        effect="raises" if trouble else "refused",
        exception=trouble.exception if trouble else "",
    )


@for_s3
def path_style_switch(case: Case) -> Iterator[Finding]:
    """S3_OVERRIDE_PATH_STYLE is read beside S3_ENDPOINT only."""
    if case.settings.override_path_style and case.settings.endpoint is None:
        yield finding(
            "path-style-switch-ignored-without-endpoint",
            case,
            how="S3_OVERRIDE_PATH_STYLE=true, and S3_ENDPOINT is not set",
            fixes=(fixes.env(case, "S3_OVERRIDE_PATH_STYLE", None),),
        )


@for_s3
def temporary_keys(case: Case) -> Iterator[Finding]:
    """An ``ASIA…`` key needs a token that Mastodon never sends."""
    pair = case.settings.credentials
    if pair is None or pair.session_token is not None or not clean(pair.access_key_id).startswith("ASIA"):
        return
    if signing_works(case) or tried(case, Experiment.SESSION_TOKEN):
        return
    yield finding(
        "temporary-credentials-without-token",
        case,
        how=f"AWS_ACCESS_KEY_ID begins with ASIA, so it belongs to a session token; Mastodon passes on {pair.source} "
        "key id and secret only".replace(" env ", " "),
        certainty=Certainty.LIKELY,
        because=tuple(
            o.id
            for o in case.open(ActionId.PUT_WITH_ACL)
            if o.error_code in ("InvalidAccessKeyId", "InvalidToken", "InvalidTokenId")
        ),
        fixes=(
            Manual("Create a long-lived key (its id begins with AKIA) for a user of its own, and put that pair in."),
            fixes.no_pair(case),
        ),
    )


_KEY_ID = "AWS_ACCESS_KEY_ID"


@for_s3
def sdk_variables(case: Case) -> Iterator[Finding]:
    """Variables of the SDK that Mastodon does not know of."""
    settings = case.settings
    for trouble in settings.troubles:
        if trouble.variable.startswith("AWS_") and trouble.variable != _KEY_ID:
            yield finding(
                "sdk-env-variables-interfere",
                case,
                how=f"{trouble.variable} makes Mastodon raise {trouble.exception}: {trouble.message}",
                severity=Severity.FAILURE,
                setting=trouble.variable,
                explains=refused(case),
                fixes=(fixes.env(case, trouble.variable, None),),
            )
            return
    names = [name for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if settings.environment.get(name)]
    ignored = (settings.environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or "").lower() == "true"
    if names and settings.endpoint is None and not ignored:
        name = names[0]
        value = settings.environment.get(name)
        note = f"Remove {' and '.join(names)} as well. Mastodon then puts the bucket into the path."
        moved = EnvFix("S3_ENDPOINT", value, note=note, conditional=True)
        yield finding(
            "sdk-env-variables-interfere",
            case,
            how=f"{name}={value} sends every request there, although S3_ENDPOINT is not set",
            setting=name,
            fixes=(*(replace(fixes.env(case, one, None), together=one != name) for one in names), moved),
        )
    elif refused(case):
        for name in _leading_elsewhere(settings):
            yield finding(
                "sdk-env-variables-interfere",
                case,
                how=f"{name}={settings.environment.get(name)} sends every request to {settings.api_base}",
                certainty=Certainty.LIKELY,
                setting=name,
                fixes=(fixes.env(case, name, None),),
            )


def _leading_elsewhere(settings: Settings) -> list[str]:
    """Variables of the SDK alone without which requests would go to another host (FIPS, dual-stack)."""
    names = (name for name in settings.environment.variables if name.startswith("AWS_") and name not in STORAGE_NAMES)
    return [name for name in names if remade(settings, **{name: None}).api_base != settings.api_base]


_RAISED = {
    RaisedAt.BOOT: "{line}: Mastodon does not start: {error}",
    RaisedAt.CLIENT: "{line}: Mastodon raises {error}",
    RaisedAt.REQUEST: "{line}: Mastodon raises {error}",
    RaisedAt.CONNECT: "{line}: Mastodon raises {error}",
    RaisedAt.URL: "{line}: every media URL raises {error}",
}


@for_s3
def other_exceptions(case: Case) -> Iterator[Finding]:
    """An exception from the settings that no rule above knows."""
    public = ("S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST", "S3_HOSTNAME", "S3_PROTOCOL")
    known = ("S3_SIGNATURE_VERSION", "S3_BUCKET", "S3_REGION", "S3_OPEN_TIMEOUT", "S3_READ_TIMEOUT", *public)
    for trouble in case.settings.troubles:
        value = case.settings.environment.get(trouble.variable) or ""
        of_sdk = trouble.variable.startswith("AWS_") and trouble.variable != _KEY_ID
        elsewhere = trouble.variable in known or of_sdk or not value.strip()
        if elsewhere or stray_marks(value.strip()) or _without_scheme(trouble, value):
            continue
        if not value.isascii() and trouble.variable not in ("CDN_HOST", "LOCAL_DOMAIN", "WEB_DOMAIN"):
            continue  # the rule about characters that are no plain ASCII says it
        tidy = value.strip().split("?")[0]
        fix: Fix = Manual(f"Fix {trouble.variable}.")
        if trouble.stage is RaisedAt.CONNECT:
            fix = Manual(
                f"Put a name or an IPv4 address into {trouble.variable}: the SDK reaches no address in brackets."
                if "[" in value
                else f"Write a port from 1 to 65535 into {trouble.variable}."
            )
        elif trouble.variable == "S3_ENDPOINT" and (found := _MISTYPED_URL.fullmatch(tidy)):
            fix = fixes.env(case, "S3_ENDPOINT", f"{'http' if found[1] == 'http' else 'https'}://{found[2]}")
        elif trouble.variable == "S3_KEY_PREFIX":
            fix = fixes.env(case, "S3_KEY_PREFIX", None, "kt-paperclip replaces a name behind a colon.")
        elif trouble.variable == "CDN_HOST":
            fix = Manual("Write CDN_HOST in plain ASCII (a name with other letters in its xn-- form), or remove it.")
        elif trouble.variable in ("S3_PERMISSION", "S3_STORAGE_CLASS"):
            fix = fixes.env(case, trouble.variable, " ".join(value.split()))
        elif trouble.variable == _KEY_ID:
            value = "…"
            fix = Manual(
                f"Write {_KEY_ID} without a line break: in a Kubernetes secret, as echo -n gives it to base64."
            )
        elif tidy != value and " " not in tidy:
            fix = fixes.env(case, trouble.variable, tidy)
        yield finding(
            "setting-raises-exception",
            case,
            how=_RAISED[trouble.stage].format(
                line=f"{trouble.variable}={value}", error=f"{trouble.exception}: {trouble.message}"
            ),
            setting=trouble.variable,
            explains=refused(case),
            fixes=(fix,),
        )


RULES = (
    Rule(
        blank_values,
        Layer.API,
        yields=("env-empty-not-unset",),
        reads=(OPEN, ActionId.PUT_WITH_ACL, ExperimentWith.REGION),
    ),
    Rule(endpoint, Layer.API, yields=("endpoint-without-scheme",), reads=(OPEN,)),
    Rule(signature, Layer.API, yields=("signature-version-invalid",), reads=(OPEN,)),
    Rule(region, Layer.API, yields=("region-not-a-code",), reads=(OPEN, ExperimentWith.REGION)),
    Rule(
        temporary_keys,
        Layer.API,
        yields=("temporary-credentials-without-token",),
        reads=(EVERY, ActionId.PUT_WITH_ACL, Experiment.SESSION_TOKEN),
    ),
    Rule(sdk_variables, Layer.API, yields=("sdk-env-variables-interfere",), reads=(OPEN,)),
    Rule(other_exceptions, Layer.API, yields=("setting-raises-exception",), reads=(OPEN,)),
    Rule(path_style_switch, Layer.API, yields=("path-style-switch-ignored-without-endpoint",)),
)

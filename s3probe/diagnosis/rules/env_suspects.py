"""What the file alone makes likely, and one request decides: said offline only, for the wire has rules of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Manual, Severity
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.rules.env_misspelt import misspelt_for
from s3probe.diagnosis.rules.env_names import clean, for_s3, stray_marks, trouble_of
from s3probe.diagnosis.texts import finding
from s3probe.knowledge.providers import detect
from s3probe.knowledge.regions import region_in
from s3probe.patterns import regex
from s3probe.settings.addressing import is_aws, is_host_label
from s3probe.settings.model import Settings, Variable
from s3probe.settings.partitions import is_aws_region
from s3probe.settings.rubyuri import authority_of
from s3probe.settings.urls import sdk_endpoint

_PAIRS = (
    (r"[A-Z0-9]{20}", r"[A-Za-z0-9/+=]{40}"),  # AWS: reference_identifiers, access key ids; many stores do the same
    (r"GOOG[A-Z0-9]{20,57}", r"[A-Za-z0-9/+=]{40}"),  # Google: HMAC keys
    (r"GK[0-9a-f]{24}", r"[0-9a-f]{64}"),  # Garage
    (r"[0-9a-f]{32}", r"[0-9a-f]{64}"),  # Cloudflare R2
)
"""Key id and secret as stores make them."""
_STORE_LABEL = regex(r"(s3|obj|storage|minio|ceph|rgw|garage|swift|seaweed|gateway|oss|cos)", re.IGNORECASE)
"""How the name of a store's API begins, where no provider's own name tells."""
_ADDRESS = regex(r"(\d{1,3}\.){3}\d{1,3}")


@for_s3
def exchanged_pair(case: Case) -> Iterator[Finding]:
    """The secret looks like a key id, and the key id like a secret. Neither is shown."""
    pair = case.settings.credentials
    if case.evidence is not None or pair is None:
        return
    key_id, secret = clean(pair.access_key_id), clean(pair.secret_access_key.reveal())
    if any(_fits(shape, key_id, secret) for shape in _PAIRS) or not any(_fits(s, secret, key_id) for s in _PAIRS):
        return
    yield finding(
        "key-pair-exchanged",
        case,
        how=f"the value of AWS_ACCESS_KEY_ID has the length and the letters of a secret ({len(key_id)} characters), "
        f"that of AWS_SECRET_ACCESS_KEY those of a key id ({len(secret)} characters)",
        certainty=Certainty.LIKELY,
        fixes=fixes.exchanged(case),
    )


def _fits(shape: tuple[str, str], key_id: str, secret: str) -> bool:
    return bool(re.fullmatch(shape[0], key_id) and re.fullmatch(shape[1], secret))


@for_s3
def region_of_host(case: Case) -> Iterator[Finding]:
    """S3_REGION and a host that names another region, at providers where both must be the same."""
    settings = case.settings
    region = settings.region
    unclear = stray_marks(region) or not is_host_label(region) or trouble_of(settings, "S3_REGION", "S3_ENDPOINT")
    if case.evidence is not None or unclear or settings.bucket_name.startswith("arn:"):
        return
    for name, host in _hosts(settings):
        provider = detect(host)
        named = region_in(provider, host) if provider.region_must_match else ""
        if not named or named == region:
            continue
        aws = provider.id == "aws-s3"
        whole = aws and settings.endpoint is None and region == "us-east-1"
        kind = "custom-endpoint" if not aws else "aws-global-endpoint" if whole else "aws-regional-endpoint"
        unset = settings.environment.get("S3_REGION") is None
        others = () if name == "S3_ENDPOINT" else (fixes.env(case, name, host.replace(named, region)),)
        yield finding(
            f"region-wrong-{kind}",
            case,
            how=f"S3_REGION is not set, so it is {region}, and {name} leads to {host}, in {named}"
            if unset
            else f"S3_REGION is {region}, and {name} leads to {host}, in {named}",
            severity=Severity.WARNING,
            certainty=Certainty.LIKELY,
            fixes=(fixes.env(case, "S3_REGION", named), *others),
            right_region=named,
        )
        return


def _hosts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Variables and hosts that belong to the bucket's own store."""
    if settings.endpoint:
        yield "S3_ENDPOINT", _name(authority_of(settings.endpoint))
    if settings.alias_host is None and not settings.hostname_is_default:
        yield "S3_HOSTNAME", _name(settings.hostname)
    alias = _name(settings.alias_host or "")
    if settings.bucket_name and alias.startswith(f"{settings.bucket_name}."):
        yield "S3_ALIAS_HOST", alias


def _name(authority: str) -> str:
    return authority.lower().rpartition("://")[2].partition("/")[0].partition(":")[0]


@for_s3
def foreign_hostname(case: Case) -> Iterator[Finding]:
    """S3_HOSTNAME names another store than AWS, and nothing sends Mastodon's own requests there."""
    settings = case.settings
    without = settings.endpoint is not None or sdk_endpoint({n: v.value for n, v in _variables(settings)}) is not None
    host = _name(settings.hostname)
    if case.evidence is not None or without or settings.hostname_is_default:
        return
    if is_aws(host) or not host or trouble_of(settings, "S3_HOSTNAME", "S3_REGION"):
        return
    if misspelt_for(settings, "S3_ENDPOINT"):
        return
    known = any(re.search(pattern, host) for pattern in detect(host).hosts)
    host = host.removeprefix(f"{settings.bucket_name}.")
    port = re.search(r":(?!443\Z|80\Z)\d+\Z", settings.hostname)
    elsewhere = not is_aws_region(settings.region)
    # behind another media host only what no other than a store can be
    told = known if settings.alias_host is not None else known or elsewhere or port or _STORE_LABEL.match(host)
    if not (told or (settings.alias_host is None and _ADDRESS.fullmatch(host))):
        return
    scheme = settings.protocol.lower() if settings.protocol.lower() in ("http", "https") else "https"
    yield finding(
        "endpoint-missing-non-aws",
        case,
        how=f"S3_HOSTNAME={settings.hostname} is no host of AWS, and S3_ENDPOINT is not set: files go to "
        f"{settings.api_base}",
        severity=Severity.FAILURE if elsewhere or (known and settings.alias_host is None) else Severity.WARNING,
        certainty=Certainty.LIKELY,
        fixes=(fixes.env(case, "S3_ENDPOINT", f"{scheme}://{host}{port[0] if port else ''}"),),
    )


def _variables(settings: Settings) -> Iterable[tuple[str, Variable]]:
    return settings.environment.variables.items()


@for_s3
def plain_endpoint_is_public(case: Case) -> Iterator[Finding]:
    """Visitors are sent with https to the very host and port that the API speaks plain http at."""
    settings = case.settings
    endpoint = settings.endpoint or ""
    if case.evidence is not None or not endpoint.lower().startswith("http://") or settings.protocol.lower() != "https":
        return
    public = _authority(settings.alias_host if settings.alias_host is not None else settings.hostname)
    if not public or public != _authority(authority_of(endpoint)):
        return
    name = "S3_ALIAS_HOST" if settings.alias_host is not None else "S3_HOSTNAME"
    yield finding(
        "protocol-https-but-endpoint-plain",
        case,
        how=f"S3_ENDPOINT={endpoint} speaks plain http, and {name} makes media URLs begin with https://{public}",
        severity=Severity.FAILURE if ":" in public else Severity.WARNING,
        certainty=Certainty.LIKELY,
        fixes=(
            Manual(f"Put a web server with a certificate before {public}, and name it in S3_ALIAS_HOST."),
            fixes.env(
                case, "S3_ENDPOINT", f"https://{endpoint.partition('://')[2]}", "This is for a storage that speaks TLS."
            ),
        ),
    )


def _authority(host: str) -> str:
    """Host and port in small letters, without a path."""
    return host.lower().partition("/")[0].removesuffix(":80")


@for_s3
def bucket_in_endpoint(case: Case) -> Iterator[Finding]:
    """S3_ENDPOINT holds the bucket's name, as the last part of its path or the first of its host."""
    settings = case.settings
    endpoint, bucket = settings.endpoint or "", settings.bucket
    if case.evidence is not None or not bucket or "://" not in endpoint or trouble_of(settings, "S3_ENDPOINT"):
        return
    scheme, _, rest = endpoint.partition("://")
    authority, _, path = rest.partition("/")
    parts = path.strip("/").split("/")
    if parts[-1] == bucket:
        kept = [part for part in parts[:-1] if part != "file"]
        yield _holds(case, "endpoint-has-path-or-trailing-slash", "/".join((f"{scheme}://{authority}", *kept)), "ends")
    elif _bucket_first(authority.lower(), bucket):
        style = "path" if settings.path_style else "vhost"
        bare = f"{scheme}://{authority[len(bucket) + 1 :]}"
        yield _holds(case, f"endpoint-contains-bucket-{style}-style", bare, "begins")


def _holds(case: Case, finding_id: str, fixed: str, where: str) -> Finding:
    settings = case.settings
    return finding(
        finding_id,
        case,
        how=f"S3_ENDPOINT={settings.endpoint} {where} with the bucket's name, and Mastodon adds {settings.bucket}",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
        fixes=(fixes.env(case, "S3_ENDPOINT", fixed),),
    )


def _bucket_first(authority: str, bucket: str) -> bool:
    """Whether the host is a store's with the bucket before it, and not a store whose own name begins so."""
    host = authority.partition(":")[0]
    rest = host.removeprefix(f"{bucket}.")
    if rest == host or host.endswith(".linodeobjects.com"):
        return False  # Linode's old guides have a finding of their own
    known = detect(host)
    if any(re.search(pattern, host) for pattern in known.hosts):
        return any(re.search(pattern, rest) for pattern in known.hosts) and rest.count(".") > 1
    return rest.count(".") > 1 and _STORE_LABEL.match(rest) is not None


RULES = (
    Rule(exchanged_pair, Layer.SUSPICIONS, yields=("key-pair-exchanged",)),
    Rule(
        region_of_host,
        Layer.SUSPICIONS,
        yields=(
            "region-wrong-aws-global-endpoint",
            "region-wrong-aws-regional-endpoint",
            "region-wrong-custom-endpoint",
        ),
    ),
    Rule(foreign_hostname, Layer.SUSPICIONS, yields=("endpoint-missing-non-aws",)),
    Rule(plain_endpoint_is_public, Layer.SUSPICIONS, yields=("protocol-https-but-endpoint-plain",)),
    Rule(
        bucket_in_endpoint,
        Layer.SUSPICIONS,
        yields=(
            "endpoint-contains-bucket-path-style",
            "endpoint-contains-bucket-vhost-style",
            "endpoint-has-path-or-trailing-slash",
        ),
    ),
)

"""The trials that decide a foundation fault: each changes exactly one thing, and none is made without need.

A trial is kept when the request then gets further than before, gate by gate (``evidence.gates``). All are read-only
(ListObjectsV2), so a trial can leave nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit, urlunsplit

from s3probe.evidence.gates import Gate, stopped_at
from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.vocabulary import Experiment, ExperimentWith, Fact, ObservationId
from s3probe.knowledge.providers import detect, serving
from s3probe.knowledge.recognition import MESSAGE, has_own_hosts
from s3probe.knowledge.regions import candidate_regions
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.session import Conditions
from s3probe.records import dataclass, replace
from s3probe.secret import Secret
from s3probe.settings.addressing import is_aws, regional_host
from s3probe.settings.dotenv_value import WRAPPINGS, as_written
from s3probe.settings.model import Credentials, Settings
from s3probe.settings.partitions import partition
from s3probe.settings.urls import split, why_nothing_is_sent

SKEW_LIMIT = 900.0
"""Seconds: S3 refuses a signature that is more than 15 minutes off (RequestTimeTooSkewed)."""

USUAL_REGION = "us-east-1"
"""Mastodon's own default, and that of most stores that are not AWS."""
PARTITION_REGIONS = (USUAL_REGION, "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1")
"""One region of AWS at large, and all of its separate parts (AWS, "AWS service endpoints")."""

_CANDIDATES = 6
"""How many regions are tried, the likeliest ones."""
_NOBODY_THERE = (NetworkFault.REFUSED, NetworkFault.CLOSED, NetworkFault.PROTOCOL)
"""How a port answers on which nothing listens, or something that speaks no HTTP."""
_BESIDE = (-1, 1, -2, -3)
"""Where an API's port is, seen from others of the same server: MinIO 9000 and 9001; Garage 3900, 3902 and 3903."""

_SECRET = {"raw": Experiment.SECRET_RAW, "unquoted": Experiment.SECRET_UNQUOTED, "trimmed": Experiment.SECRET_TRIMMED}
_KEY_ID = {"raw": Experiment.KEY_ID_RAW, "unquoted": Experiment.KEY_ID_UNQUOTED, "trimmed": Experiment.KEY_ID_TRIMMED}


@dataclass(frozen=True, slots=True)
class Trial:
    """One changed thing. ``id`` is the observation it will be (``try-region:eu-west-2``)."""

    id: ObservationId
    title: str
    conditions: Conditions


def trials(
    conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation, skew: float | None
) -> Iterator[Trial]:
    """What is worth trying after a request that was stopped as ``seen`` says, most telling first.

    ``skew`` is the server's time minus ours in seconds, ``None`` when no answer carried a date.
    """
    # an odd host name makes an odd endpoint, for which nobody can send anything
    found = _worth_trying(conditions_maker, conditions, seen, skew)
    return (trial for trial in found if not _raises(trial.conditions.settings))


def _raises(settings: Settings) -> bool:
    return bool(settings.troubles or why_nothing_is_sent(settings))


def _worth_trying(
    conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation, skew: float | None
) -> Iterator[Trial]:
    stopped = stopped_at(seen)
    if conditions.settings.signature_version == "s3":
        yield _change(
            conditions_maker, conditions, Experiment.SIGNATURE_V4, "With Signature Version 4", S3_SIGNATURE_VERSION=None
        )
    if stopped <= Gate.NOT_S3:
        yield from _other_addresses(conditions_maker, conditions, seen)
    elif seen.error_code == "InternalError":
        # Versity's port for admins answers every S3 request with an error of its own
        yield from _other_ports(conditions_maker, conditions, seen)
    elif stopped is Gate.REGION:
        yield from _regions(conditions_maker, conditions, seen)
    else:
        if skew is not None and abs(skew) > SKEW_LIMIT and stopped is not Gate.BUCKET:
            yield _clock(conditions_maker, conditions, skew)
        if (
            stopped is Gate.RIGHTS
            and (settings := conditions.settings).endpoint
            and settings.endpoint.startswith("http:")
        ):
            # a policy may refuse everything that comes without TLS (aws:SecureTransport)
            yield _with_tls(conditions_maker, conditions)
        if stopped is Gate.RIGHTS:
            # some stores (Garage) call a wrong signature a lack of rights
            yield from _raw_text(conditions_maker, conditions, "AWS_SECRET_ACCESS_KEY")
        if stopped in (Gate.KEY_ID, Gate.SIGNATURE):
            yield from _key_pair(conditions_maker, conditions, seen)
        if stopped is Gate.BUCKET:
            yield from _bucket(conditions_maker, conditions)


def _change(
    conditions_maker: ConditionsMaker, conditions: Conditions, experiment: ObservationId, title: str, **env: str | None
) -> Trial:
    return Trial(experiment, title, conditions_maker.changed(conditions, **env))


def _other_addresses(conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation) -> Iterator[Trial]:
    """The server was not reached, or it is none: another name, style, port or scheme."""
    stopped = stopped_at(seen)
    settings = conditions.settings
    if settings.endpoint:
        parts = urlsplit(settings.endpoint)
        yield from _without_bucket(conditions_maker, conditions)
        if not settings.path_style:
            yield _change(
                conditions_maker,
                conditions,
                Experiment.PATH_STYLE,
                "With the bucket in the path",
                S3_OVERRIDE_PATH_STYLE=None,
            )
        if parts.scheme == "http" and stopped is Gate.NOT_S3:
            yield _with_tls(conditions_maker, conditions)
        if stopped is Gate.NOT_S3:
            yield from _without_path(conditions_maker, conditions)
        if seen.network in _NOBODY_THERE or (seen.network is None and (seen.http_status or 0) < 500):
            yield from _other_ports(conditions_maker, conditions, seen)
        if settings.path_style:
            yield _change(
                conditions_maker,
                conditions,
                Experiment.VIRTUAL_HOST,
                "With the bucket in the host",
                S3_OVERRIDE_PATH_STYLE="true",
            )
    else:
        yield from _hostname_as_endpoint(conditions_maker, conditions)
        if settings.region != USUAL_REGION:
            yield _change(
                conditions_maker,
                conditions,
                ExperimentWith.REGION.of(USUAL_REGION),
                f"With region {USUAL_REGION}",
                S3_REGION=USUAL_REGION,
            )


def _other_ports(conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation) -> Iterator[Trial]:
    """The host of the endpoint at the port of S3_HOSTNAME, at the server's usual one, and at those beside its own.

    Another service of the same server mostly listens next to the API.
    """
    marks = (*seen.headers.items(), (MESSAGE, seen.message or ""))
    usual = named.api_port if (named := serving(seen.facts.get(Fact.SERVICE, ""))) else detect("", marks).api_port
    for port, moved in at_other_ports(conditions.settings, usual):
        title = f"At port {port} of the same host"
        yield _change(conditions_maker, conditions, ExperimentWith.PORT.of(str(port)), title, S3_ENDPOINT=moved)


def at_other_ports(settings: Settings, usual: int | None) -> Iterator[tuple[int, str]]:
    """Those ports, and what S3_ENDPOINT would be with each. ``usual``: the port of the server that answers there."""
    parts = urlsplit(settings.endpoint or "")
    if not parts.hostname or has_own_hosts(parts.netloc):
        return
    public = split(f"//{settings.hostname}")
    ports = [_port(public)] if public.hostname == parts.hostname else []
    ports.append(usual)
    own = _port(parts)
    if own is not None:
        ports += [own + step for step in _BESIDE]
    for port in dict.fromkeys(port for port in ports if port and port != own and port < 2**16):
        yield port, urlunsplit((parts.scheme, f"{_bracketed(parts.hostname)}:{port}", parts.path, "", ""))


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _with_tls(conditions_maker: ConditionsMaker, conditions: Conditions) -> Trial:
    """The other way round is no trial: nothing is signed for a weaker scheme than the file's."""
    url = urlunsplit(("https", *urlsplit(conditions.settings.endpoint or "")[1:]))
    title = "With https:// in S3_ENDPOINT"
    return _change(conditions_maker, conditions, Experiment.SCHEME_HTTPS, title, S3_ENDPOINT=url)


def _without_bucket(conditions_maker: ConditionsMaker, conditions: Conditions) -> Iterator[Trial]:
    """``https://bucket.host`` or ``https://host/bucket`` as S3_ENDPOINT, without the bucket."""
    settings = conditions.settings
    parts = urlsplit(settings.endpoint or "")
    prefix = f"{settings.bucket_name}."
    if settings.bucket and parts.netloc.startswith(prefix):
        url = urlunsplit((parts.scheme, parts.netloc.removeprefix(prefix), parts.path, "", ""))
        yield _change(
            conditions_maker,
            conditions,
            Experiment.ENDPOINT_WITHOUT_BUCKET,
            "Without the bucket in S3_ENDPOINT",
            S3_ENDPOINT=url,
        )
    elif settings.bucket and settings.bucket in parts.path.strip("/").split("/"):
        url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        yield _change(
            conditions_maker,
            conditions,
            Experiment.ENDPOINT_WITHOUT_BUCKET,
            "Without the bucket in S3_ENDPOINT",
            S3_ENDPOINT=url,
        )


def _without_path(conditions_maker: ConditionsMaker, conditions: Conditions) -> Iterator[Trial]:
    """``https://host/some/path`` as S3_ENDPOINT, without the path."""
    parts = urlsplit(conditions.settings.endpoint or "")
    if parts.path.strip("/"):
        bare = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        yield _change(
            conditions_maker,
            conditions,
            Experiment.ENDPOINT_WITHOUT_PATH,
            "Without the path in S3_ENDPOINT",
            S3_ENDPOINT=bare,
        )


def _hostname_as_endpoint(conditions_maker: ConditionsMaker, conditions: Conditions) -> Iterator[Trial]:
    """No S3_ENDPOINT, but a public host name that is not AWS's: the store is elsewhere."""
    settings = conditions.settings
    if settings.hostname_is_default or is_aws(settings.hostname):
        return
    host = settings.hostname.removeprefix(f"{settings.bucket_name}.")
    scheme = settings.protocol if settings.protocol in ("http", "https") else "https"
    for chosen in dict.fromkeys((scheme, "https")):
        yield _change(
            conditions_maker,
            conditions,
            ExperimentWith.ENDPOINT.of(chosen),
            f"At {chosen}://{host} as S3_ENDPOINT",
            S3_ENDPOINT=f"{chosen}://{host}",
        )


def _regions(conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation) -> Iterator[Trial]:
    named = seen.facts.get(Fact.REGION, "")
    settings = conditions.settings
    if not named:
        named = _region_in_host(seen.facts.get(Fact.ENDPOINT, ""))
    tried = {settings.region}
    if named and named not in tried:
        tried.add(named)
        env: dict[str, str | None] = {"S3_REGION": named}
        if settings.endpoint and is_aws(settings.endpoint) and settings.region in settings.endpoint:
            env["S3_ENDPOINT"] = settings.endpoint.replace(settings.region, named)
        elif settings.endpoint and is_aws(settings.endpoint) and seen.http_status == 301:
            env["S3_ENDPOINT"] = f"https://{regional_host(named)}"
        yield _change(conditions_maker, conditions, ExperimentWith.REGION.of(named), f"With region {named}", **env)
    yield from _candidate_regions(conditions_maker, conditions, tried, seen)


def _candidate_regions(
    conditions_maker: ConditionsMaker, conditions: Conditions, tried: set[str], seen: Observation
) -> Iterator[Trial]:
    """Other signing regions a store of this kind may expect (not for AWS, which names the right one itself)."""
    settings = conditions.settings
    if not settings.endpoint or is_aws(settings.endpoint):
        return
    host = urlsplit(settings.endpoint).hostname or ""
    usual = candidate_regions(detect(host), host, settings.region, seen.message or "")
    for region in usual[:_CANDIDATES]:
        if region not in tried:
            tried.add(region)
            yield _change(
                conditions_maker,
                conditions,
                ExperimentWith.REGION.of(region),
                f"With region {region}",
                S3_REGION=region,
            )


def _region_in_host(host: str) -> str:
    """``bucket.s3.eu-west-2.amazonaws.com`` -> ``eu-west-2``; ``""`` when it names none."""
    labels = [label for label in host.split(".") if label not in ("dualstack", "s3-accelerate")]
    # a bucket's name stands before it, and may begin with s3- as well
    for index in reversed(range(len(labels))):
        label = labels[index]
        if label in ("s3", "s3-fips") and index + 2 < len(labels):
            return labels[index + 1] if labels[index + 1] != "amazonaws" else ""
        if label.startswith("s3-"):
            return label.removeprefix("s3-")
    return ""


def _clock(conditions_maker: ConditionsMaker, conditions: Conditions, skew: float) -> Trial:
    right = conditions_maker.of(conditions.settings, clock_offset=skew)
    return Trial(Experiment.CLOCK, "With the server's own time in the signature", right)


def _key_pair(conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation) -> Iterator[Trial]:
    """The key pair is refused: damaged on the way out of the file, a token left out, or simply wrong."""
    settings, stopped = conditions.settings, stopped_at(seen)
    name = "AWS_ACCESS_KEY_ID" if stopped is Gate.KEY_ID else "AWS_SECRET_ACCESS_KEY"
    yield from _raw_text(conditions_maker, conditions, name)
    token = settings.environment.get("AWS_SESSION_TOKEN")
    pair = settings.credentials
    if token and pair and pair.session_token is None:
        with_token = replace(pair, session_token=Secret(token))
        sent = conditions_maker.of(settings, credentials=with_token)
        yield Trial(Experiment.SESSION_TOKEN, "With the session token", sent)
    if pair and len(pair.access_key_id) > len(pair.secret_access_key) >= 16:
        swapped = Credentials(pair.secret_access_key.reveal(), Secret(pair.access_key_id))
        exchanged = conditions_maker.of(settings, credentials=swapped)
        yield Trial(Experiment.SWAPPED_KEYS, "With key id and secret swapped", exchanged)
    if stopped is Gate.SIGNATURE:
        yield from _candidate_regions(conditions_maker, conditions, {settings.region}, seen)
    if stopped is Gate.KEY_ID and is_aws(settings.api_base):
        yield from _partitions(conditions_maker, conditions, seen)
    if not settings.endpoint:
        yield from _hostname_as_endpoint(conditions_maker, conditions)
    else:
        yield from _without_path(conditions_maker, conditions)


def _partitions(conditions_maker: ConditionsMaker, conditions: Conditions, seen: Observation) -> Iterator[Trial]:
    """AWS in China and GovCloud have accounts of their own: a key that is unknown here may be known there.

    China's domain is one of its own, so that it is tried only where the file leads there.
    """
    settings = conditions.settings
    here = _region_in_host(urlsplit(seen.url).hostname or "")
    for region in PARTITION_REGIONS:
        if partition(region) == partition(here):
            continue
        host = regional_host(region)
        env: dict[str, str | None] = {"S3_REGION": region}
        if settings.endpoint:
            env["S3_ENDPOINT"] = f"https://{host}"
        if settings.hostname_is_default or is_aws(settings.hostname):
            env["S3_HOSTNAME"] = host
        yield _change(
            conditions_maker, conditions, ExperimentWith.PARTITION.of(region), f"In the region {region}", **env
        )


def _raw_text(conditions_maker: ConditionsMaker, conditions: Conditions, name: str) -> Iterator[Trial]:
    """The value as it stands in the file, before dotenv changed it; and without stray quotes or blanks."""
    variable = conditions.settings.environment.variables.get(name)
    if variable is None:
        return
    experiments = _SECRET if "SECRET" in name else _KEY_ID
    texts: dict[str, str] = {}
    if variable.raw is not None:
        texts |= {form: as_written(variable.raw, form) for form in ("raw", "unquoted")}
    texts["trimmed"] = variable.value.strip(WRAPPINGS)
    tried = {variable.value}
    for form, text in texts.items():
        if text and text not in tried:
            tried.add(text)
            how = "exactly as written in the file" if form != "trimmed" else "without stray marks"
            changed = conditions_maker.changed(conditions, **{name: text})
            yield Trial(experiments[form], f"With {name} {how}", changed)


def _bucket(conditions_maker: ConditionsMaker, conditions: Conditions) -> Iterator[Trial]:
    """No such bucket here: perhaps it is addressed in the wrong style, or its name carries something extra."""
    settings = conditions.settings
    if settings.endpoint:
        yield from _without_bucket(conditions_maker, conditions)
        yield from _without_path(conditions_maker, conditions)
        flipped = "true" if settings.path_style else None
        experiment, how = (
            (Experiment.VIRTUAL_HOST, "in the host") if flipped else (Experiment.PATH_STYLE, "in the path")
        )
        yield _change(
            conditions_maker, conditions, experiment, f"With the bucket {how}", S3_OVERRIDE_PATH_STYLE=flipped
        )
    trimmed = settings.bucket_name.strip(WRAPPINGS).lower()
    if trimmed and trimmed != settings.bucket_name:
        yield _change(
            conditions_maker, conditions, Experiment.BUCKET_TRIMMED, f"With bucket {trimmed}", S3_BUCKET=trimmed
        )
    if not settings.endpoint:
        yield from _hostname_as_endpoint(conditions_maker, conditions)

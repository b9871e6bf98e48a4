"""Where an ARN in S3_BUCKET leads: an access point of a bucket, of an Outpost, of Object Lambda, or of many regions.

Source: aws-sdk-s3 ``endpoint_provider.rb`` (generated from AWS's public rule set), whose order and words these are.
"""

from __future__ import annotations

from s3probe.patterns import regex
from s3probe.records import dataclass
from s3probe.settings.arn import Arn, parse_arn
from s3probe.settings.partitions import partition
from s3probe.settings.ruby import RubyError

_LABEL = regex(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_ONLY = "may only contain a-z, A-Z, 0-9 and `-`. Found:"


@dataclass(frozen=True, slots=True)
class Asker:
    """What the SDK's client is made with, as far as an ARN asks for it."""

    region: str
    fips: bool
    dual_stack: bool
    use_arn_region: bool
    multi_region: bool
    """Whether access points of many regions are allowed."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """``label`` stands before the endpoint's own host where there is one, else ``host`` is asked."""

    label: str
    host: str
    region: str
    service: str
    fixed: bool = False
    """No endpoint of one's own moves it."""


def access_point(bucket: str, asker: Asker) -> AccessPoint:
    """The access point that the ARN names. Raises :class:`RubyError` where the SDK raises."""
    arn = parse_arn(bucket)
    if arn is None:
        raise _error(f"Invalid ARN: `{bucket}` was not a valid ARN")
    kind = arn.resource[0]
    if not kind:
        raise _error("Invalid ARN: No ARN type specified")
    if arn.service == "s3-object-lambda":
        return _object_lambda(bucket, arn, asker)
    if kind == "accesspoint":
        name = _name(arn)
        return _regional(bucket, arn, asker, name) if arn.region else _multi_region(arn, asker, name)
    if arn.service == "s3-outposts":
        return _outpost(bucket, arn, asker)
    raise _error(f"Invalid ARN: Unrecognized format: {bucket} (type: {kind})")


def is_multi_region(bucket: str) -> bool:
    """Whether requests for this bucket are signed for every region (Signature V4A)."""
    arn = parse_arn(bucket)
    return arn is not None and arn.service != "s3-object-lambda" and arn.resource[0] == "accesspoint" and not arn.region


def _error(message: str) -> RubyError:
    return RubyError("ArgumentError", message, "S3_BUCKET")


def _name(arn: Arn) -> str:
    if len(arn.resource) < 2 or not arn.resource[1]:
        raise _error(
            "Invalid ARN: Expected a resource of the format `accesspoint:<accesspoint name>` but no name was provided"
        )
    return arn.resource[1]


def _single(arn: Arn) -> None:
    if len(arn.resource) > 2:
        raise _error("Invalid ARN: The ARN may only contain a single resource component after `accesspoint`.")


def _suffix(bucket: str, arn: Arn, asker: Asker) -> str:
    """The DNS suffix of the ARN's region, once that region may be asked."""
    if not asker.use_arn_region and arn.region != asker.region:
        raise _error(
            f"Invalid configuration: region from ARN `{arn.region}` does not match client region `{asker.region}` "
            "and UseArnRegion is `false`"
        )
    mine, (theirs, suffix) = partition(asker.region)[0], partition(arn.region)
    if mine != theirs:
        raise _error(f"Client was configured for partition `{mine}` but ARN (`{bucket}`) has `{theirs}`")
    if not all(_LABEL.fullmatch(label) for label in arn.region.split(".")):
        raise _error(f"Invalid region in ARN: `{arn.region}` (invalid DNS name)")
    return suffix


def _demand_label(what: str, text: str) -> None:
    if not _LABEL.fullmatch(text):
        raise _error(f"Invalid ARN: The {what} {_ONLY} `{text}`")


def _regional(bucket: str, arn: Arn, asker: Asker, name: str) -> AccessPoint:
    _single(arn)
    suffix = _suffix(bucket, arn, asker)
    if arn.service != "s3":
        raise _error(f"Invalid ARN: The ARN was not for the S3 service, found: {arn.service}")
    _demand_label("account id", arn.account)
    _demand_label("access point name", name)
    label = f"{name}-{arn.account}"
    service = "s3-accesspoint-fips" if asker.fips else "s3-accesspoint"
    dual = "dualstack." if asker.dual_stack else ""
    return AccessPoint(label, f"{label}.{service}.{dual}{arn.region}.{suffix}", arn.region, "s3")


def _object_lambda(bucket: str, arn: Arn, asker: Asker) -> AccessPoint:
    if arn.resource[0] != "accesspoint":
        kind = arn.resource[0]
        raise _error(f"Invalid ARN: Object Lambda ARNs only support `accesspoint` arn types, but found: `{kind}`")
    name = _name(arn)
    if asker.dual_stack:
        raise _error("S3 Object Lambda does not support Dual-stack")
    if not arn.region:
        raise _error("Invalid ARN: bucket ARN is missing a region")
    _single(arn)
    suffix = _suffix(bucket, arn, asker)
    if not arn.account:
        raise _error("Invalid ARN: Missing account id")
    _demand_label("account id", arn.account)
    _demand_label("access point name", name)
    label, service = f"{name}-{arn.account}", "s3-object-lambda-fips" if asker.fips else "s3-object-lambda"
    return AccessPoint(label, f"{label}.{service}.{arn.region}.{suffix}", arn.region, "s3-object-lambda")


def _multi_region(arn: Arn, asker: Asker, name: str) -> AccessPoint:
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _error("Invalid Access Point Name")
    for wanted, what in ((asker.dual_stack, "dual-stack"), (asker.fips, "FIPS")):
        if wanted:
            raise _error(f"S3 MRAP does not support {what}")
    if not asker.multi_region:
        raise _error("Invalid configuration: Multi-Region Access Point ARNs are disabled.")
    mine, suffix = partition(asker.region)
    if mine != arn.partition:
        raise _error(f"Client was configured for partition `{mine}` but bucket referred to partition `{arn.partition}`")
    return AccessPoint(name, f"{name}.accesspoint.s3-global.{suffix}", "*", "s3", fixed=True)


def _outpost(bucket: str, arn: Arn, asker: Asker) -> AccessPoint:
    for wanted, what in ((asker.dual_stack, "Dual-stack"), (asker.fips, "FIPS")):
        if wanted:
            raise _error(f"S3 Outposts does not support {what}")
    if len(arn.resource) > 4:
        raise _error("Invalid Arn: Outpost Access Point ARN contains sub resources")
    if len(arn.resource) < 2:
        raise _error("Invalid ARN: The Outpost Id was not set")
    outpost = arn.resource[1]
    _demand_label("outpost Id", outpost)
    suffix = _suffix(bucket, arn, asker)
    _demand_label("account id", arn.account)
    if len(arn.resource) < 3:
        raise _error("Invalid ARN: Expected a 4-component resource")
    if len(arn.resource) < 4:
        raise _error("Invalid ARN: expected an access point name")
    if arn.resource[2] != "accesspoint":
        raise _error(f"Expected an outpost type `accesspoint`, found {arn.resource[2]}")
    _demand_label("access point name", arn.resource[3])
    label = f"{arn.resource[3]}-{arn.account}.{outpost}"
    return AccessPoint(label, f"{label}.s3-outposts.{arn.region}.{suffix}", arn.region, "s3-outposts")

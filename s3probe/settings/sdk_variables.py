"""What the SDK reads from the environment by itself, and refuses: aws-sdk-core's and aws-sdk-s3's plugins.

Recorded from aws-sdk-core 3.257 and aws-sdk-s3 1.233, the order too. Blank is not absent there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from s3probe.records import dataclass
from s3probe.settings.model import RaisedAt, RaisedError
from s3probe.settings.ruby import inspect, to_i

_MOST_BYTES = 10 * 1024 * 1024
_SWITCH = "Must provide either `true` or `false` for "


@dataclass(frozen=True, slots=True)
class _Allowed:
    name: str
    allowed: Callable[[str], bool]
    message: str
    """What the SDK says of any other value; ``{}`` stands for it."""
    exception: str = "ArgumentError"


def _one_of(*words: str, any_case: bool = False) -> Callable[[str], bool]:
    return lambda value: (value.lower() if any_case else value) in words


def _switch(name: str, behind: str) -> _Allowed:
    return _Allowed(name, _one_of("true", "false"), _SWITCH + behind)


_BASES = {"0x": (16, "0-9a-f"), "0b": (2, "01"), "0o": (8, "0-7"), "0d": (10, "0-9"), "0": (8, "0-7"), "": (10, "0-9")}
"""Which digits follow a prefix, as Ruby's ``Integer`` reads it; a zero alone begins an octal number."""


def _integer(text: str) -> int | None:
    """Ruby's ``Integer(text)``."""
    found = re.fullmatch(r"\s*([+-]?)((?:0[xbod]?(?=_?[0-9a-f]))?)_?([0-9a-f_]+)\s*", text.lower(), re.ASCII)
    if found is None:
        return None
    base, digits = _BASES[found[2]]
    if not re.fullmatch(f"[{digits}]+(?:_[{digits}]+)*", found[3]):
        return None
    return int(found[1] + found[3].replace("_", ""), base)


def _checksums(option: str) -> _Allowed:
    name = f"AWS_{option.upper()}"
    message = f"expected :{option} or ENV['{name}'] to be `when_supported` or `when_required`."
    return _Allowed(name, _one_of("when_supported", "when_required", any_case=True), message)


_ARN_REGION = "s3_use_arn_region` profile option or for ENV['AWS_S3_USE_ARN_REGION']."
_EXPRESS = "s3_disable_express_session_auth` profile option or for ENV['AWS_S3_DISABLE_EXPRESS_SESSION_AUTH']."
_BYTES = "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"
_FIRST = (
    _switch(
        "AWS_ADAPTIVE_RETRY_WAIT_TO_FILL",
        "adaptive_retry_wait_to_fill profile option or for ENV['AWS_ADAPTIVE_RETRY_WAIT_TO_FILL']",
    ),
    _switch("AWS_CORRECT_CLOCK_SKEW", "correct_clock_skew profile option or for ENV['AWS_CORRECT_CLOCK_SKEW']"),
    _switch(
        "AWS_DISABLE_HOST_PREFIX_INJECTION",
        "disable_host_prefix_injection profile option or for ENV['AWS_DISABLE_HOST_PREFIX_INJECTION']",
    ),
    _switch("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", f"the `{_EXPRESS}"),
)
"""Looked at one after the other, before the region where the SDK's endpoint is made of that."""
_OPTIONS = (
    _Allowed(
        "AWS_MAX_ATTEMPTS",
        lambda value: to_i(value) > 0,
        "Must provide a positive integer for max_attempts profile option or for ENV['AWS_MAX_ATTEMPTS']",
    ),
    _checksums("request_checksum_calculation"),
    _Allowed(_BYTES, lambda value: _integer(value) is not None, "invalid value for Integer(): {}"),
    _checksums("response_checksum_validation"),
    _Allowed(
        "AWS_RETRY_MODE",
        _one_of("legacy", "standard", "adaptive"),
        "Must provide either `legacy`, `standard`, or `adaptive` for retry_mode profile option or for "
        "ENV['AWS_RETRY_MODE']",
    ),
    # the SDK names the other variable here
    _switch(
        "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
        "s3_use_arn_region profile option or for ENV['AWS_S3_USE_ARN_REGION']",
    ),
    _Allowed(
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        _one_of("legacy", "regional", any_case=True),
        "expected :s3_us_east_1_regional_endpoint or ENV['AWS_S3_US_EAST_1_REGIONAL_ENDPOINT'] to be `legacy` or "
        "`regional`.",
    ),
    _switch("AWS_S3_USE_ARN_REGION", f"the `{_ARN_REGION}"),
)
"""Looked at next."""
_LAST = (
    _switch("AWS_DISABLE_REQUEST_COMPRESSION", "the `disable_request_compression` configuration option."),
    _Allowed(
        _BYTES,
        lambda value: 0 <= (_integer(value) or 0) <= _MOST_BYTES,
        "Must provide a non-negative integer value between `0` and `10485760` bytes inclusive for the "
        "`request_min_compression_size_bytes` configuration option",
    ),
    _Allowed(
        "AWS_SIGV4A_SIGNING_REGION_SET",
        lambda value: bool(value.strip(",")),
        "The provided sigv4a region set was empty or invalid.",
        "Aws::Errors::InvalidRegionSetError",
    ),
)
"""Looked at after the version of the signature, and before endpoint and region."""


def first_troubles(environment: Mapping[str, str]) -> Iterator[RaisedError]:
    """What the SDK raises first of all when its client is made."""
    return _found(_FIRST, environment)


def option_troubles(environment: Mapping[str, str]) -> Iterator[RaisedError]:
    """What it raises of its other options."""
    return _found(_OPTIONS, environment)


def last_troubles(environment: Mapping[str, str]) -> Iterator[RaisedError]:
    """What it raises once all options have a value."""
    return _found(_LAST, environment)


def _found(checks: tuple[_Allowed, ...], environment: Mapping[str, str]) -> Iterator[RaisedError]:
    for check in checks:
        value = environment.get(check.name)
        if value is not None and not check.allowed(value):
            message = check.message.replace("{}", inspect(value))
            yield RaisedError(RaisedAt.CLIENT, check.exception, message, check.name)


def standard_defaults(environment: Mapping[str, str]) -> bool:
    """Whether ``AWS_DEFAULTS_MODE`` is anything but ``legacy``: regional endpoint of us-east-1, standard retries."""
    return environment.get("AWS_DEFAULTS_MODE", "legacy").lower() != "legacy"


def retry_mode(environment: Mapping[str, str]) -> str:
    """``legacy`` takes Mastodon's ``S3_RETRY_LIMIT``, the others ``AWS_MAX_ATTEMPTS``."""
    newer = standard_defaults(environment) or environment.get("AWS_NEW_RETRIES_2026", "").lower() == "true"
    return environment.get("AWS_RETRY_MODE", "standard" if newer else "legacy")


def most_attempts(environment: Mapping[str, str]) -> int:
    """How often a request is sent at most in the other modes than ``legacy``."""
    return max(to_i(environment.get("AWS_MAX_ATTEMPTS", "3")), 1)


def switched_on(environment: Mapping[str, str], name: str) -> bool:
    """A switch as most of the SDK reads it (Aws::Util.str_2_bool): nothing but ``true`` in small letters."""
    return environment.get(name) == "true"

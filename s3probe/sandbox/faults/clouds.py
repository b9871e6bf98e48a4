"""Faults that users of one provider meet, each in that provider's own ways."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from s3probe.sandbox.clouds import CLOUDS
from s3probe.sandbox.faults.model import Change, Fault, both, bucket, env
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.recommended import RECOMMENDED
from s3probe.sandbox.scenario import Scenario, custom
from s3probe.sandbox.setups import ProviderSetup


def _at(name: str) -> Callable[[], Scenario]:
    """That provider, set up as it should be."""
    return partial(ProviderSetup.scenario, next(setup for setup in CLOUDS if setup.provider == name))


def _acl_change(*, empties: bool = False, kind: str = "") -> Change:
    """What a change of a file's ACL does to the file."""
    return lambda s: s.with_personality(acl_change_empties=empties, acl_change_type=kind)


def _refuses(refusal: Refusal) -> Change:
    return lambda s: s.with_personality(refusals=(*s.world.personality.refusals, refusal))


_NO_ACL_UPLOADS = _refuses(
    Refusal(ErrorText(501, "NotImplemented", "not implemented"), ("PutObject", "CreateMultipartUpload"), "x-amz-acl")
)
"""As R2 was in 2023."""
_PUBLIC_ACLS = Refusal(
    ErrorText(403, "AccessDenied", "Public use of objects is not allowed by default. Contact support@wasabi.com"),
    ("PutObject", "CreateMultipartUpload", "PutObjectAcl"),
    "x-amz-acl",
    values=("public-read*",),
)
"""Wasabi's accounts since March 2023, until its support allows public access."""
_NO_ALIAS = env("S3_ALIAS_HOST", None)
_IN_THE_PATH = env("S3_OVERRIDE_PATH_STYLE", None)
_CLOSED: Change = bucket(policy=(), acl="private")

FAULTS = (
    Fault("provider-needs-public-host", _NO_ALIAS, _at("tigris"), look_alike=_CLOSED),
    Fault("provider-needs-public-host", _NO_ALIAS, _at("huawei-obs"), "bucket in the host"),
    Fault("provider-needs-public-host", both(_NO_ALIAS, _CLOSED), _at("tigris"), "and closed there"),
    Fault(
        "path-style-switch-inverted", env("S3_OVERRIDE_PATH_STYLE", None), _at("open-telekom-cloud"), "Huawei's code"
    ),
    Fault("path-style-switch-inverted", env("S3_OVERRIDE_PATH_STYLE", None), _at("alibaba-oss"), "Alibaba's code"),
    Fault("path-style-switch-inverted", env("S3_OVERRIDE_PATH_STYLE", "true"), _at("infomaniak"), "a folder's name"),
    Fault(
        "public-acl-refused",
        both(_refuses(_PUBLIC_ACLS), env("S3_PERMISSION", None)),
        RECOMMENDED["wasabi"],
        look_alike=_refuses(_PUBLIC_ACLS),
    ),
    Fault("media-host-is-the-instance", env("S3_ALIAS_HOST", "mastodon.example")),
    Fault("media-host-is-the-instance", env("S3_ALIAS_HOST", "mastodon.example"), _at("tigris"), "another host"),
    Fault("ceph-tenant-prefix", _NO_ALIAS, _at("safespring"), look_alike=env("S3_PERMISSION", "")),
    Fault("acl-change-empties-object", _acl_change(empties=True), custom, look_alike=_acl_change(kind="text/plain")),
    Fault("acl-change-empties-object", both(_acl_change(empties=True), _NO_ACL_UPLOADS), custom, "uploads refused"),
    Fault(
        "acl-change-loses-content-type",
        _acl_change(kind="application/xml"),
        custom,
        look_alike=_acl_change(empties=True),
    ),
    Fault("acl-change-empties-object", env("S3_PERMISSION", "public-read"), _at("strato-hidrive-s3"), "behind a proxy"),
)

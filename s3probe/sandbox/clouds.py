"""Providers of which documents, clients' tables and reports say how they behave; the sources stand in ``knowledge``.

What is not described behaves like the S3 API at large. Where a provider's way for visitors is not documented, the
set-up is the one that works anywhere: a proxy of the admin's own that signs its requests.
"""

from __future__ import annotations

from s3probe.records import replace
from s3probe.sandbox.personality import AclHandling, ErrorText, Personality, Refusal, RegionCheck
from s3probe.sandbox.providers import CEPH
from s3probe.sandbox.scenario import ALIAS, BUCKET
from s3probe.sandbox.setups import ProviderSetup

_UNSIGNED = ErrorText(403, "AccessDenied", "Access Denied")
_NAMED = ErrorText(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")


def _cloud(name: str, **ways: object) -> Personality:
    """One that says nothing of itself but what it has to: no Server, no region, no signed text."""
    standing = {"server": "", "amazon_ids": False, "bucket_region": False, "region_check": RegionCheck.SIGNATURE}
    return Personality(name, **{**standing, **ways})  # type: ignore[arg-type]  # dataclass fields by name


def _closed(name: str, **ways: object) -> Personality:
    """Its API's host serves nobody without a signature; ACLs do nothing, and there are no policies."""
    return _cloud(name, acls=AclHandling.IGNORED, signed_only=_UNSIGNED, policies=False, **ways)


_OBS_HOST = ErrorText(403, "VirtualHostDomainRequired", "Virtual host domain is required when accessing a bucket.")
_ADDRESSED = "The bucket you are attempting to access must be addressed using"
_SECOND_LEVEL = ErrorText(403, "SecondLevelDomainForbidden", f"{_ADDRESSED} OSS third level domain.")
_COS_HOST = ErrorText(403, "PathStyleDomainForbidden", f"{_ADDRESSED} COS virtual-styled domain.")
_ORACLE_MD5 = Refusal(
    ErrorText(
        400, "InvalidRequest",
        "Missing required header: Content-MD5 or x-amz-checksum-sha256 or x-amz-checksum-crc32c",
    ),
    ("DeleteObjects",), "x-amz-checksum-crc32",
)  # fmt: skip
_MEGA_ACLS = (Refusal(_NAMED, ("PutObjectAcl", "PutBucketAcl")),)
_FASTLY_TRAILERS = Refusal(
    ErrorText(501, "NotImplemented", "aws-chunked is not supported"), ("PutObject", "UploadPart"), "x-amz-trailer"
)
_NOT_WITH_TRAILERS = (("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required"),)
_SGWS = "urn:sgws:s3:::"
"""StorageGRID's form of a resource."""
_VIRTUAL = (("S3_OVERRIDE_PATH_STYLE", "true"),)
_SWIFT = _cloud("elastx", acls=AclHandling.IGNORED, checksum_answers=False, policies=False, refusals=(
    Refusal(ErrorText(501, "NotImplemented", "not implemented"), ("PutObjectAcl",)),))  # fmt: skip

HUAWEI = _cloud("huawei-obs", server="OBS", path_style=_OBS_HOST, policies=False)
ORACLE = _closed("oracle-oci", refusals=(_ORACLE_MD5,), cors_calls=False)
TIGRIS = _closed("tigris", server="Tigris OS")
SAFESPRING = replace(CEPH, id="safespring", tenant="1c4b8a7f0d")


def _by_acl(name: str, host: str, region: str, *, alias: str = "", **ways: object) -> ProviderSetup:
    """ACLs are honoured, as clients' tables say, and Mastodon's default opens each file."""
    return ProviderSetup(name, _cloud(name, **ways), host, region, alias=alias, opened_by_policy=False)


def _like_ceph(name: str, host: str, region: str, *, alias: str = "", **ways: object) -> ProviderSetup:
    personality = replace(CEPH, id=name, **ways)  # type: ignore[arg-type]  # dataclass fields by name
    return ProviderSetup(name, personality, host, region, alias=alias, opened_by_policy=False)


def _in_the_host(name: str, personality: Personality, host: str, region: str, *env: tuple[str, str]) -> ProviderSetup:
    """The bucket stands in the host of every request, and of every URL for visitors."""
    lines = (("S3_OVERRIDE_PATH_STYLE", "true"), ("S3_ALIAS_HOST", f"{BUCKET}.{host}"), *env)
    return ProviderSetup(name, replace(personality, id=name), host, region, lines, opened_by_policy=False)


def _by_policy(name: str, host: str, region: str, *, alias: str = "", **ways: object) -> ProviderSetup:
    personality = _cloud(name, acls=AclHandling.IGNORED, **ways)
    return ProviderSetup(name, personality, host, region, alias=alias, wildcard=False)


def _by_proxy(name: str, host: str, region: str) -> ProviderSetup:
    """Nobody says how visitors would be served: a proxy that signs does it."""
    return ProviderSetup(name, _closed(name), host, region, alias=ALIAS, wildcard=False)


CLOUDS = (
    ProviderSetup(
        "oracle-oci",
        ORACLE,
        "axns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
        "eu-frankfurt-1",
        _NOT_WITH_TRAILERS,
        f"objectstorage.eu-frankfurt-1.oraclecloud.com/n/axns/b/{BUCKET}/o",
        wildcard=False,
        known=("delete-md5-required",),
    ),
    _in_the_host("huawei-obs", HUAWEI, "obs.eu-west-101.myhuaweicloud.eu", "eu-west-101"),
    _in_the_host("open-telekom-cloud", HUAWEI, "obs.eu-de.otc.t-systems.com", "eu-de"),
    _in_the_host(
        "tencent-cos",
        _cloud("tencent-cos", server="tencent-cos", path_style=_COS_HOST),
        "cos.eu-frankfurt.myqcloud.com",
        "eu-frankfurt",
        *_NOT_WITH_TRAILERS,
    ),
    _in_the_host(
        "alibaba-oss",
        _cloud("alibaba-oss", server="AliyunOSS", path_style=_SECOND_LEVEL),
        "s3.oss-eu-central-1.aliyuncs.com",
        "oss-eu-central-1",
        *_NOT_WITH_TRAILERS,
    ),
    ProviderSetup("tigris", TIGRIS, "t3.storage.dev", "auto", _VIRTUAL, f"{BUCKET}.t3.tigrisfiles.io"),
    _by_acl("ibm-cos", "s3.eu-de.cloud-object-storage.appdomain.cloud", "eu-de", region_check=RegionCheck.NONE),
    _by_acl("impossible-cloud", "eu-central-2.storage.impossibleapi.net", "eu-central-2"),
    _by_acl("cubbit", "s3.cubbit.eu", "eu-west-1"),
    _by_acl("yandex", "storage.yandexcloud.net", "ru-central1"),
    _by_acl("leviia", "s3.leviia.com", "us-east-1"),
    _by_acl("magalu", "br-se1.magaluobjects.com", "br-se1"),
    _by_acl("arvancloud", "s3.ir-thr-at1.arvanstorage.ir", "ir-thr-at1"),
    _by_acl("qiniu", "s3.cn-east-1.qiniucs.com", "cn-east-1", alias=ALIAS),
    _by_acl("petabox", "s3.eu-central-1.petabox.io", "eu-central-1"),
    _by_acl("rackcorp", "au-nsw.s3.rackcorp.com", "au-nsw"),
    _by_acl("intercolo", "de-fra.i3storage.com", "de-fra"),
    _by_acl("gcore", "s-ed1.cloud.gcore.lu", "s-ed1"),
    _by_acl("civo", "objectstore.fra1.civo.com", "fra1"),
    _by_acl("zero-z3", "fra1.s3.zeroservices.eu", "zero-fra1"),
    _by_acl("outscale", "oos.eu-west-2.outscale.com", "eu-west-2"),
    _by_acl("liara", "storage.iran.liara.space", "us-east-1", policies=False),
    _like_ceph("glesys", "objects.dc-sto1.glesys.net", "dc-sto1"),
    _like_ceph("cloudscale-ch", "objects.rma.cloudscale.ch", "us-east-1"),
    _like_ceph("dreamhost", "objects-us-east-1.dream.io", "us-east-1"),
    _like_ceph("linode-e3", "us-iad-18.linodeobjects.com", "us-iad-18", alias=ALIAS, cors_calls=False),
    ProviderSetup(
        "safespring",
        SAFESPRING,
        "s3.sto1.safedc.net",
        "us-east-1",
        alias=f"s3.sto1.safedc.net/{SAFESPRING.tenant}:{BUCKET}",
        opened_by_policy=False,
        wildcard=False,
    ),
    ProviderSetup(
        "cleura",
        replace(SAFESPRING, id="cleura"),
        "s3-kna1.citycloud.com",
        "us-east-1",
        _NOT_WITH_TRAILERS,
        f"s3-kna1.citycloud.com/{SAFESPRING.tenant}:{BUCKET}",
        wildcard=False,
    ),
    _by_policy(
        "mega-s4",
        "s3.eu-luxembourg-1.megas4.com",
        "eu-luxembourg-1",
        alias=ALIAS,
        refusals=_MEGA_ACLS,
        cors_calls=False,
    ),
    _by_policy("upcloud", "jd758.upcloudobjects.com", "europe-1"),
    _by_policy("leaseweb", "nl.object-storage.io", "nl-01", arn=_SGWS),
    _by_policy("stackit", "object.storage.eu01.onstackit.cloud", "eu01", arn=_SGWS),
    ProviderSetup(
        "selectel",
        _closed("selectel"),
        "s3.ru-1.storage.selcloud.ru",
        "ru-1",
        alias="9c9a241d-11ea-4f71-8a89-7a1d2f462630.selstorage.ru",
    ),
    ProviderSetup(
        "fastly",
        _closed("fastly", refusals=(_FASTLY_TRAILERS,), cors_calls=False),
        "eu-central.object.fastlystorage.app",
        "eu-central",
        _NOT_WITH_TRAILERS,
        ALIAS,
        wildcard=False,
    ),
    ProviderSetup(
        "bunny-storage",
        _closed("bunny-storage", cors_calls=False),
        "de-s3.storage.bunnycdn.com",
        "de",
        alias="files-example.b-cdn.net",
        wildcard=False,
    ),
    ProviderSetup("elastx", _SWIFT, "swift.elastx.cloud", "us-east-1", wildcard=False),
    ProviderSetup(
        "infomaniak", replace(_SWIFT, id="infomaniak", path_only=True), "s3.pub1.infomaniak.cloud", "us-east-1"
    ),
    ProviderSetup(
        "strato-hidrive-s3",
        _cloud("strato-hidrive-s3", acl_change_empties=True, policies=False),
        "s3.hidrive.strato.com",
        "eu-central-1",
        (("S3_PERMISSION", ""),),
        ALIAS,
        wildcard=False,
    ),
    _by_proxy("synology-c2", "eu-001.s3.synologyc2.net", "eu-001"),
    _by_proxy("rabata", "s3.eu-west-1.rabata.io", "eu-west-1"),
    _by_proxy("filebase", "s3.filebase.com", "us-east-1"),
    _by_proxy("storadera", "eu-east-1.s3.storadera.com", "eu-east-1"),
    _by_proxy("zadara", "vsa-00000001-public-zadara-cloud-01.zadarazios.com", "us-east-1"),
    _by_proxy("katapult", "uk-lon-1.katapultobjects.com", "uk-lon-1"),
)
"""As their documents recommend them for Mastodon, or as what is known of them allows."""

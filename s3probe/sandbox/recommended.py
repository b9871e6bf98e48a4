"""Further providers as data, each set up as its own documentation recommends it for Mastodon. All are healthy.

What is not modelled: prices, delays, and everything that only a console shows. The right values stand, in words, in
``knowledge/providers.toml`` as well; the tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from s3probe.sandbox.personality import AclHandling, ErrorText, Personality, Refusal, RegionCheck
from s3probe.sandbox.providers import CEPH, GARAGE, MINIO, WASABI
from s3probe.sandbox.scenario import (
    ALIAS,
    BUCKET,
    KEY_ID,
    SECRET,
    Scenario,
    backblaze_b2,
    cloudflare_r2,
    custom,
    google_cloud,
    public_media,
)
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Alias, Bucket, CorsRule, Endpoint, Instance

_NO_ACL_CALLS = Refusal(ErrorText(501, "NotImplemented", "not implemented"), ("PutObjectAcl",))

DIGITALOCEAN = replace(CEPH, id="digitalocean-spaces", server="", region_check=RegionCheck.NONE)
SCALEWAY = Personality("scaleway", server="", bucket_region=False, region_check=RegionCheck.MALFORMED)
HETZNER = replace(CEPH, id="hetzner", server="nginx")
EXOSCALE = replace(CEPH, id="exoscale", server="", region_check=RegionCheck.MALFORMED)
LINODE = replace(CEPH, id="linode", server="nginx")
VULTR = replace(CEPH, id="vultr", server="nginx")
CONTABO = replace(CEPH, id="contabo", server="nginx")
OVH = Personality("ovhcloud", server="", amazon_ids=False, bucket_region=False, region_check=RegionCheck.SIGNATURE)
IDRIVE = replace(MINIO, id="idrive-e2", server="")
STORJ = replace(MINIO, id="storj", server="", region_check=RegionCheck.NONE, refusals=(_NO_ACL_CALLS,))
SEAWEEDFS = replace(MINIO, id="seaweedfs", server="SeaweedFS S3", region_check=RegionCheck.NONE)
SWIFT = Personality(
    "swift-s3api", server="", amazon_ids=False, acls=AclHandling.IGNORED, bucket_region=False,
    checksum_answers=False, region_check=RegionCheck.SIGNATURE, refusals=(_NO_ACL_CALLS,),
)  # fmt: skip
"""OpenStack Swift without ``s3_acl``."""
IONOS = Personality("ionos", server="", bucket_region=False)


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """A provider's name in ``knowledge``, its API host and what the admin writes into the env file."""

    provider: str
    personality: Personality
    host: str
    region: str
    env: tuple[tuple[str, str], ...] = ()
    """Beside bucket, region, endpoint, host name and keys."""
    alias: str = ""
    """``S3_ALIAS_HOST``, with a path where the provider has one."""
    opened_by_policy: bool = True
    """A policy, a switch or another service of the provider's opens the media; otherwise each file's ACL does."""
    wildcard: bool = True

    def scenario(self) -> Scenario:
        """The world and its env file."""
        rules = (CorsRule(("*",), ("GET", "HEAD"), max_age=3000),)
        policy: tuple[Statement, ...] = public_media() if self.opened_by_policy else ()
        host, _, path = self.alias.partition("/")
        named = (host,) if self.personality.web_port else ()
        bucket = Bucket(BUCKET, self.region, aliases=named, cors=rules, policy=policy)
        aliases = (Alias(host, BUCKET, self.host, path=f"/{path}" if path else ""),) if host else ()
        shown = (host or self.host, self.host)
        values = {
            "S3_BUCKET": BUCKET,
            "S3_REGION": self.region,
            "S3_ENDPOINT": f"https://{self.host}",
            "S3_HOSTNAME": self.host,
            **({"S3_ALIAS_HOST": self.alias} if self.alias else {}),
            **({"S3_PERMISSION": ""} if self.opened_by_policy else {}),
            **dict(self.env),
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        head = "LOCAL_DOMAIN=mastodon.example\nS3_ENABLED=true\n"
        text = head + "".join(f"{name}={value}\n" for name, value in values.items())
        made = Scenario(custom().world, text).with_world(
            buckets=(bucket,),
            endpoints=(Endpoint(self.host, self.region, self.wildcard),),
            personality=self.personality,
            aliases=aliases,
            instance=Instance(media_hosts=tuple(dict.fromkeys(shown))),
        )
        return made.with_user(access_key=KEY_ID, secret=SECRET)


_PATIENT = (("S3_READ_TIMEOUT", "60"),)
_SINGLE = (("S3_FORCE_SINGLE_REQUEST", "true"),)

SETUPS = (
    ProviderSetup("digitalocean-spaces", DIGITALOCEAN, "ams3.digitaloceanspaces.com", "ams3",
                  alias=f"{BUCKET}.ams3.cdn.digitaloceanspaces.com", opened_by_policy=False),
    ProviderSetup("scaleway", SCALEWAY, "s3.fr-par.scw.cloud", "fr-par", opened_by_policy=False),
    ProviderSetup("hetzner", HETZNER, "fsn1.your-objectstorage.com", "fsn1", (("S3_BATCH_DELETE_LIMIT", "100"),), ALIAS,
                  opened_by_policy=False),
    ProviderSetup("exoscale", EXOSCALE, "sos-ch-dk-2.exo.io", "ch-dk-2", (*_SINGLE, ("S3_OVERRIDE_PATH_STYLE", "true")),
                  opened_by_policy=False),
    ProviderSetup("linode", LINODE, "us-east-1.linodeobjects.com", "us-east-1", opened_by_policy=False),
    ProviderSetup("vultr", VULTR, "ewr1.vultrobjects.com", "ewr1", opened_by_policy=False),
    ProviderSetup("contabo", CONTABO, "eu2.contabostorage.com", "default",
                  (*_PATIENT, ("S3_BATCH_DELETE_LIMIT", "100")), f"eu2.contabostorage.com/0123456789abcdef:{BUCKET}",
                  opened_by_policy=False, wildcard=False),
    ProviderSetup("ovhcloud", OVH, "s3.gra.io.cloud.ovh.net", "gra", _SINGLE, opened_by_policy=False),
    ProviderSetup("idrive-e2", IDRIVE, "x1y2.fra.idrivee2-42.com", "us-east-1", wildcard=False),
    ProviderSetup("storj", STORJ, "gateway.storjshare.io", "global", (("S3_MULTIPART_THRESHOLD", "67108864"),),
                  f"link.storjshare.io/raw/jxabcdefghijklmnop/{BUCKET}"),
    ProviderSetup("wasabi", WASABI, "s3.eu-central-1.wasabisys.com", "eu-central-1", (*_SINGLE, *_PATIENT)),
    ProviderSetup("ionos", IONOS, "s3.eu-central-3.ionoscloud.com", "eu-central-3", wildcard=False),
    ProviderSetup("minio", MINIO, "minio.example.net", "us-east-1", wildcard=False),
    ProviderSetup("garage", GARAGE, "garage.example.net", "garage", alias=ALIAS, wildcard=False),
    ProviderSetup("seaweedfs", SEAWEEDFS, "seaweed.example.net", "us-east-1", wildcard=False),
    ProviderSetup("swift-s3api", SWIFT, "swift.example.net", "RegionOne", wildcard=False),
    ProviderSetup("ceph-radosgw", CEPH, "rgw.example.net", "us-east-1", opened_by_policy=False, wildcard=False),
)  # fmt: skip

RECOMMENDED: Mapping[str, Callable[[], Scenario]] = {
    **{setup.provider: setup.scenario for setup in SETUPS},
    "cloudflare-r2": cloudflare_r2,
    "backblaze-b2": backblaze_b2,
    "gcs": google_cloud,
}
"""By the provider's id in ``knowledge``."""

garage: Callable[[], Scenario] = partial(
    ProviderSetup.scenario, next(setup for setup in SETUPS if setup.provider == "garage")
)
"""Garage as it should be."""
minio: Callable[[], Scenario] = partial(
    ProviderSetup.scenario, next(setup for setup in SETUPS if setup.provider == "minio")
)
"""MinIO as it should be."""
linode: Callable[[], Scenario] = partial(
    ProviderSetup.scenario, next(setup for setup in SETUPS if setup.provider == "linode")
)
"""Akamai/Linode as it should be."""

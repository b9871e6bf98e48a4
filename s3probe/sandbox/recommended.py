"""Further providers as data, each set up as its own documentation recommends it for Mastodon. All are healthy.

What is not modelled: prices, delays, and everything that only a console shows. The right values stand, in words, in
``knowledge/providers.toml`` as well; the tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from s3probe.records import replace
from s3probe.sandbox.clouds import CLOUDS
from s3probe.sandbox.personality import AclHandling, ErrorText, Personality, Refusal, RegionCheck
from s3probe.sandbox.providers import CEPH, GARAGE, MINIO, SEAWEEDFS, VERSITY, WASABI
from s3probe.sandbox.scenario import ALIAS, BUCKET, Scenario, backblaze_b2, cloudflare_r2, google_cloud
from s3probe.sandbox.setups import ProviderSetup

_NO_ACL_CALLS = Refusal(ErrorText(501, "NotImplemented", "not implemented"), ("PutObjectAcl",))

DIGITALOCEAN = replace(CEPH, id="digitalocean-spaces", server="", region_check=RegionCheck.NONE)
SCALEWAY = Personality("scaleway", server="", bucket_region=False, region_check=RegionCheck.MALFORMED, arn="")
HETZNER = replace(CEPH, id="hetzner", server="nginx")
EXOSCALE = replace(CEPH, id="exoscale", server="", region_check=RegionCheck.MALFORMED)
LINODE = replace(CEPH, id="linode", server="nginx")
VULTR = replace(CEPH, id="vultr", server="nginx")
CONTABO = replace(CEPH, id="contabo", server="nginx", tenant="0123456789abcdef")
OVH = Personality("ovhcloud", server="", amazon_ids=False, bucket_region=False, region_check=RegionCheck.SIGNATURE)
IDRIVE = replace(MINIO, id="idrive-e2", server="", account_info="", hides_absent_buckets=False)
STORJ = replace(
    IDRIVE, id="storj", region_check=RegionCheck.NONE, refusals=(_NO_ACL_CALLS,), policies=False,
    signed_only=ErrorText(403, "AccessDenied", "Access Denied."),
)  # fmt: skip
SWIFT = Personality(
    "swift-s3api", server="", amazon_ids=False, acls=AclHandling.IGNORED, bucket_region=False,
    checksum_answers=False, region_check=RegionCheck.SIGNATURE, refusals=(_NO_ACL_CALLS,),
)  # fmt: skip
"""OpenStack Swift without ``s3_acl``."""
IONOS = Personality("ionos", server="", bucket_region=False)


_PATIENT = (("S3_READ_TIMEOUT", "60"),)
_SINGLE = (("S3_FORCE_SINGLE_REQUEST", "true"),)

SETUPS = (
    *CLOUDS,
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
    ProviderSetup("versitygw", VERSITY, "versity.example.net", "us-east-1", wildcard=False),
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

garage = RECOMMENDED["garage"]
minio = RECOMMENDED["minio"]
versity = RECOMMENDED["versitygw"]
seaweedfs = RECOMMENDED["seaweedfs"]
ceph = RECOMMENDED["ceph-radosgw"]
linode = RECOMMENDED["linode"]

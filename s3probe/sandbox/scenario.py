"""A world and the env file that goes with it. The healthy ones are where every fault starts from."""

from __future__ import annotations

from collections.abc import Callable

from s3probe.records import dataclass, replace
from s3probe.sandbox.env_text import get_env, set_env, set_raw
from s3probe.sandbox.personality import Personality, RegionCheck
from s3probe.sandbox.providers import B2, GCS, R2, acl_must_match
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import (
    ALL_BLOCKED,
    Account,
    Alias,
    Bucket,
    CorsRule,
    Endpoint,
    Instance,
    Ownership,
    PublicAccessBlock,
    User,
    World,
)

BUCKET = "files-example"
KEY_ID = "AKIAMASTODON7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYMASTODONKEY"  # noqa: S105  made up, opens nothing but the sandbox
ALIAS = "files.example.com"
CUSTOM_HOST = "s3.nl-ams.example.net"
MEDIA_FOLDERS = (
    "accounts", "cache", "custom_emojis", "media_attachments", "preview_cards", "preview_card_providers",
    "site_uploads",
)  # fmt: skip
"""Where Mastodon keeps what anyone may see; ``backups/`` is not among them."""
_MEDIA_HOSTS = (ALIAS, "s3.eu-west-2.amazonaws.com", "s3.us-east-1.amazonaws.com", CUSTOM_HOST)
"""The instance's CSP allows every host a healthy scenario, or one that was fixed, shows media under."""
OBJECT_ACTIONS = ("s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world with one Mastodon in it: the first bucket and the first user are its own."""

    world: World
    env_text: str

    @property
    def bucket(self) -> Bucket:
        return self.world.buckets[0]

    @property
    def user(self) -> User:
        return self.world.users[0]

    def with_world(self, **changes: object) -> Scenario:
        return replace(self, world=replace(self.world, **changes))  # type: ignore[arg-type]  # dataclass fields by name

    def with_bucket(self, **changes: object) -> Scenario:
        mine = replace(self.bucket, **changes)  # type: ignore[arg-type]  # dataclass fields by name
        return self.with_world(buckets=(mine, *self.world.buckets[1:]))

    def with_user(self, **changes: object) -> Scenario:
        mine = replace(self.user, **changes)  # type: ignore[arg-type]  # dataclass fields by name
        return self.with_world(users=(mine, *self.world.users[1:]))

    def with_personality(self, **changes: object) -> Scenario:
        return self.with_world(personality=replace(self.world.personality, **changes))  # type: ignore[arg-type]

    def with_account(self, **changes: object) -> Scenario:
        """The same, with the account of the bucket changed."""
        account = replace(self.world.account(self.bucket.account), **changes)  # type: ignore[arg-type]
        others = tuple(a for a in self.world.accounts if a.id != account.id)
        return self.with_world(accounts=(account, *others))

    def with_env(self, name: str, value: str | None, line: int | None = None) -> Scenario:
        """The same, with one line of the env file set (quoted where dotenv needs it) or, with ``None``, removed."""
        return replace(self, env_text=set_env(self.env_text, name, value, line))

    def with_raw_env(self, name: str, raw: str) -> Scenario:
        """The same, with the text after ``name=`` as it stands."""
        return replace(self, env_text=set_raw(self.env_text, name, raw))

    def raw_env(self, name: str) -> str | None:
        """The text after ``name=``."""
        return get_env(self.env_text, name)


def least_privilege(bucket: str = BUCKET) -> tuple[Statement, ...]:
    """Exactly what Mastodon needs."""
    return (
        Statement("Allow", OBJECT_ACTIONS, (f"arn:aws:s3:::{bucket}/*",), sid="MastodonObjects"),
        Statement("Allow", ("s3:ListBucket",), (f"arn:aws:s3:::{bucket}",), sid="MastodonList"),
    )


def readable(scenario: Scenario) -> Scenario:
    """The same, with a key that may also read the bucket's settings, as many keys may.

    Some faults show on the wire only to such a key; to a least-privilege one they look like other faults.
    """
    allow = Statement("Allow", ("s3:GetBucket*", "s3:GetObjectAcl", "s3:GetObjectRetention"), ("*",), sid="Settings")
    return scenario.with_user(identity=(*scenario.user.identity, allow))


def public_media(bucket: str = BUCKET) -> tuple[Statement, ...]:
    """A bucket policy that opens the media, and nothing else, to everyone."""
    resources = tuple(f"arn:aws:s3:::{bucket}/{folder}/*" for folder in MEDIA_FOLDERS)
    return (Statement("Allow", ("s3:GetObject",), resources, ("*",), sid="MastodonPublicMedia"),)


def rights_by_policy(principal: str, bucket: str = BUCKET) -> tuple[Statement, ...]:
    """The part of a bucket policy that gives a key what Mastodon needs where no ACL means anything."""
    actions = tuple(action for action in OBJECT_ACTIONS if action != "s3:PutObjectAcl")
    resources = (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*")
    return (Statement("Allow", (*actions, "s3:ListBucket"), resources, (principal,), sid="MastodonKey"),)


def _bucket(region: str) -> Bucket:
    return Bucket(BUCKET, region, cors=(CorsRule(("*",), ("GET", "HEAD"), max_age=3000),))


def _env(**values: str) -> str:
    head = "# This is an example env file\nLOCAL_DOMAIN=mastodon.example\n\n# File storage\nS3_ENABLED=true\n"
    return head + "".join(f"{name}={value}\n" for name, value in values.items())


def _world(bucket: Bucket, **others: object) -> World:
    world = World((bucket,), (User("mastodon", KEY_ID, SECRET, identity=least_privilege()),), (Account(),))
    return replace(world, instance=Instance(media_hosts=_MEDIA_HOSTS), **others)  # type: ignore[arg-type]


def healthy() -> Scenario:
    """AWS, ACLs enabled, media opened by their ACL."""
    hostname = "s3.eu-west-2.amazonaws.com"
    # The ACL way needs only the two ACL switches off; the policy switches may stay on.
    block = PublicAccessBlock(block_public_policy=True, restrict_public_buckets=True)
    world = _world(replace(_bucket("eu-west-2"), block=block))
    return Scenario(world, _env(S3_BUCKET=BUCKET, S3_REGION="eu-west-2", S3_HOSTNAME=hostname,
                                AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET))  # fmt: skip


def healthy_policy() -> Scenario:
    """AWS as a new bucket comes: ACLs disabled, media opened by a policy, shown through an alias host."""
    block = replace(ALL_BLOCKED, block_public_policy=False, restrict_public_buckets=False)
    bucket = replace(_bucket("eu-west-2"), ownership=Ownership.ENFORCED, block=block, policy=public_media())
    alias = Alias(ALIAS, BUCKET, "s3.eu-west-2.amazonaws.com")
    env = _env(S3_BUCKET=BUCKET, S3_REGION="eu-west-2", S3_HOSTNAME="s3.eu-west-2.amazonaws.com", S3_ALIAS_HOST=ALIAS,
               S3_PERMISSION="", AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)  # fmt: skip
    return Scenario(_world(bucket, aliases=(alias,)), env)


def custom() -> Scenario:
    """A provider of its own name, path style, ACLs honoured."""
    personality = Personality("custom", server="S3", bucket_region=False, region_check=RegionCheck.MALFORMED)
    world = _world(_bucket("nl-ams"), amazon=False, endpoints=(Endpoint(CUSTOM_HOST, "nl-ams"),),
                   personality=personality, detailed_denials=False)  # fmt: skip
    env = _env(S3_BUCKET=BUCKET, S3_REGION="nl-ams", S3_ENDPOINT=f"https://{CUSTOM_HOST}", S3_HOSTNAME=CUSTOM_HOST,
               AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)  # fmt: skip
    return Scenario(world, env)


def _provider(personality: Personality, host: str, region: str, **bucket: object) -> Scenario:
    """A named provider with ``S3_PERMISSION`` empty and an alias host."""
    mine = replace(_bucket(region), **bucket)  # type: ignore[arg-type]  # dataclass fields by name
    world = _world(mine, amazon=False, endpoints=(Endpoint(host, region),), personality=personality,
                   aliases=(Alias(ALIAS, BUCKET, host),), detailed_denials=False)  # fmt: skip
    env = _env(S3_BUCKET=BUCKET, S3_REGION=region, S3_ENDPOINT=f"https://{host}", S3_HOSTNAME=host, S3_PERMISSION="",
               S3_ALIAS_HOST=ALIAS, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)  # fmt: skip
    return Scenario(world, env)


def cloudflare_r2() -> Scenario:
    """Cloudflare R2; its custom domain shows the media folders."""
    host = "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"
    return _provider(R2, host, "auto", policy=public_media())


def backblaze_b2() -> Scenario:
    """Backblaze B2 with a public bucket (a B2 bucket is public as a whole, archives included)."""
    personality = replace(B2, refusals=acl_must_match("public-read"))
    return _provider(personality, "s3.us-west-004.backblazeb2.com", "us-west-004", acl="public-read")


def google_cloud() -> Scenario:
    """Google Cloud Storage with uniform bucket-level access."""
    return _provider(GCS, "storage.googleapis.com", "auto", policy=public_media())


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "healthy": healthy,
    "healthy-policy": healthy_policy,
    "custom": custom,
    "cloudflare-r2": cloudflare_r2,
    "backblaze-b2": backblaze_b2,
    "google-cloud-storage": google_cloud,
}
"""Every world in which nothing is wrong with Mastodon's storage."""

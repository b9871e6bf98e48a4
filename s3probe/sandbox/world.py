"""A small world to examine: buckets, users, accounts, names and the way to them. Frozen data, no behaviour."""

from __future__ import annotations

from enum import StrEnum

from s3probe.records import dataclass
from s3probe.sandbox.cdns import Cdn
from s3probe.sandbox.personality import AWS, Personality
from s3probe.sandbox.statements import Statement

ACCOUNT = "123456789012"


class Ownership(StrEnum):
    """S3 Object Ownership. ``ENFORCED`` disables ACLs (AWS's default since April 2023)."""

    WRITER = "ObjectWriter"
    PREFERRED = "BucketOwnerPreferred"
    ENFORCED = "BucketOwnerEnforced"


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """The four switches, at bucket or account level."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False

    def stricter(self, other: PublicAccessBlock) -> PublicAccessBlock:
        """Both levels together: a switch is on when either level has it on."""
        return PublicAccessBlock(
            self.block_public_acls or other.block_public_acls,
            self.ignore_public_acls or other.ignore_public_acls,
            self.block_public_policy or other.block_public_policy,
            self.restrict_public_buckets or other.restrict_public_buckets,
        )


ALL_BLOCKED = PublicAccessBlock(True, True, True, True)


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One CORS rule as S3 stores it. ``*`` once per origin or header is a wildcard."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "HEAD")
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Expiry:
    """A lifecycle rule that deletes current objects ``days`` after their upload."""

    rule: str
    prefix: str = ""
    days: int = 30


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file that was put into the bucket before: by Mastodon, or by whatever moved it there."""

    key: str
    acl: str = "private"
    account: str = ""
    """Whose it is, where it is not the bucket's own."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket and everything that decides about a request to it."""

    name: str
    region: str = "eu-west-2"
    account: str = ACCOUNT
    aliases: tuple[str, ...] = ()
    """Further names of it, at stores that have such (Garage): each is listed beside the first."""
    ownership: Ownership = Ownership.PREFERRED
    block: PublicAccessBlock = PublicAccessBlock()
    policy: tuple[Statement, ...] = ()
    acl: str = "private"
    cors: tuple[CorsRule, ...] = ()
    versioning: bool = False
    object_lock: bool = False
    """Object Lock with a default retention; implies versioning."""
    requester_pays: bool = False
    kms_key: str | None = None
    """ARN of the key of the default encryption; ``None`` = SSE-S3."""
    quota: int | None = None
    """Bytes."""
    fresh: bool = False
    """Created minutes ago elsewhere: the global endpoint still answers 307 TemporaryRedirect."""
    expiry: tuple[Expiry, ...] = ()
    old_versions_expire: bool = False
    """A lifecycle rule removes old versions after a day."""
    needs_checksum: bool = False
    """PutObject without Content-MD5 or a checksum is refused, as with Object Lock."""
    stored: tuple[OldFile, ...] = ()
    """What was there before."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is set for a whole account. ``None`` = nothing restricts it."""

    id: str = ACCOUNT
    block: PublicAccessBlock = PublicAccessBlock()
    service_control: tuple[Statement, ...] | None = None
    resource_control: tuple[Statement, ...] | None = None


class KeyStatus(StrEnum):
    """State of an access key or its account."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user (or role session) and its key."""

    name: str
    access_key: str
    secret: str
    account: str = ACCOUNT
    identity: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None
    session: tuple[Statement, ...] | None = None
    token: str | None = None
    """The session token a temporary key must come with."""
    status: KeyStatus = KeyStatus.ACTIVE

    @property
    def arn(self) -> str:
        if self.token is not None:
            return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/session"
        return f"arn:aws:iam::{self.account}:user/{self.name}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A name of S3 outside amazonaws.com, e.g. ``s3.example.net``."""

    base: str
    region: str
    wildcard: bool = True
    """``<bucket>.<base>`` resolves and has a certificate."""
    plain_port: int | None = None
    """A further port that speaks plain http, e.g. 9000 as MinIO's."""
    tls_port: int | None = None
    """A further port that speaks TLS."""


class AliasFault(StrEnum):
    """What the alias proxy does wrong."""

    NONE = "none"
    DROPS_BUCKET = "drops-bucket"  # forwards the path to the endpoint without the bucket
    KEEPS_HOST = "keeps-host"  # passes its own host name on
    BAD_GATEWAY = "bad-gateway"  # cannot resolve the storage's name
    HIDES_CORS = "hides-cors"
    DOUBLES_CORS = "doubles-cors"
    FORGETS_VARY = "forgets-vary"  # caches the first answer for every Origin
    IGNORES_RANGE = "ignores-range"
    CACHES_ERRORS = "caches-errors"
    KEEPS_DELETED = "keeps-deleted"  # caches good answers, as the guide's proxy does
    ERRORS_AS_200 = "errors-as-200"
    REDIRECTS = "redirects"
    SOME_FOLDERS = "some-folders"  # one location for media_attachments/ and cache/, and none for the others
    HOTLINK = "hotlink"  # only for visitors with a Referer
    BOTS = "bots"  # only for browsers
    LISTS_ROOT = "lists-root"
    LOSES_HOST = "loses-host"  # asks a web port for its address, not for the name that was asked for
    ADDS_BUCKET = "adds-bucket"  # puts the bucket before the path, where the host says it already
    ASKS_API = "asks-api"  # asks the port of the API instead of that for visitors
    PASSES_QUERY = "passes-query"
    PASSES_AUTHORIZATION = "passes-authorization"
    SETS_COOKIE = "sets-cookie"
    ANY_METHOD = "any-method"
    NO_STORE = "no-store"
    LOSES_TYPE = "loses-type"
    NO_NOSNIFF = "no-nosniff"


@dataclass(frozen=True, slots=True)
class Alias:
    """A reverse proxy such as Mastodon's docs describe: ``https://<host>/<key>`` shows ``bucket``'s key."""

    host: str
    bucket: str
    upstream: str
    """Host name of the S3 endpoint it asks, without the bucket."""
    fault: AliasFault = AliasFault.NONE
    path: str = ""
    """Where the files begin when it is not the host's top, e.g. ``/raw/KEY/BUCKET``; the rest of the host is S3's."""
    prefix: str = ""
    """Put before every key, as a proxy does that knows of ``S3_KEY_PREFIX``."""
    adds: tuple[tuple[str, str], ...] = ()
    """Headers that it adds to every answer."""
    forgets: tuple[str, str, str] | None = None
    """Method, header and its value of the request for which its cache forgets a file."""
    cdn: Cdn | None = None
    """A CDN in place of the guide's nginx: it passes on what the storage sends."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The Mastodon server itself: its version and the media hosts of its Content-Security-Policy."""

    host: str = "mastodon.example"
    version: str = "4.5.9"
    media_hosts: tuple[str, ...] = ()


class ConnectionFault(StrEnum):
    """Why a connection to a host fails."""

    NO_DNS = "no-dns"
    REFUSED = "refused"
    BLACK_HOLE = "black-hole"
    UNTRUSTED = "untrusted"  # certificate of an unknown CA
    WRONG_NAME = "wrong-name"
    EXPIRED = "expired"
    PLAIN = "plain"  # port 443 speaks no TLS


@dataclass(frozen=True, slots=True)
class Obstacle:
    """``hosts`` may hold ``*``. The first obstacle that matches a host counts."""

    hosts: str
    fault: ConnectionFault


@dataclass(frozen=True, slots=True)
class World:
    """Everything a request can meet."""

    buckets: tuple[Bucket, ...] = ()
    users: tuple[User, ...] = ()
    accounts: tuple[Account, ...] = ()
    personality: Personality = AWS
    amazon: bool = True
    """The buckets lie at AWS. Otherwise AWS's names still exist, but AWS knows neither these buckets nor keys."""
    endpoints: tuple[Endpoint, ...] = ()
    aliases: tuple[Alias, ...] = ()
    instance: Instance | None = None
    obstacles: tuple[Obstacle, ...] = ()
    clock_offset: float = 0.0
    """Seconds the server's clock is ahead of this machine's."""
    latency: float = 0.0
    """Seconds before every answer."""
    slow_writes: float = 0.0
    """Further seconds before the answer to PUT and POST."""
    slow_batches: float = 0.0
    """Further seconds before the answer to DeleteObjects."""
    deaf_to_expect: bool = False
    """A proxy on the way never answers ``Expect: 100-continue``."""
    refuses_expect: bool = False
    """A proxy on the way answers every announced body with 417."""
    source_ip: str = "203.0.113.10"
    """The caller's address as policies see it."""
    vpc_endpoint: tuple[Statement, ...] | None = None
    """Policy of the VPC endpoint the signed requests pass; ``None`` = they pass none."""
    detailed_denials: bool = True
    """AWS's newer AccessDenied texts for callers of the bucket's own account."""

    def bucket(self, name: str) -> Bucket | None:
        return next((b for b in self.buckets if b.name == name), None)

    def account(self, account_id: str) -> Account:
        return next((a for a in self.accounts if a.id == account_id), Account(account_id))

    def user(self, access_key: str) -> User | None:
        return next((u for u in self.users if u.access_key == access_key), None)

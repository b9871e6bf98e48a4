"""Every id that an observation can have. A bare string is none: mypy refuses it, and a test looks for what mypy misses.

An action is a row of the report's table; its id never changes its meaning. An experiment is a request that differs from
another in one thing; its id begins with ``try-`` and no other program builds on it.
"""

from __future__ import annotations

from enum import ReprEnum, StrEnum

_EXPERIMENT = "try-"
_AT_FIRST = "once-"
_BY_THE_CANARY = "canary-"


class ObservationId(str):
    """The id of an observation, also of one read from a file of another release, whose ids need not be known here."""

    __slots__ = ()

    @property
    def is_experiment(self) -> bool:
        return self.startswith(_EXPERIMENT)

    @property
    def is_at_first(self) -> bool:
        """Whether it is a first answer, and the repetition of the same request passed."""
        return self.startswith(_AT_FIRST)

    @property
    def asked(self) -> ObservationId:
        """What was asked, without the mark of the canary."""
        return ObservationId(self.removeprefix(_BY_THE_CANARY))

    @property
    def is_of_canary(self) -> bool:
        """Whether only the quick run met it, and not the examination that followed."""
        return self.startswith(_BY_THE_CANARY)

    @property
    def base(self) -> ObservationId:
        """The same without its round: ``list`` for ``list@2``."""
        return ObservationId(self.partition("@")[0])

    @property
    def suffix(self) -> str:
        """The round: ``@2`` of ``list@2``, ``""`` in the first."""
        return self.removeprefix(self.base)

    def in_round(self, suffix: str) -> ObservationId:
        """The same question under the settings of a later round (``@1``); ``""`` is the first."""
        return ObservationId(f"{self}{suffix}")

    def at_first(self) -> ObservationId:
        """The id under which the first answer stays when a repetition of the same request passed."""
        return ObservationId(f"{_AT_FIRST}{self}")

    def as_met_by_canary(self) -> ObservationId:
        """The id of what a quick run met and the examination that followed did not."""
        return ObservationId(_BY_THE_CANARY + self.removeprefix(_EXPERIMENT))


class ActionId(ObservationId, ReprEnum):
    """The rows of the report's table. Their titles and rights are in :mod:`s3probe.evidence.actions`."""

    REACH_ENDPOINT = "reach-endpoint"
    CLOCK = "clock"
    PUT_WITH_ACL = "put-with-acl"
    PUT_WITHOUT_ACL = "put-without-acl"
    HEAD = "head"
    HEAD_PART = "head-part"
    GET = "get"
    GET_RANGE = "get-range"
    LIST = "list"
    MULTIPART_CREATE = "multipart-create"
    MULTIPART_PART = "multipart-part"
    MULTIPART_COMPLETE = "multipart-complete"
    MULTIPART_ABORT = "multipart-abort"
    PUT_ACL_PRIVATE = "put-acl-private"
    PUT_ACL_RESTORE = "put-acl-restore"
    PRESIGNED_GET = "presigned-get"
    ARCHIVE_PUT = "archive-put"
    AVATAR_PUT = "avatar-put"
    DELETE = "delete"
    BATCH_DELETE = "batch-delete"
    PUBLIC_GET = "public-get"
    PUBLIC_CORS = "public-cors"
    PUBLIC_RANGE = "public-range"
    PUBLIC_CSP = "public-csp"
    PUBLIC_LIST = "public-list"
    PUBLIC_LIST_ALIAS = "public-list-alias"
    PUBLIC_VERSIONS = "public-versions"
    PUBLIC_UPLOADS = "public-uploads"
    PUBLIC_POLICY = "public-policy"
    PUBLIC_ACL = "public-acl"
    PUBLIC_QUERY = "public-query"
    PUBLIC_WRITE = "public-write"
    PUBLIC_DELETE = "public-delete"
    PUBLIC_DELETE_ORIGIN = "public-delete-origin"
    ARCHIVE_PUBLIC_GET = "archive-public-get"
    ARCHIVE_ORIGIN_GET = "archive-origin-get"
    PRESIGNED_EXPIRED = "presigned-expired"
    SUSPENDED_PUBLIC_GET = "suspended-public-get"
    RESTORED_PUBLIC_GET = "restored-public-get"
    PUBLIC_GET_CACHE = "public-get-cache"
    PUBLIC_GET_AVATAR = "public-get-avatar"
    PUBLIC_GET_EMOJI = "public-get-emoji"
    PUBLIC_MISSING = "public-missing"
    DELETED_PUBLIC_GET = "deleted-public-get"


class Experiment(ObservationId, ReprEnum):
    """Requests that tell look-alikes apart; each is made only where it is needed."""

    ACL_READ_BACK = "acl-read-back"
    READ_POLICY = "try-read-policy"
    LIST_BUCKETS = "try-list-buckets"
    HEAD_BUCKET = "try-head-bucket"
    GET_MISSING = "try-get-missing"
    VIEWER_FAMILIES = "try-viewer-families"
    ADDRESS_FAMILIES = "try-address-families"
    GET_ARCHIVE = "try-get-archive"
    COPY = "try-copy"
    BUCKET_ACL = "try-bucket-acl"
    RESTORED_ORIGIN = "try-restored-origin"
    CACHE_ORIGIN = "try-cache-origin"
    AVATAR_ORIGIN = "try-avatar-origin"
    EMOJI_ORIGIN = "try-emoji-origin"
    MEDIA_ORIGIN = "try-media-origin"
    READ_PUBLIC_ACCESS_BLOCK = "try-read-public-access-block"
    READ_OWNERSHIP = "try-read-ownership"
    REFERER = "try-referer"
    REFERER_ORIGIN = "try-referer-origin"
    PUBLIC_WITH_ACL = "try-public-with-acl"
    PUBLIC_LIST = "try-public-list"
    PUBLIC_ACL = "try-public-acl"
    PUBLIC_QUERY = "try-public-query"
    PUBLIC_ORIGIN = "try-public-origin"
    PUBLIC_PATH_STYLE = "try-public-path-style"
    PUBLIC_VIRTUAL_HOST = "try-public-virtual-host"
    PUBLIC_REGIONAL = "try-public-regional"
    PUBLIC_PLAIN_HTTP = "try-public-plain-http"
    PUBLIC_HOSTNAME = "try-public-hostname"
    PUBLIC_HOSTNAME_WITHOUT_BUCKET = "try-public-hostname-without-bucket"
    PUBLIC_HOSTNAME_WITH_PORT = "try-public-hostname-with-port"
    PUBLIC_ALIAS_WITH_BUCKET = "try-public-alias-with-bucket"
    PUBLIC_ALIAS_WITHOUT_BUCKET = "try-public-alias-without-bucket"
    PUBLIC_AS_BROWSER = "try-public-as-browser"
    PUBLIC_FRESH = "try-public-fresh"
    POLICY_STATUS = "try-policy-status"
    INSTANCE_ROLE = "try-instance-role"
    CORS_ORIGIN = "try-cors-origin"
    CORS_FRESH = "try-cors-fresh"
    CORS_PREFLIGHT = "try-cors-preflight"
    READ_CORS = "try-read-cors"
    ACL_PRIVATE = "try-acl-private"
    ACL_PUBLIC_READ = "try-acl-public-read"
    ACL_BUCKET_OWNER_FULL_CONTROL = "try-acl-bucket-owner-full-control"
    PUT_ACL_PRIVATE = "try-put-acl-private"
    UNASKED = "try-unasked"
    PUT_UNASKED = "try-put-unasked"
    SESSION_TOKEN = "try-session-token"
    REQUEST_PAYMENT = "try-request-payment"
    READ_ACL = "try-read-acl"
    PUT_WITHOUT_PREFIX = "try-put-without-prefix"
    PUBLIC_WITHOUT_PREFIX = "try-public-without-prefix"
    PUBLIC_ADDRESS_WITHOUT_PREFIX = "try-public-address-without-prefix"
    PUT_UNANNOUNCED = "try-put-unannounced"
    PUT_NEXT_RELEASE = "try-put-next-release"
    BATCH_NEXT_RELEASE = "try-batch-next-release"
    PUT_EMOJI = "try-put-emoji"
    PUT_AVATAR = "try-put-avatar"
    PUT_AGAIN = "try-put-again"
    MULTIPART_SECOND = "try-multipart-second"
    LIST_FROM_THE_TOP = "try-list-from-the-top"
    GET_WITHOUT_MODE = "try-get-without-mode"
    GET_TAGGING = "try-get-tagging"
    DELETE_VERSION = "try-delete-version"
    DELETE_GONE = "try-delete-gone"
    BATCH_GONE = "try-batch-gone"
    DELETE_EXISTS = "try-delete-exists"
    PUBLIC_WRITE = "try-public-write"
    PUT_PUBLIC_DELETE = "try-put-public-delete"
    PUBLIC_DELETE = "try-public-delete"
    PUBLIC_DELETE_THERE = "try-public-delete-there"
    PUT_PUBLIC_DELETE_ORIGIN = "try-put-public-delete-origin"
    PUBLIC_DELETE_ORIGIN = "try-public-delete-origin"
    PUBLIC_DELETE_ORIGIN_THERE = "try-public-delete-origin-there"
    WRONG_SECRET = "try-wrong-secret"
    UNKNOWN_KEY = "try-unknown-key"
    SWAPPED_KEYS = "try-swapped-keys"
    SIGNATURE_V4 = "try-signature-v4"
    CLOCK = "try-clock"
    SECRET_RAW = "try-secret-raw"
    SECRET_UNQUOTED = "try-secret-unquoted"
    SECRET_TRIMMED = "try-secret-trimmed"
    KEY_ID_RAW = "try-key-id-raw"
    KEY_ID_UNQUOTED = "try-key-id-unquoted"
    KEY_ID_TRIMMED = "try-key-id-trimmed"
    PUT_WITH_CHECKSUM = "try-put-with-checksum"
    PUT_NO_CHECKSUM = "try-put-no-checksum"
    PUT_NO_STORAGE_CLASS = "try-put-no-storage-class"
    PUT_NO_CACHE_CONTROL = "try-put-no-cache-control"
    PUT_LEGACY = "try-put-legacy"
    PATH_STYLE = "try-path-style"
    VIRTUAL_HOST = "try-virtual-host"
    SCHEME_HTTP = "try-scheme-http"
    SCHEME_HTTPS = "try-scheme-https"
    ENDPOINT_WITHOUT_BUCKET = "try-endpoint-without-bucket"
    ENDPOINT_WITHOUT_PATH = "try-endpoint-without-path"
    ENDPOINT_PORT = "try-endpoint-port"
    BUCKET_TRIMMED = "try-bucket-trimmed"


class ExperimentWith(StrEnum):
    """Experiments that are made with a value: ``ExperimentWith.REGION.of("eu-west-2")``."""

    REGION = "try-region:"
    PARTITION = "try-partition:"
    ENDPOINT = "try-endpoint:"
    CORS = "try-cors:"

    def of(self, value: str) -> ObservationId:
        """The id of the experiment with this value."""
        return ObservationId(f"{self.value}{value}")

    def made(self, observation_id: ObservationId) -> bool:
        """Whether ``observation_id`` is this experiment, with any value."""
        return observation_id.startswith(self.value)

    def value_in(self, observation_id: ObservationId) -> str:
        """``eu-west-2`` for ``try-region:eu-west-2@1``."""
        return observation_id.removesuffix(observation_id.suffix).removeprefix(self.value)


ACL_EXPERIMENTS = {
    "private": Experiment.ACL_PRIVATE,
    "public-read": Experiment.ACL_PUBLIC_READ,
    "bucket-owner-full-control": Experiment.ACL_BUCKET_OWNER_FULL_CONTROL,
}
"""Uploads that differ in their canned ACL alone, by that ACL."""

OTHER_FOLDERS = {
    "cache": (ActionId.PUBLIC_GET_CACHE, Experiment.CACHE_ORIGIN),
    "avatar": (ActionId.PUBLIC_GET_AVATAR, Experiment.AVATAR_ORIGIN),
    "emoji": (ActionId.PUBLIC_GET_EMOJI, Experiment.EMOJI_ORIGIN),
}
"""Files outside ``media_attachments/``, by kind: a visitor's look at the published URL, and at the storage itself."""
LOOKS = tuple(look for look, _origin in OTHER_FOLDERS.values())
TEXT_EXPERIMENTS = (
    Experiment.SECRET_RAW,
    Experiment.SECRET_UNQUOTED,
    Experiment.SECRET_TRIMMED,
    Experiment.KEY_ID_RAW,
    Experiment.KEY_ID_UNQUOTED,
    Experiment.KEY_ID_TRIMMED,
)
"""Half a key pair as it stands in the file, before dotenv changed it, or without stray marks."""

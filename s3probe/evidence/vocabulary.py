"""The words in which probe, rules and report speak of a run: actions, experiments, facts, headers.

A bare string is none of them: mypy refuses it, and tests look for what mypy misses. The ids of actions and their
meaning are those of the report's JSON schema. Rights are those AWS documents for the operation
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html); which operations Mastodon uses
is recorded in golden/wire.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import ReprEnum, StrEnum
from typing import Literal, Self

from s3probe.patterns import regex
from s3probe.records import dataclass

_EXPERIMENT = "try-"
_PUBLIC = "public-"
_AT_FIRST = "once-"
_BY_THE_CANARY = "canary-"


class ObservationId(str):
    """The id of an observation, also of one read from a file of another release, whose ids need not be known here."""

    __slots__ = ()

    @property
    def is_experiment(self) -> bool:
        return self.startswith(_EXPERIMENT)

    @property
    def is_public(self) -> bool:
        """Whether it is what everyone gets, at the published host or at the storage."""
        return self.startswith(_PUBLIC)

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

    def at_first(self) -> ObservationId:
        """The id under which the first answer stays when a repetition of the same request passed."""
        return ObservationId(f"{_AT_FIRST}{self}")

    def as_met_by_canary(self) -> ObservationId:
        """The id of what a quick run met and the examination that followed did not."""
        return ObservationId(_BY_THE_CANARY + self.removeprefix(_EXPERIMENT))


class Actor(StrEnum):
    """Whose request it was."""

    MASTODON = "mastodon"  # signed with its keys
    VISITOR = "visitor"  # anonymous


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the report's table: what an action asks, in whose name, and which rights it needs."""

    id: str
    title: str
    """A positive sentence; ``{acl}`` stands for the canned ACL of these settings."""
    operation: str
    needs: tuple[str, ...] = ()
    by: Actor = Actor.MASTODON
    needs_file: bool = True
    """Whether it takes a file of ours in the bucket."""


_V = Actor.VISITOR


class ActionId(ObservationId, ReprEnum):
    """The actions, in the order of a report."""

    row: Row

    def __new__(cls, row: Row) -> Self:
        member = str.__new__(cls, row.id)
        member._value_ = row.id
        member.row = row
        return member

    REACH_ENDPOINT = Row("reach-endpoint", "The S3 endpoint answers", "GET", by=_V, needs_file=False)
    CLOCK = Row("clock", "This machine's clock agrees with the storage's", "GET", by=_V, needs_file=False)
    PUT_WITH_ACL = Row(
        "put-with-acl",
        "Mastodon can upload a file with the ACL {acl}",
        "PutObject",
        ("s3:PutObject", "s3:PutObjectAcl"),
    )
    PUT_WITHOUT_ACL = Row("put-without-acl", "A file can be uploaded without an ACL", "PutObject", ("s3:PutObject",))
    HEAD = Row("head", "Mastodon can look up a file before it deletes it", "HeadObject", ("s3:GetObject",))
    HEAD_PART = Row("head-part", "Mastodon can look up a file before it processes it", "HeadObject", ("s3:GetObject",))
    GET = Row("get", "Mastodon can read a file back, byte for byte", "GetObject", ("s3:GetObject",))
    GET_RANGE = Row("get-range", "Mastodon can read a large file in ranges", "GetObject", ("s3:GetObject",))
    LIST = Row(
        "list",
        "tootctl media remove-orphans can list the bucket",
        "ListObjectsV2",
        ("s3:ListBucket",),
        needs_file=False,
    )
    MULTIPART_CREATE = Row(
        "multipart-create",
        "Mastodon can begin a large upload",
        "CreateMultipartUpload",
        ("s3:PutObject", "s3:PutObjectAcl"),
    )
    MULTIPART_PART = Row(
        "multipart-part", "Mastodon can upload a part of a large file", "UploadPart", ("s3:PutObject",)
    )
    MULTIPART_COMPLETE = Row(
        "multipart-complete", "Mastodon can finish a large upload", "CompleteMultipartUpload", ("s3:PutObject",)
    )
    MULTIPART_ABORT = Row(
        "multipart-abort",
        "Mastodon can abandon a failed large upload",
        "AbortMultipartUpload",
        ("s3:AbortMultipartUpload",),
    )
    PUT_ACL_PRIVATE = Row(
        "put-acl-private", "Mastodon can hide the media of a suspended user", "PutObjectAcl", ("s3:PutObjectAcl",)
    )
    PUT_ACL_RESTORE = Row(
        "put-acl-restore", "Mastodon can show the media of an unsuspended user", "PutObjectAcl", ("s3:PutObjectAcl",)
    )
    PRESIGNED_GET = Row(
        "presigned-get", "An archive link that Mastodon signs can be opened", "GetObject", ("s3:GetObject",), by=_V
    )
    ARCHIVE_PUT = Row(
        "archive-put", "Mastodon can store a user's archive", "PutObject", ("s3:PutObject", "s3:PutObjectAcl")
    )
    AVATAR_PUT = Row("avatar-put", "Mastodon can store an avatar", "PutObject", ("s3:PutObject", "s3:PutObjectAcl"))
    DELETE = Row("delete", "Mastodon can delete a file, and it is gone", "DeleteObject", ("s3:DeleteObject",))
    BATCH_DELETE = Row("batch-delete", "Mastodon can delete many files at once", "DeleteObjects", ("s3:DeleteObject",))
    PUBLIC_GET = Row("public-get", "A visitor can see the uploaded picture", "GET", by=_V)
    PUBLIC_CORS = Row("public-cors", "The web interface may read media from another host (CORS)", "GET", by=_V)
    PUBLIC_RANGE = Row("public-range", "A video can be played and sought from the media host (ranges)", "GET", by=_V)
    PUBLIC_CSP = Row("public-csp", "Mastodon's pages allow pictures from the media host (CSP)", "GET", by=_V)
    PUBLIC_EMBED = Row("public-embed", "Mastodon's pages may show pictures of the media host (CORP)", "GET", by=_V)
    PUBLIC_LIST = Row("public-list", "A visitor cannot list the bucket", "GET", by=_V, needs_file=False)
    PUBLIC_LIST_ALIAS = Row(
        "public-list-alias", "A visitor cannot list the bucket through the public host", "GET", by=_V, needs_file=False
    )
    PUBLIC_VERSIONS = Row("public-versions", "A visitor cannot list old versions", "GET", by=_V, needs_file=False)
    PUBLIC_UPLOADS = Row("public-uploads", "A visitor cannot list unfinished uploads", "GET", by=_V, needs_file=False)
    PUBLIC_POLICY = Row("public-policy", "A visitor cannot read the bucket policy", "GET", by=_V, needs_file=False)
    PUBLIC_ACL = Row("public-acl", "A visitor cannot read the ACL of a file", "GET", by=_V)
    PUBLIC_QUERY = Row("public-query", "The public host passes neither query nor Authorization on", "GET", by=_V)
    PUBLIC_WRITE = Row("public-write", "A visitor cannot write to the bucket", "PUT", by=_V, needs_file=False)
    PUBLIC_DELETE = Row(
        "public-delete", "A visitor cannot delete from the bucket", "DeleteObject", by=_V, needs_file=False
    )
    PUBLIC_DELETE_ORIGIN = Row(
        "public-delete-origin", "A visitor cannot delete at the storage itself", "DeleteObject", by=_V, needs_file=False
    )
    ARCHIVE_PUBLIC_GET = Row("archive-public-get", "A visitor cannot open a user's archive", "GET", by=_V)
    ARCHIVE_ORIGIN_GET = Row(
        "archive-origin-get", "A visitor cannot open a user's archive at the storage itself", "GET", by=_V
    )
    PRESIGNED_EXPIRED = Row("presigned-expired", "An archive link no longer opens when its time is up", "GET", by=_V)
    SUSPENDED_PUBLIC_GET = Row("suspended-public-get", "A suspended user's picture is no longer visible", "GET", by=_V)
    RESTORED_PUBLIC_GET = Row("restored-public-get", "A picture is visible again after a suspension", "GET", by=_V)
    PUBLIC_GET_CACHE = Row(
        "public-get-cache", "A visitor can see files under cache/, copies from other servers", "GET", by=_V
    )
    PUBLIC_GET_AVATAR = Row("public-get-avatar", "A visitor can see avatars (accounts/)", "GET", by=_V)
    PUBLIC_GET_EMOJI = Row("public-get-emoji", "A visitor can see custom emoji (custom_emojis/)", "GET", by=_V)
    PUBLIC_MISSING = Row("public-missing", "The public host answers for a file that is not there", "GET", by=_V)
    PUBLIC_OLD = Row("public-old", "A visitor can see files that were here before", "HEAD", by=_V)
    PUBLIC_FOLDERS = Row(
        "public-folders", "Every other folder that Mastodon writes takes files and shows them", "GET", by=_V
    )
    DELETED_PUBLIC_GET = Row("deleted-public-get", "A deleted picture is no longer visible", "GET", by=_V)


ACTIONS: Mapping[str, ActionId] = {str(action): action for action in ActionId}
"""By id, in the order of a report."""


def row_of(observation_id: ObservationId) -> Row:
    """The row of an action; an experiment has one of its own."""
    action = ACTIONS.get(observation_id)
    return action.row if action is not None else Row(observation_id, "Experiment", "")


class Experiment(ObservationId, ReprEnum):
    """Requests that tell look-alikes apart; each is made only where it is needed."""

    ACL_READ_BACK = "acl-read-back"
    PUT_PLAIN_AGAIN = "try-put-plain-again"
    READ_POLICY = "try-read-policy"
    LIST_BUCKETS = "try-list-buckets"
    ACCOUNT = "try-account"
    HEAD_BUCKET = "try-head-bucket"
    GET_MISSING = "try-get-missing"
    WHO_ANSWERS = "try-who-answers"
    WHO_ANSWERS_API = "try-who-answers-api"
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
    PUBLIC_WITHOUT_ACL = "try-public-without-acl"
    PUBLIC_LIST = "try-public-list"
    PUBLIC_ACL = "try-public-acl"
    PUBLIC_QUERY = "try-public-query"
    PUBLIC_ORIGIN = "try-public-origin"
    PUBLIC_PATH_STYLE = "try-public-path-style"
    PUBLIC_VIRTUAL_HOST = "try-public-virtual-host"
    PUBLIC_REGIONAL = "try-public-regional"
    PUBLIC_PLAIN_HTTP = "try-public-plain-http"
    PUBLIC_WEB_PORT = "try-public-web-port"
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
    SESSION_TOKEN = "try-session-token"  # noqa: S105  no password, the name of a question
    REQUEST_PAYMENT = "try-request-payment"
    READ_ACL = "try-read-acl"
    GET_AS_PAYER = "try-get-as-payer"
    PUBLIC_TENANT = "try-public-tenant"
    PUBLIC_PROVIDER = "try-public-provider"
    PUT_WITHOUT_PREFIX = "try-put-without-prefix"
    PUBLIC_WITHOUT_PREFIX = "try-public-without-prefix"
    PUBLIC_ADDRESS_WITHOUT_PREFIX = "try-public-address-without-prefix"
    PUT_UNANNOUNCED = "try-put-unannounced"
    ANNOUNCED = "try-announced"
    PUBLIC_ELSEWHERE = "try-public-elsewhere"
    PUBLIC_DELETE_FOLDERS = "try-public-delete-folders"
    PUBLIC_LIST_FOLDER = "try-public-list-folder"
    PUBLIC_ABSENT = "try-public-absent"
    PUBLIC_LIST_FOLDER_NAME = "try-public-list-folder-name"
    PUT_NEXT_RELEASE = "try-put-next-release"
    BATCH_NEXT_RELEASE = "try-batch-next-release"
    PUT_EMOJI = "try-put-emoji"
    PUT_AVATAR = "try-put-avatar"
    MULTIPART_SECOND = "try-multipart-second"
    LIST_FROM_THE_TOP = "try-list-from-the-top"
    GET_WITHOUT_MODE = "try-get-without-mode"
    GET_TAGGING = "try-get-tagging"
    DELETE_VERSION = "try-delete-version"
    DELETE_OWN_VERSION = "try-delete-own-version"
    READ_LIFECYCLE = "try-read-lifecycle"
    READ_OBJECT_LOCK = "try-read-object-lock"
    DELETE_GONE = "try-delete-gone"
    DELETE_SECOND = "try-delete-second"
    BEFORE_PURGE = "try-before-purge"
    PURGE = "try-purge"
    HEAD_PAST_CACHES = "try-head-past-caches"
    OLD_VERSION = "try-old-version"
    BATCH_GONE = "try-batch-gone"
    BATCH_WITH_MD5 = "try-batch-with-md5"
    BATCH_OF_ONE = "try-batch-of-one"
    GET_WITH_MODE = "try-get-with-mode"
    DELETE_EXISTS = "try-delete-exists"
    PUBLIC_WRITE = "try-public-write"
    PUT_PUBLIC_DELETE = "try-put-public-delete"
    PUBLIC_DELETE = "try-public-delete"
    PUBLIC_DELETE_THERE = "try-public-delete-there"
    PUT_PUBLIC_DELETE_ORIGIN = "try-put-public-delete-origin"
    PUBLIC_DELETE_ORIGIN = "try-public-delete-origin"
    PUBLIC_DELETE_ORIGIN_THERE = "try-public-delete-origin-there"
    WRONG_SECRET = "try-wrong-secret"  # noqa: S105  no password, the name of a question
    UNKNOWN_KEY = "try-unknown-key"
    FORM = "try-form"
    FORM_WRONG_SECRET = "try-form-wrong-secret"  # noqa: S105  no password, the name of a question
    SIGNATURE_V2 = "try-signature-v2"
    SIGNED_WITHOUT_PORT = "try-signed-without-port"
    SIGNED_WITHOUT_PATH = "try-signed-without-path"
    SWAPPED_KEYS = "try-swapped-keys"
    SIGNATURE_V4 = "try-signature-v4"
    REGION_AS_FILED = "try-region-as-filed"
    CLOCK = "try-clock"
    SECRET_RAW = "try-secret-raw"  # noqa: S105  no password, the name of a question
    SECRET_UNQUOTED = "try-secret-unquoted"  # noqa: S105  no password, the name of a question
    SECRET_TRIMMED = "try-secret-trimmed"  # noqa: S105  no password, the name of a question
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
    BUCKET_TRIMMED = "try-bucket-trimmed"


class ExperimentWith(StrEnum):
    """Experiments that are made with a value: ``ExperimentWith.REGION.of("eu-west-2")``."""

    REGION = "try-region:"
    PARTITION = "try-partition:"
    ENDPOINT = "try-endpoint:"
    PORT = "try-port:"
    CORS = "try-cors:"
    PUBLIC_WRITE_IN = "try-public-write-in:"
    PUBLIC_READ_IN = "try-public-read-in:"
    PUT_IN = "try-put-in:"
    SEEN_IN = "try-seen-in:"
    SEEN_IN_ORIGIN = "try-seen-in-origin:"
    LIST_IN = "try-list-in:"
    OLD_IN = "try-old-in:"
    OLD_IN_ORIGIN = "try-old-in-origin:"
    NEW_IN = "try-new-in:"

    def of(self, value: str) -> ObservationId:
        """The id of the experiment with this value."""
        return ObservationId(f"{self.value}{value}")

    def made(self, observation_id: ObservationId) -> bool:
        """Whether ``observation_id`` is this experiment, with any value."""
        return observation_id.startswith(self.value)

    def value_in(self, observation_id: ObservationId) -> str:
        """``eu-west-2`` for ``try-region:eu-west-2``."""
        return observation_id.removeprefix(self.value)


OF_A_THOROUGH_RUN = (ExperimentWith.PUT_IN, ExperimentWith.SEEN_IN)
"""What other runs ask only where old files are closed."""

ACL_EXPERIMENTS = {
    "private": Experiment.ACL_PRIVATE,
    "public-read": Experiment.ACL_PUBLIC_READ,
    "bucket-owner-full-control": Experiment.ACL_BUCKET_OWNER_FULL_CONTROL,
}
"""Uploads that differ in their canned ACL alone, by that ACL."""

OtherFolder = Literal["cache", "avatar", "emoji"]
OTHER_FOLDERS: dict[OtherFolder, tuple[ActionId, Experiment]] = {
    "cache": (ActionId.PUBLIC_GET_CACHE, Experiment.CACHE_ORIGIN),
    "avatar": (ActionId.PUBLIC_GET_AVATAR, Experiment.AVATAR_ORIGIN),
    "emoji": (ActionId.PUBLIC_GET_EMOJI, Experiment.EMOJI_ORIGIN),
}
"""Files outside ``media_attachments/``, by kind: a visitor's look at the published URL, and at the storage itself."""
FOLDER_VISITS = tuple(look for look, _origin in OTHER_FOLDERS.values())
READ_BY_ANYONE: tuple[ObservationId, ...] = (
    ActionId.HEAD,
    ActionId.HEAD_PART,
    ActionId.GET,
    ActionId.GET_RANGE,
    ActionId.PRESIGNED_GET,
    Experiment.GET_ARCHIVE,
    Experiment.ACL_READ_BACK,
    Experiment.DELETE_EXISTS,
    ActionId.PUBLIC_GET,
    ActionId.PUBLIC_CORS,
    ActionId.PUBLIC_RANGE,
    *FOLDER_VISITS,
    ActionId.RESTORED_PUBLIC_GET,
)
"""What takes s3:GetObject, with the key or without."""
CARRY_EXPIRY = (
    ActionId.PUT_WITH_ACL,
    ActionId.PUT_WITHOUT_ACL,
    ActionId.HEAD,
    ActionId.GET,
    ActionId.MULTIPART_COMPLETE,
)
"""Answers about a fresh file, which say when a rule removes it (``x-amz-expiration``)."""
OF_OLD_VERSIONS = (
    Experiment.READ_LIFECYCLE,
    Experiment.READ_OBJECT_LOCK,
    Experiment.OLD_VERSION,
    Experiment.DELETE_OWN_VERSION,
)
"""What becomes of the bytes of a deleted file. To most keys that is refused, which is no fault."""
LARGE_UPLOAD = (
    ActionId.MULTIPART_CREATE,
    ActionId.MULTIPART_PART,
    ActionId.MULTIPART_COMPLETE,
    ActionId.MULTIPART_ABORT,
)
TEXT_EXPERIMENTS = (
    Experiment.SECRET_RAW,
    Experiment.SECRET_UNQUOTED,
    Experiment.SECRET_TRIMMED,
    Experiment.KEY_ID_RAW,
    Experiment.KEY_ID_UNQUOTED,
    Experiment.KEY_ID_TRIMMED,
)
"""Half a key pair as it stands in the file, before dotenv changed it, or without stray marks."""
PAIR_EXPERIMENTS = (*TEXT_EXPERIMENTS, Experiment.SESSION_TOKEN, Experiment.SWAPPED_KEYS)
"""Signed with something else than the key pair that Mastodon has."""

ARCHIVE_VISIT = "archive-visit"
"""The step that looks at the archive by every address."""
UPLOADS_AFTER_ALL = "uploads-after-all"
"""The step that asks for unfinished uploads where the listing turned out to be open."""
QUESTIONS = "questions"
"""The step that finds out whether anything that was seen raises further questions."""
EARLY_DELETION = "early-deletion"
"""The step that deletes while the second file is still hidden and shown again."""
CLOSED_FOLDERS = "closed-folders"
"""The step that asks whether visitors may read in the folders that hold nothing of this run."""
FOLDERS_LEFT = "folders-left"
"""The same of those that were not asked for at first."""
STRANGERS_ELSEWHERE = "strangers-elsewhere"
"""The step that asks whether a stranger may write to one of the other folders."""
IN_A_BROWSER = "in-a-browser"
"""The step that looks at the picture as a page of Mastodon's does."""
BESIDE: dict[str, tuple[ActionId, ...]] = {
    IN_A_BROWSER: (ActionId.PUBLIC_EMBED, ActionId.PUBLIC_CORS, ActionId.PUBLIC_RANGE),
    ARCHIVE_VISIT: (ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET, ActionId.PRESIGNED_EXPIRED),
    Experiment.VIEWER_FAMILIES: (ActionId.PUBLIC_GET,),
    Experiment.GET_MISSING: (ActionId.GET,),
    Experiment.ACL_READ_BACK: (ActionId.PUT_ACL_RESTORE,),
    Experiment.PUT_PLAIN_AGAIN: (ActionId.PUT_ACL_RESTORE,),
    Experiment.DELETE_VERSION: (ActionId.LIST,),
    Experiment.DELETE_GONE: (ActionId.DELETE,),
    Experiment.OLD_VERSION: (ActionId.DELETE,),
    Experiment.DELETE_OWN_VERSION: (ActionId.DELETE,),
    Experiment.READ_LIFECYCLE: (ActionId.DELETE,),
    Experiment.READ_OBJECT_LOCK: (ActionId.DELETE,),
    Experiment.LIST_FROM_THE_TOP: (ActionId.LIST,),
    Experiment.GET_TAGGING: (ActionId.LIST,),
    Experiment.GET_ARCHIVE: (ActionId.PRESIGNED_GET,),
    Experiment.GET_WITHOUT_MODE: (ActionId.GET,),
    Experiment.GET_AS_PAYER: (ActionId.GET,),
    Experiment.PUT_UNANNOUNCED: (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    CLOSED_FOLDERS: (ActionId.PUBLIC_GET,),
    FOLDERS_LEFT: (ActionId.PUBLIC_GET,),
    STRANGERS_ELSEWHERE: (ActionId.PUBLIC_WRITE,),
    UPLOADS_AFTER_ALL: (ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_VERSIONS),
}
"""Steps that are no actions of their own, and the actions they are part of."""


class FactName(str):
    """The name of a fact, also of one read from a file of another release."""

    __slots__ = ()


class Fact(FactName, ReprEnum):
    """Every fact that the probe writes; a test shows that each is written by some run, and read."""

    S3 = "s3"
    MARKUP = "markup"
    SERVICE = "service"
    OTHER_BUCKET = "other-bucket"
    ROOT = "root"
    STOCK_PAGE = "stock-page"
    WEB_PAGE = "web-page"
    REGION = "region"
    BUCKET = "bucket"
    KEY = "key"
    ENDPOINT = "endpoint"
    SIGNED_HOST = "signed-host"
    SIGNED_PATH = "signed-path"
    SKEW = "skew"
    KEPT = "kept"
    ADDRESSES = "addresses"
    ROUTES = "routes"
    CONNECTS = "connects"
    CANONICAL = "canonical"
    SAME_ADDRESS = "same-address"
    INSIDE = "inside"
    REDIRECTED = "redirected"
    REDIRECT_CODE = "redirect-code"
    REDIRECT = "redirect"
    CACHE_CONTROL = "cache-control"
    CONTENT_TYPE = "content-type"
    BODY = "body"
    RANGE = "range"
    ORIGIN = "origin"
    ALLOWED = "allowed"
    MEDIA = "media"
    MISSING = "missing"
    LENGTH = "length"
    LATE = "late"
    ATTEMPTS = "attempts"
    WRITE = "write"
    DELETE = "delete"
    VENDOR = "vendor"
    GONE = "gone"
    PER_KEY_ERRORS = "per-key-errors"
    PER_KEY_CODE = "per-key-code"
    ALL_USERS = "all-users"
    AUTHENTICATED_USERS = "authenticated-users"
    IS_PUBLIC = "is-public"
    NAMES = "names"
    ALIASES = "aliases"
    COUNT = "count"
    DENIES = "denies"
    DENIES_IF = "denies-if"
    ALLOWS = "allows"
    OF_USER = "of-user"
    STATEMENTS = "statements"
    HOST_ID = "host-id"
    LISTING = "listing"
    RIGHTS = "rights"
    OPEN = "open"
    SHOWN = "shown"
    QUERY = "query"
    AUTHORIZATION = "authorization"
    FOLDERS = "folders"
    BLOCK_PUBLIC_ACLS = "BlockPublicAcls"
    IGNORE_PUBLIC_ACLS = "IgnorePublicAcls"
    BLOCK_PUBLIC_POLICY = "BlockPublicPolicy"
    RESTRICT_PUBLIC_BUCKETS = "RestrictPublicBuckets"
    OBJECT_OWNERSHIP = "ObjectOwnership"
    PAYER = "Payer"
    TENANT = "tenant"
    EXPIRING = "expiring"
    EXPIRING_MEDIA = "expiring-media"
    OLD_VERSIONS = "old-versions"
    RETENTION = "retention"


Facts = Mapping[FactName, str]


def facts_among(fields: Mapping[str, str]) -> Facts:
    """Those of ``fields`` (an answer's own elements) that are facts."""
    return {name: fields[name] for name in Fact if name in fields}


class HeaderName(str):
    """The name of a header, in lower case."""

    __slots__ = ()


class Header(HeaderName, ReprEnum):
    """Every header that anything reads; a test shows that each is kept from the answer of some run."""

    ACCESS_CONTROL_ALLOW_ORIGIN = "access-control-allow-origin"
    AGE = "age"
    CACHE_CONTROL = "cache-control"
    CONTENT_ENCODING = "content-encoding"
    CONTENT_LENGTH = "content-length"
    CONTENT_RANGE = "content-range"
    CONTENT_SECURITY_POLICY = "content-security-policy"
    CONTENT_TYPE = "content-type"
    CROSS_ORIGIN_RESOURCE_POLICY = "cross-origin-resource-policy"
    DATE = "date"
    ETAG = "etag"
    LOCATION = "location"
    RETRY_AFTER = "retry-after"
    SERVER = "server"
    SET_COOKIE = "set-cookie"
    VIA = "via"
    WWW_AUTHENTICATE = "www-authenticate"
    CDN_CACHE = "cdn-cache"
    CDN_PULLZONE = "cdn-pullzone"
    CDN_REQUESTID = "cdn-requestid"
    X_77_POP = "x-77-pop"
    X_AZURE_REF = "x-azure-ref"
    X_CACHE = "x-cache"
    X_EDGE_LOCATION = "x-edge-location"
    X_FASTLY_REQUEST_ID = "x-fastly-request-id"
    X_ID_FE = "x-id-fe"
    X_SERVED_BY = "x-served-by"
    X_CACHE_STATUS = "x-cache-status"
    X_PROXY_CACHE = "x-proxy-cache"
    X_VARNISH = "x-varnish"
    X_CONTENT_TYPE_OPTIONS = "x-content-type-options"
    CF_CACHE_STATUS = "cf-cache-status"
    CF_MITIGATED = "cf-mitigated"
    CF_RAY = "cf-ray"
    X_AMZ_BUCKET_REGION = "x-amz-bucket-region"
    X_AMZ_CF_ID = "x-amz-cf-id"
    X_AMZ_DELETE_MARKER = "x-amz-delete-marker"
    X_AMZ_EXPIRATION = "x-amz-expiration"
    X_AMZ_ID_2 = "x-amz-id-2"
    X_AMZ_OBJECT_LOCK_MODE = "x-amz-object-lock-mode"
    X_AMZ_REQUEST_ID = "x-amz-request-id"
    X_AMZ_SERVER_SIDE_ENCRYPTION = "x-amz-server-side-encryption"
    X_AMZ_VERSION_ID = "x-amz-version-id"
    X_AMZN_WAF_ACTION = "x-amzn-waf-action"


HOST_ID = HeaderName("x-amz-id-2")
"""Its form alone is kept, and only where it tells the server."""
CHECKSUM = HeaderName("x-amz-checksum-crc32")
"""Of a part: goes into the request that completes the upload, and is not kept."""
_WHOSE_SERVICE = regex(
    r"(?:cf-r2|x-amz-cf|x-bz|x-goog|x-guploader|x-gfe|x-cos|x-oss|x-tigris|x-minio|x-rgw|x-openstack)-.+|x-trans-id"
)
"""Names by which a provider is known (knowledge/providers.toml, ``answers``)."""


def kept_headers(names: Iterable[str]) -> tuple[HeaderName, ...]:
    """Those of ``names`` that are kept for judgement: what is read by name, then what tells whose service it is."""
    present = set(names)
    told = sorted(name for name in present.difference(Header) if _WHOSE_SERVICE.fullmatch(name))
    return (*(name for name in Header if name in present), *map(HeaderName, told))


class Section(StrEnum):
    """Where the checklist for launch day tells of something."""

    UPLOADS = "Uploads"
    DELIVERY = "Delivery"
    PRIVACY = "Privacy"
    DELETION = "Deletion"
    RESILIENCE = "Resilience"
    COST = "Cost"


@dataclass(frozen=True, slots=True)
class Promise:
    """A box of the checklist: a sentence that holds when all its actions were seen to be ok."""

    section: Section
    text: str
    actions: tuple[ObservationId, ...]
    also: tuple[ObservationId, ...] = ()
    """Actions that some set-ups have no need of: they count only when they were made. A promise that has nothing
    else is left out where none was."""


PROMISES = (
    Promise(Section.UPLOADS, "The S3 endpoint answers", (ActionId.REACH_ENDPOINT,)),
    Promise(Section.UPLOADS, "Mastodon can upload media with its ACL", (), (ActionId.PUT_WITH_ACL,)),
    Promise(Section.UPLOADS, "The key may write at all", (ActionId.PUT_WITHOUT_ACL,)),
    Promise(
        Section.UPLOADS,
        "Large files go up in parts",
        (ActionId.MULTIPART_CREATE, ActionId.MULTIPART_PART, ActionId.MULTIPART_COMPLETE),
    ),
    Promise(Section.UPLOADS, "Avatars and users' archives can be stored", (ActionId.AVATAR_PUT, ActionId.ARCHIVE_PUT)),
    Promise(
        Section.UPLOADS,
        "Mastodon can read back what it stored, for video and for archives",
        (ActionId.GET, ActionId.GET_RANGE, ActionId.HEAD_PART),
    ),
    Promise(Section.DELIVERY, "A visitor can see an uploaded picture", (ActionId.PUBLIC_GET,)),
    Promise(
        Section.DELIVERY,
        "Avatars, custom emoji and copies from other servers are shown as well",
        (ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_EMOJI),
        (ActionId.PUBLIC_GET_CACHE,),
    ),
    Promise(
        Section.DELIVERY,
        "Every other folder that Mastodon writes takes files and shows them",
        (),
        (ActionId.PUBLIC_FOLDERS,),
    ),
    Promise(Section.DELIVERY, "Files that were here before are shown", (), (ActionId.PUBLIC_OLD,)),
    Promise(
        Section.DELIVERY, "Mastodon's pages allow the media host (Content-Security-Policy)", (ActionId.PUBLIC_CSP,)
    ),
    Promise(
        Section.DELIVERY,
        "The media host lets Mastodon's pages show its pictures (Cross-Origin-Resource-Policy)",
        (ActionId.PUBLIC_EMBED,),
    ),
    Promise(Section.DELIVERY, "The web interface may read media from the media host (CORS)", (ActionId.PUBLIC_CORS,)),
    Promise(Section.DELIVERY, "Videos can be played and sought (ranges)", (ActionId.PUBLIC_RANGE,)),
    Promise(Section.DELIVERY, "The link to a user's archive can be opened", (ActionId.PRESIGNED_GET,)),
    Promise(
        Section.PRIVACY,
        "Nobody can list the bucket, nor its old versions and unfinished uploads",
        (ActionId.PUBLIC_LIST, ActionId.PUBLIC_VERSIONS),
        (ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_UPLOADS, Experiment.PUBLIC_LIST),
    ),
    Promise(
        Section.PRIVACY,
        "Nobody can read who may do what (policy, ACL)",
        (ActionId.PUBLIC_POLICY,),
        (ActionId.PUBLIC_ACL, Experiment.PUBLIC_ACL),
    ),
    Promise(
        Section.PRIVACY,
        "Nobody else can write to the bucket or delete from it",
        (ActionId.PUBLIC_WRITE, ActionId.PUBLIC_DELETE),
        (ActionId.PUBLIC_DELETE_ORIGIN,),
    ),
    Promise(
        Section.PRIVACY,
        "Nobody can open a user's archive without the link",
        (ActionId.ARCHIVE_PUBLIC_GET,),
        (ActionId.ARCHIVE_ORIGIN_GET,),
    ),
    Promise(Section.PRIVACY, "The link to a user's archive expires", (ActionId.PRESIGNED_EXPIRED,)),
    Promise(
        Section.PRIVACY,
        "The media of a suspended user disappears, and comes back",
        (ActionId.PUT_ACL_PRIVATE, ActionId.SUSPENDED_PUBLIC_GET, ActionId.PUT_ACL_RESTORE),
        (ActionId.RESTORED_PUBLIC_GET, ActionId.DELETED_PUBLIC_GET),
    ),
    Promise(
        Section.DELETION, "A deleted file is gone", (ActionId.HEAD, ActionId.DELETE), (ActionId.DELETED_PUBLIC_GET,)
    ),
    Promise(Section.DELETION, "Many files can be deleted at once", (ActionId.BATCH_DELETE,)),
    Promise(Section.DELETION, "tootctl media remove-orphans can list the bucket", (ActionId.LIST,)),
    Promise(Section.RESILIENCE, "This machine's clock agrees with the storage's", (ActionId.CLOCK,)),
    Promise(Section.COST, "An abandoned large upload leaves no paid parts behind", (ActionId.MULTIPART_ABORT,)),
)

"""Which questions a run asks beside the actions of the table, and the rules under which it asks them.

A test holds every run of the tests to it: no question without its occasion, and none asked otherwise than it says here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from s3probe.evidence.addresses import proxy_stands_before
from s3probe.evidence.vocabulary import (
    CLOSED_FOLDERS,
    IN_A_BROWSER,
    STRANGERS_ELSEWHERE,
    ActionId,
    Actor,
    Experiment,
    ExperimentWith,
)
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.probe.own_files import at_ones_own
from s3probe.records import dataclass
from s3probe.settings.model import Settings


class Addressee(StrEnum):
    """Whom a question is put to."""

    STORAGE = "storage"  # the bucket, by the address at which Mastodon asks for it
    SERVICE = "service"  # the storage's API, without a bucket
    PUBLISHED = "published"  # where Mastodon publishes files
    ELSEWHERE = "elsewhere"  # the other addresses that a file of this bucket could have
    PROVIDER = "provider"  # the provider's host for visitors, or the store's port for them
    INSTANCE = "instance"  # the Mastodon server itself
    TRIED = "tried"  # where the storage would be under another line of the file


@dataclass(frozen=True, slots=True)
class AskedAlike:
    """Questions of one kind."""

    ids: tuple[str, ...]
    """Ids of observations; one that ends with a colon has a value behind it."""
    operation: str
    """S3's name, or a visitor's method; ``connect``: a connection, and nothing is asked over it."""
    actor: Actor
    place: Addressee


def _key(operation: str, *ids: str, at: Addressee = Addressee.STORAGE) -> AskedAlike:
    return AskedAlike(tuple(str(each) for each in ids), operation, Actor.MASTODON, at)


def _visitor(operation: str, *ids: str, at: Addressee = Addressee.PUBLISHED) -> AskedAlike:
    return AskedAlike(tuple(str(each) for each in ids), operation, Actor.VISITOR, at)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A rule, and what is asked by it."""

    when: str
    """The rule, as it stands behind "Only"; for what is asked in any case, behind nothing."""
    asks: tuple[AskedAlike, ...]
    within: tuple[str, ...] | None = None
    """The steps that raise it, by the names that ``--only`` and ``--skip`` look at; ``None``: nothing leaves it out."""
    failure: bool = True
    """Whether something has to fail, or to be odd, for it."""
    reads: bool = False
    """Whether a run that only reads asks it, too."""
    canary: bool = False
    """Whether a quick run asks it, too."""
    uploads: bool = False
    """Whether it takes a run that uploads anything."""
    applies: Callable[[Settings, bool], bool] = lambda _settings, _thorough: True
    """Whether settings leave any use for it; and whether the run is a thorough one."""


_E, _W = Experiment, ExperimentWith
_NOT_SHOWN = (ActionId.PUBLIC_GET,)

OCCASIONS = (
    Occasion(
        "before the first upload, where the storage may be one that makes a bucket that is not there",
        (_key("HeadBucket", _E.HEAD_BUCKET),),
        failure=False,
        canary=True,
        uploads=True,
    ),
    Occasion(
        "in every whole examination: what the key may do that Mastodon never does",
        (_key("ListBuckets", _E.LIST_BUCKETS, at=Addressee.SERVICE), _key("GetBucketPolicy", _E.READ_POLICY)),
        (_E.LIST_BUCKETS, _E.READ_POLICY),
        failure=False,
    ),
    Occasion(
        "in every whole examination: tootctl upgrade storage-schema copies files",
        (_key("CopyObject", _E.COPY),),
        (_E.COPY,),
        failure=False,
    ),
    Occasion(
        "after a deletion: whether the file is gone; and the deletion of one that was hidden and shown meanwhile",
        (
            _key("HeadObject", _E.DELETE_GONE, _E.BATCH_GONE, _E.HEAD_PAST_CACHES),
            _key("DeleteObject", _E.DELETE_SECOND),
        ),
        (_E.DELETE_GONE, ActionId.DELETE, ActionId.BATCH_DELETE),
        failure=False,
        canary=True,
    ),
    Occasion(
        "where the bucket keeps old versions of files, or a rule of it deletes files",
        (
            _key("GetBucketLifecycleConfiguration", _E.READ_LIFECYCLE),
            _key("GetObjectLockConfiguration", _E.READ_OBJECT_LOCK),
            _key("HeadObject", _E.OLD_VERSION),
            _key("DeleteObject", _E.DELETE_OWN_VERSION),
        ),
        (ActionId.DELETE,),
        failure=False,
        canary=True,
    ),
    Occasion(
        "after a suspension and its end: whether the file is what it was",
        (_key("HeadObject", _E.ACL_READ_BACK), _visitor("GET", _E.ACL_READ_BACK)),
        (_E.ACL_READ_BACK, ActionId.PUT_WITH_ACL),
        failure=False,
    ),
    Occasion(
        "before a large upload is abandoned",
        (_key("CreateMultipartUpload", _E.MULTIPART_SECOND),),
        (ActionId.MULTIPART_ABORT,),
        failure=False,
    ),
    Occasion(
        "where this Mastodon is older than 4.4.16 / 4.5.9: as newer releases ask",
        (_key("PutObject", _E.PUT_NEXT_RELEASE), _key("DeleteObjects", _E.BATCH_NEXT_RELEASE)),
        (_E.PUT_NEXT_RELEASE,),
        failure=False,
    ),
    Occasion(
        "where files are published under another host than the storage's: over IPv4 and IPv6",
        (_visitor("connect", _E.VIEWER_FAMILIES),),
        (_E.VIEWER_FAMILIES,),
        failure=False,
        applies=lambda settings, _thorough: proxy_stands_before(settings),
    ),
    Occasion(
        "at a storage that one may run oneself, and in a thorough run: an upload that is announced and not sent, and"
        " what strangers may do in each folder",
        (
            _visitor("PutObject", _E.ANNOUNCED, at=Addressee.STORAGE),
            _visitor("DeleteObjects", _E.PUBLIC_DELETE_FOLDERS, at=Addressee.STORAGE),
            _visitor("GET", _E.PUBLIC_LIST_FOLDER, _E.PUBLIC_LIST_FOLDER_NAME, at=Addressee.STORAGE),
            _visitor("PutObject", _W.PUBLIC_WRITE_IN, at=Addressee.STORAGE),
        ),
        (_E.ANNOUNCED, _E.PUBLIC_DELETE_FOLDERS, ActionId.PUBLIC_LIST, STRANGERS_ELSEWHERE),
        failure=False,
        reads=True,
        applies=at_ones_own,
    ),
    Occasion(
        "in a thorough run: the listing and the ACL at every address of the bucket",
        (
            _visitor("GET", _E.PUBLIC_LIST, at=Addressee.ELSEWHERE),
            _visitor("GET", _E.PUBLIC_ACL, at=Addressee.STORAGE),
        ),
        (_E.PUBLIC_LIST, _E.PUBLIC_ACL),
        failure=False,
        reads=True,
        applies=lambda _settings, thorough: thorough,
    ),
    Occasion(
        "in a thorough run, and where a file that was there before is not shown: a file in that folder, and a visitor's"
        " look at it",
        (
            _key("PutObject", _W.PUT_IN),
            _visitor("GET", _W.SEEN_IN),
            _visitor("GET", _W.SEEN_IN_ORIGIN, at=Addressee.STORAGE),
        ),
        (ActionId.PUBLIC_FOLDERS, ActionId.PUBLIC_OLD),
        failure=False,
    ),
    Occasion(
        "where the listing shows files that were there before: a visitor's look at a few of them",
        (
            _visitor("HEAD", _W.OLD_IN, _W.NEW_IN),
            _visitor("HEAD", _W.OLD_IN_ORIGIN, at=Addressee.STORAGE),
            _key("ListObjectsV2", _W.LIST_IN),
        ),
        (ActionId.PUBLIC_OLD,),
        failure=False,
    ),
    Occasion(
        "where a policy and no ACL opens files: whether a visitor may read in folders that hold nothing of this run",
        (_visitor("GET", _W.PUBLIC_READ_IN, _E.PUBLIC_ABSENT),),
        (CLOSED_FOLDERS,),
        failure=False,
        applies=lambda settings, thorough: settings.acl in (None, "private") and not thorough,
    ),
    Occasion(
        "where CACHE_BUSTER_ENABLED is true: Mastodon's request to forget the deleted file, with its secret header",
        (_visitor("GET", _E.BEFORE_PURGE), _visitor("Purge", _E.PURGE)),
        (ActionId.DELETED_PUBLIC_GET,),
        failure=False,
        applies=lambda settings, _thorough: settings.environment.get("CACHE_BUSTER_ENABLED") == "true",
    ),
    Occasion(
        "where no signed request gets as far as the bucket: each changes one thing that the file says (address, port,"
        " region, key pair, clock) and only lists",
        (
            _key(
                "ListObjectsV2",
                *(_E.SIGNATURE_V4, _E.CLOCK, _E.PATH_STYLE, _E.VIRTUAL_HOST, _E.SCHEME_HTTPS),
                *(_E.ENDPOINT_WITHOUT_BUCKET, _E.ENDPOINT_WITHOUT_PATH, _E.BUCKET_TRIMMED),
                *(_E.SECRET_RAW, _E.SECRET_UNQUOTED, _E.SECRET_TRIMMED, _E.KEY_ID_RAW, _E.KEY_ID_UNQUOTED),
                *(_E.KEY_ID_TRIMMED, _E.SESSION_TOKEN, _E.SWAPPED_KEYS),
                *(_W.REGION, _W.PARTITION, _W.ENDPOINT, _W.PORT),
                at=Addressee.TRIED,
            ),
        ),
        reads=True,
    ),
    Occasion(
        "where the storage refuses the key pair, the bucket or every right: whether it tells wrong from right",
        (
            _key("ListObjectsV2", _E.WRONG_SECRET, _E.UNKNOWN_KEY),
            _key("HeadBucket", _E.HEAD_BUCKET),
            _key("ListBuckets", _E.LIST_BUCKETS, at=Addressee.SERVICE),
        ),
        reads=True,
    ),
    Occasion(
        "where no TLS is agreed on with the endpoint: whether anybody speaks plain http there",
        (_visitor("GET", _E.SCHEME_HTTP, at=Addressee.STORAGE),),
        reads=True,
    ),
    Occasion(
        "where the key pair is refused, and a proxy may have changed what was signed",
        (
            _key("ListObjectsV2", _E.SIGNATURE_V2, _E.SIGNED_WITHOUT_PORT, _E.SIGNED_WITHOUT_PATH),
            _key("PostObject", _E.FORM, _E.FORM_WRONG_SECRET),
        ),
        reads=True,
        applies=lambda settings, _thorough: not has_own_hosts(settings.api_base),
    ),
    Occasion(
        "where the region of the file is refused and AWS names another: all is asked there, as Mastodon's SDK does",
        (
            _key("ListObjectsV2", _E.REGION_AS_FILED),
            _key("PutObject", _E.REGION_AS_FILED),
        ),
        reads=True,
    ),
    Occasion(
        "where the plain upload is rejected, whoever asks: with one header of Mastodon's less, or another",
        (
            _key(
                "PutObject",
                *(_E.PUT_WITH_CHECKSUM, _E.PUT_NO_CHECKSUM, _E.PUT_NO_STORAGE_CLASS),
                *(_E.PUT_NO_CACHE_CONTROL, _E.PUT_LEGACY),
            ),
            _key("GetObject", _E.GET_WITH_MODE, _E.GET_WITHOUT_MODE),
            _key("DeleteObjects", _E.BATCH_OF_ONE, _E.BATCH_WITH_MD5),
        ),
        uploads=True,
    ),
    Occasion(
        "where the upload with Mastodon's ACL is refused and one without is taken: the other ACLs, and what the bucket"
        " says of them",
        (
            _key("PutObject", _E.ACL_PRIVATE, _E.ACL_PUBLIC_READ, _E.ACL_BUCKET_OWNER_FULL_CONTROL),
            _key("PutObjectAcl", _E.PUT_ACL_PRIVATE),
            _key("HeadObject", _E.ACL_READ_BACK),
            _key("GetBucketPolicy", _E.READ_POLICY),
            _visitor("GET", _E.PUBLIC_WITHOUT_ACL),
            _visitor("GET", _E.PUBLIC_WITHOUT_ACL, at=Addressee.STORAGE),
        ),
        (ActionId.PUT_WITH_ACL, ActionId.PUT_ACL_RESTORE),
        applies=lambda settings, _thorough: settings.acl is not None,
    ),
    Occasion(
        "where a visitor cannot see the picture, or an upload without an ACL is denied: settings of the bucket",
        (
            _key("GetPublicAccessBlock", _E.READ_PUBLIC_ACCESS_BLOCK),
            _key("GetBucketOwnershipControls", _E.READ_OWNERSHIP),
        ),
        (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.PUBLIC_GET),
    ),
    Occasion(
        "where a visitor cannot see the picture: by its other addresses, as a browser, past caches, with an ACL, and"
        " what the storage says of who may read",
        (
            _visitor(
                "GET",
                *(_E.PUBLIC_ORIGIN, _E.PUBLIC_PATH_STYLE, _E.PUBLIC_VIRTUAL_HOST, _E.PUBLIC_REGIONAL),
                *(_E.PUBLIC_PLAIN_HTTP, _E.PUBLIC_HOSTNAME, _E.PUBLIC_HOSTNAME_WITHOUT_BUCKET),
                *(_E.PUBLIC_HOSTNAME_WITH_PORT, _E.PUBLIC_ALIAS_WITH_BUCKET, _E.PUBLIC_ALIAS_WITHOUT_BUCKET),
                at=Addressee.ELSEWHERE,
            ),
            _visitor("GET", _E.PUBLIC_PROVIDER, _E.PUBLIC_WEB_PORT, at=Addressee.PROVIDER),
            _visitor("GET", _E.PUBLIC_AS_BROWSER, _E.PUBLIC_FRESH, _E.REFERER, _E.PUBLIC_WITH_ACL),
            _visitor("GET", _E.REFERER_ORIGIN, at=Addressee.STORAGE),
            _visitor("GET", _E.PUBLIC_TENANT, at=Addressee.SERVICE),
            _key("PutObject", _E.ACL_PUBLIC_READ),
            _key("GetObjectAcl", _E.READ_ACL),
            _key("GetBucketPolicyStatus", _E.POLICY_STATUS),
            _key("GetBucketRequestPayment", _E.REQUEST_PAYMENT),
        ),
        _NOT_SHOWN,
    ),
    Occasion(
        "where the media host does not let Mastodon's pages read files (CORS): also a key with .none behind it",
        (
            _visitor("GET", _E.CORS_FRESH, _W.CORS),
            _visitor("GET", _E.CORS_ORIGIN, at=Addressee.STORAGE),
            _visitor("OPTIONS", _E.CORS_PREFLIGHT, at=Addressee.STORAGE),
            _key("GetBucketCors", _E.READ_CORS),
        ),
        (IN_A_BROWSER,),
    ),
    Occasion(
        "where a stranger can list the bucket, or read or change something: who gave him that right",
        (
            _key("GetBucketAcl", _E.BUCKET_ACL),
            _key("GetBucketPolicyStatus", _E.POLICY_STATUS),
            _visitor("GET", _E.PUBLIC_ELSEWHERE, at=Addressee.SERVICE),
        ),
        (
            *(ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS),
            *(ActionId.PUBLIC_POLICY, ActionId.PUBLIC_WRITE, ActionId.PUBLIC_DELETE, ActionId.PUBLIC_DELETE_ORIGIN),
            *(ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET),
        ),
    ),
    Occasion(
        "where a stranger's upload or deletion is answered as if it was done: whether it was",
        (
            _key("HeadObject", _E.PUBLIC_WRITE, _E.PUBLIC_DELETE_THERE, _E.PUBLIC_DELETE_ORIGIN_THERE),
            _key("PutObject", _E.PUT_PUBLIC_DELETE, _E.PUT_PUBLIC_DELETE_ORIGIN),
            _visitor("DeleteObject", _E.PUBLIC_DELETE),
            _visitor("DeleteObject", _E.PUBLIC_DELETE, _E.PUBLIC_DELETE_ORIGIN, at=Addressee.STORAGE),
        ),
        (ActionId.PUBLIC_WRITE, ActionId.PUBLIC_DELETE, ActionId.PUBLIC_DELETE_ORIGIN),
    ),
    Occasion(
        "where an avatar, an emoji or a copy from another server is not shown: at the storage itself, and another file",
        (
            _visitor("GET", _E.CACHE_ORIGIN, _E.AVATAR_ORIGIN, _E.EMOJI_ORIGIN, _E.MEDIA_ORIGIN, at=Addressee.STORAGE),
            _visitor("GET", _E.RESTORED_ORIGIN, at=Addressee.STORAGE),
            _visitor("GET", _E.UNASKED),
            _key("PutObject", _E.PUT_AVATAR, _E.PUT_EMOJI, _E.PUT_UNASKED),
        ),
        (
            *(ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_EMOJI, ActionId.PUBLIC_GET_CACHE),
            ActionId.RESTORED_PUBLIC_GET,
        ),
    ),
    Occasion(
        "where a change of its ACL has spoilt a file: whether visitors see one without an ACL",
        (_key("PutObject", _E.PUT_PLAIN_AGAIN), _visitor("GET", _E.PUBLIC_WITHOUT_ACL)),
        (_E.PUT_PLAIN_AGAIN,),
        applies=lambda settings, _thorough: settings.acl is not None,
    ),
    Occasion(
        "where a file cannot be read, or there is none to read",
        (_key("GetObject", _E.GET_AS_PAYER, _E.GET_WITHOUT_MODE, _E.GET_MISSING, _E.GET_ARCHIVE),),
        (ActionId.GET, ActionId.PRESIGNED_GET),
    ),
    Occasion(
        "where the bucket cannot be listed",
        (
            _key("ListObjectsV2", _E.LIST_FROM_THE_TOP),
            _key("GetObjectTagging", _E.GET_TAGGING),
            _key("DeleteObject", _E.DELETE_VERSION),
        ),
        (ActionId.LIST,),
    ),
    Occasion(
        "where an upload waits a second or longer, gets no answer, or is answered 417: without Expect",
        (_key("PutObject", _E.PUT_UNANNOUNCED),),
        (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL),
    ),
    Occasion(
        "where many files cannot be deleted at once: as older releases of Mastodon asked",
        (_key("DeleteObjects", _E.BATCH_WITH_MD5),),
        (ActionId.BATCH_DELETE,),
    ),
    Occasion(
        "where an upload is refused or a picture not shown, and S3_KEY_PREFIX is set: the same keys without the prefix",
        (
            _key("PutObject", _E.PUT_WITHOUT_PREFIX),
            _visitor("GET", _E.PUBLIC_WITHOUT_PREFIX, _E.PUBLIC_ADDRESS_WITHOUT_PREFIX),
        ),
        (ActionId.PUT_WITHOUT_ACL, ActionId.PUBLIC_GET),
        applies=lambda settings, _thorough: bool(settings.key_prefix.strip("/")),
    ),
    Occasion(
        "where the public host heeds a header of keys (Authorization), and not the query beside it: the query alone",
        (_visitor("GET", _E.PUBLIC_QUERY),),
        (ActionId.PUBLIC_QUERY,),
    ),
    Occasion(
        "where something is wrong at a web server that does not say which it is: a header that is too long for it",
        (_visitor("GET", _E.WHO_ANSWERS), _visitor("GET", _E.WHO_ANSWERS_API, at=Addressee.SERVICE)),
    ),
    Occasion(
        "where the endpoint is not reached, or late: over IPv4 and IPv6",
        (_visitor("connect", _E.ADDRESS_FAMILIES, at=Addressee.STORAGE),),
        reads=True,
    ),
    Occasion(
        "where anything of Mastodon's is denied at a server that tells each key what it may (MinIO)",
        (_key("AccountInfo", _E.ACCOUNT, at=Addressee.SERVICE),),
        (_E.ACCOUNT,),
    ),
    Occasion(
        "where no key pair is found: the storage is not asked, and this machine's firmware is read for its maker",
        (AskedAlike((_E.INSTANCE_ROLE,), "", Actor.MASTODON, Addressee.STORAGE),),
        reads=True,
        canary=True,
    ),
)
"""In the order of a run."""

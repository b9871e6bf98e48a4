"""What is usual at a provider. Hints only: an experiment always decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from s3probe.knowledge.recognition import Mark, other_service_of, recognised, recognitions
from s3probe.knowledge.tables import table
from s3probe.records import dataclass, field


class ObjectAcl(StrEnum):
    """Whether an ACL on an object means anything."""

    YES = "yes"
    NO = "no"
    IGNORED = "ignored"  # taken without an error, and forgotten
    OPTIONAL = "optional"  # a setting of the bucket decides
    UNKNOWN = "unknown"


class PolicySupport(StrEnum):
    """How rights for everyone are given on a bucket. CONSOLE: by a switch or roles of the provider's own."""

    YES = "yes"
    NO = "no"
    CONSOLE = "console"
    UNKNOWN = "unknown"


class KeyRights(StrEnum):
    """How the rights of a key are given."""

    IAM = "iam"  # in documents of the form that AWS's IAM has
    BUCKET = "bucket-policy"  # the bucket policy names the key
    OWN = "own"  # by roles, switches or kinds of keys of the provider's own
    UNKNOWN = "unknown"


class Cors(StrEnum):
    """How browsers are let read media from another origin's page."""

    S3 = "s3"  # by the S3 API's PutBucketCors
    OWN = "own"  # by a switch or a command of the provider's own alone
    OPEN = "open"  # always answered, nothing is to be set
    NONE = "none"  # not at all: a proxy has to add the header
    UNKNOWN = "unknown"


class CorsForm(StrEnum):
    """In which form CORS rules are written: the same in ``knowledge.cors``."""

    S3 = "s3"  # put-bucket-cors of the AWS command line
    ARRAY = "array"  # the rules alone: Amazon's console, and R2's dashboard
    GOOGLE = "google"  # gcloud storage buckets update --cors-file
    WRANGLER = "wrangler"  # wrangler r2 bucket cors set --file
    B2 = "b2"  # b2 bucket update --cors-rules


class Addressing(StrEnum):
    """Where the provider wants the bucket's name in S3 requests."""

    PATH = "path"
    VIRTUAL_HOST = "virtual-host"
    EITHER = "either"


class Switch(StrEnum):
    """Settings of a bucket that Amazon has, and others have or have not."""

    OWNERSHIP = "ownership"
    ACCESS_BLOCK = "access-block"


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of ``providers.toml``, whose head says what each field means."""

    id: str
    name: str
    object_acl: ObjectAcl
    acl_answer: str
    """What a request with an ACL header gets."""
    bucket_policy: PolicySupport
    public_read: str
    keep_listing_off: str
    addressing: Addressing
    public_read_otherwise: str | None = None
    """Public reading without an ACL on each file, where ``public_read`` is such an ACL; ``""``: nobody says how."""
    key_rights: KeyRights = KeyRights.UNKNOWN
    cors: Cors = Cors.UNKNOWN
    cors_form: CorsForm = CorsForm.S3
    """The form in which its command reads CORS rules."""
    cors_console: CorsForm | None = None
    """The form in which its console takes them; ``None`` where it has fields of its own for them."""
    cors_headers: tuple[str, ...] = ("*",)
    """What a rule may say of request headers."""
    opens_whole: bool = False
    """Public reading is of the whole bucket: archives can be opened by whoever learns their names."""
    arn: str | None = None
    """What a resource begins with in policies, before the bucket's name; ``None``: the ARN of AWS's partition, which
    its region tells. Regions of others mean none, though they may be called ``cn-east-1`` as well."""
    policy_version: str = "2012-10-17"
    """The version of the policy language."""
    hosts: tuple[str, ...] = ()
    """Names of its own, as regular expressions; none for a server that anybody may run."""
    region_must_match: bool = False
    """The signing region must be the one in the host name: another one is refused."""
    region_unchecked: bool = False
    """Any signing region is taken."""
    expires_old_as_new: bool = False
    """``x-amz-expiration`` stands on current files, too, where a rule removes nothing but old versions."""
    silent_expiry: bool = False
    """No answer carries ``x-amz-expiration``, whatever a lifecycle rule will remove."""
    regions: tuple[str, ...] = ()
    """Signing regions to try when the host names none."""
    signed_only: bool = False
    """The S3 API answers signed requests alone: visitors are served elsewhere, whatever is open."""
    api_port: int = 0
    """Where the S3 API of a server that admins run themselves listens unless told otherwise. 0: not known."""
    web_port: int = 0
    """Visitors are served at this port alone, by their ``Host``; ``api_port`` serves none. 0: no such port."""
    public_host: str = ""
    """Where visitors are served, as a value for ``S3_ALIAS_HOST`` with ``{bucket}``, ``{region}``, ``{api}`` (the API's
    host) and ``{namespace}`` (its first label); ``""`` where it cannot be built from these."""
    quirks: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    """Fields that follow from other things than the provider's own words or an answer of it."""
    sources: tuple[str, ...] = ()
    """Where the facts are from, with the date."""
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The right value of each variable of ``.env.production``, in words."""
    console: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Where to click: ``region``, ``key``, ``policy``, ``public_read``, ``listing``, ``cors``."""
    commands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The provider's own command line for ``policy``, ``public_read``, ``listing`` and ``cors``: see ``recipes``."""
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What must be known to run that command."""
    unknown_actions: tuple[str, ...] = ()
    """Rights that do not exist there: a policy that names one is refused as a whole."""
    key_principal: str = ""
    """The key's name in a bucket policy, where it may live by that policy; ``""`` where rights lie elsewhere."""
    principal_kind: str = "AWS"
    """What stands before that name in ``Principal``."""
    policy_replaces_owner: bool = False
    """Once a bucket has a policy, its owner may do what that allows and no more."""
    rights_together: tuple[tuple[str, ...], ...] = ()
    """Rights that are given and taken as one there."""
    acl_change_empties: bool = False
    """A change of a file's ACL is taken for an upload of nothing."""
    bucket_acl_opens: bool = False
    """READ for everyone on the bucket opens its files, beside the listing."""
    readers_see_policy: bool = False
    """Whoever may read files may read the bucket policy."""
    switches: tuple[Switch, ...] = ()
    """Which of Amazon's settings of a bucket exist there, and are set by the same calls."""
    one_policy: bool = False
    """A user has one IAM policy: the next one replaces it."""
    accounts: bool = True
    """Whether buckets belong to different customers; ``False`` where one deployment is one account."""
    account_info: str = ""
    """Where the server tells each key what its user's policies say; ``""`` where it does not."""
    hides_absent_buckets: bool = False
    """A bucket that is not there is refused like one that the key may not use."""
    makes_buckets: bool = False
    """An upload makes the bucket that it names, where the key may."""
    lists_own_buckets: bool = False
    """ListBuckets is answered to every key, with the buckets that it may use."""
    lists_by_right: bool = False
    """ListBuckets shows a bucket to whoever may list what is in it, or owns it."""

    @property
    def opened_without_acls(self) -> str:
        """What opens media there when uploads bring no ACL; ``""`` where nobody says how."""
        return self.public_read if self.public_read_otherwise is None else self.public_read_otherwise

    @property
    def acls_count(self) -> bool:
        """Whether an ACL means anything there, as far as is known."""
        return self.object_acl not in (ObjectAcl.NO, ObjectAcl.IGNORED)


def providers() -> Mapping[str, Provider]:
    """All providers by id, in the order of detection."""
    return MappingProxyType({name: provider(name) for name in recognitions()})


@cache
def provider(provider_id: str) -> Provider:
    """The provider of that id. Raises KeyError for an unknown one."""
    known = recognitions()[provider_id]
    kinds = {
        "object_acl": ObjectAcl,
        "bucket_policy": PolicySupport,
        "addressing": Addressing,
        "key_rights": KeyRights,
        "cors": Cors,
        "cors_form": CorsForm,
        "cors_console": CorsForm,
    }
    facts = table("providers")[provider_id]
    fields = {name: _frozen(kinds[name](value) if name in kinds else value) for name, value in facts.items()}
    fields["switches"] = tuple(Switch(name) for name in facts.get("switches", ()))
    if provider_id != "aws-s3":
        fields.setdefault("arn", "arn:aws:s3:::")
    return Provider(id=provider_id, name=known.name, hosts=known.hosts, **fields)


def detect(endpoint_host: str, marks: Collection[Mark] = ()) -> Provider:
    """The provider behind ``endpoint_host`` (``host``, ``host:port`` or a URL), judged by its name and its answers.

    A provider's own host name is believed first, then the ``marks`` of its answers, then weak hints such as a usual
    port. What nobody claims is the generic provider, ``unknown``: this never fails.
    """
    return provider(recognised(endpoint_host, frozenset(marks)))


def serving(service: str) -> Provider | None:
    """The provider of which ``other_service`` said that."""
    known = other_service_of(service)
    return None if known is None else provider(known)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType(value)
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value

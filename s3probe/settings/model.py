"""What Mastodon reads from its environment, as frozen data.

Nothing here decides anything: ``dotenv`` and ``sources`` fill :class:`Environment`,
``mastodon`` turns it into :class:`Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from s3probe.records import dataclass, field
from s3probe.secret import Secret

PROCESS_ENVIRONMENT = "process environment"
STANDARD_INPUT = "standard input"

SECRET_NAMES = frozenset(
    {
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AMAZON_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AMAZON_SESSION_TOKEN",
        "CACHE_BUSTER_SECRET",
    }
)
"""Variables whose values are secrets that s3probe handles itself."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a line of the same file would set, were there none below it that sets something else."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it reaches Mastodon, and where it came from."""

    name: str
    value: str
    source: str = PROCESS_ENVIRONMENT
    """The file's path as it was named, or :data:`PROCESS_ENVIRONMENT`."""
    line: int | None = None
    """1-based line of the assignment in ``source``; ``None`` for the process environment."""
    raw: str | None = None
    """The text after ``=`` as it stands in the file, before dotenv changed it."""
    earlier: Earlier | None = None
    """The nearest line above with another value."""


class NoteKind(StrEnum):
    """What dotenv did silently, and an admin should know."""

    SKIPPED_LINE = "skipped-line"  # a line that yields no variable (`S3-BUCKET=x`)
    DUPLICATE = "duplicate"  # the same name again in one file with another value: the last one wins
    SHADOWED = "shadowed"  # an earlier source gives it another value: this assignment has no effect
    COMMAND = "command"  # `$(…)`: Mastodon would run it, s3probe does not
    BOM = "bom"
    CRLF = "crlf"
    SMART_CHARACTER = "smart-character"  # curly quote, no-break space, other non-ASCII
    QUOTED = "quoted"  # the value that reaches Mastodon begins or ends with a quote mark
    TRUNCATED_BY_HASH = "truncated-by-hash"
    EXPANDED_DOLLAR = "expanded-dollar"
    DROPPED_BACKSLASH = "dropped-backslash"
    NOT_RESTARTED = "not-restarted"  # a running process has another value, and the file is younger than it
    RUNNING_OVERRIDDEN = "running-overridden"  # a running process has another value although the file is older
    EDITED_SINCE_START = "edited-since-start"
    WEB_SIDEKIQ_DIFFER = "web-sidekiq-differ"
    LOADER_KEEPS_QUOTES = "loader-keeps-quotes"  # docker run --env-file and Kubernetes would, dotenv did not
    LOADER_KEEPS_COMMENT = "loader-keeps-comment"  # so would they and systemd with the comment behind the value
    LOADER_REFUSES = "loader-refuses"  # the loader that was named hands over nothing of this file
    LOADER_DROPS = "loader-drops"  # it leaves this line out without a word
    READABLE_BY_ALL = "readable-by-all"  # mode of the file and its folders: every user of the machine can read it


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing about a line of an env file. Never carries a value."""

    kind: NoteKind
    source: str
    line: int
    name: str = ""
    """The variable concerned; for a skipped line the text before its first ``=`` or ``:``."""
    why: str = ""
    """What a loader refuses there."""


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables Mastodon would see, first source first, and what was noticed on the way."""

    variables: Mapping[str, Variable] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    loader: str = "dotenv"
    """What reads the file (``settings.loaders``). Another one than dotenv hands over a process environment."""

    def get(self, name: str) -> str | None:
        """The variable's value, or ``None`` when it is absent (blank is not absent)."""
        variable = self.variables.get(name)
        return None if variable is None else variable.value

    def line_of(self, name: str) -> int | None:
        """The line that sets ``name`` in its file, or ``None``."""
        variable = self.variables.get(name)
        return None if variable is None else variable.line


class RaisedAt(StrEnum):
    """When Mastodon meets a value it cannot use."""

    BOOT = "boot"  # Mastodon does not start
    CLIENT = "client"  # the first use of S3 raises
    REQUEST = "request"  # every request raises before it is sent
    CONNECT = "connect"  # no connection is made for any request, whatever listens there
    URL = "url"  # the URL of every file raises: no page with one is made


@dataclass(frozen=True, slots=True)
class RaisedError:
    """An exception Mastodon raises from its settings alone (golden/settings.json)."""

    stage: RaisedAt
    exception: str
    """The Ruby class, e.g. ``ArgumentError``; blank where Mastodon goes on and nobody can use what it made."""
    message: str
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key pair that signs, and how Mastodon came by it."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    """Only ever set from the SDK's own chain: keys named in the file go without one."""
    source: str = "env"
    """``env`` (passed explicitly), ``chain:…`` (the SDK found them), or ``none``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What config/initializers/paperclip.rb makes of the environment.

    Durations are seconds, sizes bytes. ``None`` means "not set", as in Mastodon.
    """

    environment: Environment
    storage: str
    """``s3``, ``swift``, ``azure`` or ``filesystem``."""
    bucket: str | None
    region: str
    endpoint: str | None
    """``S3_ENDPOINT`` as given, also when blank; ``None`` when absent."""
    api_base: str
    """Scheme and host (and port, path) of the S3 API without any bucket, e.g. ``https://s3.eu-west-2.amazonaws.com``."""
    path_style: bool
    """How *this* bucket is addressed: ``True`` for ``host/bucket/key``."""
    override_path_style: bool
    credentials: Credentials | None
    """``None`` when the environment names no complete pair: the SDK's chain is asked."""
    acl: str | None
    """Canned ACL of media uploads; ``None`` when ``S3_PERMISSION`` is empty."""
    archive_acl: str | None
    """Canned ACL of ``backups/``: ``private``, or ``None`` when ``S3_PERMISSION`` is empty."""
    key_prefix: str
    """As Mastodon's keys show it: a slash at its end is doubled in keys, and only a second one at its start stays.

    ``/`` gives keys that begin with a slash; ``""`` when unset or blank.
    """
    protocol: str
    hostname: str
    """``S3_HOSTNAME``, or Mastodon's default ``s3-<region>.amazonaws.com``."""
    hostname_is_default: bool
    alias_host: str | None
    """``S3_ALIAS_HOST``, else ``S3_CLOUDFRONT_HOST``; ``""`` when blank, ``None`` when absent."""
    storage_class: str | None
    cache_control: str
    multipart_threshold: int
    open_timeout: int
    read_timeout: int
    signature_version: str
    force_single_request: bool
    request_checksums: str
    """``when_supported`` or ``when_required`` (AWS_REQUEST_CHECKSUM_CALCULATION)."""
    response_checksums: str
    proxy: str | None
    """The proxy Net::HTTP would use for the S3 API, from ``http_proxy`` alone."""
    ca_file: str | None
    """AWS_CA_BUNDLE, else SSL_CERT_FILE; ``None`` = the system's trust store."""
    web_domain: str | None
    """WEB_DOMAIN, else LOCAL_DOMAIN."""
    csp_media_hosts: tuple[str, ...]
    troubles: tuple[RaisedError, ...] = ()

    @property
    def bucket_name(self) -> str:
        """The bucket's name, ``""`` when none is set."""
        return self.bucket or ""

"""What changes while a sandbox runs: which objects there are, whose they are, and what was asked."""

from __future__ import annotations

import threading
from collections import Counter

from s3probe.records import dataclass, field
from s3probe.sandbox.messages import Request
from s3probe.sandbox.operations import Operation
from s3probe.sandbox.personality import ErrorText
from s3probe.sandbox.regions import partition
from s3probe.sandbox.store import Store
from s3probe.sandbox.world import Bucket, Ownership, User, World

_OLD = b"a file that was here before"


@dataclass(frozen=True, slots=True)
class Record:
    """What S3 keeps of an object beside moto's bytes and metadata."""

    acl: str
    owner: str
    size: int
    storage_class: str = "STANDARD"
    kms_key: str | None = None
    checksums: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """A multipart upload under way."""

    bucket: str
    key: str
    acl: str
    owner: str
    storage_class: str


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as the log keeps it."""

    method: str
    host: str
    path: str
    query: str
    operation: str
    status: int
    code: str
    """Error code, ``""`` when it went well."""
    key_id: str
    """``""`` for an anonymous request."""
    headers: dict[str, str] = field(default_factory=dict)
    """The request's headers by lower-case name."""


class State:
    """The mutable half of a sandbox."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = Store()
        self.lock = threading.RLock()
        self.buckets: dict[str, Bucket] = {}
        self.records: dict[tuple[str, str], Record] = {}
        self.uploads: dict[str, OpenUpload] = {}
        self.requests: list[LoggedRequest] = []
        self.violations: list[LoggedRequest] = []
        self.bugs: list[str] = []
        """Tracebacks of the sandbox's own failures: a test that meets one must not pass."""
        self.counts: Counter[ErrorText] = Counter()
        mine = {partition(bucket.region) for bucket in world.buckets} or {"aws"}
        self._partitions = mine if world.amazon else set()
        self._elsewhere: State | None = None
        for bucket in world.buckets:
            self.add(bucket)

    def add(self, bucket: Bucket) -> None:
        """Makes the bucket known and its store ready."""
        self.store.create(bucket.name, versioning=bucket.versioning or bucket.object_lock)
        self.buckets[bucket.name] = bucket
        for old in bucket.stored:
            self.store.call("PUT", bucket.name, old.key, headers=(("Content-Type", "image/png"),), body=_OLD)
            owner = old.account or bucket.account
            self.records[bucket.name, old.key] = Record(old.acl, owner, len(_OLD))

    def amazon(self, region: str | None) -> State:
        """What a name of AWS's leads to: these buckets, or a partition that knows neither them nor these keys."""
        if partition(region) in self._partitions:
            return self
        with self.lock:
            self._elsewhere = self._elsewhere or State(World())
            return self._elsewhere

    def used(self, bucket: str) -> int:
        """Bytes of the bucket's current objects."""
        return sum(record.size for (name, _), record in self.records.items() if name == bucket)


@dataclass(frozen=True, slots=True)
class Context:
    """One authenticated and authorised request on its way to its handler."""

    state: State
    request: Request
    operation: Operation
    bucket: Bucket
    key: str
    user: User | None
    body: bytes = b""
    checksums: dict[str, str] = field(default_factory=dict)
    sees_retention: bool = False
    """The caller may read Object Lock's state (s3:GetObjectRetention); only then S3 sends its headers."""

    @property
    def record(self) -> Record | None:
        return self.state.records.get((self.bucket.name, self.key))

    @property
    def owner(self) -> str:
        """Account a new object belongs to."""
        given = self.request.headers.get("x-amz-acl") == "bucket-owner-full-control"
        takes = self.bucket.ownership is Ownership.ENFORCED or (self.bucket.ownership is Ownership.PREFERRED and given)
        return self.bucket.account if self.user is None or takes else self.user.account

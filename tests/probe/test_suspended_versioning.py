"""While versioning is suspended, each plain delete leaves a marker of version ``null``, which is removed by that id."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from s3probe.evidence.vocabulary import ActionId
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.probe.tools import ProbeOptions
from s3probe.sandbox.scenario import healthy
from tests.runs import OPTIONS, Ran, run


@dataclass
class _Suspended:
    """Answers as Ceph, MinIO, SeaweedFS and Versity do, before a store that knows no versions."""

    inner: Transport
    may_name_versions: bool = True
    version: str | None = "null"
    """What a deletion says beside ``x-amz-delete-marker``."""
    tells_rules: bool = True
    """Whether the key may read the bucket's lifecycle, which Mastodon's may not (MinIO, Ceph)."""
    keeps: bool = False
    """A deletion is refused."""
    told_by: str = "DELETE"
    """MinIO tells of a marker only to who looks: by HEAD."""
    markers: set[str] = field(default_factory=set)
    named: list[str] = field(default_factory=list)

    def send(self, call: Call, limits: Limits) -> Answer:
        url = urlsplit(call.url)
        key = unquote(url.path).lstrip("/")
        if call.operation == "GetBucketLifecycleConfiguration" and not self.tells_rules:
            return Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>")
        if call.operation == "DeleteObjects":
            self.markers |= {part.partition(b"</Key>")[0].decode() for part in call.body.split(b"<Key>")[1:]}
        if call.operation == "HeadObject" and self.told_by == "HEAD" and key in self.markers:
            return Answer(404, {"x-amz-delete-marker": "true", "x-amz-version-id": "null"})
        if call.operation != "DeleteObject" or not any(name == "Authorization" for name, _value in call.headers):
            return self.inner.send(call, limits)
        if "versionId" in parse_qs(url.query):
            self.named.append(key)
            if not self.may_name_versions:
                return Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>")
            if key not in self.markers:
                # what was stored meanwhile has that id as well
                return self.inner.send(call, limits)
            self.markers.discard(key)
            return Answer(204)
        if self.keeps:
            return Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>")
        self.markers.add(key)
        said = {"x-amz-delete-marker": "true", **({"x-amz-version-id": self.version} if self.version else {})}
        answer = self.inner.send(call, limits)
        if self.told_by == "HEAD":
            return answer
        return replace(answer, headers={**answer.headers, **said})


def _ran(options: ProbeOptions = OPTIONS, **how: object) -> tuple[Ran, _Suspended]:
    made: list[_Suspended] = []

    def wrap(inner: Transport) -> Transport:
        made.append(_Suspended(inner, **how))  # type: ignore[arg-type]  # by name
        return made[0]

    return run(healthy(), options, wrap=wrap), made[0]


def test_no_marker_stays_behind() -> None:
    ran, store = _ran()
    assert (store.markers, ran.left, ran.report.evidence.cleanup.left_behind) == (set(), (), ())
    assert all("/s3probe/" in key for key in store.named)


@pytest.mark.parametrize("only", [(), (ActionId.PUT_WITHOUT_ACL,)])
def test_no_marker_stays_behind_that_only_a_look_shows(only: tuple[str, ...]) -> None:
    """Also where the clean-up is the first to delete anything, as after a signal."""
    ran, store = _ran(replace(OPTIONS, only=only), told_by="HEAD")
    assert (store.markers, ran.left, ran.report.evidence.cleanup.left_behind) == (set(), (), ())
    assert store.named


def test_markers_that_may_not_be_removed_are_named() -> None:
    ran, store = _ran(may_name_versions=False)
    assert store.markers
    assert ran.left == ()
    assert set(ran.report.evidence.cleanup.left_behind) == {f"{key}?versionId=null" for key in store.markers}


@pytest.mark.parametrize("told_by", ["DELETE", "HEAD"])
@pytest.mark.parametrize("tells_rules", [True, False])
def test_a_canary_stays_one_where_the_key_may_not_read_the_rules(told_by: str, tells_rules: bool) -> None:
    """Every five minutes nothing but a few requests, and nothing stays."""
    ran, store = _ran(replace(OPTIONS, profile="quick"), told_by=told_by, tells_rules=tells_rules)
    evidence = ran.report.evidence
    assert (evidence.run.profile, ran.report.findings) == ("quick", ())
    assert (store.markers, ran.left, evidence.cleanup.left_behind) == (set(), (), ())
    assert evidence.cost.requests < 10


def test_a_canary_that_does_not_go_is_examined_as_a_whole() -> None:
    """The near-miss: the file is still there."""
    ran, _store = _ran(replace(OPTIONS, profile="quick"), tells_rules=False, may_name_versions=False, keeps=True)
    assert ran.report.evidence.run.profile == "full"


@pytest.mark.parametrize("version", [None, ""])
def test_a_marker_without_an_id_is_none(version: str | None) -> None:
    """S3Mock says so of every deletion, in a bucket that knows no versions."""
    ran, store = _ran(version=version)
    assert (store.named, ran.left, ran.report.evidence.cleanup.left_behind) == ([], (), ())

"""Garage itself: healthy as its own page for Mastodon says, its commonest faults, and each first fix to the letter."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from s3probe.diagnosis.model import EnvFix
from s3probe.knowledge.recipes import documents, recipe
from s3probe.knowledge.store import store_of
from s3probe.report.model import Verdict
from tests.exhaustive import part
from tests.nginx.guide import Block, guide
from tests.nginx.server import MISSING, NGINX
from tests.real.examine import Setup, named
from tests.real.servers import BUCKET, LOOPBACK, Garage

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason=MISSING),
    # one worker starts it, once
    pytest.mark.neighbours("garage"),
]


def block(server: Garage) -> Block:
    """The guide's block before the web port, with archives closed."""
    own = "location ^~ /backups/ { return 404; } proxy_set_header Host $host; "
    return guide(BUCKET, LOOPBACK).with_lines(f"{own} proxy_pass http://{LOOPBACK}:{server.web_port};")


@pytest.fixture
def healthy(garage: Garage) -> Iterator[Setup[Garage]]:
    # its own page has no line for S3_PERMISSION: that is a fault of the page (see below)
    yield Setup(garage, {"S3_ALIAS_HOST": garage.host}, block(garage), garage.host)
    garage.heal()


def test_garage_as_its_own_page_says_is_healthy(healthy: Setup[Garage], tmp_path: Path) -> None:
    report = healthy.examined(tmp_path)
    assert (report.verdict, named(report)) == (Verdict.OK, []), [(f.id, f.how_known) for f in report.findings]
    # the guide's proxy keeps files for two days, and 127.0.0.1 is no name for links
    assert {f.id for f in report.findings} <= {"cdn-keeps-deleted-media", "presigned-link-uses-internal-endpoint"}
    assert store_of(healthy.settings, report.evidence).id == "garage"
    assert healthy.server.client().list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert healthy.examined(tmp_path, "quick").findings == ()


Break = Callable[[Setup[Garage]], Setup[Garage]]


def _cli(*arguments: str) -> Break:
    def broken(setup: Setup[Garage]) -> Setup[Garage]:
        setup.server.cli(*arguments)
        return setup

    return broken


def _nginx(lines: str) -> Break:
    def broken(setup: Setup[Garage]) -> Setup[Garage]:
        assert setup.block is not None
        web = f"http://{LOOPBACK}:{setup.server.web_port}"
        return replace(setup, block=setup.block.with_lines(lines.format(api=setup.server.endpoint, web=web)))

    return broken


def _lines(**lines: str | None) -> Break:
    return lambda setup: replace(setup, lines={**setup.lines, **lines})


def _key(*arguments: str) -> Break:
    """Another key, with these rights, or with an end that has come."""

    def broken(setup: Setup[Garage]) -> Setup[Garage]:
        key = setup.server.new_key("another")
        rights = arguments if arguments[0].startswith("--") else ("--read", "--write")
        setup.server.cli("bucket", "allow", BUCKET, *rights, "--key", key.id)
        if rights is not arguments:
            setup.server.cli("key", "set", key.id, "--expires-in", arguments[0])
            time.sleep(1.1)
        return _lines(AWS_ACCESS_KEY_ID=key.id, AWS_SECRET_ACCESS_KEY=key.secret)(setup)

    return broken


def _another_buckets_alias(setup: Setup[Garage]) -> Setup[Garage]:
    for command in (
        ("unalias", Garage.host),
        ("create", "other"),
        ("alias", "other", Garage.host),
        ("website", "--allow", "other"),
    ):
        setup.server.cli("bucket", *command)
    return setup


def _bucket_that_another_key_uses(setup: Setup[Garage]) -> Setup[Garage]:
    """The media host shows which one was meant: it is an alias of this key's own."""
    if "unserved" not in setup.server.cli("bucket", "list"):
        setup.server.cli("bucket", "create", "unserved")
    return _lines(S3_BUCKET="unserved")(setup)


FAULTS: dict[str, tuple[str, Break]] = {
    "another key's bucket": ("key-without-rights", _bucket_that_another_key_uses),
    "website denied": ("web-port-bucket-not-allowed", _cli("bucket", "website", "--deny", BUCKET)),
    "no alias": ("web-port-host-is-no-alias", _cli("bucket", "unalias", Garage.host)),
    "alias of another bucket": ("web-port-host-is-no-alias", _another_buckets_alias),
    "Host not passed": ("web-port-host-not-passed-on", _nginx("proxy_set_header Host $proxy_host;")),
    "bucket in the path": ("web-port-path-changed", _nginx(f"proxy_pass {{web}}/{BUCKET}$uri;")),
    "API port": ("media-host-leads-past-web-port", _nginx("proxy_pass {api};")),
    "no alias host": ("website-endpoint-needed-garage", _lines(S3_ALIAS_HOST=None)),
    "the page's permission": ("suspension-acl-call-crashes", _lines(S3_PERMISSION=None)),
    "region": ("region-wrong-custom-endpoint", _lines(S3_REGION="us-east-1")),
    "key reads only": ("iam-missing-putobject", _key("--read")),
    "key writes only": ("iam-missing-getobject", _key("--write")),
    "key expired": ("key-expired", _key("1s")),
    "quota": ("quota-or-cap-exceeded", _cli("bucket", "set-quotas", BUCKET, "--max-objects", "0")),
}


@pytest.mark.parametrize("name", part(tuple(FAULTS), 3))
def test_a_fault_is_named_alone_and_its_first_fix_heals(healthy: Setup[Garage], tmp_path: Path, name: str) -> None:
    finding_id, broken = FAULTS[name]
    setup = broken(healthy)
    report = setup.examined(tmp_path)
    assert named(report) == [finding_id], [(f.id, f.how_known) for f in report.findings]
    fixed = setup.fixed(report.findings[0])
    after = fixed.examined(tmp_path)
    assert named(after) == [], [(f.id, f.how_known) for f in after.findings]


def test_what_policy_prints_makes_a_new_bucket_healthy(healthy: Setup[Garage], tmp_path: Path) -> None:
    setup = _lines(S3_BUCKET="another", S3_ALIAS_HOST="media.garage.example")(healthy)
    setup = replace(setup, host="media.garage.example")
    setup.server.cli("bucket", "create", "another")
    store, settings = store_of(setup.settings, healthy.examined(tmp_path).evidence), setup.settings
    for topic in ("policy", "public_read"):
        setup.run(recipe(settings, store, topic, documents(settings, store)))
    assert named(setup.examined(tmp_path)) == []


@pytest.mark.skipif(shutil.which("aws") is None, reason="no aws on this machine (pip install awscli)")
def test_a_cors_rule_is_set_by_an_owner(healthy: Setup[Garage], tmp_path: Path) -> None:
    assert healthy.block is not None
    # a cache would keep what came without an Origin
    bare = healthy.block.with_lines("proxy_cache off;").without("add_header 'Access-Control-Allow-Origin'")
    setup = replace(healthy, block=bare.without("proxy_hide_header 'Access-Control-Allow-Origin'"))
    report = setup.examined(tmp_path)
    assert named(report) == ["cors-missing"]
    at_store = report.findings[0].fixes[-1]
    assert not isinstance(at_store, EnvFix)
    assert named(setup.fixed(replace(report.findings[0], fixes=(at_store,))).examined(tmp_path)) == []

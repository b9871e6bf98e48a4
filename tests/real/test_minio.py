"""The real MinIO: what policy prints makes it healthy and silent, and each fix heals as it stands."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from os import environ
from pathlib import Path
from typing import Any

import pytest

from s3probe.cli.commands.policy import policies
from s3probe.diagnosis.model import BucketSetting, EnvFix, Fix, IamAllow, Manual, ServerFix
from s3probe.examination import Examined, check
from s3probe.knowledge.store import store_of
from s3probe.probe.asking_once import who_is_there
from s3probe.probe.tools import ProbeOptions, default_tools
from s3probe.settings.mastodon import interpret
from s3probe.settings.model import Settings
from s3probe.settings.sources import load
from tests.real.servers import BUCKET, Minio

pytestmark = pytest.mark.neighbours("minio")

ARN = f"arn:aws:s3:::{BUCKET}"
LEAST = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
ON_LOOPBACK = {"presigned-link-uses-internal-endpoint", "media-host-is-this-machine", "env-file-world-readable"}
"""Said of any storage on this machine."""
numbers = count()


class Site:
    """A Mastodon server on that MinIO, with a key and a bucket policy of its own."""

    def __init__(self, server: Minio, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.key, self.secret = f"mastodon{next(numbers)}", "mastodonsecret"
        server.mc("admin", "user", "add", "real", self.key, self.secret)
        server.mc("anonymous", "set-json", str(self.saved(self.documents()["bucket_policy"])), f"real/{BUCKET}")

    def settings(self, **lines: str | None) -> Settings:
        pair = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
        host = {"S3_PROTOCOL": "http", "S3_HOSTNAME": self.server.endpoint.partition("://")[2], "LOCAL_DOMAIN": None}
        path = self.folder / ".env.production"
        path.write_text(self.server.environment(**{**pair, **host, **lines}))
        path.chmod(0o600)
        return interpret(load(path))

    def documents(self, **lines: str | None) -> dict[str, Any]:
        settings = self.settings(**lines)
        with closing(default_tools(settings)) as tools:
            return policies(settings, store_of(settings, who_is_there(settings, tools, 5)))

    def saved(self, document: object) -> Path:
        path = self.folder / "document.json"
        path.write_text(json.dumps(document))
        return path

    def allow(self, actions: Sequence[str] = LEAST, bucket: Sequence[str] = ("s3:ListBucket",)) -> None:
        statements = [{"Effect": "Allow", "Action": list(actions), "Resource": [f"{ARN}/*"]}] if actions else []
        statements += [{"Effect": "Allow", "Action": list(bucket), "Resource": [ARN]}] if bucket else []
        path = str(self.saved({"Version": "2012-10-17", "Statement": statements}))
        self.server.mc("admin", "policy", "create", "real", f"of-{self.key}", path)
        self.server.mc("admin", "policy", "attach", "real", f"of-{self.key}", "--user", self.key)

    def access_key(self, actions: Sequence[str] = ()) -> None:
        """Mastodon signs with an access key of that user from now on, with a policy of its own where one is given."""
        name = f"{self.key}access"
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": [ARN, f"{ARN}/*"]}
        own = ("--policy", str(self.saved({"Version": "2012-10-17", "Statement": [statement]}))) if actions else ()
        pair = ("--access-key", name, "--secret-key", self.secret)
        self.server.mc("admin", "accesskey", "create", "real", self.key, *pair, *own)
        self.key = name

    def also(self, name: str, *statements: dict[str, object], group: str = "") -> None:
        """A further policy, of the user or of a group that he is in."""
        path = str(self.saved({"Version": "2012-10-17", "Statement": statements}))
        self.server.mc("admin", "policy", "create", "real", name, path)
        self.server.mc(
            "admin", "policy", "attach", "real", name, *(("--group", group) if group else ("--user", self.key))
        )

    def group(self) -> str:
        """A group that the user is in."""
        name = f"group-of-{self.key}"
        self.server.mc("admin", "group", "add", "real", name, self.key)
        return name

    def examined(self, options: ProbeOptions | None = None, /, **lines: str | None) -> Examined:
        settings = self.settings(**lines)
        with closing(default_tools(settings)) as tools:
            return check(settings, options or ProbeOptions(), tools)

    def applied(self, command: str) -> None:
        """The command as it is printed, with the admin's own words for those in capitals."""
        command = command.replace("ALIAS", "real").replace("KEY", self.key)
        config = {**environ, "MC_CONFIG_DIR": str(self.server.folder / "mc")}
        subprocess.run(["bash", "-c", command], cwd=self.folder, env=config, check=True, capture_output=True)

    def healed(self, seen: Examined, **lines: str | None) -> list[str]:
        """What is found after the first fix of the first finding."""
        first = next(found for found in seen.findings if found.id not in ON_LOOPBACK)
        for fix in first.first_choice:
            if isinstance(fix, EnvFix):
                lines[fix.variable] = fix.value
            else:
                assert isinstance(fix, BucketSetting | IamAllow | ServerFix)
                self.applied(fix.value if isinstance(fix, ServerFix) else fix.command)
        return named(self.examined(**lines))


def named(seen: Examined, *, left: bool = False) -> list[str]:
    """``left``: the key may not remove all that a run makes."""
    may_stay = left or "iam-missing-deleteobject" in {one.id for one in seen.findings}
    assert seen.evidence.cleanup.left_behind == () or may_stay
    return [one.id for one in seen.findings if one.id not in ON_LOOPBACK]


def fixes_of(seen: Examined) -> list[Fix]:
    return [fix for one in seen.findings for fix in one.fixes]


DENIES: dict[str, object] = {"Effect": "Deny", "Action": ["s3:DeleteObject"], "Resource": [f"{ARN}/*"]}


def looked_at(seen: Examined) -> Sequence[str]:
    """The commands that the first fix of the first finding names."""
    first = next(found for found in seen.findings if found.id not in ON_LOOPBACK).fixes[0]
    text = first.text if isinstance(first, Manual) else getattr(first, "note", "")
    return re.findall(r"mc admin [a-z]+ [a-z]+ ALIAS(?: --user)? [A-Z]+", text)


@pytest.fixture
def site(minio: Minio, tmp_path: Path) -> Iterator[Site]:
    yield Site(minio, tmp_path)
    # a key that may not delete has left what its run made
    minio.mc("rm", "--recursive", "--force", "--versions", f"real/{BUCKET}")


def test_what_policy_prints_makes_it_healthy(site: Site) -> None:
    site.server.client().delete_bucket_policy(Bucket=BUCKET)
    printed = site.documents(S3_KEY_PREFIX="below")
    assert printed["server"] == "minio"
    assert "s3:PutObjectAcl" not in json.dumps(site.documents(S3_PERMISSION="public-read"))
    for command in printed["commands"].values():
        site.applied(command)
    seen = site.examined(S3_KEY_PREFIX="below")
    assert named(seen) == ["remove-orphans-key-prefix"]
    assert seen.evidence.cost.requests <= 48


def test_a_key_that_may_read_alone_gets_all_at_once(site: Site) -> None:
    site.allow(["s3:GetObject"])
    assert site.healed(site.examined()) == []


def test_an_access_key_gets_its_rights_and_its_user_as_well(site: Site) -> None:
    site.allow([right for right in LEAST if right != "s3:DeleteObject"])
    site.access_key(["s3:PutObject", "s3:GetObject", "s3:ListBucket"])
    seen = site.examined()
    assert named(seen) == ["iam-missing-deleteobject", "iam-missing-abortmultipart"]
    assert site.healed(seen) == []


def test_what_is_open_to_everyone_is_closed_and_pictures_stay(site: Site) -> None:
    """With an ACL in the file too, which MinIO takes and forgets."""
    site.allow(LEAST, ["s3:ListBucket", "s3:PutBucketPolicy"])
    site.server.client().delete_bucket_policy(Bucket=BUCKET)
    site.server.mc("anonymous", "set", "public", f"real/{BUCKET}")
    seen = site.examined(S3_PERMISSION="public-read")
    assert named(seen)[:2] == ["anonymous-write-allowed", "bucket-listable-policy"]
    assert site.healed(seen, S3_PERMISSION="public-read") == ["suspended-media-stays-public"]


def test_closed_media_are_opened(site: Site) -> None:
    site.allow()
    site.server.client().delete_bucket_policy(Bucket=BUCKET)
    seen = site.examined()
    assert named(seen)[0] == "public-policy-missing"
    assert site.healed(seen) == []


def test_an_acl_that_does_nothing_is_left_out(site: Site) -> None:
    site.allow()
    seen = site.examined(S3_PERMISSION="public-read")
    assert named(seen) == ["suspension-acl-call-crashes"]
    assert site.healed(seen, S3_PERMISSION="public-read") == []


def test_other_origins_are_allowed_for_the_whole_server(site: Site) -> None:
    site.allow()
    site.server.mc("admin", "config", "set", "real", "api", "cors_allow_origin=https://other.example")
    seen = site.examined()
    assert named(seen) == ["cors-missing"]
    assert site.healed(seen) == []


def test_a_folder_that_the_policy_leaves_out_is_opened(site: Site) -> None:
    """Nothing of the run is stored there: MinIO tells a visitor where he may read that there is no such file."""
    site.allow()
    public = site.documents()["bucket_policy"]
    public["Statement"][0]["Resource"].remove(f"{ARN}/site_uploads/*")
    site.server.mc("anonymous", "set-json", str(site.saved(public)), f"real/{BUCKET}")
    seen = site.examined()
    assert named(seen) == ["public-policy-leaves-out-folders"]
    assert site.healed(seen) == []


@pytest.mark.parametrize("folder", ["cache", "site_uploads"])
def test_one_folder_that_is_open_for_uploads_is_closed_and_pictures_stay(site: Site, folder: str) -> None:
    site.allow()
    site.server.mc("anonymous", "set", "upload", f"real/{BUCKET}/{folder}")
    seen = site.examined()
    assert named(seen) == ["anonymous-write-allowed", "uploads-listable-policy"]
    assert site.healed(seen) == []


@pytest.mark.parametrize("where", ["user", "group"])
def test_a_deny_is_told_from_a_missing_right_with_the_command_that_shows_it(site: Site, where: str) -> None:
    site.allow()
    site.also(f"denies-{site.key}", DENIES, group=site.group() if where == "group" else "")
    seen = site.examined()
    assert named(seen, left=True) == ["explicit-deny-policy"]
    assert looked_at(seen) == ["mc admin policy entities ALIAS --user KEY", "mc admin policy info ALIAS POLICY"]
    shown = site.server.mc("admin", "policy", "entities", "real", "--user", site.key)
    assert f"denies-{site.key}" in shown
    site.server.mc("admin", "policy", "create", "real", f"denies-{site.key}", str(site.saved(
        {"Version": "2012-10-17", "Statement": [{**DENIES, "Effect": "Allow"}]})))  # fmt: skip
    assert named(site.examined()) == []


def test_a_deny_of_links_to_archives_alone_is_told_as_one(site: Site) -> None:
    site.allow()
    site.also(f"denies-{site.key}", {**DENIES, "Action": ["s3:GetObject"], "Resource": [f"{ARN}/backups/*"]})
    assert named(site.examined()) == ["explicit-deny-policy"]


def test_a_deny_of_the_user_holds_for_his_access_key(site: Site) -> None:
    site.allow()
    site.also(f"denies-{site.key}", DENIES)
    site.access_key(["s3:*"])
    seen = site.examined()
    assert named(seen, left=True) == ["explicit-deny-policy"]
    assert looked_at(seen)[0] == "mc admin accesskey info ALIAS KEY"


def test_a_deny_in_the_access_keys_own_policy_goes_with_that_policy(site: Site) -> None:
    site.allow()
    site.access_key(["s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:AbortMultipartUpload"])
    path = site.saved(
        {"Version": "2012-10-17", "Statement": [{**DENIES, "Effect": "Allow", "Action": ["s3:*"]}, DENIES]}
    )
    site.server.mc("admin", "accesskey", "edit", "real", site.key, "--policy", str(path))
    seen = site.examined()
    assert named(seen, left=True)[0] == "iam-missing-deleteobject"
    assert "the policies of its user allow it" in seen.findings[0].how_known
    assert site.healed(seen) == []


def test_a_group_that_is_switched_off_is_where_to_look_first(site: Site) -> None:
    site.allow()
    group = site.group()
    site.server.mc("admin", "group", "disable", "real", group)
    seen = site.examined()
    assert named(seen) == ["key-without-rights"]
    assert looked_at(seen)[:2] == ["mc admin user info ALIAS KEY", "mc admin group info ALIAS GROUP"]
    assert group in site.server.mc("admin", "user", "info", "real", site.key)
    assert "disabled" in site.server.mc("admin", "group", "info", "real", group)
    site.server.mc("admin", "group", "enable", "real", group)
    assert named(site.examined()) == []


@pytest.mark.parametrize("kind", ["user", "accesskey"])
def test_a_key_that_is_switched_off_is_switched_on(site: Site, kind: str) -> None:
    site.allow()
    if kind == "accesskey":
        site.access_key()
    site.server.mc("admin", kind, "disable", "real", site.key)
    seen = site.examined()
    assert named(seen) == ["key-disabled-or-account-suspended"]
    assert site.healed(seen) == []


def test_an_access_key_whose_user_is_switched_off_says_where_to_look_first(site: Site) -> None:
    site.allow()
    user = site.key
    site.access_key()
    site.server.mc("admin", "user", "disable", "real", user)
    seen = site.examined()
    assert named(seen) == ["key-without-rights"]
    assert looked_at(seen)[:2] == ["mc admin accesskey info ALIAS KEY", "mc admin user info ALIAS USER"]
    assert user in site.server.mc("admin", "accesskey", "info", "real", site.key)
    site.server.mc("admin", "user", "enable", "real", user)
    assert named(site.examined()) == []


def test_rights_in_several_policies_add_up_and_the_one_that_lacks_is_added(site: Site) -> None:
    for number, right in enumerate(LEAST[:-1]):
        site.also(f"{site.key}-{number}", {"Effect": "Allow", "Action": [right], "Resource": [f"{ARN}/*"]})
    seen = site.examined()
    assert named(seen, left=True) == ["iam-missing-abortmultipart", "iam-missing-listbucket"]
    assert site.healed(seen) == []


def test_old_versions_with_an_end_are_silent(site: Site) -> None:
    """The last of all: versioning can be suspended, and not taken back."""
    site.allow()
    client = site.server.client()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    try:
        seen = site.examined()
        assert named(seen) == ["versioning-delete-markers"]
        rule = json.loads(next(one.value for one in fixes_of(seen) if isinstance(one, BucketSetting)))
        client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=rule)
        assert named(site.examined()) == []
        # the key may not read the rules, and a canary remains one
        assert site.examined(ProbeOptions("quick")).evidence.cost.requests < 12
    finally:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        client.delete_bucket_lifecycle(Bucket=BUCKET)

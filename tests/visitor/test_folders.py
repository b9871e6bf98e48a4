"""Avatars, custom emoji, copies from other servers: each is looked at, and who closes a folder is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from s3probe.diagnosis.rules import folders, web_client
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import OTHER_FOLDERS, ActionId, Experiment, OtherFolder
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.sandbox.faults.acls import moved
from s3probe.sandbox.faults.proxies import healthy_alias
from s3probe.sandbox.scenario import (
    ALIAS,
    MEDIA_FOLDERS,
    OBJECT_ACTIONS,
    Scenario,
    custom,
    healthy,
    healthy_policy,
    readable,
)
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import AliasFault, Instance
from s3probe.settings import keys
from s3probe.settings.keys import OTHERS
from tests.runs import OPTIONS, Ran, run, run_once
from tests.visitor.cases import case, seen

FOLDERS = ("media_attachments/files", "accounts/avatars", "custom_emojis/images", "cache/media_attachments/files")


def _prefixed() -> Scenario:
    """Behind the proxy, below S3_KEY_PREFIX, and with a policy that knows of it."""
    opened = tuple(f"arn:aws:s3:::files-example/social/{folder}/*" for folder in MEDIA_FOLDERS)
    policy = (Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="Media"),)
    return healthy_policy().with_bucket(policy=policy).with_env("S3_KEY_PREFIX", "social")


def _old(make: Callable[[], Scenario]) -> Callable[[], Scenario]:
    def made() -> Scenario:
        scenario = make()
        instance = scenario.world.instance or Instance()
        return scenario.with_world(instance=replace(instance, version="4.3.0"))

    return made


def _visits(ran: Ran) -> list[str]:
    """Paths of unsigned GETs."""
    return [s.path for s in ran.requests if s.method == "GET" and not s.key_id]


@pytest.mark.parametrize(
    ("make", "host", "before"),
    [
        (healthy, "s3.eu-west-2.amazonaws.com", "/files-example/"),
        (healthy_alias, ALIAS, "/"),
        (healthy_policy, ALIAS, "/"),
        (_old(healthy_alias), ALIAS, "/"),
        (_old(healthy_policy), ALIAS, "/"),
        (_prefixed, ALIAS, "/social/"),
    ],
    ids=["by ACL", "by ACL behind a proxy", "by policy", "older, by ACL", "older, by policy", "with a prefix"],
)
def test_every_kind_of_file_is_fetched_by_the_url_that_is_published(
    make: Callable[[], Scenario], host: str, before: str
) -> None:
    report = run_once(make()).report
    assert report.verdict == "ok", [(f.id, f.how_known) for f in report.findings]
    looks = (ActionId.PUBLIC_GET, ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_EMOJI, ActionId.PUBLIC_GET_CACHE)
    for look, folder in zip(looks, FOLDERS, strict=True):
        row = report.evidence.get(look)
        assert row is not None
        assert row.ok, row
        assert row.url.startswith(f"https://{host}{before}{folder}/s3probe/")


def test_behind_a_proxy_that_drops_queries_the_file_under_cache_is_asked_for_once() -> None:
    visits = [path for path in _visits(run_once(healthy_alias())) if path.startswith("/cache/")]
    assert len(visits) == 1
    assert len([path for path in _visits(run_once(healthy())) if "/cache/" in path]) == 1


class _Forgets:
    """A store whose copies nobody ever sees."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.operation == "GET" and "custom_emojis" in call.url and "copied" in call.url:
            return Answer(404, {"content-type": "text/plain"}, b"not here")
        return self._inner.send(call, limits)


def test_a_copy_that_is_not_shown_says_nothing_of_the_folder() -> None:
    ran = run(custom(), wrap=_Forgets)
    report = ran.report
    assert ran.left == ()
    row = report.evidence.get(ActionId.PUBLIC_GET_EMOJI)
    assert row is not None
    assert row.ok
    assert "emoji.png" in row.url
    assert report.findings == ()


@pytest.mark.parametrize("only", [ActionId.PUBLIC_GET_AVATAR, ActionId.PUBLIC_GET_EMOJI])
def test_a_kind_that_is_asked_for_alone_gets_its_file(only: ActionId) -> None:
    ran = run(healthy_policy(), replace(OPTIONS, only=(only,)))
    row = ran.report.evidence.get(only)
    assert row is not None
    assert row.ok, row
    assert ran.left == ()


AVATAR = "https://files.example.com/accounts/avatars/s3probe/run/avatar.png"
BY_POLICY = "S3_ALIAS_HOST=files.example.com\nS3_PERMISSION=\n"
NGINX = {"server": "nginx/1.22.1"}


def _closed(status: int = 403, **facts: str) -> tuple[object, ...]:
    return (
        seen(ActionId.PUBLIC_GET, headers=NGINX),
        seen(ActionId.PUBLIC_GET_AVATAR, status, Outcome.DENIED, headers=NGINX, url=AVATAR, **facts),
        seen(Experiment.AVATAR_ORIGIN, 403, Outcome.DENIED),
    )


@pytest.mark.parametrize(
    ("media_at_origin", "root", "finding_id"),
    [
        (200, "Error", "public-policy-leaves-out-folders"),
        (200, "", "public-policy-leaves-out-folders"),  # the proxy has a page of its own for every 403
        (
            403,
            "Error",
            "public-policy-leaves-out-folders",
        ),  # open to the proxy's address alone, and that for some folders
        (403, "", "proxy-drops-folders"),  # the storage was not even asked
    ],
)
def test_who_closes_a_folder_is_told_by_the_media_file_at_the_storage(
    media_at_origin: int, root: str, finding_id: str
) -> None:
    outcome = Outcome.OK if media_at_origin == 200 else Outcome.DENIED
    rows = (*_closed(root=root), seen(Experiment.MEDIA_ORIGIN, media_at_origin, outcome))
    (found,) = folders.closed_to_visitors(case(*rows, extra=BY_POLICY))  # type: ignore[arg-type]
    assert found.id == finding_id
    assert AVATAR in found.how_known


def test_a_deny_that_guards_archives_closes_no_folder_and_is_kept() -> None:
    scenario = readable(healthy_policy())
    where = "arn:aws:s3:::files-example/"
    key = (scenario.user.arn,)
    shut = Statement("Deny", ("s3:GetObject",), (f"{where}backups/*",), not_principals=key, sid="NoArchives")
    opened = (*(f"{where}{folder}/*" for folder in MEDIA_FOLDERS if folder != "accounts"),)
    media = Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="Media")
    found = run(scenario.with_bucket(policy=(media, shut))).report.findings[0]
    assert found.id == "public-policy-leaves-out-folders"
    assert "NoArchives" in str(found.fixes[0])


def test_a_new_prefix_keeps_what_was_opened_without_one() -> None:
    scenario = readable(healthy_policy())
    wide = Statement("Allow", ("s3:GetObject",), ("arn:aws:s3:::files-example/*",), ("*",), sid="MastodonPublicMedia")
    for policy, kept in ((scenario.bucket.policy, True), ((wide,), False)):
        found = run(scenario.with_bucket(policy=policy).with_env("S3_KEY_PREFIX", "social")).report.findings
        fix = next((str(one.fixes[0]) for one in found if one.id.startswith(("key-prefix", "archive-dumps"))), "")
        assert "files-example/social/accounts/*" in fix
        assert ("files-example/accounts/*" in fix) is kept
        assert '"arn:aws:s3:::files-example/*"' not in fix


def test_a_folder_that_is_slow_or_broken_is_not_closed() -> None:
    rows = (seen(ActionId.PUBLIC_GET), seen(ActionId.PUBLIC_GET_AVATAR, 502, Outcome.UNKNOWN, url=AVATAR))
    assert list(folders.closed_to_visitors(case(*rows))) == []


def test_nothing_is_said_of_folders_where_no_picture_is_shown_at_all() -> None:
    rows = (
        seen(ActionId.PUBLIC_GET, 403, Outcome.DENIED),
        seen(ActionId.PUBLIC_GET_AVATAR, 403, Outcome.DENIED, url=AVATAR),
    )
    assert list(folders.closed_to_visitors(case(*rows))) == []


@pytest.mark.parametrize("kind", ["cache", "avatar", "emoji"])
def test_cors_is_looked_for_in_each_folder(kind: OtherFolder) -> None:
    shown = (seen(ActionId.PUBLIC_GET, headers=NGINX), seen(ActionId.PUBLIC_CORS, 206, headers=NGINX))
    without = seen(OTHER_FOLDERS[kind][0], headers=NGINX, url=AVATAR)
    (found,) = web_client.lost_in_a_folder(case(*shown, without))
    assert found.id == "proxy-cors-lost-on-errors-or-nested-location"
    with_it = seen(OTHER_FOLDERS[kind][0], headers={**NGINX, "access-control-allow-origin": "*"}, url=AVATAR)
    assert list(web_client.lost_in_a_folder(case(*shown, with_it))) == []


def test_a_key_that_is_shut_out_of_folders_is_told_which_and_what_that_breaks() -> None:
    scenario = healthy()
    arn = "arn:aws:s3:::files-example"
    inside = replace(scenario.user.identity[0], resources=(f"{arn}/media_attachments/*", f"{arn}/cache/*"))
    (found,) = run(scenario.with_user(identity=(inside, *scenario.user.identity[1:]))).report.findings
    assert found.id == "key-limited-to-some-folders"
    assert found.title.endswith("accounts/, custom_emojis/ and backups/ of files-example")
    assert "nobody can change an avatar" in found.consequence.lower()
    assert "archives" in found.consequence


class _WithoutTheCacheFolder:
    """A proxy that has no location for ``cache/``."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.url.startswith(f"https://{ALIAS}/cache/"):
            return Answer(404, {"content-type": "text/html", "server": "nginx"}, b"<html>404 Not Found</html>")
        return self._inner.send(call, limits)


def test_a_folder_that_the_proxy_does_not_know_is_told_from_an_error_that_it_remembers() -> None:
    ran = run(healthy_policy(), wrap=_WithoutTheCacheFolder)
    assert ran.named == ("proxy-drops-folders",)
    assert "cache/" in ran.report.findings[0].title
    assert ran.left == ()
    remembers = replace(healthy_policy().world.aliases[0], fault=AliasFault.CACHES_ERRORS)
    ran = run(healthy_policy().with_world(aliases=(remembers,)))
    assert ran.named == ("proxy-caches-errors",)
    assert ran.left == ()


THOROUGH = replace(OPTIONS, thorough=True)
SOME = ("media_attachments", "cache", "accounts", "custom_emojis")


def _opened(*folders: str) -> Scenario:
    opened = tuple(f"arn:aws:s3:::files-example/{folder}/*" for folder in folders)
    return healthy_policy().with_bucket(policy=(Statement("Allow", ("s3:GetObject",), opened, ("*",), sid="Some"),))


def _told_of(ran: Ran) -> str:
    return " ".join(f"{f.title} {f.how_known} {f.consequence}" for f in ran.report.findings)


@pytest.mark.parametrize("make", [healthy, healthy_policy, healthy_alias, custom])
def test_a_thorough_run_looks_into_every_folder_and_stays_small(make: Callable[[], Scenario]) -> None:
    ran = run(moved("public-read")(make()), THOROUGH)
    assert ran.report.verdict == "ok"
    assert ran.report.evidence.cost.requests <= 80
    visited = {path for path in _visits(ran) if "/s3probe/" in path}
    assert [name for name in OTHERS if not any(f"/{name}/" in path for path in visited)] == []
    assert ran.left == ()


def test_another_run_says_which_folders_it_did_not_look_at() -> None:
    row = run_once(healthy()).report.evidence.get(ActionId.PUBLIC_FOLDERS)
    assert row is not None
    assert row.outcome is Outcome.SKIPPED
    assert [name for name in OTHERS if f"{keys.folder_name(name)}/" not in (row.reason or "")] == []


@pytest.mark.parametrize("folder", ["site_uploads", "preview_cards", "preview_card_providers"])
def test_one_folder_that_a_policy_forgets_is_named_alone(folder: str) -> None:
    ran = run(_opened(*(name for name in MEDIA_FOLDERS if name != folder)), THOROUGH)
    assert ran.named == ("public-policy-leaves-out-folders",)
    assert f"{folder}/" in _told_of(ran)


def test_a_policy_that_forgets_folders_is_named_with_all_of_them() -> None:
    ran = run(_opened(*SOME), THOROUGH)
    assert ran.named == ("public-policy-leaves-out-folders",)
    for folder in ("site_uploads/", "preview_cards/", "preview_card_providers/"):
        assert folder in _told_of(ran)
    assert run(_opened(*MEDIA_FOLDERS), THOROUGH).named == ()


def test_a_key_that_is_shut_out_of_folders_is_named_with_all_of_them() -> None:
    arn = "arn:aws:s3:::files-example"
    inside = tuple(f"{arn}/{name}/*" for name in (*SOME, "backups"))
    rights = (
        Statement("Allow", OBJECT_ACTIONS, inside, sid="SomeFolders"),
        Statement("Allow", ("s3:ListBucket",), (arn,), sid="MastodonList"),
    )
    ran = run(healthy().with_user(identity=rights), THOROUGH)
    assert ran.named == ("key-limited-to-some-folders",)
    for folder in ("site_uploads/", "preview_cards/", "preview_card_providers/"):
        assert folder in _told_of(ran)


class _Drops:
    """A proxy that answers one folder by itself."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.method == "GET" and f"{ALIAS}/accounts/headers/" in call.url:
            return Answer(404, {"content-type": "text/html", "server": "nginx"}, b"<center>nginx</center>")
        return self._inner.send(call, limits)


def test_a_proxy_that_drops_one_folder_alone_is_named() -> None:
    ran = run(healthy_alias(), THOROUGH, _Drops)
    assert ran.named == ("proxy-drops-folders",)
    assert "accounts/headers/" in _told_of(ran)

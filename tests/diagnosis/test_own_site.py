"""Media asked of the instance itself, and of a host of the admin's own that has none of them."""

from __future__ import annotations

import pytest

from s3probe.diagnosis.model import Certainty, EnvFix, Manual
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.diagnosis.env_cases import AWS, with_line
from tests.diagnosis.wire_cases import ExaminedFile, healthy
from tests.diagnosis.wire_table import provider


def lost(alias: str, status: int = 404, *lines: str) -> ExaminedFile:
    env = with_line(AWS, f"S3_ALIAS_HOST={alias}")
    for line in lines:
        env = with_line(env, line)
    return healthy(env).row(ActionId.PUBLIC_GET, status)


@pytest.mark.parametrize("status", [301, 403, 404, 410])
@pytest.mark.parametrize("alias", ["mastodon.example", "Mastodon.Example"])
def test_the_instances_own_name_is_a_cause_of_its_own(alias: str, status: int) -> None:
    (found,) = (f for f in lost(alias, status).findings if f.id == "media-host-is-the-instance")
    assert found.certainty is Certainty.CERTAIN
    assert "mastodon.example" in found.how_known


def test_both_names_of_an_instance_count() -> None:
    for alias in ("web.example", "mastodon.example"):
        assert lost(alias, 404, "WEB_DOMAIN=web.example").named == ("media-host-is-the-instance",)


@pytest.mark.parametrize("alias", ["files.mastodon.example", "mastodon.example/media", "mastodon.example.org"])
def test_other_hosts_and_a_path_behind_the_name_are_somebodys_proxy(alias: str) -> None:
    assert "media-host-is-the-instance" not in lost(alias).named


def test_where_the_pictures_are_shown_nothing_is_lost() -> None:
    shown = healthy(with_line(AWS, "S3_ALIAS_HOST=mastodon.example"))
    assert "media-host-is-the-instance" not in shown.named
    assert "media-host-is-the-instance" not in lost("mastodon.example", 502).named


def test_the_line_goes_where_the_storage_shows_the_file() -> None:
    there = lost("mastodon.example").row(
        Experiment.PUBLIC_HOSTNAME, url="https://s3.eu-west-2.amazonaws.com/files-example/x.png"
    )
    first = there.findings[0].fixes[0]
    assert isinstance(first, EnvFix)
    assert (first.variable, first.value) == ("S3_ALIAS_HOST", None)


def test_a_host_that_knows_no_file_which_the_key_finds_is_no_riddle() -> None:
    r2 = provider("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "S3_ALIAS_HOST=files.example.com",
                  "S3_PERMISSION=")  # fmt: skip
    (found,) = r2.row(ActionId.PUBLIC_GET, 404).findings
    assert (found.id, found.certainty) == ("object-not-found-public-key-mismatch", Certainty.LIKELY)
    (fix,) = found.fixes
    assert isinstance(fix, Manual)
    assert "Custom Domains" in fix.text
    gone = r2.row(ActionId.PUBLIC_GET, 404).row(ActionId.GET, 404, "NoSuchKey")
    assert "object-not-found-public-key-mismatch" not in gone.named

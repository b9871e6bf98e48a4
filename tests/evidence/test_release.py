"""What a Mastodon's own word for its release tells."""

from __future__ import annotations

from s3probe.evidence.release import is_newer_than_compared, reads_extra_hosts, release_of
from tests.every import every


@every(
    "older, newer",
    [
        ("4.5.8", "4.5.9"),
        ("4.7.0-alpha.2", "4.7.0"),
        ("4.7.0-alpha.2", "4.7.0-alpha.10"),
        ("4.7.0-alpha.2", "4.7.0-beta.1"),
        ("4.6.0-rc.1", "4.6.0"),
        ("v4.5.8", "4.6.0-nightly.2025-12-01"),
        ("4.6.3+glitch", "4.7"),
    ],
)
def test_which_is_newer(older: str, newer: str) -> None:
    one, other = release_of(older), release_of(newer)
    assert one is not None
    assert other is not None
    assert other.after(one)
    assert not one.after(other)


@every(
    "version, newer",
    [("4.7.0", True), ("4.7.2", True), ("4.7.2+glitch", True), ("4.7.0-alpha.2", False), ("4.6.9", False), ("", False)],
)
def test_what_s3probe_was_compared_with(version: str, newer: bool) -> None:
    assert is_newer_than_compared(version) is newer


@every("text", ["", "abc", "4", "4.5.x", "4.5abc", "4.5.9.1", "nightly", "2.7.2 (compatible; Pleroma 2.9)"])
def test_what_is_no_release(text: str) -> None:
    assert release_of(text) is None


@every(
    "version, reads", [("4.3.9", False), ("v4.4.0", True), ("4.4.0-beta.1", True), ("4.5.8+glitch", True), ("", True)]
)
def test_extra_media_hosts(version: str, reads: bool) -> None:
    assert reads_extra_hosts(version) is reads


@every("version, path", [("4.1.2", False), ("4.1.3", True), ("4.0.15", False), ("4.2.0", True), ("3.5.3", False)])
def test_a_path_in_the_policy(version: str, path: bool) -> None:
    release = release_of(version)
    assert release is not None
    assert release.path_in_policy is path


def test_forks() -> None:
    assert [bool(r and r.is_glitch) for r in map(release_of, ("4.6.0+glitch", "4.6.0", "4.6.0+hometown-1.2"))] == [
        True,
        False,
        False,
    ]


@every(
    "version, named",
    [("4.2.9", False), ("v3.5.3", False), ("4.3.0", True), ("4.7.2", True), ("4.2.9+glitch", True), ("4.1.2+x", False)],
)
def test_whose_policy_names_the_media_host_for_pictures(version: str, named: bool) -> None:
    release = release_of(version)
    assert release is not None
    assert release.names_media_for_pictures is named

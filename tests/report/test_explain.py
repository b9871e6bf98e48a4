"""``s3probe explain``: all about a finding, or the list of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from s3probe.knowledge.findings import entry, ids
from s3probe.report.explain import UnknownFinding, explain, explain_list
from tests.every import every


def test_a_finding_is_explained_from_title_to_links() -> None:
    text = explain("acl-disabled-bucket-owner-enforced")
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert text.startswith("acl-disabled-bucket-owner-enforced\n  The bucket has ACLs disabled")
    assert headings == [
        "What it means",
        "What it breaks in Mastodon",
        "How it is told from what looks alike",
        "How to fix it",
        "More",
    ]
    assert "Aws::S3::Errors::AccessControlListNotSupported" in text
    assert "Severity: failure. Setting: S3_PERMISSION. An experiment with your bucket decides it." in text
    assert "https://docs.joinmastodon.org/admin/optional/object-storage/" in text


def test_advice_carries_the_providers_names() -> None:
    text = explain("public-policy-missing")
    assert "- Backblaze B2: Make the bucket Public" in text
    assert "backblaze-b2" not in text


def test_an_undecided_finding_says_what_would_decide_it() -> None:
    text = " ".join(explain("helm-cannot-express-empty-permission").split())
    assert "not decided by s3probe. Only the chart's values show" in text


def test_commands_stay_on_one_line_to_be_copied() -> None:
    lines = explain("bpa-ignores-public-acls", width=60).splitlines()
    command = next(line for line in lines if "put-public-access-block" in line)
    assert command.strip().startswith("aws s3api")
    assert command.endswith("RestrictPublicBuckets=true")


def tells_meaning_look_alikes_consequence_fix_and_links(finding_id: str) -> None:
    page = explain(finding_id)
    parts = ("What it means", "What it breaks in Mastodon", "told from what looks alike", "fix it", "https://")
    assert [part for part in parts if part not in page] == []


def keeps_to_the_width_and_leaves_no_placeholder(finding_id: str) -> None:
    text = explain(finding_id, width=72)
    commands = {c.strip() for advice in entry(finding_id).fix.values() for c in advice.split("\n") if c[:1] == " "}
    for line in text.splitlines():
        whole = line.strip() in commands or len(line.split()) == 1
        assert whole or len(line) <= 72
    assert not re.search(r"\{(bucket|region|endpoint|hostname|alias_host|acl)\}", text)


@every("finding_id", ids())
@every(
    "holds",
    [tells_meaning_look_alikes_consequence_fix_and_links, keeps_to_the_width_and_leaves_no_placeholder],
    ids=lambda holds: holds.__name__,
)
def test_the_page_of_a_finding(finding_id: str, holds: Callable[[str], None]) -> None:
    holds(finding_id)


def test_values_of_a_user_are_not_known_here_and_stand_ins_say_so() -> None:
    assert "no bucket named BUCKET here" in explain("nosuchbucket-typo")


def test_an_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(UnknownFinding, match=r"Did you mean clock-skew\?"):
        explain("Clock_Skew")
    with pytest.raises(UnknownFinding) as caught:
        explain("iam-missing-putobjct")
    assert caught.value.nearest[0] == "iam-missing-putobject"


def test_an_id_like_nothing_known_suggests_nothing() -> None:
    with pytest.raises(UnknownFinding, match=r"^There is no finding 'qqqqqq'\. `s3probe explain` lists") as caught:
        explain("qqqqqq")
    assert caught.value.nearest == ()


def test_the_list_names_every_finding_once_with_its_state() -> None:
    text = explain_list()
    listed = re.findall(r"^([a-z0-9-]+) \(([a-z-]+)\)$", text, re.MULTILINE)
    assert listed == [(finding_id, entry(finding_id).state) for finding_id in ids()]
    assert "\nPERMISSIONS\n" in text


def test_the_list_ends_with_counts_that_add_up() -> None:
    tail = " ".join(explain_list().splitlines()[-2:])
    total, *parts = (int(number) for number in re.findall(r"\d+", tail.replace("s3probe", "")))
    assert total == sum(parts) == len(ids())


def test_who_has_no_case_before_them_reads_a_title_without_one() -> None:
    for finding_id in ids():
        text = entry(finding_id)
        assert not text.in_general or "{" in text.title, finding_id
        assert "{" not in text.in_general, finding_id
    assert "S3_HOSTNAME or S3_ALIAS_HOST holds more than a bare host name" in explain("hostname-has-scheme-or-slash")

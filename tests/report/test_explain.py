"""``s3probe explain``: all about a finding, or the list of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from s3probe.codec import load_saved
from s3probe.diagnosis.again import diagnose_again
from s3probe.diagnosis.model import IamAllow
from s3probe.knowledge.findings import entry, ids
from s3probe.knowledge.providers import provider, providers
from s3probe.knowledge.recipes import command_at, in_short
from s3probe.knowledge.store import store_of
from s3probe.report.explain import NothingBehind, Reader, UnknownFinding, explain, explain_list, explain_words
from tests.every import every

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"


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
    e = entry(finding_id)
    commands = {c.strip() for advice in e.fix.values() for c in advice.split("\n") if c[:1] == " "}
    own = (in_short(command_at(known, e.recipe)) for known in providers().values())
    commands |= {line.strip() for command in own for line in command.splitlines()}
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


@every("finding_id", ids())
def test_who_knows_no_value_reads_words_and_no_stand_in_that_shouts(finding_id: str) -> None:
    page = explain(finding_id, 1000).split("How it is told")[0]
    assert not re.findall(r"\b(VALUE|WHAT|SOME|ONE|ANOTHER|THE PROVIDER|A LIMIT)\b", page)


def test_words_that_lead_nowhere_say_what_decides() -> None:
    with pytest.raises(NothingBehind, match=r"Did you mean AccessDenied\? `s3probe check` looks at the storage"):
        explain_words("AccesDenied")
    with pytest.raises(NothingBehind, match=r"^No finding goes with 'PG::ConnectionBad: no server'\. `s3probe check`"):
        explain_words("PG::ConnectionBad:\n  no server")


def test_values_of_a_user_are_not_known_here_and_stand_ins_say_so() -> None:
    assert "every media URL https://S3_HOSTNAME/BUCKET/... answers" in explain("hostname-contains-bucket", 100)


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


def _for(named: str) -> Reader:
    saved = load_saved((RECORDED / f"{named}.json").read_text())
    return Reader(store_of(saved.settings, saved.evidence), saved.settings)


def _fix(finding_id: str, reader: Reader | None) -> str:
    page = explain(finding_id, 200, reader)
    return page[page.index("How to fix it") : page.index("\nMore:")]


def test_without_a_reader_each_servers_own_way_is_named_in_short() -> None:
    fix = _fix("iam-missing-putobject", None)
    assert "  - Garage:\n        garage bucket allow --read --write BUCKET --key KEY\n" in fix
    assert "s3probe policy iam >mastodon-key.json && mc admin policy create ALIAS s3probe-BUCKET" in fix
    assert '--policy "$(s3probe policy bucket)" --endpoint-url S3_ENDPOINT' in fix
    assert "{" not in fix.replace("${owner", "").replace("\n        { mc", "")


@pytest.mark.parametrize(
    ("named", "finding_id", "told", "others"),
    [
        ("minio-healthy", "iam-missing-deleteobject", "mc admin policy create ALIAS s3probe-mastodon ", "garage"),
        (
            "garage-healthy",
            "iam-missing-putobject",
            "garage bucket allow --read --write mastodon-data --key KEY",
            "mc ",
        ),
        ("garage-healthy", "public-policy-missing", "garage bucket alias mastodon-data files.garage.example", "policy"),
        ("garage-healthy", "suspension-acl-call-crashes", "Set S3_PERMISSION= (empty)", "s3:PutObjectAcl"),
        ("versity-healthy", "public-policy-missing", '"Principal":{"AWS":["KEY"]}', "mc "),
        ("seaweedfs-healthy", "bucket-listable-policy", "aws s3api put-bucket-policy --bucket media", "mc "),
        ("ceph-healthy", "iam-missing-putobject", "arn:aws:iam:::user/UID", "garage"),
        ("ceph-healthy", "suspension-acl-call-crashes", "Or allow s3:PutObjectAcl", "Where ACLs do nothing"),
    ],
)
def test_for_a_saved_run_the_fix_is_in_its_servers_words_with_its_values(
    named: str, finding_id: str, told: str, others: str
) -> None:
    fix = _fix(finding_id, _for(named))
    assert fix.startswith("How to fix it at ")
    assert told in fix
    assert others not in fix


def test_what_check_prints_at_a_server_is_what_explain_prints_for_its_run() -> None:
    reader = _for("garage-key-reads-only")
    saved = load_saved((RECORDED / "garage-key-reads-only.json").read_text())
    (found,) = (one for one in diagnose_again(saved.settings, saved.evidence, ()) if one.id == "iam-missing-putobject")
    assert isinstance(found.fixes[0], IamAllow)
    assert found.fixes[0].command in _fix(found.id, reader)


def test_a_store_without_bucket_policies_gets_none() -> None:
    fix = _fix("public-policy-missing", Reader(provider("backblaze-b2")))
    assert "policy" not in fix
    assert "b2 bucket update BUCKET allPublic" in fix
    closed = _fix("bucket-listable-policy", Reader(provider("cloudflare-r2")))
    assert provider("cloudflare-r2").keep_listing_off in " ".join(closed.split())


def test_a_store_that_nobody_knows_gets_every_way() -> None:
    assert explain("cors-missing", 80, Reader(provider("unknown"))) == explain("cors-missing", 80)

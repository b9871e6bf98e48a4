"""Whatever is wrong, and wherever: a fix speaks of nothing that this provider does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from s3probe.diagnosis.model import Certainty, Finding
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId
from s3probe.knowledge.findings import entry, ids
from s3probe.knowledge.offers import pages_for
from s3probe.knowledge.providers import Cors, KeyRights, PolicySupport, Provider, Switch, provider
from s3probe.knowledge.recognition import GENERIC
from s3probe.report.advice import advice_for
from s3probe.report.explain import Reader, explain
from s3probe.report.fix_words import fixes_in_words
from tests.diagnosis.env_cases import with_line
from tests.diagnosis.wire_cases import DENIED, ExaminedFile
from tests.diagnosis.wire_table import SHOWN, C
from tests.exhaustive import part
from tests.knowledge.provider_hosts import HOSTS

AT: dict[str, str] = {}
for _host, _name, _region in HOSTS:
    AT.setdefault(_name, _host)
AT |= {
    "cloudflare-r2": "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
    "backblaze-b2": "s3.eu-central-003.backblazeb2.com",
    "wasabi": "s3.eu-central-1.wasabisys.com",
    "digitalocean-spaces": "ams3.digitaloceanspaces.com",
    "scaleway": "s3.nl-ams.scw.cloud",
    "ovhcloud": "s3.gra.io.cloud.ovh.net",
    "hetzner": "fsn1.your-objectstorage.com",
    "exoscale": "sos-ch-dk-2.exo.io",
    "linode": "us-east-1.linodeobjects.com",
    "vultr": "ewr1.vultrobjects.com",
    "contabo": "eu2.contabostorage.com",
    "idrive-e2": "l4g4.ch11.idrivee2-2.com",
    "storj": "gateway.storjshare.io",
    "gcs": "storage.googleapis.com",
    "tencent-cos": "cos.ap-hongkong.myqcloud.com",
    "alibaba-oss": "s3.oss-cn-hangzhou.aliyuncs.com",
    "ionos": "s3.eu-central-3.ionoscloud.com",
    "tigris": "t3.storage.dev",
    "dreamhost": "objects-us-east-1.dream.io",
    "infomaniak": "s3.pub1.infomaniak.cloud",
    "outscale": "oos.eu-west-2.outscale.com",
    GENERIC: "s3.nobody-knows.example.org",
}
_OWN_HOSTS = re.compile(r"s3\.eu-west-2\.amazonaws\.com|s3\.example\.net")


def moved(seen: ExaminedFile, host: str) -> ExaminedFile:
    """The same examination at another provider, which does not name anybody's ARN."""
    env = with_line(_OWN_HOSTS.sub(host, seen.env), f"S3_ENDPOINT=https://{host}")
    rows = {
        name: replace(
            row,
            url=_OWN_HOSTS.sub(host, row.url),
            message=DENIED if "arn:aws" in (row.message or "") else row.message,
        )
        for name, row in seen.rows.items()
    }
    return replace(seen, env=env, rows=rows)


def printed(found: Finding) -> Iterator[str]:
    """Each alternative, with what follows on it."""
    alternative = ""
    for words in fixes_in_words(found, ".env.production"):
        text = "\n".join((words.lead, words.block, words.note, words.proof))
        if words.opening == "or" and " on the command line" not in words.lead:
            yield alternative
            alternative = text
        else:
            alternative += f"\n{text}"
    yield alternative


def not_there(store: Provider, text: str) -> list[str]:
    """What the text tells to use though this provider has nothing of the kind."""
    generic = store.id == GENERIC
    policies = generic or store.bucket_policy in (PolicySupport.YES, PolicySupport.UNKNOWN) or bool(store.key_principal)
    documents = policies or store.key_rights is KeyRights.IAM or "Statement" in str(dict(store.commands))
    cors = generic or store.cors in (Cors.S3, Cors.UNKNOWN)
    wrong = {
        "Amazon": re.search(r"\bAmazon\b|\bAWS\b(?!_)", text) and not generic,
        "Amazon's console": "IAM > Users" in text,
        "aws without an endpoint": re.search(r"\baws s3(api|control)? (?![^\n]*--endpoint-url)", text),
        "aws iam": "aws iam" in text and "aws iam" not in str(dict(store.commands)),
        "a bucket policy": "put-bucket-policy" in text and not policies,
        "a document": '"Statement"' in text and not documents,
        "CORS": "put-bucket-cors" in text and not cors,
        "ownership": "put-bucket-ownership" in text and not (generic or Switch.OWNERSHIP in store.switches),
        "access block": "put-public-access-block" in text and not (generic or Switch.ACCESS_BLOCK in store.switches),
        "an ARN": "arn:aws" in text and not (store.arn or "").startswith("arn:aws"),
        "the form of a resource": '"Resource"' in text and f"{store.arn}files-example" not in text,
        "an ACL of the bucket": "put-bucket-acl" in text
        and not (generic or store.acls_count or store.bucket_acl_opens),
        "not marked": generic and "aws s3api put-" in text and "may not have" not in text,
    }
    return [name for name, bad in wrong.items() if bad]


@pytest.mark.parametrize("name", [name for name in AT if name != "aws-s3"])
def test_no_fix_is_for_another_provider(name: str) -> None:
    store, found = provider(name), {}
    for case_id, seen in part(SHOWN.items(), 8):
        for finding in moved(seen, AT[name]).findings:
            for text in printed(finding):
                if bad := not_there(store, text):
                    found[case_id, finding.id] = (bad, text[:300])
    assert found == {}


@pytest.mark.parametrize("name", [name for name in AT if provider(name).key_rights is not KeyRights.IAM])
def test_who_has_no_iam_documents_gets_words_of_its_own_for_a_missing_right(name: str) -> None:
    for right in ("iam-missing-putobject", "iam-missing-listbucket"):
        (found,) = (f for f in moved(SHOWN[right], AT[name]).findings if f.id == right)
        (first, *_others) = printed(found)
        store = provider(name)
        known = store.console.get("policy", "") or {*store.commands} & {"grant", "policy"} or store.key_principal
        assert "files-example" in first
        assert known or "documented nowhere" in first or "may give rights in another way" in first


@pytest.mark.parametrize("name", ["leaseweb", "stackit"])
def test_storagegrid_has_resources_of_its_own(name: str) -> None:
    found = next(f for f in moved(SHOWN["public-policy-missing"], AT[name]).findings if f.id == "public-policy-missing")
    text = "".join(printed(found))
    assert "urn:sgws:s3:::files-example/media_attachments/*" in text
    assert "arn:aws" not in text


@pytest.mark.parametrize("name", [name for name in AT if name not in ("aws-s3", GENERIC)])
def test_what_is_explained_for_a_provider_is_there_as_well(name: str) -> None:
    store, settings, found = provider(name), moved(SHOWN["public-policy-missing"], AT[name]).settings, {}
    for finding_id in part(ids(), 8):
        page = explain(finding_id, 200, Reader(store, settings)).replace("Amazon's services", "")
        if finding_id in ("multipart-denied", "path-style-switch-ignored-without-endpoint"):
            continue  # which compare with Amazon
        if bad := not_there(store, page.partition("How to fix it")[2]):
            found[finding_id] = bad
    assert found == {}


def test_where_a_user_has_one_policy_the_whole_one_is_printed() -> None:
    lacking = moved(SHOWN["iam-missing-listbucket"], AT["ovhcloud"]).findings
    (found,) = (f for f in lacking if f.id == "iam-missing-listbucket")
    (text, *_) = printed(found)
    assert "Give Mastodon's key this policy. It replaces the one that the user has" in text
    assert all(right in text for right in ("s3:PutObject", "s3:DeleteObject", "s3:ListBucket"))


def test_where_public_reading_opens_the_whole_bucket_archives_are_named() -> None:
    for name in ("oracle-oci", "tigris", "bunny-storage"):
        closed = moved(SHOWN["public-policy-missing"], AT[name]).line("S3_ALIAS_HOST=files.example.com").findings
        (found,) = (f for f in closed if f.id == "public-policy-missing")
        assert "It opens archives too" in "".join(printed(found)), name


@pytest.mark.parametrize("name", [name for name in AT if name not in ("aws-s3", GENERIC)])
def test_no_page_of_another_provider_is_linked(name: str) -> None:
    strange = {}
    for case_id, seen in part(SHOWN.items(), 8):
        for finding in moved(seen, AT[name]).findings:
            pages = [link for link in finding.links if re.search(r"aws\.amazon\.com/(?!sdkref)|min\.io|garagehq", link)]
            if pages:
                strange[case_id, finding.id] = pages
    assert strange == {}


def test_pages_about_the_sdk_and_the_providers_own_stay() -> None:
    sdk, s3 = "https://docs.aws.amazon.com/sdkref/latest/guide/x.html", "https://docs.aws.amazon.com/AmazonS3/x.html"
    r2, mastodon = "https://developers.cloudflare.com/r2/x/", "https://docs.joinmastodon.org/x/"
    every = (sdk, s3, r2, mastodon)
    assert pages_for(provider("oracle-oci"), every) == (sdk, mastodon)
    assert pages_for(provider("cloudflare-r2"), every) == (sdk, r2, mastodon)
    assert pages_for(provider("aws-s3"), every) == (sdk, s3, mastodon)
    assert pages_for(provider("minio"), every) == every


NO_POLICIES = [name for name in AT if name != GENERIC and provider(name).bucket_policy is PolicySupport.NO]


@pytest.mark.parametrize("name", [*NO_POLICIES, "exoscale", "outscale", "filebase", "mega-s4"])
def test_what_is_explained_speaks_of_nothing_that_is_not_there(name: str) -> None:
    """Not only commands: no advice in words either leads to policies, ACLs or services that this provider lacks."""
    store, settings, found = provider(name), moved(SHOWN["public-policy-missing"], AT[name]).settings, {}
    for finding_id in ids():
        text = "\n".join(advice_for(entry(finding_id), store, settings)).replace(store.name, "it")
        wrong = {
            "bucket policies": store.bucket_policy is PolicySupport.NO
            and re.search(r"(?<!about )bucket polic", text)
            and "has none" not in text,
            "public ACLs": not store.acls_count
            and re.search(r"S3_PERMISSION=public-read", text)
            and finding_id != "ovh-bucket-acl-does-not-open-objects",
            "rights of IAM": store.key_rights is not KeyRights.IAM
            and re.search(r"IAM user|aws:S|s3:PutObjectAcl", text),
            "Amazon": re.search(r"CloudFront|\bon AWS\b|On EC2", text) and "Amazon's services" not in text,
        }
        if bad := [what for what, is_so in wrong.items() if is_so]:
            found[finding_id] = bad
    assert found == {}


def test_words_for_amazon_stay_for_amazon() -> None:
    store, settings = provider("aws-s3"), moved(SHOWN["public-policy-missing"], "s3.eu-west-2.amazonaws.com").settings
    said = {name: "\n".join(advice_for(entry(name), store, settings)) for name in ids()}
    assert "bucket policy make the media public" in said["iam-missing-putobjectacl"]
    assert "CloudFront" in said["origin-bypasses-proxy"]
    assert "aws:SecureTransport" in said["explicit-deny-policy"]
    assert "referer" in said["deny-anonymous-statement"]


BY_ACL_ALONE = [name for name in AT if provider(name).opened_without_acls == ""]


@pytest.mark.parametrize("name", BY_ACL_ALONE)
def test_where_the_acl_alone_opens_files_no_empty_permission_is_offered_without_a_word(name: str) -> None:
    for case in ("acl-disabled-bucket-owner-enforced", "iam-missing-putobjectacl", "public-acl-refused"):
        found = next(f for f in moved(SHOWN[case], AT[name]).findings if f.id == case)
        for text in printed(found):
            assert "S3_PERMISSION=\n" not in text or "documented nowhere" in text
            assert "setacl" not in text
    shut = next(f for f in moved(SHOWN["public-policy-missing"], AT[name]).findings if f.id == "public-policy-missing")
    first = next(iter(printed(shut)))
    assert "S3_PERMISSION=public-read" in first


@pytest.mark.parametrize("name", ["alibaba-oss", "huawei-obs", "contabo", "ibm-cos"])
def test_what_opens_media_without_an_acl_is_not_an_acl(name: str) -> None:
    found = next(f for f in moved(SHOWN["iam-missing-putobjectacl"], AT[name]).findings if "putobjectacl" in f.id)
    (text,) = (text for text in printed(found) if "Let visitors read the media" in text)
    assert "The ACL public-read" not in text
    assert "S3_PERMISSION=" in text


def test_at_exoscale_acls_are_switched_on_again_first() -> None:
    case = "acl-disabled-bucket-owner-enforced"
    found = next(f for f in moved(SHOWN[case], AT["exoscale"]).findings if f.id == case)
    assert "exo storage bucket object-ownership object-writer" in next(iter(printed(found)))


@pytest.mark.parametrize("name", ["cloudflare-r2", "oracle-oci", "mega-s4"])
def test_a_word_that_is_no_acl_becomes_none_where_there_are_no_acls(name: str) -> None:
    case = "permission-value-invalid"
    found = next(f for f in moved(SHOWN[case], AT[name]).findings if f.id == case)
    assert "S3_PERMISSION=\n" in next(iter(printed(found)))
    known = next(f for f in moved(SHOWN[case], AT["scaleway"]).findings if f.id == case)
    assert "S3_PERMISSION=public-read\n" in next(iter(printed(known)))


_PLACES = re.compile(r"\{(?:bucket|region|host|api|namespace|endpoint|prefix|name|jurisdiction|archives|[a-z]+_file)\}")


@pytest.mark.parametrize("name", [name for name in AT if name != GENERIC])
def test_no_place_for_a_name_is_left_open(name: str) -> None:
    """The bucket, the region and the host are this user's own in every sentence, behind the provider's host as well."""
    store, left = provider(name), {}
    for case_id, seen in part(SHOWN.items(), 8):
        for published in ("", f"S3_ALIAS_HOST=files-example.{AT[name]}"):
            for finding in moved(seen.line(published) if published else seen, AT[name]).findings:
                text = "\n".join(printed(finding))
                if braces := _PLACES.findall(text):
                    left[case_id, finding.id] = braces
    settings = moved(SHOWN["public-policy-missing"], AT[name]).settings
    for finding_id in ids():
        if braces := _PLACES.findall("\n".join(advice_for(entry(finding_id), store, settings))):
            left["explain", finding_id] = braces
    assert left == {}


def test_where_to_click_names_the_users_bucket() -> None:
    found = next(f for f in moved(SHOWN["bucket-listable-acl"], AT["digitalocean-spaces"]).findings)
    assert "Spaces > files-example > Settings > File Listing" in "".join(printed(found))


def test_a_suspension_that_fails_needs_no_right_where_something_else_opens_the_media() -> None:
    case, refused = "suspension-acl-call-crashes", C.denied(ActionId.PUT_ACL_PRIVATE, ActionId.PUT_ACL_RESTORE)
    for name, first in (
        ("idrive-e2", "S3_PERMISSION="),
        ("scaleway", "Give Mastodon's key these rights in the bucket files-example: set the ACL"),
    ):
        found = next(f for f in moved(refused, AT[name]).findings if f.id == case)
        assert first in next(iter(printed(found))), name


def test_a_listing_that_may_be_open_by_either_gets_both_ways() -> None:
    case = "bucket-listable-policy"
    seen = SHOWN[case].row(ActionId.PUBLIC_LIST, 200, outcome=Outcome.WRONG, listing="yes")
    found = next(f for f in moved(seen, AT["digitalocean-spaces"]).findings if f.id == case)
    ways = list(printed(found))
    assert found.certainty is not Certainty.LIKELY or any("File Listing: Restrict" in way for way in ways[1:])

"""What ``s3probe policy`` prints is of that provider, valid where it is pasted, and warns before what it replaces."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.aws_command import read
from tests.cli.support import ENV_TEXT, Cli

LINES = (
    "S3_ENABLED=true\nS3_BUCKET=files-example\nAWS_ACCESS_KEY_ID=AKIAMASTODON7EXAMPLE\n"
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIexamplesecret\nLOCAL_DOMAIN=example.com\nS3_ALIAS_HOST=files.example.com\n"
)
AWS = "S3_REGION=eu-west-2\nS3_HOSTNAME=s3.eu-west-2.amazonaws.com\n"
PLACES = {
    "r2": "S3_ENDPOINT=https://0123abcd.r2.cloudflarestorage.com\nS3_REGION=auto\n",
    "b2": "S3_ENDPOINT=https://s3.eu-central-003.backblazeb2.com\nS3_REGION=eu-central-003\n",
    "gcs": "S3_ENDPOINT=https://storage.googleapis.com\nS3_REGION=europe-west1\n",
    "exoscale": "S3_ENDPOINT=https://sos-ch-dk-2.exo.io\nS3_REGION=ch-dk-2\n",
    "hetzner": "S3_ENDPOINT=https://fsn1.your-objectstorage.com\nS3_REGION=fsn1\n",
    "scaleway": "S3_ENDPOINT=https://s3.fr-par.scw.cloud\nS3_REGION=fr-par\n",
}


def printed(cli: Cli, place: str, *words: str) -> str:
    cli.file("x.env", LINES + place)
    status, out, err = cli.run("policy", *words, "x.env")
    assert status == 0, err
    return out


@pytest.mark.parametrize("name", ["r2", "b2", "gcs"])
def test_no_policy_of_amazons_where_there_is_none(cli: Cli, name: str) -> None:
    text = printed(cli, PLACES[name])
    for word in ("Statement", "arn:aws", "Bucket policy", "IAM policy", "aws s3api", "aws iam"):
        assert word not in text, word


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("r2", "npx wrangler r2 bucket domain add files-example --domain files.example.com --zone-id ZONE"),
        ("r2", "npx wrangler r2 bucket cors set files-example --file cors.json"),
        ("b2", "b2 bucket update files-example allPublic"),
        ("b2", 'b2 bucket update files-example --cors-rules "$(cat cors.json)"'),
        ("gcs", "gcloud storage buckets update gs://files-example --cors-file=cors.json"),
    ],
)
def test_its_own_commands_with_the_known_names(cli: Cli, name: str, command: str) -> None:
    assert f"  {command}\n" in printed(cli, PLACES[name])


def test_the_jurisdiction_of_an_r2_bucket_stands_in_its_endpoint(cli: Cli) -> None:
    text = printed(cli, PLACES["r2"].replace(".r2.", ".eu.r2."))
    assert text.count(" --jurisdiction eu\n") == 2


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("r2", {"allowed", "maxAgeSeconds"}),
        ("b2", {"corsRuleName", "allowedOrigins", "allowedOperations", "allowedHeaders", "maxAgeSeconds"}),
        ("gcs", {"origin", "method", "responseHeader", "maxAgeSeconds"}),
        ("hetzner", {"AllowedOrigins", "AllowedMethods", "AllowedHeaders", "MaxAgeSeconds"}),
    ],
)
def test_cors_is_in_the_form_that_the_command_takes(cli: Cli, name: str, keys: set[str]) -> None:
    document = json.loads(printed(cli, PLACES[name], "cors"))
    rules = document if isinstance(document, list) else next(iter(document.values()))
    assert [set(rule) for rule in rules] == [keys]


@pytest.mark.parametrize("place", [AWS, PLACES["r2"]], ids=["aws", "r2"])
def test_a_console_that_takes_the_bare_list_gets_it(cli: Cli, place: str) -> None:
    text = printed(cli, place)
    _before, _mark, rest = text.partition("this:\n\n[\n")
    rule = json.loads("[" + rest.partition("\n]\n")[0] + "]")[0]
    assert set(rule) == {"AllowedOrigins", "AllowedMethods", "AllowedHeaders", "MaxAgeSeconds"}


def commands(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("  aws ")]


@pytest.mark.parametrize(
    "place", [AWS, PLACES["hetzner"], PLACES["scaleway"], ""], ids=["aws", "hetzner", "scw", "none"]
)
def test_every_aws_command_is_one(cli: Cli, place: str) -> None:
    text = printed(cli, place or "S3_ENDPOINT=https://s3.nowhere.invalid\n")
    assert commands(text)
    for command in commands(text):
        file = command.partition("file://")[2].partition(" ")[0]
        word = {"key-policy.json": "iam", "policy.json": "bucket", "cors.json": "cors"}.get(file)
        document = json.dumps(json.loads(printed(cli, place, word))) if word else ""
        read(command.replace(f"file://{file}", f"'{document}'") if word else command)


def test_what_is_replaced_stands_before_the_command(cli: Cli) -> None:
    text = printed(cli, AWS)
    for command, warning in (
        ("\n  aws s3api put-bucket-policy", "It replaces the whole bucket policy"),
        ("\n  aws s3api put-bucket-cors", "It replaces all CORS rules"),
    ):
        assert 0 < text.index(warning) < text.index(command)
    assert "aws s3api get-bucket-policy --bucket files-example" in text


def test_click_paths_and_commands_both(cli: Cli) -> None:
    text = printed(cli, AWS)
    for path in (
        "IAM > Users >",
        "S3 > files-example > Permissions > Block public access",
        "Cross-origin resource sharing",
    ):
        assert path in text
    for command in ("aws iam put-user-policy", "aws s3api put-bucket-policy", "file://policy.json"):
        assert command in text


def test_block_public_access_keeps_what_the_settings_do_not_need(cli: Cli) -> None:
    def block(place: str) -> Any:
        (command,) = (one for one in commands(printed(cli, place)) if "put-public-access-block" in one)
        return read(command)[1]["PublicAccessBlockConfiguration"]

    assert block(AWS)["BlockPublicAcls"] is False
    assert block(AWS + "S3_PERMISSION=\n") == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_amazon_takes_the_three_documents(cli: Cli) -> None:
    key, media, cors = (printed(cli, AWS, word) for word in ("iam", "bucket", "cors"))
    with mock_aws():
        session = boto3.Session("AKIAMASTODON7EXAMPLE", "x", region_name="eu-west-2")
        iam, s3 = session.client("iam"), session.client("s3")
        iam.create_user(UserName="mastodon")
        iam.put_user_policy(UserName="mastodon", PolicyName="mastodon", PolicyDocument=key)
        s3.create_bucket(Bucket="files-example", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        s3.put_bucket_policy(Bucket="files-example", Policy=media)
        s3.put_bucket_cors(Bucket="files-example", CORSConfiguration=json.loads(cors))
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
            iam.put_user_policy(UserName="mastodon", PolicyName="x", PolicyDocument=key.replace("Action", "Actions"))


@pytest.mark.parametrize("word", ["IAM", "Cors"])
def test_a_document_is_asked_for_in_whatever_case(cli: Cli, word: str) -> None:
    assert printed(cli, AWS, word) == printed(cli, AWS, word.lower())


def test_what_is_nearly_a_document_is_no_file(cli: Cli) -> None:
    cli.file("x.env", LINES + AWS)
    status, _out, err = cli.run("policy", "iamm", "x.env")
    assert status == 64
    assert "'iamm' is neither a document nor a file." in err
    assert "iam?" in err


def test_scaleways_policy_names_the_key_or_would_lock_it_out(cli: Cli) -> None:
    own, media = json.loads(printed(cli, PLACES["scaleway"], "bucket"))["Statement"]
    assert own["Principal"] == {"SCW": ["application_id:APPLICATION"]}
    assert own["Resource"] == ["files-example", "files-example/*"]
    assert "files-example/accounts/*" in media["Resource"]


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("r2", "iam", "R2 > Manage API tokens"),
        ("b2", "bucket", "b2 bucket update files-example allPublic"),
        ("gcs", "iam", "gcloud storage buckets add-iam-policy-binding"),
        ("exoscale", "iam", "IAM > Roles"),
    ],
)
def test_a_document_that_is_not_taken_is_told_with_the_way_there(cli: Cli, name: str, word: str, told: str) -> None:
    cli.file("x.env", LINES + PLACES[name])
    status, out, err = cli.run("policy", word, "x.env")
    assert (status, out) == (64, "")
    assert told in err


def test_an_unknown_store_gets_the_standard_as_such(cli: Cli) -> None:
    text = printed(cli, "S3_ENDPOINT=https://s3.nowhere.invalid\n")
    assert text.count("Whether this storage has it is not known: this is the S3 API's own way") == 3
    assert "aws iam" not in text
    assert "IAM >" not in text


def test_what_is_concluded_is_said_to_be_so(cli: Cli) -> None:
    upcloud = "S3_ENDPOINT=https://jd758.upcloudobjects.com\nS3_REGION=europe-1\n"
    text = printed(cli, upcloud)
    assert "UpCloud Managed Object Storage says so nowhere: it follows from other things that are known of it." in text
    assert "Whether UpCloud Managed Object Storage has it is documented nowhere that s3probe knows of" in text
    told = json.loads(printed(cli, upcloud, "--format", "json"))
    assert told["inferred"] == ["iam_policy", "bucket_policy", "cors"]
    assert json.loads(printed(cli, AWS, "--format", "json"))["inferred"] == []


def test_a_bucket_that_was_made_in_lightsail_shares_its_hosts_and_is_mentioned(cli: Cli) -> None:
    text = printed(cli, AWS)
    assert "A bucket made in Lightsail takes no rules" in text
    assert "Lightsail" not in printed(cli, PLACES["hetzner"])


def test_only_amazons_regions_tell_a_partition(cli: Cli) -> None:
    qiniu = "S3_ENDPOINT=https://s3.cn-east-1.qiniucs.com\nS3_REGION=cn-east-1\n"
    own = "S3_ENDPOINT=https://ceph.example.net\nS3_REGION=cn-north-1\n"
    china = "S3_REGION=cn-north-1\nS3_HOSTNAME=s3.cn-north-1.amazonaws.com.cn\n"
    assert "arn:aws-cn" not in printed(cli, qiniu)
    assert "arn:aws-cn" not in printed(cli, own)
    assert "arn:aws-cn:s3:::files-example" in printed(cli, china)


@pytest.mark.parametrize(
    ("host", "region", "marked"),
    [
        ("axns.compat.objectstorage.eu-zurich-1.oraclecloud.com", "eu-zurich-1", False),
        ("s3-kna1.citycloud.com", "us-east-1", False),
        ("nl.object-storage.io", "nl-01", False),
        ("de-s3.storage.bunnycdn.com", "de", False),
        ("storage.yandexcloud.net", "ru-central1", True),
        ("de-fra.i3storage.com", "de-fra", True),
        ("jd758.upcloudobjects.com", "europe-1", True),
    ],
)
def test_a_documented_way_is_not_called_inferred_for_what_it_does_not_use(
    cli: Cli, host: str, region: str, marked: bool
) -> None:
    """That an ACL does nothing there may be inferred: the switch that opens the bucket is not."""
    text = ENV_TEXT.replace("S3_HOSTNAME=s3.eu-west-2.amazonaws.com", f"S3_ENDPOINT=https://{host}")
    cli.file(text=text.replace("eu-west-2", region))
    status, out, _ = cli.run("policy", "--format", "json")
    assert status == 0
    assert ("bucket_policy" in json.loads(out).get("inferred", [])) is marked

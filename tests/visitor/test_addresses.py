"""Where else a picture could be, and whether something stands before the storage. Pure."""

from __future__ import annotations

import pytest

from s3probe.evidence.addresses import other_addresses, proxy_stands_before, same_host_as_storage, with_query
from s3probe.evidence.vocabulary import Experiment
from tests.visitor.cases import ALIAS, settings

KEY = "media_attachments/files/a.png"


def places(extra: str) -> dict[Experiment, str]:
    return dict(other_addresses(settings(extra), KEY))


def test_an_alias_is_tried_with_the_bucket_and_past_it() -> None:
    found = places(ALIAS)
    assert found[Experiment.PUBLIC_ALIAS_WITH_BUCKET] == f"https://files.example.com/files-example/{KEY}"
    assert found[Experiment.PUBLIC_HOSTNAME] == f"https://s3.nl-ams.example.net/files-example/{KEY}"
    assert found[Experiment.PUBLIC_ORIGIN] == f"https://s3.nl-ams.example.net/files-example/{KEY}"
    assert found[Experiment.PUBLIC_VIRTUAL_HOST] == f"https://files-example.s3.nl-ams.example.net/{KEY}"


def test_an_alias_that_names_the_bucket_is_tried_without_it() -> None:
    found = places("S3_ALIAS_HOST=files.example.com/files-example\n")
    assert found[Experiment.PUBLIC_ALIAS_WITHOUT_BUCKET] == f"https://files.example.com/{KEY}"
    assert Experiment.PUBLIC_ALIAS_WITH_BUCKET not in found


def test_a_host_name_with_the_bucket_is_tried_without_the_second_one() -> None:
    found = places("S3_HOSTNAME=files-example.s3.nl-ams.example.net\n")
    assert found[Experiment.PUBLIC_HOSTNAME_WITHOUT_BUCKET] == f"https://files-example.s3.nl-ams.example.net/{KEY}"


def test_aws_is_tried_by_its_regional_name() -> None:
    found = places(
        "S3_REGION=eu-west-2\nS3_ENDPOINT=https://s3.amazonaws.com\nS3_HOSTNAME=s3-eu-west-2.amazonaws.com\n"
    )
    assert found[Experiment.PUBLIC_REGIONAL] == f"https://s3.eu-west-2.amazonaws.com/files-example/{KEY}"


@pytest.mark.parametrize(
    ("extra", "stands"),
    [
        (ALIAS, True),
        ("", False),
        ("S3_ALIAS_HOST=s3.nl-ams.example.net/files-example\n", False),
        ("S3_ALIAS_HOST=files-example.s3.nl-ams.example.net\n", False),
    ],
)
def test_a_name_of_the_storage_itself_is_no_proxy(extra: str, stands: bool) -> None:
    assert proxy_stands_before(settings(extra)) is stands


def test_the_storages_own_host_is_asked_once() -> None:
    assert same_host_as_storage(settings())
    assert not same_host_as_storage(settings(ALIAS))
    assert not same_host_as_storage(settings("S3_HOSTNAME=other.example.net\n"))


def test_a_query_is_added_to_one_that_is_there() -> None:
    assert with_query("https://a.example/?x=1", "acl") == "https://a.example/?x=1&acl"
    assert with_query("https://a.example/", "acl") == "https://a.example/?acl"

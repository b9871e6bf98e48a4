"""The lines for nginx: the name of a cloud is looked up again and again, that of a store of one's own once."""

from __future__ import annotations

from functools import partial

import pytest

from s3probe.diagnosis.model import ServerFix
from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment
from tests.diagnosis.env_cases import AWS, CUSTOM, with_line
from tests.diagnosis.wire_cases import healthy

CLOUD = "resolver 8.8.8.8 ipv6=off; proxy_set_header Host "


@pytest.mark.parametrize(
    ("env", "lines"),
    [
        (AWS, f"{CLOUD}files-example.s3.eu-west-2.amazonaws.com; "
              "proxy_pass https://files-example.s3.eu-west-2.amazonaws.com$uri;"),
        (with_line(CUSTOM, "S3_ENDPOINT=https://s3.fr-par.scw.cloud"),
         f"{CLOUD}s3.fr-par.scw.cloud; proxy_pass https://s3.fr-par.scw.cloud/files-example$uri;"),
        (with_line(CUSTOM, "S3_ENDPOINT=https://minio.example.net:9000"),
         "rewrite ^ /files-example$uri? break; proxy_set_header Host minio.example.net:9000; "
         "proxy_pass https://minio.example.net:9000;"),
        (with_line(CUSTOM, "S3_ENDPOINT=http://192.0.2.7:9000"),
         "proxy_set_header Host 192.0.2.7:9000; proxy_pass http://192.0.2.7:9000/files-example$uri;"),
    ],
)  # fmt: skip
def test_a_resolver_is_named_for_clouds_alone(env: str, lines: str) -> None:
    seen = healthy(with_line(env, "S3_ALIAS_HOST=files.example.com"))
    nginx = {"server": "nginx"}
    down = seen.row(ActionId.PUBLIC_GET, 502, markup="yes", headers=nginx).row(Experiment.PUBLIC_ORIGIN)
    (found,) = (one for one in down.findings if one.id == "proxy-resolver-fails")
    (fix,) = found.fixes
    assert isinstance(fix, ServerFix)
    assert fix.value == lines


def test_a_page_of_the_stores_console_is_no_error_that_hides() -> None:
    alias = healthy(
        with_line(with_line(CUSTOM, "S3_ENDPOINT=http://192.0.2.7:9000"), "S3_ALIAS_HOST=files.example.com")
    )
    page = partial(alias.row, ActionId.PUBLIC_GET, outcome=Outcome.WRONG, headers={"server": "nginx"}, markup="yes")
    service = "the console of MinIO"
    missing = page(service=service).row(ActionId.PUBLIC_MISSING, 200, outcome=Outcome.WRONG, service=service)
    assert "proxy-serves-error-as-image" not in missing.named
    found = missing.findings[0]
    assert found.id == "object-not-found-public-key-mismatch"
    assert isinstance(found.fixes[0], ServerFix)
    assert "proxy_pass http://192.0.2.7:9000/files-example$uri;" in found.fixes[0].value
    assert page().findings[0].id == "proxy-serves-error-as-image"


def test_the_headers_of_a_page_in_place_of_the_picture_say_nothing_of_the_picture() -> None:
    alias = healthy(with_line(CUSTOM, "S3_ALIAS_HOST=files.example.com"))
    silent = alias.row(ActionId.PUBLIC_CORS, 200, outcome=Outcome.WRONG, allowed="none", origin="https://example.com")
    assert "cors-missing" in silent.named
    for page in (
        silent.row(ActionId.PUBLIC_GET, outcome=Outcome.WRONG, markup="yes"),
        silent.row(ActionId.PUBLIC_GET, outcome=Outcome.WRONG, root="Error"),
    ):
        assert page.named == ("proxy-serves-error-as-image",)

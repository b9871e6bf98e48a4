"""Settings in words: a verb, a person's name for the thing, and nginx lines one below the other."""

import pytest

from s3probe.diagnosis.model import BucketSetting, ServerFix
from s3probe.report.setting_words import bucket_words, nginx_block, sentence, server_words


@pytest.mark.parametrize(
    "text", ["crlf.env has carriage returns", "s3.nl-ams.example.net does not exist", "tootctl media fails", "try-x: 3"]
)
def test_names_keep_their_letters(text: str) -> None:
    assert sentence(text) == text


def test_words_get_a_capital() -> None:
    assert sentence("the storage answered 403") == "The storage answered 403"


def test_nginx_directives_stand_one_below_the_other() -> None:
    assert nginx_block("limit_except GET { deny all; } expires 1y;") == (
        "limit_except GET {\n    deny all;\n}\nexpires 1y;"
    )


def test_a_semicolon_in_quotes_ends_no_directive() -> None:
    line = "add_header Content-Security-Policy \"default-src 'none'; form-action 'none'\";"
    assert nginx_block(line) == line


def test_bucket_settings_have_the_names_of_the_console() -> None:
    off = BucketSetting("account-public-access-block", "BlockPublicAcls=false,IgnorePublicAcls=false")
    assert bucket_words(off) == "Switch BlockPublicAcls and IgnorePublicAcls off in Block Public Access of the account"
    rule = BucketSetting("lifecycle-rule-off", "tidy-up")
    assert bucket_words(rule) == 'Switch the bucket\'s lifecycle rule "tidy-up" off'


def test_a_server_setting_begins_with_a_verb() -> None:
    told = server_words(ServerFix("certificate", "s3.example", "Renew the certificate."))
    assert told.lead == "Renew the certificate (s3.example)"

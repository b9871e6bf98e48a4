"""What people type before they have read anything."""

from __future__ import annotations

import json

import pytest

from s3probe.cli.parser import COMMANDS, options
from s3probe.evidence.vocabulary import ACTIONS
from tests.cli.support import Cli
from tests.every import every


@every(
    "argv, said",
    [
        (("lint", "--quick"), "--quick belongs to check"),
        (("check", "--quik"), "Did you mean --quick?"),
        (("check", "--fault=x"), "--fault belongs to demo"),
        (("policy", "--qqqqqqq"), "See s3probe policy --help"),
    ],
)
def test_an_option_that_is_not_known_leads_to_the_right_page(argv: tuple[str, ...], said: str) -> None:
    from s3probe.cli.errors import UsageError
    from s3probe.cli.parser import parse

    with pytest.raises(UsageError) as caught:
        parse(argv)
    assert said in caught.value.advice


def test_every_command_has_options_of_its_own_to_search() -> None:
    assert set(options()) == set(COMMANDS)
    assert "--quick" in options()["check"]
    assert "--quick" not in options()["lint"]


def test_the_actions_are_listed_without_a_file(cli: Cli) -> None:
    status, out, err = cli.run("check", "--list-actions")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(ACTIONS)


def test_the_demo_lists_its_faults_and_tells_how_to_break_it(cli: Cli) -> None:
    status, out, _err = cli.run("demo", "--list")
    assert status == 0
    assert "  acl-disabled-bucket-owner-enforced\n" in out
    status, _out, err = cli.run("demo", "--fault", "acl-disabled-bucket-owner-enforced")
    assert status == 2
    assert "Break it" not in err


@pytest.mark.parametrize("argv", [("help",), ("help", "check"), ("-V",)])
def test_help_and_version_are_there_under_their_short_names(
    cli: Cli, argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _err = cli.run(*argv)
    assert status == 0
    assert "s3probe" in out + capsys.readouterr().out


@pytest.mark.parametrize(("word", "key"), [("iam", "Version"), ("bucket", "Version"), ("cors", "CORSRules")])
def test_one_document_alone_is_valid_json(cli: Cli, word: str, key: str) -> None:
    cli.file()
    status, out, err = cli.run("policy", word)
    assert (status, err) == (0, "")
    assert next(iter(json.loads(out))) == key


def test_a_file_of_that_name_is_a_file(cli: Cli) -> None:
    cli.file("iam")
    assert "IAM policy for Mastodon's key" in cli.run("policy", "./iam")[1]


def test_a_server_that_takes_no_such_document_says_how_it_is_done_there(cli: Cli) -> None:
    cli.file("r2.env", "S3_ENABLED=true\nS3_BUCKET=b\nS3_ENDPOINT=https://0123.r2.cloudflarestorage.com\n")
    status, out, err = cli.run("policy", "bucket", "r2.env")
    assert (status, out) == (64, "")
    assert "Cloudflare R2 takes no such document" in err
    assert "wrangler r2 bucket domain add b" in err

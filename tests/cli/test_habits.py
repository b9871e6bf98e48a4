"""What people type before they have read anything."""

from __future__ import annotations

import json

import pytest

from s3probe.cli.console import _wants_ascii
from s3probe.cli.pages import COMMANDS, below
from s3probe.cli.parser import options
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
    assert "{" not in out
    plain = cli.run("check", "--list-actions", "--plain")[1]
    assert [line.partition(". ")[0] for line in plain.splitlines()] == [f"Action: {name}" for name in ACTIONS]
    assert "  " not in plain


def test_the_page_of_every_finding_is_shown_by_its_id(cli: Cli) -> None:
    assert cli.run("explain", "unexplained")[1].startswith("unexplained\n  Something failed")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("check", "--format", "htlm"), "Did you mean html?"),
        (("check", "--color", "alway"), "Did you mean always?"),
        (("check", "--format", "zzzz"), "'prometheus').\n"),
        (("help", "chekc"), "'chekc' is no command. Did you mean check?"),
        (("check", "--only", "abort"), "Did you mean multipart-abort?"),
        (("demo", "--fault", "bpa"), "Did you mean bpa-blocks-public-acl, bpa-"),
        (("demo", "--fault", "listbucket"), "Did you mean iam-missing-listbucket?"),
        (("demo", "--fault", "zz"), "has no fault 'zz'.\n"),
    ],
)
def test_a_word_that_is_nearly_right_leads_to_the_right_one(cli: Cli, argv: tuple[str, ...], said: str) -> None:
    status, out, err = cli.run(*argv)
    assert (status, out) == (64, "")
    assert said in err


@pytest.mark.parametrize(
    ("name", "verdict", "found"),
    [
        ("two-faults", 2, {"region-wrong-aws-regional-endpoint", "cors-missing"}),
        ("could-not-tell", 3, set()),
    ],
)
def test_the_demo_shows_what_is_no_single_fault(cli: Cli, name: str, verdict: int, found: set[str]) -> None:
    assert f"  {name}: " in cli.run("demo", "--list")[1]
    status, out, _err = cli.run("demo", "--fault", name, "--format", "json")
    assert status == verdict
    assert {finding["id"] for finding in json.loads(out)["findings"]} == found


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
    assert (status, "The console takes: [{" in err) == (0, word == "cors")
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


@every("command", COMMANDS)
def test_what_stands_below_the_options_fits_a_terminal(command: str) -> None:
    assert max(map(len, below(command).splitlines())) <= 80


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, False),
        ({"LANG": "C", "PYTHONUTF8": "1"}, False),
        ({}, False),
    ],
)
def test_a_locale_of_ascii_is_heeded(environ: dict[str, str], plain: bool) -> None:
    assert _wants_ascii(environ) is plain

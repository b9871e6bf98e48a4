"""What people type before they have read anything."""

from __future__ import annotations

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

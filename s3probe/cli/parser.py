"""The command line: every command with its options, and a help text a newcomer can act on."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from s3probe import __version__
from s3probe.cli import values
from s3probe.cli.errors import UsageError, did_you_mean
from s3probe.report.formats import FORMATS
from s3probe.settings.loaders import DOTENV, LOADERS

DEFAULT_ENV_FILE = ".env.production"

_EXIT_STATUS = """\
exit status:
  0 healthy (warnings allowed unless --fail-on warning)   1 warnings, with --fail-on warning
  2 a failure was found                                   3 could not tell
  64 usage error, or the env file cannot be read          70 a bug in s3probe, or the
  128 + n  interrupted by signal n, after the clean-up       result could not be written
"""

_USAGE_STATUS = """\
exit status:
  0 done    64 usage error, or the env file cannot be read    70 a bug in s3probe    128 + n  interrupted by signal n
"""

_FIX_STATUS = """\
exit status:
  0 healthy, or --write fixed all failures                2 a failure is left: run s3probe check after the change
  3 could not tell                                        64 usage error, or the env file may not be read or written
  70 a bug in s3probe, or no room for the change          128 + n  interrupted by signal n, after the clean-up
"""

_SWEEP_STATUS = """\
exit status:
  0 nothing is left, or --dry-run                         2 something could not be removed
  64 usage error, or the bucket could not be searched     70 a bug in s3probe
  128 + n  interrupted by signal n
"""

_STATUS = {
    "explain": _USAGE_STATUS,
    "fix": _FIX_STATUS,
    "policy": _USAGE_STATUS,
    "schema": _USAGE_STATUS,
    "sweep": _SWEEP_STATUS,
}
"""Commands that do more or less than give a verdict have a status of their own."""

COMMANDS = {
    "check": "examine media storage as Mastodon and as a visitor (the default)",
    "lint": "judge the env file alone, without any network",
    "policy": "print rights, policies and CORS rule for these settings, as this server takes them",
    "fix": "run check and print the change of the env file that was tried, as a diff",
    "explain": "say what a finding means, or what may be behind a line of a log",
    "sweep": "remove what killed probes left behind, and nothing else",
    "replay": "show the report of a file that check --save-evidence wrote",
    "demo": "examine an embedded S3, healthy or with a fault of your choice",
    "schema": "print the JSON Schema of the JSON report",
}

DOCUMENTS = ("iam", "bucket", "cors")
"""What ``policy`` prints alone when it is asked for by this word."""
_WITH_A_VALUE = ("--format", "--output", "--loader")

NO_TRIALS = "examine the file as it stands, and try no line that may fix it"

_EXAMPLES = {
    "check": """\
examples:
  s3probe check                                   .env.production in this folder
  s3probe check --environ                         inside a container or a pod
  s3probe check --quick --quiet                   for cron: silent while all is well
  s3probe check --quick --state /var/lib/s3probe/state
                                                  for cron: speaks only when something changes
  s3probe check --format nagios /srv/masto/.env.production
  s3probe check --save-evidence run.json          to attach to a public thread: no secret is in it
""",
    "lint": "examples:\n  s3probe lint\n  s3probe lint --format junit --output lint.xml a.env b.env\n",
    "policy": "examples:\n  s3probe policy\n  s3probe policy bucket > policy.json\n"
    "  s3probe policy --format json | jq .commands\n",
    "fix": """\
examples:
  s3probe fix                                     show the change that was tried, touch nothing
  s3probe fix --write                             make it; the old file is kept beside it
  s3probe fix --choose 2                          show the second way to fix the first failure
""",
    "explain": "examples:\n  s3probe explain acl-disabled-bucket-owner-enforced\n"
    "  s3probe explain Aws::S3::Errors::AccessDenied\n  journalctl -u mastodon-sidekiq -n 50 | s3probe explain -\n",
    "sweep": "examples:\n  s3probe sweep --dry-run\n  s3probe sweep\n",
    "replay": "examples:\n  s3probe replay run.json\n  s3probe replay --format markdown run.json\n",
    "demo": "examples:\n  s3probe demo\n  s3probe demo --fault acl-disabled-bucket-owner-enforced\n",
    "schema": "examples:\n  s3probe schema > s3probe.schema.json\n",
}


_HELP: dict[str, Callable[[], str]] = {}
"""By command, once the parser is built: what writes its help."""
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


class _Parser(argparse.ArgumentParser):
    """Raises instead of leaving the process, so that one handler decides the exit status."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:], f"See {self.prog} --help.")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of one run. A command that is left out is ``check``. Raises :class:`UsageError`."""
    args, unknown = build().parse_known_args(with_command(argv))
    if unknown:
        raise UsageError(f"Unrecognized arguments: {' '.join(unknown)}", _advice(args.command, unknown))
    _refuse_one_file_twice(args)
    return args


def _advice(command: str, unknown: Sequence[str]) -> str:
    """Where an option belongs that this command does not know, or the one that was meant."""
    option = next((word.partition("=")[0] for word in unknown if word.startswith("-")), "")
    known = options()
    owners = [name for name, names in known.items() if option in names]
    if owners:
        return f"{option} belongs to {' and '.join(owners)}. See s3probe {owners[0]} --help."
    meant = did_you_mean(option, known[command]) if option else ""
    return f"{meant} See s3probe {command} --help.".lstrip()


def options() -> dict[str, tuple[str, ...]]:
    """The long options of each command, as its help names them."""
    build()
    return {name: tuple(dict.fromkeys(_OPTION.findall(help_of()))) for name, help_of in _HELP.items()}


def _refuse_one_file_twice(args: argparse.Namespace) -> None:
    """Raises :class:`UsageError` where a result would take the place of a file that is read, or of another result."""
    read = [getattr(args, name, None) for name in ("env_files", "evidence", "ping_url_file")]
    written = [getattr(args, name, None) for name in ("state", "save_evidence", "output")]
    named = [os.path.realpath(name) for each in read for name in (each if isinstance(each, list) else [each]) if name]
    for path in filter(None, written):
        place = os.path.realpath(path)
        if place in named and not place.startswith("/dev/"):
            raise UsageError(f"{path} is named twice, and would be written over", "Name a file of its own for each.")
        named.append(place)


def with_command(argv: Sequence[str]) -> list[str]:
    """``argv`` with ``check`` in front when it names no command."""
    first = argv[0] if argv else ""
    if first == "help":
        return [*argv[1:2], "--help"]
    if first == "policy":
        return _with_document(argv)
    if first in COMMANDS or first in ("-h", "--help", "-V", "--version"):
        return list(argv)
    looks_like_file = first == "-" or "." in first or "/" in first
    if not first or first.startswith("-") or looks_like_file or Path(first).exists():
        return ["check", *argv]
    raise UsageError(
        f"{first!r} is neither a command nor a file.{did_you_mean(first, COMMANDS)}",
        f"Commands: {', '.join(COMMANDS)}. See s3probe --help.",
    )


def _with_document(argv: Sequence[str]) -> list[str]:
    """``policy iam FILE`` as argparse understands it; a file of that name is given as ``./iam``."""
    words = list(argv)
    place = next((n for n, word in enumerate(words) if word in DOCUMENTS and words[n - 1] not in _WITH_A_VALUE), None)
    if place is not None:
        words[place] = f"--document={words[place]}"
    return words


@cache
def build() -> argparse.ArgumentParser:
    """The parser with all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="s3probe",
        formatter_class=raw,
        description="Tells why a Mastodon server's S3 media storage does not work, and which line to change.\n"
        "A bare `s3probe` examines .env.production in the current folder.",
        epilog=f"{_EXAMPLES['check']}\n{_EXIT_STATUS}\nEach command has its own help: s3probe check --help",
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"s3probe {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"{_EXAMPLES[name]}\n{_STATUS.get(name, _EXIT_STATUS)}",
            formatter_class=raw,
            allow_abbrev=False,
        )
        _OPTIONS[name](command)
        _HELP[name] = command.format_help
    return parser


def _check(command: argparse.ArgumentParser) -> None:
    _env_files(command, many=True)
    _result(command)
    _probing(command)
    extent = command.add_mutually_exclusive_group()
    extent.add_argument(
        "--quick",
        action="store_true",
        help="one upload, its public URL, delete; goes on to the whole examination when any of it fails",
    )
    extent.add_argument("--read-only", action="store_true", help="make no write at all")
    extent.add_argument(
        "--thorough",
        action="store_true",
        help="ask strangers' questions at every address, which takes more than 40 requests; --format markdown does so",
    )
    command.add_argument(
        "--state",
        metavar="FILE",
        type=values.new_file,
        help="remember troubles there, and print only what changed since the last run",
    )
    command.add_argument(
        "--remind",
        metavar="HOURS",
        type=values.hours,
        help="with --state: tell again of what still fails after so long",
    )
    command.add_argument(
        "--save-evidence", metavar="FILE", type=values.new_file, help="write what was seen, without secrets"
    )
    command.add_argument(
        "--ping-url-file",
        metavar="FILE",
        type=values.file,
        help="file with a healthchecks.io style URL: it is called when healthy, its /fail otherwise",
    )

    command.add_argument("--list-actions", action="store_true", help="print what --only and --skip may name, and end")


def _lint(command: argparse.ArgumentParser) -> None:
    _env_files(command, many=True)
    _result(command)
    _selection(command)


def _policy(command: argparse.ArgumentParser) -> None:
    _env_files(command)
    command.add_argument(
        "--document", choices=DOCUMENTS, help="that one document alone; `s3probe policy iam` says the same"
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    _output(command)


def _fix(command: argparse.ArgumentParser) -> None:
    _env_files(command)
    _probing(command, "try nothing: lines that may help are named, and none can be written")
    command.add_argument(
        "--write", action="store_true", help="change the file as it was tried; the old one is kept beside it"
    )
    command.add_argument(
        "--choose",
        metavar="N",
        type=values.choice,
        default=1,
        help="try and take the N-th of the fixes that s3probe check names for the first failure (default: 1)",
    )


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "words",
        metavar="WORDS",
        nargs="*",
        help="a finding's id, or whatever stands in a log; - reads standard input; default: list all findings",
    )
    command.add_argument("--list", action="store_true", help="list all findings; demo can show those that are marked")


def _sweep(command: argparse.ArgumentParser) -> None:
    _env_files(command)
    command.add_argument(
        "--older-than",
        metavar="SECONDS",
        type=values.seconds,
        default=3600.0,
        help="leave younger ones alone: a probe may be at work (default: 3600)",
    )
    command.add_argument(
        "--state",
        metavar="FILE",
        type=values.new_file,
        help="the state of check: what is noted beside it needs no such age",
    )
    command.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")


def _replay(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "evidence", metavar="EVIDENCE_FILE", type=values.env_file, help="a file, or - for standard input"
    )
    command.add_argument(
        "--again",
        action="store_true",
        help="judge what was seen, trials as well, by the rules of this version and not as it was judged then",
    )
    _result(command)


def _demo(command: argparse.ArgumentParser) -> None:
    command.add_argument("--fault", metavar="FINDING_ID", help="break the embedded S3 in this way")
    command.add_argument("--list", action="store_true", help="print the faults that it can show, and end")
    _result(command)
    _deadline(command)
    _trials(command)


def _schema(command: argparse.ArgumentParser) -> None:
    _output(command)


_OPTIONS = {
    "check": _check,
    "lint": _lint,
    "policy": _policy,
    "fix": _fix,
    "explain": _explain,
    "sweep": _sweep,
    "replay": _replay,
    "demo": _demo,
    "schema": _schema,
}


def _env_files(command: argparse.ArgumentParser, *, many: bool = False) -> None:
    command.add_argument(
        "env_files",
        metavar="ENV_FILE",
        nargs="*" if many else "?",
        type=values.env_file,
        help=f"default: {DEFAULT_ENV_FILE}; - reads standard input" + ("; several are examined side by side" * many),
    )
    command.add_argument(
        "--environ",
        action="store_true",
        help="read the process environment; together with ENV_FILE it wins, as it does in Mastodon",
    )
    command.add_argument(
        "--loader",
        choices=(DOTENV, *LOADERS),
        help="what hands ENV_FILE to Mastodon (default: Ruby's dotenv, and a note where the others differ)",
    )
    if many:
        command.add_argument(
            "--jobs",
            metavar="N",
            type=values.jobs,
            default=4,
            help="how many files at a time, where limits allow (default: 4)",
        )


def _output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", metavar="FILE", type=values.new_file, help="write the result there, all at once")


def _result(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=tuple(FORMATS), default="text", help="default: text")
    _output(command)
    command.add_argument("-q", "--quiet", action="store_true", help="print nothing unless there is something to act on")
    how_much = command.add_mutually_exclusive_group()
    how_much.add_argument(
        "-v", "--verbose", action="store_true", help="in text: every action, every fix at length, and the settings"
    )
    how_much.add_argument("--brief", action="store_true", help="in text: at most 12 lines, for a chat")
    command.add_argument(
        "--fail-on", choices=("warning", "failure"), default="failure", help="what makes the status non-zero"
    )
    command.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto; NO_COLOR is honoured"
    )


def _probing(command: argparse.ArgumentParser, no_trials: str = NO_TRIALS) -> None:
    _deadline(command)
    _selection(command)
    _trials(command, no_trials)
    command.add_argument(
        "--mastodon-version",
        metavar="VERSION",
        type=values.release,
        help="do as this release does (default: ask the server, else current)",
    )


def _trials(command: argparse.ArgumentParser, text: str = NO_TRIALS) -> None:
    command.add_argument("--no-trials", action="store_true", help=text)


def _deadline(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=values.seconds,
        default=30.0,
        help="for the examination; the clean-up has 10 more of its own (default: 30)",
    )


def _selection(command: argparse.ArgumentParser) -> None:
    for name, text in (("--only", "nothing but this action or finding"), ("--skip", "leave this out")):
        command.add_argument(
            name, metavar="ID", type=values.ids, action="extend", default=[], help=f"{text}; may be repeated"
        )


def wants_nagios(argv: Sequence[str] | None = None) -> bool:
    """Whether a monitor reads the output, told from the bare arguments: parsing them may be what failed."""
    args = list(sys.argv[1:] if argv is None else argv)
    return "--format=nagios" in args or any(pair == ("--format", "nagios") for pair in pairwise(args))

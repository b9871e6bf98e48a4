"""The command line: every command with its options, and a help text a newcomer can act on."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NoReturn

from s3probe import __version__
from s3probe.cli import defaults, pages, values
from s3probe.cli.errors import UsageError, did_you_mean
from s3probe.cli.pages import COMMANDS
from s3probe.cli.width import columns
from s3probe.patterns import regex

DEFAULT_ENV_FILE = ".env.production"
FORMATS = ("text", "json", "markdown", "html", "junit", "nagios", "prometheus")
LOADERS = ("dotenv", "compose", "docker", "systemd", "kubernetes")
"""By name alone: what they are is loaded by whoever asks for one (``report.formats``, ``settings.loaders``)."""

DOCUMENTS = ("iam", "bucket", "cors")
"""What ``policy`` prints alone when it is asked for by this word."""
_WITH_A_VALUE = ("--format", "--output", "--loader")

NO_TRIALS = "examine the file as it stands, and try no line that may fix it"

_CHOICE = regex(r"invalid choice: '([^']*)' \(choose from (.+)\)$")
_OPTION = regex(r"(?<![\w-])--[a-z][a-z-]*")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse makes one for each option, and would load ``shutil`` to learn how wide it is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns() - 2)


class _Parser(argparse.ArgumentParser):
    """Raises instead of leaving the process, so that one handler decides the exit status."""

    def error(self, message: str) -> NoReturn:
        said = message[:1].upper() + message[1:]
        if wrong := _CHOICE.search(message):
            meant = did_you_mean(wrong[1], re.findall(r"[\w-]+", wrong[2]))
            said = f"{said}.{meant}".removesuffix("." if not meant else "")
        raise UsageError(said, f"See {self.prog} --help.")


def asks_for_a_page(argv: Sequence[str]) -> bool:
    """Whether a help page or the version is all that is wanted."""
    return argv[:1] == ["help"] or any(word in ("-h", "--help", "-V", "--version") for word in argv)


def parse(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> argparse.Namespace:
    """The arguments of one run. A command that is left out is ``check``, which takes from the environment what the
    command line does not say. Raises :class:`UsageError`.
    """
    command, *words = with_command(argv)
    if command not in COMMANDS:
        return build(filled=False).parse_args([command])
    parser = _command_parser(command)
    named = argparse.Namespace(command=command)
    args, unknown = parser.parse_known_args(words, named)
    if unknown:
        raise UsageError(f"Unrecognized arguments: {' '.join(unknown)}", _advice(command, unknown))
    if command == "check" and any(name.startswith(defaults.PREFIX) for name in environ):
        words = [*defaults.words(parser, options()["check"], words, environ), *words]
        args = parser.parse_args(words, argparse.Namespace(command=command))
    _refuse_one_file_twice(args)
    return args


def _command_parser(name: str) -> argparse.ArgumentParser:
    """A new parser of one command's own arguments."""
    parser = _Parser(prog=f"s3probe {name}", **_about(name))
    _OPTIONS[name](parser)
    return parser


def _about(name: str) -> dict[str, Any]:
    """What the parser of one command is made with."""
    summary = COMMANDS[name]
    return {
        "description": f"{summary[0].upper()}{summary[1:]}.",
        "epilog": pages.below(name),
        "formatter_class": _Formatter,
        "allow_abbrev": False,
    }


def _advice(command: str, unknown: Sequence[str]) -> str:
    """Where an option belongs that this command does not know, or the one that was meant."""
    option = next((word.partition("=")[0] for word in unknown if word.startswith("-")), "")
    known = options()
    owners = [name for name, names in known.items() if option in names]
    if owners:
        from s3probe.diagnosis.words import listed  # only a mistake needs it

        return f"{option} belongs to {listed(owners)}. See s3probe {owners[0]} --help."
    meant = did_you_mean(option, known[command]) if option else ""
    return f"{meant} See s3probe {command} --help.".lstrip()


@cache
def options() -> dict[str, tuple[str, ...]]:
    """The long options of each command, as its help names them."""
    return {name: tuple(dict.fromkeys(_OPTION.findall(_command_parser(name).format_help()))) for name in COMMANDS}


def _refuse_one_file_twice(args: argparse.Namespace) -> None:
    """Raises :class:`UsageError` where a result would take the place of a file that is read, or of another result."""
    read = [getattr(args, name, None) for name in ("env_files", "evidence", "ping_url_file")]
    written = [getattr(args, name, None) for name in ("state", "save_evidence", "trace", "output")]
    named = [
        os.path.realpath(name)
        for each in read
        for name in (each if isinstance(each, list) else [each])
        if name not in (None, "-")
    ]
    for path in filter(None, written):
        place = os.path.realpath(path)
        if place in named and not place.startswith("/dev/"):
            raise UsageError(f"{path} is named twice, and would be written over", "Name a file of its own for each.")
        named.append(place)


def with_command(argv: Sequence[str]) -> list[str]:
    """``argv`` with ``check`` in front when it names no command."""
    first = argv[0] if argv else ""
    if first == "help":
        return [*_of_one(argv[1:2]), "--help"]
    if first == "policy":
        return _with_document(argv)
    if first in COMMANDS or first in ("-h", "--help", "-V", "--version"):
        return list(argv)
    looks_like_file = first == "-" or "." in first or "/" in first
    if not first or first.startswith("-") or looks_like_file or _is_there(first):
        return ["check", *argv]
    raise UsageError(
        f"{first!r} is neither a command nor a file.{did_you_mean(first, COMMANDS)}",
        f"Commands: {', '.join(COMMANDS)}. See s3probe --help.",
    )


def _of_one(named: Sequence[str]) -> Sequence[str]:
    """The command whose help is asked for. Raises :class:`UsageError` for what is none."""
    if named and not named[0].startswith("-") and named[0] not in COMMANDS:
        raise UsageError(
            f"{named[0]!r} is no command.{did_you_mean(named[0], COMMANDS)}", f"Commands: {', '.join(COMMANDS)}."
        )
    return named


def _is_there(name: str) -> bool:
    from pathlib import Path  # no page of help needs it

    return Path(name).exists()


def _with_document(argv: Sequence[str]) -> list[str]:
    """``policy iam FILE`` as argparse understands it; a file of that name is given as ``./iam``.

    Raises :class:`UsageError` for what is nearly such a word, and no file.
    """
    words = list(argv)
    free = [n for n, word in enumerate(words) if n and not word.startswith("-") and words[n - 1] not in _WITH_A_VALUE]
    place = next((n for n in free if words[n].lower() in DOCUMENTS), None)
    if place is not None:
        words[place] = f"--document={words[place].lower()}"
    elif free and (meant := did_you_mean(words[free[0]], DOCUMENTS)) and not _is_there(words[free[0]]):
        documents = ", ".join(DOCUMENTS)
        raise UsageError(f"{words[free[0]]!r} is neither a document nor a file.{meant}", f"Documents: {documents}.")
    return words


def build(*, filled: bool = True) -> argparse.ArgumentParser:
    """The parser with all commands. Not ``filled``, it knows only their names, which are enough for its own help."""
    parser = _Parser(
        prog="s3probe",
        formatter_class=_Formatter,
        description="Tells why a Mastodon server's S3 media storage does not work, and which line to change.\n"
        "A bare `s3probe` examines .env.production in the current folder.",
        epilog=pages.below_all(),
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"s3probe {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, **_about(name))
        if filled:
            _OPTIONS[name](command)
    return parser


def _check(command: argparse.ArgumentParser) -> None:
    _env_files(command, many=True)
    _result(command)
    _probing(command)
    _extent(command, "; --format markdown does so")
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
        "--trace",
        metavar="FILE",
        type=values.new_file,
        help="write every request and answer, without secrets, as HAR, which browsers' tools open",
    )
    command.add_argument(
        "--ping-url-file",
        metavar="FILE",
        type=values.file,
        help="file with a healthchecks.io style URL: it is called when healthy, its /fail otherwise",
    )

    command.add_argument(
        "--plan",
        action="store_true",
        help="print what would be asked of whom, and what would be written (text or json); ask nothing, and end",
    )
    command.add_argument("--list-actions", action="store_true", help="print what --only and --skip may name, and end")


def _report(command: argparse.ArgumentParser) -> None:
    _env_files(command)
    command.add_argument(
        "--expected",
        metavar="TEXT",
        type=values.expected,
        help="what it should have said, in a sentence or by ids of findings; healthy: nothing (default: a terminal is "
        "asked)",
    )
    command.add_argument(
        "--output",
        metavar="FILE",
        type=values.new_file,
        help="write a new file there, or - for standard output (default: s3probe-report-TIME.json in this folder)",
    )
    _probing(command)
    _extent(command)


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
    command.add_argument(
        "--for",
        dest="reader",
        metavar="WHOSE",
        help="the fix in the words of one storage: that of an env file, of a file written by report, check "
        "--save-evidence or --format json, or of an S3 endpoint",
    )
    _plain(command)
    command.add_argument(
        "--html",
        metavar="FOLDER",
        type=values.new_folder,
        help="write a site with a page for every finding there, FOLDER/findings/ID.html",
    )
    command.add_argument(
        "--base-url",
        metavar="URL",
        type=values.base_url,
        help="with --html: where the site will lie, for canonical links and a sitemap (default: the address that the "
        "package names, if it does)",
    )


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
    "report": _report,
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
        choices=LOADERS,
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
    command.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    _output(command)
    command.add_argument("-q", "--quiet", action="store_true", help="print nothing unless there is something to act on")
    how_much = command.add_mutually_exclusive_group()
    how_much.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="in text: every action, every fix at length, failed requests as commands, and the settings",
    )
    how_much.add_argument("--brief", action="store_true", help="in text: at most 12 lines, for a chat")
    _plain(command)
    command.add_argument(
        "--fail-on", choices=("warning", "failure"), default="failure", help="what makes the status non-zero"
    )
    command.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto; NO_COLOR is honoured"
    )


def _plain(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--plain",
        action="store_true",
        help="in text: one fact a line behind its label, no table, picture or colour; for screen readers and e-mail",
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


def _extent(command: argparse.ArgumentParser, thorough_too: str = "") -> None:
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
        help=f"ask strangers' questions at every address, which takes more than 40 requests{thorough_too}",
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


def wants_nagios(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a monitor reads the output, told from the bare arguments: parsing them may be what failed."""
    args = list(sys.argv[1:] if argv is None else argv)
    named = [after for word, after in pairwise([*args, ""]) if word == "--format"]
    named += [word.removeprefix("--format=") for word in args if word.startswith("--format=")]
    if not named and (not args or args[0] == "check" or args[0] not in COMMANDS):
        named = [environ.get(f"{defaults.PREFIX}FORMAT", "")]
    return "nagios" in named

"""``s3probe report``: one file to attach to an issue about a wrong answer."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe import ISSUES
from s3probe.cli.console import Console
from s3probe.cli.errors import BUG, UsageError, advised, own_trace
from s3probe.cli.leftovers import named_on_the_way_out
from s3probe.cli.signals import interruption
from s3probe.cli.sources import env_files, load_settings, options_for, selection_of
from s3probe.examination import Examined, check, lint

if TYPE_CHECKING:
    from s3probe.evidence.reported import Expected
    from s3probe.settings.model import Settings

STANDARD_OUTPUT = "-"
FORM = f"{ISSUES}/new?template=wrong-answer.yml"
_NOT_ASKED_FOR = ("command", "env_files", "expected", "output", "begun")
"""What of the arguments says nothing of the examination."""


def run(args: Namespace, console: Console) -> int:
    """Examines, asks what was expected where a person can say it, and writes the file.

    The status is 0 when the file is written, whatever it says of the storage; 70 when a bug ended the examination,
    which the file then tells of.
    """
    from s3probe.cli.expected import can_answer

    _refuse_place(args.output)
    file = env_files(args)[0]
    settings = load_settings(file, args, console)
    kept: list[Examined] = []
    try:
        examined, error = _examined(settings, args, console, kept)
    except KeyboardInterrupt:
        # whoever ends the trials loses only them
        if kept:
            _hand_over(kept[-1], args.expected, "", args, console)
        raise
    expected = args.expected
    try:
        if expected is None and file != "-" and can_answer(console):
            expected = _ask(examined, console)
    finally:
        # a signal while a person thinks costs the answer alone
        _hand_over(examined, expected, error, args, console)
    return BUG if error else 0


def _refuse_place(output: Path | None) -> None:
    """Raises :class:`UsageError` for what cannot take a new file: before anything is asked, not after it."""
    from s3probe.cli.files import led_to

    if output is not None and (str(output) == STANDARD_OUTPUT or _is_passed_on(output)):
        return
    if output is not None and os.path.lexists(output):
        raise UsageError(
            f"{output} is there already, and a report takes no file's place",
            "Name another one, or - for standard output.",
        )
    folder = Path() if output is None else output.parent
    with suppress(OSError):  # what is no folder is told of below
        led_to(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        problem = f"No file can be written in the folder {folder}"
        if folder == Path():
            problem = "No file can be written in this folder"
        elif not folder.is_dir():
            problem = f"No file can be written in {folder}, which is no folder"
        raise UsageError(problem, "Name one elsewhere: --output FILE, or - for standard output.")


def _is_passed_on(output: Path) -> bool:
    """Whether somebody reads it from a pipe or a device, and no file is left."""
    return output.exists() and not output.is_file()


def _examined(settings: Settings, args: Namespace, console: Console, kept: list[Examined]) -> tuple[Examined, str]:
    """What was seen, and the traceback of the bug that ended it: then what the file alone shows."""
    from s3probe.cli.tools import tools_for

    selection = selection_of(args.only, args.skip)
    try:
        with named_on_the_way_out(console) as left, closing(tools_for(settings, console, left)) as tools:
            examined = check(settings, options_for(args, selection), tools, selection, keep=kept.append)
    except Exception as error:
        if advised(error) is not None or interruption(error) is not None:
            raise
        said = console.clean(f"{type(error).__name__}: {error}")
        console.say(f"s3probe has a bug, and the examination ended with it: {said}")
        return lint(settings, selection), own_trace(error)
    for line in left.lines():
        console.say(line)
    return examined, ""


def _ask(examined: Examined, console: Console) -> Expected | None:
    """Shows what was said, and asks for what was expected."""
    from s3probe.cli.expected import ask
    from s3probe.report.words import verdict_and_cause

    found = ", ".join(one.id for one in examined.findings)
    console.say(f"s3probe says: {verdict_and_cause(examined.report)}.")
    if found:
        console.say(f"Findings: {found}.")
    return ask(console)


def _hand_over(examined: Examined, expected: Expected | None, error: str, args: Namespace, console: Console) -> None:
    """Writes the file, and says where it belongs."""
    from s3probe.cli.files import write_atomically
    from s3probe.cli.versions import versions
    from s3probe.codec import dump
    from s3probe.evidence.reported import Reported

    said = examined.report
    reported = Reported(
        expected,
        said.verdict.value,
        tuple(one.id for one in said.findings),
        tuple(_options(args)),
        versions(examined.evidence.run),
        error,
    )
    text = dump(examined.evidence, examined.settings, examined.diagnosis, examined.trials, reported)
    if str(args.output) == STANDARD_OUTPUT:
        console.result(text)
        return
    if args.output is not None and _is_passed_on(args.output):
        write_atomically(args.output, text)
        return
    path = _written(text, args.output, console)
    console.say(f"This file is for you to look through, and to attach to an issue: {FORM}")
    console.say("No secret is in it. It names your bucket, its hosts and your instance, as the issue will, too.")
    if expected is None:
        console.say("It does not say what you expected: say so in the issue, or run this again with --expected TEXT.")
    console.result(f"{path}\n")


def _written(text: str, output: Path | None, console: Console) -> Path:
    """Writes a new file, and returns its path: that which was named, or one that is free."""
    from s3probe.cli.files import write_new

    for path in _places(output, console):
        try:
            write_new(path, text)
        except FileExistsError:
            continue
        return path
    raise AssertionError("there is always a free name")


def _places(output: Path | None, console: Console) -> Iterator[Path]:
    """Where somebody else has taken the name meanwhile, the report is not lost."""
    if output is not None:
        yield output
    name = f"s3probe-report-{console.now():%Y%m%dT%H%M%SZ}"
    for number in count():
        yield Path(f"{name}{f'-{number}' if number else ''}.json")


def _options(args: Namespace) -> Iterator[str]:
    """The options that were given, as they may be given again."""
    from s3probe.cli.parser import parse

    usual = vars(parse(["report"]))
    for name, value in vars(args).items():
        if name in _NOT_ASKED_FOR or value == usual[name]:
            continue
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
        else:
            shown = ",".join(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
            yield f"{option} {shown}"

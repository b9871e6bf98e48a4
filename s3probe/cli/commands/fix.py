"""``s3probe fix``: the change of the env file that the failures ask for."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.cli import changes
from s3probe.cli.console import Console
from s3probe.cli.errors import BUG, UsageError
from s3probe.cli.leftovers import named_on_the_way_out
from s3probe.cli.rewrite import content_of, rewrite
from s3probe.cli.signals import postponed
from s3probe.cli.sources import env_files, load_settings, options_for, selection_of
from s3probe.diagnosis.model import Severity
from s3probe.examination import Examined, check
from s3probe.report.formats import RenderOptions, exit_status

if TYPE_CHECKING:
    from s3probe.report.patch import Choice, Patch
    from s3probe.settings.edit import Read
    from s3probe.settings.model import Environment


def run(args: Namespace, console: Console) -> int:
    """Examines, prints the diff of the lines that were tried, and with ``--write`` makes the change.

    The status is that of the examination; after a change 0, or 2 where a failure is left.
    """
    from s3probe.cli.tools import tools_for
    from s3probe.report.patch import patch, proven
    from s3probe.settings.sources import unreadable

    _refuse_untried(args)
    file = env_files(args)[0]
    if not isinstance(file, Path):
        raise UsageError("fix needs an env file to change", "Name it: s3probe fix .env.production")
    selection = selection_of(args.only, args.skip)
    try:
        before = content_of(file)
    except OSError as error:
        raise unreadable(file, error) from None
    settings = load_settings(file, args, console)
    kept: list[Examined] = []
    with named_on_the_way_out(console) as left:
        try:
            options, tools = options_for(args, selection), tools_for(settings, console, left)
            examined = check(settings, options, tools, selection, keep=kept.append, way=args.choose)
        except KeyboardInterrupt:
            changes.say_seen(kept, console)
            raise
    read = _reader(file, args)
    text = before.decode("utf-8", "surrogateescape")
    _refuse_another(file, settings.environment, read(text))
    chosen = _chosen(examined, args.choose)
    made = patch(proven(chosen if args.choose == 1 else chosen[:1]), settings.environment, str(file), text, read)
    changes.show(file, made, console)
    changes.say_rest(examined, chosen, made, str(file), console)
    if made.after == text:
        changes.say_unchanged(file, examined, console)
        return exit_status([examined.report], RenderOptions())
    if not args.write:
        console.say(
            f"Nothing was changed. s3probe fix --write {_choice(args)}{shlex.quote(str(file))} makes this change."
        )
        return exit_status([examined.report], RenderOptions())
    with postponed():
        backup = rewrite(file, before, made.after.encode("utf-8", "surrogateescape"))
        console.say(f"{file} was changed; the old one is {backup}.")
    console.say("Restart Mastodon (web and Sidekiq), then run s3probe check.")
    return _status(examined, chosen, made)


def _refuse_untried(args: Namespace) -> None:
    """Nothing can be written where nothing may be tried."""
    without = "--no-trials" if args.no_trials else "--only" if args.only else ""
    if args.write and without:
        raise UsageError(
            f"fix --write makes only changes that were tried, and with {without} nothing is tried",
            f"Leave {without} out, or leave --write out to see what could be changed.",
        )


def _choice(args: Namespace) -> str:
    return f"--choose {args.choose} " if args.choose != 1 else ""


def _reader(file: Path, args: Namespace) -> Read:
    """Reads a text as the file was read: by itself, and together with all other sources."""
    from s3probe.settings.model import NoteKind
    from s3probe.settings.sources import SettingsError, load

    environ = dict(os.environ) if args.environ else None

    def read(text: str) -> tuple[dict[str, str], ...] | None:
        content = text.encode("utf-8", "surrogateescape")
        try:
            alone = load(file, siblings=False, loader=args.loader, content=content)
            whole = load(file, environ=environ, loader=args.loader, content=content)
        except SettingsError:
            return None
        if any(note.kind is NoteKind.LOADER_REFUSES for note in whole.notes):
            return None
        return tuple({name: v.value for name, v in seen.variables.items()} for seen in (alone, whole))

    return read


def _refuse_another(file: Path, examined: Environment, now: tuple[object, ...] | None) -> None:
    if now is None or now[-1] != {name: variable.value for name, variable in examined.variables.items()}:
        raise UsageError(f"{file} was changed by someone else meanwhile", "Run s3probe fix again.")


def _chosen(examined: Examined, number: int) -> list[Choice]:
    from s3probe.report.patch import choices

    try:
        return choices(examined.findings, number)
    except IndexError:
        first = next(finding for finding in examined.findings if finding.severity is Severity.FAILURE)
        ways = len(first.alternatives)
        raise UsageError(
            f"The first failure has {ways} fix{'es' * (ways != 1)}, so there is no fix {number}: {first.title}",
            f"s3probe explain {first.id} says more.",
        ) from None


def _status(examined: Examined, chosen: Sequence[Choice], made: Patch) -> int:
    """After a change: whether the trial of these lines left no failure."""
    from s3probe.diagnosis.changes import key_of

    written = frozenset((line.fix.variable, line.fix.value) for line in made.lines)
    after = next((one for one in examined.trials if key_of(one.changes) == written), None)
    fixed = {line.finding.id for line in made.lines}
    left = [choice for choice in chosen if choice.finding.id not in fixed]
    if after is not None:
        # another way may have ended what has a way of its own as well
        left = [choice for choice in left if not choice.was_tried or choice.finding.id in after.failures]
    if left or (after is not None and after.failures):
        return 2
    return BUG if examined.report.rule_errors else 0

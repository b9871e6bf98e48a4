"""``s3probe fix``: the change of the env file that the findings ask for."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.leftovers import named_on_the_way_out
from s3probe.cli.rewrite import rewrite
from s3probe.cli.sources import env_files, load_settings, options_for, selection_of
from s3probe.examination import Examined, check
from s3probe.report.fix_words import fix_in_words
from s3probe.report.formats import RenderOptions, exit_status
from s3probe.report.words import rule_errors


def run(args: Namespace, console: Console) -> int:
    """Examines, prints the diff, and with ``--write`` makes the change. The status is that of the examination."""
    from s3probe.probe.tools import default_tools
    from s3probe.report.patch import env_patch, first_fixes, sort_out, unified_diff

    file = env_files(args)[0]
    if not isinstance(file, Path):
        raise UsageError("fix needs an env file to change", "Name it: s3probe fix .env.production")
    selection = selection_of(args.only, args.skip)
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is not an ordinary file, and fix changes one", "Name the file itself.")
    settings = load_settings(file, args, console)
    before = _bytes(file)
    with named_on_the_way_out(console) as left:
        tools = replace(
            default_tools(settings, progress=console.progress), cleaned=left.of(settings), signing=console.learn_pair
        )
        examined = check(settings, options_for(args, selection), tools, selection)
    fixes, refused = sort_out(first_fixes(examined.findings), settings.environment, str(file))
    text = before.decode("utf-8", "surrogateescape")
    after = env_patch(text, fixes)
    console.result(unified_diff(text, after, str(file), {fix.variable for fix in fixes}))
    _say_rest(examined, [refusal.advice for refusal in refused], console)
    if after == text:
        healthy = not examined.findings and not examined.diagnosis.rule_errors
        console.say(f"Nothing in {file} needs to change." if healthy else f"{file} stays as it is.")
    elif args.write:
        backup = rewrite(file, before, after.encode("utf-8", "surrogateescape"))
        console.say(f"{file} was changed; the old one is {backup}.")
        console.say("Restart Mastodon (web and Sidekiq), then run s3probe check.")
    else:
        console.say(f"Nothing was changed. s3probe fix --write {file} makes this change.")
    return exit_status([examined.report], RenderOptions())


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "Check the path and its rights.") from None


def _say_rest(examined: Examined, refusals: list[str], console: Console) -> None:
    """What no change of this file fixes."""
    for advice in refusals:
        console.say(f"By hand: {advice}")
    for finding in examined.report.findings:
        if finding.fixes and not any(fix.kind == "env" for fix in finding.fixes):
            first = fix_in_words(finding.fixes[0], "")
            console.say(f"Not in this file: {finding.title}. {first.lead.rstrip('.')}{':' if first.block else '.'}")
            for line in first.block.splitlines():
                console.say(f"    {line}")
    for line in rule_errors(examined.report):
        console.say(f"{line}.")

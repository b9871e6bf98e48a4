"""``s3probe sweep``: removes what killed probes left behind."""

from __future__ import annotations

from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.sources import env_files, load_settings
from s3probe.cli.state import refuse_no_file
from s3probe.records import replace


def run(args: Namespace, console: Console) -> int:
    """Says what was found and removed. Status 2 when something could not be removed."""
    from s3probe.cli.notes import FileNotes
    from s3probe.diagnosis.model import Diagnosis
    from s3probe.evidence.observations import Evidence, Run
    from s3probe.probe.sweep import sweep
    from s3probe.probe.tools import default_tools
    from s3probe.report.assemble import assemble
    from s3probe.report.fix_words import removal_commands
    from s3probe.report.words import count

    if args.state is not None:
        refuse_no_file(args.state)
    settings = load_settings(env_files(args)[0], args, console)
    tools = replace(default_tools(settings), notes=FileNotes(args.state, console.say), signing=console.learn_pair)
    hidden: list[str] = []
    swept = sweep(settings, tools, older_than_seconds=args.older_than, dry_run=args.dry_run, tell=hidden.append)
    for told in hidden:
        console.say(told)
    found = count(swept.created, "object")
    if not swept.created:
        now = "No probe left anything behind that could be removed now.\n"
        console.result(now if hidden else "No probe left anything behind.\n")
        return 0
    if args.dry_run:
        listed = "".join(f"{name}\n" for name in swept.left_behind)
        console.result(f"{found} of earlier probes would be removed:\n{listed}")
        return 0
    console.result(f"{found} of earlier probes found, {swept.removed} removed.\n")
    if not swept.left_behind:
        return 0
    report = replace(assemble(settings, Evidence(Run("", "", 0.0, "sweep"), cleanup=swept), Diagnosis()))
    console.say("The rest could not be removed. These commands do it:")
    for command in removal_commands(report):
        console.say(f"    {command}")
    return 2

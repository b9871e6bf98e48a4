"""``s3probe lint``: what the file alone shows."""

from __future__ import annotations

from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.errors import BUG
from s3probe.cli.many import examine_all
from s3probe.cli.place import place
from s3probe.cli.showing import show
from s3probe.cli.signals import Stop
from s3probe.cli.sources import EnvFile, env_files, load_settings, selection_of
from s3probe.examination import Examined, lint


def run(args: Namespace, console: Console) -> int:
    """Judges every env file without any network."""
    selection = selection_of(args.only, args.skip)

    def work(file: EnvFile, _stop: Stop | None) -> Examined:
        return lint(load_settings(file, args, console), selection)

    outcomes = examine_all(env_files(args), work, console, jobs=args.jobs)
    status = show([one.report for one in outcomes.examined], args, console, outcomes.unexamined, place=place())
    return BUG if outcomes.bug and args.format != "nagios" else status

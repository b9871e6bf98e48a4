"""``s3probe check``: the whole examination."""

from __future__ import annotations

from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.errors import BUG, UsageError
from s3probe.cli.examination import Examined, check, options_for
from s3probe.cli.leftovers import Leftovers, named_on_the_way_out
from s3probe.cli.many import Outcomes, Work, examine_all
from s3probe.cli.ping import ping, read_ping_url
from s3probe.cli.showing import show
from s3probe.cli.signals import Stop
from s3probe.cli.sources import EnvFile, Selection, env_files, load_settings, name_of


def run(args: Namespace, console: Console) -> int:
    """Examines every env file, shows the reports, and tells the dead man's switch."""
    url = read_ping_url(args.ping_url_file, console) if args.ping_url_file is not None else None
    try:
        status = _check(args, console)
    except Exception:
        if url is not None:
            ping(url, BUG, console)
        raise
    if url is not None:
        ping(url, status, console)
    return status


def _check(args: Namespace, console: Console) -> int:
    selection = Selection(args.only, args.skip)
    files = env_files(args)
    if args.save_evidence is not None and len(files) > 1:
        raise UsageError("--save-evidence takes one env file at a time", "Run s3probe check once for each file.")
    with named_on_the_way_out(console) as left:
        outcomes = examine_all(files, _worker(args, console, selection, left), console, jobs=args.jobs)
        if args.save_evidence is not None and outcomes.examined:
            _save(outcomes, args)
        status = show([one.report for one in outcomes.examined], args, console, outcomes.unexamined)
    if outcomes.bug and status != 2:
        return 3 if args.format == "nagios" else BUG
    return status


def _worker(args: Namespace, console: Console, selection: Selection, left: Leftovers) -> Work:
    from dataclasses import replace

    from s3probe.probe.tools import default_tools

    options = options_for(args, selection)

    def work(file: EnvFile, stop: Stop | None) -> Examined:
        settings = load_settings(file, args, console)

        def progress(line: str) -> None:
            console.progress(f"{name_of(file)}: {line}")

        tools = replace(default_tools(settings, progress=progress), cleaned=left.of(settings))
        return check(settings, options, tools, selection, stop)

    return work


def _save(outcomes: Outcomes, args: Namespace) -> None:
    from s3probe.cli.files import write_atomically
    from s3probe.codec import dump

    one = outcomes.examined[0]
    write_atomically(args.save_evidence, dump(one.evidence, one.settings, one.findings), mode=0o600)

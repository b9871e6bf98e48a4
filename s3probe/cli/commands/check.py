"""``s3probe check``: the whole examination."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import BUG, UsageError, status_for
from s3probe.cli.leftovers import Leftovers, named_on_the_way_out
from s3probe.cli.lock import BusyError, default_lock, hold
from s3probe.cli.many import Outcomes, Work, examine_all
from s3probe.cli.ping import TIMEOUT, Ping, read_ping_url
from s3probe.cli.place import place
from s3probe.cli.room import room
from s3probe.cli.showing import show
from s3probe.cli.signals import Stop
from s3probe.cli.sources import EnvFile, env_files, load_settings, name_of, options_for, selection_of
from s3probe.cli.state import Memory, compare, load, refuse_no_file, save
from s3probe.examination import Examined, Selection, check
from s3probe.report.assemble import source_of
from s3probe.report.formats import RenderOptions, Standpoint, format_named
from s3probe.report.nagios import render, unknown

if TYPE_CHECKING:
    from s3probe.cli.trace import Trace
    from s3probe.settings.model import Credentials

SHORTEST_PING = 1.0
"""Seconds that the last call has in any case, and what is left of the time when it ends."""


def run(args: Namespace, console: Console) -> int:
    """Examines every env file, shows the reports, and tells the dead man's switch."""
    if args.list_actions:
        console.result(_actions(plain=args.plain))
        return 0
    if args.plan:
        from s3probe.cli.planned import run as show_plan

        return show_plan(args, console)
    trace = _tracing(args)
    ping = Ping(read_ping_url(args.ping_url_file, console), console) if args.ping_url_file is not None else None
    try:
        with alone(args, env_files(args)):
            if ping is not None:
                ping.start()
            with _written(trace, console) as unwritten:
                status, summary = _check(args, console, trace)
        if unwritten and status != 2:
            status = 3 if args.format == "nagios" else status_for(unwritten[0])
    except BusyError as busy:
        console.trouble(busy.message, busy.advice)
        if args.format == "nagios":
            console.result(unknown(busy.message))
        return 3  # the other run tells the switch
    except Exception as error:
        if ping is not None:
            ping.end(status_for(error), f"s3probe ended early: {type(error).__name__}: {error}")
        raise
    if ping is not None:
        # one run and its clean-up have an end, and this belongs to it
        ping.end(status, summary, min(max(_left(args) - SHORTEST_PING, SHORTEST_PING), TIMEOUT))
    return status


def _tracing(args: Namespace) -> Trace | None:
    """What ``--trace`` wants. Raises :class:`UsageError` for a file that cannot be written: nothing is asked then."""
    if args.trace is None:
        return None
    from s3probe.cli.trace import Trace

    return Trace(args.trace)


@contextmanager
def _written(trace: Trace | None, console: Console) -> Iterator[list[UsageError]]:
    """Writes the trace when all is asked, also where that ends early. Yields what will hold why it could not be."""
    unwritten: list[UsageError] = []
    try:
        yield unwritten
    finally:
        unwritten += _unwritten(trace.write) if trace is not None else []
        for error in unwritten:
            console.trouble(error.message, error.advice)


def _actions(*, plain: bool) -> str:
    """What ``--only`` and ``--skip`` may name beside findings."""
    from s3probe.evidence.vocabulary import ACTIONS

    width = max(map(len, ACTIONS))
    titles = {name: action.row.title.format(acl="of S3_PERMISSION") for name, action in ACTIONS.items()}
    if plain:
        return "".join(f"Action: {name}. {title}.\n" for name, title in titles.items())
    return "".join(f"{name:<{width}}  {title}\n" for name, title in titles.items())


def _left(args: Namespace) -> float:
    """Seconds that are left to the whole run."""
    from s3probe.probe.tools import ProbeOptions

    whole = args.deadline + ProbeOptions().cleanup_deadline
    return float(args.begun + whole - time.monotonic()) if len(env_files(args)) == 1 else TIMEOUT


def _check(args: Namespace, console: Console, trace: Trace | None) -> tuple[int, str]:
    """The status, and what happened in a few lines."""
    selection = selection_of(args.only, args.skip)
    files = env_files(args)
    if args.remind is not None and args.state is None:
        raise UsageError("--remind (S3PROBE_REMIND) needs --state FILE (S3PROBE_STATE)", "Else nothing is remembered.")
    if args.save_evidence is not None and len(files) > 1:
        advice = "Run s3probe check once for each file."
        raise UsageError("--save-evidence (S3PROBE_SAVE_EVIDENCE) takes one env file at a time", advice)
    with named_on_the_way_out(console) as left:
        before, lost = load(args.state) if args.state is not None else (Memory(), "")
        if lost:
            console.say(lost)
        format_named(args.format, plain=args.plain)  # loaded while there are descriptors and memory
        space = room()
        jobs = space.files_at_a_time(min(args.jobs, len(files)))
        workers = space.requests_at_a_time() if jobs == 1 else None
        kept: dict[EnvFile, Examined] = {}
        try:
            work = _worker(args, console, selection, left, workers, kept, trace)
            outcomes = examine_all(files, work, console, jobs=jobs)
        except KeyboardInterrupt:
            # whoever ends the trials loses only them
            if kept:
                show([one.report for one in kept.values()], args, console, place=place())
            raise
        unwritten = _save(outcomes, args)
        reports = [one.report for one in outcomes.examined]
        news = None
        if args.state is not None:
            news = compare(before, reports, outcomes.unexamined, console.now(), args.remind)
        status = show(reports, args, console, outcomes.unexamined, news, _place(outcomes.examined, files))
        if news is not None:
            # after the output: a change that could not be shown is shown next time
            unwritten += _unwritten(lambda: save(args.state, news.after))
    for error in unwritten:
        console.trouble(error.message, error.advice)
        if status != 2:
            status = 3 if args.format == "nagios" else status_for(error)
    if outcomes.bug and status != 2:
        status = 3 if args.format == "nagios" else BUG
    return status, render(reports, RenderOptions(unexamined=outcomes.unexamined))


def alone(args: Namespace, files: Sequence[EnvFile]) -> AbstractContextManager[None]:
    """Runs that are made for cron do not overlap; a user without a folder has to see to that without us."""
    if args.state is not None:
        with suppress(OSError):  # what cannot be looked at is told of when it is read
            refuse_no_file(args.state)
        return hold(args.state.with_name(f"{args.state.name}.lock"))
    if args.quick:
        lock = default_lock(tuple(name_of(f) if f is None or f == "-" else str(f.resolve()) for f in files))
        return hold(lock) if lock is not None else nullcontext()
    return nullcontext()


def _place(examined: Sequence[Examined], files: Sequence[EnvFile]) -> Standpoint:
    """Where the reports were made, and once where the Mastodon lives whose files they are about."""
    from pathlib import Path

    names = [str(file) for file in files if isinstance(file, Path)]
    of_files = [one.settings.environment.variables for one in examined if source_of(one.settings) in names]
    return place(names[0], of_files[0]) if of_files else place()


def _worker(
    args: Namespace,
    console: Console,
    selection: Selection,
    left: Leftovers,
    workers: int | None,
    kept: dict[EnvFile, Examined],
    trace: Trace | None,
) -> Work:
    """What examines one file. ``workers``: how many requests there is room for at a time; ``None``: as many as usual.

    What was seen before a file's trials begin is put into ``kept``, and each request into ``trace``.
    """
    from s3probe.cli.notes import FileNotes
    from s3probe.cli.proofs import FileProofs
    from s3probe.probe.ahead import AT_FIRST
    from s3probe.probe.progress import Asking, silent
    from s3probe.probe.tools import default_tools
    from s3probe.records import replace

    options = options_for(args, selection)
    if workers is not None:
        options = replace(options, workers=min(options.workers, workers))

    several = len(env_files(args)) > 1

    def work(file: EnvFile, stop: Stop | None) -> Examined:
        settings = load_settings(file, args, console)

        def progress(asking: Asking) -> AbstractContextManager[object]:
            if args.plain:
                return silent(asking)  # a line that changes would be read out again and again
            return console.progress(asking, f"{name_of(file)}: " if several else "")

        def keep(seen: Examined) -> None:
            kept[file] = seen

        def signing(pair: Credentials) -> None:
            console.learn_pair(pair)
            if trace is not None:
                trace.learn_pair(pair)

        recorder = trace.of(name_of(file), settings) if trace is not None else None
        tools = replace(
            default_tools(
                settings,
                progress=progress,
                connections=1 if args.quick else AT_FIRST,
                instance=not options.mastodon_version,
                recorder=recorder,
            ),
            cleaned=left.of(settings),
            notes=FileNotes(args.state, console.say),
            signing=signing,
            removing=console.removing,
        )
        try:
            proofs = FileProofs(args.state, settings) if args.quick or args.state is not None else None
            return check(settings, options, tools, selection, stop, keep, proofs=proofs)
        finally:
            tools.close()  # the next file needs the descriptors

    return work


def _save(outcomes: Outcomes, args: Namespace) -> list[UsageError]:
    """Writes the evidence where it is wanted. Why it could not be: the report is shown all the same."""
    if args.save_evidence is None or not outcomes.examined:
        return []
    from s3probe.cli.files import write_atomically
    from s3probe.codec import dump

    one = outcomes.examined[0]
    text = dump(one.evidence, one.settings, one.diagnosis, one.trials)
    return _unwritten(lambda: write_atomically(args.save_evidence, text, mode=0o600))


def _unwritten(write: Callable[[], None]) -> list[UsageError]:
    try:
        write()
    except UsageError as error:
        return [error]
    return []

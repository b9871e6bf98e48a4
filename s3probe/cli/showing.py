"""Shows reports as the arguments want them, and returns the exit status."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.report.formats import Standpoint, Unexamined, exit_status, format_named, needs_attention
from s3probe.report.model import Report

if TYPE_CHECKING:
    from s3probe.cli.state import News

_FOR_MACHINES = {"junit", "nagios", "prometheus"}
"""Formats that also say which file could not be examined: their readers never see standard error."""


def show(
    reports: Sequence[Report],
    args: Namespace,
    console: Console,
    unexamined: Sequence[Unexamined] = (),
    news: News | None = None,
    place: Standpoint | None = None,
) -> int:
    """Writes the result where it belongs. ``--quiet`` silences standard output, never a file; so does no news.

    ``place``: where the reports were made, if it was here and now.
    """
    options = console.options(
        args.color,
        fail_on_warning=args.fail_on == "warning",
        to_file=args.output is not None,
        unexamined=tuple(unexamined),
        verbose=args.verbose,
        brief=args.brief,
        place=place,
    )
    status = exit_status(reports, options)
    for_people = args.format in ("text", "markdown") and args.output is None
    if news is not None and for_people:
        if not news.worth_telling:
            return status
        console.result("".join(f"{line}\n" for line in [*news.lines(console.now()), ""]))
    if not reports and args.format not in _FOR_MACHINES:
        return _for_monitor(status, args)  # what is wrong stands on standard error already
    shown = list(reports)
    if args.quiet and args.output is None:
        if not unexamined and not any(map(needs_attention, reports)):
            return _for_monitor(status, args)
        if for_people:
            shown = [report for report in reports if needs_attention(report)]
    console.result(format_named(args.format, plain=args.plain).render(shown, options), args.output)
    return _for_monitor(status, args)


def _for_monitor(status: int, args: Namespace) -> int:
    return 3 if args.format == "nagios" and status in (64, 70) else status

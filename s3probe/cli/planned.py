"""``s3probe check --plan``: what a check would do with these files and options. Nothing is asked."""

from __future__ import annotations

from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError, advised, status_for
from s3probe.cli.ping import read_ping_url
from s3probe.cli.sources import env_files, load_settings, name_of, options_for, selection_of
from s3probe.cli.width import columns
from s3probe.planning import json_form, plain, text
from s3probe.planning.make import plan_of
from s3probe.planning.model import Plan
from s3probe.planning.places import origin_of

_FORMS = ("text", "json")


def run(args: Namespace, console: Console) -> int:
    """Prints a plan for every env file. One that cannot be read stops no other, and decides the status."""
    if args.format not in _FORMS:
        raise UsageError(
            f"--plan prints text or JSON, and --format {args.format} has no form for a plan",
            "Leave --format (S3PROBE_FORMAT) out, or take --format json.",
        )
    options = options_for(args, selection_of(args.only, args.skip))
    ping = origin_of(read_ping_url(args.ping_url_file, console).reveal()) if args.ping_url_file is not None else ""
    plans: list[Plan] = []
    unread: list[tuple[str, str]] = []
    status = 0
    for file in env_files(args):
        try:
            plans.append(plan_of(load_settings(file, args, console), options, ping))
        except Exception as error:
            if (told := advised(error)) is None:
                raise
            console.trouble(*told)
            unread.append((name_of(file), console.clean(told[0])))
            status = status_for(error)
    if plans or (unread and args.format == "json"):
        console.result(_rendered(plans, unread, args, console), args.output)
    return status


def _rendered(plans: list[Plan], unread: list[tuple[str, str]], args: Namespace, console: Console) -> str:
    shown = console.options(args.color, fail_on_warning=False, to_file=args.output is not None)
    if args.format == "json":
        return json_form.render(plans, unread, ascii_only=shown.ascii)
    others = unread if len(plans) + len(unread) > 1 else ()
    if args.plain:
        return plain.render(plans, others, ascii_only=shown.ascii)
    return text.render(plans, others, width=columns(), ascii_only=shown.ascii)

"""``s3probe demo``: the same examination against an embedded S3."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError, did_you_mean
from s3probe.cli.extra import advice
from s3probe.cli.place import place
from s3probe.cli.showing import show
from s3probe.cli.sources import options_for
from s3probe.cli.width import columns
from s3probe.examination import EVERYTHING, Examined, check
from s3probe.records import replace

if TYPE_CHECKING:
    from s3probe.sandbox.examples import Example
    from s3probe.sandbox.scenario import Scenario
    from s3probe.settings.model import Settings

_BREAK_IT = (
    "That was an S3 within this program. Break it: s3probe demo --fault acl-disabled-bucket-owner-enforced "
    "(s3probe demo --list names all faults)."
)
DEMO_FILE = ".env.production"
"""What the scenario's env file is called in the report. It is never on the disk."""


def run(args: Namespace, console: Console) -> int:
    """Starts the sandbox, healthy or with a fault, and runs the very same check."""
    try:
        example = _example(args.fault)
        if args.list:
            console.result(_faults())
            return 0
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("s3probe"):
            raise
        raise UsageError(
            f"The demo needs the embedded S3, and the package {missing.name} is not installed", advice()
        ) from None
    status = show([_examine(example, args, console).report], args, console, place=place())
    if args.fault is None and not args.quiet and args.format == "text":
        width = max(40, columns())
        console.say(_BREAK_IT if args.plain else textwrap.fill(_BREAK_IT, width, break_on_hyphens=False))
    return status


def _faults() -> str:
    """All faults by category, each with the title of what is found."""
    from s3probe.knowledge.findings import entry
    from s3probe.report.explain import category_name
    from s3probe.sandbox.examples import EXAMPLES
    from s3probe.sandbox.faults import FAULTS

    categories = sorted({entry(name).category for name in FAULTS})
    lines = []
    for category in categories:
        lines += [category_name(category).upper(), *(f"  {n}" for n in FAULTS if entry(n).category == category), ""]
    lines += ["OTHER EXAMPLES", *(f"  {name}: {example.title}" for name, example in EXAMPLES.items()), ""]
    return "\n".join([*lines, "s3probe demo --fault ID shows one of them.", ""])


def _example(fault: str | None) -> Example:
    """What ``--fault`` names, or the healthy storage. Raises :class:`UsageError`."""
    # a package that is missing must show before anything is started
    for needed in ("moto.moto_server.werkzeug_app", "trustme"):
        import_module(needed)
    from s3probe.sandbox.examples import EXAMPLES, Example
    from s3probe.sandbox.faults import FAULTS
    from s3probe.sandbox.scenario import healthy

    if fault is None:
        return Example("", healthy())
    if fault in EXAMPLES:
        return EXAMPLES[fault]
    if fault not in FAULTS:
        raise UsageError(
            f"The demo has no fault {fault!r}.{did_you_mean(fault, (*FAULTS, *EXAMPLES))}",
            "s3probe demo --list names those that it can show.",
        )
    return Example("", FAULTS[fault].scenario())


def _examine(example: Example, args: Namespace, console: Console) -> Examined:
    """The check, with names resolved to the sandbox and its certificates trusted; all else is as it always is."""
    from s3probe.probe.progress import silent
    from s3probe.probe.tools import Tools
    from s3probe.probe.transport import HttpTransport
    from s3probe.sandbox.sandbox import Sandbox

    scenario, options = example.scenario, options_for(args, EVERYTHING)
    if example.deadline is not None:
        options = replace(options, deadline=min(options.deadline, example.deadline), begun=None)
    settings = demo_settings(scenario)
    console.learn_settings(settings)
    with Sandbox(scenario.world) as sandbox:
        transport = HttpTransport(ca_file=sandbox.ca_file, resolver=sandbox.resolve)
        progress = silent if args.plain else console.progress
        tools = Tools(transport, progress=progress, removing=console.removing)
        return check(settings, options, tools)


def demo_settings(scenario: Scenario) -> Settings:
    """What Mastodon would make of the scenario's env file, as if it had been read from :data:`DEMO_FILE`."""
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.sources import load

    read = load("-", stdin=BytesIO(scenario.env_text.encode()))
    variables = {name: replace(variable, source=DEMO_FILE) for name, variable in read.variables.items()}
    notes = tuple(replace(note, source=DEMO_FILE) for note in read.notes)
    return interpret(replace(read, variables=variables, sources=(DEMO_FILE,), notes=notes))

"""``s3probe demo``: the same examination against an embedded S3."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError, did_you_mean
from s3probe.cli.showing import show
from s3probe.cli.sources import options_for
from s3probe.examination import EVERYTHING, Examined, check

if TYPE_CHECKING:
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
        scenario = _scenario(args.fault)
        if args.list:
            console.result(_faults())
            return 0
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("s3probe"):
            raise
        raise UsageError(
            f"The demo needs the embedded S3, and the package {missing.name} is not installed",
            "Install it with: pip install 's3probe[sandbox]'",
        ) from None
    status = show([_examine(scenario, args, console).report], args, console)
    if args.fault is None and not args.quiet:
        console.say(_BREAK_IT)
    return status


def _faults() -> str:
    """All faults by category, each with the title of what is found."""
    from s3probe.knowledge.findings import entry
    from s3probe.report.explain import category_heading
    from s3probe.sandbox.faults import FAULTS

    categories = sorted({entry(name).category for name in FAULTS})
    lines = []
    for category in categories:
        lines += [category_heading(category), *(f"  {n}" for n in FAULTS if entry(n).category == category), ""]
    return "\n".join([*lines, "s3probe demo --fault ID shows one of them.", ""])


def _scenario(fault: str | None) -> Scenario:
    # a package that is missing must show before anything is started
    for needed in ("moto.moto_server.werkzeug_app", "trustme"):
        import_module(needed)
    from s3probe.sandbox.faults import FAULTS
    from s3probe.sandbox.scenario import healthy

    if fault is None:
        return healthy()
    if fault not in FAULTS:
        raise UsageError(
            f"The demo has no fault {fault!r}.{did_you_mean(fault, FAULTS)}",
            f"It can show: {', '.join(sorted(FAULTS))}",
        )
    return FAULTS[fault].scenario()


def _examine(scenario: Scenario, args: Namespace, console: Console) -> Examined:
    """The check, with names resolved to the sandbox and its certificates trusted; all else is as it always is."""
    from s3probe.probe.tools import Tools
    from s3probe.probe.transport import HttpTransport
    from s3probe.sandbox.sandbox import Sandbox

    settings = demo_settings(scenario)
    console.learn_settings(settings)
    with Sandbox(scenario.world) as sandbox:
        tools = Tools(HttpTransport(ca_file=sandbox.ca_file, resolver=sandbox.resolve), progress=console.progress)
        return check(settings, options_for(args, EVERYTHING), tools)


def demo_settings(scenario: Scenario) -> Settings:
    """What Mastodon would make of the scenario's env file, as if it had been read from :data:`DEMO_FILE`."""
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.sources import load

    read = load("-", stdin=BytesIO(scenario.env_text.encode()))
    variables = {name: replace(variable, source=DEMO_FILE) for name, variable in read.variables.items()}
    notes = tuple(replace(note, source=DEMO_FILE) for note in read.notes)
    return interpret(replace(read, variables=variables, sources=(DEMO_FILE,), notes=notes))

"""``s3probe explain``: what a finding means."""

from __future__ import annotations

import shutil
from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError


def run(args: Namespace, console: Console) -> int:
    """Prints one finding's page, or the list of all."""
    from s3probe.report.explain import UnknownFinding, explain, explain_list
    from s3probe.report.words import plain_ascii

    width = max(40, min(shutil.get_terminal_size().columns, 100))
    try:
        text = explain_list(width) if args.finding is None else explain(args.finding, width)
    except UnknownFinding as unknown:
        raise UsageError(str(unknown), "") from None
    ascii_only = console.options("never", fail_on_warning=False, to_file=False).ascii
    console.result(plain_ascii(text) if ascii_only else text)
    return 0

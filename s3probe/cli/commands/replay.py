"""``s3probe replay``: the report of a saved run, without any network."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.showing import show

_LARGEST = 32 * 1024 * 1024
"""Bytes. A saved run takes some 50 kB."""


def run(args: Namespace, console: Console) -> int:
    """Shows what was concluded then; with ``--again``, or when that was not kept, what is concluded now."""
    from s3probe.codec import load_saved
    from s3probe.diagnosis.engine import diagnose
    from s3probe.report.assemble import assemble

    saved = load_saved(_read(args.evidence))
    diagnosis, trials = saved.diagnosis, saved.trials
    if args.again or diagnosis is None:
        diagnosis = diagnose(saved.settings, saved.evidence)
        if trials:
            from s3probe.trying.again import concluded

            conclusions = concluded(saved.settings, saved.evidence, trials)
            diagnosis, trials = conclusions.diagnosis(), conclusions.trials()
    return show([assemble(saved.settings, saved.evidence, diagnosis, trials)], args, console)


def _read(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read(_LARGEST)
        with Path(name).open(encoding="utf-8") as stream:
            return stream.read(_LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"{name} cannot be read: {reason}", "Name a file that s3probe check --save-evidence FILE wrote."
        ) from None

"""``s3probe replay``: the report of a saved run, without any network."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.showing import show
from s3probe.settings.reading import read_bytes, read_input

_LARGEST = 32 * 1024 * 1024
"""Bytes. A saved run takes some 50 kB."""

_WHICH = "Name a file that s3probe check --save-evidence FILE wrote."


def run(args: Namespace, console: Console) -> int:
    """Shows what was concluded then; with ``--again``, or when that was not kept, what is concluded now."""
    from s3probe.codec import load_saved
    from s3probe.diagnosis.again import diagnose_again
    from s3probe.diagnosis.engine import diagnose
    from s3probe.report.assemble import assemble

    saved = load_saved(_read(args.evidence))
    diagnosis, trials = saved.diagnosis, saved.trials
    if args.again or diagnosis is None:
        if saved.as_if:
            diagnosis = diagnose_again(saved.settings, saved.evidence, trials)
        else:
            diagnosis = diagnose(saved.settings, saved.evidence)
            if trials:
                from s3probe.trying.again import concluded

                conclusions = concluded(saved.settings, saved.evidence, trials)
                diagnosis, trials = conclusions.diagnosis(), conclusions.trials()
    return show([assemble(saved.settings, saved.evidence, diagnosis, trials)], args, console)


def _read(name: str) -> str:
    try:
        data = read_input(_LARGEST + 1) if name == "-" else read_bytes(Path(name), _LARGEST + 1)
        if len(data) > _LARGEST:
            raise UsageError(f"{name} is larger than 32 MiB, so it is hardly an evidence file", _WHICH)
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{name} cannot be read: {reason}", _WHICH) from None

"""``s3probe replay``: the report of a saved run, without any network."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.showing import show
from s3probe.settings.reading import read_bytes, read_input

if TYPE_CHECKING:
    from s3probe.evidence.reported import Reported

_LARGEST = 32 * 1024 * 1024
"""Bytes. A saved run takes some 50 kB."""

_MOST_TOLD = 4000
"""Characters of each thing that a report says of itself."""

_WHICH = "Name a file that s3probe report or s3probe check --save-evidence FILE wrote."


def run(args: Namespace, console: Console) -> int:
    """Shows what was concluded then; with ``--again``, or when that was not kept, what is concluded now."""
    from s3probe.codec import load_saved
    from s3probe.diagnosis.again import diagnose_again
    from s3probe.diagnosis.engine import diagnose
    from s3probe.report.assemble import assemble

    saved = load_saved(_read(args.evidence))
    diagnosis, trials = saved.diagnosis, saved.trials
    if saved.reported is not None:
        _tell(saved.reported, console)
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


def _tell(reported: Reported, console: Console) -> None:
    """What a report for an issue says beside its evidence, on standard error: it is no result."""
    used = ", ".join(f"{name} {version}" for name, version in reported.versions.items())
    told = [f"Reported with {' '.join(['s3probe report', *reported.options])}; {used}."]
    if reported.expected is not None:
        told.append(f"Expected by whoever reported it: {' '.join(reported.expected.text.split())}")
    if reported.error:
        told.append(f"A bug ended that examination, so this is what the file alone shows:\n{reported.error}")
    for text in told:
        # a stranger's words: they neither steer the terminal nor fill it
        console.say(console.clean(text)[:_MOST_TOLD])


def _read(name: str) -> str:
    try:
        data = read_input(_LARGEST + 1) if name == "-" else read_bytes(Path(name), _LARGEST + 1)
        if len(data) > _LARGEST:
            raise UsageError(f"{name} is larger than 32 MiB, so it is hardly an evidence file", _WHICH)
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{name} cannot be read: {reason}", _WHICH) from None

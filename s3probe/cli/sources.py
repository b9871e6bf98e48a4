"""From the arguments to what an examination takes: settings, options and a selection."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.parser import DEFAULT_ENV_FILE
from s3probe.examination import Selection
from s3probe.settings.model import PROCESS_ENVIRONMENT, NoteKind, Settings

if TYPE_CHECKING:
    from s3probe.probe.tools import ProbeOptions

_OF_LOADERS = (NoteKind.LOADER_REFUSES, NoteKind.LOADER_DROPS)
"""Notes that say why there is no variable."""
EnvFile = Path | Literal["-"] | None
"""A file, standard input, or ``None`` for the process environment alone."""


def env_files(args: Namespace) -> list[EnvFile]:
    """The env files that were named, or what stands for them. Raises :class:`UsageError`."""
    named = (
        args.env_files if isinstance(args.env_files, list) else [args.env_files] if args.env_files is not None else []
    )
    if named.count("-") > 1:
        raise UsageError("Standard input can be read only once", "Name - one time, or give files.")
    if not named:
        return [None if args.environ else Path(DEFAULT_ENV_FILE)]
    return ["-" if name == "-" else Path(name) for name in named]


def name_of(env_file: EnvFile) -> str:
    """What an env file is called in messages."""
    return PROCESS_ENVIRONMENT if env_file is None else "standard input" if env_file == "-" else str(env_file)


def load_settings(env_file: EnvFile, args: Namespace, console: Console) -> Settings:
    """Reads one env file. From then on its secrets are scrubbed. Raises ``SettingsError``."""
    from s3probe.settings.mastodon import interpret
    from s3probe.settings.process import with_running
    from s3probe.settings.sources import SettingsError, load

    environ = dict(os.environ) if args.environ else None
    environment = load(env_file, environ=environ, loader=args.loader)
    if isinstance(env_file, Path):
        environment = with_running(environment, env_file)
    if not environment.variables and not any(note.kind in _OF_LOADERS for note in environment.notes):
        raise SettingsError(
            f"{name_of(env_file)} sets no variable at all",
            "Name Mastodon's env file (usually .env.production); inside a container or a pod use --environ.",
        )
    settings = interpret(environment)
    console.learn_settings(settings)
    return settings


def selection_of(only: Iterable[str], skip: Iterable[str]) -> Selection:
    """What ``--only`` and ``--skip`` name."""
    return Selection(frozenset(only), frozenset(skip))


def options_for(args: Namespace, selection: Selection) -> ProbeOptions:
    """What the arguments ask of the probe."""
    from s3probe.probe.tools import ProbeOptions

    quick, read_only = getattr(args, "quick", False), getattr(args, "read_only", False)
    return ProbeOptions(
        profile="quick" if quick else "read-only" if read_only else "full",
        deadline=args.deadline,
        begun=_begun(args),
        only=selection.only,
        skip=selection.skip,
        mastodon_version=getattr(args, "mastodon_version", None),
        # a checklist for launch day is made once, and every box should be decided
        thorough=getattr(args, "thorough", False) or getattr(args, "format", None) == "markdown",
        trials=not getattr(args, "no_trials", False),
    )


def _begun(args: Namespace) -> float | None:
    """From when on the time of the one examination counts; each of several counts from its own beginning, and so does
    one whose file somebody may still be typing.
    """
    named = getattr(args, "env_files", None)
    one = not isinstance(named, list) or len(named) <= 1
    return getattr(args, "begun", None) if one and named not in ("-", ["-"]) else None

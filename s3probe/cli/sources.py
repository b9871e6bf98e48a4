"""From the arguments to the settings Mastodon would make of them."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError, did_you_mean
from s3probe.cli.parser import DEFAULT_ENV_FILE
from s3probe.settings.model import PROCESS_ENVIRONMENT, Settings

EnvFile = Path | Literal["-"] | None
"""A file, standard input, or ``None`` for the process environment alone."""


def env_files(args: Namespace) -> list[EnvFile]:
    """The env files that were named, or what stands for them. Raises :class:`UsageError`."""
    named = args.env_files if isinstance(args.env_files, list) else [args.env_files] if args.env_files else []
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
    if not environment.variables:
        raise SettingsError(
            f"{name_of(env_file)} sets no variable at all",
            "Name Mastodon's env file (usually .env.production); inside a container or a pod use --environ.",
        )
    settings = interpret(environment)
    console.learn_settings(settings)
    return settings


class Selection:
    """What ``--only`` and ``--skip`` name. Raises :class:`UsageError` for an id that is neither action nor finding."""

    def __init__(self, only: Iterable[str], skip: Iterable[str]) -> None:
        from s3probe.evidence.vocabulary import ACTIONS
        from s3probe.knowledge.findings import ids

        self.actions, self.findings = frozenset(ACTIONS), frozenset(ids())
        self.only, self.skip = self._known(only), self._known(skip)

    def _known(self, names: Iterable[str]) -> frozenset[str]:
        known = self.actions | self.findings
        found = frozenset(name for text in names for name in text.split(",") if name)
        for name in sorted(found - known):
            raise UsageError(
                f"{name!r} is no action or finding.{did_you_mean(name, known)}",
                "`s3probe explain` lists the findings; `s3probe check --format json` shows the actions.",
            )
        return found

    @property
    def only_findings(self) -> frozenset[str]:
        return self.only & self.findings

    @property
    def skip_findings(self) -> frozenset[str]:
        return self.skip & self.findings

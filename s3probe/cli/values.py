"""Values on the command line. Each raises argparse's own error, which says what was given and what is wanted."""

from __future__ import annotations

import argparse
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from s3probe.cli.errors import did_you_mean

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from s3probe.evidence.reported import Expected


def seconds(text: str) -> float:
    return _positive(text, 1e7, "seconds")


def hours(text: str) -> timedelta:
    from datetime import timedelta

    return timedelta(hours=_positive(text, 1e5, "hours"))


def jobs(text: str) -> int:
    return _count(text, 64)


def choice(text: str) -> int:
    return _count(text, 99)


def env_file(text: str) -> str:
    """A file to be read, or ``-``."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty: name a file, or leave it out")
    return text


def file(text: str) -> Path:
    """A file to be read."""
    from pathlib import Path

    return Path(env_file(text))


def new_file(text: str) -> Path:
    """A file to be written. What can be known before a run is not left to its end."""
    path, there = file(text), False
    with suppress(OSError):  # a name that is too long is told of when it is written
        there = path.is_dir()
    if there:
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file in it, e.g. {path / 'report'}")
    return path


def expected(text: str) -> Expected:
    """What somebody expected s3probe to say."""
    from s3probe.cli.expected import expectation

    try:
        return expectation(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def new_folder(text: str) -> Path:
    """A folder to be written. What can be known before is not left to its end."""
    path, there = file(text), False
    with suppress(OSError):
        there = path.exists() and not path.is_dir()
    if text == "-" or there:
        raise argparse.ArgumentTypeError(f"{text} is no folder: name a new one, or an empty one")
    return path


def base_url(text: str) -> str:
    """An address below which others lie, with its last slash."""
    import re

    if re.fullmatch(r"https?://[\w.:\[\]-]+(?:/[\w./~%+-]*)?", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a site: https://example.org/ is one")
    return text if text.endswith("/") else f"{text}/"


def ids(text: str) -> list[str]:
    """Ids of actions or findings."""
    found = [name for part in text.split(",") if (name := part.strip())]
    if not found:
        raise argparse.ArgumentTypeError("it is empty: name an action or a finding, or leave the option out")
    known = known_ids()
    for name in found:
        if name not in known:
            raise argparse.ArgumentTypeError(
                f"{name!r} is no action or finding.{did_you_mean(name, sorted(known))} "
                "Actions: s3probe check --list-actions. Findings: s3probe explain --list"
            )
    return found


def known_ids() -> frozenset[str]:
    """Those of all actions and findings."""
    from s3probe.evidence.vocabulary import ACTIONS
    from s3probe.knowledge import findings

    return frozenset((*ACTIONS, *findings.ids()))


def release(text: str) -> str:
    """A release of Mastodon, with whatever follows its number."""
    from s3probe.evidence.release import release_of

    if release_of(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no release of Mastodon, such as 4.5.9")
    return text


def _count(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
    return int(text)


def _positive(text: str, below: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < below:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of {unit}")
    return value

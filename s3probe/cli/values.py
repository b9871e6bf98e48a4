"""Values on the command line. Each raises argparse's own error, which says what was given and what is wanted."""

from __future__ import annotations

import argparse
import math
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path


def seconds(text: str) -> float:
    return _positive(text, 1e7, "seconds")


def hours(text: str) -> timedelta:
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
    return Path(env_file(text))


def new_file(text: str) -> Path:
    """A file to be written. What can be known before a run is not left to its end."""
    path, there = file(text), False
    with suppress(OSError):  # a name that is too long is told of when it is written
        there = path.is_dir()
    if there:
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file in it, e.g. {path / 'report'}")
    return path


def ids(text: str) -> list[str]:
    """Ids of actions or findings."""
    found = [name for part in text.split(",") if (name := part.strip())]
    if not found:
        raise argparse.ArgumentTypeError("it is empty: name an action or a finding, or leave the option out")
    return found


def release(text: str) -> str:
    """A release of Mastodon, with whatever follows its number."""
    if not re.match(r"v?[0-9]{1,4}\.[0-9]{1,4}", text.strip(), re.ASCII):
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

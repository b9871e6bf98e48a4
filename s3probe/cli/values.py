"""Numbers on the command line. Each raises argparse's own error, which says what was given and what is wanted."""

from __future__ import annotations

import argparse
import math
from datetime import timedelta


def seconds(text: str) -> float:
    return _positive(text, 1e7, "seconds")


def hours(text: str) -> timedelta:
    return timedelta(hours=_positive(text, 1e5, "hours"))


def jobs(text: str) -> int:
    return _count(text, 64)


def choice(text: str) -> int:
    return _count(text, 99)


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

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
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 64")
    return int(text)


def _positive(text: str, below: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < below:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of {unit}")
    return value

"""How wide the terminal is."""

from __future__ import annotations

import os
import sys


def columns() -> int:
    """As ``shutil.get_terminal_size`` tells it, which loads three compressors before it does."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]  # without it, 80
    except (AttributeError, ValueError, OSError):
        return 80

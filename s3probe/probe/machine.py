"""Who made this machine, as its firmware says it."""

from __future__ import annotations

from pathlib import Path

VENDOR_FILE = Path("/sys/class/dmi/id/sys_vendor")
"""Readable by everyone on Linux; ``Amazon EC2`` on EC2 (AWS, "Identify EC2 instances"); absent in some containers."""


def vendor() -> str:
    """The vendor's name, ``""`` when nobody says."""
    try:
        return VENDOR_FILE.read_text(encoding="utf-8", errors="replace").strip()[:80]
    except OSError:
        return ""

"""Prints which glibc an executable of PyInstaller needs: python glibc.py EXECUTABLE [MOST]

It fails where that is newer than MOST (2.28, say): the machine that builds decides, by the libraries that it puts in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PyInstaller.archive.readers import CArchiveReader

_NEEDED = re.compile(rb"\0GLIBC_(\d+)\.(\d+)")
"""The name of a version, as it stands among the strings of an ELF file."""


def files(executable: str) -> Iterator[bytes]:
    """The program that unpacks, and all that it unpacks."""
    yield Path(executable).read_bytes()
    archive = CArchiveReader(executable)
    yield from (archive.extract(name) for name in archive.toc)


def needed(executable: str) -> tuple[int, int]:
    """The newest version that any of the files names."""
    programs = (each for each in files(executable) if each.startswith(b"\x7fELF"))
    return max((int(major), int(minor)) for each in programs for major, minor in _NEEDED.findall(each))


def main(executable: str, most: str = "") -> None:
    version = needed(executable)
    print(f"needs glibc {version[0]}.{version[1]} or newer")
    if most and version > tuple(map(int, most.split("."))):
        sys.exit(f"that is newer than {most}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The tables that lie beside these modules, in a folder, a zip file or an executable alike.

They are written as TOML. A wheel brings the same as JSON (``.ci/hatch_build.py``), read in a tenth of the time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from s3probe.patterns import regex

_HERE = __file__.rpartition(os.sep)[0]
_HEADING = regex(r"^\[([a-z0-9-]+)\]\n", re.MULTILINE)


@cache
def table(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The entries of a file (``findings/deletion``) by id, in its order. Raises ``OSError`` where it is missing."""
    try:
        text = _text(f"{name}.json")
    except OSError:
        return _Sections(_text(f"{name}.toml"))
    from json import loads

    built: dict[str, dict[str, Any]] = loads(text)
    return built


def _text(name: str) -> str:
    # what pkgutil.get_data does, which is slow to load
    loader: Any = __spec__.loader  # each that Python comes with reads data
    data: bytes = loader.get_data(f"{_HERE}{os.sep}{name.replace('/', os.sep)}")
    return data.decode("utf-8")


class _Sections(Mapping[str, Mapping[str, Any]]):
    """The tables of a TOML text, each of which is parsed when it is asked for: that is slow, and a run needs few."""

    def __init__(self, text: str) -> None:
        _head, *parts = _HEADING.split(text)
        self._texts = dict(zip(parts[::2], parts[1::2], strict=True))
        self._parsed: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        if key not in self._parsed:
            from tomllib import loads

            heading = f"[{key}]\n"
            self._parsed[key] = loads(heading + self._texts[key])[key]
        return self._parsed[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

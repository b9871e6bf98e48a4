"""The form of recorded runs (``fixtures/recorded``): what a file there may hold, and what stands beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from s3probe.codec import load_saved
from s3probe.patterns import regex

RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded"
REPORTED = "reported-"
"""With this begin the names of runs of other people's, out of issues. All others were recorded here."""
LARGEST = 60_000
"""Bytes. The files are in the repository for good."""
LARGEST_REPORTED = 200_000
"""The same of what cannot be made again: a thorough run with its trials."""
FOLDERS = regex(
    r"(?<![\w.:/-])/(?:bin|etc|home|mnt|opt|root|srv|tmp|usr|var|work)/(?:[^\s\"',;:)]*/)?(?=[^\s\"',;:)/])"
)
"""Folders of a machine before a file's name; no path of a URL."""
_NO_RUN = {"expected.json"}
_SECRETS = regex(r"SK[a-z]+0123456789|\"S3RVER\"|X-Amz-Signature=[0-9a-f]")
"""The keys that recordings are made with, and what every key leaves."""


def names(folder: Path = RECORDED) -> list[str]:
    """The runs that are there."""
    return sorted(path.stem for path in folder.glob("*.json") if path.name not in _NO_RUN)


def expected(folder: Path = RECORDED) -> dict[str, list[str]]:
    """By run: the ids of the findings, in their order."""
    found: dict[str, list[str]] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return found


def compacted(text: str) -> str:
    """An evidence file's text, one observation a line, without what was concluded: the tests conclude anew."""
    saved = {name: value for name, value in json.loads(text).items() if name != "report"} | {"findings": None}
    return json.dumps(saved, separators=(",", ":")).replace('},{"id":', '},\n{"id":') + "\n"


def objections(name: str, text: str) -> Iterator[str]:
    """Why a run of that name cannot stand there as it is."""
    if len(text) >= (most := LARGEST_REPORTED if name.startswith(REPORTED) else LARGEST):
        yield f"it has {len(text)} bytes, and the most is {most}"
    if folder := FOLDERS.search(text):
        yield f"it names a folder of a machine: {folder[0]}"
    if _SECRETS.search(text):
        yield "it holds a key or a signature"
    if any("/" in source for source in load_saved(text).settings.environment.sources):
        yield "it tells where its env file lies"

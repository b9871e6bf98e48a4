"""Edits the text of an env file the way an admin would: one line at a time."""

from __future__ import annotations

import re

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,=*~!&^()<>-]*")


def quoted(value: str) -> str:
    """The value as it must stand after ``=`` so that dotenv gives it back unchanged."""
    if _SAFE.fullmatch(value):
        return value
    # Single quotes are literal in every dotenv; a value that holds one itself has to go into double quotes.
    return f"'{value}'" if "'" not in value else '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def get_env(text: str, name: str) -> str | None:
    """The raw text after ``name=`` in its last line, ``None`` when there is none."""
    lines = [line for line in text.splitlines() if line.startswith(f"{name}=")]
    return lines[-1].partition("=")[2] if lines else None


def set_raw(text: str, name: str, raw: str | None, line: int | None = None) -> str:
    """Replaces the named line (1-based) or the last one that sets ``name``, else appends; ``None`` removes."""
    lines = text.splitlines()
    places = [i for i, old in enumerate(lines) if old.startswith(f"{name}=")]
    named = line is not None and 1 <= line <= len(lines)
    if raw is None and named and line is not None:
        # lines that were removed before may have moved this one
        named = lines[line - 1].startswith(f"{name}=")
    place = line - 1 if named and line is not None else places[-1] if places else None
    if raw is None:
        if place is not None:
            del lines[place]
    elif place is None:
        lines.append(f"{name}={raw}")
    else:
        lines[place] = f"{name}={raw}"
    return "\n".join(lines) + "\n"


def set_env(text: str, name: str, value: str | None, line: int | None = None) -> str:
    """As :func:`set_raw`, with the value quoted as dotenv needs it."""
    return set_raw(text, name, None if value is None else quoted(value), line)

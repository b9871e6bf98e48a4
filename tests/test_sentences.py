"""Sentences are whole, with values filled in: what is glued together from pieces cannot be translated.

Seen are the cheap ways to glue: words that a condition chooses within a sentence (``f"{'it' if one else 'them'} …"``, a
plural's ``s`` among them), and pieces that are added to it, or chosen to be filled in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.every import every

ROOT = Path(__file__).parents[1] / "s3probe"
SPEAKING = ("cli", "diagnosis", "knowledge", "report", "trying", "settings", "probe")
MODULES = sorted(str(path.relative_to(ROOT)) for room in SPEAKING for path in (ROOT / room).rglob("*.py"))
_LETTER = re.compile(r"[A-Za-z]")
_PIECE = re.compile(r"(?:, | )(?=[a-z])")
"""How the rest of a sentence begins. Behind a stop or a semicolon another one does."""


def _literal(node: ast.expr) -> str | None:
    """The words of a string, whatever its values are."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) or "" for part in node.values if isinstance(part, ast.Constant))
    return None


def glued(source: str) -> Iterator[str]:
    """The pieces that a sentence is made of, as ``line: piece``."""
    for node in ast.walk(ast.parse(source)):
        words = _literal(node) if isinstance(node, ast.JoinedStr) else None
        if isinstance(node, ast.JoinedStr) and words and " " in words and not words.startswith("<"):
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.IfExp):
                    for piece in map(_literal, (part.value.body, part.value.orelse)):
                        if piece and _LETTER.search(piece):
                            yield f"{node.lineno}: {piece!r}"
        elif isinstance(node, ast.IfExp):
            yield from _pieces(node, node.body, node.orelse)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from _pieces(node, node.right)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            yield from _pieces(node, node.value)


def _pieces(place: ast.IfExp | ast.BinOp | ast.AugAssign, *nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        by_value = isinstance(node, ast.JoinedStr) and not isinstance(node.values[0], ast.Constant)
        words = "" if by_value else _literal(node) or ""
        if _PIECE.match(words):
            yield f"{place.lineno}: {words!r}"


@every("name", MODULES)
def test_no_sentence_is_glued_together(name: str) -> None:
    found = list(glued((ROOT / name).read_text(encoding="utf-8")))
    assert found == [], "write a whole sentence for each case, and fill values in"


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("f\"{n} files {'was' if n == 1 else 'were'} left\"", 2),
        ("f\"{n} file{'' if n == 1 else 's'} left\"", 1),
        ("f\"it failed{f', line {line}' if line else ''} again\"", 2),  # by both
        ('rest = ", and nobody knows why" if unknown else ""', 1),
        ('f"it failed" + ", and nobody knows why"', 1),
        ('how += f", and asked {times} times it fails"', 1),
        ('how += f". Asked {times} times it fails"', 0),
        ("f\"<Quiet> {'true' if quiet else 'false'}</Quiet>\"", 0),
        ('f"one is left" if n == 1 else f"{n} are left"', 0),
        ("f\"{'http' if plain else 'https'}://{host}\"", 0),
        ("f\"It was asked of {host or 'nobody'} then\"", 0),
        ('"--" + name', 0),
        ('f"{kept} of {n if many else 1} were kept"', 0),
    ],
)
def test_what_is_glued_is_found(source: str, number: int) -> None:
    assert len(list(glued(source))) == number

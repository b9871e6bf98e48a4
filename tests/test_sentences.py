"""Sentences are whole, with values filled in: what is glued together from pieces cannot be translated.

Seen are the cheap ways to glue: words that a condition chooses within a sentence (``f"{'it' if one else 'them'} …"``, a
plural's ``s`` among them), pieces that are added to it, or chosen to be filled in, clauses that are joined, and notes
that go on with what stands before them. Names and values may be joined.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3probe.knowledge.providers import providers
from s3probe.knowledge.proxies import middlemen
from s3probe.report.setting_words import sentence
from tests.every import every

ROOT = Path(__file__).parents[1] / "s3probe"
SPEAKING = ("cli", "diagnosis", "knowledge", "report", "trying", "settings", "probe")
MODULES = sorted(str(path.relative_to(ROOT)) for room in SPEAKING for path in (ROOT / room).rglob("*.py"))
_LETTER = re.compile(r"[A-Za-z]")
_PIECE = re.compile(r"(?:[,;] | )(?=[a-z])")
"""How the rest of a sentence begins. Behind a stop another one does."""
_GOES_ON = re.compile(
    r"(?:and|or|after|as|at|before|behind|but|for|from|if|in|instead|once|only|that|to|where|which|while|with)\b[ :]"
)
"""How a note begins that goes on with what stands before it."""
_FIXES = {"EnvFix", "IamAllow", "BucketPolicy", "BucketSetting", "ServerFix"}
_TAKE_NOTES = _FIXES | {"at_proxy", "before_api", "by_hand", "env", "exact_bucket", "in_turn", "new_pair", "sentences"}
"""Whatever is called with a note."""
_NO_SENTENCES = {
    "diagnosis/rules/unexplained.py": "answers as they came, one behind the other",
    "report/words.py": "facts in brackets behind a release",
}
"""Where a semicolon joins something else, and what that is."""


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
        elif isinstance(node, ast.Call):
            yield from _joined(node)
            yield from _going_on(node)


def _joined(call: ast.Call) -> Iterator[str]:
    """What a semicolon joins, and words that are joined by another one."""
    joint = _literal(call.func.value) if isinstance(call.func, ast.Attribute) and call.func.attr == "join" else None
    inside = [_literal(node) or "" for arg in call.args for node in ast.walk(arg) if isinstance(node, ast.Constant)]
    words = any(map(_LETTER.search, inside))
    if joint and ("; " in joint or (joint.strip(" ,") in ("and", "or") and words)):
        yield f"{call.lineno}: {joint!r}.join"


def _going_on(call: ast.Call) -> Iterator[str]:
    """Notes that begin in the middle of a sentence."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [*(call.args if name in _TAKE_NOTES else ()), *(one.value for one in call.keywords if one.arg in _NOTES)]
    for arg in given:
        for node in (arg.body, arg.orelse) if isinstance(arg, ast.IfExp) else (arg,):
            if (words := _literal(node)) and _GOES_ON.match(words):
                yield f"{call.lineno}: {words!r}"


_NOTES = ("note", "remark", "warning", "why", "breaks", "also")


def _pieces(place: ast.IfExp | ast.BinOp | ast.AugAssign, *nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        by_value = isinstance(node, ast.JoinedStr) and not isinstance(node.values[0], ast.Constant)
        words = "" if by_value else _literal(node) or ""
        if _PIECE.match(words):
            yield f"{place.lineno}: {words!r}"


@every("name", MODULES)
def test_no_sentence_is_glued_together(name: str) -> None:
    found = list(glued((ROOT / name).read_text(encoding="utf-8")))
    if name in _NO_SENTENCES:
        found = [piece for piece in found if "'; '.join" not in piece]
    assert found == [], "write a whole sentence for each case, and fill values in"


def test_where_a_semicolon_joins_no_sentences_it_still_does() -> None:
    joining = {name for name in MODULES if '"; ".join' in (ROOT / name).read_text(encoding="utf-8")}
    assert joining == set(_NO_SENTENCES)


def test_the_notes_of_the_tables_are_whole_sentences() -> None:
    of_providers = [text for one in providers().values() for text in one.notes.values()]
    of_programs = [text for one in middlemen().values() for text in (*one.notes.values(), *one.gone.values())]
    broken = [text for text in (*of_providers, *of_programs) if text != f"{sentence(text).rstrip('.')}."]
    assert broken == [], "begin with a capital letter, and end with a stop"


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
        ('how += f"; asked {times} times it fails"', 1),
        ('"; ".join(told)', 1),
        ('" and ".join((*["write"] * put, *["delete"] * gone))', 1),
        ('" and ".join(names)', 0),
        ('env(case, name, None, "and the other one as well")', 1),
        ('env(case, name, None, "Remove the other one as well.")', 0),
        ('replace(fix, note="only together with it" if two else "")', 1),
        ('finding(name, case, how="in line 3 a quote mark is missing")', 0),
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


RULES = [name for name in MODULES if name.startswith("diagnosis/rules/")]
_PHRASE = re.compile(r"[a-z]+$|.*[A-Za-z,] [a-z]|[,;:]? [a-z]", re.DOTALL)
_BEFORE, _BEHIND = re.compile(r"(?:.*[;.] )?$", re.DOTALL), re.compile(r"$|[;.] ")
"""What stands around a whole sentence that is filled in."""
_TOLD = ("how", "how_known")
"""What tells how a finding is known: one sentence at least."""


def filled_in(source: str) -> Iterator[str]:
    """The phrases that stand within a sentence on how a finding is known, as ``line: name of the phrase``.

    A phrase is what holds literal words: a local name, or what a function of the module gives. A whole sentence may be
    filled in, between semicolons and stops.
    """
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    speaking = {function.name for function in functions if any(map(_speaks, _returned(function)))}
    for function in functions:
        named = {name for name, value in _assigned(function) if _speaks(value)}
        told = {id(text) for text in _told(function)}
        yield from _values(function)
        for text in (node for node in ast.walk(function) if isinstance(node, ast.JoinedStr)):
            yield from _within(text, {*_TOLD, *speaking, *named} if id(text) in told else {*_TOLD})


def _speaks(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _speaks(node.body) or _speaks(node.orelse)
    return bool(_PHRASE.match(_literal(node) or ""))


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _assigned(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def _told(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """All that is part of what is given as ``how``, or kept under that name."""
    for name, value in _assigned(function):
        if name == "how":
            yield from ast.walk(value)
    for node in ast.walk(function):
        if isinstance(node, ast.keyword) and node.arg == "how":
            yield from ast.walk(node.value)


def _values(function: ast.FunctionDef) -> Iterator[str]:
    """Phrases that are to be filled into a finding's title or consequence."""
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call) and _name(node) in _FINDINGS):
        for value in (one.value for one in call.keywords if one.arg not in _NAMES):
            for node in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                if _speaks(node) and (_literal(node) or "")[:1].islower():
                    yield f"{call.lineno}: {_literal(node)!r}"


_FINDINGS = ("finding", "invisible", "_finding", "_missing")
_NAMES = ("how", "variant", "effect", "setting", "permission")
"""What is given to a finding and not filled into its title or consequence."""


def _within(text: ast.JoinedStr, phrases: set[str]) -> Iterator[str]:
    around = ["", *(_literal(part) or "" for part in text.values), ""]
    for place, part in enumerate(text.values):
        name = _name(part.value) if isinstance(part, ast.FormattedValue) else ""
        if name in phrases and not (_BEFORE.match(around[place]) and _BEHIND.match(around[place + 2])):
            yield f"{text.lineno}: {name}"


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@every("name", RULES)
def test_what_is_filled_in_is_a_value_or_a_whole_sentence(name: str) -> None:
    found = list(filled_in((ROOT / name).read_text(encoding="utf-8")))
    assert found == [], "write a whole sentence for each case, and fill values in"


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ('took = "got no answer" if silent else "was answered"\n how = f"an upload {took} after {n} s"', 1),
        ('word = "blank"\n return finding(how=f"S3_BUCKET is {word}")', 1),
        ('return finding(how=f"it was {_so()} again")', 1),
        ('return finding(how=f"{answered(seen)}; without an ACL it passed")', 0),
        ('return invisible(f"{how}, while uploads pass")', 1),
        ('return replace(found, how_known=f"{found.how_known} at the storage")', 1),
        ('how = f"it failed; {_so()}"', 0),
        ('then = "nobody knows why"\n how = f"it failed; {then}; it failed again"', 0),
        ('return invisible(f"{how}. Asked again, it passed")', 0),
        ('name = "S3_ALIAS_HOST" if alias else "S3_HOSTNAME"\n how = f"{name} is blank"', 0),
        ('return finding("id", case, mistake="is blank")', 1),
        ('return finding("id", case, variant="blank" if blank else "text")', 0),
        ('return finding("id", case, breaks="Every upload ends in HTTP 500")', 0),
        ('what = "read the log"\n advice = f"See the host, and {what}"', 0),
    ],
)
def test_a_phrase_that_is_filled_in_is_found(body: str, number: int) -> None:
    source = f'def _so():\n return "in vain"\ndef rule():\n {body}'
    assert len(list(filled_in(source))) == number

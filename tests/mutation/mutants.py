"""Small faults in a module's functions: a comparison turned round, a condition dropped, a number one more."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_SWAPPED = {"any": "all", "all": "any", "min": "max", "max": "min"}
_OTHER = {
    ("Certainty", "CERTAIN"): "LIKELY",
    ("Certainty", "LIKELY"): "CERTAIN",
    ("Certainty", "POSSIBLE"): "CERTAIN",
    ("Severity", "FAILURE"): "WARNING",
    ("Severity", "WARNING"): "NOTICE",
    ("Severity", "NOTICE"): "WARNING",
}
_SHOWN = 90
"""Characters of the code that a mutant's name holds."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault. Its name stays when lines above it change."""

    function: str
    """The outermost function that holds it, as Python qualifies it."""
    name: str
    code: CodeType
    """What that function runs instead."""


def mutants(source: str, filename: str) -> Iterator[Mutant]:
    """Every fault of a module, one after the other. Words and constants of the module stay as they are."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for function, name in _functions(tree, ""):
        for node, field, place, new in _edits(function):
            old = _put(node, field, place, new)
            words = f"{name}: {_said(old)} -> {_said(new)}"
            seen[words] += 1
            number = f" ({seen[words]})" if seen[words] > 1 else ""
            changed = compile(ast.fix_missing_locations(tree), filename, "exec")
            _put(node, field, place, old)
            yield Mutant(name, words + number, code_named(changed, name))


def code_named(module: CodeType, name: str) -> CodeType:
    """The code of the function that Python qualifies so."""
    inner = [const for const in module.co_consts if isinstance(const, CodeType)]
    for code in inner:
        if code.co_qualname == name:
            return code
        if name.startswith(f"{code.co_qualname}."):
            return code_named(code, name)
    raise LookupError(name)


def _functions(tree: ast.Module | ast.ClassDef, within: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The outermost functions and methods, with their names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, f"{within}{node.name}"
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")


Edit = tuple[ast.AST, str, int | None, ast.AST]
"""The node, its field, the place in the field where that is a list, and what comes there."""


def _edits(function: ast.FunctionDef) -> Iterator[Edit]:
    for statement in function.body:
        for node in ast.walk(statement):
            for field, value in ast.iter_fields(node):
                if field == "annotation":
                    continue
                for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                    if isinstance(child, ast.AST):
                        yield from ((node, field, place, new) for new in _faults(node, field, child))
    for place, statement in enumerate(function.body):
        yield from ((function, "body", place, new) for new in _faults(function, "body", statement))


def _faults(parent: ast.AST, field: str, node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of ``node``."""
    match node:
        case ast.Compare(left, [operator], right) if type(operator) in _TURNED:
            yield ast.copy_location(ast.Compare(left, [_TURNED[type(operator)]()], right), node)
        case ast.BoolOp(operator, values):
            yield from values  # each alone
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
        case ast.BinOp(left, ast.Add(), right):
            yield left
        case ast.BinOp(left, ast.Sub() | ast.BitOr() | ast.BitAnd(), _right):
            yield left
        case ast.Call(ast.Name(name) as called, arguments, keywords) if name in _SWAPPED:
            yield ast.Call(ast.Name(_SWAPPED[name], called.ctx), arguments, keywords)
        case ast.Attribute(ast.Name(of) as owner, name) if (of, name) in _OTHER:
            yield ast.Attribute(owner, _OTHER[of, name], ast.Load())
        case ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Expr(ast.Yield() | ast.YieldFrom()):
            yield ast.If(ast.Constant(False), [node], [])  # a generator still, and silent here
    tests = isinstance(parent, ast.If | ast.IfExp | ast.While) and field == "test"
    tests = tests or (isinstance(parent, ast.comprehension) and field == "ifs")
    if tests and isinstance(node, ast.expr) and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)


def _put(node: ast.AST, field: str, place: int | None, new: ast.AST) -> ast.AST:
    """Puts it there, and gives back what was there."""
    if place is None:
        old: ast.AST = getattr(node, field)
        setattr(node, field, new)
        return old
    old = getattr(node, field)[place]
    getattr(node, field)[place] = new
    return old


def _said(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""What is changed: one operator, constant, condition or default of a module at a time."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}
"""Functions and methods of opposite meaning."""


@dataclass(frozen=True)
class Mutant:
    """One change of one expression."""

    path: str
    line: int
    within: str
    was: str
    now: str
    start: int
    end: int
    """The bytes of the file that it replaces."""

    def of(self, source: bytes) -> bytes:
        """The file with the change made."""
        return source[: self.start] + self.now.encode() + source[self.end :]

    @property
    def is_of_numbers(self) -> bool:
        """Whether a number or a sum is changed, and no text, name or comparison."""
        changed = ast.parse(self.was, mode="eval").body
        return isinstance(changed, ast.BinOp) or (
            isinstance(changed, ast.Constant) and type(changed.value) in (int, float)
        )

    def __str__(self) -> str:
        return f"{self.path}:{self.line} in {self.within or 'the module'}: {self.was}  ->  {self.now}"


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    """The expression with one thing changed, for each thing that can be."""
    match node:
        case ast.Compare(ops=ops):
            for place, each in enumerate(ops):
                changed = copy.deepcopy(node)
                changed.ops[place] = COMPARISONS[type(each)]()
                yield changed
        case ast.BoolOp(op=op):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), node.values)
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            # The sum of texts and the union of types have no difference.
            if not any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (node.left, node.right)):
                yield ast.BinOp(node.left, ARITHMETIC[type(op)](), node.right)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value)) if value.isidentifier():
            yield ast.Constant(value + "_")
        case ast.Call(func=ast.Name(id=name)) if name in TWINS:
            yield ast.Call(ast.Name(TWINS[name], ast.Load()), node.args, node.keywords)
        case ast.Call(func=ast.Attribute(attr=name) as where) if name in TWINS:
            yield ast.Call(ast.Attribute(where.value, TWINS[name], ast.Load()), node.args, node.keywords)
        case ast.IfExp(test=test):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case _:
            return


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class _Finder(ast.NodeVisitor):
    """Every expression that counts when the module runs: no annotation, docstring, text of a message or list of names."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.offsets = [0]
        for line in source.splitlines(keepends=True):
            self.offsets.append(self.offsets[-1] + len(line))
        self.within: list[str] = []
        self.found: list[Mutant] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self._inside(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node)

    def _inside(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.within.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self.within.pop()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not _is_text(node.value):
            self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if not isinstance(node.test, ast.Compare | ast.BoolOp):
            self._add(node.test, ast.UnaryOp(ast.Not(), node.test))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets):
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            # ``strict=True`` asserts what was checked by name where it came in; as of `assert`, nothing comes of it.
            for each in node.args:
                self.visit(each)
        else:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """What a message says is not public."""

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr) and not self._heads_a_message(node):
            for changed in _changes(node):
                self._add(node, changed)
        super().generic_visit(node)

    def _heads_a_message(self, node: ast.expr) -> bool:
        """A function says its own name only in messages, whose wording is not public."""
        return isinstance(node, ast.Constant) and node.value in self.within

    def _add(self, node: ast.expr, changed: ast.expr) -> None:
        start = self.offsets[node.lineno - 1] + node.col_offset
        end = self.offsets[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        was, now = self.source[start:end].decode(), ast.unparse(changed)
        if isinstance(changed, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp):
            now = f"({now})"
        # Inside an f-string of this Python positions are not those of the file.
        self.found.append(Mutant(self.path, node.lineno, ".".join(self.within), " ".join(was.split()), now, start, end))


def mutants_of(root: Path, path: Path) -> list[Mutant]:
    """Every mutant of a module, in the order of the file."""
    source = path.read_bytes()
    finder = _Finder(path.relative_to(root).as_posix(), source)
    tree = ast.parse(source)
    finder.visit(tree)
    # Whether a change can be read, and changes anything, shows in its own statement: a file is long to read.
    statements = [(*_bytes_of(each, finder.offsets), ast.dump(each)) for each in tree.body]
    kept = []
    for mutant in finder.found:
        start, end, sound = next(each for each in statements if each[0] <= mutant.start < each[1])
        try:
            (changed,) = ast.parse(
                mutant.of(source)[start : end + len(mutant.now.encode()) - mutant.end + mutant.start]
            ).body
        except SyntaxError:
            continue
        if ast.dump(changed) != sound:
            kept.append(mutant)
    return kept


def _bytes_of(statement: ast.stmt, offsets: list[int]) -> tuple[int, int]:
    """From where to where in the file a statement of the module reaches, decorators included."""
    first = min(each.lineno for each in (statement, *getattr(statement, "decorator_list", ())))
    return offsets[first - 1], offsets[statement.end_lineno or statement.lineno]


def doubled(root: Path, path: Path) -> list[Mutant]:
    """For each metric that a module declares, the formula twice as large."""
    source = path.read_bytes()
    finder = _Finder(path.relative_to(root).as_posix(), source)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "metric"
            for each in node.decorator_list
        ):
            finder.within = [node.name]
            for statement in node.body:
                if isinstance(statement, ast.Return) and statement.value is not None:
                    finder._add(statement.value, ast.BinOp(ast.Constant(2), ast.Mult(), statement.value))
    return finder.found


def drawn(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them at random, the same for the same seed."""
    chosen = random.Random(seed).sample(mutants, min(count, len(mutants)))
    return sorted(chosen, key=lambda mutant: (mutant.path, mutant.start, mutant.now))

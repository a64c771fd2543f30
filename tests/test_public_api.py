"""The public interface is what tests/public_api.txt lists: a change to it is a decision.

The file is written anew by ``python tests/test_public_api.py``. Commit it with the change, and say in CHANGELOG.md what
was added, changed or removed (docs/versioning.md says what each means for those who pin the package).

Names are found in the sources themselves, so that the list is the same whatever the versions of Python and of the
dependencies: signatures stand as they are written.
"""

from __future__ import annotations

import argparse
import ast
import enum
import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cmhs_metrics as cm
from cmhs_metrics.__main__ import _parser
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import BASES, MEASURES
from cmhs_metrics.units import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LISTED = Path(__file__).with_name("public_api.txt")
COMMAND = "python tests/test_public_api.py"
SOURCES = Path(cm.__file__).parents[1]
ROOMS = ("cmhs_metrics", "cmhs_metrics.tables")
"""Modules that are public; those that the first of them names are public as well."""
DOCUMENTED = ("cmhs_metrics.catalogue.Metric", "cmhs_metrics.catalogue.metric")
"""What is public though no room names it."""

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class Found(NamedTuple):
    module: str
    nodes: list[Definition]


# --- reading the sources


@cache
def _body(module: str) -> list[ast.stmt]:
    path = SOURCES.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    statements = ast.parse(file.read_text(encoding="utf-8")).body
    return [inner for outer in statements for inner in (outer.body if isinstance(outer, ast.If) else [outer])]


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return (
        [statement.target.id] if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) else []
    )


def _is_module(name: str) -> bool:
    path = SOURCES.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def _find(module: str, name: str) -> Found | None:
    """Where a name of a module is defined, through imports; None for a module."""
    here = [statement for statement in _body(module) if name in _names(statement)]
    if here:
        return Found(module, here)  # type: ignore[arg-type]
    for statement in _body(module):
        if not isinstance(statement, ast.ImportFrom) or not (statement.module or "").startswith("cmhs_metrics"):
            continue
        for alias in statement.names:
            if alias.name == "*" and name in _public_names(statement.module):
                return _find(statement.module, name)
            if (alias.asname or alias.name) == name:
                if _is_module(f"{statement.module}.{alias.name}") and not _is_defined(statement.module, alias.name):
                    return None
                return _find(statement.module, alias.name)
    raise AssertionError(f"{module} has no {name}")


def _is_defined(module: str, name: str) -> bool:
    """Whether a package defines the name itself, or imports it from below a module of the same name."""
    if any(name in _names(statement) for statement in _body(module)):
        return True
    return any(
        isinstance(statement, ast.ImportFrom)
        and statement.module != module
        and name in [alias.asname or alias.name for alias in statement.names]
        for statement in _body(module)
    )


def _public_names(module: str) -> list[str]:
    if named := getattr(importlib.import_module(module), "__all__", None):
        return sorted(named)
    return sorted({name for statement in _body(module) for name in _names(statement) if not name.startswith("_")})


# --- a line for each name


def _signature(function: ast.FunctionDef, module: str) -> str:
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({ast.unparse(function.args)}){returns}{_meaning(function, module)}"


def _meaning(node: ast.FunctionDef | ast.AnnAssign, module: str) -> str:
    """What the names in a signature stand for, where they are a plain value or the words that are allowed."""
    inside = node.args if isinstance(node, ast.FunctionDef) else node
    used = sorted({part.id for part in ast.walk(inside) if isinstance(part, ast.Name)})
    stand_for = []
    for name in used:
        if any(name in _names(statement) or _imports_own(statement, name) for statement in _body(module)):
            found = _find(module, name)
            value = getattr(found.nodes[-1], "value", None) if found else None
            if isinstance(value, ast.Constant) or (value is not None and ast.unparse(value).startswith("Literal[")):
                stand_for.append(f"{name} = {ast.unparse(value)}")
    return f" where {', '.join(stand_for)}" if stand_for else ""


def _decorators(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    return [ast.unparse(decorator) for decorator in node.decorator_list]


def _assigned(node: ast.Assign | ast.AnnAssign) -> str:
    kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
    # A table of values is data, and not a part of the interface; a plain value is.
    plain = isinstance(node.value, ast.Constant) or (kind and isinstance(node.value, ast.Call | ast.Name))
    return kind + (f" = {ast.unparse(node.value)}" if plain and len(ast.unparse(node.value)) < 60 else "")


def _class_lines(name: str, found: Found, *, inherited: bool = False) -> Iterator[tuple[str, str]]:
    (node,) = found.nodes
    assert isinstance(node, ast.ClassDef)
    if not inherited:
        kinds = [text for text in _decorators(node) if "dataclass" in text]
        yield name, " ".join(["class", f"({', '.join(map(ast.unparse, node.bases))})", *kinds])
    for base in node.bases:
        if isinstance(base, ast.Name) and any(
            base.id in _names(statement) or _imports_own(statement, base.id) for statement in _body(found.module)
        ):
            parent = _find(found.module, base.id)
            if parent is not None and isinstance(parent.nodes[0], ast.ClassDef):
                yield from _class_lines(name, parent, inherited=True)
    methods: dict[str, list[str]] = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            public = not statement.name.startswith("_") or statement.name in ("__init__", "__call__")
            if public:
                kind = " ".join(_decorators(statement)) or "method"
                methods.setdefault(statement.name, []).append(f"{kind} {_signature(statement, found.module)}")
        elif isinstance(statement, ast.AnnAssign):
            for field in _names(statement):
                if not field.startswith("_"):
                    yield f"{name}.{field}", f"field{_assigned(statement)}{_meaning(statement, found.module)}"
    for method, forms in methods.items():
        yield f"{name}.{method}", " or ".join(forms)


def _imports_own(statement: ast.stmt, name: str) -> bool:
    return (
        isinstance(statement, ast.ImportFrom)
        and (statement.module or "").startswith("cmhs_metrics")
        and name in [alias.asname or alias.name for alias in statement.names]
    )


def _lines_of(name: str) -> Iterator[tuple[str, str]]:
    module, _, last = name.rpartition(".")
    found = _find(module, last)
    if found is None:
        yield name, "module"
        return
    node = found.nodes[-1]
    if isinstance(node, ast.ClassDef):
        yield from _class_lines(name, found)
        value = getattr(importlib.import_module(module), last)
        if issubclass(value, enum.Enum):
            yield from ((f"{name}.{member}", f"member = {value[member].value!r}") for member in value.__members__)
    elif isinstance(node, ast.FunctionDef):
        forms = [each for each in found.nodes if isinstance(each, ast.FunctionDef)]
        yield name, " or ".join(f"function {_signature(form, found.module)}" for form in forms)
    else:
        yield name, f"value{_assigned(node)}"


def _command_lines() -> Iterator[tuple[str, str]]:
    yield from _options("python -m cmhs_metrics", _parser())


def _options(command: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    yield command, "command"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from _options(f"{command} {word}", inner)
        else:
            takes = "nothing" if action.nargs == 0 else str(action.metavar or action.choices or action.dest)
            spelt = ", ".join(action.option_strings) or action.dest
            default = "" if action.default in (None, argparse.SUPPRESS) else f", default {action.default!r}"
            yield f"{command} {spelt}", f"takes {takes}{default}"


def interface() -> dict[str, str]:
    """Every public name with its kind and form; the commands; the metrics, columns, bases and units."""
    rooms = list(ROOMS)
    rooms += [f"cmhs_metrics.{name}" for name in _public_names("cmhs_metrics") if _find("cmhs_metrics", name) is None]
    lines: dict[str, str] = {}
    for room in rooms:
        for name in _public_names(room):
            lines |= dict(_lines_of(f"{room}.{name}"))
    for name in DOCUMENTED:
        lines |= dict(_lines_of(name))
    lines |= dict(_command_lines())
    lines |= {f"metric {name}": f"{m.formula} [{m.printed_unit}]" for name, m in CATALOGUE.items()}
    lines |= {f"column {name}": f"{m.kind.value} [{m.unit}]" for name, m in MEASURES.items()}
    lines |= {f"basis {name}": f"columns end in _{basis.suffix}" for name, basis in BASES.items()}
    return lines | {f"unit {name}": text.partition("=")[2].strip() for name, text in DEFINITIONS.items()}


def _text(lines: Mapping[str, str]) -> str:
    return "".join(f"{name} | {form}\n" for name, form in sorted(lines.items()))


def _read(text: str) -> dict[str, str]:
    return dict(line.split(" | ", 1) for line in text.splitlines())


# --- the test


def differences(listed: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What was added, removed and changed, a line each."""
    return [
        *(f"added:   {name} | {found[name]}" for name in sorted(found.keys() - listed.keys())),
        *(f"removed: {name} | {listed[name]}" for name in sorted(listed.keys() - found.keys())),
        *(
            f"changed: {name}\n    was {listed[name]}\n    is  {found[name]}"
            for name in sorted(listed.keys() & found.keys())
            if listed[name] != found[name]
        ),
    ]


def test_the_interface_is_the_one_that_is_listed() -> None:
    found = differences(_read(LISTED.read_text(encoding="utf-8")), interface())
    assert not found, (
        "The public interface is not the one that tests/public_api.txt lists:\n\n"
        + "\n".join(found)
        + f"\n\nIf that is meant, run `{COMMAND}`, commit the file, and say it in CHANGELOG.md."
    )


def test_what_is_listed_is_there() -> None:
    for name, form in _read(LISTED.read_text(encoding="utf-8")).items():
        if not name.startswith("cmhs_metrics.") or form.split()[0] not in {"class", "function", "module", "value"}:
            continue
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name


def test_differences_are_told_apart() -> None:
    told = differences({"a": "function (x)", "b": "function (y)"}, {"a": "function (x, z)", "c": "class ()"})
    assert told == [
        "added:   c | class ()",
        "removed: b | function (y)",
        "changed: a\n    was function (x)\n    is  function (x, z)",
    ]


def test_every_name_of_the_reference_is_listed() -> None:
    pages = sorted((Path(__file__).parents[1] / "docs" / "reference").glob("*.md"))
    assert pages
    listed = {name.rpartition(".")[2] for name in _read(LISTED.read_text(encoding="utf-8")) if "cmhs_metrics." in name}
    for line in "\n".join(page.read_text(encoding="utf-8") for page in pages).splitlines():
        name = line.removeprefix("::: ").strip()
        if line.startswith("::: ") and not _is_module(name):
            assert name.rpartition(".")[2] in listed, f"the reference shows {name}, which tests/public_api.txt lacks"


if __name__ == "__main__":
    LISTED.write_text(_text(interface()), encoding="utf-8")
    print(f"Written: {LISTED}. Say in CHANGELOG.md what was added, changed or removed.")

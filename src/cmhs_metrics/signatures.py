"""The signature of a function says what its arguments are: held against what it is called with."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, wraps
from itertools import chain
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    Check = Callable[[Any], str | None]
    Change = Callable[[Any], Any] | None

P = ParamSpec("P")
R = TypeVar("R")

LARGEST_EXACT = 2**53
"""Whole numbers beyond this are not told apart by 64-bit floats, and no argument has reason to be one."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Hold the arguments of a function against its own annotations, before it is called.

    Names, words of a list, numbers, truths and the project's own objects are held against them; what a column of any
    kind is, the function reads for itself. A Decimal, where a number is asked for, comes in as the float that it is.

    Gives the same, which refuses all wrong arguments at once.

    Examples
    --------
    >>> @checked
    ... def share(part: float, *, over: bool = False) -> float: ...
    >>> share("5", over=1)
    Traceback (most recent call last):
    cmhs_metrics.BadInput: share has 2 problems:
      part: got '5', expected a number
      over: got 1, expected True or False
    """
    parameters = inspect.signature(function).parameters.values()
    names = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    checks: dict[str, _Argument] = {}

    @wraps(function)
    def held_against_its_signature(*args: P.args, **kwargs: P.kwargs) -> R:
        if not checks:
            checks.update(_checks_of(function))
        problems: list[Problem] = []
        changed: dict[str, Any] = {}
        for name, value in chain(zip(names, args, strict=False), kwargs.items()):
            if name not in checks:
                continue
            check, change, _ = checks[name]
            if (expected := check(value)) is not None:
                problems.append(Problem(name, None, value, f"{expected}, not None" if value is None else expected))
            elif change is not None and (plain := change(value)) is not value:
                changed[name] = plain
        if changed:
            given = [changed.pop(name, value) for name, value in zip(names, args, strict=False)]
            args = (*given, *args[len(names) :])  # type: ignore[assignment]
            kwargs.update(changed)
        if not problems:
            return function(*args, **kwargs)
        if all(checks[str(each.column)].by_function and not _is_beyond(each.value) for each in problems):
            _let_it_say(problems, function, args, kwargs)
        raise BadInput(function.__name__, problems)

    return held_against_its_signature


class _Argument(NamedTuple):
    """How an argument is checked, how it comes in, and whether the function checks it too, and says more."""

    check: Check
    change: Change
    by_function: bool


def _checks_of(function: Callable[..., Any]) -> dict[str, _Argument]:
    found = {}
    for each in inspect.signature(function).parameters.values():
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD) and each.annotation is not each.empty:
            parts = _parts(str(each.annotation))
            check = _any_of([_check(part, function.__globals__) for part in parts])
            found[each.name] = _Argument(
                check, _change([_mapping(part, function.__globals__) for part in parts]), "bool" not in parts
            )
    return found


def _change(parts: list[str]) -> Change:
    """How a value comes in that is right and stands in another form: one name for a list, a Series for a mapping."""
    if any(part.startswith(_SEVERAL) for part in parts):
        one = "str" not in parts
        return lambda value: [value] if one and isinstance(value, str) else _plain(value)
    if "float" in parts:
        return _plain
    if any(part.startswith("Mapping") for part in parts) and not any("Series" in part for part in parts):
        return lambda value: dict(value) if hasattr(value, "iloc") and not is_table(value) else value
    return None


def _plain(value: Any) -> Any:
    """A Decimal as a float, and a column or an array as a list, which alone says whether it is empty."""
    if isinstance(value, (Decimal, Fraction)):
        return float(value)
    return list(value) if hasattr(value, "dtype") and hasattr(value, "__len__") else value


def _let_it_say(problems: list[Problem], function: Any, args: Any, kwargs: Any) -> None:
    """Let the function refuse by itself what is out of its range, beside those problems that it does not see."""
    try:
        function(*args, **kwargs)
    except BadInput as error:
        named = {each.column for each in error.problems}
        unseen = [each for each in problems if each.column not in named]
        raise BadInput(error.subject, [*unseen, *error.problems], total=error.total + len(unseen)) from None
    except Exception:  # what else it makes of a wrong argument says less than that the argument is wrong
        return


def _is_beyond(value: object) -> bool:
    return isinstance(value, int) and abs(value) > LARGEST_EXACT


def _parts(annotation: str) -> list[str]:
    """The alternatives of an annotation: "str | Sequence[int | None] | None" has three."""
    depth, parts = 0, [""]
    for letter in annotation:
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _mapping(part: str, namespace: Mapping[str, Any]) -> str:
    """A name for a kind of mapping as what it stands for."""
    return "Mapping[" if typing.get_origin(namespace.get(part)) is Mapping else part


def _any_of(checks: list[Check]) -> Check:
    def check(value: Any) -> str | None:
        expected = []
        for each in checks:
            if (one := each(value)) is None:
                return None
            expected.append(one)
        return " or ".join(dict.fromkeys(expected))

    return check


def _check(part: str, namespace: Mapping[str, Any]) -> Check:
    """What one alternative of an annotation asks for."""
    part = _mapping(part, namespace)
    outer, _, inner = part.partition("[")
    if part in _PLAIN:
        test, expected = _PLAIN[part]
        return lambda value: None if test(value) else expected
    if outer == "Literal":
        return _word(ast.literal_eval(f"({inner[:-1]},)"))
    if outer in _SEVERAL:
        return _several(inner[:-1], namespace)
    if outer == "Mapping":
        return lambda value: None if is_mapping(value) else "a mapping, by name"
    kind: Any = namespace[part] if part in namespace else _for_the_checker(part, namespace["__name__"])
    if typing.get_origin(kind) is typing.Literal:
        return _word(typing.get_args(kind))
    if isinstance(kind, type) and kind is not Any:
        return lambda value: None if isinstance(value, kind) else f"{'an' if part[0] in 'AEIOU' else 'a'} {part}"
    if part in _BY_NAME:
        name = part.rpartition(".")[2]
        return lambda value: None if _is_of_pandas(value, name) else _BY_NAME[part]
    return lambda _: None


def _is_of_pandas(value: Any, name: str) -> bool:
    """Whether something is of a class of pandas: Polars and Spark have a DataFrame too."""
    return any((each.__module__.partition(".")[0], each.__name__) == ("pandas", name) for each in type(value).__mro__)


def _for_the_checker(part: str, module: str) -> Any:
    """What an annotation names that its module imports for the type checker alone, where that is loaded."""
    path, name = _imports(module).get(part, ("", ""))
    return getattr(sys.modules.get(path), name, None)


@cache
def _imports(module: str) -> dict[str, tuple[str, str]]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, KeyError):
        return {}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {each.asname or each.name: (str(node.module), each.name) for node in nodes for each in node.names}


def _word(words: tuple[Any, ...]) -> Check:
    def check(value: Any) -> str | None:
        if any(isinstance(value, type(word)) and value == word for word in words):
            return None
        hint = nearest(value, map(str, words)) if isinstance(value, str) else ""
        expected = f"one of {', '.join(map(str, words))}" if len(words) > 2 else " or ".join(map(repr, words))
        return f"{expected}; {hint}" if hint else expected

    return check


def _several(inner: str, namespace: Mapping[str, Any]) -> Check:
    each_check = _any_of([_check(part, namespace) for part in _parts(inner)])
    of_names = inner == "Any" or "str" in _parts(inner)

    def check(value: Any) -> str | None:
        if isinstance(value, str) and of_names:
            return None
        if is_table(value) or isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            return "a list"
        if hasattr(value, "__next__"):  # to be read once, by the function
            return None
        return next((f"a list: {expected} each" for each in value if (expected := each_check(each))), None)

    return check


def is_mapping(value: object) -> bool:
    """Whether it has keys with values, as a mapping and a pandas Series do."""
    return isinstance(value, Mapping) or (hasattr(value, "iloc") and not is_table(value))


def is_table(value: object) -> bool:
    """Whether it has columns, as tables of every library do."""
    return hasattr(type(value), "columns")


def _is_number(value: object) -> bool:
    return isinstance(value, (Real, Decimal, Fraction)) and not isinstance(value, (bool, np.bool_)) and is_float(value)


def is_float(value: Any) -> bool:
    """Whether a 64-bit float holds it."""
    try:
        return float(value) is not None
    except (OverflowError, ValueError):
        return False


def _is_whole_number(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_)) and abs(int(value)) <= LARGEST_EXACT


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
        bool(value == value)  # which pandas.NA, that is no label, is not able to say
    except TypeError:
        return False
    return True


_PLAIN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "None": (lambda value: value is None, "None"),
    "bool": (lambda value: isinstance(value, (bool, np.bool_)), "True or False"),
    "str": (lambda value: isinstance(value, str), "a text"),
    "int": (_is_whole_number, "a whole number"),
    "float": (_is_number, "a number"),
    "Number": (_is_number, "a number"),
    "Hashable": (_is_hashable, "a label"),
    "NDArray[np.float64]": (
        lambda value: getattr(getattr(value, "dtype", None), "kind", None) in tuple("iuf"),
        "an array of numbers",
    ),
    "Callable[..., Any]": (callable, "a function"),
}
_SEVERAL = ("Sequence", "Iterable", "Collection")
_BY_NAME = {"pd.DataFrame": "a pandas table"}
"""Kinds of other libraries, which are not loaded to be asked for."""

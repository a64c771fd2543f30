"""Finding the metric, measure, function or document that one has a word for."""

from __future__ import annotations

import inspect
import re
import sys
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import cmhs_metrics.metrics  # noqa: F401 - fills the catalogue
from cmhs_metrics import sources
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.signatures import checked
from cmhs_metrics.synonyms import FUNCTION_WORDS, KEY_WORDS, MEASURE_WORDS, METRIC_WORDS, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_LEAST = 0.6
"""How much of a word must agree before it counts as a slip of the pen."""
_IN_TEXT = re.compile(r"[a-z0-9+]+")


class _Entry(NamedTuple):
    kind: str
    name: str
    label: str
    words: tuple[str, ...]
    text: str


@checked
def search(words: str, *, kind: str | None = None) -> pd.DataFrame:
    """Find what a word means here: by name, label, synonym and definition.

    Parameters
    ----------
    words : str
        What is looked for, in the words of the field: "dna", "length of stay", "4 week wait", "cost per head".
    kind : {"metric", "measure", "key", "function", "document"}, optional
        What it should be; all of them unless given.

    Returns
    -------
    pandas.DataFrame
        `kind`, `name`, `label`, and `found_in` (where the word stands: "name", "synonym", "label", "definition" or
        "nearly"), the best first; no rows where nothing is like it.

    Raises
    ------
    BadInput
        When `words` has no letter, or there is no such kind.

    Examples
    --------
    >>> search("missed appointments").loc[0, ["kind", "name"]].tolist()
    ['metric', 'dna_rate']
    >>> search("length of stay", kind="metric")["name"].tolist()[0]
    'average_length_of_stay'
    """
    import pandas as pd

    asked = words_of(words) if isinstance(words, str) else ""
    kinds = ("metric", "measure", "key", "function", "document")
    problems = [] if asked else [Problem("words", None, words, "a word or some")]
    if kind is not None and kind not in kinds:
        problems.append(Problem("kind", None, kind, f"one of {', '.join(kinds)}"))
    if problems:
        raise BadInput("search", problems)
    found: list[tuple[Any, ...]] = []
    # A slip of the pen is only looked for where nothing stands as it is written.
    for score_of in (_score, _nearly):
        for entry in () if found else _entries(len(CATALOGUE)):
            if kind is None or entry.kind == kind:
                score, where = score_of(asked, entry)
                if score:
                    found.append((-score, kinds.index(entry.kind), entry.name, entry.kind, entry.label, where))
    rows = [(which, name, label, where) for _, _, name, which, label, where in sorted(found)]
    return pd.DataFrame(rows, columns=["kind", "name", "label", "found_in"])


def _score(asked: str, entry: _Entry) -> tuple[float, str]:
    name = words_of(entry.name.replace("_", " "))
    if asked in (name, entry.name):
        return 100, "name"
    if asked in entry.words:
        return 95, "synonym"
    tokens = set(_IN_TEXT.findall(asked))
    for where, text, score in (("name", name, 80.0), ("label", words_of(entry.label), 75.0)):
        if _holds(text, tokens):
            return score - len(text) / 100, where
    for phrase in entry.words:
        if _holds(phrase, tokens):
            return 70 - len(phrase) / 100, "synonym"
    return (40, "definition") if _holds(entry.text, tokens) else (0, "")


def _nearly(asked: str, entry: _Entry) -> tuple[float, str]:
    names = (words_of(entry.name.replace("_", " ")), *entry.words)
    near = max(SequenceMatcher(None, asked, each).ratio() for each in names)
    return (20 * near, "nearly") if near > _LEAST and len(asked) > 2 else (0, "")


def _holds(text: str, tokens: set[str]) -> bool:
    """Whether a text has each word, in the singular or the plural."""
    there = set(_IN_TEXT.findall(text))
    there |= {word.removesuffix("s") for word in there}
    return all(word in there or word.removesuffix("s") in there for word in tokens)


@cache
def _entries(metrics: int) -> tuple[_Entry, ...]:
    """All there is to find, gathered once for so many metrics."""
    return tuple(_gathered())


def _gathered() -> Iterator[_Entry]:
    for name, metric in CATALOGUE.items():
        words = tuple(map(words_of, METRIC_WORDS.get(name, ())))
        text = words_of(f"{metric.definition} {' '.join(metric.caveats)} {metric.section}")
        yield _Entry("metric", name, metric.label, words, text)
    for name, measure in MEASURES.items():
        words = tuple(map(words_of, MEASURE_WORDS.get(name, ())))
        yield _Entry("measure", name, measure.description, words, words_of(measure.description))
    for name, phrases in KEY_WORDS.items():
        yield _Entry("key", name, "a key column of tables", tuple(map(words_of, phrases)), "")
    yield from _functions()
    for document in vars(sources).values():
        if isinstance(document, sources.Document):
            label = f"{document.publisher}, {document.date}"
            yield _Entry("document", document.title, label, (), words_of(f"{document.title} {label}"))


def _functions() -> Iterator[_Entry]:
    # The package itself, which is loaded by then: this module is below it.
    package = sys.modules[__package__]
    for name in package.__all__:
        value: Any = getattr(package, name)
        if inspect.ismodule(value):
            for inner in getattr(value, "__all__", ()):
                try:
                    function = getattr(value, inner)
                except ImportError:  # It needs an extra that is not there, and is found by its name all the same.
                    words = tuple(map(words_of, FUNCTION_WORDS.get(f"{name}.{inner}", ())))
                    yield _Entry("function", f"{name}.{inner}", f"needs an extra: see help on {name}", words, "")
                    continue
                if callable(function):
                    yield _function(f"{name}.{inner}", function)
        elif callable(value) and name not in CATALOGUE:
            yield _function(name, value)


def _function(name: str, value: Any) -> _Entry:
    text = inspect.getdoc(value) or ""
    words = tuple(map(words_of, FUNCTION_WORDS.get(name, ())))
    return _Entry("function", name, text.partition("\n")[0], words, words_of(text.partition("Parameters\n")[0]))

"""What a metric is, and the list of all of them.

A metric is declared once: its formula is the body of a function, and the declaration above it says the rest. The
function that users call, its documentation, its place in tables and its page in the docs all come from there.
"""

from __future__ import annotations

import html
import inspect
import json
import re
import textwrap
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cmhs_metrics.errors import nearest
from cmhs_metrics.measures import MEASURES, NOT_COUNTED, PARAMETERS, POPULATION, unit_of
from cmhs_metrics.numeric.containers import Contract, trace
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.numeric.unit_aware import public_function
from cmhs_metrics.signatures import checked
from cmhs_metrics.synonyms import METRIC_WORDS, NO_LONGER_COLLECTED, PUBLISHED_AS, words_of
from cmhs_metrics.units import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from cmhs_metrics.sources import Source

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example of a metric.

    Parameters
    ----------
    inputs : dict of str to float
        The arguments.
    gives : str
        The result as it is printed at the places asked for, for example "3345.3".
    where : str
        Where the figures stand, or "illustration".
    places : int
        To how many decimal places the result is rounded.
    """

    inputs: Mapping[str, Any]
    gives: str
    where: str
    places: int

    def call(self, name: str) -> str:
        """The example as a line of code."""
        arguments = ", ".join(f"{key}={_written(value)}" for key, value in self.inputs.items())
        call = f"cm.{name}({arguments})"
        if any(isinstance(value, (list, tuple)) for value in self.inputs.values()):
            return f"np.round({call}, {self.places}).tolist()"
        return f"round({call}{f', {self.places}' if self.places else ''})"


def _written(value: Any) -> str:
    return f"np.array({list(value)})" if isinstance(value, (list, tuple)) else f"{value:_}"


@dataclass(frozen=True, eq=False)
class Metric:
    """A measure by which services are planned and compared.

    Parameters
    ----------
    name : str
        The name of the function and of the column.
    function : callable
        The function that users call.
    label : str
        The name on a plot or in a table.
    unit : str
        The unit of the result; empty for a proportion or an index.
    definition : str
        What the metric says, in one or two sentences.
    source : Source
        Where it is defined.
    example : Example
        A worked example, from published figures where there are any.
    caveats : tuple of str
        What to remember when reading it.
    annual : bool
        Whether its flow must cover a year.
    proportion : bool
        Whether it is a share of a whole, from 0 to 1, shown as a percentage.
    contract : Contract
        The formula with the units of its inputs.
    whole : str, default ""
        What the whole of a share is called where it is a sum: "appointments" of those kept and those missed.
    index : bool, default False
        Whether it says how a place stands to the country, which has 1.
    """

    name: str
    function: Callable[..., Any]
    label: str
    unit: str
    definition: str
    source: Source
    example: Example
    caveats: tuple[str, ...]
    annual: bool
    proportion: bool
    contract: Contract
    whole: str = ""
    index: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The measures it is computed from, in the order of the parameters."""
        return tuple(self.contract.inputs)

    @property
    def section(self) -> str:
        """The room of the catalogue where it stands: the module that declares it, for example "finance"."""
        return self.function.__module__.rpartition(".")[2]

    @property
    def formula(self) -> str:
        """The formula, as its body gives it."""
        return trace(self.contract).text

    @property
    def numerator(self) -> Mapping[str, int]:
        """The measures above the line, each with how often it is added: -1 where it is taken away.

        Empty where the formula is no quotient of two sums.
        """
        quotient = trace(self.contract).quotient
        return quotient[0] if quotient else {}

    @property
    def denominator(self) -> Mapping[str, int]:
        """The measures below the line, as in `numerator`."""
        quotient = trace(self.contract).quotient
        return quotient[1] if quotient else {}

    @property
    def of_a_sum(self) -> bool:
        """Whether the whole of the share is a sum in which the numerator stands: missed of missed and kept."""
        below = self.denominator
        return len(below) > 1 and bool(self.numerator) and all(below.get(name) == 1 for name in self.numerator)

    @property
    def counted(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """What is counted, and among whom or what: the measures of which each is the sum.

        None where chance has no say by itself: of costs and staff, and of a count for each of something else.
        """
        above, below = self.numerator, self.denominator
        if not above or {*above.values(), *below.values()} != {1}:
            return None
        if any(name not in MEASURES or MEASURES[name].unit in NOT_COUNTED for name in above):
            return None
        among = [(name, whole) for name in above for whole in below]
        if POPULATION in below or self.of_a_sum or (len(above) == 1 and set(among) <= set(self.contract.parts)):
            return tuple(above), tuple(below)
        return None

    @property
    def published_as(self) -> tuple[str, ...]:
        """The ids of national measures that are the same thing; a percentage there is a share here."""
        return PUBLISHED_AS.get(self.name, ())

    @property
    def status(self) -> str:
        """Where it stands: no longer collected, partly unverified, published nationally, or defined here."""
        if self.name in NO_LONGER_COLLECTED:
            return "no longer collected"
        if any("[unverified]" in text for text in (*self.published_as, *self.caveats)):
            return "partly unverified"
        return "published nationally" if self.published_as else "defined here"

    @property
    def printed_unit(self) -> str:
        """The unit in words, for labels and tables."""
        if self.proportion:
            return "proportion (0 to 1)"
        if not self.unit:
            return "index" if self.index else "ratio"
        counted, *others = self.unit.replace("person_100k", "100,000 people").split(" / ")
        return " per ".join([plural(counted.split(" * ")[0]), *others])

    def to_dict(self) -> dict[str, Any]:
        """All that `describe` says, in the types of JSON.

        Returns
        -------
        dict
            With the keys that the schema of the catalogue lists; see `cm.exchange.catalogue_schema`.
        """
        return {
            "name": self.name,
            "label": self.label,
            "section": self.section,
            "definition": self.definition,
            "formula": self.formula,
            "numerator": dict(self.numerator),
            "denominator": dict(self.denominator),
            "unit": self.unit,
            "printed_unit": self.printed_unit,
            "inputs": [{"name": name, "unit": unit} for name, unit in self.contract.inputs.items()],
            "proportion": self.proportion,
            "annual": self.annual,
            "of_many_values": self.contract.many,
            "caveats": list(self.caveats),
            "synonyms": list(METRIC_WORDS.get(self.name, ())),
            "published_as": list(self.published_as),
            "status": self.status,
            "source": str(self.source),
            "example": {
                "inputs": {
                    key: list(value) if isinstance(value, (list, tuple)) else value
                    for key, value in self.example.inputs.items()
                },
                "gives": self.example.gives,
                "where": self.example.where,
            },
        }

    def to_json(self) -> str:
        """All that `describe` says, as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def __reduce__(self) -> tuple[Any, ...]:
        return describe, (self.name,)

    def __repr__(self) -> str:
        lines = [f"{self.name} — {self.label} [{self.printed_unit}]", "", *_wrapped(self.definition)]
        lines += ["", f"Formula: {self.formula}", "Inputs:"]
        lines += [f"  {name}: {_describe_input(name)} [{unit}]" for name, unit in self.contract.inputs.items()]
        if self.caveats:
            lines += ["Caveats:", *(line for caveat in self.caveats for line in _bullet(caveat))]
        if self.published_as:
            lines.append(f"Published as: {', '.join(self.published_as)}")
        lines += [f"Source: {self.source}", "Example:", f"  {self.example.call(self.name)} = {self.example.gives}"]
        return "\n".join([*lines, f"  ({self.example.where})"])

    def _repr_html_(self) -> str:
        rows = {
            "Definition": self.definition,
            "Formula": self.formula,
            "Unit": self.printed_unit,
            "Inputs": "; ".join(f"{name} [{unit}]" for name, unit in self.contract.inputs.items()),
            "Caveats": " ".join(self.caveats),
            "Published as": ", ".join(self.published_as),
            "Source": str(self.source),
            "Example": f"{self.example.call(self.name)} = {self.example.gives} ({self.example.where})",
        }
        cells = "".join(
            f'<tr><th scope="row">{key}</th><td style="text-align:left">{html.escape(text)}</td></tr>'
            for key, text in rows.items()
            if text
        )
        return f"<table><caption><b>{html.escape(self.label)}</b> ({self.name})</caption>{cells}</table>"


_catalogue: dict[str, Metric] = {}
CATALOGUE: Mapping[str, Metric] = MappingProxyType(_catalogue)
"""Every metric that has been declared, by name."""


def metric(
    *,
    label: str,
    unit: str,
    source: Source,
    example: Mapping[str, Any],
    gives: str,
    where: str,
    places: int = 1,
    caveats: Iterable[str] = (),
    annual: bool = False,
    proportion: bool = False,
    parameters: Mapping[str, str] | None = None,
    many: bool = False,
    whole: str = "",
    index: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a metric: the decorator of its formula.

    Parameters
    ----------
    label : str
        The name on a plot or in a table.
    unit : str
        The unit of the result, which must follow from the formula; empty for a proportion or an index.
    source : Source
        Where the metric is defined.
    example : dict of str to float
        Arguments of a worked example.
    gives : str
        What they give, rounded to `places`, from the source and never from our own output.
    where : str
        Where the figures of the example stand, or "illustration".
    places : int, default 1
        Decimal places of `gives`.
    caveats : iterable of str
        What to remember when reading the metric.
    annual : bool, default False
        Whether the flow in the formula must cover a year.
    proportion : bool, default False
        Whether the result is a share of a whole.
    parameters : mapping of str to str, optional
        Units of parameters that are not measures.
    many : bool, default False
        Whether the formula takes many values together: a profile of shares that add to one, or a summary such as a
        median. Tables of teams do not compute these.
    whole : str, default ""
        What the whole of a share is called, where it is the sum of some measures: "appointments".
    index : bool, default False
        Whether the result says how a place stands to the country, which has 1.

    Returns
    -------
    callable
        A decorator that gives a function with the same parameters, for every kind of value.

    Raises
    ------
    TypeError
        When a parameter has no unit, a metric of that name exists, or a share does not know its whole.
    """

    def declare(body: Callable[P, R]) -> Callable[P, R]:
        name = body.__name__
        if name in _catalogue and _catalogue[name].contract.body.__module__ != body.__module__:
            raise TypeError(f"there is a metric {name} already, in {_catalogue[name].contract.body.__module__}")
        inputs = {}
        for parameter in inspect.signature(body).parameters:
            found = (parameters or {}).get(parameter, unit_of(parameter))
            if found is None:
                raise TypeError(f"{name}: {parameter} is not a measure; {nearest(parameter, MEASURES) or 'declare it'}")
            inputs[parameter] = found
        parts = tuple(
            (part, measure.part_of)
            for part, measure in MEASURES.items()
            if part in inputs and measure.part_of is not None and measure.part_of in inputs
        )
        contract = Contract(name, body, MappingProxyType(inputs), unit, parts, many=many)
        function = public_function(contract)
        worked = Example(example, gives, where, places)
        definition = " ".join((body.__doc__ or "").split())
        declared = Metric(
            name, function, label, unit, definition, source, worked, tuple(caveats), annual, proportion, contract,
            whole, index,
        )  # fmt: skip
        if proportion and not many and not parts and not declared.of_a_sum:
            raise TypeError(
                f"{name}: the whole of the share is not known; say in measures.py what its numerator is part_of, or "
                f"let the numerator stand in a sum below the line"
            )
        if bool(whole) != declared.of_a_sum:
            raise TypeError(f"{name}: whole= names the whole of a share where that is a sum, and only there")
        function.__doc__ = _docstring(declared)
        _catalogue[name] = declared
        return function

    return declare


@checked
def describe(name: str | Callable[..., Any]) -> Metric:
    """Say what a metric is: definition, unit, inputs, source, caveats and a worked example.

    Parameters
    ----------
    name : str or callable
        The metric's name, the function itself, or the id of a national measure that is the same thing.

    Returns
    -------
    Metric
        The entry of the catalogue; it prints as text and shows as a table in a notebook.

    Raises
    ------
    KeyError
        When there is no such metric; the nearest names are offered.

    Examples
    --------
    >>> describe("cost_per_contact").unit
    'GBP / contact'
    >>> describe("MRS01b").name, describe("full_clock_stop_four_week_rate").published_as
    ('full_clock_stop_four_week_rate', ('MRS01b',))
    """
    key: Any = getattr(name, "__name__", name)
    expect("describe", "name", key, str, "the name of a metric, or its function")
    try:
        return _catalogue[key]
    except KeyError:
        named = published_under(key)
        if named in _catalogue:
            return _catalogue[named]
        hint = f"{key} is what is here the measure {named!r}" if named else _offer(key)
        if callable(name):
            hint = f"it is a function of many uses: see help({key})"
        raise KeyError(f"there is no metric {key!r}; {hint}") from None


def published_under(id: str) -> str:
    """The metric or measure that is published under a national id; empty where none is.

    `id`: the id, in either case, for example "MRS01b".

    Examples
    --------
    >>> published_under("mhs108"), published_under("OF0086"), published_under("XYZ1")
    ('people_accessing', 'relative_cost', '')
    """
    asked = id.strip().casefold()
    for name, ids in PUBLISHED_AS.items():
        if any(each.removesuffix(" [unverified]").casefold() == asked for each in ids):
            return name
    return ""


def _offer(word: str) -> str:
    """What somebody may have meant by a word that is no metric's name."""
    asked = words_of(word.replace("_", " "))
    meant = [name for name, words in METRIC_WORDS.items() if asked in map(words_of, words)]
    if meant:
        return f"did you mean {' or '.join(map(repr, meant))}?"
    return nearest(word, _catalogue) or f"cm.search({word!r}) looks for the word, and list_metrics() has them all"


@checked
def list_metrics(words: str | None = None) -> pd.DataFrame:
    """List every metric, or those of a section or with a word.

    Parameters
    ----------
    words : str, optional
        A section ("waits", "finance"), or words that stand in the name, label, definition or synonyms.

    Returns
    -------
    pandas.DataFrame
        A row for each metric, by name: section, label, unit, formula, source, national ids (`published_as`) and
        `status`; no row where nothing has the words.

    Examples
    --------
    >>> list_metrics().loc["cost_per_contact", "formula"]
    'total_cost / contacts'
    >>> list_metrics("missed appointments").index.tolist()
    ['dna_rate']
    >>> set(list_metrics("waits")["section"])
    {'waits'}
    """
    import pandas as pd

    sections = {each.section.replace("_", " ") for each in _catalogue.values()}
    chosen = [each for each in _catalogue.values() if words is None or _has_words(each, words_of(words), sections)]
    return pd.DataFrame(
        {
            "metric": [each.name for each in chosen],
            "section": [each.section for each in chosen],
            "label": [each.label for each in chosen],
            "unit": [each.printed_unit for each in chosen],
            "formula": [each.formula for each in chosen],
            "source": [str(each.source) for each in chosen],
            "published_as": [", ".join(each.published_as) for each in chosen],
            "status": [each.status for each in chosen],
        }
    ).set_index("metric")


def _has_words(entry: Metric, asked: str, sections: set[str]) -> bool:
    if asked in sections:
        return entry.section.replace("_", " ") == asked
    synonyms = " ".join((*METRIC_WORDS.get(entry.name, ()), *entry.published_as))
    text = words_of(f"{entry.name.replace('_', ' ')} {entry.label} {entry.definition} {synonyms}")
    return bool(asked) and all(re.search(rf"\b{re.escape(word)}", text) for word in asked.split())


def _describe_input(name: str) -> str:
    if name == POPULATION:
        return "people of the place, registered or weighted"
    if name not in MEASURES:
        return PARAMETERS[name]
    whole = MEASURES[name].part_of
    return MEASURES[name].description + (f" (part of {whole})" if whole else "")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 100)


def _bullet(text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent="  - ", subsequent_indent="    ")


_ANY_KIND = "float, Quantity, numpy.ndarray, Series or expression"


def _docstring(entry: Metric) -> str:
    """The numpydoc of a metric, from its declaration."""
    kinds = "numpy.ndarray, Series or Quantity" if entry.contract.many else _ANY_KIND
    parameters = "".join(
        f"{name} : {kinds}\n"
        f"    {_describe_input(name)[0].upper()}{_describe_input(name)[1:]} [{unit or 'dimensionless'}].\n"
        for name, unit in entry.contract.inputs.items()
    )
    notes = "".join(f"- {caveat}\n" for caveat in entry.caveats)
    return (
        f"{entry.definition}\n\n"
        f"Parameters\n----------\n{parameters}\n"
        f"Returns\n-------\nThe kind that came in, in the same shape\n"
        f"    {entry.label} [{entry.printed_unit}]; NaN or null where the denominator is zero or a value missing.\n\n"
        f"Raises\n------\nBadInput\n    When a number is negative or infinite"
        f"{', or a part is above its whole' if entry.contract.parts else ''}.\n"
        f"DimensionalityError\n    When a quantity is in a unit of something else.\n"
        f"TypeError\n    When only some arguments have units, or the kinds of value do not go together.\n"
        f"ValueError\n    When two columns have different indexes or lengths.\n\n"
        + (f"Notes\n-----\n{notes}\n" if notes else "")
        + f"References\n----------\n{entry.source}.\n\n"
        f"Examples\n--------\n{entry.example.where[0].upper()}{entry.example.where[1:]}:\n\n"
        f">>> import cmhs_metrics as cm\n>>> import numpy as np\n"
        f">>> {entry.example.call(entry.name)}\n{entry.example.gives}\n"
    )

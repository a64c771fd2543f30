"""The units of community mental health services, on top of pint.

Every count is a dimension of its own, so that a caseload cannot pass for a cost or a contact for a referral. The
definitions are added to pint's application registry, to another one set later, and to any registry handed over.
"""

from __future__ import annotations

import copyreg
import re
import threading
from decimal import Decimal
from numbers import Real
from typing import Any
from weakref import WeakSet

import pint

from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.signatures import checked

DEFINITIONS: dict[str, str] = {
    "GBP": "GBP = [currency]",
    "patient": "patient = [patient]",
    "person": "person = [person]",
    "contact": "contact = [contact]",
    "referral": "referral = [referral]",
    "WTE": "WTE = [whole_time_equivalent] = _ = wte",
    "bed": "bed = [bed]",
    "bed_day": "bed_day = bed * day",
    "admission": "admission = [admission]",
    "discharge": "discharge = [discharge]",
    "assessment": "assessment = [assessment]",
    "organisation": "organisation = [organisation]",
    "team": "team = [team]",
    "service": "service = [service]",
    "place": "place = [place]",
    "professional": "professional = [professional]",
    "session": "session = [session]",
    "death": "death = [death]",
    "response": "response = [response]",
    "PCN": "PCN = [primary_care_network]",
    # "Per 100,000" says per what: 5.3 MGBP / person_100k is £5.3m per 100,000 people.
    "person_100k": "person_100k = 100000 * person",
    "person_1k": "person_1k = 1000 * person",
    # A difference of two percentages is no percentage of anything.
    "percentage_point": "percentage_point = 0.01",
}
"""The canonical units that pint does not have, by name."""

_PLURALS = {"GBP": "GBP", "WTE": "WTE", "person": "people", "percent": "%"}
"""What many are called, where it is not the unit and an s."""

# Pint builds its classes at run time, which no type checker can follow: they are Any, here and only here.
_pint: Any = pint
_defined: WeakSet[Any] = WeakSet()
# Whoever comes second waits until every unit is there; reading a lazy registry comes back to `define` in one thread.
_defining = threading.RLock()


def define(registry: Any = None) -> Any:
    """Add the units of this library to a pint registry, once.

    Parameters
    ----------
    registry : pint.UnitRegistry, optional
        The registry to add to; pint's application registry unless given. A unit it already has under one of our
        names is kept as it is.

    Returns
    -------
    pint.UnitRegistry
        The same registry.

    Examples
    --------
    >>> import pint
    >>> registry = define(pint.UnitRegistry())
    >>> registry.Quantity(2.0, "bed_day").to("bed * hour").magnitude
    48.0
    """
    if registry is None:
        registry = _pint.get_application_registry()
    if isinstance(registry, _pint.registry.ApplicationRegistry):
        registry = registry.get()
    if registry in _defined:
        return registry
    with _defining:
        if registry in _defined:
            return registry
        for name, definition in DEFINITIONS.items():
            try:
                registry.get_name(name)
            except pint.UndefinedUnitError:
                registry.define(definition)
        for value in (registry.Quantity(1.0, "GBP"), registry.Unit("GBP")):
            copyreg.pickle(type(value), _reduce)
        _defined.add(registry)
    return registry


class _RegistryInWaiting(_pint.LazyRegistry):  # type: ignore[misc]
    """Pint's default registry, still unread, which takes our units when it is first used.

    Reading pint's definitions is a third of the time of importing pandas and pint, and most programs never need them.
    """

    def __getattr__(self, item: str) -> Any:
        if item == "_on_redefinition":
            return "raise"
        with _defining:
            if type(self) is _RegistryInWaiting:
                super().__getattr__("_units")
            define(self)
        return getattr(self, item)

    def __getitem__(self, item: str) -> Any:
        return self.__getattr__("parse_expression")(item)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__getattr__("parse_expression")(*args, **kwargs)


def _await_first_use() -> None:
    registry = _pint.application_registry.get()
    if type(registry) is _pint.LazyRegistry:
        _pint.set_application_registry(_RegistryInWaiting())
    elif type(registry) is not _RegistryInWaiting:
        define(registry)


def _reduce(value: Any) -> tuple[Any, ...]:
    plain: tuple[Any, ...] = value.__reduce__()
    if any(name in str(getattr(value, "units", value)) for name in DEFINITIONS):
        # Our own function in the pickle makes a fresh process import this module, and so define the units.
        return _unpickle, plain
    return plain


def _unpickle(function: Any, arguments: tuple[Any, ...]) -> Any:
    define()
    return function(*arguments)


@checked
def plural(unit: str) -> str:
    """What many of a unit are called.

    Parameters
    ----------
    unit : str
        A unit of ours or of pint's, for example "patient".

    Returns
    -------
    str
        Its plural in words.

    Examples
    --------
    >>> plural("patient"), plural("person"), plural("bed_day"), plural("GBP")
    ('patients', 'people', 'bed days', 'GBP')
    """
    return _PLURALS.get(unit, f"{unit.replace('_', ' ')}s")


_POUNDS = re.compile(r"£\s*(k|'?000s?|m|mn|million|bn|billion)?", re.IGNORECASE)
_IN_POUNDS = {"": "GBP", **dict.fromkeys(("k", "000", "000s", "'000", "'000s"), "kGBP")}
_IN_POUNDS |= {**dict.fromkeys(("m", "mn", "million"), "MGBP"), **dict.fromkeys(("bn", "billion"), "GGBP")}


def Quantity(value: Any, unit: Any = None) -> pint.Quantity[Any]:  # noqa: N802 - the name that pint users expect
    """Make a value with a unit, in pint's application registry.

    Parameters
    ----------
    value : float, numpy.ndarray, pint.Quantity or str
        The magnitude, or a text that pint reads by itself. For money and counts as people write them ("£17.7m") use
        `parse`.
    unit : str or pint.Unit, optional
        The unit, for example "MGBP", "patient", "WTE", "contact / month" or "GBP / person_100k"; of money also "£",
        "£k", "£000" and "£m".

    Returns
    -------
    pint.Quantity
        The value with its unit.

    Raises
    ------
    pint.UndefinedUnitError
        When nobody has defined the unit.

    Examples
    --------
    >>> Quantity(17.7, "MGBP").to("GBP")
    <Quantity(17700000.0, 'GBP')>
    """
    if isinstance(value, str) and ("£" in value or re.search(r"[a-z]\s*,|\d,\d", value)):
        raise ValueError(f"pint cannot read {value!r}: use cmhs_metrics.units.parse({value!r})")
    if isinstance(unit, str) and (pounds := _POUNDS.fullmatch(unit.strip())):
        # Pint drops the sign and reads the m as metres.
        unit = _IN_POUNDS[(pounds[1] or "").casefold()]
    if value is None or hasattr(value, "iloc"):
        raise TypeError(f"Quantity: value: got a {type(value).__name__}, expected a number, an array or a text")
    quantity: pint.Quantity[Any] = define().Quantity(value, unit)
    return quantity


_SCALES = {
    "k": 1e3, "thousand": 1e3, "000": 1e3,
    "m": 1e6, "mn": 1e6, "million": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9,
}  # fmt: skip

_NUMBER = re.compile(
    r"""^\s*(?P<sign>[-−+]?)\s*(?P<pound>£?)\s*
        (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<exponent>e[-+]?\d+)?
        \s*(?P<scale>(?:thousand|million|billion|bn|mn|k|m|b)\b)?
        \s*(?P<percent>%?)\s*(?P<rest>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_PER_100K = re.compile(r"(?:per|/)\s*100(?:,?000|\s?k)\b(?:\s*(?:of\s+the\s+)?(?P<of>[a-z+0-9 -]*))?", re.IGNORECASE)
_WORDS = {"patients": "patient", "people": "person", "persons": "person", "population": "person", "£": "GBP"}
# Pint takes a pound for a weight.
_WORDS |= {"pounds": "GBP", "pound": "GBP", "pounds sterling": "GBP"}


@checked
def wte_from_hours(hours_per_week: Any, full_time: float = 37.5) -> Any:
    """Whole-time equivalents of contracted hours.

    Parameters
    ----------
    hours_per_week : float, numpy.ndarray, Series or Quantity
        Hours of work in a week, of one person or of many together [hour / week].
    full_time : float, default 37.5
        The hours of a whole-time post [hour / week]; 40 for doctors, whose weeks are of ten sessions of four hours.

    Returns
    -------
    The kind that came in
        The whole-time equivalents [WTE].

    Raises
    ------
    BadInput
        When a single number of hours is negative, or `full_time` is not above zero and up to 168.
    pint.DimensionalityError
        When a quantity is not of hours in a week.

    References
    ----------
    NHS Terms and Conditions of Service Handbook, Section 10: hours of the working week.

    Examples
    --------
    >>> wte_from_hours(30), wte_from_hours(40, full_time=40)
    (0.8, 1.0)
    >>> wte_from_hours(Quantity(3_750, "hour / week"))
    <Quantity(100.0, 'WTE')>
    """
    problems = []
    if isinstance(full_time, bool) or not isinstance(full_time, Real) or not 0 < full_time <= 168:
        problems.append(Problem("full_time", None, full_time, "hours of a week, above 0 and up to 168 [hour / week]"))
    has_unit = isinstance(hours_per_week, pint.Quantity)
    hours = hours_per_week.to("hour / week").magnitude if has_unit else hours_per_week
    if isinstance(hours, (str, bytes, bool)) or hours is None:
        problems.append(Problem("hours_per_week", None, hours_per_week, "a number, a column or a quantity of hours"))
    elif isinstance(hours, Real) and hours < 0:
        problems.append(Problem("hours_per_week", None, hours, "zero or more [hour / week]"))
    refuse("wte_from_hours", problems)
    try:
        posts = (float(hours) if isinstance(hours, (Decimal, int)) else hours) / full_time
    except (TypeError, OverflowError):
        expected = "a number, a column or a quantity of hours"
        raise BadInput("wte_from_hours", [Problem("hours_per_week", None, hours_per_week, expected)]) from None
    return define(hours_per_week._REGISTRY).Quantity(posts, "WTE") if has_unit else posts


@checked
def parse(text: str) -> pint.Quantity[Any]:
    """Read money, counts and rates as people write them.

    Parameters
    ----------
    text : str
        For example "£17.7m", "17.7 MGBP", "£2.38bn", "1.9m referrals", "40,216 WTE", "76%", "£163 per contact",
        "1,555 patients per 100,000", "per 100k" or "WTE".

    Returns
    -------
    pint.Quantity
        The value in GBP, in the unit that is named, or dimensionless; percentages in percent.

    Raises
    ------
    ValueError
        When the text cannot be read, or could mean two things: "17.7m" is metres to pint and millions to most people.

    Examples
    --------
    >>> parse("£17.7m")
    <Quantity(17700000.0, 'GBP')>
    >>> parse("£5.32m per 100,000")
    <Quantity(5320000.0, 'GBP / person_100k')>
    >>> parse("1.9m referrals")
    <Quantity(1900000.0, 'referral')>
    """
    registry = define()
    per_100k = _PER_100K.search(text)
    bare = (text[: per_100k.start()] if per_100k else text).strip()
    if not bare:
        if not per_100k:
            raise ValueError("there is nothing to parse: the text is empty")
        return registry.Quantity(1.0, "1 / person_100k")  # type: ignore[no-any-return]
    match = _NUMBER.match(bare)
    if bare == "£":
        raise ValueError("'£' cannot be read as a value with a unit: it has no number")
    number, unit = 1.0, bare
    if match:
        number = float(match["digits"].replace(",", "") + (match["exponent"] or ""))
        number = -number if match["sign"] in ("-", "−") else number
        scale = (match["scale"] or "").casefold()
        unit = match["rest"].strip()
        if match["pound"]:
            if unit and not unit.startswith(("per ", "/")):
                raise ValueError(f"{text!r} has a pound sign and then {unit!r}: write '£{number:g} per {unit}', say")
            unit = f"GBP {unit}".strip()
        if scale in ("m", "b", "k") and not unit:
            raise ValueError(
                f"{text!r} could be money or a count, and to pint it is {number:g} {registry.get_name(scale)}: name "
                f"the unit, for example '£{bare}' or '{bare} referrals'"
            )
        number *= _SCALES.get(scale, 1.0)
        if match["percent"]:
            unit = f"percent {unit}".strip()
    unit = re.sub(r"\bper\b", "/", re.sub(r"[£]|[a-z]+", lambda word: _WORDS.get(word[0].casefold(), word[0]), unit))
    try:
        quantity = registry.Quantity(number, registry.parse_units(unit or "dimensionless"))
    except (pint.PintError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{text!r} cannot be read as a value with a unit; write it like '£17.7m', '17.7 MGBP', '1.9m referrals', "
            f"'40,216 WTE' or '£5.3m per 100,000'"
        ) from error
    if per_100k:
        quantity = quantity / registry.Quantity(1, "person_100k")
    return quantity  # type: ignore[no-any-return]


_await_first_use()

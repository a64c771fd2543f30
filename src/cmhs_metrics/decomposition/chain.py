"""The chain of percentage changes from a ratio to its numerator and denominator."""

from __future__ import annotations

from typing import Any, NamedTuple

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.containers import Contract, evaluate
from cmhs_metrics.numeric.expected import floats
from cmhs_metrics.numeric.ratio import ratio


class Chain(NamedTuple):
    """Percentage changes of a ratio, its numerator and its denominator, which follow from each other.

    Parameters
    ----------
    ratio, numerator, denominator : the kind that came in
        The changes [%]: (1 + numerator) / (1 + denominator) = 1 + ratio, each as a proportion.
    """

    ratio: Any
    numerator: Any
    denominator: Any


def chain_percentage_changes(*, ratio: Any = None, numerator: Any = None, denominator: Any = None) -> Chain:
    """Find the third of three percentage changes: of a ratio, its numerator and its denominator.

    Percentage changes multiply and do not add: spending down 15% over a caseload down 22% is not a unit cost up 7%.

    Parameters
    ----------
    ratio : float, numpy.ndarray or Series, optional
        The change of the ratio, for example of the cost of a year of care [%].
    numerator : float, numpy.ndarray or Series, optional
        The change of what stands above the line, for example spending [%].
    denominator : float, numpy.ndarray or Series, optional
        The change of what stands below it, for example the caseload [%].

    Returns
    -------
    Chain
        All three, the third in the kind that came in [%]; missing where it is undefined.

    Raises
    ------
    BadInput
        When a change is below -100%, or that of the denominator -100%.
    TypeError
        When not two of the three are given.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Team Finance – unit cost
    trends, "creating a smaller denominator of patients".

    Examples
    --------
    (1 − 0.15) / (1 − 0.22) = 1.0897:

    >>> chain = chain_percentage_changes(numerator=-15, denominator=-22)
    >>> round(chain.ratio, 1)
    9.0
    >>> round(chain_percentage_changes(ratio=chain.ratio, numerator=-15).denominator, 1)
    -22.0
    """
    given = {"ratio": ratio, "numerator": numerator, "denominator": denominator}
    known = {name: value for name, value in given.items() if value is not None}
    if len(known) != 2:
        raise TypeError(f"chain_percentage_changes: two of ratio, numerator and denominator, got {len(known)}")
    for name, value in known.items():
        number = value.m_as("percent") if hasattr(value, "m_as") else value
        held = floats("chain_percentage_changes", name, number, "a percentage, or several")
        wrong = held[(held < -100) | ((held == -100) & (name == "denominator"))]
        if len(wrong):
            expected = f"a percentage {'above -100' if name == 'denominator' else '-100 or above'}"
            raise BadInput("chain_percentage_changes", [Problem(name, None, float(wrong.min()), expected)])
    wanted = next(name for name in given if name not in known)
    inputs = dict.fromkeys(known, "percent")
    contract = Contract(wanted, _RULES[wanted], inputs, "percent", signed=True)
    return Chain(**{**known, wanted: evaluate(contract, tuple(known.values()))})


def _over(above: Any, below: Any) -> Any:
    return (ratio(above * 0.01 + 1, below * 0.01 + 1) - 1) * 100


_RULES = {
    "ratio": lambda numerator, denominator: _over(numerator, denominator),
    "numerator": lambda ratio, denominator: ((ratio * 0.01 + 1) * (denominator * 0.01 + 1) - 1) * 100,
    "denominator": lambda ratio, numerator: _over(numerator, ratio),
}

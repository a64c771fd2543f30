"""The change of a ratio or a product, split exactly into a part for each of its factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmhs_metrics.decomposition.chain import Chain
from cmhs_metrics.decomposition.parts import METHODS, MOST_FACTORS, PARTS, product
from cmhs_metrics.decomposition.results import each_output, is_number, plain, unit_of
from cmhs_metrics.errors import Problem, refuse
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import index_of
from cmhs_metrics.presentation import signed, written
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["log-mean", "shapley"]


@dataclass(frozen=True, eq=False, slots=True)
class RatioChange:
    """The change of a ratio, with the parts that its numerator and its denominator have in it.

    Parameters
    ----------
    before, after : the kind that came in
        The ratio [numerator per denominator].
    change : the kind that came in
        After less before [the same].
    due_to_numerator, due_to_denominator : the kind that came in
        The parts, which add up to the change [the same].
    chain : Chain
        The percentage changes of ratio, numerator and denominator [%].
    method : str
        How the change was split.
    """

    before: Any
    after: Any
    change: Any
    due_to_numerator: Any
    due_to_denominator: Any
    chain: Chain
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Give the parts as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each value, with the index of the Series that came in: `before`, `after`, `change`,
            `due_to_numerator`, `due_to_denominator`, and `percentage_change` of the ratio, with
            `numerator_percentage_change` and `denominator_percentage_change` [%].
        """
        import pandas as pd

        columns = ("before", "after", "change", "due_to_numerator", "due_to_denominator")
        table = {name: plain(getattr(self, name)) for name in columns}
        percentages = ("percentage_change", "numerator_percentage_change", "denominator_percentage_change")
        table |= {name: plain(each) for name, each in zip(percentages, self.chain, strict=True)}
        return pd.DataFrame(table, index=index_of(self.change))

    def __repr__(self) -> str:
        if not is_number(self.change):
            return f"RatioChange of {len(plain(self.change)):,} values, {self.method}; to_frame() has them"
        rows = (("numerator", self.due_to_numerator, 1), ("denominator", self.due_to_denominator, 2))
        return "\n".join(
            [
                f"RatioChange: {written(self.before)} → {written(self.after)}, {signed(self.change)} "
                f"({signed(self.chain.ratio)}%), {self.method}",
                *(f"  {name:<11} {signed(self.chain[at]):>7}%  makes {signed(part)}" for name, part, at in rows),
            ]
        )


@dataclass(frozen=True, eq=False, slots=True)
class ProductChange:
    """The change of a product, with the part that each factor has in it.

    Parameters
    ----------
    before, after : the kind that came in
        The product [product of the factors' units].
    change : the kind that came in
        After less before [the same].
    parts : dict of str to the kind that came in
        A part for each factor; they add up to the change [the same].
    method : str
        How the change was split.
    """

    before: Any
    after: Any
    change: Any
    parts: Mapping[str, Any]
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Give the parts as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each value, with the index of the Series that came in: `before`, `after`, `change`, and
            `due_to_…` for each factor.
        """
        import pandas as pd

        table = {name: plain(getattr(self, name)) for name in ("before", "after", "change")}
        table |= {f"due_to_{name}": plain(part) for name, part in self.parts.items()}
        return pd.DataFrame(table, index=index_of(self.change))

    def __repr__(self) -> str:
        if not is_number(self.change):
            return f"ProductChange of {len(plain(self.change)):,} values, {self.method}; to_frame() has them"
        head = f"ProductChange: {written(self.before)} → {written(self.after)}, {signed(self.change)}, {self.method}"
        width = max(map(len, self.parts))
        return "\n".join([head, *(f"  {name:<{width}} makes {signed(part)}" for name, part in self.parts.items())])


@checked
def decompose_ratio_change(
    numerator_before: Any,
    numerator_after: Any,
    denominator_before: Any,
    denominator_after: Any,
    method: Method = "log-mean",
) -> RatioChange:
    """Split the change of a ratio exactly into the parts of its numerator and its denominator.

    Parameters
    ----------
    numerator_before, numerator_after : float, Quantity, numpy.ndarray or Series
        What stands above the line, for example spending [any unit].
    denominator_before, denominator_after : float, Quantity, numpy.ndarray or Series
        What stands below it, for example the caseload [any unit].
    method : {"log-mean", "shapley"}, default "log-mean"
        How: by the logarithmic mean (LMDI), or as Shapley values, which for a ratio are the mean of changing the
        numerator first and the denominator first.

    Returns
    -------
    RatioChange
        The ratio before and after, and the parts [numerator per denominator], in the kind that came in. Missing where
        a denominator is zero or a value missing. A numerator that comes from zero, or goes to it, has the whole change
        by the logarithmic mean.

    Raises
    ------
    BadInput
        When a value is negative or infinite, or there is no such method.
    DimensionalityError
        When before and after are not in the same kind of unit.

    References
    ----------
    Ang (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33: equations 3 and 5.
    Albrecht, François and Schoors (2002), A Shapley decomposition of carbon emissions without residuals, Energy
    Policy 30.

    Examples
    --------
    Spending falls by 15% and the caseload by 22%, and so a patient costs 9% more:

    >>> decompose_ratio_change(17_700_000, 15_045_000, 5_291, 4_127)
    RatioChange: 3,345 → 3,646, +300.2 (+8.974%), log-mean
      numerator       −15%  makes −567.7
      denominator     −22%  makes +867.9
    """
    _check_method("decompose_ratio_change", method)
    above, below = unit_of(numerator_before), unit_of(denominator_before)
    unit = f"({above or 'dimensionless'}) / ({below or 'dimensionless'})" if above or below else ""

    def compute(first: Any, second: Any, under_first: Any, under_second: Any) -> dict[str, Any]:
        numerators = [np.asarray(each, dtype=np.float64) for each in (first, second)]
        inverses = [ratio(np.float64(1.0), np.asarray(each, dtype=np.float64)) for each in (under_first, under_second)]
        parts = PARTS[method]([numerators[0], inverses[0]], [numerators[1], inverses[1]])
        before, after = numerators[0] * inverses[0], numerators[1] * inverses[1]
        return {
            "before": before,
            "after": after,
            "change": after - before,
            "due_to_numerator": parts[0],
            "due_to_denominator": parts[1],
            "ratio": ratio(after - before, before, 100),
            "numerator": ratio(numerators[1] - numerators[0], numerators[0], 100),
            "denominator": ratio(np.subtract(under_second, under_first), np.asarray(under_first, np.float64), 100),
        }

    arguments = {
        "numerator_before": (numerator_before, above),
        "numerator_after": (numerator_after, above),
        "denominator_before": (denominator_before, below),
        "denominator_after": (denominator_after, below),
    }
    names = ("before", "after", "change", "due_to_numerator", "due_to_denominator")
    outputs = dict.fromkeys(names, unit) | dict.fromkeys(Chain._fields, "percent")
    found = each_output("decompose_ratio_change", compute, arguments, outputs)
    return RatioChange(
        **{name: found[name] for name in names}, chain=Chain(*(found[name] for name in Chain._fields)), method=method
    )


@checked
def decompose_product_change(
    before: Mapping[str, Any], after: Mapping[str, Any], method: Method = "log-mean"
) -> ProductChange:
    """Split the change of a product exactly into a part for each factor.

    The cost of a service is people × caseload per person × contacts per patient × cost per contact; the caseload of a
    care cluster is the whole caseload × the cluster's share.

    Parameters
    ----------
    before, after : mapping of str to float, Quantity, numpy.ndarray or Series
        The factors by name; the same names in both [any unit each].
    method : {"log-mean", "shapley"}, default "log-mean"
        How: by the logarithmic mean (LMDI), or as Shapley values (Das Gupta's standardisation for several factors).

    Returns
    -------
    ProductChange
        The product before and after, and the parts [product of the units], in the kind that came in. Where the factors
        are those of several groups, the parts of the groups add up to those of their total.

    Raises
    ------
    BadInput
        When the factors are not the same before and after, a value is negative or infinite, there are no factors or
        more than ten, or there is no such method.
    DimensionalityError
        When before and after are not in the same kind of unit.

    References
    ----------
    Ang (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33: equations 1, 3 and 5.
    Das Gupta (1993), Standardization and decomposition of rates: a user's manual, US Bureau of the Census P23-186:
    chapters 2 and 4.

    Examples
    --------
    >>> decompose_product_change({"patients": 100, "cost": 2.0}, {"patients": 80, "cost": 3.0}, method="shapley")
    ProductChange: 200 → 240, +40, shapley
      patients makes −50
      cost     makes +90
    """
    for name, factors in (("before", before), ("after", after)):
        expect("decompose_product_change", name, factors, Mapping, "a mapping from factor to its value")
    problems = []
    if missing := [name for name in {**before, **after} if (name in before) != (name in after)]:
        problems += [Problem("factors", None, name, "the same factors before and after") for name in missing]
    if not 1 <= len(before) <= MOST_FACTORS:
        problems.append(Problem("factors", None, len(before), f"one to {MOST_FACTORS} factors"))
    _check_method("decompose_product_change", method, problems)
    names = list(before)
    units = {name: unit_of(before[name]) for name in names}
    unit = " * ".join(f"({each})" for each in units.values() if each)

    def compute(*factors: Any) -> dict[str, Any]:
        floats = [np.asarray(factor, dtype=np.float64) for factor in factors]
        first, second = floats[: len(names)], floats[len(names) :]
        whole = {"before": product(first), "after": product(second)}
        whole["change"] = whole["after"] - whole["before"]
        return whole | {f"due_to_{name}": part for name, part in zip(names, PARTS[method](first, second), strict=True)}

    arguments = {f"{name} before": (before[name], units[name]) for name in names}
    arguments |= {f"{name} after": (after[name], units[name]) for name in names}
    outputs = dict.fromkeys(["before", "after", "change", *(f"due_to_{name}" for name in names)], unit)
    found = each_output("decompose_product_change", compute, arguments, outputs)
    parts = {name: found[f"due_to_{name}"] for name in names}
    return ProductChange(found["before"], found["after"], found["change"], parts, method)


def _check_method(subject: str, method: str, problems: list[Problem] | None = None) -> None:
    problems = [] if problems is None else problems
    if method not in METHODS:
        problems.append(Problem("method", None, method, f"one of {', '.join(map(repr, METHODS))}"))
    refuse(subject, problems)

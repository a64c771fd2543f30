"""The change of a mean over categories, split into rates and mix: a part for each category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.decomposition.results import each_output, plain, unit_of
from cmhs_metrics.errors import Problem, refuse
from cmhs_metrics.numeric.requirements import cell_name, index_of
from cmhs_metrics.presentation import signed, written
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-9
"""How far from 1 the shares may add up."""


@dataclass(frozen=True, eq=False, slots=True)
class MixChange:
    """The change of a mean over categories, with the parts of their rates and of their mix.

    Parameters
    ----------
    before, after : float
        The mean over the categories [the rates' unit].
    change : float
        After less before [the same].
    due_to_rates : float
        The part of the change of the rates within the categories [the same].
    due_to_composition : float
        The part of the change of the categories' shares [the same].
    interaction : float
        What comes of both together where it was kept apart, zero otherwise [the same].
    rate_parts, composition_parts, interaction_parts : the kind that came in
        The same for each category; they add up to the parts above [the same].
    unit : str
        The rates' unit; empty where they had none.
    """

    before: float
    after: float
    change: float
    due_to_rates: float
    due_to_composition: float
    interaction: float
    rate_parts: Any
    composition_parts: Any
    interaction_parts: Any
    unit: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give the parts of the categories as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each category, with the index of the Series that came in: `due_to_rate`, `due_to_composition`,
            `interaction`, and `change`, their sum.
        """
        import pandas as pd

        names = ("due_to_rate", "due_to_composition", "interaction")
        parts = (self.rate_parts, self.composition_parts, self.interaction_parts)
        table = {name: plain(part) for name, part in zip(names, parts, strict=True)}
        table["change"] = sum(table.values(), np.zeros(1))
        return pd.DataFrame(table, index=index_of(self.rate_parts))

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        rows = [("rates", self.due_to_rates), ("composition", self.due_to_composition)]
        if self.interaction:
            rows.append(("interaction", self.interaction))
        head = f"MixChange: {written(self.before)} → {written(self.after)}{unit}, {signed(self.change)}"
        return "\n".join([head, *(f"  {name:<11} makes {signed(part)}" for name, part in rows)])


@checked
def decompose_mix_change(
    rates_before: Any, shares_before: Any, rates_after: Any, shares_after: Any, *, interaction: bool = False
) -> MixChange:
    """Split the change of a mean over categories exactly into the change of their rates and of their mix.

    The cost of a contact over all team types changes because contacts of a type cost more, or because there are more
    contacts of a dear type.

    Parameters
    ----------
    rates_before, rates_after : numpy.ndarray, Series or Quantity
        The rate of each category, for example its cost per contact [any unit].
    shares_before, shares_after : numpy.ndarray or Series
        The share of each category in the denominator of the rate, for example in all contacts [proportion].
    interaction : bool, default False
        Whether what comes of both changes together is kept apart, with the situation before as the standard; otherwise
        each half of it goes to either part, which makes the split the same seen from either end.

    Returns
    -------
    MixChange
        The mean before and after, the two parts, and the parts of each category. A category's part in the mix is that
        of its rate above or below the mean: more of a dear team type raises the mean, more of a cheap one lowers it.
        A category that is only there before or after, whose rate cannot be known at the other end, has its whole part
        in the mix. Missing where a rate or share is.

    Raises
    ------
    BadInput
        When a rate is negative or infinite, a share is not from 0 to 1, or the shares do not add up to 1.
    TypeError
        When the rates and shares are not columns or arrays.
    ValueError
        When they are of different length, or Series with different indexes.

    References
    ----------
    Kitagawa (1955), Components of a difference between two rates, Journal of the American Statistical Association 50.
    Das Gupta (1993), Standardization and decomposition of rates: a user's manual, US Bureau of the Census P23-186:
    chapter 5, which for two factors is the same. Chevan and Sutherland (2009), Revisiting Das Gupta, Demography 46, for
    the parts of categories.

    Examples
    --------
    Two types of team, at the same costs, but with more contacts of the dear one:

    >>> import pandas as pd
    >>> costs = pd.Series([100.0, 200.0], index=["generic", "crisis"])
    >>> before, after = pd.Series([0.8, 0.2], index=costs.index), pd.Series([0.6, 0.4], index=costs.index)
    >>> decompose_mix_change(costs, before, costs, after)
    MixChange: 120 → 140, +20
      rates       makes +0
      composition makes +20
    """
    given = {
        "rates_before": rates_before,
        "shares_before": shares_before,
        "rates_after": rates_after,
        "shares_after": shares_after,
    }
    _check_columns(given)
    _check_shares(given)
    unit = unit_of(rates_before)
    totals: dict[str, float] = {}

    def compute(rates_before: Any, shares_before: Any, rates_after: Any, shares_after: Any) -> dict[str, Any]:
        first = np.where(np.isnan(rates_before) & (shares_before == 0), rates_after, rates_before)
        second = np.where(np.isnan(rates_after) & (shares_after == 0), rates_before, rates_after)
        change_of_rates, change_of_shares = second - first, shares_after - shares_before
        totals["before"], totals["after"] = float(first @ shares_before), float(second @ shares_after)
        if interaction:
            shares, rates, mean = shares_before, first, totals["before"]
            both = change_of_rates * change_of_shares
        else:
            shares, rates = (shares_before + shares_after) / 2, (first + second) / 2
            mean, both = (totals["before"] + totals["after"]) / 2, np.zeros(len(first))
        totals["rates"], totals["composition"] = float(shares @ change_of_rates), float(rates @ change_of_shares)
        totals["interaction"] = float(both.sum())
        return {
            "rate_parts": shares * change_of_rates,
            "composition_parts": (rates - mean) * change_of_shares,
            "interaction_parts": both,
        }

    arguments = {name: (value, unit if name.startswith("rates") else "") for name, value in given.items()}
    outputs = dict.fromkeys(("rate_parts", "composition_parts", "interaction_parts"), unit)
    found = each_output("decompose_mix_change", compute, arguments, outputs)
    return MixChange(
        before=totals["before"],
        after=totals["after"],
        change=totals["after"] - totals["before"],
        due_to_rates=totals["rates"],
        due_to_composition=totals["composition"],
        interaction=totals["interaction"],
        unit=unit,
        **found,
    )


def _check_columns(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if np.ndim(value) != 1 or isinstance(value, (list, tuple)):
            raise TypeError(f"decompose_mix_change: {name} has to be an array or a Series, a value for each category")
    lengths = {name: len(value) for name, value in given.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"decompose_mix_change: the categories are not the same: {found}")


def _check_shares(given: dict[str, Any]) -> None:
    shares = {name: plain(value) for name, value in given.items() if name.startswith("shares")}
    problems = [
        Problem(name, cell_name([at], index_of(given[name])), float(values[at]), "a proportion from 0 to 1")
        for name, values in shares.items()
        for at in np.flatnonzero((values < 0) | (values > 1)).tolist()
    ]
    problems += [
        Problem(name, None, float(values.sum()), "shares that add up to 1")
        for name, values in shares.items()
        if abs(values.sum() - 1) > TOLERANCE
    ]
    refuse("decompose_mix_change", problems)

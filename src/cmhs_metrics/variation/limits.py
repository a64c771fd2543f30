"""Limits of a funnel: between which values places stay by chance, were they all at the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.numeric.arguments import Places, in_pandas
from cmhs_metrics.signatures import checked
from cmhs_metrics.variation.chance import exact_limits, mixed_limits, widened_limits

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

KINDS = ("rate", "proportion", "ratio")
LEVELS = (0.95, 0.998)
PER = 100_000.0
_LARGEST = 1e100
"""Of a smaller standard deviation the square, times a score and a base, is a number."""


class Limits(NamedTuple):
    """The limits at one level."""

    lower: Any
    """Below it a place is lower than chance would have it [the unit of the target]."""
    upper: Any
    """Above it a place is higher than chance would have it [the unit of the target]."""


@dataclass(frozen=True, eq=False)
class FunnelLimits:
    """The limits of a funnel at each place's denominator.

    Parameters
    ----------
    kind : str
        "rate", "proportion" or "ratio".
    denominators : float, numpy.ndarray or Series
        What the values are out of.
    target : float
        The value that places are held against.
    levels : tuple of float
        The levels, least first [proportion].
    limits : tuple of Limits
        The limits at each level.
    """

    kind: str
    denominators: Any
    target: float
    levels: tuple[float, ...]
    limits: tuple[Limits, ...]

    def at(self, level: float) -> Limits:
        """The limits at one level.

        Parameters
        ----------
        level : float
            One of the levels, for example 0.998.

        Returns
        -------
        Limits
            ``lower`` and ``upper``.

        Raises
        ------
        KeyError
            When the limits were not computed at that level.
        """
        if level not in self.levels:
            raise KeyError(f"there are no limits at {level}; there are at {', '.join(map(str, self.levels))}")
        return self.limits[self.levels.index(level)]

    def to_frame(self) -> pd.DataFrame:
        """The limits as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each place: denominator, target, and the limits as lower_95, upper_95, lower_99_8, upper_99_8.
        """
        import pandas as pd

        columns = {"denominator": self.denominators, "target": self.target}
        for level, pair in zip(self.levels, self.limits, strict=True):
            columns |= {f"lower_{_percent(level)}": pair.lower, f"upper_{_percent(level)}": pair.upper}
        held = {name: in_pandas(column) for name, column in columns.items()}
        return pd.DataFrame(held, index=[0] if isinstance(self.denominators, Real) else None)

    def __repr__(self) -> str:
        levels = " and ".join(f"{level * 100:g}%" for level in self.levels)
        places = np.size(self.denominators)
        return f"<FunnelLimits of a {self.kind} about {self.target:,.6g} at {levels}, {places} places>"


def _percent(level: float) -> str:
    return f"{level * 100:.10g}".replace(".", "_")


@checked
def funnel_limits(
    kind: str,
    denominators: Any,
    target: float | None = None,
    *,
    levels: float | Sequence[float] = LEVELS,
    per: float = PER,
    phi: float = 1.0,
    tau: float = 0.0,
    mixture: bool = False,
    fractional: bool = False,
) -> FunnelLimits:
    """The limits between which places stay by chance, were they all at the target.

    Parameters
    ----------
    kind : {"rate", "proportion", "ratio"}
        Events per people; cases out of cases; observed over expected events.
    denominators : float, numpy.ndarray or Series
        People of a rate [person], cases of a proportion [count], expected events of a ratio [count].
    target : float, optional
        The value that places are held against [events per `per` people, proportion, or ratio]; 1 for a ratio unless
        given.
    levels : float or sequence of float, default (0.95, 0.998)
        The share of places that would stay within, were all at the target [proportion].
    per : float, default 100,000
        People that a rate is per [person]; other kinds do not use it.
    phi : float, default 1.0
        Multiplicative over-dispersion: how many times the variance that chance brings is taken to be (see
        `overdispersion`). At 1 there is none.
    tau : float, default 0.0
        Additive over-dispersion: the standard deviation that places have beyond chance, on the scale of
        `funnel_z_scores`.
    mixture : bool, default False
        Whether limits with `tau` are those of counts whose true values vary so: beta-binomial for proportions, negative
        binomial for rates and ratios. They stay within what is possible and are skew where counts are few.
    fractional : bool, default False
        Whether the cases of a proportion may be fractions, having been apportioned; the limits are then those of the
        nearest whole number.

    Returns
    -------
    FunnelLimits
        ``at(0.95).lower`` and so on, in the kind that came in [the unit of the target]. NaN where a denominator is
        missing, or where no cases or events could be.

    Raises
    ------
    BadInput
        When the kind is not known, a population is not above zero, cases are not counts, expected events are negative,
        the target or a level is out of range, `phi` is below 1, `tau` below 0, or both are asked for.

    Notes
    -----
    Without over-dispersion the limits are exact: from the binomial distribution for proportions and the Poisson for
    rates and ratios, interpolated between counts. At either end a place at the target falls outside with a probability
    of no more than (1 − level) / 2, which is what Seaton and Manktelow advise over limits made as confidence intervals
    are.

    With over-dispersion they are normal limits on a scale where chance has one variance: the square root of a rate or
    ratio, with standard error ½ / √(expected at 1, or people / per), and the arcsine of the square root of a
    proportion, with ½ / √cases. The standard error is multiplied by √phi, or becomes √(error² + tau²). A limit that
    would leave the scale stands at its end, 0 or 1.

    With `mixture` the true values have a gamma distribution with variance 4 tau² target, or a beta distribution with
    variance 4 tau² target (1 − target), which to the first order is a standard deviation of tau on that scale; the
    limits are interpolated between counts, as the exact ones are.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine 2005; 24: 1185–1202.
    Seaton SE, Manktelow BN. The probability of being identified as an outlier with commonly used funnel plot control
    limits for the standardised mortality ratio. BMC Medical Research Methodology 2012; 12: 98. Spiegelhalter D,
    Sherlaw-Johnson C, Bardsley M, et al. Statistical methods for healthcare regulation: rating, screening and
    surveillance. Journal of the Royal Statistical Society A 2012; 175: 1–47.

    Examples
    --------
    >>> import numpy as np
    >>> limits = funnel_limits("proportion", np.array([20, 200, 2000]), target=0.10)
    >>> limits.at(0.95).upper.round(3).tolist()
    [0.278, 0.146, 0.114]
    >>> limits.to_frame().round(3)
       denominator  target  lower_95  upper_95  lower_99_8  upper_99_8
    0           20     0.1     0.000     0.278       0.000       0.385
    1          200     0.1     0.058     0.146       0.038       0.174
    2         2000     0.1     0.087     0.114       0.080       0.122
    """
    places = Places("funnel_limits", denominators=denominators)
    asked = tuple(sorted(levels)) if isinstance(levels, Sequence) else (levels,)
    for level in asked:
        places.within("levels", level, 0, 1, "a proportion between 0 and 1, for example 0.95")
    if not asked or len(set(asked)) < len(asked):
        places.refuse_argument("levels", levels, "one or more levels, each once")
    about = 1.0 if target is None and kind == "ratio" else target
    check_kind(places, kind, about, per)
    if kind in KINDS:
        check_denominators(places, kind, fractional)
    expected = f"1 or more, below {_LARGEST**2:g}: less than chance brings needs no adjustment"
    places.within("phi", phi, 1, _LARGEST**2, expected, closed=True)
    expected = "a standard deviation, zero or more"
    if mixture and kind == "proportion":
        places.within("tau", tau, 0, 0.5, f"{expected}, below 0.5 for a beta distribution", closed=True)
    else:
        places.within("tau", tau, 0, _LARGEST, f"{expected}, below {_LARGEST:g}", closed=True)
    places.check()
    if phi != 1 and tau != 0:
        places.refuse_argument("tau", tau, "either phi or tau, not both")
    places.check()
    held, centre = places["denominators"], float(about)  # type: ignore[arg-type]
    held = np.rint(held) if kind == "proportion" else held
    limits = []
    for level in asked:
        if phi == 1 and tau == 0:
            lower, upper = exact_limits(kind, held, centre, level, per)
        elif mixture and tau != 0:
            lower, upper = mixed_limits(kind, held, centre, level, per, tau)
        else:
            lower, upper = widened_limits(kind, held, centre, level, per, phi, tau)
        name = _percent(level)
        limits.append(Limits(places.give(lower, f"lower_{name}"), places.give(upper, f"upper_{name}")))
    return FunnelLimits(kind, denominators, centre, asked, tuple(limits))


# What a funnel asks of its arguments


def check_kind(places: Places, kind: str, target: float | None, per: float) -> None:
    """Refuse a kind, a target or a base that cannot be."""
    places.one_of("kind", kind, KINDS)
    if kind == "proportion":
        places.within("target", target, 0, 1, "a proportion between 0 and 1")
    else:
        places.within("target", target, 0, math.inf, "a finite number above zero")
    places.within("per", per, 0, math.inf, "a finite number of people above zero")


def check_denominators(places: Places, kind: str, fractional: bool = False) -> None:
    """Refuse denominators that cannot be: a place has people, though it may have no cases."""
    if kind == "rate":
        places.above_zero("denominators")
    elif kind == "proportion":
        places.counts("denominators", fractional=fractional)
    else:
        places.not_negative("denominators")


def check_counts(places: Places, kind: str, fractional: bool = False) -> None:
    """Refuse counts and denominators that cannot be.

    `fractional`: whether counts and cases may be fractions.
    """
    places.counts("counts", fractional=fractional)
    check_denominators(places, kind, fractional)
    if kind == "proportion":
        places.refuse("counts", places["counts"] > places["denominators"], "no more than the denominator")


def known(places: Places, *names: str) -> NDArray[np.bool_]:
    """Where nothing is missing.

    Parameters
    ----------
    places : Places
        The columns.
    *names : str
        Those that must be there.

    Returns
    -------
    numpy.ndarray of bool
        True where all are.
    """
    missing = np.isnan([places[name] for name in names])
    return np.asarray(~missing.any(axis=0))

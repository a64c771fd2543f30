"""Funnels: which places differ from the target by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.numeric.arguments import Places, in_pandas
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.signatures import checked
from cmhs_metrics.variation.chance import standard_errors
from cmhs_metrics.variation.dispersion import WINSORISED_BY, Overdispersion, funnel_z_scores, overdispersion
from cmhs_metrics.variation.limits import (
    KINDS,
    LEVELS,
    PER,
    FunnelLimits,
    check_counts,
    check_kind,
    funnel_limits,
    known,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

ADJUSTMENTS = ("none", "multiplicative", "additive", "beta-binomial", "negative-binomial")


@checked
def outliers(values: Any, limits: FunnelLimits) -> Any:
    """Which places lie outside the limits of a funnel.

    Parameters
    ----------
    values : float, numpy.ndarray or Series
        The value of each place [the unit of the target], in the order of the limits' denominators.
    limits : FunnelLimits
        The limits.

    Returns
    -------
    The kind that came in, in the same shape
        A text for each place: "within", "above 95%", "above 99.8%", "below 95%" or "below 99.8%", by the widest limits
        that it lies outside of; a value on a limit is within. None where a value or a limit is missing.

    Raises
    ------
    BadInput
        When a value is negative or infinite.
    ValueError
        When there is not a value for each of the limits.

    Examples
    --------
    >>> import numpy as np
    >>> limits = funnel_limits("proportion", np.array([20, 200, 2000]), target=0.10)
    >>> outliers(np.array([0.20, 0.16, 0.06]), limits).tolist()
    ['within', 'above 95%', 'below 99.8%']
    """
    expect("outliers", "limits", limits, FunnelLimits, "FunnelLimits, as funnel_limits gives them")
    bounds = {
        f"{side} limit at {level}": getattr(pair, side)
        for level, pair in zip(limits.levels, limits.limits, strict=True)
        for side in ("lower", "upper")
    }
    places = Places("outliers", **{"values": values, **bounds})
    places.not_negative("values")
    places.check()
    return places.give_text(flags(places["values"], limits.levels, list(places.arrays.values())[1:]), "outlier")


def flags(
    values: NDArray[np.float64], levels: Sequence[float], bounds: Sequence[NDArray[np.float64]]
) -> list[str | None]:
    """Which values lie outside limits.

    `bounds`: the lower and the upper limit at each, in turn.
    """
    words = np.full(values.shape, "within", dtype=object)
    for level, lower, upper in zip(levels, bounds[::2], bounds[1::2], strict=True):
        words[values < lower] = f"below {level * 100:g}%"
        words[values > upper] = f"above {level * 100:g}%"
        words[np.isnan(lower) | np.isnan(upper)] = None
    words[np.isnan(values)] = None
    return list(words.ravel())


@dataclass(frozen=True, eq=False)
class Funnel:
    """Places held against a target, and which of them differ by more than chance.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The rate, proportion or ratio of each place.
    z_scores : numpy.ndarray or Series
        How many standard errors of chance each stands from the target [dimensionless], without adjustment.
    outlier : numpy.ndarray or Series
        For each place "within", "above 95%", "below 99.8%" and so on.
    limits : FunnelLimits
        The limits at each place's denominator.
    dispersion : Overdispersion
        How much more places differ than chance would have them.
    adjustment : str
        How the limits were widened for that, as `funnel` was asked; "none" for the limits of chance alone.
    missing : int
        How many places have no value; they have no part in the target.
    made_from : mapping, optional
        The arguments of `funnel` that it was made from, for `without`.
    """

    values: Any
    z_scores: Any
    outlier: Any
    limits: FunnelLimits
    dispersion: Overdispersion
    adjustment: str
    missing: int
    made_from: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def without(self, left_out: NDArray[np.bool_]) -> Funnel:
        """The funnel of the other places: target, over-dispersion and limits hold nothing of those that are left out.

        Parameters
        ----------
        left_out : numpy.ndarray of bool
            For each place whether it is left out; it has no value then.

        Returns
        -------
        Funnel
            A funnel of as many places. A target that was given stays.

        Raises
        ------
        BadInput
            When the other places are too few for what the funnel is made from.

        Examples
        --------
        >>> import numpy as np
        >>> found = funnel("rate", np.array([10, 3, 200]), np.array([10_000, 15_000, 200_000]))
        >>> round(found.without(np.array([False, True, False])).target, 1)
        100.0
        """
        if not left_out.any():
            return self
        counts = np.where(left_out, np.nan, np.asarray(self.made_from["counts"], dtype=np.float64))
        return funnel(**{**self.made_from, "counts": counts})

    @property
    def target(self) -> float:
        """The value that places are held against."""
        return self.limits.target

    @property
    def meaning(self) -> str:
        """What it is to lie outside these limits: more than chance alone would bring, or more than places differ."""
        return "more than chance" if self.adjustment == "none" else "outside the widened funnel"

    def to_frame(self) -> pd.DataFrame:
        """The funnel as a table, ready to plot.

        Returns
        -------
        pandas.DataFrame
            A row for each place: denominator, value, z_score, outlier, target, the limits and their adjustment.
        """
        frame = self.limits.to_frame().assign(adjustment=self.adjustment)
        columns = {"value": self.values, "z_score": self.z_scores, "outlier": self.outlier}
        for at, (name, column) in enumerate(columns.items(), start=1):
            frame.insert(at, name, in_pandas(column))
        return frame

    def __repr__(self) -> str:
        words = [word for word in in_pandas(self.outlier) if isinstance(word, str)]
        outside = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words) - {"within"})) or "none outside"
        missing = f", {self.missing} missing" if self.missing else ""
        adjusted = "" if self.adjustment == "none" else f", {self.adjustment} adjustment"
        return (
            f"<Funnel of a {self.limits.kind} about {self.target:,.6g}: {len(words)} places{missing}, {outside} "
            f"({self.meaning}); phi {self.dispersion.phi:.3g}{adjusted}>"
        )


@checked
def funnel(
    kind: str,
    counts: Any,
    denominators: Any,
    target: float | None = None,
    *,
    levels: float | Sequence[float] = LEVELS,
    per: float = PER,
    adjustment: str = "none",
    winsorise: float = 0.1,
    winsorise_by: str = "places",
    fractional: bool = False,
) -> Funnel:
    """Hold places against a target, and say which differ by more than chance.

    Parameters
    ----------
    kind : {"rate", "proportion", "ratio"}
        Events per people; cases out of cases; observed over expected events.
    counts : numpy.ndarray or Series
        Events or cases of each place [count].
    denominators : numpy.ndarray or Series
        People of a rate [person], cases of a proportion [count], expected events of a ratio [count].
    target : float, optional
        The value that places are held against [events per `per` people, proportion, or ratio]; unless given, the pooled
        value of the places that have both numbers, and 1 for a ratio.
    levels : float or sequence of float, default (0.95, 0.998)
        The share of places that would stay within, were all at the target [proportion].
    per : float, default 100,000
        People that a rate is per [person]; other kinds do not use it.
    adjustment : {"none", "multiplicative", "additive", "beta-binomial", "negative-binomial"}, default "none"
        How the limits are widened where places differ by more than chance (see `overdispersion` and `funnel_limits`);
        they are never narrowed. The last two are the additive one with limits of counts, for proportions and for rates
        and ratios.
    winsorise, winsorise_by
        Share of places drawn in at each end before over-dispersion is estimated [proportion], and how; see
        `overdispersion`.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    Funnel
        Values, limits and outliers, each in the kind that came in.

    Raises
    ------
    BadInput
        When a count is not a count or, in a proportion, above its denominator, a population is not above zero, a word
        or number is out of range, or fewer than two places have a value: one where the target is given, and limits are
        not to be widened.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine 2005; 24: 1185–1202;
    for over-dispersion, see `overdispersion`.

    Examples
    --------
    >>> import numpy as np
    >>> found = funnel("proportion", np.array([4, 32, 120]), np.array([20, 200, 2000]), target=0.10)
    >>> found
    <Funnel of a proportion about 0.1: 3 places, 1 above 95%, 1 below 99.8% (more than chance); phi 17.4>
    >>> found.outlier.tolist()
    ['within', 'above 95%', 'below 99.8%']
    """
    places = Places("funnel", counts=counts, denominators=denominators)
    check_kind(places, kind, 0.5 if target is None else target, per)
    if kind in KINDS:
        check_counts(places, kind, fractional)
    places.one_of("adjustment", adjustment, ADJUSTMENTS)
    if adjustment == ("negative-binomial" if kind == "proportion" else "beta-binomial"):
        expected = "'beta-binomial' for proportions, 'negative-binomial' for rates and ratios"
        places.refuse_argument("adjustment", adjustment, expected)
    places.within("winsorise", winsorise, 0, 0.5, "a share from 0 to below 0.5", closed=True)
    places.one_of("winsorise_by", winsorise_by, WINSORISED_BY)
    held, size = places["counts"], places["denominators"]
    here = known(places, "counts", "denominators") & (size != 0)
    # A target that is given is one to hold a single place against; from one place nothing can be estimated.
    alone = (target is not None or kind == "ratio") and adjustment == "none"
    if np.count_nonzero(here) < 2 and not (alone and here.any()):
        needed = "the values of 2 or more places, or a target to hold one against, with their denominators"
        places.refuse_argument("counts", int(np.count_nonzero(here)), needed)
    places.check()
    scale = per if kind == "rate" else 1.0
    about = target
    if about is None:
        about = 1.0 if kind == "ratio" else float(held[here].sum() / size[here].sum() * scale)
        ends = (0.0, 1.0) if kind == "proportion" else (0.0,)
        if about in ends:
            places.refuse_argument("target", about, "a target given, where all or nothing is pooled")
            places.check()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = places.give(np.where(here, held / size * scale, np.nan), kind)
    z = funnel_z_scores(kind, counts, denominators, about, per=per, fractional=fractional)
    errors = places.give(standard_errors(kind, size, per), "standard_error")
    if np.count_nonzero(here) < 2:
        found = Overdispersion(math.nan, None, math.nan, 1, 0)
    else:
        found = overdispersion(z, winsorise=winsorise, standard_errors=errors, winsorise_by=winsorise_by)
    phi = max(found.phi, 1.0) if adjustment == "multiplicative" else 1.0
    tau = 0.0 if adjustment in ("none", "multiplicative") else found.tau or 0.0
    limits = funnel_limits(
        kind, denominators, about, levels=levels, per=per, phi=phi, tau=tau, fractional=fractional,
        mixture=adjustment.endswith("binomial"),
    )  # fmt: skip
    missing = int(held.size - np.count_nonzero(here))
    made_from = {
        "kind": kind, "counts": counts, "denominators": denominators, "target": target, "levels": levels, "per": per,
        "adjustment": adjustment, "winsorise": winsorise, "winsorise_by": winsorise_by, "fractional": fractional,
    }  # fmt: skip
    return Funnel(values, z, outliers(values, limits), limits, found, adjustment, missing, made_from)

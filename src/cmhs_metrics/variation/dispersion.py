"""Over-dispersion: how much more places differ than chance would have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.signatures import checked
from cmhs_metrics.variation.chance import standard_errors as errors_of_chance
from cmhs_metrics.variation.chance import to_even_scale
from cmhs_metrics.variation.limits import KINDS, PER, check_counts, check_kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINSORISED_BY = ("places", "interpolation")


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """How much more places differ than chance would have them.

    Parameters
    ----------
    phi : float
        Mean square of the winsorised z-scores [dimensionless]: about 1 by chance alone, or a little less once
        winsorised.
    tau : float or None
        Standard deviation between places beyond chance, on the scale of the z-scores; 0 where there is none to be seen,
        None where no standard errors were given.
    p_value : float
        How often chance alone would bring z-scores as large, all of them taken as they are [proportion].
    places : int
        How many places have a z-score.
    winsorised : int
        How many were drawn in at each end.
    """

    phi: float
    tau: float | None
    p_value: float
    places: int
    winsorised: int


@checked
def funnel_z_scores(
    kind: str,
    counts: Any,
    denominators: Any,
    target: float | None = None,
    *,
    per: float = PER,
    fractional: bool = False,
) -> Any:
    """How many standard errors of chance each place stands from the target.

    Parameters
    ----------
    kind : {"rate", "proportion", "ratio"}
        Events per people; cases out of cases; observed over expected events.
    counts : float, numpy.ndarray or Series
        Events or cases [count].
    denominators : float, numpy.ndarray or Series
        People of a rate [person], cases of a proportion [count], expected events of a ratio [count].
    target : float, optional
        The value that places are held against [events per `per` people, proportion, or ratio]; 1 for a ratio unless
        given.
    per : float, default 100,000
        People that a rate is per [person]; other kinds do not use it.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    The kind that came in, in the same shape
        The z-scores [dimensionless], on a scale where chance has one variance: √value − √target over ½ / √(people /
        per) for rates, over ½ / √expected for ratios; arcsine √value − arcsine √target over ½ / √cases for proportions.
        NaN where a value is missing, or no cases or events could be.

    Raises
    ------
    BadInput
        When a count is not a count or, in a proportion, above its denominator, a population is not above zero, or the
        target is out of range.

    References
    ----------
    Spiegelhalter D, Sherlaw-Johnson C, Bardsley M, et al. Statistical methods for healthcare regulation: rating,
    screening and surveillance. Journal of the Royal Statistical Society A 2012; 175: 1–47.

    Examples
    --------
    2 (√16 − √9) and 2 (√4 − √9):

    >>> import numpy as np
    >>> funnel_z_scores("ratio", np.array([16, 4]), np.array([9, 9])).round(12).tolist()
    [2.0, -2.0]
    """
    places = Places("funnel_z_scores", counts=counts, denominators=denominators)
    about = 1.0 if target is None and kind == "ratio" else target
    check_kind(places, kind, about, per)
    if kind in KINDS:
        check_counts(places, kind, fractional)
    places.check()
    errors = errors_of_chance(kind, places["denominators"], per)
    size = 0.25 / errors**2
    return places.give((to_even_scale(kind, places["counts"] / size) - to_even_scale(kind, about)) / errors, "z_score")


@checked
def overdispersion(
    z: Any, *, winsorise: float = 0.1, standard_errors: Any = None, winsorise_by: str = "places"
) -> Overdispersion:
    """How much more places differ than chance would have them.

    Parameters
    ----------
    z : numpy.ndarray or Series
        The z-score of each place [dimensionless], for example from `funnel_z_scores`. Places without one are left out,
        and `places` says how many remain.
    winsorise : float, default 0.1
        Share of places to draw in at each end, from 0 to below 0.5, rounded down to whole places: their z-scores are
        set to the nearest that remains, so that true outliers do not widen the limits that are to find them.
    standard_errors : numpy.ndarray or Series, optional
        The standard error of each place's value on the scale of the z-scores; with them `tau` is estimated.
    winsorise_by : {"places", "interpolation"}, default "places"
        Whether whole places are drawn in, or the ends stand at the percentiles (definition 7 of Hyndman and Fan), which
        lie between two places and draw in fewer than ten places too.

    Returns
    -------
    Overdispersion
        ``phi``, the mean square of the winsorised z-scores, for limits widened by √phi; ``tau``, the standard deviation
        between places that accounts for it, for limits that take it into the variance.

    Raises
    ------
    BadInput
        When `winsorise` is out of range, there is no such way to winsorise, a standard error is not above zero, or
        fewer than two places have a z-score.

    Notes
    -----
    With n places, weights w = 1 / standard error², and phi of the winsorised scores, tau² = (n phi − (n − 1)) / (Σw −
    Σw² / Σw), and nothing where that is negative: the estimate of DerSimonian and Laird. Winsorising 10% of scores at
    each end takes phi of normal scores from 1 to 0.68, and is not made up for; more than 1 is thus a strong sign.

    References
    ----------
    Spiegelhalter DJ. Handling over-dispersion of performance indicators. Quality and Safety in Health Care 2005; 14:
    347–351. DerSimonian R, Laird N. Meta-analysis in clinical trials. Controlled Clinical Trials 1986; 7: 177–188.

    Examples
    --------
    Of ten scores one at each end is drawn in, to −2 and 2:

    >>> import numpy as np
    >>> found = overdispersion(np.array([-9.0, -2, -1, -1, 0, 0, 1, 1, 2, 12]))
    >>> found.phi, found.winsorised
    (2.0, 1)
    """
    places = Places("overdispersion", z=z, standard_errors=standard_errors)
    places.finite("z")
    if standard_errors is not None:
        places.above_zero("standard_errors")
    scores = places["z"].ravel()
    here = ~np.isnan(scores)
    if standard_errors is not None:
        here &= ~np.isnan(places["standard_errors"].ravel())
    number = int(np.count_nonzero(here))
    if number < 2:
        places.refuse_argument("z", number, "the z-scores of 2 or more places, with standard_errors if any")
    places.within("winsorise", winsorise, 0, 0.5, "a share from 0 to below 0.5", closed=True)
    places.one_of("winsorise_by", winsorise_by, WINSORISED_BY)
    places.check()
    from scipy.special import chdtrc

    ordered = np.sort(scores[here])
    drawn_in = winsorised(ordered, winsorise, winsorise_by)
    phi = float((drawn_in**2).mean())
    tau = None
    if standard_errors is not None:
        tau = between_places(phi, places["standard_errors"][here] ** -2.0)
    # So many stand beyond a percentile that lies between two places.
    ends = math.floor(winsorise * number + 1e-9) if winsorise_by == "places" else math.ceil(winsorise * (number - 1))
    return Overdispersion(phi, tau, float(chdtrc(number, (ordered**2).sum())), number, ends)


def winsorised(ordered: NDArray[np.float64], share: float, by: str = "places") -> NDArray[np.float64]:
    """Ordered scores with a share at each end drawn in: whole places, or all beyond the percentiles."""
    if by == "interpolation":
        low, high = np.quantile(ordered, [share, 1 - share])
        return np.clip(ordered, low, high)
    ends = math.floor(share * len(ordered) + 1e-9)
    return np.clip(ordered, ordered[ends], ordered[len(ordered) - 1 - ends])


def between_places(phi: float, weights: NDArray[np.float64]) -> float:
    """The standard deviation between places, from phi and one over each squared error (DerSimonian and Laird 1986)."""
    spread = weights.sum() - (weights**2).sum() / weights.sum()
    return math.sqrt(max(len(weights) * phi - (len(weights) - 1), 0) / spread)

"""The synthetic providers: how large, with which teams, and how far from the national rates; and their localities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.mhsds.synthesis.rates import DIRECT_CONTACTS, FACE_TO_FACE, TEAMS, national
from cmhs_metrics.synthetic import PROVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONTACTS_IN_A_LOCALITY = 60_000
"""Direct contacts that are drawn at once, which bounds the memory."""
PEOPLE_IN_A_LOCALITY = 1_000_000
"""Room for the numbers of people, referrals and contacts of a locality: ids never meet."""


@dataclass(frozen=True)
class Window:
    """The submissions of an extract.

    Parameters
    ----------
    first_month, last_month : int
        The reporting months (UniqMonthID) of the first and the last submission.
    """

    first_month: int
    last_month: int

    @property
    def first_day(self) -> int:
        """Of the first month, in days since 1970."""
        return int(first_day(self.first_month))

    @property
    def last_day(self) -> int:
        """Of the last month, in days since 1970."""
        return int(first_day(self.last_month + 1)) - 1

    @property
    def years(self) -> float:
        """The length of the window."""
        return (self.last_month - self.first_month + 1) / 12


def first_day(month_id: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """The first day of reporting months, in days since 1970."""
    months = np.asarray(month_id, dtype=np.int64) + 2 - 70 * 12
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def month_of(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """The reporting month of days since 1970: (year - 1900) × 12 + month - 3."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 70 * 12 - 2


@dataclass(frozen=True)
class Locality:
    """A part of a provider, drawn on its own from its own seed.

    Parameters
    ----------
    number : int
        Of all localities of the extract, from 0.
    provider : int
        The number of the provider, from 1.
    scale : array
        How much of England's referrals of each type of team it has.
    stay, wait, intensity : float
        The provider's stays, waits and contacts a day over the national ones.
    acceptance : float
        What it adds to the national acceptance rate.
    did_not_attend : float
        Its odds of non-attendance over the national ones.
    face_to_face : float
        The share of its direct contacts that is face to face.
    """

    number: int
    provider: int
    scale: Floats
    stay: float
    wait: float
    intensity: float
    acceptance: float
    did_not_attend: float
    face_to_face: float

    def draw(self, seed: int) -> np.random.Generator:
        """The random numbers of this locality, whatever was drawn for others."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1, self.number))))


def localities(contacts: int, providers: int, seed: int, window: Window) -> Iterator[Locality]:
    """Divide a number of direct contacts expected in the window among providers and their localities."""
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0,))))
    england = contacts / (DIRECT_CONTACTS * window.years)
    size = draw.lognormal(0, 0.42, providers)
    has = draw.random((providers, len(TEAMS))) < np.array([PROVISION[team] for team in TEAMS])
    has[0] |= ~has.any(axis=0)
    share = size[:, None] * has * draw.lognormal(0, 0.25, (providers, len(TEAMS)))
    share /= share.sum(axis=0)
    caseload = share @ national().caseload
    weight = caseload / caseload.sum()

    def around_one(sigma: float) -> Floats:
        """Factors whose mean over all caseload is one."""
        factor = draw.lognormal(0, sigma, providers)
        return np.asarray(factor / (factor @ weight), dtype=float)

    stay, wait, intensity = around_one(0.3), around_one(0.35), around_one(0.15)
    did_not_attend = around_one(0.35)
    acceptance = draw.normal(0, 0.04, providers)
    acceptance -= acceptance @ weight
    face_to_face = draw.normal(0, 0.06, providers)
    face_to_face += FACE_TO_FACE - face_to_face @ weight
    number = 0
    for provider in range(providers):
        parts = max(1, int(np.ceil(weight[provider] * contacts / CONTACTS_IN_A_LOCALITY)))
        for _ in range(parts):
            yield Locality(
                number=number,
                provider=provider + 1,
                scale=england * share[provider] / parts,
                stay=float(stay[provider]),
                wait=float(wait[provider]),
                intensity=float(intensity[provider]),
                acceptance=float(acceptance[provider]),
                did_not_attend=float(did_not_attend[provider]),
                face_to_face=float(np.clip(face_to_face[provider], 0.4, 0.98)),
            )
            number += 1

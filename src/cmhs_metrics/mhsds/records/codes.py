"""The codes of the data set that measures turn on, and the scopes of referrals.

References
----------
NHS Data Dictionary: Attendance Status; Consultation Mechanism (Mental Health); Service or Team Type Referred To (Mental
Health); Hospital Bed Type (Mental Health); Source of Admission; Adult Mental Health Care Cluster Code; Ethnic Category;
Gender Identity Code; Person Stated Gender Code.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTENDED = ("5", "6")
"""Seen on time, or late but seen."""
DID_NOT_ATTEND = ("3", "7")
"""Did not come, or came too late to be seen."""
ATTENDANCE = ("2", "3", "4", "5", "6", "7")
"""Every attendance code; 2 and 4 are cancelled, by the patient and by the provider."""
FACE_TO_FACE = "01"
DIRECT = (FACE_TO_FACE, "02", "04", "11")
"""Face to face, telephone, talk type, video."""
MECHANISMS = ("01", "02", "04", "05", "09", "10", "11", "12", "13", "98")
"""Every consultation mechanism of version 5 on."""
ACUTE_BEDS = ("10", "11", "12", "200", "201", "202")
"""Acute adult and older adult mental health care, and psychiatric intensive care (PICU), before version 6 and since."""
BEDS = (*(f"{number}" for number in range(10, 41)), *(f"{number}" for number in (*range(200, 214), *range(300, 312))))
"""Every type of bed (HospitalBedTypeMH to March 2024) and class of patient (MHAdmittedPatientClass since)."""
CLOSING_REASONS = ("01", "02", "03", "04", "05", "07", "08", "09")
"""The reasons for closing a referral (ReferClosReason); 05 is that the patient did not attend."""
REJECTION_REASONS = ("01", "02", "03")
"""Duplicate, inappropriate, incomplete."""
INDIRECT_BEFORE_VERSION_5 = ("05", "09")
"""E-mail and, as it is coded since, text message."""
LEFT_OUT_OF_SPELLS = ("DFC", "S9X2N")
"""Providers that send other data, and are left out of the four-week waits nationally."""
TRANSFERS = ("49", "53", "87")
"""Sources of admission that are another hospital."""
CLUSTERS = tuple(f"{number:02}" for number in range(22) if number != 9)
"""The care clusters in use; 09 is under review."""
NOT_CLUSTERED = "99"

SEX: Mapping[str, str] = MappingProxyType({"1": "male", "2": "female", "3": "other", "4": "other"})
ETHNIC_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        letter: group
        for letters, group in {
            "A": "White British",
            "BC": "Other White",
            "DEFG": "Mixed",
            "HJKL": "Asian or Asian British",
            "MNP": "Black or Black British",
            "RS": "Other ethnic groups",
            "Z": "Not stated",
        }.items()
        for letter in letters
    }
)

OLDER_CODES: Mapping[str, str] = MappingProxyType({"C03": "C10"})
"""Team types that have another code since."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which referrals count.

    Parameters
    ----------
    team_types : tuple of str or None
        The team types of which a referral must have one; None for any, and for none.
    minimum_age : int or None, default 18
        In years, when referred. A referral of unknown age is out, unless there is no minimum.
    england_only : bool, default True
        Leave out who lives elsewhere in the United Kingdom or beyond; of unknown residence is in.
    exclude_hospital_spells : bool, default True
        Leave out a referral that a hospital spell is linked to.

    Raises
    ------
    BadInput
        When there is no team type, or the age is no whole number of years.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics, metadata: core community mental health referrals.

    Examples
    --------
    >>> Scope(("A06",), minimum_age=None).team_types
    ('A06',)
    """

    team_types: tuple[str, ...] | None
    minimum_age: int | None = 18
    england_only: bool = True
    exclude_hospital_spells: bool = True

    def __post_init__(self) -> None:
        """Write codes as they are read, and those that have another since as that; refuse what nobody is in."""
        problems, age = [], self.minimum_age
        if age is not None and (isinstance(age, bool) or not isinstance(age, Integral) or age < 0):
            problems.append(Problem("minimum_age", None, age, "years, zero or more, or None"))
        if self.team_types is not None and not self.team_types:
            problems.append(Problem("team_types", None, self.team_types, "a team type at least, or None for any"))
        if problems:
            raise BadInput("Scope", problems)
        if self.team_types is not None:
            given = (self.team_types,) if isinstance(self.team_types, str) else self.team_types
            codes = (str(code).strip().upper() for code in given)
            object.__setattr__(self, "team_types", tuple(OLDER_CODES.get(code, code) for code in codes))


CORE = Scope(("A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10"))
"""Core community mental health referrals. C03, which C10 replaced, counts as C10."""
ACCESS = Scope(("A05", "A06", "A08", "A09", "A12", "A13", "A14", "A16", "C10", "D05"))
"""The same with early intervention in psychosis and individual placement and support, for access from April 2023."""
ALL = Scope(None, minimum_age=None, england_only=False)
"""Every referral that no hospital spell is linked to."""

"""Mental health care clusters: groups of patients by need, as caseload profiles are drawn by them."""

from __future__ import annotations

import numbers
import re
from enum import Enum, IntEnum
from html import escape
from typing import Any, Self

from cmhs_metrics.errors import BadInput, Problem, nearest

_NUMBERED = re.compile(r"(?:(?:care\s*)?cluster\s*)?(\d{1,2})(?:\.0*)?")


class SuperClass(Enum):
    """The groups that care clusters are gathered into.

    The audit's caseload profile shows four of them, which make up the whole caseload: "Unclustered – 23%",
    "Non-Psychosis (1-8) – 28%", "Psychosis (10-17) – 26%", "Organic (18-21) – 23%". Its unclustered are those without a
    valid cluster.

    References
    ----------
    NHS Data Dictionary: Mental Health Care Cluster Super Class. NHS England Community Mental Health Services Audit
    2016/17: Benchmarking community caseloads – Profile of Trust level PbR patient cluster profiles.

    Examples
    --------
    >>> SuperClass.PSYCHOSIS.label
    'Psychosis'
    """

    _value_: str
    label: str

    VARIANCE = "variance", "Variance"
    NON_PSYCHOTIC = "non_psychotic", "Non-psychosis"
    PSYCHOSIS = "psychosis", "Psychosis"
    ORGANIC = "organic", "Organic"
    NOT_CLUSTERED = "not_clustered", "Unclustered"

    def __new__(cls, slug: str, label: str = "") -> Self:
        """Make a member; the default serves type checkers, which take SuperClass("organic") for a call of this."""
        member = object.__new__(cls)
        member._value_ = slug
        member.label = label
        return member


class _InNotebooks:
    """How a notebook shows a cluster; an Enum takes a name with such underscores only from outside."""

    def _repr_html_(self: Any) -> str:
        group = self.super_class.label if self.super_class else "none: it is not in use"
        rows = {"Name": self.label, "Group": group, "Band": self.band or "", "In Python": f"CareCluster.{self.name}"}
        cells = "".join(
            f'<tr><th scope="row">{key}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for key, text in rows.items()
            if text
        )
        return f"<table><caption><b>Care cluster {int(self)}</b></caption>{cells}</table>"


class CareCluster(_InNotebooks, IntEnum):
    """The care clusters by their national code.

    Attributes
    ----------
    label : str
        The national name.

    References
    ----------
    NHS Data Dictionary: Adult Mental Health Care Cluster Code (the names; 9 is under review and not to be used). The
    code 99, not clustered, is written in the Mental Health Services Data Set beside them.

    Examples
    --------
    >>> CareCluster.parse("Cluster 14").label
    'Psychotic Crisis'
    >>> CareCluster(3).band
    '1-3'
    """

    _value_: int
    label: str

    VARIANCE = 0, "Variance"
    COMMON_LOW_SEVERITY = 1, "Common Mental Health Problems (Low Severity)"
    COMMON_LOW_SEVERITY_GREATER_NEED = 2, "Common Mental Health Problems (Low Severity with Greater Need)"
    NON_PSYCHOTIC_MODERATE = 3, "Non-Psychotic (Moderate Severity)"
    NON_PSYCHOTIC_SEVERE = 4, "Non-Psychotic (Severe)"
    NON_PSYCHOTIC_VERY_SEVERE = 5, "Non-Psychotic Disorders (Very Severe)"
    OVER_VALUED_IDEAS = 6, "Non-Psychotic Disorder of Over-Valued Ideas"
    ENDURING_NON_PSYCHOTIC = 7, "Enduring Non-Psychotic Disorders (High Disability)"
    CHAOTIC_AND_CHALLENGING = 8, "Non-Psychotic Chaotic and Challenging Disorders"
    UNDER_REVIEW = 9, "Cluster Under Review"
    FIRST_EPISODE_PSYCHOSIS = 10, "First Episode Psychosis"
    ONGOING_PSYCHOSIS_LOW_SYMPTOMS = 11, "Ongoing Recurrent Psychosis (Low Symptoms)"
    ONGOING_PSYCHOSIS_HIGH_DISABILITY = 12, "Ongoing or Recurrent Psychosis (High Disability)"
    ONGOING_PSYCHOSIS_HIGH_SYMPTOMS = 13, "Ongoing or Recurrent Psychosis (High Symptoms and Disability)"
    PSYCHOTIC_CRISIS = 14, "Psychotic Crisis"
    SEVERE_PSYCHOTIC_DEPRESSION = 15, "Severe Psychotic Depression"
    DUAL_DIAGNOSIS = 16, "Dual Diagnosis"
    DIFFICULT_TO_ENGAGE = 17, "Psychosis and Affective Disorder (Difficult to Engage)"
    COGNITIVE_IMPAIRMENT_LOW_NEED = 18, "Cognitive Impairment (Low Need)"
    DEMENTIA_MODERATE_NEED = 19, "Cognitive Impairment or Dementia Complicated (Moderate Need)"
    DEMENTIA_HIGH_NEED = 20, "Cognitive Impairment or Dementia Complicated (High Need)"
    DEMENTIA_HIGH_PHYSICAL_NEED = 21, "Cognitive Impairment or Dementia (High Physical or Engagement)"
    NOT_CLUSTERED = 99, "Not clustered"

    def __new__(cls, code: int, label: str = "") -> Self:
        """Make a member; the default serves type checkers, which take CareCluster(3) for a call of this."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def parse(cls, value: object, *, allow_unused: bool = False) -> CareCluster:
        """Read a care cluster as data hold it.

        Parameters
        ----------
        value : CareCluster, int, float or str
            For example 3, 3.0 (a column with missing values), "3", "03", "Cluster 3", 99, "Not clustered" or a
            national name.
        allow_unused : bool, default False
            Read cluster 9 too, which is under review and not to be used.

        Returns
        -------
        CareCluster
            The cluster.

        Raises
        ------
        BadInput
            When there is no such cluster. A missing value is refused too: whether it means not clustered is for the
            analyst to say.

        Examples
        --------
        >>> CareCluster.parse("03") is CareCluster.parse(3.0)
        True
        >>> CareCluster.parse("Unclustered").name
        'NOT_CLUSTERED'
        """
        cluster = cls._read(value)
        if cluster is None:
            expected = "a care cluster from 0 to 21, or 99 for not clustered"
            if value is None:
                expected += ", not a missing value"
            elif isinstance(value, str) and (hint := nearest(value, [each.label for each in cls])):
                expected += f": {hint}"
            raise BadInput("the care cluster", [Problem("cluster", None, value, expected)])
        if not cluster.in_use and not allow_unused:
            expected = "a cluster in use: 9 is under review (allow_unused=True reads it all the same)"
            raise BadInput("the care cluster", [Problem("cluster", None, value, expected)])
        return cluster

    @classmethod
    def _read(cls, value: object) -> CareCluster | None:
        if isinstance(value, str):
            match = _NUMBERED.fullmatch(value.strip().lower())
            if not match:
                return _BY_NAME.get(_letters(value))
            value = int(match[1])
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return None
        return _BY_CODE.get(value)

    @property
    def in_use(self) -> bool:
        """Whether the cluster may be used: all but 9."""
        return self is not CareCluster.UNDER_REVIEW

    @property
    def super_class(self) -> SuperClass | None:
        """The group that the cluster belongs to; None for 9, which is not in use."""
        if self is CareCluster.VARIANCE:
            return SuperClass.VARIANCE
        if self is CareCluster.NOT_CLUSTERED:
            return SuperClass.NOT_CLUSTERED
        if self <= 8:
            return SuperClass.NON_PSYCHOTIC
        if 10 <= self <= 17:
            return SuperClass.PSYCHOSIS
        return SuperClass.ORGANIC if self.in_use else None

    @property
    def band(self) -> str | None:
        """The band of the audit's five-year trend: "1-3", "4-8", "10-17" or "18-21"; None for 0, 9 and 99.

        References
        ----------
        NHS England Community Mental Health Services Audit 2016/17: Community MH Caseload – Profile of service
        utilisation by major care cluster groups, "all patients with a valid care cluster".
        """
        for first, last in ((1, 3), (4, 8), (10, 17), (18, 21)):
            if first <= self <= last:
                return f"{first}-{last}"
        return None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


_BY_CODE: dict[object, CareCluster] = {int(cluster): cluster for cluster in CareCluster}
_BY_NAME = {_letters(cluster.label): cluster for cluster in CareCluster} | {"unclustered": CareCluster.NOT_CLUSTERED}

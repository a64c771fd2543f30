"""A team: what it is, what it counts, and the metrics that follow."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, fields
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import pint

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.selection import plan
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    Amount = float | pint.Quantity[Any] | None


@dataclass(frozen=True, repr=False)
class Team:
    """A community mental health team with what it counted in a period.

    Parameters
    ----------
    name : str
        What the team is called.
    team_type : TeamType or str
        Its type, or a spelling of it ("CRHT", "Older People", "A06").
    organisation : str, optional
        The trust it belongs to.
    period : str, optional
        The period of its measures, for example "2016/17".
    referrals, referrals_accepted, contacts, face_to_face_contacts, did_not_attends, discharges, total_cost, \
admissions, readmissions, occupied_bed_days, available_bed_days, delayed_bed_days : float or Quantity, optional
        Flows of the period [each in its canonical unit, see `MEASURES`].
    caseload, average_caseload, wte, beds : float or Quantity, optional
        Stocks [patient, patient, WTE, bed].
    registered_population, weighted_population : float or Quantity, optional
        The people of the team's catchment [person].

    Raises
    ------
    BadInput
        With everything that is wrong: a measure that is negative, infinite or not a number, a part above its whole, a
        wrong unit, units on some measures only, an unknown team type.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Defining Community Mental Health Services.

    Examples
    --------
    >>> team = Team("Cambridge North", TeamType.GENERIC_CMHT, total_cost=17.7e6, caseload=5_291, contacts=108_600)
    >>> float(team.metrics().loc["year_of_care_cost", "value"].round(2))
    3345.3
    """

    name: str
    team_type: TeamType
    organisation: str | None = None
    period: str | None = None
    referrals: Amount = None
    referrals_accepted: Amount = None
    contacts: Amount = None
    face_to_face_contacts: Amount = None
    did_not_attends: Amount = None
    discharges: Amount = None
    total_cost: Amount = None
    admissions: Amount = None
    readmissions: Amount = None
    occupied_bed_days: Amount = None
    available_bed_days: Amount = None
    delayed_bed_days: Amount = None
    caseload: Amount = None
    average_caseload: Amount = None
    wte: Amount = None
    beds: Amount = None
    registered_population: Amount = None
    weighted_population: Amount = None

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            team_type: TeamType | str,
            organisation: str | None = None,
            period: str | None = None,
            **measures: Amount,
        ) -> None:
            """For type checkers: a spelling of the team type is read."""

    def __post_init__(self) -> None:
        problems = []
        if not isinstance(self.name, str) or not self.name.strip():
            problems.append(Problem("name", None, self.name, "the name of the team"))
        try:
            object.__setattr__(self, "team_type", TeamType.parse(self.team_type))
        except BadInput as error:
            problems += error.problems
        problems += [problem for name, value in self.measures.items() if (problem := _check(name, value))]
        problems += self._together({problem.column for problem in problems})
        refuse(f"Team {self.name!r}", problems)

    @property
    def measures(self) -> dict[str, Any]:
        """The measures that are known, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name in MEASURES}
        return {name: value for name, value in named.items() if value is not None}

    def _together(self, unreadable: set[str | None]) -> list[Problem]:
        measures = {name: value for name, value in self.measures.items() if name not in unreadable}
        with_units = [name for name, value in measures.items() if isinstance(value, pint.Quantity)]
        if with_units and len(with_units) < len(measures):
            return [
                Problem(name, None, value, f"a unit [{MEASURES[name].unit}], as {with_units[0]} has")
                for name, value in measures.items()
                if name not in with_units
            ]
        return [
            Problem(name, None, value, f"no more than {whole} ({measures[whole]})")
            for name, value in measures.items()
            if (whole := MEASURES[name].part_of) in measures and value > measures[str(whole)]
        ]

    @classmethod
    def from_row(cls, row: Mapping[str, Any] | pd.Series[Any] | tuple[Any, ...]) -> Self:
        """Make a team from a row of a table.

        Parameters
        ----------
        row : mapping, pandas.Series or named tuple
            Measures and keys under their standard names; ``team`` or ``name`` is the team's name, and failing both the
            organisation and team type are. Missing values are left out; other columns are not taken.

        Returns
        -------
        Team
            The team.

        Raises
        ------
        BadInput
            When something is wrong with it, or a name is nearly that of a measure ("case_load").

        Examples
        --------
        >>> Team.from_row({"team": "North", "team_type": "A06", "caseload": 500, "icb": "QUE"})
        Team('North', TeamType.GENERIC_CMHT, caseload=500)
        """
        cells = dict(row._asdict()) if hasattr(row, "_asdict") else dict(row.items())  # type: ignore[union-attr]
        known = {field.name for field in fields(cls)}
        kept = {key: value for key, value in cells.items() if key in known and not _is_missing(value)}
        name = kept.pop("name", None) or cells.get("team")
        if name is None or _is_missing(name):
            name = " ".join(str(kept[key]) for key in ("organisation", "team_type") if key in kept)
        problems = [
            Problem(key, None, value, f"the standard name of a measure; {hint}")
            for key, value in cells.items()
            if key not in known and (hint := _near_miss(key)) and hint not in kept
        ]
        if "team_type" not in kept:
            problems.append(Problem("team_type", None, None, "a column of that name"))
        refuse(f"the row of {name!r}", problems)
        return cls(str(name), **{key: value for key, value in kept.items() if key != "name"})

    def metrics(
        self, metrics: Sequence[str | Callable[..., Any]] | None = None, *, basis: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Compute every metric that the team's measures allow.

        Parameters
        ----------
        metrics : sequence of str or functions, optional
            The metrics wanted; by default all that can be had.
        basis : str or sequence of str, optional
            The population for rates per 100,000: "registered", "weighted"; by default each that is known.

        Returns
        -------
        pandas.DataFrame
            A row for each metric, by name: value [in its unit], unit, label.

        Raises
        ------
        BadInput
            When a metric that is asked for cannot be had, or none can.

        Examples
        --------
        >>> team = Team("North", "CRHT", total_cost=7.4e6, contacts=33_636)
        >>> team.metrics()["label"].to_dict()
        {'cost_per_contact': 'Cost per contact'}
        """
        import pandas as pd

        measures = self.measures
        annual = self.period is None or "/" in str(self.period)
        columns = plan(measures, metrics, basis, annual=annual, subject=f"Team {self.name!r}")
        values = [column.metric.function(*(measures[name] for name in column.inputs)) for column in columns]
        return pd.DataFrame(
            {
                "value": [float(getattr(value, "magnitude", value)) for value in values],
                "unit": [column.metric.printed_unit for column in columns],
                "label": [column.metric.label for column in columns],
            },
            index=pd.Index([column.name for column in columns], name="metric"),
        )

    def __repr__(self) -> str:
        given = {key: getattr(self, key) for key in ("organisation", "period") if getattr(self, key) is not None}
        shown = [repr(self.name), f"TeamType.{self.team_type.name}"]
        shown += [f"{key}={value!r}" for key, value in (given | self.measures).items()]
        return f"Team({', '.join(shown)})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{name}</th><td>{_shown(value)}</td>'
            f'<td style="text-align:left">{MEASURES[name].unit}</td></tr>'
            for name, value in self.measures.items()
        )
        place = ", ".join(text for text in (self.team_type.label, self.organisation, self.period) if text)
        title = f"<caption><b>{html.escape(self.name)}</b> ({html.escape(place)})</caption>"
        return f"<table>{title}{rows}</table>"


def _check(name: str, value: Any) -> Problem | None:
    unit = MEASURES[name].unit
    if isinstance(value, pint.Quantity):
        units.define(value._REGISTRY)
        if not value.check(unit):
            return Problem(name, None, f"{value:~}", f"a value in {unit}")
        value = value.to(unit).magnitude
    if isinstance(value, bool) or not isinstance(value, (int, float, Real, Decimal)):
        return Problem(name, None, value, f"a number [{unit}]; text is read with units.parse")
    if math.isnan(value):
        return Problem(name, None, value, "a number; leave out what is not known")
    if not 0 <= float(value) < math.inf:
        return Problem(name, None, value, f"zero or more [{unit}], and finite")
    return None


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real) and value != value


def _near_miss(key: str) -> str:
    folded = "_".join(str(key).casefold().split())
    hint = nearest(folded, MEASURES, count=1)
    near = hint.removeprefix("did you mean '").removesuffix("'?")
    return hint if near and (folded.replace("_", "") == near.replace("_", "")) else ""


def _shown(value: Any) -> str:
    magnitude = getattr(value, "magnitude", value)
    unit = f" {value.units:~}" if isinstance(value, pint.Quantity) else ""
    return html.escape(f"{magnitude:,}{unit}")

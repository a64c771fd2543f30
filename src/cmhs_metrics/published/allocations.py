"""NHS England's ICB place-based allocations: registered people, and people weighted for their need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, lacking, refuse
from cmhs_metrics.published.formats import ALLOCATIONS
from cmhs_metrics.published.reading import read_rows, to_numbers
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from cmhs_metrics.published.content import Source
    from cmhs_metrics.published.reading import Rows

Level = Literal["icb", "practice", "region"]

_KEYS = {
    "practice": ["practice", "practice_name", "icb", "icb_name", "region", "region_name"],
    "icb": ["icb", "icb_name", "region", "region_name"],
    "region": ["region", "region_name"],
}
_HALF_A_PERSON = 0.5
_MANY = 1_000
_OTHER_NUMBERS = ("Latitude", "Longitude")
_POPULATIONS = ("registered_population", "weighted_population", "Patients")


@checked
def read_icb_allocations(source: Source, level: Level = "icb", *, whole: bool = True) -> pd.DataFrame:
    """Read registered and need-weighted populations from the ICB place-based allocations.

    Parameters
    ----------
    source : str, Path, or open file
        The file that NHS England publishes as CSV, a row for each GP practice; plain, gzipped or zipped. The columns
        may be called as in 2022/23, 2023/24, 2024/25 or 2025/26. The year is yours to know: the column of 2024/25 is
        still called "pop 2022/23".
    level : {"icb", "practice", "region"}, default "icb"
        The places of which to give the people.
    whole : bool, default True
        Whether the file is meant to be the whole of England, where the weights create nobody and lose nobody: a file
        whose weighted and registered people differ in total is then refused. For a part of England pass False.

    Returns
    -------
    pandas.DataFrame
        A row for each place, practices as published and others by code: ``icb``, ``icb_name``, ``region`` and
        ``region_name`` (codes and names; practices also have ``practice`` and ``practice_name``),
        ``registered_population`` [person] and ``weighted_population``, which is weighted for mental health (published
        as "MH WP") [person]. Every other column keeps its published name. Practices have all of them, empty ones too.
        Larger places have the sums of the other weighted populations [person], and whatever is known and the same for
        all practices of each place; a postcode, which differs from practice to practice, an ICB has not.

    Raises
    ------
    BadInput
        When it is another file, or not a whole one; when a population is missing, negative or no number; when a
        practice stands twice, or a code has two names or two regions.

    References
    ----------
    NHS England, ICB place-based allocations 2022/23 to 2025/26.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO('''Practice_Code,GP_Practice_Name,ICB,ICBname,Rcode,Region,Population,MH WP
    ... P1,Fen Surgery,QF1,Fenland ICB,Y1,East,6000,5400
    ... P2,Hill Surgery,QU1,Uplands ICB,Y1,East,4000,4600
    ... ''')
    >>> read_icb_allocations(file)[["icb", "registered_population", "weighted_population"]]
       icb  registered_population  weighted_population
    0  QF1                 6000.0               5400.0
    1  QU1                 4000.0               4600.0
    """
    if level not in get_args(Level):
        raise BadInput("read_icb_allocations", [Problem("level", None, level, "'icb', 'practice' or 'region'")])
    rows = read_rows(source, ALLOCATIONS)
    practices = _practices(rows)
    if whole:
        _refuse_part_of_england(rows.name, practices)
    if level == "practice":
        return practices
    return _sum(practices, level)


@checked
def check_weighted_totals(populations: pd.DataFrame) -> pd.DataFrame:
    """Check that weighting moves people between places, and neither creates nor loses any.

    Parameters
    ----------
    populations : pandas.DataFrame
        The populations of the whole of England at any level, as `read_icb_allocations` gives them [person].

    Returns
    -------
    pandas.DataFrame
        A row for each weighted population: ``column``, its ``total`` [person], the ``registered`` total [person], the
        ``difference`` [person], and whether it ``agrees`` to half a person, or, of more than a thousand places whose
        people are whole numbers, to what their rounding explains. Of an incomplete column nothing is known and it does
        not agree.

    Raises
    ------
    BadInput
        When the registered population is not there, or no weighted one.

    References
    ----------
    NHS England, ICB place-based allocations 2022/23 to 2025/26.

    Examples
    --------
    >>> places = pd.DataFrame({"registered_population": [6000, 4000], "weighted_population": [5400, 4600]})
    >>> check_weighted_totals(places)[["total", "registered", "agrees"]]
         total  registered  agrees
    0  10000.0     10000.0    True
    """
    weighted = [name for name in populations if name == "weighted_population" or _is_weighted(str(name))]
    needed = ["registered_population", *([] if weighted else ["weighted_population"])]
    refuse("the populations", lacking("populations", populations, needed))
    registered = float(populations["registered_population"].sum(skipna=False))
    totals = [float(populations[name].sum(skipna=False)) for name in weighted]
    result = pd.DataFrame({"column": weighted, "total": totals, "registered": registered})
    result["difference"] = result["total"] - result["registered"]
    allowed = [_HALF_A_PERSON + _rounding(populations, str(name)) for name in weighted]
    result["agrees"] = result["difference"].abs() <= allowed
    return result


def _rounding(populations: pd.DataFrame, name: str) -> float:
    """How far two totals of people may be apart by rounding, where a year is published in whole people."""
    both = populations[["registered_population", name]]
    whole = bool((both % 1 == 0).all(axis=None))
    # Five times the standard deviation of the difference of two sums of so many roundings.
    return 5 * (len(both) / 6) ** 0.5 if whole and len(both) > _MANY else 0.0


def _is_weighted(column: str) -> bool:
    return column.endswith(" WP")


def _practices(rows: Rows) -> pd.DataFrame:
    cells = rows.cells
    problems = rows.missing(_KEYS["practice"], "a code or name")
    problems += rows.problems("practice", cells["practice"].duplicated(), "each practice once")
    for key, attributes in (("icb", ("icb_name", "region")), ("region", ("region_name",))):
        for attribute in attributes:
            first = cells.groupby(key)[attribute].transform("first")
            expected = f"one for each {rows.published[key]}, and another row has another"
            problems += rows.problems(attribute, cells[attribute] != first, expected)
    table = cells.where(cells != "")
    for name in cells.columns.astype(str):
        if name in _POPULATIONS or _is_weighted(name):
            table[name], wrong = rows.numbers(name, "a number of people, 0 or more")
            problems += wrong
        elif name in _OTHER_NUMBERS:
            table[name] = to_numbers(cells[name].str.strip())
            wrong_here = table[name].isna() & (cells[name] != "")
            problems += rows.problems(name, wrong_here, "a number")
    problems += rows.missing(["registered_population", "weighted_population"], "a number of people, 0 or more")
    rows.refuse(problems)
    first_columns = [*_KEYS["practice"], "registered_population", "weighted_population"]
    return table[[*first_columns, *(name for name in table if name not in first_columns)]]


def _refuse_part_of_england(name: str, practices: pd.DataFrame) -> None:
    mental_health = check_weighted_totals(practices).iloc[0]
    if not mental_health["agrees"]:
        expected = (
            f"the registered total, {mental_health['registered']:,.1f}: part of the file may be missing "
            "(of a part of England, say whole=False)"
        )
        raise BadInput(name, [Problem("MH WP", "total", round(float(mental_health["total"]), 1), expected)])


def _sum(practices: pd.DataFrame, level: str) -> pd.DataFrame:
    keys = _KEYS[level]
    groups = practices.groupby(keys[0])
    columns: dict[str, pd.Series[Any]] = {}
    for name in practices.columns.astype(str):
        column = groups[name]
        if practices[name].isna().all():
            continue
        if name in _POPULATIONS or _is_weighted(name):
            # A total is missing where a part is.
            columns[name] = column.sum().where(column.count() == groups.size())
        elif name in keys or (column.nunique(dropna=False) == 1).all():
            columns[name] = column.first()
    return pd.DataFrame(columns).reset_index(drop=True)

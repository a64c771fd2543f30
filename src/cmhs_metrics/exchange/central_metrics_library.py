"""Results as the five tables of NHS England's Central Metrics Library (CML), proforma 3.0, and their metadata."""

from __future__ import annotations

import datetime
import enum
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.exchange.central_metrics_metadata import Facts
from cmhs_metrics.measures import BASES, MEASURES, POPULATION, Kind
from cmhs_metrics.numeric.frames import collected, frame_of, in_pandas
from cmhs_metrics.periods import Reading, is_missing, read_periods
from cmhs_metrics.selection import column_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


LOCATION_TYPES = {
    "icb": "nhs-icb",
    "sub_icb": "nhs-sub-icb-location",
    "region": "nhs-region",
    "trust": "nhs-trust",
    "provider": "nhs-trust",
    "organisation": "nhs-trust",
    "local_authority": "local-authority",
}
"""What the library calls the places of a column; the names are those of its own conversions."""
GRAINS = {"date": "daily", "month": "monthly", "quarter": "quarterly", "financial year": "yearly"}
_SUFFIXES = {"Actual": "act", "Provisional": "prov"}
_BOUNDS = ("lower", "upper")
_ENGLAND = ("england", "nhs-country")


class CentralMetrics(NamedTuple):
    """The five tables, and what could not be in them.

    Parameters
    ----------
    metric : pandas.DataFrame
        A row for each value: `metric_value` is a number, and `additional_metric_values` its bounds as JSON.
    dimensions : pandas.DataFrame
        The breakdowns, a row for each combination of values.
    metadata : pandas.DataFrame
        A row for each metric, in the 39 columns of the proforma.
    relationships : pandas.DataFrame
        Which measures stand above and below the line of which metric.
    source : pandas.DataFrame
        Where the figures come from, in one row.
    left_out : pandas.DataFrame
        The values that are missing or suppressed: the library has no place for a value that is none.
    """

    metric: pd.DataFrame
    dimensions: pd.DataFrame
    metadata: pd.DataFrame
    relationships: pd.DataFrame
    source: pd.DataFrame
    left_out: pd.DataFrame

    def to_spark(self, session: Any) -> dict[str, Any]:
        """The five tables on Spark, in the schemas of `cml-schemas`.

        Parameters
        ----------
        session : pyspark.sql.SparkSession
            The session.

        Returns
        -------
        dict of str to pyspark.sql.DataFrame
            By name. The library's values are 32-bit floats there, of seven digits: the whole value stands in
            `additional_metric_values` as `value`.
        """
        from cml_schemas import spark_schemas

        metric = self.metric.assign(
            additional_metric_values=[
                json.dumps({**json.loads(held), "value": value}, sort_keys=True)
                for held, value in zip(
                    self.metric["additional_metric_values"], self.metric["metric_value"].tolist(), strict=True
                )
            ]
        )
        schemas = {
            "metric": spark_schemas.get_metric_schema("float"),
            "dimensions": spark_schemas.create_dimensions_schema(list(self.dimensions.columns[3:])),
            "metadata": spark_schemas.METADATA_SCHEMA,
            "relationships": spark_schemas.RELATIONSHIPS_SCHEMA,
            "source": spark_schemas.SOURCE_SCHEMA,
        }
        tables = {**self._asdict(), "metric": metric}
        return {
            name: session.createDataFrame([tuple(row) for row in _plain_rows(tables[name])], schema)
            for name, schema in schemas.items()
        }


@checked
def cml(
    result: Any,
    *,
    owner: str,
    source: str,
    published: str | datetime.date,
    place: str | None = None,
    location_type: str | None = None,
    period: Any = None,
    status: Literal["Actual", "Provisional"] = "Actual",
    state: str = "In development - Not Live",
    category: str = "MI internal",
    disclosure: str = "",
    platform: str | None = None,
    family_ids: Mapping[str, str] | None = None,
) -> CentralMetrics:
    """Give a result in the tables of NHS England's Central Metrics Library.

    Parameters
    ----------
    result : any frame that narwhals knows
        What `aggregate`, `with_metrics` or `benchmark` gave: columns of metrics and measures beside their keys, or a
        row for each metric and place. Rows of totals may have no value in a key, which then stands for all.
    owner : str
        Who answers for the metrics, with an address of e-mail.
    source : str
        The data set that the measures were counted from.
    published : str or date
        The day of publication.
    place : str, optional
        The column of places; the only one of "icb", "sub_icb", "region", "trust", "provider", "organisation" and
        "local_authority" unless given. Without any, everything is England's.
    location_type : str, optional
        What the library calls those places; "nhs-icb" and the like, by the name of the column, unless given.
    period : period, optional
        The period of every row, where the result has no column `period`.
    status : {"Actual", "Provisional"}, default "Actual"
        Whether figures are final.
    state, category : str, default "In development - Not Live" and "MI internal"
        As the proforma has them (`metric_state`, `available_metric_category`).
    disclosure : str, optional
        What was done against disclosure; the flag says "Y" where something is given, and "NA" where nothing is.
    platform : str, optional
        Where the source lies.
    family_ids : mapping of str to str, optional
        The ids that the library has given to metrics, by their names here; others get one that is made of their name.

    Returns
    -------
    CentralMetrics
        The tables `metric`, `dimensions`, `metadata`, `relationships` and `source`, which `validate_schema` of
        `cml-schemas` accepts, and what was `left_out`.

    Raises
    ------
    BadInput
        When there is no metric, no period or more than one kind of it, or the place is not known.

    Notes
    -----
    Ids are made from text, so that a column's type never changes them: 1, 1.0 and "1" are one value of a breakdown. The
    library knows no formulas, units, bounds or caveats as such: they stand in `calculation`, `unit`, `notes`,
    `footnotes` and `additional_metric_values`. Its checking rules list no yearly figures; here they are "yearly".

    References
    ----------
    NHS England, cml-schemas 3.0.0 and cml-validation (June 2026).

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> import pandas as pd
    >>> teams = pd.DataFrame({"icb": ["QUE", "QHG"], "period": "2024-06", "total_cost": [90, 40], "contacts": [3, 0]})
    >>> given = {"owner": "Team, team@nhs.net", "source": "MHSDS", "published": "2024-09-12"}
    >>> tables = cml(cm.aggregate(teams, by=["icb", "period"]), **given)
    >>> tables.metric.query("location_id == 'QUE'")["metric_value"].tolist()
    [90.0, 3.0, 30.0]
    >>> tables.relationships[["child_metric_short_name", "relationship_type"]].values.tolist()
    [['total_cost', 'Numerator'], ['contacts', 'Denominator']]
    >>> tables.left_out[["metric", "location_id"]].values.tolist()
    [['cost_per_contact', 'QHG']]
    """
    problems: list[Problem] = []
    if "@" not in owner:
        problems.append(Problem("owner", None, owner, "a name with an address of e-mail"))
    if status not in _SUFFIXES:
        problems.append(Problem("status", None, status, f"one of {', '.join(_SUFFIXES)}"))
    days = read_periods([published], problems, "published", "date")
    frame = _long(result, problems)
    place = _place(frame, place, problems)
    kind = location_type or (LOCATION_TYPES.get(place) if place else _ENGLAND[1])
    if kind is None and place in frame:
        problems.append(Problem("location_type", None, None, f"what the library calls the places of {place!r}"))
    periods = _periods(frame, period, problems)
    if problems:
        raise BadInput("cml", problems)
    dimensions = [name for name in frame.attrs["keys"] if name not in (place, "period")]
    ids = {name: (family_ids or {}).get(name, family_id(name)) for name in frame["metric"].unique()}
    # A measure below or above a line has an id whether or not the result holds it.
    suffix, day = _SUFFIXES[status], pd.Timestamp(days[published].first)
    values = frame.assign(
        metric_id=[f"{ids[name]}_{suffix}" for name in frame["metric"]],
        location_id=[_text(each) or _ENGLAND[0] for each in (frame[place] if place else [None] * len(frame))],
        location_type=pd.Series(
            [_ENGLAND[1] if place is None or is_missing(each) else kind for each in frame[place or "metric"]],
            dtype=object,
        ),
        reporting_grain=[GRAINS[each.form] for each in periods],
        reporting_period_start_datetime=pd.to_datetime([each.first for each in periods]),
        publication_datetime=day,
        metric_value=frame["value"],
    )
    breakdowns = [
        {name: text for name in dimensions if (text := _text(row[name]))} for row in values.to_dict("records")
    ]
    values["dimension_id"] = [_dimension_id(each) for each in breakdowns] if dimensions else None
    parts = ["metric_id", *(["dimension_id"] if dimensions else []), "reporting_grain", "location_id"]
    begun = values["reporting_period_start_datetime"].dt.strftime("%Y-%m-%d %H:%M:%S")
    values["datapoint_id"] = ["_".join(each) for each in zip(*(values[name] for name in parts), begun, strict=True)]
    known = values["metric_value"].notna()
    twice = values["datapoint_id"].duplicated()
    if twice.any():
        what = "one value for each metric, place, period and breakdown"
        raise BadInput("cml", [Problem(None, None, str(values.loc[twice, "datapoint_id"].iloc[0]), what)])
    last = max(each.last for each in periods)
    facts = Facts(owner, source, status, state, category, disclosure, platform, kind or "", sorted(dimensions), last)
    spans = values.groupby("metric", sort=False)
    firsts, types = spans["reporting_period_start_datetime"].min(), spans["location_type"].agg(set)
    metadata = [
        facts.row(name, f"{ids[name]}_{suffix}", GRAINS[periods[0].form], firsts[name], types[name]) for name in ids
    ]
    return CentralMetrics(
        _strings(values.loc[known, _METRIC], float_columns=("metric_value",)).reset_index(drop=True),
        _dimensions(breakdowns, dimensions),
        _strings(pd.DataFrame(metadata)),
        _strings(pd.DataFrame(_relationships(list(ids), family_ids or {}, suffix), columns=_RELATIONSHIPS)),
        _strings(_source(facts, periods, last, day)),
        values.loc[~known, ["metric", "location_id", *dimensions]].reset_index(drop=True),
    )


def family_id(name: str) -> str:
    """The id of a metric's family, made of its name: four letters and five digits, as the library asks.

    Examples
    --------
    >>> family_id("cost_per_contact") == family_id("cost_per_contact") != family_id("dna_rate")
    True
    """
    letters, digits = divmod(zlib.crc32(name.encode()) % (26 * 26 * 100_000), 100_000)
    return f"CM{chr(65 + letters // 26)}{chr(65 + letters % 26)}{digits:05}"


_METRIC = [
    "datapoint_id", "metric_id", "dimension_id", "reporting_grain", "location_id", "location_type",
    "reporting_period_start_datetime", "publication_datetime", "metric_value", "additional_metric_values",
]  # fmt: skip
_RELATIONSHIPS = [
    "metric_id", "metric_short_name", "child_metric_id", "child_metric_short_name", "relationship_type",
    "relationship_category", "relationship_description",
]  # fmt: skip


def _long(result: Any, problems: list[Problem]) -> pd.DataFrame:
    """A row for each metric of each row, with its bounds as JSON; the keys are in `attrs`."""
    frame_of(result, "cml", "result")
    frame = in_pandas(collected(result), "cml").copy()
    if {"metric", "place", "value", "basis"} <= set(frame.columns):
        named = [
            f"{metric}_{BASES[basis].suffix}" if isinstance(basis, str) and basis in BASES else metric
            for metric, basis in zip(frame["metric"], frame["basis"], strict=True)
        ]
        frame = frame.assign(metric=named).rename(columns={f"value_{each}": f"value bound {each}" for each in _BOUNDS})
        keys = [name for name in ("place", "period") if name in frame]
        bounds = {each: frame.get(f"value bound {each}") for each in _BOUNDS}
        long = frame[[*keys, "metric", "value"]].assign(additional_metric_values=_bounds(bounds, len(frame)))
    else:
        columns = [name for name in frame.columns if _exported(name)]
        keys = [
            name
            for name in frame.columns
            if name not in columns and name not in ("level", "periods") and not _is_number(frame, name)
        ]
        if not columns:
            problems.append(Problem(None, None, list(frame.columns), "a column of a metric or a measure"))
            return _empty(frame, keys)
        rows = len(frame)
        long = pd.concat([frame[keys]] * len(columns), ignore_index=True)
        long["metric"] = np.repeat(np.array(columns, dtype=object), rows)
        long["value"] = np.concatenate(
            [pd.to_numeric(frame[name]).to_numpy("float64", na_value=np.nan) for name in columns]
        )
        held_bounds = [_bounds({each: frame.get(f"{name}_{each}") for each in _BOUNDS}, rows) for name in columns]
        long["additional_metric_values"] = [each for held in held_bounds for each in held]
    long.attrs["keys"] = keys
    return long


def _empty(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    none = frame[keys].head(0).assign(metric="", value=0.0)
    none.attrs["keys"] = keys
    return none


def _exported(name: str) -> bool:
    return (name in MEASURES and MEASURES[name].kind in (Kind.FLOW, Kind.STOCK)) or column_of(name) is not None


def _is_number(frame: pd.DataFrame, name: str) -> bool:
    """Bounds and populations: numbers that are no key."""
    stem = name.removesuffix("_lower").removesuffix("_upper")
    return name in MEASURES or (stem != name and _exported(stem))


def _bounds(bounds: Mapping[str, Any], rows: int) -> list[str]:
    held = {name: pd.to_numeric(column).tolist() for name, column in bounds.items() if column is not None}
    return [
        json.dumps({name: cells[row] for name, cells in held.items() if not is_missing(cells[row])})
        for row in range(rows)
    ]


def _place(frame: pd.DataFrame, place: str | None, problems: list[Problem]) -> str | None:
    keys = frame.attrs["keys"]
    if place is not None:
        if place not in keys:
            problems.append(Problem("place", None, place, f"a column of the result that names places: {keys}"))
        return place
    held = [name for name in keys if name in LOCATION_TYPES or name == "place"]
    if len(held) > 1:
        problems.append(Problem("place", None, held, "the one column whose places the values are of"))
    return held[0] if held else None


def _periods(frame: pd.DataFrame, period: Any, problems: list[Problem]) -> list[Reading]:
    held = frame["period"].tolist() if "period" in frame else [None] * len(frame)
    cells = [period if is_missing(each) else each for each in held]
    if any(is_missing(each) for each in cells):
        problems.append(Problem("period", None, None, "the period of every value: a column of it, or period="))
        return []
    read = read_periods(cells, problems)
    if len(forms := {each.form for each in read.values()}) > 1:
        problems.append(Problem("period", None, sorted(forms), "periods of one kind: a metric has one grain there"))
    return [read[each] for each in cells if each in read]


def _text(value: Any) -> str:
    """A key as text, the same whatever its type: 1, 1.0 and "1" are "1"; nothing where it is missing."""
    if is_missing(value):
        return ""
    value = value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, (bool, datetime.date)):
        return str(value).lower()
    number = isinstance(value, (int, float)) or hasattr(value, "dtype")
    return str(int(value)) if number and float(value).is_integer() else str(value)


def _dimension_id(values: Mapping[str, str]) -> str:
    """The id of a breakdown: as cml-conversion-helpers hash the same values, were they text."""
    text = "|".join(sorted(f"{name}={value}" for name, value in values.items())) or "__ALL__"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _dimensions(breakdowns: list[dict[str, str]], names: list[str]) -> pd.DataFrame:
    distinct = {_dimension_id(each): each for each in breakdowns} if names else {}
    rows = [
        {
            "dimension_id": key,
            "dimension_type_id": "&".join(name for name in names if name in values) or "total",
            "dimension_count": len(values),
            **{name: values.get(name, f"all_{name}") for name in names},
        }
        for key, values in distinct.items()
    ]
    columns = ["dimension_id", "dimension_type_id", "dimension_count", *names]
    return _strings(pd.DataFrame(rows, columns=columns)).astype({"dimension_count": "int64"})


def _relationships(names: list[str], given: Mapping[str, str], suffix: str) -> Iterator[dict[str, str]]:
    for name in names:
        held = column_of(name)
        if held is None:
            continue
        metric, basis = held
        told = set()
        for role, side in (("Numerator", metric.numerator), ("Denominator", metric.denominator)):
            for part in side:
                child = basis.measure if basis and part == POPULATION else part
                if child not in told:
                    told.add(child)
                    yield {
                        "metric_id": f"{given.get(name, family_id(name))}_{suffix}",
                        "metric_short_name": name,
                        "child_metric_id": f"{given.get(child, family_id(child))}_{suffix}",
                        "child_metric_short_name": child,
                        "relationship_type": role,
                        "relationship_category": "Direct",
                        "relationship_description": f"{_told_of(child)}, in {metric.formula}",
                    }


def _told_of(name: str) -> str:
    return MEASURES[name].description if name in MEASURES else name.replace("_", " ")


def _source(facts: Facts, periods: list[Reading], last: datetime.date, day: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "numerator_source_name": [facts.source], "numerator_project_id": [None],
            "numerator_source_platform": [facts.platform], "denominator_source_name": [facts.source],
            "denominator_project_id": [None], "denominator_source_platform": [facts.platform],
            "first_record_timestamp": [pd.Timestamp(min(each.first for each in periods))],
            "last_record_timestamp": [pd.Timestamp(last)], "last_ingest_timestamp": [day],
            "version_release_date": [day], "version_release": [1],
        }
    )  # fmt: skip


def _strings(frame: pd.DataFrame, float_columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Text as text whatever pandas makes of an empty or a mixed column; days and numbers as they are."""
    kept = {
        name: column.astype("float64") if name in float_columns
        else column if column.dtype.kind in "Mi"
        else pd.Series([None if is_missing(each) else each for each in column], index=column.index, dtype=object)
        for name, column in frame.items()
    }  # fmt: skip
    return pd.DataFrame(kept, columns=frame.columns)


def _plain_rows(frame: pd.DataFrame) -> Iterator[list[Any]]:
    """Rows in the types of Python, a missing value as None."""
    for row in frame.astype(object).itertuples(index=False):
        yield [
            None if is_missing(each) else each.to_pydatetime() if isinstance(each, pd.Timestamp) else each
            for each in row
        ]

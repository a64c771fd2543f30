"""`aggregate` beside plain Python, on tables of years and months with gaps, missing and suppressed cells."""

from __future__ import annotations

import warnings
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.tables import combining
from tests.support.budgets import examples, is_deep
from tests.support.engines import ALL, LAZY, cells
from tests.tables import oracle

MONTHS = [f"2016-{month:02}" for month in range(4, 13)] + [f"2017-{month:02}" for month in range(1, 4)]
PERIODS = (MONTHS, MONTHS, MONTHS[:3], ["2015/16", "2016/17"], ["2016/17"], ["2016-12", "2017-01", "2017-05"])
counts = st.one_of(st.none(), st.integers(0, 50))


def rows_of(*teams: str, gaps: tuple[tuple[str, str], ...] = ()) -> list[oracle.Row]:
    return [
        {"icb": "X", "team": team, "period": period, "contacts": 10, "total_cost": 20, "caseload": 5}
        for team in teams
        for period in MONTHS
        if (team, period) not in gaps
    ]


# That engines agree is tested elsewhere; here one of each kind does in the everyday run.
ENGINES = [name for name in ALL if name != "pyspark"] if is_deep() else ["pandas", "polars", "duckdb"]
# Tables of many rows are summed by their engine: here those of few rows are, too.
engines = pytest.mark.parametrize(
    ("name", "few"), [*((name, combining._SMALL) for name in ENGINES), ("pandas", 0), ("polars", 0)]
)


@st.composite
def tables(draw) -> list[oracle.Row]:
    periods = draw(st.sampled_from(PERIODS))
    suppressed = draw(st.booleans())
    rows = []
    for team in draw(st.lists(st.sampled_from("abc"), min_size=2, max_size=3, unique=True)):
        icb = draw(st.sampled_from("XXY"))
        gaps = draw(st.sets(st.sampled_from(periods), max_size=1)) if draw(st.booleans()) else set()
        # Most cells of a table are alike; a few that are drawn say more than many.
        usual = draw(st.integers(0, 50)), draw(st.integers(0, 50)), draw(st.integers(1, 50))
        odd = draw(st.dictionaries(st.sampled_from(periods), st.tuples(counts, counts, counts), max_size=2))
        for period in periods:
            if period not in gaps:
                contacts, cost, caseload = odd.get(period, usual)
                row = {"icb": icb, "team": team, "period": period, "contacts": contacts, "total_cost": cost}
                row["caseload"] = caseload
                if suppressed:
                    low = caseload if caseload is not None else draw(st.sampled_from([None, 0]))
                    high = caseload if caseload is not None else None if low is None else 4
                    row |= {"caseload_lower": low, "caseload_upper": high}
                rows.append(row)
    return rows


@engines
@examples(4)
@example(rows_of("a", "b"), ["icb"], "last", False)
@example(rows_of("a", "b"), ["icb"], "mean", True)
@example(rows_of("a", "b", gaps=(("b", "2016-08"),)), ["icb"], "last", False)
@example(rows_of("a", "b", gaps=(("b", "2017-03"),)), ["icb"], "last", True)
@example(rows_of("a", "b", gaps=(("b", "2017-03"),)), ["icb"], "last", False)
@example(rows_of("a", "b", gaps=(("b", "2016-08"),)), ["icb"], "mean", False)
@given(
    rows=tables(),
    by=st.sampled_from([["icb"], ["icb", "period"], ["team"], []]),
    over_time=st.sampled_from(["last", "mean"]),
    total_of_known=st.booleans(),
)
def test_totals_are_those_of_plain_python(name: str, few: int, rows, by, over_time, total_of_known) -> None:
    if not rows:
        return
    # A first row of numbers would change the table; columns of nothing have no type in some engines.
    table = {column: [row[column] for row in rows] for column in rows[0]}
    if any(all(value is None for value in values) for values in table.values()):
        return
    expected = oracle.aggregate(rows, by, over_time, total_of_known, lazy=name in LAZY)
    with warnings.catch_warnings(), patch.object(combining, "_SMALL", few), patch.object(combining, "_STREAMED", few):
        warnings.simplefilter("ignore", cm.TableNote)
        result = cells(cm.aggregate(ALL[name](table), by=by, over_time=over_time, total_of_known=total_of_known))
    found = [
        {column: result[column][at] if column in result else None for column in expected[0]}
        for at in range(len(next(iter(result.values()))))
    ]
    key = lambda row: [str(row[column]) for column in by]  # noqa: E731
    for one, other in zip(sorted(found, key=key), sorted(expected, key=key), strict=True):
        for column, value in other.items():
            assert one[column] == (pytest.approx(value) if isinstance(value, float) else value), (column, one, other)


@pytest.mark.parametrize(
    ("change", "what"),
    [({"period": "2017-03"}, "a month less"), ({"caseload": None}, "a cell less"), ({"team": "b"}, "another team")],
)
def test_the_oracle_itself_by_hand(change: dict, what: str) -> None:
    # Twelve months of 10 contacts and £20, 5 patients: 120 / 5 and 240 / 120.
    rows = [
        {"icb": "X", "team": "a", "period": period, "contacts": 10, "total_cost": 20, "caseload": 5}
        for period in MONTHS
    ]
    (whole,) = oracle.aggregate(rows, ["icb"], "last", False)
    assert (whole["contacts_per_patient"], whole["cost_per_contact"], whole["caseload"]) == (24, 2, 5)
    (broken,) = oracle.aggregate(
        [*rows[:11], {**rows[11], **change}][: 11 if "period" in change else 12], ["icb"], "last", False
    )
    assert broken["contacts_per_patient"] is None, what

"""Random valid tables against plain loops, and the command line under files that are broken in every way.

A few dozen in the everyday run; ``--hypothesis-profile=night`` tries 2,000 tables of each verb and 400 files, others every night.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.__main__ import main
from cmhs_metrics.catchments import Shares, apportion
from tests.support.budgets import examples, times
from tests.test_arithmetic import RATIOS

Row = dict[str, Any]
MEASURES = ("total_cost", "caseload", "contacts", "referrals", "wte")
PARTS = {"face_to_face_contacts": "contacts", "referrals_accepted": "referrals"}
COLUMNS = (*MEASURES, *PARTS)
PLACES = ("QUE", "QJG", "QH8", "QYG")
amount = st.one_of(st.just(0.0), st.integers(1, 50_000).map(float), st.floats(0.5, 1e7))


@st.composite
def teams(draw: st.DrawFn, missing: bool = True) -> list[Row]:
    """The rows of a valid table: no part above its whole, no row twice, and some cells not known."""
    rows = []
    for number in range(draw(st.integers(1, 8))):
        row: Row = {"icb": draw(st.sampled_from(PLACES)), "organisation": f"R{number}"}
        row |= {name: draw(amount) for name in MEASURES}
        row |= {part: row[whole] * draw(st.sampled_from([0.0, 0.25, 1.0])) for part, whole in PARTS.items()}
        for name in COLUMNS:
            if missing and draw(st.integers(0, 9)) == 0:
                row[name] = None
        rows.append(row)
    return rows


def frame(rows: list[Row], engine: str) -> Any:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    if engine == "polars":
        return pl.DataFrame(columns, schema_overrides=dict.fromkeys(COLUMNS, pl.Float64))
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=float if name in COLUMNS else object) for name, cells in columns.items()}
    )


def rows_of(table: Any) -> list[Row]:
    table = pl.from_pandas(table) if isinstance(table, pd.DataFrame) else table
    return table.to_dicts()


def quotient(above: float | None, below: float | None, scale: float = 1) -> float | None:
    return None if above is None or below is None or below == 0 else above / below * scale


def metrics_of(row: Row) -> Row:
    """Every metric whose numerator and denominator stand in a row, by the table of `test_arithmetic`."""
    found = {}
    for ratio in RATIOS:
        if ratio.numerator in COLUMNS and ratio.denominator in COLUMNS:
            above, below, value = ratio.first
            found[ratio.metric] = quotient(row[ratio.numerator], row[ratio.denominator], value / (above / below))
    return found


def summed(rows: list[Row], key: str) -> dict[str, Row]:
    """The measures of each group; the sum of what is not known is not known."""
    groups: dict[str, Row] = {}
    for row in rows:
        total = groups.setdefault(row[key], dict.fromkeys(COLUMNS, 0.0))
        for name in COLUMNS:
            total[name] = None if total[name] is None or row[name] is None else total[name] + row[name]
    return groups


def agree(found: Row, expected: Row) -> None:
    for name, value in expected.items():
        cell = found[name]
        if value is None:
            assert cell is None or math.isnan(cell), (name, cell)
        else:
            assert cell == pytest.approx(value, rel=1e-9, abs=1e-9), name


TABLES = settings(max_examples=2_000) if times() >= 50 else examples(10)
"""For each of the four: some in every run, and 2,000 a night."""
engines = st.sampled_from(["pandas", "polars"])


@TABLES
@given(teams(), engines)
def test_with_metrics(rows: list[Row], engine: str) -> None:
    found = rows_of(cm.with_metrics(frame(rows, engine)))
    assert len(found) == len(rows)
    for row, got in zip(rows, found, strict=True):
        agree(got, {name: row[name] for name in COLUMNS} | metrics_of(row))


@TABLES
@given(teams(), engines)
def test_aggregate(rows: list[Row], engine: str) -> None:
    expected = summed(rows, "icb")
    found = {row["icb"]: row for row in rows_of(cm.aggregate(frame(rows, engine), by="icb"))}
    assert found.keys() == expected.keys()
    for place, total in expected.items():
        agree(found[place], total | metrics_of(total))


@TABLES
@given(teams(missing=False), engines, st.sampled_from(["cost_per_contact", "year_of_care_cost", "face_to_face_share"]))
def test_benchmark(rows: list[Row], engine: str, metric: str) -> None:
    groups = summed(rows, "icb")
    assume(len(groups) > 1)
    values = {place: metrics_of(total)[metric] for place, total in groups.items()}
    known = [value for value in values.values() if value is not None]
    found = {row["place"]: row for row in rows_of(cm.benchmark(frame(rows, engine), metric, by="icb"))}
    assert found.keys() == values.keys()
    for place, value in values.items():
        agree(found[place], {"value": value})
        if value is not None:
            higher = sum(other > value and not math.isclose(other, value, rel_tol=1e-12) for other in known)
            assert found[place]["rank"] == pytest.approx(higher + 1)
    # All places as one: what is undefined in one adds nothing to the pooled average but what it has.
    ratio = next(each for each in RATIOS if each.metric == metric)
    pooled = [total for place, total in groups.items() if values[place] is not None]
    if pooled:
        average = sum(each[ratio.numerator] for each in pooled) / sum(each[ratio.denominator] for each in pooled)
        for row in found.values():
            agree(row, {"average": average})


@st.composite
def catchments(draw: st.DrawFn) -> dict[str, dict[str, float]]:
    """Of each place the shares of some regions, which add to one."""
    shares = {}
    for place in PLACES:
        weights = {region: draw(st.integers(1, 9)) for region in draw(st.sets(st.sampled_from("XYZ"), min_size=1))}
        shares[place] = {region: weight / sum(weights.values()) for region, weight in weights.items()}
    return shares


@TABLES
@given(teams(missing=False), catchments(), engines)
def test_apportion(rows: list[Row], shares: dict[str, dict[str, float]], engine: str) -> None:
    expected: dict[str, Row] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0.0))
    for row in rows:
        for region, share in shares[row["icb"]].items():
            for name in COLUMNS:
                expected[region][name] += row[name] * share
    shared = apportion(frame(rows, engine), Shares(shares), by="icb", to="region")
    found: dict[str, Row] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0.0))
    for row in rows_of(shared):
        for name in COLUMNS:
            found[row["region"]][name] += row[name]
    assert found.keys() == expected.keys()
    for region, total in expected.items():
        agree(found[region], dict(total))


SOUND = """organisation,team_type,period,total_cost,caseload,contacts,registered_population
RT1,Generic CMHT,2016/17,17700000,5291,108600,834586
RT1,CRHT,2016/17,7400000,650,33600,834586
RV9,Generic CMHT,2016/17,12000000,4100,81000,600000
"""
PIECES = st.sampled_from(
    [
        "",
        ",",
        ",,,",
        '"',
        "\n",
        "\r",
        "\x00",
        ";",
        "\t",
        "-1",
        "1e999",
        "NaN",
        "£1,000",
        "*",
        "2016/99",
        "€",
        "=1+1",
        "ä",
        "organisation",
    ]
)


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """A table that lost, gained or exchanged some pieces, in some encoding, or no table at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=60))
    text = SOUND
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 1, 7, 60])))
        text = text[:start] + draw(PIECES) + text[end:]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    return text.encode(encoding, errors="replace")


@settings(examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=broken_files())
def test_the_command_line_on_a_broken_file(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "teams.csv"
    path.write_bytes(data)
    try:
        code = main([str(path)])
    except SystemExit as left:
        code = left.code
    printed = capsys.readouterr()
    assert code in (0, 1, 2), data
    assert "Traceback" not in printed.err
    if code:
        assert printed.err.strip(), "it says what is wrong"
    else:
        assert printed.out.strip()

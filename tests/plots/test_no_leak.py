"""Of two tables that differ only within what is suppressed, no picture and no page tells which is which."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.comparisons import Comparison
from cmhs_metrics.disclosure import suppress_table
from cmhs_metrics.plots.interactive import specification
from cmhs_metrics.run_charts import run_chart
from cmhs_metrics.variation import funnel
from tests.support.budgets import by_example, is_deep, with_deep

PLACES = ["QUE", "QJG", "QH8", "QYG", "QE1", "QF7"]
PEOPLE = pd.DataFrame({"icb": PLACES, "registered_population": [1e4, 1.5e4, 2e5, 9e4, 4e4, 7e4]})
MONTHS = [f"2024-{month:02}" for month in range(1, 13)]
counts = st.lists(st.integers(5, 300), min_size=12, max_size=12)
CELLS = [24, 131, 288, 5, 97, 12, 203, 64, 300, 41, 9, 176]
hidden = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda two: two[0] != two[1])


def draw(name: str, cells: list[int], value: int) -> Any:
    """A picture of the cells of which the second is hidden, or what it says where it is refused."""
    held = [cells[0], value, *cells[2:]]
    table = pd.DataFrame({"icb": PLACES, "caseload": held[:6]})
    people = PEOPLE["registered_population"].to_numpy()
    months = pd.DataFrame({"A": held, "B": cells[::-1]}, index=MONTHS)
    cell = pd.DataFrame({"A": [month == MONTHS[1] for month in MONTHS], "B": False}, index=MONTHS)
    if name == "funnel":
        kind = ("none", "multiplicative", "additive")[cells[0] % 3]
        made = funnel("rate", np.array(held[:6]), people, adjustment=kind)
        return plots.funnel_chart(made, PLACES, suppressed=PLACES[1:2], focus=PLACES[:1])
    if name == "xmr":
        rows = months.reset_index(names="period")[["period", "A"]]
        try:
            return plots.xmr_chart(run_chart(rows, "A"), "A", suppressed=MONTHS[1:2])
        except cm.BadInput as error:
            return str(error)
    if name in ("trend", "index"):
        options = (
            {"suppressed": cell, "unit": "patients"} if name == "trend" else {"suppressed": cell, "base": "2024-01"}
        )
        return getattr(plots, f"{name}_chart")(months, **options)
    if name == "profile":
        return plots.stacked_profile(months, suppressed=cell)
    result = pd.DataFrame(cm.benchmark(table, "caseload_per_100k", by="icb", populations=PEOPLE, focus=PLACES[:1]))
    if cells[1] % 2:
        result["value"] = result["value"].mask(result["place"] == PLACES[1])
    if name == "notebook":
        return str(Comparison(result.assign(suppressed=result["place"] == PLACES[1]))._repr_html_())
    if name == "dots":
        return plots.dot_and_range(result, PLACES[0], suppressed=PLACES[1:2])
    if name == "multiples":
        return plots.small_multiples(result.assign(team_type="CRHT"), suppressed=PLACES[1:2])
    draws = {"ranked": plots.ranked_bars, "tiles": plots.tile_map}
    return draws[name](result, suppressed=PLACES[1:2])


def published(name: str, cells: list[int], value: int) -> list[str]:
    """All that goes out of a picture: as SVG, and as the chart of Altair with its data."""
    made = draw(name, cells, value)
    if isinstance(made, str):
        return [made]
    return [plots.to_svg(made), json.dumps(specification(made))]


PICTURES = with_deep(["funnel", "xmr", "notebook"], "ranked", "dots", "multiples", "tiles", "trend", "index", "profile")
"""Every day those that are refused or differ by what is hidden; of the others `test_hidden_values` draws each twice."""


@pytest.mark.parametrize("name", PICTURES)
@by_example(2)
@given(counts, hidden)
@example(cells=CELLS, values=(1, 4))
def test_pictures_are_the_same_to_the_byte(name: str, cells: list[int], values: tuple[int, int]) -> None:
    assert published(name, cells, values[0]) == published(name, cells, values[1])


def page(cells: list[int], value: int, types: int) -> Any:
    """A pack of two months of which one count is small and suppressed: with types of team, or with charts."""
    held = [cells[0], value, *cells[2 : 6 * types]]
    # Where one is no ICB there is no map, which is drawn from the rows of the ranked chart.
    places = PLACES if is_deep() else [*PLACES[:5], "X"]
    rows = {"icb": places * types, "team_type": [["Generic CMHT", "CRHT"][at // 6] for at in range(6 * types)]}
    months = [
        pd.DataFrame({**rows, "period": f"2024-0{at}", "caseload": each})
        for at, each in enumerate([cells[: 6 * types], held], 1)
    ]
    table = suppress_table(pd.concat(months, ignore_index=True), ["caseload"])
    return cm.pack(table, PEOPLE.assign(icb=places), focus=PLACES[:2], peers=PLACES[2:4], charts=types == 1)


def workbook(made: Any, file: Any) -> dict[str, bytes]:
    """Every part of the workbook of a pack, but that which says when it was written."""
    with zipfile.ZipFile(made.to_xlsx(file)) as book:
        return {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}


@pytest.mark.parametrize("types", with_deep([1], 2))
@by_example(1)
@given(cells=counts, values=hidden.filter(min))
@example(cells=CELLS, values=(4, 2))
def test_pages_and_files_are_the_same_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, types: int, cells: list[int], values: tuple[int, int]
) -> None:
    one, other = (page(cells, value, types) for value in values)
    assert one.html == other.html
    assert [str(each) for each in one.findings] == [str(each) for each in other.findings]
    folder = tmp_path_factory.mktemp("pack")
    if types == 1:
        files = [
            {each.name: each.read_bytes() for each in made.save_charts(folder / name)}
            for name, made in (("one", one), ("other", other))
        ]
        assert len(files[0]) > (4 if is_deep() else 2)
        assert files[0] == files[1]
    pytest.importorskip("openpyxl", reason="workbooks need openpyxl")
    assert workbook(one, folder / "one.xlsx") == workbook(other, folder / "other.xlsx")

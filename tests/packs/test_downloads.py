"""The data behind a chart: every number as it is, no text a formula."""

from __future__ import annotations

import csv
import io
from urllib.parse import unquote_to_bytes

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.packs.downloads import FORMULA_STARTS, data_uri, file_name, safe_cell, to_csv


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "＝1+1", '=HYPERLINK("http://x")']
)
def test_no_text_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    read = next(csv.reader(io.StringIO(to_csv(pd.DataFrame({"place": [text]})), newline=""), None))
    assert read == ["place"]
    rows = list(csv.reader(io.StringIO(to_csv(pd.DataFrame({"place": [text]})), newline="")))
    assert rows[1] == [f"'{text}"]


def test_numbers_stay_numbers() -> None:
    table = pd.DataFrame({"value": [-2.5, 3.0, np.nan], "rank": [1.0, 2.0, np.nan], "focus": [True, False, False]})
    assert to_csv(table) == "value,rank,focus\r\n-2.5,1,True\r\n3,2,False\r\n,,False\r\n"


def test_what_is_absent_is_an_empty_cell() -> None:
    table = pd.DataFrame({"verdict": pd.array([True, pd.NA], dtype="boolean"), "name": [None, "North, “upper”"]})
    assert to_csv(table) == 'verdict,name\r\nTrue,\r\n,"North, “upper”"\r\n'


@given(st.lists(st.tuples(st.text(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=5))
def test_comes_back_as_it_was(cells: list[tuple[str, float]]) -> None:
    table = pd.DataFrame(cells, columns=["place", "value"])
    head, encoded = data_uri(table).split(",", 1)
    assert head == "data:text/csv;charset=utf-8"
    # No letter of it ends an attribute, begins a fragment or is left out by a browser.
    assert encoded.isascii()
    assert encoded.isprintable()
    assert not set("\"'<>&#") & set(encoded)
    text = unquote_to_bytes(encoded).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    for (place, value), (read_place, read_value) in zip(cells, rows, strict=True):
        assert float(read_value) == value
        assert read_place in (place, f"'{place}")
        assert not read_place.lstrip(" ").startswith(FORMULA_STARTS)


def test_names_of_files_are_plain() -> None:
    assert file_name(["caseload", "../../etc", "2016/17", "<b>"]) == "cmhs-caseload-etc-2016-17-b.csv"

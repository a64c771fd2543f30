"""A pickle of a protected table is as safe to hand on as the table that is published."""

from __future__ import annotations

import copy
import pickle

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cmhs_metrics.disclosure import attack, protect

SECRET = 987_654_321
COUNTS = {"icb": ["QUE", "QUE", "QH8", "QH8"], "team": ["a", "b", "a", "b"], "patients": [3, 40, 50, 60]}
# A column that is no part of the table travels nowhere, whatever it holds.
TRUE = COUNTS | {"note": [str(SECRET)] * 4, "other": [SECRET] * 4}


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_holds_nothing_that_is_not_published(kind) -> None:
    table = kind(TRUE)
    made = protect(table, ["icb", "team"], "patients")
    found = attack(made)
    for each in (made, found):
        written = pickle.dumps(each)
        assert str(SECRET).encode() not in written
        assert SECRET.to_bytes(4, "little") not in written
        again = pickle.loads(written)
        assert again.like is None or nw.from_native(again.like).shape == (0, 0)
    again = pickle.loads(pickle.dumps(made))
    assert type(again.to_frame()) is type(made.to_frame())
    assert type(pickle.loads(pickle.dumps(found)).cells) is type(found.cells)
    pd.testing.assert_frame_equal(again.in_pandas(), made.in_pandas())
    pd.testing.assert_frame_equal(copy.deepcopy(found).in_pandas, found.in_pandas)
    assert str(SECRET) not in repr(made) + str(made) + repr(found)
    # Who holds the table that went in has it still.
    assert made.like is table


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_two_truths_behind_one_published_table_have_one_pickle(kind) -> None:
    made = [protect(kind(TRUE | {"patients": [small, 40, 50, 60]}), ["icb", "team"], "patients") for small in (3, 4)]
    assert made[0].in_pandas().equals(made[1].in_pandas())
    assert pickle.dumps(made[0]) == pickle.dumps(made[1])
    assert pickle.dumps(attack(made[0])) == pickle.dumps(attack(made[1]))

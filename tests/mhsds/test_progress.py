"""What a run says while it goes on."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import mhsds

REFERRALS = {
    "Person_ID": ["P1", "P1"],
    "UniqServReqID": ["R1", "R1"],
    "UniqMonthID": [1489, 1490],
    "OrgIDProv": ["RX1", "RX1"],
    "ReferralRequestReceivedDate": ["2024-04-10", "2024-04-10"],
    "ServDischDate": [None, "2024-05-20"],
}


def run(table: Any, progress: bool | None) -> None:
    extract = mhsds.Extract(referrals=table, progress=progress)
    mhsds.measures(extract, "2024-05", "organisation", scope=mhsds.ALL, which=["referrals"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_names_the_table_it_is_at_and_clears_the_line(make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(make(REFERRALS), True)
    said = capsys.readouterr()
    assert "MHS101Referral, 2 rows" in said.err
    assert said.err.endswith("\r\x1b[K")
    assert said.out == ""


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("progress", [False, None])
def test_says_nothing_unless_asked_or_at_a_terminal(
    make: Any, progress: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    run(make(REFERRALS), progress)
    assert capsys.readouterr().err == ""


def test_at_a_terminal_it_is_the_default(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    run(pd.DataFrame(REFERRALS), None)
    assert "MHS101Referral" in capsys.readouterr().err


def test_lazy_tables_are_left_to_their_engine(capsys: pytest.CaptureFixture[str]) -> None:
    run(pl.LazyFrame(REFERRALS), True)
    assert capsys.readouterr().err == ""

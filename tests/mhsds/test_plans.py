"""The table does not hang on how an engine plans its query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cmhs_metrics import mhsds
from tests.support.budgets import with_deep


@pytest.mark.parametrize("by", with_deep([("organisation", "team_type")], (("organisation", "month"),)))
def test_polars_gives_the_same_without_its_optimisations(by: tuple[str, ...], tmp_path: Path) -> None:
    # Some parts of the query stand in it twice: whether Polars computes them once or twice may not matter.
    folder = mhsds.synthesise(tmp_path, contacts=4_000, providers=3, dirty=0.02)
    extract = mhsds.Extract.of({file.stem: pl.scan_parquet(file) for file in folder.glob("*.parquet")})
    query = mhsds.measures(extract, "2024/25", by)
    plain = query.collect(optimizations=pl.QueryOptFlags.none())
    keys = [name for name in (*by, "period") if name in plain.columns]
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(query.collect(engine=engine).sort(keys), plain.sort(keys))
    assert plain["people_accessing"].sum() > 0


def test_polars_and_duckdb_agree_on_more_people_than_a_small_number_holds(tmp_path: Path) -> None:
    # Polars counts people and spells by numbers of its own, of which two become one: here there are thousands.
    folder = mhsds.synthesise(tmp_path, contacts=6_000, providers=2)
    files = {file.stem: file for file in folder.glob("*.parquet")}
    by = ("organisation", "team_type")
    on_polars = mhsds.measures(
        mhsds.Extract.of({name: pl.scan_parquet(file) for name, file in files.items()}), "2024/25", by
    ).collect()
    on_duckdb = mhsds.measures(
        mhsds.Extract.of({name: duckdb.read_parquet(str(file)) for name, file in files.items()}), "2024/25", by
    ).pl()
    assert_frame_equal(on_polars.sort(by), on_duckdb.sort(by), check_dtypes=False)
    assert on_polars["referrals"].sum() > 2**8


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "whole numbers"])
@pytest.mark.parametrize("engine", with_deep(["duckdb", "polars"], "pandas"))
def test_a_contact_is_of_its_last_row_though_that_is_of_a_referral_that_does_not_count(
    engine: str, as_text: bool
) -> None:
    # Referral 20 is of a team in scope, 10 and 30 are not. Each contact has a row with 20 and another: 1 was sent again
    # with 30, and so is none of 20's; of 2 to 4 both rows are of one month, and the code of attendance, then that of the
    # mechanism, then the referral decides: 2 and 3 are of 20, 4 of 30; 5 is of 20, whose id is greater than 10.
    rows = [
        (1, 20, 1489, "5", "01"), (1, 30, 1490, "5", "01"),
        (2, 20, 1489, "6", "01"), (2, 30, 1489, "5", "01"),
        (3, 20, 1489, "5", "02"), (3, 30, 1489, "5", "01"),
        (4, 20, 1489, "5", "01"), (4, 30, 1489, "5", "01"),
        (5, 20, 1489, "5", "01"), (5, 10, 1489, "5", "01"),
        (None, 20, 1489, "5", "01"),
    ]  # fmt: skip
    keys = pl.String if as_text else pl.Int64
    contacts = pl.DataFrame(
        rows, ["UniqCareContID", "UniqServReqID", "UniqMonthID", "AttendStatus", "ConsMechanismMH"], orient="row"
    ).with_columns(pl.lit(1).alias("Person_ID"), pl.date(2024, 4, 9).alias("CareContDate"))
    referrals = pl.DataFrame({"UniqServReqID": [10, 20, 30], "ServTeamTypeRefToMH": ["A01", "A06", "A01"]})
    referrals = referrals.with_columns(
        pl.lit(1).alias("Person_ID"), pl.lit(1491).alias("UniqMonthID"), pl.lit("RX1").alias("OrgIDProv"),
        pl.date(2024, 4, 2).alias("ReferralRequestReceivedDate"), pl.lit(30).alias("AgeServReferRecDate"),
        pl.lit(None, pl.Date).alias("ServDischDate"),
    )  # fmt: skip
    ids = ["Person_ID", "UniqServReqID", "UniqCareContID"]
    tables: dict[str, Any] = {
        name: table.with_columns(pl.col(*(each for each in ids if each in table.columns)).cast(keys))
        for name, table in {
            "referrals": referrals.drop("ServTeamTypeRefToMH"), "contacts": contacts,
            "service_types": referrals.select("UniqServReqID", "UniqMonthID", "ServTeamTypeRefToMH"),
        }.items()
    }  # fmt: skip
    if engine == "duckdb":
        tables = {name: duckdb.from_arrow(table.to_arrow()) for name, table in tables.items()}
    elif engine == "pandas":
        tables = {name: table.to_pandas() for name, table in tables.items()}
    which = ["referrals", "contacts", "face_to_face_contacts"]
    found = mhsds.measures(mhsds.Extract(**tables), "2024-04", "organisation", which=which)
    found = found.pl() if engine == "duckdb" else pl.DataFrame(found)
    assert found.select(which).rows() == [(1, 3, 2)]


def test_tables_of_the_users_own_do_not_stand_for_what_is_computed() -> None:
    # A table of the connection called as a step is: its one row is no referral.
    tables = {name: extract.frame.to_native() for name, (extract,) in mhsds.example()._sources.items()}
    wanted = mhsds.published(mhsds.Extract(**tables), "2025-03", measures=["MHS23"], breakdown="England")
    connection = duckdb.connect()
    connection.sql("CREATE TABLE rows AS SELECT 'P9' AS Person_ID, 'R9' AS UniqServReqID, 1500 AS UniqMonthID")
    relations = {name: connection.from_df(table) for name, table in tables.items()}
    found = mhsds.published(mhsds.Extract(**relations), "2025-03", measures=["MHS23"], breakdown="England")
    assert found["value"].tolist() == wanted["value"].tolist() == [2]

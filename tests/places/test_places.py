"""Places over time, and figures brought from the boundaries of one date to those of another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catchments import Shares
from cmhs_metrics.places import boundaries_of, places, successions, to_boundaries
from cmhs_metrics.published import read_icb_allocations
from tests.support import official_data
from tests.support.budgets import examples
from tests.support.refusals import noted, problem, refused

# Three practices of each ICB that was split, each with what tells its side, and one of each that was not.
SPLIT = [
    ("P1", "QJG", "06T", "", 100, 110), ("P2", "QJG", "06L", "", 200, 190), ("P3", "QJG", "", "E07000245", 100, 100),
    ("P4", "QM7", "07H", "", 60, 50), ("P5", "QM7", "06N", "", 40, 50),
    ("P6", "QNQ", "D4U1Y", "E06000039", 50, 50), ("P7", "QNQ", "D4U1Y", "E07000089", 30, 20),
    ("P8", "QNQ", "D4U1Y", "E07000214", 20, 30),
]  # fmt: skip
COLUMNS = ["practice", "icb", "LOC22", "LAD21", "registered_population", "weighted_population"]
WHOLE = [
    (f"W{at}", code, "", "", 10, 12)
    for at, code in enumerate(sorted(set(places("icb", "2024-06")["code"]) - {"QJG", "QM7", "QNQ"}))
]
PRACTICES = pd.DataFrame([*SPLIT, *WHOLE], columns=COLUMNS)
OLD = places("icb", "2024-06")["code"].tolist()


def test_twelve_ended_and_six_began() -> None:
    old, new = (set(places("icb", day)["code"]) for day in ("2026-03-31", "2026-04-01"))
    assert (len(old), len(new), len(old - new), len(new - old)) == (42, 36, 12, 6)
    assert old - new == {"QH8", "QHG", "QJG", "QM7", "QMJ", "QMM", "QNQ", "QNX", "QRV", "QU9", "QUE", "QXU"}
    assert new - old == {"D7T5G", "S0E4D", "S1Y5D", "S9B9J", "T6Y0W", "Z9B2Z"}
    assert places("icb", "2022-06-30").empty
    assert len(places("ccg", "2022-06")) == len(places("sub_icb", "2022-07")) == 106
    assert len(places("sub_icb", "2026-04")) == 105, "Frimley's location ended with it"
    assert len(places("region")) == 7


def test_the_data_hang_together() -> None:
    table, moves = places(), successions()
    assert set(table["certainty"]) == {"published", "secondary"}
    for level, above in (("icb", "region"), ("sub_icb", "icb")):
        for day in ("2024-06-01", "2026-04-01"):
            assert set(places(level, day)["parent"]) == set(places(above, day)["code"])
            assert not places(level, day)["code"].duplicated().any()
    icbs = moves[moves["level"] == "icb"]
    ended = table[(table["level"] == "icb") & (table["valid_to"] != "")]
    assert set(icbs["predecessor"]) == set(ended["code"]), "each has a successor, QRL itself"
    began = table[(table["level"] == "icb") & (table["valid_from"] == "2026-04-01")]
    assert set(icbs["successor"]) == set(began["code"])
    assert len(icbs[icbs["predecessor"] != icbs["successor"]]) == 16, "as the ODS has them"
    parts = icbs[icbs["extent"] == "part"]
    assert parts.groupby("predecessor").size().to_dict() == {"QJG": 2, "QM7": 2, "QNQ": 3}
    sub_icbs = places("sub_icb", "2026-04").set_index("code")["parent"]
    told = {code: row.successor for row in parts.itertuples() for code in row.sub_icbs.split()}
    assert {code: sub_icbs[code] for code in told} == told


def test_whole_moves_add_counts_and_bounds() -> None:
    # 24,150 and 21,990, each rounded to 5: together 46,140, from 46,136 to 46,144. A suppressed one is 0 to 4.
    table = pd.DataFrame({"icb": ["QMJ", "QRV", "QUE", "QHG", "UNKNOWN"], "period": "2024-06"})
    table["icb_name"] = "old name"
    table["open_referrals"] = [24_150, 21_990, np.nan, 100, 40]
    table["open_referrals_lower"] = [24_148, 21_988, 0, 98, 38]
    table["open_referrals_upper"] = [24_152, 21_992, 4, 102, 42]
    result = to_boundaries(table, "2026-04").set_index("icb")
    assert list(result) == ["icb_name", "period", "open_referrals", "open_referrals_lower", "open_referrals_upper"]
    assert result.loc["Z9B2Z"].tolist() == ["NHS West and North London ICB", "2024-06", 46_140, 46_136, 46_144]
    assert result.loc["S1Y5D", ["open_referrals_lower", "open_referrals_upper"]].tolist() == [98, 106]
    assert np.isnan(result.loc["S1Y5D", "open_referrals"])
    assert result.loc["UNKNOWN", "open_referrals"] == 40
    assert result.attrs["boundaries"] == "2026-04-01"


def test_what_is_said_of_old_places_is_said_of_a_new_one_where_they_agree() -> None:
    table = pd.DataFrame({"icb": ["QMJ", "QRV", "QHM", "QHG"], "region": ["L", "L", "N", "E"], "kind": list("abcd")})
    table = table.assign(lead=[None, None, "Ann", None], caseload=[1, 2, 4, 8])
    with noted("S1Y5D", "QUE"):
        result = to_boundaries(table, "2026-04").set_index("icb")
    assert list(result) == ["region", "kind", "lead", "caseload"]
    assert result.loc[["Z9B2Z", "QHM", "S1Y5D"], "region"].tolist() == ["L", "N", "E"]
    assert result["kind"].dropna().to_dict() == {"QHM": "c", "S1Y5D": "d"}
    assert result["lead"].dropna().to_dict() == {"QHM": "Ann"}
    # What is said of none of the new places has no column.
    assert "kind" not in to_boundaries(table[:2], "2026-04")


def test_the_patients_of_allocations_are_added_and_what_is_text_is_no_population() -> None:
    table = pd.DataFrame({"icb": ["QMJ", "QRV", "QUE"], "Patients": [1, 2, 4], "lists": [8, 16, 32]})
    table["Basis WP"] = ["need", "need", "age"]
    with noted("S1Y5D", "QHG"):
        result = to_boundaries(table, "2026-04").set_index("icb")
    assert result["Patients"].to_dict() == {"Z9B2Z": 3, "S1Y5D": 4}
    assert result["Basis WP"].to_dict() == {"Z9B2Z": "need", "S1Y5D": "age"}
    # A number of which nothing says what it is, is no measure, and is not added.
    assert result["lists"].dropna().to_dict() == {"S1Y5D": 32}


def test_practices_without_people_tell_no_split() -> None:
    table = pd.DataFrame({"icb": ["QJG"], "caseload": [100]})
    people = PRACTICES.assign(registered_population=0.0)
    with refused("populations", 0, row="QJG", names="registered_population"):
        to_boundaries(table, "2026-04", populations=people)
    # A single one, in parts, does: P1 went to D7T5G, and P2 to T6Y0W.
    people.loc[:1, "registered_population"] = [0.25, 0.75]
    result = to_boundaries(table, "2026-04", populations=people).set_index("icb")["caseload"]
    assert result.to_dict() == {"D7T5G": 25, "T6Y0W": 75}


def test_days_are_named_by_whose_they_are() -> None:
    table = pd.DataFrame({"icb": OLD, "caseload": 1})
    moves = pd.DataFrame({"predecessor": ["A"], "successor": ["B"], "date": ["2024-04"]})
    for asked in ({"of": "spring"}, {"of": "spring", "moves": moves}):
        with refused("of", "spring", expected="a date or period"):
            to_boundaries(table, "2026-04", **asked)
    assert places("icb", pd.Timestamp(2024, 6, 1)).equals(places("icb", "2024-06"))


def test_a_split_is_never_guessed() -> None:
    table = pd.DataFrame({"icb": ["QJG", "QNQ"], "caseload": [100, 10]})
    ways = ("populations", "shares", "2026-04-01")
    with refused(
        problem("icb", "QJG", names=(*ways, "QJG", "D7T5G", "T6Y0W")),
        problem("icb", "QNQ", names=(*ways, "QNQ", "QRL", "S0E4D", "S9B9J")),
    ):
        to_boundaries(table, "2026-04")
    with refused("shares", "Z9B2Z", row="QJG", names=("D7T5G", "T6Y0W")):
        to_boundaries(table[:1], "2026-04", shares={"QJG": {"Z9B2Z": 1.0}})
    unclear = PRACTICES.assign(LOC22="", LAD21="")
    with refused("populations", "3 of 3 practices on no known side", row="QJG"):
        to_boundaries(table[:1], "2026-04", populations=unclear)
    with refused("populations", "no practice", row="QJG"):
        to_boundaries(table[:1], "2026-04", populations=PRACTICES[PRACTICES["icb"] != "QJG"])
    with refused("populations", ["icb", "registered_population"], names=("practice", "icb")):
        to_boundaries(table, "2026-04", populations=pd.DataFrame({"icb": ["QJG"], "registered_population": [1]}))


def test_a_split_goes_by_the_people_of_its_practices() -> None:
    table = pd.DataFrame({"icb": ["QJG", "QM7", "QNQ", "QRL"], "caseload": [100.0, 100.0, 100.0, 7.0]})
    result = to_boundaries(table, "2026-04", populations=PRACTICES).set_index("icb")["caseload"]
    # QJG: 100 of 400 people in north-east Essex; QM7: 60 of 100 in west Essex; Frimley: 50, 30 and 20 of 100.
    assert result.to_dict() == pytest.approx(
        {"D7T5G": 25 + 60, "T6Y0W": 75, "S1Y5D": 40, "S0E4D": 50, "S9B9J": 20, "QRL": 37}
    )
    # Each year's allocations call the columns by other names.
    for year in ({"LOC22": "LOC", "LAD21": "LAD"}, {"LOC22": "sub_icb", "LAD21": "local_authority"}):
        again = to_boundaries(table, "2026-04", populations=PRACTICES.rename(columns=year))
        assert again.set_index("icb")["caseload"].to_dict() == pytest.approx(result.to_dict())
    given_shares = {"QJG": {"D7T5G": 0.5, "T6Y0W": 0.5}}
    assert to_boundaries(table[:1], "2026-04", shares=given_shares)["caseload"].tolist() == [50, 50]


def test_populations_come_out_as_the_practices_give_them() -> None:
    people = PRACTICES.groupby("icb", as_index=False)[["registered_population", "weighted_population"]].sum()
    people["G&A WP"] = people["registered_population"] * 2.0
    result = to_boundaries(people, "2026-04", populations=PRACTICES).set_index("icb")
    assert len(result) == 36
    # Registered by registered people, weighted by weighted ones; what the practices lack goes with the registered.
    assert result.loc["T6Y0W", ["registered_population", "weighted_population"]].tolist() == [300 + 10, 290 + 12]
    assert result.loc["T6Y0W", "G&A WP"] == 600 + 20
    assert result.sum(numeric_only=True).tolist() == pytest.approx(people.sum(numeric_only=True).tolist())


@examples(6)
@given(st.lists(st.integers(0, 10**6), min_size=42, max_size=42), st.integers(0, 9), st.booleans())
def test_totals_are_kept_over_there_and_back(counts, slack, integers) -> None:
    table = pd.DataFrame({"icb": OLD, "caseload": counts})
    table["caseload_lower"], table["caseload_upper"] = (
        (table["caseload"] - slack).clip(lower=0),
        table["caseload"] + slack,
    )
    there = to_boundaries(table, "2026-04", populations=PRACTICES, integers=integers)
    back = to_boundaries(there, "2024-06", populations=PRACTICES, integers=integers)
    assert len(there) == 36
    assert set(back["icb"]) == set(OLD)
    for result in (there, back):
        if integers:
            assert result["caseload"].sum() == sum(counts)
            assert (result["caseload"] % 1 == 0).all()
        assert result["caseload"].sum() == pytest.approx(sum(counts))
        assert (result["caseload_lower"] <= result["caseload"] * (1 + 1e-9)).all()
        assert (result["caseload"] <= result["caseload_upper"] * (1 + 1e-9)).all()


def test_what_was_not_touched_comes_back_as_it_was() -> None:
    table = pd.DataFrame({"icb": ["QHM", "QOP"], "caseload": [5.0, 7.0]})
    for day in ("2022-07", "2024-06", "2026-04"):
        assert to_boundaries(table, day)["caseload"].tolist() == [5, 7]


def test_a_boundary_that_moved_under_one_code_is_asked_about() -> None:
    table = pd.DataFrame({"icb": ["QRL", "QHM"], "caseload": [100.0, 50.0]})
    assert to_boundaries(table, "2026-04")["caseload"].tolist() == [100, 50], "forwards it is the same in any case"
    for day in ("2024-06", "2022-07-01"):
        with refused("of", names=("of", "QRL", "2026-04-01")):
            to_boundaries(table, day)
    assert to_boundaries(table, "2024-06", of="2025-01").set_index("icb")["caseload"].to_dict() == {
        "QHM": 50,
        "QRL": 100,
    }
    result = to_boundaries(table, "2024-06", of="2026-05", populations=PRACTICES).set_index("icb")["caseload"]
    assert result.to_dict() == pytest.approx({"QHM": 50, "QRL": 25, "QNQ": 75})


def test_two_dates_are_not_mixed() -> None:
    assert boundaries_of(["QUE", "QRL", "UNKNOWN"]) == ("2022-07-01", "2026-03-31")
    assert boundaries_of(["QRL", "S0E4D"]) == ("2026-04-01", "")
    assert boundaries_of(["RWK", "QUE"]) is None, "not all of them are places of these data"
    assert boundaries_of(["Y61", "Y56"]) == ("", "")
    # Codes that CCGs and sub-ICB locations share are those of the latter, unless it is said.
    assert boundaries_of(["06T", "16C"]) == ("2022-07-01", "")
    assert boundaries_of(["06T", "16C"], level="ccg") == ("2021-04-01", "2022-06-30")
    # Of two levels: an ICB with its region, and with a location whose code a CCG had before.
    assert boundaries_of(["QUE", "Y61"]) == boundaries_of(["QUE", "06T"]) == ("2022-07-01", "2026-03-31")
    with refused("the places", "QUE (until 2026-03-31) and Z9B2Z (from 2026-04-01)"):
        boundaries_of(["Y61", "Y56", "06T", "QUE", "Z9B2Z"])
    with refused("the places", "QMJ (until 2026-03-31) and Z9B2Z (from 2026-04-01)", names="places.to_boundaries"):
        to_boundaries(pd.DataFrame({"icb": ["QMJ", "Z9B2Z"], "caseload": [1, 2]}), "2026-04")
    with refused("icb", "QM", expected="a place", suggests="QPM"):
        to_boundaries(pd.DataFrame({"icb": ["QM"], "caseload": [1]}), "2026-04")
    with refused("date", "April", expected="a date or period", names="2026-04"):
        to_boundaries(pd.DataFrame({"icb": ["QMJ"], "caseload": [1]}), "April")


def test_a_benchmark_says_whose_boundaries_and_mixes_no_two() -> None:
    table = pd.DataFrame({"icb": ["QMJ", "QRV", "QMF"], "caseload": [100, 200, 300]})
    people = table[["icb"]].assign(registered_population=1e5)
    result = cm.benchmark(table, "caseload_per_100k", by="icb", populations=people)
    assert result.attrs["boundaries"] == "from 2022-07-01 to 2026-03-31"
    table.attrs["notes"] = ["A large share is in no ICB."]
    assert (
        cm.benchmark(table, "caseload_per_100k", by="icb", populations=people).attrs["notes"][:1]
        == table.attrs["notes"]
    )
    # Counts of April 2026 on people of 2025/26 would leave the new ICB without a rate, and without a word.
    new = to_boundaries(table, "2026-04")
    for mixed in (new, pd.concat([new, table])):
        with refused("the places", "QMJ (until 2026-03-31) and Z9B2Z (from 2026-04-01)", names="places.to_boundaries"):
            cm.benchmark(mixed, "caseload_per_100k", by="icb", populations=people)
    result = cm.benchmark(new, "caseload_per_100k", by="icb", populations=to_boundaries(people, "2026-04"))
    assert result.attrs["boundaries"] == "from 2026-04-01"
    trusts = pd.DataFrame({"organisation": ["RX1", "RX2"], "caseload": [1, 2], "contacts": [2, 2]})
    assert "boundaries" not in cm.benchmark(trusts, "contacts_per_patient", by="organisation").attrs


def test_ccgs_became_sub_icb_locations() -> None:
    table = pd.DataFrame({"ccg": ["16C", "36J"], "caseload": [10.0, 20.0]})
    assert to_boundaries(table, "2024-06")["caseload"].tolist() == [10, 20]
    glossop = pd.DataFrame({"ccg": ["01Y"], "caseload": [100.0]})
    with refused("ccg", "01Y", names=("populations", "shares", "01Y", "15M", "2022-07-01")):
        to_boundaries(glossop, "2024-06")
    practices = pd.DataFrame({"practice": ["A", "B"], "icb": ["QOP", "QJ2"], "CCG21": "01Y", "LOC22": ["01Y", "15M"]})
    result = to_boundaries(glossop, "2024-06", populations=practices.assign(registered_population=[90, 10]))
    assert result.set_index("ccg")["caseload"].to_dict() == {"01Y": 90, "15M": 10}
    # 06T and 06L are of one ICB, 16C of another.
    table = pd.DataFrame({"ccg": ["06T", "06L", "16C"], "caseload": [10.0, 20.0, 5.0]})
    assert to_boundaries(table, "2024-06", to="icb").set_index("icb")["caseload"].to_dict() == {"QJG": 30, "QHM": 5}


def test_sub_icb_locations_to_icbs() -> None:
    table = pd.DataFrame({"sub_icb": ["06T", "06L", "16C"], "caseload": [10.0, 20.0, 5.0]})
    now = to_boundaries(table, "2024-06", to="icb")
    assert now.set_index("icb")["caseload"].to_dict() == {"QJG": 30, "QHM": 5}
    then = to_boundaries(table, "2026-04", to="icb")
    assert then.set_index("icb")["caseload"].to_dict() == {"D7T5G": 10, "T6Y0W": 20, "QHM": 5}
    frimley = pd.DataFrame({"sub_icb": ["D4U1Y"], "caseload": [100.0]})
    with refused("sub_icb", "D4U1Y", expected="a place", names="2026-04-01"):
        to_boundaries(frimley, "2026-04")
    result = to_boundaries(frimley, "2026-04", to="icb", populations=PRACTICES)
    assert result.set_index("icb")["caseload"].to_dict() == pytest.approx({"S0E4D": 50, "QRL": 30, "S9B9J": 20})


@pytest.mark.parametrize("level", ["ccg", "sub_icb"])
def test_before_july_2022_there_were_ccgs_and_no_icbs(level: str) -> None:
    table = pd.DataFrame({level: ["06T", "16C"], "caseload": [10.0, 20.0]})
    for day in ("2022-01", "2022-06-30"):
        assert to_boundaries(table, day)[level].tolist() == ["06T", "16C"]
        with refused("date", day, expected="a date or period", names=("2022-07-01", "ICBs")):
            to_boundaries(table, day, to="icb")
    assert to_boundaries(table, "2022-07-01", to="icb")["icb"].tolist() == ["QJG", "QHM"]


def test_moves_of_the_users_own_chain() -> None:
    moves = pd.DataFrame(
        {
            "predecessor": ["RA1", "RA2", "RA3"],
            "successor": ["RB1", "RB1", "RC1"],
            "date": ["2024-04", "2024-04", "2025-04"],
        }
    )
    moves.loc[3] = ["RB1", "RC1", "2025-04"]
    table = pd.DataFrame({"organisation": ["RA1", "RA2", "RA3", "RX1"], "contacts": [1, 2, 4, 8]})
    for day, expected in (("2023-04", [1, 2, 4, 8]), ("2024-04", [3, 4, 8]), ("2025-04", [7, 8])):
        assert to_boundaries(table, day, by="organisation", moves=moves)["contacts"].tolist() == expected
    with refused("moves", "RC1", names=("populations", "shares")):
        to_boundaries(pd.DataFrame({"organisation": ["RC1"], "contacts": [7]}), "2024-04", by="organisation",
                      moves=moves, of="2025-06")  # fmt: skip


def test_other_engines_and_lazy_tables() -> None:
    table = pl.DataFrame({"icb": ["QMJ", "QRV"], "caseload": [1.0, 2.0]})
    for frame in (table, table.lazy()):
        result = to_boundaries(frame, "2026-04")
        assert type(result) is type(frame)
        assert result.lazy().collect().to_dicts() == [{"icb": "Z9B2Z", "caseload": 3.0}]


def test_shares_as_shares() -> None:
    table = pd.DataFrame({"icb": ["QJG"], "caseload": [8.0]})
    shares = Shares({"QJG": {"D7T5G": 0.25, "T6Y0W": 0.75}})
    assert to_boundaries(table, "2026-04", shares=shares)["caseload"].tolist() == [2, 6]


@official_data.needed("icb_allocations_2022_23.csv.gz")
@pytest.mark.parametrize("file", ["icb_allocations_2022_23.csv.gz", "icb_allocations_2025_26.csv"])
def test_the_published_practices(file) -> None:
    practices = read_icb_allocations(official_data.FOLDER / file, "practice")
    people = read_icb_allocations(official_data.FOLDER / file)
    result = to_boundaries(people, "2026-04", populations=practices)
    assert len(result) == 36
    for name in ("registered_population", "weighted_population"):
        assert result[name].sum() == pytest.approx(people[name].sum(), rel=1e-12)
    assert result["region"].notna().all()
    here = people.set_index("icb")["registered_population"]
    assert result.set_index("icb").loc["Z9B2Z", "registered_population"] == pytest.approx(here["QMJ"] + here["QRV"])


def test_a_new_place_of_which_the_table_holds_a_part_is_told() -> None:
    """Z9B2Z is the whole of QMJ and of QRV."""
    table = pd.DataFrame({"icb": ["QMJ", "QMF"], "caseload": [100, 300]})
    with noted("Z9B2Z", "QMJ", "QRV"):
        result = to_boundaries(table, "2026-04")
    assert result["caseload"].tolist() == [100, 300]
    assert len(result.attrs["notes"]) == 1


class TestTrusts:
    TABLE = pd.DataFrame(
        {
            "organisation": ["RRP", "TAF", "G6V2S", "RTV", "RW4", "NV1"],
            "organisation_name": ["Barnet", "Camden", "North London", "Boroughs", "Mersey", "A charity"],
            "period": ["2023/24", "2023/24", "2025/26", "2020/21", "2020/21", "2023/24"],
            "contacts": [1, 2, 4, 8, 16, 32],
        }
    )

    def test_merged_trusts_go_to_the_one_they_became_and_others_stay(self) -> None:
        moved = to_boundaries(self.TABLE, "2026-11", by="organisation").set_index(["organisation", "period"])
        assert moved["contacts"].to_dict() == {
            ("G6V2S", "2023/24"): 3, ("G6V2S", "2025/26"): 4, ("RW4", "2020/21"): 24, ("NV1", "2023/24"): 32,
        }  # fmt: skip
        assert moved.loc[("NV1", "2023/24"), "organisation_name"] == "A charity"
        assert moved.loc[("RW4", "2020/21"), "organisation_name"] == "Mersey Care NHS Foundation Trust"

    def test_before_the_merger_nothing_moves(self) -> None:
        older = self.TABLE.iloc[[0, 1, 5]]
        moved = to_boundaries(older, "2024-10-31", by="organisation")
        assert dict(zip(moved["organisation"], moved["contacts"], strict=True)) == {"RRP": 1, "TAF": 2, "NV1": 32}

    def test_a_trust_is_not_taken_apart_again(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            to_boundaries(self.TABLE, "2024-06", by="organisation")
        assert {each.value for each in caught.value.problems} >= {"G6V2S"}

    def test_a_trust_made_of_one_of_two_is_told(self) -> None:
        with noted("G6V2S", "RRP", "TAF"):
            to_boundaries(self.TABLE.iloc[[0]], "2025-01", by="organisation")

    def test_every_succession_is_between_trusts_of_the_list(self) -> None:
        moves = successions().query("level == 'trust'")
        trusts = places("trust").set_index("code")
        assert not trusts.index.has_duplicates
        before = pd.to_datetime(moves["date"]) - pd.Timedelta(days=1)
        assert trusts.loc[moves["predecessor"], "valid_to"].tolist() == before.dt.strftime("%Y-%m-%d").tolist()
        assert set(moves["successor"]) <= set(trusts.index[trusts["valid_to"] == ""])

    def test_their_icbs_are_icbs(self) -> None:
        assert set(places("trust")["parent"]) - {""} <= set(places("icb")["code"])

"""The national measures agree with the oracle on every id and place, whatever the engine."""

from __future__ import annotations

import datetime as dt
import io
import math
import random
from collections import Counter
from functools import lru_cache
from typing import Any

import pandas as pd
import pytest

from cmhs_metrics import mhsds, published
from cmhs_metrics.mhsds.national.concepts import read_reference_sets
from cmhs_metrics.mhsds.records.dates import NEVER
from tests.mhsds import national_oracle, national_oracle_outcomes
from tests.mhsds.national_oracle import SUB_ICB, Month, known_by
from tests.mhsds.national_oracle_monthly import rows_of_the_month
from tests.mhsds.oracle_cells import Tables
from tests.support.budgets import is_deep, with_deep
from tests.support.extracts import FRAMES
from tests.support.national_extracts import (
    END,
    EXAMPLE,
    ICB_OF,
    MONTH,
    NICE,
    REFERENCE_SETS,
    arrow,
    for_the_oracle,
    together,
    world,
)
from tests.support.refusals import problem, refused

NUMBER = 60 if is_deep() else 5
Published = dict[tuple[str, str, str], float | None]


def extract_of(tables: Tables, engine: str) -> mhsds.Extract:
    make = FRAMES[engine]
    return mhsds.Extract(**{name: make(arrow(name, rows)) for name, rows in tables.items()})


@lru_cache(maxsize=8)
def worlds(version: str, number: int, first: int = 0) -> list[Tables]:
    """Worlds that share no person, provider or place, so that they can be laid together."""
    return [apart(world(seed, version), seed) for seed in range(first, first + number)]


OWN = {
    "OrgIDProv",
    "OrgIDSubICBLocGP",
    "OrgIDSubICBLocResidence",
    "UniqCareProfTeamLocalID",
    "UniqOtherCareProfTeamLocalID",
}


def apart(tables: Tables, seed: int) -> Tables:
    return {
        name: [
            {
                key: f"{value}X{seed}" if key in OWN and value not in (None, "DFC") else value
                for key, value in row.items()
            }
            for row in rows
        ]
        for name, rows in tables.items()
    }


def icb_of(number: int) -> dict[str, str]:
    return {f"{place}X{seed}": f"{icb}X{seed}" for seed in range(number) for place, icb in ICB_OF.items()}


@lru_cache(maxsize=64)
def expected_alone(version: str, number: int) -> Published:
    """The oracle's answer on one world, whatever the engine that it is compared with."""
    return expected_of(worlds(version, NUMBER)[number])


def expected_of(tables: Tables) -> Published:
    return national_oracle.published(
        for_the_oracle(tables), MONTH, icb_of=icb_of(NUMBER), reference_sets=REFERENCE_SETS, nice_concordant=NICE
    )


NOT_ADDED = {*national_oracle.PERCENTAGES, *(id for ids in national_oracle.PERCENTILES.values() for id in ids)}


def added(parts: list[Published]) -> Published:
    """The values of worlds apart as of one: counts add up, and what does not is compared at the places of each alone."""
    total: Published = {}
    shared = ("England", "UNKNOWN", "DFC")
    for part in parts:
        for (id, breakdown, place), value in part.items():
            if breakdown.startswith("England") or place in shared:
                if id not in NOT_ADDED:
                    key = (id, breakdown, place)
                    total[key] = (total.get(key) or 0) + (value or 0)
            else:
                total[id, breakdown, place] = value
    return total


def found_of(extract: mhsds.Extract, **choices: Any) -> dict[tuple[str, str, str], Any]:
    table = mhsds.published(
        extract, "2024-06", icb_of=icb_of(NUMBER), reference_sets=REFERENCE_SETS, nice_concordant=NICE, **choices
    )
    column = "published_value" if choices.get("suppress", True) else "value"
    found: dict[tuple[str, str, str], Any] = {}
    for row in table.to_dict("records"):
        code = row["secondary_level"] if ";" in row["breakdown"] else row["primary_level"]
        value = row[column]
        found[row["measure_id"], row["breakdown"], code] = None if value != value else value
    return found


def differences(expected: dict[Any, Any], found: dict[Any, Any]) -> list[str]:
    lines = []
    for key in sorted(expected.keys() | found.keys()):
        a, b = expected.get(key), found.get(key)
        if (a or 0) != pytest.approx(b or 0, abs=1e-9) if not isinstance(a or b, str) else a != b:
            lines.append(f"{key}: expected {a}, found {b}")
    return lines


def check(version: str, engine: str, number: int, measures: tuple[str, ...] | None = None) -> None:
    parts = worlds(version, NUMBER)[:number]
    expected = added([expected_alone(version, each) for each in range(number)])
    found = found_of(extract_of(together(parts), engine), suppress=False, measures=measures)
    expected = {key: value for key, value in expected.items() if measures is None or key[0] in measures}
    compared = {key: value for key, value in found.items() if key in expected or key[0] not in NOT_ADDED}
    lines = differences(expected, compared)
    if lines:
        pytest.fail("\n".join([f"{len(lines)} differ", *lines[:25]]))
    assert {key[0] for key in expected} <= {key[0] for key in found}


@pytest.mark.parametrize(("version", "number"), [("v5", NUMBER), ("v6", NUMBER)])
def test_agreement(version: str, number: int) -> None:
    check(version, "polars", number)


SOME = ("MHS108", "MHS01")
"""On a quick run the other engines are asked for these alone."""
OTHERS = ("pandas", "ibis")


def test_agreement_on_duckdb() -> None:
    check("v6", "duckdb", 3, None if is_deep() else (*SOME, "MRS03", "MRS06", "MHS124", "MHS29", "MHS80", "EIP23i"))


@pytest.mark.parametrize(
    "engine", with_deep(OTHERS, *(name for name in FRAMES if name not in (*OTHERS, "polars", "duckdb")))
)
def test_agreement_on_every_engine(engine: str) -> None:
    check("v6", engine, 3, None if is_deep() else SOME)


# Suppression, comparison and refusals


def test_suppression() -> None:
    parts = worlds("v6", NUMBER)
    shared = [
        {
            name: [row | ({"OrgIDProv": "RX1"} if row.get("OrgIDProv") else {}) for row in rows]
            for name, rows in part.items()
        }
        for part in parts[:3]
    ]
    tables = together(shared)
    expected = national_oracle.suppressed(expected_of(tables))
    found = found_of(extract_of(tables, "polars"))
    shown = {key: value for key, value in found.items() if key[1] == "Provider" and value != "*"}
    assert shown == {key: value for key, value in expected.items() if key[1] == "Provider" and value != "*"}
    assert any(value != "*" for value in shown.values())


def crisis_tables() -> dict[str, pd.DataFrame]:
    row = {"Person_ID": "P1", "OrgIDProv": "RX1", "RecordNumber": "1", "UniqMonthID": MONTH}
    referral = {"ReferralRequestReceivedDate": "2024-06-03", "ServDischDate": None, "AgeServReferRecDate": 40,
                "PrimReasonReferralMH": "01"}  # fmt: skip
    cases = {"R1": ("4", "09:00"), "R2": ("4", "07:30:00"), "R3": ("2", "12:00:00"), "R4": ("4", "13:00:00")}
    referrals = [
        row | referral | {"UniqServReqID": id, "ClinRespPriorityType": priority, "ReferralRequestReceivedTime": time}
        for id, (priority, time) in cases.items()
    ]
    contact = {"CareContDate": "2024-06-03", "CareContTime": "12:00:00", "AttendStatus": "5", "ConsMechanismMH": "01"}
    contacts = [row | contact | {"UniqCareContID": f"C{id}", "UniqServReqID": id} for id in cases]
    services = [row | {"UniqServReqID": id, "ServTeamTypeRefToMH": "A02"} for id in cases]
    tables = {"referrals": referrals, "contacts": contacts, "service_types": services}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def test_crisis_response() -> None:
    """R1 is seen after 3 hours, R2 after 4.5, R3 (urgent) at once, and R4 before it was referred."""
    ids = [f"CCR{number}{letter}" for number in (117, 118, 119, 120) for letter in ("", "a", "b")]
    table = mhsds.published(mhsds.Extract.of(crisis_tables()), "2024-06", measures=ids, breakdown="england")
    assert dict(zip(table["measure_id"], table["value"], strict=True)) == dict(
        zip(ids, [3, 3, 0, 2, 2, 0, 1, 1, 0, 1, 1, 0], strict=True)
    )


def test_early_intervention() -> None:
    """Of four A14 referrals of one person R1 entered treatment: the co-ordinator came 10 days after receipt."""
    tables = crisis_tables()
    tables["service_types"]["ServTeamTypeRefToMH"] = ["A14", "A02", "A02", "A02"]
    tables["care_coordinators"] = pd.DataFrame(
        {"Person_ID": ["P1"], "UniqMonthID": [MONTH], "StartDateAssCareCoord": ["2024-06-13"],
         "EndDateAssCareCoord": [None], "CareProfServOrTeamTypeAssoc": ["A14"]}
    )  # fmt: skip
    table = mhsds.published(
        mhsds.Extract.of(tables), "2024-06", measures=["EIP23a", "EIP23b", "EIP23i", "EIP66", "EIP68"]
    )
    found = table[table["breakdown"] == "England"].set_index("measure_id")["value"]
    assert found.to_dict() == {"EIP23a": 1, "EIP23b": 1, "EIP23i": 100, "EIP66": 3, "EIP68": 1}


def test_a_referral_that_names_no_service_is_to_no_early_intervention_team() -> None:
    """Of four suspected psychoses R1 names no service, R2 is of A14, and R3 and R4 are of A02."""
    tables = crisis_tables()
    services = tables["service_types"]
    services["ServTeamTypeRefToMH"] = ["A14", "A14", "A02", "A02"]
    tables["service_types"] = services[services["UniqServReqID"] != "R1"]
    table = mhsds.published(mhsds.Extract.of(tables), "2024-06", measures=["EIP63"], breakdown="England")
    assert table["value"].tolist() == [3]


def test_early_intervention_is_counted_of_referrals_from_2016_on() -> None:
    tables = crisis_tables()
    tables["referrals"]["ReferralRequestReceivedDate"] = ["2015-12-31", "2016-01-01", "2016-01-02", "2016-02-01"]
    table = mhsds.published(mhsds.Extract.of(tables), "2024-06", measures=["EIP63"], breakdown="England")
    assert table["value"].tolist() == [3]


def test_access_is_of_twelve_months_with_both_their_edges() -> None:
    """The second contact counts; of June 2024 the months begin with 1 July 2023.

    The wait to it is told of those in the three months from April on, of referrals since April 2019.
    """
    days = {
        "P1": ("2023-06-30", "2023-07-01"),  # one of the two is the day before
        "P2": ("2023-07-01", "2023-07-02"),
        "P3": ("2024-06-29", "2024-06-30"),
        "P4": ("2024-06-30", "2024-07-01"),  # the day after
        "P5": ("2024-06-30", "2024-06-30"),
        **dict.fromkeys(("P6", "P7", "P8", "P9"), ("2024-06-01", "2024-06-02")),
    }
    received = {"P6": "2019-03-31", "P7": "2019-04-01", "P8": "2019-04-02", "P9": "2019-05-01"}
    row = {"OrgIDProv": "RX1", "UniqMonthID": MONTH}
    tables: dict[str, list[dict[str, Any]]] = {"referrals": [], "service_types": [], "contacts": []}
    for person, dates in days.items():
        own = row | {"Person_ID": person, "UniqServReqID": f"R{person}", "RecordNumber": person}
        began = received.get(person, "2023-06-01")
        referral = {"ReferralRequestReceivedDate": began, "ServDischDate": None, "AgeServReferRecDate": 40}
        tables["referrals"].append(own | referral)
        tables["service_types"].append(own | {"ServTeamTypeRefToMH": "A06"})
        for number, date in enumerate(dates):
            contact = {"CareContDate": date, "AttendStatus": "5", "ConsMechanismMH": "01"}
            tables["contacts"].append(own | contact | {"UniqCareContID": f"C{person}{number}"})
    extract = mhsds.Extract(**{name: pd.DataFrame(rows) for name, rows in tables.items()})
    table = mhsds.published(extract, "2024-06", measures=["MHS108", "MHS124"], breakdown="England")
    assert table.set_index("measure_id")["value"].to_dict() == {"MHS108": 7, "MHS124": 5}


def test_discharges_are_followed_up_from_the_day_after_to_the_third() -> None:
    """Those of June 2024 are of 28 May to 26 June, so that three whole days after each are in the month."""
    spells = {  # discharged, and seen after so many days
        "P1": ("2024-05-27", 1), "P2": ("2024-05-28", 1), "P3": ("2024-06-26", 1), "P4": ("2024-06-27", 1),
        "P5": ("2024-06-10", 0), "P6": ("2024-06-10", 1), "P7": ("2024-06-10", 3), "P8": ("2024-06-10", 4),
    }  # fmt: skip
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("people", "referrals", "hospital_spells", "ward_stays", "contacts")
    }
    for person, (left, after) in spells.items():
        row = {
            "Person_ID": person,
            "OrgIDProv": "RX1",
            "RecordNumber": person,
            "UniqMonthID": MONTH,
            "UniqServReqID": person,
        }
        began = {"ReferralRequestReceivedDate": "2024-05-01", "ServDischDate": None, "AgeServReferRecDate": 40}
        tables["people"].append(row | {"PersDeathDate": None})
        tables["referrals"].append(row | began)
        stay = {
            "UniqHospProvSpellID": f"H{person}",
            "StartDateHospProvSpell": "2024-05-02",
            "DischDateHospProvSpell": left,
        }
        tables["hospital_spells"].append(
            row | stay | {"MethOfDischMHHospProvSpell": "1", "DestOfDischHospProvSpell": "19"}
        )
        ward = {"UniqWardStayID": person, "UniqHospProvSpellID": f"H{person}", "MHAdmittedPatientClass": "200"}
        tables["ward_stays"].append(row | ward | {"StartDateWardStay": "2024-05-02", "EndDateWardStay": left})
        day = dt.date.fromisoformat(left) + dt.timedelta(after)
        seen = {"UniqCareContID": person, "CareContDate": day.isoformat(), "AttendStatus": "5", "ConsMechanismMH": "01"}
        tables["contacts"].append(row | seen)
    extract = mhsds.Extract(**{name: pd.DataFrame(rows) for name, rows in tables.items()})
    table = mhsds.published(extract, "2024-06", measures=["MHS78", "MHS79", "MHS80"], breakdown="England")
    assert table["value"].tolist() == [6, 4, pytest.approx(100 * 4 / 6)]


def test_what_is_missing_is_named() -> None:
    tables = crisis_tables()
    table = mhsds.published(mhsds.Extract.of(tables), "2024-06")
    assert table.attrs["missing"]["MHS78"] == "MHS501HospProvSpell; MHS502WardStay; MHS001MPI"
    assert table.attrs["missing"]["MHS29d"] == "MHS201CareContact.UniqOtherCareProfTeamLocalID"
    assert table.attrs["missing"]["MRS02"].endswith("; the argument reference_sets")
    assert not {"MHS78", "MRS02"} & set(table["measure_id"])
    with refused(
        problem("measures", "MHS78", names="MHS501HospProvSpell"),
        problem("measures", "MHS78", names="MHS502WardStay"),
        problem("measures", "MHS78", names="MHS001MPI"),
    ):
        mhsds.published(mhsds.Extract.of(tables), "2024-06", measures=["MHS78"])


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("hospital_spells", "UniqHospProvSpellID"),
        ("hospital_spells", "StartDateHospProvSpell"),
        ("hospital_spells", "DischDateHospProvSpell"),
        ("ward_stays", "UniqHospProvSpellID"),
        ("ward_stays", "MHAdmittedPatientClass"),
    ],
)
def test_a_column_of_hospital_records_that_is_missing_is_named(table: str, column: str) -> None:
    row = {"Person_ID": "P", "OrgIDProv": "RX1", "RecordNumber": "P", "UniqMonthID": MONTH, "UniqServReqID": "P"}
    spell = {"UniqHospProvSpellID": "H", "StartDateHospProvSpell": "2024-05-02", "DischDateHospProvSpell": None}
    ward = {"UniqHospProvSpellID": "H", "MHAdmittedPatientClass": "200", "UniqWardStayID": "W"}
    tables = {
        "referrals": row | {"ReferralRequestReceivedDate": "2024-05-01", "ServDischDate": None},
        "hospital_spells": row | spell, "ward_stays": row | ward | {"StartDateWardStay": "2024-05-02"},
    }  # fmt: skip
    del tables[table][column]
    extract = mhsds.Extract(**{name: pd.DataFrame([each]) for name, each in tables.items()})
    missing = mhsds.published(extract, "2024-06", breakdown="England").attrs["missing"]
    assert column in {each.rpartition(".")[2] for each in missing["MHS78"].split("; ")}


@pytest.mark.parametrize(
    ("choices", "problems"),
    [
        ({"month": "2024-07"}, [problem("month", "2024-07", names="2024-06")]),
        ({"month": "2024/25"}, [problem("month", "2024/25", expected="a date or period")]),
        ({"measures": ["MHS999"]}, [problem("measures", "MHS999", names="national_measures")]),
        ({"breakdown": "region"}, [problem("breakdown", "region", names=("England", "Provider"))]),
        ({"breakdown": "icb"}, [problem("icb_of", names="ICB")]),
        (
            {"reference_sets": [{"concept": "1", "group": "Assessments"}, "2"]},
            [problem("reference_sets", "list", expected="a table", names=("concept", "group"))],
        ),
        (
            {"reference_sets": [{"concept": "x", "group": "None"}]},
            [
                problem("reference_sets.concept", "x", row="1st row", names="SNOMED CT"),
                problem("reference_sets.group", "None", row="1st row", names=("Assessments", "Medication")),
            ],
        ),
    ],
)
def test_bad_input(choices: dict[str, Any], problems: list[Any]) -> None:
    with refused(*problems):
        mhsds.published(mhsds.Extract.of(crisis_tables()), **{"month": "2024-06", **choices})


PUBLISHED = """REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE
01/06/2024,30/06/2024,Performance,England,England,England,NONE,NONE,MHS23,Number of open referrals,4
01/06/2024,30/06/2024,Performance,Provider,RX1,A TRUST,NONE,NONE,MHS23,Number of open referrals,*
01/06/2024,30/06/2024,Performance,Provider,RX2,B TRUST,NONE,NONE,MHS23,Number of open referrals,10
01/06/2024,30/06/2024,Performance,England,England,England,NONE,NONE,MHS32,Number of new referrals,5
01/06/2024,30/06/2024,Performance,Provider,RX1,A TRUST,NONE,NONE,MHS32,Number of new referrals,5
"""


def test_comparison() -> None:
    ours = mhsds.published(
        mhsds.Extract.of(crisis_tables()), "2024-06", measures=["MHS23", "MHS32", "MHS57"], suppress=False
    )
    theirs = published.read_mhsds_monthly(io.StringIO(PUBLISHED))
    # The two have one shape, so that they can stand in one table.
    assert ours.columns.tolist() == theirs.columns.tolist()
    assert len(pd.concat([ours, theirs])) == len(ours) + len(theirs)
    found = mhsds.compare(ours[ours["breakdown"] != SUB_ICB], theirs)
    verdicts = found.set_index(["measure_id", "breakdown", "primary_level"])["verdict"].to_dict()
    assert verdicts == {
        ("MHS23", "England", "England"): "the same",
        ("MHS23", "Provider", "RX1"): "within rounding",  # 4 is behind *
        ("MHS23", "Provider", "RX2"): "only theirs",
        ("MHS32", "England", "England"): "differs",  # 4 beside 5
        ("MHS32", "Provider", "RX1"): "differs",  # 4 would have been *
        ("MHS57", "England", "England"): "only ours",
        ("MHS57", "Provider", "RX1"): "only ours",
    }


Side = tuple[float, str, float, float, str]


def exact(value: float) -> Side:
    return value, "exact", value, value, f"{value:g}"


TEN: Side = (10, "rounded to 5", 8, 12, "10")
HIDDEN: Side = (math.nan, "suppressed", 0, 4, "*")
DAYS: Side = (97, "rounded to a whole day", 96.5, 97.5, "97")


@pytest.mark.parametrize(
    ("unit", "one", "other", "verdict"),
    [
        ("referral", exact(8), TEN, "within rounding"),
        ("referral", exact(12), TEN, "within rounding"),
        ("referral", exact(7), TEN, "differs"),
        ("referral", exact(13), TEN, "differs"),
        ("referral", exact(0), HIDDEN, "within rounding"),
        ("referral", exact(4), HIDDEN, "within rounding"),
        ("referral", exact(5), HIDDEN, "differs"),
        ("referral", TEN, TEN, "the same"),
        ("referral", HIDDEN, HIDDEN, "the same"),
        ("day", exact(96.5), DAYS, "within rounding"),
        ("day", exact(97.5), DAYS, "within rounding"),
        ("day", exact(96.4), DAYS, "differs"),
        ("day", exact(97.6), DAYS, "differs"),
        ("day", exact(97), (math.nan, "missing", math.nan, math.nan, ""), "not told"),
        ("percent", exact(10.5), (math.nan, "suppressed", 0, 10.5, "*"), "within rounding"),
        ("percent", exact(11.2), (math.nan, "suppressed", 0, 10.5, "*"), "differs"),
        ("percent", exact(4), (math.nan, "suppressed", 0, math.nan, "*"), "not told"),
    ],
)
def test_verdicts_where_intervals_touch(unit: str, one: Side, other: Side, verdict: str) -> None:
    for ours, theirs in ((one, other), (other, one)):
        assert mhsds.compare(side(ours, unit), side(theirs, unit))["verdict"].tolist() == [verdict]


def side(cell: Side, unit: str, breakdown: str = "Provider") -> pd.DataFrame:
    row = {
        "measure_id": "MHS00", "period_end": pd.Timestamp(2024, 6, 30), "breakdown": breakdown, "primary_level": "RX1",
        "secondary_level": "NONE", "primary_level_name": "A TRUST", "unit": unit,
    }  # fmt: skip
    return pd.DataFrame([row | dict(zip(("value", "kind", "lower", "upper", "published_value"), cell, strict=True))])


@pytest.mark.parametrize("unit", ["percent", "day", "referral"])
def test_what_is_whole_outside_england_was_rounded_unless_it_is_counted(unit: str) -> None:
    for value, verdict in ((96.5, "within rounding"), (97.5, "within rounding"), (96.4, "differs"), (97.6, "differs")):
        verdict = "differs" if unit == "referral" else verdict
        assert mhsds.compare(side(exact(value), unit), side(exact(97), unit))["verdict"].tolist() == [verdict]
        both = (side(exact(each), unit, "England") for each in (value, 97))
        assert mhsds.compare(*both)["verdict"].tolist() == ["differs"]


def test_concepts_are_read_from_numbers_and_from_texts() -> None:
    # A column of pandas in which one is missing has numbers with a point; a text may have spaces and a refinement.
    day = dt.date(2024, 6, 1)
    cells: list[tuple[Any, Any, Any]] = [
        (371586006.0, None, None), (371586006, math.nan, ""), (" 371586006 ", None, None), ("371586006:1=2", "", None),
        (371586007.0, day, None), ("371586007", "2024-06-01", None), (371586008, None, day),
    ]  # fmt: skip
    rows = [{"concept": code, "group": " Medication ", "start": start, "end": end} for code, start, end in cells]
    number = (day - dt.date(1970, 1, 1)).days
    assert read_reference_sets(rows) == {
        ("Medication", -NEVER, NEVER): ["371586006"] * 4,
        ("Medication", number, NEVER): ["371586007"] * 2,
        ("Medication", -NEVER, number): ["371586008"],
    }


# Outcomes


def with_scores(part: Tables, seed: int) -> Tables:
    """A world of which every other referral was seen twice, was received half a year ago and has scores."""
    pick = random.Random(seed).choice
    part = {name: [dict(row) for row in rows] for name, rows in part.items()}
    chosen = {row["UniqServReqID"] for row in part["referrals"] if row["UniqMonthID"] == MONTH and pick((0, 1))}
    of_each = {row["UniqServReqID"]: row for row in part["referrals"] if row["UniqMonthID"] == MONTH}
    for row in part["referrals"]:
        if row["UniqServReqID"] in chosen:
            row["ReferralRequestReceivedDate"] = END - dt.timedelta(pick((179, 180, 400)))
    for id in sorted(chosen):
        about = {name: of_each[id][name] for name in ("Person_ID", "RecordNumber", "OrgIDProv", "UniqMonthID")}
        for number in range(pick((1, 2, 3))):
            contact = (
                dict.fromkeys(EXAMPLE["contacts"]) | about | {"UniqServReqID": id, "UniqCareContID": f"{id}-{number}"}
            )
            contact |= {"AttendStatus": "5", "ConsMechanismMH": "01", "CareContDate": END - dt.timedelta(100 + number)}
            part["contacts"].append(contact)
        for _ in range(pick((1, 4, 7))):
            code, score = pick([("1037651000000100", "1234678"), ("1091071000000100", ("20", "24", "25", "30", "41")),
                                ("1638531000000102", ("1", "4", "5", "10"))])  # fmt: skip
            found = about | {"UniqServReqID": id, "CodedAssToolType": code, "PersScore": pick(score)}
            day = END - dt.timedelta(pick((-1, 0, 30, 30, 60, 90)))
            part["referral_scores"].append(found | {"AssToolCompTimestamp": day})
    return part


@pytest.mark.parametrize("engine", with_deep(["polars"], "pandas"))
def test_paired_outcomes(engine: str) -> None:
    parts = [with_scores(part, seed) for seed, part in enumerate(worlds("v6", 20))]
    expected: dict[tuple[str, str, int], list[int]] = {}
    due: Counter[str | None] = Counter()
    for part in parts:
        when, known = Month(MONTH), known_by(for_the_oracle(part), MONTH)
        asked = {(item.person, item.id): item for item in rows_of_the_month(known, when)}
        due += Counter(national_oracle_outcomes.asked_for(known, item, when) for item in asked.values())
        found = national_oracle_outcomes.summary(national_oracle_outcomes.outcomes(for_the_oracle(part), MONTH))
        for key, counts in found.items():
            expected[key] = [a + b for a, b in zip(expected.get(key, [0] * 7), counts.values(), strict=True)]
    assert sum(counts[1] for counts in expected.values()) > 3
    table = mhsds.paired_outcomes(extract_of(together(parts), engine), "2024-06")
    assert {(row[2], row[3], row[4]): list(row[6:]) for row in table.itertuples(index=False)} == expected
    assert dict(zip(table["status"], table["due"], strict=True)) == {name: due[name] for name in set(table["status"])}
    assert min(due["open"], due["closed"]) > 0

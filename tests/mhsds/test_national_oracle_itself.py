"""The oracle of national measures gives what was worked out by hand, on cases small enough for it.

The reporting month is June 2024 (1491) unless a test says another: the three months begin on 1 April, the twelve on 1 July
2023.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.mhsds import national_oracle, national_oracle_crisis
from tests.mhsds import national_oracle_outcomes as outcomes
from tests.mhsds.national_oracle import ENGLAND, ICB, PROVIDER, SUB_ICB, published, suppressed
from tests.mhsds.oracle import Row, Tables
from tests.mhsds.test_oracle_itself import contact, extract, month_id, months, referral, service

JUNE = 1491
YEAR = months((2023, 7), (2024, 6))


def england(tables: Tables, month: int = JUNE, **choices: Any) -> dict[str, Any]:
    """The values of England by id, without those that are 0 or missing."""
    found = published(tables, month, **choices)
    return {id: value for (id, breakdown, _), value in found.items() if breakdown == ENGLAND and value}


def some(values: dict[str, Any], *prefixes: str) -> dict[str, Any]:
    return {id: value for id, value in values.items() if id.startswith(prefixes)}


def people(person: str = "P1", month: int = JUNE, **others: Any) -> list[Row]:
    return [
        {"Person_ID": person, "RecordNumber": f"{person}-{month}", "UniqMonthID": month, "OrgIDProv": "RA1"} | others
    ]


# Access


def test_access_by_place() -> None:
    rows = referral("2022-04-01", YEAR)
    tables = extract(rows, contacts=[contact("2024-03-05"), contact("2024-06-04")])
    tables["people"] = people(OrgIDSubICBLocResidence="11A") + people(month=1488, OrgIDSubICBLocResidence="22B")
    found = published(tables, JUNE, icb_of={"11A": "QAA"})
    access = {key[1:]: value for key, value in found.items() if key[0] == "MHS108" and value}
    assert access == {(ENGLAND, ENGLAND): 1, (PROVIDER, "RA1"): 1, (SUB_ICB, "11A"): 1, (ICB, "QAA"): 1}


def test_access_counts_no_contact_before_the_twelve_months() -> None:
    rows = referral("2022-04-01", months((2022, 4), (2024, 6)))
    tables = extract(rows, contacts=[contact("2023-06-30"), contact("2024-06-04")])
    assert "MHS108" not in england(tables)
    tables = extract(rows, contacts=[contact("2023-07-01"), contact("2024-06-04")])
    assert england(tables)["MHS108"] == 1


def test_what_is_submitted_later_is_not_known() -> None:
    rows = referral("2024-06-03", [JUNE, JUNE + 1])
    rows[1]["ServDischDate"] = "2024-06-20"  # told in July
    assert england(extract(rows), JUNE)["MHS23"] == 1
    assert "MHS57" not in england(extract(rows), JUNE)
    rows[1]["ServDischDate"] = "2024-06-10"
    assert some(england(extract(rows), JUNE), "MRS05", "MRS06") == {"MRS06": 1}


# Referral-spells


def test_spells_of_each_kind() -> None:
    """P1 waits since 600 days; P2 had two contacts; P3 was discharged in May; P4 closed in the last five days."""
    rows = (
        referral("2022-11-08", months((2022, 11), (2024, 6)), "R1")
        + referral("2024-04-01", months((2024, 4), (2024, 6)), "R2", person="P2")
        + referral("2024-03-31", months((2024, 3), (2024, 5)), "R3", person="P3", ServDischDate="2024-05-10")
        + referral("2024-05-01", months((2024, 5), (2024, 6)), "R4", person="P4", ServDischDate="2024-06-25")
    )
    seen = [contact("2024-04-01", "R2", person="P2"), contact("2024-06-30", "R2", person="P2"),
            contact("2024-05-10", "R3", person="P3"), contact("2024-05-11", "R3", person="P3")]  # fmt: skip
    found = some(england(extract(rows, contacts=seen)), "MRS")
    assert (dt.date(2024, 6, 30) - dt.date(2022, 11, 8)).days == 600
    assert found == {
        "MRS03": 2,  # P1, and P4 by the days of grace
        "MRS03a": 330.0,  # between 60 and 600 days
        "MRS03b": 546.0,
        "MRS04": 2,  # P2 and P4
        "MRS05": 1,  # P3
        "MRS06": 3,
        "MRS07c": 1,
        "MRS07d": 50.0,
        "MRS07e": 1,
        "MRS07f": 50.0,
        "MRS15": 1,  # P2; the second contact of P3 is after the end
        "MRS21": 1,
    }


def test_what_lapsed_in_the_three_months_has_closed() -> None:
    still = referral("2024-06-03", [JUNE], "R9", person="P9")
    lapsed = referral("2024-01-03", months((2024, 1), (2024, 4)))
    assert some(england(extract(lapsed + still)), "MRS05", "MRS06") == {"MRS05": 1, "MRS06": 1}
    before = referral("2024-01-03", months((2024, 1), (2024, 3)))
    assert some(england(extract(before + still)), "MRS05", "MRS06") == {"MRS06": 1}  # it ended on 31 March


def test_a_rejected_referral_that_is_still_submitted_is_neither_open_nor_closed() -> None:
    rows = referral("2024-05-01", [1490, JUNE])
    refused = service(rows, ReferRejectionDate="2024-05-10")
    assert some(england(extract(rows, refused)), "MRS04", "MRS05", "MRS06") == {"MRS04": 1}
    still = referral("2024-06-03", [JUNE], "R9", person="P9")
    last = extract(rows[:1] + still, refused[:1] + service(still))
    assert some(england(last), "MRS04", "MRS05", "MRS06") == {"MRS04": 2, "MRS05": 1, "MRS06": 1}


def test_the_latest_row_in_scope_counts() -> None:
    rows = referral("2024-01-03", months((2024, 1), (2024, 6)))
    teams = service(rows[:5], "A06") + service(rows[5:], "A02")
    assert some(england(extract(rows, teams)), "MRS05", "MRS06") == {"MRS05": 1}  # it ended with May, in scope no more


# Full clock stop

SETS = [
    {"concept": "1001", "group": "Assessments", "start": "2020-01-01", "end": None},
    {"concept": "2001", "group": "Psychological therapies", "start": None, "end": None},
    {"concept": "2002", "group": "Medication", "start": None, "end": "2024-04-30"},
    {"concept": "11429006", "group": "Psychosocial interventions", "start": None, "end": None},
]


def clock(received: str, **done: str) -> dict[str, Any]:
    """A spell with a first contact, an assessment, an outcome measure and an intervention on the days that are given."""
    first = dt.date.fromisoformat(received)
    rows = referral(received, months((first.year, first.month), (2024, 6)))
    contacts, activities, scores = [], [], []
    for kind, day in done.items():
        contacts.append(contact(day))
        about = {
            key: contacts[-1][key]
            for key in ("Person_ID", "UniqCareContID", "RecordNumber", "OrgIDProv", "UniqServReqID")
        }
        if kind in ("assessment", "intervention"):
            activities.append(about | {"Procedure": {"assessment": "1001", "intervention": "2001:363702006=1"}[kind]})
        elif kind == "outcome":
            scores.append(about | {"CodedAssToolType": "1091071000000100", "PersScore": "20"})
    tables = extract(rows, contacts=contacts, care_activities=activities, activity_assessments=scores)
    return some(england(tables, reference_sets=SETS), "MRS01", "MRS02", "MRS20", "MRS22")


def test_the_clock_stops_with_the_latest_of_four() -> None:
    stopped = {"MRS01": 1, "MRS20": 1, "MRS22": 100.0}
    assert clock(
        "2024-05-01", first="2024-05-02", assessment="2024-05-10", outcome="2024-05-29", intervention="2024-05-03"
    ) == (stopped | {"MRS01a": 1, "MRS01b": 100.0})
    late = clock(
        "2024-05-01", first="2024-05-02", assessment="2024-05-10", outcome="2024-05-30", intervention="2024-05-03"
    )
    assert late == stopped  # 29 days
    assert clock("2024-05-01", first="2024-05-02", outcome="2024-05-29", intervention="2024-05-03") == {"MRS02": 1}


def test_no_assessment_is_needed_where_all_was_before_april_2024() -> None:
    assert clock("2024-03-01", first="2024-03-05", outcome="2024-04-02", intervention="2024-04-03")["MRS20"] == 1
    assert clock("2024-03-01", first="2024-04-01", outcome="2024-04-02", intervention="2024-04-03") == {"MRS02": 1}


def test_care_plans_and_concepts() -> None:
    rows = referral("2024-05-01", [1490, JUNE])
    seen = [contact(day) for day in ("2024-05-02", "2024-05-10", "2024-05-20")]
    about = [
        {key: one[key] for key in ("Person_ID", "UniqCareContID", "RecordNumber", "OrgIDProv", "UniqServReqID")}
        for one in seen
    ]
    plan = {"Person_ID": "P1", "OrgIDProv": "RA1", "RecordNumber": "P1-1490", "UniqCarePlanID": "C1"}
    made = [plan | {"CarePlanCreatDate": "2024-04-20", "CarePlanLastUpdateDate": "2024-05-12"}]
    base = extract(
        rows, contacts=seen, care_activities=[about[1] | {"Procedure": "1001"}],
        referral_assessments=[{"Person_ID": "P1", "UniqServReqID": "R1", "RecordNumber": "P1-1490", "OrgIDProv": "RA1",
                               "CodedAssToolType": "960321000000103", "AssToolCompTimestamp": "2024-05-21T10:00:00"}],
    )  # fmt: skip
    assert "MRS20" not in england(base, reference_sets=SETS)
    agreed = base | {"care_plans": made, "care_plan_agreements": [plan]}
    assert england(agreed, reference_sets=SETS)["MRS01a"] == 1  # on the 21st
    assert "MRS20" not in england(agreed | {"care_plan_agreements": []}, reference_sets=SETS)
    never_updated = [plan | {"CarePlanCreatDate": "2024-05-12", "CarePlanLastUpdateDate": None}]
    assert "MRS20" not in england(agreed | {"care_plans": never_updated}, reference_sets=SETS)
    too_late = base | {"care_activities": [about[1] | {"Procedure": "1001"}, about[2] | {"Procedure": "2002"}]}
    assert "MRS20" not in england(too_late, reference_sets=SETS)  # the concept had ended
    signposted = base | {"care_activities": [about[1] | {"Procedure": "1001"}, about[2] | {"Procedure": "11429006"}]}
    assert "MRS20" not in england(signposted, reference_sets=SETS)
    assert not some(england(base), "MRS01", "MRS02", "MRS20")  # without reference sets they are not given


# Second contacts of referrals


def test_second_contacts_of_referrals() -> None:
    rows = (
        referral("2024-03-01", months((2024, 3), (2024, 6)))
        + referral("2024-05-01", months((2024, 5), (2024, 6)), "R2", person="P2")
        + referral("2024-06-01", [JUNE], "R3", person="P3")
        + referral("2019-03-31", [JUNE], "R4", person="P4")
    )
    seen = [contact(day, "R1") for day in ("2024-03-02", "2024-04-01")]
    seen += [contact(day, "R2", person="P2") for day in ("2024-05-02", "2024-05-31")]
    found = some(england(extract(rows, contacts=seen)), "MHS12")
    assert found == {
        "MHS124": 2, "MHS125": 30.5, "MHS126": pytest.approx(30.9),  # 31 and 30 days
        "MHS127": 1, "MHS128": 30, "MHS129": 30,  # from 1 June to the day after the 30th
    }  # fmt: skip


# People, referrals and contacts of the month


def test_people_and_referrals_of_the_month() -> None:
    rows = (
        referral("2024-06-03", [JUNE])
        + referral("2024-06-04", [JUNE], "R2")
        + referral("2024-05-04", [1490, JUNE], "R3", person="P3", ServDischDate="2024-06-30")
        + referral("2024-05-04", [1490], "R4", person="P4")
    )
    teams = service(rows[:1], "A06") + service(rows[1:], "C03")
    assert some(england(extract(rows, teams)), "MHS01", "MHS23", "MHS32", "MHS57") == {
        "MHS01": 1, "MHS23": 2, "MHS23d": 1, "MHS32": 2, "MHS32c": 1, "MHS57": 1,
    }  # fmt: skip


def test_contacts_of_the_month() -> None:
    rows = referral("2024-06-03", [JUNE], UniqCareProfTeamLocalID="T1")
    teams = [{"UniqCareProfTeamLocalID": team, "OrgIDProv": "RA1", "UniqMonthID": JUNE, "ServTeamTypeMH": code}
             for team, code in (("T1", "A06"), ("T2", "A02"))]  # fmt: skip
    seen = [
        contact("2024-06-04", UniqOtherCareProfTeamLocalID="T1"),
        contact("2024-06-05", UniqOtherCareProfTeamLocalID="T2", ConsMechanismMH="05"),
        contact("2024-06-06", AttendStatus="3", UniqOtherCareProfTeamLocalID="T1"),
        contact("2024-06-07", AttendStatus="6", ConsMechanismMH=None),
        contact("2024-06-10", AttendStatus="9"),
        contact("2024-05-31") | {"UniqMonthID": JUNE},
        contact("2024-05-30"),
    ]
    tables = extract(rows, [], seen, service_teams=teams)
    assert some(england(tables), "MHS29", "MHS30") == {"MHS29": 5, "MHS29d": 2, "MHS30": 3, "MHS30f": 2}
    by_code = {key: value for key, value in published(tables, JUNE).items() if ";" in key[1]}
    assert by_code == {
        ("MHS29f", "England; Attendance", "5"): 2, ("MHS29f", "England; Attendance", "3"): 1,
        ("MHS29f", "England; Attendance", "6"): 1, ("MHS29f", "England; Attendance", "Invalid"): 1,
        ("MHS30h", "England; ConsMechanismMH", "01"): 1, ("MHS30h", "England; ConsMechanismMH", "05"): 1,
        ("MHS30h", "England; ConsMechanismMH", "Missing"): 1,
    }  # fmt: skip


# Follow-up


def follow_up(discharged: str, seen: str | None, bed: str = "200", **others: Any) -> dict[str, Any]:
    spell = {"Person_ID": "P1", "UniqServReqID": "X", "UniqHospProvSpellID": "H1", "UniqMonthID": JUNE, "OrgIDProv": "RA1",
             "RecordNumber": "P1-1491", "StartDateHospProvSpell": "2024-05-01", "DischDateHospProvSpell": discharged} | others  # fmt: skip
    stay = {"Person_ID": "P1", "UniqHospProvSpellID": "H1", "UniqMonthID": JUNE, "MHAdmittedPatientClass": bed}
    contacts = [contact(seen, "X")] if seen else []
    tables = extract(referral("2024-05-01", [JUNE], "X"), contacts=contacts, hospital_spells=[spell], ward_stays=[stay])
    return some(england(tables), "MHS78", "MHS79", "MHS80")


def test_follow_up_within_three_days() -> None:
    followed = {"MHS78": 1, "MHS79": 1, "MHS80": 100.0}
    assert follow_up("2024-06-10", "2024-06-13") == followed
    assert follow_up("2024-06-10", "2024-06-14") == {"MHS78": 1}
    assert follow_up("2024-06-10", "2024-06-10") == {"MHS78": 1}  # the day itself does not count
    assert follow_up("2024-06-10", None) == {"MHS78": 1}
    assert follow_up("2024-06-10", "2024-06-13", bed="203") == {}
    assert follow_up("2024-06-10", "2024-06-13", MethOfDischMHHospProvSpell="5") == {}
    assert follow_up("2024-06-10", "2024-06-13", DestOfDischHospProvSpell="53") == {}


def test_follow_up_is_of_a_month_that_ends_four_days_earlier() -> None:
    assert follow_up("2024-06-26", "2024-06-28")["MHS79"] == 1
    assert follow_up("2024-06-27", "2024-06-28") == {}
    assert follow_up("2024-05-28", "2024-05-30")["MHS79"] == 1
    assert follow_up("2024-05-27", "2024-05-30") == {}


# Early intervention


def eip(team: str, contact_on: str, assigned: str, assigned_to: str = "A14", **others: Any) -> dict[str, Any]:
    rows = referral("2024-05-01", [1490, JUNE], PrimReasonReferralMH="01", **others)
    assignment = {"Person_ID": "P1", "OrgIDProv": "RA1", "UniqMonthID": JUNE, "CareProfServOrTeamTypeAssoc": assigned_to,
                  "StartDateAssCareCoord": assigned, "EndDateAssCareCoord": None}  # fmt: skip
    return some(england(extract(rows, service(rows, team), [contact(contact_on)], coordinators=[assignment])), "EIP")


def test_entering_treatment_is_the_later_of_contact_and_co_ordinator() -> None:
    assert eip("A14", "2024-05-02", "2024-05-15") == {"EIP23a": 1, "EIP23b": 1, "EIP23i": 100.0, "EIP68": 1}
    assert eip("A14", "2024-05-02", "2024-05-16") == {"EIP23a": 1, "EIP68": 1}
    assert eip("A14", "2024-05-02", "2024-05-15", "A06") == {"EIP68": 1}
    assert eip("A14", "2024-05-02", "2024-04-30") == {"EIP68": 1}
    assert eip("A06", "2024-05-02", "2024-05-15", "A06") == {"EIP63": 1, "EIP64": 1, "EIP66": 1, "EIP67": 100.0}
    assert eip("A06", "2024-05-20", "2024-05-15", "A06") == {"EIP63": 1, "EIP64": 1, "EIP65": 1}


def test_caseload_of_early_intervention_asks_for_no_reason() -> None:
    rows = referral("2023-05-01", YEAR)
    seen = [contact("2023-08-02")]
    activity = {
        "Person_ID": "P1",
        "RecordNumber": seen[0]["RecordNumber"],
        "UniqCareContID": seen[0]["UniqCareContID"],
        "Procedure": "444",
    }
    tables = extract(rows, service(rows, "A14"), seen, care_activities=[activity])
    assert some(england(tables, nice_concordant=["444"]), "EIP") == {"EIP68": 1, "EIP69a": 1, "EIP69b": 1}
    assert some(england(tables), "EIP") == {"EIP68": 1, "EIP69a": 1}
    rejected = extract(rows, service(rows, "A14", ReferRejectionDate="2024-06-01"), seen)
    assert some(england(rejected), "EIP") == {}


# Crisis response


def crisis(priority: str, seen_on: str, seen_at: str | None, **others: Any) -> dict[str, Any]:
    rows = referral("2024-06-03", [JUNE], ClinRespPriorityType=priority, ReferralRequestReceivedTime="10:00:00")
    seen = [contact(seen_on, CareContTime=seen_at, **others)]
    return some(england(extract(rows, service(rows, "A02"), seen)), "CCR")


def test_crisis_response() -> None:
    new = {"CCR117": 1, "CCR117a": 1}
    seen = new | {"CCR118": 1, "CCR118a": 1}
    assert crisis("4", "2024-06-03", "14:00:00") == seen | {"CCR119": 1, "CCR119a": 1}
    assert crisis("4", "2024-06-03", "1970-01-01 14:00:01") == seen
    assert crisis("4", "2024-06-03", "09:59") == new
    assert crisis("4", "2024-06-03", None) == new  # midnight
    assert crisis("4", "2024-06-03", "14:00:00", ConsMechanismMH="02") == new
    assert crisis("2", "2024-06-04", "10:00:00") == {"CCR120": 1, "CCR120a": 1}
    assert crisis("2", "2024-06-04", "10:00:01") == {}
    assert crisis("3", "2024-06-03", "11:00:00") == {}


# Outcomes


def outcome(
    received: str = "2023-07-01", item: str = "1091071000000100", *scores: tuple[str, str], **others: Any
) -> Any:
    rows = referral(received, YEAR, **others)
    assessments = [
        {
            "Person_ID": "P1",
            "UniqServReqID": "R1",
            "CodedAssToolType": item,
            "AssToolCompTimestamp": day,
            "PersScore": score,
        }
        for day, score in scores
    ]
    tables = extract(rows, contacts=[contact("2023-08-01"), contact("2023-09-01")], referral_assessments=assessments)
    found = outcomes.outcomes(tables, JUNE)
    return found[0] if found else None


def test_paired_scores() -> None:
    one = outcome("2023-07-01", "1091071000000100", ("2023-08-01", "20"), ("2023-10-01", "30"), ("2024-06-01", "25"))
    assert (one.status, one.first, one.latest, one.improved, one.recovered) == ("open", 20, 25, True, True)
    one = outcome("2023-07-01", "1091071000000100", ("2023-08-01", "21"), ("2024-06-01", "25"))
    assert (one.improved, one.unchanged, one.below_cut_off, one.recovered) == (False, True, True, False)
    one = outcome("2023-07-01", "1091071000000100", ("2023-08-01", "20"), ("2024-06-01", "15"))
    assert (one.deteriorated, one.recovered) == (True, False)
    one = outcome("2023-07-01", "1037651000000100", ("2023-08-01", "8"), ("2023-09-01", "3"), ("2024-06-01", "4"))
    assert (one.first, one.latest, one.improved) == (3, 4, True)  # 8 is invalid
    one = outcome("2023-07-01", "1638531000000102", ("2023-08-01", "3"), ("2024-06-01", "5"), ("2024-06-02", "11"))
    assert (one.first, one.latest, one.unchanged) == (3, 5, True)
    one = outcome("2023-07-01", "1638531000000102", ("2023-08-01", "3"), ("2024-07-01", "9"))
    assert (one.latest, one.improved, one.unchanged) == (None, False, False)  # told for July
    assert outcomes.summary([one]) == {("open", "GBO", 1): {"with a first score": 1, "paired": 0, "improved": 0,
        "deteriorated": 0, "unchanged": 0, "below cut-off": 0, "recovered": 0}}  # fmt: skip


def test_of_whom_outcomes_are_asked() -> None:
    scores = (("2024-02-01", "20"), ("2024-06-01", "30"))
    assert outcome("2024-01-02", "1091071000000100", *scores).status == "open"  # 180 days
    assert outcome("2024-01-03", "1091071000000100", *scores) is None
    closed = {"ServDischDate": "2024-06-30"}
    assert outcome("2024-01-03", "1091071000000100", *scores, **closed).status == "closed"
    assert outcome("2023-07-01", "1091071000000100", *scores, PrimReasonReferralMH="08") is None
    assert outcome("2023-07-01", "1091071000000100", *scores, AgeServReferRecDate=17) is None


# Suppression


def test_suppression() -> None:
    values: national_oracle.Published = {
        ("MRS03", ENGLAND, ENGLAND): 3, ("MRS03a", ENGLAND, ENGLAND): 30.5, ("MRS03", PROVIDER, "RA1"): 4,
        ("MRS03a", PROVIDER, "RA1"): 30.5, ("MRS03", PROVIDER, "RB2"): 7, ("MRS03a", PROVIDER, "RB2"): 30.5,
        ("MRS03", PROVIDER, "RC3"): 8, ("MRS02a", PROVIDER, "RB2"): 2, ("MRS02e", PROVIDER, "RB2"): 9,
        ("MRS02f", PROVIDER, "RB2"): 12.4, ("MRS02a", PROVIDER, "RC3"): 5, ("MRS02f", PROVIDER, "RC3"): 12.5,
        ("MRS04", PROVIDER, "RC3"): 0,
    }  # fmt: skip
    assert suppressed(values) == {
        ("MRS03", ENGLAND, ENGLAND): "3", ("MRS03a", ENGLAND, ENGLAND): "30.5", ("MRS03", PROVIDER, "RA1"): "*",
        ("MRS03a", PROVIDER, "RA1"): "*", ("MRS03", PROVIDER, "RB2"): "5", ("MRS03a", PROVIDER, "RB2"): "31",
        ("MRS03", PROVIDER, "RC3"): "10", ("MRS02a", PROVIDER, "RB2"): "*", ("MRS02e", PROVIDER, "RB2"): "10",
        ("MRS02f", PROVIDER, "RB2"): "*", ("MRS02a", PROVIDER, "RC3"): "5", ("MRS02f", PROVIDER, "RC3"): "13",
        ("MRS04", PROVIDER, "RC3"): "*",
    }  # fmt: skip


def test_months() -> None:
    june = national_oracle.Month(JUNE)
    assert (june.start, june.end, june.quarter_start) == (
        dt.date(2024, 6, 1),
        dt.date(2024, 6, 30),
        dt.date(2024, 4, 1),
    )
    assert (june.year[0], june.year[-1]) == (month_id(2023, 7), JUNE)
    assert national_oracle_crisis.moment(dt.date(2024, 6, 1), dt.time(9, 30)) == dt.datetime(2024, 6, 1, 9, 30)

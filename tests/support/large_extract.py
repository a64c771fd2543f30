"""A large extract of version 6 with every table that the national measures read, drawn from a synthetic one.

What `synthesise` does not draw (practices, plans, scores, activities, co-ordinators, priorities, deaths) is made up here
by the hash of an id, so that it is the same in every run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window

LAST, MONTHS = 1491, 15
REFERENCE_SETS: list[dict[str, Any]] = [
    {"concept": "111", "group": "Assessments", "start": None, "end": None},
    {"concept": "222", "group": "Psychological therapies", "start": "2024-05-01", "end": None},
    {"concept": "333", "group": "Medication", "start": None, "end": "2024-05-31"},
    {"concept": "11429006", "group": "Assessments", "start": None, "end": None},
]
NICE = ("222", "444")
ICB_OF = {"11A": "QAA", "22B": "QAA", "33C": "QBB", "44D": "QCC"}
NAMES = {
    "people": "MHS001MPI", "referrals": "MHS101Referral", "service_types": "MHS102OtherServiceType",
    "hospital_spells": "MHS501HospProvSpell", "contacts": "MHS201CareContact",
    "indirect_activity": "MHS204IndirectActivity", "ward_stays": "MHS502WardStay", "service_teams": "MHS902ServiceTeamDetails",
    "gp_registrations": "MHS002GP", "care_coordinators": "MHS006MHCareCoord", "care_plans": "MHS008CarePlanType",
    "care_plan_agreements": "MHS009CarePlanAgreement", "care_activities": "MHS202CareActivity",
    "referral_scores": "MHS606CodedScoreAssessmentRefer", "activity_scores": "MHS607CodedScoreAssessmentAct",
}  # fmt: skip
PLACES = "['11A', '22B', '33C', '44D', '55E', NULL]"
CODES = "['111', '111', '111', '222', '222', '333', '444', '11429006', '111:222', '', NULL]"
TOOLS = "['1037651000000100', '1091071000000100', '987191000000101', '555:1', NULL]"
MADE = {
    "people": f"""SELECT *, pick({PLACES}, Person_ID, UniqMonthID // 5) AS OrgIDSubICBLocResidence,
                  if(chance(Person_ID, 'd') < 2, DATE '2024-05-20' + chance(Person_ID, 'e') // 2, NULL) AS PersDeathDate
                  FROM old""",
    "referrals": """SELECT * REPLACE (if(chance(UniqServReqID, 'p') < 25, '01', PrimReasonReferralMH) AS PrimReasonReferralMH,
                    if(chance(UniqServReqID, 'q') < 18, 16, AgeServReferRecDate) AS AgeServReferRecDate),
                    pick(['1', '2', '2', '4', '4', '4', NULL], UniqServReqID, 'c') AS ClinRespPriorityType,
                    if(chance(UniqServReqID, 't') < 90, '0' || chance(UniqServReqID, 'h') % 10 || pick([':30:00', ':00:00'], UniqServReqID, 'm'), NULL)
                    AS ReferralRequestReceivedTime FROM old""",
    "service_teams": """SELECT * REPLACE (if(chance(UniqCareProfTeamLocalID, OrgIDProv) < 45,
                        pick(['A14', 'A02', 'A19'], UniqCareProfTeamLocalID, OrgIDProv), ServTeamTypeMH) AS ServTeamTypeMH)
                        FROM old""",
    # Some are seen on the day that they are referred, and some after their discharge.
    "contacts": """
        SELECT * REPLACE (if(chance(UniqCareContID, 'o') < 70, UniqOtherCareProfTeamLocalID, NULL)
                          AS UniqOtherCareProfTeamLocalID) FROM old
        UNION ALL BY NAME
        SELECT 'X' || UniqServReqID AS UniqCareContID, UniqServReqID, Person_ID, RecordNumber, OrgIDProv, UniqMonthID,
               ReferralRequestReceivedDate + if(chance(UniqServReqID, 'l') < 70, 0, 1) AS CareContDate,
               pick(['10:00:00', '08:30:00', '04:00:00', '01:00:00'], UniqServReqID, 'k') AS CareContTime, '5' AS AttendStatus, '01' AS ConsMechanismMH FROM referrals
        WHERE month_of(ReferralRequestReceivedDate) = UniqMonthID AND chance(UniqServReqID, 'f') < 80
        UNION ALL BY NAME
        SELECT 'Y' || UniqHospProvSpellID AS UniqCareContID, UniqServReqID, Person_ID, RecordNumber, OrgIDProv, UniqMonthID,
               DischDateHospProvSpell + chance(UniqHospProvSpellID, 'l') % 5 AS CareContDate, '10:00:00' AS CareContTime,
               '6' AS AttendStatus, '02' AS ConsMechanismMH FROM hospital_spells
        WHERE UniqMonthID = 1491 AND DischDateHospProvSpell <= DATE '2024-06-26'""",
    "indirect_activity": f"SELECT *, pick({CODES}, UniqServReqID, IndirectActDate) AS IndirectActProcedure FROM old",
    "hospital_spells": """SELECT * REPLACE (if(UniqMonthID = 1491 AND chance(UniqHospProvSpellID, 'o') < 70,
                          DATE '2024-05-24' + chance(UniqHospProvSpellID, 'd') % 37, DischDateHospProvSpell)
                          AS DischDateHospProvSpell), pick(['1', '1', '3', '4', '5', NULL], UniqHospProvSpellID, 'm') AS MethOfDischMHHospProvSpell,
                          pick(['19', '19', '19', '37', '42', NULL], UniqHospProvSpellID, 'q') AS DestOfDischHospProvSpell
                          FROM old""",
    "ward_stays": """SELECT * REPLACE (if(chance(UniqWardStayID, 'w') < 20, pick(['203', '205', '212', '300'], UniqWardStayID, 'x'),
                     MHAdmittedPatientClass) AS MHAdmittedPatientClass) FROM old""",
    "gp_registrations": f"""
        SELECT Person_ID, RecordNumber + 10 * k AS RecordNumber, UniqMonthID, pick({PLACES}, Person_ID, k) AS OrgIDSubICBLocGP,
               pick(['A81001', 'A81002', 'A81001', 'V81997', 'V81999'], Person_ID || k, UniqMonthID // 4) AS GMPReg,
               if(chance(Person_ID || k, 'g') < 15, DATE '2024-01-31', NULL) AS EndDateGMPRegistration
        FROM people, unnest([0, 1]) AS t(k) WHERE chance(Person_ID || k, UniqMonthID // 7) < 60""",
    "care_coordinators": """
        SELECT Person_ID, RecordNumber, UniqMonthID, pick(['A14', 'A14', 'A06'], Person_ID, 'k') AS CareProfServOrTeamTypeAssoc,
               ReferralRequestReceivedDate + (chance(UniqServReqID, 's') % 30 - 3) AS StartDateAssCareCoord,
               if(chance(UniqServReqID, 'f') < 30, StartDateAssCareCoord + 30, NULL) AS EndDateAssCareCoord
        FROM referrals WHERE UniqMonthID >= 1489 AND chance(UniqServReqID, 'a') < 70""",
    "care_plans": """
        SELECT Person_ID, RecordNumber, UniqMonthID, OrgIDProv, 'CP' || UniqServReqID AS UniqCarePlanID,
               ReferralRequestReceivedDate + (chance(UniqServReqID, 'c') % 20 - 5) AS CarePlanCreatDate,
               if(chance(UniqServReqID, 'u') < 85, CarePlanCreatDate + (chance(UniqServReqID, 'v') % 20), NULL)
               AS CarePlanLastUpdateDate FROM referrals WHERE chance(UniqServReqID, 'y') < 60""",
    "care_plan_agreements": """SELECT Person_ID, RecordNumber, UniqMonthID, UniqCarePlanID FROM care_plans
                               WHERE chance(UniqCarePlanID, UniqMonthID) < 60""",
    "care_activities": f"""
        SELECT 'A' || UniqCareContID AS UniqCareActID, UniqCareContID, Person_ID, RecordNumber, UniqMonthID,
               pick({CODES}, UniqCareContID, 'b') AS Procedure, pick({CODES}, UniqCareContID, 'i') AS Observation
        FROM contacts WHERE chance(UniqCareContID, 'j') < 80""",
    "activity_scores": f"""SELECT UniqCareContID, Person_ID, RecordNumber, UniqMonthID, pick({TOOLS}, UniqCareContID, 'l')
                           AS CodedAssToolType FROM contacts WHERE chance(UniqCareContID, 'n') < 15""",
    "referral_scores": f"""
        SELECT UniqServReqID, Person_ID, RecordNumber, UniqMonthID, OrgIDProv, pick({TOOLS}, UniqServReqID, 'z') AS CodedAssToolType,
               ReferralRequestReceivedDate + (chance(UniqServReqID, 'r') % 20) AS AssToolCompTimestamp
        FROM referrals WHERE chance(UniqServReqID, 'w') < 60""",
}  # fmt: skip


def write(folder: Path, contacts: int, seed: int = 11) -> dict[str, str]:
    """Write the tables as Parquet, and tell their files by our names of them."""
    window = Window(LAST - MONTHS + 1, LAST)
    plan = Plan(contacts=contacts, providers=6, seed=seed, window=window, version="v6", dirty=0.0, dates="date")
    drawn = in_memory(plan, "polars")
    connection = duckdb.connect()
    connection.execute("CREATE MACRO chance(id, salt) AS (hash(id::VARCHAR || '|' || salt) % 100)::INT")
    connection.execute("CREATE MACRO month_of(day) AS ((year(day) - 1900) * 12 + month(day) - 3)")
    connection.execute(
        "CREATE MACRO pick(codes, id, salt) AS codes[(hash(id::VARCHAR || '#' || salt) % len(codes))::INT + 1]"
    )
    files = {}
    for name, standard in NAMES.items():
        query = MADE.get(name, "SELECT * FROM old")
        if standard in drawn:
            connection.register("old", drawn[standard].to_arrow())
        connection.execute(f"CREATE TABLE {name} AS {query}")
        files[name] = str(folder / f"{standard}.parquet")
        connection.execute(f"COPY {name} TO '{files[name]}' (FORMAT parquet)")
    return files

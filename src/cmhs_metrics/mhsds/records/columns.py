"""The tables and columns of the data set that measures are made of, in its versions 4, 5 and 6.

Columns go by their newest name. Where an earlier version had another name for the same thing, it is read as that, and
where both stand in a table the new one counts and the old one fills its gaps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


class Kind(Enum):
    """What a column holds, and so how it is read."""

    ID = "an id"
    """Text or whole numbers."""
    NUMBER = "a whole number"
    DATE = "a date"
    CODE = "a code"
    """Text; whole numbers are read as text, in the width of the code."""
    TIME = "a time of day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data set.

    Parameters
    ----------
    name : str
        Its newest name.
    kind : Kind
        What it holds.
    older : tuple of str
        The names of the same thing in earlier versions, newest first.
    width : int
        Of a code: the characters that a whole number is written in, with zeros before it.
    recode : mapping of str to str
        Codes that the column had before version 5 and writes otherwise since: read so in months before it, whatever the
        name, and in every month under the oldest name.
    codes : tuple of str
        Of such a column, the codes of its newest name where no other counts, so that the older name fills its place.
    in_words : str
        Of a code without which nobody was seen: what is expected where a column has the words for the codes.
    """

    name: str
    kind: Kind
    older: tuple[str, ...] = ()
    width: int = 1
    recode: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    in_words: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its names, newest first."""
        return (self.name, *self.older)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the data set.

    Parameters
    ----------
    argument : str
        Its name here, for example "contacts".
    names : tuple of str
        Its names in the data set, newest first.
    columns : tuple of Column
        What is read of it.
    item : tuple of str
        The columns that together name one of its items, over all submissions.
    """

    argument: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    item: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in the data set, for messages."""
        return self.names[-1]

    def column(self, name: str) -> Column:
        """The column of that newest name."""
        return next(column for column in self.columns if column.name == name)


ID, NUMBER, DATE, CODE, TIME = Kind.ID, Kind.NUMBER, Kind.DATE, Kind.CODE, Kind.TIME
PERSON, REFERRAL, RECORD = Column("Person_ID", ID), Column("UniqServReqID", ID), Column("RecordNumber", ID)
PROVIDER, MONTH = Column("OrgIDProv", CODE), Column("UniqMonthID", NUMBER)
SUBMISSION = Column("UniqSubmissionID", ID)
SPELL = Column("UniqHospProvSpellID", ID, ("UniqHospProvSpellNum",))
TEAM = Column("UniqCareProfTeamLocalID", ID)
OTHER_TEAM = Column("UniqOtherCareProfTeamLocalID", ID, ("UniqCareProfTeamLocalID", "UniqCareProfTeamID"))
_TEAMS = frozenset({TEAM.name, OTHER_TEAM.name})
CONTACT = Column("UniqCareContID", ID)
ROW = (PERSON, RECORD, PROVIDER, MONTH)
REJECTION = (Column("ReferRejectionDate", DATE), Column("ReferRejectReason", CODE, (), 2))
CLOSURE = (Column("ReferClosureDate", DATE), Column("ReferClosReason", CODE, (), 2))
SCORE = (
    Column("CodedAssToolType", CODE), Column("PersScore", CODE),
    Column("AssToolCompTimestamp", DATE, ("AssToolCompDate",)),
)  # fmt: skip

CONCEPTS = ("CodedAssToolType", "Procedure", "Observation", "IndirectActProcedure")
"""Codes that are concepts of SNOMED CT, of up to 18 digits, which spreadsheets shorten as they do ids."""

VERSION_5, VERSION_6 = 1459, 1489
"""The first months in which versions 5 and 6 are collected: October 2021 and April 2024."""
NEWER_MECHANISM: Mapping[str, str] = MappingProxyType({"03": "11", "06": "09"})
"""Codes of the mechanism before version 5 that are written otherwise since: video and text message."""


# "9" is indeterminate as a stated gender, which a gender identity has as "4"; as an identity it is none.
GENDER = Column("GenderIDCode", CODE, ("Gender",), 1, {"9": "4"}, ("1", "2", "3", "4", "X", "Z"))


def _tables(*tables: Table) -> Mapping[str, Table]:
    return MappingProxyType({table.argument: table for table in tables})


TABLES: Mapping[str, Table] = _tables(
    Table(
        "people",
        ("MHS001MPI",),
        (
            *ROW, Column("LADistrictAuth", CODE), GENDER,
            Column("EthnicCategory", CODE), Column("OrgIDSubICBLocResidence", CODE, ("OrgIDCCGRes",)),
            Column("PersDeathDate", DATE),
        ),
        ("Person_ID",),
    ),
    Table(
        "referrals",
        ("MHS101Referral",),
        (
            REFERRAL, *ROW, SUBMISSION, Column("ReferralRequestReceivedDate", DATE), Column("ServDischDate", DATE),
            Column("AgeServReferRecDate", NUMBER), Column("PrimReasonReferralMH", CODE, ("PrimReasonReferral",), 2),
            Column("ClinRespPriorityType", CODE), Column("ReferralRequestReceivedTime", TIME),
            # From version 6 on a referral names its own first service: by its team, or its type as derived.
            Column("ServTeamType", CODE), TEAM, *REJECTION, *CLOSURE,
        ),
        ("Person_ID", "UniqServReqID"),
    ),
    Table(
        "service_types",
        ("MHS102OtherServiceType", "MHS102ServiceTypeReferredTo"),
        (
            REFERRAL, *ROW, SUBMISSION, Column("ServTeamTypeRefToMH", CODE, ("ServTeamType",)), OTHER_TEAM, *REJECTION,
            *CLOSURE,
        ),
        ("UniqServReqID",),
    ),
    Table(
        "contacts",
        ("MHS201CareContact",),
        (
            CONTACT, REFERRAL, *ROW, SUBMISSION, Column("CareContDate", DATE), Column("CareContTime", TIME),
            Column("AttendStatus", CODE, ("AttendOrDNACode",), in_words="codes, 5 or 6 for those who were seen"),
            Column("ConsMechanismMH", CODE, ("ConsMediumUsed",), 2, NEWER_MECHANISM,
                   in_words="codes, as 01 for face to face and 02 by telephone"),
            OTHER_TEAM, Column("ClinContDurOfCareCont", NUMBER),
        ),
        ("Person_ID", "UniqCareContID"),
    ),
    Table(
        "hospital_spells",
        ("MHS501HospProvSpell",),
        (
            SPELL, REFERRAL, *ROW, Column("StartDateHospProvSpell", DATE), Column("DischDateHospProvSpell", DATE),
            Column("SourceAdmMHHospProvSpell", CODE, ("SourceAdmCodeHospProvSpell",), 2),
            Column("MethOfDischMHHospProvSpell", CODE, ("DischMethCodeHospProvSpell",)),
            Column("DestOfDischHospProvSpell", CODE, ("DischDestCodeHospProvSpell",), 2),
        ),
        ("Person_ID", "UniqHospProvSpellID"),
    ),
    Table(
        "clusters",
        ("MHS801ClusterTool",),
        (
            Column("UniqClustID", ID), *ROW, Column("AdultMHCareClusterCodeFinal", CODE, (), 2),
            Column("StartDateCareClust", DATE), Column("EndDateCareClust", DATE),
        ),
        ("Person_ID", "UniqClustID"),
    ),
    Table(
        "ward_stays",
        ("MHS502WardStay",),
        (
            Column("UniqWardStayID", ID), SPELL, REFERRAL, *ROW, Column("StartDateWardStay", DATE),
            Column("EndDateWardStay", DATE), Column("MHAdmittedPatientClass", CODE, ("HospitalBedTypeMH",), 2),
        ),
        ("UniqHospProvSpellID",),
    ),
    Table(
        "indirect_activity",
        ("MHS204IndirectActivity",),
        (
            REFERRAL, *ROW, Column("IndirectActDate", DATE),
            Column("IndirectActProcedure", CODE, ("IndActProcedure", "CodeIndActProcAndProcStatus")),
        ),
        ("Person_ID",),
    ),
    Table(
        "service_teams",
        ("MHS902ServiceTeamDetails",),
        (TEAM, PROVIDER, MONTH, SUBMISSION, Column("ServTeamTypeMH", CODE, ("ServTeamType", "ServTeamTypeRefToMH"))),
        ("UniqCareProfTeamLocalID",),
    ),
    Table(
        "gp_registrations",
        ("MHS002GP",),
        (
            *ROW, Column("GMPReg", CODE, ("GMPCodeReg",)), Column("OrgIDSubICBLocGP", CODE, ("OrgIDCCGGPPractice",)),
            Column("EndDateGMPRegistration", DATE),
        ),
        ("Person_ID",),
    ),
    Table(
        "care_coordinators",
        ("MHS006MHCareCoord",),
        (
            *ROW, Column("StartDateAssCareCoord", DATE), Column("EndDateAssCareCoord", DATE),
            Column("CareProfServOrTeamTypeAssoc", CODE),
        ),
        ("Person_ID",),
    ),
    Table(
        "care_plans",
        ("MHS008CarePlanType",),
        (
            Column("UniqCarePlanID", ID), *ROW, Column("CarePlanCreatDate", DATE),
            Column("CarePlanLastUpdateDate", DATE),
        ),
        ("Person_ID", "UniqCarePlanID"),
    ),
    Table(
        "care_plan_agreements",
        ("MHS009CarePlanAgreement",),
        (Column("UniqCarePlanID", ID), *ROW),
        ("UniqCarePlanID",),
    ),
    Table(
        "care_activities",
        ("MHS202CareActivity",),
        (
            Column("UniqCareActID", ID), CONTACT, REFERRAL, *ROW,
            Column("Procedure", CODE, ("CodeProcAndProcStatus",)), Column("Observation", CODE, ("CodeObs",)),
        ),
        ("UniqCareActID",),
    ),
    Table(
        "referral_scores",
        ("MHS606CodedScoreAssessmentRefer",),
        (REFERRAL, *ROW, *SCORE),
        ("UniqServReqID",),
    ),
    Table(
        "activity_scores",
        ("MHS607CodedScoreAssessmentAct",),
        (Column("UniqCareActID", ID), CONTACT, REFERRAL, *ROW, *SCORE),
        ("UniqCareActID",),
    ),
)  # fmt: skip
"""What is read of each table, by the name that it has here."""


def with_other_names(ids: AbstractSet[str]) -> frozenset[str]:
    """Ids, and those that name the same thing, with which they are joined."""
    return frozenset(ids | _TEAMS if ids & _TEAMS else ids)


def version_of(tables: Mapping[str, tuple[str, ...]], names: tuple[str, ...] = ()) -> str | None:
    """Tell the version of the data set by the tables and columns that there are.

    `tables`: the columns of each table, by the name that it has here. `names`: the names of the tables in the data
    set, where they were given by them. Gives "v4", "v5" or "v6"; None where nothing tells.

    Examples
    --------
    >>> version_of({"contacts": ("UniqCareContID", "AttendOrDNACode")})
    'v4'
    """
    folded = {table: {column.casefold() for column in columns} for table, columns in tables.items()}
    if "mhs102otherservicetype" in {name.casefold() for name in names}:
        return "v6"
    told = {
        "referrals": {"servteamtype", "uniqcareprofteamlocalid"},
        "service_types": {"uniqothercareprofteamlocalid"},
        "contacts": {"uniqothercareprofteamlocalid"},
        "service_teams": {"uniqcareprofteamlocalid"},
    }
    if any(columns & folded.get(table, set()) for table, columns in told.items()):
        return "v6"
    contacts = folded.get("contacts", set())
    if contacts & {"attendstatus", "consmechanismmh"}:
        return "v5"
    if contacts & {"attendordnacode", "consmediumused"}:
        return "v4"
    return None

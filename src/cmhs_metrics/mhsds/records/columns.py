"""The tables and columns of the data set that measures are made of, in its versions 4, 5 and 6.

Columns go by their newest name. Where an earlier version had another name for the same thing, it is read as that, and
where both stand in a table the new one counts and the old one fills its gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """What a column holds, and so how it is read."""

    ID = "an id"
    """Text or whole numbers."""
    NUMBER = "a whole number"
    DATE = "a date"
    CODE = "a code"
    """Text; whole numbers are read as text, in the width of the code."""


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
    """

    name: str
    kind: Kind
    older: tuple[str, ...] = ()
    width: int = 1


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


ID, NUMBER, DATE, CODE = Kind.ID, Kind.NUMBER, Kind.DATE, Kind.CODE
PERSON, REFERRAL, RECORD = Column("Person_ID", ID), Column("UniqServReqID", ID), Column("RecordNumber", ID)
PROVIDER, MONTH = Column("OrgIDProv", CODE), Column("UniqMonthID", NUMBER)
SPELL = Column("UniqHospProvSpellID", ID, ("UniqHospProvSpellNum",))


def _tables(*tables: Table) -> Mapping[str, Table]:
    return MappingProxyType({table.argument: table for table in tables})


TABLES: Mapping[str, Table] = _tables(
    Table(
        "people",
        ("MHS001MPI",),
        (
            PERSON, RECORD, PROVIDER, MONTH, Column("LADistrictAuth", CODE), Column("Gender", CODE),
            Column("EthnicCategory", CODE),
        ),
        ("Person_ID",),
    ),
    Table(
        "referrals",
        ("MHS101Referral",),
        (
            REFERRAL, PERSON, RECORD, PROVIDER, MONTH, Column("ReferralRequestReceivedDate", DATE),
            Column("ServDischDate", DATE), Column("AgeServReferRecDate", NUMBER),
            # From version 6 on a referral names its own first service.
            Column("ServTeamType", CODE), Column("ReferRejectionDate", DATE), Column("ReferRejectReason", CODE, (), 2),
        ),
        ("Person_ID", "UniqServReqID"),
    ),
    Table(
        "service_types",
        ("MHS102OtherServiceType", "MHS102ServiceTypeReferredTo"),
        (
            REFERRAL, PERSON, RECORD, MONTH, Column("ServTeamTypeRefToMH", CODE, ("ServTeamType",)),
            Column("ReferRejectionDate", DATE), Column("ReferRejectReason", CODE, (), 2),
        ),
        ("UniqServReqID",),
    ),
    Table(
        "contacts",
        ("MHS201CareContact",),
        (
            Column("UniqCareContID", ID), REFERRAL, PERSON, RECORD, PROVIDER, MONTH, Column("CareContDate", DATE),
            Column("AttendStatus", CODE, ("AttendOrDNACode",)), Column("ConsMechanismMH", CODE, ("ConsMediumUsed",), 2),
        ),
        ("Person_ID", "UniqCareContID"),
    ),
    Table(
        "hospital_spells",
        ("MHS501HospProvSpell",),
        (
            SPELL, REFERRAL, PERSON, PROVIDER, MONTH,
            Column("StartDateHospProvSpell", DATE), Column("DischDateHospProvSpell", DATE),
            Column("SourceAdmMHHospProvSpell", CODE, (), 2),
        ),
        ("Person_ID", "UniqHospProvSpellID"),
    ),
    Table(
        "clusters",
        ("MHS801ClusterTool",),
        (
            Column("UniqClustID", ID), PERSON, MONTH, Column("AdultMHCareClusterCodeFinal", CODE, (), 2),
            Column("StartDateCareClust", DATE), Column("EndDateCareClust", DATE),
        ),
        ("Person_ID", "UniqClustID"),
    ),
    Table(
        "ward_stays",
        ("MHS502WardStay",),
        (
            Column("UniqWardStayID", ID), SPELL, PERSON, MONTH, Column("StartDateWardStay", DATE),
            Column("HospitalBedTypeMH", CODE, (), 2),
        ),
        ("UniqHospProvSpellID",),
    ),
    Table(
        "indirect_activity",
        ("MHS204IndirectActivity",),
        (PERSON, MONTH, Column("IndirectActDate", DATE)),
        ("Person_ID",),
    ),
)  # fmt: skip
"""What is read of each table, by the name that it has here."""

NEWER_MECHANISM: Mapping[str, str] = MappingProxyType({"03": "11", "06": "09"})
"""Codes of ConsMediumUsed (before version 5) that ConsMechanismMH writes otherwise: video and text message."""


def version_of(tables: Mapping[str, tuple[str, ...]], names: tuple[str, ...] = ()) -> str | None:
    """Tell the version of the data set by the tables and columns that there are.

    Parameters
    ----------
    tables : mapping of str to tuple of str
        The columns of each table, by the name that it has here.
    names : tuple of str
        The names of the tables in the data set, where they were given by them.

    Returns
    -------
    str or None
        "v4", "v5" or "v6"; None where nothing tells.

    Examples
    --------
    >>> version_of({"contacts": ("UniqCareContID", "AttendOrDNACode")})
    'v4'
    """
    folded = {table: {column.casefold() for column in columns} for table, columns in tables.items()}
    if "mhs102otherservicetype" in {name.casefold() for name in names}:
        return "v6"
    if "servteamtype" in folded.get("referrals", set()):
        return "v6"
    contacts = folded.get("contacts", set())
    if contacts & {"attendstatus", "consmechanismmh"}:
        return "v5"
    if contacts & {"attendordnacode", "consmediumused"}:
        return "v4"
    return None

"""The columns of each table in each version of the data set, and how whole numbers become what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.mhsds.synthesis.contacts import SLOTS
from cmhs_metrics.mhsds.synthesis.dirt import NOT_A_DATE, UNKNOWN_CODE
from cmhs_metrics.mhsds.synthesis.hospital import BEDS, SOURCES
from cmhs_metrics.mhsds.synthesis.referrals import CODES, NULL
from cmhs_metrics.mhsds.synthesis.submissions import (
    CLOSING_REASONS,
    DISTRICTS,
    ETHNIC_CATEGORIES,
    REASONS,
    REJECTION_REASONS,
    SOURCES_OF_REFERRAL,
)

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

VERSIONS = ("v4", "v5", "v6")
_ID_DIGITS = 11
_NO_DATE = "31/02/20XX"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        As the version of the data set has it.
    of : str
        The column of the rows that it is made of.
    kind : str
        "whole", "date", "text date", "id" or "code".
    labels : tuple of str
        What the numbers of a code stand for; the prefix of an id.
    """

    name: str
    of: str
    kind: str
    labels: tuple[str, ...] = ()

    def arrow(self, values: Integers) -> Any:
        """The column as an Arrow array."""
        import pyarrow as pa

        missing = values == NULL
        if self.kind == "whole":
            return pa.array(values, mask=missing)
        if self.kind in ("date", "text date"):
            missing = missing | (values == NOT_A_DATE)
            days = np.where(missing, 0, values).astype("datetime64[D]")
            dates = pa.array(days, mask=missing)
            if self.kind == "date":
                return dates
            import pyarrow.compute as pc

            return pc.if_else(pa.array(values == NOT_A_DATE), _NO_DATE, pc.cast(dates, pa.string()))
        if self.kind == "code":
            index = pa.array(np.where(missing, 0, values).astype(np.int32), mask=missing)
            return pa.DictionaryArray.from_arrays(index, pa.array(self.labels, pa.string())).cast(pa.string())
        letters = self._letters(values)
        offsets = np.arange(len(values) + 1, dtype=np.int32) * letters.shape[1]
        valid = pa.array(~missing).buffers()[1] if missing.any() else None
        return pa.Array.from_buffers(
            pa.string(), len(values), [valid, pa.py_buffer(offsets), pa.py_buffer(letters.tobytes())]
        )

    def pandas(self, values: Integers) -> Any:
        """The column as pandas has it."""
        import pandas as pd

        missing = values == NULL
        if self.kind == "whole":
            if not missing.any():
                return pd.Series(values)
            return pd.Series(pd.array(np.where(missing, 0, values), dtype="Int64")).mask(missing)
        if self.kind == "date":
            days = np.where(missing, np.datetime64("NaT", "D"), np.where(missing, 0, values).astype("datetime64[D]"))
            return pd.Series(days.astype("datetime64[s]"))
        if self.kind == "text date":
            days = np.where(missing | (values == NOT_A_DATE), 0, values).astype("datetime64[D]").astype(str)
            texts = np.where(values == NOT_A_DATE, _NO_DATE, days).astype(object)
        elif self.kind == "code":
            texts = np.array([*self.labels, None], dtype=object)[np.where(missing, len(self.labels), values)]
        else:
            letters = np.ascontiguousarray(self._letters(values))
            texts = letters.view(f"S{letters.shape[1]}").ravel().astype(str).astype(object)
        texts[missing] = None
        return pd.Series(texts, dtype="str")

    def _letters(self, values: Integers) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        """The letters of ids: the prefix and the number with leading zeros."""
        prefix = np.frombuffer(self.labels[0].encode(), dtype=np.uint8)
        letters = np.empty((len(values), len(prefix) + _ID_DIGITS), dtype=np.uint8)
        letters[:, : len(prefix)] = prefix
        rest = np.where(values == NULL, 0, values)
        for place in range(_ID_DIGITS):
            rest, digit = np.divmod(rest, 10)
            letters[:, -1 - place] = digit + ord("0")
        return letters


def _coded(codes: dict[int, str], size: int) -> tuple[str, ...]:
    return tuple(codes.get(number, str(number)) for number in range(size))


_ATTENDANCE = _coded({UNKNOWN_CODE: "77"}, UNKNOWN_CODE + 1)
_MECHANISM = _coded({number: f"{number:02}" for number in range(10)}, 99)
_MECHANISM_V4 = _coded({number: f"{number:02}" for number in range(10)} | {11: "03", 9: "06"}, 99)
_CLUSTERS = tuple(f"{number:02}" for number in range(23))
_TIMES = tuple(f"{8 + slot // 4:02}:{slot % 4 * 15:02}:00" for slot in range(SLOTS))
_TEAM_CODES = (*CODES, "ZZZ")


def tables(version: str, dates: str, provider: int) -> dict[str, tuple[Column, ...]]:
    """The columns of each table.

    Parameters
    ----------
    version : str
        "v4", "v5" or "v6".
    dates : str
        "date", or "text" for ISO text.
    provider : int
        The number of the provider, for its code and its districts.

    Returns
    -------
    dict of str to tuple of Column
        By the name of the table in that version; where version 6 has another name for a table, that one.
    """
    date = "date" if dates == "date" else "text date"
    districts = (*(f"E079{provider:03}{place:02}" for place in range(DISTRICTS)), "W06009999")
    person = Column("Person_ID", "person_id", "id", ("SYNP",))
    referral = Column("UniqServReqID", "referral_id", "id", ("SYNR",))
    spell = Column("UniqHospProvSpellID", "spell_id", "id", ("SYNH",))
    submission = (
        Column("RecordNumber", "record", "whole"),
        Column("OrgIDProv", "organisation", "code", (f"SYN{provider:03}",)),
        Column("UniqMonthID", "month", "whole"),
    )
    rejection = (
        Column("ReferRejectionDate", "rejected", date),
        Column("ReferRejectReason", "reject_reason", "code", REJECTION_REASONS),
    )
    team = Column("UniqCareProfTeamLocalID" if version == "v6" else "UniqCareProfTeamID", "team_id", "id", ("SYNT",))
    here = (Column("ServTeamType", "code", "code", _TEAM_CODES), team, *rejection) if version == "v6" else ()
    other = "MHS102OtherServiceType" if version == "v6" else "MHS102ServiceTypeReferredTo"
    columns = {
        "MHS001MPI": (
            person,
            *submission,
            Column("LADistrictAuth", "district", "code", districts),
            Column("Gender", "sex", "code", _coded({}, 10)),
            Column("EthnicCategory", "ethnic", "code", ETHNIC_CATEGORIES),
            Column("AgeRepPeriodEnd", "age", "whole"),
        ),
        "MHS101Referral": (
            referral,
            person,
            *submission,
            Column("ReferralRequestReceivedDate", "received", date),
            Column("ServDischDate", "discharged", date),
            Column("SourceOfReferralMH", "source", "code", SOURCES_OF_REFERRAL),
            Column("PrimReasonReferralMH", "reason", "code", REASONS),
            Column("AgeServReferRecDate", "age", "whole"),
            *here,
        ),
        other: (
            referral,
            person,
            *submission,
            Column("ServTeamTypeRefToMH", "code", "code", _TEAM_CODES),
            team,
            Column("ReferClosureDate", "discharged", date),
            Column("ReferClosReason", "close_reason", "code", CLOSING_REASONS),
            *rejection,
        ),
        "MHS201CareContact": (
            Column("UniqCareContID", "contact_id", "id", ("SYNC",)),
            referral,
            person,
            *submission,
            Column("CareContDate", "date", date),
            Column("CareContTime", "slot", "code", _TIMES),
            Column("AttendOrDNACode" if version == "v4" else "AttendStatus", "attendance", "code", _ATTENDANCE),
            Column("ConsMediumUsed", "mechanism", "code", _MECHANISM_V4)
            if version == "v4"
            else Column("ConsMechanismMH", "mechanism", "code", _MECHANISM),
        ),
        "MHS204IndirectActivity": (referral, person, *submission, Column("IndirectActDate", "date", date)),
        "MHS501HospProvSpell": (
            spell,
            referral,
            person,
            *submission,
            Column("StartDateHospProvSpell", "begins", date),
            Column("DischDateHospProvSpell", "ends", date),
            Column("SourceAdmMHHospProvSpell", "source", "code", SOURCES),
        ),
        "MHS502WardStay": (
            Column("UniqWardStayID", "stay_id", "id", ("SYNW",)),
            spell,
            referral,
            person,
            *submission,
            Column("StartDateWardStay", "begins", date),
            Column("EndDateWardStay", "ends", date),
            Column("HospitalBedTypeMH", "bed", "code", BEDS),
        ),
        "MHS801ClusterTool": (
            Column("UniqClustID", "cluster_id", "id", ("SYNK",)),
            person,
            *submission,
            Column("AdultMHCareClusterCodeFinal", "cluster", "code", _CLUSTERS),
            Column("StartDateCareClust", "begins", date),
            Column("EndDateCareClust", "ends", date),
        ),
    }
    if version == "v6":
        del columns["MHS801ClusterTool"]
    return columns


def identified(rows: Rows, base: int, months: int) -> Rows:
    """Give rows the ids of the whole extract: `base` is the first number of the locality."""

    def whole(name: str) -> Integers:
        return np.where(rows[name] == NULL, NULL, base + rows[name])

    ids = {"person_id": whole("person"), "organisation": np.zeros(len(rows["month"]), dtype=np.int64)}
    ids["record"] = rows["month"] * months + np.where(rows["person"] == NULL, base, base + rows["person"])
    for name in ("referral", "contact", "spell"):
        if name in rows:
            ids[f"{name}_id"] = whole(name)
    if "episode" in rows:
        ids["cluster_id"] = whole("episode")
    if "bed" in rows:
        ids["stay_id"] = np.where(rows["spell"] == NULL, NULL, base + 2 * rows["spell"] + rows["second"])
    if "code" in rows:
        ids["team_id"] = np.where(rows["code"] == NULL, NULL, base // 1_000_000 * 100 + rows["code"])
    return rows | ids

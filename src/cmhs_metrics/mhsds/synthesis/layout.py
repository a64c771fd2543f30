"""The columns of each table in each version of the data set, and how whole numbers become what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.mhsds.synthesis.contacts import SLOTS
from cmhs_metrics.mhsds.synthesis.dirt import NOT_A_DATE, UNKNOWN_CODE, Written
from cmhs_metrics.mhsds.synthesis.hospital import BEDS, CLASSES, SOURCES
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
    from numpy.typing import NDArray

    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

    Letters = NDArray[np.uint8]

VERSIONS = ("v4", "v5", "v6")
_ID_DIGITS = 11
_NO_DATE, _PADDING = b"31/02/20XX", "  "
_WELL = Written()


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

    def arrow(self, values: Integers, written: Written = _WELL) -> Any:
        """The column as an Arrow array."""
        import pyarrow as pa

        missing = values == NULL
        if self.kind == "whole":
            return pa.array(values, mask=missing)
        if self.kind == "date":
            return pa.array(np.where(missing, 0, values).astype("datetime64[D]"), mask=missing)
        if self.kind == "code":
            labels, index = self._codes(values, written)
            codes = pa.array(np.maximum(index, 0).astype(np.int32), mask=index < 0)
            return pa.DictionaryArray.from_arrays(codes, pa.array(labels, pa.string())).cast(pa.string())
        letters, missing = self._letters(values, written)
        there = letters != 0
        offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
        valid = pa.array(~missing).buffers()[1] if missing.any() else None
        return pa.Array.from_buffers(
            pa.string(), len(values), [valid, pa.py_buffer(offsets), pa.py_buffer(letters[there].tobytes())]
        )

    def pandas(self, values: Integers, written: Written = _WELL) -> Any:
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
        if self.kind == "code":
            labels, index = self._codes(values, written)
            return pd.Series(np.array([*labels, None], dtype=object)[index], dtype="str")
        letters, missing = self._letters(values, written)
        # Bytes of nothing at the end of text are cut by NumPy.
        texts = np.ascontiguousarray(letters).view(f"S{letters.shape[1]}").ravel().astype(str).astype(object)
        texts[missing] = None
        return pd.Series(texts, dtype="str")

    def _codes(self, values: Integers, written: Written) -> tuple[list[str], Integers]:
        """How codes may be written, and which of these stands in each cell; -1 where nothing does."""
        padded = [f"{label}{_PADDING}" for label in self.labels]
        every = [*self.labels, *padded, *map(str.lower, self.labels), *map(str.lower, padded), "NULL"]
        index = values + len(self.labels) * (np.multiply(written.padded, 1) + np.multiply(written.lower, 2))
        return every, np.where(values == NULL, np.where(written.null, len(every) - 1, -1), index)

    def _letters(self, values: Integers, written: Written) -> tuple[Letters, NDArray[np.bool_]]:
        """The letters of ids and of dates as text, a row a cell, 0 after the last; and which cells are missing."""
        missing = values == NULL
        if self.kind == "id":
            prefix = np.frombuffer(self.labels[0].encode(), dtype=np.uint8)
            letters = np.zeros((len(values), len(prefix) + _ID_DIGITS + len(_PADDING)), dtype=np.uint8)
            letters[:, : len(prefix)] = prefix
            rest = np.where(missing, 0, values)
            for place in range(len(prefix) + _ID_DIGITS - 1, len(prefix) - 1, -1):
                rest, digit = np.divmod(rest, 10)
                letters[:, place] = digit + ord("0")
            letters[np.flatnonzero(written.padded), len(prefix) + _ID_DIGITS :] = ord(" ")
            letters[np.flatnonzero(written.lower), : len(prefix)] = prefix + 32
            return letters, missing
        no_date = values == NOT_A_DATE
        text = np.where(missing | no_date, 0, values).astype("datetime64[D]").astype("S10")
        letters = text.view(np.uint8).reshape(len(values), 10).copy()
        british = np.flatnonzero(written.british)
        letters[british] = letters[british][:, [8, 9, 4, 5, 6, 7, 0, 1, 2, 3]]
        letters[british, 2] = letters[british, 5] = ord("/")
        letters[no_date] = np.frombuffer(_NO_DATE, dtype=np.uint8)
        null = missing & written.null
        letters[null] = np.frombuffer(b"NULL".ljust(10, b"\0"), dtype=np.uint8)
        return letters, missing & ~null


def _coded(codes: dict[int, str], size: int) -> tuple[str, ...]:
    return tuple(codes.get(number, str(number)) for number in range(size))


_ATTENDANCE = _coded({UNKNOWN_CODE: "77"}, UNKNOWN_CODE + 1)
_MECHANISM = _coded({number: f"{number:02}" for number in range(10)}, 99)
_MECHANISM_V4 = _coded({number: f"{number:02}" for number in range(10)} | {11: "03", 9: "06"}, 99)
_CLUSTERS = tuple(f"{number:02}" for number in range(23))
_TIMES = tuple(f"{8 + slot // 4:02}:{slot % 4 * 15:02}:00" for slot in range(SLOTS))
_TEAM_CODES, _UNKNOWN = (*CODES, "ZZZ"), "999"


def tables(version: str, dates: str, provider: int) -> dict[str, tuple[Column, ...]]:
    """The columns of each table by its name in a version; dates are "date", or "text" for text.

    The number of the provider is in its code and its districts.
    """
    date = "date" if dates == "date" else "text date"
    newest = version == "v6"
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
    closing = Column("ReferClosReason", "close_reason", "code", CLOSING_REASONS)
    # From version 6 on rows name a team, and the type of each team stands in a table of its own.
    team, other = (
        Column(name, "team_id", "id", ("SYNT",)) for name in ("UniqCareProfTeamLocalID", "UniqOtherCareProfTeamLocalID")
    )
    code = Column("ServTeamTypeMH" if newest else "ServTeamTypeRefToMH", "code", "code", _TEAM_CODES)
    services = (other,) if newest else (code, Column("UniqCareProfTeamID", "team_id", "id", ("SYNT",)))
    method, destination = (
        ("DischMethCodeHospProvSpell", "DischDestCodeHospProvSpell")
        if version == "v4"
        else ("MethOfDischMHHospProvSpell", "DestOfDischHospProvSpell")
    )
    columns = {
        "MHS001MPI": (
            person,
            *submission,
            Column("LADistrictAuth", "district", "code", districts),
            # Indeterminate, 9, is no code of the newer column: other, 4.
            Column("GenderIDCode", "sex", "code", _coded({9: "4"}, 10))
            if newest
            else Column("Gender", "sex", "code", _coded({}, 10)),
            Column("EthnicCategory", "ethnic", "code", ETHNIC_CATEGORIES),
            Column("AgeRepPeriodEnd", "age", "whole"),
            Column("PersDeathDate", "died", date),
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
            *((team, *rejection, closing) if newest else ()),
        ),
        "MHS102OtherServiceType" if newest else "MHS102ServiceTypeReferredTo": (
            referral,
            person,
            *submission,
            *services,
            Column("ReferClosureDate", "discharged", date),
            closing,
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
            *((other,) if newest else ()),
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
            Column(method, "discharge", "code", ("1",)),
            Column(destination, "discharge", "code", ("19",)),
        ),
        "MHS502WardStay": (
            Column("UniqWardStayID", "stay_id", "id", ("SYNW",)),
            spell,
            referral,
            person,
            *submission,
            Column("StartDateWardStay", "begins", date),
            Column("EndDateWardStay", "ends", date),
            Column("MHAdmittedPatientClass", "bed", "code", (*CLASSES, _UNKNOWN))
            if newest
            else Column("HospitalBedTypeMH", "bed", "code", (*BEDS, _UNKNOWN)),
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
    if newest:
        del columns["MHS801ClusterTool"]
        columns["MHS902ServiceTeamDetails"] = (team, *submission[1:], code)
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

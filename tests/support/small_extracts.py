"""Small tables of the data set, written row by row, and the one row of a result."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.support.engines import cells


def day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def columns(names: str, rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[number] for row in rows] for number, name in enumerate(names.split())}


def referral_rows(*rows: tuple[str, str, int, str | None, str | None]) -> dict[str, list[Any]]:
    """Person, referral, month, received, discharged."""
    named = columns("Person_ID UniqServReqID UniqMonthID ReferralRequestReceivedDate ServDischDate", list(rows))
    for name in ("ReferralRequestReceivedDate", "ServDischDate"):
        named[name] = [day(text) for text in named[name]]
    # Submitted to the end of the year: what is not submitted any more is closed.
    named["UniqMonthID"] = [month + 11 for month in named["UniqMonthID"]]
    count = len(rows)
    return named | {"OrgIDProv": ["RX1"] * count, "AgeServReferRecDate": [40] * count, "RecordNumber": [*range(count)]}


def contact_rows(*rows: tuple[str, str, str, int, str, str, str]) -> dict[str, list[Any]]:
    """Contact, person, referral, month, date, attendance, mechanism."""
    names = "UniqCareContID Person_ID UniqServReqID UniqMonthID CareContDate AttendStatus ConsMechanismMH"
    named = columns(names, list(rows))
    return named | {"CareContDate": [day(text) for text in named["CareContDate"]]}


def service_rows(referrals: dict[str, list[Any]], team: str = "A06") -> dict[str, list[Any]]:
    return {
        "UniqServReqID": referrals["UniqServReqID"],
        "RecordNumber": referrals["RecordNumber"],
        "ServTeamTypeRefToMH": [team] * len(referrals["RecordNumber"]),
    }


def row(table: Any) -> dict[str, Any]:
    found = cells(table)
    assert {len(values) for values in found.values()} == {1}
    return {name: values[0] for name, values in found.items()}

"""Contacts: the latest submission of each; what is direct, face to face or missed; a referral's first and second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.records.codes import ATTENDED, DID_NOT_ATTEND, DIRECT, FACE_TO_FACE
from cmhs_metrics.mhsds.records.dates import NEVER, Span
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

FLOWS = ("contacts", "face_to_face_contacts", "did_not_attends")
ITEM = ("Person_ID", "UniqCareContID")


def latest_contacts(extract: Extract, persons: Frame | None = None) -> Frame:
    """Latest submission of each contact, with what it is.

    The row of the greatest UniqMonthID; of several, of the greatest RecordNumber, then the latest date, then the
    greatest codes of attendance and mechanism, then the greatest UniqServReqID. Attended is 5 or 6; direct, attended
    and face to face (01), by telephone (02), talk type (04) or video (11).

    Parameters
    ----------
    extract : Extract
        The extract.
    persons : frame, optional
        The `Person_ID` whose contacts are wanted; all, if not given.

    Returns
    -------
    frame
        `Person_ID`, `UniqServReqID`, `UniqCareContID`, `date` as a day number, NEVER where it is missing; `direct`,
        `face_to_face` and `missed`, 1 or 0.
    """
    columns = ["UniqMonthID", "RecordNumber", "CareContDate", "AttendStatus", "ConsMechanismMH"]
    rows = extract.rows("contacts", [*ITEM, "UniqServReqID", *columns])
    if persons is not None:
        rows = rows.join(persons, on="Person_ID", how="semi")
    record = ["RecordNumber"] if extract.has("contacts", "RecordNumber") else []
    codes = ["AttendStatus", "ConsMechanismMH"]
    last = latest(extract, rows, ITEM, ["UniqMonthID", *record, "CareContDate", *codes, "UniqServReqID"])
    status, mechanism = nw.col("AttendStatus").fill_null(""), nw.col("ConsMechanismMH").fill_null("")
    attended = status.is_in(list(ATTENDED))
    return last.select(
        *ITEM,
        "UniqServReqID",
        nw.col("CareContDate").fill_null(NEVER).alias("date"),
        _flag(attended & mechanism.is_in(list(DIRECT))).alias("direct"),
        _flag(attended & (mechanism == FACE_TO_FACE)).alias("face_to_face"),
        _flag(status.is_in(list(DID_NOT_ATTEND))).alias("missed"),
    )


def with_contacts(
    extract: Extract, referrals: Frame, spans: Sequence[Span] = (), *, order: bool = True, flows: Sequence[str] = FLOWS
) -> Frame:
    """Referrals with their first and second direct contact, and their contacts in some periods.

    Parameters
    ----------
    extract : Extract
        The extract.
    referrals : frame
        The facts of referrals.
    spans : sequence of Span
        The periods.
    order : bool
        Whether the first and second contact are wanted. One dated before the referral was received is neither.
    flows : sequence of str
        Which counts are wanted.

    Returns
    -------
    frame
        The referrals; with `first` and `second` as day numbers, NEVER where there is none, and `contacts_0` … of each
        period.
    """
    rows = latest_contacts(extract).filter(~nw.col("UniqServReqID").is_null())
    counted = {"contacts": "direct", "face_to_face_contacts": "face_to_face", "did_not_attends": "missed"}
    prepared = []
    for number, span in enumerate(spans):
        within = (nw.col("date") >= span.first) & (nw.col("date") <= span.last)
        prepared += [
            nw.when(within).then(nw.col(counted[name])).otherwise(nw.lit(0)).alias(f"{name}_{number}") for name in flows
        ]
    names = [f"{name}_{number}" for number in range(len(spans)) for name in flows]
    days = ["day"] if order else []
    day = nw.when((nw.col("direct") == 1) & (nw.col("date") < NEVER)).then(nw.col("date")).alias("day")
    rows = rows.with_columns(*prepared, *([day] if order else [])).select(*REFERRAL, *days, *names)
    if order:
        found = extract.engine.first_two(referrals, rows, REFERRAL, names)
    else:
        sums = rows.group_by(*REFERRAL).agg(*(nw.col(name).sum() for name in names))
        found = referrals.join(sums, on=list(REFERRAL), how="left")
    missing = [*((name, NEVER) for name in ("first", "second") if order), *((name, 0) for name in names)]
    return found.with_columns(*(nw.col(name).fill_null(value) for name, value in missing))


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)

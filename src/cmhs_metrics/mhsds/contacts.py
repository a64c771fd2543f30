"""Contacts: the latest submission of each; what is direct, face to face or missed; a referral's first and second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.codes import ATTENDED, DID_NOT_ATTEND, DIRECT, FACE_TO_FACE
from cmhs_metrics.mhsds.dates import NEVER, Span
from cmhs_metrics.mhsds.engines import POLARS, numbered, two_smallest
from cmhs_metrics.mhsds.latest import latest
from cmhs_metrics.mhsds.referrals import REFERRAL, latest_referrals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.extract import Extract, Frame

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
    rows = extract.read("contacts", [*ITEM, "UniqServReqID", *columns])
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


def contacts_of_referrals(
    extract: Extract, spans: Sequence[Span] = (), *, order: bool = True, flows: Sequence[str] = FLOWS
) -> Frame:
    """First and second direct contact of each referral, and its contacts in some periods.

    Parameters
    ----------
    extract : Extract
        The extract.
    spans : sequence of Span
        The periods.
    order : bool
        Whether the first and second contact are wanted. One dated before the referral was received is neither.
    flows : sequence of str
        Which counts are wanted.

    Returns
    -------
    frame
        `Person_ID`, `UniqServReqID`; `first` and `second` as day numbers; `contacts_0` … of each period.
    """
    rows = latest_contacts(extract).filter(~nw.col("UniqServReqID").is_null())
    counted = {"contacts": "direct", "face_to_face_contacts": "face_to_face", "did_not_attends": "missed"}
    prepared = []
    for number_, span in enumerate(spans):
        within = (nw.col("date") >= span.first) & (nw.col("date") <= span.last)
        prepared += [
            nw.when(within).then(nw.col(counted[name])).otherwise(nw.lit(0)).alias(f"{name}_{number_}")
            for name in flows
        ]
    names = [f"{name}_{number_}" for number_ in range(len(spans)) for name in flows]
    sums = [nw.col(name).sum() for name in names]
    if not order:
        return rows.with_columns(*prepared).group_by(*REFERRAL).agg(*sums)
    referrals = latest_referrals(extract).select(*REFERRAL, "received")
    key = list(REFERRAL)
    if extract.engine is POLARS:
        # Whole numbers are grouped faster than ids.
        referrals, key = numbered(referrals, "number"), ["number"]
    rows = rows.join(referrals, on=list(REFERRAL), how="inner")
    counts = (nw.col("direct") == 1) & (nw.col("date") >= nw.col("received"))
    rows = rows.with_columns(*prepared, nw.when(counts).then(nw.col("date")).otherwise(nw.lit(NEVER)).alias("first"))
    rows = rows.select(*key, "first", *names)
    if extract.engine is POLARS:
        two = two_smallest(rows, "number", "first", "second", NEVER, names)
        return referrals.drop("received").join(two, on="number", how="inner").drop("number")
    # The earliest, and the earliest of the contacts besides the one that is first.
    rows = rows.with_columns(nw.col("first").rank("ordinal").over(*key).alias("place"))
    later = nw.when(nw.col("place") > 1).then(nw.col("first")).otherwise(nw.lit(NEVER))
    rows = rows.with_columns(later.cast(nw.Int32).alias("second"))
    return rows.group_by(*key).agg(nw.col("first").min(), nw.col("second").min(), *sums)


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)

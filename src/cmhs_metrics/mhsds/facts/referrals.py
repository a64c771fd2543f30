"""Referrals: the latest submission of each, and its facts, one row a referral.

What is said of a referral here: when it was received, discharged, rejected and closed; of which team type it is;
whether it is in scope; who the person is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.records.codes import OLDER_CODES, Scope
from cmhs_metrics.mhsds.records.dates import NEVER, last_day_of_month
from cmhs_metrics.mhsds.records.latest import LOWEST, end_date, latest, number

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

REFERRAL = ("Person_ID", "UniqServReqID")
"""What a referral is named by."""
NO_CODE = "~"
"""Stands for a service without a team type: after every code."""
NO_RANK = "20" + NO_CODE
"""The rank of no service: after every one."""
OWN_SERVICE = ("ServTeamType", "ReferRejectionDate", "ReferRejectReason")
"""What a referral says of its own service, from version 6 on."""


def latest_referrals(extract: Extract, columns: Sequence[str] = ()) -> Frame:
    """Latest submission of each referral that has a received date.

    The row of the greatest UniqMonthID; of several, of the greatest RecordNumber, then the latest received date, then
    without a discharge, then the latest discharge.
    """
    always = ["UniqMonthID", "RecordNumber", "ReferralRequestReceivedDate", "ServDischDate"]
    rows = extract.rows("referrals", [*REFERRAL, *dict.fromkeys([*always, *columns])])
    record = ["RecordNumber"] if extract.has("referrals", "RecordNumber") else []
    order: list[str | nw.Expr] = [
        number("UniqMonthID"),
        *record,
        "ReferralRequestReceivedDate",
        end_date("ServDischDate"),
    ]
    last = latest(extract, rows, REFERRAL, order, resubmitted=True)
    last = last.filter(~nw.col("ReferralRequestReceivedDate").is_null())
    return last.rename({"ReferralRequestReceivedDate": "received"})


def facts(
    extract: Extract, scopes: Sequence[Scope], *, lapsed: str = "open", people: Sequence[str] = (), age: bool = False
) -> Frame:
    """Facts of each referral.

    Parameters
    ----------
    extract : Extract
        The extract.
    scopes : sequence of Scope
        The scopes that are asked for.
    lapsed : {"open", "closed"}
        What becomes of a referral that is open and was not submitted in the extract's last month.
    people : sequence of str
        Columns of MHS001MPI that are wanted besides.
    age : bool
        Whether the age when referred is wanted.

    Returns
    -------
    frame
        One row a referral: `Person_ID`, `UniqServReqID`, `UniqMonthID`, `OrgIDProv`; `received`, `discharged`,
        `rejected` and `closed` as day numbers, NEVER where it was not; `age`; `in_0`, `in_1` … (1 where it is in that
        scope) with `team_0` …, its team type there; the columns of people.
    """
    age = age or any(scope.minimum_age for scope in scopes)
    at_home = any(scope.england_only for scope in scopes) and extract.has("people", "LADistrictAuth")
    of_people = list(dict.fromkeys([*people, *(["LADistrictAuth"] if at_home else [])]))
    own = bool(scopes) and extract.has("referrals", "ServTeamType")
    columns = ["OrgIDProv", *(["AgeServReferRecDate"] if age else [])]
    columns += OWN_SERVICE if own else []
    rows = latest_referrals(extract, columns)
    rows = rows.with_columns(nw.col("ServDischDate").fill_null(NEVER).alias("discharged"))
    carried = [name for name in rows.collect_schema().names() if name not in (*REFERRAL, "ServDischDate")]
    single = [nw.col(name).max() for name in carried]
    if of_people and "people" in extract.tables:
        rows, single = _with_people(extract, rows, of_people, single)
    if scopes and "service_types" in extract.tables:
        rows, single = _with_services(extract, rows, scopes, single)
    if any(scope.exclude_hospital_spells for scope in scopes) and extract.has("hospital_spells", *REFERRAL):
        spells = extract.rows("hospital_spells", REFERRAL)
        spells = spells.filter(*(~nw.col(name).is_null() for name in REFERRAL)).unique()
        rows = rows.join(spells.with_columns(nw.lit(1).alias("linked")), on=list(REFERRAL), how="left")
        single.append(nw.col("linked").max())
    one = rows.group_by(*REFERRAL).agg(*single) if len(single) > len(carried) else rows.drop("ServDischDate")
    if own:
        one = _with_own_service(one, scopes)
    held = one.collect_schema().names()
    rejected = nw.lit(NEVER)
    if "rejected_on" in held:
        every = nw.col("all_rejected").fill_null(0) == 1
        rejected = nw.when(every).then(nw.col("rejected_on")).otherwise(nw.lit(NEVER))
    one = one.with_columns(rejected.cast(nw.Int32).alias("rejected"))
    one = one.with_columns(nw.min_horizontal("discharged", "rejected").alias("closed"))
    if lapsed == "closed":
        one = _with_lapses(extract, one)
    for place, scope in enumerate(scopes):
        one = one.with_columns(*_scope(place, scope, held))
    if age:
        one = one.with_columns(nw.col("AgeServReferRecDate").alias("age"))
    asked = [f"{name}_{number}" for number in range(len(scopes)) for name in ("in", "team")]
    dates = ["received", "discharged", "rejected", "closed"]
    provider = ["OrgIDProv"] if "OrgIDProv" in held else []
    kept = [name for name in people if name in held]
    return one.select(
        *REFERRAL, "UniqMonthID", *provider, *dates, *(["age"] if age else []), *asked, *kept,
    )  # fmt: skip


def row_key(extract: Extract, table: str) -> str:
    """The column by which a row of another table finds the referral's latest row: its record number, or its month."""
    both = extract.has("referrals", "RecordNumber") and extract.has(table, "RecordNumber")
    return "RecordNumber" if both else "UniqMonthID"


def services(extract: Extract) -> Frame:
    """Every row of the table of service types, C03 read as C10, with whether and when it was rejected."""
    key = row_key(extract, "service_types")
    rows = extract.rows("service_types", ["UniqServReqID", key, *_SERVICE])
    rows = rows.filter(~nw.col("UniqServReqID").is_null(), ~nw.col(key).is_null())
    held = rows.collect_schema().names()
    return rows.with_columns(*_rejection(held), team_of("ServTeamTypeRefToMH"))


_SERVICE = ("ServTeamTypeRefToMH", "ReferRejectionDate", "ReferRejectReason")


def team_of(name: str) -> nw.Expr:
    """The code of a team type as it is now, `NO_CODE` where there is none."""
    code = nw.col(name).fill_null(NO_CODE)
    newer = {**OLDER_CODES, "": NO_CODE}
    return code.replace_strict(list(newer), list(newer.values()), default=code, return_dtype=nw.String).alias("team")


def rejected_by(held: Container[str]) -> tuple[nw.Expr, nw.Expr]:
    """Whether a row has the date of a rejection, and whether it has a reason for one."""
    dated = ~nw.col("ReferRejectionDate").is_null() if "ReferRejectionDate" in held else nw.lit(False)
    reason = nw.col("ReferRejectReason").fill_null("") != "" if "ReferRejectReason" in held else nw.lit(False)
    return dated, reason


def _rejection(held: Sequence[str]) -> list[nw.Expr]:
    """Whether a row is rejected, and the date; LOWEST where only a reason is there."""
    dated, reason = rejected_by(held)
    date = nw.col("ReferRejectionDate").fill_null(LOWEST) if "ReferRejectionDate" in held else nw.lit(LOWEST)
    return [nw.when(dated | reason).then(nw.lit(1)).otherwise(nw.lit(0)).alias("is_rejected"), date.alias("on")]


def _or_received(name: str) -> nw.Expr:
    date = nw.col(name).fill_null(LOWEST)
    return nw.when(date > LOWEST).then(date).otherwise(nw.col("received")).alias(name)


def _rank(scope: Scope) -> nw.Expr:
    """Text by which the services of a referral are ordered: in scope first, then not rejected, then the lowest code."""
    inside = nw.lit(True) if scope.team_types is None else nw.col("team").is_in(list(scope.team_types))
    first = nw.when(inside).then(nw.lit("0")).otherwise(nw.lit("1"))
    second = nw.when(nw.col("is_rejected") == 1).then(nw.lit("1")).otherwise(nw.lit("0"))
    return nw.concat_str(first, second, nw.col("team"))


def _with_people(
    extract: Extract, rows: Frame, columns: Sequence[str], single: list[nw.Expr]
) -> tuple[Frame, list[nw.Expr]]:
    """Each referral with the rows of its person: the same record number, or the same month."""
    key = row_key(extract, "people")
    people = extract.rows("people", ["Person_ID", key, *columns])
    held = [name for name in columns if name in people.collect_schema().names()]
    people = people.filter(~nw.col("Person_ID").is_null(), ~nw.col(key).is_null())
    return rows.join(people, on=["Person_ID", key], how="left"), [*single, *(nw.col(name).max() for name in held)]


def _with_services(
    extract: Extract, rows: Frame, scopes: Sequence[Scope], single: list[nw.Expr]
) -> tuple[Frame, list[nw.Expr]]:
    key = row_key(extract, "service_types")
    found = services(extract).with_columns(*(_rank(scope).alias(f"rank_{n}") for n, scope in enumerate(scopes)))
    names = [f"rank_{n}" for n in range(len(scopes))]
    found = found.select(
        "UniqServReqID", key, *names, nw.col("is_rejected").alias("all_rejected"), nw.col("on").alias("rejected_on")
    )
    rows = rows.join(found, on=["UniqServReqID", key], how="left")
    # The received date stands in for the date of a rejection that has only a reason.
    rows = rows.with_columns(_or_received("rejected_on"))
    summary = [*(nw.col(name).min() for name in names), nw.col("all_rejected").min(), nw.col("rejected_on").max()]
    return rows, [*single, *summary]


def with_own_service(rows: Frame) -> Frame:
    """From version 6 on a referral is a row of services itself, if it names any: a team type or a rejection.

    With `team`, `is_rejected` and `on` as `services` has them, and `names_a_service`.
    """
    rows = rows.with_columns(*_rejection(rows.collect_schema().names()), team_of("ServTeamType"))
    return rows.with_columns(((nw.col("team") != NO_CODE) | (nw.col("is_rejected") == 1)).alias("names_a_service"))


def _with_own_service(rows: Frame, scopes: Sequence[Scope]) -> Frame:
    """The services of each referral summed up, its own among them."""
    has_others = "all_rejected" in rows.collect_schema().names()
    rows = with_own_service(rows).with_columns(_or_received("on"))
    own, others = nw.col("names_a_service"), nw.lit(False)
    if has_others:
        others = ~nw.col("all_rejected").is_null()
    ranks = []
    for n, scope in enumerate(scopes):
        rank = nw.when(own).then(_rank(scope)).otherwise(nw.lit(NO_RANK))
        if has_others:
            other = nw.col(f"rank_{n}").fill_null(NO_RANK)
            rank = nw.when(other < rank).then(other).otherwise(rank)
        ranks.append(rank.alias(f"rank_{n}"))
    own_rejected, date = nw.col("is_rejected") == 1, nw.col("on")
    rejected = own & own_rejected
    if has_others:
        # A referral without other rows has in `rejected_on` the received date that stood in for theirs.
        all_others = nw.col("all_rejected").fill_null(1) == 1
        rejected = (own | others) & (own_rejected | ~own) & all_others
        later = nw.max_horizontal("rejected_on", "on")
        date = nw.when(own & others).then(later).otherwise(nw.when(own).then(date).otherwise(nw.col("rejected_on")))
    flag = nw.when(rejected).then(nw.lit(1)).otherwise(nw.lit(0))
    return rows.with_columns(*ranks, flag.alias("all_rejected"), date.alias("rejected_on"))


def _scope(number: int, scope: Scope, held: Sequence[str]) -> list[nw.Expr]:
    """Whether a referral is in a scope, and its team type there."""
    has_rank = f"rank_{number}" in held
    rank = nw.col(f"rank_{number}").fill_null(NO_RANK) if has_rank else nw.lit(NO_RANK)
    inside = nw.lit(True) if scope.team_types is None else rank.str.starts_with("0")
    if scope.minimum_age:
        inside = inside & (nw.col("AgeServReferRecDate").fill_null(-1) >= scope.minimum_age)
    if scope.england_only and "LADistrictAuth" in held:
        residence = nw.col("LADistrictAuth").fill_null("")
        inside = inside & ((residence == "") | residence.str.starts_with("E"))
    if scope.exclude_hospital_spells and "linked" in held:
        inside = inside & (nw.col("linked").fill_null(0) == 0)
    return [
        nw.when(inside).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32).alias(f"in_{number}"),
        rank.str.slice(2).alias(f"team_{number}"),
    ]


def _with_lapses(extract: Extract, rows: Frame) -> Frame:
    """Close what is open and was last submitted before the extract's last month, on the last day of its own."""
    months = extract.rows("referrals", ["UniqMonthID"])
    rows = rows.join(months.select(nw.col("UniqMonthID").max().alias("last_month")), how="cross")
    gone = (nw.col("closed") == NEVER) & (nw.col("UniqMonthID") < nw.col("last_month"))
    closed = nw.when(gone).then(last_day_of_month(nw.col("UniqMonthID"))).otherwise(nw.col("closed"))
    return rows.with_columns(closed.cast(nw.Int32).alias("closed"))

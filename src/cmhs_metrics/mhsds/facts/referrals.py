"""Referrals: the latest submission of each, and its facts, one row a referral.

What is said of a referral here: when it was received, discharged, rejected and closed; of which team type it is;
whether it is in scope; who the person is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.facts.commissioners import COMMISSIONER, RESIDENCE, with_commissioner
from cmhs_metrics.mhsds.records.codes import OLDER_CODES, REJECTION_REASONS, Scope
from cmhs_metrics.mhsds.records.columns import TABLES
from cmhs_metrics.mhsds.records.dates import NEVER, first_day_of_month, last_day_of_month, year_days
from cmhs_metrics.mhsds.records.latest import LOWEST, end_date, latest, mostly_once, number

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

REFERRAL = ("Person_ID", "UniqServReqID")
"""What a referral is named by."""
NO_CODE = "~"
"""Stands for a service without a team type: after every code."""
NO_RANK = "20" + NO_CODE
"""The rank of no service: after every one."""
OWN_SERVICE = (
    "OrgIDProv", "ServTeamType", "UniqCareProfTeamLocalID", "UniqSubmissionID", "ReferRejectionDate",
    "ReferRejectReason",
)  # fmt: skip
"""What a referral says of its own service, from version 6 on; a team's local id is its provider's."""


def latest_referrals(extract: Extract, columns: Sequence[str] = ()) -> Frame:
    """Latest submission of each referral that has a received date.

    The row of the greatest UniqMonthID; of several, of the greatest RecordNumber, then the latest received date, then
    without a discharge, then the latest discharge.
    """
    always = ["UniqMonthID", "RecordNumber", "ReferralRequestReceivedDate", "ServDischDate"]
    rows = extract.rows("referrals", [*REFERRAL, *dict.fromkeys([*always, *columns])], last_of=REFERRAL)
    record = ["RecordNumber"] if extract.has("referrals", "RecordNumber") else []
    order: list[str | nw.Expr] = [
        number("UniqMonthID"),
        *record,
        "ReferralRequestReceivedDate",
        end_date("ServDischDate"),
    ]
    last = latest(extract, rows, REFERRAL, order, once=mostly_once(extract, "referrals", REFERRAL))
    last = last.filter(~nw.col("ReferralRequestReceivedDate").is_null())
    return last.rename({"ReferralRequestReceivedDate": "received"})


def facts(
    extract: Extract, scopes: Sequence[Scope], *, lapsed: str = "closed", people: Sequence[str] = (), age: bool = False,
    years: Sequence[int] = (), inside: bool = False,
) -> Frame:  # fmt: skip
    """Facts of each referral.

    `lapsed`: what becomes of a referral that is open and was not submitted in the extract's last month. `people`:
    columns of MHS001MPI that are wanted besides, and "commissioner". `age`: whether the age when referred is wanted.
    `years`: the financial years, by the number of their April, in which links to hospital spells are asked for.
    `inside`: whether only the referrals in one of the scopes are wanted; of one in a later scope alone, what its
    services say is then not told. Gives one row a referral: `Person_ID`, `UniqServReqID`, `UniqMonthID`, `OrgIDProv`;
    `received`, `discharged`, `rejected`, `closed` (the earliest of discharge, rejection and lapse) and `end` (of its
    part of a spell) as day numbers, NEVER where it was not; `linked` (from when on it is known to be linked to a
    hospital spell) and `linked_<year>`; `age`; `in_0`, `in_1` … (1 where it is in that scope, hospital spells apart)
    with `team_0` …, its team type there; the columns of people. Rejection and end are those of the services in the
    first scope.
    """
    age = age or any(scope.minimum_age for scope in scopes)
    at_home = any(scope.england_only for scope in scopes) and extract.has("people", "LADistrictAuth")
    of_people = [RESIDENCE if name == COMMISSIONER else name for name in people]
    of_people = list(dict.fromkeys([*of_people, *(["LADistrictAuth"] if at_home else [])]))
    own = bool(scopes) and has_own_service(extract)
    columns = ["OrgIDProv", *(["AgeServReferRecDate"] if age else []), *(OWN_SERVICE if own else [])]
    rows = latest_referrals(extract, columns)
    rows = rows.with_columns(nw.col("ServDischDate").fill_null(NEVER).alias("discharged"))
    carried = [name for name in rows.collect_schema().names() if name not in (*REFERRAL, "ServDischDate")]
    single = [nw.col(name).max() for name in carried]
    if scopes and "service_types" in extract.tables:
        rows, single = _with_services(extract, rows, scopes, single, inside=inside, own=own)
    if of_people and "people" in extract.tables:
        rows, single = _with_people(extract, rows, of_people, single)
    one = rows.group_by(*REFERRAL).agg(*single) if len(single) > len(carried) else rows.drop("ServDischDate")
    one = with_commissioner(extract, one) if COMMISSIONER in people else one
    if any(scope.exclude_hospital_spells for scope in scopes) and extract.has("hospital_spells", *REFERRAL):
        one = one.join(_links(extract, years), on=list(REFERRAL), how="left")
    if own:
        one = _with_own_service(extract, one, scopes)
    one = _with_ends(extract, one, lapsed)
    held = one.collect_schema().names()
    for place, scope in enumerate(scopes):
        one = one.with_columns(*_scope(place, scope, held))
    if age:
        one = one.with_columns(nw.col("AgeServReferRecDate").alias("age"))
    if inside:
        names = [f"in_{number}" for number in range(len(scopes))]
        # Spark knows no greatest of one.
        one = one.filter(nw.max_horizontal(*names) == 1 if len(names) > 1 else nw.col("in_0") == 1)
    asked = [f"{name}_{number}" for number in range(len(scopes)) for name in ("in", "team")]
    dates = ["received", "discharged", "rejected", "closed", "end"]
    optional = ["OrgIDProv", "linked", *(f"linked_{year}" for year in years), *people]
    kept = [name for name in optional if name in held]
    return one.select(*REFERRAL, "UniqMonthID", *dates, *(["age"] if age else []), *asked, *kept)


def _links(extract: Extract, years: Sequence[int]) -> Frame:
    """From when on a referral is known to be linked to a hospital spell, and to one of each of some financial years.

    Known from the month in which the spell was submitted; where that is not told, from the day that it began.
    """
    rows = extract.rows("hospital_spells", [*REFERRAL, "UniqMonthID", "StartDateHospProvSpell"])
    held = rows.collect_schema().names()
    rows = rows.filter(*(~nw.col(name).is_null() for name in REFERRAL))
    since = nw.col("StartDateHospProvSpell").fill_null(LOWEST) if "StartDateHospProvSpell" in held else nw.lit(LOWEST)
    if "UniqMonthID" in held:
        month = nw.col("UniqMonthID")
        since = nw.when(~month.is_null()).then(first_day_of_month(month)).otherwise(since)
    rows = rows.with_columns(since.cast(nw.Int64).alias("linked"))
    of_years = []
    for year in years:
        first, last = year_days(year)
        # A link of no month and no day is one of every year.
        inside = (nw.col("linked") == LOWEST) | ((nw.col("linked") >= first) & (nw.col("linked") <= last))
        of_years.append(nw.when(inside).then(nw.col("linked")).otherwise(nw.lit(NEVER)).alias(f"linked_{year}"))
    rows = rows.with_columns(*of_years) if of_years else rows
    names = ["linked", *(f"linked_{year}" for year in years)]
    return rows.group_by(*REFERRAL).agg(*(nw.col(name).min() for name in names))


def _with_ends(extract: Extract, rows: Frame, lapsed: str) -> Frame:
    """When a referral was rejected, closed, and ended as part of a spell.

    Its end is the discharge, else that of the services; where there is none, or it lies after the last month in which
    the referral was submitted, the end of that month.
    """
    held = rows.collect_schema().names()
    rejected, ends = nw.lit(NEVER), nw.lit(NEVER)
    if "rank_0" in held:
        rank = nw.col("rank_0").fill_null(NO_RANK)
        inside, refused = rank.str.starts_with("0"), rank.str.slice(1, 1) == "1"
        on = nw.when(inside).then(nw.col("on_in")).otherwise(nw.col("on_any")).fill_null(NEVER)
        rejected = nw.when(refused).then(on).otherwise(nw.lit(NEVER))
        ends = nw.when(inside).then(nw.col("ends_in")).otherwise(nw.col("ends_any")).fill_null(NEVER)
    month = nw.col("UniqMonthID")
    month_end = nw.when(~month.is_null()).then(last_day_of_month(month)).otherwise(nw.lit(NEVER))
    rows = rows.with_columns(rejected.cast(nw.Int32).alias("rejected"), ends.cast(nw.Int32).alias("ends"))
    rows = rows.with_columns(
        nw.min_horizontal("discharged", "rejected").alias("closed"),
        nw.when(nw.col("discharged") < NEVER).then(nw.col("discharged")).otherwise(nw.col("ends")).alias("end"),
    )
    if lapsed == "closed":
        months = extract.rows("referrals", ["UniqMonthID"])
        rows = rows.join(months.select(number("UniqMonthID").max().alias("last_month")), how="cross")
        rows = rows.with_columns(month_end.cast(nw.Int32).alias("month_end"))
        # What was submitted in a month is open at its end.
        lapses = nw.when(nw.col("UniqMonthID") < nw.col("last_month")).then(nw.col("month_end") + 1)
        rows = rows.with_columns(lapses.fill_null(NEVER).cast(nw.Int32).alias("lapses"))
        rows = rows.with_columns(
            nw.min_horizontal("closed", "lapses").alias("closed"), nw.min_horizontal("end", "month_end").alias("end")
        )
    return rows.with_columns(nw.max_horizontal("end", "received").alias("end"))


def row_key(extract: Extract, table: str) -> str:
    """The column by which a row of another table finds the referral's latest row: its record number, or its month."""
    problems = extract.require({table: TABLES[table].item}, f"row of {table} that is known to be theirs")
    if problems:
        raise BadInput("the extract", problems)
    key = shared_key(extract, table)
    if key is None:
        expected = (
            f"RecordNumber or UniqMonthID, as referrals have: without one no row of {table} is known to be theirs"
        )
        raise BadInput("the extract", [Problem(table, None, None, expected)])
    return key


def shared_key(extract: Extract, table: str) -> str | None:
    """The same, None where there is none: what all parts of both tables have is taken before what some have."""
    keys = ("RecordNumber", "UniqMonthID")
    return next(
        (
            key
            for throughout in (True, False)
            for key in keys
            if extract.has("referrals", key, throughout=throughout) and extract.has(table, key, throughout=throughout)
        ),
        None,
    )


def has_own_service(extract: Extract) -> bool:
    """Whether a referral says of what type its own first service is, as from version 6 on."""
    return extract.has("referrals", "ServTeamType") or (
        extract.has("referrals", "UniqCareProfTeamLocalID") and "service_teams" in extract.tables
    )


def services(extract: Extract, columns: Sequence[str] = (), *, later: Sequence[str] = ()) -> Frame:
    """Every row of the table of service types, C03 read as C10, with whether and when it was rejected and ended.

    `columns` are further ones; `later` names an id that is not cleaned yet.
    """
    key = row_key(extract, "service_types")
    teams = extract.has("service_types", OTHER_TEAM) and "service_teams" in extract.tables
    more = [OTHER_TEAM, *_OF_TEAM] if teams else []
    names = list(dict.fromkeys(["UniqServReqID", key, *_SERVICE, *columns, *more]))
    rows = extract.rows("service_types", names, later=later)
    if teams:
        rows = with_team_types(extract, rows, "service_types", OTHER_TEAM, "ServTeamTypeRefToMH")
    rows = rows if later else extract.engine.known(rows, ["UniqServReqID", key])
    held = rows.collect_schema().names()
    return rows.with_columns(*_rejection(held), team_of("ServTeamTypeRefToMH", held))


_SERVICE = ("ServTeamTypeRefToMH", "ReferRejectionDate", "ReferRejectReason", "ReferClosureDate")
OTHER_TEAM = "UniqOtherCareProfTeamLocalID"
TEAM_COLUMNS = ("UniqCareProfTeamLocalID", "ServTeamTypeMH")
"""What the table of teams has to have."""
_OF_TEAM = ("OrgIDProv", "UniqMonthID", "UniqSubmissionID")


def with_team_types(extract: Extract, rows: Frame, table: str, team: str, column: str) -> Frame:
    """Rows of a table that have no type of team with that of MHS902: by team, provider, month and submission.

    By those of them that all parts of both tables have.
    """
    problems = extract.require({"service_teams": TEAM_COLUMNS}, "type of a team")
    if problems:
        raise BadInput("the extract", problems)
    held = rows.collect_schema().names()
    tables = (table, "service_teams")
    keys = [
        name for name in _OF_TEAM if name in held and all(extract.has(each, name, throughout=True) for each in tables)
    ]
    teams = extract.rows("service_teams", ["UniqCareProfTeamLocalID", *keys, "ServTeamTypeMH"])
    teams = teams.rename({"UniqCareProfTeamLocalID": team})
    teams = teams.filter(*(~nw.col(name).is_null() for name in (team, *keys)))
    teams = teams.group_by(team, *keys).agg(nw.col("ServTeamTypeMH").max())
    rows = rows.join(teams, on=[team, *keys], how="left")
    found = nw.col("ServTeamTypeMH")
    value = nw.coalesce(nw.col(column), found) if column in held else found
    return rows.with_columns(value.alias(column)).drop("ServTeamTypeMH")


def team_of(name: str, held: Container[str]) -> nw.Expr:
    """The code of a team type as it is now, `NO_CODE` where there is none."""
    if name not in held:
        return nw.lit(NO_CODE).alias("team")
    code = nw.col(name).fill_null(NO_CODE)
    return code.replace_strict(
        list(OLDER_CODES), list(OLDER_CODES.values()), default=code, return_dtype=nw.String
    ).alias("team")


def rejected_by(held: Container[str]) -> tuple[nw.Expr, nw.Expr]:
    """Whether a row has the date of a rejection, and whether it has a known reason for one."""
    dated = ~nw.col("ReferRejectionDate").is_null() if "ReferRejectionDate" in held else nw.lit(False)
    known = list(REJECTION_REASONS)
    reason = nw.col("ReferRejectReason").fill_null("").is_in(known) if "ReferRejectReason" in held else nw.lit(False)
    return dated, reason


def _rejection(held: Sequence[str]) -> list[nw.Expr]:
    """Whether a row is rejected, and the date, LOWEST where only a reason is there; when the service was closed."""
    dated, reason = rejected_by(held)
    date = nw.col("ReferRejectionDate").fill_null(LOWEST) if "ReferRejectionDate" in held else nw.lit(LOWEST)
    closure = nw.col("ReferClosureDate").fill_null(NEVER) if "ReferClosureDate" in held else nw.lit(NEVER)
    return [
        nw.when(dated | reason).then(nw.lit(1)).otherwise(nw.lit(0)).alias("is_rejected"),
        date.cast(nw.Int32).alias("on"),
        closure.cast(nw.Int32).alias("closure"),
    ]


def _summary_of(scope: Scope) -> list[nw.Expr]:
    """Of a service: the day of its rejection and its end, if it is in scope, and whether it is or not.

    The received date stands in for the date of a rejection that has only a reason.
    """
    refused = nw.col("is_rejected") == 1
    day = nw.when(nw.col("on") > LOWEST).then(nw.col("on")).otherwise(nw.col("received"))
    end = nw.when(refused).then(day).otherwise(nw.col("closure"))
    inside = _inside(scope)
    return [
        nw.when(inside & refused).then(day).alias("on_in"),
        nw.when(refused).then(day).alias("on_any"),
        nw.when(inside).then(end).alias("ends_in"),
        end.alias("ends_any"),
    ]


_SUMMARY = ("on_in", "on_any", "ends_in", "ends_any")


def _inside(scope: Scope) -> nw.Expr:
    return nw.lit(True) if scope.team_types is None else nw.col("team").is_in(list(scope.team_types))


def _rank(scope: Scope) -> nw.Expr:
    """Text by which the services of a referral are ordered: in scope first, then not rejected, then the lowest code."""
    first = nw.when(_inside(scope)).then(nw.lit("0")).otherwise(nw.lit("1"))
    second = nw.when(nw.col("is_rejected") == 1).then(nw.lit("1")).otherwise(nw.lit("0"))
    return nw.concat_str(first, second, nw.col("team"))


def _with_people(
    extract: Extract, rows: Frame, columns: Sequence[str], single: list[nw.Expr]
) -> tuple[Frame, list[nw.Expr]]:
    """Each referral with the rows of its person: the same record number, or the same month."""
    key = row_key(extract, "people")
    one = key == "RecordNumber"
    people = extract.rows("people", ["Person_ID", key, *columns], later=cleaned_later(extract, "Person_ID", one=one))
    held = [name for name in columns if name in people.collect_schema().names()]
    rows = extract.engine.with_rows(rows, people, "Person_ID", key, one=one)
    return rows, [*single, *(nw.col(name).max() for name in held)]


def cleaned_later(extract: Extract, name: str, *, one: bool) -> list[str]:
    """An id that `with_rows` cleans where it is `one`, if it does."""
    return [name] if one and extract.engine.cleans_later else []


def _with_services(
    extract: Extract, rows: Frame, scopes: Sequence[Scope], single: list[nw.Expr], *, inside: bool, own: bool
) -> tuple[Frame, list[nw.Expr]]:
    key = row_key(extract, "service_types")
    names = [f"rank_{n}" for n in range(len(scopes))]
    one = key == "RecordNumber"
    found = services(extract, later=cleaned_later(extract, "UniqServReqID", one=one))
    codes = {code for scope in scopes for code in scope.team_types or ()}
    # What is not in scope decides nothing of a referral that is.
    inside = inside and all(scope.team_types is not None for scope in scopes)
    found = found.filter(nw.col("team").is_in(sorted(codes))) if inside else found
    found = found.with_columns(*(_rank(scope).alias(name) for name, scope in zip(names, scopes, strict=True)))
    found = found.select("UniqServReqID", key, *names, "team", "is_rejected", "on", "closure")
    rows = extract.engine.with_rows(rows, found, "UniqServReqID", key, one=one)
    rows = rows.filter(~nw.col("rank_0").is_null()) if inside and not own else rows
    # A referral without services has no rank.
    rows = rows.with_columns(nw.col("is_rejected").fill_null(0), nw.col("on").fill_null(LOWEST))
    rows = rows.with_columns(*_summary_of(scopes[0]))
    summary = [*(nw.col(name).min() for name in names), *(nw.col(name).max() for name in _SUMMARY)]
    return rows, [*single, *summary]


def with_own_service(extract: Extract, rows: Frame) -> Frame:
    """From version 6 on a referral is a row of services itself, if it names any: a team type or a rejection.

    With `team`, `is_rejected`, `on` and `closure` as `services` has them, and `names_a_service`. Its closure is the
    discharge.
    """
    if extract.has("referrals", "UniqCareProfTeamLocalID") and "service_teams" in extract.tables:
        rows = with_team_types(extract, rows, "referrals", "UniqCareProfTeamLocalID", "ServTeamType")
    held = [name for name in rows.collect_schema().names() if name != "ReferClosureDate"]
    rows = rows.with_columns(*_rejection(held), team_of("ServTeamType", held))
    return rows.with_columns(((nw.col("team") != NO_CODE) | (nw.col("is_rejected") == 1)).alias("names_a_service"))


def _with_own_service(extract: Extract, rows: Frame, scopes: Sequence[Scope]) -> Frame:
    """The services of each referral summed up, its own among them."""
    has_others = "rank_0" in rows.collect_schema().names()
    if has_others:
        rows = rows.rename({name: f"other {name}" for name in _SUMMARY})
    rows = with_own_service(extract, rows).with_columns(*_summary_of(scopes[0]))
    own = nw.col("names_a_service")
    rows = rows.with_columns(*(nw.when(own).then(nw.col(name)).alias(name) for name in _SUMMARY))
    made = []
    for n, scope in enumerate(scopes):
        rank = nw.when(own).then(_rank(scope)).otherwise(nw.lit(NO_RANK))
        if has_others:
            other = nw.col(f"rank_{n}").fill_null(NO_RANK)
            rank = nw.when(other < rank).then(other).otherwise(rank)
        made.append(rank.alias(f"rank_{n}"))
    if has_others:
        for name in _SUMMARY:
            later = nw.max_horizontal(nw.col(name).fill_null(LOWEST), nw.col(f"other {name}").fill_null(LOWEST))
            made.append(nw.when(later > LOWEST).then(later).alias(name))
    return rows.with_columns(*made)


def _scope(number: int, scope: Scope, held: Sequence[str]) -> list[nw.Expr]:
    """Whether a referral is in a scope, hospital spells apart, and its team type there."""
    has_rank = f"rank_{number}" in held
    rank = nw.col(f"rank_{number}").fill_null(NO_RANK) if has_rank else nw.lit(NO_RANK)
    inside = nw.lit(True) if scope.team_types is None else rank.str.starts_with("0")
    if scope.minimum_age:
        inside = inside & (nw.col("AgeServReferRecDate").fill_null(-1) >= scope.minimum_age)
    if scope.england_only and "LADistrictAuth" in held:
        residence = nw.col("LADistrictAuth").fill_null("")
        inside = inside & ((residence == "") | residence.str.starts_with("E"))
    return [
        nw.when(inside).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32).alias(f"in_{number}"),
        rank.str.slice(2).alias(f"team_{number}"),
    ]


def not_in_hospital(scope: Scope, held: Container[str], end: nw.Expr) -> nw.Expr:
    """Whether a referral is linked to no hospital spell that is known at a day, where the scope asks for that."""
    if not scope.exclude_hospital_spells or "linked" not in held:
        return nw.lit(True)
    return nw.col("linked").fill_null(NEVER) > end

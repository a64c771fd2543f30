"""Every measure by provider and team type with the national choices, written by hand for Polars from the definitions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
import pyarrow as pa
from polars import col

from tests.mhsds.by_hand.periods import codes_by_team_type, spans

CORE = ["A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10"]
WIDE = [*CORE, "A14", "D05"]
NEVER = dt.date(9999, 12, 31)
GROUP = ["organisation", "team", "period"]
IN_SCOPE = [
    "number", "person", "referral", "organisation", "received", "discharged", "rejected", "linked", "closed", "ended", "core",
    "team", "wide_team", "first_contact",
]  # fmt: skip
MEASURES = [
    "referrals", "referrals_accepted", "referrals_rejected", "referrals_closed", "discharges", "open_referrals",
    "contacts", "face_to_face_contacts", "did_not_attends", "caseload", "waits_completed", "waits_within_four_weeks",
    "waiting", "waiting_over_18_weeks", "waiting_over_52_weeks", "waiting_over_78_weeks", "waiting_over_104_weeks", "people_accessing",
]  # fmt: skip


def kept(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.collect(engine="streaming").lazy()


def first_of(month: pl.Expr) -> pl.Expr:
    """The first day of a reporting month."""
    months = month + 2
    return pl.date(1900 + months // 12, months % 12 + 1, 1)


def year_of(day: pl.Expr) -> pl.Expr:
    return day.dt.offset_by("-3mo").dt.year()


def measures(files: Mapping[str, str], start: dt.date, end: dt.date, by_month: bool = False) -> pa.Table:
    """Every measure by provider and team type; files are paths (or globs) by the name of the table.

    What several measures need (referrals in scope, their contacts, members of spells) is computed once and kept.
    """
    periods = pl.LazyFrame([vars(span) for span in spans(start, end, by_month)])

    def period_of(day: pl.Expr) -> pl.Expr:
        name = day.dt.month_end() if by_month else pl.lit(end)
        return pl.when(day.is_between(start, end)).then(name).alias("period")

    def team_type(code: str) -> pl.Expr:
        return col(code).replace_strict(codes_by_team_type(), default="Other CMHTs", return_dtype=pl.String)

    # One row a referral: the latest submission.
    rows = pl.scan_parquet(files["referrals"])
    referrals = (
        rows.drop_nulls(["Person_ID", "UniqServReqID"])
        .group_by(person="Person_ID", referral="UniqServReqID")
        .agg(
            col(
                "RecordNumber", "OrgIDProv", "AgeServReferRecDate", "ReferralRequestReceivedDate", "ServDischDate",
                "UniqMonthID",
            ).max_by(
                pl.struct(
                    "UniqMonthID", "RecordNumber", "ReferralRequestReceivedDate", col("ServDischDate").fill_null(NEVER),
                    open=col("ServDischDate").is_null(),
                )
            )
        )
        .rename({
            "RecordNumber": "record", "OrgIDProv": "organisation", "AgeServReferRecDate": "age",
            "ReferralRequestReceivedDate": "received", "ServDischDate": "discharged", "UniqMonthID": "month",
        })
        .join(rows.select(last_month=col("UniqMonthID").max()), how="cross")
        .with_columns(month_end=first_of(col("month")).dt.month_end())
    )  # fmt: skip

    # From when on each referral is known to be linked to a hospital spell; adults resident in England, or unknown.
    links = kept(
        pl.scan_parquet(files["hospital_spells"])
        .drop_nulls(["Person_ID", "UniqServReqID"])
        .select(
            person="Person_ID", referral="UniqServReqID",
            known=pl.coalesce(first_of(col("UniqMonthID")), "StartDateHospProvSpell", pl.lit(dt.date.min)),
        )
    )  # fmt: skip
    residence = (
        pl.scan_parquet(files["people"])
        .group_by(record="RecordNumber", person="Person_ID")
        .agg(residence=col("LADistrictAuth").max())
    )
    eligible = kept(
        referrals.filter(col("received").is_not_null(), col("age") >= 18)
        .join(
            links.group_by("person", "referral").agg(linked=col("known").min()), on=["person", "referral"], how="left"
        )
        .join(residence, on=["record", "person"], how="left")
        .filter(col("residence").fill_null("").str.contains("^(E|$)"))
        .drop("residence", "age")
        .with_row_index("number")
    )

    # The best team type of each referral within the core and access scopes; the core services' own rows decide whether
    # it was rejected, and when it ends as part of a spell: at the latest with its last month.
    accepted, core_row, wide_row = col("rejected").is_null(), col("code").is_in(CORE), col("code").is_in(WIDE)

    def best(rows: pl.Expr) -> pl.Expr:
        return pl.coalesce(col("code").filter(rows & accepted).min(), col("code").filter(rows).min())

    has_reason = col("ReferRejectReason").is_in(["01", "02", "03"])
    teams = (
        pl.scan_parquet(files["service_types"])
        .select(
            "ReferRejectionDate", "ReferClosureDate", referral="UniqServReqID", record="RecordNumber",
            code=col("ServTeamTypeRefToMH").replace("C03", "C10"), has_reason=has_reason,
        )
        .join(
            eligible.select("number", "referral", "record", "received", "discharged", "month_end"),
            on=["referral", "record"],
        )
        .with_columns(rejected=pl.coalesce("ReferRejectionDate", pl.when("has_reason").then("received")))
        .with_columns(
            ended=pl.min_horizontal(
                pl.coalesce("discharged", "rejected", "ReferClosureDate").fill_null(NEVER), col("month_end").fill_null(NEVER)
            )
        )
        .group_by("number")
        .agg(
            core_code=best(core_row),
            wide_code=best(wide_row),
            rejected=pl.when((core_row & accepted).sum() == 0).then(col("rejected").filter(core_row).max()),
            ended=col("ended").filter(core_row).max(),
        )
        .drop_nulls("wide_code")
    )  # fmt: skip
    lapse = pl.when(col("month") < col("last_month")).then(col("month_end").dt.offset_by("1d"))
    in_scope = kept(
        eligible.join(teams, on="number").select(
            "number", "person", "referral", "organisation", "received", "discharged", "rejected", "linked",
            closed=pl.min_horizontal("discharged", "rejected", lapse), ended=pl.max_horizontal("ended", "received"),
            core=col("core_code").is_not_null(), team=team_type("core_code"), wide_team=team_type("wide_code"),
        )
    )  # fmt: skip

    # Contacts as last submitted, of the people in scope. Before version 5 all that is no message was direct.
    how, older = col("ConsMechanismMH"), (col("UniqMonthID") < 1459).fill_null(False)
    by_voice = (
        pl.when("older")
        .then(~col("mechanism").is_in(["05", "09"]))
        .otherwise(col("mechanism").is_in(["01", "02", "04", "11"]))
    )
    columns = ["UniqServReqID", "CareContDate", "AttendStatus", "mechanism", "older", "UniqMonthID"]
    contacts = kept(
        pl.scan_parquet(files["contacts"])
        .drop_nulls("UniqCareContID")
        .join(in_scope.select("person").unique(), left_on="Person_ID", right_on="person", how="semi")
        .with_columns(older=older, mechanism=pl.when(older).then(how.replace({"03": "11", "06": "09"})).otherwise(how))
        .group_by(person="Person_ID", contact="UniqCareContID")
        .agg(
            col(columns).max_by(
                pl.struct("UniqMonthID", "RecordNumber", "CareContDate", "AttendStatus", "mechanism", "UniqServReqID")
            )
        )
        .rename({"UniqServReqID": "referral", "CareContDate": "day", "AttendStatus": "attendance"})
        .drop_nulls("day")
        .join(in_scope.select("number", "person", "referral"), on=["person", "referral"])
        .select(
            "number", "day", "attendance", "mechanism",
            direct=(col("attendance").is_in(["5", "6"]) & by_voice).fill_null(False),
            submitted=pl.coalesce(first_of(col("UniqMonthID")), "day"),
        )
    )  # fmt: skip
    contact_counts = contacts.group_by("number", period_of(col("day"))).agg(
        contacts=col("direct").sum(),
        face_to_face_contacts=(col("direct") & (col("mechanism") == "01")).sum(),
        did_not_attends=col("attendance").is_in(["3", "7"]).sum(),
    )
    days = contacts.filter("direct").select("number", "day")
    firsts = days.join(in_scope.select("number", "received"), on="number").filter(col("day") >= col("received"))
    firsts = firsts.group_by("number").agg(first_contact=col("day").min())
    facts = kept(in_scope.join(firsts, on="number", how="left"))

    # Core referrals in each period: a hospital spell takes one out from when on it is known.
    core_at = facts.filter("core").join(periods, how="cross").filter((col("linked") > col("last_day")).fill_null(True))
    in_hospital = facts.filter("core", col("linked").is_not_null()).select("person").unique()
    no_day = pl.lit(None, pl.Date)
    of_whom = pl.concat([
        facts.filter("core").join(in_hospital, on="person", how="anti").with_columns(as_of=no_day),
        core_at.join(in_hospital, on="person", how="semi").select(*IN_SCOPE, as_of="last_day"),
    ])  # fmt: skip

    # Referrals of one person with one provider within five days of the latest end so far are one spell.
    one = ["person", "organisation", "as_of"]
    new = (col("received") - col("ended").shift().cum_max().over(one)).dt.total_days() > 5
    members = kept(
        of_whom.filter(~col("organisation").fill_null("").is_in(["DFC", "S9X2N"]))
        .sort(*one, "received", "referral")
        .with_columns(spell=new.fill_null(True).cum_sum())
    )
    spells = members.group_by("spell").agg(
        *(col(name).first() for name in one),
        start=col("received").min(),
        ended=col("ended").max(),
        team=col("team").min_by(pl.struct("received", "referral")),
    )
    # A contact of any of the person's referrals with the provider counts for the spell in which it is dated.
    theirs = days.join(members.select("number", *one), on="number")
    completed = (
        theirs.join(spells.select("spell", *one, "start", "ended"), on=one, nulls_equal=True)
        .filter(col("day").is_between("start", "ended"))
        .group_by("spell")
        .agg(completed=pl.when(pl.len() > 1).then(col("day").bottom_k(2).max()))
    )
    spells = spells.filter(col("start") >= dt.date(2016, 1, 1)).join(completed, on="spell", how="left")
    spells_at = kept(spells.join(periods, how="cross").filter((col("as_of") == col("last_day")).fill_null(True)))
    waited = (col("last_day") - col("start")).dt.total_days()

    # Two direct contacts in the twelve months; not in a financial year in which the referral is linked to a hospital.
    of_access = contacts.filter("direct").join(
        facts.select("number", "person", "referral", "linked", "organisation", "team", "wide_team", "core"), on="number"
    )
    of_access = of_access.join(periods, how="cross").filter(
        col("day") > col("access_from"), col("day") <= col("last_day"), col("wide") | col("core")
    )
    known = pl.when(col("known") == dt.date.min).then("last_day").otherwise("known")
    in_a_ward = (
        of_access.filter(col("linked").is_not_null())
        .join(links, on=["person", "referral"])
        .filter(col("known") <= col("last_day"), year_of(known) == year_of(col("submitted")))
        .select("number", "period", "submitted")
        .unique()
    )
    accessing = (
        of_access.join(in_a_ward, on=["number", "period", "submitted"], how="anti")
        .group_by(
            "number", "person", "organisation", "period", team=pl.when("wide").then("wide_team").otherwise("team")
        )
        .agg(times=pl.len())
        .filter(col("times") > 1)
    )

    within = lambda name: col(name).is_between("first_day", "last_day")  # noqa: E731
    counts = [
        core_at.filter(within("received"))
        .group_by(GROUP)
        .agg(
            referrals=pl.len(),
            referrals_rejected=col("rejected").count(),
            referrals_accepted=col("rejected").null_count(),
        ),
        core_at.filter(within("closed")).group_by(GROUP).agg(referrals_closed=pl.len()),
        core_at.filter(col("rejected").is_null(), within("discharged")).group_by(GROUP).agg(discharges=pl.len()),
        core_at.filter(col("received") <= col("last_day"), (col("closed") > col("last_day")).fill_null(True))
        .group_by(GROUP)
        .agg(open_referrals=pl.len(), caseload=(col("first_contact") <= col("last_day")).sum()),
        contact_counts.join(core_at.select("number", "organisation", "team", "period"), on=["number", "period"])
        .group_by(GROUP)
        .agg(col("contacts", "face_to_face_contacts", "did_not_attends").sum()),
        spells_at.filter(within("completed"))
        .group_by(GROUP)
        .agg(
            waits_completed=pl.len(),
            waits_within_four_weeks=((col("completed") - col("start")).dt.total_days() <= 28).sum(),
        ),
        # A spell that ended within five days still counts as open.
        spells_at.filter(
            col("start") <= col("last_day"),
            (col("last_day") - col("ended")).dt.total_days() <= 5,
            (col("completed") > col("last_day")).fill_null(True),
        )
        .group_by(GROUP)
        .agg(
            waiting=pl.len(),
            waiting_over_18_weeks=(waited > 126).sum(),
            waiting_over_52_weeks=(waited > 364).sum(),
            waiting_over_78_weeks=(waited > 546).sum(),
            waiting_over_104_weeks=(waited > 728).sum(),
        ),
        accessing.group_by(GROUP).agg(people_accessing=col("person").n_unique()),
    ]
    result = (
        pl.concat(counts, how="diagonal")
        .group_by(GROUP)
        .agg(col(MEASURES).sum().cast(pl.Int64))
        .filter(pl.max_horizontal(MEASURES) > 0)
        .rename({"team": "team_type"})
    )
    return result.collect(engine="streaming").to_arrow()

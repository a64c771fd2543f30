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
MEASURES = [
    "referrals", "referrals_accepted", "referrals_rejected", "referrals_closed", "discharges", "open_referrals",
    "contacts", "face_to_face_contacts", "did_not_attends", "caseload", "waits_completed", "waits_within_four_weeks",
    "waiting", "waiting_over_52_weeks", "waiting_over_78_weeks", "waiting_over_104_weeks", "people_accessing",
]  # fmt: skip


def kept(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.collect(engine="streaming").lazy()


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
    referrals = (
        pl.scan_parquet(files["referrals"])
        .drop_nulls(["Person_ID", "UniqServReqID"])
        .group_by(person="Person_ID", referral="UniqServReqID")
        .agg(
            col("RecordNumber", "OrgIDProv", "AgeServReferRecDate", "ReferralRequestReceivedDate", "ServDischDate").max_by(
                pl.struct(
                    "UniqMonthID", "RecordNumber", "ReferralRequestReceivedDate", col("ServDischDate").fill_null(NEVER),
                    open=col("ServDischDate").is_null(),
                )
            )
        )
        .rename({
            "RecordNumber": "record", "OrgIDProv": "organisation", "AgeServReferRecDate": "age",
            "ReferralRequestReceivedDate": "received", "ServDischDate": "discharged",
        })
    )  # fmt: skip

    # Adults resident in England, or who knows where, whose referral is of no hospital spell.
    residence = (
        pl.scan_parquet(files["people"])
        .group_by(record="RecordNumber", person="Person_ID")
        .agg(residence=col("LADistrictAuth").max())
    )
    of_hospital = pl.scan_parquet(files["hospital_spells"]).select(person="Person_ID", referral="UniqServReqID")
    eligible = kept(
        referrals.filter(col("received").is_not_null(), col("age") >= 18)
        .join(of_hospital, on=["person", "referral"], how="anti")
        .join(residence, on=["record", "person"], how="left")
        .filter(col("residence").fill_null("").str.contains("^(E|$)"))
        .drop("residence", "age")
        .with_row_index("number")
    )

    # The best team type of each referral within the core and access scopes, and whether all rejected it.
    accepted = col("rejected").is_null()
    teams = (
        pl.scan_parquet(files["service_types"])
        .select(
            referral="UniqServReqID", record="RecordNumber", code=col("ServTeamTypeRefToMH").replace("C03", "C10"),
            rejected_on="ReferRejectionDate", has_reason=col("ReferRejectReason").is_not_null(),
        )
        .join(eligible.select("number", "referral", "record", "received"), on=["referral", "record"])
        .with_columns(rejected=pl.coalesce("rejected_on", pl.when("has_reason").then("received")))
        .group_by("number")
        .agg(
            core_code=pl.coalesce(
                col("code").filter(col("code").is_in(CORE) & accepted).min(), col("code").filter(col("code").is_in(CORE)).min()
            ),
            wide_code=pl.coalesce(
                col("code").filter(col("code").is_in(WIDE) & accepted).min(), col("code").filter(col("code").is_in(WIDE)).min()
            ),
            rejected=pl.when(accepted.sum() == 0).then(col("rejected").max()),
        )
        .drop_nulls("wide_code")
    )  # fmt: skip
    in_scope = kept(
        eligible.join(teams, on="number").select(
            "number", "person", "referral", "organisation", "received", "discharged", "rejected",
            closed=pl.min_horizontal("discharged", "rejected"), core=col("core_code").is_not_null(),
            team=team_type("core_code"), wide_team=team_type("wide_code"),
        )
    )  # fmt: skip

    # Contacts as last submitted, of the people in scope, by referral and period (none outside).
    direct = col("attendance").is_in(["5", "6"]) & col("mechanism").is_in(["01", "02", "04", "11"])
    ordered = col("day").filter(direct & (col("day") >= col("received")))
    contact_days = kept(
        pl.scan_parquet(files["contacts"])
        .drop_nulls("UniqCareContID")
        .join(in_scope.select("person").unique(), left_on="Person_ID", right_on="person", how="semi")
        .group_by(person="Person_ID", contact="UniqCareContID")
        .agg(
            col("UniqServReqID", "CareContDate", "AttendStatus", "ConsMechanismMH").max_by(
                pl.struct(
                    "UniqMonthID", "RecordNumber", "CareContDate", "AttendStatus", "ConsMechanismMH", "UniqServReqID"
                )
            )
        )
        .select(
            "person",
            referral="UniqServReqID",
            day="CareContDate",
            attendance="AttendStatus",
            mechanism="ConsMechanismMH",
        )
        .drop_nulls("day")
        .join(in_scope.select("number", "person", "referral", "received"), on=["person", "referral"])
        .group_by("number", period_of(col("day")))
        .agg(
            contacts=direct.sum(),
            face_to_face_contacts=(direct & (col("mechanism") == "01")).sum(),
            did_not_attends=col("attendance").is_in(["3", "7"]).sum(),
            first=ordered.min(),
            second=ordered.bottom_k(2).max(),
            ordered=ordered.len(),
        )
    )
    days = pl.concat([
        contact_days.select("number", day="first"),
        contact_days.filter(col("ordered") > 1).select("number", day="second"),
    ]).drop_nulls("day").group_by("number").agg(
        first_contact=col("day").min(), second_contact=pl.when(pl.len() > 1).then(col("day").bottom_k(2).max())
    )  # fmt: skip
    facts = kept(in_scope.join(days, on="number", how="left"))
    core = facts.filter("core")

    # Referrals of one person with one provider within five days of the latest end so far are one spell.
    one = ["person", "organisation"]
    new = (col("received") - col("ended").shift().cum_max().over(one)).dt.total_days() > 5
    members = kept(
        core.filter(col("rejected").is_null())
        .with_columns(ended=pl.max_horizontal("received", col("closed").fill_null(NEVER)))
        .sort(*one, "received", "referral")
        .with_columns(spell=new.fill_null(True).cum_sum())
    )
    spells = members.group_by("spell").agg(
        col("organisation").first(),
        start=col("received").min(),
        team=col("team").min_by(pl.struct("received", "referral")),
        days=pl.concat_list("first_contact", "second_contact").explode().drop_nulls().bottom_k(2),
    ).with_columns(ended=pl.when(col("days").list.len() > 1).then(col("days").list.max()))  # fmt: skip
    open_members = members.join(periods, how="cross").filter(
        col("received") <= col("last_day"), (col("closed") > col("last_day")).fill_null(True)
    )
    waited = (col("last_day") - col("start")).dt.total_days()

    counts = [
        core.group_by("organisation", "team", period_of(col("received"))).agg(
            referrals=pl.len(),
            referrals_rejected=col("rejected").count(),
            referrals_accepted=col("rejected").null_count(),
        ),
        core.group_by("organisation", "team", period_of(col("closed"))).agg(referrals_closed=pl.len()),
        core.filter(col("rejected").is_null())
        .group_by("organisation", "team", period_of(col("discharged")))
        .agg(discharges=pl.len()),
        core.join(periods, how="cross")
        .filter(col("received") <= col("last_day"), (col("closed") > col("last_day")).fill_null(True))
        .group_by(GROUP)
        .agg(open_referrals=pl.len(), caseload=(col("first_contact") <= col("last_day")).sum()),
        contact_days.join(core.select("number", "organisation", "team"), on="number")
        .group_by(GROUP)
        .agg(col("contacts", "face_to_face_contacts", "did_not_attends").sum()),
        spells.group_by("organisation", "team", period_of(col("ended"))).agg(
            waits_completed=pl.len(),
            waits_within_four_weeks=((col("ended") - col("start")).dt.total_days() <= 28).sum(),
        ),
        open_members.select("spell", "period", "last_day")
        .unique()
        .join(spells, on="spell")
        .filter((col("ended") > col("last_day")).fill_null(True))
        .group_by(GROUP)
        .agg(
            waiting=pl.len(),
            waiting_over_52_weeks=(waited > 364).sum(),
            waiting_over_78_weeks=(waited > 546).sum(),
            waiting_over_104_weeks=(waited > 728).sum(),
        ),
        facts.drop_nulls("second_contact")
        .join(periods, how="cross")
        .filter(
            col("second_contact") > col("access_from"),
            col("second_contact") <= col("last_day"),
            col("wide") | col("core"),
        )
        .group_by("organisation", pl.when("wide").then("wide_team").otherwise("team").alias("team"), "period")
        .agg(people_accessing=col("person").n_unique()),
    ]
    result = (
        pl.concat(counts, how="diagonal")
        .drop_nulls("period")
        .group_by(GROUP)
        .agg(col(MEASURES).sum().cast(pl.Int64))
        .filter(pl.max_horizontal(MEASURES) > 0)
        .rename({"team": "team_type"})
    )
    return result.collect(engine="streaming").to_arrow()

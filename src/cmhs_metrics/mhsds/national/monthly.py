"""Referrals, people and contacts of a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import OTHER_TEAM, REFERRAL, row_key, with_team_types
from cmhs_metrics.mhsds.national.known import is_in, there
from cmhs_metrics.mhsds.national.rows import COMMUNITY
from cmhs_metrics.mhsds.records.codes import ATTENDANCE, MECHANISMS

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame


def referrals(facts: Facts) -> Frame:
    """Referrals that were submitted in the month: open, new and discharged.

    Nobody asks for age, team, residence, hospital spell or rejection here.
    """
    when = facts.when
    rows = facts.placed(facts.of_the_month, 1)
    is_open = nw.col("discharged") > when.last
    new = (nw.col("received") >= when.first) & (nw.col("received") <= when.last)
    ended = (nw.col("discharged") >= when.first) & (nw.col("discharged") <= when.last)
    community = nw.col("in_community") == 1
    made = {
        "MHS01": is_open, "MHS23": is_open, "MHS23d": is_open & community, "MHS32": new, "MHS32c": new & community,
        "MHS57": ended, "MHS57b": ended & community,
    }  # fmt: skip
    return rows.with_columns(*(flag(condition).alias(id) for id, condition in made.items()))


def contacts(facts: Facts) -> Frame:
    """Contacts that were submitted in the month and dated in it.

    MHS29d goes by the contact's own team and leaves out one that names none; MHS30f takes the referral's team for it.
    """
    when = facts.when
    rows = facts.contacts.filter(
        nw.col("month") == when.number, nw.col("date") >= when.first, nw.col("date") <= when.last
    )
    rows = with_own_team(facts, rows)
    of_referral = facts.of_the_month.select(*REFERRAL, "own_community", "has_own_team", "in_community")
    rows = rows.join(of_referral, on=list(REFERRAL), how="left")
    own = is_in("own", COMMUNITY)
    theirs = nw.when(nw.col("has_own_team") == 1).then(nw.col("own_community")).otherwise(nw.col("in_community"))
    attended = nw.col("attended") == 1
    community = own | (nw.col("team").is_null() & (theirs.fill_null(0) == 1))
    made = {"MHS29": nw.col("month") > 0, "MHS29d": own, "MHS30": attended, "MHS30f": attended & community}
    rows = rows.with_columns(*(flag(condition).alias(id) for id, condition in made.items()))
    status, how = nw.col("status"), nw.col("mechanism")
    return facts.placed(rows, 1).with_columns(
        nw.when(status == "").then(nw.lit("UNKNOWN")).otherwise(
            nw.when(status.is_in(list(ATTENDANCE))).then(status).otherwise(nw.lit("Invalid"))
        ).alias("attendance"),
        nw.when(how == "").then(nw.lit("Missing")).otherwise(
            nw.when(how.is_in(list(MECHANISMS))).then(how).otherwise(nw.lit("Invalid"))
        ).alias("how"),
        nw.lit(1).alias("MHS29f"), nw.col("MHS30").alias("MHS30h"),
    )  # fmt: skip


def with_own_team(facts: Facts, rows: Frame) -> Frame:
    """Contacts with the type of their own team, `own`: of the table of teams, or of the services of their referral."""
    known = facts.known
    rows = known.engine.with_nulls(rows.rename({"team": OTHER_TEAM}), {"own": nw.String})
    if not known.has("contacts", OTHER_TEAM):
        return rows.rename({OTHER_TEAM: "team"})
    if "service_teams" in known.tables:
        rows = with_team_types(known, rows, "contacts", OTHER_TEAM, "own")
    if known.has("service_types", "UniqServReqID", OTHER_TEAM):
        key = row_key(known, "service_types")
        columns = ["UniqServReqID", "RecordNumber", "UniqMonthID", "OrgIDProv", OTHER_TEAM, "ServTeamTypeRefToMH"]
        services = known.whole("service_types", columns)
        if "service_teams" in known.tables:
            services = with_team_types(known, services, "service_types", OTHER_TEAM, "ServTeamTypeRefToMH")
        services = services.filter(*there("UniqServReqID", key, OTHER_TEAM))
        services = services.group_by("UniqServReqID", key, OTHER_TEAM).agg(nw.col("ServTeamTypeRefToMH").max())
        rows = rows.join(services, on=["UniqServReqID", key, OTHER_TEAM], how="left")
        rows = rows.with_columns(nw.coalesce(nw.col("own"), nw.col("ServTeamTypeRefToMH")).alias("own"))
        rows = rows.drop("ServTeamTypeRefToMH")
    return rows.rename({OTHER_TEAM: "team"})

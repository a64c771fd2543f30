"""A referral in each of its team types, for `several_teams="each"`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.referrals import (
    NO_CODE,
    OWN_SERVICE,
    REFERRAL,
    has_own_service,
    latest_referrals,
    row_key,
    services,
    with_own_service,
)
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.records.extract import Extract, Frame


_LABELS = {code: each.label for each in TeamType if each is not TeamType.OTHER for code in each.mhsds_codes}


def team_type_of(code: nw.Expr) -> nw.Expr:
    """The label of the audit's team type of a code."""
    return code.fill_null("").replace_strict(
        list(_LABELS), list(_LABELS.values()), default=TeamType.OTHER.label, return_dtype=nw.String
    )


def team_code_of(code: nw.Expr) -> nw.Expr:
    """The code as the data set has it, null where there is none."""
    return nw.when((code != NO_CODE) & (code != "")).then(code)


def each_team(extract: Extract, rows: Frame, *, by_code: bool) -> Frame:
    """A row of a referral for each of its distinct team types, in `team`; one without any keeps its row.

    Distinct as the table tells them: two codes of one type of the audit are one, unless the table is by code.
    """
    parts = []
    if "service_types" in extract.tables:
        key = row_key(extract, "service_types")
        found = services(extract).select("UniqServReqID", key, "team")
        last = latest_referrals(extract).select(*REFERRAL, key)
        parts.append(last.join(found, on=["UniqServReqID", key], how="inner").select(*REFERRAL, "team"))
    if has_own_service(extract):
        own = with_own_service(extract, latest_referrals(extract, OWN_SERVICE)).filter(nw.col("names_a_service"))
        parts.append(own.select(*REFERRAL, "team"))
    teams = nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]
    told = nw.col("team") if by_code else team_type_of(nw.col("team"))
    teams = teams.with_columns(told.alias("told")).group_by(*REFERRAL, "told").agg(nw.col("team").min())
    rows = rows.join(teams.drop("told"), on=list(REFERRAL), how="left")
    return rows.with_columns(nw.col("team").fill_null(NO_CODE))

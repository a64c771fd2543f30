"""What the national measures are counted from: submitted referrals, contacts, and the places of people."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.commissioners import has_practices, practices
from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import (
    OTHER_TEAM,
    OWN_SERVICE,
    REFERRAL,
    has_own_service,
    row_key,
    services,
    with_own_service,
)
from cmhs_metrics.mhsds.national.known import Known, is_in, there
from cmhs_metrics.mhsds.records.codes import ACCESS, ATTENDED, CORE, DIRECT, INDIRECT_BEFORE_VERSION_5
from cmhs_metrics.mhsds.records.dates import NEVER, last_day_of_month, year_days
from cmhs_metrics.mhsds.records.latest import LOWEST, latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.concepts import Sets
    from cmhs_metrics.mhsds.records.extract import Frame

UNKNOWN = "UNKNOWN"
"""The place of whom no place is told."""
COMMUNITY = ("A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10")
"""Teams of the monthly file's community measures; C03 is none of them, unlike in waits."""
OUTCOMES = ("A05", "A06", "A08", "A09", "A12", "A13", "A14", "A16")
ADULT = 18
FIRST_YEAR = 1900
CRISIS = ("A02", "A18", "A19")
EARLY_INTERVENTION = "A14"
TEAMS = {
    "in_core": CORE.team_types,
    "in_access": ACCESS.team_types,
    "in_crisis": CRISIS,
    "is_a14": (EARLY_INTERVENTION,),
}
"""Flags of a referral and the team types of which it has to have one."""
SERVICE_FLAGS = (*TEAMS, "in_community", "takes_a14", "takes_outcomes", "has_service", "ends")


class Facts:
    """Facts of a month, each made when it is asked for.

    Parameters
    ----------
    known : Known
        The extract as known at the month's end.
    reference_sets : mapping
        The concepts that stop a clock, by group and the days from and to which they are active.
    nice_concordant : set of str
        The concepts of EIP69b.
    """

    def __init__(self, known: Known, reference_sets: Sets, nice_concordant: frozenset[str]) -> None:
        self.known, self.when = known, known.when
        self.reference_sets, self.nice_concordant = reference_sets, nice_concordant
        self._places: dict[int, Frame] = {}

    @cached_property
    def referrals(self) -> Frame:
        """A row for each submitted row of a referral that has a person, an id and a day of receipt.

        `month`, `submission`, `provider`, `received`, `discharged`, `age` (-1 where unknown), `english` (resident
        there, or of unknown residence), `sub_icb`, flags of its teams, and `end`: of its part of a referral-spell.
        """
        known = self.known
        columns = [
            *REFERRAL, "RecordNumber", "UniqMonthID", "OrgIDProv", "ReferralRequestReceivedDate", "ServDischDate",
            "AgeServReferRecDate", "PrimReasonReferralMH", "ClinRespPriorityType", "ReferralRequestReceivedTime",
            *OWN_SERVICE,
        ]  # fmt: skip
        rows = known.whole("referrals", columns).filter(*there(*REFERRAL, "ReferralRequestReceivedDate"))
        rows = known.with_submission(rows.rename({"ReferralRequestReceivedDate": "received"}))
        rows = rows.with_columns(
            nw.col("UniqMonthID").fill_null(0).alias("month"),
            nw.col("ServDischDate").fill_null(NEVER).alias("discharged"),
            nw.col("AgeServReferRecDate").fill_null(-1).alias("age"),
        )
        rows = self._with_services(self.hold(self._with_home(rows)))
        month_end = nw.when(nw.col("month") > 0).then(last_day_of_month(nw.col("month"))).otherwise(nw.lit(NEVER))
        own_end = nw.when(nw.col("discharged") < NEVER).then(nw.col("discharged")).otherwise(nw.col("ends"))
        rows = rows.with_columns(own_end.cast(nw.Int64).alias("ends"), month_end.cast(nw.Int64).alias("month_end"))
        rows = rows.with_columns(nw.min_horizontal("ends", "month_end").alias("ends"))
        rows = rows.with_columns(nw.max_horizontal("ends", "received").alias("end")).select(
            *REFERRAL, "RecordNumber", "submission", "month", nw.col("OrgIDProv").alias("provider"),
            "received", "discharged",
            "age", "english", "sub_icb", "PrimReasonReferralMH", "ClinRespPriorityType", "ReferralRequestReceivedTime",
            "own_community", "has_own_team", *(name for name in SERVICE_FLAGS if name != "ends"), "end",
        )  # fmt: skip
        return self.hold(rows)

    def _with_home(self, rows: Frame) -> Frame:
        """Whether the person lives in England or nobody knows where, and the sub-ICB, in the submission of the row."""
        known = self.known
        rows = rows.with_columns(nw.lit("").alias("LADistrictAuth"), nw.lit("").alias("residence"))
        if "people" in known.tables:
            key = row_key(known, "people")
            people = known.whole("people", ["Person_ID", key, "LADistrictAuth", "OrgIDSubICBLocResidence"])
            people = people.filter(*there("Person_ID", key)).with_columns(
                nw.col("LADistrictAuth").fill_null(""),
                nw.col("OrgIDSubICBLocResidence").fill_null("").alias("residence"),
            )
            people = people.group_by("Person_ID", key).agg(nw.col("LADistrictAuth").max(), nw.col("residence").max())
            rows = rows.drop("LADistrictAuth", "residence").join(people, on=["Person_ID", key], how="left")
            rows = rows.with_columns(nw.col("LADistrictAuth").fill_null(""), nw.col("residence").fill_null(""))
        rows = rows.with_columns(nw.lit("").alias("practice"))
        if has_practices(known):
            rows = rows.drop("practice").join(self.practices, on=["Person_ID", "month"], how="left")
        home = nw.col("LADistrictAuth")
        return rows.with_columns(
            flag((home == "") | home.str.starts_with("E")).alias("english"),
            first_of("practice", "residence").alias("sub_icb"),
        )

    @cached_property
    def practices(self) -> Frame:
        """The sub-ICB of each person's GP practice in each month, `practice`."""
        return self.hold(practices(self.known).rename({"UniqMonthID": "month"}))

    def _with_services(self, rows: Frame) -> Frame:
        """Flags of the teams to which the referral was made, and the end of its services in the core scope."""
        known = self.known
        own = has_own_service(known)
        zeros = {name: nw.lit(LOWEST if name == "ends" else 0).cast(nw.Int64) for name in SERVICE_FLAGS}
        rows = rows.with_columns(*(value.alias(name) for name, value in zeros.items()))
        if "service_types" in known.tables:
            key = row_key(known, "service_types")
            found = services(known)
            held = found.collect_schema().names()
            raw = nw.col("ServTeamTypeRefToMH").fill_null("") if "ServTeamTypeRefToMH" in held else nw.lit("")
            found = found.with_columns(raw.alias("raw"), nw.lit(1).alias("there")).with_columns(*_service_flags())
            found = self.hold(found.group_by("UniqServReqID", key).agg(*(nw.col(name).max() for name in SERVICE_FLAGS)))
            rows = rows.drop(*SERVICE_FLAGS).join(found, on=["UniqServReqID", key], how="left")
            rows = rows.with_columns(
                *(nw.col(name).fill_null(LOWEST if name == "ends" else 0).cast(nw.Int64) for name in SERVICE_FLAGS)
            )
        rows = rows.with_columns(nw.lit(0).alias("own_community"), nw.lit(0).alias("has_own_team"))
        if own:
            rows = with_own_service(known, rows)
            raw, reason = nw.col("ServTeamType").fill_null(""), nw.col("ReferRejectReason").fill_null("")
            rows = rows.with_columns(
                raw.alias("raw"), flag(nw.col("names_a_service") | (reason != "")).alias("there"),
                flag(is_in("ServTeamType", COMMUNITY)).alias("own_community"), flag(raw != "").alias("has_own_team"),
            )  # fmt: skip
            rows = rows.rename({name: f"other {name}" for name in SERVICE_FLAGS}).with_columns(*_service_flags())
            both = [
                nw.max_horizontal(nw.col(name).cast(nw.Int64), f"other {name}").alias(name) for name in SERVICE_FLAGS
            ]
            rows = rows.with_columns(*both)
        # Of a referral without a service in scope the end is not asked.
        ends = nw.when(nw.col("in_core") == 1).then(nw.col("ends")).otherwise(nw.lit(NEVER))
        return rows.with_columns(ends.alias("ends"))

    @cached_property
    def hospital(self) -> Frame:
        """The financial years in which a referral was linked to a hospital spell, by their April."""
        known, end = self.known, self.when.last
        rows = known.whole("hospital_spells", [*REFERRAL, "UniqMonthID", "StartDateHospProvSpell"])
        rows = rows.filter(*there(*REFERRAL))
        this = (self.when.number - 1) // 12 + FIRST_YEAR
        began, month = nw.col("StartDateHospProvSpell").fill_null(end), nw.col("UniqMonthID")
        rows = rows.filter(~month.is_null() | (began <= end))
        # A spell without a month is known from the day that it began; older years than the last two are not asked for.
        this_year = nw.when(began >= year_days(this)[0]).then(nw.lit(this))
        before = nw.when(began >= year_days(this - 1)[0]).then(nw.lit(this - 1)).otherwise(nw.lit(-1))
        of_day = this_year.otherwise(before)
        of_month = (month.fill_null(13) - 1) // 12 + FIRST_YEAR
        year = nw.when(month.is_null()).then(of_day).otherwise(of_month)
        years = [rows.select(*REFERRAL, year.cast(nw.Int64).alias("year"))]
        # A link of no month and no day is one of every year.
        undated = rows.filter(month.is_null(), nw.col("StartDateHospProvSpell").is_null())
        years.append(undated.with_columns(nw.lit(this - 1).cast(nw.Int64).alias("year")).select(*REFERRAL, "year"))
        return self.hold(nw.concat(years, how="vertical").unique([*REFERRAL, "year"]))

    @property
    def has_hospital(self) -> bool:
        """Whether links to hospital spells are told."""
        return self.known.has("hospital_spells", *REFERRAL)

    @cached_property
    def core(self) -> Frame:
        """Submitted rows in the core scope, of referrals that no hospital spell is linked to."""
        rows = self.referrals.filter(nw.col("in_core") == 1, *adult_english())
        if self.has_hospital:
            rows = rows.join(self.hospital.select(*REFERRAL).unique(list(REFERRAL)), on=list(REFERRAL), how="anti")
        return self.hold(rows)

    @cached_property
    def of_the_month(self) -> Frame:
        """One row for each referral that was submitted in the month."""
        rows = self.referrals.filter(nw.col("month") == self.when.number)
        return self.hold(latest(self.known, rows, REFERRAL, ["RecordNumber", "received", "discharged", "end"]))

    @cached_property
    def contacts(self) -> Frame:
        """The latest submission of each contact that has a date.

        `submission`, `provider`, `month`, `date`, `status`, `mechanism`, `team`, `time`; `attended` and `direct`,
        1 or 0.
        """
        known = self.known
        columns = [
            "Person_ID", "UniqCareContID", "UniqServReqID", "RecordNumber", "UniqMonthID", "OrgIDProv", "CareContDate",
            "CareContTime", "AttendStatus", "ConsMechanismMH", OTHER_TEAM,
        ]  # fmt: skip
        rows = known.whole("contacts", columns, older=True)
        order = ["UniqMonthID", "RecordNumber", "CareContDate", "AttendStatus", "ConsMechanismMH", "UniqServReqID"]
        rows = latest(known, rows, ("Person_ID", "UniqCareContID"), order).filter(*there("CareContDate"))
        rows = known.with_submission(rows)
        attended, how = is_in("AttendStatus", ATTENDED), nw.col("ConsMechanismMH").fill_null("")
        before = (how != "") & ~how.is_in(list(INDIRECT_BEFORE_VERSION_5))
        direct = nw.when(nw.col("ConsMechanismMH older")).then(before).otherwise(how.is_in(list(DIRECT)))
        rows = rows.select(
            "Person_ID", "UniqCareContID", "UniqServReqID", "submission", "RecordNumber", "UniqMonthID", "OrgIDProv",
            nw.col("OrgIDProv").alias("provider"), nw.col("UniqMonthID").fill_null(0).alias("month"),
            nw.col("CareContDate").alias("date"), nw.col("CareContTime").alias("time"),
            nw.col("AttendStatus").fill_null("").alias("status"), how.alias("mechanism"),
            nw.col(OTHER_TEAM).alias("team"),
            flag(attended).alias("attended"), flag(attended & direct).alias("direct"),
            flag(attended & how.is_in(list(DIRECT))).alias("by_direct_mechanism"),
        )  # fmt: skip
        return self.hold(rows)

    def hold(self, rows: Frame) -> Frame:
        """Rows that several kinds of facts are made of, computed once."""
        return self.known.hold(rows)

    def places(self, months: int) -> Frame:
        """The sub-ICB of each person, `sub_icb`, in the latest of the last months that tells one."""
        if months in self._places:
            return self._places[months]
        known, first = self.known, self.when.number - months + 1
        parts = []
        if known.has("people", "UniqMonthID", "OrgIDSubICBLocResidence"):
            rows = known.rows("people", ["Person_ID", "UniqMonthID", "OrgIDSubICBLocResidence"])
            parts.append(
                rows.select(
                    "Person_ID", nw.col("UniqMonthID").alias("month"), nw.lit(0).cast(nw.Int64).alias("better"),
                    nw.col("OrgIDSubICBLocResidence").alias("sub_icb"),
                )
            )  # fmt: skip
        if has_practices(known):
            better = nw.lit(1).cast(nw.Int64).alias("better")
            parts.append(self.practices.select("Person_ID", "month", better, nw.col("practice").alias("sub_icb")))
        if not parts:
            return self.referrals.select("Person_ID", nw.lit(UNKNOWN).alias("sub_icb")).unique(["Person_ID"])
        rows = nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]
        rows = rows.filter(nw.col("month").fill_null(0) >= first, nw.col("sub_icb").fill_null("") != "")
        rows = latest(known, rows, ["Person_ID"], ["month", "better", "sub_icb"])
        self._places[months] = self.hold(rows.select("Person_ID", "sub_icb"))
        return self._places[months]

    def placed(self, rows: Frame, months: int) -> Frame:
        """Rows with the place of their person in the last months, in place of any that they have."""
        held = rows.collect_schema().names()
        rows = rows.drop("sub_icb") if "sub_icb" in held else rows
        return rows.join(self.places(months), on="Person_ID", how="left")


def _service_flags() -> list[nw.Expr]:
    """Of a service: of which kinds its team is, and the end that it has in the core scope."""
    team, there_is = nw.col("team"), nw.col("there") == 1
    refused = nw.col("is_rejected") == 1
    in_core = team.is_in(list(CORE.team_types or ()))
    # A rejection without a date is on the day of receipt, before which nothing ends.
    end = nw.when(refused).then(nw.col("on")).otherwise(nw.col("closure"))
    return [
        *(flag(team.is_in(list(types or ()))).alias(name) for name, types in TEAMS.items()),
        flag(nw.col("raw").is_in(list(COMMUNITY))).alias("in_community"),
        flag((team == EARLY_INTERVENTION) & ~refused).alias("takes_a14"),
        flag(team.is_in(list(OUTCOMES)) & ~refused).alias("takes_outcomes"),
        flag(there_is).alias("has_service"),
        nw.when(in_core).then(end).otherwise(nw.lit(LOWEST)).cast(nw.Int64).alias("ends"),
    ]


def adult_english() -> list[nw.Expr]:
    """Conditions of every community scope: 18 or over, and resident in England or of unknown residence."""
    return [nw.col("age") >= ADULT, nw.col("english") == 1]


def first_of(*names: str) -> nw.Expr:
    """The first of columns that is not an empty text, or `UNKNOWN`."""
    value = nw.lit(UNKNOWN)
    for name in reversed(names):
        value = nw.when(nw.col(name).fill_null("") != "").then(nw.col(name)).otherwise(value)
    return value

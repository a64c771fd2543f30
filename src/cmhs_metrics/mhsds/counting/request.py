"""What is asked for: the arguments of `measures`, read and checked, with all that is wrong named at once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.mhsds.counting.groups import Grouping, read_grouping
from cmhs_metrics.mhsds.facts.admissions import ADMISSIONS
from cmhs_metrics.mhsds.facts.contacts import EACH_MONTH, FLOWS, ITEM
from cmhs_metrics.mhsds.facts.referrals import REFERRAL, has_own_service
from cmhs_metrics.mhsds.facts.spells import DAYS_BETWEEN, SpellRules
from cmhs_metrics.mhsds.quality import refuse_broken
from cmhs_metrics.mhsds.records.codes import ACCESS, CORE, LEFT_OUT_OF_SPELLS, Scope
from cmhs_metrics.mhsds.records.dates import NEVER, Span, day_number, last_day, months_of, read_date, read_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.extract import Extract

OF_REFERRALS = (
    "referrals", "referrals_rejected", "referrals_accepted", "referrals_closed", "discharges", "open_referrals",
)  # fmt: skip
OF_WAITS = (
    "waits_completed", "waits_within_four_weeks", "waiting", "waiting_over_18_weeks", "waiting_over_52_weeks",
    "waiting_over_78_weeks",
    "waiting_over_104_weeks",
)  # fmt: skip
ALL_MEASURES = (*OF_REFERRALS, "caseload", *FLOWS, *OF_WAITS, "people_accessing", *ADMISSIONS)
NATIONAL_SPELLS = ("2016-01-01", DAYS_BETWEEN, LEFT_OUT_OF_SPELLS)
WIDER_ACCESS_FROM = datetime.date(2023, 4, 30)
"""The end of the first month in which access has the wider scope."""
CHOICES = {
    "waiting_for": ("second contact", "first contact"),
    "pathway": ("spell", "referral"),
    "caseload_of": ("referrals", "people"),
    "several_teams": ("one", "each"),
    "lapsed": ("closed", "open"),
    "direct_before_v5": ("publication", "dashboard"),
    "resubmitted": ("once", "each"),
}


@dataclass(frozen=True)
class Request:
    """What is asked for, checked."""

    grouping: Grouping
    spans: tuple[Span, ...]
    name: str | None
    which: tuple[str, ...]
    scopes: tuple[Scope, ...]
    access: tuple[int, ...]
    choices: dict[str, str]
    spells: SpellRules

    @property
    def before_v5(self) -> str:
        """Which attended contacts are direct before version 5."""
        return self.choices.get("direct_before_v5", "publication")

    @property
    def item(self) -> tuple[str, ...]:
        """What names a contact."""
        return EACH_MONTH if self.choices.get("resubmitted") == "each" else ITEM

    @property
    def of_referrals(self) -> tuple[str, ...]:
        """The measures that are told from referrals."""
        return tuple(name for name in self.which if name not in ADMISSIONS)

    @property
    def of_admissions(self) -> tuple[str, ...]:
        """The measures that are told from admissions."""
        return tuple(name for name in self.which if name in ADMISSIONS)

    @property
    def flows(self) -> tuple[str, ...]:
        """The counts of contacts."""
        return tuple(name for name in FLOWS if name in self.which)

    @property
    def of_waits(self) -> tuple[str, ...]:
        """The measures of spells."""
        return tuple(name for name in OF_WAITS if name in self.which)

    @property
    def needs_order(self) -> bool:
        """Whether a first or second contact matters."""
        return bool(self.of_waits) or "caseload" in self.which

    @property
    def is_person_count(self) -> bool:
        """Whether the caseload counts people."""
        return self.choices.get("caseload_of") == "people" and "caseload" in self.which


def read_request(
    extract: Extract, subject: str, period: Any, by: Any, scope: Scope, access_scope: Scope | None, icb_of: Any,
    icb_from: str, age_bands: Sequence[str], which: Any, choices: dict[str, str],
    spells: tuple[Any, Any, Any] = NATIONAL_SPELLS,
) -> Request:  # fmt: skip
    """Read the arguments and refuse what is wrong with them, or missing in the extract for them."""
    grouping, problems = read_grouping(by, icb_of, icb_from, age_bands)
    problems += [
        Problem(name, None, value, " or ".join(repr(each) for each in CHOICES[name]))
        for name, value in choices.items()
        if value not in CHOICES[name]
    ]
    rules, wrong = read_spells(*spells)
    problems += wrong
    read = read_period(period)
    spans: tuple[Span, ...] = ()
    name = None
    if isinstance(read, list):
        problems += read
    else:
        span, name = read
        spans = tuple(months_of(span)) if grouping.monthly else (span,)
        problems += after_last_month(extract, span)
    offered = _offered(extract, grouping)
    asked = list(offered) if which is None else [which] if isinstance(which, str) else list(which)
    for each in asked:
        if each not in ALL_MEASURES:
            hint = f"one of {', '.join(ALL_MEASURES)}; {nearest(str(each), ALL_MEASURES)}".rstrip("; ")
            problems.append(Problem("which", None, each, hint))
        elif each not in offered:
            problems.append(Problem("which", None, each, _why_not(each, grouping)))
    if not asked:
        problems.append(Problem("which", None, which, "a measure at least"))
    accesses = [_access_scope(access_scope, span) for span in spans] if "people_accessing" in asked else []
    scopes = tuple(dict.fromkeys([scope, *accesses]))
    wanted = tuple(each for each in ALL_MEASURES if each in asked)
    problems += missing(extract, wanted, scopes)
    problems += grouping.problems(extract, f"table by {', '.join(grouping.by)}")
    if problems:
        raise BadInput(subject, problems)
    access = tuple(scopes.index(each) for each in accesses)
    return Request(grouping, spans, name, wanted, scopes, access, choices, rules)


def after_last_month(extract: Extract, span: Span) -> list[Problem]:
    """Refuse a period that ends after the last month that was submitted: nothing is known of its end."""
    month = extract.last_month
    if month is None or day_number(last_day(month)) >= span.last:
        return []
    last = last_day(month)
    expected = f"a period that ends by {last}: {last:%B %Y} (UniqMonthID {month}) is the last month submitted"
    return [Problem("period", None, f"one that ends on {span.last_date}", expected)]


def read_spells(begin: Any, grace: Any, left_out: Any) -> tuple[SpellRules, list[Problem]]:
    """Read the arguments that say which spells there are, and name what is wrong with them."""
    problems = []
    day = read_date(begin, "spells_from") if begin is not None else None
    if isinstance(day, Problem):
        problems.append(day)
    if isinstance(grace, bool) or not isinstance(grace, int) or grace < 0:
        problems.append(Problem("grace", None, grace, "days, zero or more"))
    codes = [left_out] if isinstance(left_out, str) else list(left_out)
    if problems:
        return SpellRules(), problems
    first = -NEVER if day is None else day_number(day)  # type: ignore[arg-type]
    return SpellRules(first, grace, tuple(str(code).strip().upper() for code in codes)), []


def _access_scope(given: Scope | None, span: Span) -> Scope:
    return given or (ACCESS if span.last >= day_number(WIDER_ACCESS_FROM) else CORE)


def _offered(extract: Extract, grouping: Grouping) -> tuple[str, ...]:
    """The measures whose tables there are."""
    offered = []
    for name in ALL_MEASURES:
        if name in ADMISSIONS:
            there = "hospital_spells" in extract.tables and not grouping.by_team
            if name == "admissions_without_prior_contact":
                there = there and "contacts" in extract.tables
        else:
            there = "referrals" in extract.tables and (name in OF_REFERRALS or "contacts" in extract.tables)
        if there:
            offered.append(name)
    return tuple(offered)


def _why_not(name: str, grouping: Grouping) -> str:
    if name in ADMISSIONS and grouping.by_team:
        return "no team type in `by`: admissions are of no team"
    if name in ADMISSIONS:
        return "the table hospital_spells (MHS501HospProvSpell), and contacts for those without prior contact"
    contacts = "" if name in OF_REFERRALS else " and contacts (MHS201CareContact)"
    return f"the table{'s' if contacts else ''} referrals (MHS101Referral){contacts}"


def missing(
    extract: Extract, which: Sequence[str], scopes: Sequence[Scope], *, referrals: bool = True
) -> list[Problem]:
    """Name the tables and columns that are not there and without which a measure cannot be told."""
    problems: list[Problem] = []
    of_referrals = [name for name in which if name not in ADMISSIONS]
    if of_referrals and referrals:
        dates = ["ReferralRequestReceivedDate", "ServDischDate"]
        problems += extract.require({"referrals": [*REFERRAL, "UniqMonthID", *dates]}, "measure of referrals")
    if of_referrals and any(scope.minimum_age for scope in scopes) and "referrals" in extract.tables:
        problems += extract.require({"referrals": ["AgeServReferRecDate"]}, "scope by age (see Scope)")
    own = has_own_service(extract)
    teams = any(scope.team_types is not None for scope in scopes)
    if of_referrals and teams and not own and extract.version == "v6" and "referrals" in extract.tables:
        expected = (
            "UniqCareProfTeamLocalID and the table service_teams (MHS902ServiceTeamDetails), or ServTeamType: from "
            "version 6 on a referral names its own team, and MHS102OtherServiceType has the others alone"
        )
        problems.append(Problem("referrals", None, "no way to a type of team", expected))
    elif of_referrals and teams and not own:
        needs = {"service_types": ["UniqServReqID", "ServTeamTypeRefToMH"]}
        problems += extract.require(needs, "scope by team type (scope=ALL needs none)")
    if of_referrals and any(scope.exclude_hospital_spells for scope in scopes) and "hospital_spells" in extract.tables:
        costs = "link to a hospital spell (Scope(exclude_hospital_spells=False) needs none)"
        problems += extract.require({"hospital_spells": REFERRAL}, costs)
    if any(name in OF_WAITS for name in which) and "referrals" in extract.tables:
        problems += extract.require({"referrals": ["OrgIDProv"]}, "referral-spell")
    if any(name not in OF_REFERRALS for name in of_referrals):
        columns = ["Person_ID", "UniqCareContID", "UniqServReqID", "UniqMonthID", "CareContDate", "AttendStatus"]
        problems += extract.require({"contacts": [*columns, "ConsMechanismMH"]}, "direct contact")
    if any(name in ADMISSIONS for name in which):
        columns = ["Person_ID", "UniqHospProvSpellID", "StartDateHospProvSpell"]
        problems += extract.require({"hospital_spells": columns}, "admission")
        if "ward_stays" in extract.tables:
            problems += extract.require({"ward_stays": ["UniqHospProvSpellID"]}, "ward of an admission")
        if "ward_stays" in extract.tables and not extract.has("ward_stays", "MHAdmittedPatientClass"):
            expected = (
                "MHAdmittedPatientClass (to March 2024 HospitalBedTypeMH): without it no bed is known to be acute"
            )
            problems.append(Problem("ward_stays.MHAdmittedPatientClass", None, None, expected))
    return list(dict.fromkeys(problems))


def refuse_broken_rules(extract: Extract) -> None:
    """Refuse an extract that breaks a rule of data quality: what `strict=True` asks for."""
    refuse_broken(extract)

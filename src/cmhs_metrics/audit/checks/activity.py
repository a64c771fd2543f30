"""Size and shape of the services: referrals, caseload, time on caseload, waits and contacts."""

from __future__ import annotations

from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.families import (
    adds_to,
    at_least,
    at_most,
    between,
    extrapolation,
    highest,
    implied_population,
    lowest,
    population_behind,
    printed_again,
    quotient,
    share,
    share_of,
)
from cmhs_metrics.metrics.caseload import caseload_per_100k
from cmhs_metrics.metrics.contacts import contacts_per_patient
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.team_types import TeamType

SPENDING = "finance.headline.total_cost"
SPENDING_RATE = "finance.cost_profile.total.cost_per_100k"
CASELOAD = "caseload.england.caseload"
CASELOAD_RATE = f"{CASELOAD}_per_100k"
CONTACTS = "contacts.england.contacts"
CONTACT_RATE = f"{CONTACTS}_per_100k"
REFERRALS = "referrals.england.referrals"

SHOWN = (
    TeamType.GENERIC_CMHT,
    TeamType.ASSERTIVE_OUTREACH,
    TeamType.REHABILITATION_RECOVERY,
    TeamType.ASSESSMENT_BRIEF_INTERVENTION,
    TeamType.OLDER_PEOPLE,
)
"""The five types of team whose referrals, disciplines and DNA rates are shown."""

SOURCES = ("primary_care", "self_carer", "internal_cmht", "internal_inpatient", "other")
LITTLE = "Little's law: people on a caseload that neither grows nor shrinks stay for caseload ÷ starts."


def months_on_caseload(caseload: float, starts: float) -> float:
    """How long people stay [month], by Little's law, when so many [a year] start."""
    return ratio(caseload, starts, 12)


def referrals() -> list[Check]:
    """Referral comparisons, sources and acceptance."""
    source = "referrals.source"
    by_team = "referrals.by_team"
    outreach = f"{by_team}.assertive_outreach.referrals"
    accepted = "referrals.acceptance.all"
    checks = [
        *printed_again(REFERRALS, f"{REFERRALS}.by_team"),
        *printed_again(accepted, f"{accepted}.text"),
        *printed_again(f"{source}.total.other", f"{source}.total.other.text"),
        Check(
            "Referrals of England, from the mean of a provider and 56 Trusts",
            REFERRALS,
            (f"{REFERRALS}_per_provider", "introduction.trusts"),
            "{0} × {1}",
            lambda mean, trusts: mean * trusts,
            note="An identity only if all 56 gave their referrals; how many did is not printed.",
        ),
        quotient(
            "Providers implied by the referrals", None, REFERRALS, f"{REFERRALS}_per_provider", unit="organisation"
        ),
    ]
    for column, label in {"total": "all teams", **{team.value: team.label for team in SHOWN}}.items():
        parts = [f"{source}.{column}.{each}" for each in SOURCES]
        checks.append(adds_to(f"Sources add to the total: {label}", f"{source}.{column}.total", parts))
    primary = [f"{source}.{team.value}.primary_care" for team in SHOWN]
    *_, first, second = primary
    checks += [
        highest("Assessment and Brief Intervention has most from primary care", first, primary),
        highest("… and then Older People", second, [each for each in primary if each != first]),
        Check(
            "Three types of team and CRHTs leave room for the rest",
            100,
            (f"{by_team}.largest_three.share", f"{by_team}.crht.referrals", f"{REFERRALS}.by_team"),
            "{0} + {1} ÷ {2} × 100",
            lambda three, crht, every: three + share(crht, every),
            "at most",
            unit="percent",
            note="“Including CRHTs” and “in addition … CRHTs received a further 430,000” stand on one page.",
        ),
        at_most("CRHTs have no more than all", REFERRALS, f"{by_team}.crht.referrals"),
        lowest("“Assertive Outreach teams are the smallest services”", outreach, [f"{by_team}.crht.referrals"]),
        Check(
            "Time on caseload, from referrals: Assertive Outreach",
            "time_on_caseload.assertive_outreach",
            ("caseload.by_team.assertive_outreach.caseload", outreach, "referrals.acceptance.assertive_outreach"),
            "{0} ÷ ({1} × {2}) × 12",
            lambda caseload, received, rate: months_on_caseload(caseload, received * rate / 100),
            note=LITTLE,
        ),
        Check(
            "Time on caseload, from referrals: England",
            None,
            (CASELOAD, REFERRALS, accepted),
            "{0} ÷ ({1} × {2}) × 12",
            lambda caseload, received, rate: months_on_caseload(caseload, received * rate / 100),
            unit="month",
            note=LITTLE,
        ),
    ]
    return checks


def caseload() -> list[Check]:
    """Caseload comparisons and the time that people stay."""
    teams = {
        team: f"caseload.by_team.{team}.caseload"
        for team in ("generic_cmht", "older_people", "memory", "assertive_outreach")
    }
    generic, older, memory, outreach = teams.values()
    stays = [f"time_on_caseload.{team.value}" for team in TeamType]
    time = "time_on_caseload.generic_cmht"
    return [
        *printed_again(
            CASELOAD, f"{CASELOAD}.text", f"{CASELOAD}.heading", f"{CASELOAD}.summary", f"{CASELOAD}.conclusions"
        ),
        share_of("Share of Generic CMHTs", "caseload.by_team.generic_cmht.share", generic, CASELOAD),
        Check(
            "“Over half of service users are supported by 2 team types”",
            "caseload.by_team.largest_two.share.conclusions",
            (generic, older, CASELOAD),
            "({0} + {1}) ÷ {2} × 100",
            lambda first, second, every: share(first + second, every),
            "at least",
        ),
        adds_to("Four types of team leave room for the rest", CASELOAD, teams.values(), relation="at most"),
        highest("“The next largest categories”: Generic CMHTs first", generic, teams.values()),
        highest("“The next largest categories”: Older People second", older, [memory, outreach]),
        highest("“The next largest categories”: Memory Services third", memory, [outreach]),
        lowest("“Assertive Outreach teams are the smallest services”", outreach, teams.values()),
        implied_population("People implied by the caseload", CASELOAD, CASELOAD_RATE),
        Check(
            "Caseload per 100,000, on the people whom the spending implies",
            CASELOAD_RATE,
            (CASELOAD, SPENDING, SPENDING_RATE),
            "{0} ÷ ({1} ÷ {2})",
            lambda patients, cost, rate: caseload_per_100k(patients, population_behind(cost, rate)),
            note="“Equivalent to a pan-England caseload” does not say on which population.",
        ),
        Check(
            "Caseload in 2013 that a fall of over 25% implies",
            None,
            (CASELOAD, "caseload.trend.caseload_reduction.summary"),
            "{0} ÷ (100% − {1})",
            lambda patients, fall: ratio(patients, 100 - fall, 100),
        ),
        *printed_again(f"{time}.text", time),
        *between("Generic CMHTs among the Trusts", time, [f"{time}.minimum", f"{time}.maximum"]),
        highest("Assertive Outreach keeps people longest", "time_on_caseload.assertive_outreach", stays),
        lowest("CRHTs keep people shortest", "time_on_caseload.crht", stays),
    ]


def waits() -> list[Check]:
    """Waiting times: the bands of the chart."""
    bands = "waiting.bands"
    return [
        at_most("Bands follow one another", f"{bands}.11_to_18_weeks.lower", f"{bands}.4_to_10_weeks.upper"),
        *printed_again(f"{bands}.under_4_weeks.upper", f"{bands}.4_to_10_weeks.lower"),
        *printed_again(f"{bands}.11_to_18_weeks.upper", f"{bands}.over_18_weeks.lower"),
    ]


def contacts() -> list[Check]:
    """Contacts: levels, modes, intensity, and appointments missed."""
    face, other = "contacts.england.face_to_face_share", "contacts.england.non_face_to_face_share"
    rates = {team.value: f"contacts_per_patient.{team.value}" for team in TeamType if team is not TeamType.CRHT}
    outreach, early = rates["assertive_outreach"], rates["eip"]
    others = [each for each in rates.values() if each != outreach]
    missed = "contacts.dna.generic_cmht"
    return [
        *printed_again(CONTACTS, f"{CONTACTS}.summary", f"{CONTACTS}.conclusions"),
        extrapolation("Contacts, on the people that spending implies", CONTACTS, CONTACT_RATE, SPENDING, SPENDING_RATE),
        Check(
            "Contacts, on the people whom the caseload implies",
            CONTACTS,
            (CONTACT_RATE, CASELOAD, CASELOAD_RATE),
            "{0} × {1} ÷ {2}",
            lambda rate, patients, per_100k: rate * population_behind(patients, per_100k) / 100_000,
        ),
        implied_population("People implied by the contacts", CONTACTS, CONTACT_RATE),
        adds_to("Face to face and the rest are all", 100, [face, other]),
        *printed_again(other, f"{other}.2016_17"),
        at_least("“A gradual increase” in contacts not face to face", f"{other}.2012_13", f"{other}.2016_17"),
        quotient(
            "Contacts per patient, England", None, CONTACTS, CASELOAD, contacts_per_patient, unit="contact / patient"
        ),
        quotient(
            "Contacts per patient, from the two rates", None, CONTACT_RATE, CASELOAD_RATE, contacts_per_patient,
            unit="contact / patient",
        ),
        *printed_again(f"{outreach}.text", outreach),
        *printed_again(f"{early}.text", early),
        highest("Assertive Outreach is the most intensive", outreach, rates.values()),
        highest("… “followed by Early Intervention in Psychosis”", early, others),
        lowest("Memory Services are the least intensive", rates["memory"], rates.values()),
        *between("DNA rate of Generic CMHTs among the Trusts", missed, [f"{missed}.minimum", f"{missed}.maximum"]),
    ]  # fmt: skip


CHECKS = (*referrals(), *caseload(), *waits(), *contacts())

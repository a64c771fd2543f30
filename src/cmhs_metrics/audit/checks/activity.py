"""Size and shape of the services: referrals, caseload, time on caseload, waits, care clusters, IAPT and contacts."""

from __future__ import annotations

from cmhs_metrics import TeamType, caseload_per_100k, contacts_per_patient
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
from cmhs_metrics.ratio import ratio

SPENDING = "finance.headline.total_cost"
SPENDING_RATE = "finance.cost_profile.total.cost_per_100k"
CASELOAD = "caseload.england.caseload"
CASELOAD_RATE = f"{CASELOAD}_per_100k"
CONTACTS = "contacts.england.contacts"
CONTACT_RATE = f"{CONTACTS}_per_100k"
REFERRALS = "referrals.england.referrals"

SHOWN = (
    "generic_cmht",
    "assertive_outreach",
    "rehabilitation_recovery",
    "assessment_brief_intervention",
    "older_people",
)
"""The five types of team whose referrals, disciplines and DNA rates are shown."""

SOURCES = ("primary_care", "self_carer", "internal_cmht", "internal_inpatient", "other")
BANDS = ("1_3", "4_8", "10_17", "18_21")
YEARS = ("2012_13", "2013_14", "2014_15", "2015_16", "2016_17")
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
    for column in ("total", *SHOWN):
        parts = [f"{source}.{column}.{each}" for each in SOURCES]
        checks.append(adds_to(f"Sources add to the total: {column}", f"{source}.{column}.total", parts))
    for each in SOURCES:
        teams = [f"{source}.{team}.{each}" for team in SHOWN]
        checks += between(
            f"All teams among the five shown: {each}", f"{source}.total.{each}", teams,
            note="Beyond them only if teams that are not shown are; those are CRHTs, EIP and seven more.",
        )  # fmt: skip
    primary = {team: f"{source}.{team}.primary_care" for team in SHOWN}
    first = primary.pop("assessment_brief_intervention")
    checks += [
        highest("Assessment and Brief Intervention has most from primary care", first, primary.values()),
        highest("… and then Older People", primary["older_people"], primary.values()),
        *between(
            "Acceptance of all among the types of team", accepted, [f"referrals.acceptance.{team}" for team in SHOWN]
        ),
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
            "{0} ÷ (100 − {1}) × 100",
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


def clusters() -> list[Check]:
    """Care clusters: the profile, its trend, and the fall in caseload."""
    shares = "clusters.profile"
    snapshot = f"{shares}_2016_17"
    unclustered = f"{snapshot}.unclustered"
    groups = [f"{snapshot}.{group}" for group in ("non_psychosis_1_8", "psychosis_10_17", "organic_18_21")]
    checks = [adds_to("The profile adds to 100%", 100, [unclustered, *groups])]
    for year in YEARS:
        checks.append(adds_to(f"Shares add to 100%: {year}", 100, [f"{shares}.{band}.{year}" for band in BANDS]))
    for page, first, last in (("text", "2012", "2017"), ("iapt_page", "2012", "2017")):
        for band in ("1_3", "4_8", "18_21") if page == "text" else ("1_3",):
            checks += printed_again(f"clusters.{page}.{band}.{first}", f"{shares}.{band}.2012_13")
            checks += printed_again(f"clusters.{page}.{band}.{last}", f"{shares}.{band}.2016_17")
    by_year = {band: [f"{shares}.{band}.{year}" for year in YEARS] for band in BANDS}
    checks += [
        Check(
            "“Psychosis has remained generally steady at 33%”: the mean of five years",
            "clusters.text.10_17",
            tuple(by_year["10_17"]),
            "({0} + {1} + {2} + {3} + {4}) ÷ 5",
            lambda *values: sum(values) / len(values),
            additive=True,
        ),
        *between("“Psychosis has remained generally steady at 33%”", "clusters.text.10_17", by_year["10_17"]),
        highest("Clusters 1–3 have fallen", f"{shares}.1_3.2012_13", by_year["1_3"]),
        highest("Clusters 4–8 have grown", f"{shares}.4_8.2016_17", by_year["4_8"]),
        lowest("Organic clusters have fallen", f"{shares}.18_21.2016_17", by_year["18_21"]),
    ]
    for group, band in (("psychosis_10_17", "10_17"), ("organic_18_21", "18_21")):
        checks.append(
            Check(
                f"Share of the clustered, from the profile: {band}",
                f"{shares}.{band}.2016_17",
                (f"{snapshot}.{group}", unclustered),
                "{0} ÷ (100 − {1}) × 100",
                lambda part, without: share(part, 100 - without),
            )
        )
    checks.append(
        Check(
            "Share of the clustered, from the profile: 4_8",
            f"{shares}.4_8.2016_17",
            (f"{snapshot}.non_psychosis_1_8", unclustered, f"{shares}.1_3.2016_17"),
            "{0} ÷ (100 − {1}) × 100 − {2}",
            lambda part, without, mild: share(part, 100 - without) - mild,
        )
    )
    return checks


def fewer_patients() -> list[Check]:
    """The fall in caseload between 2014/15 and 2016/17, by cluster."""
    shares, change = "clusters.profile", "clusters.change"
    without = f"{shares}_2016_17.unclustered"
    now = [f"{shares}.{band}.2016_17" for band in BANDS]
    then = [f"{shares}.{band}.2014_15" for band in BANDS]
    fall = f"{change}.10_17.caseload_reduction"

    def clustered(patients: float, unclustered: float) -> float:
        return patients * (100 - unclustered) / 100

    def clustered_then(patients: float, unclustered: float, psychosis: float, before: float, fewer: float) -> float:
        return ratio(clustered(patients, unclustered) * psychosis / 100 + fewer, before, 100)

    def fall_of_all(patients: float, unclustered: float, psychosis: float, before: float, fewer: float) -> float:
        earlier = clustered_then(patients, unclustered, psychosis, before, fewer)
        return share(earlier - clustered(patients, unclustered), earlier)

    def fall_in_1_to_8(
        patients: float, unclustered: float, psychosis: float, before: float, fewer: float, *others: float
    ) -> float:
        mild, severe, mild_before, severe_before = others
        earlier = clustered_then(patients, unclustered, psychosis, before, fewer) * (mild_before + severe_before)
        return (earlier - clustered(patients, unclustered) * (mild + severe)) / 100

    known = (CASELOAD, without, now[2], then[2], fall)
    clustered_before = "({0} × (100 − {1}) × {2} + {4}) ÷ {3}"
    return [
        *printed_again(f"{change}.3_4.caseload_reduction", f"{change}.3_4.caseload_reduction.summary"),
        *printed_again(fall, f"{change}.psychosis.caseload_reduction.summary"),
        Check(
            "Fall in all clusters, from psychosis", None, known, f"1 − {{0}} × (100 − {{1}}) ÷ ({clustered_before})",
            fall_of_all, unit="percent",
        ),
        Check(
            "Fall in psychosis", None, (fall, CASELOAD, f"{shares}_2016_17.psychosis_10_17"), "{0} ÷ ({1} × {2} + {0})",
            lambda fewer, patients, rate: share(fewer, patients * rate / 100 + fewer), unit="percent",
            note="The fall is said to be “least marked in psychosis clusters 10-17”.",
        ),
        at_least(
            "The fall is “least marked in psychosis clusters 10-17”: their share has not fallen", then[2], now[2],
        ),
        Check(
            "Clusters 1–8 have fallen by as much as clusters 3 and 4",
            f"{change}.3_4.caseload_reduction",
            (*known, now[0], now[1], then[0], then[1]),
            f"{clustered_before} × ({{7}} + {{8}}) − {{0}} × (100 − {{1}}) × ({{5}} + {{6}})",
            fall_in_1_to_8,
            "at least",
            note="Due only if clusters 1, 2 and 5–8 did not grow; “an overall downsizing … across most care clusters”.",
        ),
    ]  # fmt: skip


def iapt() -> list[Check]:
    """IAPT, the alternative to which caseload has moved."""
    patients = "iapt.england.patients"
    return printed_again(patients, *(f"{patients}.{page}" for page in ("caseload_page", "almost", "summary")))


def contacts() -> list[Check]:
    """Contacts: levels, modes, intensity, and appointments missed."""
    face, other = "contacts.england.face_to_face_share", "contacts.england.non_face_to_face_share"
    rates = {team.value: f"contacts_per_patient.{team.value}" for team in TeamType if team is not TeamType.CRHT}
    outreach, early = rates["assertive_outreach"], rates["eip"]
    missed = "contacts.dna.generic_cmht"
    return [
        *printed_again(CONTACTS, f"{CONTACTS}.summary", f"{CONTACTS}.conclusions"),
        extrapolation("Contacts, on the people whom the spending implies", CONTACTS, CONTACT_RATE, SPENDING, SPENDING_RATE),
        Check(
            "Contacts, on the people whom the caseload implies",
            CONTACTS,
            (CONTACT_RATE, CASELOAD, CASELOAD_RATE),
            "{0} × {1} ÷ {2}",
            lambda rate, patients, per_100k: rate * population_behind(patients, per_100k) / 100_000,
            stated=True,
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
        highest("… “followed by Early Intervention in Psychosis”", early, [each for each in rates.values() if each != outreach]),
        lowest("Memory Services are the least intensive", rates["memory"], rates.values()),
        *between("DNA rate of Generic CMHTs among the Trusts", missed, [f"{missed}.minimum", f"{missed}.maximum"]),
    ]  # fmt: skip


CHECKS = (*referrals(), *caseload(), *waits(), *clusters(), *fewer_patients(), *iapt(), *contacts())

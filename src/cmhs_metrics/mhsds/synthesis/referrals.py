"""The referrals of a locality: who, to which team, accepted or not, when first seen, when discharged.

Waits and stays are drawn so that the caseload is steady: whoever is open on the first day is drawn by the length of
the wait or stay (long ones are met more often), at a point of it that is uniform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.mhsds.synthesis.rates import TEAM_CODES, TEAMS, YEAR, national
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.mhsds.synthesis.providers import Locality, Window

    Integers = NDArray[np.int64]
    Rows = dict[str, Integers]

NULL = -(2**62)
"""Stands for a missing value among whole numbers."""
NEVER = 2**40
"""Stands for a day that does not come."""

WARD = "Z01"
"""The service type of a referral to a hospital: other service."""
CODES = (
    *sorted({code for team in TEAMS for code, _ in TEAM_CODES.get(team, ((team.mhsds_codes[0], 1.0),))}),
    WARD,
)
_UNSEEN_MEDIAN, _UNSEEN_SIGMA = 45.0, 1.8
_REJECTION_DAYS = 5.0
_FOLLOWS, _FOLLOWS_SOON = 0.22, 0.4
_TWO_TEAMS = 0.08
_LONGEST = 25 * YEAR
_OLDER = np.array([team in (TeamType.OLDER_PEOPLE, TeamType.MEMORY) for team in TEAMS])
_OWN_PEOPLE = np.array([team in (TeamType.PERINATAL, TeamType.EATING_DISORDERS) for team in TEAMS])


def draw_referrals(draw: np.random.Generator, locality: Locality, window: Window) -> Rows:
    """Draw the referrals that are open in the window or received in it.

    Returns `team` (number in `TEAMS`), `code`, `second_code` (numbers in `CODES`; NULL), `received`, `first` (the first
    direct contact), `discharged`, `rejected` (days since 1970; NEVER), `rejected_by_one` (0, 1), `person` (number
    within the locality), `born` (day), `sex`, `new` (0, 1).
    """
    facts = _waits_and_stays(draw, locality, window)
    facts |= _people(draw, facts, window)
    facts |= _teams(draw, facts)
    return facts


def _waits_and_stays(draw: np.random.Generator, locality: Locality, window: Window) -> Rows:
    rates, start = national(), window.first_day
    accepted = np.clip(rates.accepted + locality.acceptance, 0.3, 0.98)
    yearly = rates.referrals * locality.scale
    stay_mu, wait_mu = rates.stay_mu + np.log(locality.stay), rates.wait_mu + np.log(locality.wait)
    wait = np.exp(wait_mu + rates.wait_sigma**2 / 2)
    stay = np.exp(stay_mu + rates.stay_sigma**2 / 2)
    unseen = np.exp(np.log(_UNSEEN_MEDIAN) + _UNSEEN_SIGMA**2 / 2)
    seen_a_day = yearly * accepted * rates.seen / YEAR
    unseen_a_day = yearly * accepted * (1 - rates.seen) / YEAR
    counts = {
        "new": yearly * window.years,
        "on caseload": seen_a_day * stay,
        "waiting": seen_a_day * wait,
        "never seen": unseen_a_day * unseen,
    }
    team = {kind: np.repeat(np.arange(len(TEAMS)), draw.poisson(mean)) for kind, mean in counts.items()}
    days = window.last_day - start + 1

    def waits(kind: str, longer: int = 0) -> NDArray[np.float64]:
        mu, sigma = wait_mu[team[kind]], rates.wait_sigma[team[kind]]
        return draw.lognormal(mu + longer * sigma**2, sigma)

    def stays(kind: str, longer: int = 0) -> NDArray[np.float64]:
        mu, sigma = stay_mu[team[kind]], rates.stay_sigma[team[kind]]
        return np.minimum(draw.lognormal(mu + longer * sigma**2, sigma), _LONGEST)

    def never_seen(count: int, longer: int = 0) -> NDArray[np.float64]:
        mu = np.log(_UNSEEN_MEDIAN) + longer * _UNSEEN_SIGMA**2
        return np.minimum(draw.lognormal(mu, _UNSEEN_SIGMA, count), _LONGEST)

    parts: list[Rows] = []

    def add(kind: str, received: object, first: object, discharged: object, rejected: object, new: int) -> None:
        columns = {"received": received, "first": first, "discharged": discharged, "rejected": rejected}
        whole = {name: np.rint(np.asarray(value)).astype(np.int64) for name, value in columns.items()}
        count = len(team[kind])
        parts.append({"team": team[kind], **whole, "new": np.full(count, new)})

    kind, count = "new", len(team["new"])
    received = start + draw.integers(0, days, count)
    is_accepted = draw.random(count) < accepted[team[kind]]
    is_seen = is_accepted & (draw.random(count) < rates.seen[team[kind]])
    first = np.where(is_seen, received + np.rint(waits(kind)), NEVER)
    close = np.where(is_seen, first + stays(kind), received + never_seen(count))
    rejected = np.where(is_accepted, NEVER, received + np.floor(draw.exponential(_REJECTION_DAYS, count)))
    # Half of the rejections also come with a discharge date.
    also = ~is_accepted & (draw.random(count) < 0.5)
    add(kind, received, first, np.where(is_accepted, close, np.where(also, rejected, NEVER)), rejected, 1)

    kind, count = "on caseload", len(team["on caseload"])
    stay_length = stays(kind, longer=1)
    first = start - np.ceil(draw.random(count) * stay_length)
    # Who is on caseload on the first day is not discharged before it, whatever the rounding.
    ends = np.maximum(first + stay_length, start)
    add(kind, first - np.rint(waits(kind)), first, ends, np.full(count, NEVER), 0)

    kind, count = "waiting", len(team["waiting"])
    wait_length = waits(kind, longer=1)
    received = start - np.ceil(draw.random(count) * wait_length)
    first = np.maximum(received + np.rint(wait_length), start)
    add(kind, received, first, first + stays(kind), np.full(count, NEVER), 0)

    kind, count = "never seen", len(team["never seen"])
    length = never_seen(count, longer=1)
    received = start - np.ceil(draw.random(count) * length)
    discharged = np.maximum(received + np.rint(length), start)
    add(kind, received, np.full(count, NEVER), discharged, np.full(count, NEVER), 0)
    facts = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return facts | _first_on_a_weekday(facts)


def _first_on_a_weekday(facts: Rows) -> Rows:
    """Move first contacts from weekends to Mondays, with all that follows; crisis teams work on Sundays."""
    weekday = (facts["first"] + 3) % 7
    seen = (facts["first"] < NEVER) & (facts["team"] != TEAMS.index(TeamType.CRHT))
    later = np.where(seen & (weekday >= 5), 7 - weekday, 0)
    return {name: facts[name] + later for name in ("first", "discharged")}


def _people(draw: np.random.Generator, facts: Rows, window: Window) -> Rows:
    """Give each referral a person; some are a person's second, and some of these follow on the first's end at once."""
    team, count = facts["team"], len(facts["team"])
    person = np.arange(count)
    follows = (facts["new"] == 1) & (draw.random(count) < _FOLLOWS) & ~_OWN_PEOPLE[team]
    for older in (False, True):
        lately = facts["received"] > window.first_day - 5 * 365
        leaders = np.flatnonzero(~follows & lately & (_OLDER[team] == older) & ~_OWN_PEOPLE[team])
        followers = np.flatnonzero(follows & (_OLDER[team] == older))
        if len(leaders):
            person[followers] = draw.choice(leaders, len(followers))
    soon = np.flatnonzero((person != np.arange(count)) & (draw.random(count) < _FOLLOWS_SOON))
    ended = np.minimum(facts["discharged"], facts["rejected"])[person[soon]]
    begins = ended + draw.integers(-20, 12, len(soon))
    fits = (begins >= window.first_day) & (begins <= window.last_day)
    soon, begins = soon[fits], begins[fits]
    shift = begins - facts["received"][soon]
    moved = {}
    for name in ("received", "first", "discharged", "rejected"):
        moved[name] = facts[name].copy()
        moved[name][soon] += np.where(facts[name][soon] < NEVER // 2, shift, 0)
    age = _ages(draw, team)
    born = facts["received"] - np.floor((age + draw.random(count)) * YEAR).astype(np.int64)
    female = np.full(len(TEAMS), 0.52)
    female[TEAMS.index(TeamType.PERINATAL)], female[TEAMS.index(TeamType.EATING_DISORDERS)] = 1.0, 0.9
    female[TEAMS.index(TeamType.FORENSIC)], female[TEAMS.index(TeamType.EIP)] = 0.15, 0.4
    # 1 male, 2 female, 3 non-binary, 4 other, 9 not stated.
    sex = np.where(draw.random(count) < female[team], 2, 1)
    rare = draw.random(count) < 0.012
    sex = np.where(rare & (female[team] < 1), draw.choice([3, 4, 9], count), sex)
    return {**moved, "person": person, "born": born[person], "sex": sex[person]}


def _ages(draw: np.random.Generator, team: Integers) -> Integers:
    count = len(team)
    working = 18 + np.floor(draw.beta(1.1, 1.5, count) * 47)
    younger = np.isin(team, [TEAMS.index(kind) for kind in (TeamType.EIP, TeamType.EATING_DISORDERS)])
    working = np.where(younger, 16 + np.floor(draw.beta(1.3, 3.5, count) * 48), working)
    working = np.where(team == TEAMS.index(TeamType.PERINATAL), 17 + np.floor(draw.beta(3, 3, count) * 28), working)
    mixed = np.isin(team, [TEAMS.index(kind) for kind in (TeamType.GENERIC_CMHT, TeamType.CRHT, TeamType.OTHER)])
    aside = draw.random(count)
    working = np.where(mixed & (aside < 0.02), 16 + draw.integers(0, 2, count), working)
    elderly = 65 + np.floor(draw.beta(1.8, 2.6, count) * 33)
    working = np.where(mixed & (aside > 0.92), elderly, working)
    return np.where(_OLDER[team], elderly, working).astype(np.int64)


def _teams(draw: np.random.Generator, facts: Rows) -> Rows:
    team, count = facts["team"], len(facts["team"])
    code = np.empty(count, dtype=np.int64)
    for number, kind in enumerate(TEAMS):
        names, shares = zip(*TEAM_CODES.get(kind, ((kind.mhsds_codes[0], 1.0),)), strict=True)
        here = np.flatnonzero(team == number)
        chosen = draw.choice(len(names), len(here), p=np.array(shares) / sum(shares))
        code[here] = np.array([CODES.index(name) for name in names])[chosen]
    # The second team's code comes after the first's, so that one team a referral means the one that was drawn.
    other = draw.choice(code, count) if count else code
    two = (draw.random(count) < _TWO_TEAMS) & (other > code)
    return {
        "code": code,
        "second_code": np.where(two, other, NULL),
        "rejected_by_one": (two & (facts["rejected"] == NEVER) & (draw.random(count) < 0.2)).astype(np.int64),
    }

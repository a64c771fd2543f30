"""Admissions, ward stays and care clusters of a locality's people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.mhsds.synthesis.rates import (
    ADMISSIONS,
    CLUSTER_CODES,
    TEAMS,
    WITHOUT_REFERRAL,
    YEAR,
    national,
)
from cmhs_metrics.mhsds.synthesis.referrals import CODES, NEVER, NULL, WARD
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.synthesis.providers import Locality, Window
    from cmhs_metrics.mhsds.synthesis.referrals import Rows

_STAY_MEDIAN, _STAY_SIGMA = 21.0, 1.0
_TRANSFERRED = 0.06
_TO_OTHER_WARD = 0.15
BEDS = ("10", "11", "12", "13", "14", "15", "16", "17")
"""Bed types: adult acute, older adult acute, psychiatric intensive care, and others."""
CLASSES = tuple(f"20{number}" for number in range(len(BEDS)))
"""The classes of patients that stand for them from version 6 on."""
SOURCES = ("19", "29", "49", "53", "87")
"""Where people come from: home, temporary home, three kinds of hospital."""
_CLUSTERED_AGAIN = 0.3


def draw_hospital(draw: np.random.Generator, facts: Rows, locality: Locality, window: Window) -> tuple[Rows, Rows]:
    """Draw admissions and the referrals that they hang on.

    Returns `facts` with the hospital referrals after the others; and the spells: `spell` (number within the locality),
    `referral`, `begins`, `ends` (NEVER), `source` (number in `SOURCES`), `bed`, `second_bed` (numbers in `BEDS`; NULL),
    `moves` (day).
    """
    weight = float((locality.scale * national().caseload).sum() / national().caseload.sum())
    before = 120
    days = window.last_day - window.first_day + 1 + before
    count = int(draw.poisson(ADMISSIONS * weight * days / YEAR))
    known = draw.random(count) >= WITHOUT_REFERRAL
    # People in care: the day of admission falls between the first contact and shortly after discharge.
    since = np.maximum(facts["first"] + 4, window.first_day - before)
    until = np.minimum(facts["discharged"] + 30, window.last_day)
    able = np.flatnonzero((facts["first"] < NEVER) & (since <= until) & (facts["team"] != _MEMORY))
    weights = (until - since + 1)[able].astype(float)
    wanted = min(int(known.sum()), len(able))
    leader = draw.choice(able, wanted, replace=False, p=weights / weights.sum()) if wanted else able[:0]
    _, once = np.unique(facts["person"][leader], return_index=True)
    leader = leader[np.sort(once)]
    begins = since[leader] + np.floor(draw.random(len(leader)) * (until - since + 1)[leader]).astype(np.int64)
    strangers = count - int(known.sum())
    offset = len(facts["team"])
    begins = np.concatenate([begins, window.last_day + 1 - draw.integers(1, days + 1, strangers)])
    person = np.concatenate([facts["person"][leader], offset + np.arange(strangers)])
    age = 18 + np.floor(draw.beta(1.2, 1.6, strangers) * 62)
    lived = np.floor((age + draw.random(strangers)) * YEAR).astype(np.int64)
    born = np.concatenate(
        [
            facts["born"][leader],
            begins[len(leader) :] - lived,
        ]
    )
    sex = np.concatenate([facts["sex"][leader], draw.integers(1, 3, strangers)])
    ends = begins + np.rint(draw.lognormal(np.log(_STAY_MEDIAN), _STAY_SIGMA, len(begins))).astype(np.int64)
    again = draw.random(len(begins)) < _TRANSFERRED
    last = ends + np.where(again, np.rint(draw.lognormal(np.log(_STAY_MEDIAN), 0.8, len(begins))).astype(np.int64), 0)
    kept = last >= window.first_day
    begins, ends, last, person, born, sex, again = (
        each[kept] for each in (begins, ends, last, person, born, sex, again)
    )
    referrals = {
        "team": np.full(len(begins), TEAMS.index(TeamType.OTHER)),
        "code": np.full(len(begins), CODES.index(WARD)),
        "second_code": np.full(len(begins), NULL),
        "received": begins - draw.integers(0, 2, len(begins)),
        "first": np.full(len(begins), NEVER),
        "discharged": last,
        "rejected": np.full(len(begins), NEVER),
        "rejected_by_one": np.zeros(len(begins), dtype=np.int64),
        "person": person,
        "born": born,
        "sex": sex,
        "new": np.ones(len(begins), dtype=np.int64),
    }
    referral = offset + np.arange(len(begins))
    moved = np.flatnonzero(again & (ends + 1 <= np.minimum(last, window.last_day)))
    second = ends[moved] + draw.integers(0, 2, len(moved))
    spells = {
        "referral": np.concatenate([referral, referral[moved]]),
        "begins": np.concatenate([begins, second]),
        "ends": np.concatenate([ends, last[moved]]),
        "source": np.concatenate(
            [draw.choice([0, 0, 0, 0, 1], len(begins)), 2 + draw.choice(3, len(moved), p=[0.6, 0.1, 0.3])]
        ),
    }
    total = len(spells["begins"])
    spells["spell"] = np.arange(total)
    spells["bed"] = draw.choice(len(BEDS), total, p=[0.70, 0.13, 0.07, 0.01, 0.01, 0.05, 0.02, 0.01])
    stay = spells["ends"] - spells["begins"]
    moves = (draw.random(total) < _TO_OTHER_WARD) & (stay >= 2)
    spells["moves"] = np.where(moves, spells["begins"] + 1 + np.floor(draw.random(total) * (stay - 1)), NULL)
    spells["moves"] = spells["moves"].astype(np.int64)
    spells["second_bed"] = np.where(moves, draw.choice(3, total), NULL)
    return {name: np.concatenate([facts[name], referrals[name]]) for name in facts}, spells


_MEMORY = TEAMS.index(TeamType.MEMORY)


def draw_clusters(draw: np.random.Generator, facts: Rows) -> Rows:
    """Draw care clusters of people who were seen: `referral`, `cluster` (0 to 21), `begins`, `ends` (NEVER)."""
    seen = np.flatnonzero(facts["first"] < NEVER)
    shares = national().clusters[facts["team"][seen]]
    group = (draw.random(len(seen))[:, None] >= np.cumsum(shares, axis=1)[:, :3]).sum(axis=1)
    seen, group = seen[group > 0], group[group > 0]

    def codes() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        cluster = np.zeros(len(seen), dtype=np.int64)
        for number, choices in enumerate(CLUSTER_CODES, start=1):
            here = np.flatnonzero(group == number)
            names, weights = zip(*choices, strict=True)
            cluster[here] = draw.choice(names, len(here), p=weights)
        return cluster

    begins, ends = facts["first"][seen], facts["discharged"][seen]
    again = (draw.random(len(seen)) < _CLUSTERED_AGAIN) & (ends - begins >= 90)
    renewed = begins + 60 + np.floor(draw.random(len(seen)) * np.minimum(ends - begins - 61, 400)).astype(np.int64)
    return {
        "referral": np.concatenate([seen, seen[again]]),
        "cluster": np.concatenate([codes(), codes()[again]]),
        "begins": np.concatenate([begins, renewed[again]]),
        "ends": np.concatenate([np.where(again, renewed - 1, ends), ends[again]]),
    }

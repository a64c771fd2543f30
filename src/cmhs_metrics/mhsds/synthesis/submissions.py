"""What providers submit month by month: each table's rows, with what was known at the end of each month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.mhsds.synthesis.providers import first_day, month_of
from cmhs_metrics.mhsds.synthesis.rates import TEAMS, YEAR
from cmhs_metrics.mhsds.synthesis.referrals import NEVER, NULL
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.synthesis.providers import Locality, Window
    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

SOURCES_OF_REFERRAL = ("A1", "B1", "B2", "P1", "I1", "H1", "H2", "C1", "E1", "G2")
# The audit's: primary care 42 %, self and carer 5 %, own teams 19 %, own wards 3 %, others 31 %.
_SOURCE_SHARES = (0.42, 0.04, 0.01, 0.19, 0.03, 0.13, 0.06, 0.04, 0.04, 0.04)
REASONS = ("01", "02", "03", "04", "05", "06", "10", "12", "13", "14", "18")
_MAIN_REASON = {
    TeamType.EIP: "01", TeamType.ASSERTIVE_OUTREACH: "02", TeamType.REHABILITATION_RECOVERY: "02",
    TeamType.MEMORY: "10", TeamType.OLDER_PEOPLE: "10", TeamType.EATING_DISORDERS: "12",
    TeamType.PERINATAL: "13", TeamType.CRHT: "18",
}  # fmt: skip
CLOSING_REASONS = ("01", "02", "03", "04", "05", "07", "08", "09")
_CLOSING_SHARES = (0.02, 0.55, 0.03, 0.12, 0.10, 0.06, 0.10, 0.02)
REJECTION_REASONS = ("01", "02", "03")
ETHNIC_CATEGORIES = (*"ABCDEFGHJKLMNPRSZ", "99")
_ETHNIC_SHARES = np.array(
    [68, 0.9, 4.5, 0.7, 0.3, 0.4, 0.8, 2.0, 2.0, 0.9, 1.2, 1.8, 1.9, 0.9, 0.4, 1.6, 7.7, 4.0], dtype=float
)
DISTRICTS = 6
"""How many synthetic districts a provider serves; two more numbers stand for a Welsh one and for none."""
_LATE, _PUT_RIGHT = 0.01, 0.01


def last_day(month: Integers) -> Integers:
    """The last day of reporting months, in days since 1970."""
    return first_day(month + 1) - 1


def known_by(day: Integers, month: Integers) -> Integers:
    """Days that had come by the end of the month; else NULL."""
    return np.where(day <= last_day(month), day, NULL)


def _monthly(begins: Integers, ends: Integers, window: Window) -> tuple[Integers, Integers]:
    """A row for each month from begin to end within the window: the number of what is submitted, and the month."""
    first = np.maximum(month_of(begins), window.first_month)
    last = np.where(ends > window.last_day, window.last_month, month_of(np.minimum(ends, window.last_day)))
    times = np.maximum(last - first + 1, 0)
    number = np.repeat(np.arange(len(begins)), times)
    step = np.arange(len(number)) - np.repeat(np.cumsum(times) - times, times)
    return number, first[number] + step


def submit_referrals(draw: np.random.Generator, facts: Rows, window: Window) -> tuple[Rows, Rows]:
    """Submit referrals and their service types every month that they are open.

    Returns the rows of MHS101 (with the main team, as version 6 has it there), and of MHS102.
    """
    count = len(facts["team"])
    closed = np.minimum(facts["discharged"], facts["rejected"])
    referral, month = _monthly(facts["received"], closed, window)
    begun = np.maximum(month_of(facts["received"]), window.first_month)
    # Some first come a month late.
    late = (draw.random(count) < _LATE) & (closed > last_day(begun)) & (begun < window.last_month)
    kept = ~(late[referral] & (month == begun[referral]))
    referral, month = referral[kept], month[kept]
    received, discharged = facts["received"][referral], known_by(facts["discharged"][referral], month)
    # Some are put right the month after: when they were received, or, with a row more, when they were discharged.
    was_wrong = (draw.random(count) < _PUT_RIGHT) & (closed > last_day(begun)) & (begun < window.last_month) & ~late
    received = np.where(was_wrong[referral] & (month == begun[referral]), received - 3, received)
    again = (draw.random(count) < _PUT_RIGHT) & (facts["discharged"] < first_day(window.last_month))
    again &= facts["rejected"] == NEVER
    wrong = again[referral] & (discharged != NULL)
    discharged = np.where(wrong, np.minimum(discharged + 3, last_day(month)), discharged)
    extra = np.flatnonzero(again & (facts["discharged"] >= window.first_day))
    referral = np.concatenate([referral, extra])
    month = np.concatenate([month, month_of(facts["discharged"][extra]) + 1])
    received = np.concatenate([received, facts["received"][extra]])
    discharged = np.concatenate([discharged, facts["discharged"][extra]])

    main_reason = np.array([REASONS.index(_MAIN_REASON.get(team, "04")) for team in TEAMS])[facts["team"]]
    any_reason = draw.integers(0, len(REASONS), count)
    detail = {
        "source": draw.choice(len(SOURCES_OF_REFERRAL), count, p=_SOURCE_SHARES),
        "reason": np.where(draw.random(count) < 0.6, main_reason, any_reason),
        "age": np.floor((facts["received"] - facts["born"]) / YEAR).astype(np.int64),
        "close_reason": draw.choice(len(CLOSING_REASONS), count, p=_CLOSING_SHARES),
        "reject_reason": draw.choice(len(REJECTION_REASONS), count, p=(0.2, 0.7, 0.1)),
    }
    rejected = known_by(facts["rejected"][referral], month)
    rows = {
        "referral": referral,
        "person": facts["person"][referral],
        "month": month,
        "received": received,
        "discharged": discharged,
        "source": detail["source"][referral],
        "reason": detail["reason"][referral],
        "age": detail["age"][referral],
        "code": facts["code"][referral],
        "rejected": rejected,
        "reject_reason": np.where(rejected == NULL, NULL, detail["reject_reason"][referral]),
        "close_reason": np.where(discharged == NULL, NULL, detail["close_reason"][referral]),
    }
    second = np.flatnonzero(facts["second_code"][referral] != NULL)
    by_one = np.where(facts["rejected_by_one"] == 1, facts["received"] + 3, facts["rejected"])
    also = known_by(by_one[referral[second]], month[second])
    others = {name: values[second] for name, values in rows.items()} | {
        "code": facts["second_code"][referral[second]],
        "rejected": also,
        "reject_reason": np.where(also == NULL, NULL, detail["reject_reason"][referral[second]]),
    }
    rows["second"], others["second"] = np.zeros(len(referral), np.int64), np.ones(len(second), np.int64)
    return rows, {name: np.concatenate([rows[name], others[name]]) for name in rows}


def submit_spells(spells: Rows, facts: Rows, window: Window) -> tuple[Rows, Rows]:
    """Submit spells and ward stays every month that they last: the rows of MHS501 and MHS502."""
    number, month = _monthly(spells["begins"], spells["ends"], window)
    common = {
        "spell": number,
        "referral": spells["referral"][number],
        "person": facts["person"][spells["referral"][number]],
        "month": month,
    }
    rows = common | {
        "begins": spells["begins"][number],
        "ends": known_by(spells["ends"][number], month),
        "source": spells["source"][number],
    }
    # Everybody is discharged on advice, and goes home.
    rows["discharge"] = np.where(rows["ends"] == NULL, NULL, 0)
    moves = spells["moves"][number]
    first = common | {
        "begins": spells["begins"][number],
        "ends": known_by(np.where(moves == NULL, spells["ends"][number], moves), month),
        "bed": spells["bed"][number],
        "second": np.zeros(len(number), dtype=np.int64),
    }
    there = (moves != NULL) & (moves <= last_day(month))
    second = {name: values[there] for name, values in first.items()} | {
        "begins": moves[there],
        "ends": known_by(spells["ends"][number], month)[there],
        "bed": spells["second_bed"][number][there],
        "second": np.ones(int(there.sum()), dtype=np.int64),
    }
    return rows, {name: np.concatenate([first[name], second[name]]) for name in first}


def submit_clusters(clusters: Rows, facts: Rows, window: Window) -> Rows:
    """Submit a cluster when it begins (or first, if it began before) and again when it ends: the rows of MHS801."""
    known = np.flatnonzero((clusters["ends"] >= window.first_day) & (clusters["begins"] <= window.last_day))
    begun = np.maximum(month_of(clusters["begins"][known]), window.first_month)
    ends = clusters["ends"][known]
    finished = known[(ends <= window.last_day) & (ends > last_day(begun))]
    number = np.concatenate([known, finished])
    month = np.concatenate([begun, month_of(clusters["ends"][finished])])
    return {
        "episode": number,
        "person": facts["person"][clusters["referral"][number]],
        "month": month,
        "cluster": clusters["cluster"][number],
        "begins": clusters["begins"][number],
        "ends": known_by(clusters["ends"][number], month),
    }


def submit_people(
    draw: np.random.Generator, facts: Rows, tables: list[Rows], locality: Locality, window: Window
) -> Rows:
    """Submit the people of every submission: a row a person and month that any other row has."""
    room = window.last_month + 2
    keys = np.unique(np.concatenate([rows["person"] * room + rows["month"] for rows in tables]))
    person, month = keys // room, keys % room
    inside = month >= window.first_month
    person, month = person[inside], month[inside]
    people = int(facts["person"].max()) + 1 if len(facts["person"]) else 0
    born, sex = np.full(people, NULL), np.full(people, NULL)
    born[facts["person"]], sex[facts["person"]] = facts["born"], facts["sex"]
    district = draw.choice(DISTRICTS, people, p=[0.35, 0.25, 0.15, 0.12, 0.08, 0.05])
    away = draw.random(people)
    district = np.where(away < 0.004, DISTRICTS, np.where(away > 0.985, NULL, district))
    ethnic = draw.choice(len(ETHNIC_CATEGORIES), people, p=_ETHNIC_SHARES / _ETHNIC_SHARES.sum())
    return {
        "person": person,
        "month": month,
        "district": district[person],
        "sex": sex[person],
        "ethnic": ethnic[person],
        "age": np.floor((last_day(month) - born[person]) / YEAR).astype(np.int64),
        "died": np.full(len(person), NULL),
    }


def submit_teams(tables: list[Rows]) -> Rows:
    """Submit the teams of every month that any row names: the rows of MHS902."""
    room = 1000
    keys = np.unique(np.concatenate([(rows["month"] * room + rows["code"])[rows["code"] != NULL] for rows in tables]))
    return {"month": keys // room, "code": keys % room, "person": np.full(len(keys), NULL)}

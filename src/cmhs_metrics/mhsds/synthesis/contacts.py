"""The contacts of a locality's referrals: a stream of appointments from the first contact to discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.mhsds.synthesis.providers import month_of
from cmhs_metrics.mhsds.synthesis.rates import TEAMS, national
from cmhs_metrics.mhsds.synthesis.referrals import NEVER
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.synthesis.providers import Locality, Window
    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

_INTENSITY_SIGMA = 0.7
# For each direct contact: appointments cancelled by the patient and by the provider, and messages that are no direct
# contact. Our reading; the audit prints non-attendance alone.
_CANCELLED_BY_PATIENT, _CANCELLED_BY_PROVIDER, _MESSAGES = 0.06, 0.035, 0.03
_INDIRECT = 0.08
_SEEN_LATE, _ARRIVED_TOO_LATE = 0.03, 0.08
_LATE = 0.02
_CORRECTED = 0.015
SLOTS = 40
"""Quarters of an hour from 08:00."""


def draw_contacts(draw: np.random.Generator, facts: Rows, locality: Locality, window: Window) -> Rows:
    """Draw the appointments of referrals, and how they are submitted: one row a submission of an appointment.

    Returns `contact` (number within the locality), `referral` (row of `facts`), `date`, `slot`, `attendance`,
    `mechanism` (as numbers, codes of version 5), `month`, `submissions` (how many rows the appointment has). Of a
    referral that was already on caseload on the first day, the first two direct contacts come with it, in the months
    when they took place; no others from before.
    """
    rates, seen = national(), np.flatnonzero(facts["first"] < NEVER)
    team, first = facts["team"][seen], facts["first"][seen]
    missed = rates.did_not_attend[team]
    did_not_attend = missed / (1 - missed) * locality.did_not_attend
    others = did_not_attend + _CANCELLED_BY_PATIENT + _CANCELLED_BY_PROVIDER + _MESSAGES
    intensity = draw.lognormal(-(_INTENSITY_SIGMA**2) / 2, _INTENSITY_SIGMA, len(seen))
    a_day = rates.contacts_per_day[team] * locality.intensity * intensity
    begins = np.maximum(first, window.first_day)
    ends = np.minimum(facts["discharged"][seen], window.last_day)
    length = np.maximum(ends - begins, 0)

    # In the window: as many appointments as days, rate and chance give.
    appointments = draw.poisson(a_day * (1 + others) * length)
    stream = np.repeat(np.arange(len(seen)), appointments)
    date = begins[stream] + np.ceil(draw.random(len(stream)) * length[stream]).astype(np.int64)
    at = draw.random(len(stream)) * (1 + others[stream])
    steps = np.stack(
        [
            at > 1,
            at > 1 + did_not_attend[stream],
            at > 1 + did_not_attend[stream] + _CANCELLED_BY_PATIENT,
            at > 1 + did_not_attend[stream] + _CANCELLED_BY_PATIENT + _CANCELLED_BY_PROVIDER,
        ]
    ).sum(axis=0)
    parts = [(stream, date, steps)]

    # The first contact, and what was missed or cancelled on the way to it.
    in_window = np.flatnonzero((first >= window.first_day) & (first <= window.last_day))
    parts.append((in_window, first[in_window], np.zeros(len(in_window), dtype=np.int64)))
    for step, odds in ((1, did_not_attend), (2, _CANCELLED_BY_PATIENT), (3, _CANCELLED_BY_PROVIDER)):
        before = np.repeat(in_window, draw.poisson(np.broadcast_to(odds, len(seen))[in_window]))
        gap = first[before] - np.maximum(facts["received"][seen][before], window.first_day)
        day = first[before] - np.floor(draw.random(len(before)) * gap).astype(np.int64)
        parts.append((before, day, np.full(len(before), step)))

    # Before the window: the first contact, and the second where it had taken place.
    earlier = np.flatnonzero(first < window.first_day)
    parts.append((earlier, first[earlier], np.zeros(len(earlier), dtype=np.int64)))
    second = first[earlier] + np.ceil(draw.exponential(1 / a_day[earlier])).astype(np.int64)
    took_place = second < np.minimum(window.first_day, facts["discharged"][seen][earlier] + 1)
    parts.append((earlier[took_place], second[took_place], np.zeros(int(took_place.sum()), dtype=np.int64)))

    referral, day, kind = (np.concatenate(each) for each in zip(*parts, strict=True))
    day = _on_weekdays(day, begins[referral], ends[referral], window, team[referral])
    contacts: Rows = {"referral": seen[referral], "date": day}
    contacts |= _how(draw, kind, locality.face_to_face)
    return _submissions(draw, contacts, window)


def _on_weekdays(day: Integers, begins: Integers, ends: Integers, window: Window, team: Integers) -> Integers:
    """Move weekends to the Friday or Monday next to them, except where teams work on them or there is no room."""
    weekday = (day + 3) % 7
    moved = day + np.where(weekday == 5, -1, np.where(weekday == 6, 1, 0))
    fits = (moved >= begins) & (moved <= ends) & (day >= window.first_day)
    return np.where(fits & (team != TEAMS.index(TeamType.CRHT)), moved, day)


def _how(draw: np.random.Generator, step: Integers, face_to_face: float) -> Rows:
    """Attendance and mechanism by kind: 0 direct, 1 did not attend, 2 and 3 cancelled, 4 message."""
    count = len(step)
    late = draw.random(count)
    attendance = np.select(
        [step == 1, step == 2, step == 3],
        [np.where(late < _ARRIVED_TOO_LATE, 7, 3), 2, 4],
        np.where(late < _SEEN_LATE, 6, 5),
    )
    by = draw.random(count)
    apart = (1 - face_to_face) / 10
    limits = np.cumsum([face_to_face, 6.5 * apart, 3.3 * apart])
    mechanism = np.array([1, 2, 11, 4])[np.searchsorted(limits, by, side="right")]
    mechanism = np.where(step == 4, np.array([5, 9, 98])[draw.integers(0, 3, count)], mechanism)
    return {"attendance": attendance, "mechanism": mechanism, "slot": draw.integers(0, SLOTS, count)}


def _submissions(draw: np.random.Generator, contacts: Rows, window: Window) -> Rows:
    """Submit each in its month; some a month late, some again a month later with what was wrong put right."""
    count = len(contacts["date"])
    chance = draw.random(count)
    month = month_of(contacts["date"])
    current = contacts["date"] >= window.first_day
    late = current & (chance < _LATE)
    corrected = current & (chance > 1 - _CORRECTED) & (month < window.last_month)
    month = month + late
    known = np.flatnonzero(month <= window.last_month)
    rows = {name: values[known] for name, values in contacts.items()}
    rows |= {"contact": known, "month": month[known]}
    again = corrected[known]
    rows["submissions"] = 1 + again.astype(np.int64)
    wrong = {name: values[again].copy() for name, values in rows.items()}
    # The wrong row comes first: a date some days early, or an attendance that was not.
    dated = draw.random(len(wrong["date"])) < 0.5
    wrong["date"] -= np.where(dated, draw.integers(1, 4, len(dated)), 0)
    wrong["attendance"] = np.where(dated, wrong["attendance"], np.where(wrong["attendance"] == 5, 3, 5))
    rows["month"] = rows["month"] + again
    return {name: np.concatenate([wrong[name], rows[name]]) for name in rows}


def draw_indirect(draw: np.random.Generator, facts: Rows, window: Window) -> Rows:
    """Draw the indirect activity of referrals that were seen: `referral`, `date`, `month`."""
    rates, seen = national(), np.flatnonzero(facts["first"] < NEVER)
    begins = np.maximum(facts["received"][seen], window.first_day)
    ends = np.minimum(facts["discharged"][seen], window.last_day)
    length = np.maximum(ends - begins, 0)
    times = draw.poisson(_INDIRECT * rates.contacts_per_day[facts["team"][seen]] * length)
    row = np.repeat(np.arange(len(seen)), times)
    date = begins[row] + np.floor(draw.random(len(row)) * (length[row] + 1)).astype(np.int64)
    return {"referral": seen[row], "date": date, "month": month_of(date)}

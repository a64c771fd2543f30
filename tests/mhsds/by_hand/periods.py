"""The periods that the hand-written queries share."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import astuple, dataclass


@dataclass
class Span:
    """A year or a month, named by its last day."""

    period: dt.date
    first_day: dt.date
    last_day: dt.date
    access_from: dt.date
    wide: bool

    row = astuple


def month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def spans(start: dt.date, end: dt.date, by_month: bool) -> list[Span]:
    if not by_month:
        return [span(start, end)]
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [span(dt.date(m // 12, m % 12 + 1, 1), month_end(m // 12, m % 12 + 1)) for m in months]


def span(first_day: dt.date, last_day: dt.date) -> Span:
    return Span(
        last_day, first_day, last_day, month_end(last_day.year - 1, last_day.month), last_day >= dt.date(2023, 4, 30)
    )


def codes_by_team_type() -> dict[str, str]:
    """The audit's team type of each code; of every other it is Other."""
    return {
        "A06": "Generic CMHTs",
        "A08": "Assertive Outreach",
        "A09": "Rehabilitation & Recovery",
        "A14": "EIP",
        "C10": "Eating Disorders",
    }

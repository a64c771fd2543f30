"""The dated places of England's NHS, as data: each with when it began and ended, its source and how certain it is."""

from __future__ import annotations

import datetime
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Iterable

Level = Literal["icb", "sub_icb", "ccg", "region", "trust"]

NOT_A_PLACE = frozenset({"UNKNOWN", "not covered", "England"})
"""What may stand among the codes of places and is none of them."""
BEGIN, END = "0001-01-01", "9999-12-31"


def as_day(when: str | datetime.date, argument: str = "date") -> str:
    """A day in the international order, of a date, a month or a day in text.

    Examples
    --------
    >>> as_day("2026-04"), as_day(datetime.date(2026, 4, 1))
    ('2026-04-01', '2026-04-01')
    """
    text = when.isoformat()[:10] if isinstance(when, datetime.date) else str(when)
    found = re.fullmatch(r"(\d{4}-\d{2})(-\d{2})?", text)
    try:
        return datetime.date.fromisoformat(text if found and found[2] else f"{text}-01").isoformat()
    except ValueError:
        raise BadInput("the boundaries", [Problem(argument, None, when, "a month as '2026-04', or a date")]) from None


@cache
def _read(name: str) -> pd.DataFrame:
    with files("cmhs_metrics.places").joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def places(level: Level | None = None, date: str | datetime.date | None = None) -> pd.DataFrame:
    """The places of the NHS in England, with the days on which each began and ended.

    Parameters
    ----------
    level : {"icb", "sub_icb", "ccg", "region", "trust"}, optional
        Only places of this level.
    date : str or date, optional
        Only places that there were on this day, "2026-04" being its first.

    Returns
    -------
    pandas.DataFrame
        A row for each place and each time in which its boundary was the same: ``code``, ``name``, ``level``,
        ``parent`` (the code of the ICB of a sub-ICB location or of a trust's headquarters, of the region of an ICB;
        empty where it is not known), ``valid_from`` and ``valid_to`` (days as text, both included; empty where there
        is no end, or the beginning is not known), ``source``, and
        ``certainty``: "published" is read in a file of NHS England; "secondary" in the work of others who read the
        primary source, which could not be read for this library.

    Raises
    ------
    BadInput
        When the level or date cannot be read.

    Notes
    -----
    A trust began on the day that its code opened, which it may have kept under another name. Mergers are those of
    which a source could be read: whole trusts, since 2020. What went from one trust to another while both stayed (the
    mental health services of the Isle of Wight, to RW1 in October 2024) is not among them: `to_boundaries` takes a
    table of your own in ``moves=``.

    References
    ----------
    NHS England, ICB place-based allocations 2022/23 (codes, names and what lies in what, CCGs of 2021 included). NHS
    Business Services Authority, 10 April 2026, on the ICBs of April 2026; ONS, LSOA (2021) to sub-ICB locations to ICBs
    (April 2026), as public code quotes it. NHS Organisation Data Service, file of NHS trusts (etr) in copies of 2021,
    2022 and 2025; care trusts from NHS England's four-week waits of 2024.

    Examples
    --------
    >>> len(places("icb", "2024-06")), len(places("icb", "2026-04")), len(places("sub_icb", "2024-06"))
    (42, 36, 106)
    """
    table = _read("places.csv")
    if level is not None and level not in get_args(Level):
        raise BadInput("places", [Problem("level", None, level, " or ".join(map(repr, get_args(Level))))])
    if level is not None:
        table = table[table["level"] == level]
    if date is not None:
        day = as_day(date)
        table = table[(table["valid_from"] <= day) & (table["valid_to"].replace("", END) >= day)]
    return table.reset_index(drop=True)


def successions() -> pd.DataFrame:
    """What became of the places that ended, and what the others came from.

    Returns
    -------
    pandas.DataFrame
        A row for each predecessor and successor: ``level`` and code of the ``predecessor``, code of the ``successor``,
        the ``date`` of the change, its ``extent`` ("whole" where all of the predecessor went there, "part" where some
        did); of a part, the ``sub_icbs`` and ``local_authorities`` that went there, by code with spaces between;
        ``source`` and ``certainty``. The successor of a CCG is a sub-ICB location.

    References
    ----------
    As `places`. The three parts of Frimley (QNQ) are told by local authority, which is this library's inference.

    Examples
    --------
    >>> table = successions()
    >>> table.loc[table["predecessor"] == "QMJ", ["successor", "date", "extent"]].values.tolist()
    [['Z9B2Z', '2026-04-01', 'whole']]
    >>> table.loc[table["predecessor"] == "QNQ", "successor"].tolist()
    ['QRL', 'S0E4D', 'S9B9J']
    """
    return _read("successions.csv").copy()


@checked
def boundaries_of(
    codes: Iterable[object], subject: str = "the table", *, level: Level | None = None
) -> tuple[str, str] | None:
    """The days on which all of some places had the boundaries that go together.

    Parameters
    ----------
    codes : iterable of str
        Codes of places; "UNKNOWN" is passed over.
    subject : str, default "the table"
        What has them, for the message.
    level : {"icb", "sub_icb", "ccg", "region", "trust"}, optional
        Their level; by default the first that has all of them, for CCGs and sub-ICB locations share codes, or else the
        level of each. Trusts have no boundaries that could be mixed.

    Returns
    -------
    tuple of (str, str), or None
        The first and the last of these days; empty where there is no end. None where a code is no place of these data.

    Raises
    ------
    BadInput
        When there is no day on which all of them were there: the table mixes boundaries of two dates.

    Examples
    --------
    >>> boundaries_of(["QMJ", "QRL", "UNKNOWN"])
    ('2022-07-01', '2026-03-31')
    >>> boundaries_of(["QMJ", "Z9B2Z"])
    Traceback (most recent call last):
        ...
    cmhs_metrics.BadInput: the table has 1 problem:
      the places: got 'QMJ (until 2026-03-31) and Z9B2Z (from 2026-04-01)', expected places of one date: bring the older
      ones to the boundaries of the later, with places.to_boundaries(…, '2026-04-01')
    """
    known = _read("places.csv")
    known = known[known["level"] != "trust"]
    wanted = {str(code) for code in codes} - NOT_A_PLACE
    if not wanted:
        return None
    rows = known[known["code"].isin(wanted) & ((level is None) | (known["level"] == level))]
    if set(rows["code"]) != wanted:
        return None
    levels = rows.groupby("level")["code"].nunique()
    of_all = [each for each in get_args(Level) if levels.get(each) == len(wanted)]
    rows = rows[rows["level"].isin(of_all[:1] or levels.index)]
    spans: dict[str, list[tuple[str, str]]] = {}
    for row in rows.itertuples():
        spans.setdefault(str(row.code), []).append((str(row.valid_from) or BEGIN, str(row.valid_to) or END))
    last_start = max(min(start for start, _ in each) for each in spans.values())
    first_end = min(max(end for _, end in each) for each in spans.values())
    if last_start > first_end:
        older = min(spans, key=lambda code: max(end for _, end in spans[code]))
        newer = max(spans, key=lambda code: min(start for start, _ in spans[code]))
        expected = (
            "places of one date: bring the older ones to the boundaries of the later, with "
            f"places.to_boundaries(…, '{last_start}')"
        )
        found = f"{older} (until {first_end}) and {newer} (from {last_start})"
        raise BadInput(subject, [Problem("the places", None, found, expected)])
    return last_start if last_start != BEGIN else "", first_end if first_end != END else ""
